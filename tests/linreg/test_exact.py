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
    x, y = [Fraction(float(v)) for v in x], [Fraction(float(v)) for v in y]
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
