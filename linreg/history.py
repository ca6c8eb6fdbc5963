"""What a training leaves behind: the loss of each epoch and the way of the parameters."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn


@dataclass(frozen=True)
class History:
    """What ``train`` recorded.

    Attributes:
        epoch_loss: float64 array of shape (num_epochs,). Entry e is the mean squared error over
            the samples of epoch e, each with the parameters it met: they move during an epoch.
        parameters: One float64 array per parameter, by name. Entry 0 holds the values before
            training, entry e + 1 those after epoch e. A parameter of one element gives shape
            (num_epochs + 1,), any other (num_epochs + 1,) followed by its own shape.
    """

    epoch_loss: NDArray[np.float64]
    parameters: dict[str, NDArray[np.float64]]


def snapshot(model: nn.Module) -> dict[str, NDArray[np.float64]]:
    """Copy the parameters, so that later steps cannot change what was recorded."""
    return {
        name: parameter.detach().cpu().to(torch.float64, copy=True).numpy()
        for name, parameter in model.named_parameters()
    }


def history_of(
    epoch_loss: list[float], snapshots: list[dict[str, NDArray[np.float64]]]
) -> History:
    """Stack the snapshots of each parameter; one of a single element becomes a number each."""
    parameters = {}
    for name in snapshots[0]:
        values = np.stack([recorded[name] for recorded in snapshots])
        parameters[name] = values.reshape(-1) if values[0].size == 1 else values
    return History(np.array(epoch_loss, dtype=np.float64), parameters)
