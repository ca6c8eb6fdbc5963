"""The figures, through their artists."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import LogNorm, to_hex

from linreg import LinearRegressionDataset, plotting

ROLES = {"truth": plotting.INK, "model": plotting.MODEL, "exact": plotting.EXACT}


@pytest.fixture(autouse=True)
def house_style():
    plotting.use_house_style()
    yield
    plt.close("all")
    plt.rcdefaults()


@pytest.fixture
def axes():
    return plt.figure().subplots()


def words(axes):
    return axes.get_xlabel(), axes.get_ylabel(), axes.get_title(loc="left")


def coordinates(line):
    return line.get_xydata().tolist()


def test_points_are_triangles_in_the_colour_of_the_data(axes):
    plotting.plot_points([1, 2], [3, 5])
    (line,) = axes.lines
    assert coordinates(line) == [[1, 3], [2, 5]]
    assert (line.get_marker(), line.get_linestyle()) == ("^", "None")
    assert to_hex(line.get_color()) == plotting.DATA
    assert line.get_label() == "data"
    assert words(axes) == ("x", "y", "")


def test_the_loss_counts_epochs_from_1(axes):
    plotting.plot_loss([9.0, 4.0, 1.0])
    (line,) = axes.lines
    assert coordinates(line) == [[1, 9], [2, 4], [3, 1]]
    assert (line.get_marker(), to_hex(line.get_color())) == ("o", plotting.MODEL)
    assert words(axes) == ("epoch", "mean squared error", "Loss per epoch")


@pytest.mark.parametrize("role", ROLES)
def test_a_line_and_a_mark_have_the_colour_of_their_role(axes, role):
    plotting.plot_line(2.0, 1.0, (-1, 3), role)
    assert words(axes) == ("x", "y", "")
    plotting.plot_parameters(1.0, 2.0, role)
    line, mark = axes.lines
    assert coordinates(line) == [[-1, -1], [3, 7]]
    assert coordinates(mark) == [[1, 2]]
    assert to_hex(line.get_color()) == to_hex(mark.get_color()) == ROLES[role]
    assert to_hex(mark.get_markeredgecolor()) == to_hex(plotting.HALO)


def test_a_surface_has_20_bands_and_a_bar_that_names_the_loss(axes):
    k_values, m_values = np.linspace(-1, 1, 30), np.linspace(0, 4, 20)
    surface = 0.1 + m_values[:, np.newaxis] ** 2 + k_values**2
    plotting.plot_surface(surface, k_values, m_values)
    (contours,) = axes.collections
    assert len(contours.levels) == 21
    assert contours.levels[[0, -1]] == pytest.approx([surface.min(), surface.max()])
    factors = contours.levels[1:] / contours.levels[:-1]
    assert factors == pytest.approx(factors[0])
    assert (axes.get_xlim(), axes.get_ylim()) == ((-1, 1), (0, 4))
    assert words(axes) == ("slope k", "intercept m", "Loss surface")
    assert isinstance(contours.norm, LogNorm)
    (bar,) = axes.figure.axes[1:]
    assert bar.get_ylabel() == "mean squared error"
    ends = [to_hex(contours.get_cmap()(value)) for value in (0.0, 1.0)]
    assert ends == [plotting.SURFACE[0], plotting.SURFACE[-1]]


def test_a_trajectory_lies_above_its_halo(axes):
    plotting.plot_trajectory([4, 6], [2, 3])
    path, halo = axes.lines
    assert coordinates(path) == coordinates(halo) == [[4, 2], [6, 3]]
    assert path.get_marker() == halo.get_marker() == "x"
    assert (path.get_label(), halo.get_label()[0]) == ("trajectory", "_")
    assert to_hex(path.get_color()) == plotting.MODEL
    assert to_hex(halo.get_color()) == to_hex(plotting.HALO)
    assert halo.get_zorder() < path.get_zorder()
    assert halo.get_linewidth() > path.get_linewidth()
    plotting.plot_parameters(1, 2, "truth")
    assert axes.lines[-1].get_zorder() > path.get_zorder()


def test_a_bowl_lies_around_the_truth_and_keeps_its_limits(axes):
    data = LinearRegressionDataset(k=2, m=-1, n=30, seed=3)
    plotting.plot_bowl(data, reach=4)
    plotting.plot_trajectory([20, 30], [0, 0])
    assert (axes.get_xlim(), axes.get_ylim()) == ((-2, 6), (-5, 3))
    assert axes.get_aspect() == 1
    marks = {line.get_label(): coordinates(line) for line in axes.lines}
    assert marks["true k and m"] == [[2, -1]]
    expected = np.polyfit(data.x.double(), data.y.double(), 1)
    assert marks["least squares"] == [pytest.approx(expected)]
    corners = [
        np.mean((data.y - k * data.x - m).numpy() ** 2)
        for k in (-2, 6)
        for m in (-5, 3)
    ]
    assert axes.collections[0].levels[-1] == pytest.approx(max(corners))
