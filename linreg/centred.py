"""The few means of the data from which the whole loss surface follows."""

from dataclasses import dataclass

from linreg.residuals import Array, dot, offset_at_mean, scale_for_squares, take_off_line


@dataclass(frozen=True)
class CentredMeans:
    """Means of data whose own mean was taken off; if the fit is near perfect, a line too.

    Attributes:
        s_xx: Mean of the squares of x, in units of ``scale``.
        best_slope: The slope with the smallest loss, of what is left, in y per unit of ``scale``.
        smallest_loss: The mean squared residual of the best line.
        line: Slope and intercept of the line that was taken off, mostly (0, 0).
        x_mean: Mean of x, and what rounding left of it.
        y_mean: Mean of what is left of y.
        scale: What x was divided by, mostly 1.
    """

    s_xx: float
    best_slope: float
    smallest_loss: float
    line: tuple[Array, Array]
    x_mean: tuple[Array, Array]
    y_mean: Array
    scale: float

    def slope_distance(self, slopes: Array) -> Array:
        """Return how far slopes are from the best one."""
        return (slopes - self.line[0]) * self.scale - self.best_slope

    def offset(self, slopes: Array, intercepts: Array) -> Array:
        """Return how far each line, at the mean of x, lies above the mean of y."""
        slopes, intercepts = slopes - self.line[0], intercepts - self.line[1]
        return offset_at_mean(slopes, intercepts, *self.x_mean, self.y_mean)


def centred_means(x: Array, y: Array) -> CentredMeans:
    """Measure the data. The arrays are used up: a third one would take longer than the sums."""
    k0, m0, y = take_off_line(x, y)  # a fit without noise would lose its digits
    x_mean, y_mean = x.mean(), y.mean()
    x -= x_mean
    y -= y_mean
    x_rest = x.mean()
    scale = scale_for_squares(x)
    if scale != 1:
        x /= scale
    s_xx = dot(x, x) / len(x)
    best_slope = dot(x, y) / len(x) / s_xx if s_xx > 0 else 0.0
    x *= best_slope
    y -= x  # the residuals of the best line
    smallest_loss = dot(y, y) / len(y)
    return CentredMeans(s_xx, best_slope, smallest_loss, (k0, m0), (x_mean, x_rest), y_mean, scale)
