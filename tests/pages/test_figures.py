"""Every figure: an SVG, its dark twin, a picture for the notebook, a description."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from pages import colours, figures
from PIL import Image
from sphinx.errors import ExtensionError

from linreg import plotting

SHOW = "# Figure: Two points\n# and a line.\nplt.show()\n"


@pytest.fixture(autouse=True)
def closed():
    """Start and end without open figures, in the house style."""
    plt.close("all")
    plotting.use_house_style()
    yield
    plt.close("all")
    plt.rcdefaults()


def draw_line():
    plotting.plot_points([0.0, 1.0], [0.0, 1.0])
    plotting.plot_line(1, 0, (0, 1), "truth")
    plotting.plot_line(1, 0, (0, 1), "model")
    plt.title("Title")
    plt.legend()


def draw_surface():
    grid = np.linspace(-1, 1, 15)
    loss = 1 + np.add.outer(grid**2, 3 * grid**2)
    plotting.plot_surface(loss, grid, grid)
    plotting.plot_trajectory([0, 1], [0, 1])
    plotting.plot_parameters(0, 0, "exact")


def draw_without_style():
    plt.rcdefaults()
    plt.plot([0, 1], [0, 1], color=plotting.MODEL, label="line")
    plt.grid()
    plt.legend()


def scrape(folder, code=SHOW):
    """Call the scraper as sphinx-gallery does, for a cell at line 7 of stage.py."""
    (folder / "images").mkdir(exist_ok=True)
    paths = iter([str(folder / "images" / f"stage_00{n}.png") for n in (1, 2)])
    variables = {"image_path_iterator": paths, "src_file": "stage.py"}
    return figures.scraper(("code", code, 7), variables, {"src_dir": str(folder)})


def test_a_figure_is_shown_with_the_description_from_its_comment(tmp_path):
    draw_line()
    rst = scrape(tmp_path)
    assert ".. image:: /images/stage_001.svg\n" in rst
    assert ":alt: Two points and a line.\n" in rst
    assert not plt.get_fignums()


def test_each_figure_of_a_cell_has_its_own_comment(tmp_path):
    draw_line()
    plt.figure()
    draw_line()
    code = "# A note.\n# Figure: One.\n# Figure: Two,\n# longer.\nplt.show()\nx = 1\n"
    assert re.findall(":alt: (.*)", scrape(tmp_path, code)) == ["One.", "Two, longer."]


@pytest.mark.parametrize(
    "code",
    [
        "plt.show()",
        "# Figure: too early\nplt.plot([1])\nplt.show()",
        "# Figure: one\n# Figure: two\nplt.show()",
    ],
)
def test_a_figure_without_its_comment_is_refused_by_file_and_line(tmp_path, code):
    draw_line()
    with pytest.raises(ExtensionError, match=r"stage\.py:7: 1 figures with \d comm"):
        scrape(tmp_path, code)


def test_a_comment_without_a_figure_is_refused(tmp_path):
    with pytest.raises(ExtensionError, match="0 figures with 1 comments"):
        scrape(tmp_path)


def test_the_notebook_gets_the_figure_on_an_opaque_white_ground(tmp_path):
    draw_surface()
    scrape(tmp_path)
    image = Image.open(tmp_path / "images" / "notebook" / "stage_001.png")
    assert image.convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 255)


@pytest.mark.parametrize("draw", [draw_line, draw_surface])
def test_figures_are_the_same_bytes_in_every_build(tmp_path, draw):
    written = []
    for _ in range(2):
        draw()
        scrape(tmp_path)
        written.append({f.name: f.read_bytes() for f in tmp_path.rglob("*.*")})
    assert len(written[0]) == 2
    assert written[0] == written[1]


def test_neighbouring_areas_of_a_surface_leave_no_seam(tmp_path):
    draw_surface()
    scrape(tmp_path)
    svg = (tmp_path / "images" / "stage_001.svg").read_text()
    assert "<image" not in svg  # no pixels
    for light in colours.surface(plotting.SURFACE)[10::20]:
        areas = re.findall(rf"fill: {light}[^\"]*", svg)
        assert all(f"stroke: {light}" in area for area in areas)
    assert len(set(re.findall(r"fill: (#\w{6})", svg))) > 15


@pytest.mark.parametrize("draw", [draw_line, draw_surface, draw_without_style])
def test_no_light_colour_is_left_in_the_dark_twin(tmp_path, draw):
    draw()
    scrape(tmp_path)
    svg = (tmp_path / "images" / "stage_001.svg").read_text()
    dark = figures.darken(svg, "stage")
    light = {plotting.INK, plotting.DATA, plotting.MODEL, plotting.EXACT, "#ffffff"}
    light |= {"#000000", *plotting.SURFACE}
    written = set(re.findall(r"(?:fill|stroke): (#\w{6})", dark))
    assert written
    assert not written & light
    (root,) = re.findall(r"<svg [^>]*>", dark)
    assert f'fill="{colours.ROLES["ink"][1]}"' in root  # black text has no colour


def test_a_shade_of_the_surface_keeps_its_place_on_the_scale():
    light = LinearSegmentedColormap.from_list("loss", plotting.SURFACE)
    dark = LinearSegmentedColormap.from_list("loss", colours.DARK_SURFACE)
    for step in range(1, 255):
        twin = colours.dark_twins()[to_hex(light(step))]
        assert to_rgb(twin) == pytest.approx(dark(step)[:3], abs=3 / 255)


def test_a_colour_without_a_role_is_refused_by_name():
    with pytest.raises(ExtensionError, match=r"stage_001.*#1f77b4"):
        figures.darken('<svg ><path style="fill: #1f77b4"/></svg>', "stage_001")
