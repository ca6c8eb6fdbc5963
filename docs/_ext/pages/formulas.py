r"""Formulas as MathML, written when the site is built: no script, no network.

Their font is ``docs/_static/math.woff2``; ``test_formulas.py`` says how it was made.
"""

import html
import re

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)
converter = LatexToMathML(fancy_error=False)
NO_BREAK = "&#8288;"  # a comma after a formula begins no line


def to_mathml(tex: str, *, block: bool) -> str:
    r"""Return a formula as MathML. As in Sphinx, ``\\`` alone breaks aligned lines."""
    given = html.escape(" ".join(tex.split()))  # what a reader hears who cannot see it
    if block and r"\\" in tex and r"\begin" not in tex:
        tex = rf"\begin{{aligned}}{tex}\end{{aligned}}"
    mathml = converter.convert_with_local_state(tex, displaystyle=block)
    # The converter gives tables an attribute that only another element may have.
    mathml = re.sub(r'(<mtable[^>]*) scriptlevel="\d+"', r"\1", mathml)
    return mathml.replace("<math", f'<math alttext="{given}"', 1)


def write(translator: HTML5Translator, node: nodes.math | nodes.math_block) -> None:
    """Write a formula into the page; report a wrong one where it stands."""
    block = isinstance(node, nodes.math_block)
    try:
        mathml = to_mathml(node.astext(), block=block)
    except LatexError as error:
        logger.error("formula %r: %s", node.astext(), error, location=node)
        mathml = ""
    around = '<div class="math">{}</div>\n' if block else "{}" + NO_BREAK
    translator.body.append(around.format(mathml))
    raise nodes.SkipNode
