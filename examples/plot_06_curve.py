r"""
A curve: from the line to a network
===================================

The post ended with a promise: the same three pieces also fit curves. Here a small
neural network takes the place of the line. The dataset changes its points, the model
its formula, and the training loop nothing at all.

**What you will learn:** what a feed-forward network is, how little has to change to
train one, and how a held-out set tells you that a model is too simple or too complex.

**What you need:** the five stages.
"""

# %%
# The imports
# -----------

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

threads = torch.get_num_threads()
torch.set_num_threads(1)  # networks this small gain nothing from more

# %%
# Points of a curve
# -----------------
#
# The truth is a wave on a slope, with normal noise of standard deviation 0.5. The model
# may learn from 20 points. Another 1000 are *held out*: they are kept back to test it.
# Real data is rarely so generous; here so many make the test sure.


def true_curve(x):
    """Return the curve without its noise."""
    return torch.sin(2 * x) + 0.5 * x


generator = torch.Generator().manual_seed(0)


def draw(n):
    """Return n noisy points of the curve."""
    x = torch.empty(n, 1).uniform_(-3, 3, generator=generator)
    return x, true_curve(x) + torch.empty(n, 1).normal_(0, 0.5, generator=generator)


x_train, y_train = draw(20)
x_test, y_test = draw(1000)

# %%
# Each x is a row of one number now, since a network may have many inputs. The open
# triangles are the first 40 of the points held out.

from linreg.plotting import DATA, INK, MODEL, plot_points, use_house_style

use_house_style()
grid = torch.linspace(-3, 3, 200)[:, None]
plot_points(x_train, y_train)
plt.plot(x_test[:40], y_test[:40], "^", color=DATA, fillstyle="none", label="held out")
plt.plot(grid, true_curve(grid), "--", color=INK, label="true curve")
plt.title("Points of a curve")
plt.legend()
# Figure: Filled and open triangles around a dashed curve that rises, falls and rises
# again.
plt.show()

# %%
# How good can a line be?
# -----------------------
#
# The best of all lines is the yardstick. On the points held out its loss is more than
# twice the variance of the noise, which is 0.25: no line follows the wave.

from linreg.exact import least_squares
from linreg.training import mean_squared_error

k, m = least_squares(x_train[:, 0], y_train[:, 0])
line_train = mean_squared_error(k * x_train + m, y_train).item()
line_test = mean_squared_error(k * x_test + m, y_test).item()
print(
    f"best line: loss {line_train:.3f} on its own points, {line_test:.3f} on those held out"
)
assert line_test > 2 * 0.25

# %%
# The network
# -----------
#
# A *feed-forward network* is a chain of simple steps. ``nn.Linear`` is a line with
# several inputs and outputs. ``nn.Tanh`` bends its result into the range -1 to 1. With
# :math:`w` *hidden units* in each of two layers:
#
# .. math:: \hat{y} = W_3 \tanh(W_2 \tanh(W_1 x + b_1) + b_2) + b_3
#
# Without the bends the chain would collapse into one single line. The entries of all
# :math:`W` and :math:`b` are the parameters. They start at random, so they get a seed.


def network(width):
    """Return an untrained network with two hidden layers of this width."""
    torch.manual_seed(0)
    first = [nn.Linear(1, width), nn.Tanh()]
    second = [nn.Linear(width, width), nn.Tanh()]
    return nn.Sequential(*first, *second, nn.Linear(width, 1))


print(network(4))
print("parameters:", sum(parameter.numel() for parameter in network(4).parameters()))

# %%
# What changes in the program
# ---------------------------
#
# This is stage 3, with the lines that differ. The loader stays as it is, and so does
# ``train``. Its call asks for more epochs.
#
# .. code-block:: diff
#
#    -dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
#    +dataset = TensorDataset(x_train, y_train)
#     shuffling = torch.Generator().manual_seed(0)
#     loader = DataLoader(dataset, batch_size=8, shuffle=True, generator=shuffling)
#    -model = LinearRegressionModel().to(default_device())
#    +model = network(4)
#    -optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
#    +optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
#    -history = train(model, loader, optimizer, num_epochs=25)
#    +history = train(model, loader, optimizer, num_epochs=1000)
#
# *Adam* is an optimiser that adapts the size of the step to each parameter. SGD gets
# there too. How fast depends on its learning rate: exercise 4 tries two.

from linreg.training import train

dataset = TensorDataset(x_train, y_train)
shuffling = torch.Generator().manual_seed(0)
loader = DataLoader(dataset, batch_size=8, shuffle=True, generator=shuffling)
model = network(4)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
history = train(model, loader, optimizer, num_epochs=1000)
print("epoch   loss")
for epoch in (1, 10, 100, 300, 1000):
    print(f"{epoch:5d}  {history.epoch_loss[epoch - 1]:5.3f}")

# %%
# The loss ends well below that of the best line. Look at what the network has learned.

assert history.epoch_loss[-1] < line_train / 2

with torch.no_grad():
    learned = model(grid)
plot_points(x_train, y_train)
plt.plot(grid, true_curve(grid), "--", color=INK, label="true curve")
plt.plot(grid, learned, color=MODEL, label="network")
plt.title("4 hidden units in each layer")
plt.legend()
# Figure: The network's curve follows the dashed true curve through the points.
plt.show()

# %%
# Too simple, too complex
# -----------------------
#
# Is a larger network better? Train one with 64 hidden units in each layer, and compare
# the losses on the points it learned from and on those held out.

wide = network(64)
optimizer = torch.optim.Adam(wide.parameters(), lr=0.01)
train(wide, loader, optimizer, num_epochs=1000)

with torch.no_grad():
    small_train = mean_squared_error(model(x_train), y_train).item()
    small_test = mean_squared_error(model(x_test), y_test).item()
    wide_train = mean_squared_error(wide(x_train), y_train).item()
    wide_test = mean_squared_error(wide(x_test), y_test).item()

# %%

print("                  training  held out")
print(f"line              {line_train:8.3f}  {line_test:8.3f}")
print(f"4 hidden units    {small_train:8.3f}  {small_test:8.3f}")
print(f"64 hidden units   {wide_train:8.3f}  {wide_test:8.3f}")
assert line_train > small_train > wide_train
assert small_test < min(line_test, wide_test)

# %%
# From row to row the training loss falls. The held-out loss falls and then rises. The
# line *underfits*: it is bad on both sets. The wide network *overfits*: it has learned
# the noise of its 20 points, which tells it nothing about any other point.

with torch.no_grad():
    fits = {
        "a line": k * grid + m,
        "4 hidden units": model(grid),
        "64 hidden units": wide(grid),
    }

figure, axes = plt.subplots(3, figsize=(5.2, 8), sharex=True, sharey=True)
for ax, (name, fit) in zip(axes, fits.items(), strict=True):
    plot_points(x_train, y_train, ax=ax)
    ax.plot(
        x_test[:40], y_test[:40], "^", color=DATA, fillstyle="none", label="held out"
    )
    ax.plot(grid, fit, color=MODEL, label="model")
    ax.set(title=name, xlabel="x" if ax is axes[-1] else "")
axes[0].legend()
# Figure: A line misses the wave, a small network follows it, a wide one bends to single
# points.
plt.show()

# %%
# You can tell the three apart without knowing the true curve. That is what the held-out
# set is for. It works only as long as nothing is learned from it. A set that you use to
# choose the width is used up: judge the winner by a third one.
#
# Outside the data
# ----------------
#
# All data lies between -3 and 3. Beyond it nothing holds the network in place.

with torch.no_grad():
    outside = torch.tensor([[4.0], [6.0]])
    for point, guess in zip(outside, model(outside), strict=True):
        print(f"x = {point.item():.0f}: network {guess.item():5.2f}", end="  ")
        print(f"true curve {true_curve(point).item():5.2f}")
# sphinx_gallery_start_ignore
torch.set_num_threads(threads)
# sphinx_gallery_end_ignore

# %%
# Where to go next
# ----------------
#
# You have met everything that a large model needs: a dataset, a model, a loss, a loop,
# an optimiser, and a set held out to judge the result. Other tasks exchange one piece
# at a time.
#
# * Images: a ``Dataset`` that reads files, and ``nn.Conv2d`` in place of ``nn.Linear``.
# * Classes instead of numbers: ``nn.CrossEntropyLoss`` in place of the mean squared
# error. * Less overfitting: more data first, then early stopping, weight decay or
# dropout.
#
# `PyTorch's own tutorials <https://docs.pytorch.org/tutorials/>`_ take up each of them.
#
# Exercises
# ---------
#
# 1. Remove both ``nn.Tanh``. What curve does the network find now, and what is its
#    loss?
# 2. Train the wide network for 50 epochs instead of 1000. What happens to its held-out
#    loss?
# 3. Give the wide network 400 points to learn from. Does it still overfit?
# 4. Replace Adam by SGD with learning rate 0.05. How many epochs does the small network
#    need to reach the same loss? And with 0.1?
