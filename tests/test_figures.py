import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import figures
import imagesize
import matplotlib.pyplot as plt
import numpy as np
import palette
import pictures
import pytest
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from PIL import Image
from sphinx.errors import ExtensionError

from linreg import plotting

PAGE_LIGHT = "#ffffff"
ROLES = [plotting.INK, plotting.DATA, plotting.MODEL, plotting.EXACT, plotting.BATCH]


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Start and end without open figures, in the house style."""
    plt.close("all")
    plotting.use_house_style()
    yield
    plt.close("all")
    plt.rcdefaults()


def draw_line() -> Figure:
    """Draw points and two lines."""
    plotting.plot_points([0.0, 1.0], [0.0, 1.0])
    plotting.plot_line(1, 0, (0, 1), "truth")
    plotting.plot_line(1, 0, (0, 1), "model")
    plt.title("Title")
    plt.legend()
    plotting.describe("Two points\n and a line.")
    return plt.gcf()


def draw_surface() -> Figure:
    """Draw a surface with a path on it."""
    grid = np.linspace(-1, 1, 5)
    plotting.plot_surface(np.add.outer(grid**2, grid**2), grid, grid)
    plotting.plot_trajectory([0, 1], [0, 1])
    plotting.describe("A bowl.")
    return plt.gcf()


def scrape(folder: Path) -> str:
    """Call the scraper as sphinx-gallery does, for the script stage.py."""
    (folder / "images").mkdir(exist_ok=True)
    paths = iter([str(folder / "images" / f"stage_00{n}.png") for n in (1, 2)])
    variables: dict[str, Any] = {"image_path_iterator": paths, "src_file": "stage.py"}
    return figures.scraper(("code", "", 7), variables, {"src_dir": str(folder)})


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2."""
    channels = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in to_rgb(colour)
    ]
    return float(np.dot([0.2126, 0.7152, 0.0722], channels))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    high, low = sorted([luminance(one), luminance(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_lines_become_svg_twins_with_their_description(tmp_path: Path) -> None:
    draw_line()
    rst = scrape(tmp_path)
    assert ".. image:: /images/stage_001.svg" in rst
    assert ":alt: Two points and a line." in rst
    names = {path.name for path in (tmp_path / "images").glob("*.*")}
    assert names == {"stage_001.svg", "stage_001_dark.svg"}
    assert not plt.get_fignums()


def test_surfaces_become_png_twins_at_twice_the_resolution(tmp_path: Path) -> None:
    draw_surface()
    scrape(tmp_path)
    for name in ("stage_001.png", "stage_001_dark.png"):
        path = tmp_path / "images" / name
        assert pictures.css_size(path) == (499, 346)
        assert imagesize.get(path)[0] > 2 * 498
        assert Image.open(path).getpixel((0, 0))[3] == 0


def test_the_notebook_gets_the_light_figure_on_white(tmp_path: Path) -> None:
    draw_line()
    scrape(tmp_path)
    image = Image.open(tmp_path / "images" / "notebook" / "stage_001.png")
    assert image.mode == "RGB"
    assert image.getpixel((0, 0)) == (255, 255, 255)


def test_a_figure_without_description_is_refused_by_script_and_line(
    tmp_path: Path,
) -> None:
    plt.plot([1])
    with pytest.raises(ExtensionError, match=r"stage\.py:7: .*describe"):
        scrape(tmp_path)


def test_figures_are_the_same_bytes_in_every_build(tmp_path: Path) -> None:
    written = []
    for draw in (draw_line, draw_line, draw_surface, draw_surface):
        plt.close("all")
        draw()
        scrape(tmp_path)
        files = (tmp_path / "images").rglob("*.*")
        written.append({path.name: path.read_bytes() for path in files})
    assert written[0] == written[1]
    assert {n: b for n, b in written[2].items() if n.endswith("png")} == written[3]


def test_a_figure_that_changes_its_kind_leaves_no_old_file(tmp_path: Path) -> None:
    draw_line()
    scrape(tmp_path)
    draw_surface()
    scrape(tmp_path)
    assert not list(tmp_path.rglob("*.svg"))


@pytest.mark.parametrize("draw", [draw_line, draw_surface])
def test_no_light_colour_is_left_in_the_dark_twin(tmp_path: Path, draw: Any) -> None:
    figure = draw()
    palette.darken(figure)
    figures.save_svg(figure, tmp_path / "dark.svg")
    svg = (tmp_path / "dark.svg").read_text()
    for colour in [*ROLES, *plotting.SURFACE, "#ffffff", "#000000"]:
        assert colour not in svg


def test_a_dark_svg_is_what_the_darkened_figure_would_give(tmp_path: Path) -> None:
    figure = draw_line()
    figures.save_svg(figure, tmp_path / "light.svg")
    palette.darken(figure)
    figures.save_svg(figure, tmp_path / "drawn.svg")
    changed = palette.darken_svg((tmp_path / "light.svg").read_text())
    drawn = (tmp_path / "drawn.svg").read_text()
    marker = re.compile(r"\bm[0-9a-f]{10}\b")  # named after its colour too
    assert marker.sub("", changed) == marker.sub("", drawn)
    assert changed != (tmp_path / "light.svg").read_text()


def test_lines_in_the_colours_of_a_surface_are_drawn_anew_for_the_dark() -> None:
    figure, axes = plt.subplots()
    colours = LinearSegmentedColormap.from_list("loss", plotting.SURFACE)
    axes.contour(np.add.outer(np.arange(4.0), np.arange(4.0)), cmap=colours)
    assert figures.has_surface(figure)


def test_opacity_survives_and_nothing_invisible_appears() -> None:
    figure, axes = plt.subplots()
    (bar,) = axes.bar(
        [0], [1], color=(*to_rgb(plotting.BATCH), 0.4), edgecolor=(0, 0, 0, 0)
    )
    palette.darken(figure)
    assert bar.get_facecolor() == pytest.approx(
        (*to_rgb(palette.DARK[plotting.BATCH]), 0.4)
    )
    assert bar.get_edgecolor()[3] == 0


@pytest.mark.parametrize("role", ROLES)
def test_every_role_stands_out_from_the_page_in_both_themes(role: str) -> None:
    assert contrast(role, PAGE_LIGHT) >= 4.5
    assert contrast(palette.DARK[role], palette.PAGE_DARK) >= 4.5


@pytest.mark.parametrize("surface", [plotting.SURFACE, palette.DARK_SURFACE])
def test_surfaces_darken_steadily_from_small_to_large_loss(
    surface: tuple[str, ...],
) -> None:
    levels = [luminance(colour) for colour in surface]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] / levels[-1] > 5


@pytest.mark.parametrize("colour", [plotting.EXACT, plotting.SURFACE[2], "#123456"])
def test_the_lines_of_a_contour_plot_change_like_any_other_line(colour: str) -> None:
    grid = np.linspace(-1, 1, 9)
    surface = np.add.outer(grid**2, grid**2)
    ellipse = plt.contour(grid, grid, surface, levels=[0.5], colors=colour)
    palette.darken(plt.gcf())
    plt.gcf().canvas.draw()
    assert to_rgb(tuple(ellipse.get_edgecolor()[0])) == to_rgb(
        palette.DARK.get(colour, colour)
    )
