"""The built site, used as a reader uses it: served by a host, below some path."""

from collections.abc import Iterator
from pathlib import Path

import inventories
import pytest
from playwright.sync_api import Browser, Page, expect
from site_visit import PREFIX

STAGE = "tutorial/plot_03_training.html"
# The contrast of every piece of text with what lies behind it, as WCAG 2 computes it.
CONTRAST = """() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = channels(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim()) continue;
    if (!element.checkVisibility({visibilityProperty: true})) continue;
    if (element.closest("script, style, svg, .skip-to-content, .headerlink")) continue;
    const [a, b] = [light(channels(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push([walker.currentNode.data.trim().slice(0, 40), ratio.toFixed(2)]);
  }
  return poor;
}"""
SHIFT = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 300);
})"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a fresh visitor on a desktop computer, with a light system."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900},
        color_scheme="light",
        accept_downloads=True,
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def ground(page: Page) -> int:
    """Return how bright the page's ground is, from 0 to 255."""
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return int(colour.split("(")[1].split(",")[0])


def test_the_theme_follows_the_system_and_the_switch_and_figures_follow_it(
    page: Page, address: str
) -> None:
    page.goto(address + STAGE)
    light = page.locator("article img.only-light").first
    dark = page.locator("article img.only-dark").first
    assert ground(page) > 200
    expect(light).to_be_visible()
    expect(dark).to_be_hidden()
    page.emulate_media(color_scheme="dark")
    assert ground(page) < 60
    expect(dark).to_be_visible()
    expect(light).to_be_hidden()
    page.emulate_media(color_scheme="light")
    switch = page.locator(".theme-toggle-content button")
    while page.evaluate("document.body.dataset.theme") != "dark":
        switch.click()
    assert ground(page) < 60
    page.reload()
    assert ground(page) < 60
    expect(dark).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        "index.html",
        "tutorial/index.html",
        STAGE,
        "api.html",
        "glossary.html",
        "search.html",
    ],
)
def test_text_stands_out_from_its_ground(
    page: Page, address: str, path: str, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(address + path)
    page.evaluate(
        "for (const fold of document.querySelectorAll('details')) fold.open = true"
    )
    assert page.evaluate(CONTRAST) == []


def test_folded_code_opens_with_a_key(page: Page, address: str) -> None:
    page.goto(address + STAGE)
    fold = page.locator("details.folded").first
    expect(fold.locator("pre")).to_be_hidden()
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(fold.locator("pre")).to_be_visible()
    page.keyboard.press("Enter")
    expect(fold.locator("pre")).to_be_hidden()


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("learning rate", "How fast, and how far"),
        ("zero_grad", "Stage 3: the training loop"),
        ("contour", "Stage 4: the loss surface"),
    ],
)
def test_search_finds_the_page_that_explains_with_at_most_the_glossary_ahead(
    page: Page, address: str, words: str, title: str
) -> None:
    page.goto(address + "index.html")
    page.locator("input.sidebar-search").fill(words)
    page.keyboard.press("Enter")
    expect(page.locator("#search-results .search-summary")).to_contain_text("found")
    found = page.locator("#search-results ul.search li > a").all_inner_texts()
    assert next(name for name in found if name != "Glossary") == title
    assert page.locator("#search-again").input_value() == words


def test_search_works_from_a_file(page: Page, site: Path) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("requestfailed", lambda request: errors.append(request.url))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.goto((site / "search.html").as_uri() + "?q=contour")
    expect(page.locator("#search-results .search-summary")).to_contain_text("found")
    assert page.locator("#search-results ul.search li").count() > 0
    assert errors == []


def test_the_keyboard_leads_from_the_landing_page_to_a_download(
    page: Page, address: str
) -> None:
    def tab_to(words: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if words in page.evaluate("document.activeElement.textContent.trim()"):
                return
        raise AssertionError(f"80 tabs do not reach {words!r}")

    page.goto(address + "index.html")
    tab_to("Skip to content")
    page.keyboard.press("Enter")
    tab_to("Start with stage 1")
    page.keyboard.press("Enter")
    expect(page).to_have_title("Stage 1: the dataset - Linear regression in PyTorch")
    tab_to("Program (.py)")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "plot_01_dataset.py"


def test_code_can_be_copied_and_output_cannot(page: Page, address: str) -> None:
    page.goto(address + STAGE)
    code = page.locator("div.highlight-Python").first
    code.hover()
    code.locator("button.copybtn").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == code.locator("pre").inner_text().strip()
    assert page.locator(".sphx-glr-script-out").count() > 0
    assert page.locator(".sphx-glr-script-out button").count() == 0


def test_code_has_lines_of_one_height_in_both_themes(page: Page, address: str) -> None:
    heights = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(address + STAGE)
        heights.add(
            page.evaluate("getComputedStyle(document.querySelector('pre')).lineHeight")
        )
    assert len(heights) == 1


@pytest.mark.parametrize("width", [360, 1400])
def test_a_block_is_a_stop_for_the_keyboard_where_it_scrolls(
    page: Page, address: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 780})
    page.goto(address + STAGE)
    page.locator("details.folded > summary").first.click()
    scrolls = set()
    for block in page.locator("pre:visible, div.math:visible").all():
        block.scroll_into_view_if_needed()
        wide = block.evaluate("block => block.scrollWidth > block.clientWidth")
        expect(block).to_have_attribute("tabindex", "0") if wide else expect(
            block
        ).not_to_have_attribute("tabindex", "0")
        scrolls.add(wide)
    assert scrolls == {True, False}


def test_the_reference_folds_the_stages_that_use_an_object(
    page: Page, address: str
) -> None:
    page.goto(address + "api.html")
    stages = page.locator("dl.py details").first
    expect(stages.get_by_role("img")).to_have_count(0)
    stages.locator("summary").click()
    expect(stages.get_by_role("link", name="Stage 1: the dataset")).to_be_visible()


def test_the_index_fits_a_phone(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 360, "height": 780})
    page.goto(address + "genindex.html")
    lists = page.locator(".indextable td").evaluate_all(
        "l => l.map(e => e.clientWidth)"
    )
    assert 250 < min(lists) <= max(lists) < 360


@pytest.mark.parametrize("path", ["index.html", STAGE])
def test_nothing_moves_while_a_page_loads(
    browser: Browser, address: str, path: str
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 780})
    page = context.new_page()
    page.goto(address + path)
    assert page.evaluate(SHIFT) < 0.05
    context.close()


def test_pages_can_be_read_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, color_scheme="dark")
    page = context.new_page()
    page.goto(address + STAGE)
    expect(page.locator("math").first).to_be_visible()
    expect(page.locator("article img.only-dark").first).to_be_visible()
    expect(page.locator("details.folded summary").first).to_be_visible()
    context.close()


def test_a_new_page_is_laid_out_in_pieces_and_then_as_tall_as_any(
    page: Page, address: str
) -> None:
    height = "document.documentElement.scrollHeight"
    page.goto(address + STAGE)
    assert page.locator("html").get_attribute("class") == "in-pieces"
    expect(page.locator("article section > section:not(.laid-out)")).to_have_count(0)
    in_pieces = page.evaluate(height)
    page.reload()
    assert not page.locator("html").get_attribute("class")
    assert page.evaluate(height) == in_pieces


def test_a_link_into_a_page_leads_to_its_place(page: Page, address: str) -> None:
    page.emulate_media(
        reduced_motion="reduce"
    )  # else the page is still scrolling there
    page.goto(f"{address}{STAGE}#mini-batches")
    assert not page.locator("html").get_attribute("class")
    top = page.locator("#mini-batches h2").evaluate(
        "e => e.getBoundingClientRect().top"
    )
    assert 0 <= top < 150


@pytest.mark.parametrize(
    "place", [STAGE + "#mini-batches", "api.html#linreg.training.train"]
)
def test_the_section_in_view_is_marked_at_the_side(
    page: Page, address: str, place: str
) -> None:
    page.set_viewport_size({"width": 1600, "height": 500})
    page.goto(address + place)
    name = place.partition("#")[2]
    mark = page.locator(".toc-tree li.scroll-current > a").last
    expect(mark).to_have_attribute("href", f"#{name}")
    expect(mark).to_be_in_viewport()
    page.evaluate("scrollTo(0, 0)")
    expect(
        page.locator(f'.toc-tree li.scroll-current > a[href="#{name}"]')
    ).to_have_count(0)


def test_a_printed_page_shows_the_text_alone(page: Page, address: str) -> None:
    page.goto(address + STAGE)
    page.emulate_media(media="print", color_scheme="dark")
    for part in (".sidebar-drawer", ".toc-drawer", ".related-pages", ".stage-steps"):
        expect(page.locator(part).first).to_be_hidden()
    assert ground(page) > 200
    expect(page.locator("article img.only-light").first).to_be_visible()


def test_stages_say_where_the_reader_is(page: Page, address: str) -> None:
    page.goto(address + STAGE)
    expect(page.locator(".stage-line")).to_contain_text("Stage 3 of 5")
    expect(page.locator(".stage-line")).to_contain_text("minutes to read")
    steps = page.get_by_role("navigation", name="The five stages").get_by_role("link")
    assert steps.count() == 5
    assert page.locator(".stage-steps .reached").count() == 2
    expect(page.locator(".stage-steps .present")).to_contain_text("Stage 3")


def test_a_card_is_one_link_with_a_name(page: Page, address: str) -> None:
    page.goto(address + "tutorial/index.html")
    card = page.locator(".sphx-glr-thumbcontainer").first
    assert card.get_by_role("link").count() == 1
    card.get_by_text("You start with fifty points").click(
        force=True
    )  # the link covers it
    expect(page).to_have_title("Stage 1: the dataset - Linear regression in PyTorch")


def test_names_in_code_link_to_their_documentation(
    page: Page, address: str, root: Path
) -> None:
    page.goto(address + STAGE)
    link = page.locator(".highlight a", has_text="DataLoader").first
    assert link.get_attribute("href") == (
        "https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader"
    )
    docs = root / "docs"
    assert inventories.missing(docs, docs / "tutorial") == set(), (
        "see docs/inventories.toml"
    )


def test_an_unknown_address_below_any_path_gets_a_page_that_needs_nothing_else(
    page: Page, address: str
) -> None:
    requests: list[str] = []
    page.goto(address + "404.html")
    page.on("request", lambda request: requests.append(request.url))
    page.reload()
    assert [url.partition(PREFIX)[2] for url in requests if "favicon" not in url] == [
        "404.html"
    ]
    page.get_by_role("link", name="Go to the start").click()
    expect(page).to_have_title("Linear regression in PyTorch")
