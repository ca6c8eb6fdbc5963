"""Checks of arguments: bad input is refused by name, before anything is changed."""

import math
from numbers import Integral, Real

import torch


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
        raise ValueError(
            f"{name} must be within float64 (at most 1.8e308 in size)"
        ) from error
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, got {value}")
    return number


def check_line_data(
    k: object,
    m: object,
    n: object,
    noise_std: object,
    low: object,
    high: object,
    seed: object,
) -> None:
    """Refuse settings from which no finite float32 points around a line can be drawn."""
    check_integer("n", n, minimum=1)
    check_seed(seed)
    slope, intercept = check_real("k", k), check_real("m", m)
    left, right = check_real("low", low), check_real("high", high)
    if left >= right:
        raise ValueError(
            f"low must be less than high, got low={left:g} and high={right:g}"
        )
    spread = check_real("noise_std", noise_std)
    if spread < 0:
        raise ValueError(f"noise_std must not be negative, got {spread:g}")
    largest = torch.finfo(torch.float32).max
    if right - left > largest:
        raise ValueError(
            f"high - low must be at most {largest:g} (float32), got {right - left:g}"
        )
    # No float32 draw of a normal variable lies further out than 10 standard deviations.
    reach = abs(slope) * max(abs(left), abs(right)) + abs(intercept) + 10 * spread
    if reach > largest:
        raise ValueError(
            f"k, m, noise_std, low and high must keep y within float32 (at most {largest:g}), "
            f"got values up to {reach:g}"
        )
