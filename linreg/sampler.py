"""Mini-batches of indices: a tensor for each batch, not a number for each sample."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Sampler


class MiniBatchSampler(Sampler[Tensor]):
    """Shuffled batches of indices, for DataLoader(..., batch_size=None, sampler=...).

    Each iteration is an epoch and yields int64 tensors of shape (batch_size,), the last
    perhaps shorter. Its order follows from the seed and the number of the epoch alone.
    Between two epochs, epoch is the whole state: set it, and a training goes on where
    another stopped. A part that random_split made takes no tensor of indices: load a
    TensorDataset of the tensors dataset[part.indices] in its place, with n = len(part).
    """

    def __init__(
        self, n: int, batch_size: int, *, shuffle: bool = True, seed: int | None = None
    ) -> None:
        if n < 1:
            raise ValueError(f"n must be at least 1, got {n}")
        self.n, self.batch_size, self.shuffle = n, batch_size, shuffle
        self.seed = int(torch.randint(2**63 - 1, ())) if seed is None else seed
        self.epoch = 0  # how many epochs have been begun

    def __len__(self) -> int:
        return math.ceil(self.n / self.batch_size)

    def __iter__(self) -> Iterator[Tensor]:
        order = torch.arange(self.n)
        if self.shuffle:
            # seed + epoch would give epoch 1 of seed 0 the order of epoch 0 of seed 1.
            mixed = np.random.SeedSequence([self.seed, self.epoch])
            seed = int(mixed.generate_state(1, np.uint64)[0])
            generator = torch.Generator().manual_seed(seed)
            order = torch.randperm(self.n, generator=generator)
        self.epoch += 1
        yield from order.split(self.batch_size)
