"""Code in as few elements as its colours need.

Pygments and sphinx-gallery wrap every token, each dot and space too. Most look like the text around
them, and four of five elements of a page of code were such wrappers: a phone built them, gave them
a style and laid them out for nothing.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from code_colours import is_plain
from docutils import nodes
from pygments.formatters import HtmlFormatter
from pygments.token import STANDARD_TYPES, Text, _TokenType
from sphinx.application import Sphinx
from sphinx.highlighting import PygmentsBridge
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.typing import ExtensionMetadata
from sphinx_gallery._doctree_links import CodeLinksTransform, code_links_block

PLAIN = {name for token, name in STANDARD_TYPES.items() if is_plain(token)}


class LeanFormatter(HtmlFormatter[str]):
    """Pygments' formatter without elements for plain tokens."""

    def format_unencoded(
        self, tokens: Iterable[tuple[_TokenType, str]], outfile: Any
    ) -> None:
        """Write the tokens; neighbours that are plain become one text."""
        looks = ((Text if is_plain(token) else token, text) for token, text in tokens)
        super().format_unencoded(looks, outfile)


class LeanLinkedCode(SphinxPostTransform):
    """The same for the blocks that sphinx-gallery builds itself, to put links into them."""

    formats = ("html",)
    default_priority = CodeLinksTransform.default_priority + 1

    def run(self, **kwargs: Any) -> None:
        """Rebuild the blocks of one page."""
        for block in self.document.findall(code_links_block):
            for parent in [*block.findall(nodes.reference), block]:
                parent[:] = list(lean(parent.children))


def lean(tokens: Iterable[nodes.Node]) -> Iterator[nodes.Node]:
    """Yield tokens with neighbours of one look as one node, plain ones as bare text."""
    for look, run in groupby(tokens, key=look_of):
        if isinstance(look, nodes.Node):
            yield look
            continue
        text = "".join(node.astext() for node in run)
        yield nodes.inline(text, text, classes=[look]) if look else nodes.Text(text)


def look_of(token: nodes.Node) -> str | nodes.Node:
    """Return the class of a token, "" for a plain one. A link is like none of its neighbours."""
    if isinstance(token, nodes.reference):
        return token
    classes = token["classes"] if isinstance(token, nodes.inline) else []
    return "" if not classes or classes[0] in PLAIN else str(classes[0])


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register both."""
    PygmentsBridge.html_formatter = LeanFormatter
    app.add_post_transform(LeanLinkedCode)
    return {"version": "1", "parallel_read_safe": True}
