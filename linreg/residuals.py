"""Differences of nearly equal numbers, with more digits than plain subtraction keeps."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LEADING_BITS = -(1 << 27)  # keeps 26 of the 53 binary digits: the product of two is exact
BLOCK = 1024
TIGHT = 1e-6  # below this share of unexplained variance, plain residuals are mostly rounding


def leading_digits(values: Array) -> Array:
    """Cut values to the leading half of their digits."""
    return (values.view(np.int64) & LEADING_BITS).view(np.float64)


def dot(a: Array, b: Array) -> float:
    """Return the sum of the products, taken in blocks: short sums round less than a long one."""
    whole = len(a) - len(a) % BLOCK
    blocks = np.vecdot(a[:whole].reshape(-1, BLOCK), b[:whole].reshape(-1, BLOCK))
    return float(blocks.sum() + a[whole:] @ b[whole:])


def exact_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Return a + b as the rounded sum and the error of the rounding.

    Source:
        D. E. Knuth, The Art of Computer Programming, volume 2, section 4.2.2, theorem B.
    """
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def take_off_line(x: Array, y: Array) -> tuple[Array, Array, Array]:
    r"""Take a line off the data if it leaves almost nothing: return k, m and what is left.

    .. math:: r_i = y_i - (k x_i + m)

    The two terms then agree in most of their digits. The slope has 26 binary digits, so that its
    products are exact, and every sum carries its error along. Data with more noise is returned as
    it is, with k = m = 0: there, plain subtraction keeps enough.
    """
    some = max(1000, len(x) // 100)
    x_some, y_some = x[:some].copy(), y[:some].copy()  # if these leave much, so do all
    x_some -= x_some.mean()
    y_some -= y_some.mean()
    spread = float(abs(x_some).max()) or 1.0
    x_some /= spread
    slope = (x_some @ y_some) / max(float(x_some @ x_some), 1.0)
    left = y_some - slope * x_some
    if left @ left > TIGHT * len(y) * (y.max() - y.min()) ** 2:
        return np.array(0.0), np.array(0.0), y
    slope = leading_digits(np.array(slope / spread))
    intercept = np.array(y.mean() - slope * x.mean())
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
    slopes: Array, intercepts: Array, x_mean: Array, x_rest: Array, y_mean: Array
) -> Array:
    """Return m + k (x_mean + x_rest) - y_mean: a row for each intercept, a column for each slope.

    For x around 1e6, m and k x_mean are large and nearly opposite: their sum is formed first.
    """
    k, x = leading_digits(slopes), leading_digits(x_mean)
    small = (slopes - k) * x + slopes * (x_mean - x + x_rest) - y_mean
    return np.asarray((intercepts[:, np.newaxis] + k * x) + small)
