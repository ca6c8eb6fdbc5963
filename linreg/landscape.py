"""The loss surface: the mean squared error over a grid of slopes and intercepts."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from linreg.checks import check_points, check_result, check_vector
from linreg.residuals import offset_at_mean, scale_for_squares, take_off_line


@np.errstate(all="ignore")  # what float64 cannot hold is refused at the end
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
        ValueError: If an argument is not one-dimensional, is empty or not finite, if the
            lengths of x and y differ, or if the loss exceeds float64.

    Examples:
        >>> loss_surface([0, 1], [1, 3], k_values=[0, 2], m_values=[0, 1, 2])
        array([[5., 1.],
               [2., 0.],
               [1., 1.]])
    """
    x, y = check_points(x, y)
    slopes, intercepts = check_vector("k_values", k_values), check_vector("m_values", m_values)
    k0, m0, y = take_off_line(x, y)  # a fit without noise would lose its digits
    slopes, intercepts = slopes - k0, intercepts - m0
    x_mean, y_mean = x.mean(), y.mean()
    x -= x_mean  # in place: both are copies, and a third array would take longer than the sums
    y -= y_mean
    offset = offset_at_mean(slopes, intercepts, x_mean, x.mean(), y_mean)
    scale = scale_for_squares(x)
    if scale != 1:
        x /= scale
    s_xx = x @ x / len(x)
    best_slope = x @ y / len(x) / s_xx if s_xx > 0 else 0.0
    x *= best_slope
    y -= x  # the residuals of the best line
    smallest_loss = y @ y / len(y)
    surface = smallest_loss + s_xx * (slopes * scale - best_slope) ** 2 + offset**2
    check_result("x, y, k_values and m_values", "loss", surface)
    return np.asarray(surface)
