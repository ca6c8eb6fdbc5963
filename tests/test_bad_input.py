"""Bad input: every public argument, every kind of fault, the exception and its words.

The arguments are derived from the signatures of what the API reference documents. Each of them
needs, for every kind of fault, either rows in `TABLE` or an entry in `HARMLESS`: a value of that
kind which is allowed, or why there is none.
"""

import atexit
import inspect
import re
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from linreg.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from linreg.data import LinearRegressionDataset
from linreg.device import default_device
from linreg.ensemble import shuffled_epochs, train_runs
from linreg.exact import least_squares
from linreg.history import History
from linreg.landscape import loss_surface
from linreg.model import LinearRegressionModel
from linreg.noise import loss_above_minimum, noise_floor
from linreg.sampler import MiniBatchSampler
from linreg.training import mean_squared_error, train

ROOT = Path(__file__).parent.parent
NAN, INF = float("nan"), float("inf")
TYPE, NOT_A_NUMBER, INFINITE, SIGN = "type", "NaN", "infinity", "sign"
ZERO, SHAPE, LENGTH, EMPTY, RANGE = "zero", "shape", "length", "empty", "range"
FAULTS = {TYPE, NOT_A_NUMBER, INFINITE, SIGN, ZERO, SHAPE, LENGTH, EMPTY, RANGE}
OTHER = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)


class EmptyLoader:
    """It has a length, and that is 0."""

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Any]:
        return iter(())


FOLDER = tempfile.TemporaryDirectory()  # of the checkpoints that the arguments name
atexit.register(FOLDER.cleanup)


def state_with(**changed: Any) -> dict[str, Any]:
    """The state of a sampler of five, with other entries."""
    return MiniBatchSampler(5, 2, seed=0).state_dict() | changed


def saved_file(content: bytes | None = None) -> Path:
    """A checkpoint of the training in `valid_arguments`, or a file of other content."""
    path = Path(tempfile.mkdtemp(dir=FOLDER.name)) / "run.pt"
    model = LinearRegressionModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    save_checkpoint(
        path,
        model=model,
        optimizer=optimizer,
        sampler=MiniBatchSampler(5, 2, seed=1),
        epoch=3,
    )
    if content is not None:
        path.write_bytes(content)
    return path


def valid_arguments() -> dict[Callable[..., Any], dict[str, Any]]:
    """A valid call of everything public, made anew for each test."""
    model = LinearRegressionModel()
    training = {
        "model": model,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        "sampler": MiniBatchSampler(5, 2, seed=1),
    }
    return {
        LinearRegressionDataset: {},
        LinearRegressionModel: {},
        LinearRegressionModel.forward: {"self": model, "x": torch.tensor([1.0, 2.0])},
        MiniBatchSampler: {"n": 5, "batch_size": 2},
        MiniBatchSampler.state_dict: {"self": MiniBatchSampler(5, 2, seed=1)},
        MiniBatchSampler.load_state_dict: {
            "self": MiniBatchSampler(5, 2, seed=1),
            "state": state_with(),
        },
        default_device: {},
        save_checkpoint: {"path": saved_file(), "epoch": 3, **training},
        load_checkpoint: {"path": saved_file(), **training},
        shuffled_epochs: {
            "runs": 2,
            "n": 3,
            "batch_size": 2,
            "num_epochs": 1,
            "seed": 0,
        },
        train_runs: {
            "x": torch.tensor([[1.0, 2.0]]),
            "y": torch.tensor([[3.0, 4.0]]),
            "batches": [torch.tensor([[0, 1]])],
            "lr": 0.1,
        },
        noise_floor: {
            "x": [1.0, 2.0, 3.0],
            "y": [3.0, 4.0, 4.0],
            "lr": 0.1,
            "batch_size": 2,
        },
        loss_above_minimum: {
            "x": [1.0, 2.0],
            "y": [3.0, 4.0],
            "parameters": torch.tensor([[1.0, 2.0]]),
        },
        mean_squared_error: {
            "prediction": torch.tensor([1.0, 2.0]),
            "target": torch.tensor([3.0, 4.0]),
        },
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


Row = tuple[str, Any, type[Exception], str]
REAL: list[Row] = [
    (TYPE, "3", TypeError, "must be a real number, got '3'"),
    (TYPE, None, TypeError, "must be a real number, got None"),
    (TYPE, True, TypeError, "must be a real number, got True"),
    (TYPE, 1j, TypeError, "must be a real number, got 1j"),
    (SHAPE, [1.0], TypeError, "must be a real number, got [1.0]"),
    (LENGTH, [1.0, 2.0], TypeError, "must be a real number, got [1.0, 2.0]"),
    (EMPTY, [], TypeError, "must be a real number, got []"),
    (NOT_A_NUMBER, NAN, ValueError, "must be finite, got nan"),
    (INFINITE, INF, ValueError, "must be finite, got inf"),
    (INFINITE, -INF, ValueError, "must be finite, got -inf"),
    (RANGE, 10**400, ValueError, "must be within float64"),
]
INTEGER: list[Row] = [
    (TYPE, 2.0, TypeError, "must be an integer, got 2.0"),
    (TYPE, "2", TypeError, "must be an integer, got '2'"),
    (TYPE, True, TypeError, "must be an integer, got True"),
    (NOT_A_NUMBER, NAN, TypeError, "must be an integer, got nan"),
    (INFINITE, INF, TypeError, "must be an integer, got inf"),
    (SHAPE, [2], TypeError, "must be an integer, got [2]"),
    (LENGTH, (1, 2), TypeError, "must be an integer, got (1, 2)"),
    (EMPTY, [], TypeError, "must be an integer, got []"),
]
COUNT: list[Row] = [
    *INTEGER,
    (TYPE, None, TypeError, "must be an integer, got None"),
    (SIGN, -1, ValueError, "must be at least 1, got -1"),
    (ZERO, 0, ValueError, "must be at least 1, got 0"),
    (RANGE, 2**63, ValueError, "must be less than 2**63, got 9223372036854775808"),
]
SEED: list[Row] = [
    *INTEGER,
    (SIGN, -1, ValueError, "must be at least 0, got -1"),
    (RANGE, 2**64, ValueError, "must be less than 2**64, got 18446744073709551616"),
]
MASKED = np.ma.array([1.0, 2.0], mask=[False, True])
VECTOR: list[Row] = [
    (TYPE, ["a", "b"], TypeError, "must hold real numbers, got dtype <U1"),
    (TYPE, [None, 1.0], TypeError, "must hold real numbers, got dtype object"),
    (TYPE, [True, False], TypeError, "must hold real numbers, got dtype bool"),
    (TYPE, [1j, 2.0], TypeError, "must hold real numbers, got dtype complex128"),
    (
        TYPE,
        torch.tensor([1j, 2]),
        TypeError,
        "must hold real numbers, got dtype complex64",
    ),
    (
        TYPE,
        torch.zeros(2, device="meta"),
        TypeError,
        "must hold real numbers: Cannot copy out of",
    ),
    (
        TYPE,
        torch.ones(2).to_sparse(),
        TypeError,
        "must hold real numbers: can't convert Sparse",
    ),
    (RANGE, [10**400, 1], TypeError, "must hold real numbers, got dtype object"),
    (SHAPE, "ab", ValueError, "must be one-dimensional, got shape ()"),
    (SHAPE, None, ValueError, "must be one-dimensional, got shape ()"),
    (SHAPE, 1.0, ValueError, "must be one-dimensional, got shape ()"),
    (
        SHAPE,
        (v for v in [1.0, 2.0]),
        ValueError,
        "must be one-dimensional, got shape ()",
    ),
    (SHAPE, [[1.0, 2.0]], ValueError, "must be one-dimensional, got shape (1, 2)"),
    (SHAPE, torch.zeros(2, 1), ValueError, "must be one-dimensional, got shape (2, 1)"),
    (
        LENGTH,
        [[1.0], [1.0, 2.0]],
        ValueError,
        "must be one-dimensional, got rows of unequal",
    ),
    (EMPTY, [], ValueError, "must hold at least one value, got none"),
    (EMPTY, torch.empty(0), ValueError, "must hold at least one value, got none"),
    (NOT_A_NUMBER, [1.0, NAN], ValueError, "must be finite, got NaN or infinity"),
    (NOT_A_NUMBER, MASKED, ValueError, "must be finite, got masked values"),
    (INFINITE, np.array([INF, 1.0]), ValueError, "must be finite, got NaN or infinity"),
    (
        INFINITE,
        torch.tensor([1.0, -INF]),
        ValueError,
        "must be finite, got NaN or infinity",
    ),
]
UNEQUAL: Row = (LENGTH, [1.0, 2.0, 3.0], ValueError, "must have the same length, got")
UNEQUAL_TO_THREE: Row = (
    LENGTH,
    [1.0, 2.0],
    ValueError,
    "must have the same length, got",
)
SAME_X: Row = (
    RANGE,
    [2.0, 2.0, 2.0],
    ValueError,
    "must hold at least two distinct values",
)
TOO_LARGE = "x, y, k_values and m_values must keep the loss within float64"
TENSOR: list[Row] = [
    (TYPE, [1.0, 2.0], TypeError, "must be a tensor, got list"),
    (TYPE, None, TypeError, "must be a tensor, got NoneType"),
    (
        TYPE,
        torch.tensor([1, 2]),
        TypeError,
        "must hold floating-point numbers, got torch.int64",
    ),
    (
        TYPE,
        torch.tensor([1j, 2]),
        TypeError,
        "must hold floating-point numbers, got torch.compl",
    ),
    (
        SHAPE,
        torch.zeros(2, 1),
        ValueError,
        "prediction and target must have the same shape, got",
    ),
    (
        LENGTH,
        torch.zeros(3),
        ValueError,
        "prediction and target must have the same shape, got",
    ),
    (EMPTY, torch.zeros(0), ValueError, "must hold at least one value, got shape (0,)"),
]
RATE: list[Row] = [
    *REAL,
    (SIGN, -0.1, ValueError, "lr must be positive, got -0.1"),
    (ZERO, 0, ValueError, "lr must be positive, got 0"),
]
ROWS_OF_POINTS: list[Row] = [
    (
        TYPE,
        [[1.0, 2.0]],
        TypeError,
        "must be a tensor of a floating dtype, got [[1.0, 2.0]]",
    ),
    (TYPE, torch.tensor([[1, 2]]), TypeError, "must be a tensor of a floating dtype"),
    (
        NOT_A_NUMBER,
        torch.tensor([[NAN, 1.0]]),
        ValueError,
        "must be finite, got NaN or infinity",
    ),
    (
        INFINITE,
        torch.tensor([[1.0, INF]]),
        ValueError,
        "must be finite, got NaN or infinity",
    ),
    (SHAPE, torch.ones(2), ValueError, "x and y must both have the shape (runs, n)"),
    (
        LENGTH,
        torch.ones(1, 3),
        ValueError,
        "x and y must both have the shape (runs, n)",
    ),
    (EMPTY, torch.ones(1, 0), ValueError, "x and y must both have the shape (runs, n)"),
]
OTHER_MODEL = "k must be torch.float32 of shape (1,), got torch.float32 of shape (2,)"
MODEL_ROWS: list[Row] = [
    (TYPE, None, TypeError, "model must be a torch.nn.Module, got NoneType"),
    (
        EMPTY,
        nn.Identity(),
        ValueError,
        "model must have at least one parameter, got none",
    ),
]
OPTIMIZER_ROWS: list[Row] = [
    (TYPE, None, TypeError, "optimizer must be a torch.optim.Optimizer, got None"),
    (
        TYPE,
        torch.optim.SGD,
        TypeError,
        "optimizer must be a torch.optim.Optimizer, got <class",
    ),
    (EMPTY, OTHER, ValueError, "optimizer must update parameters of model"),
]
SAMPLER_ROWS: list[Row] = [
    (TYPE, None, TypeError, "sampler must be a MiniBatchSampler, got NoneType"),
    (TYPE, [1], TypeError, "sampler must be a MiniBatchSampler, got list"),
]
PATH_ROWS: list[Row] = [
    (TYPE, None, TypeError, "path must be a path, got None"),
    (TYPE, 7, TypeError, "path must be a path, got 7"),
]

TABLE: dict[tuple[Callable[..., Any], str], list[Row]] = {
    (LinearRegressionDataset, "k"): [
        *REAL,
        (
            RANGE,
            1e39,
            ValueError,
            "k, m, noise_std, low and high must keep y within float32",
        ),
    ],
    (LinearRegressionDataset, "m"): [
        *REAL,
        (
            RANGE,
            -1e39,
            ValueError,
            "k, m, noise_std, low and high must keep y within float32",
        ),
    ],
    (LinearRegressionDataset, "n"): COUNT,
    (LinearRegressionDataset, "noise_std"): [
        *REAL,
        (SIGN, -0.5, ValueError, "must not be negative, got -0.5"),
        (
            RANGE,
            1e38,
            ValueError,
            "k, m, noise_std, low and high must keep y within float32",
        ),
    ],
    (LinearRegressionDataset, "low"): [
        *REAL,
        (RANGE, 3.0, ValueError, "low must be less than high, got low=3 and high=3"),
        (RANGE, 4, ValueError, "low must be less than high, got low=4 and high=3"),
        (RANGE, -1e39, ValueError, "high - low must be at most"),
    ],
    (LinearRegressionDataset, "high"): [
        *REAL,
        (RANGE, -3, ValueError, "low must be less than high, got low=-3 and high=-3"),
        (RANGE, 1e39, ValueError, "high - low must be at most"),
    ],
    (LinearRegressionDataset, "seed"): SEED,
    (LinearRegressionModel.forward, "x"): [
        (TYPE, None, TypeError, "unsupported operand"),  # PyTorch's own words
    ],
    (MiniBatchSampler, "n"): COUNT,
    (MiniBatchSampler, "batch_size"): COUNT,
    (MiniBatchSampler, "shuffle"): [
        (TYPE, 1, TypeError, "must be True or False, got 1"),
        (TYPE, None, TypeError, "must be True or False, got None"),
        (NOT_A_NUMBER, NAN, TypeError, "must be True or False, got nan"),
        (INFINITE, INF, TypeError, "must be True or False, got inf"),
        (SIGN, -1, TypeError, "must be True or False, got -1"),
        (ZERO, 0, TypeError, "must be True or False, got 0"),
        (SHAPE, [True], TypeError, "must be True or False, got [True]"),
        (LENGTH, [True, False], TypeError, "must be True or False, got [True, False]"),
        (EMPTY, [], TypeError, "must be True or False, got []"),
    ],
    (MiniBatchSampler, "seed"): SEED,
    (MiniBatchSampler.load_state_dict, "state"): [
        (TYPE, None, (TypeError, ValueError), "must be a dict"),
        (TYPE, [1, 2], (TypeError, ValueError), "must be a dict"),
        (
            TYPE,
            state_with(position=1.0),
            TypeError,
            "position must be an integer, got 1.0",
        ),
        (
            TYPE,
            state_with(generator=[1]),
            TypeError,
            "generator must be a tensor, got list",
        ),
        (
            TYPE,
            state_with(shuffle=1),
            ValueError,
            "state must have shuffle=True, got 1",
        ),
        (
            NOT_A_NUMBER,
            state_with(position=NAN),
            TypeError,
            "position must be an integer, got nan",
        ),
        (INFINITE, state_with(n=INF), ValueError, "state must have n=5, got inf"),
        (
            SIGN,
            state_with(position=-1),
            ValueError,
            "position must be at least 0, got -1",
        ),
        (
            ZERO,
            state_with(batch_size=0),
            ValueError,
            "state must have batch_size=2, got 0",
        ),
        (
            RANGE,
            state_with(position=4),
            ValueError,
            "position must be at most 3, got 4",
        ),
        (RANGE, state_with(n=6), ValueError, "state must have n=5, got 6"),
        (
            SHAPE,
            state_with(generator=torch.zeros(2, 2)),
            ValueError,
            "state of a CPU generator",
        ),
        (
            LENGTH,
            state_with(generator=torch.zeros(8, dtype=torch.uint8)),
            ValueError,
            "generator must be the state of a CPU generator",
        ),
        (LENGTH, state_with(more=1), ValueError, "state must"),
        (EMPTY, {}, ValueError, "state must"),
        (
            EMPTY,
            state_with(generator=torch.zeros(0)),
            ValueError,
            "state of a CPU generator",
        ),
    ],
    (save_checkpoint, "path"): [
        *PATH_ROWS,
        (EMPTY, "", ValueError, "path must name a file, got ''"),
        (RANGE, "/nowhere/at/all.pt", FileNotFoundError, "/nowhere/at/all.pt"),
    ],
    (save_checkpoint, "model"): MODEL_ROWS,
    (save_checkpoint, "optimizer"): OPTIMIZER_ROWS,
    (save_checkpoint, "sampler"): SAMPLER_ROWS,
    (save_checkpoint, "epoch"): [
        *INTEGER,
        (SIGN, -1, ValueError, "must be at least 0, got -1"),
        (RANGE, 2**63, ValueError, "must be less than 2**63"),
    ],
    (load_checkpoint, "path"): [
        *PATH_ROWS,
        (EMPTY, "", ValueError, "path must name a file, got ''"),
        (EMPTY, saved_file(b""), CheckpointError, "is no checkpoint of this training"),
        (
            LENGTH,
            saved_file(saved_file().read_bytes()[:999]),
            CheckpointError,
            "is no checkpoint",
        ),
        (RANGE, "/nowhere/at/all.pt", FileNotFoundError, "/nowhere/at/all.pt"),
    ],
    (load_checkpoint, "model"): MODEL_ROWS,
    (load_checkpoint, "optimizer"): OPTIMIZER_ROWS,
    (load_checkpoint, "sampler"): [
        *SAMPLER_ROWS,
        (
            LENGTH,
            MiniBatchSampler(6, 2, seed=0),
            CheckpointError,
            "state must have n=6, got 5",
        ),
    ],
    (shuffled_epochs, "runs"): COUNT,
    (shuffled_epochs, "n"): COUNT,
    (shuffled_epochs, "batch_size"): COUNT,
    (shuffled_epochs, "num_epochs"): [
        *INTEGER,
        (SIGN, -1, ValueError, "must be at least 0, got -1"),
        (RANGE, 2**63, ValueError, "must be less than 2**63"),
    ],
    (shuffled_epochs, "seed"): [
        *SEED,
        (TYPE, None, TypeError, "must be an integer, got None"),
    ],
    (train_runs, "x"): ROWS_OF_POINTS,
    (train_runs, "y"): ROWS_OF_POINTS,
    (train_runs, "batches"): [
        (
            TYPE,
            None,
            TypeError,
            "batches must be an iterable of index tensors, got None",
        ),
        (TYPE, [[[0, 1]]], TypeError, "batches must yield int64 tensors, got [[0, 1]]"),
        (
            TYPE,
            [torch.tensor([[0.0]])],
            TypeError,
            "batches must yield int64 tensors, got tensor",
        ),
        (NOT_A_NUMBER, [NAN], TypeError, "batches must yield int64 tensors, got nan"),
        (INFINITE, [INF], TypeError, "batches must yield int64 tensors, got inf"),
        (
            SIGN,
            [torch.tensor([[-1]])],
            ValueError,
            "batches must yield indices from 0 to 1",
        ),
        (
            RANGE,
            [torch.tensor([[2]])],
            ValueError,
            "batches must yield indices from 0 to 1",
        ),
        (
            SHAPE,
            [torch.tensor([0, 1])],
            ValueError,
            "the shape (1, batch_size), got (2,)",
        ),
        (
            LENGTH,
            [torch.tensor([[0], [1]])],
            ValueError,
            "the shape (1, batch_size), got (2, 1)",
        ),
        (
            EMPTY,
            [torch.zeros(1, 0, dtype=torch.int64)],
            ValueError,
            "must yield the shape (1, ba",
        ),
    ],
    (train_runs, "lr"): [
        *RATE,
        (
            SHAPE,
            torch.tensor([0.1]),
            ValueError,
            "lr must have the shape (1, 1), got (1,)",
        ),
        (
            SIGN,
            torch.tensor([[-0.1]]),
            ValueError,
            "lr must be positive and finite in every row",
        ),
        (
            ZERO,
            torch.tensor([[0.0]]),
            ValueError,
            "lr must be positive and finite in every row",
        ),
        (
            NOT_A_NUMBER,
            torch.tensor([[NAN]]),
            ValueError,
            "lr must be positive and finite in eve",
        ),
        (
            INFINITE,
            torch.tensor([[INF]]),
            ValueError,
            "lr must be positive and finite in every",
        ),
    ],
    (train_runs, "start"): [
        (TYPE, 0.0, TypeError, "start must hold a slope and an intercept, got 0.0"),
        (TYPE, ("0", 0.0), TypeError, "start must be a real number, got '0'"),
        (NOT_A_NUMBER, (NAN, 0.0), ValueError, "start must be finite, got nan"),
        (INFINITE, (0.0, INF), ValueError, "start must be finite, got inf"),
        (RANGE, (0.0, 10**400), ValueError, "start must be within float64"),
        (SHAPE, ([0.0], [0.0]), TypeError, "start must be a real number, got [0.0]"),
        (
            LENGTH,
            (0.0,),
            TypeError,
            "start must hold a slope and an intercept, got (0.0,)",
        ),
        (EMPTY, (), TypeError, "start must hold a slope and an intercept, got ()"),
    ],
    (noise_floor, "lr"): RATE,
    (noise_floor, "batch_size"): COUNT,
    (loss_above_minimum, "parameters"): [
        (
            TYPE,
            [[1.0, 2.0]],
            TypeError,
            "must be a tensor of a floating dtype, got [[1.0, 2.0]]",
        ),
        (
            TYPE,
            torch.tensor([[1, 2]]),
            TypeError,
            "must be a tensor of a floating dtype",
        ),
        (
            NOT_A_NUMBER,
            torch.tensor([NAN, 1.0]),
            ValueError,
            "must be finite, got NaN or inf",
        ),
        (
            INFINITE,
            torch.tensor([1.0, INF]),
            ValueError,
            "must be finite, got NaN or infinity",
        ),
        (
            SHAPE,
            torch.tensor(1.0),
            ValueError,
            "parameters must have the shape (..., 2), got ()",
        ),
        (
            LENGTH,
            torch.ones(3),
            ValueError,
            "parameters must have the shape (..., 2), got (3,)",
        ),
        (
            EMPTY,
            torch.ones(0, 2),
            ValueError,
            "parameters must have the shape (..., 2), got (0,",
        ),
    ],
    (mean_squared_error, "prediction"): TENSOR,
    (mean_squared_error, "target"): TENSOR,
    (train, "model"): [
        (TYPE, None, TypeError, "must be a torch.nn.Module, got NoneType"),
        (TYPE, LinearRegressionModel, TypeError, "must be a torch.nn.Module, got type"),
        (TYPE, lambda x: x, TypeError, "must be a torch.nn.Module, got function"),
        (
            EMPTY,
            nn.Identity(),
            ValueError,
            "must have at least one parameter, got none",
        ),
    ],
    (train, "loader"): [
        (TYPE, None, TypeError, "must be an iterable of (x, y) batches, got None"),
        (TYPE, 7, TypeError, "must be an iterable of (x, y) batches, got 7"),
        (TYPE, iter([]), TypeError, "must start anew in every epoch, got an iterator"),
        (
            TYPE,
            iter([]),
            TypeError,
            "that can be read once; pass a list or a DataLoader",
        ),
        (TYPE, [3.0], TypeError, "loader must yield batches (x, y), got 3.0"),
        (TYPE, [(["a"], [1.0])], TypeError, "x of a batch must hold real numbers"),
        (TYPE, [([1.0], ["a"])], TypeError, "y of a batch must hold real numbers"),
        (TYPE, [([1.0], None)], TypeError, "y of a batch must hold real numbers"),
        (
            TYPE,
            [(torch.tensor([1j]), [1.0])],
            TypeError,
            "x of a batch must hold real numbers",
        ),
        (NOT_A_NUMBER, [([NAN], [2.0])], FloatingPointError, "the loss became nan"),
        (INFINITE, [([1.0], [INF])], FloatingPointError, "the loss became inf"),
        (RANGE, [([1.0], [1e30])], FloatingPointError, "the loss became inf"),
        (
            SHAPE,
            [(1.0, 2.0)],
            ValueError,
            "x of a batch must hold at least one sample, got sha",
        ),
        (
            SHAPE,
            [([1.0], [2.0, 3.0])],
            ValueError,
            "must have the same shape, got (1,) and (2,)",
        ),
        (
            LENGTH,
            [(1.0, 2.0, 3.0)],
            TypeError,
            "loader must yield batches (x, y), got (1.0",
        ),
        (
            LENGTH,
            [([1.0],)],
            TypeError,
            "loader must yield batches (x, y), got ([1.0],)",
        ),
        (EMPTY, [], ValueError, "must yield at least one batch, got an empty one"),
        (
            EMPTY,
            EmptyLoader(),
            ValueError,
            "must yield at least one batch, got an empty one",
        ),
        (
            EMPTY,
            [([], [])],
            ValueError,
            "x of a batch must hold at least one sample, got shape",
        ),
        (
            EMPTY,
            [([1.0], [])],
            ValueError,
            "y of a batch must hold at least one sample, got sha",
        ),
    ],
    (train, "optimizer"): [
        (TYPE, None, TypeError, "must be a torch.optim.Optimizer, got None"),
        (
            TYPE,
            torch.optim.SGD,
            TypeError,
            "must be a torch.optim.Optimizer, got <class",
        ),
        (
            TYPE,
            torch.optim.LBFGS([nn.Parameter(torch.zeros(1))]),
            TypeError,
            "got LBFGS, which",
        ),
        (
            EMPTY,
            OTHER,
            ValueError,
            "must update parameters of model, got those of something else",
        ),
    ],
    (train, "num_epochs"): [
        *INTEGER,
        (SIGN, -1, ValueError, "must be at least 0, got -1"),
        (RANGE, 2**63, ValueError, "must be less than 2**63"),
    ],
    (least_squares, "x"): [
        *VECTOR,
        UNEQUAL,
        (
            RANGE,
            [2.0, 2.0],
            ValueError,
            "must hold at least two distinct values, got only 2",
        ),
        (
            RANGE,
            [0.0, 5e-324],
            ValueError,
            "must keep the slope and intercept within float64",
        ),
    ],
    (least_squares, "y"): [
        *VECTOR,
        UNEQUAL,
        (
            RANGE,
            [1e308, 1e308],
            ValueError,
            "must keep the slope and intercept within float64",
        ),
    ],
    (noise_floor, "x"): [*VECTOR, UNEQUAL_TO_THREE, SAME_X],
    (noise_floor, "y"): [*VECTOR, UNEQUAL_TO_THREE],
    (loss_above_minimum, "x"): [*VECTOR, UNEQUAL, (RANGE, [2.0, 2.0], *SAME_X[2:])],
    (loss_above_minimum, "y"): [*VECTOR, UNEQUAL],
    (loss_surface, "x"): [
        *VECTOR,
        UNEQUAL,
        (RANGE, [0.0, 1e200], ValueError, TOO_LARGE),
    ],
    (loss_surface, "y"): [
        *VECTOR,
        UNEQUAL,
        (RANGE, [0.0, 1e200], ValueError, TOO_LARGE),
    ],
    (loss_surface, "k_values"): [*VECTOR, (RANGE, [1e200], ValueError, TOO_LARGE)],
    (loss_surface, "m_values"): [*VECTOR, (RANGE, [1e200], ValueError, TOO_LARGE)],
}

# Kinds of fault that an argument cannot have: a value that shows it, or, as text, the reason.
VECTOR_OF_ANY_SIGN = {SIGN: [-1.0, -2.0], ZERO: [0.0, 1.0]}
ONE_TENSOR = {
    SIGN: torch.tensor([-1.0, -2.0]),
    ZERO: torch.tensor([0.0, 0.0]),
    NOT_A_NUMBER: torch.tensor(
        [NAN, 0.0]
    ),  # the loss says so too, and `train` stops at it
    INFINITE: torch.tensor([INF, 0.0]),
    RANGE: torch.tensor([1e30, 0.0]),
}
ONE_RUN = {
    SIGN: torch.tensor([[-1.0, -2.0]]),
    ZERO: torch.zeros(1, 2),
    RANGE: torch.tensor([[1e30, 0.0]]),  # the path then says where the run went
}
NO_PATH_FAULT = dict.fromkeys(
    (NOT_A_NUMBER, INFINITE, SIGN, ZERO, SHAPE), "a name, not a number or an array"
)
NO_NUMBER = dict.fromkeys(
    (NOT_A_NUMBER, INFINITE, SIGN, ZERO, RANGE), "an object, not a number"
)
NO_ARRAY = dict.fromkeys((SHAPE, LENGTH), "an object, not an array")
HARMLESS: dict[tuple[Callable[..., Any], str], dict[str, Any]] = {
    (LinearRegressionDataset, "k"): {SIGN: -3.0, ZERO: 0},
    (LinearRegressionDataset, "m"): {SIGN: -5.0, ZERO: 0},
    (LinearRegressionDataset, "noise_std"): {ZERO: 0.0},
    (LinearRegressionDataset, "low"): {SIGN: -1, ZERO: 0},
    (LinearRegressionDataset, "high"): {SIGN: -1, ZERO: 0},
    (LinearRegressionDataset, "seed"): {ZERO: 0},
    (LinearRegressionModel.forward, "x"): {
        **ONE_TENSOR,
        SHAPE: torch.zeros(2, 1),  # the line is applied to each element
        LENGTH: torch.zeros(3),
        EMPTY: torch.zeros(0),
    },
    (MiniBatchSampler, "shuffle"): {RANGE: "True or False"},
    (MiniBatchSampler, "seed"): {ZERO: 0},
    (save_checkpoint, "path"): NO_PATH_FAULT
    | {LENGTH: "a path of any length that the system takes"},
    (save_checkpoint, "model"): {**NO_NUMBER, **NO_ARRAY},
    (save_checkpoint, "optimizer"): {**NO_NUMBER, **NO_ARRAY},
    (save_checkpoint, "sampler"): {
        **NO_NUMBER,
        **NO_ARRAY,
        EMPTY: "it has at least one batch",
    },
    (save_checkpoint, "epoch"): {ZERO: 0},
    (load_checkpoint, "path"): NO_PATH_FAULT,
    (load_checkpoint, "model"): {**NO_NUMBER, **NO_ARRAY},
    (load_checkpoint, "optimizer"): {**NO_NUMBER, **NO_ARRAY},
    (load_checkpoint, "sampler"): {
        **NO_NUMBER,
        SHAPE: "an object, not an array",
        EMPTY: "it has at least one batch",
    },
    (shuffled_epochs, "num_epochs"): {ZERO: 0},
    (shuffled_epochs, "seed"): {ZERO: 0},
    (train_runs, "x"): ONE_RUN,
    (train_runs, "y"): ONE_RUN,
    (train_runs, "batches"): {ZERO: [torch.tensor([[0, 0]])]},
    (train_runs, "start"): {SIGN: (-1.0, -2.0), ZERO: (0, 0)},
    (noise_floor, "x"): {SIGN: [-1.0, -2.0, -3.0], ZERO: [0.0, 1.0, 2.0]},
    (noise_floor, "y"): {SIGN: [-1.0, -2.0, -3.0], ZERO: [0.0, 1.0, 2.0]},
    (loss_above_minimum, "x"): VECTOR_OF_ANY_SIGN,
    (loss_above_minimum, "y"): VECTOR_OF_ANY_SIGN,
    (loss_above_minimum, "parameters"): {
        SIGN: torch.tensor([-1.0, -2.0]),
        ZERO: torch.zeros(2),
        RANGE: torch.tensor([1e30, 1e30]),
    },
    (mean_squared_error, "prediction"): ONE_TENSOR,
    (mean_squared_error, "target"): ONE_TENSOR,
    (train, "model"): {**NO_NUMBER, **NO_ARRAY},
    (train, "loader"): {SIGN: [([-1.0], [-2.0])], ZERO: [([0.0], [0.0])]},
    (train, "optimizer"): {**NO_NUMBER, **NO_ARRAY},
    (train, "num_epochs"): {ZERO: 0},
    (least_squares, "x"): VECTOR_OF_ANY_SIGN,
    (least_squares, "y"): VECTOR_OF_ANY_SIGN,
    (loss_surface, "x"): VECTOR_OF_ANY_SIGN,
    (loss_surface, "y"): VECTOR_OF_ANY_SIGN,
    (loss_surface, "k_values"): VECTOR_OF_ANY_SIGN,
    (loss_surface, "m_values"): VECTOR_OF_ANY_SIGN,
}


def label(function, name, *rest):
    return "-".join(map(str, (function.__qualname__, name, *rest)))


ROWS = [
    pytest.param(function, name, *row[1:], id=label(function, name, row[0], number))
    for (function, name), rows in TABLE.items()
    for number, row in enumerate(rows)
]
ALLOWED = [
    pytest.param(function, name, value, id=label(function, name, fault))
    for (function, name), values in HARMLESS.items()
    for fault, value in values.items()
    if not isinstance(value, str)
]


def public():
    """What the API reference documents: functions, classes and the methods it names."""
    text = (ROOT / "docs" / "api.rst").read_text(encoding="utf-8")
    entry = re.compile(
        r"^\.\. auto(?:class|function):: (\S+)(?:\n +:members: (.+))?$", re.MULTILINE
    )
    for dotted, members in entry.findall(text):
        module, name = dotted.rsplit(".", 1)
        documented = getattr(import_module(module), name)
        yield documented
        yield from (
            getattr(documented, member) for member in members.split(", ") if member
        )


def frozen(value):
    """A copy to compare with: everything that a refused call must leave as it was."""
    if isinstance(value, nn.Module):
        return {
            k: (p.tolist(), p.grad) for k, p in value.named_parameters()
        }, value.training
    if isinstance(value, torch.optim.Optimizer):
        return repr(value.state_dict())
    if isinstance(value, MiniBatchSampler):
        twin = MiniBatchSampler(
            value.n, value.batch_size, shuffle=value.shuffle, seed=0
        )
        twin.load_state_dict(value.state_dict())
        return repr(value.state_dict()), [indices.tolist() for indices in twin]
    if isinstance(value, Path):
        return sorted(path.name for path in value.parent.iterdir()), value.read_bytes()
    return repr(value)


@pytest.mark.parametrize(("function", "name", "value", "error", "words"), ROWS)
def test_bad_input_is_refused_by_name_and_changes_nothing(
    function, name, value, error, words
):
    good = valid_arguments()[function]
    call = partial(function, **(good | {name: value}))
    twin = frozen(valid_arguments()[function].get("self"))
    before = {key: frozen(argument) for key, argument in good.items() if key != "self"}
    random_state = torch.get_rng_state()
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    assert words in message
    ours = function is not LinearRegressionModel.forward and (
        error in {TypeError, ValueError}
    )
    if ours:
        assert re.match(
            r"[a-z0-9_.]+[, ]", message
        )  # it begins with the name of what is wrong
    if ours and not re.search(r"batch|shape|position|generator", words):
        assert name in message
    for key, argument in good.items():
        if key != "self":
            assert frozen(argument) == before[key], key
    assert frozen(good.get("self")) == twin
    assert torch.equal(torch.get_rng_state(), random_state)


@pytest.mark.parametrize(("function", "name", "value"), ALLOWED)
def test_what_is_called_harmless_is_accepted(function, name, value):
    good = valid_arguments()[function]
    if name == "high":
        good["low"] = -2.0
    function(**(good | {name: value}))


def test_the_valid_calls_are_valid():
    for function, arguments in valid_arguments().items():
        function(**arguments)


def test_every_argument_meets_every_kind_of_fault():
    found = set()
    for function in public():
        if function is History:  # made by `train`, not by the reader
            continue
        for name in inspect.signature(function).parameters:
            if name == "self":
                continue
            found.add((function, name))
            tried = {row[0] for row in TABLE.get((function, name), [])}
            harmless = set(HARMLESS.get((function, name), {}))
            assert tried | harmless == FAULTS, (
                label(function, name),
                FAULTS - tried - harmless,
            )
            assert not tried & harmless, (label(function, name), tried & harmless)
    assert found == set(TABLE)
