r"""
Solutions: the stages
=====================

One way to answer each exercise of the whole program and of stages 1 to 5 and 7. Try
them yourself first: the pages hold all you need.

**What you will learn:** whether your answers hold.

**What you need:** your answers.
"""

# %%
# The imports
# -----------
#
# The dataset, the model and ``train`` are those of the stages. ``fit`` is the training
# of stage 3, with the settings that the exercises change.

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from linreg.data import LinearRegressionDataset
from linreg.exact import least_squares
from linreg.landscape import loss_surface
from linreg.model import LinearRegressionModel
from linreg.plotting import BATCH, INK, plot_bowl, use_house_style
from linreg.training import mean_squared_error, train

# %%
# All answers start from the points of stage 1.

use_house_style()
dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
k_exact, m_exact = least_squares(dataset.x, dataset.y)


def fit(
    learning_rate=0.01, batch_size=8, num_epochs=25, start=(0.0, 0.0), data=dataset
):
    shuffles = torch.Generator().manual_seed(0)
    loader = DataLoader(data, batch_size=batch_size, shuffle=True, generator=shuffles)
    model = LinearRegressionModel()
    with torch.no_grad():
        model.k.fill_(start[0])
        model.m.fill_(start[1])
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    return train(model, loader, optimizer, num_epochs)


# %%
# The whole program
# -----------------
#
# **1. A steeper line.** Yes: the program knows nothing of the 3, it sees the points.

steeper = LinearRegressionDataset(k=4, m=5, n=50, seed=0)
print(f"found: k = {fit(data=steeper).parameters['k'][-1]:.2f}")
# sphinx_gallery_start_ignore
assert abs(fit(data=steeper).parameters["k"][-1] - 4) < 0.2
# sphinx_gallery_end_ignore

# %%
# **2. A hundred times through the data.** The line is ``print(model.m.item())``. The
# intercept settles near 5.1. After 25 times the program was not finished, as stage 3
# shows. It does not end at 5: fifty noisy points have a best line of their own. (The
# shuffles here differ from those of that page, so the last digit may.)

m = fit(num_epochs=100).parameters["m"]
for epoch in (1, 25, 50, 75, 100):
    print(f"after {epoch:3d} epochs: m = {m[epoch]:.2f}")
# sphinx_gallery_start_ignore
assert all(5.0 < value < 5.15 for value in m[50:])
# sphinx_gallery_end_ignore

# %%
# **3. No step.** You get ``y = 0.00 x + 0.00``. The loop computes which change would
# help, and never makes it.
#
# Stage 1: the dataset
# --------------------
#
# **1. Five hundred points.** Here it comes closer. Usually it does, though not for
# every seed.

for n in (50, 500):
    data = LinearRegressionDataset(n=n, seed=0)
    print(f"n = {n:3d}: standard deviation {(data.y - (3 * data.x + 5)).std():.3f}")
# sphinx_gallery_start_ignore
few, many = (LinearRegressionDataset(n=n, seed=0) for n in (50, 500))
off = [abs((d.y - (3 * d.x + 5)).std() - 0.5) for d in (few, many)]
assert off[1] < off[0]
# sphinx_gallery_end_ignore

# %%
# **2. The point of index 50.** Fifty points have the indices 0 to 49, so the last is
# ``dataset[49]``. Index 50 raises an ``IndexError``.

try:
    dataset[50]
except IndexError as error:
    print("IndexError:", error)

# %%
# **3. A class of your own.** Item 2 is the third pair, 4 and 40.


class ListDataset(Dataset):
    def __init__(self, x, y):
        self.x = torch.tensor(x, dtype=torch.float32)
        self.y = torch.tensor(y, dtype=torch.float32)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


mine = ListDataset([1, 2, 4], [10, 20, 40])
print(len(mine), mine[2])
# sphinx_gallery_start_ignore
assert [float(number) for number in mine[2]] == [4, 40]
# sphinx_gallery_end_ignore

# %%
# Stage 2: the model
# ------------------
#
# **1. A falling line.** At x = 0 the line has the value m, so m = 2. From 2 to 1 it
# falls by 1, so k = -1.

model = LinearRegressionModel()
with torch.no_grad():
    model.k.fill_(-1.0)
    model.m.fill_(2.0)
print(model(torch.tensor([0.0, 1.0])).tolist())
# sphinx_gallery_start_ignore
assert model(torch.tensor([0.0, 1.0])).tolist() == [2, 1]
# sphinx_gallery_end_ignore

# %%
# **2. A parabola.** It has three parameters.


class QuadraticModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.zeros(1))
        self.k = nn.Parameter(torch.zeros(1))
        self.m = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.a * x**2 + self.k * x + self.m


model = QuadraticModel()
print("parameters:", [name for name, _ in model.named_parameters()])
with torch.no_grad():
    model.a.fill_(1.0)
    model.k.fill_(2.0)
    model.m.fill_(3.0)
print("prediction for 2:", model(torch.tensor([2.0])).tolist())
# sphinx_gallery_start_ignore
assert model(torch.tensor([2.0])).tolist() == [11]
# sphinx_gallery_end_ignore

# %%
# **3. Tensors in place of parameters.** The module does not know them, so
# ``named_parameters`` lists nothing. An optimiser finds nothing to change, and says so.


class ForgetfulModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.k = torch.zeros(1)
        self.m = torch.zeros(1)


print("parameters:", list(ForgetfulModel().named_parameters()))
try:
    torch.optim.SGD(ForgetfulModel().parameters(), lr=0.01)
except ValueError as error:
    print(error)

# %%
# Stage 3: the training loop
# --------------------------
#
# **1. The loop from memory.** It is short. If your numbers differ, look at the place of
# ``zero_grad``, and at the shuffles: the loader must be made once, ahead of the loop.

shuffles = torch.Generator().manual_seed(0)
loader = DataLoader(dataset, batch_size=8, shuffle=True, generator=shuffles)
model = LinearRegressionModel()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(25):
    for x, y in loader:
        loss = torch.mean((y - model(x)) ** 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
print(f"k = {model.k.item():.3f}, m = {model.m.item():.3f}")
# sphinx_gallery_start_ignore
assert f"{model.k.item():.3f} {model.m.item():.3f}" == "3.054 4.896"
# sphinx_gallery_end_ignore

# %%
# **2. One batch of 50.** An epoch is one step then, so 25 epochs are 25 steps. m gets
# not even halfway. The only batch of epoch 1 is measured before the first step. It
# holds all points, so its loss is that of the page's first line: before training.

history = fit(batch_size=50)
m = history.parameters["m"][-1]
print(f"m = {m:.2f}, which is {m / m_exact:.0%} of the way")
print(f"losses: {history.epoch_loss[0]:.2f}, {history.epoch_loss[1]:.2f}, ...")
# sphinx_gallery_start_ignore
assert 0.3 < m / m_exact < 0.5
before = mean_squared_error(LinearRegressionModel()(dataset.x), dataset.y)
assert abs(history.epoch_loss[0] - before.item()) < 1e-4
# sphinx_gallery_end_ignore

# %%
# **3. Two learning rates.** With 0.02 it hardly moves from about epoch 16 on: from
# there to epoch 50 the loss over all points falls by less than a hundredth. Twice the
# rate takes steps twice as long, so later m wanders more. (``loss_surface`` computes
# the loss over all points. Stage 4 explains it.)

for rate in (0.01, 0.02):
    k, m = fit(rate, num_epochs=150).parameters.values()
    for epoch in (16, 50):
        loss = loss_surface(dataset.x, dataset.y, [k[epoch]], [m[epoch]])[0, 0]
        print(f"rate {rate}, {epoch} epochs: loss {loss:.4f}, m = {m[epoch]:.3f}")
    print(f"m over the last 75 epochs: {m[75:].min():.3f} to {m[75:].max():.3f}")
# sphinx_gallery_start_ignore
assert np.ptp(m[75:]) > 1.2 * np.ptp(fit(num_epochs=150).parameters["m"][75:])
surface = loss_surface(dataset.x, dataset.y, k[:51], m[:51]).diagonal()
assert surface[14] - surface[50] > 0.01 > surface[16] - surface[50]
assert abs(m[25] - m_exact) < 0.02
# sphinx_gallery_end_ignore

# %%
# With 1, each step goes too far and throws the parameters further out. Soon the loss is
# too large for ``float32``. ``train`` stops there, and says what may help. (To scale
# inputs is what stage 6 does. These are small already, so here it is the rate.)

try:
    fit(learning_rate=1.0)
except FloatingPointError as error:
    print(str(error).replace(": ", ":\n").replace(", and", ",\nand"))

# %%
# **On the site.** So low a loss leaves little room around the best line: how many moves
# you need is yours to count. The tangent is level where m is the mean of y, since the
# mean is the number with the smallest squared differences.

print(f"mean of y: {dataset.y.mean():.2f}")

# %%
# Stage 4: the loss surface
# -------------------------
#
# **1. More points.** The best line of more points lies closer to the truth, as a rule:
# a hundred times as many points bring it about ten times as close. It is a rule for the
# average. In this run m is farther off with 5000 points than with 500.

for n in (50, 500, 5000):
    data = LinearRegressionDataset(n=n, seed=0)
    k, m = least_squares(data.x, data.y)
    print(f"n = {n:4d}: k is off by {abs(k - 3):.4f}, m by {abs(m - 5):.4f}")
# sphinx_gallery_start_ignore
few = LinearRegressionDataset(n=500, seed=0)
assert abs(m - 5) > abs(least_squares(few.x, few.y)[1] - 5)
assert np.hypot(k - 3, m - 5) < np.hypot(k_exact - 3, m_exact - 5)
# sphinx_gallery_end_ignore

# %%
# **2. x from 0 to 6.** The ellipses tilt, and become long and thin. The last term of
# the formula, :math:`(m + k \bar{x} - \bar{y})^2`, turns them: the mean of x is near 3
# now, so a larger slope can be made up for by a smaller intercept.

data = LinearRegressionDataset(low=0, high=6, seed=0)
plot_bowl(data, reach=7)
plt.title("Loss surface, x from 0 to 6")
plt.legend()
# Figure: A long, thin valley falls from the upper left to the lower right, through the
# star and the diamond.
plt.show()
# sphinx_gallery_start_ignore
assert abs(data.x.mean() - 3) < 0.5
# sphinx_gallery_end_ignore

# %%
# **3. No noise.** The smallest loss is 0, up to the rounding of float32, and the line
# is the true one. (The page's first line prints a loss above 0: no line of its grid is
# the true one.)

data = LinearRegressionDataset(noise_std=0, seed=0)
print(f"loss of the true line: {loss_surface(data.x, data.y, [3], [5])[0, 0]:.1e}")
# sphinx_gallery_start_ignore
assert loss_surface(data.x, data.y, [3], [5])[0, 0] < 1e-12
# sphinx_gallery_end_ignore

# %%
# **On the site.** The same mean: y = 4.18 is the best of all lines with k = 0. The
# picture of stage 3 is "The loss as m changes", a cut through this surface at k = 0.

lowest = loss_surface(dataset.x, dataset.y, [0], [dataset.y.mean()])
print(f"its loss: {lowest.item():.2f}")

# %%
# Stage 5: the trajectory
# -----------------------
#
# **1. Learning rate 0.001.** The steps are ten times shorter. The slope gets a good
# half of its way, the intercept about a quarter.

history = fit(learning_rate=0.001)
k, m = history.parameters["k"][-1], history.parameters["m"][-1]
print(f"k {k / k_exact:.0%} and m {m / m_exact:.0%} of the way")
# sphinx_gallery_start_ignore
assert 0.5 < k / k_exact < 0.65
assert 0.2 < m / m_exact < 0.32
# sphinx_gallery_end_ignore

# %%
# **2. Another start.** (``fit`` has the lines that set it.) The path heads for the same
# point, the lowest. After 25 epochs it is still short of it, on the side from which it
# comes. After 100 the two ends agree.

for num_epochs in (25, 100):
    low, high = (fit(num_epochs=num_epochs, start=(0.0, m)) for m in (0.0, 10.0))
    ends = [history.parameters["m"][-1] for history in (low, high)]
    print(
        f"{num_epochs:3d} epochs: from m = 0 to {ends[0]:.2f}, from 10 to {ends[1]:.2f}"
    )
# sphinx_gallery_start_ignore
assert abs(ends[0] - ends[1]) < 0.01
# sphinx_gallery_end_ignore

# %%
# **3. Every step of two paths.** The record has moved into the inner loop, and that is
# all.


def walk(batch_size, num_epochs):
    shuffles = torch.Generator().manual_seed(0)
    loader = DataLoader(dataset, batch_size, shuffle=True, generator=shuffles)
    model = LinearRegressionModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    k, m = [model.k.item()], [model.m.item()]
    for epoch in range(num_epochs):
        for x, y in loader:
            loss = mean_squared_error(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            k.append(model.k.item())
            m.append(model.m.item())
    return k, m


# %%
# Here both are in one picture. A batch of 1 follows the wish of a single point, noise
# included. In a batch of 8 the wishes of eight points are averaged, and much of the
# noise cancels. So the path of single points is rougher, step for step. (Epoch for
# epoch it is rougher for one more reason: its epochs have 50 steps, not 7.)

plot_bowl(dataset, reach=0.5)
paths = {1: walk(1, 7), 8: walk(8, 50)}
plt.plot(*paths[1], color=BATCH, linewidth=1, label="batches of 1")
plt.plot(*paths[8], color=INK, linewidth=1, label="batches of 8")
plt.title("350 steps each")
plt.legend()
# Figure: Two paths climb side by side to the diamond. That of single points jumps to
# both sides, the other one trembles.
plt.show()
# sphinx_gallery_start_ignore
steps = {}
for batch_size, (k, m) in paths.items():
    assert len(k) == 351
    steps[batch_size] = np.hypot(np.diff(k[175:]), np.diff(m[175:])).mean()
assert steps[1] > 2 * steps[8]
# sphinx_gallery_end_ignore

# %%
# Stage 7: the curve
# ------------------
#
# **1. The parameters of the wide network.** The first layer has 64 slopes and 64
# intercepts, the second 64 · 64 and 64, the last 64 and 1. Together 4353.


def network(width, bend=nn.Tanh):
    return nn.Sequential(
        nn.Linear(1, width),
        bend(),
        nn.Linear(width, width),
        bend(),
        nn.Linear(width, 1),
    )


count = 0
for parameter in network(64).parameters():
    count += parameter.numel()
print("by hand:", 64 + 64 + 64 * 64 + 64 + 64 + 1)
print("counted:", count)
# sphinx_gallery_start_ignore
assert count == 4353
# sphinx_gallery_end_ignore

# %%
# **2. Without bends.** A line of lines is a line. So its loss ends at that of the
# least-squares line.


def draw(shape, seed):  # as on the page
    generator = torch.Generator().manual_seed(seed)
    x = -3 + 6 * torch.rand(shape, generator=generator)
    wave = torch.sin(2 * x) + 0.5 * x
    return x, wave + 0.5 * torch.randn(shape, generator=generator)


x_train, y_train = draw((20, 1), seed=0)
x_test, y_test = draw((1000, 1), seed=1)
torch.manual_seed(0)
straight = network(4, bend=nn.Identity)
optimizer = torch.optim.Adam(straight.parameters(), lr=0.01)
loader = [(x_train, y_train)]  # one batch of all points
train(straight, loader, optimizer, num_epochs=600)
loss = mean_squared_error(straight(x_train), y_train).item()
k, m = least_squares(x_train.reshape(20), y_train.reshape(20))
best = mean_squared_error(k * x_train + m, y_train).item()
print(f"network without bends {loss:.2f}, least-squares line {best:.2f}")
# sphinx_gallery_start_ignore
assert best <= loss < 1.01 * best
# sphinx_gallery_end_ignore

# %%
# **3. Stop in time.** The training loss falls all the way. The held-out loss is lowest
# after 150 epochs: by then the network has found most of the wave, and only a part of
# the noise. So the number of steps matters as much as the width. (Whoever stops there
# has used the held-out points to choose, and needs fresh ones to judge the result.)

torch.manual_seed(0)
wide = network(64)
optimizer = torch.optim.Adam(wide.parameters(), lr=0.01)
held_out = {}
for epochs in range(50, 601, 50):
    train(wide, loader, optimizer, num_epochs=50)
    with torch.no_grad():
        training = mean_squared_error(wide(x_train), y_train).item()
        held_out[epochs] = mean_squared_error(wide(x_test), y_test).item()
    print(f"{epochs:3d}: training {training:.3f}, held out {held_out[epochs]:.3f}")
# sphinx_gallery_start_ignore
assert min(held_out, key=held_out.get) == 150
assert held_out[600] > 1.3 * held_out[150]
# sphinx_gallery_end_ignore

# %%
# Next
# ----
#
# Back to the tutorial, or on to the pages about why all this works.
