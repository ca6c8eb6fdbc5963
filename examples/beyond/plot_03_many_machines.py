r"""
Many machines, and one that dies
================================

When one machine is too slow, several can share the work. And the more there are, the
sooner one of them fails. Here two processes train one line together. One of them is
killed, and the result is the same to the last bit.

**What you will learn:** how processes share a mini-batch, what belongs into a
checkpoint and how to write one, how ``torchrun`` starts it all, and what happens when a
process dies.

**What you need:** stage 3, the training loop. You should know what a process is: a
running program, with memory of its own. No mathematics beyond stage 3 is needed.
"""

# %%
# The imports
# -----------
#
# Everything happens on this machine. The section on several hosts says what changes
# there.

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.utils.data import DistributedSampler

from linreg.plotting import INK, SURFACE, use_house_style

# %%
# Shares of a mini-batch
# ----------------------
#
# Every process holds the whole model and all points. Of each mini-batch it takes a
# share, and computes the gradient of that share. Then the processes add up their
# gradients and all take the same step, so their models stay equal.
#
# ``tensor_split`` cuts a mini-batch into shares. Take fifty points in mini-batches of
# 8, and three processes.

batches = torch.arange(50).split(8)
sizes = [[len(share) for share in batch.tensor_split(3)] for batch in batches]
print("shares of the first mini-batch:", sizes[0])
print("shares of the last one:        ", sizes[-1])
# sphinx_gallery_start_ignore
assert [len(share) for share in torch.arange(8).tensor_split(3)] == [3, 3, 2]
assert [len(share) for share in torch.arange(2).tensor_split(3)] == [1, 1, 0]
# sphinx_gallery_end_ignore

# %%

use_house_style()
left = np.zeros(len(sizes))
for process, color in enumerate(SURFACE[1:4]):
    width = np.array(sizes)[:, process]
    plt.barh(range(1, 8), width, left=left, color=color, edgecolor=INK)
    plt.text(left[0] + 1.4, 0.4, f"process {process}", ha="center")
    left += width
plt.yticks(range(1, 8))
plt.ylim(7.5, 0)
plt.xlabel("points")
plt.ylabel("mini-batch")
plt.title("An epoch for three processes")
# Figure: Seven bars, one for each mini-batch, each cut into the shares of three
# processes. The last bar has two shares of one point, and none for process 2.
plt.show()

# %%
# One share is empty. Nothing comes twice, and nothing is left out.
#
# Sums, not means
# ---------------
#
# The loss of a mini-batch is a mean over its points. The mean of the shares' means is
# something else: in a smaller share each point counts for more. So let each process
# take the *sum* over its share, divided by the number of points in the whole batch.
# These parts add up to the loss of the batch, whatever the shares, and so do their
# gradients.

squares = torch.tensor([1.0, 4.0, 9.0, 16.0, 25.0, 36.0, 49.0, 64.0])
shares = squares.tensor_split(3)
print(f"loss of the batch:    {squares.mean():.1f}")
print(f"mean of three means:  {sum(share.mean() for share in shares) / 3:.1f}")
print(f"sum of three parts:   {sum(share.sum() for share in shares) / 8:.1f}")
# sphinx_gallery_start_ignore
assert sum(share.sum() for share in shares).item() / 8 == squares.mean().item() == 25.5
assert sum(share.mean() for share in shares).item() / 3 > 28
assert torch.tensor([]).mean().isnan()
assert torch.tensor([]).sum() == 0
# sphinx_gallery_end_ignore

# %%
# An empty share has the sum 0 and adds nothing. Its mean is not even a number.
#
# What people write where shares are equal
# ----------------------------------------
#
# Large programs wrap the model in ``DistributedDataParallel``: ``backward`` then also
# takes the *mean* of the gradients of all processes. That is right where all shares are
# of one size. ``DistributedSampler`` sees to it, and where the points do not divide, it
# hands out some of them twice. It takes its order from a seed and the number of the
# epoch, which ``set_epoch`` tells it.

samplers = [DistributedSampler(range(50), 3, rank, seed=0) for rank in range(3)]
for epoch in (0, 1):
    for sampler in samplers:
        sampler.set_epoch(epoch)
    parts = [list(sampler) for sampler in samplers]
    points = parts[0] + parts[1] + parts[2]
    print(f"epoch {epoch}: {len(points)} points, {len(set(points))} different ones,")
    print("        process 0 begins with", parts[0][:5])
# sphinx_gallery_start_ignore
assert [len(part) for part in parts] == [17, 17, 17]
assert len(points) == 51
assert len(set(points)) == 50
samplers[0].set_epoch(0)
assert list(samplers[0]) != parts[0]
one, *two = (
    list(DistributedSampler(range(50), n, r)) for n, r in [(1, 0), (2, 0), (2, 1)]
)
for i in range(7):
    both = two[0][4 * i : 4 * i + 4] + two[1][4 * i : 4 * i + 4]
    assert set(both) == set(one[8 * i : 8 * i + 8])
# sphinx_gallery_end_ignore

# %%
# Without ``set_epoch`` every epoch has the same order. With two processes, and batches
# of 4 in each, the mini-batches together would be those of one process. With three they
# cannot be: 50 and 8 do not divide by 3. For a large dataset that does no harm. But
# here you want to check that many processes find what one finds, so this page cuts each
# mini-batch with ``tensor_split``.
#
# The program
# -----------
#
# ``torchrun`` starts the same program in every process, so it needs a file. It stands
# here whole, 110 lines. Read it in this order:
#
# * From ``while step < last_step`` on: the loop of stage 3. Each process takes its
#   share, and ``all_reduce`` adds up the loss and the two gradients over all processes.
# * The order of an epoch comes from a generator seeded with the number of the epoch.
#   All processes know the batches without a word, and so does one that starts again: no
#   state of random numbers needs to be saved. ``divmod`` makes the epoch, and the place
#   in it, of the number of steps.
# * ``save_checkpoint`` writes what a training needs to go on: the model, the optimiser,
#   the number of steps. It first checks that the bytes can be loaded. Then it writes
#   them into a new file, waits until the disk has it (``fsync``), and renames it.
#   Within one disk a rename is one step: it happens or it does not. Between two disks
#   it is refused, so the new file lies beside the old one.
# * ``load_checkpoint`` refuses a file that is damaged. ``weights_only=True`` keeps out
#   code that somebody may have put into it.
# * ``broadcast`` sends the step of process 0 to the others. If they do not agree where
#   to go on, the program stops.

import inspect

import linreg.worker

WORKER = inspect.getsource(linreg.worker)

# %%
# Run it
# ------
#
# ``--standalone`` says that all processes run on this machine, and ``--local-addr`` at
# which address: else they look up its name, which not every network knows. If one
# fails, ``torchrun`` stops the others and starts all again, as often as
# ``--max-restarts`` says.

folder = tempfile.TemporaryDirectory()
worker = Path(folder.name, "worker.py")
worker.write_text(WORKER, encoding="utf-8")
environment = {k: v for k, v in os.environ.items() if not k.startswith("PET_")}
environment |= {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1", "OMP_NUM_THREADS": "1"}

# %%
# ``torchrun`` takes variables that begin with ``PET_`` for options, so those of others
# stay out. The first new variable makes restarts reliable: without it, a process that
# starts again can find the address of a dead one, and fail (`PyTorch issue 135712
# <https://github.com/pytorch/pytorch/issues/135712>`__). The second gives each process
# one thread.
#
# Where ``torchrun`` gives up, its own report ends in a ``ChildFailedError``. Above it
# stands the reason: the last error of a process.


def last_error(stderr):
    """Return the last error of a process, or all that was written."""
    errors = [line for line in stderr.splitlines() if "rror: " in line]
    errors = [line for line in errors if "ChildFailedError" not in line]
    return errors[-1].split("]: ")[-1] if errors else stderr


def torchrun(processes, name, *options, restarts=1):
    """Train with several processes, and return the exit status and what was printed."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--local-addr=127.0.0.1", f"--max-restarts={restarts}"]
    command += [f"--nproc-per-node={processes}", str(worker)]
    command += [f"--checkpoint={folder.name}/{name}", *options]
    pipes = {"capture_output": True, "text": True}
    done = subprocess.run(command, env=environment, timeout=300, **pipes)  # seconds
    reason = f"{last_error(done.stderr)}\n" if done.returncode else ""
    return done.returncode, done.stdout + reason


# %%
# ``sys.executable -m torch.distributed.run`` is ``torchrun`` of this Python.

status, printed = torchrun(2, "two.pt")
print(printed + f"exit status {status}")
# sphinx_gallery_start_ignore
assert status == 0
# sphinx_gallery_end_ignore

# %%
# The same with one process
# -------------------------
#
# Train the same line with the loop of stage 3, in this process, without any of the
# above.

torch.manual_seed(0)
x = -3 + 6 * torch.rand(50, 1)
y = 3 * x + 5 + 0.5 * torch.randn(50, 1)
model = torch.nn.Linear(1, 1)  # a line: weight is k, bias is m
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(25):
    order = torch.randperm(50, generator=torch.Generator().manual_seed(epoch))
    for batch in order.split(8):
        loss = ((y[batch] - model(x[batch])) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

# %%
# Beside each value, the one that the two processes saved:

two = torch.load(Path(folder.name, "two.pt"), weights_only=True)["model"]
for name, one in model.state_dict().items():
    print(f"{name:6} {one.item():.7f} {two[name].item():.7f}")
    assert torch.allclose(two[name], one)

# %%
# The batches are the same, and so is the result, up to rounding: two processes add in
# another order than one. So do three, of which one has nothing to do in every seventh
# step: ``torchrun(3, "three.pt")`` shows it.
#
# Kill one
# --------
#
# Now process 1 kills itself after step 105, with a signal that no program can catch
# (and that Windows lacks). The connection breaks, so process 0 fails too.

status, printed = torchrun(2, "killed.pt", "--kill-at=105")
print(printed + f"exit status {status}")
killed = torch.load(Path(folder.name, "killed.pt"), weights_only=True)
print("equal, bit for bit:", all(torch.equal(two[n], killed["model"][n]) for n in two))
# sphinx_gallery_start_ignore
assert status == 0
assert "process 1 kills itself\nstarts after step 100\n" in printed
assert all(torch.equal(two[n], killed["model"][n]) for n in two)
# sphinx_gallery_end_ignore

# %%
# ``torchrun`` started both again, from the last checkpoint. Steps 101 to 105 were taken
# twice, from the same start and with the same batches: nothing of it is left to see.
# (The checkpoint holds the optimiser's learning rate, too. It counts more than
# ``--learning-rate`` after a restart.)
#
# When the loss is lost
# ---------------------
#
# A learning rate of 0.5 is too large. The program must not go on, and must not write a
# checkpoint of NaN. A restart cannot help, so allow none.

status, printed = torchrun(2, "large.pt", "--learning-rate=0.5", restarts=0)
last = torch.load(Path(folder.name, "large.pt"), weights_only=True)
print(printed + f"exit status {status}, last checkpoint: step {last['step']}")
print(f"its weight: {last['model']['weight'].item():.1e}")
# sphinx_gallery_start_ignore
assert status != 0
assert "FloatingPointError: the loss became inf in step 76\n" in printed
assert last["step"] == 70
assert all(value.isfinite().all() for value in last["model"].values())
assert abs(last["model"]["weight"]) > 1e9
assert sorted(path.name for path in Path(folder.name).iterdir()) == [
    *("killed.pt", "large.pt", "two.pt", "worker.py")
]
folder.cleanup()
# sphinx_gallery_end_ignore

# %%
# The status is not 0, so a script that started it knows, and the error says why. The
# last checkpoint is finite, but already lost: a restart would go on from it to the same
# end. A lower ``--learning-rate`` would not help either, since the checkpoint's own
# counts more. Start anew, or keep older checkpoints.
#
# Several hosts
# -------------
#
# On four machines with two processes each, the program is the same. Start this on every
# one of them:
#
# .. code-block:: bash
#
#    TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 torchrun --nnodes=4 --nproc-per-node=2 \
#        --rdzv-backend=c10d --rdzv-endpoint=host0:29400 --rdzv-id=line \
#        --max-restarts=3 worker.py --checkpoint=/shared/line.pt
#
# * They meet at the endpoint, a port of one of the hosts. That host must live.
# * The checkpoint lies where all hosts see it: all read it, process 0 writes it.
# * A machine that loses its power closes no connection. The others notice when a time
#   limit runs out.
# * With GPUs, write ``"nccl"`` for ``"gloo"``, and move the model, the points and
#   ``step_of_first`` to the GPU of the process.
# * Anybody who reaches these ports can disturb the training: open them in your own
#   network only.
#
# Exercises
# ---------
#
# To do one, `open this page's notebook <../../run.html>`__ on your machine or in Colab,
# and change the options of ``torchrun``, or the text in ``WORKER``.
#
# 1. Five processes share a batch of 8. How large are the shares? How many of the five
#    are idle in the last step of an epoch?
# 2. With ``--save-every=50`` and ``--kill-at=105``, which steps are taken twice? And
#    with ``--save-every=200``?
# 3. Leave the optimiser out of the checkpoint. Does a killed training still end at the
#    same k and m? And with ``momentum=0.9``?
#
# When you have tried:
# `the answers <../solutions/plot_04_beyond.html#many-machines>`__.
#
# Next
# ----
#
# This was the last page. Take a dataset of your own, and write its model.
