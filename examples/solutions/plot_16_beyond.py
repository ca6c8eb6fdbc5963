r"""
Solutions: beyond the post
==========================

One way to answer each exercise of the four pages on real data, speed, many machines and
a curve. Try them yourself first: the pages hold all you need.

**What you will learn:** whether your answers hold.

**What you need:** your answers.
"""

# %%
# The imports
# -----------

import time
import timeit
from functools import partial
from itertools import islice

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

threads = torch.get_num_threads()
torch.set_num_threads(1)  # nothing here is large enough to gain from more

# %%
# Real data: the table again
# --------------------------

names = "SMC LMC 6822 598 221 224 5457 4736 5194 4449 4214 3031"
names += " 3627 4826 5236 1068 5055 7331 4258 4151 4382 4472 4486 4649"
names = names.split()
distance = [0.032, 0.034, 0.214, 0.263, 0.275, 0.275, 0.45, 0.5, 0.5, 0.63, 0.8, 0.9]
distance += [0.9, 0.9, 0.9, 1.0, 1.1, 1.1, 1.4, 1.7, 2.0, 2.0, 2.0, 2.0]
velocity = [170, 290, -130, -70, -185, -220, 200, 290, 270, 200, 300, -30]
velocity += [650, 150, 500, 920, 450, 500, 500, 960, 500, 850, 800, 1090]
distance = torch.tensor(distance, dtype=torch.float64)
velocity = torch.tensor(velocity, dtype=torch.float64)

# %%
# **1. Without NGC 1068.** The slope changes by a small part of its standard error. That
# nebula lies far above the line, but near the mean distance, where it can hardly turn
# the line.

from linreg.exact import least_squares

k_all, m_all = least_squares(distance, velocity)
kept = torch.tensor([name != "1068" for name in names])
k_kept, _ = least_squares(distance[kept], velocity[kept])
residuals = velocity - k_all * distance - m_all
spread = (distance - distance.mean()).square().sum()
k_error = (residuals.square().sum() / 22 / spread).sqrt().item()
print(f"with it {k_all:.0f}, without {k_kept:.0f} km/s per Mpc")
print(f"change: {abs(k_kept - k_all) / k_error:.2f} standard errors")
assert abs(k_kept - k_all) < 0.25 * k_error

# %%
# Leave out each in turn, and one at the far end changes the slope most: by less than a
# standard error still. No single nebula decides it.

changes = {}
for i, name in enumerate(names):
    kept = torch.arange(24) != i
    changes[name] = (
        abs(least_squares(distance[kept], velocity[kept])[0] - k_all) / k_error
    )
most = max(changes, key=changes.get)
print(f"largest change: {changes[most]:.2f} standard errors, without NGC {most}")
assert changes[most] < 1
assert distance[names.index(most)] == distance.max()

# %%
# **2. In kiloparsecs.** The numbers are 1000 times as large, and the mean of their
# squares a million times. It is by far the largest entry of the matrix, and sets the
# limit almost alone: about 1 over the mean of the squares.


def limit(r):
    """Return the largest stable learning rate of full-batch descent."""
    hessian = 2 * torch.tensor(
        [[(r**2).mean(), r.mean()], [r.mean(), 1]], dtype=torch.float64
    )
    return 2 / torch.linalg.eigvalsh(hessian).max().item()


print(f"in megaparsecs: {limit(distance):.4f}")
print(f"in kiloparsecs: {limit(1000 * distance):.3e}")
print(f"1 / mean of r^2: {1 / (1000 * distance).square().mean().item():.3e}")
assert abs(limit(1000 * distance) * (1000 * distance).square().mean().item() - 1) < 1e-5

# %%
# **3. Through the origin.** A model with a slope only ends at the sum of r v over the
# sum of r².

from linreg.training import train


class Proportional(nn.Module):
    """The line v = k r."""

    def __init__(self):
        super().__init__()
        self.k = nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def forward(self, r):
        """Predict the velocities."""
        return self.k * r


model = Proportional()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
train(model, [(distance, velocity)], optimizer, num_epochs=200)
formula = ((distance @ velocity) / (distance @ distance)).item()
print(f"training {model.k.item():.6f}, formula {formula:.6f}")
assert abs(model.k.item() - formula) < 1e-9

# %%
# **4. One nebula at a time, at learning rate 0.48.** The limit for a single point is
# :math:`1 / (1 + r^2)`: the bowl of a far nebula is steeper than that of all of them. There the
# step overshoots, and only the near ones bring the slope back. They do not always: the swings grow
# without bound in the mean of their squares, and a single run falls back and swings out again.

from linreg.model import LinearRegressionModel
from linreg.sampler import MiniBatchSampler

single = 1 / (1 + distance**2)
print(f"limits of single nebulae: {single.min():.2f} to {single.max():.2f}")
assert single.min() < 0.48 < limit(distance)

model = LinearRegressionModel().double()
optimizer = torch.optim.SGD(model.parameters(), lr=0.48)
data, sampler = (
    TensorDataset(distance, velocity),
    MiniBatchSampler(24, batch_size=1, seed=0),
)
loader = DataLoader(data, batch_size=None, sampler=sampler)
slopes = train(model, loader, optimizer, num_epochs=50).parameters["k"]
print(f"slope between {slopes.min():.1e} and {slopes.max():.1e}")
assert abs(slopes).max() > 10 * k_all

# %%
# Speed
# -----
#
# **1. A step and a point.** Time an epoch for each batch size. The time is that of the
# steps plus that of the points, so a line through (steps, time) has the price of a step
# as its slope, and the price of all points as its intercept. A step costs more than a
# hundred points do.

from linreg.data import LinearRegressionDataset

dataset = LinearRegressionDataset(n=100_000, seed=0)


def epoch_seconds(batch_size, shuffle=True):
    """Return the shortest of three times of an epoch."""
    sampler = MiniBatchSampler(len(dataset), batch_size, shuffle=shuffle, seed=0)
    loader, times = DataLoader(dataset, batch_size=None, sampler=sampler), []
    for _ in range(3):
        model = LinearRegressionModel()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        start = time.perf_counter()
        train(model, loader, optimizer, num_epochs=1)
        times.append(time.perf_counter() - start)
    return min(times)


# %%

sizes = (64, 512, 4096)
per_step, points = least_squares(
    [len(dataset) / size for size in sizes], [epoch_seconds(size) for size in sizes]
)
print("a step costs more than 100 points:", per_step > 100 * points / len(dataset))
assert per_step > 0
assert per_step > 100 * points / len(dataset)

# %%
# **2. Without shuffling.** The share of the random order is ``1 - in_order /
# shuffled``, less than half here. It grows with the number of points, because a large
# table no longer fits into the processor's caches, and then every jump waits for
# memory.

in_order, shuffled = epoch_seconds(4096, shuffle=False), epoch_seconds(4096)
# sphinx_gallery_start_ignore
# One of ten tries: another program can slow down the first.
tries = ((epoch_seconds(4096, shuffle=False), epoch_seconds(4096)) for _ in range(10))
assert any(one > other / 2 for one, other in tries)
# sphinx_gallery_end_ignore

# %%
# **3. A list of indices.** The dataset now answers once per batch, but the loader still
# stacks a list of points, one by one. The batches hold the same numbers, as
# ``float64``, since the loader makes them from Python's own numbers.


class AskedByList(LinearRegressionDataset):
    """The points, a list of them at a time."""

    def __getitems__(self, indices):
        """Return a list of pairs of numbers."""
        return list(
            zip(self.x[indices].tolist(), self.y[indices].tolist(), strict=True)
        )


by_list, by_item = AskedByList(n=50, seed=0), LinearRegressionDataset(n=50, seed=0)
for one, other in zip(DataLoader(by_list, 8), DataLoader(by_item, 8), strict=True):
    assert torch.equal(one[0].float(), other[0])
    assert torch.equal(one[1].float(), other[1])
print("the same numbers, asked by list and by item")

# %%
# Load 100,000 points in each way, and sort the ways by the time that they take:


def load_seconds(loader):
    """Return the time that the batches of an epoch take."""
    start = time.perf_counter()
    list(loader)
    return time.perf_counter() - start


by_tensor = MiniBatchSampler(len(dataset), batch_size=4096, seed=0)
ways = {
    "one by one": DataLoader(dataset, 4096, shuffle=True),
    "by list": DataLoader(AskedByList(n=100_000, seed=0), 4096, shuffle=True),
    "by tensor": DataLoader(dataset, batch_size=None, sampler=by_tensor),
}
times = {way: load_seconds(loader) for way, loader in ways.items()}
print("slowest first:", ", ".join(sorted(times, key=times.get, reverse=True)))
assert times["one by one"] > times["by list"] > times["by tensor"]

# %%
# **4. The parts of a step.** Each function does what the one before it does, and one
# part more. So the price of a part is a difference.

model = LinearRegressionModel()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)


def predict(x, y):
    """Compute the loss."""
    return nn.functional.mse_loss(model(x), y)


def derive(x, y):
    """Compute its gradient, too."""
    predict(x, y).backward()


def step(x, y):
    """Clear the old gradient, and update the parameters, too."""
    optimizer.zero_grad()
    derive(x, y)
    optimizer.step()


# %%
# ``timeit`` calls a function a few times and repeats that. The shortest time counts:
# among many short tries there is one that no other program disturbs.
#
# On eight points the smallest part is the prediction with its loss, so most of the time
# goes to autograd and to the optimiser. On 200,000 it is the optimiser, which still has
# two parameters to update.


def smallest_part(n, number):
    """Return the name of the part that takes the least time on n points."""
    data = LinearRegressionDataset(n=n, seed=0)
    first, second, third = (
        min(timeit.repeat(partial(part, data.x, data.y), number=number, repeat=50))
        for part in (predict, derive, step)
    )
    parts = {
        "prediction and loss": first,
        "gradient": second - first,
        "optimiser": third - second,
    }
    return min(parts, key=parts.get)


few, many = smallest_part(8, number=30), smallest_part(200_000, number=3)
# sphinx_gallery_start_ignore
# One of ten tries: another program can slow down the first.
tries = (
    (smallest_part(8, number=30), smallest_part(200_000, number=3)) for _ in range(10)
)
assert (few, many) == (
    answer := ("prediction and loss", "optimiser")
) or answer in tries
# sphinx_gallery_end_ignore

# %%
# Many machines
# -------------
#
# **1. Eight points for five processes.** The first three get one more than the last
# two.

print([len(share) for share in torch.arange(8).tensor_split(5)])
assert [len(share) for share in torch.arange(8).tensor_split(5)] == [2, 2, 2, 1, 1]

# %%
# **2. Without the optimiser's state.** With momentum, the optimiser remembers the steps
# it took. One that starts without that memory goes another way. Plain SGD remembers
# nothing, so it does not notice.


def interrupted(momentum, forget):
    """Train for six epochs, and exchange the optimiser after three."""
    points = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
    sampler = MiniBatchSampler(50, batch_size=8, seed=0)
    loader = DataLoader(points, batch_size=None, sampler=sampler)
    model = LinearRegressionModel()
    settings = {"params": model.parameters(), "lr": 0.01, "momentum": momentum}
    optimizer = torch.optim.SGD(**settings)
    train(model, loader, optimizer, num_epochs=3)
    if forget:
        optimizer = torch.optim.SGD(**{**settings, "params": model.parameters()})
    train(model, loader, optimizer, num_epochs=3)
    return model.k.item()


# %%

for momentum in (0.0, 0.9):
    kept_k, lost_k = (
        interrupted(momentum, forget=False),
        interrupted(momentum, forget=True),
    )
    print(f"momentum {momentum}: k = {kept_k:.4f}, without the state {lost_k:.4f}")
    assert (kept_k == lost_k) == (momentum == 0)

# %%
# **3. Without the place in the epoch.** A process that is started again makes its
# sampler anew, from the seed. Say it died after three batches of the fifth epoch. Then
# the fifth epoch begins again: the 24 points that it had seen come twice. And it begins
# with the order of the very first epoch, so all orders are used again. Each loss by
# itself looks right, so nobody finds that error later.

sampler = MiniBatchSampler(50, batch_size=8, seed=0)
first_epoch = torch.cat(list(sampler))
for _ in range(3):
    list(sampler)
seen = torch.cat(list(islice(sampler, 3)))
restarted = torch.cat(list(MiniBatchSampler(50, batch_size=8, seed=0)))
print(
    f"seen twice in the fifth epoch: {len(set(seen.tolist()) & set(restarted.tolist()))} points"
)
print("the order of the first epoch again:", torch.equal(restarted, first_epoch))
assert len(set(seen.tolist()) & set(restarted.tolist())) == 24
assert torch.equal(restarted, first_epoch)

# %%
# **4. Another disk.** A rename within one file system changes a name and nothing else.
# Between two disks there is no such thing: ``Path.replace`` refuses with an
# ``OSError``. Tools that seem to do it copy the file and delete the old one, and a copy
# can be cut short.
#
# A curve
# -------
#
# **1. Without bends.** A chain of lines is a line. It ends near the loss of the best
# one.

from linreg.training import mean_squared_error


generator = torch.Generator().manual_seed(0)


def points_of_a_curve(n):
    """Return noisy points of the curve of that page."""
    x = torch.empty(n, 1).uniform_(-3, 3, generator=generator)
    noise = torch.empty(n, 1).normal_(0, 0.5, generator=generator)
    return x, torch.sin(2 * x) + 0.5 * x + noise


x_train, y_train = points_of_a_curve(20)
x_test, y_test = points_of_a_curve(1000)

# %%


def network(width, bend=nn.Tanh):
    """Return an untrained network with two hidden layers of this width."""
    torch.manual_seed(0)
    first, second = [nn.Linear(1, width), bend()], [nn.Linear(width, width), bend()]
    return nn.Sequential(*first, *second, nn.Linear(width, 1))


# %%


def fit(model, x, y, num_epochs, optimizer=None):
    """Train as on that page, and return the losses on the points given and on those held out."""
    shuffling = torch.Generator().manual_seed(0)
    loader = DataLoader(
        TensorDataset(x, y), batch_size=8, shuffle=True, generator=shuffling
    )
    optimizer = optimizer or torch.optim.Adam(model.parameters(), lr=0.01)
    train(model, loader, optimizer, num_epochs)
    with torch.no_grad():
        pairs = [(x, y), (x_test, y_test)]
        return [mean_squared_error(model(x), y).item() for x, y in pairs]


# %%

straight, _ = fit(network(4, bend=nn.Identity), x_train, y_train, num_epochs=100)
k, m = least_squares(x_train[:, 0], y_train[:, 0])
best = mean_squared_error(k * x_train + m, y_train).item()
print(f"network without bends {straight:.3f}, best line {best:.3f}")
assert best <= straight < 1.05 * best

# %%
# **2. Fifty epochs.** The wide network has found the curve by then, and has not yet
# found the noise. To stop there is called *early stopping*. (On the page the points
# came in other orders, so its loss after 1000 epochs differs a little.)

_, early = fit(network(64), x_train, y_train, num_epochs=50)
_, late = fit(network(64), x_train, y_train, num_epochs=1000)
print(f"held out: {early:.3f} after 50 epochs, {late:.3f} after 1000")
assert early < late

# %%
# **3. Four hundred points.** With twenty times the data and the same number of steps
# the wide network hardly overfits: it cannot bend to every point, and its two losses
# are close together.

x_many, y_many = points_of_a_curve(400)
wide = network(64)
many_train, many_test = fit(wide, x_many, y_many, num_epochs=60)
print(f"400 points: {many_train:.3f} on its own points, {many_test:.3f} held out")
assert many_test < late
assert many_test - many_train < 0.1

# %%

from linreg.plotting import INK, MODEL, plot_points, use_house_style

use_house_style()
grid = torch.linspace(-3, 3, 200)[:, None]
with torch.no_grad():
    learned = wide(grid)
plot_points(x_many, y_many)
plt.plot(grid, torch.sin(2 * grid) + 0.5 * grid, "--", color=INK, label="true curve")
plt.plot(grid, learned, color=MODEL, label="64 hidden units")
plt.title("400 points instead of 20")
plt.legend()
# Figure: With many points the wide network follows the dashed true curve closely.
plt.show()

# %%
# **4. SGD instead of Adam.** Train in pieces, until the loss is down to what Adam
# reached in 1000 epochs. With the larger learning rate SGD gets there sooner.

adam, _ = fit(network(4), x_train, y_train, num_epochs=1000)


def epochs_of_sgd(learning_rate):
    """Return the number of epochs after which SGD is as low as Adam, in steps of 100."""
    model, epochs, loss = network(4), 0, float("inf")
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    while loss > adam and epochs < 20000:
        loss, _ = fit(model, x_train, y_train, num_epochs=100, optimizer=optimizer)
        epochs += 100
    return epochs


slow, fast = epochs_of_sgd(0.05), epochs_of_sgd(0.1)
print(f"Adam: 1000 epochs; SGD: about {slow} with 0.05, {fast} with 0.1")
assert fast < slow < 20000
# sphinx_gallery_start_ignore
torch.set_num_threads(threads)
# sphinx_gallery_end_ignore

# %%
# Next
# ----
#
# That was the last page. Take a dataset of your own, and write its model.
