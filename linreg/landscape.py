"""The loss surface: the mean squared error of many lines at once."""

import numpy as np
from torch import Tensor


def loss_surface(
    x: Tensor | np.ndarray,
    y: Tensor | np.ndarray,
    k_values: Tensor | np.ndarray,
    m_values: Tensor | np.ndarray,
) -> np.ndarray:
    """Return the mean squared error of every line y = k x + m on a grid.

    x and y have the shape (n,), k_values and m_values any length. The result is a
    float64 array with a row for each m and a column for each k.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    k, m = (
        np.asarray(k_values, dtype=np.float64),
        np.asarray(m_values, dtype=np.float64),
    )
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(
            f"x and y must have one shape (n,), got {x.shape} and {y.shape}"
        )
    if k.ndim != 1 or m.ndim != 1:
        raise ValueError(
            f"k_values and m_values must have one dimension, got {k.shape}, {m.shape}"
        )
    dx, dy = x - x.mean(), y - y.mean()
    spread = dx @ dx
    # Where all x are equal, every slope fits alike: 0 will do.
    best_k = dx @ dy / spread if spread else 0.0
    smallest_loss = np.mean((dy - best_k * dx) ** 2)
    offset = m[:, np.newaxis] + k * x.mean() - y.mean()
    loss: np.ndarray = smallest_loss + spread / len(x) * (k - best_k) ** 2 + offset**2
    return loss
