r"""
Stage 5: the trajectory
=======================

The training starts at k = 0, m = 0 and heads for the lowest point of the loss surface.
Here you draw its way, and keep the model that it found.

**What you will learn:** how to read the path of a training, why it bends and slows
down, and how to keep a model in a file.

**What you need:** stages 3 and 4.
"""

# %%
# The imports
# -----------
#
# ``train`` is the loop of stage 3 with its record (here it is `line by line
# <understanding/plot_01_one_step.html#why-each-line-of-train>`__).

from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.utils.data import DataLoader

from linreg.data import LinearRegressionDataset
from linreg.exact import least_squares
from linreg.landscape import loss_surface
from linreg.model import LinearRegressionModel
from linreg.plotting import HALO, INK, plot_bowl, plot_trajectory, use_house_style
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
    print(f"after {epoch} epochs: k = {k[epoch]:.3f}, m = {m[epoch]:.3f}")
# sphinx_gallery_start_ignore
assert (k[0], m[0]) == (0, 0)
assert k[5] / k[-1] > 0.75
assert m[5] / m[-1] < 0.5
# sphinx_gallery_end_ignore

# %%
# After five epochs k has gone more than three quarters of its way, m less than half.
#
# The path
# --------
#
# Each cross is the state after one epoch. The line joins them, from (0, 0) on. The star
# is the truth, the diamond the lowest point. ``plot_bowl`` draws the surface of stage 4
# as far as ``reach`` on either side of the truth.

plot_bowl(dataset, reach=7)
plot_trajectory(k, m)
plt.title("Parameter trajectory")
plt.legend()
# sphinx_gallery_live = "path"
# Figure: A path of crosses leaves (0, 0), climbs to the right, bends upwards, and ends
# close to a diamond and a star in the middle of the bowl.
plt.show()

# %%
# The path crosses the bands to the floor of the valley, and then follows the floor. Why
# does it bend, and why do the crosses crowd together?
#
# The way down
# ------------
#
# Look closer. ``loss_surface`` is the formula of stage 4, on a grid. The arrows point
# downhill: ``np.gradient`` measures how steeply the
# surface rises upwards and to the right, and ``quiver`` draws arrows the other way.

plot_bowl(dataset, reach=3)
plot_trajectory(k, m)
k_few, m_few = np.linspace(0.4, 5.6, 9), np.linspace(2.4, 7.6, 9)
few = loss_surface(dataset.x, dataset.y, k_few, m_few)
along_m, along_k = np.gradient(few, edge_order=2)  # 2: exact for a parabola
plt.quiver(k_few, m_few, -along_k, -along_m, color=INK, edgecolor=HALO, linewidth=0.5)
plt.title("Parameter trajectory, closer")
# Figure: The path climbs along the floor of the valley and ends just below the diamond.
# Arrows on both sides point across the bands to the floor, long ones at the rim, short
# ones in the middle.
plt.show()
# sphinx_gallery_start_ignore
left = least_squares(dataset.x, dataset.y)[1] - m
assert round(0.98**7, 2) == 0.87
assert round((left[1:] / left[:-1]).mean(), 2) == 0.87
# sphinx_gallery_end_ignore

# %%
# Each arrow is at right angles to the bands: along a band the loss stays the same, so
# the steepest way has no part of that direction. With mini-batches the steps follow the
# arrows on average.
#
# Where the surface is flatter, the arrows are shorter, and so are the steps. Along m a
# step leaves 98 % of the way, as stage 4 found, and the seven steps of an epoch leave
# 0.98 to the power of 7, which is 0.87. So, on average, each move is shorter.
#
# The path heads for the diamond, not for the star: the training sees only the points.
#
# `The explorer <../explorer.html#preset=post>`__ draws such a path from wherever you
# drag its start. Drag it to the lower right corner, and predict where the path bends
# before you press Play.
#
# Keep the model
# --------------
#
# When the program ends, k and m are gone. ``state_dict`` gives them by name, and
# ``torch.save`` writes them into a file. Here the folder vanishes; to keep
# yours, write ``torch.save(model.state_dict(), "line.pt")``. With ``weights_only=True``
# a file is read for its numbers, and no code in it is run.

with TemporaryDirectory() as folder:
    torch.save(model.state_dict(), f"{folder}/line.pt")
    state = torch.load(f"{folder}/line.pt", weights_only=True)
print(state)

# %%
# The file holds the numbers, not the class. A fresh model starts at 0, and loads them:

fresh = LinearRegressionModel()
fresh.load_state_dict(state)
with torch.no_grad():
    print("equal predictions:", torch.equal(fresh(dataset.x), model(dataset.x)))

# %%
# You can read the `whole program <plot_00_whole_program.html>`__ now. Its loss you
# would write as ``mean_squared_error``, which stops where the shapes differ.
#
# Exercises
# ---------
#
# Exercises 1 and 2 change the cell of the training.
#
# 1. Predict where the path is after 25 epochs with learning rate 0.001. Then train so,
#    and look at the first picture: the closer one begins farther up. (On the site, set
#    the rate below that picture.)
# 2. Start from another place: write the lines that set ``model.k`` and ``model.m`` by
#    hand before ``train``, as in stage 2. Does the path head for the same point?
# 3. Write the loop of stage 3 with its record, but record k and m after each *step*.
#    Run it with batches of 8 for 50 epochs, and with batches of 1 for 7 epochs: 350
#    steps each. Draw both by ``plt.plot`` over ``plot_bowl(dataset, reach=0.5)``. Why
#    is one of them rougher?
#
# When you have tried: `the answers
# <solutions/plot_01_stages.html#stage-5-the-trajectory>`__.
#
# Next
# ----
#
# In `stage 6 <plot_06_write_it_yourself.html>`__ you write such a program yourself, for
# data that was measured.
