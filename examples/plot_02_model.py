r"""
Stage 2: the model
==================

A model turns an input into a prediction. Yours is a straight line, with two numbers
that training may change. In this stage you set them by hand, to see what they do.

**What you will learn:** what a module and a parameter are, how a model predicts, and
how to get a plain number out of a tensor.

**What you need:** stage 1.
"""

# %%
# The imports
# -----------
#
# ``nn`` is the part of PyTorch from which models are built. ``MODEL`` is the colour of
# everything that is trained.

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

from linreg.data import LinearRegressionDataset
from linreg.plotting import MODEL, plot_points, use_house_style

# %%
# A line with two parameters
# --------------------------
#
# The model predicts
#
# .. math:: \hat{y} = k x + m.
#
# The hat on :math:`\hat{y}` says that this is a prediction, not data. A model in
# PyTorch is a class that builds on ``nn.Module``. First, ``super().__init__()`` runs
# the ``__init__`` of ``nn.Module``, which makes room for parameters. What training may
# change is an ``nn.Parameter``. The method ``forward`` computes the prediction.

from linreg.model import LinearRegressionModel

# %%
# Both parameters start at 0. A parameter is made from a tensor, and ``torch.zeros(1)``
# is one of *shape* (1,): a row with a single number. (``torch.tensor(0.0)``, the number
# alone, would do too.) The module knows its parameters by name. That is how the
# training finds them in stage 3.

model = LinearRegressionModel()
for name, parameter in model.named_parameters():
    print(name, parameter)

# %%
# ``requires_grad=True`` says that PyTorch keeps track of what is computed from this
# tensor. Stage 3 needs that. ``.item()`` takes the plain number out (``:g`` prints it
# without needless zeros):

print(f"k = {model.k.item():g}, m = {model.m.item():g}")

# %%
# Predict
# -------
#
# You call the model like a function, and it runs ``forward``. One call predicts for
# several inputs, a *batch* of them: three give three predictions. PyTorch stretches the
# single number in k to their shape, which is called *broadcasting*.

x = torch.tensor([-1.0, 0.0, 2.0])
print("shapes:", tuple(model.k.shape), "and", tuple(x.shape))
print("prediction:", model(x).tolist())

# %%
# ``tolist`` takes all numbers out. They are 0, since k and m are.
#
# Set the parameters by hand, and the predictions follow. ``fill_`` ends in an
# underscore: such a method changes its tensor in place. ``torch.no_grad()`` says that
# PyTorch shall not keep track of this change. Without it, PyTorch refuses the change.

with torch.no_grad():
    model.k.fill_(3.0)
    model.m.fill_(5.0)
print("prediction:", model(x).tolist())
# sphinx_gallery_start_ignore
assert model(x).tolist() == [2.0, 5.0, 11.0]
# sphinx_gallery_end_ignore

# %%
# For x = 2 the line says 3 times 2 plus 5, which is 11.
#
# A prediction remembers how it was computed from the parameters. Print one, and you see
# that memory as ``grad_fn``. Matplotlib refuses such a tensor, so take the plain
# numbers out first.

print(model(x))

# %%
# Three lines by hand
# -------------------
#
# Each pair of k and m is a line. Try three of them against the data of stage 1. The
# slope k says how much the prediction grows when x grows by 1, and the intercept m is
# the prediction at x = 0.

dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
ends = torch.tensor([-3.0, 3.0])

use_house_style()
plot_points(dataset.x, dataset.y)
for k, m, style in [(0, 0, ":"), (-1, 2, "-."), (2, 5, "-")]:
    with torch.no_grad():
        model.k.fill_(k)
        model.m.fill_(m)
    plt.plot(ends, model(ends).tolist(), style, color=MODEL, label=f"k = {k}, m = {m}")
plt.title("Three lines set by hand")
plt.legend()
# Figure: The rising data and three lines: one flat on y = 0, one that falls and crosses
# the data once, and one that rises a little less steeply than the data.
plt.show()

# %%
# The flat line is a fresh model. The third line is close, but not steep enough. How
# close? Stage 3 puts a number on it.
#
# PyTorch has this line ready
# ---------------------------
#
# ``nn.Linear(1, 1)`` is a line too, for one input and one output. Most other tutorials
# begin with it. It calls the slope ``weight`` and the intercept ``bias``, starts them
# at random, and wants its inputs as a *column*, of shape (n, 1): a row for each sample.

linear = nn.Linear(1, 1)
with torch.no_grad():
    linear.weight.fill_(3.0)
    linear.bias.fill_(5.0)
column = x.reshape(3, 1)
print("prediction:", linear(column).tolist())
# sphinx_gallery_start_ignore
assert linear(column).tolist() == [[2.0], [5.0], [11.0]]
# sphinx_gallery_end_ignore

# %%
# The predictions are the same, as a column. The next stages stay with your own model.
#
# Exercises
# ---------
#
# 1. Which k and m give a falling line through the points (0, 2) and (1, 1)? Set them,
#    and check with ``model(torch.tensor([0.0, 1.0]))``.
# 2. How many parameters would :math:`\hat{y} = a x^2 + k x + m` have? Write that
#    module. Set them to a = 1, k = 2 and m = 3: for x = 2 it must predict 11.
#    (`Stage 6 <plot_06_write_it_yourself.html>`__ checks a model that you write.)
# 3. Replace ``nn.Parameter(torch.zeros(1))`` by ``torch.zeros(1)`` in the class, twice,
#    and run all cells. What does ``named_parameters`` list now? What does PyTorch say
#    to ``torch.optim.SGD(model.parameters(), lr=0.01)``, a line of stage 3?
#
# When you have tried: `the answers
# <solutions/plot_01_stages.html#stage-2-the-model>`__.
#
# Next
# ----
#
# In `stage 3 <plot_03_training.html>`__ you let the data change the parameters: the
# training loop.
