"""Training: the post's run, and one epoch over a million points."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import torch
from sklearn.linear_model import SGDRegressor
from torch import Tensor
from torch.utils.data import DataLoader

from benchmarks.harness import Measurement, Target, faster, seconds
from benchmarks.post_loop import post_loop
from linreg.data import LinearRegressionDataset
from linreg.model import LinearRegressionModel
from linreg.sampler import MiniBatchSampler
from linreg.training import train

EPOCHS, LEARNING_RATE, BATCH = 25, 0.01, 8
MANY, LARGE_BATCH = 1_000_000, 4096


def post_run(loop: Callable[..., object], num_workers: int) -> Callable[[], object]:
    """Prepare the post's training with one of the two loops; the loop alone is timed, and warm.

    It runs once before, without workers: the processes of the run that it alternates with leave
    memory that is shared with them, and copied at the next touch.
    """
    ready_run(loop, num_workers=0)()
    return ready_run(loop, num_workers)


def ready_run(loop: Callable[..., object], num_workers: int) -> Callable[[], object]:
    """Return a training that has not begun."""
    order = torch.Generator().manual_seed(0)
    loader = DataLoader(
        LinearRegressionDataset(seed=0),
        batch_size=BATCH,
        shuffle=True,
        generator=order,
        num_workers=num_workers,
    )
    model = LinearRegressionModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    return lambda: loop(model, loader, optimizer, EPOCHS)


def against_a_worker_per_epoch() -> Measurement:
    """Compare with the post's loop as it stood: one worker process, started in every epoch."""
    return faster(lambda: post_run(train, 0), lambda: post_run(post_loop, 1))


def against_no_workers() -> Measurement:
    """Compare with the post's loop when it loads its data itself. Short runs: many turns."""
    return faster(lambda: post_run(train, 0), lambda: post_run(post_loop, 0), repeats=51)


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread, as scikit-learn does: steps this small gain nothing from a second.

    They lose much where another program holds the core that it needs: page 11 tells the reader so.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class Columns(LinearRegressionDataset):
    """The same points for tensors of indices alone, as page 11 shows it."""

    def __getitem__(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return a mini-batch."""
        return self.x.index_select(0, index), self.y.index_select(0, index)


def epoch_of_train(data: LinearRegressionDataset) -> Callable[[], object]:
    """Prepare one epoch of `train` with `MiniBatchSampler`."""
    sampler = MiniBatchSampler(len(data), LARGE_BATCH, seed=0)
    loader = DataLoader(data, batch_size=None, sampler=sampler)
    model = LinearRegressionModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    return lambda: train(model, loader, optimizer, 1)


def epoch_by_hand(data: LinearRegressionDataset) -> Callable[[], object]:
    """Prepare one epoch of a loop with nothing in it that it does not need."""
    model = LinearRegressionModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)

    def run() -> None:
        for batch in torch.randperm(len(data)).split(LARGE_BATCH):
            x, y = data[batch]
            loss = torch.mean((y - (model.k * x + model.m)) ** 2)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return run


def epoch_of_scikit_learn(data: LinearRegressionDataset) -> Callable[[], object]:
    """Prepare one shuffled epoch of scikit-learn's SGD, which steps once per sample, in float32."""
    features, target = data.x.numpy()[:, None], data.y.numpy()
    regressor = SGDRegressor(
        penalty=None, max_iter=1, tol=None, learning_rate="constant", eta0=1e-4, random_state=0
    )
    return lambda: regressor.fit(features, target)


def against_scikit_learn() -> Measurement:
    """Compare the samples per second of one epoch with those of `SGDRegressor`.

    The details tell besides what the dataset of stage 1 takes, which understands numbers too.
    """
    data, plain = Columns(n=MANY, seed=0), LinearRegressionDataset(n=MANY, seed=0)
    with one_thread():
        result = faster(lambda: epoch_of_train(data), lambda: epoch_of_scikit_learn(data))
        of_stage_1 = median(seconds(lambda: epoch_of_train(plain)) for _ in range(11))
    return Measurement(
        result.ratio, details={**result.details, "ours, dataset of stage 1, ms": 1000 * of_stage_1}
    )


def against_a_loop_by_hand() -> Measurement:
    """Compare the speed of one epoch with that of bare PyTorch."""
    data = Columns(n=MANY, seed=0)
    with one_thread():
        return faster(lambda: epoch_of_train(data), lambda: epoch_by_hand(data), repeats=21)


TARGETS = (
    Target(
        "the post's run: 25 epochs, warm",
        "its own loop, a worker process per epoch: times faster",
        "at least",
        35,
        against_a_worker_per_epoch,
    ),
    Target(
        "the same, the trajectory recorded",
        "its own loop with num_workers=0: times faster",
        "at least",
        1,
        against_no_workers,
    ),
    Target(
        "one epoch of 1,000,000 points, batch 4096",
        "scikit-learn's SGDRegressor: times the samples per second",
        "at least",
        1.5,
        against_scikit_learn,
    ),
    Target(
        "the same",
        "a loop by hand (randperm, gather, autograd, SGD step): share of its speed",
        "at least",
        0.85,
        against_a_loop_by_hand,
    ),
)
