"""Figures: sharp at any size, right in both themes, described for who cannot see.

Each figure of a stage is an SVG. Its twin for the dark theme is the same file in other
colours. Sphinx-gallery calls ``scraper`` after every cell.
"""

import re
from pathlib import Path
from typing import Any, NoReturn

import matplotlib.pyplot as plt
from docutils import nodes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from programs.inline import FIGURE, Refused, origin
from sphinx.transforms import SphinxTransform
from sphinx.util.images import get_image_size
from sphinx_gallery.py_source_parser import extract_file_config

from pages import live
from pages.colours import DARK_TWINS, ROLES

SHOW = "plt.show()"
# "# Figure: what it shows", for each figure of the cell, straight above plt.show().
COMMENTS = re.compile(rf"^{FIGURE}.*\n(?:#.*\n)*(?={re.escape(SHOW)})", re.MULTILINE)
DRAWN = re.compile(r"(fill|stroke): (#[0-9a-f]{6})")


def scraper(
    block: tuple[str, str, int], variables: dict[str, Any], conf: dict[str, Any]
) -> str:
    """Save the open figures of a cell and return what shows them on the page."""
    _, code, first = block

    def refuse(fault: str) -> NoReturn:
        line = first + code[: code.rfind(SHOW)].count("\n")  # without it, the last
        program, docs = Path(variables["src_file"]), Path(conf["src_dir"])
        raise Refused(*origin(program, line, docs), fault)

    figures = [plt.figure(number) for number in plt.get_fignums()]
    texts = alt_texts(code)
    if len(texts) != len(figures):
        fault = f"figures here: {len(figures)}, comments on them: {len(texts)}"
        write = f"write `{FIGURE}what it shows` for each, above {SHOW}"
        refuse(f"{fault}: {write}")
    kind = extract_file_config(code).get("live")
    if "sphinx_gallery_live" in code and kind not in live.KINDS:
        known = ", ".join(f'"{kind}"' for kind in live.KINDS)
        refuse(f"there is no such live figure: write one of {known}")
    shown = ""
    for figure, text in zip(figures, texts, strict=True):
        file = Path(next(variables["image_path_iterator"])).with_suffix(".svg")
        if kind:
            live.name_parts(figure)
        save(figure, file)
        if fault := fault_of(file.read_text("utf-8")):
            refuse(fault)
        image = f"\n.. image:: /{file.relative_to(conf['src_dir']).as_posix()}\n"
        image += f"   :alt: {text}\n"
        if kind:
            names = variables["example_globals"]
            try:
                image = live.wrap(image, kind, figure, file, names)
            except KeyError as missing:
                refuse(f"this live figure needs a variable of the name {missing}")
        shown += image
    plt.close("all")
    return shown


def alt_texts(code: str) -> list[str]:
    """Return what the comments of a cell say of its figures, each on one line."""
    comments = COMMENTS.search(code)
    parts = comments[0].split(FIGURE)[1:] if comments else []
    return [" ".join(part.replace("\n#", " ").split()) for part in parts]


def save(figure: Figure, file: Path) -> None:
    """Save a figure for the page, and on white for the notebook."""
    for artist in [artist for axes in figure.axes for artist in axes.collections]:
        if isinstance(artist, QuadMesh) or getattr(artist, "filled", False):  # contours
            artist.set_edgecolor("face")  # else browsers show seams between the areas
    notebook = file.parent / "notebook" / f"{file.stem}.png"
    notebook.parent.mkdir(exist_ok=True)
    if layout := figure.get_layout_engine():
        layout.execute(figure)
        figure.set_layout_engine("none")  # kept, it would draw all twice in each file
    plt.rcParams["svg.hashsalt"] = "linreg"  # the same bytes in every build
    figure.savefig(notebook, dpi=144, facecolor="white")
    figure.savefig(file, transparent=True, metadata={"Date": None})


def fault_of(svg: str) -> str:
    """Return why an SVG of Matplotlib's has no twin for the dark theme, or nothing."""
    if unknown := {colour for _, colour in DRAWN.findall(svg)} - set(DARK_TWINS):
        listed = ", ".join(sorted(unknown))
        fault = f"{listed} in a figure: take colours of linreg/plotting.py, or give"
        return f"{fault} them a role in docs/_ext/pages/colours.py"
    if "<image" in svg:
        return "pixels, which keep their colours in the dark: draw areas, as contourf"
    return ""


def darken(svg: str) -> str:
    """Return an SVG of Matplotlib's in the colours of the dark theme."""
    dark = DRAWN.sub(lambda drawn: f"{drawn[1]}: {DARK_TWINS[drawn[2]]}", svg)
    # What is black is written without a colour, and takes that of the whole file.
    return dark.replace("<svg ", f'<svg fill="{ROLES["ink"][1]}" ', 1)


class ShowFigures(SphinxTransform):
    """Put its dark twin behind every figure, and give both their size.

    So nothing moves when a figure arrives. All but the first wait for the reader.
    """

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        loading = "link"  # at once
        for image in list(self.document.findall(nodes.image)):
            file = Path(self.env.relfn2path(image["uri"], self.env.docname)[1])
            if file.suffix == ".png" and file.parent.name == "thumb":
                image.parent.remove(image)  # of a page that shows no figure
            if file.suffix != ".svg" or not file.name.startswith("sphx_glr_"):
                continue
            dark = file.with_stem(f"{file.stem}_dark")
            dark.write_text(darken(file.read_text("utf-8")), "utf-8")
            image["width"], image["height"] = map(str, get_image_size(file) or ())
            image["alt"] = image["alt"] or "The first figure of the page."  # on a card
            twin = image.deepcopy()
            twin["uri"] = f"/{dark.relative_to(self.env.srcdir).as_posix()}"
            image["loading"], twin["loading"] = loading, "lazy"
            image["classes"].append("only-light")
            twin["classes"].append("only-dark")
            image.parent.insert(image.parent.index(image) + 1, twin)
            loading = "lazy"
        for block in self.document.findall(nodes.literal_block):
            code = COMMENTS.sub("", block.astext())
            if code != block.astext():
                block.rawsource, block[:] = code, [nodes.Text(code)]
