"""Checks of data: tensors, arrays and sequences of real numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


def check_array(name: str, values: object) -> NDArray[Any]:
    """Return a tensor, an array or a sequence as a one-dimensional array of real numbers.

    A tensor is moved to the CPU before it is widened: some accelerators have no float64.
    """
    if np.ma.is_masked(values):
        raise ValueError(f"{name} must be finite, got masked values")
    try:
        if isinstance(values, Tensor):
            values = values.detach().cpu()
            narrow = (
                values.is_floating_point() and values.itemsize < 4
            )  # NumPy has no bfloat16
            values = (values.float() if narrow else values).numpy(force=True)
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(
            f"{name} must be one-dimensional, got rows of unequal length"
        ) from error
    except (RuntimeError, TypeError) as error:
        raise TypeError(f"{name} must hold real numbers: {error}") from error
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must hold at least one value, got none")
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {array.dtype}")
    return array


def check_arrays(x: object, y: object) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the coordinates of points as two arrays of one length. They may hold infinity."""
    x_array, y_array = check_array("x", x), check_array("y", y)
    if len(x_array) != len(y_array):
        raise ValueError(
            f"x and y must have the same length, got {len(x_array)} and {len(y_array)}"
        )
    return x_array, y_array


def check_vector(name: str, values: object) -> NDArray[np.float64]:
    """Return a tensor, an array or a sequence as a new, finite, one-dimensional float64 array."""
    vector = check_array(name, values).astype(np.float64)
    if not np.isfinite(vector).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    return vector


def check_points(
    x: object, y: object
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the coordinates of the points (x_i, y_i) as two float64 arrays of one length."""
    x_vector, y_vector = check_vector("x", x), check_vector("y", y)
    check_arrays(x_vector, y_vector)
    return x_vector, y_vector


def check_result(arguments: str, result: str, values: object) -> None:
    """Refuse arguments whose result float64 cannot hold."""
    if not np.isfinite(values).all():  # type: ignore[call-overload]
        raise ValueError(
            f"{arguments} must keep the {result} within float64, got infinity or NaN"
        )
