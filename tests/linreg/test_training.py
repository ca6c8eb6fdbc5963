"""The training loop, against a loop written in NumPy, and the post's own."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from linreg import LinearRegressionDataset, LinearRegressionModel, default_device, train
from linreg.training import History, mean_squared_error


def numpy_sgd(batches, learning_rate, num_epochs):
    """SGD on the mean squared error with the gradient by hand, from (0, 0)."""
    k = m = 0.0
    path, losses = [(k, m)], []
    for _ in range(num_epochs):
        squares = []
        for x, y in batches:
            x, y = x.double().numpy(), y.double().numpy()
            residual = y - (k * x + m)
            squares.extend(residual**2)
            k, m = (
                k + learning_rate * 2 * np.mean(residual * x),
                m + learning_rate * 2 * np.mean(residual),
            )
        path.append((k, m))
        losses.append(np.mean(squares))
    return np.transpose(path), losses


def sgd(model, learning_rate=0.01):
    return torch.optim.SGD(model.parameters(), lr=learning_rate)


def column(*numbers):
    return torch.tensor(numbers)


def the_posts(seed):
    """Model, loader and optimizer of the post."""
    data = LinearRegressionDataset(seed=seed)
    order = torch.Generator().manual_seed(seed)
    model = LinearRegressionModel()
    return model, DataLoader(data, 8, shuffle=True, generator=order), sgd(model)


@settings(max_examples=20)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    learning_rate=st.floats(1e-4, 0.05),
    num_epochs=st.integers(-1, 6),
    seed=st.integers(0, 1000),
)
def test_agrees_with_a_loop_in_numpy(sizes, learning_rate, num_epochs, seed):
    random = torch.Generator().manual_seed(seed)
    batches = [torch.randn(2, n, generator=random).double() for n in sizes]
    model = LinearRegressionModel().double()
    history = train(model, batches, sgd(model, learning_rate), num_epochs)
    (k, m), losses = numpy_sgd(batches, learning_rate, num_epochs)
    np.testing.assert_allclose(history.parameters["k"], k, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(history.parameters["m"], m, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(history.epoch_loss, losses, rtol=1e-12)


def test_an_epoch_mean_weighs_samples_not_batches():
    model = LinearRegressionModel()
    loader = [(torch.zeros(3), torch.ones(3)), (torch.zeros(1), column(3.0))]
    history = train(model, loader, sgd(model, 0.0), 1)
    assert history.epoch_loss.tolist() == [3.0]  # (1 + 1 + 1 + 9) / 4; unweighted: 5


def test_an_epoch_mean_is_taken_in_float64():
    """In float32 a mean over a million losses would be off by 4.5e-4."""
    model = LinearRegressionModel()
    loader = [(torch.zeros(1), column(4096.0)), (torch.zeros(1), column(1.0))]
    history = train(model, loader, sgd(model, 0.0), 1)
    assert history.epoch_loss.tolist() == [(2**24 + 1) / 2]  # 8388608 in float32


def test_trains_in_training_mode_and_records_the_start_and_every_epoch():
    model, loader, optimizer = the_posts(seed=0)
    model.eval()
    history = train(model, loader, optimizer, 25)
    path = np.column_stack([history.parameters["k"], history.parameters["m"]])
    assert history.epoch_loss.shape == (25,)
    assert history.epoch_loss.dtype == path.dtype == np.float64
    assert model.training
    assert path[0].tolist() == [0, 0]
    assert path[-1].tolist() == [model.k.item(), model.m.item()]
    assert len(np.unique(path, axis=0)) == 26


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_record_is_a_copy_that_later_training_leaves_alone(dtype):
    """A snapshot by reference would be the last value 26 times."""
    model = LinearRegressionModel().to(dtype)
    history = train(model, [(column(1.0), column(1.0))], sgd(model, 0.1), 2)
    before = history.parameters["k"].copy()
    assert len(set(before)) == 3
    nn.init.constant_(model.k, 99)
    assert np.array_equal(history.parameters["k"], before)


def test_any_module_any_optimizer_and_parameters_of_any_shape():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x = torch.randn(20, 2)
    loader = DataLoader(TensorDataset(x, x[:, :1] * x[:, 1:]), batch_size=5)
    history = train(network, loader, torch.optim.Adam(network.parameters(), 0.05), 30)
    shapes = {name: array.shape for name, array in history.parameters.items()}
    assert shapes == {
        "0.weight": (31, 3, 2),
        "0.bias": (31, 3),
        "2.weight": (31, 1, 3),
        "2.bias": (31,),
    }
    assert history.epoch_loss[-1] < 0.5 * history.epoch_loss[0]
    final = network[0].weight.detach().numpy()
    assert np.array_equal(history.parameters["0.weight"][-1], final)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.int64])
def test_batches_take_the_dtype_of_the_model(dtype):
    x = torch.tensor([-2, -1, 0, 1, 2, 3])
    paths = []
    for batch in ((x.float(), 3 * x.float()), (x.to(dtype), 3 * x.to(dtype))):
        model = LinearRegressionModel()
        paths.append(train(model, [batch], sgd(model), 4).parameters["k"].tolist())
        assert model.k.dtype == torch.float32
    assert paths[0] == paths[1]


def test_batches_are_moved_to_the_device_of_the_model():
    moved = []

    class Batch(torch.Tensor):
        def to(self, other):
            moved.append(other)
            return torch.Tensor.to(self.as_subclass(torch.Tensor), other)

    model = LinearRegressionModel()
    x, y = torch.ones(2).as_subclass(Batch), torch.ones(2).as_subclass(Batch)
    train(model, [(x, y)], sgd(model), 1)
    assert [other is model.k for other in moved] == [True, True]


@pytest.mark.parametrize("learning_rate", [10.0, torch.tensor(10.0)])
def test_a_learning_rate_too_high_is_named(learning_rate):
    model, loader, _ = the_posts(seed=0)
    words = (
        r"the loss became (inf|nan) in epoch \d+, with learning rate 10: "
        "scale the inputs or try a smaller rate, and look for NaN or infinity in the d"
    )
    with pytest.raises(FloatingPointError, match=words):
        train(model, loader, sgd(model, learning_rate), 100)


def test_the_learning_rates_of_all_groups_are_named():
    """The first one's alone, 0.01, would be the wrong one to make smaller."""
    model, loader, _ = the_posts(seed=0)
    optimizer = sgd(model)
    optimizer.param_groups[0]["params"] = [model.k]
    optimizer.add_param_group({"params": [model.m], "lr": 100})
    with pytest.raises(FloatingPointError, match=r"with learning rate 0\.01 and 100:"):
        train(model, loader, optimizer, 200)


@pytest.mark.parametrize("learning_rate", [1e38, float("nan")])
def test_parameters_that_are_not_finite_end_a_training_whose_loss_was(learning_rate):
    """Seen to fail: the last step came after the last loss, and a NaN was returned."""
    model = LinearRegressionModel()
    with pytest.raises(
        FloatingPointError, match=r"^k became NaN or infinite in epoch 1"
    ):
        train(model, [(column(4.0), column(9.0))], sgd(model, learning_rate), 1)


def test_an_empty_batch_is_refused_before_it_changes_the_model():
    """Its loss is NaN, and so were all parameters after it."""
    model = LinearRegressionModel()
    loader = [(column(1.0), column(1.0)), (torch.ones(0), torch.ones(0))]
    with pytest.raises(ValueError, match=r"not empty, got \(0,\) and \(0,\)"):
        train(model, loader, sgd(model), 1)
    assert model.k.item() == pytest.approx(0.02)


def test_two_records_are_equal_if_all_their_numbers_are():
    """A dataclass compares arrays as one truth value, which NumPy refuses."""
    first, again, other = (train(*the_posts(seed), 2) for seed in (0, 0, 1))
    losses, parameters = first.epoch_loss, first.parameters
    assert first == again
    for unequal in (
        other,
        "a record",
        History(losses, parameters | {"b": losses}),
        History(losses, parameters | {"k": other.parameters["k"]}),
        History(other.epoch_loss, parameters),
    ):
        assert first != unequal


@given(
    values=st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=1)
)
def test_mean_squared_error_is_that_of_numpy(values):
    prediction, target = np.transpose(values).copy()
    loss = mean_squared_error(torch.tensor(prediction), torch.tensor(target))
    assert loss.shape == ()
    assert loss.item() == pytest.approx(np.mean((target - prediction) ** 2), rel=1e-12)


@pytest.mark.parametrize("name", ["cpu", "cuda", "mps"])
def test_the_default_device_is_the_accelerator_or_the_cpu(monkeypatch, name):
    def current_accelerator(check_available=False):
        assert check_available  # a build for GPUs may run on a machine without one
        return None if name == "cpu" else torch.device(name)

    monkeypatch.setattr(torch.accelerator, "current_accelerator", current_accelerator)
    assert default_device() == torch.device(name)
