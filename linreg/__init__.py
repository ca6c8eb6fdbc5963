"""Linear regression in PyTorch, the library behind the tutorial."""

from linreg.data import LinearRegressionDataset
from linreg.exact import least_squares
from linreg.landscape import loss_surface
from linreg.model import LinearRegressionModel
from linreg.sampler import MiniBatchSampler
from linreg.training import History, default_device, train

__all__ = [
    "History",
    "LinearRegressionDataset",
    "LinearRegressionModel",
    "MiniBatchSampler",
    "default_device",
    "least_squares",
    "loss_surface",
    "train",
]
