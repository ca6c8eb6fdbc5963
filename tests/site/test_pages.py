"""Every page of the built site, opened as a file at the width of a phone."""

import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from pages.colours import MATPLOTLIB, ROLES
from site_visit import pages_of, visit

from linreg.plotting import SURFACE

PHONE = {"width": 360, "height": 780}


@pytest.fixture(scope="module")
def visits(site, browser):
    """What every page did when it was opened from file://."""
    context = browser.new_context(viewport=PHONE)
    yield {page: visit(context, (site / page).as_uri()) for page in pages_of(site)}
    context.close()


def failing(visits, key):
    """Return what pages report under a key, where it is neither empty nor 0."""
    return {page: seen.report[key] for page, seen in visits.items() if seen.report[key]}


def test_there_are_pages(visits):
    assert {"index.html", "search.html", "404.html"} <= set(visits)
    assert len([page for page in visits if page.startswith("tutorial/plot_")]) == 7


def test_no_page_has_a_script_error_or_a_failed_request(visits):
    assert {page: seen.errors for page, seen in visits.items() if seen.errors} == {}


def test_no_page_asks_another_host(visits):
    urls = [url for seen in visits.values() for url in seen.requests]
    assert {urlsplit(url).scheme for url in urls} <= {"file", "data", "blob"}


def test_no_page_scrolls_sideways_on_a_phone(visits):
    assert failing(visits, "sideways") == {}


def test_every_picture_arrives_in_its_size_and_says_what_it_shows(visits):
    assert failing(visits, "broken") == {}
    assert failing(visits, "sizeless") == {}
    assert failing(visits, "wordless") == {}


def test_every_page_has_one_heading_a_title_and_a_description_of_its_own(visits):
    headings = {page for page, seen in visits.items() if seen.report["headings"] != 1}
    assert headings <= {"tutorial/index.html"}  # its sections have one each
    titles = [seen.report["title"] for seen in visits.values()]
    descriptions = [seen.report["description"] for seen in visits.values()]
    assert len(set(titles)) == len(titles)
    assert len(set(descriptions)) == len(descriptions)
    assert all(30 <= len(text) <= 300 for text in descriptions), descriptions


def test_formulas_are_mathml_and_no_tex_is_left(site, visits):
    assert sum(seen.report["formulas"] for seen in visits.values()) > 50
    for page in visits:
        assert "\\(" not in (site / page).read_text("utf-8"), page


def test_no_line_begins_with_the_comma_after_a_formula(visits):
    assert failing(visits, "split") == {}


def test_the_font_of_the_formulas_has_every_character_that_they_use(site, browser):
    context = browser.new_context()
    missing = set()
    for name in pages_of(site):
        page = context.new_page()
        page.goto((site / name).as_uri())
        if page.locator("math").count():
            page.evaluate(  # open what is folded: what is not drawn has no font
                """async () => {
                  for (const d of document.querySelectorAll("details")) d.open = true;
                  await document.fonts.ready;
                }"""
            )
            devtools = context.new_cdp_session(page)
            devtools.send("DOM.enable")
            devtools.send("CSS.enable")
            root = devtools.send("DOM.getDocument")["root"]["nodeId"]
            found = {"nodeId": root, "selector": "mi, mo, mn, mtext"}
            for node in devtools.send("DOM.querySelectorAll", found)["nodeIds"]:
                fonts = devtools.send("CSS.getPlatformFontsForNode", {"nodeId": node})
                if not all(font["isCustomFont"] for font in fonts["fonts"]):
                    html = devtools.send("DOM.getOuterHTML", {"nodeId": node})
                    missing.add((name, html["outerHTML"]))
        page.close()
    context.close()
    assert missing == set(), "see tests/pages/test_formulas.py for how the font is made"


def test_dark_figures_have_the_colours_of_the_dark_theme_alone(site):
    light = {pair[0] for pair in ROLES.values()} | {*SURFACE, *MATPLOTLIB, "#ffffff"}
    files = list((site / "_images").glob("*_dark.svg"))
    assert len(files) > 20
    for file in files:
        svg = file.read_text("utf-8")
        drawn = set(re.findall(r"(?:fill|stroke): (#\w{6})", svg))
        assert not drawn & light, file.name
        assert "<image" not in svg, file.name  # pixels would keep their colours
        assert not re.search(r"fill: (?:rgb|black|white)", svg), file.name


def test_no_comment_on_a_figure_is_left_in_the_code_of_a_page(site):
    for page in pages_of(site):
        assert "# Figure:" not in (site / page).read_text("utf-8"), page


def test_the_landing_page_shows_the_whole_program_of_its_page(site):
    blocks = []
    for name in ("index.html", "tutorial/plot_00_whole_program.html"):
        (block,) = re.findall(
            r'(?s)<div class="highlight-[pP]ython.*?<pre>(.*?)</pre>',
            (site / name).read_text("utf-8"),
        )
        blocks.append(unescape(re.sub("<[^>]*>", "", block)).strip())
    assert blocks[0] == blocks[1]
    assert blocks[0].startswith("import matplotlib")
    assert "optimizer.step()" in blocks[0]


class Links(HTMLParser):
    """Collects the addresses that a page links to, and the names of its places."""

    def __init__(self, text):
        super().__init__()
        self.hrefs = set()
        self.places = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "href" and tag == "a" and value:
                self.hrefs.add(value)
            if name in ("id", "name") and value:
                self.places.add(value)


def test_links_lead_to_pages_and_places_that_exist(site):
    links = {page: Links((site / page).read_text("utf-8")) for page in pages_of(site)}
    dead = set()
    for page, found in links.items():
        for href in found.hrefs:
            path, place = urldefrag(href)
            if urlsplit(href).scheme or page == "404.html":
                continue
            target = (site / page).parent / unquote(path) if path else site / page
            name = target.resolve().relative_to(site.resolve()).as_posix()
            known = links[name].places if name in links else None
            no_place = known is not None and place and "=" not in place  # explorer's
            if not target.is_file() or (no_place and place not in known):
                dead.add((page, href))
    assert dead == set()


def test_teachers_plan_a_lesson_with_more_time_than_reading_takes(site):
    page = (site / "teach.html").read_text(encoding="utf-8")
    row = r'<td><p><a [^>]*href="(tutorial/plot_0\w+\.html)".*?</td>\s*<td><p>(\d+)</p>'
    rows = re.findall(row, page)
    assert len(rows) >= 5
    for stage, minutes in rows:
        html = (site / stage).read_text(encoding="utf-8")
        (reading,) = re.findall(r"[Aa]bout (\d+) minutes to read", html)
        assert int(reading) < int(minutes), stage
