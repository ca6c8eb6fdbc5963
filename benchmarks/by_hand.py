"""The gradient written out: what a loop can save that fits a line and nothing else."""

from collections.abc import Iterable

import torch

from benchmarks.loading import Batch


def train_by_hand(
    loader: Iterable[Batch], learning_rate: float, num_epochs: int
) -> tuple[list[float], list[tuple[float, float]]]:
    """Train, and record what `train` records.

    Returns:
        The loss of each epoch, and (k, m) before the training and after each epoch.
    """
    k, m = 0.0, 0.0
    epoch_loss, parameters = [], [(k, m)]
    for _ in range(num_epochs):
        total_loss, num_samples = 0.0, 0
        for x, y in loader:
            residual = y - (k * x + m)
            total_loss += residual.square().sum().item()
            num_samples += len(x)
            grad_k = -2 * torch.mean(residual * x).item()
            grad_m = -2 * torch.mean(residual).item()
            k -= learning_rate * grad_k
            m -= learning_rate * grad_m
        epoch_loss.append(total_loss / num_samples)
        parameters.append((k, m))
    return epoch_loss, parameters
