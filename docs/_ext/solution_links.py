"""Link each page's exercises to the page of solutions of its section.

The link is made when the site is built: a program or a notebook that stands alone has no page of
solutions beside it.
"""

from pathlib import PurePosixPath
from typing import Any

from docutils import nodes
from page_links import page_link
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.typing import ExtensionMetadata

SOLUTIONS = {  # a folder of examples/, and the program with the solutions of its pages
    ".": "plot_14_stages",
    "understanding": "plot_15_understanding",
    "beyond": "plot_16_beyond",
}


class LinkSolutions(SphinxTransform):
    """Put a line with the link at the end of a page's exercises."""

    default_priority = 420

    def apply(self, **kwargs: Any) -> None:
        """Add the line to one page."""
        gallery = self.config.sphinx_gallery_conf["gallery_dirs"][0]
        page = PurePosixPath(self.env.docname)
        if not page.is_relative_to(gallery):
            return
        solutions = SOLUTIONS.get(str(page.relative_to(gallery).parent))
        target = f"{gallery}/solutions/{solutions}"
        if solutions is None or target not in self.env.found_docs:
            return
        for section in self.document.findall(nodes.section):
            if section[0].astext() == "Exercises":
                after = (
                    max(section.index(child) for child in section if is_list(child)) + 1
                )
                section.insert(after, line_with_link(target))


def is_list(node: nodes.Node) -> bool:
    """Tell whether a part of the section is the list of the exercises."""
    return isinstance(node, nodes.enumerated_list)


def line_with_link(target: str) -> nodes.paragraph:
    """Return the line that leads from the exercises to their solutions."""
    link = page_link(target, "solutions")
    parts = (nodes.Text("When you have tried: "), link, nodes.Text("."))
    return nodes.paragraph("", "", *parts, classes=["solution-link"])


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register with Sphinx."""
    app.add_transform(LinkSolutions)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
