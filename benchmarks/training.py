"""Training: the post's run, and one epoch over a million points.

Two rows stand twice: with `train`, and with the gradient written out. No speed is bought with a
less readable `train`, so the second of each pair says what that costs.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from statistics import median

import torch
from sklearn.linear_model import SGDRegressor
from torch.utils.data import DataLoader

from benchmarks.by_hand import train_by_hand
from benchmarks.harness import Measurement, Prepare, Run, Target, faster, seconds
from benchmarks.loading import Batch, Columns, PlainLoader
from benchmarks.post_loop import post_loop
from linreg.data import LinearRegressionDataset
from linreg.model import LinearRegressionModel
from linreg.sampler import MiniBatchSampler
from linreg.training import train

EPOCHS, LEARNING_RATE, BATCH = 25, 0.01, 8
MANY, LARGE_BATCH = 1_000_000, 4096


def plain_sgd(model: LinearRegressionModel) -> torch.optim.Optimizer:
    """Return the optimiser of every loop here. It need not look for a way to group two numbers."""
    return torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, foreach=False)


def steps(loop: Callable[..., object], loader: Iterable[Batch], epochs: int) -> Run:
    """Return a training that has not begun, of a new line with one of the two loops."""
    model = LinearRegressionModel()
    optimizer = plain_sgd(model)
    return lambda: loop(model, loader, optimizer, epochs)


def steps_by_hand(loader: Iterable[Batch], epochs: int) -> Run:
    """Return a training that has not begun, with the gradient written out."""
    return lambda: train_by_hand(loader, LEARNING_RATE, epochs)


def post_loader(num_workers: int) -> DataLoader:
    """Load the post's fifty points as the post did."""
    order = torch.Generator().manual_seed(0)
    data = LinearRegressionDataset(seed=0)
    return DataLoader(
        data, BATCH, shuffle=True, generator=order, num_workers=num_workers
    )


def lean_loader(data: Columns, batch_size: int) -> PlainLoader:
    """Load as page 12 does where nothing is left to save."""
    return PlainLoader(data, MiniBatchSampler(len(data), batch_size, seed=0))


def warm(ready: Prepare) -> Prepare:
    """Run once before each run that is timed.

    The processes of the run that it alternates with leave memory that is shared with them, and
    copied at the next touch.
    """

    def prepare() -> Run:
        ready()()
        return ready()

    return prepare


def post_run() -> Run:
    """Prepare the post's training as it stood: one worker process, started in every epoch."""
    steps(post_loop, post_loader(num_workers=0), EPOCHS)()
    return steps(post_loop, post_loader(num_workers=1), EPOCHS)


@warm
def run_in_process() -> Run:
    """Prepare the post's training with its own loop, which loads its data itself."""
    return steps(post_loop, post_loader(num_workers=0), EPOCHS)


@warm
def run_of_train() -> Run:
    """Prepare the post's training with `train`, and the post's loader."""
    return steps(train, post_loader(num_workers=0), EPOCHS)


@warm
def lean_run_of_train() -> Run:
    """Prepare the post's training with `train`, and the loader of page 12."""
    return steps(train, lean_loader(Columns(seed=0), BATCH), EPOCHS)


@warm
def lean_run_by_hand() -> Run:
    """Prepare the same with the gradient written out."""
    return steps_by_hand(lean_loader(Columns(seed=0), BATCH), EPOCHS)


def and_besides(result: Measurement, name: str, ours: Prepare) -> Measurement:
    """Add to the details of a row what another way takes, in ms."""
    other = 1000 * median(seconds(ours) for _ in range(11))
    return Measurement(result.ratio, details={**result.details, name: other})


def against_a_worker_per_epoch() -> Measurement:
    """Compare with the post's loop as it stood."""
    return and_besides(
        faster(lean_run_of_train, post_run), "ours, the post's loader, ms", run_of_train
    )


def by_hand_against_a_worker_per_epoch() -> Measurement:
    """Compare the gradient written out with the post's loop as it stood."""
    return faster(lean_run_by_hand, post_run)


def against_no_workers() -> Measurement:
    """Compare with the post's loop when it loads its data itself. Short runs: many turns."""
    return faster(run_of_train, run_in_process, repeats=51)


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread, as scikit-learn does: steps this small gain nothing from a second.

    They lose much where another program holds the core that it needs: page 12 tells the reader so.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def epoch_of_train(data: Columns) -> Run:
    """Prepare one epoch of `train` with `MiniBatchSampler`."""
    return steps(train, lean_loader(data, LARGE_BATCH), epochs=1)


def epoch_of_stage_1(data: LinearRegressionDataset) -> Run:
    """Prepare one with a `DataLoader` and the dataset of stage 1, which understands numbers too."""
    sampler = MiniBatchSampler(len(data), LARGE_BATCH, seed=0)
    return steps(train, DataLoader(data, batch_size=None, sampler=sampler), epochs=1)


def epoch_with_the_gradient_written_out(data: Columns) -> Run:
    """Prepare one epoch without autograd and without an optimiser."""
    return steps_by_hand(lean_loader(data, LARGE_BATCH), epochs=1)


def epoch_by_hand(data: Columns) -> Run:
    """Prepare one epoch of a loop with nothing in it that it does not need."""
    model = LinearRegressionModel()
    optimizer = plain_sgd(model)

    def run() -> None:
        for batch in torch.randperm(len(data)).split(LARGE_BATCH):
            x, y = data[batch]
            loss = torch.mean((y - (model.k * x + model.m)) ** 2)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return run


def epoch_of_scikit_learn(data: LinearRegressionDataset) -> Run:
    """Prepare one shuffled epoch of scikit-learn's SGD, which steps once per sample, in float32."""
    features, target = data.x.numpy()[:, None], data.y.numpy()
    regressor = SGDRegressor(
        penalty=None,
        max_iter=1,
        tol=None,
        learning_rate="constant",
        eta0=1e-4,
        random_state=0,
    )
    return lambda: regressor.fit(features, target)


def against_scikit_learn() -> Measurement:
    """Compare the samples per second of one epoch with those of `SGDRegressor`."""
    data, plain = Columns(n=MANY, seed=0), LinearRegressionDataset(n=MANY, seed=0)
    with one_thread():
        result = faster(
            lambda: epoch_of_train(data), lambda: epoch_of_scikit_learn(data)
        )
        return and_besides(
            result, "ours, as in stage 1, ms", lambda: epoch_of_stage_1(plain)
        )


def by_hand_against_scikit_learn() -> Measurement:
    """Compare the samples per second of one epoch with the gradient written out."""
    data = Columns(n=MANY, seed=0)
    with one_thread():
        return faster(
            lambda: epoch_with_the_gradient_written_out(data),
            lambda: epoch_of_scikit_learn(data),
        )


def against_a_loop_by_hand() -> Measurement:
    """Compare the speed of one epoch with that of bare PyTorch."""
    data = Columns(n=MANY, seed=0)
    with one_thread():
        return faster(
            lambda: epoch_of_train(data), lambda: epoch_by_hand(data), repeats=21
        )


TARGETS = (
    Target(
        "the post's run: 25 epochs, warm, the loader of page 12",
        "its own loop, a worker process per epoch: times faster",
        "at least",
        35,
        against_a_worker_per_epoch,
    ),
    Target(
        "the same, the gradient written out",
        "its own loop, a worker process per epoch: times faster",
        "at least",
        35,
        by_hand_against_a_worker_per_epoch,
    ),
    Target(
        "the post's run and loader, the trajectory recorded",
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
        "the same, the gradient written out",
        "scikit-learn's SGDRegressor: times the samples per second",
        "at least",
        1.5,
        by_hand_against_scikit_learn,
    ),
    Target(
        "one epoch of 1,000,000 points, batch 4096",
        "a loop by hand (randperm, gather, autograd, SGD step): share of its speed",
        "at least",
        0.85,
        against_a_loop_by_hand,
    ),
)
