"""Checks of the arguments of many runs at once, and of the noise floor."""

import torch
from torch import Tensor

from linreg.checks import check_real


def check_learning_rate(lr: object) -> float:
    """Return the learning rate as a positive float, or say what is wrong with it."""
    rate = check_real("lr", lr)
    if rate <= 0:
        raise ValueError(f"lr must be positive, got {rate:g}")
    return rate


def check_runs(
    x: Tensor, y: Tensor, batches: object, lr: object, start: object
) -> None:
    """Refuse rows of points that cannot be trained, before a step is taken."""
    for name, values in (("x", x), ("y", y)):
        if not isinstance(values, Tensor) or not values.is_floating_point():
            raise TypeError(
                f"{name} must be a tensor of a floating dtype, got {values!r}"
            )
    if not hasattr(batches, "__iter__"):
        raise TypeError(
            f"batches must be an iterable of index tensors, got {batches!r}"
        )
    if x.ndim != 2 or x.shape != y.shape or x.numel() == 0:
        raise ValueError(
            "x and y must both have the shape (runs, n), with at least one run and one point, "
            f"got {tuple(x.shape)} and {tuple(y.shape)}"
        )
    for name, values in (("x", x), ("y", y)):
        if not values.isfinite().all():
            raise ValueError(f"{name} must be finite, got NaN or infinity")
    if not isinstance(lr, Tensor):
        check_learning_rate(lr)
    elif lr.shape != (len(x), 1):
        raise ValueError(f"lr must have the shape ({len(x)}, 1), got {tuple(lr.shape)}")
    elif not ((lr > 0) & lr.isfinite()).all():
        raise ValueError("lr must be positive and finite in every row")
    if not isinstance(start, (tuple, list)) or len(start) != 2:
        raise TypeError(f"start must hold a slope and an intercept, got {start!r}")
    for value in start:
        check_real("start", value)


def check_index(index: object, x: Tensor) -> Tensor:
    """Return the indices of a mini-batch of many runs, or say what is wrong with them."""
    if not isinstance(index, Tensor) or index.dtype != torch.int64:
        raise TypeError(f"batches must yield int64 tensors, got {index!r}")
    if index.ndim != 2 or len(index) != len(x) or index.numel() == 0:
        shape = tuple(index.shape)
        raise ValueError(
            f"batches must yield the shape ({len(x)}, batch_size), got {shape}"
        )
    if index.min() < 0 or index.max() >= x.shape[1]:
        raise ValueError(
            f"batches must yield indices from 0 to {x.shape[1] - 1}, got others"
        )
    return index.to(x.device)


def check_lines(parameters: Tensor) -> None:
    """Refuse what does not hold slopes and intercepts."""
    if not isinstance(parameters, Tensor) or not parameters.is_floating_point():
        raise TypeError(
            f"parameters must be a tensor of a floating dtype, got {parameters!r}"
        )
    if parameters.ndim == 0 or parameters.shape[-1] != 2 or parameters.numel() == 0:
        shape = tuple(parameters.shape)
        raise ValueError(f"parameters must have the shape (..., 2), got {shape}")
    if not parameters.isfinite().all():
        raise ValueError("parameters must be finite, got NaN or infinity")
