"""The means that least squares and the loss surface follow from, against exact arithmetic."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from linreg import centred, exact
from linreg import moments as module
from linreg.centred import CentredMeans, centred_means, means_with_care
from linreg.moments import Moments, dot, moments
from linreg.residuals import scale_for_squares, take_off_line

SAFE = Moments(x_mean=1.0, x_rest=0.0, y_mean=1.0, xx=1.0, xy=1.0, yy=1.0)


def exact_moments(x, y):
    """The means of x and y, and of the products of what is left, as fractions."""
    a, b = [Fraction(float(v)) for v in x], [Fraction(float(v)) for v in y]
    n = len(a)
    x_mean, y_mean = sum(a) / n, sum(b) / n
    a, b = [v - x_mean for v in a], [v - y_mean for v in b]
    means = [sum(map(Fraction.__mul__, *pair)) / n for pair in ((a, a), (a, b), (b, b))]
    return x_mean, y_mean, *means


@pytest.mark.parametrize("chunk", [3, 64, 65536])
@pytest.mark.parametrize("n", [1, 2, 3, 64, 1023, 1024, 2500])
def test_agree_with_fractions_for_any_length_and_chunk(n, chunk, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", chunk)
    rng = np.random.default_rng(n)
    x, y = rng.normal(1e3, 1, n), rng.normal(-5, 2, n)
    found = moments(x, y)
    x_mean, y_mean, xx, xy, yy = map(float, exact_moments(x, y))
    assert found.x_mean == pytest.approx(x_mean, rel=1e-15)
    assert found.y_mean == pytest.approx(y_mean, rel=1e-14)
    assert found.x_mean + found.x_rest == pytest.approx(x_mean, rel=1e-15)
    assert found.xx == pytest.approx(xx, rel=1e-13)
    assert found.xy == pytest.approx(xy, rel=1e-12, abs=1e-12)
    assert found.yy == pytest.approx(yy, rel=1e-13)


def test_the_rest_is_what_rounding_left_of_the_mean():
    x = np.array([1e16, 1.0, 1.0, 1.0])
    found = moments(x, np.zeros(4))
    exact_mean = sum(Fraction(v) for v in x.tolist()) / 4
    assert found.x_rest != 0
    assert abs(Fraction(found.x_mean) + Fraction(found.x_rest) - exact_mean) < Fraction(
        1, 2
    )


def test_a_change_of_dtype_or_layout_changes_no_bit(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 1000)
    x = np.random.default_rng(0).integers(-50, 50, 30_001).astype(np.float32)
    y = 3 * x + 5
    expected = moments(x.astype(np.float64), y.astype(np.float64))
    assert moments(x, y) == expected
    assert moments(np.repeat(x, 2)[::2], y[::-1].copy()[::-1]) == expected


def test_dot_products_in_blocks_lose_no_tail():
    for n in (0, 1, 1023, 1024, 1025, 4096):
        a, b = np.arange(n, dtype=float), np.arange(n, dtype=float) % 7
        assert dot(a, b) == math.fsum((a * b).tolist())


@pytest.mark.parametrize("name", ["xx", "yy"])
@pytest.mark.parametrize(
    ("value", "safe"), [(1e-201, False), (1e199, True), (1e201, False)]
)
def test_squares_near_the_ends_of_float64_are_not_safe(name, value, safe):
    far = replace(SAFE, x_mean=0.0, y_mean=0.0)
    assert replace(far, **{name: value}).are_safe == safe
    assert replace(far, **{name: 1e-199}).are_safe


@pytest.mark.parametrize(
    ("x_mean", "y_mean", "safe"),
    [
        (1e8 / 1.1, 1, True),
        (1e8 * 1.1, 1, False),
        (1, 1e7 / 1.1, True),
        (1, 1e7 * 1.1, False),
    ],
)
def test_a_spread_lost_in_the_size_is_not_safe(x_mean, y_mean, safe):
    for sign in (1, -1):
        assert (
            replace(SAFE, x_mean=sign * x_mean, y_mean=sign * y_mean).are_safe == safe
        )


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("name", ["xx", "yy"])
def test_nan_and_infinity_are_not_safe(name, value):
    assert not replace(SAFE, **{name: value}).are_safe


def noisy(noise, n=200):
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, n)
    return x, 3 * x + 5 + noise * rng.normal(0, 1, n)


def refuse(*arguments):
    raise AssertionError("this data needs no special care")


def test_ordinary_noisy_data_takes_the_two_passes_alone(monkeypatch):
    monkeypatch.setattr(centred, "means_with_care", refuse)
    monkeypatch.setattr(exact, "slope_with_care", refuse)
    x, y = noisy(0.5)  # leaves 1 % of the variance, twice what is needed
    assert isinstance(centred_means(x, y), CentredMeans)
    assert exact.least_squares(x, y)[0] == pytest.approx(3, abs=0.1)
    with pytest.raises(AssertionError):
        centred_means(*noisy(0.3))


def test_both_ways_measure_the_same():
    x, y = noisy(0.5)
    quick, careful = centred_means(x, y), means_with_care(x, y)
    k, m = careful.line
    assert careful.scale == 1
    assert quick.s_xx == pytest.approx(careful.s_xx, rel=1e-13)
    assert quick.best_slope == pytest.approx(careful.best_slope + k, rel=1e-13)
    assert quick.smallest_loss == pytest.approx(careful.smallest_loss, rel=1e-13)
    assert sum(quick.x_mean) == pytest.approx(sum(careful.x_mean), rel=1e-13)
    line_at_mean = k * sum(careful.x_mean) + m
    assert quick.y_mean == pytest.approx(careful.y_mean + line_at_mean, rel=1e-13)
    slope, x_mean, y_mean = exact.slope_with_care(x, y)
    assert slope == pytest.approx(quick.best_slope, rel=1e-13)
    assert (x_mean, y_mean) == pytest.approx((x.mean(), y.mean()))


@pytest.mark.parametrize("size", [1e-300, 1e-101, 1e-99, 1.0, 1e99, 1e101, 1e300])
@pytest.mark.parametrize("shape", [[-1, 1], [-3, 1, 1, 1], [0, 1], [-1, 0]])
def test_scaled_squares_stay_within_float64(size, shape):
    """A mean that is rounded to one of two neighbours leaves [0, 1] or [-1, 0]."""
    x = size * np.array(shape)
    assert 1e-200 < np.square(x / scale_for_squares(x)).sum() < 1e200


@pytest.mark.parametrize("size", [0.0, 1e-99, 0.3, 3.0, 1e99])
def test_what_needs_no_scale_has_none(size):
    assert scale_for_squares(np.array([-size, size])) == 1


@pytest.mark.parametrize("centre", [0, 1e3, 1e6, 1e8])
def test_what_a_line_leaves_is_right_to_the_last_digit(centre):
    rng = np.random.default_rng(0)
    x = centre + rng.uniform(-1, 1, 50)
    y = 2 * (x - centre) + rng.normal(0, 1e-8, 50)
    k, m, rest = take_off_line(x, y)
    for a, b, found in zip(x.tolist(), y.tolist(), rest.tolist(), strict=True):
        left = Fraction(b) - (Fraction(k) * Fraction(a) + Fraction(m))
        assert abs(Fraction(found) - left) <= abs(left) / 2**52


@pytest.mark.parametrize("x", [[-1, 1], [2, -1, -1], [1, 2, 3, 4]])
def test_a_line_through_all_points_leaves_a_little_of_them(x):
    x = np.array(x, dtype=np.float64)
    _, _, rest = take_off_line(x, 0.1 * x + 5)
    assert abs(rest).max() < 1e-7
