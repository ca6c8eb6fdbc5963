"""Bad input: every public argument, every kind of fault, the exception and its words.

One table. `test_every_argument_has_a_row` derives the arguments from the signatures, so that a new
argument without rows fails.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import linreg
from linreg import (
    LinearRegressionDataset,
    LinearRegressionModel,
    MiniBatchSampler,
    least_squares,
    loss_surface,
    train,
)

NAN, INF = float("nan"), float("inf")
OTHER = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)


class EmptyLoader:
    """It has a length, and that is 0."""

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Any]:
        return iter(())


def valid_arguments() -> dict[Callable[..., Any], dict[str, Any]]:
    """A valid call of every public function, made anew for each test."""
    model = LinearRegressionModel()
    return {
        LinearRegressionDataset: {},
        LinearRegressionModel: {},
        MiniBatchSampler: {"n": 5, "batch_size": 2},
        train: {
            "model": model,
            "loader": [([1.0, 2.0], [3.0, 4.0])],
            "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
            "num_epochs": 1,
        },
        least_squares: {"x": [1.0, 2.0], "y": [3.0, 4.0]},
        loss_surface: {
            "x": [1.0, 2.0],
            "y": [3.0, 4.0],
            "k_values": [0.0, 1.0],
            "m_values": [0.0, 1.0],
        },
    }


REAL = [
    ("3", TypeError, "must be a real number, got '3'"),
    (None, TypeError, "must be a real number, got None"),
    (True, TypeError, "must be a real number, got True"),
    (1j, TypeError, "must be a real number, got 1j"),
    ([1.0], TypeError, "must be a real number"),
    (NAN, ValueError, "must be finite, got nan"),
    (INF, ValueError, "must be finite, got inf"),
    (-INF, ValueError, "must be finite, got -inf"),
]
INTEGER = [
    (2.0, TypeError, "must be an integer, got 2.0"),
    ("2", TypeError, "must be an integer, got '2'"),
    (True, TypeError, "must be an integer, got True"),
    (NAN, TypeError, "must be an integer, got nan"),
]
SEED = [
    *INTEGER,
    (-1, ValueError, "must be at least 0, got -1"),
    (2**64, ValueError, "seed must be less than 2**64"),
]
VECTOR = [
    ("ab", ValueError, "must be one-dimensional, got shape ()"),
    (None, ValueError, "must be one-dimensional, got shape ()"),
    (1.0, ValueError, "must be one-dimensional, got shape ()"),
    ([[1.0, 2.0]], ValueError, "must be one-dimensional, got shape (1, 2)"),
    (torch.zeros(2, 1), ValueError, "must be one-dimensional, got shape (2, 1)"),
    ([[1.0], [1.0, 2.0]], ValueError, "must be one-dimensional, got rows of unequal length"),
    ([], ValueError, "must hold at least one value, got none"),
    (torch.empty(0), ValueError, "must hold at least one value, got none"),
    ([1.0, NAN], ValueError, "must be finite, got NaN or infinity"),
    (np.array([INF, 1.0]), ValueError, "must be finite, got NaN or infinity"),
    (torch.tensor([1.0, -INF]), ValueError, "must be finite, got NaN or infinity"),
    (["a", "b"], TypeError, "must hold real numbers, got dtype <U1"),
    ([None, 1.0], TypeError, "must hold real numbers, got dtype object"),
    ([True, False], TypeError, "must hold real numbers, got dtype bool"),
    ([1j, 2.0], TypeError, "must hold real numbers, got dtype complex128"),
    (torch.tensor([1j, 2]), TypeError, "must hold real numbers, got dtype complex64"),
]
LENGTH = [([1.0, 2.0, 3.0], ValueError, "must have the same length, got")]

TABLE: dict[tuple[Callable[..., Any], str], list[tuple[Any, type[Exception], str]]] = {
    (LinearRegressionDataset, "k"): [
        *REAL,
        (1e39, ValueError, "k, m, noise_std, low and high must keep y within float32"),
    ],
    (LinearRegressionDataset, "m"): [
        *REAL,
        (-1e39, ValueError, "k, m, noise_std, low and high must keep y within float32"),
    ],
    (LinearRegressionDataset, "n"): [
        *INTEGER,
        (0, ValueError, "must be at least 1, got 0"),
        (-1, ValueError, "must be at least 1, got -1"),
    ],
    (LinearRegressionDataset, "noise_std"): [
        *REAL,
        (-0.5, ValueError, "must not be negative, got -0.5"),
        (1e38, ValueError, "k, m, noise_std, low and high must keep y within float32"),
    ],
    (LinearRegressionDataset, "low"): [
        *REAL,
        (3.0, ValueError, "low must be less than high, got low=3 and high=3"),
        (4, ValueError, "low must be less than high, got low=4 and high=3"),
        (-1e39, ValueError, "high - low must be at most"),
    ],
    (LinearRegressionDataset, "high"): [
        *REAL,
        (-3, ValueError, "low must be less than high, got low=-3 and high=-3"),
        (1e39, ValueError, "high - low must be at most"),
    ],
    (LinearRegressionDataset, "seed"): SEED,
    (MiniBatchSampler, "n"): [*INTEGER, (0, ValueError, "must be at least 1, got 0")],
    (MiniBatchSampler, "batch_size"): [*INTEGER, (0, ValueError, "must be at least 1, got 0")],
    (MiniBatchSampler, "shuffle"): [
        (1, TypeError, "must be True or False, got 1"),
        (None, TypeError, "must be True or False, got None"),
    ],
    (MiniBatchSampler, "seed"): SEED,
    (train, "model"): [
        (None, TypeError, "must be a torch.nn.Module, got NoneType"),
        (LinearRegressionModel, TypeError, "must be a torch.nn.Module, got type"),
        (lambda x: x, TypeError, "must be a torch.nn.Module, got function"),
        (nn.Identity(), ValueError, "must have at least one parameter, got none"),
    ],
    (train, "loader"): [
        (None, TypeError, "must be an iterable of (x, y) batches, got None"),
        (7, TypeError, "must be an iterable of (x, y) batches, got 7"),
        (iter([]), TypeError, "must start anew in every epoch, got an iterator"),
        ([], ValueError, "must yield at least one batch, got an empty one"),
        (EmptyLoader(), ValueError, "must yield at least one batch, got an empty one"),
        ([([], [])], ValueError, "x of a batch must hold at least one sample, got shape (0,)"),
        ([([1.0], [])], ValueError, "y of a batch must hold at least one sample, got shape (0,)"),
        ([(1.0, 2.0)], ValueError, "x of a batch must hold at least one sample, got shape ()"),
        ([(torch.tensor([1j]), [1.0])], TypeError, "x of a batch must hold real numbers"),
        ([([1.0], [2.0, 3.0])], ValueError, "must have the same shape, got (1,) and (2,)"),
        ([([NAN], [2.0])], FloatingPointError, "the loss became nan"),
        ([([1.0], [INF])], FloatingPointError, "the loss became inf"),
        ([(["a"], [1.0])], TypeError, "x of a batch must hold real numbers"),
        ([([1.0], ["a"])], TypeError, "y of a batch must hold real numbers"),
        ([3.0], TypeError, "loader must yield batches (x, y), got 3.0"),
        ([(1.0, 2.0, 3.0)], TypeError, "loader must yield batches (x, y), got (1.0"),
    ],
    (train, "optimizer"): [
        (None, TypeError, "must be a torch.optim.Optimizer, got None"),
        (torch.optim.SGD, TypeError, "must be a torch.optim.Optimizer, got <class"),
        (OTHER, ValueError, "must update parameters of model, got those of something else"),
    ],
    (train, "num_epochs"): [*INTEGER, (-1, ValueError, "must be at least 0, got -1")],
    (least_squares, "x"): [
        *VECTOR,
        *LENGTH,
        ([2.0, 2.0], ValueError, "must hold at least two distinct values, got only 2"),
    ],
    (least_squares, "y"): [*VECTOR, *LENGTH],
    (loss_surface, "x"): [*VECTOR, *LENGTH],
    (loss_surface, "y"): [*VECTOR, *LENGTH],
    (loss_surface, "k_values"): VECTOR,
    (loss_surface, "m_values"): VECTOR,
}
ROWS = [
    pytest.param(function, name, *row, id=f"{function.__name__}-{name}-{number}")
    for (function, name), rows in TABLE.items()
    for number, row in enumerate(rows)
]


@pytest.mark.parametrize(("function", "name", "value", "error", "words"), ROWS)
def test_bad_input_is_refused_by_name(function, name, value, error, words):
    arguments = valid_arguments()[function]
    model = arguments.get("model")
    with pytest.raises(error) as caught:
        function(**(arguments | {name: value}))
    message = str(caught.value)
    assert words in message
    if error is not FloatingPointError and "batch" not in words and "shape" not in words:
        assert name in message
    if model is not None:
        assert [parameter.item() for parameter in model.parameters()] == [0.0, 0.0]
        assert all(parameter.grad is None for parameter in model.parameters())
        assert not arguments["optimizer"].state


def test_the_valid_calls_are_valid():
    for function, arguments in valid_arguments().items():
        function(**arguments)


def test_every_argument_has_a_row():
    public = [getattr(linreg, name) for name in linreg.__all__]
    arguments = {
        (function, name)
        for function in public
        if function is not linreg.History  # made by train, not by the reader
        for name in inspect.signature(function).parameters
    }
    assert arguments == set(TABLE)
