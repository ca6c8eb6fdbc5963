"""The text of the notebooks."""

import pytest
from rst_to_markdown import MarkdownError, convert

PAGE = "https://example.org/tutorial/beyond/plot_1.html"
PLAIN = {
    "Some *text*\nin ``two`` lines, and **more**.": "Some *text* in `two` lines, and **more**.",
    "A :math:`x_i^2` b.": "A $x_i^2$ b.",
    ".. math:: a\n   = b": "$$\na\n= b\n$$",
    ".. math::\n\n   a &= b \\\\\n   c &= d": (
        "$$\n\\begin{aligned}\na &= b \\\\\nc &= d\n\\end{aligned}\n$$"
    ),
    "Title\n=====\n\nPart\n----\n\nA\n\nPart 2\n------\n\nB": (
        "# Title\n\n## Part\n\nA\n\n## Part 2\n\nB"
    ),
    "- one\n- two\n  lines": "- one\n- two lines",
    "3. one\n4. two": "3. one\n4. two",
    "- one\n\n  .. code-block:: python\n\n     x = 1\n\n- two": (
        "- one\n\n  ```python\n  x = 1\n  ```\n\n- two"
    ),
    ".. code-block:: console\n\n   $ make": "```console\n$ make\n```",
    "Like this::\n\n    *x*": "Like this:\n\n```\n*x*\n```",
    ".. note:: Mind *this*.\n\n   And that.": "> **Note**\n>\n> Mind *this*.\n>\n> And that.",
    ".. warning::\n\n   Mind.": "> **Warning**\n>\n> Mind.",
    "`Home <https://a.org/b_c>`_ and https://a.org.": (
        "[Home](https://a.org/b_c) and [https://a.org](https://a.org)."
    ),
    "`Next <../plot_2.html>`_": "[Next](https://example.org/tutorial/plot_2.html)",
    ":doc:`next <../plot_2>`, :ref:`here <x>`": (
        "[next](https://example.org/tutorial/plot_2.html), here"
    ),
    ":class:`~a.b.C` and :func:`f`": "`C` and `f`",
    "5 $ and 6 $, a < b, 2 \\* 3, a\\_ snake_case": (
        "5 \\$ and 6 \\$, a \\< b, 2 \\* 3, a\\_ snake_case"
    ),
    "*1*. is no list": "*1*. is no list",
    "2\\) is no list": "2\\) is no list",
    "\\- is no item": "\\- is no item",
    ".. a comment\n\nText": "Text",
    ".. image:: a.png\n   :alt: A figure": "![A figure](data:image/png;base64,UE5H)",
    "term\n  What it *is*.": "- **term**: What it *is*.",
}
REFUSED = [
    ".. raw:: html\n\n   <b>x</b>",
    ".. dropdown:: x\n\n   y",
    ".. literalinclude:: x.py",
    ":term:`x`",
    ":doc:`plot_2`",
    "=  =\na  b\n=  =",
    "*open",
    "Title\n===",
]


def markdown(text, page=PAGE):
    ((kind, result),) = convert([("text", text)], page, lambda _path: b"PNG")
    assert kind == "text"
    return result


@pytest.mark.parametrize("text", PLAIN)
def test_text_becomes_markdown(text):
    assert markdown(text) == PLAIN[text]


def test_a_link_within_a_site_without_an_address_becomes_its_text():
    assert (
        markdown("`Next <plot_2.html>`_ :doc:`a page <plot_3>`", page="")
        == "Next a page"
    )


@pytest.mark.parametrize("text", REFUSED)
def test_what_a_notebook_cannot_show_is_refused(text):
    with pytest.raises(MarkdownError):
        markdown(text)


def test_headings_keep_their_level_across_code():
    blocks = [
        ("text", "T\n=\n\nA\n-"),
        ("code", "x = 1"),
        ("text", "B\n-"),
        ("text", "C\n-\n\nc"),
    ]
    assert list(convert(blocks, PAGE, lambda _path: b"")) == [
        ("text", "# T\n\n## A"),
        ("code", "x = 1"),
        ("text", "## B\n\n## C\n\nc"),
    ]
