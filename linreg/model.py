"""The model: a straight line with two parameters."""

import torch
from torch import Tensor, nn


class LinearRegressionModel(nn.Module):
    """The line y = k x + m. Its parameters k and m have shape (1,) and start at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.k = nn.Parameter(torch.zeros(1))
        self.m = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.k * x + self.m
