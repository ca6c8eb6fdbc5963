r"""
Real data: Hubble's law
=======================

In 1929 Edwin Hubble published a table of 24 nebulae: how far away they are, and how
fast they move away from us. He drew a line through them. You do the same, with the
dataset, the model and the loop that you know.

**What you will learn:** how to train on data of your own, how many digits you can
expect, which learning rate still works, how sure you can be of a slope, and what a line
does not say.

**What you need:** stages 1 to 5, and from school the mean and the standard deviation.
You can leave out the two sections that begin with "Why"; the first needs matrices.
"""

# %%
# The imports
# -----------

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

from linreg.exact import least_squares
from linreg.model import LinearRegressionModel
from linreg.plotting import BATCH, EXACT, MODEL
from linreg.plotting import plot_line, plot_points, use_house_style
from linreg.training import train

# %%
# The table
# ---------
#
# Each entry holds a name, a distance in megaparsecs (Mpc; one is about 3.26 million
# light years) and a velocity in km/s. A positive velocity points away from us. The
# entries are those of Table 1 in E. Hubble, "A relation between distance and radial
# velocity among extra-galactic nebulae", PNAS 15 (1929), pages 168-173.

table = """
SMC      0.032  170 | LMC      0.034  290 | NGC 6822 0.214 -130 | NGC 598  0.263  -70
NGC 221  0.275 -185 | NGC 224  0.275 -220 | NGC 5457 0.45   200 | NGC 4736 0.5    290
NGC 5194 0.5    270 | NGC 4449 0.63   200 | NGC 4214 0.8    300 | NGC 3031 0.9    -30
NGC 3627 0.9    650 | NGC 4826 0.9    150 | NGC 5236 0.9    500 | NGC 1068 1.0    920
NGC 5055 1.1    450 | NGC 7331 1.1    500 | NGC 4258 1.4    500 | NGC 4151 1.7    960
NGC 4382 2.0    500 | NGC 4472 2.0    850 | NGC 4486 2.0    800 | NGC 4649 2.0   1090
"""
entries = table.strip().replace("\n", "|").split("|")
rows = [entry.strip().rsplit(maxsplit=2) for entry in entries]
names = [row[0] for row in rows]
distance = torch.tensor([float(row[1]) for row in rows], dtype=torch.float64)
velocity = torch.tensor([float(row[2]) for row in rows], dtype=torch.float64)
print(len(names), "nebulae, the last one:", rows[-1])
# sphinx_gallery_start_ignore
assert len(names) == len(set(names)) == 24
parsec = 149_597_870_700 * 648_000 / torch.pi  # an astronomical unit by an arc second
assert round(parsec / (299_792_458 * 365.25 * 86_400), 2) == 3.26
# sphinx_gallery_end_ignore

# %%
# A dataset without a class
# -------------------------
#
# Data that already lies in tensors needs no class of its own: ``TensorDataset`` is
# there. One batch of all 24 nebulae makes this *full-batch* gradient descent, in which
# nothing is random. ``model.double()`` turns the parameters into float64.

dataset = TensorDataset(distance, velocity)
full_batch = DataLoader(dataset, batch_size=len(dataset))
model = LinearRegressionModel().double()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
history = train(model, full_batch, optimizer, num_epochs=1000)

# %%
# ``train`` is the function of stage 3, unchanged. The least-squares line says how well
# it did.

k_exact, m_exact = least_squares(distance, velocity)
print("              slope k           intercept m")
print(f"training      {model.k.item():.9f}    {model.m.item():.9f}")
print(f"least squares {k_exact:.9f}    {m_exact:.9f}")
# sphinx_gallery_start_ignore
assert abs(model.k.item() - k_exact) < 1e-9
assert abs(model.m.item() - m_exact) < 1e-9
assert abs(k_exact - 454.158440922628) < 1e-9
assert abs(m_exact - -40.783649095860) < 1e-9
# sphinx_gallery_end_ignore

# %%
# The two agree to nine decimals. The slope has a unit: km/s per Mpc.

use_house_style()
plot_points(distance, velocity)
plot_line(model.k.item(), model.m.item(), (0, 2), "model")
for name in ("NGC 224", "NGC 1068", "NGC 3031"):
    i = names.index(name)
    place = (distance[i], velocity[i])
    plt.annotate(name, place, xytext=(6, -4), textcoords="offset points")
plt.xlabel("distance (Mpc)")
plt.ylabel("velocity (km/s)")
plt.title("Hubble's nebulae, 1929")
plt.legend()
# Figure: Twenty-four triangles rise with distance, scattered widely around the
# estimated line.
plt.show()

# %%
# The farther, the faster. Five come towards us, among them NGC 224, the Andromeda
# nebula.
#
# The same in float32
# -------------------
#
# Train once more, with the numbers that PyTorch uses by default.

single = LinearRegressionModel()
optimizer = torch.optim.SGD(single.parameters(), lr=0.1)
history_single = train(single, full_batch, optimizer, num_epochs=1000)
error_single = abs(history_single.parameters["k"] - k_exact)
error_double = abs(history.parameters["k"] - k_exact)
print(f"error of k in float64: {error_double[-1]:.0e} km/s per Mpc")
print(f"error of k in float32: {error_single[-1]:.0e} km/s per Mpc")
# sphinx_gallery_start_ignore
assert 1e-4 < error_single[-1] < 4e-4
# sphinx_gallery_end_ignore

# %%

plt.plot(error_single, color=MODEL, linestyle="--")
plt.plot(error_double, color=MODEL)
plt.text(620, 1.1e-3, "float32", color=MODEL)
plt.text(300, 1e-8, "float64", color=MODEL)
plt.semilogy()
plt.xlabel("epoch")
plt.ylabel("error of k (km/s per Mpc)")
plt.title("float32 stalls")
# Figure: Both errors fall on one straight line; then the dashed one of float32 stays
# level.
plt.show()

# %%
# At first the two curves are one. Then the float32 run stands still. A float32 number
# keeps about seven digits, so near 454 its neighbours lie this far apart:

gap = np.spacing(np.float32(single.k.item()))
last_step = 0.1 * abs(single.k.grad.item())
print(f"distance to the next float32 number: {gap:.2e}")
print(f"size of the last step:               {last_step:.2e}")
# sphinx_gallery_start_ignore
assert last_step < gap / 2
assert history_single.parameters["k"][-1] == history_single.parameters["k"][-2]
# sphinx_gallery_end_ignore

# %%
# The step is smaller than half of that gap. The sum rounds back to where it was. For
# this data it does no harm: you will see that the slope is uncertain in its first
# digit.
#
# How large may the learning rate be?
# -----------------------------------
#
# Try two. ``train`` stops with an error when the loss is no longer finite. (A list with
# one batch will do as a loader.)

for learning_rate, num_epochs in (0.48, 1_000), (0.5, 20_000):
    trial = LinearRegressionModel().double()
    optimizer = torch.optim.SGD(trial.parameters(), lr=learning_rate)
    try:
        train(trial, [(distance, velocity)], optimizer, num_epochs)
        print(f"{learning_rate:.2f}: k = {trial.k.item():.6f}")
    except FloatingPointError as error:
        print(f"{learning_rate:.2f}: {str(error).split(',')[0]}")

# %%
# Between the two lies a limit, 0.4918. Above it each step jumps over the lowest point
# and lands farther away from it. Just above it the error grows by a small factor, and
# needs thousands of epochs to overflow.
#
# The limit belongs to the points of a step. For a step on a single nebula at distance r
# it is 1 / (1 + r²), far less for a far one than for a near one.
#
# Why: the limit of the learning rate
# -----------------------------------
#
# Gradient descent on a bowl is stable below :math:`2 / \lambda_{\max}`, where
# :math:`\lambda_{\max}` is the largest eigenvalue of the matrix of the loss's second
# derivatives. For a line that matrix is
#
# .. math:: 2 \begin{pmatrix} \overline{r^2} & \bar{r} \\ \bar{r} & 1 \end{pmatrix}
#
# with the means of :math:`r^2` and :math:`r` over the points of the step.

r_mean, r_square_mean = distance.mean().item(), (distance**2).mean().item()
matrix = [[2 * r_square_mean, 2 * r_mean], [2 * r_mean, 2.0]]
limit = 2 / np.linalg.eigvalsh(matrix).max()
print(f"limit for all 24 nebulae: {limit:.4f}")
# sphinx_gallery_start_ignore
assert round(limit, 4) == 0.4918
for r in distance.tolist():
    one = 2 / np.linalg.eigvalsh([[2 * r * r, 2 * r], [2 * r, 2.0]]).max()
    assert abs(one - 1 / (1 + r * r)) < 1e-12
# sphinx_gallery_end_ignore

# %%
# With a single point the eigenvalues are 0 and :math:`2 (1 + r^2)`. That is where
# 1 / (1 + r²) comes from.
#
# How sure is the slope?
# ----------------------
#
# Other nebulae would have given another line. Ask the data how different: draw 24
# nebulae from the 24, with replacement, fit a line, and repeat. This is the
# *bootstrap*. With tensors of shape (2000, 24) all 2000 lines come at once.

generator = torch.Generator().manual_seed(0)
draw = torch.randint(24, (2000, 24), generator=generator)
r, v = distance[draw], velocity[draw]
r_centred, v_centred = r - r.mean(1, keepdim=True), v - v.mean(1, keepdim=True)
k_draws = (r_centred * v_centred).sum(1) / (r_centred**2).sum(1)
m_draws = v.mean(1) - k_draws * r.mean(1)
print(f"k = {k_exact:.0f}, spread {k_draws.std():.0f} km/s per Mpc")
print(f"m = {m_exact:.0f}, spread {m_draws.std():.0f} km/s")
# sphinx_gallery_start_ignore
assert round(k_exact / k_draws.std().item()) == 6
assert m_draws.std() > abs(m_exact)
# sphinx_gallery_end_ignore

# %%
# (The spread is the standard deviation.) The slope is known to about one part in six.
# The intercept is smaller than its own spread: it cannot be told from 0. Now draw the
# band in which the middle 95 % of the 2000 lines lie, at each distance.

grid = torch.linspace(0, 2, 50, dtype=torch.float64)
lines = k_draws[:, None] * grid + m_draws[:, None]
low, high = np.quantile(lines, [0.025, 0.975], axis=0)
plt.fill_between(grid, low, high, color=EXACT, alpha=0.2, linewidth=0, label="95 %")
plot_points(distance, velocity)
plot_line(k_exact, m_exact, (0, 2), "exact")
plt.xlabel("distance (Mpc)")
plt.ylabel("velocity (km/s)")
plt.title("How sure is the line?")
plt.legend()
# Figure: A shaded band around the line, narrow in the middle of the data, wide at both
# ends.
plt.show()

# %%
# Near the mean distance, where most lines cross, the band is narrow. To both sides the
# different slopes spread the lines. "95 %" holds at each distance by itself; fewer
# lines lie in the band along its whole length:

inside = np.all((low <= lines.numpy()) & (lines.numpy() <= high), axis=1)
print(f"lines that lie wholly in the band: {inside.mean():.0%}")
# sphinx_gallery_start_ignore
assert 0.8 < inside.mean() < 0.92
assert abs(grid[(high - low).argmin()] - r_mean) < 0.1
# sphinx_gallery_end_ignore

# %%
# Why: the formula for the spread
# -------------------------------
#
# If the scatter has one size everywhere, no draws are needed. With n points, their mean
# distance :math:`\bar{r}`, the line's velocities :math:`\hat{v}_i` and
#
# .. math::
#
#    s^2 = \frac{1}{n - 2} \sum_i (v_i - \hat{v}_i)^2, \qquad
#    S = \frac{1}{n} \sum_i (r_i - \bar{r})^2,
#
# the *standard errors*, that is, the standard deviations to expect, are
#
# .. math::
#
#    s_k = \frac{s}{\sqrt{n S\,}}, \qquad
#    s_m = s \left( \frac{1}{n} + \frac{\bar{r}^2}{n S} \right)^{1/2}.
#
# For Hubble's table they are 75 km/s per Mpc and 83 km/s: close to what the draws say.
#
# What the line leaves over
# -------------------------
#
# The *residuals*, data minus line, show what a line has missed. If they followed a
# curve, you would need another model. Their typical size is s.

residual = velocity - (k_exact * distance + m_exact)
s = (residual.square().sum().item() / 22) ** 0.5  # 24 nebulae less two parameters
print(f"s = {s:.0f} km/s")
plt.axhline(0, color=EXACT, linestyle=":")
plot_points(distance, residual)
plt.xlabel("distance (Mpc)")
plt.ylabel("residual (km/s)")
plt.title("Residuals")
# Figure: The residuals lie on both sides of zero, near and far, without a clear
# pattern.
plt.show()
# sphinx_gallery_start_ignore
assert abs(s - 232.9107) < 1e-4
squares = ((distance - r_mean) ** 2).sum().item()
k_error, m_error = s / squares**0.5, s * (1 / 24 + r_mean**2 / squares) ** 0.5
assert abs(k_error - 75.2371) < 1e-4
assert abs(m_error - 83.4389) < 1e-4
assert abs(k_draws.std() / k_error - 1) < 0.2
assert abs(m_draws.std() / m_error - 1) < 0.2
for part in (distance <= r_mean, distance > r_mean):
    assert 0.3 < (residual[part] > 0).double().mean() < 0.7
# sphinx_gallery_end_ignore

# %%
# No clear pattern shows. The nebulae have motions of their own besides, of a few
# hundred km/s, and those look like noise here.
#
# What this line is not
# ---------------------
#
# It is not Hubble's own result: he gave 465 for these, from a fit that also solved for
# the motion of the Sun. Nor is it today's value, about 70. His distances were too
# small, on the whole by a factor of about seven. No spread of draws can tell you that:
# they all share the mistake.

print(
    f"today's value lies {(k_exact - 70) / k_draws.std():.1f} spreads below the slope"
)
origin = (distance @ velocity) / (distance @ distance)  # sum of r v / sum of r²
print(f"least squares for a line through the origin: {origin:.0f}")
# sphinx_gallery_start_ignore
assert (k_exact - 70) / k_draws.std() > 4
assert abs(origin.item() - 423.937323231630) < 1e-9
# sphinx_gallery_end_ignore

# %%
# Mini-batches
# ------------
#
# Now train on batches of 8, in two runs that differ in the learning rate only. Printed
# is the slope at the ends of the epochs from 500 on.

slopes = {}
for learning_rate in (0.1, 0.01):
    shuffling = torch.Generator().manual_seed(0)
    loader = DataLoader(dataset, batch_size=8, shuffle=True, generator=shuffling)
    trial = LinearRegressionModel().double()
    optimizer = torch.optim.SGD(trial.parameters(), lr=learning_rate)
    slopes[learning_rate] = train(trial, loader, optimizer, 1000).parameters["k"]
    late = slopes[learning_rate][500:]
    print(f"rate {learning_rate}: {late.mean():.1f} +- {late.std():.1f}")
# sphinx_gallery_start_ignore
wander_large, wander_small = (slopes[rate][500:].std() for rate in (0.1, 0.01))
assert wander_large > 10 * wander_small
assert abs(slopes[0.01][500:].mean() - k_exact) < 1
assert wander_large < k_error / 5
assert 30 < wander_large / wander_small < 50
swings = []
for learning_rate in (0.1, 0.01):
    draws = torch.Generator().manual_seed(0)
    redrawn = torch.utils.data.RandomSampler(dataset, True, generator=draws)
    trial = LinearRegressionModel().double()
    optimizer = torch.optim.SGD(trial.parameters(), lr=learning_rate)
    loader = DataLoader(dataset, batch_size=8, sampler=redrawn)
    swings.append(train(trial, loader, optimizer, 1000).parameters["k"][500:].std())
assert 3 < swings[0] / swings[1] < 4
swings = []
for learning_rate in (0.1, 0.01):  # and after each step, not only after each epoch
    draws = torch.Generator().manual_seed(0)
    k, m, path = 0.0, 0.0, []
    for _ in range(1000):
        for index in torch.randperm(24, generator=draws).split(8):
            left = velocity[index] - (k * distance[index] + m)
            k = k + learning_rate * 2 * (left * distance[index]).mean()
            m = m + learning_rate * 2 * left.mean()
            path.append(k)
    swings.append(torch.stack(path[1500:]).std())
assert 9 < swings[0] / swings[1] < 12
assert swings[0] < k_error / 5
# sphinx_gallery_end_ignore

# %%

plt.plot(slopes[0.1], color=BATCH, linewidth=0.8)
plt.plot(slopes[0.01], color=MODEL)
plt.axhline(k_exact, color=EXACT, linestyle=":")
plt.text(990, 410, "rate 0.1", color=BATCH, ha="right")
plt.text(70, 330, "rate 0.01", color=MODEL)
plt.text(990, 495, "least squares", color=EXACT, ha="right")
plt.ylim(250, 520)
plt.xlabel("epoch")
plt.ylabel("k (km/s per Mpc)")
plt.title("Batches of 8 nebulae")
# Figure: With rate 0.1 the slope jitters around the dotted line; with 0.01 it settles
# on it.
plt.show()

# %%
# Each batch has a best line of its own, and each step goes towards that one. With the
# smaller learning rate a step counts less, and more batches are averaged. Were batches
# drawn with replacement, that would make the jitter between three and four times
# smaller. Here it is about ten times smaller over all steps, and more than thirty times
# at the ends of the epochs, where ``train`` records it. By then three equal batches
# have used each nebula once, and at a small rate their noise cancels, as `the page on
# noise <../understanding/plot_03_noise.html>`__ explains. Even the larger jitter is
# small beside the spread of the slope. For this table, training longer teaches you
# nothing more; only better data would.
#
# Exercises
# ---------
#
# To do one, `open this page's notebook <../../run.html>`__ on your machine or in Colab,
# run it, and add a cell at its end.
#
# 1. Leave NGC 1068 out. By how much does the slope change, and what is that beside its
#    spread?
# 2. Train in batches of one nebula with learning rate 0.48, for 50 epochs. How far does
#    the slope swing? Why, although 0.48 is below the limit for all 24?
# 3. Write a model with a slope only, train it, and compare with the formula above.
#
# When you have tried: `the answers <../solutions/plot_04_beyond.html#real-data>`__.
#
# Next
# ----
#
# Twenty-four points train in no time. The page on `speed <plot_02_speed.html>`__ goes
# to ten million.
