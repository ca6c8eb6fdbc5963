"""Checkpoints: everything that a training needs to go on after it was killed."""

import os
import tempfile
import warnings
import zipfile
from pathlib import Path

import torch
from torch import nn

from linreg.checkpoint_checks import UNREADABLE, check_epoch_number, check_parts
from linreg.random_state import random_state, set_random_state
from linreg.sampler import MiniBatchSampler
from linreg.state_checks import (
    check_dict,
    check_generator_state,
    check_model_state,
    check_optimizer_state,
)

PARTS = ("model", "optimizer", "sampler", "random_state", "epoch")


class CheckpointError(RuntimeError):
    """A file that is no checkpoint of this training; the message names it."""


def save_checkpoint(
    path: str | os.PathLike[str],
    *,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    sampler: MiniBatchSampler,
    epoch: int,
) -> None:
    """Write a checkpoint. A reader sees the old one or the new one, never a part.

    It is written to a temporary file beside it, flushed to the disk, and put in place in one step.
    A kill may leave that temporary file, ``<name>.*.tmp``, behind; it does no harm.

    Args:
        path: The file; one that exists is replaced.
        model: Its parameters and buffers are saved.
        optimizer: Its state and settings are saved.
        sampler: Its position in the epoch is saved, so that no batch is repeated or left out.
        epoch: Number of epochs completed, at least 0.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If epoch < 0, or the model and the optimiser do not belong together.
        OSError: If the file cannot be written; an older one is then still in place.
    """
    path, epoch = (
        check_parts(path, model, optimizer, sampler),
        check_epoch_number(epoch),
    )
    random = random_state(next(model.parameters()).device)
    values = (
        model.state_dict(),
        optimizer.state_dict(),
        sampler.state_dict(),
        random,
        epoch,
    )
    handle, name = tempfile.mkstemp(
        prefix=f"{path.name}.", suffix=".tmp", dir=path.parent
    )
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save(dict(zip(PARTS, values, strict=True)), file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def load_checkpoint(
    path: str | os.PathLike[str],
    *,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    sampler: MiniBatchSampler,
) -> int:
    """Put a training back to where its checkpoint was saved.

    Nothing in the file is executed (``weights_only=True``). Its checksums are verified first:
    ``torch.load`` by itself does not notice a flipped bit. Nothing is changed if it is refused.

    Args:
        path: The file.
        model: Receives the parameters and buffers, on the device where it is.
        optimizer: Receives its state and settings.
        sampler: Receives its position in the epoch.

    Returns:
        The number of epochs completed when the checkpoint was saved.

    Raises:
        TypeError, ValueError: As for :func:`save_checkpoint`.
        FileNotFoundError: If there is no such file.
        CheckpointError: If it is truncated, damaged, or belongs to something else.
    """
    path = check_parts(path, model, optimizer, sampler)
    trial = MiniBatchSampler(
        sampler.n, sampler.batch_size, shuffle=sampler.shuffle, seed=0
    )
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            damaged = zipfile.ZipFile(file).testzip()
            if damaged is not None:
                raise ValueError(f"the checksum of {damaged} is wrong")
            file.seek(0)
            content = torch.load(file, map_location="cpu", weights_only=True)
            check_dict("checkpoint", content, set(PARTS))
            epoch = check_epoch_number(content["epoch"])
            check_generator_state("random_state", content["random_state"]["cpu"])
            check_model_state(content["model"], model.state_dict())
            check_optimizer_state(content["optimizer"], optimizer.state_dict())
            trial.load_state_dict(content["sampler"])
            optimizer.load_state_dict(content["optimizer"])
        except UNREADABLE as error:
            raise CheckpointError(
                f"{path} is no checkpoint of this training: {error}"
            ) from error
    model.load_state_dict(content["model"])
    sampler.load_state_dict(content["sampler"])
    set_random_state(content["random_state"], next(model.parameters()).device)
    return epoch
