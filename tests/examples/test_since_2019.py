"""What docs/since-2019.rst says about old code, measured: every form on it is run."""

import builtins
import pickle
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn
from torch.autograd import Variable
from torch.utils.data import DataLoader

from linreg import LinearRegressionDataset, LinearRegressionModel, default_device

PAGE = (Path(__file__).parents[2] / "docs" / "since-2019.rst").read_text("utf-8")
ROW = r"(?s)\* - \| Old: ``(.+?)``\n +\| New: ``(.+?)``\n +- (.+?)(?=\n   \* - |\n\n)"


def rows(section):
    """The rows below a heading: old form, new form, and what the page says of them."""
    part = PAGE.split(f"\n{section}\n---")[1].split("\n---")[0]
    found = re.findall(ROW, part)
    assert len(found) == part.count("   * - ") - 1  # all but the header
    return [tuple(" ".join(text.split()) for text in row) for row in found]


ERRORS = rows("It stops with an error")
WARNED = rows("It runs with a warning")
SILENT = rows("It runs without a word")


@pytest.fixture
def names(tmp_path):
    """What the lines of the page may use, made anew for each of them."""
    dataset = LinearRegressionDataset(seed=0)
    x, y = dataset.x, dataset.y
    model = LinearRegressionModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    loader = DataLoader(dataset, batch_size=8)
    loss = ((y - model(x)) ** 2).mean()
    loss.backward()
    batch_losses = [((b - model(a)) ** 2).mean().item() for a, b in loader]
    batch_sizes = [len(a) for a, _ in loader]
    record, path = [], tmp_path / "model.pt"
    seeded = torch.Generator().manual_seed(0)
    torch.set_warn_always(True)  # else some warnings come once in a process
    yield (
        globals() | {"Variable": Variable, "default_device": default_device} | locals()
    )
    torch.set_warn_always(False)
    plt.close("all")


def run(line, names):
    """Run a line of the page and give the value of its last expression, if any."""
    *before, last = line.split("; ")
    for statement in before:
        exec(statement, names)
    kind = "exec" if last.startswith("with") else "eval"
    return eval(compile(last, "since-2019", kind), names)


@pytest.mark.parametrize(("old", "new", "says"), ERRORS + WARNED + SILENT)
def test_every_new_form_runs_without_a_warning(old, new, says, names):
    run(new, names)


@pytest.mark.parametrize(("old", "new", "says"), ERRORS)
def test_an_old_form_stops_with_the_error_on_the_page(old, new, says, names):
    if old == "model.cuda()" and torch.cuda.is_available():
        return  # it works here
    known = {**vars(builtins), **vars(pickle)}
    kinds = tuple(known[name] for name in re.findall(r"``(\w+Error)\b", says))
    message = re.match(r"``\w+: (.+?)``", says)
    with pytest.raises(
        kinds, match=re.escape(message[1]) if message else "CUDA|NVIDIA"
    ):
        run(old, names)


@pytest.mark.parametrize(("old", "new", "says"), WARNED)
def test_an_old_form_runs_with_the_warning_on_the_page(old, new, says, names):
    message = re.match(r"``UserWarning: (.+?)``", says)[1]
    with pytest.warns(UserWarning, match=re.escape(message)):
        result = run(old, names)
    if "volatile" in old:  # it carries its memory all the same, unlike the new form
        run(new, names)
        assert result.requires_grad > names["prediction"].requires_grad


def forms(start):
    """The two forms of the one silent row whose old form begins like this."""
    ((old, new, _),) = [row for row in SILENT if row[0].startswith(start)]
    return old, new


def test_old_and_new_values(names):
    old, new = (run(form, names) for form in forms("model(Variable"))
    assert torch.equal(old, new)
    assert "``LinearRegressionDataset(3, 5, 50)``" in PAGE
    assert len(LinearRegressionDataset(3, 5, 50)) == 50
    for form in forms("record.append"):
        for k in (1.0, 2.0):
            nn.init.constant_(names["model"].k, k)
            run(form, names)
    assert [float(np.squeeze(record)) for record in names["record"]] == [2, 2, 1, 2]
    assert [run(form, names) for form in forms("int(")] == [6, 7]
    assert names["batch_sizes"] == [8] * 6 + [2]
    old, new = (run(form, names) for form in forms("np.mean"))
    assert new == pytest.approx(names["loss"].item(), rel=1e-5)
    assert abs(old - new) > 0.5
