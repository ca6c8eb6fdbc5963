"""The data, against the line and the distributions it documents."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linreg import LinearRegressionDataset

numbers = st.floats(-100, 100)


def test_the_defaults_are_the_posts():
    data = LinearRegressionDataset(seed=0)
    assert (data.k, data.m, len(data)) == (3.0, 5.0, 50)
    noise = data.y - (3 * data.x + 5)
    assert data.x.abs().max() <= 3
    assert 0.35 < noise.std() < 0.65  # 0.5 is the standard deviation, not the variance


@given(
    k=numbers,
    m=numbers,
    n=st.integers(1, 30),
    low=numbers,
    width=st.floats(0, 100),
    seed=st.integers(0, 2**63 - 1),
)
def test_without_noise_the_points_lie_on_the_line_and_in_the_range(
    k, m, n, low, width, seed
):
    data = LinearRegressionDataset(
        k, m, n, noise_std=0, low=low, high=low + width, seed=seed
    )
    assert data.x.shape == data.y.shape == (n,)
    assert data.x.dtype == data.y.dtype == torch.float32
    x = data.x.double().numpy()
    assert ((x >= low - 1e-4) & (x <= low + width + 1e-4)).all()
    np.testing.assert_allclose(data.y, k * x + m, rtol=1e-5, atol=5e-3)


def test_a_large_sample_has_the_moments_of_its_distributions():
    data = LinearRegressionDataset(
        2, -1, 1_000_000, noise_std=0.3, low=1, high=5, seed=0
    )
    x = data.x.double().numpy()
    noise = data.y.double().numpy() - 2 * x + 1
    # Each bound is five standard errors of the moment.
    assert x.mean() == pytest.approx(3, abs=5 * 4 / 12**0.5 / 1000)
    assert x.var() == pytest.approx(16 / 12, rel=5 * 0.9 / 1000)
    assert noise.mean() == pytest.approx(0, abs=5 * 0.3 / 1000)
    assert noise.std() == pytest.approx(0.3, rel=5 * 0.71 / 1000)
    assert (noise**4).mean() == pytest.approx(3 * 0.3**4, rel=0.02)
    assert np.corrcoef(x, noise)[0, 1] == pytest.approx(0, abs=5 / 1000)


def test_a_seed_repeats_the_points_and_leaves_other_random_numbers_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    first, again, other = (LinearRegressionDataset(seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(first.x, again.x)
    assert torch.equal(first.y, again.y)
    assert not torch.equal(first.x, other.x)


def test_items_are_the_points():
    data = LinearRegressionDataset(n=20, seed=0)
    points = zip(data.x.tolist(), data.y.tolist(), strict=True)
    assert [(x.item(), y.item()) for x, y in data] == list(points)
