"""Every page of the built site, opened as a file at the width of a phone."""

import gzip
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from playwright.sync_api import Browser
from site_visit import Visit, pages_of, visit

PHONE = {"width": 360, "height": 780}
BUDGET = (
    100_000  # bytes a page may transfer before figures, compressed as hosts send it
)
TEXT = {".html", ".css", ".js", ".svg", ".json"}
FIGURES = {".svg", ".png"}


@pytest.fixture(scope="module")
def visits(site: Path, browser: Browser) -> Iterator[dict[str, Visit]]:
    """What every page did when it was opened from file://."""
    context = browser.new_context(viewport=PHONE)
    yield {page: visit(context, (site / page).as_uri()) for page in pages_of(site)}
    context.close()


def failing(visits: dict[str, Visit], key: str) -> dict[str, object]:
    """Return what pages report under a key, where it is neither empty nor 0."""
    return {page: seen.report[key] for page, seen in visits.items() if seen.report[key]}


def test_there_are_pages(visits: dict[str, Visit]) -> None:
    assert {"index.html", "search.html", "404.html", "tutorial/index.html"} <= set(
        visits
    )
    assert len([page for page in visits if page.startswith("tutorial/plot_")]) == 5


def test_no_page_has_a_script_error_or_a_failed_request(
    visits: dict[str, Visit],
) -> None:
    assert {page: seen.errors for page, seen in visits.items() if seen.errors} == {}


def test_no_page_asks_another_host(visits: dict[str, Visit]) -> None:
    schemes = {
        urlsplit(url).scheme for seen in visits.values() for url in seen.requests
    }
    assert schemes <= {"file", "data", "blob"}


def test_no_page_scrolls_sideways_on_a_phone(visits: dict[str, Visit]) -> None:
    assert failing(visits, "sideways") == {}


def test_every_picture_arrives_in_its_size_and_says_what_it_shows(
    visits: dict[str, Visit],
) -> None:
    assert failing(visits, "broken") == {}
    assert failing(visits, "sizeless") == {}
    assert failing(visits, "wordless") == {}


def test_pages_load_one_stylesheet_and_one_picture_ahead(
    visits: dict[str, Visit],
) -> None:
    sheets = {page: seen.report["sheets"] for page, seen in visits.items()}
    assert {page for page, count in sheets.items() if count > 1} <= {"explorer.html"}
    ahead = {
        page: seen.report["eager"]
        for page, seen in visits.items()
        if seen.report["eager"]
    }
    assert set(ahead.values()) == {1}
    # What they open with. On other pages text comes first, and the picture with its part of it.
    assert {"index.html", "tutorial/index.html"} <= set(ahead)
    assert not [page for page in ahead if "plot_" in page or page == "api.html"]


def test_no_script_holds_up_a_page(visits: dict[str, Visit]) -> None:
    assert failing(visits, "hasty") == {}


def test_a_class_on_the_root_does_not_change_the_style_of_every_element(
    site: Path,
) -> None:
    css = (site / "_static" / "site.css").read_text("utf-8")
    assert "dl.py dd" in css
    assert "dl[class]" not in css


def test_every_page_has_one_heading_a_title_and_a_description_of_its_own(
    visits: dict[str, Visit],
) -> None:
    assert {page for page, seen in visits.items() if seen.report["headings"] != 1} <= {
        "tutorial/index.html"  # its sections have headings of the first order too
    }
    titles = [seen.report["title"] for seen in visits.values()]
    descriptions = [seen.report["description"] for seen in visits.values()]
    assert len(set(titles)) == len(titles)
    assert all(30 <= len(text) <= 300 for text in descriptions), descriptions


def test_formulas_are_mathml_and_no_tex_is_left(
    site: Path, visits: dict[str, Visit]
) -> None:
    assert sum(seen.report["formulas"] for seen in visits.values()) > 50
    for page in visits:
        assert "\\(" not in (site / page).read_text("utf-8"), page


def test_no_line_begins_with_the_comma_after_a_formula(
    visits: dict[str, Visit],
) -> None:
    assert {
        name: v.report["split"] for name, v in visits.items() if v.report["split"]
    } == {}


def test_the_reference_takes_no_sentence_apart(site: Path) -> None:
    """Up to its first colon, Sphinx takes what is returned for a type."""
    assert "Return type" not in (site / "api.html").read_text(encoding="utf-8")


def test_teachers_plan_a_lesson_of_an_hour_with_more_time_than_reading_takes(
    site: Path,
) -> None:
    page = (site / "teach.html").read_text(encoding="utf-8")
    row = r'<td><p><a [^>]*href="(tutorial/\w+\.html)".*?</td>\s*<td><p>(\d+)</p></td>'
    rows = re.findall(row, page)
    assert len(rows) == 5
    assert 50 < sum(int(minutes) for _, minutes in rows) <= 60
    for stage, minutes in rows:
        (reading,) = re.findall(
            r"about (\d+) minutes", (site / stage).read_text(encoding="utf-8")
        )
        assert int(reading) < int(minutes)


def test_pages_transfer_little_before_figures(visits: dict[str, Visit]) -> None:
    for page, seen in visits.items():
        files = {Path(unquote(urlsplit(url).path)) for url in seen.requests}
        kept = [file for file in files if file.suffix not in FIGURES and file.is_file()]
        sizes = {
            file.name: len(gzip.compress(file.read_bytes()))
            if file.suffix in TEXT
            else file.stat().st_size
            for file in kept
        }
        if page != "search.html":  # it carries the index of all the words of the site
            assert sum(sizes.values()) < BUDGET, (page, sizes)


class Links(HTMLParser):
    """Collects the addresses that a page links to, and the names of its places."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.hrefs: set[str] = set()
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "href" and tag == "a" and value:
                self.hrefs.add(value)
            if name in ("id", "name") and value:
                self.places.add(value)


def test_links_lead_to_pages_and_places_that_exist(site: Path) -> None:
    links = {page: Links((site / page).read_text("utf-8")) for page in pages_of(site)}
    dead = set()
    for page, found in links.items():
        for href in found.hrefs:
            path, place = urldefrag(href)
            if urlsplit(href).scheme or page == "404.html":
                continue
            target = (site / page).parent / unquote(path) if path else site / page
            name = target.resolve().relative_to(site.resolve()).as_posix()
            if not target.is_file() or (
                place
                and name in links
                and "=" not in place
                and place not in links[name].places
            ):
                dead.add((page, href))
    assert dead == set()
