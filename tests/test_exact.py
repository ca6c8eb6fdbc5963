"""The exact solution, against numpy's lstsq and a 50-digit reference."""

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from linreg import LinearRegressionDataset, least_squares


def reference(x, y):
    """Least squares in 50 digits."""
    with mpmath.workdps(50):
        x, y = [mpmath.mpf(float(v)) for v in x], [mpmath.mpf(float(v)) for v in y]
        n = len(x)
        x_mean, y_mean = mpmath.fsum(x) / n, mpmath.fsum(y) / n
        covariance = mpmath.fsum(
            (a - x_mean) * (b - y_mean) for a, b in zip(x, y, strict=True)
        )
        k = covariance / mpmath.fsum((a - x_mean) ** 2 for a in x)
        return k, y_mean - k * x_mean, x_mean, y_mean


def test_agrees_with_lstsq_on_the_tutorial_data():
    data = LinearRegressionDataset(seed=0)
    x, y = data.x.double().numpy(), data.y.double().numpy()
    expected = np.linalg.lstsq(np.column_stack([x, np.ones_like(x)]), y, rcond=None)[0]
    np.testing.assert_allclose(least_squares(data.x, data.y), expected, rtol=1e-13)


@pytest.mark.parametrize("x_shift", [0, 1e6, -1e6])
@pytest.mark.parametrize("x_scale", [1e-160, 1e-6, 1, 1e6, 1e160])
@pytest.mark.parametrize("y_scale", [1e-9, 1, 1e9])
@pytest.mark.parametrize("n", [2, 50, 1000])
def test_holds_12_digits_on_badly_scaled_data(x_shift, x_scale, y_scale, n):
    rng = np.random.default_rng(n)
    x = x_scale * (rng.uniform(-1, 1, n) + x_shift)
    y = y_scale * (3 * (x / x_scale - x_shift) + rng.normal(0, 0.5, n))
    k, m = least_squares(x, y)
    k_exact, m_exact, x_mean, y_mean = reference(x, y)
    assert isinstance(k, float)
    assert isinstance(m, float)
    assert abs(k - k_exact) <= 1e-12 * abs(k_exact)
    assert abs(m - m_exact) <= 1e-12 * (abs(y_mean) + abs(k_exact * x_mean))


# From the sizes whose quotients stay clear of float64's ends, where digits are lost.
wide = st.one_of(st.just(0.0), st.floats(1e-100, 1e100), st.floats(-1e100, -1e-100))


@given(
    x=hnp.arrays(np.float64, st.integers(2, 30), elements=wide),
    data=st.data(),
)
def test_agrees_with_50_digits_over_the_range_of_floats(x, data):
    """The slope of data without a trend is a difference of nearly equal sums: hence the spreads."""
    y = data.draw(hnp.arrays(np.float64, len(x), elements=wide))
    with mpmath.workdps(50):
        spread = max(map(mpmath.mpf, x.tolist())) - min(map(mpmath.mpf, x.tolist()))
    assume(spread > 1e-3 * abs(x).max() and spread > 1e-100)
    k, m = least_squares(x, y)
    k_exact, m_exact, _, _ = reference(x, y)
    largest_slope = abs(y).max() / spread
    assert abs(k - k_exact) <= 1e-12 * (abs(k_exact) + largest_slope)
    assert abs(m - m_exact) <= 1e-12 * (
        abs(y).max() + (abs(k_exact) + largest_slope) * abs(x).max()
    )


vectors = hnp.arrays(np.float64, st.integers(2, 40), elements=st.floats(-1e3, 1e3))


@given(x=vectors, data=st.data())
def test_no_other_line_has_a_smaller_loss(x, data):
    y = data.draw(hnp.arrays(np.float64, len(x), elements=st.floats(-1e3, 1e3)))
    if np.ptp(x) < 1e-3:
        return
    k, m = least_squares(x, y)
    best = np.mean((y - k * x - m) ** 2)
    for dk, dm in [(1e-3, 0), (-1e-3, 0), (0, 1e-3), (0, -1e-3)]:
        assert best <= np.mean((y - (k + dk) * x - (m + dm)) ** 2) * (1 + 1e-9) + 1e-9


@given(k=st.integers(-50, 50), m=st.integers(-50, 50), n=st.integers(2, 30))
def test_points_on_a_line_give_that_line(k, m, n):
    x = list(range(n))
    assert least_squares(x, [k * v + m for v in x]) == pytest.approx((k, m), abs=1e-10)


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.int64, torch.bfloat16]
)
def test_takes_tensors_of_any_real_dtype(dtype):
    x, y = torch.arange(4).to(dtype), torch.tensor([1, 3, 5, 7]).to(dtype)
    assert least_squares(x, y) == pytest.approx((2, 1))


def test_takes_lists_strided_arrays_and_tensors_that_require_grad():
    x, y = np.arange(8.0)[::2], np.arange(16, dtype=np.int32)[::4]
    assert least_squares(x, y) == pytest.approx((2, 0))
    assert least_squares([0, 1], (1.5, 2)) == pytest.approx((0.5, 1.5))
    assert least_squares(torch.tensor([0.0, 1.0], requires_grad=True), [1, 2]) == (1, 1)
    assert least_squares([0, 1], torch.tensor([1j, 3j]).conj().imag) == (
        -2,
        -1,
    )  # a lazy minus


def test_a_float64_tensor_keeps_all_its_digits():
    x, y = np.random.default_rng(0).normal(0, 1, (2, 20))
    assert least_squares(torch.from_numpy(x), torch.from_numpy(y)) == least_squares(
        x, y
    )


@pytest.mark.parametrize(
    "x",
    [
        [-1, 1],
        [-1, np.nextafter(-1, 0)],  # neighbours: their mean rounds to the lower one
        [np.nextafter(-1, -2), -1],  # and here to the higher one
    ],
)
def test_points_of_one_height_give_a_level_line(x):
    assert least_squares(x, [2, 2]) == (0, 2)


@pytest.mark.parametrize("units", [1, 101, 100_001])
def test_x_that_differ_in_their_last_digits_alone_keep_the_slope(units):
    """Seen to fail: without taking off what rounding left of the mean."""
    x = -1 + np.arange(0, units + 1, max(units // 4, 1)) * 2.0**-53
    y = np.arange(len(x)) ** 2.0
    assert least_squares(x, y)[0] == pytest.approx(float(reference(x, y)[0]), rel=1e-12)


def test_a_high_line_keeps_its_slope_where_squares_leave_float64():
    """Seen to fail: where the mean of y is left in, or added once more."""
    steps = np.array([0.0, 1.0, 3.0, 4.0, 7.0, 9.0, 12.0, 14.0])
    slope, _ = least_squares(1e200 * steps, 1e6 + 2.0**-20 * steps)
    assert slope == pytest.approx(2.0**-20 / 1e200, rel=1e-12, abs=0)


def test_equal_x_are_refused_even_if_their_mean_is_another_number():
    x = np.full(3, 0.1)
    assert x.mean() != 0.1
    with pytest.raises(
        ValueError, match=r"at least two distinct values, got only 0\.1"
    ):
        least_squares(x, [1, 2, 3])


def test_leaves_its_arguments_alone():
    x, y = np.array([1.0, 2.0, 4.0]), np.array([1.0, 0.0, 5.0])
    least_squares(x, y)
    assert x.tolist() == [1, 2, 4]
    assert y.tolist() == [1, 0, 5]
