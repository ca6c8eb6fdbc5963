"""Training on an accelerator: python -m benchmarks.accelerator.

A share is the time of the fewest bytes that must move, at the bandwidth measured
first, divided by the time taken.
"""

import sys
import time
from collections.abc import Callable, Iterator
from statistics import median

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from linreg import (
    LinearRegressionDataset,
    LinearRegressionModel,
    MiniBatchSampler,
    default_device,
    train,
)
from linreg.noise import shuffled_epochs, train_runs

N, BATCHES, RUNS = 100_000_000, (2**16, 2**20, 2**24), (500, 5_000, 50_000, 500_000)


def seconds(action: Callable[[], object], repeats: int = 5) -> float:
    """Return the median time of an action, waiting for the accelerator to be done."""
    times = []
    for _ in range(repeats + 1):  # the first does not count
        torch.accelerator.synchronize()
        start = time.perf_counter()
        action()
        torch.accelerator.synchronize()
        times.append(time.perf_counter() - start)
    return median(times[1:])


class ShuffledOnDevice:
    """Batches of data that lie on the accelerator, in an order that is drawn there."""

    def __init__(self, x: Tensor, y: Tensor, batch_size: int) -> None:
        self.x, self.y, self.batch_size = x, y, batch_size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(self.x), device=self.x.device)
        for index in order.split(self.batch_size):
            yield self.x[index], self.y[index]


def time_epochs(device: torch.device, rate: float) -> None:
    """Print the time of an epoch of train: an order from the CPU or from the device."""
    data = LinearRegressionDataset(n=N, seed=0)
    data.x, data.y = data.x.to(device), data.y.to(device)
    fewest = (data.x.nbytes + data.y.nbytes) / rate
    model = LinearRegressionModel().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    print(f"\none epoch of train, {N:,} points")
    for size in BATCHES:
        sampler = MiniBatchSampler(N, size, seed=0)
        by_cpu = DataLoader(data, batch_size=None, sampler=sampler)
        by_device = ShuffledOnDevice(data.x, data.y, size)
        for name, loader in (("CPU", by_cpu), ("device", by_device)):
            taken = seconds(
                lambda loader=loader: train(model, loader, optimizer, 1), repeats=2
            )
            print(f"batch {size:>10,}, order drawn on {name:6}", end="")
            print(f"{1e3 * taken:10.1f} ms {fewest / taken:7.2%}", flush=True)


def time_runs(device: torch.device, rate: float) -> None:
    """Print the time of train_runs: a step reads indices and points, writes k and m."""
    print("\n25 epochs of train_runs with 50 points, orders ready on the device")
    for runs in RUNS:
        x, y = torch.rand(2, runs, 50, device=device)
        epoch = [i.to(device) for i in shuffled_epochs(runs, 50, 8, 1, seed=0)]
        fewest = 25 * runs * (50 * (8 + 4 + 4) + len(epoch) * 2 * 4) / rate
        taken = seconds(
            lambda x=x, y=y, epoch=epoch: train_runs(x, y, 25 * epoch, 0.01)
        )
        print(
            f"{runs:>8,} runs {1e3 * taken:10.2f} ms {fewest / taken:7.2%}", flush=True
        )


def main() -> None:
    """Measure the memory first, then what stands against it."""
    device = default_device()
    if device.type == "cpu":
        sys.exit("This machine has no accelerator, so there is nothing to measure.")
    source = torch.rand(1_000_000_000, device=device)
    target = torch.empty_like(source)
    rate = 2 * source.nbytes / seconds(lambda: target.copy_(source), repeats=20)
    print(f"{device}, torch {torch.__version__}: {rate / 1e9:.0f} GB per second")
    time_epochs(device, rate)
    time_runs(device, rate)


if __name__ == "__main__":
    main()
