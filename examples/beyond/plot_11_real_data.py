r"""
Real data: Hubble's law
=======================

In 1929 Edwin Hubble published a table of 24 nebulae: how far away they are, and how
fast they move away from us. He drew a line through them. You do the same, with the
dataset, the model and the loop that you know.

**What you will learn:** how to train on data of your own, how many digits you can
expect, which learning rate still works, how sure you can be of a slope, and what a line
does not say.

**What you need:** the five stages. The page on convergence explains the limit of the
learning rate that is used here.
"""

# %%
# The imports
# -----------

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

# %%
# The table
# ---------
#
# Each entry holds a name, a distance in megaparsecs (Mpc) and a velocity in km/s. One
# megaparsec is about 3.26 million light years. A positive velocity points away from us.
# The entries are those of Table 1 in E. Hubble, "A relation between distance and radial
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
# sphinx_gallery_end_ignore

# %%
# A dataset without a class
# -------------------------
#
# Data that already lies in tensors needs no class of its own: ``TensorDataset`` is
# there. One batch of all 24 nebulae makes this *full-batch* gradient descent. Nothing
# random is left in it.

from linreg.model import LinearRegressionModel
from linreg.training import train

dataset = TensorDataset(distance, velocity)
full_batch = DataLoader(dataset, batch_size=len(dataset))
model = LinearRegressionModel().double()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
history = train(model, full_batch, optimizer, num_epochs=1000)

# %%
# ``model.double()`` turns the parameters into float64. ``train`` is the function of
# stage 3, unchanged. The exact best fit says how well it did.

from linreg.exact import least_squares

k_exact, m_exact = least_squares(distance, velocity)
print("              slope k           intercept m")
print(f"training      {model.k.item():.9f}    {model.m.item():.9f}")
print(f"least squares {k_exact:.9f}    {m_exact:.9f}")
assert abs(model.k.item() - k_exact) < 1e-9
assert abs(model.m.item() - m_exact) < 1e-9
# sphinx_gallery_start_ignore
assert abs(k_exact - 454.158440922628) < 1e-9
assert abs(m_exact - -40.783649095860) < 1e-9
# sphinx_gallery_end_ignore

# %%
# The two agree to nine decimals. The slope has a unit: km/s per Mpc. Hubble became
# famous for this slope. His own value for it comes further down.

from linreg.plotting import BATCH, EXACT, MODEL
from linreg.plotting import plot_line, plot_points, use_house_style

use_house_style()
plot_points(distance, velocity)
plot_line(model.k.item(), model.m.item(), (0, 2), "model")
for name, shift in {
    "NGC 224": (6, -4),
    "NGC 1068": (6, 0),
    "NGC 3031": (6, -4),
}.items():
    i = names.index(name)
    plt.annotate(name, (distance[i], velocity[i]), shift, textcoords="offset points")
plt.xlabel("distance (Mpc)")
plt.ylabel("velocity (km/s)")
plt.title("Hubble's nebulae, 1929")
plt.legend()
# Figure: Twenty-four triangles rise with distance, scattered widely around the
# estimated line.
plt.show()

# %%
# The farther, the faster. NGC 224, the Andromeda nebula, is an exception: it comes
# towards us. NGC 1068 lies far above the line and NGC 3031 far below.
#
# The same in float32
# -------------------
#
# Train once more, with the numbers PyTorch uses by default.

single = LinearRegressionModel()
optimizer = torch.optim.SGD(single.parameters(), lr=0.1)
history_single = train(single, full_batch, optimizer, num_epochs=1000)
error_single = abs(history_single.parameters["k"] - k_exact)
error_double = abs(history.parameters["k"] - k_exact)
print(f"error of k in float64: {error_double[-1]:.1e} km/s per Mpc")
print(f"error of k in float32: {error_single[-1]:.1e} km/s per Mpc")
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
assert last_step < gap / 2
assert history_single.parameters["k"][-1] == history_single.parameters["k"][-2]

# %%
# The step is smaller than half of that gap. The sum rounds back to where it was, and
# the parameter cannot move. For this data it is no loss: you will see that the slope
# itself is uncertain in its first digit.
#
# How large may the learning rate be?
# -----------------------------------
#
# Gradient descent on a bowl is stable below :math:`2 / \lambda_{\max}`, where
# :math:`\lambda_{\max}` is the largest eigenvalue of the loss's matrix of second derivatives.
# For a line that matrix holds only means of the data.

r_mean, r_square_mean = distance.mean().item(), (distance**2).mean().item()
hessian = 2 * torch.tensor(
    [[r_square_mean, r_mean], [r_mean, 1.0]], dtype=torch.float64
)
limit = 2 / torch.linalg.eigvalsh(hessian).max().item()
print(f"predicted limit of the learning rate: {limit:.4f}")
assert round(limit, 4) == 0.4918

# %%
# Try it on both sides of the limit. Above it, ``train`` stops with an error as soon as
# the loss is no longer finite. A list with one batch will do as a loader, and saves
# some time.

for learning_rate, num_epochs in ((0.48, 1_000), (0.5, 20_000)):
    trial = LinearRegressionModel().double()
    optimizer = torch.optim.SGD(trial.parameters(), lr=learning_rate)
    try:
        train(trial, [(distance, velocity)], optimizer, num_epochs)
        print(
            f"{learning_rate:.2f}: k = {trial.k.item():.6f}, m = {trial.m.item():.6f}"
        )
        assert learning_rate < limit
    except FloatingPointError as error:
        print(f"{learning_rate:.2f}: {str(error).split(',')[0]}")
        assert learning_rate > limit

# %%
# The prediction holds. Just above the limit the error grows by a small factor in each
# step, so that it takes thousands of epochs to overflow.
#
# How sure is the slope?
# ----------------------
#
# The scatter of the points around the line says how far off the parameters may be. With
# :math:`s^2 = \sum_i (v_i - \hat{v}_i)^2 / (n - 2)`, their *standard errors* are
#
# .. math::
#
#    s_k = \frac{s}{\sqrt{n S_{rr}}}, \qquad
#    s_m = s \sqrt{\frac{1}{n} + \frac{\bar{r}^2}{n S_{rr}}},
#
# where :math:`v_i` is the velocity of nebula i, :math:`\hat{v}_i` that of the line, n
# the number of nebulae, and :math:`\bar{r}` the mean and :math:`S_{rr}` the variance of
# the distances.

residuals = velocity - (k_exact * distance + m_exact)
n, spread = len(dataset), ((distance - r_mean) ** 2).sum().item()
s = (residuals.square().sum().item() / (n - 2)) ** 0.5
k_error, m_error = s / spread**0.5, s * (1 / n + r_mean**2 / spread) ** 0.5
print(f"scatter around the line: {s:.0f} km/s")
print(f"k = {k_exact:.0f} +- {k_error:.0f} km/s per Mpc")
print(f"m = {m_exact:.0f} +- {m_error:.0f} km/s")
# sphinx_gallery_start_ignore
assert abs(s - 232.9107) < 1e-4
assert abs(k_error - 75.2371) < 1e-4
assert abs(m_error - 83.4389) < 1e-4
assert m_error > abs(m_exact)
assert round(k_exact / k_error) == 6
# sphinx_gallery_end_ignore

# %%
# The slope is known to about one part in six. The intercept is smaller than its own
# error: it cannot be told from 0.
#
# Ask the data itself
# -------------------
#
# The formula assumes scatter of equal size everywhere. The *bootstrap* does not: draw
# 24 nebulae from the 24, with replacement, fit a line, and repeat. All 2000 lines come
# from one tensor program.

generator = torch.Generator().manual_seed(0)
draw = torch.randint(n, (2000, n), generator=generator)
r, v = distance[draw], velocity[draw]
r_centred, v_centred = r - r.mean(1, keepdim=True), v - v.mean(1, keepdim=True)
k_draws = (r_centred * v_centred).sum(1) / (r_centred**2).sum(1)
m_draws = v.mean(1) - k_draws * r.mean(1)
print(f"spread of k: {k_draws.std():.0f} (formula: {k_error:.0f})")
print(f"spread of m: {m_draws.std():.0f} (formula: {m_error:.0f})")
assert abs(k_draws.std() / k_error - 1) < 0.2
assert abs(m_draws.std() / m_error - 1) < 0.2

# %%

grid = torch.linspace(0, 2, 50, dtype=torch.float64)
lines = k_draws[:, None] * grid + m_draws[:, None]
low, high = lines.quantile(torch.tensor([0.025, 0.975], dtype=torch.float64), dim=0)
plt.fill_between(
    grid, low, high, color=EXACT, alpha=0.2, linewidth=0, label="95 % of the draws"
)
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
# The two ways agree. Each line passes through the mean distance and the mean velocity
# of its own draw. These points lie near the means of the table, so there the band is
# narrow. Away from them the different slopes spread the lines, so it opens to both
# sides.

narrowest = grid[(high - low).argmin()].item()
print(f"narrowest at {narrowest:.2f} Mpc, mean distance {r_mean:.2f} Mpc")
assert abs(narrowest - r_mean) < 0.1

# %%
# What the line leaves over
# -------------------------
#
# Residuals show what a line has missed. If they followed a curve, you would need
# another model. If they spread out towards one end, the points there should count less
# in the loss.

plt.axhline(0, color=EXACT, linestyle=":")
plot_points(distance, residuals)
for name, shift in {
    "NGC 224": (6, -4),
    "NGC 1068": (6, -4),
    "NGC 3031": (6, -4),
}.items():
    i = names.index(name)
    plt.annotate(name, (distance[i], residuals[i]), shift, textcoords="offset points")
plt.xlabel("distance (Mpc)")
plt.ylabel("residual (km/s)")
plt.title("Residuals")
# Figure: The residuals lie on both sides of zero at all distances, without a clear
# pattern.
plt.show()

# %%

largest, smallest = residuals.argmax().item(), residuals.argmin().item()
print(f"farthest above: {names[largest]}, {residuals[largest]:+.0f} km/s")
print(f"farthest below: {names[smallest]}, {residuals[smallest]:+.0f} km/s")
explained = (
    1 - (residuals.square().sum() / (velocity - velocity.mean()).square().sum()).item()
)
print(f"part of the variance that the line explains: {explained:.2f}")
assert (names[largest], names[smallest]) == ("NGC 1068", "NGC 3031")
# sphinx_gallery_start_ignore
assert abs(explained - 0.62353) < 1e-5
# sphinx_gallery_end_ignore

# %%
# No clear pattern shows. The nebulae have motions of their own besides, of a few
# hundred km/s, and those look like noise here.
#
# What this line is, and is not
# -----------------------------
#
# It is the least-squares line of Table 1. It is not Hubble's own result: he gave 465
# for the slope, from a fit that also solved for the motion of the Sun. Nor is it
# today's value, which is about 70. His distances were too small, by a factor of about
# seven. A least-squares line trusts its x completely, and its standard errors know
# nothing of such a mistake.

print(
    f"today's value lies {(k_exact - 70) / k_error:.1f} standard errors below the slope"
)
print(
    f"slope of the line through the origin: {(distance @ velocity) / (distance @ distance):.0f}"
)
assert (k_exact - 70) / k_error > 5

# %%
# Mini-batches
# ------------
#
# Now train on batches of 8, in two runs that differ in the learning rate only.
# ``MiniBatchSampler`` hands out the shuffled batches; the next page shows why it is
# fast.

from linreg.sampler import MiniBatchSampler

slopes = {}
for learning_rate in (0.1, 0.01):
    sampler = MiniBatchSampler(n, batch_size=8, seed=0)
    trial = LinearRegressionModel().double()
    optimizer = torch.optim.SGD(trial.parameters(), lr=learning_rate)
    loader = DataLoader(dataset, batch_size=None, sampler=sampler)
    slopes[learning_rate] = train(trial, loader, optimizer, num_epochs=1000).parameters[
        "k"
    ]
    print(f"learning rate {learning_rate:.2f}: last k = {trial.k.item():.1f}")

# %%

plt.plot(slopes[0.1], color=BATCH, linewidth=0.8)
plt.plot(slopes[0.01], color=MODEL)
plt.axhline(k_exact, color=EXACT, linestyle=":")
plt.text(990, 415, "rate 0.1", color=BATCH, ha="right")
plt.text(70, 330, "rate 0.01", color=MODEL)
plt.text(990, 490, "least squares", color=EXACT, ha="right")
plt.ylim(250, 520)
plt.xlabel("epoch")
plt.ylabel("k (km/s per Mpc)")
plt.title("Batches of 8 nebulae")
# Figure: With rate 0.1 the slope jitters around the dotted line; with 0.01 it settles
# on it.
plt.show()

# %%
# Each batch of 8 nebulae has a best line of its own, and each step goes towards that
# one. The run never comes to rest. It ends somewhere around the least-squares line, and
# where depends on the last few batches. A smaller learning rate averages over more of
# them.

wander_large, wander_small = (slopes[rate][500:].std() for rate in (0.1, 0.01))
print("spread of k over the last 500 epochs, in km/s per Mpc")
print(f"learning rate 0.10: {wander_large:.2f}")
print(f"learning rate 0.01: {wander_small:.2f}")
assert wander_large > 10 * wander_small
assert abs(slopes[0.01][500:].mean() - k_exact) < 1

# %%
# Even the larger spread is small beside the standard error of the slope. For this
# table, training longer teaches you nothing more; only better data would.

assert wander_large < k_error / 5

# %%
# Exercises
# ---------
#
# 1. Leave NGC 1068 out. By how many standard errors does the slope change?
# 2. Express the distances in kiloparsecs. What is the limit of the learning rate now,
#    and which entry of the matrix sets it?
# 3. Hubble's nebulae should follow a line through the origin. Write a model with a
#    slope only, train it, and compare with the formula on this page.
# 4. Train with batches of a single nebula and learning rate 0.48. How far does the
#    slope swing, and why, though 0.48 is below the limit for all 24?
#
# Next
# ----
#
# Twenty-four points train in no time. The next page goes to ten million.
