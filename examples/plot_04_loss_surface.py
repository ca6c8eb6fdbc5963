r"""
Stage 4: the loss surface
=========================

Every pair of a slope and an intercept is a line, and every line has a loss. Put the
losses side by side, and you get a landscape. Training is a walk down into its valley.

**What you will learn:** how to see the loss as a surface, what its shape says about the
training, and how a formula can replace ten thousand passes over the data.

**What you need:** stage 3, where the loss comes from.
"""

# %%
# The imports
# -----------
#
# The surface is computed with NumPy, here ``np``: it is a picture, not a training.
# ``plot_surface`` and ``plot_parameters`` draw it and mark points on it.
# ``perf_counter`` is a clock.

from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from torch import Tensor

from linreg.data import LinearRegressionDataset
from linreg.exact import least_squares
from linreg.plotting import plot_parameters, plot_surface, use_house_style

# %%
# The points are those of stage 1. ``double`` gives them 16 digits instead of 7, and
# ``numpy`` makes arrays of them.

use_house_style()
dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
x, y = dataset.x.double().numpy(), dataset.y.double().numpy()

# %%
# The loss of every line
# ----------------------
#
# Take 100 slopes and 100 intercepts, up to 7 on either side of the true ones. For each
# pair, compute the loss over all points, as in stage 3.

k_values = np.linspace(3 - 7, 3 + 7, 100)
m_values = np.linspace(5 - 7, 5 + 7, 100)
surface = np.empty((100, 100))

start = perf_counter()
for row, m in enumerate(m_values):
    for column, k in enumerate(k_values):
        surface[row, column] = np.mean((y - (k * x + m)) ** 2)
loop_time = perf_counter() - start
print(f"losses: {surface.size}, from {surface.min():.2f} to {surface.max():.0f}")

# %%
# The picture
# -----------
#
# From each band of the picture to the next, the loss grows by the factor 1.4, so that
# the bottom can be seen as well as the rim. The star is the true line. The diamond is
# the lowest point, which ``least_squares`` finds. One unit is as long in both
# directions.

k_exact, m_exact = least_squares(x, y)

plot_surface(surface, k_values, m_values)
plot_parameters(dataset.k, dataset.m, "truth")
plot_parameters(k_exact, m_exact, "exact")
plt.gca().set_aspect("equal")
plt.legend()
# sphinx_gallery_live = "surface"
# Figure: Bands of blue form slightly tilted ellipses, taller than wide, around a
# diamond, the lowest point. The star of the truth lies just beside it.
plt.show()

# %%
# The surface is a bowl with a single lowest point and no other valley. Wherever you
# start, downhill leads there. For a line that is always so, unless all x are
# equal. Larger models can have several valleys.
#
# The lowest point is not the truth. Fifty noisy points have a best line of their own,
# and its loss is smaller than that of the true line.

best_loss = np.mean((y - (k_exact * x + m_exact)) ** 2)
true_loss = np.mean((y - (3 * x + 5)) ** 2)
print(f"best line: k = {k_exact:.2f}, m = {m_exact:.2f}, loss {best_loss:.4f}")
print(f"true line: k = 3.00, m = 5.00, loss {true_loss:.4f}")
# sphinx_gallery_start_ignore
assert best_loss < true_loss
# sphinx_gallery_end_ignore

# %%
# Steep and flat
# --------------
#
# The ellipses are narrow along k and long along m. Go one unit away from the lowest
# point, once along each axis, and see how much the loss grows.

along_k = np.mean((y - ((k_exact + 1) * x + m_exact)) ** 2) - best_loss
along_m = np.mean((y - (k_exact * x + m_exact + 1)) ** 2) - best_loss
print(f"one unit along k: +{along_k:.2f}, the mean of x squared: {np.mean(x**2):.2f}")
print(f"one unit along m: +{along_m:.2f}")
# sphinx_gallery_start_ignore
assert np.isclose(along_k, np.mean(x**2))
assert np.isclose(along_m, 1)
# sphinx_gallery_end_ignore

# %%
# Along m it is 1: every prediction is off by 1 more, and 1 squared is 1. Along k it is
# the mean of :math:`x^2`, about three times as much. A steeper bowl means larger steps.
# This is why the training of stage 3 found the slope long before the intercept.
#
# A formula for the whole surface
# -------------------------------
#
# The double loop went over the data 10,000 times. Once is enough. Write :math:`\bar{x}`
# and :math:`\bar{y}` for the means, and :math:`d_i = x_i - \bar{x}` and :math:`e_i =
# y_i - \bar{y}` for what is left without them. Then the difference of a point from the
# line falls into two parts:
#
# .. math:: y_i - (k x_i + m) = (e_i - k d_i) - (m + k \bar{x} - \bar{y})
#
# The second part is the same for all points, and the mean of the first is 0. So the
# mean of their product is 0 too, and when you square, only the squares are left:
#
# .. math:: L(k, m) = \frac{1}{n} \sum_i (e_i - k d_i)^2 + (m + k \bar{x} - \bar{y})^2
#
# The first term is a parabola in k. Its lowest point, where the derivative is 0, is at
# :math:`\hat{k} = \sum_i d_i e_i / \sum_i d_i^2`. It has the value
# :math:`L_{\min}` there, and it rises by :math:`S = \frac{1}{n} \sum_i d_i^2` times the
# squared distance:
#
# .. math:: L(k, m) = L_{\min} + S (k - \hat{k})^2 + (m + k \bar{x} - \bar{y})^2
#
# The function is this formula. ``dx`` and ``dy`` are the :math:`d_i` and :math:`e_i`,
# ``spread / len(x)`` is S, and ``@`` multiplies two arrays and sums the products.

from linreg.landscape import loss_surface

# %%
# The same surface, in a fraction of the time:

start = perf_counter()
by_formula = loss_surface(x, y, k_values, m_values)
formula_time = perf_counter() - start
print("largest difference below 1e-12:", np.abs(by_formula - surface).max() < 1e-12)
print("more than 20 times as fast:    ", loop_time > 20 * formula_time)
# sphinx_gallery_start_ignore
assert np.allclose(by_formula, surface, rtol=1e-12)
assert round((surface.max() / surface.min()) ** (1 / 20), 1) == 1.4
assert round(x.mean(), 2) == -0.29
# sphinx_gallery_end_ignore

# %%
# The last term tilts the ellipses. It ties m to k, unless the mean of x is 0. Here it
# is -0.29: a little more of the one can be made up for by a little more of the other.
#
# `The explorer <../explorer.html#preset=full>`__ draws this surface while you drag the
# points.
#
# Exercises
# ---------
#
# To do one, `open this page's notebook <../run.html>`__ on your machine or in Colab,
# change the cell where the dataset is made, and run it and those below it.
#
# 1. Take ``n=5000`` points. How far are the best k and m from 3 and 5 now?
# 2. Draw the x from 0 to 6: ``low=0, high=6``. How do the ellipses change, and which
#    term of the formula turns them?
# 3. Set ``noise_std=0``. What is the smallest loss now, and for which line?
#
# When you have tried: `the answers
# <solutions/plot_01_stages.html#stage-4-the-loss-surface>`__.
#
# Next
# ----
#
# In `stage 5 <plot_05_trajectory.html>`__ you draw the way of the training on this
# surface.
