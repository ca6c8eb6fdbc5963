"""The training loop of the 2019 post, in our own words: what `train` is measured against.

It does what the post did and no more: no check of its input, no move of the batches (the post's
went to a GPU), no record of the parameters. The loss of an epoch is the mean over its batches.
"""

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader


def post_loop(
    model: nn.Module,
    loader: DataLoader,
    optimizer: torch.optim.Optimizer,
    num_epochs: int,
) -> list[float]:
    """Train, and return the loss of each epoch."""
    model.train()
    epoch_losses = []
    for _ in range(num_epochs):
        batch_losses = []
        for x, y in loader:
            loss = torch.mean((y - model(x)) ** 2)
            batch_losses.append(loss.detach().cpu().numpy())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        epoch_losses.append(float(np.mean(batch_losses)))
    return epoch_losses
