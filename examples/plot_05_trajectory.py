r"""
Stage 5: the trajectory
=======================

The training starts at k = 0, m = 0 and heads for the lowest point of the loss surface.
In this stage you draw its way.

**What you will learn:** how to read the path of a training, and what you can do now.

**What you need:** stage 3, the training loop, and stage 4, the loss surface.
"""

# %%
# The imports
# -----------
#
# There is nothing new to write in this stage. All pieces are ready, and
# ``plot_trajectory`` draws a path.

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.utils.data import DataLoader

from linreg.data import LinearRegressionDataset
from linreg.exact import least_squares
from linreg.landscape import loss_surface
from linreg.model import LinearRegressionModel
from linreg.plotting import (
    plot_parameters,
    plot_surface,
    plot_trajectory,
    use_house_style,
)
from linreg.training import default_device, train

# %%
# The training of stage 3
# -----------------------

use_house_style()
dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
shuffles = torch.Generator().manual_seed(0)
loader = DataLoader(dataset, batch_size=8, shuffle=True, generator=shuffles)
model = LinearRegressionModel().to(default_device())
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
history = train(model, loader, optimizer, num_epochs=25)

k, m = history.parameters["k"], history.parameters["m"]
print("epoch      k      m")
for epoch in (0, 1, 2, 5, 10, 25):
    print(f"{epoch:5d}  {k[epoch]:5.3f}  {m[epoch]:5.3f}")
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
# Each cross is the state after one epoch. The line joins them, from (0, 0) on. The star
# is the truth, and the diamond is the lowest point, for which the path is heading.

k_exact, m_exact = least_squares(dataset.x, dataset.y)
k_values = np.linspace(3 - 7, 3 + 7, 100)
m_values = np.linspace(5 - 7, 5 + 7, 100)
surface = loss_surface(dataset.x, dataset.y, k_values, m_values)

plot_surface(surface, k_values, m_values)
plot_trajectory(k, m)
plot_parameters(dataset.k, dataset.m, "truth")
plot_parameters(k_exact, m_exact, "exact")
plt.gca().set_aspect("equal")
plt.title("Parameter trajectory")
plt.legend()
# sphinx_gallery_live = "path"
# Figure: A path of crosses leaves (0, 0), climbs to the right, bends upwards, and ends
# close to a diamond and a star in the middle of the bowl.
plt.show()

# %%
# The gradient over all points is at right angles to the bands, straight uphill, and the
# step goes the other way. With mini-batches that is so on average. So the path first
# crosses the bands towards the floor of the valley, and then follows the floor.
#
# The crosses crowd together towards the end. Where the surface is flat, the gradient is
# small, and so is the step.

step_length = np.hypot(np.diff(k), np.diff(m))
print(f"length of the first epoch's move: {step_length[0]:.3f}")
print(f"length of the last epoch's move:  {step_length[-1]:.3f}")
# sphinx_gallery_start_ignore
assert step_length[-1] < step_length[0] / 20
# sphinx_gallery_end_ignore

# %%
# (``diff`` gives the change from each entry to the next, and ``hypot`` the length of a
# move that goes so far along k and so far along m.)
#
# Closer
# ------
#
# The same path, 3 units around the true parameters:

k_near = np.linspace(3 - 3, 3 + 3, 100)
m_near = np.linspace(5 - 3, 5 + 3, 100)
plot_surface(loss_surface(dataset.x, dataset.y, k_near, m_near), k_near, m_near)
plot_trajectory(k, m)
plot_parameters(dataset.k, dataset.m, "truth")
plot_parameters(k_exact, m_exact, "exact")
plt.gca().set_aspect("equal")
plt.xlim(k_near[0], k_near[-1])
plt.ylim(m_near[0], m_near[-1])
plt.title("Parameter trajectory, closer")
plt.legend(loc="upper left")
# Figure: A closer view: the path climbs along the floor of the valley and ends just
# below the diamond. The star lies below the diamond, to its left.
plt.show()

# %%
# The path stops short of the diamond: as stage 3 found, 25 epochs are not enough for m.
# The training sees only the points, so it heads for what is best for them and not for
# the star.
#
# `The explorer <../explorer.html#preset=post&steps=175>`__ draws such a path from
# wherever you drag its start.
#
# What you can do now
# -------------------
#
# You can read the `whole program <plot_00_whole_program.html>`__ (what is not listed
# prints and draws):
#
# .. code-block:: text
#
#    stage 1  torch.manual_seed(0)
#    stage 1  class LinearRegressionDataset(Dataset)
#    stage 2  class LinearRegressionModel(nn.Module)
#    stage 2  model(torch.tensor([-3, 3])).tolist()
#    stage 3  DataLoader(dataset, batch_size=8, ...)
#    stage 3  torch.optim.SGD(model.parameters(), ...)
#    stage 3  for epoch in range(25)
#    stage 3  for x, y in loader
#    stage 3  loss = torch.mean((y - model(x)) ** 2)
#    stage 3  optimizer.zero_grad()
#    stage 3  loss.backward()
#    stage 3  optimizer.step()
#
# And you can write such a program for data of your own:
#
# - make tensors of it with ``torch.tensor(array, dtype=torch.float32)``, y of shape
#   (n,);
# - with two inputs, each x has two numbers, and so has k (``torch.zeros(2)``); the
#   model computes ``x @ self.k + self.m``;
# - first bring every input to mean 0 and standard deviation 1: with inputs of size 100,
#   a learning rate of 0.01 is far too large;
# - go on until the loss stays, then train the same model once more, with a new
#   optimiser and ``lr=0.001``;
# - compare with the exact answer, where there is one. For the same inputs it is
#   ``np.linalg.lstsq(np.column_stack([inputs, np.ones(n)]), y)[0]``, with m at its end.
#
# Exercises
# ---------
#
# To do one, `open this page's notebook <../run.html>`__ on your machine or in Colab,
# change the cell of the training, and run it and those below it.
#
# 1. Train with learning rate 0.001. How far does the path get in 25 epochs?
# 2. Start from another place: set ``model.k`` and ``model.m`` by hand before ``train``,
#    as in stage 2. Does the path head for the same point?
# 3. Use ``batch_size=1``, and draw the closer view 0.5 units around the truth. Why is
#    the path rougher than with batches of 8?
#
# When you have tried: `the answers
# <solutions/plot_01_stages.html#stage-5-the-trajectory>`__.
#
# Next
# ----
#
# In `stage 6 <plot_07_curve.html>`__ the data bends. A small network takes the place of
# the line, and the rest stays.
