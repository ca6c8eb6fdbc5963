"""The five stages, run as plain scripts, and their figures compared with the list of the post's."""

import os
import re

import matplotlib.pyplot as plt
import pytest
from forks import PYTORCH, Forks

STAGES = [
    "plot_01_dataset",
    "plot_02_model",
    "plot_03_training",
    "plot_04_loss_surface",
    "plot_05_trajectory",
]


@pytest.fixture(scope="module")
def forks(root):
    """A process in which PyTorch and Matplotlib are imported."""
    environment = {**os.environ, "PYTHONPATH": str(root), "MPLBACKEND": "Agg"}
    with Forks(*PYTORCH, options=["-W", "error"], environment=environment) as forks:
        yield forks


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_runs_as_a_plain_script(stage, root, tmp_path, forks):
    printed, errors = forks.run(tmp_path, root / "examples" / f"{stage}.py")
    assert printed
    assert not errors
    assert not list(tmp_path.iterdir())  # a stage leaves no files behind


@pytest.fixture(scope="module")
def figures(root):
    """What every stage draws: for each figure its title, its lines by label, and its limits."""
    drawn = {}
    for stage in STAGES:
        shown = []

        def show(shown=shown):
            for number in plt.get_fignums():
                axes = plt.figure(number).axes[0]
                lines = {line.get_label(): line.get_xydata() for line in axes.lines}
                title = axes.get_title(loc="left") or axes.get_title()
                limits = (*axes.get_xlim(), *axes.get_ylim())
                shown.append((title, lines, limits, len(axes.collections)))
            plt.close("all")

        code = (root / "examples" / f"{stage}.py").read_text(encoding="utf-8")
        original, plt.show = plt.show, show
        try:
            exec(compile(code, stage, "exec"), {"__name__": "__main__"})
        finally:
            plt.show = original
            plt.rcdefaults()
        drawn[stage] = shown
    return drawn


def test_figure_1_points_and_true_line(figures):
    ((_, lines, _, _),) = figures["plot_01_dataset"]
    assert len(lines["data"]) == 50
    assert lines["true line"].tolist() == [[-3, -4], [3, 14]]


def test_stage_2_draws_the_line_before_training(figures):
    ((_, lines, _, _),) = figures["plot_02_model"]
    assert lines["estimated line"].tolist() == [[-3, 0], [3, 0]]
    assert {"data", "true line"} <= set(lines)


def test_figures_2_and_3_the_loss_and_the_fitted_line(figures):
    (title, loss, _, _), (_, lines, _, _) = figures["plot_03_training"]
    assert title == "Loss per epoch"
    ((curve),) = loss.values()
    assert curve[:, 0].tolist() == list(range(1, 26))
    assert {"data", "true line", "estimated line"} == set(lines)


def test_figure_4_the_loss_surface(figures):
    ((title, lines, limits, contours),) = figures["plot_04_loss_surface"]
    assert title == "Loss surface"
    assert lines["true parameters"].tolist() == [[3, 5]]
    assert limits == (-4, 10, -2, 12)
    assert contours == 1


def test_figures_5_and_6_the_trajectory(figures):
    *_, (title, lines, limits, _), (_, near, near_limits, _) = figures[
        "plot_05_trajectory"
    ]
    assert title == "Parameter trajectory"
    assert limits == (-4, 10, -2, 12)
    assert near_limits == (0, 6, 2, 8)
    path = lines["trajectory"]
    assert path.shape == (26, 2)
    assert path[0].tolist() == [0, 0]
    assert near["trajectory"].tolist() == path.tolist()


def test_the_settings_of_the_post_stand_in_every_stage(root):
    for stage in STAGES:
        code = (root / "examples" / f"{stage}.py").read_text(encoding="utf-8")
        assert "LinearRegressionDataset(k=3, m=5, n=50, seed=0)" in code
        assert set(re.findall(r"batch_size=(\d+), shuffle", code)) <= {"8"}
        assert set(re.findall(r"lr=([\d.]+)\)", code)) <= {"0.01"}
