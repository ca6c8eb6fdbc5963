"""The dataset, against the formula it documents."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from linreg import LinearRegressionDataset

reals = st.floats(-1e6, 1e6)


@given(k=reals, m=reals, n=st.integers(1, 300), low=reals, width=st.floats(1e-2, 1e6))
def test_without_noise_the_points_lie_on_the_line(k, m, n, low, width):
    data = LinearRegressionDataset(
        k, m, n, noise_std=0, low=low, high=low + width, seed=1
    )
    x, y = data.x.double().numpy(), data.y.double().numpy()
    assert data.x.dtype == data.y.dtype == torch.float32
    assert x.shape == y.shape == (n,)
    tolerance = 4e-7 * (np.abs(k * x) + abs(m))
    np.testing.assert_array_less(np.abs(y - (k * x + m)), tolerance + 1e-30)


@given(low=reals, width=st.floats(1e-2, 1e6), seed=st.integers(0, 2**63 - 1))
def test_x_stays_in_its_range(low, width, seed):
    data = LinearRegressionDataset(n=200, low=low, high=low + width, seed=seed)
    assert np.float32(low) <= data.x.min()
    assert data.x.max() <= np.float32(low + width)


def test_x_is_uniform_and_the_noise_normal():
    data = LinearRegressionDataset(k=2.0, m=-1.0, n=200_000, noise_std=0.5, seed=0)
    x, y = data.x.double().numpy(), data.y.double().numpy()
    noise = y - (2 * x - 1)
    assert abs(x.mean()) < 0.02
    assert abs(x.var() - 3) < 0.03
    assert abs(noise.mean()) < 0.005
    assert abs(noise.std() - 0.5) < 0.005
    assert abs(np.mean(np.abs(noise) < 0.5) - 0.6827) < 0.005
    assert abs(np.corrcoef(x, noise)[0, 1]) < 0.01


def test_a_seed_fixes_the_points_and_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    expected_next = torch.rand(1)
    torch.manual_seed(5)
    first, again = LinearRegressionDataset(seed=3), LinearRegressionDataset(seed=3)
    assert torch.equal(torch.rand(1), expected_next)
    assert torch.equal(first.x, again.x)
    assert torch.equal(first.y, again.y)
    assert not torch.equal(first.x, LinearRegressionDataset(seed=4).x)


def test_numbers_of_numpy_are_numbers():
    ints, floats = (np.int64(2), np.uint8(3)), (np.float32(-1), np.float64(2.5))
    data = LinearRegressionDataset(
        *ints, np.int32(9), low=floats[0], high=floats[1], seed=ints[0]
    )
    assert torch.equal(
        data.y, LinearRegressionDataset(2, 3, 9, low=-1, high=2.5, seed=2).y
    )
    assert type(data.k) is type(data.m) is float


def test_without_a_seed_the_global_generator_decides():
    torch.manual_seed(5)
    first = LinearRegressionDataset()
    second = LinearRegressionDataset()
    torch.manual_seed(5)
    assert torch.equal(LinearRegressionDataset().y, first.y)
    assert not torch.equal(first.y, second.y)


def test_samples_length_and_true_parameters():
    data = LinearRegressionDataset(k=3, m=5, n=4, seed=0)
    assert len(data) == 4
    assert (data.k, data.m) == (3.0, 5.0)
    assert isinstance(data.k, float)
    x, y = data[2]
    assert (x, y) == (data.x[2], data.y[2])
    with pytest.raises(IndexError):
        data[4]


def test_an_index_tensor_gives_a_whole_batch():
    data = LinearRegressionDataset(seed=0)
    index = torch.tensor([3, 1])
    x, y = data[index]
    assert torch.equal(x, data.x[index])
    assert torch.equal(y, data.y[index])


def test_a_default_loader_yields_every_point_once():
    data = LinearRegressionDataset(seed=0)
    batches = [x for x, _ in DataLoader(data, batch_size=8, shuffle=True)]
    assert [len(x) for x in batches] == [8] * 6 + [2]
    assert torch.equal(torch.cat(batches).sort().values, data.x.sort().values)


def test_float32_and_cpu_hold_whatever_the_defaults_of_torch_are():
    previous = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.device("meta"):
            data = LinearRegressionDataset(seed=0)
    finally:
        torch.set_default_dtype(previous)
    assert data.y.dtype == torch.float32
    assert data.y.device.type == "cpu"
    assert torch.equal(data.y, LinearRegressionDataset(seed=0).y)
