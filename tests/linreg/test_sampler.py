"""Mini-batches of indices: every index once an epoch, in an order of seed and epoch."""

import itertools
import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader, TensorDataset, random_split

from linreg import (
    LinearRegressionDataset,
    LinearRegressionModel,
    MiniBatchSampler,
    train,
)

SIZES = st.integers(1, 100)


def epoch_of(sampler):
    return [indices.tolist() for indices in sampler]


@given(
    n=SIZES, batch_size=SIZES, shuffle=st.booleans(), seed=st.none() | st.integers(0)
)
def test_every_index_comes_once_in_an_epoch(n, batch_size, shuffle, seed):
    sampler = MiniBatchSampler(n, batch_size, shuffle=shuffle, seed=seed)
    for _ in range(2):
        batches = epoch_of(sampler)
        assert len(batches) == len(sampler)
        assert {len(batch) for batch in batches[:-1]} <= {batch_size}
        assert 1 <= len(batches[-1]) <= batch_size
        order = [index for batch in batches for index in batch]
        assert sorted(order) == list(range(n))
        assert shuffle or order == list(range(n))


def test_the_order_follows_from_seed_and_epoch_alone():
    first, second = MiniBatchSampler(50, 8, seed=0), MiniBatchSampler(50, 8, seed=0)
    epochs = [epoch_of(first) for _ in range(4)]
    assert first.epoch == 4
    second.epoch = 2
    torch.manual_seed(9)
    random.seed(9)
    assert [epoch_of(second), epoch_of(second)] == epochs[2:]


def test_orders_of_different_seeds_and_epochs_do_not_coincide():
    """With seed + epoch, epoch 1 of seed 0 would be epoch 0 of seed 1."""
    orders = set()
    for seed in range(20):
        sampler = MiniBatchSampler(50, 50, seed=seed)
        orders |= {tuple(epoch_of(sampler)[0]) for _ in range(20)}
    assert len(orders) == 400


def test_an_epoch_that_was_broken_off_counts_as_begun():
    sampler, whole = MiniBatchSampler(50, 8, seed=0), MiniBatchSampler(50, 8, seed=0)
    list(itertools.islice(sampler, 3))
    epoch_of(whole)
    assert sampler.epoch == 1
    assert epoch_of(sampler) == epoch_of(whole)


def test_without_a_seed_pytorchs_own_decides():
    torch.manual_seed(0)
    first, second = MiniBatchSampler(50, 8), MiniBatchSampler(50, 8)
    torch.manual_seed(0)
    assert epoch_of(MiniBatchSampler(50, 8)) == epoch_of(first)
    assert epoch_of(MiniBatchSampler(50, 8, seed=first.seed)) != epoch_of(second)


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_loader_yields_the_points_of_the_indices(num_workers):
    data = LinearRegressionDataset(seed=0)
    loader = DataLoader(
        data,
        batch_size=None,
        sampler=MiniBatchSampler(50, 8, seed=1),
        num_workers=num_workers,
    )
    assert len(loader) == 7
    for (x, y), indices in zip(loader, MiniBatchSampler(50, 8, seed=1), strict=True):
        assert torch.equal(x, data.x[indices])
        assert torch.equal(y, data.y[indices])


def test_a_loader_that_packs_each_batch_in_another_trains_the_same():
    """Seen to fail: without batch_size=None, the last batch weighed like a full one."""
    data = LinearRegressionDataset(seed=0)
    losses = []
    for options in ({"batch_size": None}, {}):
        sampler = MiniBatchSampler(50, 8, seed=1)
        model = LinearRegressionModel()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        loader = DataLoader(data, sampler=sampler, **options)
        losses.append(train(model, loader, optimizer, 5).epoch_loss)
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_the_parts_of_a_random_split_load_as_the_docstring_says():
    """A part itself takes no tensor of indices."""
    data = LinearRegressionDataset(seed=0)
    for part in random_split(data, [0.8, 0.2]):
        sampler = MiniBatchSampler(len(part), 8, seed=1)
        with pytest.raises(TypeError, match="index"):
            list(DataLoader(part, batch_size=None, sampler=sampler))
        points = TensorDataset(*data[part.indices])
        batches = list(DataLoader(points, batch_size=None, sampler=sampler))
        assert len(batches) == len(sampler)
        loaded = torch.cat([torch.stack(batch) for batch in batches], dim=1)
        expected = torch.tensor([part[i] for i in range(len(part))]).T
        assert sorted(loaded.T.tolist()) == sorted(expected.T.tolist())
