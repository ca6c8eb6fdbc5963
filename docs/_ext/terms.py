"""Link the first use of each glossary term on each page of the tutorial.

The pages are scripts, which are notebooks too, and there a role like ``:term:`` would reach the
reader raw. So the links are made when the site is built. They stand in prose only: not in
headings, code, formulas or other links.
"""

import re
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

NO_PROSE = (
    nodes.title,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.reference,
    nodes.raw,
    nodes.comment,
    nodes.footnote_reference,
    addnodes.pending_xref,
    addnodes.only,  # sphinx-gallery's note about downloads
)


def forms(term: str) -> list[str]:
    """Return the forms in which a term may occur: singular and plural, noun and verb.

    Examples:
        >>> forms("mini-batch")
        ['mini-batch', 'mini-batchs', 'mini-batches']
        >>> forms("overfitting")
        ['overfitting', 'overfit', 'overfits', 'overfitted']
        >>> forms("shuffling")
        ['shuffling', 'shuffle', 'shuffles', 'shuffled']
    """
    if not term.endswith("ing"):
        return [term, f"{term}s", f"{term}es"]
    stem = term.removesuffix("ing")
    if re.search(r"(?:l|is)$", stem):  # shuffl-ing, standardis-ing: the verb ends in e
        return [term, f"{stem}e", f"{stem}es", f"{stem}ed"]
    single = re.sub(
        r"([dfglmnprt])\1$", r"\1", stem
    )  # overfitt-ing: the verb has one t
    return [term, single, f"{single}s", f"{stem}ed"]


def link_first_uses(document: nodes.document, terms: list[str]) -> None:
    """Put a reference to the glossary around the first use of each term in the prose.

    Where one term holds another, the longer one counts. A hyphen joins words: there is no "batch"
    in "batch-wise", but there is a "full batch" in "full-batch descent".
    """
    if not terms:
        return
    ordered = sorted(terms, key=lambda term: (-len(term), term))
    groups = ["|".join(re.escape(form) for form in forms(term)) for term in ordered]
    choice = "|".join(f"({group})" for group in groups).replace(r"\ ", r"[\s-]+")
    find = re.compile(rf"(?<![\w-])(?:{choice})(?![\w-])", re.IGNORECASE)
    waiting = set(terms)
    for text in list(document.findall(nodes.Text)):
        if not waiting or not _is_prose(text):
            continue
        pieces: list[nodes.Node] = []
        end = 0
        for match in find.finditer(text):
            term = ordered[(match.lastindex or 0) - 1]
            if term in waiting:
                waiting.remove(term)
                pieces += [nodes.Text(text[end : match.start()]), _link(term, match[0])]
                end = match.end()
        if pieces:
            text.parent.replace(text, [*pieces, nodes.Text(text[end:])])


def _is_prose(text: nodes.Text) -> bool:
    above: list[nodes.Element] = []
    node = text.parent
    while node is not None:
        above.append(node)
        node = node.parent
    if any(
        isinstance(node, NO_PROSE) or "no-search" in node["classes"] for node in above
    ):
        return False
    return any(isinstance(node, nodes.paragraph) for node in above)


def _link(term: str, shown: str) -> addnodes.pending_xref:
    return addnodes.pending_xref(
        "",
        nodes.inline("", shown, classes=["xref", "std", "std-term"]),
        refdomain="std",
        reftype="term",
        reftarget=term,
        refexplicit=True,
        refwarn=True,
    )


class LinkTerms(SphinxPostTransform):
    """Link the terms once the whole site has been read, before references are resolved."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        """Link the first use of each term, if the page belongs to the tutorial."""
        if re.fullmatch(self.config.terms_pages, self.env.docname):
            names = self.env.domains.standard_domain.objects
            link_first_uses(
                self.document, [name for kind, name in names if kind == "term"]
            )


def depend_on_glossary(app: Sphinx, _doctree: nodes.document) -> None:
    """Note that a page of the tutorial is out of date when the glossary changes."""
    if re.fullmatch(app.config.terms_pages, app.env.docname):
        app.env.note_dependency(app.env.doc2path("glossary"))


def setup(app: Sphinx) -> dict[str, bool | int]:
    """Set the extension up. ``terms_pages`` is an expression for the names of the pages."""
    app.add_config_value("terms_pages", r"tutorial/(?:.*/)?plot_\w+", "env", [str])
    app.add_post_transform(LinkTerms)
    app.connect("doctree-read", depend_on_glossary)
    return {"version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
