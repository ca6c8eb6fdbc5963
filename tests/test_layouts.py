"""Whatever holds the numbers, a dtype or a memory layout, the results are the same to the bit."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from linreg import least_squares, loss_surface

DTYPES = ["i1", "i2", "i4", "i8", "u1", "u8", "f2", "f4", "f8", ">f4", ">i2", "g"]
TORCH_DTYPES = [torch.int8, torch.int64, torch.float16, torch.bfloat16, torch.float32]
LAYOUTS = {
    "contiguous": lambda values: values,
    "strided": lambda values: np.repeat(values, 3)[::3],
    "reversed": lambda values: values[::-1].copy()[::-1],
    "column": lambda values: np.stack([values, values], axis=1)[:, 1],
    "read-only": lambda values: np.frombuffer(values.tobytes(), dtype=values.dtype),
    "list": lambda values: values.tolist(),
    "unmasked": lambda values: np.ma.array(values, mask=False),
}
TORCH_LAYOUTS = {
    "contiguous": lambda values: values,
    "strided": lambda values: values.repeat_interleave(2)[::2],
    "column": lambda values: torch.stack([values, values], dim=1)[:, 1],
    "list of tensors": list,
}
# Values that every dtype above holds exactly.
points = st.lists(
    st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=2, max_size=12
).filter(lambda pairs: len({x for x, _ in pairs}) > 1)


def results(x, y):
    surface = loss_surface(x, y, y, x)
    return [*least_squares(x, y), *surface.ravel().tolist()]


@pytest.mark.parametrize("layout", LAYOUTS)
@given(pairs=points, dtype=st.sampled_from(DTYPES))
def test_arrays(layout, pairs, dtype):
    x, y = np.array(pairs, dtype=np.float64).T.copy()
    change = LAYOUTS[layout]
    found = results(change(x.astype(dtype)), change(y.astype(dtype)))
    assert found == results(x, y)


@pytest.mark.parametrize("layout", TORCH_LAYOUTS)
@given(pairs=points, dtype=st.sampled_from(TORCH_DTYPES), grad=st.booleans())
def test_tensors(layout, pairs, dtype, grad):
    x, y = np.array(pairs, dtype=np.float64).T.copy()
    change = TORCH_LAYOUTS[layout]
    assume(
        dtype is not torch.bfloat16 or layout != "list of tensors"
    )  # NumPy has no bfloat16
    tensors = [torch.tensor(values).to(dtype) for values in (x, y)]
    if grad and dtype.is_floating_point and layout != "list of tensors":
        tensors = [tensor.requires_grad_() for tensor in tensors]
    assert results(*map(change, tensors)) == results(x, y)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_sums_of_many_digits(layout):
    x, y = np.random.default_rng(0).normal(size=(2, 20))
    change = LAYOUTS[layout]
    assert results(change(x), change(y)) == results(x, y)


def test_a_broadcast_view_has_one_value():
    x = np.broadcast_to(np.float64(2), 5)
    surface = loss_surface(x, [1, 2, 3, 4, 5], [1], [1])
    assert surface.tolist() == [[2.0]]
