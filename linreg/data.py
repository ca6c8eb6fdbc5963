"""The data: noisy points around a line."""

import torch
from torch import Tensor
from torch.utils.data import Dataset


class LinearRegressionDataset(Dataset):
    """Noisy points around the line y = k x + m: x and y, float32 of shape (n,).

    x is drawn evenly from low to high. The noise is normal with mean 0 and standard
    deviation noise_std. The same seed gives the same points; its last 32 bits count.
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
        generator = None  # then torch uses the one that torch.manual_seed sets
        if seed is not None:
            generator = torch.Generator().manual_seed(seed)
        self.k, self.m = float(k), float(m)
        self.x = low + (high - low) * torch.rand(n, generator=generator)
        noise = noise_std * torch.randn(n, generator=generator)
        self.y = self.k * self.x + self.m + noise

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.x[index], self.y[index]
