r"""
Stage 5: the trajectory
=======================

The training starts at k = 0, m = 0 and ends near the lowest point of the loss surface.
In this stage you draw the way between the two.

**What you will learn:** how to record parameters without being deceived, and how to
read the path of a training.

**What you need:** stage 3, the training loop, and stage 4, the loss surface.
"""

# %%
# The imports
# -----------
#
# There is nothing new to write in this stage. All pieces are ready.

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.utils.data import DataLoader

# sphinx_gallery_thumbnail_number = 3

# %%
# Train again
# -----------
#
# The loop is the one of stage 3. The post needed a second copy of its loop to store the
# parameters; this one has recorded them all along: at the start, and after every epoch.

from linreg.data import LinearRegressionDataset
from linreg.device import default_device
from linreg.model import LinearRegressionModel
from linreg.training import train

dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
shuffling = torch.Generator().manual_seed(0)
loader = DataLoader(dataset, batch_size=8, shuffle=True, generator=shuffling)
model = LinearRegressionModel().to(default_device())
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
history = train(model, loader, optimizer, num_epochs=25)

# %%
# ``history.parameters`` holds an array for each parameter. Entry 0 is the start.

k, m = history.parameters["k"], history.parameters["m"]
print("epoch      k      m")
for epoch in (0, 1, 2, 5, 10, 25):
    print(f"{epoch:5d}  {k[epoch]:5.3f}  {m[epoch]:5.3f}")
assert (k[0], m[0]) == (0, 0)
# sphinx_gallery_start_ignore
assert k[5] / k[-1] > 0.75
assert m[5] / m[-1] < 0.5
# sphinx_gallery_end_ignore

# %%
# After five epochs the slope has done more than three quarters of its way, the
# intercept less than half. Stage 4 showed why: away from the lowest point the loss
# rises faster along k.

from linreg.plotting import plot_line, plot_loss, plot_points, use_house_style

use_house_style()
plot_loss(history.epoch_loss)
# Figure: The loss falls steeply in the first epochs, then flattens out: the run of
# stage 3 again.
plt.show()

# %%
# The line at the end is that of stage 3, because the seeds are the same.

plot_points(dataset.x, dataset.y)
plot_line(dataset.k, dataset.m, (-3, 3), "truth")
plot_line(k[-1], m[-1], (-3, 3), "model")
plt.title("After training")
plt.legend()
# Figure: The estimated line runs through the data, almost on top of the dashed true
# line.
plt.show()

# %%
# The path
# --------
#
# Each cross is the state after one epoch. The line joins them, from (0, 0) on.

from linreg.landscape import loss_surface
from linreg.plotting import plot_parameters, plot_surface, plot_trajectory

k_values = np.linspace(dataset.k - 7, dataset.k + 7, 100)
m_values = np.linspace(dataset.m - 7, dataset.m + 7, 100)
plot_surface(loss_surface(dataset.x, dataset.y, k_values, m_values), k_values, m_values)
plot_trajectory(k, m)
plot_parameters(dataset.k, dataset.m, "truth")
plt.title("Parameter trajectory")
plt.legend()
# Figure: The path leaves (0, 0), bends upwards, and ends just short of the star of the
# truth.
plt.show()

# %%
# The gradient over all data points straight uphill: at right angles to the contours,
# were both axes drawn to one scale. Mini-batches follow it on average. So the path
# first heads for the floor of the valley, then follows the floor. The crosses crowd
# together towards the end: where the surface is flat, the gradient is small, and so is
# the step.

step_length = np.hypot(np.diff(k), np.diff(m))
print(f"length of the first epoch's move: {step_length[0]:.3f}")
print(f"length of the last epoch's move:  {step_length[-1]:.3f}")
assert step_length[-1] < step_length[0] / 20

# %%
# Closer
# ------
#
# The same path, 3 units around the true parameters.

k_near = np.linspace(dataset.k - 3, dataset.k + 3, 100)
m_near = np.linspace(dataset.m - 3, dataset.m + 3, 100)
plot_surface(loss_surface(dataset.x, dataset.y, k_near, m_near), k_near, m_near)
plot_trajectory(k, m)
plot_parameters(dataset.k, dataset.m, "truth")
plt.xlim(k_near[0], k_near[-1])
plt.ylim(m_near[0], m_near[-1])
plt.title("Parameter trajectory, closer")
plt.legend()
# Figure: A closer view: the path climbs along the floor of the valley towards the star.
plt.show()

# %%
# A trap: recording by reference
# ------------------------------
#
# ``numpy()`` does not copy. On a CPU the array shares the memory of the tensor, and
# changes when the tensor does. The post recorded its parameters like this. On its GPU
# the move to the CPU made the copies. On a CPU all its records end up with the
# parameter's final value, here 3:

parameter = torch.zeros(1)
shared, copied = [], []
for _ in range(3):
    shared.append(parameter.numpy())
    copied.append(parameter.numpy().copy())
    parameter += 1
print("shared:", [array.item() for array in shared])
print("copied:", [array.item() for array in copied])
assert len({array.item() for array in shared}) == 1

# %%
# ``train`` copies. You have 26 records, the start and 25 epochs, and they are all
# different.

distinct = np.unique(np.column_stack([k, m]), axis=0)
print("distinct points of the path:", len(distinct))
assert len(distinct) == 26

# %%
# `The explorer <../explorer.html#preset=post&steps=175>`__ draws such a path from
# wherever you drag its start.
#
# Exercises
# ---------
#
# 1. Train with learning rate 0.001. How far does the path get in 25 epochs?
# 2. Start from another place: set ``model.k`` and ``model.m`` under
#    ``torch.no_grad()``, as in stage 2. Does the path end in the same place?
# 3. Use ``batch_size=1`` and draw the closer view. Why does the path look rougher near
#    its end?
#
# Next
# ----
#
# That was the whole tutorial: a dataset, a model, a training loop, and a look at what
# the loop does. The pages that follow explain why it works and carry it further.
