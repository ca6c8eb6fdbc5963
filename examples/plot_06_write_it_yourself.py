r"""
Stage 6: write it yourself
==========================

You have read a training loop. Here you write one, and all that a program for your own
data needs around it, in eight pieces. Below each piece stands a check: it runs what you
wrote, and says what it does.

**What you will learn:** how to bring a table of numbers to the two numbers of a line,
and how to find out what is wrong with a program that you wrote.

**What you need:** stages 1 to 3. Writing takes an hour to an hour and a half.
"""

# %%
# The imports
# -----------
#
# The fold holds the checks, and what draws the figures. You need not open it.

import sys

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from linreg.checks import check
from linreg.exact import least_squares
from linreg.plotting import plot_line, plot_points, use_house_style

# %%
# Fifty cars
# ----------
#
# How far does a car still go when you brake? In the 1920s somebody measured it for 50
# cars: the speed in miles per hour (mph), and the way to a stop in feet. (M. Ezekiel,
# *Methods of Correlation Analysis*, 1930.) ``np.loadtxt`` makes an array of the lines
# of such a table, with a column for each of the two.

cars = """4,2 4,10 7,4 7,22 8,16 9,10 10,18 10,26 10,34 11,17 11,28 12,14 12,20 12,24
12,28 13,26 13,34 13,34 13,46 14,26 14,36 14,60 14,80 15,20 15,26 15,54 16,32 16,40
17,32 17,40 17,50 18,42 18,56 18,76 18,84 19,36 19,46 19,68 20,32 20,48 20,52 20,56
20,64 22,66 23,54 24,70 24,92 24,93 24,120 25,85"""
table = np.loadtxt(cars.split(), delimiter=",")
speed, distance = torch.tensor(table[:, 0]), torch.tensor(table[:, 1])
print("table:", table.shape, "first car:", table[0].tolist())

# %%
# For a file write its name in the place of ``cars.split()``, and ``skiprows=1`` if its
# first line holds the names of the columns. A column has the shape (n,), as the loss
# wants.
#
# The exact line is what you want to end at:

k_exact, m_exact = least_squares(speed, distance)
print(f"least squares: {k_exact:.2f} feet per mph, {m_exact:.2f} feet")

use_house_style()
plot_points(speed, distance)
plot_line(k_exact, m_exact, (4, 25), "exact")
plt.gca().set(xlabel="speed (mph)", ylabel="way to a stop (feet)")
plt.title("Fifty cars")
plt.legend()
# Figure: Fifty triangles that rise to the right, the farther the wider apart, and a
# dotted line through them.
plt.show()
# sphinx_gallery_start_ignore
assert (speed.mean().item(), distance.mean().item()) == (15.4, 42.98)
assert (round(k_exact, 4), round(m_exact, 4)) == (3.9324, -17.5791)
# sphinx_gallery_end_ignore

# %%
# How to work here
# ----------------
#
# Take this page's `notebook <../run.html>`__. Each of the next cells is a task: put
# your code in the place of ``...`` or ``pass``, and run the cell. Its last line is the
# check. On this page nothing is written yet, so each check says that. It is no verdict
# on you. Where a check says "pitfall 2", look at number 2 of `the pitfalls
# <understanding/plot_04_pitfalls.html>`__.
#
# 1. The loss
# -----------
#
# The mean squared error is :math:`\frac{1}{n} \sum_i (\hat{y}_i - y_i)^2` again. Return
# it as a tensor with one number.


def mean_squared_error(prediction, y):
    return ...


print(check("loss", mean_squared_error))

# %%
# 2. The scale
# ------------
#
# These speeds lie around 15, so the loss is far steeper along k than along m. With all
# cars in a batch, a learning rate of 0.01 diverges, and 0.003 leaves m so far behind
# that the loss seems to stay. With inputs around 1000 no rate is of use. So bring them
# to mean 0 and standard deviation 1 first:
#
# .. math:: x = \frac{v - \text{mean}}{\text{std}}
#
# ``values`` is a float64 tensor. Scale it as it is: float32 keeps seven digits, so a
# time in seconds since 1970 would be off by up to a minute. Return mean and std too:
# you need them to undo it.


def scale(values):
    return ...  # scaled, mean, std


print(check("scale", scale))
# sphinx_gallery_start_ignore
hessian = 2 * np.array([[(speed**2).mean(), 15.4], [15.4, 1.0]])
flat, steep = np.linalg.eigvalsh(hessian)
assert 0.003 < 2 / steep < 0.01
assert (1 - 0.003 * flat) ** 1000 > 0.5  # m is not half of its way after 1000 steps
assert np.spacing(np.float32(1.7e9)) / 2 == 64  # seconds
# sphinx_gallery_end_ignore

# %%
# (With several inputs, each column is scaled by itself, with ``mean(dim=0)``. The model
# then predicts ``x @ self.k + self.m``: k has as many numbers, and ``@`` multiplies
# each row by them and sums up.)
#
# 3. The dataset
# --------------
#
# ``speed`` and ``distance`` are two columns: lists, arrays or tensors. An item is the
# pair x, y of one car. Both are float32, as parameters are.
# ``torch.as_tensor(column, dtype=torch.float32)`` makes that of all three.


class CarDataset(Dataset):
    def __init__(self, speed, distance):
        pass  # your lines

    def __len__(self):
        return ...

    def __getitem__(self, index):
        return ...


print(check("dataset", CarDataset))

# %%
# 4. The model
# ------------
#
# A line, :math:`\hat{y} = k x + m`. Its parameters are called k and m, and start at 0.


class Line(nn.Module):
    def __init__(self):
        pass  # your lines

    def forward(self, x):
        return ...


print(check("model", Line))

# %%
# 5. One step by hand
# -------------------
#
# Take one step of gradient descent on the points x and y: predict, compute the loss and
# its gradient, then change k and m yourself. There is no optimiser.
#
# .. math:: k \leftarrow k - \eta \frac{\partial L}{\partial k}, \qquad
#           m \leftarrow m - \eta \frac{\partial L}{\partial m}
#
# The check calls your function 12 times. Each call has a gradient of its own.


def step(model, x, y, learning_rate):
    pass  # your lines


print(check("step", step))

# %%
# 6. The loop
# -----------
#
# The seven lines, from ``for`` to ``step``. The optimiser holds k and m of the model.


def train(model, loader, optimizer, num_epochs):
    pass  # your lines


print(check("loop", train))

# %%
# 7. The measurement
# ------------------
#
# Return the mean squared error over all points of a loader, a plain number. The last
# batch may be smaller than the others. Nothing is trained here, and some models behave
# otherwise while they are.


def measure(model, loader):
    return ...


print(check("measure", measure))

# %%
# (On points that were held out of the training, the same function says how good the
# line is for new cars. `Stage 7 <plot_07_curve.html>`__ does that.)
#
# 8. The whole program
# --------------------
#
# Put the pieces together. You get two columns, float64 tensors, and a number of epochs.
# Learning rate and batch size are yours to choose. The line that you find belongs to
# scaled speeds. Return the one for speeds in mph:
#
# .. math:: k_\text{mph} = \frac{k}{\text{std}}, \qquad
#           m_\text{mph} = m - \frac{k \, \text{mean}}{\text{std}}
#
# (With several inputs, m is less the sum of all :math:`k \, \text{mean} / \text{std}`.)
# The check trains on 20 cars of its own, for 100 epochs and for 1000. After 100 your
# line must be at rest, but for 2 %.


def fit(speed, distance, num_epochs):
    return ...  # k, m


verdict = check("fit", fit)
print(verdict)

# %%
# Your line
# ---------
#
# Once ``fit`` is right, the next cell draws your line, and predicts for 21 mph.

plot_points(speed, distance)
plot_line(k_exact, m_exact, (4, 25), "exact")
if verdict.startswith("Right"):
    k, m = (torch.as_tensor(number).item() for number in fit(speed, distance, 1000))
    print(f"fit: k = {k:.2f}, m = {m:.2f}; from 21 mph {k * 21 + m:.1f} feet")
    plot_line(k, m, (4, 25), "model")
plt.gca().set(xlabel="speed (mph)", ylabel="way to a stop (feet)")
plt.title("The line that you trained")
plt.legend()
# Figure: The fifty cars and the line of least squares, near which yours will lie.
plt.show()

# %%
# With mini-batches, yours swings around the dotted one: these cars are noisier than the
# check's. Train on with a tenth of the rate, and it comes closer.
#
# What a check says of a wrong loop
# ---------------------------------
#
# This loop runs to its end without an error:


def without_zero_grad(model, loader, optimizer, num_epochs):
    for epoch in range(num_epochs):
        for x, y in loader:
            loss = torch.mean((y - model(x)) ** 2)
            loss.backward()
            optimizer.step()


print(check("loop", without_zero_grad))

# %%
# The check records k and m after each of 12 steps, on points of its own. It knows what
# the right loop does, what it does with each of 25 mistakes, and with two of
# them. It names a mistake only if k and m agree after *every* step. So it says what a
# loop does. It has not read your code: where it asks, look.


def two_mistakes(model, loader, optimizer, num_epochs):
    for x, y in loader:
        loss = torch.sum((y - model(x)) ** 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


print(check("loop", two_mistakes))

# %%
# Where nothing agrees, you get the first step that differs. Here Adam takes the place
# of the optimiser, and its first step is as long as its rate:


def with_adam(model, loader, optimizer, num_epochs):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(num_epochs):
        for x, y in loader:
            loss = torch.mean((y - model(x)) ** 2)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


print(check("loop", with_adam))

# %%
# Data of your own
# ----------------
#
# With the pieces you can fit a table of yours. Go on until twice the epochs give the
# same four digits of ``measure``, and the same three of each parameter. With
# mini-batches, then go on with an optimiser of a tenth of the rate. Predict new rows
# with the k and m of the old units. For a line the exact answer is there, from any
# number of columns and a column of ones. (A parabola has the columns x, its square and
# ones.)

columns = np.column_stack([speed, np.ones(50)])
print(np.linalg.lstsq(columns, distance.numpy())[0])

# %%
# How far are you?
# ----------------
#
# This cell checks all eight again. (If the name of the script is followed by
# ``--count``, it ends with status 0 if no task is open, else with 2.)

tasks = {"loss": mean_squared_error, "scale": scale, "dataset": CarDataset}
tasks |= {"model": Line, "step": step, "loop": train, "measure": measure, "fit": fit}
is_right = {name: check(name, tasks[name]).startswith("Right") for name in tasks}
still_open = [name for name in tasks if not is_right[name]]
print("open tasks:", *still_open)
print("their number:", len(still_open), sep="\n")
if "--count" in sys.argv:
    sys.exit(2 if still_open else 0)

# %%
# Exercises
# ---------
#
# Do them at the end of the notebook, when all tasks are right.
#
# 1. Your line says that at 4 mph a car stops before it brakes. While the driver reacts,
#    the car goes a way that grows with the speed v; the way of braking grows with its
#    square. Fit :math:`d = a v^2 + k v`. Does it need an intercept?
# 2. Draw 200 points of two inputs, evenly from 0 to 100 and from 1000 to 2000, with
#    :math:`y = 0.7 x_1 - 1.8 x_2 + 12` and some noise. Fit them, and give the slopes
#    and the intercept for the inputs as they are. Does ``lstsq`` agree?
# 3. Leave the scaling out of ``fit``, with the learning rates 0.01 and 0.001. What does
#    the check say?
# 4. Write a loop with a mistake that the check cannot name.
#
# When you have tried: `the answers
# <solutions/plot_02_write_it_yourself.html#the-exercises>`__.
#
# Next
# ----
#
# In `stage 7 <plot_07_curve.html>`__ the data bends. A small network takes the place of
# the line, and the rest stays.
