"""Many trainings at once, and the noise floor: how close to the best line they get."""

import math
from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor

from linreg.exact import Array, least_squares


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
        residual = y_batch - (k * x_batch + m)
        k = k + lr * 2 * (residual * x_batch).mean(dim=1, keepdim=True)
        m = m + lr * 2 * residual.mean(dim=1, keepdim=True)
        path.append(torch.cat([k, m], dim=1))
    return torch.stack(path)


def noise_floor(x: Array, y: Array, lr: float, batch_size: int) -> float:
    """Return the mean loss above its minimum after very many steps, by theory.

    Each batch is drawn from the points at random, with replacement. x and y have the
    shape (n,). The floor is in the square of the unit of y, and infinite above a limit.
    """
    if min(lr, batch_size) <= 0:
        raise ValueError(f"lr and batch_size must be positive, got {lr}, {batch_size}")
    k, m = least_squares(x, y)
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    residual = y - (k * x + m)
    u = np.stack([x, np.ones_like(x)], axis=1)
    outer = (u[:, :, np.newaxis] * u[:, np.newaxis, :]).reshape(-1, 4)  # each u u^T
    hessian = 2 * u.T @ u / len(x)
    # A step leaves the covariance C of (k, m) as it is once drift(C) = lr growth(C)
    # + lr noise. As matrices, drift and growth take the four numbers of C: kron(A, B)
    # makes A C B^T of C.
    drift = np.kron(hessian, np.eye(2)) + np.kron(np.eye(2), hessian)
    growth = (1 - 1 / batch_size) * np.kron(hessian, hessian)
    growth += 4 / batch_size * outer.T @ outer / len(x)
    noise = 4 / batch_size * outer.T @ residual**2 / len(x)
    balance = drift - lr * growth
    if np.linalg.eigvalsh(balance).min() <= 0:  # the noise wins: C grows without bound
        return math.inf
    covariance = np.linalg.solve(balance, lr * noise).reshape(2, 2)
    return float(np.trace(hessian @ covariance) / 2)
