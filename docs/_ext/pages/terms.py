"""Links in the pages of the tutorial: the first use of each term leads to the glossary.

A stage is a notebook too, in which a role like ``:term:`` could not be read. So the
links are made here. The glossary lists the forms of a term itself.
"""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

PAGE = re.compile(r"tutorial/(?:\w+/)?plot_\d\d_\w+")
NO_PROSE = (
    nodes.title,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.reference,
    addnodes.pending_xref,
)


class LinkTerms(SphinxPostTransform):
    """Link the first use of each term of the glossary on a page."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        if not PAGE.fullmatch(self.env.docname):
            return
        places = self.places()
        forms = sorted(places, key=len, reverse=True)  # "mini-batch" ahead of "batch"
        choice = "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in forms)
        find = re.compile(rf"(?<![\w-])(?:{choice})(?![\w-])", re.IGNORECASE)
        glossary = self.app.builder.get_relative_uri(self.env.docname, "glossary")
        for text in filter(is_prose, list(self.document.findall(nodes.Text))):
            pieces: list[nodes.Node] = []
            end = 0
            for match in find.finditer(text):
                place = places.get(" ".join(match[0].lower().split()))
                if place is None:  # linked before
                    continue
                places = {form: p for form, p in places.items() if p != place}
                shown = nodes.inline("", match[0], classes=["std-term"])
                link = nodes.reference("", "", shown, refuri=f"{glossary}#{place}")
                pieces += [nodes.Text(text[end : match.start()]), link]
                end = match.end()
            if pieces:
                text.parent.replace(text, [*pieces, nodes.Text(text[end:])])

    def places(self) -> dict[str, str]:
        """Return each form of each term, in lower case, with the id of its entry."""
        found: dict[str, str] = {}
        glossary = self.env.get_doctree("glossary")
        for entry in glossary.findall(nodes.definition_list_item):
            terms = list(entry.findall(nodes.term))
            found |= {term.astext().lower(): terms[0]["ids"][0] for term in terms}
        return found


class UnlinkVariables(SphinxPostTransform):
    """Drop the links of variables to their classes, which hide the links of names."""

    default_priority = 600  # after sphinx-gallery's

    def run(self, **kwargs: Any) -> None:
        for link in list(self.document.findall(nodes.reference)):
            if "sphx-glr-backref-instance" in link["classes"]:
                link.replace_self(link.children)


def is_prose(text: nodes.Text) -> bool:
    """Tell whether a text stands in a paragraph, and not in code, a link or a fold."""
    above = list(ancestors(text))
    if any(
        isinstance(node, NO_PROSE) or "no-search" in node["classes"] for node in above
    ):
        return False
    return any(isinstance(node, nodes.paragraph) for node in above)


def ancestors(node: nodes.Node) -> Iterator[nodes.Element]:
    """Yield what a node stands in, from the inside out."""
    while node.parent is not None:
        node = node.parent
        yield node


def setup(app: Sphinx) -> None:
    """Register the links."""
    app.add_post_transform(LinkTerms)
    app.add_post_transform(UnlinkVariables)
