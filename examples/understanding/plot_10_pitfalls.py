r"""
Pitfalls: bugs you will meet
============================

Most bugs in a training do not stop the program. It runs to its end and gives you a
number, and the number is wrong. This page makes nine bugs on purpose: seven of that
kind, and two that do stop it.

**What you will learn:** nine bugs by their symptoms, why each happens, the one line
that mends it, and the check that would have caught it.

**What you need:** stages 1 to 5.
"""

# %%
# The imports
# -----------

import warnings

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.utils.data import DataLoader

# %%
# The right answer
# ----------------
#
# On a straight line you know what should come out: the least-squares line of stage 3.
# It is the measure for everything below.

from linreg.data import LinearRegressionDataset
from linreg.exact import least_squares

dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
x, y = dataset.x, dataset.y
k_exact, m_exact = least_squares(x, y)
print(f"least squares: k = {k_exact:.3f}, m = {m_exact:.3f}")

# %%
# ``train`` from stage 3 guards against several of these bugs. So where a bug needs a
# loop, it is mostly written by hand, as you would write it for a first try, with all
# fifty points in every step.
#
# 1. The records are all the same
# -------------------------------
#
# **Symptom.** You record the parameter before every step. Afterwards all records hold
# its last value. (``detach()`` gives the numbers of a tensor without the memory of
# their computation, which an array of NumPy cannot hold.)

from linreg.model import LinearRegressionModel

model = LinearRegressionModel()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
shared, copied = [], []
for _ in range(40):
    shared.append(model.m.detach().numpy())
    copied.append(model.m.detach().numpy().copy())
    optimizer.zero_grad()
    ((y - model(x)) ** 2).mean().backward()
    optimizer.step()
print("shared: first", shared[0], "last", shared[-1])
print("copied: first", copied[0], "last", copied[-1])

# %%
# The flat line is what the bug draws. The rising curve is what happened.

from linreg.plotting import INK, MODEL, use_house_style

use_house_style()
plt.plot(shared, color=INK, linestyle=":", label="recorded without a copy")
plt.plot(copied, color=MODEL, label="recorded with a copy")
plt.xlabel("step")
plt.ylabel("intercept m")
plt.title("One training, recorded twice")
plt.legend()
# Figure: The copies rise from 0 and level off; without copies the line is flat.
plt.show()

# %%
# **Diagnosis.** On a CPU, ``numpy()`` gives a view of the tensor's memory. You stored
# the same memory 40 times, and the optimiser wrote into it. **Mend.** Append
# ``.copy()``. **Check.** Count the distinct records of a training that moves.

for records in (shared, copied):
    print("distinct records:", len({record.item() for record in records}))
assert len({record.item() for record in shared}) == 1
assert len({record.item() for record in copied}) > 1

# %%
# 2. The gradient is never cleared
# --------------------------------
#
# **Symptom.** The loss falls, rises, and falls again, in waves that do not end.

losses = {True: [], False: []}
for clear in losses:
    model = LinearRegressionModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(150):
        loss = ((y - model(x)) ** 2).mean()
        if clear:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses[clear].append(loss.item())

# %%
# The same loop, with ``zero_grad`` and without:

plt.plot(losses[False], color=INK, linestyle=":", label="without zero_grad")
plt.plot(losses[True], color=MODEL, label="with zero_grad")
plt.ylim(0, 1.3 * losses[True][0])
plt.xlabel("step")
plt.ylabel("mean squared error")
plt.title("A forgotten zero_grad")
plt.legend()
# Figure: Without zero_grad the loss swings without end; with it, it falls smoothly.
plt.show()
# sphinx_gallery_start_ignore
assert max(losses[False][100:]) > 5
assert all(
    after < before
    for before, after in zip(losses[True], losses[True][1:], strict=False)
)
# sphinx_gallery_end_ignore

# %%
# **Diagnosis.** ``backward`` *adds* to ``.grad``. Each step follows the sum of all
# gradients so far. That is a ball in a bowl without friction: it rolls through the
# lowest point and up the other side. Along m the ball swings to and fro once in about
# :math:`2 \pi (2 \eta)^{-1/2}` steps, where :math:`\eta` is the learning rate. At the
# learning rate 0.01 that is 44 steps. Along k, where the bowl is steeper, it swings
# faster, and the two swings mix in the loss.
#
# **Mend.** Call ``optimizer.zero_grad()`` before ``backward``. **Check.** Compare
# ``.grad`` with a gradient that is computed afresh.

loss = ((y - model(x)) ** 2).mean()
(fresh,) = torch.autograd.grad(loss, model.m, retain_graph=True)
loss.backward()  # once more without zero_grad
print(f"fresh gradient {fresh.item():.2f}, but .grad {model.m.grad.item():.2f}")
assert not torch.allclose(model.m.grad, fresh, rtol=0.01, atol=0)
# sphinx_gallery_start_ignore
assert round(2 * torch.pi / (2 * 0.01) ** 0.5) == 44
# sphinx_gallery_end_ignore

# %%
# 3. The shapes (N, 1) and (N,) meet
# ----------------------------------
#
# **Symptom.** The training settles, the loss stays large, and the line is flat. The
# model here is ``nn.Linear(1, 1)``, PyTorch's own line: one input, one output, and the
# parameters ``weight`` and ``bias`` for the slope and the intercept.

column = x.unsqueeze(1)  # nn.Linear wants one row for each sample: shape (50, 1)
torch.manual_seed(0)  # nn.Linear starts from random numbers
linear = nn.Linear(1, 1)
optimizer = torch.optim.SGD(linear.parameters(), lr=0.1)
for _ in range(200):
    optimizer.zero_grad()
    loss = ((y - linear(column)) ** 2).mean()
    loss.backward()
    optimizer.step()
slope, intercept = linear.weight.item(), linear.bias.item()
print(f"slope {slope:.3f}, intercept {intercept:.3f}, loss {loss:.2f}")
print(f"mean of y {y.mean():.3f}, variance of y {y.var(correction=0):.2f}")

# %%
# The slope is 0, the intercept is the mean of y, and the loss is the variance of y.

from linreg.plotting import plot_line, plot_points

assert abs(slope) < 0.01
assert abs(intercept - y.mean().item()) < 0.01
assert abs(loss.item() - y.var(correction=0).item()) < 0.01
plot_points(x, y)
plot_line(slope, intercept, (-3, 3), "model")
plt.title("A fit that compares each with all")
plt.legend()
# Figure: The data rise from left to right, but the estimated line is flat.
plt.show()

# %%
# **Diagnosis.** The prediction has shape (50, 1), the data (50,). Their difference does
# not fail. It *broadcasts* to 50 times 50 differences: each prediction is compared with
# every y. What fits all y equally well is their mean. **Mend.** Give both one shape:
# ``linear(column).squeeze(1)``. **Check.** Compare the shapes before you subtract. The
# tutorial's ``mean_squared_error`` does.

from linreg.training import mean_squared_error

print("shape of the difference:", tuple((y - linear(column)).shape))
try:
    mean_squared_error(linear(column), y)
except ValueError as error:
    print("ValueError:", error)

# %%
# PyTorch's own ``nn.MSELoss`` only warns. In a long output a warning is easily missed.
# You see it here because the program collects the warnings instead of printing them.

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    nn.MSELoss()(linear(column), y)
print("UserWarning:", str(caught[0].message).split(". ")[1])
assert len(caught) == 1

# %%
# 4. The learning rate is too high
# --------------------------------
#
# **Symptom.** The loss grows from step to step, then turns into ``inf`` and ``nan``.

model = LinearRegressionModel()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for step in range(5):
    loss = mean_squared_error(model(x), y)
    print(f"step {step}: loss {loss.item():8.1f}")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %%
# **Diagnosis.** Each step jumps across the valley and lands higher on the other side.
# That happens when the learning rate exceeds 2 divided by the largest curvature of the
# loss. The curvatures are the eigenvalues of the matrix of second derivatives, the
# *Hessian*:

design = torch.stack([x, torch.ones_like(x)], dim=1)
curvatures = torch.linalg.eigvalsh(2 * design.T @ design / len(x))
limit = 2 / curvatures.max().item()
print(f"largest curvature {curvatures.max():.2f}, so the limit is {limit:.2f}")
assert limit < 0.5

# %%
# **Mend.** Choose a learning rate below the limit; for small batches stay well below.
# **Check.** Stop as soon as the loss is not finite. ``train`` does, and says where.

from linreg.training import train

model = LinearRegressionModel()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
try:
    train(model, [(x, y)], optimizer, num_epochs=1000)
except FloatingPointError as error:
    print(str(error).split(";")[0])
# sphinx_gallery_start_ignore
else:
    raise AssertionError("a learning rate above the limit must stop the training")
# sphinx_gallery_end_ignore

# %%
# 5. The mean of means
# --------------------
#
# **Symptom.** The loss of an epoch depends on the order of the points, even if the
# parameters stand still.

with torch.no_grad():
    squared = (y - LinearRegressionModel()(x)) ** 2
order = torch.Generator().manual_seed(0)
unweighted, weighted = [], []
for _ in range(1000):
    batches = squared[torch.randperm(50, generator=order)].split(8)
    unweighted.append(sum(batch.mean().item() for batch in batches) / len(batches))
    weighted.append(sum(batch.mean().item() * len(batch) for batch in batches) / 50)
print(f"mean of the batch means:  {min(unweighted):.2f} to {max(unweighted):.2f}")
print(f"weighted by batch size:   {min(weighted):.2f} to {max(weighted):.2f}")
print(f"loss over all the data:   {squared.mean():.2f}")

# %%
# **Diagnosis.** Fifty points make six batches of 8 and one of 2. In a plain mean of the
# seven batches, the two points of the last one count four times as much as the others.
# **Mend.** Weight each batch by its size: sum ``loss.item() * len(x)``, and divide by
# the number of samples. **Check.** With the parameters held fixed, the epoch's loss
# must be that of the data.

assert max(abs(value - squared.mean().item()) for value in weighted) < 1e-3
assert max(abs(value - squared.mean().item()) for value in unweighted) > 5

# %%
# 6. Sorted data, never shuffled
# ------------------------------
#
# Data often come sorted: by time, by class, or here by x. **Symptom.** Train with
# ``shuffle=False``, and the parameters run in a circle that misses the solution.


def last_steps(shuffle, weighted=False):
    """Train for 100 epochs; return (k, m) after each of the last 140 steps."""
    rank, order = x.argsort(), torch.Generator().manual_seed(0)
    k, m, path = torch.zeros(1), torch.zeros(1), []
    for _ in range(100):
        index = torch.randperm(50, generator=order) if shuffle else torch.arange(50)
        for batch in rank[index].split(8):
            error = k * x[batch] + m - y[batch]
            rate = 0.05 * len(batch) / 8 if weighted else 0.05
            k, m = k - rate * 2 * (error * x[batch]).mean(), m - rate * 2 * error.mean()
            path.append((k.item(), m.item()))
    return torch.tensor(path[-140:])


# %%
# The gradient is written out by hand here: the mean of twice the error times x for k,
# the mean of twice the error for m. The learning rate is 0.05. The figure shows the
# last 20 epochs.

from linreg.plotting import BATCH, EXACT

in_order, shuffled = last_steps(shuffle=False), last_steps(shuffle=True)
plt.plot(*shuffled.T, linestyle="none", marker=".", color=BATCH, label="shuffled")
plt.plot(*in_order.T, marker="o", markersize=4, color=MODEL, label="sorted")
plt.plot(k_exact, m_exact, "D", markersize=8, color=EXACT, label="least squares")
plt.xlabel("slope k")
plt.ylabel("intercept m")
plt.title("The last 140 steps")
plt.legend()
# Figure: Shuffled steps surround the solution; sorted ones run in a loop below it.
plt.show()

# %%
# **Diagnosis.** Sorted, the batch of 2 always holds the same points, those with the
# largest x. In its mean each counts four times as much as any other point, as in
# pitfall 5. So in every epoch these two pull the line their way. Shuffled, other points
# form the small batch each time, and the pulls average out.
#
# To test this, let a batch of 2 take only a quarter of a step. Most of the miss is
# gone. The rest is the fixed order of batches that each see a narrow range of x.

balanced = last_steps(shuffle=False, weighted=True)
print("mean of k and m, sorted:   {:.3f} {:.3f}".format(*in_order.mean(dim=0)))
print("sorted and weighted:       {:.3f} {:.3f}".format(*balanced.mean(dim=0)))
print("mean of k and m, shuffled: {:.3f} {:.3f}".format(*shuffled.mean(dim=0)))
print(f"least squares:             {k_exact:.3f} {m_exact:.3f}")
# sphinx_gallery_start_ignore
solution = torch.tensor([k_exact, m_exact])
assert (in_order.mean(dim=0) - solution).norm() > 0.1
assert (balanced.mean(dim=0) - solution).norm() < 0.03
assert (shuffled.mean(dim=0) - solution).norm() < 0.05
assert (in_order[:, 1] < m_exact).all()
# sphinx_gallery_end_ignore

# %%
# **Mend.** ``DataLoader(..., shuffle=True)``. **Check.** Two passes through the loader
# must differ.

for shuffle in (False, True):
    order = torch.Generator().manual_seed(0)
    loader = DataLoader(dataset, batch_size=8, shuffle=shuffle, generator=order)
    first, second = (torch.cat([inputs for inputs, _ in loader]) for _ in range(2))
    print(f"shuffle={shuffle}: two passes alike: {torch.equal(first, second)}")
    assert torch.equal(first, second) is not shuffle

# %%
# 7. Whole numbers as input
# -------------------------
#
# **Symptom.** The data look fine, and ``nn.Linear`` refuses them.

whole = torch.tensor([[0], [1], [2]])
try:
    linear(whole)
except RuntimeError as error:
    print("RuntimeError:", error)
# sphinx_gallery_start_ignore
else:
    raise AssertionError("whole numbers must be refused")
# sphinx_gallery_end_ignore

# %%
# **Diagnosis.** A tensor made of whole numbers holds integers of type ``int64``, which
# PyTorch calls Long. The parameters are ``float32``, called Float, and PyTorch does not
# convert on its own here. The same happens with NumPy's ``float64``, called Double.
# **Mend.** ``whole.float()``. **Check.** Compare the two types.

print(whole.dtype, "->", whole.float().dtype)
assert whole.dtype != linear.weight.dtype
assert whole.float().dtype == linear.weight.dtype
print("prediction:", tuple(linear(whole.float()).shape))

# %%
# 8. A figure of something that requires grad
# -------------------------------------------
#
# **Symptom.** The model predicts, and Matplotlib fails.

model = LinearRegressionModel()
try:
    plt.plot(x, model(x))
except RuntimeError as error:
    print("RuntimeError:", error)
# sphinx_gallery_start_ignore
else:
    raise AssertionError("a tensor that requires grad must be refused")
# sphinx_gallery_end_ignore
plt.close()

# %%
# **Diagnosis.** A prediction carries the memory of its computation, for ``backward``.
# An array cannot carry it, so PyTorch asks you to drop it first. **Mend.**
# ``model(x).detach()``, or predict under ``torch.no_grad()``. **Check.** Ask the
# tensor.

with torch.no_grad():
    without_memory = model(x)
print("requires grad:", model(x).requires_grad, "and", without_memory.requires_grad)
assert model(x).requires_grad
assert not without_memory.requires_grad

# %%
# 9. No seed
# ----------
#
# **Symptom.** You train twice in the same way and get two results. You cannot tell
# whether your last change helped, or chance did.


def final_slope(generator=None):
    """Train for 25 epochs as in stage 3 and return the slope."""
    model = LinearRegressionModel()
    loader = DataLoader(dataset, batch_size=8, shuffle=True, generator=generator)
    train(model, loader, torch.optim.SGD(model.parameters(), lr=0.01), num_epochs=25)
    return model.k.item()


print("without a seed, the same slope:", final_slope() == final_slope())
# sphinx_gallery_start_ignore
assert len({final_slope() for _ in range(4)}) > 1
# sphinx_gallery_end_ignore

# %%
# **Diagnosis.** A loader without a generator of its own uses PyTorch's global one, and
# the first training has moved that on. If nobody seeds it, every start of the program
# differs, too. **Mend.** Hand it a generator with a seed. **Check.** Run twice and
# compare for equality, not for closeness.

seeded = [final_slope(torch.Generator().manual_seed(0)) for _ in range(2)]
print("with a seed, the same slope:   ", seeded[0] == seeded[1])
assert seeded[0] == seeded[1]

# %%
# A seed makes a run repeatable on your machine. It does not make the result better, and
# another kind of processor may round differently in the last digits.
#
# What the nine have in common
# ----------------------------
#
# Two of the nine stop with an error: 7 and 8. They cost you a minute. Two show in the
# curve of the loss: in 2 it swings, in 4 it explodes. The other five run to the end and
# raise no alarm.
#
# One habit finds many such bugs, here 3 and 6: *try the program first on a problem
# whose answer you know.* A straight line is such a problem. Bugs 1, 5 and 9 leave a
# line that looks right, and only their own checks find them.
#
# `The explorer <../../explorer.html#preset=above&steps=40>`__ shows the fourth bug as
# it happens.
#
# Exercises
# ---------
#
# 1. The loss of a training swings in waves, and m swings to and fro once in about 89
#    steps. Which of the nine bugs is it, and what is the learning rate? Set it in the
#    loop of pitfall 2, record m, and count.
# 2. In pitfall 3, replace ``linear(column)`` by ``linear(column).squeeze(1)``. What are
#    the slope and the intercept now, and what is the loss?
# 3. In pitfall 5, leave the last batch of 2 out, as ``DataLoader(..., drop_last=True)``
#    does. Does the mean of the batch means still depend on the order? Why?
# 4. Write ``checked_loss(model, inputs, target)``. It raises a ``TypeError`` for
#    pitfall 7, a ``ValueError`` for pitfall 3, and returns the loss if all is well. Try
#    it on both bugs.
#
# Next
# ----
#
# You know now what the training does, how fast, and how it goes wrong. The pages under
# *Beyond the post* take the same three pieces, a dataset, a model and a loop, to
# measured data, to millions of points, to several processes and, at last, to a curve.
