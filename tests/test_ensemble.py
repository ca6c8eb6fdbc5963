"""Many runs at once, against one run at a time."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linreg.data import LinearRegressionDataset
from linreg.ensemble import shuffled_epochs, train_runs
from linreg.run_checks import check_index


@given(
    runs=st.integers(1, 5),
    n=st.integers(1, 20),
    batch_size=st.integers(1, 25),
    num_epochs=st.integers(0, 3),
    seed=st.integers(0, 2**64 - 1),
)
def test_every_epoch_holds_every_point_once(runs, n, batch_size, num_epochs, seed):
    batches = list(shuffled_epochs(runs, n, batch_size, num_epochs, seed))
    per_epoch = -(-n // batch_size)
    assert len(batches) == num_epochs * per_epoch
    for epoch in range(num_epochs):
        part = batches[epoch * per_epoch : (epoch + 1) * per_epoch]
        assert all(batch.shape == (runs, batch_size) for batch in part[:-1])
        order = torch.cat(part, dim=1)
        assert torch.equal(order.sort(dim=1).values, torch.arange(n).expand(runs, n))


def test_rows_and_epochs_differ_and_the_seed_repeats_them():
    first, second = shuffled_epochs(2, 50, 50, num_epochs=2, seed=0)
    again = next(shuffled_epochs(2, 50, 50, num_epochs=2, seed=0))
    other = next(shuffled_epochs(2, 50, 50, num_epochs=2, seed=1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first, second)
    assert not torch.equal(first[0], first[1])


def test_each_position_is_equally_likely():
    (order,) = shuffled_epochs(20_000, 4, 4, num_epochs=1, seed=0)
    counts = torch.stack([(order == point).sum(dim=0) for point in range(4)])
    assert (counts - 5000).abs().max() < 5 * (20_000 * 0.25 * 0.75) ** 0.5


def test_each_row_is_the_run_that_numpy_computes():
    rows = [LinearRegressionDataset(seed=seed) for seed in range(3)]
    x = torch.stack([row.x for row in rows]).double()
    y = torch.stack([row.y for row in rows]).double()
    rates = torch.tensor([[0.01], [0.02], [0.05]], dtype=torch.float64)
    batches = list(shuffled_epochs(3, 50, 8, num_epochs=3, seed=0))
    path = train_runs(x, y, batches, rates, start=(1.0, -2.0))
    assert path.shape == (21, 3, 2)
    for row in range(3):
        parameters = np.array([1.0, -2.0])
        for step, batch in enumerate(batches):
            points = batch[row].numpy()
            design = np.stack([x[row].numpy()[points], np.ones(len(points))], axis=1)
            error = design @ parameters - y[row].numpy()[points]
            parameters = parameters - rates[row].item() * 2 * design.T @ error / len(
                points
            )
            np.testing.assert_allclose(path[step, row], parameters, rtol=0, atol=1e-12)


def test_one_rate_for_all_and_the_same_for_each_agree():
    dataset = LinearRegressionDataset(seed=0)
    x, y = dataset.x.expand(2, 50), dataset.y.expand(2, 50)
    batches = list(shuffled_epochs(2, 50, 10, num_epochs=1, seed=0))
    each = torch.full((2, 1), 0.01)
    assert torch.allclose(
        train_runs(x, y, batches, 0.01), train_runs(x, y, batches, each)
    )


def test_no_step_gives_an_empty_path():
    path = train_runs(torch.ones(3, 4), torch.ones(3, 4), [], 0.1)
    assert path.shape == (0, 3, 2)


def test_indices_go_to_the_device_of_the_points():
    x = torch.ones(2, 3, device="meta")
    assert check_index(torch.tensor([[0], [2]]), x).device == x.device


GOOD = torch.ones(2, 3)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": [[1.0]]}, TypeError, "x must be a tensor of a floating dtype"),
        (
            {"y": torch.ones(2, 3, dtype=torch.int64)},
            TypeError,
            "y must be a tensor of a floating",
        ),
        ({"x": torch.ones(3)}, ValueError, r"shape \(runs, n\)"),
        ({"y": torch.ones(2, 4)}, ValueError, r"got \(2, 3\) and \(2, 4\)"),
        (
            {"x": torch.ones(0, 3), "y": torch.ones(0, 3)},
            ValueError,
            "at least one run",
        ),
        ({"lr": 0}, ValueError, "lr must be positive"),
        ({"lr": float("nan")}, ValueError, "lr must be finite"),
        ({"lr": "fast"}, TypeError, "lr must be a real number"),
        (
            {"lr": torch.ones(2)},
            ValueError,
            r"lr must have the shape \(2, 1\), got \(2,\)",
        ),
        ({"start": 0.0}, TypeError, "start must hold a slope and an intercept"),
        ({"start": (0.0,)}, TypeError, "start must hold a slope and an intercept"),
        ({"start": (0.0, float("inf"))}, ValueError, "start must be finite"),
    ],
)
def test_bad_runs_are_refused_before_a_batch_is_read(change, error, message):
    def untouched():
        raise AssertionError("a batch was read")
        yield

    arguments = {"x": GOOD, "y": GOOD, "batches": untouched(), "lr": 0.1, **change}
    with pytest.raises(error, match=message):
        train_runs(**arguments)


@pytest.mark.parametrize("name", ["runs", "n", "batch_size", "num_epochs", "seed"])
def test_bad_epochs_are_refused_at_the_call(name):
    arguments = {"runs": 2, "n": 3, "batch_size": 2, "num_epochs": 1, "seed": 0}
    with pytest.raises(ValueError, match=f"{name} must be at least"):
        shuffled_epochs(**{**arguments, name: -1})
    with pytest.raises(TypeError, match=f"{name} must be an integer"):
        shuffled_epochs(**{**arguments, name: 1.5})
