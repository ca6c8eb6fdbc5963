r"""
Solutions: the stages
=====================

One way to answer each exercise of the whole program and of stages 1 to 6. Try them
yourself first: the pages hold all you need.

**What you will learn:** whether your answers hold.

**What you need:** your answers.
"""

# %%
# The imports
# -----------
#
# The dataset, the model and ``train`` are those of the stages, and ``torch.func``
# trains many networks at once, as in stage 6. ``fit`` is the training of stage 3, with
# the settings that the exercises change.

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap
from torch.utils.data import DataLoader, Dataset, TensorDataset

from linreg.data import LinearRegressionDataset
from linreg.exact import least_squares
from linreg.landscape import loss_surface
from linreg.model import LinearRegressionModel
from linreg.plotting import plot_parameters, plot_surface, use_house_style
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
# ``zero_grad``, and at the shuffles: ``new_loader`` must be called once, ahead of the
# loop.

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
# **3. Two learning rates.** With 0.02 it is all but finished: in the next 25 epochs the
# loss over all points falls in its third digit only. Twice the rate takes steps twice
# as long. From then on m wanders more, since each batch pulls harder. (``loss_surface``
# computes the loss over all points. Stage 4 explains it.)

for rate in (0.01, 0.02):
    k, m = fit(rate, num_epochs=150).parameters.values()
    for epoch in (25, 50):
        loss = loss_surface(dataset.x, dataset.y, [k[epoch]], [m[epoch]])[0, 0]
        print(f"rate {rate}, {epoch} epochs: loss {loss:.4f}, m = {m[epoch]:.3f}")
    print(f"m over the last 75 epochs: {m[75:].min():.3f} to {m[75:].max():.3f}")
# sphinx_gallery_start_ignore
assert np.ptp(m[75:]) > 1.2 * np.ptp(fit(num_epochs=150).parameters["m"][75:])
assert 0.300 < loss < 0.302
assert abs(m[25] - m_exact) < 0.02
# sphinx_gallery_end_ignore

# %%
# With 1, each step goes too far and throws the parameters further out. Soon the loss is
# too large for ``float32``. ``train`` stops there, and says what may help.

try:
    fit(learning_rate=1.0)
except FloatingPointError as error:
    print(str(error).replace(": ", ":\n").replace(", and", ",\nand"))

# %%
# Stage 4: the loss surface
# -------------------------
#
# **1. Five thousand points.** The best line of more points lies closer to the truth, as
# a rule and here.

for n in (50, 5000):
    data = LinearRegressionDataset(n=n, seed=0)
    k, m = least_squares(data.x, data.y)
    print(f"n = {n:4d}: k = {k:.3f}, m = {m:.3f}")
# sphinx_gallery_start_ignore
assert np.hypot(k - 3, m - 5) < np.hypot(k_exact - 3, m_exact - 5)
# sphinx_gallery_end_ignore

# %%
# **2. x from 0 to 6.** The ellipses tilt, and become long and thin. The last term of
# the formula, :math:`(m + k \bar{x} - \bar{y})^2`, turns them: the mean of x is near 3
# now, so a larger slope can be made up for by a smaller intercept.

data = LinearRegressionDataset(low=0, high=6, seed=0)
k_values, m_values = np.linspace(-4, 10, 100), np.linspace(-2, 12, 100)
plot_surface(loss_surface(data.x, data.y, k_values, m_values), k_values, m_values)
plot_parameters(data.k, data.m, "truth")
plt.gca().set_aspect("equal")
plt.title("Loss surface, x from 0 to 6")
plt.legend()
# Figure: A long, thin valley falls from the upper left to the lower right, through the
# star.
plt.show()
# sphinx_gallery_start_ignore
assert abs(data.x.mean() - 3) < 0.5
# sphinx_gallery_end_ignore

# %%
# **3. No noise.** The smallest loss is 0, up to the rounding of float32, and the line
# is the true one. (The smallest on the grid is larger: no line of it is the true one.)

data = LinearRegressionDataset(noise_std=0, seed=0)
print(f"loss of the true line: {loss_surface(data.x, data.y, [3], [5])[0, 0]:.1e}")
# sphinx_gallery_start_ignore
assert loss_surface(data.x, data.y, [3], [5])[0, 0] < 1e-12
# sphinx_gallery_end_ignore

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
# **2. Another start.** It heads for the same point, the lowest. After 25 epochs it is
# still short of it, on the side from which it comes. After 100 the two ends agree.

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
# **3. One point a batch.** Each step follows the wish of a single point, noise
# included, so the path trembles near its end. Here is how much m moves from one epoch
# to the next:

for batch_size in (8, 1):
    m = fit(batch_size=batch_size, num_epochs=100).parameters["m"]
    print(f"batches of {batch_size}: m moves by {np.std(np.diff(m[50:])):.4f}")
# sphinx_gallery_start_ignore
few = fit(num_epochs=100).parameters["m"]
assert np.std(np.diff(m[50:])) > 2 * np.std(np.diff(few[50:]))
# sphinx_gallery_end_ignore

# %%
# Stage 6: the curve
# ------------------
#
# **1. The parameters of the wide network.** The first layer has 64 weights and 64
# intercepts, the second 64 · 64 and 64, the last 64 and 1. Together 4353.


def network(width, bend=nn.Tanh):
    """Return an untrained network with two hidden layers."""
    return nn.Sequential(
        nn.Linear(1, width),
        bend(),
        nn.Linear(width, width),
        bend(),
        nn.Linear(width, 1),
    )


print("by hand:", 64 + 64 + 64 * 64 + 64 + 64 + 1)
print("counted:", sum(parameter.numel() for parameter in network(64).parameters()))
# sphinx_gallery_start_ignore
assert sum(parameter.numel() for parameter in network(64).parameters()) == 4353
# sphinx_gallery_end_ignore

# %%
# **2. Without bends.** A line of lines is a line. So its loss ends at that of the
# least-squares line, 0.50.

generator = torch.Generator().manual_seed(0)


def draw(*shape):
    """Return noisy points of the curve, as on the page."""
    x = -3 + 6 * torch.rand(shape, generator=generator)
    wave = torch.sin(2 * x) + 0.5 * x
    return x, wave + 0.5 * torch.randn(shape, generator=generator)


x_train, y_train = draw(20, 1)
torch.manual_seed(0)
straight = network(4, bend=nn.Identity)
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=8, shuffle=True)
optimizer = torch.optim.Adam(straight.parameters(), lr=0.01)
train(straight, loader, optimizer, num_epochs=500)
with torch.inference_mode():
    loss = mean_squared_error(straight(x_train), y_train).item()
k, m = least_squares(x_train[:, 0], y_train[:, 0])
best = mean_squared_error(k * x_train + m, y_train).item()
print(f"network without bends {loss:.2f}, least-squares line {best:.2f}")
# sphinx_gallery_start_ignore
assert round(best, 2) == 0.5
assert best <= loss < 1.05 * best
# sphinx_gallery_end_ignore

# %%
# **3. A hundred steps.** After 600 steps the median for 64 units is higher than the
# 0.43 of 4 units. After 100 steps it is about as low: by then the wide networks have
# found the wave, and have not yet found the noise. So the number of steps matters as
# much as the width.

draw(1000, 1)  # the page draws these first
x_sets, y_sets = draw(40, 20, 1)
x_held_out, y_held_out = draw(40, 1000, 1)


def fit_networks(width, steps):
    """Train a network for each set, and return the losses held out, as on the page."""
    networks = [network(width) for _ in x_sets]
    parameters, _ = stack_module_state(networks)

    def predict_one(values, x):
        return functional_call(networks[0], values, x)

    predict = vmap(predict_one)
    optimizer = torch.optim.Adam(parameters.values(), lr=0.01)
    for _ in range(steps):
        errors = predict(parameters, x_sets) - y_sets
        loss = (errors**2).mean(dim=(1, 2)).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.inference_mode():
        errors = predict(parameters, x_held_out) - y_held_out
    return (errors**2).mean(dim=(1, 2))


torch.manual_seed(0)
medians = []
for width, steps in (4, 600), (64, 600), (64, 100):
    medians.append(fit_networks(width, steps).quantile(0.5).item())
    print(f"{width:2} units, {steps} steps: median held-out loss {medians[-1]:.2f}")
# sphinx_gallery_start_ignore
assert round(medians[0], 2) == 0.43
assert abs(medians[2] - medians[0]) < 0.05 < medians[1] - medians[0]
# sphinx_gallery_end_ignore

# %%
# Next
# ----
#
# Back to the tutorial, or on to the pages about why all this works.
