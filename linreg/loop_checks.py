"""Checks of a training: before it starts, at each step, and after each epoch."""

import math
from collections.abc import Iterator, Sized

import torch
from torch import nn

from linreg.checks import check_integer


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
