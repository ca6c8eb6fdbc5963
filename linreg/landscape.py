"""The loss surface: the mean squared error over a grid of slopes and intercepts."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from linreg.checks import check_points, check_vector


def loss_surface(
    x: Tensor | ArrayLike,
    y: Tensor | ArrayLike,
    k_values: Tensor | ArrayLike,
    m_values: Tensor | ArrayLike,
) -> NDArray[np.float64]:
    r"""Return the mean squared error of every line y = k x + m on a grid.

    .. math::

        L(k, m) = \frac{1}{n} \sum_i (y_i - k x_i - m)^2
                = L_{\min} + S_{xx} (k - \hat{k})^2 + (m + k \bar{x} - \bar{y})^2

    The right-hand side needs a few means of the centred data once, and then no pass over the
    data for a point of the grid. :math:`S_{xx}` is the mean of :math:`(x_i - \bar{x})^2`,
    :math:`\hat{k}` the least-squares slope, :math:`L_{\min}` the mean squared residual.

    Args:
        x: Tensor, array or sequence of shape (n,), any real dtype; computed in float64.
        y: Likewise, of the same length.
        k_values: Slopes, of shape (num_k,).
        m_values: Intercepts, of shape (num_m,).

    Returns:
        A float64 array of shape (num_m, num_k), in the square of the unit of y. It has a row for
        each intercept and a column for each slope, as ``contour(k_values, m_values, ...)`` expects.

    Raises:
        TypeError: If an argument does not hold real numbers.
        ValueError: If an argument is not one-dimensional, is empty or not finite, or if the
            lengths of x and y differ.

    Examples:
        >>> loss_surface([0, 1], [1, 3], k_values=[0, 2], m_values=[0, 1, 2])
        array([[5., 1.],
               [2., 0.],
               [1., 1.]])
    """
    x, y = check_points(x, y)
    slopes, intercepts = check_vector("k_values", k_values), check_vector("m_values", m_values)
    x_mean, y_mean = x.mean(), y.mean()
    x_centred, y_centred = x - x_mean, y - y_mean
    s_xx = np.mean(x_centred**2)
    best_slope = np.mean(x_centred * y_centred) / s_xx if s_xx > 0 else 0.0
    smallest_loss = np.mean((y_centred - best_slope * x_centred) ** 2)
    along_slope = smallest_loss + s_xx * (slopes - best_slope) ** 2
    offset = intercepts[:, np.newaxis] + (slopes * x_mean - y_mean)
    return np.asarray(along_slope + offset**2)
