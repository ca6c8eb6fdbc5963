"""What stage 6 and the pages beyond found, against oracles that share no code."""

import re
import runpy
from fractions import Fraction
from pathlib import Path

import matplotlib.pyplot as plt
import mpmath
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


def run(page):
    """Return the variables of a page at its end, and the names in its figures."""
    figures = []

    def show():
        for number in plt.get_fignums():
            axes = plt.figure(number).axes[0]
            title = axes.get_title(loc="left")
            figures.append((title, axes.get_xlabel(), axes.get_ylabel()))
        plt.close("all")

    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng(devices=[]):
        patch.setattr(plt, "show", show)
        variables = runpy.run_path(str(EXAMPLES / f"{page}.py"))
    plt.rcdefaults()
    return variables, figures


@pytest.fixture(scope="module")
def real_data():
    return run("beyond/plot_11_real_data")


@pytest.fixture(scope="module")
def curve():
    return run("plot_06_curve")


def test_every_figure_has_a_title_of_its_own_and_named_axes(real_data, curve):
    for number, (_, figures) in [(5, real_data), (4, curve)]:
        assert len(figures) == number
        assert all(title and x and y for title, x, y in figures)
        assert len({title for title, *_ in figures}) == number


def test_the_table_is_hubbles(real_data):
    variables, _ = real_data
    assert variables["names"] == [row[0] for row in ROWS]
    assert variables["distance"].tolist() == [float(row[1]) for row in ROWS]
    assert variables["velocity"].tolist() == [float(row[2]) for row in ROWS]


def test_the_line_and_its_errors_are_those_of_exact_arithmetic(real_data):
    variables, _ = real_data
    n = len(R)
    r_mean, v_mean = sum(R) / n, sum(V) / n
    spread = sum((a - r_mean) ** 2 for a in R)
    k = sum((a - r_mean) * (b - v_mean) for a, b in zip(R, V, strict=True)) / spread
    m = v_mean - k * r_mean
    variance = sum((b - k * a - m) ** 2 for a, b in zip(R, V, strict=True)) / (n - 2)
    k_error = float(mpmath.sqrt(variance / spread))
    m_error = float(mpmath.sqrt(variance * (Fraction(1, n) + r_mean**2 / spread)))
    assert variables["k_exact"] == pytest.approx(float(k), rel=1e-13)
    assert variables["m_exact"] == pytest.approx(float(m), rel=1e-12)
    assert variables["k_error"] == pytest.approx(k_error, rel=1e-12)
    assert variables["m_error"] == pytest.approx(m_error, rel=1e-12)
    assert float(k) == pytest.approx(454.158440922628, abs=1e-11)
    assert float(m) == pytest.approx(-40.783649095860, abs=1e-11)


def test_the_limit_follows_from_the_characteristic_polynomial(real_data):
    variables, _ = real_data
    mean, square = sum(R) / len(R), sum(a * a for a in R) / len(R)
    # lambda^2 - 2 (square + 1) lambda + 4 (square - mean^2) = 0
    half, product = square + 1, 4 * (square - mean**2)
    largest = float(half) + float(half**2 - product) ** 0.5
    assert variables["limit"] == pytest.approx(2 / largest, rel=1e-12)
    assert 0.48 < variables["limit"] < 0.5


def test_the_bootstrap_lines_are_least_squares_lines_of_draws(real_data):
    variables, _ = real_data
    assert variables["draw"].shape == (2000, 24)
    ones = torch.ones(24, dtype=torch.float64)
    for i in (0, 1, 1999):
        columns = torch.stack([variables["r"][i], ones], dim=1)
        k, m = torch.linalg.lstsq(columns, variables["v"][i, :, None]).solution[:, 0]
        torch.testing.assert_close(variables["k_draws"][i], k)
        torch.testing.assert_close(variables["m_draws"][i], m)


def test_the_diff_is_one_between_stage_3_and_the_page():
    stage = (EXAMPLES / "plot_03_training.py").read_text(encoding="utf-8").splitlines()
    text = (EXAMPLES / "plot_06_curve.py").read_text(encoding="utf-8")
    block = re.search(r"# \.\. code-block:: diff\n#\n((?:#    .*\n)+)", text)[1]
    lines = [line.removeprefix("#    ") for line in block.splitlines()]
    assert {line[0] for line in lines} == {"-", "+", " "}
    for line in lines:
        assert (line[1:] in stage) == (line[0] != "+"), line
        assert (line[1:] in text.splitlines()) == (line[0] != "-"), line


def test_the_network_is_the_formula_of_the_page(curve):
    variables, _ = curve
    x = torch.linspace(-3, 3, 7)[:, None]
    w1, b1, w2, b2, w3, b3 = variables["model"].parameters()
    by_hand = torch.tanh(torch.tanh(x @ w1.T + b1) @ w2.T + b2) @ w3.T + b3
    torch.testing.assert_close(variables["model"](x), by_hand)


def test_networks_trained_at_once_are_networks_trained_one_by_one(curve):
    variables, _ = curve
    torch.manual_seed(0)
    together = variables["fit_networks"](4, steps=20)
    torch.manual_seed(0)
    networks = [variables["network"](4) for _ in range(40)]
    for i in (0, 39):
        optimizer = torch.optim.Adam(networks[i].parameters(), lr=0.01)
        x, y = variables["x_sets"][i], variables["y_sets"][i]
        for _ in range(20):
            optimizer.zero_grad()
            torch.mean((networks[i](x) - y) ** 2).backward()
            optimizer.step()
        x, y = variables["x_held_out"][i], variables["y_held_out"][i]
        alone = torch.mean((networks[i](x) - y) ** 2)
        torch.testing.assert_close(together[i], alone, rtol=1e-3, atol=1e-4)


def test_the_worker_stands_on_its_page_whole():
    text = (ROOT / "linreg" / "worker.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 100
    page = EXAMPLES / "beyond" / "plot_13_many_machines.py"
    assert 'WORKER = program("linreg.worker")\n' in page.read_text(encoding="utf-8")
    assert "'''" not in text  # the page holds it in such quotes
