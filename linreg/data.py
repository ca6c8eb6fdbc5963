"""The data: noisy points around a line."""

import torch
from torch import Tensor
from torch.utils.data import Dataset

from linreg.checks import check_line_data


class LinearRegressionDataset(Dataset[tuple[Tensor, Tensor]]):
    r"""Noisy points around a straight line.

    .. math:: y_i = k x_i + m + \varepsilon_i, \quad i = 0, \dots, n - 1

    The :math:`x_i` are uniform on [``low``, ``high``), the noise :math:`\varepsilon_i` is
    normal with mean 0 and standard deviation ``noise_std``.

    Args:
        k: Slope of the true line, in units of y per unit of x.
        m: Intercept of the true line, in units of y.
        n: Number of points, at least 1.
        noise_std: Standard deviation of the noise (not its variance), in units of y.
        low: Lower end of the range of x.
        high: Upper end of the range of x.
        seed: Seed of the random numbers. The same seed gives the same points. Without one,
            the points come from PyTorch's global generator.

    Attributes:
        x: float32 CPU tensor of shape (n,).
        y: float32 CPU tensor of shape (n,).
        k: The true slope, a float.
        m: The true intercept, a float.

    Raises:
        TypeError: If an argument is not a number of the kind above.
        ValueError: If n < 1, noise_std < 0, low >= high, seed < 0, or a value is not finite
            or leaves the range of float32.

    Examples:
        >>> dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
        >>> len(dataset), dataset.x.shape, dataset.x.dtype
        (50, torch.Size([50]), torch.float32)
    """

    def __init__(
        self,
        k: float = 3.0,
        m: float = 5.0,
        n: int = 50,
        *,
        noise_std: float = 0.5,
        low: float = -3.0,
        high: float = 3.0,
        seed: int | None = None,
    ) -> None:
        check_line_data(k, m, n, noise_std, low, high, seed)
        self.k, self.m = float(k), float(m)
        generator = None if seed is None else torch.Generator().manual_seed(int(seed))
        empty = torch.empty(n, dtype=torch.float32, device="cpu")
        self.x = empty.uniform_(low, high, generator=generator)
        noise = torch.empty_like(self.x).normal_(0.0, noise_std, generator=generator)
        self.y = self.k * self.x + self.m + noise

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.x[index], self.y[index]
