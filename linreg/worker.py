"""The program that torchrun runs: a line trained by several processes, which survives a kill.

Every process holds the whole model and takes its share of each mini-batch. A checkpoint is written
every few steps, and a process that is started again goes on from there.
"""

import argparse
import glob
import importlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from linreg.checkpoint import load_checkpoint, save_checkpoint
from linreg.data import LinearRegressionDataset
from linreg.model import LinearRegressionModel
from linreg.sampler import MiniBatchSampler


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the settings of the training; those of the post, where nothing else is said."""
    parser = argparse.ArgumentParser(description="Train a line with several processes.")
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoint.pt"))
    parser.add_argument("--save-every", type=int, default=10, metavar="STEPS")
    parser.add_argument("--points", type=int, default=50)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--learning-rate", type=float, default=0.01)
    parser.add_argument("--momentum", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--kill-at", type=int, metavar="STEP", help="to try out a restart"
    )
    return parser.parse_args(arguments)


def choose_device() -> torch.device:
    """Return a GPU of its own for each process of this machine, or the CPU for all of them."""
    if torch.cuda.device_count() < int(os.environ["LOCAL_WORLD_SIZE"]):
        return torch.device("cpu")
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    torch.cuda.set_device(device)
    return device


def kill_once(rank: int) -> None:
    """Kill the last process with SIGKILL, unless torchrun has restarted it already."""
    is_last = rank == distributed.get_world_size() - 1
    if is_last and os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") == "0":
        print(f"process {rank} kills itself", flush=True)  # a buffer would die with it
        os.kill(os.getpid(), signal.SIGKILL)


def train_share(options: argparse.Namespace, device: torch.device) -> None:
    """Train on this process's share of every mini-batch, from the checkpoint if there is one."""
    rank, world_size = distributed.get_rank(), distributed.get_world_size()
    torch.manual_seed(options.seed)
    dataset = LinearRegressionDataset(n=options.points, seed=options.seed)
    sampler = MiniBatchSampler(options.points, options.batch_size, seed=options.seed)
    model = LinearRegressionModel().to(device)
    optimizer = torch.optim.SGD(
        model.parameters(), lr=options.learning_rate, momentum=options.momentum
    )
    state: dict[str, Any] = {"model": model, "optimizer": optimizer, "sampler": sampler}
    start = (
        load_checkpoint(options.checkpoint, **state)
        if options.checkpoint.exists()
        else 0
    )
    if rank == 0:
        print(
            f"starts at epoch {start}, batch {sampler.state_dict()['position']}",
            flush=True,
        )
    parallel = DistributedDataParallel(model)
    step = 0
    for epoch in range(start, options.epochs):
        for indices in sampler:
            share = indices.tensor_split(world_size)[rank]
            errors = dataset.y[share].to(device) - parallel(dataset.x[share].to(device))
            # Gradients are averaged over the processes. Shares may differ in size, so each takes
            # the sum of its errors: the average is then that of the batch, for any shares.
            loss = (errors**2).sum() * world_size / len(indices)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            if rank == 0 and step % options.save_every == 0:
                save_checkpoint(options.checkpoint, **state, epoch=epoch)
            if step == options.kill_at:
                kill_once(rank)
    if rank == 0:
        save_checkpoint(options.checkpoint, **state, epoch=options.epochs)


def main(arguments: Sequence[str] | None = None) -> None:
    """Join the other processes, train, and leave."""
    options = parse_arguments(arguments)
    if not distributed.is_available():
        raise SystemExit(
            "This build of PyTorch has no torch.distributed, so nothing was trained."
        )
    if "LOCAL_RANK" not in os.environ:
        raise SystemExit(
            "Start it with: torchrun --standalone --nproc-per-node=2 worker.py"
        )
    if options.kill_at and not hasattr(signal, "SIGKILL"):
        raise SystemExit("This system has no SIGKILL: leave --kill-at out.")
    # DistributedDataParallel imports this module, which keeps the group that it finds then. Threads
    # of that group would outlive it and could abort the process at its end: so import it before.
    importlib.import_module("torch.distributed.nn")
    device = choose_device()
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        if (
            distributed.get_rank() == 0
        ):  # what a killed process had not finished writing
            pattern = f"{glob.escape(options.checkpoint.name)}.*.tmp"
            for leftover in options.checkpoint.parent.glob(pattern):
                leftover.unlink()
        train_share(options, device)
        gpu = [device.index] if device.type == "cuda" else None
        distributed.barrier(device_ids=gpu)  # nobody leaves while another still works
    finally:
        distributed.destroy_process_group()


if __name__ == "__main__":
    main()
