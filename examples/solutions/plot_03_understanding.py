r"""
Solutions: understanding
========================

One way to answer each exercise of the pages about why the training works. Try them
yourself first: the pages hold all you need.

**What you will learn:** whether your answers hold.

**What you need:** your answers.
"""

# %%
# The imports
# -----------
#
# All that the pages took from ``linreg`` stands in the fold.

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from linreg.data import LinearRegressionDataset
from linreg.exact import least_squares
from linreg.landscape import loss_above_minimum
from linreg.model import LinearRegressionModel
from linreg.noise import noise_floor, shuffled_epochs, train_runs
from linreg.plotting import BATCH, EXACT, INK, MODEL, use_house_style

# %%
# The data
# --------
#
# The whole page computes on the points of the tutorial, in ``float64``. Two functions
# serve throughout.

dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
x_all, y_all = dataset.x.double().numpy(), dataset.y.double().numpy()
exact = np.array(least_squares(x_all, y_all))


def loss_at(k, m, x, y):
    """Return the mean squared error of the line y = k x + m."""
    return np.mean((y - (k * x + m)) ** 2)


def gradient_at(k, m, x, y):
    """Return the derivatives of that loss along k and along m."""
    residual = y - (k * x + m)
    return -2 * np.array([np.mean(residual * x), np.mean(residual)])


# %%
# Anatomy of one step
# -------------------
#
# **1. Step 22 with learning rate 0.3.** First the state after 21 steps, and the next
# batch, as on the page.

shuffling = torch.Generator().manual_seed(0)
loader = DataLoader(dataset, batch_size=8, shuffle=True, generator=shuffling)
batches = [
    (x.double().numpy(), y.double().numpy()) for epoch in range(4) for x, y in loader
]
k, m = 0.0, 0.0
for x, y in batches[:21]:
    k, m = np.array([k, m]) - 0.01 * gradient_at(k, m, x, y)
x, y = batches[21]
print(f"after 21 steps: k = {k:.4f}, m = {m:.4f}")

# %%
# In the figure, the curve of the batch is at 0.3 lower than at 0, that of all data is
# higher. So the step helps its eight points and harms the whole.

k_new, m_new = np.array([k, m]) - 0.3 * gradient_at(k, m, x, y)
print("             before   after")
for name, xs, ys in [("this batch", x, y), ("all data", x_all, y_all)]:
    print(
        f"{name:10s}  {loss_at(k, m, xs, ys):7.2f} {loss_at(k_new, m_new, xs, ys):7.2f}"
    )
# sphinx_gallery_start_ignore
assert loss_at(k_new, m_new, x, y) < loss_at(k, m, x, y)
assert loss_at(k_new, m_new, x_all, y_all) > loss_at(k, m, x_all, y_all)
# sphinx_gallery_end_ignore

# %%
# **2. One side only.** What it is off falls in proportion to h. A parabola leaves its
# tangent by half the second derivative times :math:`h^2`; divided by h, that is h times
# the mean of :math:`x_i^2`. To either side it leaves the tangent by the same amount, so
# in the difference of the two sides it cancels.

true_value = gradient_at(k, m, x, y)[0]
print("    h     off by  h times the mean of x^2")
for h in (0.1, 0.01, 0.001):
    off = (loss_at(k + h, m, x, y) - loss_at(k, m, x, y)) / h - true_value
    print(f"{h:5.3f}  {off:9.6f}  {h * np.mean(x**2):9.6f}")
    # sphinx_gallery_start_ignore
    assert np.isclose(off, h * np.mean(x**2), rtol=1e-6)
    # sphinx_gallery_end_ignore

# %%
# **3. Seven gradients and one.** Weight each by the size of its batch. The plain mean
# would count the two points of the last batch as much as eight others.

gradients = [gradient_at(0, 0, x, y) for x, y in batches[:7]]
sizes = [len(x) for x, y in batches[:7]]
weighted = np.average(gradients, axis=0, weights=sizes)
print("over all data: {:.4f} {:.4f}".format(*gradient_at(0, 0, x_all, y_all)))
print("weighted mean: {:.4f} {:.4f}".format(*weighted))
print("plain mean:    {:.4f} {:.4f}".format(*np.mean(gradients, axis=0)))
# sphinx_gallery_start_ignore
full = gradient_at(0, 0, x_all, y_all)
assert np.allclose(weighted, full, rtol=0, atol=1e-12)
assert not np.allclose(np.mean(gradients, axis=0), full, rtol=0, atol=0.01)
# sphinx_gallery_end_ignore

# %%
# The batches' steps lie to both sides of the step of all data. The last batch, of two
# points, would even lower m. Still all of them go downhill for all data as well.

use_house_style()
for gradient in gradients:
    plt.arrow(0, 0, *(-0.01 * gradient), color=BATCH, head_width=0.004)
plt.arrow(0, 0, *(-0.01 * weighted), color=INK, head_width=0.008)
plt.text(*(-0.01 * weighted), "  all data", color=INK)
plt.axis([0, 0.29, -0.08, 0.17])
plt.gca().set(xlabel="slope k", ylabel="intercept m")
plt.title("One step, from seven batches and from all")
# Figure: Seven arrows from (0, 0) spread like a fan to both sides of a stronger one,
# that of all data. Six rise to the right, and one falls.
plt.show()
# sphinx_gallery_start_ignore
turns = [full[0] * gradient[1] - full[1] * gradient[0] for gradient in gradients]
assert min(turns) < 0 < max(turns)
assert [gradient[1] > 0 for gradient in gradients] == 6 * [False] + [True]
for gradient in gradients:
    k_then, m_then = -0.01 * gradient
    assert loss_at(k_then, m_then, x_all, y_all) < loss_at(0, 0, x_all, y_all)
# sphinx_gallery_end_ignore

# %%
# How fast, and how far
# ---------------------
#
# **1. Down to 1 %.** The factor is 1 minus the learning rate times the flat curvature.
# Its power t is 0.01 when t is the logarithm of 0.01, divided by that of the factor.


def hessian_of(x):
    """Return the second derivatives of the mean squared error by k and m."""
    return 2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]])


def descend(x, y, rate, steps):
    """Return (k, m) after gradient descent on all points from (0, 0)."""
    parameters = np.zeros(2)
    for _ in range(steps):
        parameters = parameters - rate * gradient_at(*parameters, x, y)
    return parameters


(flat, steep), axes = np.linalg.eigh(hessian_of(x_all))
steps = int(np.ceil(np.log(0.01) / np.log(1 - 0.01 * flat)))
print(f"predicted: {steps} steps, that is {int(np.ceil(steps / 7))} epochs")
for n in (steps - 1, steps):
    left = axes[:, 0] @ (descend(x_all, y_all, 0.01, n) - exact) / (axes[:, 0] @ -exact)
    print(f"after {n} steps: {left:.4%} of the flat error")
    # sphinx_gallery_start_ignore
    assert (left <= 0.01) == (n == steps)
    # sphinx_gallery_end_ignore

# %%
# **2. Moved by 3.** The curvatures lie far apart now, so the highest learning rate is
# low and the flat axis slow. The steep error shows which side of the limit you are on.

x_moved = x_all + 3
curvatures, axes = np.linalg.eigh(hessian_of(x_moved))
limit = 2 / curvatures[1]
goal = np.array(least_squares(x_moved, y_all))
print(f"curvatures {curvatures[0]:.3f} and {curvatures[1]:.3f}, limit {limit:.4f}")
for factor in (0.98, 1.02):
    error = descend(x_moved, y_all, factor * limit, steps=100) - goal
    left = abs(axes[:, 1] @ error) / abs(axes[:, 1] @ goal)
    print(f"{factor:.2f} times the limit, 100 steps: {left:.3f} of the steep error")
    # sphinx_gallery_start_ignore
    assert (left < 1) == (factor < 1)
    # sphinx_gallery_end_ignore

# %%
# **3. The fastest learning rate.** The factors are :math:`1 - \eta \lambda` for the
# flat and the steep curvature. They have the same size and opposite signs at
# :math:`\eta = 2 / (\lambda_{\min} + \lambda_{\max})`. In the long run the larger
# factor decides. A lower learning rate makes the flat one larger, a higher one the
# steep one.

fastest = 2 / (flat + steep)
for rate in (0.25, fastest):
    factor = max(abs(1 - rate * np.array([flat, steep])))
    error = np.linalg.norm(descend(x_all, y_all, rate, steps=30) - exact)
    print(f"rate {rate:.4f}: larger factor {factor:.4f}, error {error:.1e}")

# %%
# The higher of the two lines is what counts, and it is lowest where they cross.

use_house_style()
rates = np.linspace(0, 2 / steep, 200)
plt.plot(rates, abs(1 - rates * flat), color=MODEL)
plt.plot(rates, abs(1 - rates * steep), color=INK, linestyle=":")
plt.plot(fastest, abs(1 - fastest * flat), "D", markersize=8, color=EXACT)
plt.text(0.13, 0.83, "flat axis")
plt.text(0.20, 0.08, "steep axis")
plt.text(fastest - 0.01, 0.48, "fastest", ha="right")
plt.gca().set(xlabel="learning rate", ylabel="part of the error left by a step")
plt.title("The fastest learning rate")
# Figure: The flat line falls slowly; the steep one falls to 0 and rises to cross it at
# the mark.
plt.show()
# sphinx_gallery_start_ignore
largest = np.maximum(abs(1 - rates * flat), abs(1 - rates * steep))
assert largest.min() >= abs(1 - fastest * flat)
assert np.isclose(1 - fastest * flat, -(1 - fastest * steep))
assert error < np.linalg.norm(descend(x_all, y_all, 0.25, steps=30) - exact)
# sphinx_gallery_end_ignore

# %%
# What the mini-batch adds: noise
# -------------------------------
#
# **1. A quarter of the floor.** The floor is proportional to the learning rate and to
# one over the batch size. So take a quarter of the one, or four times the other. It is
# not exactly a quarter: the formula holds for small learning rates.

floor = noise_floor(x_all, y_all, lr=0.01, batch_size=8)
slower = noise_floor(x_all, y_all, lr=0.0025, batch_size=8)
larger = noise_floor(x_all, y_all, lr=0.01, batch_size=32)
print(f"learning rate 0.01, batch 8:   {floor:.6f}")
print(f"learning rate 0.0025, batch 8: {slower:.6f}, {slower / floor:.3f} of it")
print(f"learning rate 0.01, batch 32:  {larger:.6f}, {larger / floor:.3f} of it")
# sphinx_gallery_start_ignore
assert 0.24 < slower / floor < 0.26
assert 0.24 < larger / floor < 0.26
# sphinx_gallery_end_ignore

# %%
# **2. Twenty points.** Fewer points allow a larger factor. The count agrees with 95 %,
# give or take the chance of 500 draws.

bound = 0.05 ** (-2 / 18)
inside = 0
for seed in range(500):
    data = LinearRegressionDataset(k=3, m=5, n=20, seed=seed)
    x, y = data.x.double().numpy(), data.y.double().numpy()
    inside += loss_at(3, 5, x, y) <= bound * loss_at(*least_squares(x, y), x, y)
print(f"bound {bound:.3f} times the smallest loss: {inside} of 500")
# sphinx_gallery_start_ignore
assert 460 < inside < 490
# sphinx_gallery_end_ignore

# %%
# **3. Shuffled batches of 10.** Five equal batches: nothing is left over at the end of
# an epoch, and the floor drops much further than to the third that batches of 8 left.

x_rows, y_rows = dataset.x.expand(250, 50), dataset.y.expand(250, 50)
parts = {}
for rate in (0.003, 0.1):
    for size, num_epochs in [(8, 150), (10, 210)]:
        batches = shuffled_epochs(250, 50, size, num_epochs, seed=0)
        path = train_runs(x_rows, y_rows, batches, lr=rate, start=tuple(exact))
        k, m = path[len(path) // 2 :].unbind(-1)
        above = loss_above_minimum(x_all, y_all, k, m).mean()
        part = above / noise_floor(x_all, y_all, lr=rate, batch_size=size)
        parts[rate, size] = part
        print(f"rate {rate}, batches of {size:2d}: {part:.3f} of the prediction")
# sphinx_gallery_start_ignore
assert parts[0.003, 8] > 0.25
assert parts[0.003, 10] < 0.05
assert parts[0.1, 10] < 0.7 < 1 < parts[0.1, 8]
# sphinx_gallery_end_ignore

# %%
# At the small rate equal batches cancel almost completely within an epoch, so what
# remained with batches of 8 came from the batch of 2. At the large rate the
# cancelling is incomplete, and only the batch of 2 lifts the floor above the
# prediction: without it, the floor stays below.
#
# Pitfalls
# --------
#
# **1. Waves of 89 steps.** Waves mean pitfall 2, the forgotten ``zero_grad``. One wave
# takes :math:`2 \pi (2 \eta)^{-1/2}` steps, so :math:`\eta = 2 \pi^2 / 89^2`, which is
# 0.0025. Count the steps from one passage of the least-squares intercept, on the way
# up, to the next. (The flat curvature is a little less than 2, so these waves are a
# little longer than the formula says.)

model = LinearRegressionModel()
optimizer = torch.optim.SGD(model.parameters(), lr=0.0025)
intercepts = []
for _ in range(500):
    ((dataset.y - model(dataset.x)) ** 2).mean().backward()  # and no zero_grad
    optimizer.step()
    intercepts.append(model.m.item())
above = np.array(intercepts) > exact[1]
upward = np.flatnonzero(above[1:] & ~above[:-1])
print(f"learning rate: {2 * np.pi**2 / 89**2:.4f}")
print(f"steps between passages: {np.diff(upward)}, mean {np.diff(upward).mean():.0f}")
# sphinx_gallery_start_ignore
assert abs(np.diff(upward).mean() - 89) < 5
# sphinx_gallery_end_ignore

# %%
# **2. The shapes put right.** The slope and the intercept are those of least squares,
# and the loss is the smallest there is.

column = dataset.x.unsqueeze(1)
torch.manual_seed(0)
linear = nn.Linear(1, 1)
optimizer = torch.optim.SGD(linear.parameters(), lr=0.1)
for _ in range(200):
    optimizer.zero_grad()
    loss = ((dataset.y - linear(column).squeeze(1)) ** 2).mean()
    loss.backward()
    optimizer.step()
slope, intercept = linear.weight.item(), linear.bias.item()
print(f"slope {slope:.3f}, intercept {intercept:.3f}, loss {loss:.3f}")
print("least squares: {:.3f}, {:.3f}".format(*exact))
# sphinx_gallery_start_ignore
assert np.allclose([slope, intercept], exact, atol=1e-3)
assert abs(loss.item() - loss_at(*exact, x_all, y_all)) < 1e-4
# sphinx_gallery_end_ignore

# %%
# **3. Without the last batch.** All batches now weigh the same, but the two points that
# are left out differ from order to order. So the mean still depends on it, only less.

squared = dataset.y**2  # the squared errors of the line k = m = 0
order = torch.Generator().manual_seed(0)
means = {"all seven batches": [], "without the last": []}
for _ in range(1000):
    batches = squared[torch.randperm(50, generator=order)].split(8)
    losses = [batch.mean().item() for batch in batches]
    means["all seven batches"].append(np.mean(losses))
    means["without the last"].append(np.mean(losses[:6]))
for name, values in means.items():
    print(f"{name}: {min(values):.2f} to {max(values):.2f}")
# sphinx_gallery_start_ignore
reaches = [max(values) - min(values) for values in means.values()]
assert 2 < reaches[1] < reaches[0] / 2
# sphinx_gallery_end_ignore

# %%
# Next
# ----
#
# Back to the tutorial, or on to the pages that carry it further.
