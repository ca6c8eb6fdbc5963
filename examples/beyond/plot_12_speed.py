r"""
Speed: from fifty points to ten million
=======================================

Training on fifty points is over at once. With a million, the same program can keep you
waiting, although the arithmetic would not. This page finds out where the time goes, and
gets most of it back without leaving the dataset, the model and the loop.

**What you will learn:** how to measure, why loading item by item is slow, what a
sampler of index tensors does about it, what a loader and a step cost, and what decides
whether a GPU pays.

**What you need:** stage 3, the training loop, stage 4, the loss surface, and the page
*Anatomy of one step*. All times below were measured on the machine that built this
page. Yours will differ, but the ``assert`` lines should hold.
"""

# %%
# The imports
# -----------

import copy
import sys
import time
from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Sampler

# %%
# How to measure
# --------------
#
# The first call of a function is often slower than the next, and other programs disturb
# it. So repeat a measurement up to five times, and take the shortest time. After half a
# second stop repeating: a long action is timed once.
#
# PyTorch can share its arithmetic among *threads*, which run at the same time on the
# cores of the processor. Here one thread will do: small steps gain nothing from a
# second one, and lose much when another program holds the core that it needs.

threads = torch.get_num_threads()
torch.set_num_threads(1)


def seconds(action):
    """Call an action up to five times, and return the shortest duration."""
    times = []
    while len(times) < 5 and sum(times) < 0.5:
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


# %%
# Where the time goes
# -------------------
#
# Take 50,000 points in mini-batches of 4096. First measure an epoch as usual. Then only
# load its batches, without training. Then only train, on batches that are ready in a
# list.

from linreg.data import LinearRegressionDataset
from linreg.model import LinearRegressionModel
from linreg.training import train


def fit(loader, num_epochs=1, device="cpu"):
    """Train a new line."""
    model = LinearRegressionModel().to(device)
    return train(
        model, loader, torch.optim.SGD(model.parameters(), lr=0.01), num_epochs
    )


dataset = LinearRegressionDataset(n=50_000, seed=0)
loader = DataLoader(dataset, batch_size=4096, shuffle=True)
batches = list(loader)
fit(batches)
whole, load = seconds(lambda: fit(loader)), seconds(lambda: list(loader))
compute = seconds(lambda: fit(batches))
print(f"a whole epoch:   {1000 * whole:8.2f} ms")
print(f"only to load it: {1000 * load:8.2f} ms")
print(f"only to train:   {1000 * compute:8.2f} ms, {compute / whole:.1%} of the whole")
assert compute < whole / 5

# %%
# Training is a small part of an epoch. The rest is loading. (Times vary from one
# measurement to the next, so the parts need not add up.) The loader asks the dataset
# for one point after the other, and then stacks thousands of tensors with a single
# number in each.
#
# A whole mini-batch at once
# --------------------------
#
# A tensor can be indexed with a tensor of indices. That takes a whole mini-batch out of
# the dataset in one go. A *sampler* decides which indices come when. The one below
# hands out a tensor for each mini-batch, where the usual one hands out a number for
# each point.
#
# The core is in ``__iter__``: a random order of all indices, cut into pieces. The rest
# lets a training be interrupted and resumed in mid-epoch; the next page needs that.

from linreg.sampler import MiniBatchSampler

# %%
# Every index comes once per epoch, in another order each time.

sampler = MiniBatchSampler(10, batch_size=4, seed=0)
for number in (1, 2):
    print(f"epoch {number}:", [indices.tolist() for indices in sampler])

# %%
# The loader takes the sampler, and ``batch_size=None`` tells it that the batches are
# made already. The dataset of stage 1 stays as it is: ``self.x[index]`` understands a
# tensor too.

sampler = MiniBatchSampler(len(dataset), batch_size=4096, seed=0)
fast_loader = DataLoader(dataset, batch_size=None, sampler=sampler)
fast_load = seconds(lambda: list(fast_loader))
print(f"item by item:    {len(dataset) / load / 1e6:8.2f} million points per second")
print(
    f"batch by batch:  {len(dataset) / fast_load / 1e6:8.2f} million points per second"
)
assert fast_load < load

# %%
# ``self.x[index]`` understands single numbers, slices and masks as well.
# ``index_select`` understands nothing but a tensor of indices, and is faster. A dataset
# that is only ever asked for whole mini-batches can use it. The usual loader, which
# asks with a number, cannot.


class Columns(LinearRegressionDataset):
    """The same points, for index tensors alone."""

    def __getitem__(self, index):
        return self.x.index_select(0, index), self.y.index_select(0, index)


selecting_loader = DataLoader(
    Columns(n=50_000, seed=0), batch_size=None, sampler=sampler
)
select = seconds(lambda: list(selecting_loader))
print(f"index_select:    {len(dataset) / select / 1e6:8.2f} million points per second")

# sphinx_gallery_start_ignore
# One of ten tries: another program can slow down the first.
assert any(seconds(lambda: list(selecting_loader)) < fast_load for _ in range(10))
# sphinx_gallery_end_ignore

# %%
# A loader is what you can loop over again
# ----------------------------------------
#
# ``train`` asks one thing of a loader: that you can loop over it anew in each epoch. A
# ``DataLoader`` can do much more, and takes its time for that at every batch. With data
# in memory and a sampler of index tensors, a few lines do. Each call of ``__iter__``
# starts an epoch.


class PlainLoader:
    """The mini-batches of a dataset, in the order of a sampler."""

    def __init__(self, dataset, sampler):
        self.dataset, self.sampler = dataset, sampler

    def __iter__(self):
        for indices in self.sampler:
            yield self.dataset[indices]


# %%
# The smaller the batches, the more of them there are, and the more that time counts. So
# take the post's run: 25 epochs of 50 points, in mini-batches of 8. The last of these
# loaders is a list of batches, so it leaves nothing to do but to train.

fifty = Columns(n=50, seed=0)
fifty_sampler = MiniBatchSampler(50, batch_size=8, seed=0)
items = {
    "dataset": LinearRegressionDataset(n=50, seed=0),
    "batch_size": 8,
    "shuffle": True,
}
loaders = {
    "item by item": DataLoader(**items),
    "batch by batch": DataLoader(fifty, batch_size=None, sampler=fifty_sampler),
    "PlainLoader": PlainLoader(fifty, fifty_sampler),
    "ready in a list": list(PlainLoader(fifty, fifty_sampler)),
}

# %%
# The post itself started a *worker* in each epoch, a second Python process that loads
# the batches. ``fork`` makes it as a copy of this one. This page does so on Linux only.

fork = {"num_workers": 1, "multiprocessing_context": "fork"}
if sys.platform == "linux":
    loaders["worker"] = DataLoader(**items, **fork)

runs = {}
for way, loader in loaders.items():
    runs[way] = seconds(lambda loader=loader: fit(loader, num_epochs=25))
    print(f"{way:16}{1000 * runs[way]:8.1f} ms")
print(f"slowest / PlainLoader: {max(runs.values()) / runs['PlainLoader']:.1f}")

# sphinx_gallery_start_ignore
assert "worker" not in runs or runs["worker"] > sum(runs.values()) / 2
for way, leaner, share in (
    ("item by item", "batch by batch", 1.0),
    ("batch by batch", "PlainLoader", 1.0),
    ("ready in a list", "PlainLoader", 2.0),
):
    # One of ten tries: another program can slow down the first.
    tries = (
        [seconds(lambda w=w: fit(loaders[w], 25)) for w in (leaner, way)]
        for _ in range(10)
    )
    assert any(fast < share * slow for fast, slow in tries)
# sphinx_gallery_end_ignore

# %%
# All rows train on the same points. A worker pays where an item takes long, such as a
# file that must be read. Here it has next to nothing to do, and its 25 starts take
# longer than all other rows together.
#
# Training on batches that are ready is the price of 175 steps. With batches as small as
# these it is most of the run, and the plain loader adds little to it.
#
# What a step costs
# -----------------
#
# *Anatomy of one step* wrote an epoch at five levels. Each took some work off your
# hands. What do they cost together? Here is the loop of level 2 again, with one change:
# k and m are Python's own numbers, since arithmetic on single numbers is faster without
# tensors. ``item()`` makes such a number of each mean.


def fit_by_hand(loader, num_epochs=1):
    """Train a new line, with the gradient written out."""
    k, m = 0.0, 0.0
    for _ in range(num_epochs):
        for x, y in loader:
            residual = y - (k * x + m)
            grad_k = -2 * torch.mean(residual * x).item()
            grad_m = -2 * torch.mean(residual).item()
            k -= 0.01 * grad_k
            m -= 0.01 * grad_m
    return k, m


# %%
# Given the same batches it takes the same steps, so it ends at the same line, up to
# rounding.

batches = list(PlainLoader(fifty, MiniBatchSampler(50, batch_size=8, seed=0)))
trained = fit(batches, 25).parameters
k, m = fit_by_hand(batches, 25)
print(f"train:    k = {trained['k'][-1]:.4f}, m = {trained['m'][-1]:.4f}")
print(f"by hand:  k = {k:.4f}, m = {m:.4f}")
assert np.allclose([k, m], [trained["k"][-1], trained["m"][-1]], rtol=1e-5)

# %%
# Now time a hundred steps on eight points, and a hundred on 200,000, still with one
# thread.


def step_seconds(loop, batch):
    """Return the time of one step."""
    return seconds(lambda: loop(100 * [batch])) / 100


many = LinearRegressionDataset(n=200_000, seed=0)
print("points in a step       train     by hand")
for batch in (batches[0], (many.x, many.y)):
    general, by_hand = step_seconds(fit, batch), step_seconds(fit_by_hand, batch)
    print(f"{len(batch[0]):<16,}{1e6 * general:9.1f} µs{1e6 * by_hand:9.1f} µs")

# sphinx_gallery_start_ignore


def advantage(batch):
    """Return how many times faster the step by hand is."""
    return step_seconds(fit, batch) / step_seconds(fit_by_hand, batch)


# One of ten tries: another program can slow down the first.
assert any(
    advantage(batches[0]) > max(2, advantage((many.x, many.y))) for _ in range(10)
)
# sphinx_gallery_end_ignore

# %%
# By hand a step is a handful of calls to PyTorch, and eight points give them hardly
# anything to do. What ``train`` takes beyond that is the price of autograd, the
# optimiser, the checks and the record. With 200,000 points autograd has arithmetic of
# its own to do, so the difference grows. But it is a smaller share of the step.
#
# For that price, ``train`` fits any model. If you change the prediction in
# ``fit_by_hand`` and forget the gradient, no error tells you. So write a gradient out
# where you train one small model very often, and check it with finite differences.
# Otherwise leave it to autograd.
#
# From fifty points to ten million
# --------------------------------
#
# Now measure an epoch for more and more points, in mini-batches of 4096. Load them in
# three ways: item by item in a worker, item by item without one, and batch by batch
# with the dataset of stage 1. If the machine has an accelerator, one more way keeps
# data and model on it. The random orders still come from the CPU.

from linreg.training import default_device

device = default_device()


def on_accelerator(data):
    """Copy the data to the device, then load it batch by batch."""
    moved = copy.copy(data)
    moved.x, moved.y = data.x.to(device), data.y.to(device)
    return batch_by_batch(moved)


def batch_by_batch(data):
    """Load with index tensors."""
    sampler = MiniBatchSampler(len(data), batch_size=4096, seed=0)
    return DataLoader(data, batch_size=None, sampler=sampler)


# %%

ways = {}
if sys.platform == "linux":
    ways["worker"] = lambda data: DataLoader(
        data, batch_size=4096, shuffle=True, **fork
    )
ways["item by item"] = lambda data: DataLoader(data, batch_size=4096, shuffle=True)
ways["batch by batch"] = batch_by_batch
if device.type != "cpu":
    ways["accelerator"] = on_accelerator
print("ways:", ", ".join(ways))

# %%
# Each way stops before the size at which, judged by its last time, it would take more
# than two seconds.

sizes = [50, 500, 5_000, 50_000, 500_000, 10_000_000]
times = {way: [] for way in ways}
for size in sizes:
    data = LinearRegressionDataset(n=size, seed=0)
    for way, make_loader in ways.items():
        i = len(times[way])
        if i and (sizes[i] != size or times[way][-1] * size / sizes[i - 1] > 2):
            continue  # it has stopped already, or stops here
        loader = make_loader(data)
        where = device if way == "accelerator" else "cpu"
        times[way].append(
            seconds(lambda loader=loader, where=where: fit(loader, 1, where))
        )

# %%
# How fast could it be? Every number must come from memory once, and each point has two
# numbers of four bytes. Copying a large tensor, which reads and writes, tells how many
# bytes one thread moves per second.

large = torch.ones(20_000_000)
target = torch.empty_like(large)
bandwidth = 2 * 4 * len(large) / seconds(lambda: target.copy_(large))
print(f"memory bandwidth of one thread: {bandwidth / 1e9:.1f} GB per second")

# %%

from linreg.plotting import BATCH, DATA, EXACT, INK, MODEL, use_house_style

use_house_style()
colors = {
    "worker": DATA,
    "item by item": MODEL,
    "batch by batch": BATCH,
    "accelerator": EXACT,
}
for marker, (way, measured) in zip("so^D", times.items(), strict=False):
    plt.loglog(
        sizes[: len(measured)], measured, marker=marker, color=colors[way], label=way
    )
plt.loglog(
    sizes, [8 * size / bandwidth for size in sizes], "--", color=INK, label="memory"
)
plt.xlabel("number of points")
plt.ylabel("seconds per epoch")
plt.title("One epoch")
plt.legend(fontsize=10)
# Figure: Seconds per epoch over the number of points: loading batch by batch lies far
# below.
plt.show()

# %%
# Read the figure from left to right. For few points the curve of batch by batch is
# level: that is the price of starting, with a new line, optimiser and loader, and of a
# single step. The worker's curve begins level, too: it has to start a process. Loading
# item by item rises almost from the beginning. For many points all curves rise, and
# what counts is the price of one point.

print("points       " + "".join(f"{way:>15}" for way in times))
for i, size in enumerate(sizes):
    row = [
        f"{measured[i]:15.2e}" if i < len(measured) else 15 * " "
        for measured in times.values()
    ]
    print(f"{size:<13,}" + "".join(row))

last = len(times["item by item"]) - 1
assert times["item by item"][last] > times["batch by batch"][last]
assert len(times["batch by batch"]) >= len(times["item by item"])

# %%
# Loading item by item was not slow because of the arithmetic. It was slow because
# Python handled each point on its own: a call, and two tensors of one number. Now it
# handles a batch. What still lies between the curve and the memory line is the random
# order, which has to be drawn and then reads memory in jumps, the price of the steps,
# and that of the loader.
#
# Does a GPU pay?
# ---------------
#
# A step on a GPU costs a fixed time to start its computations, however few points it
# handles. So what counts is not the number of points in the dataset. It is the number
# of points in a step. Time a step on mini-batches of three sizes, on the CPU with all
# its threads, and on the accelerator if there is one.

torch.set_num_threads(threads)
places = ["cpu"] if device.type == "cpu" else ["cpu", device.type]
step_sizes = [4096, 65_536, 1_000_000]
data = LinearRegressionDataset(n=step_sizes[-1], seed=0)


def step_on(place, size):
    """Return the time of one step on so many points."""
    batch = data.x[:size].to(place), data.y[:size].to(place)
    return step_seconds(lambda batches: fit(batches, device=place), batch)


step_times = {place: [step_on(place, size) for size in step_sizes] for place in places}

# %%
# The time of one step, on this machine:

print("points in a step" + "".join(f"{place:>12}" for place in places))
for row in zip(step_sizes, *step_times.values(), strict=True):
    print(f"{row[0]:<16,}" + "".join(f"{1000 * taken:9.3f} ms" for taken in row[1:]))
if len(places) == 1:
    print("This machine has no accelerator to compare with.")

# sphinx_gallery_start_ignore
# With one thread: several wait for each other if another program holds a core.
torch.set_num_threads(1)
few, many_points = step_sizes[0], step_sizes[-1]
for place in places:
    tries = ((step_on(place, many_points), step_on(place, few)) for _ in range(10))
    assert any(large / many_points < small / few for large, small in tries)
torch.set_num_threads(threads)
# sphinx_gallery_end_ignore

# %%
# The larger the step, the less time it takes for each point. Just to start a step on a
# GPU can take longer than a CPU needs for a few thousand points of a line. So a GPU
# pays for large batches, and for models with more arithmetic for each point than a line
# has.
#
# The loss surface, three times
# -----------------------------
#
# Large pieces instead of single numbers: the same lesson once more. A loss surface over
# 100 slopes and 100 intercepts can be computed by a double loop, as in the post, by
# broadcasting, or by the formula of stage 4, which takes the means off first.

from linreg.landscape import loss_surface

points = LinearRegressionDataset(n=1000, seed=0)
x, y = points.x.double().numpy(), points.y.double().numpy()
k_values, m_values = np.linspace(-4, 10, 100), np.linspace(-2, 12, 100)


def double_loop():
    """Pass over the data once for each pair."""
    return np.array(
        [[np.mean((y - (k * x + m)) ** 2) for k in k_values] for m in m_values]
    )


def broadcasting():
    """Let NumPy run the inner loop, for a row of the grid at a time."""
    errors = y - np.multiply.outer(k_values, x)
    return np.array([np.mean((errors - m) ** 2, axis=1) for m in m_values])


def centred():
    """Use a few means of the data."""
    return loss_surface(x, y, k_values, m_values)


# %%

for way in (double_loop, broadcasting, centred):
    assert np.allclose(way(), centred(), rtol=1e-9)
    print(f"{way.__name__:13}{1000 * seconds(way):10.3f} ms")
assert seconds(centred) < seconds(broadcasting) < seconds(double_loop)

# %%
# All three give the same surface. Broadcasting moves the loop over the slopes from
# Python to compiled code. The formula does not pass over the data for each pair at all.
# First look for work that need not be done; then do the rest in large pieces.
#
# Exercises
# ---------
#
# 1. Measure an epoch of 100,000 points, batch by batch, with batches of 64, 512 and
#    4096. What does a step cost, and what a point?
# 2. Set ``shuffle=False`` in the sampler. How much of the time was the random order?
# 3. Give a dataset the method ``__getitems__(indices)``, which receives a list of
#    indices. The usual loader calls it if it is there. How far does that get you?
# 4. Where does the time of a step on eight points go? Time the prediction with its
#    loss, then this with ``backward``, then all of it with ``zero_grad`` and ``step``.
#    Which part is the smallest? Is it still the smallest with 200,000 points?
#
# Next
# ----
#
# One machine is fast now. The next page uses several, and survives when one of them
# dies.
