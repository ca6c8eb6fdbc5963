r"""
Stage 6: a curve
================

A line has two numbers to learn. Most data needs a model with more. In this stage a
small neural network takes the place of the line: the dataset changes its points, the
model its formula, and the training loop nothing.

**What you will learn:** what a neural network is, how few lines of the program change
to train one, and how points that are kept back tell you that a model is too simple or
too complex.

**What you need:** stages 1 to 5.
"""

# %%
# The imports
# -----------
#
# The fold below holds what you know from earlier stages.

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap
from torch.utils.data import DataLoader, TensorDataset

from linreg.exact import least_squares
from linreg.plotting import DATA, INK, MODEL, plot_points, use_house_style
from linreg.training import mean_squared_error, train

# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_start_ignore
threads = torch.get_num_threads()
torch.set_num_threads(1)  # networks this small gain nothing from more
# sphinx_gallery_end_ignore

# %%
# Points of a curve
# -----------------
#
# The truth is a wave on a rising line, with noise of standard deviation 0.5. Each x is
# a row of one number now, shape (n, 1), because a network may have several inputs.

generator = torch.Generator().manual_seed(0)


def true_curve(x):
    return torch.sin(2 * x) + 0.5 * x


def draw(*shape):
    x = -3 + 6 * torch.rand(shape, generator=generator)
    return x, true_curve(x) + 0.5 * torch.randn(shape, generator=generator)


# %%
# The model learns from 20 points. Another 1000 are *held out*: it never sees them, they
# test it afterwards. Real data is rarely so generous; here so many make the test sure.

x_train, y_train = draw(20, 1)
x_test, y_test = draw(1000, 1)
grid = torch.linspace(-3, 3, 200)[:, None]  # 200 rows of one number, for drawing

use_house_style()
plot_points(x_train, y_train)
plt.plot(grid, true_curve(grid), "--", color=INK, label="true curve")
plt.title("Twenty points of a curve")
plt.legend()
# Figure: Twenty triangles scattered around a dashed curve that rises, falls, rises,
# falls and rises again from left to right.
plt.show()

# %%
# How good can a line be?
# -----------------------
#
# The least-squares line is the yardstick. The smallest loss to hope for on held-out
# points is the variance of their noise, 0.5 squared, which is 0.25. The line stays far
# above it.

k, m = least_squares(x_train[:, 0], y_train[:, 0])
line_train = mean_squared_error(k * x_train + m, y_train).item()
line_test = mean_squared_error(k * x_test + m, y_test).item()
print(f"loss of the line: {line_train:.2f} on its points, {line_test:.2f} held out")
# sphinx_gallery_start_ignore
assert line_test > 2 * 0.25
# sphinx_gallery_end_ignore

# %%
# The network
# -----------
#
# ``nn.Linear(1, 4)`` holds four lines, each with a slope and an intercept of its own.
# ``nn.Tanh`` bends each of them into an S between -1 and 1. The four bent lines are
# called *hidden units*. The next ``nn.Linear`` mixes them, and so on. Such a chain of
# *layers* is a *feed-forward network*.


def network(width):
    return nn.Sequential(
        nn.Linear(1, width),
        nn.Tanh(),
        nn.Linear(width, width),
        nn.Tanh(),
        nn.Linear(width, 1),
    )


# %%
# ``nn.Sequential`` passes x from layer to layer. Written as a formula, with a matrix
# :math:`W` of slopes and a row :math:`b` of intercepts for each ``nn.Linear``:
#
# .. math:: \hat{y} = W_3 \tanh(W_2 \tanh(W_1 x + b_1) + b_2) + b_3
#
# Without the bends, lines of lines would be one line again. The numbers in all
# :math:`W` and :math:`b` are the parameters: with 4 hidden units 4 + 4 in the first
# ``nn.Linear``, 16 + 4 in the second and 4 + 1 in the last, 33 in all. They start at
# random, so the program fixes the seed.
#
# What changes in the program
# ---------------------------
#
# This is the training of stage 3, with the lines that differ. ``new_loader`` stays as
# it is, and so does ``train``.
#
# .. code-block:: diff
#
#    -dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
#    +dataset = TensorDataset(x_train, y_train)
#     def new_loader():
#         shuffles = torch.Generator().manual_seed(0)
#         return DataLoader(dataset, batch_size=8, shuffle=True, generator=shuffles)
#    -model = LinearRegressionModel().to(device)
#    +model = network(4)
#    -optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
#    +optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
#     loader = new_loader()
#    -history = train(model, loader, optimizer, num_epochs=25)
#    +history = train(model, loader, optimizer, num_epochs=500)
#
# ``TensorDataset`` is a dataset of tensors that exist already. *Adam* is an optimiser
# that fits the size of the step to each parameter: it divides the gradient by the size
# that this parameter's gradients had of late.

dataset = TensorDataset(x_train, y_train)


def new_loader():
    shuffles = torch.Generator().manual_seed(0)
    return DataLoader(dataset, batch_size=8, shuffle=True, generator=shuffles)


torch.manual_seed(0)
model = network(4)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
loader = new_loader()
history = train(model, loader, optimizer, num_epochs=500)
print(f"loss of the last epoch: {history.epoch_loss[-1]:.2f}")

# %%
# The loss ends far below that of the line. Now draw what the network has learned.


def plot_network(model, title):
    model.eval()
    with torch.inference_mode():
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
# sphinx_gallery_start_ignore
x_look = torch.tensor([[-3.0], [0.0], [3.0], [6.0]])
with torch.inference_mode():
    misses = abs(model(x_look) - true_curve(x_look))[:, 0].tolist()
assert misses[1] < 0.5
assert 1 < misses[0] < 1.5
assert 1 < misses[2] < 1.5
assert round(misses[3], 1) == 2.4
assert sum(parameter.numel() for parameter in model.parameters()) == 33
assert 2.3 < x_train.max() < 2.4
noise = (y_train - true_curve(x_train))[x_train < -2]
assert [f"{value:.1f}" for value in noise.tolist() if value > 0.1] == ["0.9", "0.6"]
# sphinx_gallery_end_ignore

# %%
# In the middle the network has found the wave. At both ends it is off by more than 1.
# On the right no point lies beyond 2.4. On the left the noise of two points, 0.6 and
# 0.9, pulls the curve up. Farther out there is no data, and nothing holds the network
# in place: at x = 6 it is off by 2.4.
#
# Is a larger network better?
# ---------------------------
#
# Train one with 64 hidden units in each layer on the same points.

torch.manual_seed(0)
wide = network(64)
optimizer = torch.optim.Adam(wide.parameters(), lr=0.01)
train(wide, new_loader(), optimizer, num_epochs=500)
plot_network(wide, "64 hidden units in each layer")
# Figure: The wide network's curve bends towards single points and away from the dashed
# true curve.
plt.show()

# %%
# It bends towards single points. Measure all three on both sets of points.


print("                 training  held out")
print(f"line             {line_train:8.2f}  {line_test:8.2f}")
for name, trained in ("4 hidden units ", model), ("64 hidden units", wide):
    with torch.inference_mode():
        training = mean_squared_error(trained(x_train), y_train)
        testing = mean_squared_error(trained(x_test), y_test)
    print(f"{name}  {training:8.2f}  {testing:8.2f}")
# sphinx_gallery_start_ignore
with torch.inference_mode():
    (small_training, small_testing), (wide_training, wide_testing) = (
        (
            mean_squared_error(trained(x_train), y_train).item(),
            mean_squared_error(trained(x_test), y_test).item(),
        )
        for trained in (model, wide)
    )
assert line_train > small_training > wide_training
assert small_testing < wide_testing < line_test
# sphinx_gallery_end_ignore

# %%
# The training loss falls from row to row. The held-out loss falls and then rises. The
# line *underfits*: it is bad on both sets. The wide network *overfits*: it has learned
# part of the noise of its 20 points, which tells nothing about other points.
#
# Is that always so?
# ------------------
#
# One set of 20 points proves little. So take 40 sets, each with a line and two networks
# of its own. To save time, train 40 networks at once: ``stack_module_state`` puts their
# parameters into tensors with one row for each network, and ``vmap`` makes a function
# for one network work on all rows.

x_sets, y_sets = draw(40, 20, 1)
x_held_out, y_held_out = draw(40, 1000, 1)

# %%
# The training:


def fit_networks(width, steps=600):
    networks = [network(width) for _ in x_sets]
    parameters, _ = stack_module_state(networks)

    def predict_one(values, x):
        return functional_call(networks[0], values, x)

    predict = vmap(predict_one)
    optimizer = torch.optim.Adam(parameters.values(), lr=0.01)
    for _ in range(steps):
        loss = ((predict(parameters, x_sets) - y_sets) ** 2).mean(dim=(1, 2)).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.inference_mode():
        errors = predict(parameters, x_held_out) - y_held_out
    return (errors**2).mean(dim=(1, 2))


# %%
# ``functional_call`` calls a network with the parameters that it is handed.
# (``stack_module_state`` returns a second value, for numbers that are not trained.
# These networks have none, so it goes to ``_``.) The rest is the loop of stage 3, with
# all 20 points in each of 600 steps. Its loss is the sum of 40 losses, one for each
# network, and no parameter has a part in more than one of them. The function returns 40
# held-out losses. Here they are beside those of 40 lines:

line_losses = []
for i in range(40):
    k, m = least_squares(x_sets[i, :, 0], y_sets[i, :, 0])
    line_losses.append(mean_squared_error(k * x_held_out[i] + m, y_held_out[i]))
torch.manual_seed(0)
held_out = torch.stack([torch.stack(line_losses), fit_networks(4), fit_networks(64)])
medians = held_out.quantile(0.5, dim=1)  # half of each row lies below its median
print("medians:", [f"{loss:.2f}" for loss in medians])

# %%
# ``semilogy`` is ``plot`` with a logarithmic axis upwards. It draws each column of
# ``held_out`` as a line.

plt.semilogy(held_out, color=DATA, linewidth=0.6)
plt.semilogy(medians, "o-", color=MODEL)
plt.xticks(range(3), ["line", "4 units", "64 units"])
plt.xlabel("model")
plt.ylabel("held-out loss")
plt.title("40 sets of points, and their median")
# Figure: Forty thin lines and their thick median: from the line to 4 units most fall,
# from 4 to 64 units most rise, and some do not.
plt.show()

# %%
# Most thin lines fall and then rise. Count them, and those where the widest wins.

best = held_out.argmin(dim=0)
for i, name in enumerate(["the line", "4 units", "64 units"]):
    print(f"best on held-out points: {name:8} in {(best == i).float().mean():4.0%}")
# sphinx_gallery_start_ignore
assert 0.7 < (best == 1).float().mean() < 0.95
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
# To do one, `open this page's notebook <../run.html>`__ on your machine or in Colab,
# change the cell that it speaks of, and run it and those below it.
#
# 1. How many parameters has the network with 64 hidden units? Compute it by hand from
#    the shapes of its layers, then let the program count.
# 2. Remove both ``nn.Tanh`` and train with 4 hidden units. Which loss on the training
#    points do you expect?
# 3. Train the 40 wide networks for 100 steps instead of 600. What becomes of the median
#    of their held-out losses? (To stop in time is called *early stopping*.)
#
# When you have tried:
# `the answers <solutions/plot_01_stages.html#stage-6-the-curve>`__.
#
# Next
# ----
#
# That was the tutorial. You have met what a large model needs: a dataset, a model, a
# loss, a loop, an optimiser, and points held out to judge the result. For images you
# would read files in the dataset and put ``nn.Conv2d`` in place of ``nn.Linear``. For
# classes instead of numbers, ``nn.CrossEntropyLoss`` takes the place of the mean
# squared error. The pages of *Understanding* open up a single step, and `PyTorch's own
# tutorials <https://docs.pytorch.org/tutorials/>`__ lead to images and to text.
