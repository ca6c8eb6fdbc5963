"""The exact solution: the line of least squares, and what counts as points."""

import numpy as np
from torch import Tensor

Array = Tensor | np.ndarray  # lists will do, too


def as_points(x: Array, y: Array) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y as arrays of shape (n,): float64, or whole numbers of Python."""
    arrays = []
    for values in (x, y):
        array = np.asarray(values)
        is_time = array.dtype.kind in "mM"
        if np.ma.is_masked(values) or (is_time and np.isnat(array).any()):
            raise ValueError("x and y must hold no masked values and no NaT")
        if is_time:
            array = array.astype(np.int64)  # counts them in their unit
        is_whole = array.dtype.kind in "iu"
        arrays.append(np.asarray(array, dtype=object if is_whole else np.float64))
    x, y = arrays
    if x.ndim != 1 or x.shape != y.shape or len(x) == 0:
        raise ValueError(
            f"x and y must have one shape (n,), n > 0, got {x.shape} and {y.shape}"
        )
    return x, y


def around_mean(values: np.ndarray) -> tuple[np.ndarray, float]:
    """Return how far values lie from their mean, and the mean, in float64."""
    # From the first value: as float64, times in nanoseconds would lose their digits.
    differences = np.asarray(values - values[0], dtype=np.float64)
    mean = differences.mean()
    differences -= mean
    return differences, float(values[0] + mean)


def best_slope(dx: np.ndarray, dy: np.ndarray) -> float:
    """Return the slope of least squares; where all x are equal, any will do: 0."""
    squares = dx @ dx
    return float(dx @ dy / squares) if squares else 0.0


def least_squares(x: Array, y: Array) -> tuple[float, float]:
    """Return the slope k and the intercept m with the smallest mean squared error.

    x and y: tensors, arrays or lists of shape (n,), computed in float64. ValueError if
    their shapes differ, if they hold no points, masked values or NaT, or if all x are
    equal: then no slope is better than another.
    """
    x, y = as_points(x, y)
    dx, x_mean = around_mean(x)
    dy, y_mean = around_mean(y)
    if not dx.any():
        raise ValueError(f"x must hold two different values, got only {x[0]:g}")
    k = best_slope(dx, dy)
    return k, float(y_mean - k * x_mean)
