r"""
Stage 4: the loss surface
=========================

Every pair of a slope and an intercept is a line, and every line has a loss. Put the
losses side by side, and you get a landscape. Training is a walk down into its valley.

**What you will learn:** how to see the loss as a surface, why the slope is found before
the intercept, and how a formula can replace ten thousand passes over the data.

**What you need:** stage 3.
"""

# %%
# The imports
# -----------
#
# ``perf_counter`` is a clock.

from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np

from linreg.data import LinearRegressionDataset
from linreg.exact import least_squares
from linreg.plotting import plot_parameters, plot_surface, use_house_style

# %%
# The points are those of stage 1. What is computed from ``double`` keeps 16 digits
# instead of 7, and ``numpy`` makes arrays.

use_house_style()
dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
x, y = dataset.x.double().numpy(), dataset.y.double().numpy()

# %%
# The loss of every line
# ----------------------
#
# Take 100 slopes and 100 intercepts around the true ones, and compute the loss of each
# pair.

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
# From each band to the next the loss grows by the factor 1.4. The star is the true
# line. The diamond is the lowest point, which ``least_squares`` finds.

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
# The surface is a bowl with a single lowest point. Wherever you start, downhill leads
# there. For a line that is always so, unless all x are equal.
#
# The lowest point is not the truth. Fifty noisy points have a best line of their own,
# with a smaller loss.

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
# The ellipses are narrow along k and long along m. How much does the loss grow, if you
# go away from the lowest point along one axis, by 1 and by 2?

for d in (1, 2):
    along_k = np.mean((y - ((k_exact + d) * x + m_exact)) ** 2) - best_loss
    along_m = np.mean((y - (k_exact * x + m_exact + d)) ** 2) - best_loss
    print(f"by {d}: +{along_k:.2f} along k, +{along_m:.2f} along m")
# sphinx_gallery_start_ignore
assert np.isclose(along_k, np.mean(x**2) * 2**2)
assert np.isclose(along_m, 2**2)
steepness = 2 * np.array([np.mean(x**2), 1])  # of the two parabolas, at distance 1
assert [f"{share:.0%}" for share in 0.01 * steepness] == ["6%", "2%"]
# sphinx_gallery_end_ignore

# %%
# Both grow as the square of the distance d. Along m each prediction moves by d, along k
# by d times its x. So along k it is the mean of :math:`x^2` times as much.
#
# In stage 3, k arrived long before m. Because it is steeper, or because it has less far
# to go, to 3 and not to 5? A parabola :math:`a d^2` has the steepness :math:`2 a d`. So
# from twice as far a step is twice as long: from anywhere on the axis it covers the
# same *share* of the way. With learning rate 0.01 that is 0.01 times 2a. Here a is 2.91
# along k and 1 along m, so the share is 6 % and 2 %. (Off the axes the tilt alters it a
# little.) It is the steepness.
#
# A formula for the whole surface
# -------------------------------
#
# The double loop went over the data 10,000 times. Once is enough: a few sums hold all
# that matters.
#
# .. math:: L(k, m) = L_{\min} + S (k - \hat{k})^2 + (m + k \bar{x} - \bar{y})^2
#
# :math:`L_{\min}` is the smallest loss and :math:`\hat{k}` the best slope, which
# ``best_slope`` computes. :math:`\bar{x}` and :math:`\bar{y}` are the means, and
# :math:`S` is the variance of the :math:`x_i`. The function below leaves
# :math:`L_{\min}` out. (``Array`` is a tensor or an array of NumPy. ``around_mean``
# takes the mean off and returns both. ``@``
# multiplies two arrays and sums up.)

from linreg.landscape import loss_above_minimum

# %%
# ``m_values[:, np.newaxis]`` is a column: 100 rows of a single number. A row of slopes
# and a column of intercepts are broadcast to a grid, each with each.

start = perf_counter()
column = m_values[:, np.newaxis]
by_formula = best_loss + loss_above_minimum(x, y, k_values, column)
formula_time = perf_counter() - start
print("largest difference below 1e-12:", np.abs(by_formula - surface).max() < 1e-12)
print("more than 20 times as fast:    ", loop_time > 20 * formula_time)
# sphinx_gallery_start_ignore
assert np.allclose(by_formula, surface, rtol=1e-12)
assert round((surface.max() / surface.min()) ** (1 / 20), 1) == 1.4
assert round(x.mean(), 2) == -0.29
# sphinx_gallery_end_ignore

# %%
# The last term ties m to k, and so tilts the ellipses, unless the mean of x is 0. Here
# it is -0.29.
#
# `The explorer <../explorer.html#preset=full>`__ draws this surface while you drag the
# points. Drag the outermost ones to the middle, and predict: do the ellipses become
# wider or narrower?
#
# Why: the formula
# ----------------
#
# You may skip this section. Write :math:`\Delta x_i = x_i - \bar{x}` and :math:`\Delta
# y_i = y_i - \bar{y}` for what is left of each point without the means (``dx`` and
# ``dy`` in the code). Then the difference of a point from the line falls into two
# parts:
#
# .. math:: y_i - (k x_i + m) = (\Delta y_i - k \Delta x_i) - (m + k \bar{x} - \bar{y})
#
# The loss is the mean of its square. The square of a difference is the sum of the two
# squares, less twice the product. The second part is the same for all points, and the
# mean of the first is 0, so the mean of the product is 0 too. Only the squares are
# left:
#
# .. math:: L(k, m) = \frac{1}{n} \sum_i (\Delta y_i - k \Delta x_i)^2
#           + (m + k \bar{x} - \bar{y})^2
#
# Multiply out the first term. It is a parabola in k, with :math:`S = \frac{1}{n} \sum_i
# \Delta x_i^2`:
#
# .. math:: S k^2 - \frac{2 k}{n} \sum_i \Delta x_i \Delta y_i
#           + \frac{1}{n} \sum_i \Delta y_i^2
#
# Its derivative is 0 at :math:`\hat{k} = \sum_i \Delta x_i \Delta y_i / \sum_i \Delta
# x_i^2`, its lowest point. A parabola that begins with :math:`S k^2` rises from there
# by :math:`S (k - \hat{k})^2`. The second term of the loss can always be made 0, by the
# choice of m. So the value of the first at :math:`\hat{k}` is :math:`L_{\min}`.
#
# The next pages use ``loss_surface``. It adds up the same two numbers, and ``meshgrid``
# writes the grid out: the k and the m of each of its lines.

from linreg.landscape import loss_surface

# %%
# Exercises
# ---------
#
# 1. How close to 3 and 5 do more points bring the best line? Write a loop over n = 50,
#    500 and 5000 that makes a dataset with ``seed=0`` and prints how far its best k and
#    m are from 3 and 5.
# 2. Where the dataset is made, draw the x from 0 to 6: ``low=0, high=6``. How do the
#    ellipses change, and which term of the formula turns them?
# 3. Set ``noise_std=0`` there. What is the smallest loss now, and for which line?
#
# On the site: drag the ring to the line with the smallest loss of all with k = 0. Which
# picture of stage 3 shows all these lines?
#
# When you have tried: `the answers
# <solutions/plot_01_stages.html#stage-4-the-loss-surface>`__.
#
# Next
# ----
#
# In `stage 5 <plot_05_trajectory.html>`__ you draw the way of the training on this
# surface.
