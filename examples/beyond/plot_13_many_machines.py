r"""
Many machines, and one that dies
================================

When one machine is too slow, several can share the work. And the more there are, the
sooner one of them fails. Here two processes train one line together. One of them is
killed, and the result is the same to the last bit.

**What you will learn:** how processes share a mini-batch, why their shares need the
right weight, what belongs into a checkpoint and how to write one, and how to start it
all with ``torchrun``.

**What you need:** stage 3, the training loop, and the sampler of the page on speed.
"""

# %%
# The imports
# -----------
#
# Everything happens on this machine. The section on several hosts says what changes
# there.

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler

# %%
# The program kills a process later on. Where it cannot, it says so and ends.

if not (distributed.is_available() and hasattr(signal, "SIGKILL")):
    print("torch.distributed or SIGKILL is missing here (Windows has no SIGKILL).")
    sys.exit()

# %%
# Shares of a mini-batch
# ----------------------
#
# Every process holds the whole model. Of each mini-batch it takes its share, and
# computes the gradient of that share. Then all processes exchange their gradients and
# take the same step, so that their models stay equal.
#
# All processes have a sampler with the same seed, so they agree on the mini-batches
# without talking. ``tensor_split`` cuts each one into shares, here for three processes.

from linreg.sampler import MiniBatchSampler

sampler = MiniBatchSampler(50, batch_size=8, seed=0)
batches = list(sampler)
shares = [[len(share) for share in indices.tensor_split(3)] for indices in batches]
print("shares of the first batch:", shares[0])
print("shares of the last batch: ", shares[-1])
assert shares[0] == [3, 3, 2]
assert shares[-1] == [1, 1, 0]

# %%

from linreg.plotting import INK, SURFACE, use_house_style

use_house_style()
left = torch.zeros(len(shares))
for process, color in enumerate(SURFACE[1:4]):
    width = torch.tensor([sizes[process] for sizes in shares])
    plt.barh(range(1, 8), width, left=left, color=color, edgecolor=INK)
    plt.text(left[0] + width[0] / 2, 0.45, f"process {process}", ha="center")
    left += width
plt.ylim(7.5, 0)
plt.yticks(range(1, 8))
plt.xlabel("points")
plt.ylabel("mini-batch")
plt.title("An epoch for three processes")
# Figure: Seven bars, one for each mini-batch, each cut into the shares of three
# processes.
plt.show()

# %%
# Some shares are smaller than others, and one is empty. Nothing comes twice and nothing
# is left out. PyTorch has a sampler of its own for this task. It makes all shares
# equal, and for that it hands out some points twice, or with ``drop_last=True`` leaves
# some out.

for drop_last in (False, True):
    parts = [
        list(DistributedSampler(range(50), 3, rank, shuffle=False, drop_last=drop_last))
        for rank in range(3)
    ]
    seen = [index for part in parts for index in part]
    print(
        f"drop_last={drop_last!s:5}: {len(seen)} points, {len(set(seen))} different ones"
    )
    assert len(seen) != 50

# %%
# For a large dataset that does little harm. But the batches are others than with one
# process, and then nobody can check that the result is the same.
#
# The weight of a share
# ---------------------
#
# ``DistributedDataParallel`` takes the plain mean of the gradients of all processes.
# With unequal shares that is not the gradient of the batch: in a smaller share each
# point counts for more. So let each process use the *sum* over the points :math:`I_p`
# of its share, times the number of processes :math:`P`, divided by the number :math:`B`
# of points in the whole batch :math:`I`:
#
# .. math::
#
#    \frac{1}{P} \sum_{p=1}^{P} \left( \frac{P}{B} \sum_{i \in I_p} (y_i - \hat{y}_i)^2
#    \right) = \frac{1}{B} \sum_{i \in I} (y_i - \hat{y}_i)^2
#
# The right-hand side is the loss of the batch, whatever the shares. The gradient of a
# sum is the sum of the gradients, so what holds for the losses holds for their
# gradients. Try both ways on the first batch, with k = m = 0.

from linreg.data import LinearRegressionDataset

dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
squares = [dataset.y[share] ** 2 for share in batches[0].tensor_split(3)]
means = [share.mean().item() for share in squares]
sums = [share.sum().item() * 3 / len(batches[0]) for share in squares]
whole = (dataset.y[batches[0]] ** 2).mean().item()
print(f"loss of the batch:             {whole:.4f}")
print(f"mean of the shares' means:     {sum(means) / 3:.4f}")
print(f"mean of the sums, as weighted: {sum(sums) / 3:.4f}")
assert abs(sum(sums) / 3 - whole) < 1e-5 * whole
assert abs(sum(means) / 3 - whole) > 1e-3 * whole

# %%
# The last batch has an empty share. Its mean is not even a number. In training, its
# gradient would be 0 and yet count as one of three: with means this step would be a
# third too short, and no error would say so. The sum is 0, as it should be.

empty = batches[-1].tensor_split(3)[2]
print("mean:", dataset.y[empty].mean().item(), " sum:", dataset.y[empty].sum().item())
assert dataset.y[empty].mean().isnan()

# %%
# What must not be lost
# ---------------------
#
# A training that goes on after a crash as if nothing had happened needs more than the
# parameters: the state of the optimiser, the place in the epoch, the state of the
# random numbers, and the number of the epoch. Together they are a *checkpoint*.
#
# A process may die while it writes one. So the function writes to a temporary file,
# waits until the disk has it, and then renames it. The rename happens at once or not at
# all.

from linreg.checkpoint import save_checkpoint

# %%
# To read it back, ``load_checkpoint`` calls ``torch.load`` with ``weights_only=True``.
# A plain pickle could run any code that somebody put into the file.
#
# The training of one process
# ---------------------------
#
# This is the loop of stage 3 with three additions: the share, the weight, and the
# checkpoint. ``DistributedDataParallel`` wraps the model, and ``backward`` then
# exchanges the gradients.

from linreg.worker import train_share

# %%
# Run it
# ------
#
# ``torchrun`` starts the processes, so they need a program in a file. The string
# ``WORKER``, on the page in a fold, holds all of it: ``train_share`` and
# ``save_checkpoint``, what they need, and the lines that read the settings.

WORKER = program("linreg.worker")
folder = tempfile.TemporaryDirectory()
worker = Path(folder.name, "worker.py")
worker.write_text(WORKER, encoding="utf-8")
print("lines of the program:", len(WORKER.splitlines()))

# %%
# The ``torchrun`` programs of a training meet at an address. Here there is a single
# one, on this machine, and port 0 stands for any free port. If one process fails,
# ``torchrun`` stops the others and starts all of them again.


def torchrun(checkpoint, *settings):
    """Train with two processes, and return what torchrun reported."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2"]
    command += [
        "--max-restarts=1",
        "--rdzv-backend=c10d",
        "--rdzv-endpoint=127.0.0.1:0",
    ]
    command += [
        "--local-addr=127.0.0.1",
        str(worker),
        f"--checkpoint={checkpoint}",
        *settings,
    ]
    own = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, env={**os.environ, **own}, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout + done.stderr


# %%
# The first of the two variables makes restarts reliable. By default the processes keep
# their addresses in a store that belongs to ``torchrun`` and outlives them. After a
# restart, a process can then find the address of a dead one, and wait for it in vain.
# With the variable set, every start gets a store of its own. The second one gives each
# process one thread.

checkpoint = Path(folder.name, "two.pt")
torchrun(checkpoint)
two = torch.load(checkpoint, weights_only=True)
print("saved:", ", ".join(two))
print("epochs:", two["epoch"])
assert two["epoch"] == 25

# %%
# The same as one process
# -----------------------
#
# Train once more, in this process and without any of this, on the same mini-batches.

from linreg.model import LinearRegressionModel
from linreg.training import train

model = LinearRegressionModel()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
loader = DataLoader(dataset, batch_size=None, sampler=MiniBatchSampler(50, 8, seed=0))
train(model, loader, optimizer, num_epochs=25)
print("      one process  two processes")
for name, parameter in model.named_parameters():
    print(f"{name}  {parameter.item():15.7f}{two['model'][name].item():15.7f}")
    assert abs(parameter.item() - two["model"][name].item()) < 1e-6

# %%
# They agree. You can count on that only up to rounding: two processes add two half
# sums, and one process adds all eight numbers in a row.
#
# Kill one
# --------
#
# Now the last process kills itself after step 105, with SIGKILL, which no program can
# catch. The system closes its connections, so the other one fails too. ``torchrun``
# starts both again, and they go on from the last checkpoint, that of step 100. Steps
# 101 to 105 are taken twice.

killed_checkpoint = Path(folder.name, "killed.pt")
report = torchrun(killed_checkpoint, "--kill-at=105")
killed = torch.load(killed_checkpoint, weights_only=True)
events = [
    line
    for line in report.splitlines()
    if "starts at" in line or "kills itself" in line
]
print("\n".join(events))
for name in two["model"]:
    same = torch.equal(two["model"][name], killed["model"][name])
    print(f"{name} is the same, bit for bit: {same}")
    assert same
# 14 epochs of 7 steps, and 2 more: step 100
assert events[1:] == ["process 1 kills itself", "starts at epoch 14, batch 2"]

# %%
# All else in the two checkpoints is the same too: the place of the sampler, and the
# state of the random numbers.

for part in ("sampler", "random_state"):
    for name, value in two[part].items():
        other = killed[part][name]
        assert torch.equal(value, other) if torch.is_tensor(value) else value == other
print("left behind:", sorted(path.name for path in Path(folder.name).iterdir()))
folder.cleanup()

# %%
# Several hosts
# -------------
#
# On several machines the program stays the same. Start this on each of four hosts with
# eight GPUs:
#
# .. code-block:: bash
#
#    TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 \
#    torchrun --nnodes=4 --nproc-per-node=8 --max-restarts=3 \
#        --rdzv-backend=c10d --rdzv-endpoint=host0:29400 --rdzv-id=line \
#        worker.py --checkpoint=/shared/line.pt --points=10000000 --batch-size=65536
#
# * ``--nnodes`` and ``--nproc-per-node`` say how many machines there are, and how many processes
#   run on each: one for each GPU. With GPUs the worker exchanges gradients through NCCL, without
#   them through Gloo.
# * ``--rdzv-endpoint`` names one of the hosts, and a port. There the ``torchrun`` programs of all
#   hosts meet. The processes that they start then talk through other free ports, so the hosts must
#   reach each other on all of them. ``--rdzv-id`` is the same on all hosts and belongs to this one
#   training.
# * A machine that loses its power closes no connections. The others notice only when a time limit
#   runs out. With ``--nnodes=4`` they then wait ten minutes for ``torchrun`` to be started there
#   again, and give up (``--rdzv-conf=join_timeout=...`` sets the seconds). With ``--nnodes=3:4``
#   three of them go on: the mini-batches stay the same, only the shares change. The host of the
#   endpoint must live.
# * The checkpoint lies in a folder that all hosts see. The first process writes it, and after a
#   restart all of them read it.
#
# .. warning::
#    Anybody who reaches these ports can disturb the training. Open them in your own network only.
#
# Exercises
# ---------
#
# 1. Split a mini-batch of 8 among 5 processes with ``tensor_split``. How large are the
#    shares?
# 2. Leave the optimiser out of the checkpoint, and use momentum. Does a killed training
#    still end at the same parameters? Why does plain SGD not care?
# 3. The sampler saves its place in the epoch. What would go wrong without it, and would
#    the loss curve show it?
# 4. Write the temporary file into another folder, on another disk. Why is the rename no
#    longer safe?
#
# Next
# ----
#
# From the number of machines back to the model: the next page replaces the line by a
# curve.
