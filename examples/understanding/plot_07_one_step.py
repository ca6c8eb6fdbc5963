r"""
Anatomy of one step
===================

Training in stage 3 was 175 small steps. Here you stop the clock, take one of them, and
compute its gradient in three ways. Then you write a whole epoch at five levels, from
bare NumPy to the loop you know.

**What you will learn:** where the gradient comes from, how to check one, what a step
promises and what it delivers, and what each layer of PyTorch takes off your hands.

**What you need:** the five stages, above all stage 3, the training loop.
"""

# %%
# The imports
# -----------
#
# This page compares numbers to twelve digits. So it computes in ``float64``, which
# carries about sixteen, and on the CPU, because some accelerators have no ``float64``.

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.utils.data import DataLoader

# %%
# Stop the clock
# --------------
#
# This is the run of stage 3, with the same points in the same batches.

from linreg.data import LinearRegressionDataset

dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
shuffling = torch.Generator().manual_seed(0)
loader = DataLoader(dataset, batch_size=8, shuffle=True, generator=shuffling)

# %%
# It is halted after three epochs of seven steps. ``double`` turns the parameters into
# ``float64``.

from linreg.model import LinearRegressionModel
from linreg.training import train

model = LinearRegressionModel().double()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
history = train(model, loader, optimizer, num_epochs=3)
k, m = model.k.item(), model.m.item()
print(f"after {3 * len(loader)} steps: k = {k:.4f}, m = {m:.4f}")

# %%
# The slope has done more than half of its way to 3, the intercept less than a third of
# its way to 5.
#
# The batch and its residuals
# ---------------------------
#
# Step 22 gets the next eight points. A *residual* :math:`r_i = y_i - \hat{y}_i` is what
# the line misses at point i. The loss of the batch is the mean of their squares.

# sphinx_gallery_start_ignore
assert 3 / 2 < k < 3
assert 0 < m < 5 / 3
# sphinx_gallery_end_ignore
x, y = (column.double() for column in next(iter(loader)))
residual = y - (k * x + m)
assert len(x) == 8

# %%
# Here are the eight points and their residuals:

print("     x       y   residual")
for row in zip(x, y, residual, strict=True):
    print("{:6.2f}  {:6.2f}  {:9.2f}".format(*row))
print(f"loss of the batch: {torch.mean(residual**2):.4f}")

# %%
# In the picture, the residuals are the vertical violet lines.

from linreg.plotting import BATCH, plot_line, plot_points, use_house_style

use_house_style()
plot_points(dataset.x, dataset.y)
plot_line(k, m, (-3, 3), "model")
plt.vlines(x, k * x + m, y, color=BATCH, linewidth=1.5)
plt.plot(x, y, "^", color=BATCH, markersize=8, label="batch of 8")
plt.title("One batch and its residuals")
plt.legend()
# Figure: The line runs below nearly all data; vertical lines join it to eight points
# above it.
plt.show()

# %%
# All eight points lie above the line. You would push the line up, and the gradient will
# say so.
#
# The gradient by hand
# --------------------
#
# The square of one residual has the slope :math:`2 r_i` times the slope of :math:`r_i`
# itself. When k grows by a little, :math:`r_i` falls by :math:`x_i` times that little.
# When m grows by a little, it falls by just that. The mean over the :math:`B` points of
# the batch gives
#
# .. math::
#
#    \frac{\partial L}{\partial k} = -\frac{2}{B} \sum_i r_i x_i, \qquad
#    \frac{\partial L}{\partial m} = -\frac{2}{B} \sum_i r_i.

# sphinx_gallery_start_ignore
assert (residual > 0).all()
# sphinx_gallery_end_ignore
by_hand = torch.stack([-2 * torch.mean(residual * x), -2 * torch.mean(residual)])
print(f"by hand: {by_hand[0]:.4f} along k, {by_hand[1]:.4f} along m")

# %%
# Along m the gradient is negative: the loss falls when the line moves up, as the
# picture said.
#
# The gradient by autograd
# ------------------------
#
# *Autograd* is the part of PyTorch that differentiates. It records what is computed
# with the parameters, and ``backward`` goes through the record from the loss back to
# them. The method is called *back-propagation*. Nobody told it the formula above.

# sphinx_gallery_start_ignore
assert by_hand[1] < 0
# sphinx_gallery_end_ignore
loss = torch.mean((y - model(x)) ** 2)
optimizer.zero_grad()
loss.backward()
by_autograd = torch.cat([model.k.grad, model.m.grad])
difference = (by_autograd - by_hand).abs().max().item()
print(f"largest difference from by hand: {difference:.1e}")
assert difference < 1e-12

# %%
# The gradient by trying
# ----------------------
#
# A slope is rise over run, so you can also measure it. Take a small h, evaluate the
# loss a little to either side, and divide:
#
# .. math:: \frac{\partial L}{\partial k} \approx \frac{L(k + h, m) - L(k - h, m)}{2 h}
#
# These are *finite differences*. They are slow, one pair of losses for each parameter,
# and they lose digits. But they need no formula and no autograd, and that makes them
# the standard check of a gradient.


def loss_at(k, m, x, y):
    """Return the mean squared error of the line y = k x + m."""
    return torch.mean((y - (k * x + m)) ** 2)


# %%
# With h = 0.00001:

h = 1e-5
along_k = (loss_at(k + h, m, x, y) - loss_at(k - h, m, x, y)) / (2 * h)
along_m = (loss_at(k, m + h, x, y) - loss_at(k, m - h, x, y)) / (2 * h)
by_trying = torch.stack([along_k, along_m])
print(f"largest difference from by hand: {(by_trying - by_hand).abs().max():.1e}")
assert torch.allclose(by_trying, by_hand, rtol=0, atol=1e-6)

# %%
# Three ways, one gradient. Now you can trust it.
#
# The update
# ----------
#
# Each parameter moves against its slope, by the learning rate times the slope. The
# optimiser does the same subtraction.

k_new, m_new = k - 0.01 * by_hand[0].item(), m - 0.01 * by_hand[1].item()
optimizer.step()
print(f"k: {k:.4f} -> {k_new:.4f}")
print(f"m: {m:.4f} -> {m_new:.4f}")
assert abs(model.k.item() - k_new) < 1e-12
assert abs(model.m.item() - m_new) < 1e-12

# %%
# What the step was good for
# --------------------------
#
# The step saw eight points and made their loss smaller. What of the loss over all
# fifty?

x_all, y_all = dataset.x.double(), dataset.y.double()
print("              before    after")
for name, xs, ys in [("this batch", x, y), ("all data", x_all, y_all)]:
    before, after = loss_at(k, m, xs, ys), loss_at(k_new, m_new, xs, ys)
    print(f"{name:10s}  {before:8.4f} {after:8.4f}")
    assert after < before

# %%
# It fell too, although 42 of the points had no say. This is why mini-batches work: a
# batch is a sample of the data, so downhill for the batch is mostly downhill for all.
#
# How far could it have gone?
# ---------------------------
#
# The gradient gives a direction, the learning rate a distance. Walk on in the same
# direction and watch both losses.

rates = torch.linspace(0, 0.4, 201, dtype=torch.float64)
k_walk, m_walk = k - rates * by_hand[0], m - rates * by_hand[1]

# %%
# Every learning rate from 0 to 0.4 gives a point of the walk, and every point has two
# losses.

walk = {}
for name, xs, ys in [("this batch", x, y), ("all data", x_all, y_all)]:
    points = zip(k_walk, m_walk, strict=True)
    walk[name] = torch.stack([loss_at(*point, xs, ys) for point in points])
    print(f"{name:10s}: lowest at learning rate {rates[walk[name].argmin()]:.3f}")

# %%
# Both losses are parabolas along this walk.

from linreg.plotting import DATA, INK

plt.plot(rates, walk["this batch"], color=BATCH, label="this batch")
plt.plot(rates, walk["all data"], color=DATA, label="all data")
plt.axvline(0.01, color=INK, linestyle=":", label="learning rate 0.01")
plt.xlabel("learning rate of this step")
plt.ylabel("mean squared error")
plt.ylim(bottom=0)
plt.title("The loss along the step")
plt.legend()
# Figure: Two parabolas that fall, reach a lowest point and rise; a dotted line near the
# left end.
plt.show()

# %%
# The learning rate 0.01 takes a small part of the way down. A much larger step would
# still gain, and a step that is too large ends higher than it began: the gradient knows
# the slope where you stand, not where the ground turns up. How large is too large is
# the subject of the next page.
#
# One epoch, five times
# ---------------------
#
# The same step, seven times over, is an epoch. You now write the first epoch of the run
# at five levels. All see the same batches in the same order, and all must end at the
# same k and m. The levels reuse the names k, m, x and y, so keep step 22 for the
# exercises.

# sphinx_gallery_start_ignore
for losses in walk.values():
    assert rates[losses.argmin()] > 5 * 0.01
    assert losses[-1] > losses[0]
# sphinx_gallery_end_ignore
step_22 = (k, m, x, y)
shuffling.manual_seed(0)
batches = [(x.double(), y.double()) for x, y in loader]
ends = {}
print("batch sizes:", [len(x) for x, y in batches])

# %%
# Level 1: NumPy
# ..............
#
# You write the prediction, the derivative and the update. Nothing is hidden.

k, m = 0.0, 0.0
for x, y in batches:
    x, y = x.numpy(), y.numpy()
    residual = y - (k * x + m)
    grad_k = -2 * np.mean(residual * x)
    grad_m = -2 * np.mean(residual)
    k -= 0.01 * grad_k
    m -= 0.01 * grad_m
ends["NumPy"] = (k, m)

# %%
# Level 2: tensors
# ................
#
# The same lines with PyTorch's arrays. You still derive the gradient yourself. What you
# gain: make k and m on another device, as in ``torch.zeros((), device="cuda")``, move
# the batches there with ``x.to("cuda")``, and the same lines run on a GPU.

k, m = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
for x, y in batches:
    residual = y - (k * x + m)
    grad_k = -2 * torch.mean(residual * x)
    grad_m = -2 * torch.mean(residual)
    k -= 0.01 * grad_k
    m -= 0.01 * grad_m
ends["tensors"] = (k.item(), m.item())

# %%
# Level 3: autograd
# .................
#
# ``requires_grad`` asks autograd to watch a tensor.

k = torch.zeros((), dtype=torch.float64, requires_grad=True)
m = torch.zeros((), dtype=torch.float64, requires_grad=True)

# %%
# You write only the loss. The derivative is taken off your hands: change the loss, and
# the gradient follows. Two duties are new. The update must not be recorded, and the
# gradients must be cleared before the next step.

for x, y in batches:
    loss = torch.mean((y - (k * x + m)) ** 2)
    loss.backward()
    with torch.no_grad():
        k -= 0.01 * k.grad
        m -= 0.01 * m.grad
    k.grad = m.grad = None
ends["autograd"] = (k.item(), m.item())

# %%
# Level 4: a module
# .................
#
# The parameters have a home. The loop no longer names k and m, so it fits a model with
# two parameters or two million. The bookkeeping is taken off your hands.

model = LinearRegressionModel().double()
for x, y in batches:
    loss = torch.mean((y - model(x)) ** 2)
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= 0.01 * parameter.grad
    model.zero_grad()
ends["module"] = (model.k.item(), model.m.item())

# %%
# Level 5: an optimiser
# .....................
#
# The update rule is an object now. To try another rule you change one line, not the
# loop.

model = LinearRegressionModel().double()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for x, y in batches:
    loss = torch.mean((y - model(x)) ** 2)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
ends["optimiser"] = (model.k.item(), model.m.item())

# %%
# The result
# ----------
#
# ``train`` of stage 3 is level 5 with checks and records. Its first epoch joins the
# table.

ends["train"] = (history.parameters["k"][1], history.parameters["m"][1])
print("level                  k               m")
for level, (k, m) in ends.items():
    print(f"{level:10s}{k:16.12f}{m:16.12f}")
    assert np.allclose((k, m), ends["NumPy"], rtol=0, atol=1e-12)

# %%
# Twelve digits agree. The levels differ in what you have to write, not in what is
# computed. There is no magic in a training loop: every line of it you could write
# yourself, and now you have.
#
# `The explorer <../../explorer.html#preset=post&steps=1>`__ takes one step at a
# time, and draws the step of the next mini-batch on the surface.
#
# Exercises
# ---------
#
# 1. Bring step 22 back with ``k, m, x, y = step_22``, and take it with learning rate
#    0.3 instead of 0.01. Read from the last figure what will happen to the two losses,
#    then compute them with ``loss_at``.
# 2. Measure the slope along k at step 22 with one side only,
#    :math:`(L(k + h, m) - L(k, m)) / h`, for h = 0.1, 0.01 and 0.001. How does the error shrink
#    with h? A parabola leaves its tangent by half its second derivative times :math:`h^2`. Along k
#    the second derivative of the loss is :math:`2 \cdot \text{mean}(x_i^2)`. Predict the error
#    from that.
# 3. At k = m = 0, compute the gradient of each of the seven batches, and the gradient
#    over all data. How do you average the seven to get the one? Mind the batch of 2.
# 4. *Momentum* remembers past gradients: :math:`v \leftarrow 0.9 v + g`, where g is the
#    slope of the loss along k, then :math:`k \leftarrow k - \eta v`. It starts with v =
#    0, and m has a v of its own. Add it at level 1, and compare with
#    ``torch.optim.SGD(..., lr=0.01, momentum=0.9)`` at level 5.
#
# Next
# ----
#
# One step is clear. The next page asks how many you need, how large they may be, and
# where they end.
