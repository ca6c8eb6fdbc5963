"""What stage 7 and the pages beyond found, against oracles that share no code."""

import ast
import os
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"

# Table 1 of Hubble's paper of 1929, typed a second time: distance in Mpc, velocity in
# km/s.
HUBBLE = """
SMC 0.032 170, LMC 0.034 290, NGC 6822 0.214 -130, NGC 598 0.263 -70,
NGC 221 0.275 -185, NGC 224 0.275 -220, NGC 5457 0.45 200, NGC 4736 0.5 290,
NGC 5194 0.5 270, NGC 4449 0.63 200, NGC 4214 0.8 300, NGC 3031 0.9 -30,
NGC 3627 0.9 650, NGC 4826 0.9 150, NGC 5236 0.9 500, NGC 1068 1.0 920,
NGC 5055 1.1 450, NGC 7331 1.1 500, NGC 4258 1.4 500, NGC 4151 1.7 960,
NGC 4382 2.0 500, NGC 4472 2.0 850, NGC 4486 2.0 800, NGC 4649 2.0 1090
"""
ROWS = [row.strip().rsplit(maxsplit=2) for row in HUBBLE.split(",")]
R = [Fraction(row[1]) for row in ROWS]
V = [Fraction(row[2]) for row in ROWS]


@pytest.fixture(scope="module")
def real_data(run_page):
    return run_page("beyond/plot_01_real_data").names


@pytest.fixture(scope="module")
def curve(run_page):
    return run_page("plot_07_curve").names


def train_alone(network, x, y, optimizer, steps):
    """The loop of stage 7, with nothing of linreg and nothing of torch.func."""
    for _ in range(steps):
        loss = torch.mean((network(x) - y) ** 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def test_the_table_is_hubbles(real_data):
    assert real_data["names"] == [row[0] for row in ROWS]
    assert real_data["distance"].tolist() == [float(row[1]) for row in ROWS]
    assert real_data["velocity"].tolist() == [float(row[2]) for row in ROWS]


def test_the_line_and_its_errors_are_those_of_exact_arithmetic(real_data):
    n = len(R)
    r_mean, v_mean = sum(R) / n, sum(V) / n
    spread = sum((a - r_mean) ** 2 for a in R)
    k = sum((a - r_mean) * (b - v_mean) for a, b in zip(R, V, strict=True)) / spread
    m = v_mean - k * r_mean
    variance = sum((b - k * a - m) ** 2 for a, b in zip(R, V, strict=True)) / (n - 2)
    k_error = float(mpmath.sqrt(variance / spread))
    m_error = float(mpmath.sqrt(variance * (Fraction(1, n) + r_mean**2 / spread)))
    assert real_data["k_exact"] == pytest.approx(float(k), rel=1e-13)
    assert real_data["m_exact"] == pytest.approx(float(m), rel=1e-12)
    assert real_data["k_error"] == pytest.approx(k_error, rel=1e-12)
    assert real_data["m_error"] == pytest.approx(m_error, rel=1e-12)
    assert float(k) == pytest.approx(454.158440922628, abs=1e-11)
    assert float(m) == pytest.approx(-40.783649095860, abs=1e-11)


def test_the_limit_follows_from_the_characteristic_polynomial(real_data):
    mean, square = sum(R) / len(R), sum(a * a for a in R) / len(R)
    # lambda^2 - 2 (square + 1) lambda + 4 (square - mean^2) = 0
    half, product = square + 1, 4 * (square - mean**2)
    largest = float(half) + float(half**2 - product) ** 0.5
    assert real_data["limit"] == pytest.approx(2 / largest, rel=1e-12)
    assert 0.48 < real_data["limit"] < 0.5


def test_the_bootstrap_lines_are_least_squares_lines_of_draws(real_data):
    assert real_data["draw"].shape == (2000, 24)
    ones = torch.ones(24, dtype=torch.float64)
    for i in (0, 1, 1999):
        columns = torch.stack([real_data["r"][i], ones], dim=1)
        k, m = torch.linalg.lstsq(columns, real_data["v"][i, :, None]).solution[:, 0]
        torch.testing.assert_close(real_data["k_draws"][i], k)
        torch.testing.assert_close(real_data["m_draws"][i], m)


def test_the_diff_is_one_between_stage_5_and_the_page():
    stage = (
        (EXAMPLES / "plot_05_trajectory.py").read_text(encoding="utf-8").splitlines()
    )
    text = (EXAMPLES / "plot_07_curve.py").read_text(encoding="utf-8")
    block = re.search(r"# \.\. code-block:: diff\n#\n((?:#    .*\n)+)", text)[1]
    lines = [line.removeprefix("#    ") for line in block.splitlines()]
    assert {line[0] for line in lines} == {"-", "+", " "}
    for line in lines:
        assert (line[1:] in stage) == (line[0] != "+"), line
        assert (line[1:] in text.splitlines()) == (line[0] != "-"), line


def test_the_network_is_the_formula_of_the_page(curve):
    x = torch.linspace(-3, 3, 7)[:, None]
    w1, b1, w2, b2, w3, b3 = curve["model"].parameters()
    by_hand = torch.tanh(torch.tanh(x @ w1.T + b1) @ w2.T + b2) @ w3.T + b3
    torch.testing.assert_close(curve["model"](x), by_hand)


def test_four_bent_lines_add_up_to_the_curve_that_is_drawn(run_page):
    axes = run_page("plot_07_curve").axes
    (figure,) = (a for a in axes if a.get_title(loc="left") == "Four bent lines")
    *bent, total = (line.get_xydata() for line in figure.lines)
    x = np.linspace(-3, 3, 200)
    by_hand = -np.tanh(2 * x + 3) + np.tanh(2 * x) - np.tanh(2 * x - 3) + np.tanh(x / 2)
    np.testing.assert_allclose(total[:, 1], by_hand, atol=1e-5)
    np.testing.assert_allclose(sum(line[:, 1] for line in bent), by_hand, atol=1e-5)
    turns = np.diff(np.sign(np.diff(by_hand)))
    assert np.count_nonzero(turns) >= 3  # a wave: up and down, and up again


def test_the_noise_and_no_lack_of_epochs_holds_the_network_up_on_the_left(curve):
    x, left = curve["x_train"], torch.tensor([[-3.0]])
    off = []
    for y in (curve["y_train"], curve["true_curve"](x)):
        torch.manual_seed(0)
        network = curve["network"](4)
        optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
        train_alone(network, x, y, optimizer, steps=1200)
        off.append((network(left) - curve["true_curve"](left)).item())
    assert off[0] > 0.9
    assert abs(off[1]) < 0.3


def test_hidden_units_that_start_equal_stay_equal(curve):
    """So a network starts at random; from 0, its last intercept alone can move."""
    x, y = curve["x_train"], curve["y_train"]
    for start in (0.0, 0.5):
        network = curve["network"](4)
        for parameter in network.parameters():
            torch.nn.init.constant_(parameter, start)
        first, _, second, _, last = network
        optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
        train_alone(network, x, y, optimizer, 100)
        if start == 0:
            assert not any(p.any() for p in [*first.parameters(), *second.parameters()])
            assert not last.weight.any()
            assert last.bias.item() == pytest.approx(y.mean().item(), abs=0.01)
        else:
            assert not torch.allclose(second.weight, torch.tensor(start))
            torch.testing.assert_close(second.weight, second.weight[:1].expand(4, 4))


def test_forty_networks_learn_as_each_would_alone(curve):
    torch.manual_seed(0)
    networks = [curve["network"](4) for _ in range(40)]
    for i in (0, 17, 39):
        optimizer = torch.optim.Adam(networks[i].parameters(), lr=0.01)
        x, y = curve["x_sets"][i], curve["y_sets"][i]
        train_alone(networks[i], x, y, optimizer, 600)
        with torch.no_grad():
            loss = torch.mean((networks[i](curve["x_test"]) - curve["y_test"]) ** 2)
        torch.testing.assert_close(curve["held_out"][1, i], loss, rtol=1e-3, atol=0)


def torchrun_of_the_page(folder, worker):
    """Return the page's function, with what stands around it there."""
    page = EXAMPLES / "beyond" / "plot_03_many_machines.py"
    body = ast.parse(page.read_text("utf-8")).body
    names = ("environment", "last_error", "torchrun")
    scope = {"os": os, "subprocess": subprocess, "sys": sys, "worker": worker}
    scope["folder"] = SimpleNamespace(name=folder)
    for node in body:
        targets = [*getattr(node, "targets", []), getattr(node, "target", None)]
        name = getattr(node, "name", "") or "".join(
            t.id for t in targets if isinstance(t, ast.Name)
        )
        if name in names:
            exec(ast.unparse(node), scope)
    return scope["torchrun"]


def test_workers_find_each_other_whatever_the_machine_is_called_or_has_set(
    tmp_path, monkeypatch
):
    """As pytorch/pytorch issue 150532: each waited for a host that nobody knows.

    And as kubeflow/trainer issue 3277: it waited for a second machine.
    """
    unknown = "import socket\nsocket.getfqdn = lambda name='': 'unknown.invalid'\n"
    (tmp_path / "sitecustomize.py").write_text(unknown)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for name in ("NNODES", "NODE_RANK", "MODULE", "NO_PYTHON", "RDZV_BACKEND"):
        monkeypatch.setenv(f"PET_{name}", "2")
    worker = tmp_path / "worker.py"
    names = "e['MASTER_ADDR'], e['WORLD_SIZE']"
    worker.write_text(f"import os\ne = os.environ\nprint({names})\n")
    assert torchrun_of_the_page(tmp_path, worker)(1, "run.pt") == (0, "127.0.0.1 1\n")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("raise KeyError('optimizer')", "KeyError: 'optimizer'\n"),
        ("assert not os", "\nAssertionError\n"),
    ],
)
def test_where_a_process_fails_its_last_error_is_printed(tmp_path, fault, error):
    """As pytorch/pytorch issue 148283."""
    worker = tmp_path / "worker.py"
    worker.write_text(f"import os\n{fault}\n")
    status, printed = torchrun_of_the_page(tmp_path, worker)(1, "run.pt", restarts=0)
    assert status != 0
    assert error in printed
