"""The colours of figures on a dark page, and the change of a figure to them.

A colour stands for a role (see ``linreg.plotting``). Each has a brighter twin that is easy to
tell from its ground and from the other roles in the dark.
"""

import re
from functools import cache
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgba
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from numpy.typing import NDArray

from linreg.plotting import BATCH, DATA, EXACT, HALO, INK, MODEL, SURFACE

PAGE_DARK = "#131416"  # Furo's dark ground
DARK = {
    INK: "#e3e6ea",
    DATA: "#9aa5b1",
    MODEL: "#ff9248",
    EXACT: "#2dd4bf",
    BATCH: "#b79bff",
    HALO: PAGE_DARK,
    "black": "#e3e6ea",
}
DARK_SURFACE = ("#4b84bd", "#386ea8", "#27578d", "#173d68", "#0d2340")
DARK |= zip(SURFACE, DARK_SURFACE, strict=True)
COLOURS = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")


def darken(figure: Figure) -> None:
    """Give every artist of a figure the dark twin of its colours."""
    surface = LinearSegmentedColormap.from_list("loss", DARK_SURFACE)
    artists = figure.findobj(include_self=False)
    arrows = [
        artist.arrow_patch for artist in artists if isinstance(artist, Annotation)
    ]
    for artist in [*artists, *filter(None, arrows)]:
        if shows_loss(artist):
            artist.set(cmap=surface)
            continue
        if isinstance(artist, ContourSet) and not artist.filled:
            lines = artist.get_edgecolor()
            artist.set_array(
                None
            )  # without numbers to colour by, and without the colours too
            artist.set_edgecolor(lines)
        for name in COLOURS:
            change(artist, name)


def shows_loss(artist: Artist) -> bool:
    """Tell whether an artist takes its colours from the map that `plot_surface` makes."""
    return getattr(getattr(artist, "cmap", None), "name", None) == "loss"


def change(artist: Artist, name: str) -> None:
    """Replace one colour of an artist, if it has it and the palette knows it."""
    getter: Any = getattr(artist, f"get_{name}", None)
    if getter is None or getattr(artist, "get_array", lambda: None)() is not None:
        return
    before = getter()
    if isinstance(before, str) and before in ("none", "auto"):
        return
    rows = as_rows(before)
    after = np.array([twin(tuple(colour)) for colour in rows.tolist()])
    if not np.array_equal(after, rows):
        artist.set(**{name: after if np.ndim(before) == 2 else tuple(after[0])})


def as_rows(colours: Any) -> NDArray[np.float64]:
    """Return one colour or many as rows of red, green, blue and opacity."""
    if isinstance(colours, str) or np.ndim(colours) < 2:
        return np.array([to_rgba(colours)])
    return np.array([to_rgba(colour) for colour in colours])


@cache
def twin(colour: tuple[float, ...]) -> tuple[float, ...]:
    """Return the dark twin of a colour, as opaque as it was; others stay as they are."""
    for light, dark in DARK.items():
        if colour[3] > 0 and np.allclose(to_rgba(light)[:3], colour[:3], atol=1 / 512):
            return (*to_rgba(dark)[:3], colour[3])
    return colour


def darken_svg(svg: str) -> str:
    """Give every colour in an SVG file of Matplotlib its dark twin: no need to draw again."""

    def change(colour: re.Match[str]) -> str:
        red, green, blue, _ = twin(to_rgba(colour[0]))
        return to_hex((red, green, blue))

    return re.sub(r"#[0-9a-f]{6}\b", change, svg)
