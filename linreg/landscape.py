"""The loss surface: the mean squared error of many lines at once."""

import numpy as np

from linreg.exact import Array, around_mean, as_points, best_slope


def loss_above_minimum(
    x: Array, y: Array, k: Array | float, m: Array | float
) -> np.ndarray:
    """Return how far the loss of each line y = k x + m lies above the smallest loss.

    x and y have the shape (n,); k and m broadcast to that of the result, in float64.
    """
    x, y = as_points(x, y)
    dx, x_mean = around_mean(x)
    dy, y_mean = around_mean(y)
    k, m = np.asarray(k, dtype=np.float64), np.asarray(m, dtype=np.float64)
    variance = dx @ dx / len(dx)
    offset = m + k * x_mean - y_mean
    return np.asarray(variance * (k - best_slope(dx, dy)) ** 2 + offset**2)


def loss_surface(x: Array, y: Array, k_values: Array, m_values: Array) -> np.ndarray:
    """Return the mean squared error of every line y = k x + m on a grid.

    x and y have the shape (n,), k_values and m_values any length. The result is a
    float64 array with a row for each m and a column for each k.
    """
    dx, dy = (around_mean(values)[0] for values in as_points(x, y))
    residual = dy - best_slope(dx, dy) * dx
    smallest_loss = residual @ residual / len(residual)
    k, m = np.meshgrid(k_values, m_values)  # the k and the m of every line of the grid
    return np.asarray(smallest_loss + loss_above_minimum(x, y, k, m))
