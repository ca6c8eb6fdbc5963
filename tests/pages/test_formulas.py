r"""Formulas as MathML. The test of the site names a character that their font lacks.

The font was made once, with ``pip install ziamath fonttools[woff]`` and this program::

    stix = distribution("ziamath").locate_file("ziamath/fonts/STIXTwoMath-Regular.ttf")
    font = TTFont(stix, recalcTimestamp=False)
    font["OS/2"].fsSelection |= 1 << 7  # one line height on all systems
    font["MATH"].table.MathConstants.SubscriptBaselineDropMin.Value = 0  # as in TeX
    options = subset.Options(
        layout_features=["ssty", "dtls", "flac", "ccmp", "mark", "mkmk", "kern"],
        name_IDs=[0, 1, 2, 13, 14],  # copyright and licence (OFL) among them
        hinting=False,
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=CHARACTERS)
    subsetter.subset(font)
    font.flavor = "woff2"
    font.save("docs/_static/math.woff2")
"""

import io
from xml.etree import ElementTree

import pytest
from math_core import LatexError
from pages.formulas import to_mathml
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

CHARACTERS = (
    "()[]{}+,./0123456789!:;<=>|¯ˆ̲~′…⋯\u2061←→∂∇∈∋∑∏−±×√∼∽≈≠≤≥⋅ℎℝ𝒩ΓΔΛΣΩ"
    "αβγδεηθκλμπρστφωABCDEFGHIKLMNPRSTUVWXYabcdefghijklmnopqrstuvwxyz"
    "𝐴𝐵𝐶𝐷𝐸𝐹𝐺𝐻𝐼𝐾𝐿𝑀𝑁𝑃𝑅𝑆𝑇𝑈𝑉𝑊𝑋𝑌𝑎𝑏𝑐𝑑𝑒𝑓𝑔𝑖𝑗𝑘𝑙𝑚𝑛𝑜𝑝𝑞𝑟𝑠𝑡𝑢𝑣𝑤𝑥𝑦𝑧"
    "𝛼𝛽𝛾𝛿𝜀𝜂𝜃𝜅𝜆𝜇𝜋𝜌𝜎𝜏𝜑𝜔𝜕"
)


def parse(tex, *, block=True):
    return ElementTree.fromstring(to_mathml(tex, block=block))


def test_a_formula_becomes_mathml_and_keeps_its_tex_for_who_cannot_see_it():
    root = parse(r"\hat{y}_i = k x_i + m")
    assert root.tag == "math"
    assert root.get("display") == "block"
    assert root.get("alttext") == r"\hat{y}_i = k x_i + m"
    assert [e.text for e in root.iter("mi")] == ["y", "i", "k", "x", "i", "m"]


def test_quotes_and_brackets_in_the_tex_do_not_break_the_page():
    assert parse("a < b").get("alttext") == "a < b"


def test_two_backslashes_break_lines_that_an_ampersand_aligns():
    root = parse(r"a &= b \\ c &= d")
    assert [len(row) for row in root.iter("mtr")] == [2, 2]
    assert not root.findall(".//mtable[@scriptlevel]")  # not valid there


def test_an_unknown_command_is_refused():
    with pytest.raises(LatexError, match="foo"):
        to_mathml(r"\foo x", block=False)


def test_a_wrong_formula_is_reported_where_it_stands(tmp_path):
    (tmp_path / "index.rst").write_text("Title\n=====\n\nA formula: :math:`\\foo x`.\n")
    messages = io.StringIO()
    config = {"extensions": ["pages"], "html_math_renderer": "mathml"}
    with docutils_namespace():  # else what Sphinx registers disturbs the next site
        paths = (tmp_path, None, tmp_path / "out", tmp_path / "trees")
        Sphinx(*paths, "html", config, None, messages).build()
    assert "index.rst:4: ERROR: formula" in messages.getvalue()
