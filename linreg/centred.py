"""The few means of the data from which the whole loss surface follows."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from linreg.moments import Array, dot, moments
from linreg.residuals import offset_at_mean, scale_for_squares, take_off_line
from linreg.vector_checks import check_points

NOISY = 5e-3  # above this share of unexplained variance, its difference keeps 13 digits


@dataclass(frozen=True)
class CentredMeans:
    """Means of data whose own mean was taken off; if the fit is tight, a line too.

    Attributes:
        s_xx: Mean of the squares of x, in units of ``scale``.
        best_slope: The slope with the smallest loss, of what is left, in y per unit of ``scale``.
        smallest_loss: The mean squared residual of the best line.
        x_mean: Mean of x, and what rounding left of it.
        y_mean: Mean of what is left of y.
        line: Slope and intercept of the line that was taken off, mostly (0, 0).
        scale: What x was divided by, mostly 1.
    """

    s_xx: float
    best_slope: float
    smallest_loss: float
    x_mean: tuple[float, float]
    y_mean: float
    line: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0

    def slope_distance(self, slopes: Array) -> Array:
        """Return how far slopes are from the best one."""
        return (slopes - self.line[0]) * self.scale - self.best_slope

    def offset(self, slopes: Array, intercepts: Array) -> Array:
        """Return how far each line, at the mean of x, lies above the mean of y."""
        slopes, intercepts = slopes - self.line[0], intercepts - self.line[1]
        return offset_at_mean(slopes, intercepts, *self.x_mean, self.y_mean)


def centred_means(x: NDArray[Any], y: NDArray[Any]) -> CentredMeans:
    """Measure the data: in two passes, or with more care where these would lose digits."""
    means = moments(x, y)
    if means.are_safe:
        slope = means.xy / means.xx
        smallest_loss = means.yy - slope * means.xy
        if smallest_loss > NOISY * means.yy:
            x_mean = (means.x_mean, means.x_rest)
            return CentredMeans(means.xx, slope, smallest_loss, x_mean, means.y_mean)
    return means_with_care(*check_points(x, y))


def means_with_care(x: Array, y: Array) -> CentredMeans:
    """Measure data with a tight fit, with squares outside float64, or with equal x or y."""
    k, m, y = take_off_line(x, y)  # a fit without noise would lose its digits
    x_mean, y_mean = float(x.mean()), float(y.mean())
    x, y = x - x_mean, y - y_mean
    x_rest = float(x.mean())
    x -= x_rest
    scale = scale_for_squares(x)
    x /= scale
    s_xx = dot(x, x) / len(x)
    best_slope = dot(x, y) / len(x) / s_xx if s_xx > 0 else 0.0
    residuals = y - best_slope * x
    smallest_loss = dot(residuals, residuals) / len(y)
    return CentredMeans(
        s_xx, best_slope, smallest_loss, (x_mean, x_rest), y_mean, (k, m), scale
    )
