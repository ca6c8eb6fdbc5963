"""How long it takes to read a page."""

import pytest
from docutils import nodes
from pages import header
from sphinx.util.docutils import new_document


def paragraph(words):
    return nodes.paragraph("", "word " * words)


def code(lines):
    return nodes.literal_block("", "\n".join(["x"] * lines))


@pytest.mark.parametrize(
    ("parts", "minutes"),
    [
        ([paragraph(700)], 3.5),
        ([paragraph(400), code(15)], 3),
        ([paragraph(600), nodes.container("", code(300), classes=["no-search"])], 3),
        ([paragraph(600), nodes.section("", nodes.title("", "Why: x"), code(99))], 3),
    ],
)
def test_minutes_come_from_the_words_and_the_code_that_are_not_folded(parts, minutes):
    document = new_document("page")
    document += parts
    assert header.minutes(document) == pytest.approx(minutes)
