// "This run as PyTorch": the program that repeats a run, in the tutorial's words.
"use strict";
(function (explorer) {
const { MULTIPLIER, MODULUS, ORDER_SEED } = explorer;

const floatText = (value) => (Number.isInteger(value) ? `${value}.0` : String(value));

/** A Python list of numbers, in lines of up to 80 characters. */
function listText(name, values) {
  const lines = [];
  let line = "   ";
  for (const value of values.map(floatText)) {
    if (line.length + value.length + 2 > 80) {
      lines.push(line);
      line = "   ";
    }
    line += ` ${value},`;
  }
  return [`${name} = [`, ...lines, line, "]"].join("\n");
}

/** The program of a run of `steps` steps, of 25 epochs for 0. It holds no result. */
function programText(experiment, steps) {
  const { points, lr, batch, seed, k, m } = experiment;
  const epochs = steps === 0 ? 25 : steps / Math.ceil(points.length / batch);
  const partial = !Number.isInteger(epochs);
  return `"""One run of the explorer: a line, fitted by mini-batch gradient descent."""

import math

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, Sampler

LEARNING_RATE = ${floatText(lr)}
BATCH_SIZE = ${batch}
NUM_EPOCHS = ${Math.ceil(epochs)}
${partial ? `NUM_STEPS = ${steps}  # the run stops within its last epoch\n` : ""}\
SEED = ${seed}  # of the batch order
K_START, M_START = ${floatText(k)}, ${floatText(m)}

${listText("X", points.map((p) => p.x))}
${listText("Y", points.map((p) => p.y))}

torch.set_default_dtype(torch.float64)  # a browser computes in double precision


class PointsDataset(Dataset):
    """Points (x_i, y_i) given as two lists."""

    def __init__(self, x, y):
        self.x = torch.tensor(x)
        self.y = torch.tensor(y)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


class ShuffledBatches(Sampler):
    """Lists of indices, in a new order each epoch: the same as in the browser."""

    def __init__(self, n, batch_size, seed):
        self.n, self.batch_size = n, batch_size
        self.state = ${ORDER_SEED} + seed

    def __len__(self):
        return math.ceil(self.n / self.batch_size)

    def __iter__(self):
        order = list(range(self.n))
        for i in range(self.n - 1, 0, -1):
            self.state = self.state * ${MULTIPLIER} % ${MODULUS}
            j = self.state % (i + 1)
            order[i], order[j] = order[j], order[i]
        for first in range(0, self.n, self.batch_size):
            yield order[first : first + self.batch_size]


class LinearRegressionModel(nn.Module):
    """The line y = k x + m."""

    def __init__(self, k, m):
        super().__init__()
        self.k = nn.Parameter(torch.tensor([k]))
        self.m = nn.Parameter(torch.tensor([m]))

    def forward(self, x):
        return self.k * x + self.m


dataset = PointsDataset(X, Y)
batches = ShuffledBatches(len(dataset), BATCH_SIZE, SEED)
loader = DataLoader(dataset, batch_sampler=batches)
model = LinearRegressionModel(K_START, M_START)
optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)

model.train()
${partial ? "step = 0\n" : ""}\
for epoch in range(NUM_EPOCHS):
    for x, y in loader:
${partial ? "        if step == NUM_STEPS:\n            break\n" : ""}\
        loss = torch.mean((y - model(x)) ** 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
${partial ? "        step += 1\n" : ""}\

with torch.no_grad():
    loss = torch.mean((dataset.y - model(dataset.x)) ** 2)
print("k:", model.k.item())
print("m:", model.m.item())
print("loss over all data:", loss.item())
`;
}

Object.assign(explorer, { programText });
})(window.linregExplorer);
