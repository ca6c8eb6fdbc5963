from itertools import islice

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader, TensorDataset

from linreg import (
    LinearRegressionDataset,
    LinearRegressionModel,
    MiniBatchSampler,
    train,
)

SIZES = st.integers(min_value=1, max_value=200)
SEEDS = st.integers(min_value=0, max_value=2**64 - 1)


def batches_of(sampler):
    """One epoch as lists of numbers."""
    return [indices.tolist() for indices in sampler]


@given(n=SIZES, batch_size=SIZES, shuffle=st.booleans(), seed=st.none() | SEEDS)
def test_every_index_comes_once_per_epoch(n, batch_size, shuffle, seed):
    sampler = MiniBatchSampler(n, batch_size, shuffle=shuffle, seed=seed)
    for _ in range(2):
        batches = batches_of(sampler)
        assert sorted(index for batch in batches for index in batch) == list(range(n))
        assert [len(batch) for batch in batches[:-1]] == [batch_size] * (
            len(batches) - 1
        )
        assert len(batches) == len(sampler)


def test_the_order_is_that_of_randperm():
    generator = torch.Generator().manual_seed(7)
    sampler = MiniBatchSampler(50, 8, seed=7)
    for _ in range(3):
        expected = torch.randperm(50, generator=generator).split(8)
        for indices, batch in zip(sampler, expected, strict=True):
            assert indices.dtype == torch.int64
            torch.testing.assert_close(indices, batch)


@given(n=SIZES, batch_size=SIZES, seed=SEEDS)
def test_the_same_seed_gives_the_same_epochs(n, batch_size, seed):
    first = MiniBatchSampler(n, batch_size, seed=seed)
    second = MiniBatchSampler(n, batch_size, seed=seed)
    assert [batches_of(first) for _ in range(3)] == [
        batches_of(second) for _ in range(3)
    ]


def test_epochs_and_seeds_differ():
    sampler = MiniBatchSampler(50, 8, seed=0)
    epochs = [batches_of(sampler) for _ in range(3)] + [
        batches_of(MiniBatchSampler(50, 8, seed=1))
    ]
    assert len({str(epoch) for epoch in epochs}) == 4


def test_without_a_seed_the_global_generator_decides():
    def first_epoch(global_seed):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(global_seed)
            return batches_of(MiniBatchSampler(50, 8))

    assert first_epoch(3) == first_epoch(3)
    assert first_epoch(3) != first_epoch(4)


def test_without_shuffling_the_order_is_that_of_the_data():
    sampler = MiniBatchSampler(5, 2, shuffle=False)
    assert batches_of(sampler) == batches_of(sampler) == [[0, 1], [2, 3], [4]]


@given(
    n=SIZES,
    batch_size=SIZES,
    shuffle=st.booleans(),
    seed=st.none() | SEEDS,
    steps=st.integers(min_value=0, max_value=500),
)
def test_a_saved_state_goes_on_where_it_was_saved(n, batch_size, shuffle, seed, steps):
    sampler = MiniBatchSampler(n, batch_size, shuffle=shuffle, seed=seed)
    full_epochs, rest = divmod(steps, len(sampler))
    for _ in range(full_epochs):
        batches_of(sampler)
    running = iter(sampler)
    list(islice(running, rest))
    state = sampler.state_dict()

    other = MiniBatchSampler(n, batch_size, shuffle=shuffle, seed=0)
    other.load_state_dict(state)
    again = other.state_dict()
    assert torch.equal(again.pop("generator"), state["generator"])
    assert again == {name: state[name] for name in again}

    assert batches_of(other) == [indices.tolist() for indices in running]
    assert batches_of(other) == batches_of(sampler)


def test_a_state_saved_after_the_last_batch_leaves_nothing_of_its_epoch():
    sampler = MiniBatchSampler(5, 2, seed=0)
    for _ in sampler:
        state = sampler.state_dict()
    other = MiniBatchSampler(5, 2, seed=1)
    other.load_state_dict(state)
    assert batches_of(other) == []
    assert batches_of(other) == batches_of(sampler)


def test_an_epoch_left_early_is_followed_by_a_whole_one():
    sampler = MiniBatchSampler(50, 8, seed=0)
    next(iter(sampler))
    assert len(batches_of(sampler)) == 7


def test_a_state_does_not_change_when_the_sampler_goes_on():
    sampler = MiniBatchSampler(50, 8, seed=0)
    state = sampler.state_dict()
    first = batches_of(sampler)
    sampler.load_state_dict(state)
    assert batches_of(sampler) == first
    sampler.load_state_dict(state)
    assert batches_of(sampler) == first


def test_a_state_survives_a_file_read_with_weights_only(tmp_path):
    sampler = MiniBatchSampler(50, 8, seed=0)
    list(islice(sampler, 3))
    torch.save(sampler.state_dict(), tmp_path / "state.pt")
    rest = MiniBatchSampler(50, 8)
    rest.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert batches_of(rest) == batches_of(MiniBatchSampler(50, 8, seed=0))[3:]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_data_loader_yields_the_batches_of_the_sampler(workers):
    dataset = LinearRegressionDataset(n=50, seed=0)
    loader = DataLoader(
        dataset,
        batch_size=None,
        sampler=MiniBatchSampler(50, 8, seed=1),
        num_workers=workers,
    )
    assert len(loader) == 7
    for (x, y), indices in zip(loader, MiniBatchSampler(50, 8, seed=1), strict=True):
        assert torch.equal(x, dataset.x[indices])
        assert torch.equal(y, dataset.y[indices])


def test_train_ends_where_a_loop_over_the_same_batches_ends():
    x, y = torch.linspace(-3, 3, 20), torch.linspace(-4, 14, 20)
    loader = DataLoader(
        TensorDataset(x, y), batch_size=None, sampler=MiniBatchSampler(20, 8, seed=2)
    )
    model = LinearRegressionModel().double()
    train(model, loader, torch.optim.SGD(model.parameters(), lr=0.01), num_epochs=3)

    k = m = 0.0
    generator = torch.Generator().manual_seed(2)
    for _ in range(3):
        for indices in torch.randperm(20, generator=generator).split(8):
            bx, by = x[indices].double().numpy(), y[indices].double().numpy()
            residual = k * bx + m - by
            k, m = k - 0.02 * (residual * bx).mean(), m - 0.02 * residual.mean()
    assert model.k.item() == pytest.approx(k, rel=1e-12)
    assert model.m.item() == pytest.approx(m, rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"n": 0}, ValueError, "n must be at least 1, got 0"),
        ({"n": 5.0}, TypeError, "n must be an integer"),
        ({"n": True}, TypeError, "n must be an integer"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"batch_size": None}, TypeError, "batch_size must be an integer"),
        ({"shuffle": 1}, TypeError, "shuffle must be True or False, got 1"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        ({"seed": 2**64}, ValueError, r"seed must be less than 2\*\*64"),
        ({"seed": "a"}, TypeError, "seed must be an integer"),
    ],
)
def test_bad_settings_are_refused_by_name(arguments, error, words):
    with pytest.raises(error, match=words):
        MiniBatchSampler(**{"n": 50, "batch_size": 8, **arguments})


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"n": 51}, ValueError, "state must have n=50, got 51"),
        ({"batch_size": 4}, ValueError, "state must have batch_size=8, got 4"),
        ({"shuffle": 1}, ValueError, "state must have shuffle=True, got 1"),
        ({"position": 8}, ValueError, "position must be at most 7, got 8"),
        ({"position": -1}, ValueError, "position must be at least 0"),
        ({"position": 1.5}, TypeError, "position must be an integer"),
        ({"generator": [1]}, TypeError, "generator must be a tensor, got list"),
        (
            {"generator": torch.zeros(3, dtype=torch.uint8)},
            ValueError,
            "generator must be the sta",
        ),
        (
            {"generator": torch.zeros(5056)},
            ValueError,
            "generator must be the state of a CPU gen",
        ),
        ({"more": 1}, ValueError, "state must have keys"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(
    changes, error, words
):
    sampler = MiniBatchSampler(50, 8, seed=0)
    list(islice(sampler, 3))
    before = sampler.state_dict()
    with pytest.raises(error, match=words):
        sampler.load_state_dict({**before, **changes})
    assert sampler.state_dict()["position"] == 3
    assert batches_of(sampler) == epoch_after(before)


def epoch_after(state):
    """The epoch that follows the one of ``state``."""
    sampler = MiniBatchSampler(50, 8)
    sampler.load_state_dict(state)
    batches_of(sampler)
    return batches_of(sampler)


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        (None, TypeError, "state must be a dict, got NoneType"),
        ([], TypeError, "state must be a dict, got list"),
        ({}, ValueError, r"state must have keys \['batch_size', .*\], got \[\]"),
    ],
)
def test_what_is_no_state_is_refused(state, error, words):
    with pytest.raises(error, match=words):
        MiniBatchSampler(50, 8).load_state_dict(state)


def test_a_default_device_is_no_matter():
    with torch.device("meta"):
        assert batches_of(MiniBatchSampler(50, 8, seed=0)) == batches_of(
            MiniBatchSampler(50, 8, seed=0)
        )
