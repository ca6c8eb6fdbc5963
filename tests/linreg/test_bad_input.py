"""The mistakes a user makes: each ends in an exception, or in a result that shows it.

What PyTorch and NumPy refuse is theirs, in their words. What they would take without a
word is ours, with the argument's name and what is allowed.
"""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from linreg import (
    LinearRegressionDataset,
    LinearRegressionModel,
    MiniBatchSampler,
    least_squares,
    loss_surface,
    plotting,
    train,
)
from linreg.landscape import loss_above_minimum
from linreg.noise import noise_floor, train_runs
from linreg.training import mean_squared_error

NAN, INF = float("nan"), float("inf")
ones = torch.ones
MASKED = np.ma.masked_values([1.0, -9999.0, 2.0], -9999)
MASKED_WHOLE = np.ma.masked_equal([1, -9999, 2], -9999)
NO_DATE = np.array(["2020-01-01", "NaT", "2020-01-03"], dtype="datetime64[s]")
NO_TIME = np.array([1, "NaT", 3], dtype="timedelta64[ns]")
POINTS = [least_squares, loss_surface, loss_above_minimum, noise_floor]


def batches(**arguments):
    return list(MiniBatchSampler(**{"n": 10, "batch_size": 4, **arguments}))


def runs(**change):
    usual = {"x": ones(2, 4), "y": ones(2, 4), "index": ones(2, 3).long(), "lr": 0.1}
    usual |= change
    return train_runs(usual["x"], usual["y"], [usual["index"]], usual["lr"])


def training(optimizer_of=None, **change):
    model = change.get("model", LinearRegressionModel())
    optimizer = torch.optim.SGD((optimizer_of or model).parameters(), lr=0.1)
    usual = {"model": model, "loader": [(ones(2), ones(2))], "num_epochs": 1}
    return train(**usual | change, optimizer=optimizer)


NO_POINTS = [
    ({"x": [1, 2], "y": [1, 2, 3]}, r"one shape \(n,\), n > 0, got \(2,\) and \(3,\)"),
    ({"x": [1, 2], "y": [1]}, "x and y must have one shape"),
    ({"x": ones(2, 1), "y": ones(2, 1)}, "x and y must have one shape"),
    ({"x": 1, "y": 1}, "x and y must have one shape"),
    ({"x": [], "y": []}, r"n > 0, got \(0,\) and \(0,\)"),
    ({"x": MASKED, "y": [1, 2, 3]}, "no masked values and no NaT"),
    ({"x": [1, 2, 3], "y": MASKED_WHOLE}, "no masked values and no NaT"),
    ({"x": NO_DATE, "y": [1, 2, 3]}, "no masked values and no NaT"),
    ({"x": [1, 2, 3], "y": NO_TIME}, "no masked values and no NaT"),
]
OURS = [
    *((take, points, words) for take in POINTS for points, words in NO_POINTS),
    (least_squares, {"x": [0.1] * 3, "y": [1, 2, 3]}, "two different .* only 0.1"),
    (noise_floor, {"x": [2, 2], "y": [1, 2]}, "two different values, got only 2"),
    (mean_squared_error, {"prediction": ones(3, 1), "target": ones(3)}, "same shape"),
    (mean_squared_error, {"prediction": ones(3), "target": ones(1)}, "same shape"),
    (mean_squared_error, {"prediction": ones(0), "target": ones(0)}, "not empty"),
    (training, {"loader": []}, "must yield a batch, got none in epoch 1"),
    (training, {"loader": [(ones(2), ones(2)), (ones(0), ones(0))]}, "not empty"),
    (training, {"optimizer_of": LinearRegressionModel()}, "none of the model's param"),
    (MiniBatchSampler, {"n": 0, "batch_size": 8}, "n must be at least 1, got 0"),
    (MiniBatchSampler, {"n": -1, "batch_size": 8}, "n must be at least 1, got -1"),
    (runs, {"x": ones(4), "y": ones(4)}, r"shape \(runs, n\)"),
    (runs, {"y": ones(2, 1)}, r"got \(2, 4\) and \(2, 1\)"),
    (runs, {"index": ones(1, 3).long()}, "must have 2 rows, got 1"),
    (runs, {"x": ones(2, 4).long()}, "one dtype, got .* torch.int64 and torch.float32"),
    (noise_floor, {"lr": 0.0}, "lr and batch_size must be positive, got 0.0, 1"),
    (noise_floor, {"batch_size": -8}, "batch_size must be positive, got 0.1, -8"),
]
THEIRS = [  # some of them: what comes out of our own functions is no result
    (LinearRegressionDataset, {"n": -1}),
    (LinearRegressionDataset, {"k": "three"}),
    (lambda index: LinearRegressionDataset()[index], {"index": 50}),
    (least_squares, {"x": ["1", "two"], "y": [1, 2]}),
    (training, {"loader": [ones(1)]}),
    (training, {"num_epochs": 2.5}),
    (batches, {"batch_size": 0}),
    (batches, {"seed": -1}),
    (runs, {"index": torch.full((2, 3), 4)}),
    (lambda: train_runs(ones(2, 4), ones(2, 4), [], 0.1), {}),
    (loss_above_minimum, {"k": [1, 2, 3], "m": [1, 2]}),
    (plotting.plot_line, {"k": 1, "m": 2, "x_range": (0, 1), "role": "red"}),
    (plotting.plot_surface, {"surface": [[0, 1], [1, 2]]}),  # no logarithm of 0
    (plotting.plot_surface, {"surface": [[1, NAN], [1, 2]]}),
]
REFUSALS = (ValueError, TypeError, RuntimeError, LookupError, ArithmeticError)
REFUSALS += (AttributeError,)
SHOWN = [  # NaN or infinity in, NaN or infinity out
    lambda bad: LinearRegressionDataset(k=bad, seed=0).y,
    lambda bad: LinearRegressionDataset(noise_std=bad, seed=0).y,
    lambda bad: LinearRegressionDataset(high=bad, seed=0).x,
    lambda bad: least_squares([0.0, bad, 1.0], [0.0, 1.0, 2.0]),
    lambda bad: least_squares([0.0, 1.0], [0.0, bad]),
    lambda bad: loss_surface([0.0, bad], [1.0, 2.0], [1.0], [1.0]),
    lambda bad: loss_surface([0.0, 1.0], [1.0, bad], [1.0], [1.0]),
    lambda bad: loss_surface([0.0, 1.0], [1.0, 2.0], [bad], [1.0]),
    lambda bad: loss_above_minimum([0.0, 1.0], [1.0, bad], 1.0, 1.0),
    lambda bad: loss_above_minimum([0.0, 1.0], [1.0, 2.0], 1.0, bad),
    lambda bad: mean_squared_error(torch.tensor([bad]), torch.ones(1)),
    lambda bad: runs(x=torch.full((2, 4), bad)),
    lambda bad: runs(lr=bad),
    lambda bad: noise_floor([0.0, 1.0, 2.0], [0.0, bad, 1.0], 0.1, 1),
]
MORE = {  # the other arguments, where a call needs them
    loss_surface: {"x": [0, 1], "y": [1, 2], "k_values": [1], "m_values": [1]},
    loss_above_minimum: {"x": [0, 1], "y": [1, 2], "k": 1, "m": 1},
    noise_floor: {"x": [0, 1, 2], "y": [0, 1, 1], "lr": 0.1, "batch_size": 1},
    plotting.plot_surface: {"k_values": [0, 1], "m_values": [0, 1]},
}


@pytest.mark.parametrize(("function", "arguments", "words"), OURS)
def test_what_would_go_wrong_without_a_word_is_refused(function, arguments, words):
    with pytest.raises(ValueError, match=words):
        function(**MORE.get(function, {}) | arguments)


@pytest.mark.parametrize(("function", "arguments"), THEIRS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
def test_pytorch_and_numpy_refuse_the_rest(function, arguments):
    with pytest.raises(REFUSALS):
        list(function(**MORE.get(function, {}) | arguments))
    plt.close("all")


@pytest.mark.parametrize("bad", [NAN, INF])
@pytest.mark.parametrize("function", SHOWN)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nan_and_infinity_show_in_the_result(function, bad):
    assert not np.isfinite(np.asarray(function(bad))).all()


@pytest.mark.parametrize("bad", [NAN, INF])
def test_train_stops_at_nan_and_infinity_in_the_data(bad):
    words = r"loss became (nan|inf) in epoch 1, with learning rate 0\.1: scale the inp"
    with pytest.raises(FloatingPointError, match=words):
        training(loader=[(ones(1), torch.tensor([bad]))])
