import io
import re
from pathlib import Path
from xml.etree import ElementTree

import mathfont
import mathml
import pytest
from fontTools.ttLib import TTFont
from math_core import LatexError
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace


def build(folder: Path, text: str) -> tuple[int, str]:
    """Build a site of one page; return the number of warnings and what they say."""
    (folder / "index.rst").write_text("Title\n=====\n\n" + text + "\n")
    out, messages = folder / "out", io.StringIO()
    config = {
        "extensions": ["mathml"],
        "html_math_renderer": "mathml",
        "html_theme": "basic",
    }
    with (
        docutils_namespace()
    ):  # else what Sphinx registers stays, and disturbs the next site
        app = Sphinx(
            folder, None, out, folder / "trees", "html", config, None, messages
        )
        app.build()
    return app.statuscode, messages.getvalue()


def test_a_formula_becomes_mathml_and_keeps_its_tex_as_text_for_those_who_cannot_see_it() -> (
    None
):
    root = ElementTree.fromstring(
        mathml.to_mathml(r"\hat{y}_i = k x_i + m", block=True)
    )
    assert root.tag == "math"
    assert root.get("display") == "block"
    assert root.get("alttext") == r"\hat{y}_i = k x_i + m"
    assert [e.text for e in root.iter("mi")] == ["y", "i", "k", "x", "i", "m"]


def test_two_backslashes_break_lines_that_an_ampersand_aligns() -> None:
    root = ElementTree.fromstring(mathml.to_mathml(r"a &= b \\ c &= d", block=True))
    assert [len(row) for row in root.iter("mtr")] == [2, 2]


def test_an_unknown_command_is_refused() -> None:
    with pytest.raises(LatexError, match="foo"):
        mathml.to_mathml(r"\foo x", block=False)


@pytest.mark.parametrize(
    ("tex", "drawn"),
    [
        ("k", {"k", "𝑘"}),
        ("h", {"h", "ℎ"}),
        (r"\eta + \Sigma", {"η", "𝜂", "+", "Σ"}),
        (r"\sqrt{2}", {"√", "2"}),
        (r"\operatorname{Var}", {"V", "a", "r"}),
    ],
)
def test_the_characters_of_a_formula_include_the_italic_letters(
    tex: str, drawn: set[str]
) -> None:
    assert drawn <= mathml.characters(mathml.to_mathml(tex, block=False))


def test_the_font_has_the_characters_asked_for_and_few_others(tmp_path: Path) -> None:
    used = {"k", "𝑘", "√", "∑", "("}
    name = mathfont.write_font(tmp_path, used)
    font = TTFont(tmp_path / name)
    assert {chr(code) for code in font.getBestCmap()} == used | {
        ")"
    }  # the mirror image of "("
    assert "MATH" in font
    assert "OFL" in font["name"].getDebugName(14)


def test_the_font_is_written_once_and_replaces_older_ones(tmp_path: Path) -> None:
    first = tmp_path / mathfont.write_font(tmp_path, {"k"})
    content, stamp = first.read_bytes(), first.stat().st_mtime_ns
    assert mathfont.write_font(tmp_path, {"k"}) == first.name
    assert first.stat().st_mtime_ns == stamp
    second = tmp_path / mathfont.write_font(tmp_path, {"m"})
    assert list(tmp_path.iterdir()) == [second]
    mathfont.write_font(tmp_path, {"k"})
    assert first.read_bytes() == content


def test_a_build_writes_mathml(tmp_path: Path) -> None:
    status, messages = build(tmp_path, "Let :math:`a < b`.\n\n.. math:: a^2")
    assert (status, messages) == (0, "")
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert page.count("<math") == 2
    assert "\\(" not in page


def test_the_mark_after_a_formula_stays_with_it(tmp_path: Path) -> None:
    text = "Of :math:`a`, :math:`b` and (:math:`c`): one, *if* :math:`d`."
    assert build(tmp_path, text) == (0, "")
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    kept = re.findall(r'<span class="formula-end"><math.*?</math>(.*?)</span>', page)
    assert kept == [",", ")", "."]
    shown = re.sub(r"<annotation.*?</annotation>|<[^>]+>", "", page)
    assert "Of a, b and (c): one, if d." in shown


@pytest.mark.parametrize(
    "text", [r"Wrong: :math:`\foo`.", ".. math:: a\n   :label: one"]
)
def test_a_wrong_formula_is_reported_with_its_place(tmp_path: Path, text: str) -> None:
    _, messages = build(tmp_path, text)
    assert "index.rst:4:" in messages
    assert "ERROR" in messages
