"""Checks of arguments: bad input is refused by name, before anything is changed."""

import math
from numbers import Integral, Real

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def check_integer(name: str, value: object, minimum: int, bits: int = 63) -> int:
    """Return ``value`` as an int, or say what is wrong with the argument ``name``."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value}")
    if value >= 2**bits:
        raise ValueError(f"{name} must be less than 2**{bits}, got {value}")
    return int(value)


def check_seed(seed: object) -> None:
    """Refuse what is neither None nor a seed that PyTorch's generators take."""
    if seed is not None:
        check_integer("seed", seed, minimum=0, bits=64)


def check_real(name: str, value: object) -> float:
    """Return ``value`` as a finite float, or say what is wrong with the argument ``name``."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a real number, got {value!r}")
    try:
        number = float(value)
    except OverflowError as error:
        raise ValueError(f"{name} must be within float64 (at most 1.8e308 in size)") from error
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, got {value}")
    return number


def check_vector(name: str, values: object) -> NDArray[np.float64]:
    """Return a tensor, an array or a sequence as a new, finite, one-dimensional float64 array.

    A tensor is moved to the CPU before it is widened: some accelerators have no float64.
    """
    if np.ma.is_masked(values):
        raise ValueError(f"{name} must be finite, got masked values")
    try:
        if isinstance(values, Tensor):
            values = values.detach().cpu()
            narrow = values.is_floating_point() and values.itemsize < 4  # NumPy has no bfloat16
            values = (values.float() if narrow else values).numpy(force=True)
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be one-dimensional, got rows of unequal length") from error
    except (RuntimeError, TypeError) as error:
        raise TypeError(f"{name} must hold real numbers: {error}") from error
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must hold at least one value, got none")
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {array.dtype}")
    vector = array.astype(np.float64)
    narrower = array if array.itemsize < vector.itemsize else vector  # fewer bytes to read
    if not np.isfinite(narrower).all():
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


def check_result(arguments: str, result: str, values: object) -> None:
    """Refuse arguments whose result float64 cannot hold."""
    if not np.isfinite(values).all():  # type: ignore[call-overload]
        raise ValueError(f"{arguments} must keep the {result} within float64, got infinity or NaN")


def check_line_data(
    k: object, m: object, n: object, noise_std: object, low: object, high: object, seed: object
) -> None:
    """Refuse settings from which no finite float32 points around a line can be drawn."""
    check_integer("n", n, minimum=1)
    check_seed(seed)
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
