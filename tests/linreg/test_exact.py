"""The exact solution, against lstsq, exact fractions and data of NIST."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from linreg import LinearRegressionDataset, least_squares

# NIST, Statistical Reference Datasets, "Norris": y against x, and the certified line.
NORRIS = """
0.1 0.2  338.8 337.4  118.1 118.2  888.0 884.6  9.2 10.1  228.1 226.5  668.5 666.3
998.5 996.3  449.1 448.6  778.9 777.0  559.2 558.2  0.3 0.4  0.1 0.6  778.1 775.5
668.8 666.9  339.3 338.0  448.9 447.5  10.8 11.6  557.7 556.0  228.3 228.1  998.0 995.8
888.8 887.6  119.6 120.2  0.3 0.3  0.6 0.3  557.6 556.8  339.3 339.1  888.0 887.2
998.5 999.0  778.9 779.0  10.2 11.1  117.6 118.3  228.9 229.2  668.4 669.1  449.2 448.9
0.2 0.5
"""
NORRIS_SLOPE, NORRIS_INTERCEPT = 1.00211681802045, -0.262323073774029


def by_fractions(x, y):
    """Solve the two normal equations without any rounding."""
    x, y = ([Fraction(v) for v in np.asarray(values).tolist()] for values in (x, y))
    n, sum_x, sum_y = len(x), sum(x), sum(y)
    products = sum(a * b for a, b in zip(x, y, strict=True))
    k = (n * products - sum_x * sum_y) / (n * sum(a * a for a in x) - sum_x**2)
    return k, (sum_y - k * sum_x) / n


def test_norris():
    y, x = np.array(NORRIS.split(), dtype=float).reshape(-1, 2).T
    assert len(x) == 36
    k, m = least_squares(x, y)
    assert k == pytest.approx(NORRIS_SLOPE, rel=1e-12)
    assert m == pytest.approx(NORRIS_INTERCEPT, rel=1e-11)


@pytest.mark.parametrize("x_centre", [0, 1e6, -1e6])
@pytest.mark.parametrize("x_scale", [1e-6, 1, 1e6])
@pytest.mark.parametrize("y_scale", [1e-6, 1, 1e6])
@pytest.mark.parametrize("n", [2, 50, 1000])
def test_holds_its_digits_on_badly_scaled_data(x_centre, x_scale, y_scale, n):
    """An np.float32 in least_squares would leave seven digits, and none around 1e6."""
    random = np.random.default_rng(n)
    x = x_scale * (random.uniform(-1, 1, n) + x_centre)
    y = y_scale * (3 * (x / x_scale - x_centre) + random.normal(0, 0.5, n))
    k, m = least_squares(x, y)
    k_exact, m_exact = by_fractions(x, y)
    assert abs(k - k_exact) <= 1e-12 * abs(k_exact)
    largest_term = abs(k_exact) * Fraction(abs(x).max()) + Fraction(abs(y).max())
    assert abs(m - m_exact) <= 1e-12 * largest_term


def test_agrees_with_polyfit_on_points_in_float32():
    data = LinearRegressionDataset(seed=0)
    expected = np.polyfit(data.x.double(), data.y.double(), 1)
    assert least_squares(data.x, data.y) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("convert", [list, np.array, np.float32, torch.tensor])
def test_takes_lists_arrays_and_tensors(convert):
    found = least_squares(convert([0, 1, 2, 3]), convert([1, 3, 5, 7]))
    assert found == (2, 1)
    assert [type(value) for value in found] == [float, float]


EPOCH = 1_700_000_000_000_000_000  # nanoseconds since 1970, in 2023
LAST = np.iinfo(np.int64).max
WHOLE = [
    EPOCH + 10 * np.arange(20),
    (EPOCH + 10 * np.arange(20)).astype(np.uint64),
    torch.arange(EPOCH, EPOCH + 200, 10),
    [EPOCH + 10 * i for i in range(20)],
    [-LAST - 1, -LAST, 0, LAST - 1, LAST],  # differences that int64 cannot hold
    np.array([2**64 - 1, 5, 0], dtype=np.uint64),
    np.array([-128, 127, 0], dtype=np.int8),
    np.array([60000, 5, 0], dtype=np.uint16),
]


@pytest.mark.parametrize("x", WHOLE)
def test_whole_numbers_keep_all_digits(x):
    """Times 10 ns apart: as float64 they are multiples of 256, and k was wrong."""
    y = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4][: len(x)]
    for points in ((x, y), (y, x)):
        k, m = least_squares(*points)
        k_exact, m_exact = by_fractions(*points)
        assert k == pytest.approx(float(k_exact), rel=1e-12)
        assert m == pytest.approx(float(m_exact), rel=1e-12)


def test_floats_far_from_0_keep_the_digits_they_have():
    """The mean of the first two is no float64: it was rounded, and k was 0.5."""
    assert least_squares([1e16, 1e16 + 2], [0, 2])[0] == 1
    x = 1.7e18 + 256 * np.arange(20.0)
    assert least_squares(x, 512 * np.arange(20.0))[0] == 2


def test_dates_count_in_their_unit():
    days = np.array(["2020-02-28", "2020-03-01", "2020-03-02"], dtype="datetime64[D]")
    assert least_squares(days, [0, 2, 3])[0] == 1
    k, _ = least_squares(days.astype("datetime64[ns]"), [0, 2, 3])
    assert k == pytest.approx(1 / 86400e9, rel=1e-12)
    assert least_squares(days - days[0], [1, 3, 4]) == pytest.approx((1, 1))


def test_a_masked_array_without_masked_values_is_an_array():
    x = np.ma.masked_values([0.0, 1.0, 2.0], -9999)
    assert least_squares(x, [1, 3, 5]) == (2, 1)
