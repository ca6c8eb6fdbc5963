"""Differences of nearly equal numbers, with more digits than plain subtraction keeps."""

import numpy as np

from linreg.moments import Array

LEADING_BITS = -(
    1 << 27
)  # keeps 26 of the 53 binary digits: the product of two is exact


def leading_digits(values: Array | float) -> Array:
    """Cut values to the leading half of their digits."""
    return (np.asarray(values).view(np.int64) & LEADING_BITS).view(np.float64)


def exact_sum(a: Array, b: Array | float) -> tuple[Array, Array]:
    """Return a + b as the rounded sum and the error of the rounding.

    Source:
        D. E. Knuth, The Art of Computer Programming, volume 2, section 4.2.2, theorem B.
    """
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def take_off_line(x: Array, y: Array) -> tuple[float, float, Array]:
    r"""Take a line off that is close to the best one: return k, m and what is left.

    .. math:: r_i = y_i - (k x_i + m)

    Where the fit is tight, the two terms agree in most of their digits. The slope has 26 binary
    digits, so that its products are exact, and every sum carries its error along.
    """
    x_centred, y_centred = x - x.mean(), y - y.mean()
    spread = float(abs(x_centred).max()) or 1.0
    x_centred /= spread
    best = (x_centred @ y_centred) / max(float(x_centred @ x_centred), 1.0)
    slope = float(leading_digits(best / spread))
    intercept = float(y.mean() - slope * x.mean())
    x_leading = leading_digits(x)
    line, line_error = exact_sum(slope * x_leading, intercept)
    first, first_error = exact_sum(y, -line)
    rest, rest_error = exact_sum(first, -slope * (x - x_leading))
    return slope, intercept, rest + (rest_error + first_error - line_error)


def scale_for_squares(x: Array) -> float:
    """Return what centred x must be divided by to keep its squares within float64: mostly 1.

    No negative x is more than n times as large as the largest positive one: they sum to 0.
    """
    largest = float(x.max())
    return 1.0 if 1e-100 < largest < 1e100 else max(largest, -float(x.min())) or 1.0


def offset_at_mean(
    slopes: Array, intercepts: Array, x_mean: float, x_rest: float, y_mean: float
) -> Array:
    """Return m + k (x_mean + x_rest) - y_mean: a row for each intercept, a column for each slope.

    For x around 1e6, m and k x_mean are large and nearly opposite: their sum is formed first.
    """
    k, x = leading_digits(slopes), leading_digits(x_mean)
    small = (slopes - k) * x + slopes * (x_mean - x + x_rest) - y_mean
    offset: Array = intercepts[:, np.newaxis] + k * x
    offset += small
    return offset
