"""The training loop, against a loop written in NumPy."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from linreg import (
    LinearRegressionDataset,
    LinearRegressionModel,
    MiniBatchSampler,
    least_squares,
    train,
)
from linreg.training import mean_squared_error


def numpy_sgd(batches, learning_rate, num_epochs):
    """SGD on the mean squared error with the analytic gradient, from (0, 0)."""
    k = m = 0.0
    path, losses = [(k, m)], []
    for _ in range(num_epochs):
        squared_errors = []
        for x, y in batches:
            residual = y - (k * x + m)
            squared_errors.extend(residual**2)
            k, m = (
                k + learning_rate * 2 * np.mean(residual * x),
                m + learning_rate * 2 * np.mean(residual),
            )
        path.append((k, m))
        losses.append(np.mean(squared_errors))
    return np.array(path), np.array(losses)


def post_settings(seed):
    """Data, model, loader and optimiser as in the tutorial."""
    data = LinearRegressionDataset(seed=seed)
    order = torch.Generator().manual_seed(seed)
    loader = DataLoader(data, batch_size=8, shuffle=True, generator=order)
    model = LinearRegressionModel()
    return model, loader, torch.optim.SGD(model.parameters(), lr=0.01)


@settings(max_examples=30)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    learning_rate=st.floats(1e-4, 0.05),
    num_epochs=st.integers(0, 6),
    seed=st.integers(0, 1000),
)
def test_agrees_with_a_loop_in_numpy(sizes, learning_rate, num_epochs, seed):
    rng = np.random.default_rng(seed)
    batches = [(rng.uniform(-3, 3, size), rng.normal(0, 5, size)) for size in sizes]
    model = LinearRegressionModel().double()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    history = train(model, batches, optimizer, num_epochs)
    path, losses = numpy_sgd(batches, learning_rate, num_epochs)
    np.testing.assert_allclose(
        history.parameters["k"], path[:, 0], rtol=1e-12, atol=1e-12
    )
    np.testing.assert_allclose(
        history.parameters["m"], path[:, 1], rtol=1e-12, atol=1e-12
    )
    np.testing.assert_allclose(history.epoch_loss, losses, rtol=1e-12)
    assert history.epoch_loss.shape == (num_epochs,)
    assert history.epoch_loss.dtype == history.parameters["k"].dtype == np.float64


def test_the_epoch_loss_weights_samples_not_batches():
    model = LinearRegressionModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    history = train(
        model, [([0.0, 0.0, 0.0], [1.0, 1.0, 1.0]), ([0.0], [3.0])], optimizer, 1
    )
    assert history.epoch_loss.tolist() == [
        3.0
    ]  # (1 + 1 + 1 + 9) / 4; by batches it would be 5


@pytest.mark.parametrize("seeds", [60, pytest.param(200, marks=pytest.mark.long)])
def test_the_posts_run_lies_in_the_ranges_over_200_seeds(seeds):
    inside = np.zeros(4)
    ranges = np.array([(32.4, 52.7), (22.0, 28.3), (2.90, 3.09), (4.69, 4.98)])
    for seed in range(seeds):
        model, loader, optimizer = post_settings(seed)
        history = train(model, loader, optimizer, 25)
        k, m = history.parameters["k"][-1], history.parameters["m"][-1]
        result = np.array([*history.epoch_loss[:2], k, m])
        inside += (ranges[:, 0] <= result) & (result <= ranges[:, 1])
    share = inside / seeds
    assert (share >= 0.88).all(), share
    assert (share <= 0.99).all(), share


def test_records_26_distinct_points_that_later_training_leaves_alone():
    model, loader, optimizer = post_settings(0)
    history = train(model, loader, optimizer, 25)
    path = np.column_stack([history.parameters["k"], history.parameters["m"]])
    before = path.copy()
    assert history.parameters["k"].dtype == np.float64  # of a float32 model
    assert path[0].tolist() == [0, 0]
    assert len(np.unique(path, axis=0)) == 26
    assert path[-1].tolist() == [model.k.item(), model.m.item()]
    train(model, loader, optimizer, 1)
    with torch.no_grad():
        model.k.fill_(99)
    assert np.array_equal(history.parameters["k"], before[:, 0])


def test_float64_parameters_are_copied_too():
    model = LinearRegressionModel().double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = train(model, [([1.0], [1.0])], optimizer, 2)
    assert len(set(history.parameters["k"])) == 3


def test_a_long_training_reaches_least_squares():
    data = LinearRegressionDataset(seed=1)
    model = LinearRegressionModel().double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    train(model, [(data.x, data.y)], optimizer, 400)
    expected = least_squares(data.x, data.y)
    assert (model.k.item(), model.m.item()) == pytest.approx(expected, abs=1e-10)


def test_any_module_and_any_optimizer():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x = torch.randn(20, 2)
    data = TensorDataset(x, x[:, :1] * x[:, 1:])
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    history = train(network, DataLoader(data, batch_size=5), optimizer, 30)
    assert history.parameters["0.weight"].shape == (31, 3, 2)
    assert history.parameters["2.bias"].shape == (31,)
    assert history.epoch_loss[-1] < history.epoch_loss[0]
    final = network.get_parameter("0.weight").detach().numpy()
    assert np.array_equal(history.parameters["0.weight"][-1], final)


@pytest.mark.parametrize(
    "x",
    [
        [1, 2],
        np.array([1, 2]),
        np.array([1.0, 2.0]),
        torch.tensor([1, 2]),
        torch.tensor([1.0, 2]),
    ],
)
def test_integers_float64_lists_and_arrays_become_float32(x):
    model = nn.Linear(2, 2)
    nn.init.eye_(model.weight)
    nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    history = train(model, [(x, [2, 4])], optimizer, 1)
    assert history.epoch_loss.tolist() == [2.5]
    assert model.weight.dtype == torch.float32


def test_switches_to_training_mode():
    model, loader, optimizer = post_settings(0)
    model.eval()
    train(model, loader, optimizer, 0)
    assert model.training


def test_moves_batches_to_the_device_of_the_model(monkeypatch):
    moved = []
    original = torch.Tensor.to

    def spy(tensor, *args, **kwargs):
        moved.extend(other for other in args if isinstance(other, nn.Parameter))
        return original(tensor, *args, **kwargs)

    monkeypatch.setattr(torch.Tensor, "to", spy)
    model, loader, optimizer = post_settings(0)
    train(model, loader, optimizer, 1)
    assert len(moved) == 2 * 7
    assert all(parameter is model.k for parameter in moved)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_stops_at_a_loss_that_is_not_finite_and_keeps_the_last_good_parameters(bad):
    model = LinearRegressionModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.25)
    batches = [([1.0], [1.0]), ([1.0], [bad])]
    with pytest.raises(
        FloatingPointError, match=r"epoch 1, step 2, with learning rate 0\.25; try"
    ):
        train(model, batches, optimizer, 3)
    assert (model.k.item(), model.m.item()) == (0.5, 0.5)


def test_a_learning_rate_too_high_is_named():
    model, loader, _ = post_settings(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=10.0)
    with pytest.raises(FloatingPointError) as error:
        train(model, loader, optimizer, 100)
    assert str(error.value).endswith(
        ", with learning rate 10; try a smaller learning rate, and look for NaN, infinity or very "
        "large values in the data"
    )


def test_a_loader_that_yields_nothing_is_found_in_its_first_epoch():
    class Nothing:
        def __iter__(self):
            return iter([])

    model, _, optimizer = post_settings(0)
    with pytest.raises(
        ValueError, match="must yield at least one batch, got none in epoch 1"
    ):
        train(model, Nothing(), optimizer, 1)


def test_a_prediction_of_another_shape_is_refused_before_a_step():
    model = nn.Linear(1, 1)
    before = model.weight.item()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match=r"same shape, got \(2, 1\) and \(2,\)"):
        train(model, [([[1.0], [2.0]], [1.0, 2.0])], optimizer, 1)
    assert model.weight.item() == before


def a_large_run(num_threads):
    """Batches large enough for PyTorch to share a sum among threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(num_threads)
    try:
        data = LinearRegressionDataset(n=80_000, seed=0)
        sampler = MiniBatchSampler(len(data), 40_000, seed=0)
        model = LinearRegressionModel()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        loader = DataLoader(data, batch_size=None, sampler=sampler)
        history = train(model, loader, optimizer, 3)
    finally:
        torch.set_num_threads(before)
    return np.stack([history.parameters["k"], history.parameters["m"]])


def test_a_seed_gives_the_same_path_on_every_run_and_within_1e_6_on_other_thread_counts():
    paths = {count: a_large_run(count) for count in (1, 2, 3)}
    for count, path in paths.items():
        assert np.array_equal(a_large_run(count), path)
        np.testing.assert_allclose(path, paths[1], rtol=0, atol=1e-6)
    model, loader, optimizer = post_settings(0)
    expected = train(model, loader, optimizer, 25).parameters
    for _ in range(3):
        model, loader, optimizer = post_settings(0)
        found = train(model, loader, optimizer, 25).parameters
        assert all(np.array_equal(found[name], expected[name]) for name in "km")


@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float16, torch.int8, torch.int64]
)
def test_batches_of_any_layout_and_dtype_give_the_same_path(dtype):
    plain = torch.tensor([-2, -1, 0, 1, 2, 3])

    def path(x, y):
        model = LinearRegressionModel()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        return train(model, [(x, y)], optimizer, 4).parameters["k"].tolist()

    expected = path(plain.float(), 3 * plain.float() + 1)
    x = plain.to(dtype)
    y = 3 * x + 1
    for change in (
        lambda v: torch.stack([v, v], dim=1)[:, 0],  # strided
        lambda v: v.flip(0).flip(0),
        lambda v: v.numpy()[::-1][::-1],
        lambda v: v.tolist(),
    ):
        assert path(change(x), change(y)) == expected


@given(
    values=st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=1)
)
def test_mean_squared_error_is_that_of_numpy(values):
    prediction, target = np.array(values).T
    loss = mean_squared_error(torch.tensor(prediction), torch.tensor(target))
    assert loss.shape == ()
    assert loss.item() == pytest.approx(np.mean((target - prediction) ** 2), rel=1e-12)
