"""The loss surface and the least-squares line, against NumPy."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from benchmarks.harness import Measurement, Target, faster, slower
from linreg.exact import least_squares
from linreg.landscape import loss_surface


def points(n: int, dtype: type) -> tuple[np.ndarray, np.ndarray]:
    """Draw points around y = 3 x + 5 whose coordinates are multiples of 2**-10.

    Their sums of products are then exact in integers, at any n up to 10,000,000.
    """
    rng = np.random.default_rng(0)
    x = np.round(rng.uniform(-3, 3, n) * 2**10) / 2**10
    y = np.round((3 * x + 5 + rng.normal(0, 0.5, n)) * 2**10) / 2**10
    return x.astype(dtype), y.astype(dtype)


def surface_of_many_points() -> Measurement:
    """Compare a grid of 10,000 lines with one line, both over a million points."""
    x, y = points(1_000_000, np.float32)
    k_values, m_values = np.linspace(-4, 10, 100), np.linspace(-2, 12, 100)

    def one_evaluation() -> float:
        residual = y.astype(np.float64) - 3.0 * x.astype(np.float64) - 5.0
        return np.mean(residual**2)

    return slower(
        lambda: lambda: loss_surface(x, y, k_values, m_values),
        lambda: one_evaluation,
        repeats=31,
    )


def surface_on_a_fine_grid() -> Measurement:
    """Compare a grid of a million lines over 50 points with NumPy's broadcasting."""
    x, y = points(50, np.float64)
    k_values, m_values = np.linspace(-4, 10, 1000), np.linspace(-2, 12, 1000)

    def broadcasting() -> np.ndarray:
        residual = y - k_values[None, :, None] * x - m_values[:, None, None]
        return np.mean(residual**2, axis=-1)

    return faster(
        lambda: lambda: loss_surface(x, y, k_values, m_values),
        lambda: broadcasting,
        repeats=5,
    )


def exact_line(x: np.ndarray, y: np.ndarray) -> tuple[Fraction, Fraction]:
    """Return the line of least squares as fractions, from sums in integers."""
    a, b = (x * 2**10).astype(np.int64), (y * 2**10).astype(np.int64)
    n, sum_a, sum_b = len(a), int(a.sum()), int(b.sum())
    slope = Fraction(n * int(a @ b) - sum_a * sum_b, n * int(a @ a) - sum_a**2)
    return slope, (sum_b - slope * sum_a) / n / 2**10


def error(line: tuple[float, float], exact: tuple[Fraction, Fraction]) -> float:
    """Return the larger relative error of slope and intercept."""
    return max(
        float(abs(Fraction(float(a)) - b) / abs(b))
        for a, b in zip(line, exact, strict=True)
    )


def line_of_many_points() -> Measurement:
    """Compare with `lstsq`, in time and in the error against exact arithmetic."""
    x, y = points(10_000_000, np.float64)
    design = np.column_stack(
        [x, np.ones_like(x)]
    )  # not timed: lstsq gets it for nothing
    lstsq: Callable[[], np.ndarray] = lambda: np.linalg.lstsq(design, y, rcond=None)[0]  # noqa: E731
    timing = faster(lambda: lambda: least_squares(x, y), lambda: lstsq, repeats=5)
    exact = exact_line(x, y)
    ours, theirs = error(least_squares(x, y), exact), error(lstsq(), exact)
    return Measurement(
        timing.ratio,
        {"no less exact": ours <= max(theirs, np.finfo(np.float64).eps)},
        {**timing.details, "our relative error": ours, "their relative error": theirs},
    )


TARGETS = (
    Target(
        "loss_surface: 1,000,000 points, 100 x 100",
        "one evaluation of the mean squared error in float64: times its time",
        "at most",
        2,
        surface_of_many_points,
    ),
    Target(
        "loss_surface: 50 points, 1000 x 1000",
        "NumPy broadcasting over the grid: times faster",
        "at least",
        30,
        surface_on_a_fine_grid,
    ),
    Target(
        "least_squares: 10,000,000 points",
        "numpy.linalg.lstsq: times faster, no less exact",
        "at least",
        5,
        line_of_many_points,
    ),
)
