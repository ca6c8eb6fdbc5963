"""Training on an accelerator, as a share of what its memory can move.

``python -m benchmarks.accelerator`` prints two tables. A share is the time that the fewest bytes
would take at the measured bandwidth, divided by the time taken: each number that has to be read is
read once, each result is written once.
"""

import sys
import time
from collections.abc import Callable, Iterator
from statistics import median

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from benchmarks import harness
from linreg.data import LinearRegressionDataset
from linreg.device import default_device
from linreg.ensemble import shuffled_epochs, train_runs
from linreg.model import LinearRegressionModel
from linreg.sampler import MiniBatchSampler
from linreg.training import train

N, BATCHES = 100_000_000, (2**16, 2**20, 2**24)
RUNS = (500, 5_000, 50_000, 500_000)


def clock() -> float:
    """Return the time, once the accelerator has done all that it was asked for."""
    torch.accelerator.synchronize()
    return time.perf_counter()


def seconds(action: Callable[[], object], repeats: int = 5) -> float:
    """Return the median time of an action, after one that does not count."""
    action()
    return median(harness.seconds(lambda: action, clock) for _ in range(repeats))


def bandwidth(device: torch.device) -> float:
    """Return the bytes per second of a copy of 4 GB, what is read and what is written."""
    source = torch.rand(1_000_000_000, device=device)
    target = torch.empty_like(source)
    return 2 * source.nbytes / seconds(lambda: target.copy_(source), repeats=20)


class ShuffledOnDevice:
    """Mini-batches of data that lie on the accelerator, in an order that is drawn there."""

    def __init__(self, x: Tensor, y: Tensor, batch_size: int) -> None:
        self.x, self.y, self.batch_size = x, y, batch_size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(self.x), device=self.x.device)
        for index in order.split(self.batch_size):
            yield self.x[index], self.y[index]


class BlocksInTurn(ShuffledOnDevice):
    """The same data in pieces as they lie: what a training costs without a random order."""

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        yield from zip(
            self.x.split(self.batch_size), self.y.split(self.batch_size), strict=True
        )


def epoch(loader: object, device: torch.device) -> Callable[[], object]:
    """Return one epoch of `train`, ready to be timed."""
    model = LinearRegressionModel().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    return lambda: train(model, loader, optimizer, 1)


def time_epochs(device: torch.device, rate: float) -> None:
    """Print the time of an epoch for three orders and three sizes of a mini-batch."""
    data = LinearRegressionDataset(n=N, seed=0)
    data.x, data.y = data.x.to(device), data.y.to(device)
    floor = (data.x.nbytes + data.y.nbytes) / rate
    print(
        f"\none epoch of train, {N:,} points; {1e3 * floor:.2f} ms if each is read once"
    )
    print("order                        batch        ms   share")
    for size in BATCHES:
        sampler = MiniBatchSampler(N, size, seed=0)
        orders = {
            "MiniBatchSampler, on the CPU": DataLoader(
                data, batch_size=None, sampler=sampler
            ),
            "drawn on the device": ShuffledOnDevice(data.x, data.y, size),
            "as the points lie": BlocksInTurn(data.x, data.y, size),
        }
        for name, loader in orders.items():
            taken = seconds(epoch(loader, device), repeats=1 if "CPU" in name else 5)
            print(
                f"{name:28}{size:>10,}{1e3 * taken:10.1f}  {floor / taken:6.2%}",
                flush=True,
            )


def time_runs(device: torch.device, rate: float) -> None:
    """Print the time of the training of page 09, for its 500 runs and for more.

    A step reads its indices and the points that they name, and writes a slope and an intercept.
    """
    print(
        "\ntrain_runs, the 25 epochs of page 09, with orders from the CPU or ready on the device"
    )
    print("   runs    CPU ms   share  device ms   share")
    for runs in RUNS:
        x, y = torch.rand(2, runs, 50, device=device)
        on_cpu = list(shuffled_epochs(runs, 50, 8, num_epochs=1, seed=0)) * 25
        on_device = [index.to(device) for index in on_cpu]
        samples = sum(index.numel() for index in on_cpu)
        floor = (samples * (8 + 4 + 4) + len(on_cpu) * runs * 2 * 4) / rate
        print(f"{runs:>7,}", end="")
        for batches in (on_cpu, on_device):
            taken = seconds(
                lambda x=x, y=y, batches=batches: train_runs(x, y, batches, lr=0.01)
            )
            print(f"{1e3 * taken:10.2f}  {floor / taken:6.2%}", end=" ")
        print(flush=True)


def main() -> None:
    """Measure the memory first, then what stands against it."""
    device = default_device()
    if device.type == "cpu":
        sys.exit("This machine has no accelerator, so there is nothing to measure.")
    name = torch.cuda.get_device_name() if device.type == "cuda" else device.type
    rate = bandwidth(device)
    print(f"{name}, torch {torch.__version__}: {rate / 1e9:.0f} GB per second")
    time_epochs(device, rate)
    time_runs(device, rate)


if __name__ == "__main__":
    main()
