r"""
Stage 1: the dataset
====================

You start with fifty points that lie near a straight line. In the next stages a program
finds that line again from the points alone. First the points need a form that PyTorch
can work with.

**What you will learn:** what a dataset is for PyTorch, how to write one, and why the
random numbers in it get a seed.

**What you need:** some Python. You need to know nothing about machine learning.
"""

# %%
# The imports
# -----------
#
# ``torch`` is PyTorch. A *tensor* is its array of numbers, much like one of NumPy.
# ``Dataset`` is the class on which every PyTorch dataset is built. Matplotlib draws the
# figures.

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.utils.data import Dataset

# %%
# The points
# ----------
#
# Each point has a position :math:`x_i` and a value :math:`y_i`. The position is drawn
# evenly from the range -3 to 3. The value is that of a line with slope :math:`k` and
# intercept :math:`m`, plus some noise:
#
# .. math::
#
#    y_i = k x_i + m + \varepsilon_i, \qquad x_i \sim U(-3, 3), \qquad
#    \varepsilon_i \sim \mathcal{N}(0, 0.5^2)
#
# Read :math:`\sim` as "is drawn from". :math:`U(-3, 3)` is the uniform distribution:
# every position from -3 to 3 is as likely as any other. :math:`\mathcal{N}` is the
# normal distribution, the bell curve, here with mean 0. Its *standard deviation* is
# 0.5, so its variance is 0.25. The post of 2019 from which this tutorial grew wrote
# N(0, 0.5), which leaves open which of the two is meant.
#
# A PyTorch dataset answers two questions: how many samples are there, and what is
# sample number ``index``? The methods ``__len__`` and ``__getitem__`` give the answers.
# Points are counted as Python counts, from 0.
#
# The constructor checks its arguments and makes the points. ``torch.empty`` makes a
# tensor whose numbers are still to come, and ``uniform_`` fills it with the positions.
# ``normal_`` fills a second one of the same shape with the noise. A method whose name
# ends in an underscore changes its tensor in place.
#
# The constructor does no more than that. In the post it plotted a figure too, so that
# no data could be had without one.
#
# The long string in triple quotes is documentation: it says what each argument means.
# On a first reading, go straight to the three methods below it. The folded box above
# the class holds what the class calls to check its arguments.

from linreg.data import LinearRegressionDataset

# %%
# Make one and look inside
# ------------------------
#
# The true line has slope 3 and intercept 5. Only this program knows them; the training
# will see nothing but the points. The numbers are ``float32``, the type that PyTorch
# trains with unless you say otherwise.

dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
x_first, y_first = dataset[0]
print("number of points:", len(dataset))
print(f"first point:      x = {x_first:.3f}, y = {y_first:.3f}, {x_first.dtype}")
print(f"on the true line: y = {3 * x_first + 5:.3f}")

# %%
# The first point does not lie on the line. The difference between the last two values
# of y is its noise.
#
# See the points
# --------------
#
# The triangles are the data. The dashed line is the truth that produced them.

from linreg.plotting import plot_line, plot_points, use_house_style

use_house_style()
plot_points(dataset.x, dataset.y)
plot_line(dataset.k, dataset.m, (-3, 3), "truth")
plt.title("Training data")
plt.legend()
# Figure: Fifty triangles scattered closely around a dashed, rising straight line.
plt.show()

# %%
# The points follow the line, most of them closely. You can measure how closely: their
# distances from it, up or down, have a standard deviation near the 0.5 that was asked
# for.

noise = dataset.y - (dataset.k * dataset.x + dataset.m)
print(f"standard deviation of the noise: {noise.std():.3f}")
assert abs(noise.std() - 0.5) < 0.15

# %%
# The same points every time
# --------------------------
#
# A computer's random numbers follow from a starting number, the *seed*. With the same
# seed you get the same points, so your output agrees with this page. The post set no
# seed, and two runs of it gave two results.

again = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
other = LinearRegressionDataset(k=3, m=5, n=50, seed=1)
print("seed 0 twice, the same points: ", torch.equal(again.x, dataset.x))
print("seed 0 and 1, the same points: ", torch.equal(other.x, dataset.x))
assert torch.equal(again.y, dataset.y)
assert not torch.equal(other.y, dataset.y)

# %%
# Exercises
# ---------
#
# 1. Make a dataset of 500 points. Does the standard deviation of the noise come closer
#    to 0.5?
# 2. Set ``noise_std=0``. Where do the points lie now?
# 3. Ask for ``dataset[50]``. Why is there no such point, and which one is the last?
#
# Next
# ----
#
# You have the data. In stage 2 you write the model: a line whose slope and intercept
# can change.
