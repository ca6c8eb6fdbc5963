"""Checks of what a checkpoint saves or restores, before a file or a training is touched."""

import os
import pickle
import zipfile
from pathlib import Path

from linreg.checks import check_integer
from linreg.loop_checks import check_model_and_optimizer
from linreg.sampler import MiniBatchSampler

# What reading may raise when the bytes are not those of a checkpoint.
UNREADABLE = (
    *(
        AssertionError,
        AttributeError,
        EOFError,
        LookupError,
        OSError,
        RuntimeError,
        TypeError,
    ),
    *(UserWarning, ValueError, pickle.UnpicklingError, zipfile.BadZipFile),
)


def check_parts(
    path: object, model: object, optimizer: object, sampler: object
) -> Path:
    """Return the path of a checkpoint of this training, or say which argument is wrong."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be a path, got {path!r}")
    if not Path(path).name:
        raise ValueError(f"path must name a file, got {os.fspath(path)!r}")
    check_model_and_optimizer(model, optimizer)
    if not isinstance(sampler, MiniBatchSampler):
        raise TypeError(
            f"sampler must be a MiniBatchSampler, got {type(sampler).__name__}"
        )
    return Path(path)


def check_epoch_number(epoch: object) -> int:
    """Return the number of epochs completed, or say what is wrong with it."""
    return check_integer("epoch", epoch, minimum=0)
