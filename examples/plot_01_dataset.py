r"""
Stage 1: the dataset
====================

You start with fifty points near a straight line. First they need a form that PyTorch
can work with.

**What you will learn:** what a dataset is for PyTorch, how to write one, and why the
random numbers in it get a seed.

**What you need:** a look at the whole program, and some Python. What a class is, you
will be told.
"""

# %%
# The imports
# -----------
#
# ``torch`` is PyTorch. A *tensor* is its array of numbers, much like one of NumPy.
# Matplotlib, here ``plt``, draws the figures. The fold holds helpers. You need not open
# it.

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from linreg.plotting import INK, plot_line, plot_points, use_house_style

# %%
# The points
# ----------
#
# Each point has a position :math:`x_i` and a value :math:`y_i`. The value is that of a
# line with *slope* :math:`k` and *intercept* :math:`m`, plus some noise
# :math:`\varepsilon_i`:
#
# .. math::
#
#    y_i = k x_i + m + \varepsilon_i, \qquad x_i \sim U(-3, 3), \qquad
#    \varepsilon_i \sim \mathcal{N}(0, 0.5^2)
#
# Read :math:`\sim` as "is drawn from". :math:`U` is the uniform distribution: every
# position from -3 to 3 is as likely as any other. :math:`\mathcal{N}` is the normal
# distribution, the bell curve. Here its mean is 0 and its *standard deviation*, the
# typical distance from the mean, is 0.5. (The formula names its square, the
# *variance*.) The points are made up so that you know the true line.
#
# Three methods
# -------------
#
# A dataset answers two questions: how many samples are there, and what is sample number
# ``index``? It hands out one sample at a time; in stage 3 they become batches.
#
# A *class* describes a kind of object: what it keeps, and its functions, the *methods*.
# ``dataset = LinearRegressionDataset(...)`` makes such an object: Python runs
# ``__init__``, where the new object is called ``self``. What is stored there as
# ``self.x`` is ``dataset.x`` later. The class in parentheses, PyTorch's ``Dataset``, is
# what this one builds on.
#
# A dataset needs three methods. Each gets the object as ``self``, from Python.
# ``__init__`` makes the points. ``len(dataset)`` calls ``__len__``, and
# ``dataset[index]`` calls ``__getitem__`` for a pair of x and y.
#
# ``torch.rand(n)`` draws n numbers evenly between 0 and 1, and ``low + (high - low) *``
# stretches them to the range. ``torch.randn(n)`` draws from the bell curve with
# standard deviation 1. Random numbers come from a *generator*, which starts at the
# *seed*; the end of this page shows why.
#
# What stands behind a colon or an arrow, such as ``float`` or ``int | None`` (a whole
# number or nothing), says what is meant; Python does not check it. What comes after the
# ``*`` must be named in a call, as in ``seed=0``. (Shape (n,) is a row of n numbers.)

from linreg.data import LinearRegressionDataset

# %%
# It is the class of the whole program, with settings for its fixed numbers.
#
# Make one and look inside
# ------------------------
#
# The true line has slope 3 and intercept 5. The numbers are ``float32``, with some
# seven digits: the type that PyTorch trains with. (``{x_first:.3f}`` prints three
# digits behind the point.)

dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
x_first, y_first = dataset[0]
print("number of points:", len(dataset))
print(f"first point:      x = {x_first:.3f}, y = {y_first:.3f}, {x_first.dtype}")
print(f"on the true line: y = {3 * x_first + 5:.3f}")

# %%
# The first point is off the line. The difference of the two y is its noise.
#
# See the points
# --------------
#
# The dashed line is the truth that made the points. An upright line shows the largest
# noise. (``argmax`` tells where a tensor has its largest number, and ``INK`` is a
# colour.)

noise = dataset.y - (dataset.k * dataset.x + dataset.m)
x_far, y_far = dataset[noise.abs().argmax()]
y_true = dataset.k * x_far + dataset.m

use_house_style()
plot_points(dataset.x, dataset.y)
plot_line(dataset.k, dataset.m, (-3, 3), "truth")
plt.vlines(x_far, y_true, y_far, color=INK, label="largest noise")
plt.title("Training data")
plt.legend()
# Figure: Fifty triangles scattered around a dashed, rising straight line; a short
# upright line joins the triangle furthest from it to the line.
plt.show()

# %%
# That point is far off. The standard deviation of the noise is near the 0.5 that was
# asked for.

print(f"largest distance:   {noise.abs().max():.3f}")
print(f"standard deviation: {noise.std():.3f}")
# sphinx_gallery_start_ignore
assert abs(noise.std() - 0.5) < 0.15
# sphinx_gallery_end_ignore

# %%
# The same points every time
# --------------------------
#
# With the same seed, a generator makes the same numbers. So your output is that of this
# page, with the same PyTorch on the same kind of machine.

again = LinearRegressionDataset(k=3, m=5, n=len(dataset), seed=0)
other = LinearRegressionDataset(k=3, m=5, n=len(dataset), seed=1)
print("seed 0 twice, the same points:", torch.equal(again.x, dataset.x))
print("seed 0 and 1, the same points:", torch.equal(other.x, dataset.x))
# sphinx_gallery_start_ignore
assert torch.equal(again.y, dataset.y)
assert not torch.equal(other.y, dataset.y)
# sphinx_gallery_end_ignore

# %%
# Exercises
# ---------
#
# `Run it yourself <../run.html>`__ says how to do one.
#
# 1. Make a dataset of 500 points, where the page makes it. Does the standard deviation
#    come closer to 0.5?
# 2. Ask for ``dataset[50]`` in a new cell. Why is there no such point, and which one is
#    the last?
# 3. Write a dataset class of your own. Its ``__init__`` takes two lists of numbers,
#    such as ``[1, 2, 4]`` and ``[10, 20, 40]``, and makes a tensor of each, by
#    ``torch.tensor(numbers, dtype=torch.float32)``. Which pair is item 2? (`Stage 6
#    <plot_06_write_it_yourself.html>`__ checks such a class.)
#
# When you have tried: `the answers
# <solutions/plot_01_stages.html#stage-1-the-dataset>`__.
#
# Next
# ----
#
# In `stage 2 <plot_02_model.html>`__ you write the model: a line whose slope and
# intercept can change.
