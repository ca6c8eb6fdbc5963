"""What docs/since-2019.rst says about old code, measured: each form on that page is run."""

import ast
import builtins
import pickle
import re
import subprocess
import sys
import time
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn
from torch.autograd import Variable
from torch.utils.data import DataLoader

from linreg import LinearRegressionDataset, LinearRegressionModel, default_device

PAGE = Path(__file__).parent.parent / "docs" / "since-2019.rst"
ROW = re.compile(
    r"^   \* - \| Old: ``(.+?)``\n       \| New: ``(.+?)``\n     - (.+?)(?=^   \* - |^\S|\Z)",
    re.M | re.S,
)
LITERAL = re.compile(r"``(.+?)``", re.S)
SECTIONS = (
    "It stops with an error",
    "It runs with a warning",
    "It runs without a word",
)


def rows(section):
    """The rows of a table on the page: (old form, what the page says of it, new form)."""
    text = PAGE.read_text(encoding="utf-8")
    start = text.index(section)
    end = min(
        (text.index(s, start + 1) for s in SECTIONS if s in text[start + 1 :]),
        default=None,
    )
    part = text[start:end]
    assert len(ROW.findall(part)) == part.count("   * - ") - 1  # all but the header
    return [(old, " ".join(says.split()), new) for old, new, says in ROW.findall(part)]


ERRORS, WARNED, SILENT = map(rows, SECTIONS)
EVERY_ROW = pytest.mark.parametrize(("old", "says", "new"), ERRORS + WARNED + SILENT)


@pytest.fixture
def names(tmp_path):
    """What the lines of the page may use, made anew for each of them."""
    dataset = LinearRegressionDataset(seed=0)
    model = LinearRegressionModel()
    loader = DataLoader(dataset, batch_size=8)
    loss = ((dataset.y - model(dataset.x)) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        squared = [(y - model(x)) ** 2 for x, y in loader]
    yield {
        "DataLoader": DataLoader,
        "LinearRegressionDataset": LinearRegressionDataset,
        "Variable": Variable,
        "batch_losses": [batch.mean().item() for batch in squared],
        "batch_sizes": [len(batch) for batch in squared],
        "dataset": dataset,
        "default_device": default_device,
        "loader": loader,
        "loss": loss,
        "model": model,
        "nn": nn,
        "np": np,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.01),
        "path": tmp_path / "model.pt",
        "plt": plt,
        "record": [],
        "seeded": torch.Generator().manual_seed(0),
        "torch": torch,
        "x": dataset.x,
        "y": dataset.y,
    }
    plt.close("all")


def run(line, names):
    """Run a line of the page and return the value of its last expression, if it ends in one."""
    *before, last = ast.parse(line).body
    for statement in before:
        exec(ast.unparse(statement), names)
    if isinstance(last, ast.Expr):
        return eval(ast.unparse(last), names)
    return exec(ast.unparse(last), names)


def test_the_page_has_the_rows_that_are_tested_here():
    assert (len(ERRORS), len(WARNED), len(SILENT)) == (7, 3, 6)


@EVERY_ROW
def test_every_new_form_runs_without_a_warning(old, says, new, names):
    run(new, names)


@pytest.mark.parametrize(
    ("old", "says"),
    [row[:2] for row in ERRORS if row[0] != "model.cuda()"],
    ids=lambda text: text,
)
def test_an_old_form_stops_with_the_error_on_the_page(old, says, names):
    kind, message = LITERAL.findall(says)[0].split(": ", 1)
    known = {**vars(builtins), "UnpicklingError": pickle.UnpicklingError}
    with pytest.raises(known[kind], match=re.escape(message)) as caught:
        run(old, names)
    assert type(caught.value) is known[kind]


def test_cuda_stops_without_an_nvidia_gpu(names):
    assert "model.cuda()" in [old for old, _, _ in ERRORS]
    if torch.cuda.is_available():
        assert run("model.cuda()", names).k.is_cuda
    else:
        with pytest.raises((AssertionError, RuntimeError), match=r"CUDA|NVIDIA"):
            run("model.cuda()", names)


def test_the_old_dataset_works_by_position():
    assert "``LinearRegressionDataset(3, 5, 50)``" in PAGE.read_text(encoding="utf-8")
    assert len(LinearRegressionDataset(3, 5, 50)) == 50


@pytest.mark.parametrize(
    ("old", "says"), [row[:2] for row in WARNED], ids=lambda text: text
)
def test_an_old_form_runs_with_the_warning_on_the_page(old, says, names):
    kind, message = LITERAL.findall(says)[0].split(": ", 1)
    assert kind == "UserWarning"
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)  # else some of them come once in a process
    try:
        with pytest.warns(UserWarning, match=re.escape(message)):
            result = run(old, names)
    finally:
        torch.set_warn_always(before)
    if "volatile" in old:
        assert result.requires_grad  # the page: it carries its memory all the same


def test_no_grad_does_what_volatile_did(names):
    ((_, _, new),) = [row for row in WARNED if "volatile" in row[0]]
    run(new, names)
    assert not names["prediction"].requires_grad


def test_the_scalar_warning_comes_once():
    program = (
        "import torch, warnings; warnings.simplefilter('always'); p = torch.nn.Parameter("
        "torch.ones(1)); print('%g' % p, '%g' % p)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert (
        done.stderr.count("Converting a tensor with requires_grad=True to a scalar")
        == 1
    )


def forms(start):
    """The old and the new form of the one row whose old form begins like this."""
    ((old, _, new),) = [row for row in SILENT if row[0].startswith(start)]
    return old, new


def test_variable_is_superfluous(names):
    old, new = forms("model(Variable")
    assert torch.equal(run(old, names), run(new, names))
    assert type(run("Variable(x)", names)) is torch.Tensor


def test_records_of_data_share_memory(names):
    old, new = forms("record.append")
    values = {}
    for form in (old, new):
        names["record"] = []
        for k in (1.0, 2.0, 3.0):
            with torch.no_grad():
                names["model"].k.fill_(k)
            run(form, names)
        values[form] = [float(np.squeeze(record)) for record in names["record"]]
    assert values == {old: [3, 3, 3], new: [1, 2, 3]}


def test_the_number_of_mini_batches(names):
    old, new = forms("int(")
    assert (run(old, names), run(new, names)) == (6, 7)
    assert names["batch_sizes"] == [8] * 6 + [2]


def test_the_mean_of_batch_means_is_not_the_loss(names):
    old, new = forms("np.mean")
    loss = names["loss"].item()
    assert run(new, names) == pytest.approx(loss, rel=1e-5)
    assert abs(run(old, names) - loss) > 0.5


def test_a_worker_makes_short_epochs_slow(names):
    old, new = forms("DataLoader(dataset, batch_size=8, num_workers=1")
    seconds, batches = {}, {}
    for form in (new, old):
        loader = run(form, names)
        with warnings.catch_warnings():  # Python 3.12 and newer warn of the fork
            warnings.simplefilter("ignore", DeprecationWarning)
            batches[form] = torch.cat(
                [x for x, _ in loader]
            )  # once untimed: imports are paid for
            start = time.perf_counter()
            for _ in range(3):
                list(loader)
            seconds[form] = time.perf_counter() - start
    assert torch.equal(batches[old], batches[new])
    assert seconds[old] > 10 * seconds[new]


def test_a_spawned_worker_needs_the_main_guard(tmp_path):
    script = tmp_path / "unguarded.py"
    script.write_text(
        "import torch\n"
        "from torch.utils.data import DataLoader, TensorDataset\n"
        "data = TensorDataset(torch.ones(4))\n"
        'list(DataLoader(data, num_workers=1, multiprocessing_context="spawn"))\n'
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    assert re.search(
        r"^RuntimeError: DataLoader worker .* exited unexpectedly", done.stderr, re.M
    )


def test_without_a_seed_the_order_is_new(names):
    old, new = forms("DataLoader(dataset, batch_size=8, shuffle=True")

    def order(form):
        names["seeded"].manual_seed(0)
        return torch.cat([x for x, _ in run(form, names)])

    assert torch.equal(order(new), order(new))
    assert not torch.equal(order(old), order(old))
