"""Show a folded cell of a program as ``<details>``, with links to the stages that taught its code.

A native element: it opens with a click or a key, and without a script. It stays out of the search
index: else a search for ``zero_grad`` would find every page that carries the loop folded away.
"""

from pathlib import Path
from typing import Any
from zlib import crc32

from docutils import nodes
from inliner import FOLD, TAUGHT_IN
from page_links import page_link
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.writers.html5 import HTML5Translator

SUMMARY = FOLD.removeprefix("# ")


class fold(nodes.General, nodes.Element):  # noqa: N801  (docutils' nodes are in lower case)
    """Code that opens on request."""


class FoldCode(SphinxTransform):
    """Turn the code blocks that begin with the fold's comment into folds."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        """Fold the marked code blocks of this page."""
        gallery = self.config.sphinx_gallery_conf["gallery_dirs"][0]
        if not self.env.docname.startswith(f"{gallery}/"):
            return
        pages = {Path(page).name: page for page in self._pages(gallery)}
        for block in list(self.document.findall(nodes.literal_block)):
            header, _, code = block.rawsource.lstrip("\n").partition("\n\n")
            if not header.startswith(FOLD):
                continue
            folded = fold(classes=["folded", "no-search"])
            for match in TAUGHT_IN.finditer(header):
                page = pages[match[1].removesuffix(".py")]
                folded += _origin(page, match[2].replace("\n#  ", "").split(", "))
            code = code.strip("\n")
            fresh = nodes.literal_block(code, code, **block.attributes)
            fresh.source, fresh.line = block.source, block.line
            folded += fresh
            block.replace_self(folded)

    def _pages(self, gallery: str) -> list[str]:
        return [f"{gallery}/{key}" for key in self.config.programs_state["programs"]]


def _origin(page: str, names: list[str]) -> nodes.paragraph:
    """Return a line that says which stage taught what: its title, a link, and the names."""
    link = page_link(page)
    paragraph = nodes.paragraph("", "", nodes.Text("From "), link, nodes.Text(": "))
    for position, name in enumerate(names):
        paragraph += [nodes.Text(", "), nodes.literal(name, name)][position == 0 :]
    return paragraph


def visit_fold(self: HTML5Translator, node: fold) -> None:
    """Open the element; its summary is what a reader or a screen reader meets first."""
    self.body.append(self.starttag(node, "details"))
    self.body.append(f"<summary>{SUMMARY}</summary>\n")


def depart_fold(self: HTML5Translator, node: fold) -> None:
    """Close the element."""
    self.body.append("</details>\n")


def setup(app: Sphinx) -> dict[str, bool | int]:
    """Set the folds up."""
    app.add_node(fold, html=(visit_fold, depart_fold))
    app.add_transform(FoldCode)
    # Pages are read again when this file changes.
    return {
        "env_version": crc32(Path(__file__).read_bytes()),
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
