"""Formulas as MathML, written when the site is built: the reader needs no script and no network.

Every formula is converted once, when its page is read. The characters it uses are kept with the
environment, so that ``mathfont`` can cut the font down to those of the whole site.
"""

import html
import re
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)
converter = LatexToMathML(fancy_error=False)

# A letter that stands alone in <mi> is drawn in italics by the browser, with these characters.
ITALIC = {ord("A"): 0x1D434, ord("a"): 0x1D44E, 0x391: 0x1D6E2, 0x3B1: 0x1D6FC}
LATIN, GREEK = 26, 25
ITALIC_SPECIAL = {
    "h": "\u210e",
    "ϵ": "\U0001d716",
    "ϑ": "\U0001d717",
    "∂": "\U0001d715",
}
CLOSING = tuple(",.;:!?)")  # marks that belong to the formula ahead of them


def to_mathml(tex: str, *, block: bool) -> str:
    r"""Return the MathML of a formula. As in Sphinx, ``\\`` alone breaks lines that ``&`` aligns.

    Raises:
        math_core.LatexError: The formula is wrong, or uses a command that does not exist.
    """
    if block and r"\\" in tex and r"\begin" not in tex:
        tex = rf"\begin{{aligned}}{tex}\end{{aligned}}"
    mathml = converter.convert_with_local_state(tex, displaystyle=block)
    # XML knows five of HTML's named characters, the converter uses some more.
    named = r"&(?!amp;|lt;|gt;|quot;)[A-Za-z]+;"
    root = ElementTree.fromstring(
        re.sub(named, lambda name: html.unescape(name[0]), mathml)
    )
    for table in root.iter("mtable"):
        table.attrib.pop("scriptlevel", None)  # valid on <mstyle> only
    root.set("alttext", re.sub(r"\s+", " ", tex.strip()))
    return ElementTree.tostring(root, encoding="unicode")


def characters(mathml: str) -> set[str]:
    """Return the characters that a browser draws for this MathML."""
    drawn: set[str] = set()
    for element in ElementTree.fromstring(mathml).iter():
        text = element.text or ""
        drawn.update(text)
        if (
            element.tag == "mi"
            and len(text) == 1
            and element.get("mathvariant") != "normal"
        ):
            drawn.add(italic(text))
        if element.tag in ("msqrt", "mroot"):
            drawn.add("√")
    return {character for character in drawn if not character.isspace()}


def italic(letter: str) -> str:
    """Return the mathematical italic form of a letter, or the letter if it has none."""
    if letter in ITALIC_SPECIAL:
        return ITALIC_SPECIAL[letter]
    for first, target in ITALIC.items():
        count = LATIN if first < 0x100 else GREEK
        if first <= ord(letter) < first + count:
            return chr(target + ord(letter) - first)
    return letter


def convert_page(app: Sphinx, doctree: nodes.document) -> None:
    """Convert the formulas of a page; a wrong one is reported where it stands."""
    env: Any = app.env
    used: set[str] = set()
    for node in doctree.findall(
        lambda n: isinstance(n, (nodes.math, nodes.math_block))
    ):
        assert isinstance(node, nodes.Element)
        if node.get("label"):
            logger.error("numbered formulas are not supported", location=node)
        try:
            node["mathml"] = to_mathml(
                node.astext(), block=isinstance(node, nodes.math_block)
            )
        except LatexError as error:
            logger.error("formula %r: %s", node.astext(), error, location=node)
            node["mathml"] = ""
        else:
            used |= characters(node["mathml"])
    site_characters(env)[env.docname] = used
    keep_with_formulas(doctree)


def keep_with_formulas(doctree: nodes.document) -> None:
    """Join a formula in the text with the comma after it: a browser may break the line there."""
    for formula in list(doctree.findall(nodes.math)):
        after = formula.next_node(descend=False, siblings=True)
        if isinstance(after, nodes.Text) and after.startswith(CLOSING):
            whole = nodes.inline(classes=["formula-end"])
            formula.parent.replace(after, nodes.Text(after[1:]))
            formula.parent.replace(formula, whole)
            whole += [formula, nodes.Text(after[0])]


def site_characters(env: BuildEnvironment) -> dict[str, set[str]]:
    """Return the characters that formulas use, page by page."""
    env_any: Any = env
    if not hasattr(env_any, "math_characters"):
        env_any.math_characters = {}
    pages: dict[str, set[str]] = env_any.math_characters
    return pages


def forget_page(_app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Drop what a page used that is read anew or gone."""
    site_characters(env).pop(docname, None)


def merge_pages(
    _app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment
) -> None:
    """Take over what a parallel reader found."""
    site_characters(env).update(
        {name: site_characters(other)[name] for name in docnames}
    )


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    self.body.append(node["mathml"])
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula that stands alone."""
    self.body.append(f'<div class="math">{node["mathml"]}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.connect("doctree-read", convert_page)
    app.connect("env-purge-doc", forget_page)
    app.connect("env-merge-info", merge_pages)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True}
