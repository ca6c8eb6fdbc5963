"""Many trainings at once: each run is a row of one tensor program."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor

from linreg.checks import check_integer
from linreg.run_checks import check_index, check_runs


def shuffled_epochs(
    runs: int, n: int, batch_size: int, num_epochs: int, seed: int
) -> Iterator[Tensor]:
    """Return the mini-batches of many runs, each shuffled anew in every epoch.

    Args:
        runs: Number of runs, at least 1.
        n: Number of points in each run, at least 1.
        batch_size: Number of points in a mini-batch; the last one of an epoch holds what is left.
        num_epochs: Number of epochs, at least 0.
        seed: Seed of the orders, from 0 to 2**64 - 1.

    Returns:
        An iterator over the indices of each step, int64 CPU tensors of shape (runs, batch_size).

    Raises:
        TypeError: If an argument is not an integer.
        ValueError: If an argument is out of its range.

    Examples:
        >>> [tuple(index.shape) for index in shuffled_epochs(3, 5, 2, num_epochs=1, seed=0)]
        [(3, 2), (3, 2), (3, 1)]
    """
    runs, n = check_integer("runs", runs, minimum=1), check_integer("n", n, minimum=1)
    batch_size = check_integer("batch_size", batch_size, minimum=1)
    num_epochs = check_integer("num_epochs", num_epochs, minimum=0)
    random = np.random.default_rng(check_integer("seed", seed, minimum=0, bits=64))
    rows = np.tile(np.arange(n, dtype=np.int64), (runs, 1))
    orders = (
        torch.from_numpy(random.permuted(rows, axis=1)) for _ in range(num_epochs)
    )
    return (index for order in orders for index in order.split(batch_size, dim=1))


def train_runs(
    x: Tensor,
    y: Tensor,
    batches: Iterable[Tensor],
    lr: float | Tensor,
    start: tuple[float, float] = (0.0, 0.0),
) -> Tensor:
    r"""Train a line for each row of x and y, all at once, with the gradient written by hand.

    .. math::

        \frac{\partial L}{\partial k} = \frac{2}{B} \sum_i (k x_i + m - y_i) x_i, \qquad
        \frac{\partial L}{\partial m} = \frac{2}{B} \sum_i (k x_i + m - y_i)

    Args:
        x: Tensor of shape (runs, n), of a floating dtype, on any device.
        y: Likewise.
        batches: For each step an int64 tensor of shape (runs, batch_size): which points each row
            sees in that step.
        lr: The learning rate, or one for each row: a tensor of shape (runs, 1).
        start: The slope and the intercept from which all runs start.

    Returns:
        The slope and the intercept after each step, of shape (steps, runs, 2), on the device of x.

    Raises:
        TypeError: If x or y is not a floating tensor, batches does not yield index tensors, or lr
            or start does not hold numbers.
        ValueError: If a shape is wrong, lr is not positive, or a number is not finite.

    Examples:
        >>> x, y = torch.tensor([[1.0, 2.0]]), torch.tensor([[2.0, 4.0]])
        >>> train_runs(x, y, [torch.tensor([[0, 1]])], lr=0.1).tolist()
        [[[1.0, 0.6000000238418579]]]
    """
    check_runs(x, y, batches, lr, start)
    k, m = (torch.full_like(x[:, :1], value) for value in start)
    path = []
    for batch in batches:
        index = check_index(batch, x)
        x_batch, y_batch = x.gather(1, index), y.gather(1, index)
        error = k * x_batch + m - y_batch
        k = k - lr * 2 * (error * x_batch).mean(dim=1, keepdim=True)
        m = m - lr * 2 * error.mean(dim=1, keepdim=True)
        path.append(torch.cat([k, m], dim=1))
    return torch.stack(path) if path else x.new_empty(0, len(x), 2)
