"""The cards of the gallery: one link each, around the picture and the title, then a few words.

Sphinx-gallery's own cards hide the names of their links and show the words only under a mouse.
"""

import html
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.typing import ExtensionMetadata

OPEN = '<div class="sphx-glr-thumbcontainer"'
THUMBNAIL = re.compile(r"thumb/sphx_glr_(.*)_thumb\.\w+$")
NUMBER = re.compile(r"^# sphinx_gallery_thumbnail_number = (-?\d+)", re.MULTILINE)


class ShowFigureOnCard(SphinxTransform):
    """Show the stage's figure itself on its card; ``pictures`` then finds the dark twin."""

    default_priority = 390

    def apply(self, **kwargs: Any) -> None:
        """Replace the thumbnails of one page."""
        for image in list(self.document.findall(nodes.image)):
            if match := THUMBNAIL.search(image["uri"]):
                images = Path(
                    self.env.relfn2path(image["uri"], self.env.docname)[1]
                ).parent.parent
                figure = card_figure(images, match[1])
                if figure is None:
                    image.parent.remove(image)
                else:
                    image["uri"] = "/" + figure.relative_to(self.env.srcdir).as_posix()


def card_figure(images: Path, stage: str) -> Path | None:
    """Return the figure that stands for a stage: the first, or the one that its script names."""
    pattern = re.compile(rf"sphx_glr_{re.escape(stage)}_\d+\.\w+")
    figures = sorted(file for file in images.iterdir() if pattern.fullmatch(file.name))
    named = NUMBER.search((images.parent / f"{stage}.py").read_text("utf-8"))
    number = int(named[1]) if named else 1
    return figures[number - 1 if number > 0 else number] if figures else None


class LinkWholeCard(SphinxPostTransform):
    """Put picture and title into one link, and the first words of the stage below."""

    formats = ("html",)
    default_priority = 600

    def run(self, **kwargs: Any) -> None:
        """Rebuild the cards of one page."""
        for start in list(self.document.findall(nodes.raw)):
            text = start.astext()
            if "sg-tag-list" in text:
                start.parent.remove(start)
            if OPEN not in text:
                continue
            siblings = start.parent.children[start.parent.index(start) + 1 :]
            end = next(node for node in siblings if isinstance(node, nodes.raw))
            card = siblings[: siblings.index(end)]
            link = next(ref for node in card for ref in node.findall(nodes.reference))
            for position, image in enumerate(
                n for n in card if isinstance(n, nodes.image)
            ):
                image.parent.remove(image)
                link.insert(position, image)
            words = html.unescape(text.partition('tooltip="')[2].rpartition('"')[0])
            start.replace_self(nodes.raw("", f"{OPEN}>\n", format="html"))
            closing = f'<p class="card-words">{html.escape(words)}</p>\n</div>\n'
            end.replace_self(nodes.raw("", closing, format="html"))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the cards."""
    app.add_transform(ShowFigureOnCard)
    app.add_post_transform(LinkWholeCard)
    return {"version": "1", "parallel_read_safe": True}
