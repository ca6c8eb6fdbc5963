"""The pages beyond the post, against oracles that share no code with them."""

import ast
import re
import subprocess
import sys
from fractions import Fraction

import matplotlib.pyplot as plt
import mpmath
import pytest
import torch
from inliner import inline, module_program
from library_source import Library

# Table 1 of Hubble's paper of 1929, typed a second time: distance in Mpc, velocity in km/s.
HUBBLE = {
    **{"SMC": ("0.032", 170), "LMC": ("0.034", 290), "NGC 6822": ("0.214", -130)},
    **{
        "NGC 598": ("0.263", -70),
        "NGC 221": ("0.275", -185),
        "NGC 224": ("0.275", -220),
    },
    **{"NGC 5457": ("0.45", 200), "NGC 4736": ("0.5", 290), "NGC 5194": ("0.5", 270)},
    **{"NGC 4449": ("0.63", 200), "NGC 4214": ("0.8", 300), "NGC 3031": ("0.9", -30)},
    **{"NGC 3627": ("0.9", 650), "NGC 4826": ("0.9", 150), "NGC 5236": ("0.9", 500)},
    **{"NGC 1068": ("1.0", 920), "NGC 5055": ("1.1", 450), "NGC 7331": ("1.1", 500)},
    **{"NGC 4258": ("1.4", 500), "NGC 4151": ("1.7", 960), "NGC 4382": ("2.0", 500)},
    **{"NGC 4472": ("2.0", 850), "NGC 4486": ("2.0", 800), "NGC 4649": ("2.0", 1090)},
}


def run(root, page):
    """The variables of a page at its end, and what its figures are called."""
    figures = []

    def show():
        for number in plt.get_fignums():
            figure = plt.figure(number)
            axes = figure.axes
            names = [(ax.get_xlabel(), ax.get_ylabel()) for ax in axes[-1:]]
            figures.append(
                (axes[0].get_title(loc="left"), figure.get_label(), *names[0])
            )
        plt.close("all")

    code = (root / "examples" / "beyond" / f"{page}.py").read_text(encoding="utf-8")
    variables = {"__name__": "__main__"}
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng(devices=[]):
        patch.setattr(plt, "show", show)
        exec(compile(code, page, "exec"), variables)
    plt.rcdefaults()
    return variables, figures


@pytest.fixture(scope="module")
def real_data(root):
    return run(root, "plot_11_real_data")


@pytest.fixture(scope="module")
def curve(root):
    return run(root, "plot_06_curve")


def test_every_figure_has_a_title_alt_text_and_named_axes(real_data, curve):
    for number, (_, figures) in [(5, real_data), (3, curve)]:
        assert len(figures) == number
        assert all(len(alt) > 40 and title and x and y for title, alt, x, y in figures)
        assert len({title for title, *_ in figures}) == number


def test_the_table_is_hubbles(real_data):
    variables, _ = real_data
    rows = zip(
        variables["names"], variables["distance"], variables["velocity"], strict=True
    )
    table = {
        name: (distance.item(), velocity.item()) for name, distance, velocity in rows
    }
    assert table == {name: (float(r), v) for name, (r, v) in HUBBLE.items()}


def test_the_line_and_its_errors_are_those_of_exact_arithmetic(real_data):
    variables, _ = real_data
    r = [Fraction(distance) for distance, _ in HUBBLE.values()]
    v = [Fraction(velocity) for _, velocity in HUBBLE.values()]
    n = len(r)
    r_mean, v_mean = sum(r) / n, sum(v) / n
    spread = sum((a - r_mean) ** 2 for a in r)
    k = sum((a - r_mean) * (b - v_mean) for a, b in zip(r, v, strict=True)) / spread
    m = v_mean - k * r_mean
    variance = sum((b - k * a - m) ** 2 for a, b in zip(r, v, strict=True)) / (n - 2)
    assert variables["k_exact"] == pytest.approx(float(k), rel=1e-13)
    assert variables["m_exact"] == pytest.approx(float(m), rel=1e-12)
    assert variables["k_error"] == pytest.approx(
        float(mpmath.sqrt(variance / spread)), rel=1e-12
    )
    m_error = mpmath.sqrt(variance * (Fraction(1, n) + r_mean**2 / spread))
    assert variables["m_error"] == pytest.approx(float(m_error), rel=1e-12)
    assert float(k) == pytest.approx(454.158440922628, abs=1e-11)
    assert float(m) == pytest.approx(-40.783649095860, abs=1e-11)


def test_the_limit_of_the_learning_rate_follows_from_the_characteristic_polynomial(
    real_data,
):
    variables, _ = real_data
    r = [Fraction(distance) for distance, _ in HUBBLE.values()]
    mean, square = sum(r) / len(r), sum(a * a for a in r) / len(r)
    # lambda^2 - 2 (square + 1) lambda + 4 (square - mean^2) = 0
    half, product = square + 1, 4 * (square - mean**2)
    largest = float(half) + float(half**2 - product) ** 0.5
    assert variables["limit"] == pytest.approx(2 / largest, rel=1e-12)
    assert 0.48 < variables["limit"] < 0.5


def test_the_bootstrap_lines_are_least_squares_lines_of_draws(real_data):
    variables, _ = real_data
    for i in (0, 1, 1999):
        k, m = torch.linalg.lstsq(
            torch.stack(
                [variables["r"][i], torch.ones(24, dtype=torch.float64)], dim=1
            ),
            variables["v"][i, :, None],
        ).solution[:, 0]
        torch.testing.assert_close(variables["k_draws"][i], k)
        torch.testing.assert_close(variables["m_draws"][i], m)
    assert variables["draw"].shape == (2000, 24)


def test_the_diff_of_the_curve_page_is_one_between_stage_3_and_the_page(root):
    stage = (
        (root / "examples" / "plot_03_training.py")
        .read_text(encoding="utf-8")
        .splitlines()
    )
    text = (root / "examples" / "beyond" / "plot_06_curve.py").read_text(
        encoding="utf-8"
    )
    page = text.splitlines()
    block = re.search(r"# \.\. code-block:: diff\n#\n((?:#    .*\n)+)", text)[1]
    lines = [line.removeprefix("#    ") for line in block.splitlines()]
    assert {line[0] for line in lines} == {"-", "+", " "}
    for line in lines:
        assert (line[1:] in stage) == (line[0] != "+"), line
        assert (line[1:] in page) == (line[0] != "-"), line


def test_the_network_is_the_formula_of_the_page(curve):
    variables, _ = curve
    x = torch.linspace(-3, 3, 7)[:, None]
    w1, b1, w2, b2, w3, b3 = variables["model"].parameters()
    by_hand = torch.tanh(torch.tanh(x @ w1.T + b1) @ w2.T + b2) @ w3.T + b3
    torch.testing.assert_close(variables["model"](x), by_hand)


@pytest.fixture(scope="module")
def library(root):
    return Library(root / "linreg")


def test_the_program_ends_cleanly_where_a_kill_is_impossible(root, library, tmp_path):
    page = root / "examples" / "beyond" / "plot_13_many_machines.py"
    program = inline(page.read_text(encoding="utf-8"), page, library, {}).text
    (tmp_path / "page.py").write_text(
        f"import signal\ndel signal.SIGKILL\nexec({program!r})\n", encoding="utf-8"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-W", "error", "page.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert (
        ran.stdout
        == "torch.distributed or SIGKILL is missing here (Windows has no SIGKILL).\n"
    )


def test_the_workers_program_needs_nothing_of_the_library(root, library, tmp_path):
    program = module_program(library, "linreg.worker", root / "page.py", 1)
    modules = {
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(program))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    assert not {module for module in modules if module.startswith("linreg")}
    (tmp_path / "worker.py").write_text(program, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-I", "-W", "error", "worker.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1
    assert (
        ran.stderr
        == "Start it with: torchrun --standalone --nproc-per-node=2 worker.py\n"
    )
