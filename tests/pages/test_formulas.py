r"""Formulas as MathML. The test of the site names a character that their font lacks.

The font was made with ``pip install ziamath fonttools[woff]`` and this program. Its
characters are those of the font that is there, and those that are new::

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
    characters = {*TTFont("docs/_static/math.woff2").getBestCmap(), *map(ord, NEW)}
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    font.flavor = "woff2"
    font.save("docs/_static/math.woff2")
"""

import io
from xml.etree import ElementTree

from pages.formulas import to_mathml
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace


def test_a_formula_becomes_mathml_and_keeps_its_tex_for_who_cannot_see_it():
    root = ElementTree.fromstring(to_mathml(r"\hat{y}_i < k x_i + m", block=True))
    assert root.tag == "math"
    assert root.get("display") == "block"
    assert root.get("alttext") == r"\hat{y}_i < k x_i + m"
    assert [e.text for e in root.iter("mi")] == ["y", "i", "k", "x", "i", "m"]


def test_two_backslashes_break_lines_that_an_ampersand_aligns():
    root = ElementTree.fromstring(to_mathml(r"a &= b \\ c &= d", block=True))
    assert [len(row) for row in root.iter("mtr")] == [2, 2]
    assert not root.findall(".//mtable[@scriptlevel]")  # not valid there


def test_a_wrong_formula_is_reported_where_it_stands(tmp_path):
    (tmp_path / "index.rst").write_text("Title\n=====\n\nA formula: :math:`\\foo x`.\n")
    messages = io.StringIO()
    config = {"extensions": ["pages"], "html_math_renderer": "mathml"}
    with docutils_namespace():  # else what Sphinx registers disturbs the next site
        paths = (tmp_path, None, tmp_path / "out", tmp_path / "trees")
        Sphinx(*paths, "html", config, None, messages).build()
    assert "index.rst:4: ERROR: formula" in messages.getvalue()
