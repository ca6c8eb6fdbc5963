"""The figures, through their artists."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from linreg import plotting


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")
    plt.rcdefaults()


@pytest.fixture(params=["given axes", "current axes"])
def ax(request):
    """The axes to expect, and what to pass for them."""
    _, axes = plt.subplots()
    return axes, axes if request.param == "given axes" else None


def test_points_are_triangles_in_the_colour_of_the_data(ax):
    axes, given = ax
    assert plotting.plot_points([1, 2], [3, 5], ax=given) is axes
    (line,) = axes.lines
    assert line.get_xydata().tolist() == [[1, 3], [2, 5]]
    assert (line.get_marker(), line.get_linestyle()) == ("^", "None")
    assert to_hex(line.get_color()) == plotting.DATA
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "y")
    assert line.get_label() == "data"


@pytest.mark.parametrize(
    ("role", "color", "dashes"),
    [
        ("truth", plotting.INK, "--"),
        ("model", plotting.MODEL, "-"),
        ("exact", plotting.EXACT, ":"),
    ],
)
def test_a_line_has_the_colour_of_its_role(ax, role, color, dashes):
    axes, given = ax
    assert plotting.plot_line(2.0, 1.0, (-1, 3), role, ax=given) is axes
    (line,) = axes.lines
    assert line.get_xydata().tolist() == [[-1, -1], [3, 7]]
    assert to_hex(line.get_color()) == color
    assert line.get_linestyle() == dashes
    assert "line" in line.get_label()


def test_the_loss_counts_epochs_from_1(ax):
    axes, given = ax
    assert plotting.plot_loss([9.0, 4.0, 1.0], ax=given) is axes
    (line,) = axes.lines
    assert line.get_xydata().tolist() == [[1, 9], [2, 4], [3, 1]]
    assert axes.get_title(loc="left") == "Loss per epoch" or axes.get_title() == "Loss per epoch"
    assert axes.get_xlabel() == "epoch"
    assert line.get_marker() == "o"


def test_the_surface_has_20_levels_and_a_colour_bar(ax):
    axes, given = ax
    k_values, m_values = np.linspace(-1, 1, 30), np.linspace(0, 4, 20)
    surface = m_values[:, np.newaxis] ** 2 + k_values**2
    assert plotting.plot_surface(surface, k_values, m_values, ax=given) is axes
    (contours,) = axes.collections
    assert 18 <= len(contours.levels) <= 22
    assert axes.get_xlim() == (-1, 1)
    assert axes.get_ylim() == (0, 4)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("slope k", "intercept m")
    assert [other.get_ylabel() for other in axes.figure.axes[1:]] == ["mean squared error"]
    assert to_hex(contours.cmap(0.0)) == plotting.SURFACE[0]
    assert to_hex(contours.cmap(1.0)) == plotting.SURFACE[-1]


@pytest.mark.parametrize(
    ("role", "color", "marker"),
    [
        ("truth", plotting.INK, "*"),
        ("model", plotting.MODEL, "o"),
        ("exact", plotting.EXACT, "D"),
    ],
)
def test_a_pair_of_parameters_is_marked_by_its_role(ax, role, color, marker):
    axes, given = ax
    assert plotting.plot_parameters(3.0, 5.0, role, ax=given) is axes
    (line,) = axes.lines
    assert line.get_xydata().tolist() == [[3, 5]]
    assert to_hex(line.get_color()) == color
    assert line.get_marker() == marker


def test_the_trajectory_is_crosses_joined_by_a_line(ax):
    axes, given = ax
    assert plotting.plot_trajectory([0, 1, 2], [0, 3, 4], ax=given) is axes
    line, halo = axes.lines
    assert line.get_xydata().tolist() == [[0, 0], [1, 3], [2, 4]]
    assert (line.get_marker(), line.get_linestyle()) == ("x", "-")
    assert to_hex(line.get_color()) == plotting.MODEL
    assert halo.get_zorder() < line.get_zorder()
    assert halo.get_xydata().tolist() == line.get_xydata().tolist()


def test_the_house_style_replaces_whatever_was_set_before():
    mpl.rcParams["axes.grid"] = True
    plotting.use_house_style()
    figure, axes = plt.subplots()
    assert not mpl.rcParams["axes.grid"]
    assert figure.get_size_inches().tolist() == [5.2, 3.6]
    assert not axes.spines["top"].get_visible()
    assert not axes.spines["right"].get_visible()


def test_describe_labels_the_current_figure():
    first, second = plt.figure(), plt.figure()
    plotting.describe("A line.")
    assert second.get_label() == "A line."
    assert first.get_label() != "A line."
