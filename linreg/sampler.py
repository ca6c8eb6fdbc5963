"""Mini-batches of indices: one tensor for each batch, instead of one number for each sample."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Sampler

from linreg.state_checks import check_sampler, check_sampler_state


class MiniBatchSampler(Sampler[Tensor]):
    """Shuffled mini-batches of indices, for ``DataLoader(dataset, batch_size=None, sampler=...)``.

    The dataset is then indexed once per mini-batch, with a tensor, and not once per sample.
    Every iteration is an epoch: a new random order of 0, ..., n - 1, cut into batches. One epoch
    is read at a time. The state can be saved between any two batches; a sampler that loads it
    goes on with the rest of that epoch. (A ``DataLoader`` with workers reads ahead: save the
    state where ``num_workers=0``.)

    Args:
        n: Number of samples in the dataset, at least 1.
        batch_size: Number of samples in a mini-batch, at least 1. The last one of an epoch holds
            what is left.
        shuffle: Whether each epoch has a new random order; if not, it is 0, ..., n - 1.
        seed: Seed of the orders, from 0 to 2**64 - 1. Without one, a seed is drawn from
            PyTorch's global generator.

    Yields:
        int64 CPU tensors of shape (batch_size,), the last one of an epoch perhaps shorter.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If n < 1, batch_size < 1 or seed is out of range.

    Examples:
        >>> sampler = MiniBatchSampler(5, batch_size=2, shuffle=False)
        >>> [indices.tolist() for indices in sampler]
        [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self, n: int, batch_size: int, *, shuffle: bool = True, seed: int | None = None
    ) -> None:
        check_sampler(n, batch_size, shuffle, seed)
        self.n, self.batch_size, self.shuffle = int(n), int(batch_size), shuffle
        if seed is None:
            seed = int(torch.empty((), dtype=torch.int64, device="cpu").random_())
        self._generator = torch.Generator().manual_seed(int(seed))
        self._epoch_start = self._generator.get_state()
        self._position = 0  # batches of the epoch that have been handed out
        self._resume_at = (
            0  # batches of the next epoch that had been, in a state that was loaded
        )

    def __len__(self) -> int:
        """Return the number of mini-batches in an epoch, the last, shorter one included."""
        return -(-self.n // self.batch_size)

    def __iter__(self) -> Iterator[Tensor]:
        self._epoch_start = self._generator.get_state()
        self._position, self._resume_at = self._resume_at, 0
        if self.shuffle:
            order = torch.randperm(self.n, generator=self._generator, device="cpu")
        else:
            order = torch.arange(self.n, device="cpu")
        for indices in torch.split(order, self.batch_size)[self._position :]:
            self._position += 1
            yield indices
        self._epoch_start, self._position = self._generator.get_state(), 0

    def state_dict(self) -> dict[str, Any]:
        """Return the settings, the position in the epoch, and what the epoch's order came from.

        Returns:
            Numbers and a uint8 tensor. ``torch.save`` it, and load it with ``weights_only=True``.
        """
        return {
            **self._settings(),
            "position": self._position,
            "generator": self._epoch_start.clone(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where ``state`` was saved: the next iteration yields the rest of its epoch.

        That rest is empty if the state was saved after the last batch, inside the loop.

        Args:
            state: What :meth:`state_dict` of a sampler with the same settings returned.

        Raises:
            TypeError: If a value in it is of the wrong kind.
            ValueError: If it is not such a state, or that of a sampler with other settings.
        """
        check_sampler_state(state, self._settings(), num_batches=len(self))
        self._generator.set_state(state["generator"])
        self._epoch_start = state["generator"].clone()
        self._position = self._resume_at = state["position"]

    def _settings(self) -> dict[str, Any]:
        return {"n": self.n, "batch_size": self.batch_size, "shuffle": self.shuffle}
