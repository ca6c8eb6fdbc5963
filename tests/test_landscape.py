"""The loss surface, against a double loop."""

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from linreg import LinearRegressionDataset, least_squares, loss_surface


def double_loop(x, y, k_values, m_values):
    """The definition: one pass over the data for each point of the grid."""
    return np.array([[np.mean((y - k * x - m) ** 2) for k in k_values] for m in m_values])


finite = st.floats(-100, 100)


@given(
    points=hnp.arrays(np.float64, st.tuples(st.just(2), st.integers(1, 30)), elements=finite),
    k_values=hnp.arrays(np.float64, st.integers(1, 5), elements=finite),
    m_values=hnp.arrays(np.float64, st.integers(1, 5), elements=finite),
)
def test_agrees_with_the_double_loop(points, k_values, m_values):
    x, y = points
    surface = loss_surface(x, y, k_values, m_values)
    assert surface.dtype == np.float64
    assert surface.shape == (len(m_values), len(k_values))
    assert (surface >= 0).all()
    np.testing.assert_allclose(surface, double_loop(x, y, k_values, m_values), rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("center", [0, 1e6])
@pytest.mark.parametrize("y_scale", [1e-9, 1, 1e6])
def test_keeps_its_digits_at_the_minimum(center, y_scale):
    rng = np.random.default_rng(0)
    x = center + rng.uniform(-0.5, 0.5, 100)
    y = y_scale * (2 * (x - center) + rng.normal(0, 0.1, 100))
    k, m = least_squares(x, y)
    computed = loss_surface(x, y, [k], [m])[0, 0]
    with mpmath.workdps(50):
        terms = [(mpmath.mpf(b) - mpmath.mpf(k) * a - m) ** 2 for a, b in zip(x, y, strict=True)]
        exact = mpmath.fsum(terms) / len(x)
    floor = np.finfo(np.float64).eps * np.mean(y**2)
    assert abs(computed - exact) <= 1e-12 * max(float(exact), floor)


def test_lists_tensors_and_arrays_give_the_same_surface():
    data = LinearRegressionDataset(seed=0)
    x, y = data.x, data.y
    expected = loss_surface(x, y, [2, 3], [4, 5, 6])
    for convert in (lambda v: v.tolist(), lambda v: v.numpy(), lambda v: v.double()):
        grid = torch.tensor([2.0, 3.0]), np.array([4.0, 5.0, 6.0])
        np.testing.assert_array_equal(loss_surface(convert(x), convert(y), *grid), expected)


def test_one_distinct_x_is_a_valley_not_an_error():
    surface = loss_surface([2, 2], [1, 3], [0, 1], [0, 2])
    np.testing.assert_allclose(
        surface, double_loop(np.full(2, 2), np.array([1, 3]), [0, 1], [0, 2])
    )


def test_leaves_its_arguments_alone():
    x, y = np.array([1.0, 2.0]), np.array([0.0, 5.0])
    k_values, m_values = np.array([1.0]), np.array([2.0])
    loss_surface(x, y, k_values, m_values)
    assert [v.tolist() for v in (x, y, k_values, m_values)] == [[1, 2], [0, 5], [1], [2]]
