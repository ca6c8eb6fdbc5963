"""Saves the figures of a stage so that they look drawn for the page, light and dark.

Sphinx-gallery calls ``scraper`` after each cell. Every open figure is written three times, with no
ground of its own: for the light theme, for the dark theme (``_dark`` at the end of its name), and
on white for the notebook. Filled surfaces become PNG, since browsers leave seams between the
patches of an SVG; everything else becomes SVG, sharp at every size and a few kilobytes small.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.collections import QuadMesh
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from palette import darken, darken_svg, shows_loss
from PIL import Image
from sphinx.errors import ExtensionError

CSS_PIXELS_PER_INCH = 96


def scraper(
    block: tuple[str, str, int], block_vars: dict[str, Any], conf: dict[str, Any]
) -> str:
    """Save the open figures and return the reStructuredText that shows them."""
    shown = []
    for number in plt.get_fignums():
        figure = plt.figure(number)
        if not figure.get_label():
            place = f"{block_vars['src_file']}:{block[2]}"
            raise ExtensionError(f'{place}: say what the figure shows: describe("...")')
        path = save_twins(figure, Path(next(block_vars["image_path_iterator"])))
        page_path = PurePosixPath(path.relative_to(conf["src_dir"]))
        shown.append(f"\n.. image:: /{page_path}\n   :alt: {alt_text(figure)}\n")
    plt.close("all")
    return "\n".join(shown)


def alt_text(figure: Figure) -> str:
    """Return the description of a figure on one line."""
    return " ".join(str(figure.get_label()).split())


def save_twins(figure: Figure, path: Path) -> Path:
    """Save a figure for both themes and for the notebook; return the light one's path."""
    notebook = path.parent / "notebook" / path.name
    notebook.parent.mkdir(exist_ok=True)
    save, suffix = (save_png, ".png") if has_surface(figure) else (save_svg, ".svg")
    for old in path.parent.glob(f"{path.stem}*"):
        old.unlink()
    light = path.with_suffix(suffix)
    dark = light.with_stem(light.stem + "_dark")
    with laid_out(figure):
        save_png(figure, notebook, scale=1.5, facecolor="white")
        save(figure, light)
        if suffix == ".svg":
            dark.write_text(darken_svg(light.read_text("utf-8")), "utf-8")
        else:
            darken(figure)
            save_png(figure, dark)
    return light


@contextmanager
def laid_out(figure: Figure) -> Iterator[None]:
    """Lay a figure out once, and the same in every file.

    With a layout engine, even the one named "none", Matplotlib draws twice for each file.
    """
    if (engine := figure.get_layout_engine()) is not None:
        engine.execute(figure)
    with mpl.rc_context(
        {"figure.autolayout": False, "figure.constrained_layout.use": False}
    ):
        figure.set_layout_engine(None)  # which is what the settings above say
        yield


def has_surface(figure: Figure) -> bool:
    """Tell whether a figure has filled contours, a mesh, an image, or the colours of a surface."""
    return any(
        isinstance(artist, (QuadMesh, AxesImage))
        or (isinstance(artist, ContourSet) and (artist.filled or shows_loss(artist)))
        for axes in figure.axes
        for artist in axes.get_children()
    )


def save_svg(figure: Figure, path: Path) -> None:
    """Save as SVG, the same bytes in every build, without what no browser needs."""
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "linreg-tutorial", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|<!--.*?-->", "",
                 buffer.getvalue(), flags=re.DOTALL)  # fmt: skip
    path.write_text(re.sub(r"\s*\n\s*", "\n", shorten(svg)).strip() + "\n", "utf-8")


def shorten(svg: str) -> str:
    """Round the coordinates of paths to a hundredth of a point."""
    return re.sub(
        r' d="[^"]*"',
        lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]),
        svg,
        flags=re.DOTALL,
    )


def save_png(
    figure: Figure, path: Path, *, scale: float = 2, facecolor: str = "none"
) -> None:
    """Save as PNG for dense screens, compressed without loss."""
    buffer = io.BytesIO()
    dpi = CSS_PIXELS_PER_INCH * scale
    figure.savefig(buffer, format="rgba", dpi=dpi, facecolor=facecolor)
    width, height = (int(length * dpi) for length in figure.get_size_inches())
    image = Image.frombytes("RGBA", (width, height), buffer.getvalue())
    if facecolor != "none":
        image = image.convert("RGB")
    image.save(path, compress_level=8, dpi=(dpi, dpi))
