"""Many runs at once and the noise floor, against one run at a time and simulations."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linreg import LinearRegressionDataset
from linreg.noise import noise_floor, shuffled_epochs, train_runs


def points():
    data = LinearRegressionDataset(seed=0)
    return data.x.double().numpy(), data.y.double().numpy()


@given(
    runs=st.integers(1, 5),
    n=st.integers(1, 20),
    batch_size=st.integers(1, 25),
    num_epochs=st.integers(0, 3),
)
def test_every_epoch_holds_every_point_once(runs, n, batch_size, num_epochs):
    batches = list(shuffled_epochs(runs, n, batch_size, num_epochs, seed=0))
    per_epoch = math.ceil(n / batch_size)
    assert len(batches) == num_epochs * per_epoch
    for start in range(0, len(batches), per_epoch):
        epoch = batches[start : start + per_epoch]
        assert all(batch.shape == (runs, batch_size) for batch in epoch[:-1])
        order = torch.cat(epoch, dim=1)
        assert torch.equal(order.sort(dim=1).values, torch.arange(n).expand(runs, n))


def test_rows_and_epochs_differ_and_a_seed_repeats_them():
    first, second = shuffled_epochs(2, 50, 50, num_epochs=2, seed=0)
    assert torch.equal(next(shuffled_epochs(2, 50, 50, 2, seed=0)), first)
    assert not torch.equal(next(shuffled_epochs(2, 50, 50, 2, seed=1)), first)
    assert not torch.equal(first, second)
    assert not torch.equal(first[0], first[1])


def test_each_row_is_the_run_that_numpy_computes():
    """A wrong sign in the gradient would climb instead."""
    data = [LinearRegressionDataset(seed=seed) for seed in range(3)]
    x = torch.stack([row.x for row in data]).double()
    y = torch.stack([row.y for row in data]).double()
    rates = torch.tensor([0.01, 0.02, 0.05], dtype=torch.float64)
    batches = list(shuffled_epochs(3, 50, 8, num_epochs=3, seed=0))
    path = train_runs(x, y, batches, rates, start=(1.0, -2.0))
    assert path.shape == (21, 3, 2)
    for row, rate in enumerate(rates.tolist()):
        line = np.array([1.0, -2.0])
        for step, batch in enumerate(batches):
            index = batch[row].numpy()
            design = np.stack([x[row].numpy()[index], np.ones(len(index))], axis=1)
            residual = y[row].numpy()[index] - design @ line
            line = line + rate * 2 * design.T @ residual / len(index)
            np.testing.assert_allclose(path[step, row], line, rtol=0, atol=1e-12)


def settled(x, y, lr, batch_size, steps):
    """Carry the covariance of (k, m) from step to step, in sums over the points."""
    u = np.stack([x, np.ones_like(x)], axis=1)
    residual = y - u @ np.linalg.lstsq(u, y, rcond=None)[0]
    outer = [np.outer(row, row) for row in u]
    mean_outer = np.mean(outer, axis=0)
    noise = np.mean([r**2 * o for r, o in zip(residual, outer, strict=True)], axis=0)
    spread = np.zeros((2, 2))
    for _ in range(steps):
        same = np.mean([o @ spread @ o for o in outer], axis=0)
        pairs = mean_outer @ spread @ mean_outer
        pull = mean_outer @ spread + spread @ mean_outer
        push = (same + noise) / batch_size + (1 - 1 / batch_size) * pairs
        spread = spread - 2 * lr * pull + 4 * lr**2 * push
    return np.trace(mean_outer @ spread)


@pytest.mark.parametrize(
    ("lr", "batch_size", "scale"), [(0.1, 1, 1), (0.2, 8, 1), (0.1, 8, 0.1)]
)
def test_the_floor_is_where_the_covariance_settles(lr, batch_size, scale):
    x, y = points()
    expected = settled(scale * x, y, lr, batch_size, steps=400 if scale == 1 else 3000)
    assert noise_floor(scale * x, y, lr, batch_size) == pytest.approx(
        expected, rel=1e-6
    )


@pytest.mark.parametrize(
    ("lr", "batch_size"), [(0.2, 1), (0.34, 1), (2.0, 1), (0.4, 50)]
)
def test_above_its_limit_the_floor_is_infinite_and_the_covariance_grows(lr, batch_size):
    """Far above, the equation alone would give a small number again."""
    x, y = points()
    assert math.isinf(noise_floor(x, y, lr, batch_size))
    near, far = (settled(x, y, lr, batch_size, steps) for steps in (40, 80))
    assert far > 2 * near
