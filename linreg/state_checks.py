"""Checks of saved states: what does not fit is refused by name, before anything is changed."""

import torch
from torch import Tensor

from linreg.checks import check_integer, check_seed


def check_sampler(n: object, batch_size: object, shuffle: object, seed: object) -> None:
    """Refuse settings from which no mini-batches can be drawn."""
    check_integer("n", n, minimum=1)
    check_integer("batch_size", batch_size, minimum=1)
    if not isinstance(shuffle, bool):
        raise TypeError(f"shuffle must be True or False, got {shuffle!r}")
    check_seed(seed)


def check_generator_state(name: str, state: object) -> None:
    """Refuse what is not the state of a CPU generator."""
    if not isinstance(state, Tensor):
        raise TypeError(f"{name} must be a tensor, got {type(state).__name__}")
    try:
        torch.Generator().set_state(state)
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"{name} must be the state of a CPU generator: {error}") from error


def check_sampler_state(state: object, settings: dict[str, object], num_batches: int) -> None:
    """Refuse the state of a sampler with other settings, or of something else."""
    expected = {*settings, "position", "generator"}
    if not isinstance(state, dict) or set(state) != expected:
        found = sorted(map(str, state)) if isinstance(state, dict) else type(state).__name__
        raise ValueError(f"state must be a dict with keys {sorted(expected)}, got {found}")
    for name, value in settings.items():
        if type(state[name]) is not type(value) or state[name] != value:
            raise ValueError(f"state must have {name}={value!r}, got {state[name]!r}")
    if check_integer("position", state["position"], minimum=0) > num_batches:
        raise ValueError(f"position must be at most {num_batches}, got {state['position']}")
    check_generator_state("generator", state["generator"])
