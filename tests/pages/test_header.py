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
        ([paragraph(525)], 3.5),
        ([paragraph(300), code(15)], 5),
        ([paragraph(450), nodes.container("", code(300), classes=["no-search"])], 3),
        ([paragraph(450), nodes.section("", nodes.title("", "Why: x"), code(99))], 3),
        ([nodes.image(), nodes.image(classes=["only-dark"]), nodes.math_block()], 2),
    ],
)
def test_minutes_come_from_words_code_figures_and_formulas(parts, minutes):
    document = new_document("page")
    document += parts
    assert header.minutes(document) == pytest.approx(minutes)
