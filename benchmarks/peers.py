"""What one might use instead of train: skorch, Lightning, and Keras on PyTorch."""

import logging
import os
from functools import partial
from importlib.util import find_spec

import torch
from torch.nn.functional import mse_loss
from torch.utils.data import DataLoader

from benchmarks.harness import Row, Run, times_faster
from benchmarks.library import index_loader, run_of_train
from linreg import LinearRegressionDataset, LinearRegressionModel


def skorch_run(data: LinearRegressionDataset, batch_size: int, epochs: int) -> Run:
    """Return a training of skorch that has not begun."""
    from skorch import NeuralNetRegressor

    options = {"batch_size": batch_size, "max_epochs": epochs, "lr": 0.01}
    options |= {"iterator_train__shuffle": True, "train_split": None, "verbose": 0}
    net = NeuralNetRegressor(LinearRegressionModel, **options)
    return lambda: net.fit(data.x[:, None].numpy(), data.y[:, None].numpy())


def lightning_run(data: LinearRegressionDataset, batch_size: int, epochs: int) -> Run:
    """Return a training of Lightning, which writes and shows nothing."""
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
    return lambda: trainer.fit(Line(), DataLoader(data, batch_size, shuffle=True))


def keras_run(data: LinearRegressionDataset, batch_size: int, epochs: int) -> Run:
    """Return a training of Keras that has not begun."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), loss="mse")
    x, y = data.x[:, None].numpy(), data.y[:, None].numpy()
    return lambda: model.fit(x, y, batch_size, epochs, verbose=0)


def compared(name: str, n: int, batch_size: int, epochs: int) -> float:
    """Return how many times faster train is, with batches of indices."""
    data = LinearRegressionDataset(n=n, seed=0)
    ours = partial(run_of_train, index_loader(data, batch_size), epochs)
    return times_faster(ours, partial(PEERS[name], data, batch_size, epochs), repeats=3)


PEERS = {"skorch": skorch_run, "lightning": lightning_run, "keras": keras_run}
MISSING = [name for name in PEERS if find_spec(name) is None]
ROWS = tuple(
    Row(what, f"{name}: times faster", 1, partial(compared, name, *sizes))
    for what, *sizes in (
        ("the post's 25 epochs of train, batches of indices", 50, 8, 25),
        ("an epoch of train over 200,000 points, batch 4096", 200_000, 4096, 1),
    )
    for name in PEERS
    if name not in MISSING
)
