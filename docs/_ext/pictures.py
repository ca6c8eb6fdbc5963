"""How pictures stand on a page.

A picture ``name.svg`` with a twin ``name_dark.svg`` beside it is shown in the light theme and its
twin in the dark one. Every picture gets its dimensions, so that nothing moves when it arrives, and
is loaded when the reader comes near it, unless the page opens with it.
"""

import posixpath
from itertools import islice
from pathlib import Path
from urllib.parse import quote

import imagesize
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

CSS_PIXELS_PER_INCH = 96


class AddDarkTwins(SphinxTransform):
    """Put the dark twin of every picture that has one behind it."""

    default_priority = 400

    def apply(self) -> None:
        """Add the twins of one page."""
        for image in list(self.document.findall(nodes.image)):
            _, light = self.env.relfn2path(image["uri"], self.env.docname)
            dark = Path(light).with_stem(Path(light).stem + "_dark")
            if not dark.is_file():
                continue
            twin = image.deepcopy()
            twin["uri"] = "/" + dark.relative_to(self.env.srcdir).as_posix()
            image["classes"].append("only-light")
            twin["classes"].append("only-dark")
            image.parent.insert(image.parent.index(image) + 1, twin)


def css_size(path: Path) -> tuple[int, int]:
    """Return the width and the height at which a picture is shown, in CSS pixels."""
    width, height = imagesize.get(path)
    dpi = imagesize.getDPI(path)[0] if path.suffix == ".png" else -1
    scale = CSS_PIXELS_PER_INCH / dpi if dpi > 0 else 1
    return round(width * scale), round(height * scale)


def opens_page(image: nodes.image) -> bool:
    """Tell whether a picture is the first of its page, with no heading but the title above it."""
    landmarks = image.document.findall(
        lambda node: isinstance(node, nodes.title | nodes.image)
    )
    return image in islice(landmarks, 2)


def visit_image(self: HTML5Translator, node: nodes.image) -> None:
    """Write a picture with its dimensions."""
    source = node["uri"]
    name = quote(self.builder.images.get(source, source))
    width, height = css_size(Path(self.builder.srcdir) / source)
    attributes = {
        "src": posixpath.join(self.builder.imgpath, name),
        "alt": node.get("alt", ""),
        "width": str(width),
        "height": str(height),
        "decoding": "async",
    }
    if not opens_page(node):
        attributes["loading"] = "lazy"
    self.body.append(self.emptytag(node, "img", "\n", **attributes))


def depart_image(self: HTML5Translator, node: nodes.image) -> None:
    """Nothing is left to close."""


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the twins and the attributes."""
    app.add_transform(AddDarkTwins)
    app.add_node(nodes.image, override=True, html=(visit_image, depart_image))
    return {"version": "1", "parallel_read_safe": True}
