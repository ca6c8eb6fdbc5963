r"""
Pitfalls: bugs you will meet
============================

Most bugs in a training do not stop the program: it runs to its end and gives a wrong
number.

**What you will learn:** fifteen bugs by their symptoms, why each happens, what mends
it, and which check would have caught it.

**What you need:** stages 1 to 5.
"""

# %%
# The imports
# -----------
#
# The fold holds what the stages taught, and the look of the figures.

import warnings

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.utils.data import DataLoader

from linreg.data import LinearRegressionDataset
from linreg.exact import least_squares
from linreg.model import LinearRegressionModel
from linreg.plotting import (
    BATCH,
    EXACT,
    INK,
    MODEL,
    use_house_style,
)

# %%
# The right answer
# ----------------
#
# On a straight line you know what should come out. ``train`` guards against several of
# these bugs, so the loops here are written by hand.

dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
x, y = dataset.x, dataset.y
k_exact, m_exact = least_squares(x, y)
print(f"least squares: k = {k_exact:.3f}, m = {m_exact:.3f}")
# sphinx_gallery_start_ignore


def whole_program(*statements, column=False):
    """Run its loop with these statements, and return where k and m end."""
    torch.manual_seed(0)
    x = -3 + 6 * torch.rand(50)
    y = 3 * x + 5 + 0.5 * torch.randn(50)
    data = list(zip(x, y.reshape(50, 1) if column else y, strict=True))
    loader = DataLoader(data, batch_size=8, shuffle=True)
    model = LinearRegressionModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for x, y in (batch for _ in range(25) for batch in loader):
        loss = torch.mean((y - model(x)) ** 2)
        calls = {"clear": optimizer.zero_grad, "add": loss.backward}
        for statement in statements:
            calls.get(statement, optimizer.step)()
    return round(model.k.item(), 2), round(model.m.item(), 2)


assert whole_program("clear", "add", "step") == (3.05, 4.88)
assert whole_program("clear", "add", "step", column=True) == (0.38, 4.17)
assert whole_program("add", "step") == (1.88, 1.44)
assert whole_program("add", "clear", "step") == (0, 0)
assert whole_program("clear", "step") == whole_program("clear", "add") == (0, 0)
# sphinx_gallery_end_ignore

# %%
# What each line is for
# ---------------------
#
# The loop, what each line does to ``.grad``, and where the whole program ends with a
# mistake there. None gives an error.
#
# .. code-block:: text
#
#    line                   .grad      mistake        k     m
#    loss = ...             -          y a column     0.38  4.17
#    optimizer.zero_grad()  clears it  left out       1.88  1.44
#                                      after backward 0     0
#    loss.backward()        adds to it left out       0     0
#    optimizer.step()       reads it   left out       0     0
#
# 1. The records are all the same
# -------------------------------
#
# **Symptom.** You record the parameter before every step. Afterwards all records hold
# its last value.

model = LinearRegressionModel()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
shared, copied = [], []
for _ in range(40):
    shared.append(model.m.detach().numpy())
    copied.append(model.m.detach().numpy().copy())
    optimizer.zero_grad()
    ((y - model(x)) ** 2).mean().backward()
    optimizer.step()
for name, records in [("shared", shared), ("copied", copied)]:
    print(f"{name}: {len({record.item() for record in records})} different values")
# sphinx_gallery_start_ignore
assert len({record.item() for record in shared}) == 1
assert len({record.item() for record in copied}) > 30
# sphinx_gallery_end_ignore

# %%
# **Diagnosis.** On a CPU, ``numpy()`` gives a view of the tensor's memory, and the
# optimiser writes into it. **Mend.** Append ``.copy()``. **Check.** Count the different
# records.
#
# 2. The gradient is never cleared
# --------------------------------
#
# **Symptom.** The loss falls and rises in waves that do not end.

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
# sphinx_gallery_start_ignore
assert max(losses[False][100:]) > 5
assert all(b < a for a, b in zip(losses[True], losses[True][1:], strict=False))
# sphinx_gallery_end_ignore

# %%

use_house_style()
plt.plot(losses[False], color=INK, linestyle=":", label="without zero_grad")
plt.plot(losses[True], color=MODEL, label="with zero_grad")
plt.ylim(0, 1.3 * losses[True][0])
plt.gca().set(xlabel="step", ylabel="mean squared error")
plt.title("A forgotten zero_grad")
plt.legend()
# Figure: Without zero_grad the loss swings without end; with it, it falls smoothly.
plt.show()

# %%
# **Diagnosis.** ``backward`` *adds* to ``.grad``, so each step follows the sum of all
# gradients so far: a ball in a bowl without friction. Along m it swings once in about
# :math:`2 \pi (2 \eta)^{-1/2}` steps, 44 at learning rate :math:`\eta` = 0.01.
# **Mend.** ``optimizer.zero_grad()`` before ``backward``. **Check.** Compare ``.grad``
# with a fresh gradient.

model.zero_grad()
for _ in range(2):  # the second time without zero_grad
    loss = ((y - model(x)) ** 2).mean()
    (fresh,) = torch.autograd.grad(loss, model.m, retain_graph=True)
    loss.backward()
    print(f"fresh gradient {fresh.item():.2f}, .grad {model.m.grad.item():.2f}")
# sphinx_gallery_start_ignore
assert torch.allclose(model.m.grad, 2 * fresh)
assert round(2 * torch.pi / (2 * 0.01) ** 0.5) == 44
# sphinx_gallery_end_ignore

# %%
# 3. The shapes (n, 1) and (n,) meet
# ----------------------------------
#
# **Symptom.** The training settles, the loss stays large, and the line is flat.

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
print(f"mean of y {y.mean():.3f}")
# sphinx_gallery_start_ignore
assert abs(slope) < 0.01
assert abs(intercept - y.mean().item()) < 0.01
assert abs(loss.item() - y.var(correction=0).item()) < 0.01
# sphinx_gallery_end_ignore

# %%
# **Diagnosis.** The prediction has shape (50, 1), the data (50,). Their difference
# *broadcasts* to 50 times 50 numbers: each prediction meets every y, and their mean
# fits best. **Mend.** ``linear(column).squeeze(1)``. **Check.** Compare the shapes.
# ``nn.MSELoss`` warns, and ``simplefilter("error")`` makes a warning stop the program.

print("shape of the difference:", tuple((y - linear(column)).shape))
with warnings.catch_warnings():
    warnings.simplefilter("error")
    try:
        nn.MSELoss()(linear(column), y)
    except UserWarning as warning:
        message = str(warning).split(". ")[0]
        print("UserWarning:", message.replace(" that is", "\n  that is"))
    # sphinx_gallery_start_ignore
    else:
        raise AssertionError("MSELoss must warn of different shapes")
# sphinx_gallery_end_ignore

# %%
# 4. The learning rate is too high
# --------------------------------
#
# **Symptom.** The loss grows from step to step, then turns into ``inf`` and ``nan``.

model = LinearRegressionModel()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
history = []
for step in range(1000):
    loss = ((y - model(x)) ** 2).mean()
    history.append(loss.item())
    if not loss.isfinite():
        break
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("losses:", *(round(value) for value in history[:5]))
print(f"step {step}: loss {history[-1]}, stop")
# sphinx_gallery_start_ignore
assert not loss.isfinite()
design = torch.stack([x, torch.ones_like(x)], dim=1)
limit = 2 / torch.linalg.eigvalsh(2 * design.T @ design / len(x)).max().item()
assert round(limit, 2) == 0.34
# sphinx_gallery_end_ignore

# %%
# **Diagnosis.** Each step jumps across the valley and lands higher on the other side.
# The limit is 0.34 here (`the explorer <../../explorer.html#preset=above&steps=40>`__
# shows it). **Mend.** First scale the inputs, then lower the learning rate. **Check.**
# ``isfinite``, as in the loop.
#
# A tiny rate alone ends the error, not the trouble. Say x is in metres, not kilometres:


def losses_of(model, optimizer, x, y, loss_of=nn.functional.mse_loss):
    """Take 1000 steps on all points, and return the loss before each."""
    losses = []
    for _ in range(1000):
        loss = loss_of(model(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


# %%

metres = 1000 * x
scaled = metres / metres.std()  # its standard deviation is 1
for inputs, rate in [(metres, 3e-7), (scaled, 0.1)]:
    model = LinearRegressionModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    seen = losses_of(model, optimizer, inputs, y)
    print(f"learning rate {rate:g}: m = {model.m.item():.3f},", end=" ")
    print(f"loss after 100 steps {seen[100]:.2f}, at the end {seen[-1]:.2f}")
    # sphinx_gallery_start_ignore
    stays = seen[100] - seen[-1]
    if rate < 0.1:
        assert 0 < stays < 0.1
        assert abs(model.m.item()) < 0.05
        variance = torch.mean((y - (k_exact * x + m_exact)) ** 2) * 50 / 48
        share = 1 / 50 + x.mean() ** 2 / (50 * x.var(correction=0))
        assert (m_exact - model.m.item()) / (variance * share).sqrt() > 50
    else:
        assert abs(model.m.item() - m_exact) < 1e-3
    # sphinx_gallery_end_ignore

# %%
# The first loss seems to stay, and m has hardly moved from 0.
#
# 5. The loss is finite, the gradient is not
# ------------------------------------------
#
# **Symptom.** After one step every parameter is ``nan``. The loss before it was fine.

inputs, target = torch.tensor([0.0, 1.0, 2.0]), torch.tensor([0.0, 3.0, 6.0])
model = LinearRegressionModel()
loss = torch.sqrt((target - model(inputs)) ** 2).mean()
loss.backward()
print(f"loss {loss.item()}, gradient along k {model.k.grad.item()}")
# sphinx_gallery_start_ignore
assert loss.item() == 3
assert model.k.grad.isnan()
# sphinx_gallery_end_ignore

# %%
# **Diagnosis.** The line meets the first point, where the root has no derivative:
# infinity times 0 is ``nan``. **Mend.** ``abs`` in place of the root of a square.
# **Check.** ``parameter.grad.isfinite().all()``. (``set_detect_anomaly`` names the line
# where it begins, and is slow.)

# sphinx_gallery_start_ignore
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    try:
        with torch.autograd.set_detect_anomaly(True):
            torch.sqrt((target - model(inputs)) ** 2).mean().backward()
    except RuntimeError as error:
        stopped = str(error)
    assert "returned nan" in stopped
    assert "torch.sqrt((target - model(inputs))" in str(warned[-1].message)
# sphinx_gallery_end_ignore
model.zero_grad()
(target - model(inputs)).abs().mean().backward()
print("with abs, gradient along k", model.k.grad.item())
# sphinx_gallery_start_ignore
assert model.k.grad.isfinite().all()
# sphinx_gallery_end_ignore

# %%
# 6. The mean of means
# --------------------
#
# **Symptom.** With fixed parameters, the loss of an epoch depends on the order of the
# points.

squared = y**2  # the squared errors of the line k = m = 0
order = torch.Generator().manual_seed(0)
unweighted, weighted = [], []
for _ in range(1000):
    batches = squared[torch.randperm(50, generator=order)].split(8)
    unweighted.append(sum(batch.mean().item() for batch in batches) / len(batches))
    weighted.append(sum(batch.mean().item() * len(batch) for batch in batches) / 50)
print(f"mean of the batch means: {min(unweighted):.2f} to {max(unweighted):.2f}")
print(f"weighted by batch size:  {min(weighted):.2f} to {max(weighted):.2f}")
print(f"loss over all the data:  {squared.mean():.2f}")
# sphinx_gallery_start_ignore
assert max(abs(value - squared.mean().item()) for value in weighted) < 1e-3
assert max(abs(value - squared.mean().item()) for value in unweighted) > 5
# sphinx_gallery_end_ignore

# %%
# **Diagnosis.** In a plain mean of seven batches, each of the two points in the last
# one counts four times as much as any other. **Mend.** Sum ``loss.item() * len(x)``,
# and divide by the number of points. **Check.** That loss must be that of the data.
#
# 7. ``total += loss``
# --------------------
#
# **Symptom.** The memory grows with every step. Count the operations that a tensor
# remembers:


def remembered(tensor):
    """Count the operations in the graph behind a tensor."""
    seen, waiting = set(), [tensor.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [before for before, _ in node.next_functions]
    return len(seen)


# %%

model = LinearRegressionModel()
total = number = 0.0
for _ in range(30):
    loss = ((y - model(x)) ** 2).mean()
    total += loss
    number += loss.item()
print(f"a loss remembers {remembered(loss)} operations, total {remembered(total)}")
print("total requires grad:", total.requires_grad)
# sphinx_gallery_start_ignore
assert remembered(total) > 29 * (remembered(loss) - 2)
assert total.requires_grad
assert isinstance(number, float)
# sphinx_gallery_end_ignore

# %%
# **Diagnosis.** A sum of losses carries all of their graphs. **Mend.** ``loss.item()``,
# a plain number, or ``loss.detach()``, which stays on a GPU. **Check.**
# ``total.requires_grad`` must not be true.
#
# 8. Sorted data, never shuffled
# ------------------------------
#
# **Symptom.** The data come sorted, here by x. The parameters run in a circle that
# misses the solution.


def last_steps(shuffle, weighted=False):
    """Train for 100 epochs; return (k, m) after each of the last 140 steps."""
    rank, order = x.argsort(), torch.Generator().manual_seed(0)
    k, m, path = torch.zeros(1), torch.zeros(1), []
    for _ in range(100):
        index = torch.randperm(50, generator=order) if shuffle else torch.arange(50)
        for batch in rank[index].split(8):
            residual = y[batch] - (k * x[batch] + m)
            rate = 0.05 * len(batch) / 8 if weighted else 0.05
            k = k + rate * 2 * (residual * x[batch]).mean()
            m = m + rate * 2 * residual.mean()
            path.append((k.item(), m.item()))
    return torch.tensor(path[-140:])


# %%

in_order, shuffled = last_steps(shuffle=False), last_steps(shuffle=True)
small_steps = last_steps(shuffle=False, weighted=True)
print("mean of k and m, sorted:   {:.3f} {:.3f}".format(*in_order.mean(dim=0)))
print("sorted, smaller last step: {:.3f} {:.3f}".format(*small_steps.mean(dim=0)))
print("mean of k and m, shuffled: {:.3f} {:.3f}".format(*shuffled.mean(dim=0)))
# sphinx_gallery_start_ignore
solution = torch.tensor([k_exact, m_exact])
misses = {}  # of five equal batches, from the first of them on, or from another
for first in range(5):
    rank, k, m, path = x.double().argsort().split(10), 0.0, 0.0, []
    for step in range(1000):
        batch = rank[(first + step) % 5]
        residual = y[batch].double() - (k * x[batch].double() + m)
        k = k + 0.05 * 2 * (residual * x[batch]).mean()
        m = m + 0.05 * 2 * residual.mean()
        path.append(torch.stack([k, m]))
    misses[first] = (torch.stack(path[-5:]).mean(dim=0) - solution).norm().item()
assert 0.01 < min(misses.values()) <= max(misses.values()) < 0.03
assert max(misses.values()) - min(misses.values()) < 1e-6  # no batch is the last one
assert (in_order.mean(dim=0) - solution).norm() > 0.1
assert (small_steps.mean(dim=0) - solution).norm() < 0.03
assert (shuffled.mean(dim=0) - solution).norm() < 0.05
assert (in_order[:, 1] < m_exact).all()
# sphinx_gallery_end_ignore

# %%

plt.plot(*shuffled.T, linestyle="none", marker=".", color=BATCH, label="shuffled")
plt.plot(*in_order.T, marker="o", markersize=4, color=MODEL, label="sorted")
plt.plot(k_exact, m_exact, "D", markersize=8, color=EXACT, label="least squares")
plt.gca().set(xlabel="slope k", ylabel="intercept m", title="The last 140 steps")
plt.legend()
# Figure: Shuffled steps surround the solution; sorted ones run in a loop below it.
plt.show()

# %%
# **Diagnosis.** Sorted, the batch of 2 always holds the two points with the largest x,
# and in its mean each counts four times. With a quarter of a step for it, most of the
# miss is gone here. Equal batches miss a little, too: each holds one part of the range
# of x, always in the same order. **Mend.** ``DataLoader(..., shuffle=True)``.
# **Check.** Two passes through the loader must differ.

loader = DataLoader(dataset, batch_size=8, shuffle=False)
first, second = (torch.cat([inputs for inputs, _ in loader]) for _ in range(2))
print("not shuffled, two passes alike:", torch.equal(first, second))
# sphinx_gallery_start_ignore
assert torch.equal(first, second)
own = torch.Generator()  # the program without these lines must draw the same numbers
loader = DataLoader(dataset, batch_size=8, shuffle=True, generator=own)
first, second = (torch.cat([inputs for inputs, _ in loader]) for _ in range(2))
assert not torch.equal(first, second)
# sphinx_gallery_end_ignore

# %%
# 9. Measured in training mode
# ----------------------------
#
# **Symptom.** Two measurements of one model on the same data differ. (*Dropout* sets
# random numbers in a network to 0 while it trains.)

network = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Dropout(0.5), nn.Linear(16, 1))
with torch.no_grad():
    for mode in (True, False):
        network.train(mode)  # network.eval() is network.train(False)
        pair = [nn.MSELoss()(network(column).squeeze(1), y).item() for _ in range(2)]
        print(f"training mode {mode}: losses {pair[0]:.4f} and {pair[1]:.4f}")
        # sphinx_gallery_start_ignore
        assert (pair[0] == pair[1]) is not mode
        # sphinx_gallery_end_ignore

# %%
# **Diagnosis.** The training mode stays on until you end it. **Mend.** ``model.eval()``
# before you measure, ``model.train()`` before you go on. **Check.** Measure twice.
#
# 10. Whole numbers as input
# --------------------------
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
print(whole.dtype, "is not", linear.weight.dtype)
# sphinx_gallery_start_ignore
assert whole.dtype != linear.weight.dtype
assert whole.float().dtype == linear.weight.dtype
assert linear(whole.float()).shape == (3, 1)
# sphinx_gallery_end_ignore

# %%
# **Diagnosis.** Whole numbers make a tensor of ``int64``, called Long. The parameters
# are ``float32``, called Float. NumPy's ``float64``, called Double, is refused as well.
# **Mend.** ``whole.float()``. **Check.** Compare the types.
#
# 11. A figure of something that requires grad
# --------------------------------------------
#
# **Symptom.** The model predicts, and Matplotlib fails.

model = LinearRegressionModel()
try:
    plt.plot(x, model(x))
except RuntimeError as error:
    print("RuntimeError:", str(error).split(". ")[0])
# sphinx_gallery_start_ignore
else:
    raise AssertionError("a tensor that requires grad must be refused")
# sphinx_gallery_end_ignore
plt.close()
print("requires grad:", model(x).requires_grad, "and", model(x).detach().requires_grad)

# %%
# **Diagnosis.** A prediction carries its graph, an array cannot. **Mend.**
# ``model(x).detach()``, or predict under ``torch.no_grad()``. **Check.** Ask the
# tensor.
#
# 12. No seed
# -----------
#
# **Symptom.** You train twice in the same way and get two results.


def slope_after_an_epoch(generator=None):
    """Train for one epoch with batches of 8 and return the slope."""
    model = LinearRegressionModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for x, y in DataLoader(dataset, batch_size=8, shuffle=True, generator=generator):
        optimizer.zero_grad()
        ((y - model(x)) ** 2).mean().backward()
        optimizer.step()
    return model.k.item()


torch.seed()  # a new program begins like this: from a random seed
print("without a seed, alike:", slope_after_an_epoch() == slope_after_an_epoch())
pair = [slope_after_an_epoch(torch.Generator().manual_seed(0)) for _ in range(2)]
print("a generator with a seed, alike:", pair[0] == pair[1])
# sphinx_gallery_start_ignore
assert len({slope_after_an_epoch() for _ in range(4)}) > 1
assert pair[0] == pair[1]
# sphinx_gallery_end_ignore

# %%
# **Diagnosis.** A loader draws from PyTorch's global generator, which starts anywhere.
# **Mend.** Hand the loader a generator with a seed, and call ``torch.manual_seed(0)``
# first of all: ``nn.Linear`` and dropout draw from the global one.
# **Check.** Run twice, and compare for equality.
#
# 13. The optimiser of another model
# ----------------------------------
#
# **Symptom.** The loss stays the same to the last digit: nothing moves.

model, before = LinearRegressionModel(), LinearRegressionModel()
optimizer = torch.optim.SGD(before.parameters(), lr=0.1)
of_another = losses_of(model, optimizer, x, y)
print(f"loss {of_another[0]:.3f}, after 1000 steps {of_another[-1]:.3f}")
for name, parameter in model.named_parameters():
    held = any(parameter is p for p in optimizer.param_groups[0]["params"])
    print(f"the optimiser holds {name}: {held}")
    # sphinx_gallery_start_ignore
    assert not held
    assert parameter.item() == 0 != parameter.grad.item()
# sphinx_gallery_end_ignore
# sphinx_gallery_start_ignore
assert of_another[0] == of_another[-1]
# sphinx_gallery_end_ignore

# %%
# **Diagnosis.** The optimiser holds the parameters of a model that you made before.
# ``backward`` fills the gradients of this one, and nobody reads them. **Mend.** Make
# the optimiser after the model, in the same cell of a notebook. **Check.** As above.
#
# 14. A jump between two printed losses
# -------------------------------------
#
# **Symptom.** Every hundredth loss is printed, and stays the same. But on points
# without noise it could be 0.

line = 3 * x + 5
model = LinearRegressionModel()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
jumping = losses_of(model, optimizer, x, line, nn.functional.l1_loss)
print("every hundredth:", *(f"{loss:.3f}" for loss in jumping[400::100]))
print("all of the last:", *(f"{loss:.3f}" for loss in jumping[-6:]))
# sphinx_gallery_start_ignore
assert max(jumping[400::100]) - min(jumping[400::100]) < 1e-3
assert max(jumping[-6:]) > 1.5 * min(jumping[-6:])
for step in range(1000):  # the mend
    optimizer.param_groups[0]["lr"] = 0.1 / (1 + step / 100)
    loss = (line - model(x)).abs().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
assert loss < 0.02
# sphinx_gallery_end_ignore

# %%
# **Diagnosis.** The gradient of a mean *absolute* error does not shrink near the
# solution. So k and m jump across it, and at every second step they are back. 100 is
# even: you saw one of two places. **Mend.** A learning rate that falls. **Check.** The
# smallest and the largest loss between two prints.
#
# 15. The wrong device
# --------------------
#
# **Symptom.** An error that names two devices. (``meta`` stands in for a GPU: it knows
# shapes, and no numbers.)

model = LinearRegressionModel().to("meta")
try:
    model(x)
except RuntimeError as error:
    print("RuntimeError:", error)
# sphinx_gallery_start_ignore
else:
    raise AssertionError("two devices must be refused")
# sphinx_gallery_end_ignore
x.to("meta")  # a copy, which is lost
print("x is on", x.device, "and the model on", model.k.device)
print("x moved, prediction on", model(x.to("meta")).device)
# sphinx_gallery_start_ignore
assert x.device.type == "cpu"
assert model(x.to("meta")).shape == (50,)
# sphinx_gallery_end_ignore

# %%
# **Diagnosis.** ``to`` moves a model itself, but only returns a copy of a tensor.
# **Mend.** ``x, y = x.to(device), y.to(device)`` in the loop. **Check.** Print both
# devices.
#
# What they have in common
# ------------------------
#
# One habit finds 3 and 8: *try the program first on noisy points, and compare with
# their line of least squares*. Points without noise find 14, and hide 8. Bugs 1, 6, 9
# and 12 leave a line that looks right: only their own checks find them.
#
# Exercises
# ---------
#
# 1. A loss comes in waves, and m swings to and fro once in about 89 steps. Which bug is
#    it, with which learning rate? Set it in pitfall 2, record m, and count.
# 2. In pitfall 3, replace ``linear(column)`` by ``linear(column).squeeze(1)``. What are
#    slope, intercept and loss now?
# 3. In pitfall 6, leave the last batch out, as ``DataLoader(..., drop_last=True)``
#    does. Does the mean of the batch means still depend on the order? Why?
#
# When you have tried: `the answers
# <../solutions/plot_03_understanding.html#pitfalls>`__.
#
# Next
# ----
#
# The next pages take the same three pieces to `measured data
# <../beyond/plot_01_real_data.html>`__, to millions of points and to several processes.
