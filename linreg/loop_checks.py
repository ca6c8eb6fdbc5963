"""Checks of a training: before it starts, at each step, and after each epoch."""

import math
from collections.abc import Iterator, Sized
from typing import Any

import torch
from torch import Tensor, nn

from linreg.checks import check_integer


def check_model_and_optimizer(model: object, optimizer: object) -> None:
    """Refuse a model that has nothing to train, and an optimiser of something else."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(f"optimizer must be a torch.optim.Optimizer, got {optimizer!r}")
    parameters = {id(parameter) for parameter in model.parameters()}
    if not parameters:
        raise ValueError("model must have at least one parameter, got none")
    updated = {id(p) for group in optimizer.param_groups for p in group["params"]}
    if not parameters & updated:
        raise ValueError(
            "optimizer must update parameters of model, got those of something else"
        )


def check_training(
    model: object, loader: object, optimizer: object, num_epochs: object
) -> None:
    """Refuse what cannot be trained, before a parameter moves."""
    if isinstance(optimizer, torch.optim.LBFGS):
        raise TypeError(
            "optimizer must step without a closure, got LBFGS, which needs one"
        )
    check_model_and_optimizer(model, optimizer)
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


def check_batch(batch: Any) -> tuple[Tensor, Tensor]:
    """Return a batch (x, y) as two tensors with at least one sample each."""
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        raise TypeError(f"loader must yield batches (x, y), got {batch!r}")
    return as_samples("x", batch[0]), as_samples("y", batch[1])


def as_samples(name: str, values: object) -> Tensor:
    """Return one half of a batch as a tensor of real numbers with at least one sample."""
    try:
        samples = torch.as_tensor(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} of a batch must hold real numbers: {error}") from error
    if samples.is_complex():
        raise TypeError(
            f"{name} of a batch must hold real numbers, got {samples.dtype}"
        )
    if samples.ndim == 0 or samples.shape[0] == 0:
        raise ValueError(
            f"{name} of a batch must hold at least one sample, got shape {tuple(samples.shape)}"
        )
    return samples


def check_pair(prediction: Tensor, target: Tensor) -> None:
    """Refuse tensors without a mean squared error, or with a wrong one, by broadcasting."""
    for name, values in (("prediction", prediction), ("target", target)):
        if not isinstance(values, Tensor):
            raise TypeError(f"{name} must be a tensor, got {type(values).__name__}")
        if not values.is_floating_point():
            raise TypeError(
                f"{name} must hold floating-point numbers, got {values.dtype}"
            )
        if values.numel() == 0:
            raise ValueError(
                f"{name} must hold at least one value, got shape {tuple(values.shape)}"
            )
    if prediction.shape != target.shape:
        raise ValueError(
            "prediction and target must have the same shape, "
            f"got {tuple(prediction.shape)} and {tuple(target.shape)}"
        )


def check_step(
    loss: float, epoch: int, step: int, optimizer: torch.optim.Optimizer
) -> None:
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
        raise ValueError(
            f"loader must yield at least one batch, got none in epoch {epoch}"
        )
