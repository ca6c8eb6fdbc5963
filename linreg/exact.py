"""The exact solution: the line of least squares."""

import numpy as np
from torch import Tensor


def least_squares(
    x: Tensor | np.ndarray, y: Tensor | np.ndarray
) -> tuple[float, float]:
    """Return the slope k and the intercept m with the smallest mean squared error.

    x and y: tensors, arrays or lists of shape (n,), computed in float64. ValueError if
    their shapes differ, or if all x are equal: then no slope is better than another.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(
            f"x and y must have one shape (n,), got {x.shape} and {y.shape}"
        )
    if x.min() == x.max():
        raise ValueError(
            f"x must hold two different values at least, got only {x[0]:g}"
        )
    dx, dy = x - x.mean(), y - y.mean()  # keeps the digits of data far from 0
    k = dx @ dy / (dx @ dx)
    return float(k), float(y.mean() - k * x.mean())
