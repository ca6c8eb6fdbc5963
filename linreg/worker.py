"""Train a line with several processes that torchrun starts, and survive a kill."""

import argparse
import os
import signal
from copy import deepcopy
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import distributed
from torch.nn import Linear, Module
from torch.optim import SGD, Optimizer


def save_checkpoint(path: Path, model: Module, optimizer: Optimizer, step: int) -> None:
    """Write a checkpoint: a reader sees the old file or the new one, never a part."""
    buffer = BytesIO()
    parts = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({**parts, "step": step}, buffer)
    content = buffer.getvalue()
    torch.load(BytesIO(content), weights_only=True)  # can it be read again?
    draft = Path(f"{path}.new")
    with draft.open("wb") as file:
        file.write(content + sha256(content).digest())  # a checksum of 32 bytes
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def load_checkpoint(path: Path, model: Module, optimizer: Optimizer) -> int:
    """Restore model and optimizer, and return the number of steps they took."""
    content = path.read_bytes()
    try:
        if sha256(content[:-32]).digest() != content[-32:]:
            raise RuntimeError("its checksum is wrong")  # torch.load looks at none
        saved = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
        step = int(saved["step"])
        deepcopy(model).load_state_dict(saved["model"])  # refused, it changes nothing
        groups = optimizer.state_dict()["param_groups"]  # lr may differ: schedules
        for old, new in zip(saved["optimizer"]["param_groups"], groups, strict=False):
            if {**old, "lr": 0, "initial_lr": 0} != {**new, "lr": 0, "initial_lr": 0}:
                raise RuntimeError(f"its optimizer has {old}, not {new}")
        optimizer.load_state_dict(saved["optimizer"])
    except (LookupError, TypeError, RuntimeError, ValueError, UnpicklingError) as e:
        raise RuntimeError(f"{path} is no checkpoint of this training: {e}") from e
    model.load_state_dict(saved["model"])
    return step


def main() -> None:
    """Train on a share of every batch, from the checkpoint on if there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoint.pt"))
    parser.add_argument("--save-every", type=int, default=10, metavar="STEPS")
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--learning-rate", type=float, default=0.01)
    parser.add_argument("--kill-at", type=int, metavar="STEP", help="to try a restart")
    options = parser.parse_args()
    path, *numbers = vars(options).values()
    if not all(0 < number < torch.inf for number in numbers if number is not None):
        parser.error("all numbers must be positive and finite")
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)  # the same points and the same start in every process
    x = -3 + 6 * torch.rand(50, 1)
    y = 3 * x + 5 + 0.5 * torch.randn(50, 1)
    model = Linear(1, 1)
    optimizer = SGD(model.parameters(), lr=options.learning_rate)
    # After SGD: what that loads, loaded within the group, would keep its threads alive.
    distributed.init_process_group("gloo")
    rank, world_size = distributed.get_rank(), distributed.get_world_size()
    is_first_start = os.environ["TORCHELASTIC_RESTART_COUNT"] == "0"
    step = load_checkpoint(path, model, optimizer) if path.exists() else 0
    step_of_first = torch.tensor(step)
    distributed.broadcast(step_of_first, src=0)
    if step != step_of_first:
        raise RuntimeError(f"process {rank} has step {step}, not {step_of_first}")
    batches_per_epoch = len(x.split(8))  # six of 8 points, and the last one of 2
    last_step = options.epochs * batches_per_epoch
    if rank == 0:
        print(f"starts after step {step}", flush=True)
    while step < last_step:
        epoch, number = divmod(step, batches_per_epoch)
        order = torch.randperm(50, generator=torch.Generator().manual_seed(epoch))
        batch = order.split(8)[number]
        share = batch.tensor_split(world_size)[rank]  # one or more points, or none
        # The sum over a share, not its mean: a point counts alike in every share.
        loss = ((y[share] - model(x[share])) ** 2).sum() / len(batch)
        optimizer.zero_grad()
        loss.backward()
        for part in (loss.detach(), model.weight.grad, model.bias.grad):
            distributed.all_reduce(part)  # adds up the parts of all processes
        optimizer.step()
        step += 1
        if not all(value.isfinite() for value in (loss, model.weight, model.bias)):
            raise FloatingPointError(f"the loss became {loss.item()} in step {step}")
        if rank == 0 and (step % options.save_every == 0 or step == last_step):
            save_checkpoint(path, model, optimizer, step)
        if step == options.kill_at and rank == world_size - 1 and is_first_start:
            print(f"process {rank} kills itself", flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    if rank == 0:
        print(f"k = {model.weight.item():.6f}, m = {model.bias.item():.6f}", flush=True)
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
