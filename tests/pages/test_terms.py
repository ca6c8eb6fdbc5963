"""The first use of each term links to the glossary, in prose alone."""

import ast
import re

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace
from sphinx_gallery.py_source_parser import remove_ignore_blocks

GLOSSARY = """Glossary
========

.. glossary::

   mini-batch
   batch
   batches
      A few samples.

   gradient
      All slopes.

   gradient descent
      Small moves.

   loss
   losses
      A number.
"""
HEADING_AND_CODE = "A loss\n------\n\n.. code-block:: text\n\n   loss\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A loss, and a loss.\n\nThe loss.", ["loss: loss"]),
        # All forms of an entry count as one, and lead to its head.
        ("*Losses* of batches; a mini-batch.", ["loss: Losses", "mini-batch: batches"]),
        # Of two terms at one place, the longer.
        ("Gradient\ndescent.", ["gradient-descent: Gradient\ndescent"]),
        ("A glossy batch-wise lossless regradient.", []),
        ("``loss``, :math:`gradient`, `batch <https://example.org>`_.", []),
        (HEADING_AND_CODE, []),
    ],
)
def test_the_first_use_of_a_term_is_linked_and_no_other(tmp_path, text, expected):
    (tmp_path / "tutorial").mkdir()
    (tmp_path / "tutorial" / "plot_01_page.rst").write_text(f"Title\n=====\n\n{text}\n")
    (tmp_path / "glossary.rst").write_text(GLOSSARY)
    toctree = ".. toctree::\n\n   glossary\n   tutorial/plot_01_page\n"
    (tmp_path / "index.rst").write_text(f"Start\n=====\n\n{toctree}")
    config = {"extensions": ["pages"], "html_theme": "basic"}
    with docutils_namespace():  # else what Sphinx registers disturbs the next site
        paths = (tmp_path, None, tmp_path / "out", tmp_path / "trees")
        Sphinx(*paths, "html", config, None, None, warningiserror=True).build()
    html = (tmp_path / "out" / "tutorial" / "plot_01_page.html").read_text()
    link = r'(?s)href="\.\./glossary\.html#term-([\w-]+)"><span class="std-term">(.*?)<'
    assert [f"{term}: {words}" for term, words in re.findall(link, html)] == expected


def names_of(code):
    """The names that a piece of code uses."""
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}


def test_every_name_in_the_table_of_symbols_is_a_name_in_visible_code(root):
    glossary = (root / "docs" / "glossary.rst").read_text(encoding="utf-8")
    table = re.findall(r"``([^`]+)``", glossary.split("list-table::")[1])
    assert len(table) > 15
    files = [*root.glob("examples/**/plot_*.py"), *root.glob("linreg/*.py")]
    shown = (remove_ignore_blocks(file.read_text("utf-8")) for file in files)
    known = set().union(*map(names_of, shown))
    for expression in table:
        assert names_of(expression) <= known, expression
