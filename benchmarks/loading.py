"""Mini-batches without detours, as page 12 shows them."""

from collections.abc import Iterator

from torch import Tensor

from linreg.data import LinearRegressionDataset
from linreg.sampler import MiniBatchSampler

Batch = tuple[Tensor, Tensor]


class Columns(LinearRegressionDataset):
    """The same points, for tensors of indices alone."""

    def __getitem__(self, index: Tensor) -> Batch:
        """Return a mini-batch."""
        return self.x.index_select(0, index), self.y.index_select(0, index)


class PlainLoader:
    """The mini-batches of a dataset, in the order of a sampler."""

    def __init__(self, dataset: Columns, sampler: MiniBatchSampler) -> None:
        self.dataset, self.sampler = dataset, sampler

    def __iter__(self) -> Iterator[Batch]:
        """Yield the mini-batches of an epoch."""
        for indices in self.sampler:
            yield self.dataset[indices]
