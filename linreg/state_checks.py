"""Checks of saved states: what does not fit is refused by name, before anything is changed."""

from collections.abc import Mapping
from typing import Any

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


def check_dict(name: str, state: object, keys: set[str]) -> dict[str, Any]:
    """Return ``state`` if it is a dict with exactly these keys, or say what is wrong with it."""
    if not isinstance(state, dict):
        raise TypeError(f"{name} must be a dict, got {type(state).__name__}")
    if set(state) != keys:
        raise ValueError(
            f"{name} must have keys {sorted(keys)}, got {sorted(map(str, state))}"
        )
    return state


def check_generator_state(name: str, state: object) -> None:
    """Refuse what is not the state of a CPU generator."""
    if not isinstance(state, Tensor):
        raise TypeError(f"{name} must be a tensor, got {type(state).__name__}")
    try:
        torch.Generator().set_state(state)
    except (RuntimeError, TypeError) as error:
        raise ValueError(
            f"{name} must be the state of a CPU generator: {error}"
        ) from error


def check_sampler_state(
    state: object, settings: dict[str, object], num_batches: int
) -> None:
    """Refuse the state of a sampler with other settings, or of something else."""
    state = check_dict("state", state, {*settings, "position", "generator"})
    for name, value in settings.items():
        if type(state[name]) is not type(value) or state[name] != value:
            raise ValueError(f"state must have {name}={value!r}, got {state[name]!r}")
    if check_integer("position", state["position"], minimum=0) > num_batches:
        raise ValueError(
            f"position must be at most {num_batches}, got {state['position']}"
        )
    check_generator_state("generator", state["generator"])


def check_model_state(state: object, own: Mapping[str, Tensor]) -> None:
    """Refuse tensors of other names, shapes or dtypes than the model's."""
    saved = check_dict("model", state, set(own))
    for key, tensor in own.items():
        if not isinstance(saved[key], Tensor):
            raise TypeError(f"{key} must be a tensor, got {type(saved[key]).__name__}")
        if saved[key].shape != tensor.shape or saved[key].dtype != tensor.dtype:
            raise ValueError(
                f"{key} must be {tensor.dtype} of shape {tuple(tensor.shape)}, "
                f"got {saved[key].dtype} of shape {tuple(saved[key].shape)}"
            )


def check_optimizer_state(state: object, own: dict[str, Any]) -> None:
    """Refuse the state of an optimiser with other settings, or for other parameters."""
    saved = check_dict("optimizer", state, set(own))
    check_dict("optimizer state", saved["state"], set(saved["state"]))
    groups, own_groups = saved["param_groups"], own["param_groups"]
    if not isinstance(groups, list) or len(groups) != len(own_groups):
        raise ValueError(f"optimizer must have {len(own_groups)} groups of parameters")
    for group, own_group in zip(groups, own_groups, strict=True):
        check_dict("param_groups", group, set(own_group))
        for key, value in own_group.items():
            if type(group[key]) is not type(value):
                raise TypeError(
                    f"{key} must be {type(value).__name__}, got {group[key]!r}"
                )
        if group["params"] != own_group["params"]:
            raise ValueError(f"optimizer must hold parameters {own_group['params']}")
