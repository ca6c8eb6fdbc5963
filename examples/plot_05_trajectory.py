r"""
Stage 5: the trajectory
=======================

The training starts at k = 0, m = 0 and heads for the lowest point of the loss surface.
In this stage you draw its way, and keep the model that it found.

**What you will learn:** how to read the path of a training, why it bends and slows
down, and how to save a model and load it again.

**What you need:** stage 3, the training loop, and stage 4, the loss surface.
"""

# %%
# The imports
# -----------
#
# ``train`` is the loop of stage 3 with its record, `explained line by line
# <understanding/plot_01_one_step.html#why-each-line-of-train>`__ on a later page.
# ``plot_trajectory`` draws a path. ``TemporaryDirectory`` makes a folder that vanishes.

from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.utils.data import DataLoader

from linreg.data import LinearRegressionDataset
from linreg.exact import least_squares
from linreg.landscape import loss_surface
from linreg.model import LinearRegressionModel
from linreg.plotting import (
    HALO,
    INK,
    plot_parameters,
    plot_surface,
    plot_trajectory,
    use_house_style,
)
from linreg.training import train

# %%
# The training of stage 3
# -----------------------

use_house_style()
dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
shuffles = torch.Generator().manual_seed(0)
loader = DataLoader(dataset, batch_size=8, shuffle=True, generator=shuffles)
model = LinearRegressionModel()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
history = train(model, loader, optimizer, num_epochs=25)
k, m = history.parameters["k"], history.parameters["m"]
for epoch in (0, 1, 5, 25):
    print(f"after {epoch:2d} epochs: k = {k[epoch]:.3f}, m = {m[epoch]:.3f}")
# sphinx_gallery_start_ignore
assert (k[0], m[0]) == (0, 0)
assert k[5] / k[-1] > 0.75
assert m[5] / m[-1] < 0.5
# sphinx_gallery_end_ignore

# %%
# After five epochs the slope has gone more than three quarters of its way, the
# intercept less than half.
#
# The path
# --------
#
# A function draws the surface, with a path on it. ``reach`` says how far the picture
# goes on either side of the truth.

k_exact, m_exact = least_squares(dataset.x, dataset.y)


def plot_path(k, m, reach):
    k_values = np.linspace(3 - reach, 3 + reach, 100)
    m_values = np.linspace(5 - reach, 5 + reach, 100)
    surface = loss_surface(dataset.x, dataset.y, k_values, m_values)
    plot_surface(surface, k_values, m_values)
    plot_trajectory(k, m)
    plot_parameters(dataset.k, dataset.m, "truth")
    plot_parameters(k_exact, m_exact, "exact")
    plt.xlim(3 - reach, 3 + reach)
    plt.ylim(5 - reach, 5 + reach)
    plt.gca().set_aspect("equal")


# %%
# Each cross is the state after one epoch. The line joins them, from (0, 0) on. The star
# is the truth, the diamond the lowest point.

plot_path(k, m, reach=7)
plt.title("Parameter trajectory")
plt.legend()
# Figure: A path of crosses leaves (0, 0), climbs to the right, bends upwards, and ends
# close to a diamond and a star in the middle of the bowl.
plt.show()

# %%
# The path first crosses the bands towards the floor of the valley, and then follows the
# floor. Why does it bend, and why do the crosses crowd together?
#
# The way down
# ------------
#
# Look closer, 3 units around the truth. The arrows point downhill. ``np.gradient``
# measures how steeply the surface rises upwards and to the right (``edge_order=2`` for
# a parabola), and ``quiver`` draws arrows.

plot_path(k, m, reach=3)
k_few, m_few = np.linspace(0.4, 5.6, 9), np.linspace(2.4, 7.6, 9)
few = loss_surface(dataset.x, dataset.y, k_few, m_few)
along_m, along_k = np.gradient(few, edge_order=2)
plt.quiver(k_few, m_few, -along_k, -along_m, color=INK, edgecolor=HALO, linewidth=0.5)
plt.title("Parameter trajectory, closer")
# Figure: The path climbs along the floor of the valley and ends just below the diamond.
# Arrows on both sides point across the bands to the floor, long ones at the rim, short
# ones in the middle.
plt.show()
# sphinx_gallery_start_ignore
spread = dataset.x.double().var(correction=0).item()
mean = dataset.x.double().mean().item()
offset = m_few[:, None] + k_few * mean - dataset.y.double().mean().item()
step = k_few[1] - k_few[0]  # the gradient of stage 4's formula
assert np.allclose(along_m / step, 2 * offset)
assert np.allclose(along_k / step, 2 * spread * (k_few - k_exact) + 2 * mean * offset)
# sphinx_gallery_end_ignore

# %%
# Each arrow is at right angles to the bands. Along a band the loss stays the same, so a
# move in that direction gains nothing. The steepest way has no part of it. With
# mini-batches the steps follow the arrows on average.
#
# Where the surface is flatter, the arrows are shorter, and so are the steps. Stage 4
# found that a step covers 2 % of the way along m. So it leaves 98 %, and the seven
# steps of an epoch leave 0.98 to the power of 7. Compare: which share of the way to the
# lowest point was left after each epoch, of what was left before it? (``left[1:]`` is
# ``left`` without its first entry, ``left[:-1]`` without its last.)

left = m_exact - m
print(f"expected: {0.98**7:.3f}")
print(f"measured: {(left[1:] / left[:-1]).mean():.3f}, the mean of {len(m) - 1} epochs")
# sphinx_gallery_start_ignore
assert abs((left[1:] / left[:-1]).mean() - 0.98**7) < 0.015
# sphinx_gallery_end_ignore

# %%
# The path heads for the diamond, not for the star: the training sees only the points.
#
# `The explorer <../explorer.html#preset=post>`__ draws such a path from wherever you
# drag its start. Drag it to the lower right corner, and predict where the path bends
# before you press Play.
#
# Keep the model
# --------------
#
# When the program ends, k and m are gone. ``state_dict`` gives all parameters by name,
# ``torch.save`` writes them into a file, and ``torch.load`` reads it. (A file that you
# want to keep needs no folder: ``torch.save(model.state_dict(), "line.pt")``.)

with TemporaryDirectory() as folder:
    torch.save(model.state_dict(), f"{folder}/line.pt")
    state = torch.load(f"{folder}/line.pt")
print(state)

# %%
# The file holds the numbers, not the class. So a program that uses them makes a fresh
# model, which starts at 0, and loads the numbers into it.

fresh = LinearRegressionModel()
fresh.load_state_dict(state)
with torch.no_grad():
    print("equal predictions:", torch.equal(fresh(dataset.x), model(dataset.x)))
# sphinx_gallery_start_ignore
assert (fresh.k, fresh.m) == (model.k, model.m)
# sphinx_gallery_end_ignore

# %%
# What you can do now
# -------------------
#
# You can read every line of the `whole program <plot_00_whole_program.html>`__: the
# dataset (stage 1), the model (stage 2), the loader, the optimiser and the loop (stage
# 3). In a program of your own, compute the loss by ``mean_squared_error`` instead: it
# stops where the shapes of prediction and target differ.
#
# Exercises
# ---------
#
# `Run it yourself <../run.html>`__ says how to do one, in the notebook or the script.
# Change the cell of the training in 1 and 2, and run it and those below it.
#
# 1. Train with learning rate 0.001. How far does the path get in 25 epochs?
# 2. Start from another place: write the lines that set ``model.k`` and ``model.m`` by
#    hand before ``train``, as in stage 2. Does the path head for the same point?
# 3. In a new cell at the end, write the loop of stage 3 with its record, but record k
#    and m after each *step*. Run it with batches of 8 for 50 epochs, and with batches
#    of 1 for 7 epochs: 350 steps each. Draw both with ``plot_path`` and ``reach=0.5``.
#    Why is one path rougher?
#
# When you have tried: `the answers
# <solutions/plot_01_stages.html#stage-5-the-trajectory>`__.
#
# Next
# ----
#
# In `stage 6 <plot_06_write_it_yourself.html>`__ you write such a program yourself, for
# data that was measured.
