"""Checks of arguments: bad input is refused by name, before anything is changed."""

import math
from collections.abc import Iterator, Sized
from numbers import Integral, Real

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


def check_integer(name: str, value: object, minimum: int) -> int:
    """Return ``value`` as an int, or say what is wrong with the argument ``name``."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value}")
    return int(value)


def check_real(name: str, value: object) -> float:
    """Return ``value`` as a finite float, or say what is wrong with the argument ``name``."""
    if isinstance(value, (np.ndarray, Tensor)) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a real number, got {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
    return float(value)


def check_vector(name: str, values: object) -> NDArray[np.float64]:
    """Return a tensor, an array or a sequence as a finite one-dimensional float64 array.

    A tensor is moved to the CPU before it is widened: some accelerators have no float64.
    """
    if isinstance(values, Tensor):
        values = values.detach().cpu().numpy(force=True)
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be one-dimensional, got rows of unequal length") from error
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must hold at least one value, got none")
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {array.dtype}")
    vector = array.astype(np.float64)
    if not np.isfinite(vector).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    return vector


def check_points(x: object, y: object) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the coordinates of the points (x_i, y_i) as two float64 arrays of one length."""
    x_vector, y_vector = check_vector("x", x), check_vector("y", y)
    if len(x_vector) != len(y_vector):
        raise ValueError(
            f"x and y must have the same length, got {len(x_vector)} and {len(y_vector)}"
        )
    return x_vector, y_vector


def check_line_data(
    k: object, m: object, n: object, noise_std: object, low: object, high: object, seed: object
) -> None:
    """Refuse settings from which no finite float32 points around a line can be drawn."""
    check_integer("n", n, minimum=1)
    if seed is not None:
        check_integer("seed", seed, minimum=0)
    slope, intercept = check_real("k", k), check_real("m", m)
    left, right = check_real("low", low), check_real("high", high)
    if left >= right:
        raise ValueError(f"low must be less than high, got low={left:g} and high={right:g}")
    spread = check_real("noise_std", noise_std)
    if spread < 0:
        raise ValueError(f"noise_std must not be negative, got {spread:g}")
    largest = torch.finfo(torch.float32).max
    if right - left > largest:
        raise ValueError(f"high - low must be at most {largest:g} (float32), got {right - left:g}")
    # No float32 draw of a normal variable lies further out than 10 standard deviations.
    reach = abs(slope) * max(abs(left), abs(right)) + abs(intercept) + 10 * spread
    if reach > largest:
        raise ValueError(
            f"k, m, noise_std, low and high must keep y within float32 (at most {largest:g}), "
            f"got values up to {reach:g}"
        )


def check_training(model: object, loader: object, optimizer: object, num_epochs: object) -> None:
    """Refuse what cannot be trained, before a parameter moves."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(f"optimizer must be a torch.optim.Optimizer, got {optimizer!r}")
    parameters = {id(parameter) for parameter in model.parameters()}
    if not parameters:
        raise ValueError("model must have at least one parameter, got none")
    updated = {id(p) for group in optimizer.param_groups for p in group["params"]}
    if not parameters & updated:
        raise ValueError("optimizer must update parameters of model, got those of something else")
    check_integer("num_epochs", num_epochs, minimum=0)
    if not hasattr(loader, "__iter__"):
        raise TypeError(f"loader must be an iterable of (x, y) batches, got {loader!r}")
    if isinstance(loader, Iterator):
        raise TypeError(
            "loader must start anew in every epoch, got an iterator that can be read once; "
            "pass a list or a DataLoader"
        )
    if isinstance(loader, Sized) and len(loader) == 0:
        raise ValueError("loader must yield at least one batch, got an empty one")


def check_step(loss: float, epoch: int, step: int, optimizer: torch.optim.Optimizer) -> None:
    """Stop before a loss that is not finite reaches the parameters."""
    if not math.isfinite(loss):
        raise FloatingPointError(
            f"the loss became {loss} in epoch {epoch}, step {step}, with learning rate "
            f"{optimizer.param_groups[0]['lr']:g}; try a smaller learning rate, and look for NaN, "
            "infinity or very large values in the data"
        )


def check_epoch(num_samples: int, epoch: int) -> None:
    """Refuse a loader that turns out to be empty."""
    if num_samples == 0:
        raise ValueError(f"loader must yield at least one sample, got none in epoch {epoch}")
