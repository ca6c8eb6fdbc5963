"""The training loop: mini-batch gradient descent on the mean squared error."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer


def mean_squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Return the mean of the squared differences, a tensor with one number.

    ValueError for shapes that differ, and for an empty batch: its mean would be NaN.
    """
    if prediction.shape != target.shape or target.numel() == 0:
        shapes = f"{tuple(prediction.shape)} and {tuple(target.shape)}"
        raise ValueError(f"needs tensors of the same shape, not empty, got {shapes}")
    return nn.functional.mse_loss(prediction, target)


@dataclass
class History:
    """What train recorded. Two are equal if all their numbers are.

    epoch_loss: the mean loss of each epoch's samples, float64 of shape (num_epochs,).
    parameters: by name, the values at the start and after each epoch, float64 of shape
    (num_epochs + 1,) followed by the parameter's own shape, if it has several numbers.
    """

    epoch_loss: np.ndarray
    parameters: dict[str, np.ndarray]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, History):
            return False
        mine, theirs = ({"": h.epoch_loss, **h.parameters} for h in (self, other))
        return mine.keys() == theirs.keys() and all(
            np.array_equal(mine[name], theirs[name]) for name in mine
        )


def copy_numbers(parameter: Tensor) -> np.ndarray:
    """Return a float64 copy on the CPU; a parameter of one number loses its shape."""
    numbers = parameter.detach().cpu().to(torch.float64, copy=True).numpy()
    return numbers.reshape(()) if numbers.size == 1 else numbers


def divergence(what: str, epoch: int, optimizer: Optimizer) -> FloatingPointError:
    """Return the error of a training that came to NaN or infinity, with what to try."""
    rates = " and ".join(f"{float(group['lr']):g}" for group in optimizer.param_groups)
    return FloatingPointError(
        f"{what} in epoch {epoch}, with learning rate {rates}: scale the inputs or try "
        "a smaller rate, and look for NaN or infinity in the data"
    )


def train(
    model: nn.Module,
    loader: Iterable[tuple[Tensor, Tensor]],
    optimizer: Optimizer,
    num_epochs: int,
) -> History:
    """Fit a model to data: for each batch (x, y) of each epoch, one step down the loss.

    Batches are moved to the device and the dtype of the model's first parameter:
    float32 rounds whole numbers above 2**24. A loss or a parameter that is not finite
    ends the training with a FloatingPointError.
    """
    parameters = dict(model.named_parameters())
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    if not any(id(p) in held for p in parameters.values()):
        raise ValueError("optimizer holds none of the model's parameters")
    first = next(iter(parameters.values()))
    epoch_loss = []
    values = {name: [copy_numbers(p)] for name, p in parameters.items()}
    model.train()
    for epoch in range(1, num_epochs + 1):
        losses, sizes = [], []
        for x, y in loader:
            x, y = x.to(first), y.to(first)
            prediction = model(x)
            loss = mean_squared_error(prediction, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())  # read after the epoch: a GPU need not wait
            sizes.append(y.numel())
        if not losses:
            raise ValueError(f"loader must yield a batch, got none in epoch {epoch}")
        mean_loss = np.average(torch.stack(losses).cpu().double(), weights=sizes)
        if not np.isfinite(mean_loss):
            raise divergence(f"the loss became {mean_loss}", epoch, optimizer)
        epoch_loss.append(mean_loss)
        for name, parameter in parameters.items():
            values[name].append(copy_numbers(parameter))
            if not np.isfinite(values[name][-1]).all():
                raise divergence(f"{name} became NaN or infinite", epoch, optimizer)
    return History(np.array(epoch_loss), {k: np.stack(v) for k, v in values.items()})


def default_device() -> torch.device:
    """Return this machine's accelerator, such as a GPU, or the CPU if it has none."""
    device = torch.accelerator.current_accelerator(check_available=True)
    return torch.device("cpu") if device is None else device
