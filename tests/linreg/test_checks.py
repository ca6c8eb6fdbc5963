"""What the checks say of a reader's program, and that they disturb nothing."""

import linecache
import random
import re
import sys
import threading
import time
import tracemalloc
from contextlib import suppress
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from linreg import LinearRegressionModel, checks
from linreg.checks import check

DATA = Path(__file__).parents[1] / "data"
NAMES = {
    "loss": "mean_squared_error",
    "scale": "scale",
    "dataset": "CarDataset",
    "model": "Line",
    "step": "step",
    "loop": "train",
    "measure": "measure",
    "fit": "fit",
}
SCOPE = {
    "np": np,
    "torch": torch,
    "nn": nn,
    "DataLoader": DataLoader,
    "Dataset": Dataset,
    "TensorDataset": TensorDataset,
    "LinearRegressionModel": LinearRegressionModel,
    "speed": list(range(50)),
    "distance": list(range(50)),
}
LOOP = """
def train(model, loader, optimizer, num_epochs):
    for epoch in range(num_epochs):
        for x, y in loader:
            loss = torch.mean((y - model(x)) ** 2)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
"""


def attempts():
    """Return what people wrote: task, kind, what it is, code."""
    found = []
    for file in sorted(DATA.glob("attempts*.txt")):
        for part in re.split(r"(?m)^##### ", file.read_text("utf-8"))[1:]:
            head, _, code = part.partition("\n")
            task, kind, what = (word.strip() for word in head.split("|", maxsplit=2))
            found.append(pytest.param(task, kind, code, id=f"{task}-{kind}-{what}"))
    return found


def answer(task, code):
    """Return what the check says, on one line."""
    room, name = dict(SCOPE), f"<{task} {hash(code)}>"
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    exec(compile(code, name, "exec"), room)
    return check(task, room[NAMES[task]]).replace("\n", " ")


def answers(file):
    """Return the answers that somebody has read: for each case, what is said."""
    rows = (DATA / file).read_text("utf-8").splitlines()
    return dict(row.split(" => ") for row in rows if not row.startswith("#"))


@pytest.mark.parametrize(("task", "kind", "code"), attempts())
def test_what_is_said_of_programs_as_people_write_them(task, kind, code, request):
    said = answer(task, code)
    starts = {"right": "Right", "open": "Not written yet"}
    assert [said.startswith(start) for start in starts.values()] == [
        kind == name for name in starts
    ]
    case = request.node.callspec.id
    expected = answers("answers.txt").get(case)  # new ones have none at first
    assert expected in (None, said)


FOUR = {
    "loss": "loss = torch.mean((y - model(x)) ** 2)",
    "zero": "optimizer.zero_grad()",
    "back": "loss.backward()",
    "step": "optimizer.step()",
}


def orders():
    """Return all orders of the four statements, some left out, some behind the loop."""
    chosen = [order for size in range(5) for order in permutations(FOUR, size)]
    return [(order[:n], order[n:]) for order in chosen for n in range(len(order) + 1)]


def test_every_order_and_omission_of_the_four_statements():
    expected = answers("orders.txt")
    assert len(orders()) == len(expected) == 261
    said = {}
    for inner, behind in orders():
        rows = [*LOOP.splitlines()[:4], *(" " * 12 + FOUR[name] for name in inner)]
        rows += ["            pass", *(" " * 8 + FOUR[name] for name in behind)]
        case = f"{' '.join(inner)} | {' '.join(behind)}"
        said[case] = answer("loop", "\n".join(rows))
    assert said == expected


def table(task):
    watch, programs = checks.TASKS[task]
    return [*(checks.records(watch, programs) if programs else checks.known_steps())]


@pytest.mark.parametrize("task", checks.TASKS)
def test_two_known_programs_are_the_same_or_differ_by_ten_tolerances(task):
    tolerance = 0.02 if task == "fit" else 1e-4
    for (words, one), (more, other) in combinations(table(task), 2):
        exactly = not checks.first_difference(one, other, 1e-9)
        clearly = checks.first_difference(one, other, 10 * tolerance)
        assert exactly or clearly, (words, more)


def test_two_mistakes_are_named_together_only_if_they_are_of_different_kinds():
    kinds = checks.MISTAKES.values()
    for words, _ in table("loop")[1:]:
        found = [[one for one in kind if one in words] for kind in kinds]
        assert max(map(len, found)) == 1, words
        assert sum(map(len, found)) in (1, 2)
        assert " ".join(one for kind in found for one in kind) == words


MODEL = """
class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.k = nn.Parameter(K)
        self.m = nn.Parameter(torch.zeros(1))
    def forward(self, x):
        return self.k * x + self.m
"""
FIT = """
def fit(speed, distance, num_epochs):
    mean, std = speed.mean(), speed.std()
    x = (speed - mean) / std
    k = m = torch.zeros(1)
    for epoch in range(num_epochs):
        error = k * x + m - distance
        k, m = k - RATE * 2 * (error * x).mean(), m - RATE * 2 * error.mean()
    return k / std, m - k * mean / std
def HELPER(values):
    return ...
"""


MISREAD = [  # what is changed in a program, and a part of what is said
    (MODEL, "nn.Parameter(K)", "nn.Parameter(0.0)", "takes a tensor, such as torch."),
    (MODEL, "(K)", "(torch.ones(1))", "k at the start should be 0, not 1."),
    ("Line = LinearRegressionModel()", "()", "()", "the class itself, without par"),
    (LOOP, "model(x)", "LinearRegressionModel()(x)", "never move: another model is"),
    (LOOP, "torch.mean(", "wrong(", "at `loss = wrong((y - model(x)) ** 2)`. Name"),
    (LOOP, "torch.mean", "...#", "Not written yet: there is a `...` at `loss.b"),
    (LOOP, "optimizer.step()", "exit()", "It ends Python, by exit() or quit()."),
    (FIT, "RATE", "1.5", "k or m is not finite. Does it diverge? Pitfall 4."),
    (FIT, "RATE", "HELPER(0)", "Not written yet: there is a `...` from HELPER."),
    ("mean_squared_error = 4.5", "4.5", "4.5", "the function itself, without paren"),
]


@pytest.mark.parametrize(("program", "old", "new", "part"), MISREAD)
def test_what_newcomers_misread_is_answered_in_words(program, old, new, part):
    code = program.replace(old, new)
    name = re.search(r"(?m)^(?:def |class )?(\w+)(?:\(| = )", code)[1]
    (task,) = (task for task in NAMES if NAMES[task] == name)
    assert part in answer(task, code)


# What a check leaves as it was, and how it ends


def watched(program):
    return check("loss", program)


def test_the_generators_are_as_before_and_a_run_is_seeded():
    states = []

    def draws(prediction, y):
        drawn = [torch.rand(1).item(), np.random.rand(), random.random()]
        states.append(drawn)
        torch.manual_seed(5)

    before = torch.get_rng_state(), np.random.get_state()[1], random.getstate()
    watched(draws)
    torch.rand(1), np.random.rand(), random.random()
    torch.set_rng_state(before[0])
    random.setstate(before[2])
    assert np.random.get_state()[2] != 0
    watched(draws)
    assert states[0] == states[1]
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[2]


MEASURE = """
def measure(model, loader):
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    model.eval()
    return torch.cat([(y - model(x)) ** 2 for x, y in loader]).mean().item()
"""


def test_what_a_program_sets_in_torch_ends_with_it():
    state = torch.get_rng_state()
    assert answer("measure", MEASURE) == "Right."
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32
    assert torch.equal(torch.get_rng_state(), state)  # the loaders draw numbers, too


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_what_the_reader_has_set_cuts_no_way_back(mode):
    with mode():
        said = watched(lambda p, y: ((p - y) ** 2).mean())
    assert said == "Right."


def test_a_message_that_speaks_of_an_ellipsis_is_no_open_part():
    said = watched(lambda p, y: torch.einsum("ij,ij->", p - y, p - y))
    assert "Not written yet" not in said


def test_the_search_for_open_parts_leaves_a_profile_function():
    def own(*_):
        pass

    sys.setprofile(own)
    said = watched(lambda p, y: (p - y) * ...)
    left = sys.getprofile()
    sys.setprofile(None)
    assert left is own
    assert said.startswith("Not written yet")


@pytest.mark.parametrize("lines", [0, 5, 6, 3000])
def test_five_lines_are_printed_at_most(lines, capsys):
    def prints(prediction, y):
        for number in range(lines):
            print("line", number)
        return ((prediction - y) ** 2).mean()

    assert watched(prints) == "Right."
    expected = [f"line {number}" for number in range(min(lines, 5))]
    expected += ["(It prints more.)"] * (lines > 5)
    assert capsys.readouterr().out.splitlines() == expected


def test_what_prints_without_end_fills_no_memory():
    def prints(prediction, y):
        for _ in range(1000):
            print("line\n" * 5000)

    watched(lambda p, y: ((p - y) ** 2).mean())  # what is loaded late fills memory, too
    tracemalloc.start()
    watched(prints)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def endless(prediction, y):
    while True:
        pass


def asleep(prediction, y):
    while True:
        time.sleep(0.01)


def endless_with_a_bare_except(prediction, y):
    while True:
        with suppress(BaseException):
            sum(range(1000))


@pytest.mark.parametrize("program", [endless, endless_with_a_bare_except, asleep])
def test_what_does_not_end_is_ended_in_any_thread(program, monkeypatch):
    monkeypatch.setattr(checks, "SECONDS", 0.1)
    found = [watched(program)]
    thread = threading.Thread(target=lambda: found.append(watched(program)))
    thread.start()
    thread.join()
    assert found == ["It takes too long: it was stopped."] * 2
    assert watched(lambda p, y: ((p - y) ** 2).mean()) == "Right."


def test_ctrl_c_passes_through_and_all_is_as_before():
    def interrupted(prediction, y):
        raise KeyboardInterrupt

    state, out = torch.get_rng_state(), sys.stdout
    watched(lambda p, y: ((p - y) ** 2).mean())  # what is loaded late may start threads
    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        watched(interrupted)
    assert torch.equal(torch.get_rng_state(), state)
    assert sys.stdout is out
    assert threading.active_count() == threads


def test_exit_of_a_notebook_ends_no_kernel(monkeypatch):
    class ZMQExitAutocall:
        def __call__(self):
            raise AssertionError("the kernel ends")

    notebook = vars(sys.modules["__main__"])
    monkeypatch.setitem(notebook, "exit", ZMQExitAutocall())
    exec("def loss(prediction, y): exit()", notebook)
    assert watched(notebook.pop("loss")).startswith("It ends Python")
    assert isinstance(notebook["exit"], ZMQExitAutocall)


def test_no_except_of_the_reader_holds_a_verdict_up():
    endless = """
def train(model, loader, optimizer, num_epochs):
    while True:
        try:
            for x, y in loader:
                model(x)
        except Exception:
            pass
"""
    assert answer("loop", endless) == "It goes on and on, where 12 steps are due."


def test_typed_in_numbers_are_not_taken_for_an_answer():
    for task, code in {
        "scale": "def scale(v):\n return [-1.019, -0.67937, 0.67937, 1.019], 4, 2.9439",
        "measure": "def measure(model, loader):\n return 32.218",
        "fit": "def fit(speed, distance, num_epochs):\n return 3.9324, -17.5791",
        "loss": "def mean_squared_error(p, y):\n return torch.tensor(4.66667)",
    }.items():
        assert answer(task, code).startswith("Not right yet."), task
