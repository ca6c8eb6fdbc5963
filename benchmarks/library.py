"""The library: the post's run, an epoch over a million points, and the closed forms."""

import subprocess
import sys
from collections.abc import Iterable
from functools import cache

import numpy as np
import torch
from sklearn.linear_model import SGDRegressor
from torch import Tensor
from torch.utils.data import DataLoader

from benchmarks.harness import Row, Run, times_faster
from linreg import (
    LinearRegressionDataset,
    LinearRegressionModel,
    MiniBatchSampler,
    least_squares,
    loss_surface,
    train,
)

MANY, BATCH = 1_000_000, 4096
torch.set_num_threads(1)  # as scikit-learn has; steps this small gain nothing by more


def index_loader(data: LinearRegressionDataset, batch_size: int) -> DataLoader:
    """Load by tensors of indices, as the page on speed does."""
    sampler = MiniBatchSampler(len(data), batch_size, seed=0)
    return DataLoader(data, batch_size=None, sampler=sampler)


def run_of_train(loader: Iterable[tuple[Tensor, Tensor]], num_epochs: int) -> Run:
    """Return a training that has not begun."""
    model = LinearRegressionModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    return lambda: train(model, loader, optimizer, num_epochs)


# The post's run ----------------------------------------------------------------------


def run_of_the_post() -> Run:
    """Return the post's training as it stood, with a worker process for each epoch."""
    data = LinearRegressionDataset(seed=0)
    loader = DataLoader(data, batch_size=8, shuffle=True, num_workers=1)
    model = LinearRegressionModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def run() -> list[float]:
        model.train()
        epoch_losses = []
        for _ in range(25):
            batch_losses = []
            for x, y in loader:
                loss = torch.mean((y - model(x)) ** 2)
                batch_losses.append(loss.detach().numpy())
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            epoch_losses.append(float(np.mean(batch_losses)))
        return epoch_losses

    return run


def run_of_ours() -> Run:
    """Return the same training with train, warm.

    The post's worker processes leave memory that is copied at the next touch.
    """
    data = LinearRegressionDataset(seed=0)
    run_of_train(index_loader(data, 8), 25)()
    return run_of_train(index_loader(data, 8), 25)


# A million points --------------------------------------------------------------------


@cache
def many_points() -> LinearRegressionDataset:
    """Return a million points."""
    return LinearRegressionDataset(n=MANY, seed=0)


def epoch_of_train() -> Run:
    """Return an epoch of train."""
    return run_of_train(index_loader(many_points(), BATCH), 1)


def epoch_by_hand() -> Run:
    """Return an epoch of a loop with nothing in it that it does not need."""
    data = many_points()
    model = LinearRegressionModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def run() -> None:
        for index in torch.randperm(len(data)).split(BATCH):
            x, y = data.x[index], data.y[index]
            loss = torch.mean((y - (model.k * x + model.m)) ** 2)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return run


def epoch_written_out() -> Run:
    """Return an epoch without autograd and without an optimizer."""
    data = many_points()

    def run() -> tuple[float, float]:
        k = m = 0.0
        for index in torch.randperm(len(data)).split(BATCH):
            x, y = data.x[index], data.y[index]
            residual = y - (k * x + m)
            k += 0.02 * torch.mean(residual * x).item()
            m += 0.02 * torch.mean(residual).item()
        return k, m

    return run


def epoch_of_scikit_learn() -> Run:
    """Return a shuffled epoch of scikit-learn's SGD: a step for each point."""
    data = many_points()
    x, y = data.x.numpy()[:, np.newaxis], data.y.numpy()
    options = {"learning_rate": "constant", "eta0": 1e-4, "random_state": 0}
    model = SGDRegressor(penalty=None, max_iter=1, tol=None, **options)
    return lambda: model.fit(x, y)


def loading() -> float:
    """Compare an epoch of batches by index with the default loader, point by point."""
    data = LinearRegressionDataset(n=200_000, seed=0)
    ours, theirs = index_loader(data, BATCH), DataLoader(data, BATCH, shuffle=True)
    return times_faster(
        lambda: lambda: list(ours), lambda: lambda: list(theirs), repeats=5
    )


# The closed forms --------------------------------------------------------------------


def line_of_many_points() -> float:
    """Compare least_squares with lstsq, which gets its design matrix for nothing."""
    random = np.random.default_rng(0)
    x = random.uniform(-3, 3, 10_000_000)
    y = 3 * x + 5 + random.normal(0, 0.5, len(x))
    design = np.column_stack([x, np.ones_like(x)])
    return times_faster(
        lambda: lambda: least_squares(x, y),
        lambda: lambda: np.linalg.lstsq(design, y, rcond=None),
        repeats=5,
    )


def surface_of_many_points() -> float:
    """Compare a surface of 10,000 lines with the loss of one, over a million points."""
    data = many_points()
    x, y = data.x.double().numpy(), data.y.double().numpy()
    k_values, m_values = np.linspace(-4, 10, 100), np.linspace(-2, 12, 100)
    return 1 / times_faster(
        lambda: lambda: loss_surface(x, y, k_values, m_values),
        lambda: lambda: np.mean((y - 3.0 * x - 5.0) ** 2),
        repeats=31,
    )


FIRST_CHECK = """
import sys, time, torch
from torch.utils.data import DataLoader, TensorDataset
from linreg.checks import check
from linreg import LinearRegressionModel
def train(model, loader, optimizer, num_epochs):
    for _ in range(num_epochs):
        for x, y in loader:
            optimizer.zero_grad()
            torch.mean((y - model(x)) ** 2).backward()
            optimizer.step()
def fit(speed, distance, num_epochs):
    mean, std = speed.mean(), speed.std()
    loader = DataLoader(TensorDataset((speed - mean) / std, distance), 8, shuffle=True)
    model = LinearRegressionModel()
    train(model, loader, torch.optim.SGD(model.parameters(), lr=0.01), num_epochs)
    return model.k / std, model.m - model.k * mean / std
def loop(model, loader, optimizer, num_epochs):  # its mistake has no name
    train(model, loader, torch.optim.Adam(model.parameters(), lr=0.01), num_epochs)
torch.optim.SGD([torch.zeros(1)], lr=1)  # the first one imports much
start = time.perf_counter()
said = check(sys.argv[1], globals()[sys.argv[1]])
print(time.perf_counter() - start)
assert (said == "Right.") == (sys.argv[1] == "fit"), said
"""


def first_check(task: str) -> float:
    """Return the seconds of the first check in a new Python, imports apart."""
    command = [sys.executable, "-c", FIRST_CHECK, task]
    return float(subprocess.run(command, check=True, capture_output=True).stdout)


ROWS = (
    Row(
        "the post's run: 25 epochs of train with batches of indices",
        "the post's loop, a worker process per epoch: times faster",
        35,
        lambda: times_faster(run_of_ours, run_of_the_post, repeats=5),
    ),
    Row(
        "an epoch of train over 1,000,000 points, batch 4096",
        "a loop by hand (randperm, gather, autograd, SGD): share of its speed",
        0.85,
        lambda: times_faster(epoch_of_train, epoch_by_hand, repeats=21),
    ),
    Row(
        "an epoch of train over 1,000,000 points, batch 4096",
        "scikit-learn's SGDRegressor: times faster",
        0.7,
        lambda: times_faster(epoch_of_train, epoch_of_scikit_learn),
    ),
    Row(
        "the same with the gradient written out",
        "scikit-learn's SGDRegressor: times faster",
        1.4,
        lambda: times_faster(epoch_written_out, epoch_of_scikit_learn),
    ),
    Row(
        "batches of indices (MiniBatchSampler), 200,000 points",
        "the default loader, point by point: times faster",
        75,
        loading,
    ),
    Row(
        "least_squares on 10,000,000 points",
        "numpy.linalg.lstsq: times faster",
        3,
        line_of_many_points,
    ),
    Row(
        "loss_surface on 1,000,000 points, 100 x 100 lines",
        "one evaluation of the loss: times its time",
        6,
        surface_of_many_points,
        at_least=False,
    ),
    Row(
        "the first check of a loop whose mistake has no name",
        "seconds, imports apart",
        2,
        lambda: first_check("loop"),
        at_least=False,
    ),
    Row(
        "the first check of a right fit, 20 points in batches of 8",
        "seconds, imports apart",
        3,
        lambda: first_check("fit"),
        at_least=False,
    ),
)
