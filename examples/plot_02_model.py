r"""
Stage 2: the model
==================

A model turns an input into a prediction. Yours is a straight line. It has two numbers
that training may change. This stage does not train yet: you set them by hand, to see
what they do.

**What you will learn:** what a module and a parameter are, how a model predicts, and
how to get a plain number out of a tensor.

**What you need:** stage 1, the dataset.
"""

# %%
# The imports
# -----------
#
# ``nn`` is the part of PyTorch from which models are built.

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

# %%
# A line with two parameters
# --------------------------
#
# The model predicts
#
# .. math:: \hat{y} = k x + m.
#
# The hat on :math:`\hat{y}` says that this is a prediction, not data. A model in
# PyTorch is a subclass of ``nn.Module``. What training may change is an
# ``nn.Parameter``. The method ``forward`` computes the prediction. Both parameters
# start at 0.

from linreg.model import LinearRegressionModel

# %%
# Because :math:`k` and :math:`m` are parameters, the module knows them by name. That is
# how the optimiser finds them in stage 3.

model = LinearRegressionModel()
for name, parameter in model.named_parameters():
    print(
        f"{name}: value {parameter.item():g}, shape {tuple(parameter.shape)}, {parameter.dtype}"
    )

# %%
# Predict
# -------
#
# You call the model like a function, and it runs ``forward``. One call predicts for a
# whole batch: three inputs give three predictions. With :math:`k = m = 0` they are all
# 0.

x = torch.tensor([-1.0, 0.0, 2.0])
prediction = model(x)
print("prediction:", prediction.tolist())
assert prediction.shape == x.shape

# %%
# Set the parameters by hand, and the predictions follow. ``fill_`` ends in an
# underscore, so it changes the parameter in place. ``torch.no_grad()`` says that this
# change is not part of a computation to be differentiated. You will see in stage 3 what
# PyTorch differentiates, and why.

with torch.no_grad():
    model.k.fill_(3.0)
    model.m.fill_(5.0)
print("prediction:", model(x).tolist())
assert model(x).tolist() == [2.0, 5.0, 11.0]

# %%
# Numbers out of tensors
# ----------------------
#
# A prediction remembers how it was computed from the parameters, and shows it when you
# print it: ``grad_fn`` is that memory. Matplotlib takes a tensor of data as it is, but
# none with this memory. So take out the plain numbers, with ``.item()`` for one or
# ``.tolist()`` for several. The post handed predictions to Matplotlib and parameters to
# ``"%g"``. The first is an error today, the second a warning.

print(model(x))
print(f"k = {model.k.item():g}, m = {model.m.item():g}")

# %%
# Before training
# ---------------
#
# A fresh model predicts 0 everywhere. This is where the training starts.

from linreg.data import LinearRegressionDataset
from linreg.plotting import plot_line, plot_points, use_house_style

dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
model = LinearRegressionModel()

use_house_style()
plot_points(dataset.x, dataset.y)
plot_line(dataset.k, dataset.m, (-3, 3), "truth")
plot_line(model.k.item(), model.m.item(), (-3, 3), "model")
plt.title("Before training")
plt.legend()
# Figure: The data around the dashed, rising true line; the model's line lies flat on y
# = 0.
plt.show()

# %%
# The model's line lies flat on y = 0, far below most of the points. How far? That is
# what the loss of stage 3 measures.
#
# `The explorer <../explorer.html#preset=post>`__ starts from this flat line too. Drag
# its points, and watch the differences that the next stage turns into a loss.
#
# Exercises
# ---------
#
# 1. Which values of :math:`k` and :math:`m` give a falling line through the point (0,
#    2)? Set them and check with ``model(torch.tensor([0.0]))``.
# 2. How many parameters would :math:`\hat{y} = a x^2 + k x + m` have? Write that
#    module.
# 3. Replace ``nn.Parameter(torch.zeros(1))`` by ``torch.zeros(1)`` in the class. What
#    does ``named_parameters`` list now, and what would the optimiser miss?
#
# Next
# ----
#
# In stage 3 you let the data change the parameters: the training loop.
