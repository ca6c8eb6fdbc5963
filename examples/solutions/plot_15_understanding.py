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

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.utils.data import DataLoader

# %%
# The data
# --------
#
# The whole page computes on the points of the tutorial, in ``float64``.

from linreg.data import LinearRegressionDataset

dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
x_all, y_all = dataset.x.double().numpy(), dataset.y.double().numpy()

# %%
# Two functions serve throughout.


def loss_at(k, m, x, y):
    """Return the mean squared error of the line y = k x + m."""
    return np.mean((y - (k * x + m)) ** 2)


def gradient_at(k, m, x, y):
    """Return the slopes of that loss along k and along m."""
    residual = y - (k * x + m)
    return -2 * np.array([np.mean(residual * x), np.mean(residual)])


# %%
# Anatomy of one step
# -------------------
#
# **1. Step 22 with learning rate 0.3.** First the state after 21 steps, and the next
# batch, as on the page.

from linreg.model import LinearRegressionModel
from linreg.training import train

shuffling = torch.Generator().manual_seed(0)
loader = DataLoader(dataset, batch_size=8, shuffle=True, generator=shuffling)
model = LinearRegressionModel().double()
train(model, loader, torch.optim.SGD(model.parameters(), lr=0.01), num_epochs=3)
k, m = model.k.item(), model.m.item()
x, y = (column.double().numpy() for column in next(iter(loader)))

# %%
# In the figure, the curve of the batch is at 0.3 lower than at 0, that of all data is
# higher. So the step helps its eight points and harms the whole.

k_new, m_new = np.array([k, m]) - 0.3 * gradient_at(k, m, x, y)
print(
    f"this batch: {loss_at(k, m, x, y):.2f} before, {loss_at(k_new, m_new, x, y):.2f} after"
)
before, after = loss_at(k, m, x_all, y_all), loss_at(k_new, m_new, x_all, y_all)
print(f"all data:   {before:.2f} before, {after:.2f} after")
assert loss_at(k_new, m_new, x, y) < loss_at(k, m, x, y)
assert after > before

# %%
# **2. One-sided differences.** The error falls in proportion to h. A parabola leaves its tangent by
# half the second derivative times :math:`h^2`. Divided by h, that is h times the mean of
# :math:`x_i^2`. To either side the parabola leaves the tangent by the same amount, so in the
# difference of the two it cancels. This is why the page uses both sides.

true_slope = gradient_at(k, m, x, y)[0]
print("    h      error  predicted")
for h in (0.1, 0.01, 0.001):
    error = (loss_at(k + h, m, x, y) - loss_at(k, m, x, y)) / h - true_slope
    predicted = h * np.mean(x**2)
    print(f"{h:5.3f}  {error:9.6f}  {predicted:9.6f}")
    assert np.isclose(error, predicted, rtol=1e-6)

# %%
# **3. Seven gradients and one.** Weight each by the size of its batch. The plain mean
# would count the two points of the last batch as much as eight others.

gradients, sizes = [], []
for batch in loader:
    x, y = (column.double().numpy() for column in batch)
    gradients.append(gradient_at(0, 0, x, y))
    sizes.append(len(x))

# %%
# The weighted mean is the gradient over all data, the plain one is not:

full = gradient_at(0, 0, x_all, y_all)
weighted = np.average(gradients, axis=0, weights=sizes)
print("over all data: {:.4f} {:.4f}".format(*full))
print("weighted mean: {:.4f} {:.4f}".format(*weighted))
print("plain mean:    {:.4f} {:.4f}".format(*np.mean(gradients, axis=0)))
assert np.allclose(weighted, full, rtol=0, atol=1e-12)
assert not np.allclose(np.mean(gradients, axis=0), full, rtol=0, atol=0.01)

# %%
# **4. Momentum.** Two numbers more to carry along, and the optimiser agrees. The next
# cell gives ``torch.optim.SGD`` the same batches.

shuffling.manual_seed(0)
batches = [(x.double(), y.double()) for x, y in loader]
parameters, velocity = np.zeros(2), np.zeros(2)
for x, y in batches:
    velocity = 0.9 * velocity + gradient_at(*parameters, x.numpy(), y.numpy())
    parameters -= 0.01 * velocity
print("by hand:   k = {:.10f}, m = {:.10f}".format(*parameters))

# %%
# At level 5 momentum is one argument.

model = LinearRegressionModel().double()
train(
    model,
    batches,
    torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9),
    num_epochs=1,
)
print(f"optimiser: k = {model.k.item():.10f}, m = {model.m.item():.10f}")
assert np.allclose(parameters, (model.k.item(), model.m.item()), rtol=0, atol=1e-12)

# %%
# How fast, and how far
# ---------------------
#
# **1. Down to 1 %.** The factor is 1 minus the learning rate times the flat curvature.
# Its power t is 0.01 when t is the logarithm of 0.01, divided by that of the factor.


def hessian_of(x):
    """Return the second derivatives of the mean squared error by k and m."""
    return 2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]])


# %%
# For the points of the tutorial:

(flat, steep), directions = np.linalg.eigh(hessian_of(x_all))
steps = np.log(0.01) / np.log(1 - 0.01 * flat)
epochs = int(np.ceil(steps / len(loader)))
print(f"predicted: {np.ceil(steps):.0f} steps, that is {epochs} epochs")
assert (
    (1 - 0.01 * flat) ** np.ceil(steps)
    <= 0.01
    < (1 - 0.01 * flat) ** (np.ceil(steps) - 1)
)

# %%
# The training gets there, give or take the noise of the mini-batches.

from linreg.exact import least_squares

model = LinearRegressionModel().double()
shuffling.manual_seed(0)
train(model, loader, torch.optim.SGD(model.parameters(), lr=0.01), epochs)
exact = np.array(least_squares(x_all, y_all))
start, end = (
    directions[:, 0] @ (0 - exact),
    directions[:, 0] @ ([model.k.item(), model.m.item()] - exact),
)
print(f"left of the flat error: {abs(end / start):.2%}")
assert abs(end / start) < 0.02

# %%
# **2. x from 0 to 6.** The curvatures lie far apart now, so the highest learning rate
# is low and the flat direction slow. The steep error shows which side of the limit you
# are on.


def descend(x, y, learning_rate, steps):
    """Return (k, m) after full-batch gradient descent from (0, 0)."""
    parameters = np.zeros(2)
    for _ in range(steps):
        parameters = parameters - learning_rate * gradient_at(*parameters, x, y)
    return parameters


# %%
# The curvatures, and the limit:

shifted = LinearRegressionDataset(low=0, high=6, seed=0)
x, y = shifted.x.double().numpy(), shifted.y.double().numpy()
curvatures, axes = np.linalg.eigh(hessian_of(x))
limit = 2 / curvatures[1]
print(f"curvatures {curvatures[0]:.3f} and {curvatures[1]:.3f}, limit {limit:.4f}")

# %%
# Measured along the steep direction, after 100 steps:

goal = np.array(least_squares(x, y))
for factor in (0.98, 1.02):
    error = descend(x, y, factor * limit, steps=100) - goal
    left = abs(axes[:, 1] @ error) / abs(axes[:, 1] @ goal)
    print(f"{factor:.2f} times the limit: {left:.3f} of the steep error at the start")
    assert (left < 1) == (factor < 1)

# %%
# **3. The fastest learning rate.** The factors are :math:`1 - \eta \lambda` for the flat and the
# steep curvature. They have the same size and opposite signs when
# :math:`1 - \eta \lambda_{\min} = -(1 - \eta \lambda_{\max})`, so
# :math:`\eta = 2 / (\lambda_{\min} + \lambda_{\max})`. In the long run the larger factor decides. A
# lower learning rate makes the flat factor larger, a higher one the steep one.

fastest = 2 / (flat + steep)
for learning_rate in (0.25, fastest):
    factors = abs(1 - learning_rate * np.array([flat, steep]))
    error = np.linalg.norm(descend(x_all, y_all, learning_rate, steps=30) - exact)
    print(f"rate {learning_rate:.4f}: factor {max(factors):.4f}, error {error:.1e}")
# sphinx_gallery_start_ignore
assert np.isclose(1 - fastest * flat, -(1 - fastest * steep))
at_fastest, at_quarter = (
    np.linalg.norm(descend(x_all, y_all, rate, steps=30) - exact)
    for rate in (fastest, 0.25)
)
assert at_fastest < at_quarter
# sphinx_gallery_end_ignore

# %%
# The figure shows both factors. The higher of the two lines is what counts, and it is
# lowest where they cross.

from linreg.plotting import EXACT, INK, MODEL, use_house_style

use_house_style()
rates = np.linspace(0, 2 / steep, 200)
plt.plot(rates, abs(1 - rates * flat), color=MODEL)
plt.plot(rates, abs(1 - rates * steep), color=INK, linestyle=":")
plt.plot(fastest, abs(1 - fastest * flat), "D", markersize=8, color=EXACT)
plt.text(0.13, 0.83, "flat direction")
plt.text(0.20, 0.08, "steep direction")
plt.text(fastest - 0.01, 0.48, "fastest", ha="right")
plt.xlabel("learning rate")
plt.ylabel("part of the error left by a step")
plt.title("The fastest learning rate")
# Figure: The flat line falls slowly; the steep one falls to 0 and rises to cross it at
# the mark.
plt.show()
# sphinx_gallery_start_ignore
largest = np.maximum(abs(1 - rates * flat), abs(1 - rates * steep))
assert largest.min() >= abs(1 - fastest * flat)
# sphinx_gallery_end_ignore

# %%
# **4. A hundred times the points.** About ten times smaller: the square root of a
# hundred. Away from the lowest point the loss grows by the square of the distance along
# m, so the reach of the ellipse straight up from its centre is the square root of
# ``edge - lowest``.

reach = {}
for n in (50, 5000):
    data = LinearRegressionDataset(k=3, m=5, n=n, seed=0)
    x, y = data.x.double().numpy(), data.y.double().numpy()
    lowest = loss_at(*least_squares(x, y), x, y)
    edge = lowest * 0.05 ** (-2 / (n - 2))
    reach[n] = np.sqrt(edge - lowest)
    print(f"n = {n:4d}: noise {np.sqrt(lowest):.3f}, reach along m {reach[n]:.4f}")
print(f"ratio: {reach[50] / reach[5000]:.1f}")
assert 9 < reach[50] / reach[5000] < 12

# %%
# Two things push the ratio above ten. With few points the ellipse is wider than the
# square root says. And these fifty points look noisier than those five thousand.

wider = np.sqrt((0.05 ** (-2 / 48) - 1) / (0.05 ** (-2 / 4998) - 1))
print(f"from the number of points alone: {wider:.1f}")
print(f"from the noise: {reach[50] / reach[5000] / wider:.2f} times as much")
assert wider > 10
assert reach[50] / reach[5000] > wider

# %%
# What the mini-batch adds
# ------------------------
#
# **1. A quarter of the floor.** The floor is proportional to the learning rate and to
# one over the batch size. So take a quarter of the learning rate, or four times the
# batch.

from linreg.noise import noise_floor

floor = noise_floor(x_all, y_all, lr=0.01, batch_size=8)
slower = noise_floor(x_all, y_all, lr=0.0025, batch_size=8)
larger = noise_floor(x_all, y_all, lr=0.01, batch_size=32)
print(f"learning rate 0.01, batch 8:   {floor:.6f}")
print(f"learning rate 0.0025, batch 8: {slower:.6f}, {slower / floor:.3f} of it")
print(f"learning rate 0.01, batch 32:  {larger:.6f}, {larger / floor:.3f} of it")
assert 0.24 < slower / floor < 0.26
assert 0.24 < larger / floor < 0.26

# %%
# Not exactly a quarter: the formula holds for small learning rates.
#
# **2. The spread of the exact lines.** The least-squares lines of fresh data know
# nothing of mini-batches. Their spread is the noise of the data alone.

from linreg.ensemble import shuffled_epochs, train_runs

sets = [LinearRegressionDataset(k=3, m=5, n=50, seed=seed) for seed in range(500)]
exact = np.array([least_squares(data.x, data.y) for data in sets]).std(axis=0, ddof=1)
x_rows, y_rows = (torch.stack([getattr(data, name) for data in sets]) for name in "xy")
print("spread                 k      m")
print("exact lines        {:.3f}  {:.3f}".format(*exact))
shares = []
for num_epochs in (25, 50):
    batches = shuffled_epochs(500, 50, batch_size=8, num_epochs=num_epochs, seed=1)
    cloud = train_runs(x_rows, y_rows, batches, lr=0.01)[-1].std(dim=0).numpy()
    shares.append((exact / cloud) ** 2)
    print("after {} epochs    {:.3f}  {:.3f}".format(num_epochs, *cloud))
    print("share, in squares   {:4.0%}   {:4.0%}".format(*shares[-1]))
# sphinx_gallery_start_ignore
assert 0.6 < shares[0][0] < 0.82
assert shares[1][0] > 0.85
assert min(shares[0][1], shares[1][1]) > 0.9
# sphinx_gallery_end_ignore

# %%
# Spreads of independent causes add up in their squares. So most of the cloud is the
# noise of the data: along m nearly all of it, along k about seven tenths. The cloud
# along k has a third cause. After 25 epochs m is unfinished, and where the x are not
# centred an unfinished m pulls k along. After 50 epochs that is over, and the share
# along k is nine tenths.
#
# **3. Shuffled batches of 10.** Five equal batches. Now nothing is left over at the end
# of an epoch, and the floor drops much further than to the third that batches of 8
# left.

from linreg.noise import loss_above_minimum

x_rows, y_rows = dataset.x.expand(250, 50), dataset.y.expand(250, 50)
start = least_squares(dataset.x, dataset.y)
parts = {}
for size, num_epochs in [(8, 150), (10, 210)]:
    batches = shuffled_epochs(250, 50, size, num_epochs, seed=0)
    path = train_runs(x_rows, y_rows, batches, lr=0.003, start=start)
    above = loss_above_minimum(x_all, y_all, path[len(path) // 2 :]).mean()
    parts[size] = above / noise_floor(x_all, y_all, lr=0.003, batch_size=size)
    print(f"batches of {size:2d}: {parts[size]:.3f} of the prediction")
assert parts[8] > 0.25
assert parts[10] < 0.05

# %%
# This confirms both halves of the explanation. Equal batches cancel almost completely
# within an epoch. What remained with batches of 8 came from the last batch, the one of
# 2.
#
# **4. How large a learning rate?** Search for the rate at which the prediction becomes
# infinite.

rates = np.arange(0.01, 0.4, 0.001)
design = np.stack([x_all, np.ones(50)], axis=1)
full = 2 / np.linalg.eigvalsh(2 * design.T @ design / 50).max()
limits = {}
for size in (1, 8, 32):
    floors = [noise_floor(x_all, y_all, rate, size) for rate in rates.tolist()]
    limits[size] = rates[np.argmax(np.isinf(floors))]
    print(f"batch size {size:2d}: finite below {limits[size]:.3f}")
print(f"all the data: stable below {full:.3f}")
assert limits[1] < 0.55 * full
assert limits[1] < limits[8] < limits[32] < full

# %%
# Small batches cost speed. A single point allows about half the learning rate of the
# full batch before the spread grows without bound; with 32 points little is lost.
#
# Pitfalls
# --------
#
# **1. Waves of 89 steps.** Waves mean pitfall 2, the forgotten ``zero_grad``. One wave takes
# :math:`2 \pi (2 \eta)^{-1/2}` steps, so :math:`\eta = 2 \pi^2 / 89^2`, which is 0.0025. To count,
# take the steps at which m passes the least-squares intercept on the way up.

model = LinearRegressionModel()
optimizer = torch.optim.SGD(model.parameters(), lr=0.0025)
intercepts = []
for _ in range(500):
    ((dataset.y - model(dataset.x)) ** 2).mean().backward()  # and no zero_grad
    optimizer.step()
    intercepts.append(model.m.item())
above = np.array(intercepts) > start[1]
upward = np.flatnonzero(above[1:] & ~above[:-1])
print(f"learning rate: {2 * np.pi**2 / 89**2:.4f}")
print(f"steps between passages: {np.diff(upward)}, mean {np.diff(upward).mean():.0f}")
assert abs(np.diff(upward).mean() - 89) < 5

# %%
# **2. The shapes put right.** The slope and the intercept are those of least squares,
# and the loss is the smallest there is.

column = dataset.x.unsqueeze(1)
linear = torch.nn.Linear(1, 1)
torch.nn.init.zeros_(linear.weight)
torch.nn.init.zeros_(linear.bias)
optimizer = torch.optim.SGD(linear.parameters(), lr=0.1)
for _ in range(200):
    optimizer.zero_grad()
    loss = ((dataset.y - linear(column).squeeze(1)) ** 2).mean()
    loss.backward()
    optimizer.step()
print(
    f"slope {linear.weight.item():.3f}, intercept {linear.bias.item():.3f}, loss {loss:.3f}"
)
assert np.allclose([linear.weight.item(), linear.bias.item()], start, atol=1e-3)
assert abs(loss.item() - loss_at(*start, x_all, y_all)) < 1e-4

# %%
# **3. Without the last batch.** All batches now weigh the same, but the two points that
# are left out differ from order to order. So the mean still depends on it, only less.

squared = dataset.y**2  # the losses of the line y = 0
order = torch.Generator().manual_seed(0)
means = {"all seven batches": [], "without the last": []}
for _ in range(1000):
    batches = [
        batch.mean() for batch in squared[torch.randperm(50, generator=order)].split(8)
    ]
    means["all seven batches"].append(torch.stack(batches).mean().item())
    means["without the last"].append(torch.stack(batches[:6]).mean().item())
for name, values in means.items():
    print(f"{name}: {min(values):.2f} to {max(values):.2f}")
# sphinx_gallery_start_ignore
reaches = [max(values) - min(values) for values in means.values()]
assert 2 < reaches[1] < reaches[0] / 2
# sphinx_gallery_end_ignore

# %%
# **4. A check of a batch.** It compares the types first, then the shapes.


def checked_loss(model, inputs, target):
    """Return the mean squared error of a batch, or say what is wrong with it."""
    like = next(model.parameters())
    if inputs.dtype != like.dtype:
        raise TypeError(f"inputs must be {like.dtype}, got {inputs.dtype}")
    prediction = model(inputs)
    if prediction.shape != target.shape:
        raise ValueError(
            f"shapes differ: {tuple(prediction.shape)}, {tuple(target.shape)}"
        )
    return ((target - prediction) ** 2).mean()


# %%
# On the two bugs, and on a batch with nothing wrong:

whole, target = torch.tensor([[0], [1], [2]]), dataset.y.unsqueeze(1)
for inputs, wanted in [(whole, target), (column, dataset.y), (column, target)]:
    try:
        print(f"loss {checked_loss(linear, inputs, wanted).item():.3f}")
    except (TypeError, ValueError) as error:
        print(f"{type(error).__name__}: {error}")
# sphinx_gallery_start_ignore
assert (
    abs(checked_loss(linear, column, target).item() - loss_at(*start, x_all, y_all))
    < 1e-4
)
# sphinx_gallery_end_ignore

# %%
# Next
# ----
#
# Back to the tutorial, or on to the pages that carry it beyond the post.
