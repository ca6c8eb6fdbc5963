"""Code in few elements: what has a look of its own keeps it, and no character is lost."""

import html
import re
from pathlib import Path

import pytest
from docutils import nodes
from lean_code import PLAIN, LeanFormatter, lean
from pygments import highlight
from pygments.lexers import PythonLexer

CODE = 'def f(x):\n    return f"{x:.2f}" if x < 1 else None  # why\n'


def token(text: str, look: str) -> nodes.inline:
    """Return a token as sphinx-gallery makes them."""
    return nodes.inline(text, text, classes=[look])


def test_what_looks_like_text_gets_no_element() -> None:
    page = highlight(CODE, PythonLexer(), LeanFormatter())
    looks = re.findall(r'<span class="(\w+)">', page)
    assert {"k", "nf", "si", "mi", "c1"} <= set(looks)
    assert not PLAIN & set(looks)
    assert (
        html.unescape(re.sub(r"<[^>]*>", "", page)) == f"{CODE}\n"
    )  # one ends the page


def test_neighbours_of_one_look_share_an_element() -> None:
    tokens = [
        token('"', "s2"),
        token("a", "s2"),
        token(".", "o"),
        token("x", "n"),
        nodes.Text(" "),
    ]
    quoted, rest = lean(tokens)
    assert isinstance(quoted, nodes.inline)
    assert (quoted.astext(), quoted["classes"]) == ('"a', ["s2"])
    assert isinstance(rest, nodes.Text)
    assert rest.astext() == ".x "


def test_links_stay_and_divide_their_neighbours() -> None:
    link = nodes.reference("", "", token("torch", "n"))
    other = nodes.reference("", "", token("nn", "n"))
    tokens = list(lean([token("(", "p"), link, other, token(")", "p")]))
    assert [part.astext() for part in tokens] == ["(", "torch", "nn", ")"]
    assert tokens[1] is link


def test_no_page_wraps_plain_tokens(site: Path) -> None:
    pages = [
        page
        for page in site.rglob("*.html")
        if "_" not in page.relative_to(site).parts[0]
    ]
    looks = {
        look
        for page in pages
        for block in re.findall(r"<pre\b.*?</pre>", page.read_text("utf-8"), re.DOTALL)
        for look in re.findall(r'<span class="([^"]*)"', block)
    }
    assert {"k", "s2", "c1", "gp"} <= looks
    assert not PLAIN & looks


@pytest.mark.parametrize("look", ["n", "o", "p", "w"])
def test_the_commonest_tokens_are_plain(look: str) -> None:
    assert look in PLAIN
