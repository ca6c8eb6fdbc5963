"""The exact solution: the line of least squares, in closed form."""

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from linreg.moments import Array, dot, moments
from linreg.vector_checks import check_arrays, check_points, check_result


@np.errstate(all="ignore")  # what float64 cannot hold is refused at the end
def least_squares(x: Tensor | ArrayLike, y: Tensor | ArrayLike) -> tuple[float, float]:
    r"""Return the slope and the intercept that minimise the mean squared error.

    .. math::

        \hat{k} = \frac{\sum_i (x_i - \bar{x}) (y_i - \bar{y})}{\sum_i (x_i - \bar{x})^2},
        \qquad \hat{m} = \bar{y} - \hat{k} \bar{x}

    The means are taken off first: without that, data far from the origin loses its digits.

    Args:
        x: Tensor, array or sequence of shape (n,), any real dtype; computed in float64.
        y: Likewise, of the same length.

    Returns:
        The slope (units of y per unit of x) and the intercept (units of y).

    Raises:
        TypeError: If x or y does not hold real numbers.
        ValueError: If x or y is not one-dimensional, is empty or not finite, if their lengths
            differ, if x has fewer than two distinct values, or if the result exceeds float64.

    Source:
        Carl Friedrich Gauss, Theoria motus corporum coelestium (1809), book II, section 3.

    Examples:
        >>> least_squares([0, 1, 2], [5, 8, 11])
        (3.0, 5.0)
    """
    x, y = check_arrays(x, y)
    means = moments(x, y)
    if means.are_safe:
        slope, x_mean, y_mean = means.xy / means.xx, means.x_mean, means.y_mean
    else:
        slope, x_mean, y_mean = slope_with_care(*check_points(x, y))
    intercept = y_mean - slope * x_mean
    check_result("x and y", "slope and intercept", [slope, intercept])
    return float(slope), float(intercept)


def slope_with_care(x: Array, y: Array) -> tuple[float, float, float]:
    """Return the slope and both means, where squares may leave float64 or all x may be equal."""
    x_mean, y_mean = float(x.mean()), float(y.mean())
    lowest, highest = float(x.min()), float(x.max())
    spread = max(highest - x_mean, x_mean - lowest)
    if lowest == highest:
        raise ValueError(
            f"x must hold at least two distinct values, got only {lowest:g}"
        )
    x, y = (x - x_mean) / spread, y - y_mean
    x -= (
        x.mean()
    )  # what rounding left of the mean, which counts where all x are close together
    return dot(x, y) / dot(x, x) / spread, x_mean, y_mean
