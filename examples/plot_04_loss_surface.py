r"""
Stage 4: the loss surface
=========================

Every pair of a slope and an intercept is a line, and every line has a loss. Put the
losses side by side, and you get a landscape. Training is a walk down into its valley.

**What you will learn:** how to see the loss as a surface, what its shape says, and how
to compute it without a pass over the data for each of its points.

**What you need:** stage 3, where the loss comes from.
"""

# %%
# The imports
# -----------
#
# The surface is computed with NumPy, in float64: it is a picture, not a training.

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

# %%
# A grid of lines
# ---------------
#
# Take 100 slopes and 100 intercepts, 7 to either side of the true ones. That makes
# 10,000 lines.

from linreg.data import LinearRegressionDataset

dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
k_values = np.linspace(dataset.k - 7, dataset.k + 7, 100)
m_values = np.linspace(dataset.m - 7, dataset.m + 7, 100)
print("lines on the grid:", len(k_values) * len(m_values))
assert len(k_values) * len(m_values) == 10_000

# %%
# The loss of one line
# --------------------
#
# On this page the loss is that of the whole dataset, not of a batch: the mean of all
# fifty squared differences. For one line that is a single expression.

x, y = dataset.x.double().numpy(), dataset.y.double().numpy()
print(f"loss of the true line:       {np.mean((y - (3 * x + 5)) ** 2):.3f}")
print(f"loss of the line y = 0:      {np.mean(y**2):.3f}")

# %%
# The loss of all lines
# ---------------------
#
# You could evaluate that expression 10,000 times. There is a better way. The loss is a quadratic
# function of k and m, so its whole surface follows from a few means of the data. Let
# :math:`\hat{k}` be the slope of the line with the smallest loss :math:`L_{\min}`, and
# :math:`S_{xx}` the variance of the :math:`x_i`. Then
#
# .. math::
#
#    L(k, m) = L_{\min} + S_{xx} (k - \hat{k})^2 + (m + k \bar{x} - \bar{y})^2,
#
# where :math:`\bar{x}` and :math:`\bar{y}` are the means. The function computes these
# means once and then fills the grid.

from linreg.landscape import loss_surface

# %%
# A formula that skips 10,000 passes over the data deserves a check. A few points of the
# grid, computed the long way, agree to rounding.

surface = loss_surface(dataset.x, dataset.y, k_values, m_values)
for i, j in [(0, 0), (20, 70), (50, 50), (99, 99)]:
    direct = np.mean((y - (k_values[j] * x + m_values[i])) ** 2)
    print(
        f"k = {k_values[j]:5.2f}, m = {m_values[i]:5.2f}: {surface[i, j]:8.4f} {direct:8.4f}"
    )
    assert np.isclose(surface[i, j], direct, rtol=1e-12)

# %%
# The picture
# -----------
#
# Pale is a small loss, dark is a large one. The star marks the true parameters.

from linreg.plotting import plot_parameters, plot_surface, use_house_style

use_house_style()
plot_surface(surface, k_values, m_values)
plot_parameters(dataset.k, dataset.m, "truth")
plt.legend()
# Figure: Filled contours of the loss: upright ellipses around the star of the true
# parameters.
plt.show()

# %%
# The surface is a bowl with one lowest point and no other valley. Wherever you start,
# downhill leads there. For a straight line that is always so; for a deep network it is
# not.
#
# The contours are ellipses, narrow along k and long along m. Away from the lowest point
# the loss rises faster along k than along m. Walk one unit away from it, along each
# axis, and compare.

from linreg.exact import least_squares

k_exact, m_exact = least_squares(x, y)
walk = loss_surface(x, y, [k_exact, k_exact + 1], [m_exact, m_exact + 1])
print(f"lowest loss:       {walk[0, 0]:.3f}")
print(
    f"one unit along k: +{walk[0, 1] - walk[0, 0]:.3f}  (mean of x squared: {np.mean(x**2):.3f})"
)
print(f"one unit along m: +{walk[1, 0] - walk[0, 0]:.3f}")
assert np.isclose(walk[0, 1] - walk[0, 0], np.mean(x**2))
assert np.isclose(walk[1, 0] - walk[0, 0], 1)

# %%
# Along m the loss grows by 1, along k by the mean of :math:`x^2`, about three times as
# much. This is why the training of stage 3 found the slope long before the intercept.
#
# The lowest point is not the star
# --------------------------------
#
# Fifty noisy points have a best line of their own. Its loss is smaller than that of the
# true line, because it follows a little of the noise.

true_loss = loss_surface(x, y, [dataset.k], [dataset.m])[0, 0]
print(f"best line: k = {k_exact:.3f}, m = {m_exact:.3f}, loss {walk[0, 0]:.4f}")
print(f"true line: k = {dataset.k:.3f}, m = {dataset.m:.3f}, loss {true_loss:.4f}")
assert walk[0, 0] < true_loss

# %%
# `The explorer <../explorer.html#preset=full>`__ draws this surface while you drag the
# points. Pull one far out, and watch the lowest point follow.
#
# Exercises
# ---------
#
# 1. Compute the surface for 500 points. Does the lowest point come closer to the star?
# 2. Draw the x from 0 to 6: ``low=0, high=6``. How do the ellipses change, and which
#    term of the formula turns them?
# 3. Set ``noise_std=0``. What is the smallest loss now, and for which line?
#
# Next
# ----
#
# In stage 5 you draw the way of the training on this surface.
