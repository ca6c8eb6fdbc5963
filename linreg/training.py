"""The training loop: mini-batch gradient descent on the mean squared error."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from linreg.history import History, history_of, snapshot
from linreg.loop_checks import (
    check_batch,
    check_epoch,
    check_pair,
    check_step,
    check_training,
)


def mean_squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Return the mean squared error of a batch.

    .. math:: L = \frac{1}{n} \sum_{i} (y_i - \hat{y}_i)^2

    Args:
        prediction: The model's :math:`\hat{y}`, of any shape.
        target: The data's :math:`y`, of exactly the same shape: tensors of shapes (n, 1) and (n,)
            would broadcast to n times n differences, and train to a wrong result.

    Returns:
        A tensor with one element, in the square of the unit of y.

    Raises:
        TypeError: If one is not a tensor of floating-point numbers.
        ValueError: If one is empty, or the shapes differ.

    Examples:
        >>> mean_squared_error(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0])).item()
        2.0
    """
    check_pair(prediction, target)
    return nn.functional.mse_loss(prediction, target)


def train(
    model: nn.Module,
    loader: Iterable[tuple[Any, Any]],
    optimizer: torch.optim.Optimizer,
    num_epochs: int,
) -> History:
    r"""Fit a model to data by mini-batch gradient descent on the mean squared error.

    .. math:: L = \frac{1}{n} \sum_{i=1}^{n} (y_i - \hat{y}_i)^2

    Args:
        model: Any module. Its parameters are updated in place.
        loader: Batches (x, y), the same in every epoch or shuffled anew: a ``DataLoader``, or
            any iterable that can be read more than once. Tensors, arrays and lists are moved to
            the device and converted to the dtype of the model's first parameter.
        optimizer: Any optimiser that holds parameters of ``model`` and steps without a closure.
        num_epochs: Number of passes through the data, at least 0.

    Returns:
        The loss of every epoch, and the parameters before training and after every epoch.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If num_epochs < 0, an epoch or a batch is empty, a prediction has another
            shape than its target, or the model and the optimiser share no parameter.
        FloatingPointError: As soon as a loss is not finite; the step is not taken.

    Examples:
        >>> model = nn.Linear(1, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> history = train(model, [([[1.0]], [[2.0]])], optimizer, num_epochs=3)
        >>> history.epoch_loss.shape, history.parameters["weight"].shape
        ((3,), (4,))
    """
    check_training(model, loader, optimizer, num_epochs)
    like = next(model.parameters())  # batches take its device and dtype
    epoch_loss = []
    snapshots = [snapshot(model)]
    model.train()
    for epoch in range(1, num_epochs + 1):
        total_loss, num_samples = 0.0, 0
        for step, batch in enumerate(loader, start=1):
            x, y = check_batch(batch)
            x, y = x.to(like), y.to(like)
            loss = mean_squared_error(model(x), y)
            batch_loss = loss.item()
            check_step(batch_loss, epoch, step, optimizer)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total_loss += batch_loss * len(x)
            num_samples += len(x)
        check_epoch(num_samples, epoch)
        epoch_loss.append(total_loss / num_samples)
        snapshots.append(snapshot(model))
    return history_of(epoch_loss, snapshots)
