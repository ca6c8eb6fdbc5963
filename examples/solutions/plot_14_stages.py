r"""
Solutions: the five stages
==========================

One way to answer each exercise of the five stages. Try them yourself first: the pages
hold all you need.

**What you will learn:** whether your answers hold.

**What you need:** your answers.
"""

# %%
# The imports
# -----------

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

# %%
# Stage 1
# -------
#
# **1. Five hundred points.** A typical error of about :math:`0.5 \, (2 n)^{-1/2}`
# remains when a standard deviation is estimated from n points. With ten times the
# points the estimate usually comes closer, though not for every seed. Here it does.

from linreg.data import LinearRegressionDataset

for n in (50, 500):
    data = LinearRegressionDataset(n=n, seed=0)
    noise = data.y - (3 * data.x + 5)
    typical = 0.5 / (2 * n) ** 0.5
    print(
        f"n = {n:3d}: standard deviation {noise.std():.3f}, typical error {typical:.3f}"
    )
# sphinx_gallery_start_ignore
few, many = (LinearRegressionDataset(n=n, seed=0) for n in (50, 500))
off = [abs((d.y - (3 * d.x + 5)).std() - 0.5) for d in (few, many)]
assert off[1] < off[0]
# sphinx_gallery_end_ignore

# %%
# **2. No noise.** All points lie on the true line, up to the rounding of float32.

data = LinearRegressionDataset(noise_std=0, seed=0)
distance = (data.y - (3 * data.x + 5)).abs().max().item()
print(f"largest distance from the line: {distance:.1e}")
assert distance < 1e-5

# %%
# **3. The point of index 50.** Fifty points have the indices 0 to 49, so the last is
# ``dataset[49]``. Index 50 raises an ``IndexError``.

try:
    data[50]
except IndexError as error:
    print("IndexError:", error)
print("the last point:", [round(value.item(), 3) for value in data[49]])

# %%
# Stage 2
# -------
#
# **1. A falling line through (0, 2).** At x = 0 the line has the value m, so m = 2. It
# falls when k is negative; any such k will do.

from linreg.model import LinearRegressionModel

model = LinearRegressionModel()
with torch.no_grad():
    model.k.fill_(-1.5)
    model.m.fill_(2.0)
print("at x = 0:", model(torch.tensor([0.0])).item())
print("at x = 1:", model(torch.tensor([1.0])).item())
assert model(torch.tensor([0.0])).item() == 2

# %%
# **2. A parabola.** It has three parameters.


class QuadraticModel(nn.Module):
    """A parabola with three parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.zeros(1))
        self.k = nn.Parameter(torch.zeros(1))
        self.m = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Predict y for a batch."""
        return self.a * x**2 + self.k * x + self.m


print("parameters:", [name for name, _ in QuadraticModel().named_parameters()])
assert len(list(QuadraticModel().parameters())) == 3

# %%
# **3. Tensors in place of parameters.** The module does not know them, so
# ``named_parameters`` lists nothing. An optimiser gets nothing to change, and says so.


class ForgetfulModel(nn.Module):
    """A line whose module does not know its parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.k = torch.zeros(1)
        self.m = torch.zeros(1)


print("parameters:", list(ForgetfulModel().named_parameters()))
try:
    torch.optim.SGD(ForgetfulModel().parameters(), lr=0.01)
except ValueError as error:
    print("ValueError:", error)

# %%
# Stage 3
# -------
#
# **1. Learning rate 0.02.** Each step leaves a part :math:`1 - 2 \cdot 0.02 = 0.96` of
# the way along m. By this formula less than a thousandth is left after 175 steps.

from linreg.exact import least_squares
from linreg.training import train


def fit(learning_rate, batch_size, num_epochs=25):
    """Train as in stage 3, with other settings, and return the history."""
    data = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
    order = torch.Generator().manual_seed(0)
    loader = DataLoader(data, batch_size=batch_size, shuffle=True, generator=order)
    model = LinearRegressionModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    return train(model, loader, optimizer, num_epochs)


dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
k_exact, m_exact = least_squares(dataset.x, dataset.y)
m = fit(0.02, batch_size=8).parameters["m"][-1]
print(f"predicted part left: {0.96**175:.5f}")
print(
    f"m = {m:.3f}, least squares {m_exact:.3f}; the rest is the noise of the mini-batches"
)
assert 0.96**175 < 1e-3
assert abs(m - m_exact) < 0.1

# %%
# **2. One batch of 50.** Now an epoch is one step, so 25 epochs are 25 steps. Along m a part
# :math:`0.98^{25}`, about 60 %, is left. A little more is measured, because the mean of x is not 0.

m = fit(0.01, batch_size=50).parameters["m"][-1]
print(f"predicted part left: {0.98**25:.3f}")
print(f"measured part left:  {1 - m / m_exact:.3f}, m ends at {m:.2f}")
assert round(0.98**25, 1) == 0.6
assert abs(1 - m / m_exact - 0.98**25) < 0.05

# %%
# **3. Learning rate 1.** The steps are too long, each throws the parameters further
# out, and soon the loss is too large for ``float32`` and becomes infinite. ``train``
# stops there. Its message advises a smaller learning rate, and a look at the data.

try:
    fit(1.0, batch_size=8)
except FloatingPointError as error:
    print(error)

# %%
# Stage 4
# -------
#
# **1. Five hundred points.** The best line of more points lies closer to the truth, as
# a rule and here.

distances = {}
for n in (50, 500):
    data = LinearRegressionDataset(n=n, seed=0)
    k, m = least_squares(data.x, data.y)
    distances[n] = np.hypot(k - 3, m - 5)
    print(
        f"n = {n:3d}: k = {k:.3f}, m = {m:.3f}, distance from the star {distances[n]:.3f}"
    )
assert distances[500] < distances[50]

# %%
# **2. x from 0 to 6.** The ellipses tilt and become long and thin. The last term of the formula,
# :math:`(m + k \bar{x} - \bar{y})^2`, turns them: the mean of x is near 3 now, so a larger slope
# can be made up for by a smaller intercept.

from linreg.landscape import loss_surface
from linreg.plotting import plot_parameters, plot_surface, use_house_style

use_house_style()
data = LinearRegressionDataset(low=0, high=6, seed=0)
k_values, m_values = np.linspace(-4, 10, 100), np.linspace(-2, 12, 100)
plot_surface(loss_surface(data.x, data.y, k_values, m_values), k_values, m_values)
plot_parameters(data.k, data.m, "truth")
plt.title("Loss surface, x from 0 to 6")
plt.legend()
# Figure: The loss contours are a long, thin valley that falls from the upper left to
# the right.
plt.show()
print(f"mean of x: {data.x.mean():.2f}")
assert abs(data.x.mean() - 3) < 0.5

# %%
# **3. No noise.** The smallest loss is 0, up to the rounding of float32, for the true
# line.

data = LinearRegressionDataset(noise_std=0, seed=0)
smallest = loss_surface(data.x, data.y, [3], [5])[0, 0]
print(f"loss of the true line: {smallest:.1e}")
assert smallest < 1e-12

# %%
# Stage 5
# -------
#
# **1. Learning rate 0.001.** Each step leaves a part 0.998 of the way along m and 0.994
# along k. The prediction holds for x whose mean is 0. Here the mean is not quite 0, so
# k and m disturb each other, and both fall short of it.

history = fit(0.001, batch_size=8)
k, m = history.parameters["k"][-1], history.parameters["m"][-1]
print(f"predicted: k {1 - 0.994**175:.0%}, m {1 - 0.998**175:.0%} of the way")
print(f"measured:  k {k / k_exact:.0%}, m {m / m_exact:.0%} of the way")
# sphinx_gallery_start_ignore
assert 0.5 < k / k_exact < 1 - 0.994**175
assert 0.2 < m / m_exact < 1 - 0.998**175
# sphinx_gallery_end_ignore

# %%
# **2. Another start.** Not quite in the same place after 25 epochs: about 3 % of the
# way along m is missing, whichever side you come from. After 100 epochs the two ends
# agree.

ends = {}
for start in (0.0, 10.0):
    for num_epochs in (25, 100):
        order = torch.Generator().manual_seed(0)
        loader = DataLoader(dataset, batch_size=8, shuffle=True, generator=order)
        model = LinearRegressionModel()
        with torch.no_grad():
            model.m.fill_(start)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        train(model, loader, optimizer, num_epochs)
        ends[start, num_epochs] = model.m.item()
        print(
            f"from m = {start:4.1f}, {num_epochs:3d} epochs: m = {model.m.item():.3f}"
        )
assert ends[10.0, 25] - ends[0.0, 25] > 0.1
assert abs(ends[10.0, 100] - ends[0.0, 100]) < 0.01

# %%
# **3. One point a batch.** Each step follows the wish of a single point, noise
# included, so near the end the path trembles. Instead of the figure, here are two
# numbers: from epoch to epoch m moves several times as much as with batches of 8.

tremble = {}
for batch_size in (8, 1):
    m = fit(0.01, batch_size, num_epochs=100).parameters["m"]
    tremble[batch_size] = np.std(np.diff(m[50:]))
    print(f"batch size {batch_size}: m moves {tremble[batch_size]:.4f} per epoch")
# sphinx_gallery_start_ignore
assert tremble[1] > 2 * tremble[8]
# sphinx_gallery_end_ignore

# %%
# Next
# ----
#
# Back to the tutorial, or on to the pages about why all this works.
