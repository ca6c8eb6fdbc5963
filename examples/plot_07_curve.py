r"""
Stage 7: a curve
================

A line has two numbers to learn. Most data needs a model with more. In this stage a
small neural network takes the place of the line. The program stays the same but for
its data, its model, its optimiser and the length of the training.

**What you will learn:** what a neural network is and why it starts at random, what
another optimiser is good for, and how points that are held out tell you that a model is
too simple or too complex.

**What you need:** stages 1 to 5.
"""

# %%
# The imports
# -----------
#
# ``TensorDataset`` is a dataset of tensors that exist already. The line with
# ``torch.func`` serves one section near the end, which you may skip.

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap
from torch.utils.data import DataLoader, TensorDataset

from linreg.exact import least_squares
from linreg.plotting import DATA, INK, MODEL, plot_points, use_house_style
from linreg.training import mean_squared_error, train

# sphinx_gallery_thumbnail_number = 4
# sphinx_gallery_start_ignore
threads = torch.get_num_threads()
torch.set_num_threads(1)  # networks this small gain nothing from more
# sphinx_gallery_end_ignore

# %%
# Points of a curve
# -----------------
#
# The truth is a wave on a rising line, with noise of standard deviation 0.5. A shape of
# (20, 1) makes columns of 20 rows: ``nn.Linear`` takes such columns.


def true_curve(x):
    return torch.sin(2 * x) + 0.5 * x


def draw(shape, seed):
    generator = torch.Generator().manual_seed(seed)
    x = -3 + 6 * torch.rand(shape, generator=generator)
    return x, true_curve(x) + 0.5 * torch.randn(shape, generator=generator)


# %%
# The model learns from 20 points. Another 1000 are *held out*: it never sees them, they
# test it afterwards. (Of real data you would hold out a part, perhaps a fifth.)

x_train, y_train = draw((20, 1), seed=0)
x_test, y_test = draw((1000, 1), seed=1)
grid = torch.linspace(-3, 3, 200).reshape(200, 1)  # for drawing

use_house_style()
plot_points(x_train, y_train)
plt.plot(grid, true_curve(grid), "--", color=INK, label="true curve")
plt.title("Twenty points of a curve")
plt.legend()
# Figure: Twenty triangles scattered around a dashed curve that rises, falls, rises,
# falls and rises again from left to right.
plt.show()

# %%
# How good can a model be?
# ------------------------
#
# Nobody can predict the noise of a point that is held out. So even the true curve
# misses each point by its noise. The mean square of the noise is its variance, here 0.5
# squared, which is 0.25. No model can be expected to get below that on points that it
# has not seen. (A thousand points come close to this mean; the fifty of stage 4 were
# further off.) The least-squares line is far above it.

k, m = least_squares(x_train.reshape(20), y_train.reshape(20))
line_train = mean_squared_error(k * x_train + m, y_train).item()
line_test = mean_squared_error(k * x_test + m, y_test).item()
true_test = mean_squared_error(true_curve(x_test), y_test).item()
print(f"held out: true curve {true_test:.2f}, line {line_test:.2f}")
# sphinx_gallery_start_ignore
assert abs(true_test - 0.25) < 0.02
assert line_test > 2 * 0.25
# sphinx_gallery_end_ignore

# %%
# A line, bent
# ------------
#
# How can a model follow a wave? Take a line and bend it. The function ``tanh`` turns
# what is far below 0 into -1 and what is far above 0 into 1. In between it rises as the
# line does.

line = 2 * grid - 3
plt.plot(grid, line, ":", color=INK, label="the line 2x - 3")
plt.plot(grid, torch.tanh(line), color=MODEL, label="tanh(2x - 3)")
plt.ylim(-2, 2)
plt.gca().set(xlabel="x", ylabel="value")
plt.title("One bent line")
plt.legend()
# Figure: A dotted line rises steeply; the solid curve lies at -1 on the left, goes
# along with the line where it crosses 0, and stays at 1 on the right.
plt.show()

# %%
# Now take four bent lines, turn two of them over, and add all up. ``@`` multiplies each
# row by the weights and sums it.

slopes = torch.tensor([2.0, 2.0, 2.0, 0.5])
intercepts = torch.tensor([3.0, 0.0, -3.0, 0.0])
weights = torch.tensor([-1.0, 1.0, -1.0, 1.0])
bent = torch.tanh(slopes * grid + intercepts)  # a column for each line

plt.plot(grid, weights * bent, color=DATA, linewidth=1)
plt.plot(grid, bent @ weights, color=MODEL, label="their sum")
plt.ylim(-2, 2)
plt.gca().set(xlabel="x", ylabel="value")
plt.title("Four bent lines")
plt.legend()
# Figure: Four thin curves, each an S; two rise, two fall. Their sum is a wave.
plt.show()

# %%
# Their sum is a wave. Training can find the slopes, intercepts and weights of another.
#
# The network
# -----------
#
# ``nn.Linear(1, 4)`` holds four lines, and ``nn.Tanh`` bends them. The four numbers
# that come out for an x are called *hidden units*. ``nn.Linear(4, 4)`` makes four new
# numbers of them, each a sum with weights of its own, plus an intercept. They are bent
# again, and ``nn.Linear(4, 1)`` adds them up. Such a chain of *layers* is a
# *feed-forward network*.


def network(width):
    return nn.Sequential(
        nn.Linear(1, width),
        nn.Tanh(),
        nn.Linear(width, width),
        nn.Tanh(),
        nn.Linear(width, 1),
    )


# %%
# ``nn.Sequential`` passes x from layer to layer. As a formula, with a table :math:`W`
# of slopes or weights (a *matrix*) and a row :math:`b` of intercepts for each
# ``nn.Linear``:
#
# .. math:: \hat{y} = W_3 \tanh(W_2 \tanh(W_1 x + b_1) + b_2) + b_3
#
# Without the bends, lines of lines would be one line again. The numbers in all
# :math:`W` and :math:`b` are the parameters. ``numel`` counts the numbers of a tensor
# (and ``:8`` fills a name up to eight characters):

for name, parameter in network(4).named_parameters():
    print(f"{name:8}  shape {tuple(parameter.shape)}: {parameter.numel()}")
# sphinx_gallery_start_ignore
assert sum(parameter.numel() for parameter in network(4).parameters()) == 33
# sphinx_gallery_end_ignore

# %%
# These are 33.
#
# Why it starts at random
# -----------------------
#
# The line started at 0. Try that with the network, and look at the gradient.

zero = network(4)
with torch.no_grad():
    for parameter in zero.parameters():
        parameter.fill_(0.0)
mean_squared_error(zero(x_train), y_train).backward()
for name, parameter in zero.named_parameters():
    print(f"{name:8}  largest gradient {parameter.grad.abs().max():.2f}")

# %%
# Only the last intercept would move. The hidden units are all 0, so it makes no
# difference how they are weighted. And their weights are 0, so it makes no difference
# what the units are. If all start at another number, the four units of a layer are
# equal, get the same gradient, and stay equal: four are no better than one. So
# ``nn.Linear`` starts at random, and the program fixes the seed.
#
# What changes in the program
# ---------------------------
#
# This is the training of stage 5, with the lines that differ. Twenty points fit into
# one batch, so an epoch is one step.
#
# .. code-block:: diff
#
#    -dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
#    -shuffles = torch.Generator().manual_seed(0)
#    -loader = DataLoader(dataset, batch_size=8, shuffle=True, generator=shuffles)
#    -model = LinearRegressionModel()
#    +dataset = TensorDataset(x_train, y_train)
#    +loader = DataLoader(dataset, batch_size=20)
#    +torch.manual_seed(0)
#    +model = network(4)
#     optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
#    -history = train(model, loader, optimizer, num_epochs=25)
#    +history = train(model, loader, optimizer, num_epochs=600)

dataset = TensorDataset(x_train, y_train)
loader = DataLoader(dataset, batch_size=20)


def measure(model, x, y):
    model.eval()
    with torch.no_grad():
        return mean_squared_error(model(x), y).item()


torch.manual_seed(0)
model = network(4)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
history = train(model, loader, optimizer, num_epochs=600)
print(f"SGD, rate 0.01: {measure(model, x_train, y_train):.2f}; line: {line_train:.2f}")

# %%
# That is better than the line, and still falling, slowly. Thirty times the rate:

torch.manual_seed(0)
model = network(4)
optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
train(model, loader, optimizer, num_epochs=600)
print(f"SGD, rate 0.3: {measure(model, x_train, y_train):.2f}")
# sphinx_gallery_start_ignore
assert 1 < history.epoch_loss[-100] / history.epoch_loss[-1] < 1.03
torch.manual_seed(0)
tried = network(64)
optimizer = torch.optim.SGD(tried.parameters(), lr=0.3)
try:
    train(tried, loader, optimizer, num_epochs=600)
except FloatingPointError:
    tried = None
assert tried is None
# sphinx_gallery_end_ignore

# %%
# So the steps were too short. But a rate that suits one network need not suit another:
# with 0.3, the loss of the wider one below becomes infinite. *Adam* is an optimiser
# that fits the step to each parameter. It keeps a running mean of the gradients, and
# divides it by their usual size. What is left is seldom above 1. So a step is seldom
# longer than the learning rate, whether the surface is steep or flat. With 0.01, all
# networks of this page train.

torch.manual_seed(0)
model = network(4)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
train(model, loader, optimizer, num_epochs=600)
print(f"Adam, rate 0.01: {measure(model, x_train, y_train):.2f}")

# %%
# Draw what the network has learned.


def plot_network(model, title):
    with torch.no_grad():
        curve = model(grid)
    plot_points(x_train, y_train)
    plt.plot(grid, true_curve(grid), "--", color=INK, label="true curve")
    plt.plot(grid, curve, color=MODEL, label="network")
    plt.title(title)
    plt.legend()


plot_network(model, "4 hidden units in each layer")
# Figure: The network's curve follows the dashed true curve in the middle, and misses it
# by about 1 at both ends.
plt.show()

# %%
# In the middle the network has found the wave. How far is it off elsewhere?

for x in (-3.0, 0.0, 3.0, 6.0):
    place = torch.tensor([[x]])  # a column of one row
    with torch.no_grad():
        off = model(place) - true_curve(place)
    print(f"at x = {x:g} it is off by {off.item():.1f}")
# sphinx_gallery_start_ignore
assert 2.3 < x_train.max() < 2.4
noise = (y_train - true_curve(x_train))[x_train < -2]
assert [f"{value:.1f}" for value in noise.tolist() if value > 0.1] == ["0.9", "0.6"]
assert off < -2
# sphinx_gallery_end_ignore

# %%
# On the right no point lies beyond 2.4, and nothing holds the network in place. On the
# left the noise of two points, 0.6 and 0.9, holds it up: 1200 epochs bend it down
# without noise, and not with it.
#
# Is a larger network better?
# ---------------------------
#
# Train one with 64 hidden units in each layer on the same points.

torch.manual_seed(0)
wide = network(64)
optimizer = torch.optim.Adam(wide.parameters(), lr=0.01)
train(wide, loader, optimizer, num_epochs=600)
plot_network(wide, "64 hidden units in each layer")
# Figure: The wide network's curve runs through nearly all points, with sharp bends
# between them, away from the dashed true curve.
plt.show()

# %%
# It bends towards single points. Measure all on both sets.

print("                 training  held out")
print(f"line             {line_train:8.2f}  {line_test:8.2f}")
for name, trained in [("4 hidden units", model), ("64 hidden units", wide)]:
    on_training = measure(trained, x_train, y_train)
    on_held_out = measure(trained, x_test, y_test)
    print(f"{name:15}  {on_training:8.2f}  {on_held_out:8.2f}")
# sphinx_gallery_start_ignore
assert line_train > measure(model, x_train, y_train) > on_training
assert measure(model, x_test, y_test) < on_held_out < line_test
# sphinx_gallery_end_ignore

# %%
# The training loss falls from row to row. The held-out loss falls and then rises. The
# line *underfits*: it is bad on both sets. The wide network *overfits*: it has learned
# the noise of its 20 points, which tells nothing about others. The training loss alone
# would call it the best.
#
# Is that always so?
# ------------------
#
# One set of 20 points proves little. So take 40 sets, each with a line and two networks
# of its own, and measure all on the held-out points. First the lines:

x_sets, y_sets = draw((40, 20, 1), seed=2)
line_losses = torch.empty(40)
for i in range(40):
    k, m = least_squares(x_sets[i].reshape(20), y_sets[i].reshape(20))
    line_losses[i] = mean_squared_error(k * x_test + m, y_test)

# %%
# Why: forty networks fit into one loop
# -------------------------------------
#
# You may skip this section. It makes ``fit_networks(width)``, which trains a network of
# this width for each set, and returns the 40 losses on the held-out points.
#
# Forty trainings one after another would take long. So they share a loop. Its loss is
# the sum of 40 losses, one for each network, and no parameter has a part in more than
# one of them. So each network gets the gradient of its own loss.
#
# ``stack_module_state`` puts the parameters into tensors with one row for each network.
# (It returns a second value, for numbers that are not trained. These networks have
# none.) ``functional_call`` calls a network with the parameters that it is handed, and
# ``vmap`` turns this function for one network and one x into a function for all rows.
# ``dim=(1, 2)`` takes the mean over all dimensions but the first, that of the networks.


def fit_networks(width):
    networks = [network(width) for _ in range(40)]
    parameters, _ = stack_module_state(networks)

    def predict_one(values, x):
        return functional_call(networks[0], values, x)

    predict = vmap(predict_one)
    optimizer = torch.optim.Adam(parameters.values(), lr=0.01)
    for _ in range(600):
        losses = ((predict(parameters, x_sets) - y_sets) ** 2).mean(dim=(1, 2))
        optimizer.zero_grad()
        losses.sum().backward()
        optimizer.step()
    with torch.no_grad():
        prediction = predict(parameters, x_test.expand(40, 1000, 1))
    return ((prediction - y_test) ** 2).mean(dim=(1, 2))


# %%
# Forty sets of points
# --------------------
#
# ``stack`` makes a table of three rows with 40 losses each, and ``dim=1`` goes along
# the rows. The *median* of a row lies in its middle: half of the losses are lower. Each
# thin line of the picture is one set.

torch.manual_seed(0)
held_out = torch.stack([line_losses, fit_networks(4), fit_networks(64)])
medians = held_out.quantile(0.5, dim=1)

plt.plot(held_out, color=DATA, linewidth=0.6)
plt.plot(medians, "o-", color=MODEL, label="median")
plt.xticks(range(3), ["line", "4 units", "64 units"])
plt.gca().set(xlabel="model", ylabel="held-out loss")
plt.title("40 sets of points")
plt.legend()
# Figure: Forty thin lines and their thick median: from the line to 4 units most fall,
# from 4 to 64 units most rise, and some do not.
plt.show()

# %%
# Most thin lines fall and then rise. Count in how many sets each is best.

best = held_out.argmin(dim=0)  # along the columns: which row has the lowest loss?
for i, name in enumerate(["the line", "4 units", "64 units"]):
    print(f"{name:8}  median {medians[i]:.2f}, best in {(best == i).sum()} of 40")
# sphinx_gallery_start_ignore
assert 28 <= (best == 1).sum() <= 38
assert medians.argmin() == 1
torch.set_num_threads(threads)
# sphinx_gallery_end_ignore

# %%
# So after 600 steps on 20 points, the middle one is usually best. That is no law:
# exercise 3 takes fewer steps. It is why you measure. And whoever has used the held-out
# points to choose a width must judge the winner on fresh ones.
#
# Exercises
# ---------
#
# `Run it yourself <../run.html>`__ says how to do one.
#
# 1. How many parameters has the network with 64 hidden units? Compute it by hand from
#    the shapes of its layers. Then write a loop that counts.
# 2. In the cell of ``network``, write ``nn.Identity()`` for both ``nn.Tanh()``: it
#    returns what it is given. Which loss on the training points do you expect from
#    Adam? Run this cell and all below it.
# 3. Stop in time. Write a loop that trains a fresh network of width 64, with seed 0 and
#    one optimiser, 50 epochs at a time up to 600. Print the loss on the training points
#    and on those held out each time. When would you have stopped? (This is called
#    *early stopping*.)
#
# When you have tried:
# `the answers <solutions/plot_01_stages.html#stage-7-the-curve>`__.
#
# Next
# ----
#
# You have met what a large model needs: a dataset, a model, a loss, a loop, an
# optimiser, and points held out to judge the result. For images you would read files in
# the dataset and put ``nn.Conv2d`` in place of ``nn.Linear``. For classes instead of
# numbers you need ``nn.CrossEntropyLoss`` and a loop of your own: ``train`` is made for
# numbers. `Anatomy of one step <understanding/plot_01_one_step.html>`__ opens up a
# single step, and `PyTorch's own tutorials <https://docs.pytorch.org/tutorials/>`__
# lead to images and text.
