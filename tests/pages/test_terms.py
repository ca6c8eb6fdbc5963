"""The first use of each term links to the glossary, in prose alone."""

import re

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

GLOSSARY = """Glossary
========

.. glossary::
   :sorted:

   mini-batch
   mini-batches
   batch
   batches
      A few samples.

   gradient
   gradients
      All slopes.

   gradient descent
      Small moves.

   loss
   losses
      A number.
"""


@pytest.fixture
def links(tmp_path):
    """Build a page with a text; return the targets and the words of its links."""

    def build(text, page="tutorial/plot_01_page"):
        file = tmp_path / f"{page}.rst"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"Title\n=====\n\n{text}\n")
        (tmp_path / "glossary.rst").write_text(GLOSSARY)
        toctree = f".. toctree::\n\n   glossary\n   {page}\n"
        (tmp_path / "index.rst").write_text(f"Start\n=====\n\n{toctree}")
        out = tmp_path / "out"
        config = {"extensions": ["pages"], "html_theme": "basic"}
        with docutils_namespace():  # else what Sphinx registers disturbs the next site
            trees = tmp_path / "trees"
            paths = (tmp_path, None, out, trees)
            Sphinx(*paths, "html", config, None, None, warningiserror=True).build()
        html = (out / f"{page}.html").read_text()
        link = r'href="\.\./glossary\.html#(term-[\w-]+)"><span class="std-term">(.*?)<'
        return re.findall(link, html, re.DOTALL)

    return build


def test_the_first_use_of_a_term_is_linked_and_no_other(links):
    assert links("A loss, and a loss.\n\nThe loss.") == [("term-loss", "loss")]


def test_all_forms_of_an_entry_count_as_one_and_lead_to_its_head(links):
    found = links("*Losses* of batches; a loss of a\nmini-batch.")
    assert found == [("term-loss", "Losses"), ("term-mini-batch", "batches")]


def test_of_two_terms_at_one_place_the_longer_is_linked(links):
    found = links("Here gradient\ndescent follows the gradient.")
    assert [target for target, _ in found] == ["term-gradient-descent", "term-gradient"]


def test_words_that_only_contain_a_term_are_left_alone(links):
    assert links("A glossy batch-wise lossless regradient.") == []


def test_headings_code_formulas_and_links_are_left_alone(links):
    prose = "The ``loss``, :math:`gradient`, `batch <https://example.org>`_.\n\n"
    prose += "A loss\n------\n\n.. code-block:: text\n\n   loss\n\n"
    assert links(prose) == []


def glossary_entries(root):
    """Return the entries of the glossary: their terms and their definition."""
    text = (root / "docs" / "glossary.rst").read_text(encoding="utf-8")
    block = text.split(".. glossary::", 1)[1].split("\nSymbols\n")[0]
    entries = re.findall(r"\n((?:   \S.*\n)+)((?:      \S.*\n)+)", block)
    assert len(entries) > 40
    return [(re.findall(r"\S.*", terms), " ".join(t.split())) for terms, t in entries]


def test_every_term_is_used_in_the_tutorial(root):
    files = [root / "docs" / "index.rst", *root.glob("examples/**/plot_*.py")]
    prose = " ".join(file.read_text("utf-8") for file in files)
    prose = re.sub(r"\s*\n#?\s*", " ", prose).lower()
    for terms, _ in glossary_entries(root):
        used = [re.search(rf"\b{re.escape(term.lower())}\b", prose) for term in terms]
        assert any(used), terms


def test_every_name_in_the_table_of_symbols_is_a_name_in_the_code(root):
    glossary = (root / "docs" / "glossary.rst").read_text(encoding="utf-8")
    names = re.findall(r"``([^`]+)``", glossary.split("list-table::")[1])
    assert len(names) > 15
    files = [*root.glob("examples/**/plot_*.py"), *root.glob("linreg/*.py")]
    code = "\n".join(file.read_text(encoding="utf-8") for file in files)
    code = re.sub(r"^\s*#.*$", "", code, flags=re.M)
    for name in names:
        bare = re.escape(name.removesuffix("[i]"))
        assert re.search(rf"(?<!\w){bare}(?!\w)", code), name
