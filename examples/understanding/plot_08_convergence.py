r"""
How fast, and how far
=====================

The training of stage 3 stopped short of the best intercept, and with a learning rate of
1 it fails. Why, and by how much? Both answers follow from one matrix with two rows.
This page computes it and checks each number that it predicts.

**What you will learn:** the exact solution, how curvature sets the speed of training
and its highest learning rate, why inputs are standardised, and how sure fifty points
can make you.

**What you need:** stage 4, the loss surface, and the page on one step.
"""

# %%
# The imports
# -----------
#
# The questions of this page are about numbers, so most of it is NumPy in ``float64``.

import matplotlib.pyplot as plt
import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

# %%
# The exact solution
# ------------------
#
# At the lowest point of the bowl both slopes of the loss are zero. The page on one step
# gave them: the mean of :math:`r_i x_i` is 0, and so is the mean of :math:`r_i`. These
# are two linear equations in k and m, and they have a solution in closed form. It is
# called *least squares*.

from linreg.exact import least_squares

# %%
# For the data of the tutorial:

from linreg.data import LinearRegressionDataset

dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
x, y = dataset.x.double().numpy(), dataset.y.double().numpy()
k_exact, m_exact = least_squares(x, y)
print(f"least squares: k = {k_exact:.4f}, m = {m_exact:.4f}")

# %%
# Are both means zero there?

residual = y - (k_exact * x + m_exact)
print(f"mean of r x: {np.mean(residual * x):.0e}, mean of r: {np.mean(residual):.0e}")
assert abs(np.mean(residual * x)) < 1e-12
assert abs(np.mean(residual)) < 1e-12

# %%
# Nobody needs gradient descent to fit a line. But because the answer is known, you can
# measure at each step how far a training still has to go.
#
# The curvature
# -------------
#
# The *Hessian* H holds the second derivatives of the loss: how much each slope changes
# when a parameter changes. For this loss it is the same at every k and m:
#
# .. math::
#
#    H = 2 \begin{pmatrix} \overline{x^2} & \bar{x} \\ \bar{x} & 1 \end{pmatrix},
#
# where a bar is a mean over the data.


def hessian_of(x):
    """Return the second derivatives of the mean squared error by k and m."""
    return 2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]])


H = hessian_of(x)
print(H.round(4))

# %%
# Autograd finds the same matrix.


def loss_of(parameters):
    """Return the loss of the line with the parameters (k, m)."""
    k, m = parameters
    return torch.mean((dataset.y.double() - (k * dataset.x.double() + m)) ** 2)


by_autograd = torch.autograd.functional.hessian(
    loss_of, torch.zeros(2, dtype=torch.float64)
)
assert np.allclose(H, by_autograd.numpy(), rtol=0, atol=1e-12)

# %%
# A matrix like this has two *eigenvectors*: directions at right angles in which the bowl curves
# without pulling sideways. The *eigenvalues* are the curvatures in these directions. If the mean
# of x were exactly 0, the directions would be those of k and m, and the eigenvalues
# :math:`2 \overline{x^2}` and 2. For x uniform on -3 to 3 that makes 6 and 2.

curvatures, directions = np.linalg.eigh(H)
print(f"mean of x: {np.mean(x):.3f}, of x squared: {np.mean(x**2):.3f}")
print("direction   curvature   part of k   part of m")
for name, i in [("flat", 0), ("steep", 1)]:
    k_part, m_part = abs(directions[:, i])
    print(f"{name:9s}{curvatures[i]:12.3f}{k_part:12.2f}{m_part:12.2f}")
centred = np.linalg.eigvalsh(hessian_of(x - x.mean()))
assert np.allclose(centred, [2, 2 * np.var(x)])

# %%
# These fifty x have a mean of -0.29, so the flat direction is a little off the axis of
# m, and the curvatures are a little off 2 and 6.
#
# What one step does to the error
# -------------------------------
#
# Let the *error* :math:`\delta` be the difference between (k, m) and the exact solution. On a bowl
# with constant curvature the gradient is exactly :math:`H \delta`. A step with learning rate
# :math:`\eta` over all data therefore multiplies the error by a fixed matrix:
#
# .. math:: \delta_{t+1} = \delta_t - \eta H \delta_t = (I - \eta H) \, \delta_t
#
# Along an eigenvector with curvature :math:`\lambda`, the factor is :math:`1 - \eta
# \lambda`.

# sphinx_gallery_start_ignore
assert round(np.mean(x), 2) == -0.29
assert np.allclose(curvatures, [2, 6], atol=0.1)
assert abs(directions[1, 0]) > 0.98
assert 2.9 < curvatures[1] / curvatures[0] < 3.2
# sphinx_gallery_end_ignore
factors = 1 - 0.01 * curvatures
print("                       flat    steep")
print("factor per step:     {:.4f}  {:.5f}".format(*factors))
print("left after 175 steps {:.4f}  {:.5f}".format(*factors**175))

# %%
# Taken t times, the step multiplies the error at the start by the power t of the
# matrix. This predicts the error after every step, without any training.

exact = np.array([k_exact, m_exact])
step_matrix = np.eye(2) - 0.01 * H
predicted = [np.linalg.matrix_power(step_matrix, t) @ (0 - exact) for t in range(176)]

# %%
# Now train, in two ways. First with the gradient over all data: this is level 1 of the
# page on one step.


def descend(x, y, learning_rate, steps, start=(0.0, 0.0)):
    """Return the path of full-batch gradient descent: a row (k, m) for the start and each step."""
    path = [np.array(start)]
    for _ in range(steps):
        k, m = path[-1]
        residual = y - (k * x + m)
        gradient = -2 * np.array([np.mean(residual * x), np.mean(residual)])
        path.append(path[-1] - learning_rate * gradient)
    return np.array(path)


# %%
# Compare all 175 steps, and the start:

full_batch_error = descend(x, y, learning_rate=0.01, steps=175) - exact
print(f"largest gap to the prediction: {abs(full_batch_error - predicted).max():.0e}")
assert np.allclose(full_batch_error, predicted, rtol=0, atol=1e-12)

# %%
# Then with mini-batches of 8: the run of stage 3, recorded after each epoch of seven
# steps.

from linreg.model import LinearRegressionModel
from linreg.training import train


def train_line(data, batch_size, learning_rate, num_epochs=25):
    """Return (k, m) of a seeded mini-batch training: a row for the start and each epoch."""
    shuffling = torch.Generator().manual_seed(0)
    loader = DataLoader(data, batch_size=batch_size, shuffle=True, generator=shuffling)
    model = LinearRegressionModel().double()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    history = train(model, loader, optimizer, num_epochs)
    return np.column_stack([history.parameters["k"], history.parameters["m"]])


# %%
# All three errors after 175 steps:

mini_batch_error = train_line(dataset, batch_size=8, learning_rate=0.01) - exact
print("errors (k, m) after 175 steps")
print("predicted: ", predicted[-1].round(3))
print("full batch:", full_batch_error[-1].round(3))
print("batch of 8:", mini_batch_error[-1].round(3))

# %%
# See both on a logarithmic axis, where a constant factor per step is a straight line.

from linreg.plotting import BATCH, INK, MODEL, use_house_style

use_house_style()
recorded = range(0, 176, 7)
plt.semilogy(abs(np.array(predicted)), "--", color=INK, label=["predicted", "_"])
plt.semilogy(
    recorded, abs(full_batch_error[::7]), "o", color=MODEL, label=["full batch", "_"]
)
plt.semilogy(
    recorded, abs(mini_batch_error), "x", color=BATCH, label=["batches of 8", "_"]
)
plt.text(80, 1.6, "error of m")
plt.text(30, 0.12, "error of k")
plt.title("Error against steps")
plt.xlabel("step")
plt.ylabel("distance from least squares")
plt.legend()
# Figure: Two dashed curves fall; dots lie on them, crosses scatter around them, most at
# the end.
plt.show()

# %%
# The full batch lies on the prediction to twelve digits. The mini-batches scatter
# around it: on average a batch has the gradient of all data. The error of m falls on a
# straight line all the way. That of k falls much faster at first, then bends: once the
# steep direction is done, what is left of k belongs to the flat one, which is not quite
# that of m.
#
# The post's 4.86
# ---------------
#
# The post started from 0, with a true intercept of 5. If the mean of x is 0, the flat
# curvature is
# 2. Then 175 steps should end at

# sphinx_gallery_start_ignore
assert np.abs(mini_batch_error - full_batch_error[::7]).max() < 0.2
early = np.log(np.abs(full_batch_error[14] / full_batch_error[0]))
assert 2 < early[0] / early[1] < 3.5
# sphinx_gallery_end_ignore
m_expected = 5 * (1 - (1 - 0.01 * 2) ** 175)
print(f"post, expected:      m = {m_expected:.3f}")
print("post, published:     m = 4.86")
print(f"this data, expected: m = {m_exact + predicted[-1][1]:.3f}")
print(f"this data, measured: m = {m_exact + mini_batch_error[-1][1]:.3f}")
assert round(m_expected, 2) == 4.85

# %%
# So do not read the published number as a poor estimate of 5. It is a good estimate of
# where 175 steps end.
#
# How large may the learning rate be?
# -----------------------------------
#
# The factor :math:`1 - \eta \lambda` shrinks the error as long as it lies between -1
# and 1. The steep direction breaks this first, so the limit is
#
# .. math:: \eta < \frac{2}{\lambda_{\max}}.
#
# You run full-batch descent 2 % below that and 2 % above.

limit = 2 / curvatures[-1]
print(f"limit: {limit:.4f}")

# %%
# The distance from the solution, over 100 steps:

below = np.linalg.norm(descend(x, y, 0.98 * limit, steps=100) - exact, axis=1)
above = np.linalg.norm(descend(x, y, 1.02 * limit, steps=100) - exact, axis=1)
print("            error at start   after 100 steps")
print(f"2 % below:{below[0]:16.2f}{below[-1]:18.2f}")
print(f"2 % above:{above[0]:16.2f}{above[-1]:18.2f}")
assert below[-1] < 0.1 * below[0]
assert above[-1] > 10 * above[0]

# %%
# Both runs first lose the error along the flat direction. Then the steep one decides,
# and the limit is sharp.

plt.semilogy(above, color=INK, linestyle=":", label="2 % above the limit")
plt.semilogy(below, color=MODEL, label="2 % below the limit")
plt.title("Either side of the limit")
plt.xlabel("step")
plt.ylabel("distance from least squares")
plt.legend()
# Figure: From one start both curves drop at first; then the dotted climbs and the solid
# falls.
plt.show()

# %%
# Small batches diverge sooner
# ----------------------------
#
# A batch has a bowl of its own, and what counts is the curvature of that bowl. For a
# single point at x it is :math:`2 (1 + x^2)` in one direction and 0 in the other, so
# the limit of a single point is :math:`1 / (1 + x^2)`. The six batches of 8 below are
# cut from the points in their order. Shuffling makes others, and some of them have a
# lower limit.

single = [np.linalg.eigvalsh(hessian_of(x[i : i + 1]))[-1] for i in range(50)]
assert np.allclose(single, 2 * (1 + x**2))
eights = [np.linalg.eigvalsh(hessian_of(x[i : i + 8]))[-1] for i in range(0, 48, 8)]
print("batch size   smallest limit   largest limit")
for size, values in [(1, single), (8, eights), (50, curvatures[-1:])]:
    print(f"{size:10d}{2 / max(values):17.3f}{2 / min(values):16.3f}")
assert 2 / max(single) < 2 / max(eights) < limit
# sphinx_gallery_start_ignore
farthest = x[np.argsort(abs(x))[-8:]]
assert np.linalg.eigvalsh(hessian_of(farthest))[-1] > max(eights)
# sphinx_gallery_end_ignore

# %%
# Points far from 0 have a low limit, points near 0 a high one. If the learning rate is
# above the limit of some batches, a run can still survive: the other batches pull it
# back. The higher the learning rate, the fewer they are, and single points fail first.
# Here is the loss above the lowest one after 25 epochs:

from linreg.landscape import loss_surface

data = TensorDataset(dataset.x, dataset.y)
lowest = np.mean(residual**2)
ends = {}
print("rate    1 point  8 points  50 points")
for learning_rate in (0.05, 0.15, 0.25, 0.35):
    for size in (1, 8, 50):
        k, m = train_line(data, size, learning_rate)[-1]
        ends[learning_rate, size] = loss_surface(x, y, [k], [m])[0, 0] - lowest
    row = [f"{ends[learning_rate, size]:10.1e}" for size in (1, 8, 50)]
    print(f"{learning_rate:.2f}" + "".join(row))

# %%
# At 0.25 single points explode, while batches of eight and of fifty come close. At
# 0.35, past the limit of all data, nothing converges. At 0.05 the full batch is the
# worst of the three: it makes 25 steps where single points make 1250.
#
# Four learning rates
# -------------------
#
# The bowl looks almost the same from all four sides, so each run can start in a corner
# of its own.

# sphinx_gallery_start_ignore
assert ends[0.25, 1] > 1e4 > 1 > ends[0.25, 8] > ends[0.25, 50]
assert all(ends[0.35, size] > 1 for size in (1, 8, 50))
assert len(DataLoader(data, batch_size=1)) * 25 == 1250
assert ends[0.05, 50] > max(ends[0.05, 1], ends[0.05, 8])
# sphinx_gallery_end_ignore
paths = {}
for learning_rate, side in [
    (0.01, (-1, -1)),
    (0.1, (-1, 1)),
    (0.25, (1, -1)),
    (0.34, (1, 1)),
]:
    start = exact + 5 * np.array(side)
    paths[learning_rate] = descend(x, y, learning_rate, 30, start)
    error = np.linalg.norm(paths[learning_rate][-1] - exact)
    print(f"rate {learning_rate:.2f}: error after 30 steps {error:.1e}")

# %%
# Every path has 30 steps.

from linreg.plotting import plot_parameters, plot_surface, plot_trajectory

k_values, m_values = (
    k_exact + np.linspace(-7, 7, 100),
    m_exact + np.linspace(-7, 7, 100),
)
plot_surface(loss_surface(x, y, k_values, m_values), k_values, m_values)
for learning_rate, path in paths.items():
    plot_trajectory(*path.T)
    k, m = path[0]
    plt.text(k, m + np.sign(m - m_exact), learning_rate, ha="center", va="center")
plot_parameters(k_exact, m_exact, "exact")
plt.title("Four learning rates")
# Figure: Four paths from four corners: a slow one, a direct one, and two that zigzag.
plt.show()

# %%
# At 0.01 the run is on its way. At 0.1 it takes long steps at first and arrives. At
# 0.25 it overshoots along the steep direction, each time by less than half of the
# distance, and arrives soonest. At 0.34, just past the limit, it jumps from wall to
# wall and never settles.
#
# What standardising changes
# --------------------------
#
# The steep curvature limits the learning rate, the flat one sets the speed. With half
# the highest rate, :math:`\eta = 1 / \lambda_{\max}`, the flat error keeps :math:`1 - 1
# / \kappa` of itself in each step, where the *condition number* :math:`\kappa` is the
# ratio of the two curvatures. About 4.6 times :math:`\kappa` steps bring it down to 1
# %.
#
# Nothing in the data says that x must lie around 0. Shift the same points, as if x were
# a time in years, and look. To *standardise* x is to subtract its mean and divide by
# its standard deviation.

# sphinx_gallery_start_ignore
errors = {rate: np.linalg.norm(path[-1] - exact) for rate, path in paths.items()}
assert -0.5 < 1 - 0.25 * curvatures[-1] < 0
assert errors[0.25] < errors[0.1] < 0.01 < 1 < errors[0.01]
assert errors[0.34] > 5
assert round(np.log(100), 1) == 4.6
# sphinx_gallery_end_ignore
standardised = (x - x.mean()) / x.std()
inputs = {
    "-3 to 3": x,
    "0 to 6": x + 3,
    "2000 to 2006": x + 2003,
    "standardised": standardised,
}
print("range of x    condition no.  steps to 1 %")
for name, values in inputs.items():
    flat, steep = np.linalg.eigvalsh(hessian_of(values))
    condition = steep / flat
    print(f"{name:12s}{condition:15.3g}{np.log(100) * condition:14.3g}")

# %%
# Same points, same line, but with years as inputs the training would never end. Standardised, both
# curvatures are 2 and the condition number is 1. The 4.6 steps are an upper bound: with
# :math:`\eta = 1/2` the factor is 0 in every direction, and a single step goes all the way.

# sphinx_gallery_start_ignore
flat, steep = np.linalg.eigvalsh(hessian_of(x + 2003))
assert np.log(100) * steep / flat > 1e12
flat, steep = np.linalg.eigvalsh(hessian_of(x + 3))
goal = np.array(least_squares(x + 3, y))
path = descend(x + 3, y, 1 / steep, int(np.ceil(np.log(100) * steep / flat)))
assert np.linalg.norm(path[-1] - goal) < 0.01 * np.linalg.norm(goal)
# sphinx_gallery_end_ignore
k_scaled, m_scaled = descend(standardised, y, learning_rate=0.5, steps=1)[-1]
k_back = k_scaled / x.std()
m_back = m_scaled - k_back * x.mean()
print(f"after one step: k = {k_back:.4f}, m = {m_back:.4f}")
assert np.allclose((k_back, m_back), exact, rtol=0, atol=1e-12)

# %%
# The bowl is round now. Downhill points straight at the lowest point, at any learning
# rate.

path = descend(standardised, y, learning_rate=0.1, steps=25)
side = np.linspace(-2, 10, 100)
plot_surface(loss_surface(standardised, y, side, side), side, side)
plot_trajectory(*path.T)
plot_parameters(*least_squares(standardised, y), "exact")
plt.gca().set_aspect("equal")
plt.xlabel("slope of standardised x")
plt.title("Standardised: a round bowl")
plt.legend(loc="upper left")
# Figure: Circular contours; the trajectory runs in a straight line to the lowest point.
plt.show()

# %%
# Deep networks standardise their inputs for the same reason, and batch normalisation
# does something like it between their layers.
#
# How sure can you be?
# --------------------
#
# The exact solution fits these fifty points best. Other points from the same line would
# have given another one, so the truth lies somewhere around it. For normal noise there
# is an ellipse around the exact solution that contains the truth in 95 % of all such
# experiments:
#
# .. math:: n \, (L(k, m) - L_{\min}) \le 2 s^2 F_{0.95}(2, d)
#
# Here :math:`s^2` estimates the variance of the noise. Two parameters were fitted, so the sum of
# the squared residuals is divided by :math:`d = n - 2`, not by n. The *F distribution* says how far
# the ratio of two variances strays by chance, if they are estimated from 2 and from d independent
# numbers, its *degrees of freedom*. Its 95 % point needs no table:
# :math:`F_{0.95}(2, d) = \frac{d}{2} (0.05^{-2/d} - 1)`.

# sphinx_gallery_start_ignore
across = path - path[-1]
assert np.ptp(across[:-1, 1] / across[:-1, 0]) < 1e-9
# sphinx_gallery_end_ignore
n, d = 50, 48
s = np.sqrt(np.sum(residual**2) / d)
f_95 = d / 2 * (0.05 ** (-2 / d) - 1)
edge = lowest + 2 * s**2 * f_95 / n
print(f"estimated noise: {s:.3f}")
print(f"loss at the lowest point: {lowest:.4f}")
print(f"at the edge: {edge:.4f}, {edge / lowest:.3f} times as much")
assert np.isclose(edge, lowest * 0.05 ** (-2 / d))

# %%
# Put the formulas together, with :math:`s^2 = n L_{\min} / d`, and almost everything
# cancels. The 95 % region is where the loss is at most :math:`0.05^{-2/d}` times the
# lowest: a contour of the surface you have been drawing since stage 4.
#
# Such a claim can be tried. Repeat the experiment 4000 times with new points, and count
# how often the truth lies inside.

rng = np.random.default_rng(0)
xs = rng.uniform(-3, 3, (4000, n))
noise = rng.normal(0, 0.5, xs.shape)

# %%
# Each row is an experiment. Subtract the mean of its x: that moves the origin and
# changes no loss. Then two means give how far least squares misses the truth. The
# formula of stage 4 gives the lowest loss.

xs -= xs.mean(axis=1, keepdims=True)
k_miss = (xs * noise).sum(axis=1) / (xs**2).sum(axis=1)  # least squares minus truth
m_miss = noise.mean(axis=1)
true_loss = (noise**2).mean(axis=1)
best_loss = true_loss - k_miss**2 * (xs**2).mean(axis=1) - m_miss**2

# %%
# And now count.

inside = np.mean(true_loss <= best_loss * 0.05 ** (-2 / d))
print(f"truth inside: {inside:.1%} of the experiments")
assert abs(inside - 0.95) < 0.012

# %%
# Three points
# ------------
#
# The truth, the exact solution with its ellipse, and the end of the run of stage 3 lie
# close together. So take a small piece of the surface:

sgd_end = exact + mini_batch_error[-1]
k_near, m_near = (
    k_exact + np.linspace(-0.4, 0.4, 100),
    m_exact + np.linspace(-0.4, 0.6, 100),
)
near = loss_surface(x, y, k_near, m_near)

# %%
# The ellipse is one of its contours.

from linreg.plotting import EXACT

plot_surface(near, k_near, m_near)
plt.contour(k_near, m_near, near, levels=[edge], colors=EXACT)
plot_parameters(dataset.k, dataset.m, "truth")
plot_parameters(k_exact, m_exact, "exact")
plot_parameters(*sgd_end, "model")
# sphinx_gallery_start_ignore
assert lowest < loss_surface(x, y, [3], [5])[0, 0] < edge
assert lowest < loss_surface(x, y, *sgd_end[:, None])[0, 0] < edge
assert sgd_end[1] < min(5, m_exact)
# sphinx_gallery_end_ignore
plt.title("Three points, one ellipse")
plt.legend(loc="upper right", fontsize=10)
# Figure: An ellipse around the exact solution; the truth inside, the end of training
# lower down.
plt.show()

# %%
# They are three different points, for two different reasons:
#
# - From the truth to least squares: the noise in fifty points. More training cannot
#   change it, more data can.
# - From least squares to the end of the run: the training that was not done, and a
#   little noise of the mini-batches. More data cannot change the first, more steps can.
#   The noise is the subject of the next page.
#
# The end of the run lies inside the ellipse. From these fifty points alone, nobody
# could tell that its line is not the true one.
#
# In the explorer you can run just `below <../../explorer.html#preset=below>`__ the
# limit, just `above <../../explorer.html#preset=above>`__ it, and in a `long valley
# <../../explorer.html#preset=valley>`__.
#
# Exercises
# ---------
#
# 1. How many steps, and how many epochs of seven steps, does the training of stage 3
#    need until the error along the flat direction, ``directions[:, 0] @ error``, is 1 %
#    of what it was? Predict it from the factor per step, then try it with
#    ``train_line``.
# 2. Draw the points with ``low=0, high=6``. Compute the curvatures and the limit of the
#    learning rate before you run anything. Then run ``descend`` 2 % below and 2 % above
#    it.
# 3. At one learning rate the factors of the flat and of the steep direction have the
#    same size and opposite signs. Find it with a pen. Why can no other learning rate be
#    faster in the long run? Compare 30 steps with those of 0.25.
# 4. Make 5000 points instead of 50. How much smaller does the ellipse become along m?
#    Compute it from ``edge - lowest`` for both, since the loss grows with the square of
#    the distance.
#
# Next
# ----
#
# So far the mini-batch was a sample that is right on average. The next page looks at
# what it adds: noise.
