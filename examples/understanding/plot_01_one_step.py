r"""
Anatomy of one step
===================

Training in stage 3 was 175 small steps. Here you stop the clock, take one of them apart
and compute its gradient in three ways. Then you write a whole epoch at five levels,
from bare NumPy to the loop you know.

**What you will learn:** how ``backward`` finds a gradient, how to check one, what a
step promises and what it delivers, and what each level takes off your hands.

**What you need:** stage 3, the training loop. Of mathematics, that :math:`2 r` is the
derivative of the square of r.
"""

# %%
# The imports
# -----------
#
# The dataset and the model are those of stages 1 and 2. The fold holds them, and
# ``use_house_style``, which sets the look of the figure. This page compares numbers to
# twelve digits, so it computes in ``float64``, which carries about sixteen.

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.utils.data import DataLoader

from linreg.data import LinearRegressionDataset
from linreg.model import LinearRegressionModel
from linreg.plotting import BATCH, DATA, INK, use_house_style

# %%
# Why: each line of train
# -----------------------
#
# You may skip this section: no page asks for it. It is the loop of stage 3 with its
# record, and with what lets it train any model, on any device. First the code.

from linreg.training import History, copy_numbers, default_device, train

# %%
# In the middle of ``train`` you find the seven lines. Around them:
#
# * ``History`` is what ``train`` returns. ``@dataclass`` writes its ``__init__``, and
#   ``__eq__`` compares two of them.
# * ``copy_numbers`` copies a parameter, or all its records would change with it.
#   ``detach`` leaves its memory behind, ``cpu`` fetches it from a GPU, and ``reshape``
#   makes a plain number of a row of one.
# * ``held`` has the identity of each parameter that the optimiser changes. The ``if``
#   below refuses one that holds none of this model's: nothing would move.
# * ``first`` is one of the parameters. ``x.to(first)`` moves a batch to its device, the
#   place where the model is, and to its type of number.
# * ``model.train()`` switches on what some layers do only in training.
# * ``losses`` keeps the loss of each batch, ``sizes`` its number of points. They are
#   read after the epoch: to read a number from a GPU means to wait for it. ``stack``
#   makes one tensor of the losses, and ``np.average`` weights them with the sizes, so
#   the batch of 2 counts less than one of 8.
# * An epoch without a batch, and a loss or a parameter that is not finite, end the
#   training with an error. ``divergence`` says in it what to try.
# * ``default_device`` finds a GPU if the machine has one, and
#   ``model.to(default_device())`` moves a model there. For 8 points at a time that does
#   not pay; for a large network it does.
#
# (An ``Iterable`` is whatever a ``for`` can go through.)
#
# Stop the clock
# --------------
#
# This is the run of stage 3, with the same points in the same batches. ``double`` turns
# the parameters into ``float64``.

dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
shuffling = torch.Generator().manual_seed(0)
loader = DataLoader(dataset, batch_size=8, shuffle=True, generator=shuffling)
model = LinearRegressionModel().double()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
history = train(model, loader, optimizer, num_epochs=25)

# %%
# Halt it after three epochs of seven steps. The history has a record after each epoch,
# and the loader, seeded again, hands out its batches once more. Step 22 is next: it
# takes the batch with index 21.

k, m = history.parameters["k"][3], history.parameters["m"][3]
shuffling.manual_seed(0)
batches = [(x.double(), y.double()) for epoch in range(4) for x, y in loader]
x, y = batches[21]
print(f"after 21 steps: k = {k:.4f}, m = {m:.4f}")
print(f"step 22 sees {len(x)} points, from x = {x.min():.2f} to {x.max():.2f}")
# sphinx_gallery_start_ignore
assert 3 / 2 < k < 3
assert 0 < m < 5 / 3
assert len(batches) == 4 * 7
# sphinx_gallery_end_ignore

# %%
# The slope has gone more than half of its way to 3, the intercept less than a third of
# its way to 5.
#
# The loss, in four small steps
# -----------------------------
#
# *Autograd* is the part of PyTorch that differentiates. ``requires_grad`` asks it to
# watch a tensor. From then on every result remembers the operation that made it, in
# ``grad_fn``, and what went in.

k = torch.tensor(k, dtype=torch.float64, requires_grad=True)
m = torch.tensor(m, dtype=torch.float64, requires_grad=True)
prediction = k * x + m
residual = y - prediction
square = residual**2
loss = square.mean()
for result in (prediction, residual, square, loss):
    print(f"{result.grad_fn.name():14s} made {result.numel()} numbers")

# %%
# This record is the *graph*. It leads from the loss back to k and m, one operation at a
# time. (The first name is that of the plus, the last operation in its line.)
#
# The chain rule, by hand
# -----------------------
#
# Each small step has an easy derivative. The *chain rule* says: the derivative of the
# whole is the product of the derivatives of its parts. So begin at the loss, walk back,
# and multiply.

along_square = torch.full_like(x, 1 / len(x))  # the mean takes an eighth of each
along_residual = along_square * 2 * residual  # the derivative of r² is 2 r
along_prediction = along_residual * -1  # a higher prediction, a lower residual
along_k = (along_prediction * x).sum()  # k goes into all eight predictions, times x
along_m = along_prediction.sum()  # and m does too, times 1
print(f"by hand: {along_k:.6f} along k, {along_m:.6f} along m")
# sphinx_gallery_start_ignore
assert along_m < 0
with torch.no_grad():
    assert torch.isclose(along_k, -2 * torch.mean(residual * x))
    assert torch.isclose(along_m, -2 * torch.mean(residual))
# sphinx_gallery_end_ignore

# %%
# Where a parameter has an effect in several places, the effects add up: hence the sums.
# In one line each, with :math:`B` points in the batch and the residuals :math:`r_i`:
#
# .. math::
#
#    \frac{\partial L}{\partial k} = -\frac{2}{B} \sum_i r_i x_i, \qquad
#    \frac{\partial L}{\partial m} = -\frac{2}{B} \sum_i r_i
#
# ``backward`` does the same
# --------------------------
#
# It walks the graph from the loss to the parameters and multiplies. The method is
# called *back-propagation*. What arrives at a parameter is added to its ``.grad``.

loss.backward()
print(f"autograd: {k.grad:.6f} along k, {m.grad:.6f} along m")
assert torch.allclose(torch.stack([k.grad, m.grad]), torch.stack([along_k, along_m]))

# %%
# Nobody told PyTorch the formula. It knows the derivatives of its operations, and it
# knows the chain rule. (``torch.stack`` makes one tensor of two.)
#
# The gradient by trying
# ----------------------
#
# A derivative is rise over run, so you can measure it. Take a small h, compute the loss
# a little to either side, and divide:
#
# .. math:: \frac{\partial L}{\partial k} \approx \frac{L(k + h, m) - L(k - h, m)}{2 h}


def loss_at(k, m, x=x, y=y):
    """Return the mean squared error of the line y = k x + m, for step 22's batch."""
    return torch.mean((y - (k * x + m)) ** 2)


h = 1e-5
k, m = k.item(), m.item()
rise_k = loss_at(k + h, m) - loss_at(k - h, m)
rise_m = loss_at(k, m + h) - loss_at(k, m - h)
print(f"by trying: {rise_k / (2 * h):.6f} along k, {rise_m / (2 * h):.6f} along m")
# sphinx_gallery_start_ignore
assert abs(rise_k / (2 * h) - along_k) < 1e-6
assert abs(rise_m / (2 * h) - along_m) < 1e-6
# sphinx_gallery_end_ignore

# %%
# These are *finite differences*. They are slow, two losses for each parameter, and they
# lose digits. But they need no formula and no autograd, which makes them the standard
# check. PyTorch has it ready made: ``gradcheck`` compares both for you.

watched = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (k, m)]
print("gradcheck:", torch.autograd.gradcheck(loss_at, watched))
# sphinx_gallery_start_ignore
assert torch.autograd.gradcheck(loss_at, watched)
# sphinx_gallery_end_ignore

# %%
# What the step is good for
# -------------------------
#
# The step makes the loss of its eight points smaller. The gradient promises how much:
# the learning rate times its own squared length, if the ground stays as steep as it is
# here. And what of the loss over all fifty?

along_k, along_m = along_k.item(), along_m.item()
k_new, m_new = k - 0.01 * along_k, m - 0.01 * along_m
x_all, y_all = dataset.x.double(), dataset.y.double()
print(f"promised fall: {0.01 * (along_k**2 + along_m**2):.3f}")
print("             before   after    fall")
for name, xs, ys in [("this batch", x, y), ("all data", x_all, y_all)]:
    before, after = loss_at(k, m, xs, ys), loss_at(k_new, m_new, xs, ys)
    print(f"{name:10s}  {before:7.3f} {after:7.3f} {before - after:7.3f}")
    # sphinx_gallery_start_ignore
    assert after < before
    if name == "this batch":
        promised = 0.01 * (along_k**2 + along_m**2)
        assert 0.95 * promised < before - after < promised
    # sphinx_gallery_end_ignore

# %%
# The batch delivers a little less: the ground gets flatter on the way. The loss over
# all fell too, although 42 of the points had no say. Is that luck? Try 1000 batches of
# 8 from one place, each drawn at random. A row of ``index`` is a batch; ``argsort`` of
# random numbers is a random order.


def share_that_helps(k, m):
    """Return the share of 1000 batches whose step lowers the loss over all data."""
    random = torch.rand(1000, 50, generator=torch.Generator().manual_seed(0))
    index = random.argsort(dim=1)[:, :8]
    r = y_all[index] - (k * x_all[index] + m)
    k_new = k + 0.01 * 2 * (r * x_all[index]).mean(dim=1, keepdim=True)
    m_new = m + 0.01 * 2 * r.mean(dim=1, keepdim=True)
    after = ((y_all - (k_new * x_all + m_new)) ** 2).mean(dim=1)
    return (after < loss_at(k, m, x_all, y_all)).double().mean().item()


shares = {}
for epochs in (0, 3, 25):
    k_then, m_then = (history.parameters[name][epochs] for name in ("k", "m"))
    shares[epochs] = share_that_helps(k_then, m_then)
    print(f"after {epochs:2d} epochs: {shares[epochs]:.1%} of the steps help")
# sphinx_gallery_start_ignore
assert shares[0] > 0.99
assert shares[3] > 0.99
assert 0.75 < shares[25] < 0.87
# sphinx_gallery_end_ignore

# %%
# This is why mini-batches work: a batch is a random part of the data, so downhill for
# the batch is mostly downhill for all. Close to the solution it is so less often, which
# is the subject of the page on noise.
#
# How far could it have gone?
# ---------------------------
#
# The gradient gives a direction, the learning rate a distance. Walk on in the same
# direction and watch both losses.

rates = np.linspace(0, 0.4, 201)
walk = {}
for name, xs, ys in [("this batch", x, y), ("all data", x_all, y_all)]:
    walk[name] = [loss_at(k - r * along_k, m - r * along_m, xs, ys) for r in rates]
    print(f"{name:10s}: lowest at learning rate {rates[np.argmin(walk[name])]:.3f}")

use_house_style()
plt.plot(rates, walk["this batch"], color=BATCH, label="this batch")
plt.plot(rates, walk["all data"], "--", color=DATA, label="all data")
plt.axvline(0.01, color=INK, linestyle=":", label="learning rate 0.01")
plt.gca().set(xlabel="learning rate of this step", ylabel="mean squared error")
plt.ylim(bottom=0)
plt.title("The loss along the step")
plt.legend()
# Figure: Two parabolas fall, reach a lowest point and rise, the one of all data sooner;
# a dotted line marks the learning rate near the left end.
plt.show()

# %%
# Both are parabolas. The learning rate 0.01 takes a small part of the way down. A step
# that is too large ends higher than it began: the gradient knows how steep the ground
# is where you stand, not where it turns up. How large is too large? The next page
# answers that.
#
# One epoch, five times
# ---------------------
#
# Seven such steps are an epoch. Now write the first epoch of the run at five levels.
# All see the same batches, and all must end at the same k and m.
#
# Level 1: NumPy
# ..............
#
# You write the prediction, the gradient and the update. Nothing is hidden.

# sphinx_gallery_start_ignore
for losses in walk.values():
    assert rates[np.argmin(losses)] > 5 * 0.01
    assert np.allclose(np.polyval(np.polyfit(rates, losses, 2), rates), losses)
assert walk["all data"][-1] > walk["all data"][0]
assert walk["this batch"][150] < walk["this batch"][0]  # exercise 1: at 0.3
assert walk["all data"][150] > walk["all data"][0]
step_22 = (k, m, x, y)
# sphinx_gallery_end_ignore
first_epoch, ends = batches[:7], {}
k, m = 0.0, 0.0
for x, y in first_epoch:
    x, y = x.numpy(), y.numpy()
    residual = y - (k * x + m)
    along_k = -2 * np.mean(residual * x)
    along_m = -2 * np.mean(residual)
    k -= 0.01 * along_k
    m -= 0.01 * along_m
ends["NumPy"] = (k, m)

# %%
# Level 2: tensors
# ................
#
# The same with PyTorch's arrays. The gradient is still yours to derive. What you gain:
# with k, m and the batches on a GPU, the same lines run there.

k, m = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
for x, y in first_epoch:
    residual = y - (k * x + m)
    along_k = -2 * torch.mean(residual * x)
    along_m = -2 * torch.mean(residual)
    k -= 0.01 * along_k
    m -= 0.01 * along_m
ends["tensors"] = (k.item(), m.item())

# %%
# Level 3: autograd
# .................
#
# You write only the loss; change it, and the gradient follows. Two duties are new: the
# update must not be recorded, hence ``no_grad``, and the gradient must be cleared
# before the next step.

k = torch.zeros((), dtype=torch.float64, requires_grad=True)
m = torch.zeros((), dtype=torch.float64, requires_grad=True)
for x, y in first_epoch:
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
# two parameters or two million.

model = LinearRegressionModel().double()
for x, y in first_epoch:
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
# The update rule is an object. To try another rule you change one line, not the loop.

model = LinearRegressionModel().double()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for x, y in first_epoch:
    loss = torch.mean((y - model(x)) ** 2)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
ends["optimiser"] = (model.k.item(), model.m.item())

# %%
# The result
# ----------
#
# ``train`` is level 5 with a record. Its first epoch joins the table.

ends["train"] = (history.parameters["k"][1], history.parameters["m"][1])
print("level                  k               m")
for level, (k, m) in ends.items():
    print(f"{level:10s}{k:16.12f}{m:16.12f}")
    assert np.allclose((k, m), ends["NumPy"], rtol=0, atol=1e-12)

# %%
# Twelve digits agree. The levels differ in what you write, not in what is computed.
# Every line of a training loop you could write yourself, and now you have.
#
# `The explorer <../../explorer.html#preset=post&steps=1>`__ takes one step at a time,
# on the surface.
#
# Exercises
# ---------
#
# Change the cell in the notebook, then run it and those below it; `Run it yourself
# <../../run.html>`__ says how to get one.
#
# 1. Take step 22 with learning rate 0.3 instead of 0.01. Read from the figure what
#    happens to the two losses, then compute them.
# 2. Measure the derivative along k at step 22 with one side only, :math:`(L(k + h, m) -
#    L(k, m)) / h`, for h = 0.1, 0.01 and 0.001. How far off is it, beside h? Why so
#    much less with both sides? (Both losses lie on a parabola.)
# 3. At k = m = 0, compute the gradient of each of the seven batches, and the gradient
#    over all data. Draw the steps against them from one place, with ``plt.arrow``. How
#    do you average the seven to get the one? Mind the batch of 2.
#
# When you have tried: `the answers
# <../solutions/plot_03_understanding.html#anatomy-of-one-step>`__.
#
# Next
# ----
#
# One step is clear. The page on `convergence <plot_02_convergence.html>`__ asks how
# many you need, how large they may be, and where they end.
