"""The model: a straight line with two parameters."""

import torch
from torch import Tensor, nn


class LinearRegressionModel(nn.Module):
    r"""The line :math:`\hat{y} = k x + m`.

    Attributes:
        k: Slope, a float32 parameter of shape (1,), 0 before training.
        m: Intercept, a float32 parameter of shape (1,), 0 before training.

    Examples:
        >>> model = LinearRegressionModel()
        >>> sum(parameter.numel() for parameter in model.parameters())
        2
    """

    def __init__(self) -> None:
        super().__init__()
        self.k = nn.Parameter(torch.zeros(1))
        self.m = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Predict y for a batch.

        Args:
            x: Tensor of shape (batch_size,), on the device of the parameters.

        Returns:
            The predictions k x + m, of the shape of ``x``.
        """
        return self.k * x + self.m
