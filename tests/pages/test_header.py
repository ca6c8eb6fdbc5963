"""What a page says of itself: minutes, description, its address where it has one."""

import re
import runpy

import pytest
from docutils import nodes
from pages import header
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, new_document


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


@pytest.mark.parametrize("url", ["", "https://example.org/line"])
def test_a_published_site_knows_its_address(root, monkeypatch, url):
    monkeypatch.setenv("LINREG_SITE_URL", url)
    monkeypatch.setattr("sys.path", [])
    conf = runpy.run_path(str(root / "docs" / "conf.py"))
    assert conf.get("html_baseurl", "/") == url + "/"
    assert ("sphinx_sitemap" in conf["extensions"]) == bool(url)


@pytest.mark.parametrize(
    ("given", "description"),
    [
        ("", "The first words of the page, which " + "go on and " * 12 + "go on…"),
        (".. meta::\n   :description: Given words.\n\n", "Given words."),
    ],
)
def test_a_published_page_has_one_description_for_engines_and_previews(
    tmp_path, given, description
):
    text = "The first words of the page, which " + "go on and " * 40
    (tmp_path / "index.rst").write_text(f"Title\n=====\n\n{given}{text}\n")
    config = {
        "extensions": ["pages", "sphinxext.opengraph"],
        "html_baseurl": "https://example.org/",
        "ogp_site_url": "https://example.org/",
        "ogp_enable_meta_description": False,
        "ogp_social_cards": {"enable": False},
    }
    with docutils_namespace():  # else what Sphinx registers disturbs the next site
        paths = (tmp_path, None, tmp_path / "out", tmp_path / "trees")
        Sphinx(*paths, "html", config, None, None, warningiserror=True).build()
    html = (tmp_path / "out" / "index.html").read_text()
    for name in ("name", "property"):
        pattern = rf'<meta (?=[^>]*{name}="(?:og:)?description")[^>]*content="([^"]*)"'
        (found,) = re.findall(pattern, html)
        assert found[:120] == description[:120]
        assert len(found) <= 160
    assert 'rel="canonical" href="https://example.org/index.html"' in html
