"""The figures, through their artists."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text

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
    if request.param == "current axes":
        return axes, None
    plt.subplots()  # the given axes are not the current ones
    return axes, axes


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


def test_a_line_over_a_range_of_integers_is_drawn_in_float64():
    (line,) = plotting.plot_line(10, 0, (0, 10**18), "truth").lines
    assert line.get_ydata().tolist() == [0, 1e19]  # more than int64 holds


def test_the_loss_counts_epochs_from_1(ax):
    axes, given = ax
    assert plotting.plot_loss([9.0, 4.0, 1.0], ax=given) is axes
    (line,) = axes.lines
    assert line.get_xydata().tolist() == [[1, 9], [2, 4], [3, 1]]
    assert (
        axes.get_title(loc="left") == "Loss per epoch"
        or axes.get_title() == "Loss per epoch"
    )
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
    assert [other.get_ylabel() for other in axes.figure.axes[1:]] == [
        "mean squared error"
    ]
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
    assert plotting.plot_trajectory([5, 1, 2], [0, 3, 4], ax=given) is axes
    line, halo = axes.lines
    assert line.get_xydata().tolist() == [[5, 0], [1, 3], [2, 4]]
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


def look(line):
    """What tells a line from another, apart from its points."""
    return {
        "color": to_hex(line.get_color()),
        "marker": line.get_marker(),
        "style": line.get_linestyle(),
        "width": line.get_linewidth(),
        "size": line.get_markersize(),
        "edge": (to_hex(line.get_markeredgecolor()), line.get_markeredgewidth()),
        "zorder": line.get_zorder(),
        "label": line.get_label(),
    }


def words(axes):
    """The names of both axes, and the title."""
    return axes.get_xlabel(), axes.get_ylabel(), axes.get_title(loc="left")


def test_a_figure_in_the_house_style_reads_well_on_a_phone():
    plotting.use_house_style()
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 1], label="line")
    axes.set(title="Title", xlabel="x", ylabel="y")
    frame = axes.legend().get_frame()
    figure.canvas.draw()
    phone = (
        328 / figure.get_figwidth()
    )  # CSS pixels per inch: 360, less the page's margins
    ticks = axes.get_xticklabels() + axes.get_yticklabels()
    names = [axes.xaxis.label, axes.yaxis.label, *ticks]
    assert all(name.get_fontsize() / 72 * phone > 10 for name in names)
    (heading,) = axes.findobj(
        lambda part: isinstance(part, Text) and part.get_text() == "Title"
    )
    assert heading.get_position()[0] == 0
    assert heading.get_fontweight() == "bold"
    assert heading.get_fontsize() > axes.xaxis.label.get_fontsize()
    inked = {to_hex(name.get_color()) for name in [*names, heading]}
    assert inked == {plotting.INK} == {to_hex(axes.spines["left"].get_edgecolor())}
    assert isinstance(
        figure.get_layout_engine(), ConstrainedLayoutEngine
    )  # cuts no label off
    assert frame.get_edgecolor()[3] == 0
    assert axes.lines[0].get_linewidth() * phone / 72 > 1.5


def test_points_and_losses_look_as_their_roles(ax):
    plotting.use_house_style()
    axes, given = ax
    plotting.plot_points([0], [0], ax=given)
    plotting.plot_loss([3.0], ax=given)
    points, loss = map(look, axes.lines)
    assert (points["size"], points["label"]) == (5, "data")
    assert (loss["color"], loss["marker"], loss["size"]) == (plotting.MODEL, "o", 4)
    assert words(axes) == ("epoch", "mean squared error", "Loss per epoch")


@pytest.mark.parametrize("role", ["truth", "model", "exact"])
def test_a_line_and_a_mark_of_one_role_go_together(ax, role):
    axes, given = ax
    plotting.plot_line(1, 2, (0, 1), role, ax=given)
    assert words(axes) == ("x", "y", "")
    plotting.plot_parameters(1, 2, role, ax=given)
    line, mark = map(look, axes.lines)
    assert line["color"] == mark["color"]
    assert (mark["style"], mark["zorder"]) == ("None", 4)
    assert mark["edge"][0] == to_hex(plotting.HALO)
    assert line["label"] == plotting.LINE_STYLES[role]["label"]
    assert mark["label"] == plotting.POINT_STYLES[role]["label"]


def test_a_surface_says_what_it_shows_and_has_a_bar_of_its_own(ax):
    plotting.use_house_style()
    axes, given = ax
    plotting.plot_surface(np.arange(9.0).reshape(3, 3), [0, 1, 2], [3, 4, 5], ax=given)
    assert words(axes) == ("slope k", "intercept m", "Loss surface")
    (contours,) = axes.collections
    assert contours.get_cmap().name == "loss"
    _, bar = axes.figure.axes
    assert bar.get_ylabel() == "mean squared error"
    assert bar.get_ylim() == (contours.levels[0], contours.levels[-1])


def test_a_trajectory_has_a_halo_below_it(ax):
    mpl.rcParams.update(
        {"lines.linewidth": 9, "lines.markersize": 9}
    )  # no default is used
    axes, given = ax
    plotting.plot_trajectory([0, 1], [2, 3], ax=given)
    path, halo = axes.lines
    assert path.get_xydata().tolist() == halo.get_xydata().tolist() == [[0, 2], [1, 3]]
    path, halo = look(path), look(halo)
    assert path["label"] == "trajectory"
    assert halo["label"].startswith("_")
    assert (path["color"], halo["color"]) == (plotting.MODEL, to_hex(plotting.HALO))
    assert path["marker"] == halo["marker"] == "x"
    assert (path["size"], path["width"]) == (6, 1.5)
    assert (halo["edge"][1], halo["width"], halo["zorder"]) == (4, 4, 1.9)
    assert halo["zorder"] < path["zorder"]
