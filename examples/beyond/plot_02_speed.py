r"""
Speed: from fifty points to ten million
=======================================

Training on fifty points is over at once. With a million, the same program can keep you
waiting, although the arithmetic would not. This page finds out where the time goes, and
gets most of it back without leaving the dataset, the model and the loop.

**What you will learn:** how to measure time, why loading item by item is slow and what
to do about it, what a step and a point cost, and when a worker, ``torch.compile`` or a
GPU pays.

**What you need:** stage 3, the training loop. No mathematics, and no knowledge of
systems: it is enough that a computer has *cores*, which compute, and a memory.
"""

# %%
# The imports
# -----------
#
# The times below are those of the machine that built this page. Yours will differ; what
# the text says of them should hold.

import os
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from functools import partial
from timeit import timeit

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor
from torch.utils.benchmark import Timer
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, Sampler

from linreg.data import LinearRegressionDataset
from linreg.model import LinearRegressionModel
from linreg.plotting import BATCH, EXACT, INK, MODEL, use_house_style
from linreg.training import default_device, train

# sphinx_gallery_start_ignore
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")  # leaves no processes
threads = torch.get_num_threads()
# sphinx_gallery_end_ignore

# %%
# How to measure
# --------------
#
# The first call of a function is often slow, and other programs can make any call
# longer. So repeat it, and take the shortest time. PyTorch's ``Timer`` repeats, after a
# call to warm up, for 0.1 seconds at least. It also waits for a GPU: a call returns
# before the GPU is done. By hand you would call ``torch.accelerator.synchronize()``
# before you read the clock.

torch.set_num_threads(1)  # small steps gain nothing from a second core


def seconds(action):
    """Return the shortest time that an action takes."""
    timer = Timer("action()", globals={"action": action})
    return min(timer.blocked_autorange(min_run_time=0.1).times)


# %%
# Where the time goes
# -------------------
#
# Take 50,000 points in mini-batches of 4096. Time an epoch as usual; then only loading
# its batches; then only training, on batches that are ready in a list.


def fit(loader, num_epochs=1, device="cpu"):
    """Train a new line."""
    model = LinearRegressionModel().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    return train(model, loader, optimizer, num_epochs)


dataset = LinearRegressionDataset(n=50_000, seed=0)
loader = DataLoader(dataset, batch_size=4096, shuffle=True)
batches = list(loader)
load = seconds(lambda: list(loader))
compute = seconds(lambda: fit(batches))
print(f"a whole epoch: {1000 * seconds(lambda: fit(loader)):8.2f} ms")
print(f"only loading:  {1000 * load:8.2f} ms")
print(f"only training: {1000 * compute:8.2f} ms")
# sphinx_gallery_start_ignore
assert compute < load / 5
# sphinx_gallery_end_ignore

# %%
# Almost all of it is loading. (Times vary, so the parts need not add up.) The loader
# asks the dataset for one point after another, and then stacks thousands of tensors
# that hold a single number each.
#
# A whole mini-batch at once
# --------------------------
#
# A tensor can be indexed with many indices at once. ``RandomSampler`` hands out single
# indices in random order, and ``BatchSampler`` makes lists of them. With
# ``batch_size=None`` the loader asks the dataset once for each list. The dataset of
# stage 1 stays as it is: ``self.x[index]`` understands a list, too.

lists = BatchSampler(RandomSampler(dataset), batch_size=4096, drop_last=False)
list_loader = DataLoader(dataset, batch_size=None, sampler=lists)
list_load = seconds(lambda: list(list_loader))
# sphinx_gallery_start_ignore
assert list_load < load
# sphinx_gallery_end_ignore

# %%
# What remains is mostly Python's work on the lists: 50,000 numbers, one by one. So let
# the sampler hand out tensors. Its core is in the last lines: a random order of all
# indices, split into batches.

from linreg.sampler import MiniBatchSampler

# %%
# The order of an epoch follows from ``seed`` and ``epoch`` alone: ``SeedSequence``
# mixes the two into one seed. So with the seed, which you give, the number of the epoch
# is all that you must save to repeat an order, or to go on after a crash. The next page
# builds on that. (Without a seed, the sampler draws one.)

sampler = MiniBatchSampler(len(dataset), batch_size=4096, seed=0)
fast_loader = DataLoader(dataset, batch_size=None, sampler=sampler)
tensor_load = seconds(lambda: list(fast_loader))
print("million points per second, loaded")
for way, taken in (
    ("item by item", load),
    ("by lists", list_load),
    ("by tensors", tensor_load),
):
    print(f"{way:13} {len(dataset) / taken / 1e6:8.2f}")
# sphinx_gallery_start_ignore
assert tensor_load < list_load
assert tensor_load < load / 10
# sphinx_gallery_end_ignore

# %%
# Each step of this ladder left Python less to do. The arithmetic was never the problem.
#
# Workers
# -------
#
# A *worker* is a second Python process that loads batches while the first one trains
# (``num_workers=1``). By default a new one starts in every epoch.
# ``persistent_workers=True`` keeps it. Time ten epochs of fifty points. (The page does
# so on Linux, where ``fork`` copies the running program. ``timeout`` ends a wait for a
# worker that does not answer.)

fifty = LinearRegressionDataset(n=50, seed=0)
worker = {"num_workers": 1, "multiprocessing_context": "fork", "timeout": 60}
ways = {"no worker": {}}
if sys.platform == "linux":
    ways["a worker"] = worker
    ways["a persistent one"] = {**worker, "persistent_workers": True}
for way, options in ways.items():
    loader = DataLoader(fifty, batch_size=8, shuffle=True, **options)
    start = time.perf_counter()
    fit(loader, num_epochs=10)
    print(f"{way:17}{1000 * (time.perf_counter() - start):8.1f} ms")
# sphinx_gallery_start_ignore
loader = None  # ends the worker
# sphinx_gallery_end_ignore

# %%
# A worker pays where an item takes long, such as a file that must be read and decoded.
# Points in memory cost less than the way from one process to another.
#
# What a step costs, and a point
# ------------------------------
#
# Now only train. Each step has a fixed price: the calls to PyTorch, the gradient's
# bookkeeping, the optimiser. Each point adds its own. Time a hundred steps on batches
# of several sizes, on the CPU, and on the accelerator if there is one. (Three rounds in
# turn: what else the machine does meets all sizes alike.)

places = dict.fromkeys(["cpu", default_device().type])
sizes = [8, 4096, 65_536, 1_000_000]
many = LinearRegressionDataset(n=sizes[-1], seed=0)
for place in places:
    batches = [(many.x[:size].to(place), many.y[:size].to(place)) for size in sizes]
    runs = [partial(fit, 100 * [batch], device=place) for batch in batches]
    rounds = [[seconds(run) / 100 for run in runs] for _ in range(3)]
    places[place] = np.min(rounds, axis=0)

# %%

print("points in a step   " + "".join(f"{place:>14}" for place in places))
for i, size in enumerate(sizes):
    row = "".join(f"{1e6 * taken[i]:11.1f} us" for taken in places.values())
    print(f"{size:<19,}" + row)
step, _, middle, largest = places["cpu"]
point = (middle - step) / 65_536
print(f"price of a step:  {1e6 * step:8.1f} us")
print(f"price of a point: {1e9 * point:8.2f} ns, one step is worth {step / point:,.0f}")
print(f"among a million:  {1e9 * (largest - step) / 1_000_000:8.2f} ns")
# sphinx_gallery_start_ignore
assert step > 100 * point
# sphinx_gallery_end_ignore

# %%
# A step on eight points is almost all fixed price. So larger batches make an epoch
# cheaper, until the points themselves are the larger part. Far beyond that they can
# make it dearer again: where what is computed for a million points no longer fits into
# the *caches*, the small fast memories of a core, each point costs more than one among
# 65,536. (Larger batches also take fewer steps, and so learn less in an epoch.)
#
# A GPU is built to compute many points at once, but its step has a fixed price as well,
# often a higher one. So it is for large batches, and for models with more arithmetic
# for each point than a line has. On a machine with one, the table has a column for it.
#
# ``torch.compile``
# -----------------
#
# ``torch.compile`` translates a function into machine code that visits each number
# fewer times. That takes long, at the first call, and needs a C++ compiler. The result
# is kept on disk, and the next program that needs it waits less. An empty folder makes
# sure that nothing is kept here yet: this is the longest that you may have to wait.
# (The lines on warnings hide one that PyTorch causes itself.)

empty = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
os.environ["TORCHINDUCTOR_CACHE_DIR"] = empty.name


def loss_of(model, x, y):
    return torch.mean((y - model(x)) ** 2)


line = LinearRegressionModel()
start = time.perf_counter()
try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        compiled = torch.compile(loss_of, dynamic=True)  # for batches of any size
        compiled(line, many.x, many.y).backward()
    print(f"the first call took {time.perf_counter() - start:.1f} s")
except RuntimeError as error:
    compiled = loss_of
    print("not compiled here:", str(error).splitlines()[0])

# %%
# Compare the loss and its gradient, as written and compiled:

print("points            as written      compiled")
for size in (8, 65_536, 1_000_000):
    x, y = many.x[:size], many.y[:size]
    ways = [lambda f=f, x=x, y=y: f(line, x, y).backward() for f in (loss_of, compiled)]
    rounds = [[seconds(way) for way in ways] for _ in range(3)]
    written, machine = np.min(rounds, axis=0)
    print(f"{size:<13,}{1e6 * written:11.1f} us{1e6 * machine:11.1f} us")
# sphinx_gallery_start_ignore
del os.environ["TORCHINDUCTOR_CACHE_DIR"]
empty.cleanup()
# sphinx_gallery_end_ignore

# %%
# For few points it saves nothing: the compiled function takes longer to call. Where it
# saves, divide the time of the first call by what one step saves: so many steps must
# follow before it pays. For this line it seldom does. For a large model that trains for
# hours it often does, and most of all on a GPU.
#
# From fifty points to ten million
# --------------------------------
#
# Time an epoch in mini-batches of 4096, for more and more points, loaded in two ways.


def by_item(data):
    """Load one point after another."""
    return DataLoader(data, batch_size=4096, shuffle=True)


def by_tensor(data):
    """Load with tensors of indices."""
    sampler = MiniBatchSampler(len(data), batch_size=4096, seed=0)
    return DataLoader(data, batch_size=None, sampler=sampler)


# %%
# Stop before an epoch that would take more than two seconds. (Python's ``timeit`` runs
# the long ones once: you look for factors of ten.)

counts = [50, 500, 5_000, 50_000, 500_000, 10_000_000]
times = {by_item: [], by_tensor: []}
for n in counts:
    data = LinearRegressionDataset(n=n, seed=0)
    for way, done in times.items():
        if n <= 5_000 or done[-1] * n / counts[len(done) - 1] < 2:
            epoch = partial(fit, way(data))
            done.append(seconds(epoch) if n < 500_000 else timeit(epoch, number=1))

# %%
# How fast could it be? Every point is two numbers of four bytes, and each byte must
# come from memory once. Copying a large tensor reads and writes, and so tells how many
# bytes a core moves in a second.

large = torch.ones(20_000_000)
target = torch.empty_like(large)
bandwidth = 2 * 4 * len(large) / seconds(lambda: target.copy_(large))
print(f"memory: {bandwidth / 1e9:.1f} GB per second")

use_house_style()
plt.loglog(counts[: len(times[by_item])], times[by_item], "o-", color=MODEL)
plt.loglog(counts[: len(times[by_tensor])], times[by_tensor], "s-", color=BATCH)
plt.loglog(counts[3:], [8 * n / bandwidth for n in counts[3:]], "--", color=INK)
plt.text(3e3, times[by_item][2], "item by item ", color=MODEL, ha="right")
plt.text(100, times[by_tensor][0] / 2.5, "by tensors", color=BATCH)
plt.text(6e5, 8 * 1e6 / bandwidth, "memory", color=INK, ha="right")
plt.xlabel("number of points")
plt.ylabel("seconds per epoch")
plt.title("One epoch")
# Figure: Seconds per epoch over the number of points. Loading item by item rises from
# the beginning; by tensors stays level up to thousands of points, and below.
plt.show()
# sphinx_gallery_start_ignore
last = len(times[by_item]) - 1
assert times[by_item][last] > times[by_tensor][last]
assert len(times[by_tensor]) >= len(times[by_item])
torch.set_num_threads(threads)
# sphinx_gallery_end_ignore

# %%
# For few points the curve of tensors is level: that is the price of starting, and of
# one step. For many it rises with n. From the prices above, this is what an epoch of
# the last size should pay for computing. (A batch of 4096 fits into the caches, too.)

n, taken = counts[len(times[by_tensor]) - 1], times[by_tensor][-1]
print(f"an epoch of {n:,} points: {1e3 * taken:.1f} ms")
print(f"{n // 4096:,} steps at their fixed price: {1e3 * step * n / 4096:.1f} ms")
print(f"the points at theirs: {1e3 * point * n:.1f} ms")
# sphinx_gallery_start_ignore
assert taken > step * n / 4096 + point * n
assert step / 4096 > 2 * point
# sphinx_gallery_end_ignore

# %%
# The rest is loading, and with many points most of that is the random order: to make
# it, and to read memory in jumps. Exercise 3 measures both. What the points themselves
# cost is the smallest part.
#
# Exercises
# ---------
#
# To do one, `open this page's notebook <../../run.html>`__ on your machine or in Colab,
# run it, and add a cell at its end.
#
# 1. From the two prices above: how long should one epoch of 1,000,000 points take in
#    batches of 100, and in batches of 10,000, if nothing had to be loaded? Then time
#    it, on ``list(zip(many.x.split(100), many.y.split(100)))``.
# 2. In a subclass of the dataset, return ``self.x.index_select(0, index)`` in place of
#    ``self.x[index]``, and the same for y. How many million points are loaded in a
#    second now? What can this dataset no longer do?
# 3. Give ``MiniBatchSampler`` the argument ``shuffle=False``, with 10,000,000 points.
#    What part of the time of loading is the random order? How much of that is to make
#    it, with ``torch.randperm``?
#
# When you have tried: `the answers <../solutions/plot_04_beyond.html#speed>`__.
#
# Next
# ----
#
# One machine is fast now. The page on `many machines <plot_03_many_machines.html>`__
# uses several processes, and survives when one of them dies.
