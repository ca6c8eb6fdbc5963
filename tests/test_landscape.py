"""The loss surface, against a double loop."""

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from linreg import LinearRegressionDataset, least_squares, loss_surface


def double_loop(x, y, k_values, m_values):
    """The definition: one pass over the data for each point of the grid."""
    return np.array(
        [[np.mean((y - k * x - m) ** 2) for k in k_values] for m in m_values]
    )


finite = st.floats(-100, 100)


@given(
    points=hnp.arrays(
        np.float64, st.tuples(st.just(2), st.integers(1, 30)), elements=finite
    ),
    k_values=hnp.arrays(np.float64, st.integers(1, 5), elements=finite),
    m_values=hnp.arrays(np.float64, st.integers(1, 5), elements=finite),
)
def test_agrees_with_the_double_loop(points, k_values, m_values):
    x, y = points
    surface = loss_surface(x, y, k_values, m_values)
    assert surface.dtype == np.float64
    assert surface.shape == (len(m_values), len(k_values))
    assert (surface >= 0).all()
    np.testing.assert_allclose(
        surface, double_loop(x, y, k_values, m_values), rtol=1e-9, atol=1e-7
    )


def in_50_digits(x, y, k, m):
    """The mean squared error of one line, to far more digits than float64 has."""
    with mpmath.workdps(50):
        k, m = mpmath.mpf(float(k)), mpmath.mpf(float(m))
        points = zip(map(float, x), map(float, y), strict=True)
        return mpmath.fsum(
            (mpmath.mpf(b) - k * mpmath.mpf(a) - m) ** 2 for a, b in points
        ) / len(x)


def test_a_line_through_two_neighbours_has_no_loss():
    """Seen to fail: without taking off what rounding left of the mean (a loss of 0.06)."""
    x, y = np.array([-1, -1 + 2.0**-53]), np.array([0.0, 1.0])
    surface = loss_surface(x, y, [2.0**53, 2.0**53 + 2], [2.0**53])
    assert in_50_digits(x, y, 2.0**53, 2.0**53) == 0
    assert surface[0, 0] <= 1e-28
    assert surface[0, 1] == pytest.approx(
        float(in_50_digits(x, y, 2.0**53 + 2, 2.0**53))
    )


def test_no_slope_is_too_large_where_all_x_are_0():
    """Seen to fail: with the square of the distance, which is infinite, times the spread, 0."""
    np.testing.assert_array_equal(
        loss_surface([0, 0], [1, 2], [0, 1e160], [0, 1]), [[2.5] * 2, [0.5] * 2]
    )


@pytest.mark.parametrize(
    "value", [1.434242904385263e-210, 6.86424914749346e-293, 0.1, 1e100]
)
def test_equal_x_have_a_surface_too_though_their_mean_is_another_number(value):
    """Seen to fail: with the square of the distance from the best slope (infinity)."""
    x, y = np.full(19, value), np.array([1.0] + 18 * [value])
    expected = double_loop(x, y, [0.0, 1.0], [0.0])
    np.testing.assert_allclose(
        loss_surface(x, y, [0.0, 1.0], [0.0]), expected, rtol=1e-9
    )


@given(
    n=st.integers(2, 40),
    centre=st.sampled_from([0, 1, 1e3, 1e6, -1e6]),
    x_scale=st.sampled_from([1e-200, 1e-6, 1, 1e6, 1e200]),
    y_scale=st.sampled_from([1e-9, 1, 1e6]),
    y_centre=st.sampled_from([0, 1, -1e6]),
    noise=st.sampled_from([0, 1e-15, 1e-12, 1e-8, 1e-5, 1e-3, 0.1]),
    seed=st.integers(0, 2**32),
)
@example(n=40, centre=1e6, x_scale=1, y_scale=1, y_centre=0, noise=0, seed=0)
def test_keeps_its_digits_at_the_minimum(
    n, centre, x_scale, y_scale, y_centre, noise, seed
):
    """Seen to fail: without `take_off_line` (off by 6e-11), with m + k x_mean in one product."""
    rng = np.random.default_rng(seed)
    from_centre = rng.uniform(-0.5, 0.5, n)
    x = x_scale * (centre + from_centre)
    y = y_scale * (y_centre + 2 * (x / x_scale - centre) + noise * rng.normal(0, 1, n))
    k, m = least_squares(x, y)
    k_values, m_values = [k, k - y_scale / x_scale, 0], [m, m + y_scale, 0]
    surface = loss_surface(x, y, k_values, m_values)
    exact = in_50_digits(x, y, k, m)
    smallest = max(float(exact), np.finfo(np.float64).eps * np.mean(y**2))
    assert abs(surface[0, 0] - exact) <= 1e-12 * smallest
    assert (surface >= 0).all()
    for row, some_m in enumerate(m_values):
        for column, some_k in enumerate(k_values):
            exact = in_50_digits(x, y, some_k, some_m)
            terms = np.mean(y**2) + np.square(some_k * x).mean() + some_m**2
            assert abs(surface[row, column] - exact) <= 1e-12 * (
                float(exact) + 1e-9 * terms
            )


def test_a_line_among_noise_far_away_keeps_its_digits():
    """Only every 5th point is looked at to decide whether the fit is tight."""
    x = np.arange(5000.0)
    y = 3 * x + 5
    y[3] = 1e9
    k, m = least_squares(x, y)
    exact = in_50_digits(x, y, k, m)
    assert abs(loss_surface(x, y, [k], [m])[0, 0] - exact) <= 1e-12 * exact


def test_never_negative_where_the_loss_is_zero():
    x = np.linspace(-3, 3, 50)
    surface = loss_surface(
        x, 3 * x + 5, np.linspace(2.999, 3.001, 201), np.linspace(4.9, 5.1, 201)
    )
    assert surface.min() == surface[100, 100]
    assert 0 <= surface.min() <= 1e-28


def test_lists_tensors_and_arrays_give_the_same_surface():
    data = LinearRegressionDataset(seed=0)
    x, y = data.x, data.y
    expected = loss_surface(x, y, [2, 3], [4, 5, 6])
    for convert in (lambda v: v.tolist(), lambda v: v.numpy(), lambda v: v.double()):
        grid = torch.tensor([2.0, 3.0]), np.array([4.0, 5.0, 6.0])
        np.testing.assert_array_equal(
            loss_surface(convert(x), convert(y), *grid), expected
        )


def test_one_distinct_x_is_a_valley_not_an_error():
    surface = loss_surface([2, 2], [1, 3], [0, 1], [0, 2])
    np.testing.assert_allclose(
        surface, double_loop(np.full(2, 2), np.array([1, 3]), [0, 1], [0, 2])
    )


def test_leaves_its_arguments_alone():
    x, y = np.array([1.0, 2.0]), np.array([0.0, 5.0])
    k_values, m_values = np.array([1.0]), np.array([2.0])
    loss_surface(x, y, k_values, m_values)
    assert [v.tolist() for v in (x, y, k_values, m_values)] == [
        [1, 2],
        [0, 5],
        [1],
        [2],
    ]
