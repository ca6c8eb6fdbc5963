"""The memory that `train` takes, measured in a process of its own."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import torch
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.harness import Measurement, Target
from linreg.model import LinearRegressionModel
from linreg.sampler import MiniBatchSampler
from linreg.training import train

N, BATCH = 10_000_000, 4096


def peak_bytes() -> int:
    """Return the largest resident size that this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak  # Linux counts in KiB


def resident_bytes() -> int:
    """Return the resident size of this process now, where the system tells, else its largest."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return peak_bytes()
    return int(statm.read_text().split()[1]) * resource.getpagesize()


def run(n: int) -> int:
    """Draw n points without a copy, train one epoch on them, and return the bytes of the data."""
    x, y = torch.empty(n).uniform_(-3, 3), torch.empty(n).normal_()
    loader = DataLoader(
        TensorDataset(x, y), batch_size=None, sampler=MiniBatchSampler(n, BATCH, seed=0)
    )
    model = LinearRegressionModel()
    train(model, loader, torch.optim.SGD(model.parameters(), lr=0.01), 1)
    return x.nbytes + y.nbytes


def peak_of_train() -> Measurement:
    """Compare the peak of a training, its data included, with the size of the data."""
    output = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    peak, data = json.loads(output)
    return Measurement(
        peak / data, details={"peak MB": peak / 1e6, "data MB": data / 1e6}
    )


TARGETS = (
    Target(
        "train's peak memory, 10,000,000 points, the data included",
        "the data itself (80 MB): times its size",
        "at most",
        3,
        peak_of_train,
    ),
)

if __name__ == "__main__":
    run(2 * BATCH)  # what PyTorch itself takes at its first training
    before = resident_bytes()
    size = run(N)
    print(json.dumps([peak_bytes() - before, size]))
