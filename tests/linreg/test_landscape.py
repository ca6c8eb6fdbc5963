"""The loss surface, against a double loop over the lines."""

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from linreg import LinearRegressionDataset, least_squares, loss_surface
from linreg.landscape import loss_above_minimum

finite = st.floats(-100, 100).map(lambda number: round(number, 6))
grid = hnp.arrays(np.float64, st.integers(1, 5), elements=finite)


def double_loop(x, y, k_values, m_values):
    """The definition: one pass over the data for each line."""
    x, y = np.asarray(x, dtype=np.longdouble), np.asarray(y, dtype=np.longdouble)
    return np.array(
        [[np.mean((y - k * x - m) ** 2) for k in k_values] for m in m_values],
        dtype=np.float64,
    )


@given(
    points=hnp.arrays(
        np.float64, st.tuples(st.just(2), st.integers(1, 30)), elements=finite
    ),
    k_values=grid,
    m_values=grid,
)
@example(points=np.array([[2.0], [1.0]]), k_values=np.ones(2), m_values=np.zeros(3))
@example(
    points=np.array([[2.0, 2.0], [1.0, 3.0]]), k_values=np.ones(1), m_values=np.ones(1)
)
def test_agrees_with_the_double_loop(points, k_values, m_values):
    """One point, and equal x, have a surface too: seen to fail, as NaN."""
    x, y = points
    surface = loss_surface(x, y, k_values, m_values)
    assert surface.dtype == np.float64
    assert surface.shape == (len(m_values), len(k_values))
    assert (surface >= 0).all()
    expected = double_loop(x, y, k_values, m_values)
    np.testing.assert_allclose(surface, expected, rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("centre", [0, 1e6, -1e6])
@pytest.mark.parametrize("x_scale", [1e-6, 1, 1e6])
@pytest.mark.parametrize("y_scale", [1e-6, 1, 1e6])
def test_keeps_its_digits_on_badly_scaled_data(centre, x_scale, y_scale):
    random = np.random.default_rng(0)
    from_centre = random.uniform(-1, 1, 50)
    x = x_scale * (from_centre + centre)
    y = y_scale * (3 * from_centre + random.normal(0, 0.5, 50))
    k, m = least_squares(x, y)
    k_values = [k, k - y_scale / x_scale]
    m_values = [m, m + y_scale]
    np.testing.assert_allclose(
        loss_surface(x, y, k_values, m_values),
        double_loop(x, y, k_values, m_values),
        rtol=1e-9 if centre == 0 else 1e-6,  # m itself is 1e6 times as large there
    )


def test_lists_tensors_and_arrays_give_the_same_surface():
    data = LinearRegressionDataset(seed=0)
    expected = loss_surface(data.x.tolist(), data.y.tolist(), [2, 3], [4, 5, 6])
    for x, y in ((data.x, data.y), (data.x.numpy(), data.y.double().numpy())):
        found = loss_surface(x, y, torch.tensor([2, 3]), np.array([4.0, 5.0, 6.0]))
        assert np.array_equal(found, expected)


def test_any_k_and_m_make_a_grid_with_a_row_for_each_m():
    """A number is one value; of two dimensions, seen to fail as a grid of three."""
    x, y, k_values, m_values = [0, 1], [1, 3], [[1, 2], [3, 4]], 5.0
    surface = loss_surface(x, y, k_values, m_values)
    assert surface.shape == (1, 4)
    np.testing.assert_allclose(surface, double_loop(x, y, [1, 2, 3, 4], [5.0]))


def test_the_loss_above_the_minimum_is_the_difference_of_two_losses():
    data = LinearRegressionDataset(seed=0)
    x, y = data.x.double().numpy(), data.y.double().numpy()
    k = torch.tensor([[3.0, 0.0], [-1.0, 1e3]])
    m = torch.tensor([[5.0, 0.0], [2.5, -1e3]])
    smallest = np.mean((y - np.polyval(np.polyfit(x, y, 1), x)) ** 2)
    above = loss_above_minimum(x, y, k, m)
    assert above.shape == (2, 2)
    for index in np.ndindex(2, 2):
        direct = double_loop(x, y, [k[index].item()], [m[index].item()]) - smallest
        assert above[index] == pytest.approx(direct.item(), rel=1e-9)


def test_k_and_m_broadcast_and_a_line_alone_has_one_loss():
    x, y, row, column = [0, 1, 2], [1, 2, 4], np.arange(3.0), np.ones((2, 1))
    above = loss_above_minimum(x, y, row, column)
    assert above.shape == (2, 3)
    assert loss_above_minimum(x, y, 2, 1.0) == above[0, 2]
    assert loss_above_minimum(x, y, *least_squares(x, y)) == pytest.approx(0, abs=1e-30)


def test_where_all_x_are_equal_the_loss_above_the_minimum_is_that_of_the_offset():
    """NaN without the guard; the best line passes through (2, 2) at any slope."""
    above = loss_above_minimum([2.0, 2.0], [1.0, 3.0], [0.0, 1.0, 5.0], [2.0, 3.0, 2.0])
    assert above.tolist() == [0, 9, 100]


def test_times_in_nanoseconds_keep_the_shape_of_the_surface():
    """Float64 holds multiples of 256 there, so all these times would be equal."""
    times = 1_700_000_000_000_000_000 + np.array([0, 10, 20, 50])
    y = np.array([1.0, 3.0, 2.0, 7.0])
    flat = loss_surface(times, y, [0], [y.mean()]).item()
    assert flat == pytest.approx(y.var(), rel=1e-12)
    assert loss_above_minimum(times, y, 0, y.mean()) == pytest.approx(
        y.var() * np.corrcoef(times - times[0], y)[0, 1] ** 2, rel=1e-12
    )
