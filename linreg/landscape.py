"""The loss surface: the mean squared error over a grid of slopes and intercepts."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from linreg.centred import centred_means
from linreg.vector_checks import check_arrays, check_result, check_vector


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
    x, y = check_arrays(x, y)
    slopes, intercepts = (
        check_vector("k_values", k_values),
        check_vector("m_values", m_values),
    )
    means = centred_means(x, y)
    distance = means.slope_distance(slopes)
    surface = means.offset(slopes, intercepts)
    surface **= (
        2  # in place: on a fine grid, a new array takes longer to get than to fill
    )
    surface += (
        means.smallest_loss + means.s_xx * distance * distance
    )  # its square may overflow
    check_result("x, y, k_values and m_values", "loss", surface)
    return surface
