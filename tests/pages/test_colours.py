"""One table of colours: legible in both themes, and in the sheet of the site."""

import re

import numpy as np
import pytest
from jinja2 import Template
from matplotlib.colors import rgb_to_hsv, to_rgb
from matplotlib.image import imread
from pages import colours

from linreg import plotting

MARKS = ("ink", "data", "model", "exact", "batch")


def luminance(colour):
    """The relative luminance of WCAG 2."""
    channels = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in to_rgb(colour)
    ]
    return float(np.dot([0.2126, 0.7152, 0.0722], channels))


def contrast(one, other):
    high, low = sorted([luminance(one), luminance(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", ["halo", "surface-low"])
def test_marks_stand_out_from_the_page_and_from_the_lowest_loss(ground):
    grounds = {"halo", "surface-low", "surface-high", "accent-soft", "warning-ground"}
    marks = set(colours.ROLES) - grounds - {"frame"}  # which may be faint
    if ground == "surface-low":  # no surface has points or links
        marks -= {"data", "color-brand-primary", "color-brand-content"}
    for role in marks:
        for theme in (0, 1):
            ratio = contrast(colours.ROLES[role][theme], colours.ROLES[ground][theme])
            assert ratio >= 4.5, role


def test_marks_differ_from_one_another_in_both_themes():
    """Of one light colour they would share the dark twin, too."""
    for theme in (0, 1):
        marks = [colours.ROLES[role][theme] for role in MARKS]
        assert len(set(marks)) == len(MARKS)


def test_a_role_has_one_hue_in_both_themes():
    hues = {}
    for role, pair in colours.ROLES.items():
        light, dark = (rgb_to_hsv(to_rgb(colour)) for colour in pair)
        if min(light[1], dark[1]) > 0.25:  # else it is grey
            assert abs(light[0] - dark[0]) < 0.05, role
            hues[role] = light[0]
    assert abs(hues["accent-soft"] - hues["model"]) < 0.05


def test_a_surface_goes_steadily_away_from_the_ground_as_the_loss_grows():
    light = [luminance(colour) for colour in plotting.SURFACE]
    dark = [luminance(colour) for colour in colours.DARK_SURFACE]
    assert light == sorted(light, reverse=True)
    assert dark == sorted(dark)
    assert min(light[0] / light[-1], dark[-1] / dark[0]) > 5


def test_the_sheet_has_every_role_in_both_themes_and_prints_the_light_one(root):
    template = (root / "docs" / "_static" / "colours.css.jinja").read_text()
    sheet = Template(template).render(roles=colours.ROLES)
    on_paper, on_screen = sheet.split("@media not print")
    for role, (light, dark) in colours.ROLES.items():
        assert f"--{role}: {light};" in on_paper
        assert on_screen.count(f"--{role}: {dark};") == 2


def test_no_sheet_or_template_has_a_colour_of_its_own(root):
    """The page for unknown addresses, the logo and the explorer had copies."""
    folders = [root / "docs" / name for name in ("_static", "_templates")]
    files = [file for folder in folders for file in folder.rglob("*.*")]
    texts = [file for file in files if file.suffix != ".woff2"]
    assert len(texts) > 15
    for file in texts:
        assert not re.findall(r"#[0-9a-fA-F]{6}\b", file.read_text("utf-8")), file


def test_a_colour_that_the_text_names_is_that_of_its_role(root):
    named = {"violet": plotting.BATCH, "blue": plotting.SURFACE[2]}
    hues = {"violet": (0.70, 0.80), "blue": (0.53, 0.68)}  # of a circle, from red on
    others = "orange|gr[ae]y|green|teal|purple|red|yellow|turquoise"
    files = [*root.glob("docs/*.rst"), *root.glob("examples/**/*.py")]
    for file in [*files, root / "README.md"]:
        text = file.read_text("utf-8")
        assert not re.findall(rf"(?i)\b(?:{others})\b", text), f"name the role: {file}"
    for word, (low, high) in hues.items():
        places = [str(file) for file in files if word in file.read_text("utf-8")]
        assert low < rgb_to_hsv(to_rgb(named[word]))[0] < high, (word, places)


def test_what_is_coloured_by_hand_has_the_colours_of_the_table(root):
    """Before any stage runs: the program on one screen, and the README's picture."""
    for stage in (root / "examples").rglob("plot_*.py"):
        written = re.findall(r"#[0-9a-f]{6}\b", stage.read_text("utf-8"))
        assert set(written) <= set(colours.DARK_TWINS), stage
    picture = imread(root / ".github" / "trajectory.png")[:, :, :3]
    pixels = (255 * picture).round().astype(int) @ [65536, 256, 1]
    values, counts = np.unique(pixels, return_counts=True)
    drawn = [f"#{value:06x}" for value in values[np.argsort(-counts)]]
    assert set(drawn[:6]) <= set(colours.DARK_TWINS)  # the ground, and wide bands
    marks = {plotting.INK, plotting.MODEL, plotting.EXACT}
    assert marks <= set(drawn), "copy .github/trajectory.png anew: see CONTRIBUTING.md"
