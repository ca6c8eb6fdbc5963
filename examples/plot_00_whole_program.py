r"""
The whole program
=================

PyTorch is a Python library that trains models: it works out how to change a model's
numbers so that the model fits your data better. Here is a complete program. You need
not understand it yet: the stages take it apart.

**What you will learn:** what a PyTorch program looks like, from the data to the figure.

**What you need:** some Python: functions, loops and lists. Nothing about machine
learning.
"""

# %%
# Three pieces
# ------------
#
# Fifty points lie near a line, and the program finds it from the points alone. It has
# the same three pieces as a program that learns to translate:
#
# 1. a *dataset* hands out samples, here the points;
# 2. a *model* makes a prediction, and has numbers that training may change;
# 3. a *training loop* changes these numbers a little, again and again, so that the
#    predictions come closer to the data.

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(0)  # the same random numbers in every run


class LinearRegressionDataset(Dataset):
    def __init__(self):
        self.x = -3 + 6 * torch.rand(50)
        self.y = 3 * self.x + 5 + 0.5 * torch.randn(50)  # a line, and noise

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


class LinearRegressionModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.k = nn.Parameter(torch.zeros(1))
        self.m = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.k * x + self.m


dataset, model = LinearRegressionDataset(), LinearRegressionModel()
loader = DataLoader(dataset, batch_size=8, shuffle=True)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(25):  # 25 times through the data,
    for x, y in loader:  # eight points at a time:
        loss = torch.mean((y - model(x)) ** 2)  # how wrong is the model?
        optimizer.zero_grad()  # forget the last answer
        loss.backward()  # which change would make it less wrong?
        optimizer.step()  # change it a little that way
print(f"y = {model.k.item():.2f} x + {model.m.item():.2f}")

plt.figure(figsize=(5.2, 3.6), layout="constrained")
plt.plot(dataset.x, dataset.y, "^", color="#6e7781", label="data")
plt.plot([-3, 3], model(torch.tensor([-3, 3])).tolist(), color="#c2410c", label="model")
plt.title("A line, found from the points alone")
plt.xlabel("x")
plt.ylabel("y")
plt.legend()
# Figure: Fifty triangles along a rising line, which the model has found.
plt.show()

# %%
# The points were made with the line y = 3x + 5, and the model has come close. Its two
# numbers began at 0: it was the line y = 0.
#
# Exercises
# ---------
#
# The box at the top has this page's notebook and script. `Run it yourself
# <../run.html>`__ says how to open and change them.
#
# 1. Make the true line steeper: replace the 3 in ``3 * self.x`` by 4. Does the program
#    find that?
# 2. Write a line that prints ``model.m.item()`` once in each epoch: below
#    ``optimizer.step()``, with four spaces before it. Then set ``range(25)`` to
#    ``range(100)``. Where does the intercept settle?
# 3. Leave out ``optimizer.step()``. Which line do you get, and why?
#
# When you have tried: `the answers
# <solutions/plot_01_stages.html#the-whole-program>`__.
#
# Next
# ----
#
# `Stage 1 <plot_01_dataset.html>`__ explains the dataset, and the next two the model
# and the training loop. In stage 6 you write such a program yourself.
