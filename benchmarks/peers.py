"""What one might use instead of train: skorch, Lightning, and Keras on PyTorch.

They are compared where they are installed: pip install skorch lightning keras.
"""

import logging
import os
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import torch
from torch.nn.functional import mse_loss
from torch.utils.data import DataLoader

from benchmarks.harness import Row, Run, times_faster
from benchmarks.library import index_loader, run_of_train
from linreg import LinearRegressionDataset, LinearRegressionModel

Peer = Callable[[LinearRegressionDataset, int, int], Run]


def skorch_run(data: LinearRegressionDataset, batch_size: int, epochs: int) -> Run:
    """Return a training of skorch that has not begun."""
    from skorch import NeuralNetRegressor

    options = {"batch_size": batch_size, "max_epochs": epochs, "lr": 0.01}
    options |= {"iterator_train__shuffle": True, "train_split": None, "verbose": 0}
    net = NeuralNetRegressor(
        LinearRegressionModel, optimizer=torch.optim.SGD, **options
    )
    x, y = data.x[:, None].numpy(), data.y[:, None].numpy()
    return lambda: net.fit(x, y)


def lightning_run(data: LinearRegressionDataset, batch_size: int, epochs: int) -> Run:
    """Return a training of Lightning, with all that it writes and shows left out."""
    import lightning

    class Line(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.line = LinearRegressionModel()

        def training_step(self, batch: list[torch.Tensor]) -> torch.Tensor:
            return mse_loss(self.line(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=0.01)

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    trainer = lightning.Trainer(max_epochs=epochs, accelerator="cpu", barebones=True)
    loader = DataLoader(data, batch_size, shuffle=True)
    return lambda: trainer.fit(Line(), loader)


def keras_run(data: LinearRegressionDataset, batch_size: int, epochs: int) -> Run:
    """Return a training of Keras that has not begun."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), loss="mse")
    x, y = data.x[:, None].numpy(), data.y[:, None].numpy()
    return lambda: model.fit(x, y, batch_size, epochs, verbose=0)


def compared(peer: Peer, n: int, batch_size: int, epochs: int) -> float:
    """Return how many times faster train is, with batches of indices."""
    data = LinearRegressionDataset(n=n, seed=0)
    return times_faster(
        lambda: run_of_train(index_loader(data, batch_size), epochs),
        lambda: peer(data, batch_size, epochs),
        repeats=3,
    )


PEERS = {"skorch": skorch_run, "lightning": lightning_run, "keras": keras_run}
MISSING = [name for name in PEERS if find_spec(name) is None]
ROWS = tuple(
    Row(what, f"{name}: times faster", 1, partial(compared, PEERS[name], *sizes))
    for what, sizes in (
        ("the post's run: 25 epochs of train, batches of 8", (50, 8, 25)),
        ("an epoch of train over 200,000 points, batch 4096", (200_000, 4096, 1)),
    )
    for name in PEERS
    if name not in MISSING
)
