r"""
Solutions: write it yourself
============================

Each task of stage 6 in one way, or in two that are as good. Try it yourself first: a
check tells you more than a solution does.

**What you will learn:** another way to write what you have written.

**What you need:** your program.
"""

# %%
# The imports
# -----------
#
# The fold holds the checks, and ``least_squares``.

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from linreg.checks import check
from linreg.exact import least_squares

# %%
# The tasks
# ---------
#
# **1. The loss.** PyTorch has it ready, as an object that is called like a function.


def mean_squared_error(prediction, y):
    return ((prediction - y) ** 2).mean()


print(check("loss", mean_squared_error))
print(check("loss", nn.MSELoss()))

# %%
# **2. The scale.** ``std`` divides by n - 1, that of NumPy by n. Both will do, as long
# as the one that divided is the one that you return.


def scale(values):
    mean, std = values.mean(), values.std()
    return (values - mean) / std, mean, std


def scale_with_numpy(values):
    mean, std = np.mean(values.numpy()), np.std(values.numpy())
    return (values - mean) / std, mean, std


print(check("scale", scale))
print(check("scale", scale_with_numpy))

# %%
# **3. The dataset.** Without the dtype, whole numbers would make int64. NumPy's float32
# numbers become tensors in the batch.


class CarDataset(Dataset):
    def __init__(self, speed, distance):
        self.x = torch.as_tensor(speed, dtype=torch.float32)
        self.y = torch.as_tensor(distance, dtype=torch.float32)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


class NumpyDataset(Dataset):
    def __init__(self, speed, distance):
        self.table = np.array([speed, distance], dtype=np.float32)

    def __len__(self):
        return self.table.shape[1]

    def __getitem__(self, index):
        return tuple(self.table[:, index])


print(check("dataset", CarDataset))
print(check("dataset", NumpyDataset))

# %%
# **4. The model.** A parameter may be a row of one number, as in stage 2, or a single
# number, ``torch.tensor(0.0)``.


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.k = nn.Parameter(torch.zeros(1))
        self.m = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.k * x + self.m


class LineOfNumbers(Line):
    def __init__(self):
        super().__init__()
        self.k = nn.Parameter(torch.tensor(0.0))
        self.m = nn.Parameter(torch.tensor(0.0))


print(check("model", Line))
print(check("model", LineOfNumbers))

# %%
# **5. One step by hand.** The gradient is cleared before ``backward`` adds to it. Or
# ``torch.autograd.grad`` returns it, and nothing needs to be cleared.


def step(model, x, y, learning_rate):
    loss = mean_squared_error(model(x), y)
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        model.k -= learning_rate * model.k.grad
        model.m -= learning_rate * model.m.grad


def step_with_grad(model, x, y, learning_rate):
    loss = mean_squared_error(model(x), y)
    gradient = torch.autograd.grad(loss, [model.k, model.m])
    with torch.no_grad():
        model.k -= learning_rate * gradient[0]
        model.m -= learning_rate * gradient[1]


print(check("step", step))
print(check("step", step_with_grad))

# %%
# **6. The loop.** ``zero_grad`` may also stand at the end. What counts is that it
# stands between two calls of ``backward``, and not ahead of the ``step`` that needs the
# gradient.


def train(model, loader, optimizer, num_epochs):
    for epoch in range(num_epochs):
        for x, y in loader:
            loss = mean_squared_error(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def train_and_clear(model, loader, optimizer, num_epochs):
    for epoch in range(num_epochs):
        for x, y in loader:
            mean_squared_error(model(x), y).backward()
            optimizer.step()
            optimizer.zero_grad()


print(check("loop", train))
print(check("loop", train_and_clear))

# %%
# **7. The measurement.** Add up what each batch counts, and divide once. Or take the
# mean of all squares.


def measure(model, loader):
    model.eval()
    total = points = 0
    with torch.no_grad():
        for x, y in loader:
            total += mean_squared_error(model(x), y).item() * len(x)
            points += len(x)
    return total / points


def measure_all_squares(model, loader):
    model.eval()
    with torch.no_grad():
        return torch.cat([(model(x) - y) ** 2 for x, y in loader]).mean().item()


print(check("measure", measure))
print(check("measure", measure_all_squares))

# %%
# **8. The whole program.** In old units, the line is :math:`k \, (v - \text{mean}) /
# \text{std} + m`. With all points in a batch it comes to rest. With batches of 8 it
# jitters a little, which 2 % allow.


def fit(speed, distance, num_epochs, batch_size=50, learning_rate=0.1):
    scaled, mean, std = scale(speed)
    loader = DataLoader(CarDataset(scaled, distance), batch_size, shuffle=True)
    model = Line()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    train(model, loader, optimizer, num_epochs)
    k = model.k.item() / std.item()
    return k, model.m.item() - k * mean.item()


def fit_in_batches(speed, distance, num_epochs):
    return fit(speed, distance, num_epochs, batch_size=8, learning_rate=0.01)


print(check("fit", fit))
print(check("fit", fit_in_batches))

# %%
# For the fifty cars it ends at least squares, and predicts for a new speed:

table = """4,2 4,10 7,4 7,22 8,16 9,10 10,18 10,26 10,34 11,17 11,28 12,14 12,20 12,24
12,28 13,26 13,34 13,34 13,46 14,26 14,36 14,60 14,80 15,20 15,26 15,54 16,32 16,40
17,32 17,40 17,50 18,42 18,56 18,76 18,84 19,36 19,46 19,68 20,32 20,48 20,52 20,56
20,64 22,66 23,54 24,70 24,92 24,93 24,120 25,85"""
table = np.loadtxt(table.split(), delimiter=",")
speed, distance = torch.tensor(table[:, 0]), torch.tensor(table[:, 1])

torch.manual_seed(0)
k, m = fit(speed, distance, 1000)
k_exact, m_exact = least_squares(speed, distance)
print(f"found:         k = {k:.2f}, m = {m:.2f}; from 21 mph {k * 21 + m:.1f} feet")
print(f"least squares: k = {k_exact:.2f}, m = {m_exact:.2f}")
# sphinx_gallery_start_ignore
assert np.allclose([k, m], [3.9324, -17.5791], rtol=1e-3)
# sphinx_gallery_end_ignore

# %%
# The exercises
# -------------
#
# **1. A parabola.** It has no intercept: at speed 0 the way is 0. So the inputs may be
# divided, but nothing may be subtracted. There are two of them, the square of v and v,
# each divided by its largest value, and two parameters.

inputs = torch.stack([speed**2, speed], dim=1)
largest = inputs.amax(dim=0)
parameters = torch.zeros(2, dtype=torch.float64, requires_grad=True)
optimizer = torch.optim.SGD([parameters], lr=0.5)
for _ in range(3000):
    loss = mean_squared_error(inputs / largest @ parameters, distance)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
a, k = (parameters.detach() / largest).tolist()
print(f"found: d = {a:.4f} v * v + {k:.3f} v")

# %%
# ``lstsq`` agrees. With a column of ones it finds an intercept too, and a loss that is
# hardly smaller: these cars do not ask for one.

for columns in (inputs.numpy(), np.column_stack([inputs, np.ones(50)])):
    exact = np.linalg.lstsq(columns, distance.numpy())[0]
    squares = (columns @ exact - distance.numpy()) ** 2
    print("exact:", exact.round(4), f"loss {squares.mean():.1f}")
# sphinx_gallery_start_ignore
assert np.allclose(exact, [0.1, 0.913, 2.47], rtol=1e-2)
assert np.allclose([a, k], np.linalg.lstsq(inputs.numpy(), distance)[0], rtol=1e-3)
# sphinx_gallery_end_ignore

# %%
# **2. Two inputs.** Each column has its own mean and standard deviation, and k has two
# numbers. A new row must be brought to the same scale, or the line to the old units:
# there the slopes are k / std, and the intercept loses the slopes times the means.


class Plane(nn.Module):
    def __init__(self):
        super().__init__()
        self.k = nn.Parameter(torch.zeros(2))
        self.m = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return x @ self.k + self.m


# %%
# The loop is the one of task 6, unchanged:

generator = torch.Generator().manual_seed(0)
low, high = torch.tensor([0.0, 1000.0]), torch.tensor([100.0, 2000.0])
x = low + (high - low) * torch.rand(200, 2, generator=generator)
y = x @ torch.tensor([0.7, -1.8]) + 12 + torch.randn(200, generator=generator)
mean, std = x.mean(dim=0), x.std(dim=0)
plane = Plane()
optimizer = torch.optim.SGD(plane.parameters(), lr=0.1)
loader = DataLoader(TensorDataset((x - mean) / std, y), batch_size=200)
train(plane, loader, optimizer, 300)
slopes = plane.k.detach() / std
intercept = plane.m.item() - (slopes @ mean).item()
print("found:", slopes.numpy().round(4), round(intercept, 2))
exact = np.linalg.lstsq(np.column_stack([x, np.ones(200)]), y.numpy())[0]
print("exact:", exact[:2].round(4), exact[2].round(2))
new = torch.tensor([50.0, 1500.0])
print(f"for 50 and 1500: {(slopes @ new).item() + intercept:.0f}")
# sphinx_gallery_start_ignore
assert np.allclose(slopes, exact[:2], rtol=1e-3)
assert abs(intercept - exact[2]) < 0.1
# sphinx_gallery_end_ignore

# %%
# **3. Without scaling.** With 0.01 the steps jump across the valley, each farther than
# the one before. With 0.001 they go along its floor, and do not arrive.


def fit_raw(learning_rate):
    def fit(speed, distance, num_epochs):
        model = Line()
        optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
        train(model, [(speed, distance)], optimizer, num_epochs)
        return model.k.item(), model.m.item()

    return fit


print(check("fit", fit_raw(0.01)))
print(check("fit", fit_raw(0.001)))
# sphinx_gallery_start_ignore
assert "Does it diverge?" in check("fit", fit_raw(0.01))
assert check("fit", fit_raw(0.001)).startswith("It has not come to rest")
# sphinx_gallery_end_ignore

# %%
# **4. A mistake without a name.** Momentum is one. The first step is right, as there is
# nothing yet that momentum could keep.


def with_momentum(model, loader, optimizer, num_epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    train(model, loader, optimizer, num_epochs)


print(check("loop", with_momentum))
# sphinx_gallery_start_ignore
assert "after step 2 should be" in check("loop", with_momentum)
# sphinx_gallery_end_ignore
