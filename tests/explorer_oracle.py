"""Independent oracles of the explorer: a NumPy loop, and the program that the page shows."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

RUNNER = """
import contextlib, io, json, sys
results = []
for text in json.load(sys.stdin):
    names = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(text, "explorer_run.py", "exec"), names)
    model = names["model"]
    assert model.k.dtype is names["torch"].float64
    results.append({"k": model.k.item(), "m": model.m.item(), "printed": printed.getvalue()})
print(json.dumps(results))
"""


def run_programs(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Run complete programs, one after the other in one process: importing torch takes long."""
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def shuffled(n: int, state: int) -> tuple[list[int], int]:
    """The indices of one epoch, by the generator of Park and Miller, and its next state."""
    order = list(range(n))
    for last in reversed(range(1, n)):
        state = 48271 * state % (2**31 - 1)
        other = state % (last + 1)
        order[last], order[other] = order[other], order[last]
    return order, state


def descend(experiment: dict[str, Any], steps: int) -> tuple[float, float]:
    """Mini-batch gradient descent from the textbook, on the points of an experiment."""
    x = np.array([point["x"] for point in experiment["points"]])
    y = np.array([point["y"] for point in experiment["points"]])
    k, m = float(experiment["k"]), float(experiment["m"])
    state, rest = 20190 + experiment["seed"], []
    for _ in range(steps):
        if len(rest) == 0:
            rest, state = shuffled(len(x), state)
        batch, rest = rest[: experiment["batch"]], rest[experiment["batch"] :]
        error = k * x[batch] + m - y[batch]
        k -= experiment["lr"] * 2 * np.mean(error * x[batch])
        m -= experiment["lr"] * 2 * np.mean(error)
    return k, m
