r"""
What the mini-batch adds: noise
===============================

A mini-batch is a random part of the data, so its gradient is right only on average. The
rest is noise. Where does it matter, and how much of a result is due to it?

**What you will learn:** why batches agree far from the solution and disagree near it,
how to train hundreds of models in one computation, how the noise of the data differs
from that of the training, and how close to the solution a fixed learning rate gets.

**What you need:** stages 1 to 5 and the page on one step. Of mathematics, mean and
standard deviation; the second "Why" needs covariance matrices.
"""

# %%
# The imports
# -----------
#
# The fold holds what the stages taught, and what draws.

import math
from collections.abc import Iterable, Iterator

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor

from linreg.data import LinearRegressionDataset
from linreg.exact import least_squares
from linreg.landscape import loss_above_minimum, loss_surface
from linreg.model import LinearRegressionModel
from linreg.plotting import (
    BATCH,
    EXACT,
    INK,
    MODEL,
    SURFACE,
    plot_parameters,
    use_house_style,
)
from linreg.training import train

# %%
# The data
# --------
#
# The fifty points of the tutorial, and the line that the training heads for:

dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
x, y = dataset.x, dataset.y
solution = least_squares(x, y)
lowest = torch.mean((y - (solution[0] * x + solution[1])) ** 2).item()
print("least squares: k = {:.3f}, m = {:.3f}".format(*solution))
print(f"its loss: {lowest:.3f}")

# %%
# Every batch has a surface of its own
# ------------------------------------
#
# A step follows the loss of its mini-batch. Shuffle the points once, and take the six
# whole batches of 8. Each place in this picture is a line, a slope and an intercept. A
# violet ring surrounds the lines whose loss on one batch is less than 0.2 above that
# batch's smallest, at the dot. Thin blue contours show the loss over all points.

order = torch.randperm(50, generator=torch.Generator().manual_seed(0))
k_values, m_values = np.linspace(2.2, 3.9, 101), np.linspace(4.1, 6.0, 101)
use_house_style()
surface = loss_surface(x, y, k_values, m_values)
plt.contour(k_values, m_values, surface, levels=12, colors=SURFACE[2], linewidths=1)
for batch in order.split(8)[:6]:
    k_batch, m_batch = least_squares(x[batch], y[batch])
    surface = loss_surface(x[batch], y[batch], k_values, m_values)
    ring = loss_surface(x[batch], y[batch], [k_batch], [m_batch]).item() + 0.2
    plt.contour(k_values, m_values, surface, levels=[ring], colors=BATCH)
    plt.plot(k_batch, m_batch, marker="o", markersize=5, color=BATCH)
plot_parameters(*solution, "exact")
plt.gca().set(xlabel="slope k", ylabel="intercept m", title="Six batches, six bowls")
# Figure: Six violet ellipses of different place, width and tilt overlap around the
# solution; their dots lie to all sides of it.
plt.show()

# %%
# The rings differ in place, width and tilt, but they overlap. Far outside, nearly every
# batch pulls inwards; inside, each pulls towards its own dot. How many of 1000 random
# batches say that m should grow?

index = torch.rand(1000, 50, generator=torch.Generator().manual_seed(0))
index = index.argsort(dim=1)[:, :8]  # a row is a batch: 8 places of a random order
shares = []
for part in (0, 0.5, 0.9, 1):
    k, m = part * solution[0], part * solution[1]
    gradient = 2 * (k * x[index] + m - y[index]).mean(dim=1)
    shares.append((gradient < 0).double().mean().item())
    print(f"{part:4.0%} of the way: {shares[-1]:6.1%} say up")
# sphinx_gallery_start_ignore
assert shares[0] > 0.99
assert shares[1] > 0.99
assert 0.4 < shares[3] < 0.6
# sphinx_gallery_end_ignore

# %%
# A few points find the direction while you are far away. At the solution half of the
# batches contradict the other half: nothing is left but noise.
#
# Many runs at once
# -----------------
#
# To see noise you need many runs, and a loop over runs would be slow. Let every run be
# a row of a tensor instead: one computation takes a step of all. First the batches.
# Each run shuffles anew in every epoch, as the loader of stage 3 does.

from linreg.noise import shuffled_epochs

# %%
# Then the training. ``gather`` fetches the points that each row sees in this step, and
# the gradient is written by hand.

from linreg.noise import train_runs

# %%
# New code has to agree with tested code. Train three runs at once, and the last of them
# once more with ``train``, on the same batches.

indices = list(shuffled_epochs(runs=3, n=50, batch_size=8, num_epochs=25, seed=0))
path = train_runs(x.expand(3, 50), y.expand(3, 50), indices, lr=0.01)
model = LinearRegressionModel()
loader = [(x[index[2]], y[index[2]]) for index in indices]
train(model, loader, torch.optim.SGD(model.parameters(), lr=0.01), num_epochs=1)
print("train_runs: k = {:.4f}, m = {:.4f}".format(*path[-1, 2]))
print(f"train:      k = {model.k.item():.4f}, m = {model.m.item():.4f}")
assert torch.allclose(path[-1, 2], torch.cat([model.k, model.m]), atol=1e-4)

# %%
# Batch sizes 1, 8 and 50
# -----------------------
#
# Take 175 steps with each. The learning rate is 0.05, five times that of stage 3, to
# make the noise visible.

k_values, m_values = np.linspace(-0.3, 4.3, 101), np.linspace(-0.3, 6.3, 101)
surface = loss_surface(x, y, k_values, m_values)
plt.contour(k_values, m_values, surface, levels=12, colors=SURFACE[2], linewidths=1)
x_200, y_200 = x.expand(200, 50), y.expand(200, 50)  # 200 rows, all with these points
for size, epochs, color in [(1, 4, BATCH), (8, 25, MODEL), (50, 175, EXACT)]:
    batches = shuffled_epochs(200, 50, size, epochs, seed=3)
    path = train_runs(x_200, y_200, batches, lr=0.05)[:175]
    one = torch.cat([torch.zeros(1, 2), path[:, 0]])  # the first run, with its start
    plt.plot(*one.T, color=color, linewidth=1.5, label=f"batch size {size}")
plot_parameters(*solution, "exact")
plt.gca().set(xlabel="slope k", ylabel="intercept m", title="175 steps each")
plt.legend()
# Figure: Three paths to the solution: one smooth, one a little jagged, one wild.
plt.show()

# %%
# Single points come near the solution in as few steps, from 175 points where the full
# batch has seen 8750. But they never settle. How far do the 200 runs scatter, and how
# far does the loss over all points lie above the lowest? Average over the last 49
# steps, seven epochs of batches of 8: a single step would mislead, since the loss rises
# and falls within an epoch.

print("  lr  batch   mean of k, m   spread of k, m   loss above")
floors = {}
for lr in (0.05, 0.025):
    for size, epochs in [(1, 4), (8, 25), (50, 175)]:
        batches = shuffled_epochs(200, 50, size, epochs, seed=3)
        late = train_runs(x_200, y_200, batches, lr)[126:175]
        losses = torch.mean((y - (late[..., :1] * x + late[..., 1:])) ** 2, dim=2)
        floors[lr, size] = losses.mean().item() - lowest
        numbers = (*late.mean(dim=(0, 1)), *late.std(dim=(0, 1)), floors[lr, size])
        print(f"{lr:.3f} {size:4d}    ", end="")
        print("{:.3f} {:.3f}     {:.3f}  {:.3f}      {:.4f}".format(*numbers))
        # sphinx_gallery_start_ignore
        if (lr, size) == (0.05, 8):  # the last of these steps is on a batch of 2
            assert 1.5 < (losses[-1].mean().item() - lowest) / floors[lr, size] < 2.5
        # sphinx_gallery_end_ignore
# sphinx_gallery_start_ignore
for lr in (0.05, 0.025):
    assert floors[lr, 1] > 2 * floors[lr, 8] > 100 * floors[lr, 50]
for size in (1, 8):
    assert floors[0.025, size] < 0.6 * floors[0.05, size]
# sphinx_gallery_end_ignore

# %%
# (Spread means standard deviation.) On average all three arrive. The smaller the batch,
# the larger the spread, and with it the loss. A smaller learning rate makes both
# smaller.
#
# Two clouds
# ----------
#
# Now train 500 times as in stage 3, twice: with fresh data in each run, as if the whole
# experiment were repeated, and with one dataset that is only shuffled anew.

sets = [LinearRegressionDataset(k=3, m=5, n=50, seed=seed) for seed in range(500)]
x_fresh = torch.stack([data.x for data in sets])  # 500 rows of 50
y_fresh = torch.stack([data.y for data in sets])
indices = list(shuffled_epochs(500, 50, batch_size=8, num_epochs=25, seed=1))
fresh = train_runs(x_fresh, y_fresh, indices, lr=0.01)[-1]
again = train_runs(x.expand(500, 50), y.expand(500, 50), indices, lr=0.01)[-1]

# %%
# Each dot is where one run ended, the cross the result that the tutorial of 2019
# printed.

plt.plot(*fresh.T, ".", markersize=4, color=MODEL, label="fresh data")
plt.plot(*again.T, ".", markersize=4, color=BATCH, label="reshuffled")
plt.plot(3.03, 4.86, "x", color=INK, markersize=10, mew=2.5, label="2019")
plot_parameters(dataset.k, dataset.m, "truth")
plt.gca().set(xlabel="slope k", ylabel="intercept m", title="500 end points, twice")
plt.ylim(4.55, 5.25)
plt.legend(loc="upper center", ncol=2, fontsize=11, columnspacing=1.0)
# Figure: A wide cloud for fresh data with the cross inside; a tiny one for reshuffled
# data; the star of the truth above the middle of both.
plt.show()

# %%
# The star lies above the middle of both clouds: m is unfinished after 175 steps. Here
# are the spreads, and that of the exact lines of the 500 datasets, which know of no
# training:

exact_lines = torch.tensor([least_squares(data.x, data.y) for data in sets])
print("spread of        k      m")
print("fresh data   {:.3f}  {:.3f}".format(*fresh.std(dim=0)))
print("exact lines  {:.3f}  {:.3f}".format(*exact_lines.std(dim=0)))
print("reshuffled   {:.3f}  {:.3f}".format(*again.std(dim=0)))
pairs = torch.stack([(fresh - exact_lines)[:, 0], x_fresh.mean(dim=1)])
print(f"correlation, k off its exact line and mean of x: {pairs.corrcoef()[0, 1]:.2f}")
# sphinx_gallery_start_ignore
assert torch.allclose(fresh.std(dim=0), torch.tensor([0.05, 0.08]), atol=0.012)
assert (again.std(dim=0) < 0.02).all()
assert (again.std(dim=0) > 0.005).all()
assert fresh.mean(dim=0)[1] < 4.9
assert again.mean(dim=0)[1] < 4.95
distance = (torch.tensor([3.03, 4.86]) - fresh.mean(dim=0)) / fresh.std(dim=0)
assert (distance.abs() < 1).all()
longer = list(shuffled_epochs(500, 50, batch_size=8, num_epochs=50, seed=1))
shrunk = train_runs(x.expand(500, 50), y.expand(500, 50), longer, lr=0.005)[-1]
assert (shrunk.std(dim=0) < 0.9 * again.std(dim=0)).all()
share_k, share_m = (exact_lines.std(dim=0) / fresh.std(dim=0)) ** 2
assert 0.65 < share_k < 0.8
assert share_m > 0.95
assert pairs.corrcoef()[0, 1] > 0.75
# sphinx_gallery_end_ignore

# %%
# Spreads of independent causes add up in their squares. So the wide cloud is mostly the
# noise of the *data*: along m nearly all of it, along k about seven tenths. (Along k,
# an unfinished m pulls where x is not centred: hence the correlation.) Only more data
# shrinks that. The small cloud is the noise of the *training*. Half of the learning
# rate and twice the epochs shrink it.
#
# If trainings on one dataset agree to 0.01, training is stable. You have not learned
# that the slope is right to 0.01.
#
# How sure is one dataset?
# ------------------------
#
# You have one dataset, not 500. For normal noise its loss surface tells how far the
# truth may lie: in 95 of 100 experiments, the loss of the true line is at most
# :math:`0.05^{-2 / (n - 2)}` times the smallest.

factor = 0.05 ** (-2 / 48)
k, m = exact_lines.T[:, :, None]
best_loss = torch.mean((y_fresh - k * x_fresh - m) ** 2, dim=1)
true_loss = torch.mean((y_fresh - 3 * x_fresh - 5) ** 2, dim=1)
inside = torch.mean((true_loss <= factor * best_loss).float())
print(f"at most {factor:.3f} times the smallest: {inside:.1%} of 500 datasets")
# sphinx_gallery_start_ignore
assert abs(inside - 0.95) < 0.03
# sphinx_gallery_end_ignore

# %%
# These lines form an ellipse, a contour of the surface:

k_near, m_near = np.linspace(2.75, 3.25, 80), np.linspace(4.5, 5.4, 80)
near = loss_surface(x, y, k_near, m_near)
plt.contour(k_near, m_near, near, [factor * lowest], colors=EXACT)
plot_parameters(*solution, "exact")
plot_parameters(dataset.k, dataset.m, "truth")
plt.gca().set(xlabel="slope k", ylabel="intercept m", title="Where the truth may lie")
plt.legend(loc="lower right", fontsize=11)
# Figure: An ellipse around the diamond of least squares; the star of the truth lies
# inside.
plt.show()

# %%
# Why: the factor of the ellipse
# ------------------------------
#
# The factor comes from the *F distribution*, which says how far the ratio of two
# estimated variances strays by chance. Let :math:`d = n - 2`, for two parameters were
# fitted, and let :math:`s^2 = n L_{\min} / d` estimate the variance of the noise. Then
# the truth lies with 95 % where
#
# .. math:: n \, (L(k, m) - L_{\min}) \le 2 s^2 F_{0.95}(2, d), \qquad
#           F_{0.95}(2, d) = \frac{d}{2} (0.05^{-2/d} - 1).
#
# Put these together, and almost everything cancels.
#
# The noise floor
# ---------------
#
# The *noise floor* is how far the loss stays above its minimum on average. Let
# :math:`e_i` be the residuals of the least-squares line, :math:`\eta` the learning rate
# and :math:`B` the batch size. If each batch is drawn at random *with replacement*,
# then for a small learning rate
#
# .. math:: \Delta L \approx \frac{\eta}{B} \cdot \frac{1}{n} \sum_i e_i^2 (1 + x_i^2).
#
# Half the learning rate or twice the batch gives half the floor. For any learning rate
# there is an equation, which ``noise_floor`` solves; both stand in the fold.
#
# Why: where the floor comes from
# -------------------------------
#
# Write :math:`u_i = (x_i, 1)^T`, and :math:`\delta` for the error, the difference
# between :math:`(k, m)^T` and the solution. A step on a batch of :math:`B` points is
#
# .. math::
#
#    \delta \leftarrow \delta - \frac{2 \eta}{B} \sum_{i} u_i (u_i^T \delta - e_i).
#
# The noise has two sources. The :math:`e_i` push even at the solution, where their mean
# push is 0. And the curvature of each batch differs from the mean curvature, the
# Hessian :math:`H = \frac{2}{n} \sum_i u_i u_i^T`. After many steps the mean of
# :math:`\delta` is 0, and its covariance :math:`\Sigma` stays the same from step to
# step. Put the step into the mean of :math:`\delta \delta^T`. Draws are independent,
# and a batch of :math:`B` has :math:`B (B - 1)` pairs of different draws and :math:`B`
# pairs of a draw with itself. What is left is
#
# .. math::
#
#    H \Sigma + \Sigma H = \eta \left( \left(1 - \frac{1}{B}\right) H \Sigma H
#    + \frac{4}{B} \cdot \frac{1}{n} \sum_i u_i u_i^T \Sigma u_i u_i^T
#    + \frac{4}{B} \cdot \frac{1}{n} \sum_i e_i^2 u_i u_i^T \right).
#
# On the left is the pull of the mean gradient, which shrinks the spread. What stands on
# the right feeds it: first a step that goes too far, then the two sources of noise. The
# equation is linear in :math:`\Sigma`, so a computer solves it, and the floor is
# :math:`\frac{1}{2} \mathrm{tr}(H \Sigma)`. For small :math:`\eta` only the last term
# on the right counts, and a quarter of the trace of the equation is the formula above.
# If the learning rate is too large, the right side outgrows the pull, and there is no
# floor: the *mean* of the squared error grows without bound.

from linreg.noise import noise_floor

# %%
# The floor, measured
# -------------------
#
# ``loss_above_minimum`` is the formula of stage 4 without the smallest loss.
#
# Six learning rates, 250 runs of each, in one computation of 1500 rows. The runs start
# at the solution, so that nothing but noise drives them away. The first half of the
# steps lets the noise build up, the second half is averaged.

rates = torch.tensor([0.003, 0.006, 0.012, 0.025, 0.05, 0.1])
row_rates = rates.repeat_interleave(250)
x_rows, y_rows = x.expand(1500, 50), y.expand(1500, 50)


def measured_floor(batches):
    """Return the mean loss above the minimum, over the second half, for each rate."""
    path = train_runs(x_rows, y_rows, batches, row_rates, start=solution)
    k, m = path[len(path) // 2 :].unbind(-1)
    above = loss_above_minimum(x, y, k, m)
    return above.mean(axis=0).reshape(6, 250).mean(axis=1)


# %%
# 1050 steps with batches of 8: first with replacement, then shuffled, as the tutorial
# draws them.

generator = torch.Generator().manual_seed(4)
draws = (torch.randint(50, (1500, 8), generator=generator) for _ in range(1050))
replaced = measured_floor(draws)
reshuffled = measured_floor(shuffled_epochs(1500, 50, 8, num_epochs=150, seed=5))
simple = rates / 8 * torch.mean((y - solution[0] * x - solution[1]) ** 2 * (1 + x**2))
predicted = [noise_floor(x, y, rate, 8) for rate in rates.tolist()]
print(" rate   formula  predicted  replaced  shuffled")
rows = zip(rates, simple, predicted, replaced, reshuffled, strict=True)
for row in rows:
    print("{:5.3f}  {:8.5f}  {:9.5f}  {:8.5f}  {:8.5f}".format(*row))
# sphinx_gallery_start_ignore
assert np.allclose(replaced, predicted, rtol=0.1)
assert 1 < noise_floor(x, y, 0.001, 8) / (simple[0] / 3) < 1.01
assert predicted[-1] > 1.3 * simple[-1]
assert 0.25 < reshuffled[0] / predicted[0] < 0.45
assert reshuffled[-1] > predicted[-1]
assert (reshuffled[:4] < replaced[:4]).all()
assert abs(floors[0.05, 8] / reshuffled[4] - 1) < 0.1  # the table of batch sizes
# sphinx_gallery_end_ignore

# %%

plt.loglog(rates, predicted, color=EXACT, label="predicted")
plt.loglog(rates, replaced, "o", color=BATCH, label="with replacement")
plt.loglog(rates, reshuffled, "s", color=MODEL, label="shuffled")
plt.gca().set(xlabel="learning rate", ylabel="loss above the minimum")
plt.title("The noise floor")
plt.legend()
# Figure: The floor rises with the learning rate. Dots lie on the predicted line,
# squares of the shuffled runs below it at small rates.
plt.show()

# %%
# With replacement the prediction holds within ten per cent. At small rates shuffled
# batches lie well below it, at a third for the smallest. Why? At the solution the
# pushes of all fifty points add up to zero, and shuffling uses each once in an epoch:
# what one batch pushes away, the others push back. At large rates the parameters have
# moved on before the push back comes.
#
# What remains at small rates is the batch of 2, in whose mean a point counts four times
# as much as elsewhere. At the largest rate it lifts the floor above the prediction,
# which knows only batches of 8. (Exercise 3 checks both.)
#
# Beyond the floor
# ----------------
#
# For large learning rates ``noise_floor`` is infinite. What do the runs do there?

print("floor at 0.30:", round(noise_floor(x, y, 0.30, 8), 2))
print("floor at 0.33:", noise_floor(x, y, 0.33, 8))
generator = torch.Generator().manual_seed(0)
draws = (torch.randint(50, (4000, 8), generator=generator) for _ in range(400))
path = train_runs(x.expand(4000, 50), y.expand(4000, 50), draws, 0.33, start=solution)
for steps in (100, 200, 400):
    k, m = path[steps - 1].unbind(-1)
    above = loss_above_minimum(x, y, k, m)
    print(f"{steps} steps: median {np.median(above):.2f}, mean {above.mean():.0f}")
# sphinx_gallery_start_ignore
assert np.median(above) < 1 < 20 < above.mean()
# sphinx_gallery_end_ignore

# %%
# Most runs stay close, a few fly far out and come back. The mean is whatever the
# farthest one makes it.
#
# `The explorer <../../explorer.html#preset=one&steps=500&zoom=2>`__ shows 500 steps
# with batches of one point. Take larger batches, and watch the path calm down.
#
# Exercises
# ---------
#
# Change the cell in the notebook, then run it and those below it; `Run it yourself
# <../../run.html>`__ says how to get one.
#
# 1. What brings the floor of learning rate 0.01 and batch size 8 down to a quarter?
#    Name two ways, and check both with ``noise_floor``.
# 2. Draw 500 datasets of 20 points. What is the factor now? In how many of them is the
#    loss of the true line at most that much times the smallest?
# 3. Measure the floor of shuffled batches of 10: five batches of one size. Try learning
#    rates 0.003 and 0.1. Which part of the explanation does each confirm?
#
# When you have tried: `the answers
# <../solutions/plot_03_understanding.html#what-the-mini-batch-adds-noise>`__.
#
# Next
# ----
#
# Noise belongs to the method. The page on `pitfalls <plot_04_pitfalls.html>`__ is about
# what does not: bugs.
