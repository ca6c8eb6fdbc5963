"""Where the reader is: the steps of the five stages, and how long the page takes to read."""

import math
from pathlib import PurePosixPath
from typing import Any

from docutils import nodes
from folds import fold
from page_links import page_link
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

WORDS_PER_MINUTE = 200
CODE_LINES_PER_MINUTE = 15


class stage_steps(nodes.General, nodes.Element):  # noqa: N801  (docutils' nodes are in lower case)
    """The list of the stages, with the present one marked."""


class AddStageHeader(SphinxTransform):
    """Put the steps and the reading time below the title of a stage."""

    default_priority = 410  # after the folds, which need not be read

    def apply(self, **kwargs: Any) -> None:
        """Add the header of one page."""
        gallery = self.config.sphinx_gallery_conf["gallery_dirs"][0]
        keys = [str(key) for key in self.config.programs_state.get("programs", {})]
        page = PurePosixPath(self.env.docname)
        if (
            not page.is_relative_to(gallery)
            or str(page.relative_to(gallery)) not in keys
        ):
            return
        key = str(page.relative_to(gallery))
        line = f"About {minutes(self.document)} minutes to read"
        title = next(iter(self.document.findall(nodes.title)))
        place = title.parent.index(title) + 1
        stages = sorted(stage for stage in keys if "/" not in stage)
        if key in stages:
            line = f"Stage {stages.index(key) + 1} of {len(stages)} · {line[0].lower()}{line[1:]}"
            title.parent.insert(place, steps(stages, key, gallery))
        title.parent.insert(place, nodes.paragraph("", line, classes=["stage-line"]))


def minutes(document: nodes.document) -> int:
    """Return how long a page takes: its words, and the lines of code that are not folded away."""
    words = sum(
        len(node.astext().split())
        for node in document.findall(nodes.TextElement)
        if isinstance(node, (nodes.paragraph, nodes.term, nodes.title))
    )
    blocks = [
        block
        for block in document.findall(nodes.literal_block)
        if not has_parent(block, fold)
    ]
    lines = sum(len(block.astext().splitlines()) for block in blocks)
    return max(2, math.ceil(words / WORDS_PER_MINUTE + lines / CODE_LINES_PER_MINUTE))


def has_parent(node: nodes.Node, kind: type[nodes.Node]) -> bool:
    """Tell whether a node stands inside one of a kind."""
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kind):
            return True
    return False


def steps(stages: list[str], present: str, gallery: str) -> stage_steps:
    """Return the list of the stages, each a link, up to the present one marked as reached."""
    items = nodes.bullet_list(classes=["steps"])
    for stage in stages:
        link = page_link(f"{gallery}/{stage}")
        item = nodes.list_item("", nodes.paragraph("", "", link))
        if stage <= present:
            item["classes"].append("present" if stage == present else "reached")
        items.append(item)
    return stage_steps("", items, classes=["stage-steps", "no-search"])


def visit_steps(self: HTML5Translator, node: stage_steps) -> None:
    """Open the list as a landmark of its own."""
    self.body.append(self.starttag(node, "nav", **{"aria-label": "The five stages"}))


def depart_steps(self: HTML5Translator, node: stage_steps) -> None:
    """Close the list."""
    self.body.append("</nav>\n")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the header."""
    app.add_node(stage_steps, html=(visit_steps, depart_steps))
    app.add_transform(AddStageHeader)
    return {"version": "1", "parallel_read_safe": True}
