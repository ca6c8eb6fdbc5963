"""Every figure: an SVG, its dark twin, a picture for the notebook, a description.

The dark twins are judged in ``site/test_pages.py``: those of all figures of the site.
"""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from pages import colours, figures
from sphinx.errors import ExtensionError

from linreg import plotting


@pytest.fixture(autouse=True)
def closed():
    """Start and end without open figures, in the house style."""
    plt.close("all")
    plotting.use_house_style()
    yield
    plt.close("all")
    plt.rcdefaults()


def scrape(folder, code):
    """Call the scraper as sphinx-gallery does, for a cell at line 7 of stage.py."""
    (folder / "images").mkdir(exist_ok=True)
    paths = iter([str(folder / "images" / f"stage_00{n}.png") for n in (1, 2)])
    variables = {"image_path_iterator": paths, "src_file": "stage.py"}
    return figures.scraper(("code", code, 7), variables, {"src_dir": str(folder)})


def test_each_figure_is_shown_with_the_description_from_its_comment(tmp_path):
    for _ in range(2):
        plt.figure()
        plotting.plot_points([0.0, 1.0], [0.0, 1.0])
    code = "# A note.\n# Figure: One.\n# Figure: Two,\n# longer.\nplt.show()\nx = 1\n"
    rst = scrape(tmp_path, code)
    assert re.findall("image:: /images/(.*)", rst) == ["stage_001.svg", "stage_002.svg"]
    assert re.findall(":alt: (.*)", rst) == ["One.", "Two, longer."]
    assert not plt.get_fignums()


@pytest.mark.parametrize(
    ("number", "code", "comments"),
    [
        (1, "plt.show()", 0),
        (1, "# Figure: too early\nplt.plot([1])\nplt.show()", 0),
        (1, "# Figure: one\n# Figure: two\nplt.show()", 2),
        (0, "# Figure: none\nplt.show()", 1),
    ],
)
def test_other_comments_than_figures_are_refused_by_file_and_line(
    tmp_path, number, code, comments
):
    for _ in range(number):
        plt.figure()
    words = rf"stage\.py:7: {number} figures with {comments} comments"
    with pytest.raises(ExtensionError, match=words):
        scrape(tmp_path, code)


def test_neighbouring_areas_of_a_surface_leave_no_seam(tmp_path):
    grid = np.linspace(-1, 1, 15)
    plotting.plot_surface(1 + np.add.outer(grid**2, 3 * grid**2), grid, grid)
    scrape(tmp_path, "# Figure: A surface.\nplt.show()\n")
    svg = (tmp_path / "images" / "stage_001.svg").read_text()
    for light in colours.surface(plotting.SURFACE)[10::20]:
        areas = re.findall(rf"fill: {light}[^\"]*", svg)
        assert all(f"stroke: {light}" in area for area in areas)
    assert len(set(re.findall(r"fill: (#\w{6})", svg))) > 15
    assert "<dc:date>" not in svg  # each build writes the same bytes


def test_a_colour_without_a_role_is_refused_by_name():
    with pytest.raises(ExtensionError, match=r"stage_001.*#1f77b4"):
        figures.darken('<svg ><path style="fill: #1f77b4"/></svg>', "stage_001")
