"""What a page says of itself: minutes, description, its address where it has one."""

import re
import runpy

import pytest
from docutils import nodes
from pages import header
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, new_document

SETTINGS = ("GITHUB_REPOSITORY", "LINREG_REPOSITORY", "LINREG_SITE_URL")


def paragraph(words):
    return nodes.paragraph("", "word " * words)


def code(lines):
    return nodes.literal_block("", "\n".join(["x"] * lines))


@pytest.mark.parametrize(
    ("parts", "minutes"),
    [
        ([paragraph(600)], 3),
        ([paragraph(700)], 3.5),
        ([code(45)], 3),
        ([paragraph(400), code(15)], 3),
        ([paragraph(600), nodes.container("", code(300), classes=["no-search"])], 3),
        ([paragraph(600), nodes.section("", nodes.title("", "Why: x"), code(99))], 3),
    ],
)
def test_minutes_come_from_the_words_and_the_code_that_are_not_folded(parts, minutes):
    document = new_document("page")
    document += parts
    assert header.minutes(document) == pytest.approx(minutes)


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, None),
        ({"LINREG_SITE_URL": "https://example.org/line"}, "https://example.org/line/"),
        ({"GITHUB_REPOSITORY": "Ada/linreg"}, "https://ada.github.io/linreg/"),
        ({"GITHUB_REPOSITORY": "ada/ada.github.io"}, "https://ada.github.io/"),
        (
            {"GITHUB_REPOSITORY": "ada/a", "LINREG_SITE_URL": "https://example.org/"},
            "https://example.org/",
        ),
    ],
)
def test_the_address_comes_from_the_setting_or_from_the_repository(
    root, monkeypatch, settings, url
):
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.path", [])
    conf = runpy.run_path(str(root / "docs" / "conf.py"))
    assert conf.get("html_baseurl") == url
    assert conf["linreg_repository"] == settings.get("GITHUB_REPOSITORY", "")
    assert ("sphinx_sitemap" in conf["extensions"]) == (url is not None)


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
        "extensions": ["pages.header", "sphinxext.opengraph"],
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
