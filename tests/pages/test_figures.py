"""Every figure: an SVG, its dark twin, a picture for the notebook, a description.

The dark twins are judged in ``site/test_pages.py``: those of all figures of the site.
"""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from pages import colours, figures

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
    """Call the scraper as sphinx-gallery does, for a cell of a program.

    The program has 9 lines above it that its stage lacks. So the cell begins at line 12
    of the program, and at line 3 of the stage.
    """
    docs = folder / "docs"
    (docs / "images").mkdir(parents=True, exist_ok=True)
    for name, added in (("examples", ""), ("docs/_programs", "added = 1\n" * 9)):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "stage.py").write_text(f"# Title.\n{added}\n{code}\n")
    paths = iter([str(docs / "images" / f"stage_00{n}.png") for n in (1, 2)])
    program = docs / "_programs" / "stage.py"
    variables = {"image_path_iterator": paths, "src_file": str(program)}
    variables["example_globals"] = {}
    return figures.scraper(("code", code, 12), variables, {"src_dir": str(docs)})


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
    ("number", "code", "comments", "line"),
    [
        (1, "x = 1\nplt.show()", 0, 4),
        (1, "# Figure: too early\nplt.plot([1])\nplt.show()", 0, 5),
        (1, "# Figure: one\n# Figure: two\nplt.show()", 2, 5),
        (0, "x = 1\ny = 2\n# Figure: none\nplt.show()", 1, 6),
        (1, "plt.figure()", 0, 3),
    ],
)
def test_other_comments_than_figures_are_refused_at_their_place_in_the_stage(
    tmp_path, number, code, comments, line
):
    for _ in range(number):
        plt.figure()
    counts = f"figures here: {number}, comments on them: {comments}"
    words = rf"examples/stage\.py:{line}: {counts}"
    with pytest.raises(SystemExit, match=words):
        scrape(tmp_path, code)


def test_a_live_figure_of_no_kind_or_without_its_data_is_refused_at_its_place(tmp_path):
    plotting.plot_points([0.0, 1.0], [0.0, 1.0])
    words = r"examples/stage\.py:5: this live figure needs .* 'dataset'"
    code = '# sphinx_gallery_live = "by-hand"\n# Figure: One.\nplt.show()'
    with pytest.raises(SystemExit, match=words):
        scrape(tmp_path, code)
    for wrong in ("", '"by-hnad"', "open('x')"):
        words = r'examples/stage\.py:5: there is no such live figure: write one of "by-'
        with pytest.raises(SystemExit, match=words):
            scrape(tmp_path, code.replace('"by-hand"', wrong))


def test_neighbouring_areas_of_a_surface_leave_no_seam(tmp_path):
    grid = np.linspace(-1, 1, 15)
    plotting.plot_surface(1 + np.add.outer(grid**2, 3 * grid**2), grid, grid)
    scrape(tmp_path, "# Figure: A surface.\nplt.show()\n")
    svg = (tmp_path / "docs" / "images" / "stage_001.svg").read_text()
    for light in colours.surface(plotting.SURFACE)[10::20]:
        areas = re.findall(rf"fill: {light}[^\"]*", svg)
        assert all(f"stroke: {light}" in area for area in areas)
    assert len(set(re.findall(r"fill: (#\w{6})", svg))) > 15
    assert "<dc:date>" not in svg  # each build writes the same bytes


def test_a_colour_without_a_role_is_refused_at_its_place_in_the_stage(tmp_path):
    plt.plot([0, 1], color="seagreen")
    with pytest.raises(SystemExit, match=r"examples/stage\.py:4: #2e8b57 in a figure"):
        scrape(tmp_path, "# Figure: A line.\nplt.show()")
    plt.close("all")
    plt.imshow([[0, 1]])
    with pytest.raises(SystemExit, match=r"examples/stage\.py:4: pixels"):
        scrape(tmp_path, "# Figure: Pixels.\nplt.show()")
