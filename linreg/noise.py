"""Many trainings at once, and the noise floor: how close to the best line they get."""

import math
from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor

from linreg.exact import least_squares


def shuffled_epochs(
    runs: int, n: int, batch_size: int, num_epochs: int, seed: int
) -> Iterator[Tensor]:
    """Yield the batches of many runs, each run shuffled anew in every epoch.

    A batch is an int64 tensor of shape (runs, batch_size): a row of indices for each.
    """
    generator = torch.Generator().manual_seed(seed)
    for _ in range(num_epochs):
        orders = torch.rand(runs, n, generator=generator).argsort(dim=1)
        yield from orders.split(batch_size, dim=1)


def train_runs(
    x: Tensor,
    y: Tensor,
    batches: Iterable[Tensor],
    lr: float | Tensor,
    start: tuple[float, float] = (0.0, 0.0),
) -> Tensor:
    """Train a line for each row of x and y, all at once, the gradient written out.

    x and y have the shape (runs, n), each batch of indices (runs, batch_size). lr is a
    number, or one for each run. Returns k and m after each step: (steps, runs, 2).
    """
    if x.ndim != 2 or x.shape != y.shape or x.dtype != y.dtype:
        raise ValueError(
            "x and y must have one shape (runs, n) and one dtype, got "
            f"{tuple(x.shape)} and {tuple(y.shape)}, {x.dtype} and {y.dtype}"
        )
    lr = torch.as_tensor(lr).to(x).reshape(-1, 1)
    k, m = (torch.full_like(x[:, :1], value) for value in start)
    path = []
    for batch in batches:
        if len(batch) != len(x):
            raise ValueError(f"a batch must have {len(x)} rows, got {len(batch)}")
        index = batch.to(x.device)
        x_batch, y_batch = x.gather(1, index), y.gather(1, index)
        error = k * x_batch + m - y_batch
        k = k - lr * 2 * (error * x_batch).mean(dim=1, keepdim=True)
        m = m - lr * 2 * error.mean(dim=1, keepdim=True)
        path.append(torch.cat([k, m], dim=1))
    return torch.stack(path)


def noise_floor(
    x: Tensor | np.ndarray, y: Tensor | np.ndarray, lr: float, batch_size: int
) -> float:
    """Return the mean loss above its minimum after very many steps, by theory.

    Each batch is drawn from the points at random, with replacement. x and y have the
    shape (n,). The floor is in the square of the unit of y, and infinite above a limit.
    """
    if lr <= 0 or batch_size < 1:
        raise ValueError(
            f"lr must be positive and batch_size at least 1, got {lr} and {batch_size}"
        )
    k, m = least_squares(x, y)
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    error, u = y - (k * x + m), np.stack([x, np.ones_like(x)], axis=1)
    n, eye, hessian = len(x), np.eye(2), 2 * u.T @ u / len(x)
    pairs = (u[:, :, np.newaxis] * u[:, np.newaxis, :]).reshape(n, 4)  # u u^T, flat
    # How the covariance C of (k, m) changes in a step: C <- C - lr (pull - lr feed) C
    # + lr^2 push. The bowl pulls C together, the noise of the batches spreads it.
    pull = np.kron(hessian, eye) + np.kron(eye, hessian)
    feed = (1 - 1 / batch_size) * np.kron(hessian, hessian)
    feed += 4 / batch_size * pairs.T @ pairs / n
    push = 4 / batch_size * pairs.T @ error**2 / n
    net_pull = pull - lr * feed
    if np.linalg.eigvalsh(net_pull).min() <= 0:  # the noise wins: C grows without bound
        return math.inf
    covariance = np.linalg.solve(net_pull, lr * push).reshape(2, 2)
    return float(np.trace(hessian @ covariance) / 2)


def loss_above_minimum(
    x: Tensor | np.ndarray, y: Tensor | np.ndarray, parameters: Tensor | np.ndarray
) -> np.ndarray:
    """Return how far the loss of each line lies above the smallest possible loss.

    x and y have the shape (n,), parameters (..., 2): k and m. The result is float64 of
    shape (...).
    """
    best_k, _ = least_squares(x, y)
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    k, m = np.moveaxis(np.asarray(parameters, dtype=np.float64), -1, 0)
    offset = m + k * x.mean() - y.mean()
    return np.asarray(x.var() * (k - best_k) ** 2 + offset**2)
