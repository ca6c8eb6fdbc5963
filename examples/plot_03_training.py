r"""
Stage 3: the training loop
==========================

Training changes the parameters a little at a time, so that the predictions come closer
to the data. You first do one such step by hand, and then let a loop do it 175 times.

**What you will learn:** what a loss and a gradient are, why the data comes in
mini-batches, how to write the training loop, and how to see whether it has finished.

**What you need:** stage 1, the dataset, and stage 2, the model. A derivative helps, but
you need not compute one.
"""

# %%
# The imports
# -----------
#
# ``DataLoader`` cuts a dataset into batches. ``least_squares`` computes the best line
# directly: you use it at the end, to check the training. ``plot_loss`` draws the loss
# of each epoch, and ``INK`` and ``MODEL`` are colours. ``Iterable`` and ``dataclass``
# come with Python, and are explained where they are used.

from collections.abc import Iterable
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from linreg.data import LinearRegressionDataset
from linreg.exact import least_squares
from linreg.model import LinearRegressionModel
from linreg.plotting import (
    INK,
    MODEL,
    plot_line,
    plot_loss,
    plot_points,
    use_house_style,
)

# %%
# The points are those of stage 1.

use_house_style()
dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)

# %%
# The loss
# --------
#
# How wrong is a line? For each point, take the difference between its value :math:`y_i`
# and the prediction :math:`\hat{y}_i`, and square it. The mean of the squares is one
# number, the *loss*, here the *mean squared error*:
#
# .. math:: L = \frac{1}{n} \sum_{i=1}^{n} (y_i - \hat{y}_i)^2
#
# It is 0 only where the line meets every point. Twice as far off counts four times.

from linreg.training import mean_squared_error

# %%
# ``mse_loss`` is PyTorch's function for the formula. The ``if`` stops what PyTorch
# would let pass: shapes that differ would be broadcast.
#
# A fresh model predicts 0 everywhere. Its differences are the upright lines in the
# figure. (``detach`` gives a tensor without the memory that stage 2 showed, which
# Matplotlib takes.)

model = LinearRegressionModel()
prediction = model(dataset.x)
loss = mean_squared_error(prediction, dataset.y)
print(f"loss before training: {loss.item():.2f}")

plot_points(dataset.x, dataset.y)
plot_line(model.k.item(), model.m.item(), (-3, 3), "model")
plt.vlines(dataset.x, prediction.detach(), dataset.y, color=INK, linewidth=0.8)
plt.title("The differences that the loss squares")
# sphinx_gallery_live = "by-hand"
# Figure: The data and the flat line of a fresh model; an upright line joins each point
# to it, short ones on the left and long ones on the right.
plt.show()
# sphinx_gallery_start_ignore
assert torch.isclose(loss, torch.mean((dataset.y - prediction) ** 2))
# sphinx_gallery_end_ignore

# %%
# The gradient
# ------------
#
# Which change makes the loss smaller? Hold k at 0 and vary m alone, and the loss is a
# parabola. At m = 0 it falls to the right: a larger m is better there. The steepness of
# the parabola, that of its tangent, says so in a number. The *gradient* holds one such
# number for each parameter.
#
# ``loss.backward()`` computes it, from what PyTorch has kept track of since
# ``model(...)``, and leaves it in ``.grad``.

loss.backward()
print(f"steepness along k: {model.k.grad.item():.2f}")
print(f"steepness along m: {model.m.grad.item():.2f}")

# %%
# Here is the parabola, with a tangent that has this steepness:

m_values = torch.linspace(-3, 8, 50)
losses = [torch.mean((dataset.y - m) ** 2) for m in m_values]
tangent = loss.item() + model.m.grad.item() * m_values

plt.plot(m_values, losses, color=MODEL, label="loss for k = 0")
half = m_values < 2.5  # the tangent is long enough there
plt.plot(m_values[half], tangent[half], color=INK, linestyle="--", label="tangent")
plt.plot(0, loss.item(), "o", color=MODEL)
plt.xlabel("intercept m")
plt.ylabel("mean squared error")
plt.title("The loss as m changes")
plt.legend()
# sphinx_gallery_live = "tangent"
# Figure: A parabola over the intercept, with a dot at 0 on its falling left branch and
# a dashed tangent there, which falls to the right.
plt.show()

# %%
# One step by hand
# ----------------
#
# Both numbers are negative: the loss falls when k or m grows. So go against them.
# *Gradient descent* takes a small part of the gradient off each parameter. The part is
# the *learning rate* :math:`\eta`, here 0.01. The arrow reads "becomes", and
# :math:`\partial L / \partial k` is the steepness along k:
#
# .. math:: k \leftarrow k - \eta \frac{\partial L}{\partial k}, \qquad
#           m \leftarrow m - \eta \frac{\partial L}{\partial m}

with torch.no_grad():
    model.k -= 0.01 * model.k.grad
    model.m -= 0.01 * model.m.grad
print(f"after one step: k = {model.k.item():.4f}, m = {model.m.item():.4f}")
new_loss = mean_squared_error(model(dataset.x), dataset.y)
print(f"loss: {loss.item():.2f} before, {new_loss.item():.2f} after")
# sphinx_gallery_start_ignore
assert new_loss < loss
# sphinx_gallery_end_ignore

# %%
# One step, and the loss is smaller. Training repeats it.
#
# Mini-batches
# ------------
#
# That step looked at all fifty points. With fifty million it would take long, and you
# need thousands of steps. A few points picked at random are a sample of all: downhill
# for them is mostly downhill for all, and they cost a fraction. So each step takes its
# gradient from a *mini-batch*, here of 8 points. One *epoch* is one pass through all of
# them.
#
# The loader shuffles the points anew for each epoch. ``new_loader`` makes one that
# begins with the same shuffles each time, so that you can compare two trainings.


def new_loader():
    shuffles = torch.Generator().manual_seed(0)
    return DataLoader(dataset, batch_size=8, shuffle=True, generator=shuffles)


loader = new_loader()
print("mini-batches per epoch:", len(loader))
print("their sizes:", [len(x) for x, y in loader])
# sphinx_gallery_start_ignore
assert len(loader) == 7
# sphinx_gallery_end_ignore

# %%
# Fifty points make six batches of 8 and one of 2. So 25 epochs are 175 steps.
#
# The loop
# --------
#
# This is a training loop, whole. ``torch.optim.SGD`` holds the parameters, and its
# ``step`` does to each what you did by hand. ``zero_grad`` comes before ``backward``,
# because ``backward`` *adds* to what is in ``.grad``. With mini-batches the method is
# called *stochastic*, that is random, gradient descent, SGD.

model = LinearRegressionModel()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
loader = new_loader()
for epoch in range(25):  # 25 times through the data
    for x, y in loader:  # one mini-batch after another
        prediction = model(x)  # what does the model say?
        loss = mean_squared_error(prediction, y)  # how wrong is that?
        optimizer.zero_grad()  # forget the gradient of the last step
        loss.backward()  # compute the gradient of this loss
        optimizer.step()  # take a step against it
print(f"k = {model.k.item():.3f}, m = {model.m.item():.3f}")

# %%
# The seven lines from ``for`` to ``step`` train large networks too. Only the model, the
# data and the loss change.
#
# The same loop with a record
# ---------------------------
#
# To look into a training, you want the loss of each epoch and the values that the
# parameters had. ``History`` is where they are kept. (``@dataclass`` writes its
# ``__init__``.) ``copy_numbers`` copies a parameter: without a copy, all records would
# change together with it.

from linreg.training import History, copy_numbers

# %%
# ``train`` is your loop with this record. In its middle you find the seven lines again,
# and one more, which moves the batch to where the model is. You need not follow what is
# around them. Three checks end the training where it would go wrong in silence: the
# optimiser does not hold this model's parameters, an epoch has no batch, the loss is
# not finite. ``np.average`` takes the mean over all *samples* of the epoch, so the
# batch of 2 counts less than one of 8. (An ``Iterable`` is whatever a ``for`` can go
# through.)
#
# ``model.train()`` switches on what some layers do only in training. A line has no such
# layers, but the call is a habit worth having.

from linreg.training import train

# %%
# A model may be on a GPU. The next function finds one if the machine has it. For 8
# points at a time a GPU does not pay; for a large network it does.

from linreg.training import default_device

# %%
# Train
# -----

device = default_device()
model = LinearRegressionModel().to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
loader = new_loader()
history = train(model, loader, optimizer, num_epochs=25)
print("epoch   loss")
for epoch in (1, 2, 5, 10, 25):
    print(f"{epoch:5d}  {history.epoch_loss[epoch - 1]:5.2f}")
# sphinx_gallery_start_ignore
assert 32.4 < history.epoch_loss[0] < 52.7
assert 22.0 < history.epoch_loss[1] < 28.3
assert abs(history.epoch_loss[-1] - 0.25) < 0.1
# sphinx_gallery_end_ignore

# %%
# The loss falls quickly at first and then levels off. It does not reach 0, because a
# line cannot follow the noise.

plot_loss(history.epoch_loss)
# Figure: The loss falls steeply in the first epochs, then flattens out just above zero.
plt.show()

# %%
# The line on its way
# -------------------
#
# ``history.parameters`` holds the values of k and m: entry 0 from before the training,
# and then one after each epoch. Each pair is a line.

k, m = history.parameters["k"], history.parameters["m"]
plot_points(dataset.x, dataset.y)
ends = np.array([-3, 3])
for epoch, style in [(0, ":"), (1, "-."), (5, "--"), (25, "-")]:
    plt.plot(ends, k[epoch] * ends + m[epoch], style, color=MODEL, label=epoch)
plt.title("The line after 0, 1, 5 and 25 epochs")
plt.legend(title="epochs")
# Figure: The data and four lines: flat after 0 epochs, steeper and higher after 1 and
# 5, and through the middle of the data after 25.
plt.show()

# %%
# True, exact and found
# ---------------------
#
# For a straight line, the k and m with the smallest loss can be computed directly. They
# are not the true ones, because fifty noisy points cannot tell more.

k_exact, m_exact = least_squares(dataset.x, dataset.y)
print("    true  exact  found")
print(f"k  {dataset.k:5.2f}  {k_exact:5.2f}  {k[-1]:5.2f}")
print(f"m  {dataset.m:5.2f}  {m_exact:5.2f}  {m[-1]:5.2f}")
# sphinx_gallery_start_ignore
assert 2.90 < k[-1] < 3.09
assert 4.69 < m[-1] < 4.98
assert abs(k[-1] - k_exact) < 0.02
assert round(m_exact - m[-1], 2) == 0.17
# sphinx_gallery_end_ignore

# %%
# The slope is there. The intercept is short of the exact one by 0.17. The training is
# not finished.
#
# How to see that a training is not finished
# ------------------------------------------
#
# Most models have no exact answer to compare with. Then measure the loss over all
# points, go on training, and measure again. To measure, switch the model to ``eval()``,
# the counterpart of ``train()``, and use ``torch.inference_mode()``: PyTorch then keeps
# track of nothing.


def measure():
    model.eval()
    with torch.inference_mode():
        prediction = model(dataset.x.to(device))
        return mean_squared_error(prediction, dataset.y.to(device)).item()


for epochs in (25, 50, 75, 100):
    if epochs > 25:
        train(model, loader, optimizer, num_epochs=25)
    print(f"after {epochs:3d} epochs: loss {measure():.4f}, m = {model.m.item():.4f}")
# sphinx_gallery_start_ignore
assert history.epoch_loss[-1] > 0.32
assert 0.3 < measure() < 0.301
assert abs(model.m.item() - m_exact) < 0.02
# sphinx_gallery_end_ignore

# %%
# From 25 to 50 epochs the loss still fell, so at 25 the training was not finished. From
# 50 on it hardly moves. It will not come to rest: each step sees a batch, and each
# batch pulls a little elsewhere. A smaller learning rate lessens that, and all points
# in one batch end it.
#
# `The explorer <../explorer.html#preset=post&steps=175>`__ shows a training step by
# step, on points that you can drag.
#
# Exercises
# ---------
#
# To do one, `open this page's notebook <../run.html>`__ on your machine or in Colab,
# change the line that it names, and run that cell and all below it.
#
# 1. Train for 25 epochs with learning rate 0.02, below "Train". Is it finished now?
# 2. Set ``batch_size=50`` in ``new_loader``. How many steps are 25 epochs then, and how
#    far does m get?
# 3. Set the learning rate to 1, below "Train". ``train`` stops with an error. What does
#    it advise?
#
# When you have tried: `the answers
# <solutions/plot_01_stages.html#stage-3-the-training-loop>`__.
#
# Next
# ----
#
# In `stage 4 <plot_04_loss_surface.html>`__ you draw the loss of every line at once,
# and see why the slope is found long before the intercept.
