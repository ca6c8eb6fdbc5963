"""The links from a page's prose to the glossary, on small sites; then the glossary itself."""

import io
import re
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace
from terms import forms

GLOSSARY = """
Glossary
========

.. glossary::

   gradient
      One. Two.

   gradient descent
      One. Two.

   mini-batch
   batch
      One. Two.

   shuffling
      One. Two.

   loss
      One. Two.
"""
LINK = re.compile(
    r'<a class="[^"]*" href="[./]*glossary\.html#([^"]+)"[^>]*>(.*?)</a>', re.S
)


@pytest.fixture
def links(tmp_path):
    """A function that builds a site of one page and returns its links to the glossary."""

    def build(prose, name="tutorial/plot_01_page", glossary=GLOSSARY):
        pages = {
            "glossary": glossary,
            name: f"Loss and gradient\n=================\n\n{prose}\n",
        }
        pages["index"] = f"Site\n====\n\n.. toctree::\n\n   glossary\n   {name}\n"
        for page, text in pages.items():
            file = tmp_path / f"{page}.rst"
            file.parent.mkdir(exist_ok=True)
            if not file.exists() or file.read_text() != text:
                file.write_text(text)
        messages, out = io.StringIO(), tmp_path / "_out"
        config = {
            "extensions": ["terms"],
            "html_theme": "basic",
            "exclude_patterns": ["_out"],
        }
        with docutils_namespace():
            Sphinx(
                tmp_path, None, out, out / "trees", "html", config, None, messages
            ).build()
        assert not messages.getvalue()
        found = LINK.findall((out / f"{name}.html").read_text())
        return [(target, re.sub("<[^>]+>", "", shown)) for target, shown in found]

    return build


def test_the_first_use_is_linked_and_the_second_is_not(links):
    assert links("The loss falls. The loss rises.\n\nThe loss ends.") == [
        ("term-loss", "loss")
    ]


def test_a_term_is_found_in_capitals_in_the_plural_and_as_a_verb(links):
    assert links("Losses of batches, *shuffled*.") == [
        ("term-loss", "Losses"),
        ("term-batch", "batches"),
        ("term-shuffling", "shuffled"),
    ]


def test_of_two_terms_at_one_place_the_longer_is_linked(links):
    found = links("Here gradient\ndescent follows the gradient of a mini-batch.")
    assert [target for target, _ in found] == [
        "term-gradient-descent",
        "term-gradient",
        "term-mini-batch",
    ]


def test_words_that_only_contain_a_term_are_left_alone(links):
    assert links("A glossy batch-wise lossless regradient, and unshuffled.") == []


def test_headings_code_formulas_and_links_are_left_alone(links):
    prose = "The ``loss``, :math:`gradient`, `batch <https://example.org>`_.\n\nA loss\n------"
    assert links(f"{prose}\n\n.. code-block:: text\n\n   loss\n") == []


def test_a_list_and_a_note_are_prose(links):
    found = links("1. The loss.\n\n.. note:: A batch.\n")
    assert [target for target, _ in found] == ["term-loss", "term-batch"]


def test_pages_outside_the_tutorial_are_left_alone(links):
    assert links("The loss.", name="tutorial/index_of_all") == []


def test_a_new_term_is_linked_on_a_page_that_did_not_change(links):
    assert links("The intercept.") == []
    grown = GLOSSARY + "\n   intercept\n      One. Two.\n"
    assert links("The intercept.", glossary=grown) == [("term-intercept", "intercept")]


def test_a_glossary_without_terms_links_nothing(links):
    assert links("The loss.", glossary="Glossary\n========\n") == []


def glossary_entries(root: Path) -> list[tuple[list[str], str]]:
    """Return the entries of the glossary: their terms and their definition."""
    text = (root / "docs" / "glossary.rst").read_text(encoding="utf-8")
    block = text.split(".. glossary::", 1)[1].split("\nSymbols\n")[0]
    entries = re.findall(r"\n((?:   \S.*\n)+)((?:      \S.*\n)+)", block)
    assert len(entries) > 40
    return [
        (re.findall(r"\S.*", terms), " ".join(definition.split()))
        for terms, definition in entries
    ]


def test_every_definition_has_two_sentences(root):
    for terms, definition in glossary_entries(root):
        sentences = re.findall(r"[^.]+(?:\.\w[^.]*)*\.(?= |$)", definition)
        assert len(sentences) == 2, (terms, sentences)


def test_every_term_is_used_in_the_tutorial_and_stands_in_order(root):
    pages = [
        path.read_text(encoding="utf-8") for path in root.glob("examples/**/plot_*.py")
    ]
    prose = " ".join(
        " ".join(re.findall(r"^(?:# .*|[A-Z*].*)$", text, re.M)) for text in pages
    )
    prose = re.sub(r"[\s#*-]+", " ", prose).lower()
    entries = glossary_entries(root)
    for terms, _ in entries:
        words = [
            form.lower().replace("-", " ") for term in terms for form in forms(term)
        ]
        assert any(re.search(rf"\b{word}\b", prose) for word in words), terms
    first = [terms[0].lower() for terms, _ in entries]
    assert first == sorted(first)


def test_every_name_in_the_table_of_symbols_is_a_name_in_the_code(root):
    table = (
        (root / "docs" / "glossary.rst")
        .read_text(encoding="utf-8")
        .split("list-table::")[1]
    )
    names = re.findall(r"``([^`]+)``", table)
    assert len(names) > 15
    folders = [*root.glob("examples/**/plot_*.py"), *root.glob("linreg/*.py")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in folders)
    code = re.sub(r"^\s*#.*$", "", code, flags=re.M)
    for name in names:
        bare = re.escape(name.removesuffix("[i]"))
        assert re.search(rf"(?<!\w){bare}(?!\w)", code), name
