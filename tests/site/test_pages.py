"""Every page of the built site, opened as a file at the width of a phone."""

import re
from html import unescape
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from pages.colours import MATPLOTLIB, ROLES
from site_visit import pages_of, visit_all

from linreg.plotting import SURFACE


@pytest.fixture(scope="module")
def visits(site, browser):
    """What every page did when it was opened from file://."""
    page = browser.new_page(viewport={"width": 360, "height": 780})
    yield visit_all(page, site)
    page.close()


def failing(visits, key):
    """Return what pages report under a key, where it is neither empty nor 0."""
    return {page: seen.report[key] for page, seen in visits.items() if seen.report[key]}


def test_no_page_has_a_script_error_or_a_failed_request(visits, root):
    assert {"index.html", "search.html", "404.html"} <= set(visits)
    examples = root / "examples"
    stages = [page.relative_to(examples) for page in examples.rglob("plot_*.py")]
    assert {
        f"tutorial/{page.with_suffix('.html').as_posix()}" for page in stages
    } <= set(visits)
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


def test_no_source_is_left_on_a_page(site, visits):
    assert sum(seen.report["formulas"] for seen in visits.values()) > 50
    for page in visits:
        text = (site / page).read_text("utf-8")
        assert "\\(" not in text, page  # formulas are MathML
        assert "# Figure:" not in text, page
        assert not re.search(r"\.\. [\w-]+::", text), page  # no blank line above it


def test_no_line_begins_with_the_comma_after_a_formula(visits):
    assert failing(visits, "split") == {}


def test_the_font_of_the_formulas_has_every_character_that_they_use(site, browser):
    symbol = r"(?s)<(mi|mo|mn|mtext)\b[^>]*>[^<]+</\1>"
    pages = [(site / page).read_text("utf-8") for page in pages_of(site)]
    symbols = {match[0] for page in pages for match in re.finditer(symbol, page)}
    assert len(symbols) > 50
    page = browser.new_page()
    page.goto((site / "glossary.html").as_uri())
    formulas = "".join(f"<math>{symbol}</math>" for symbol in sorted(symbols))
    replace = "formulas => { document.querySelector('article').innerHTML = formulas; }"
    page.evaluate(replace, formulas)
    page.evaluate("document.fonts.load('1em \"Site Math\"')")
    devtools = page.context.new_cdp_session(page)
    devtools.send("DOM.enable")
    devtools.send("CSS.enable")
    root = devtools.send("DOM.getDocument")["root"]["nodeId"]
    found = {"nodeId": root, "selector": "article math > *"}
    missing = []
    nodes = devtools.send("DOM.querySelectorAll", found)["nodeIds"]
    for symbol, node in zip(sorted(symbols), nodes, strict=True):
        fonts = devtools.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        if not all(font["isCustomFont"] for font in fonts):
            missing.append(symbol)
    page.close()
    assert missing == [], "see tests/pages/test_formulas.py for how the font is made"


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
        # Text is written without a colour, and takes that of the whole file.
        (root,) = re.findall("<svg [^>]*>", svg)
        assert f'fill="{ROLES["ink"][1]}"' in root, file.name


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


def test_links_lead_to_pages_and_places_that_exist(site):
    pages = {site / page: (site / page).read_text("utf-8") for page in pages_of(site)}
    place_names = re.compile(r'\s(?:id|name)="([^"]+)"')
    places = {page: place_names.findall(text) for page, text in pages.items()}
    dead = []
    for page in set(pages) - {site / "404.html"}:
        links = re.findall(r'<a\s[^>]*?href="([^":]+)"', pages[page])  # within the site
        assert links, page
        for link in links:
            path, place = urldefrag(unescape(link))
            target = (page.parent / unquote(path)).resolve() if path else page
            is_experiment = "=" in place  # of the explorer
            if place and not is_experiment:
                found = place in places.get(target, [])
            else:
                found = target.is_file()
            if not found:
                dead.append((page.name, link))
    assert dead == []
