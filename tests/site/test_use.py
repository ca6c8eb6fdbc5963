"""The built site, used as a reader uses it: served by a host, below some path."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect
from site_visit import PREFIX

STAGE = "tutorial/plot_03_training.html"
MAIN_PAGES = ["index.html", "tutorial/index.html", STAGE, "api.html", "glossary.html"]
MAIN_PAGES += ["search.html", "explorer.html"]
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
    const a = light(channels(getComputedStyle(element).color));
    const b = light(ground(element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push([walker.currentNode.data, ratio.toFixed(2)]);
  }
  return poor;
}"""


@pytest.fixture
def page(browser):
    """A page of a fresh visitor on a desktop computer, with a light system."""
    page = browser.new_page(
        viewport={"width": 1280, "height": 900}, color_scheme="light"
    )
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.set_default_timeout(10_000)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert errors == []


def ground(page):
    """Return how bright the page's ground is, from 0 to 255."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return int(re.findall(r"\d+", colour)[0])


def test_figures_follow_the_theme_and_that_the_system_and_the_switch(page, address):
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


def test_without_sheets_as_in_a_reader_view_each_figure_stands_once(page, address):
    """As mozilla/readability issue 484: it leaves out what has the attribute."""
    page.goto(address + STAGE)
    light, dark = (page.locator(f"article img.only-{t}") for t in ("light", "dark"))
    text = light.first.get_attribute("alt")
    for theme in ("dark", "light"):  # whoever cannot see hears of one figure in each
        page.emulate_media(color_scheme=theme)
        expect(page.get_by_role("img", name=text, exact=True)).to_have_count(1)
    page.evaluate(
        "document.querySelectorAll('[rel=stylesheet]').forEach(s => s.remove())"
    )
    assert dark.evaluate_all("twins => twins.every(twin => twin.hidden)")
    expect(dark.first).to_be_hidden()
    expect(light.first).to_be_visible()


def test_theme_and_search_work_where_nothing_may_be_stored(page, address):
    """In a frame of another origin, as where a visitor blocks the data of sites."""
    page.goto(address + "404.html")
    frame = 'sandbox="allow-scripts allow-forms" width="1280" height="800"'
    page.set_content(f'<iframe {frame} src="{address + STAGE}"></iframe>')
    inside = page.frame_locator("iframe")
    body = inside.locator("body")
    expect(body).to_have_attribute("data-theme", "auto")
    switch = inside.locator(".theme-toggle-content button")
    switch.click()
    expect(body).not_to_have_attribute("data-theme", "auto")
    inside.locator("input.sidebar-search").fill("contour")
    inside.locator("input.sidebar-search").press("Enter")
    expect(inside.locator("#search-results .search-summary")).to_contain_text("found")


def test_text_stands_out_from_its_ground(page, address):
    page.emulate_media(reduced_motion="reduce")
    for path in MAIN_PAGES:
        page.goto(address + path)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = 1)")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate(CONTRAST) == [], (path, scheme)


FOUND = {  # what explains the words, with at most the glossary ahead
    "learning rate": "How fast, and how far",
    "zero_grad": "Stage 3: the training loop",
    "loss surface": "Stage 4: the loss surface",
}


def test_search_finds_the_page_that_explains(page, site):
    errors = []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    for words, title in FOUND.items():
        page.goto((site / "index.html").as_uri())  # no server is needed
        page.locator("input.sidebar-search").fill(words)
        page.keyboard.press("Enter")
        expect(page.locator("#search-results .search-summary")).to_contain_text("found")
        found = page.locator("#search-results ul.search li > a").all_inner_texts()
        others = ("Glossary", "The whole program")
        assert next(name for name in found if name not in others) == title
        assert page.locator("#search-again").input_value() == words
    assert errors == []  # Sphinx's own search asks for pages that a file may not read


def test_the_keyboard_leads_from_the_landing_page_to_a_download(page, address):
    def tab_to(words):
        for _ in range(80):
            page.keyboard.press("Tab")
            if words in page.evaluate("document.activeElement.textContent.trim()"):
                return
        raise AssertionError(f"80 tabs do not reach {words!r}")

    page.goto(address + "index.html")
    tab_to("Skip to content")
    page.keyboard.press("Enter")
    tab_to("Start with the whole program")
    page.keyboard.press("Enter")
    expect(page).to_have_title("The whole program - Linear regression in PyTorch")
    tab_to("Program")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "plot_00_whole_program.py"


def copied_from(page, block):
    """Return what the copy button of a block puts on the clipboard."""
    page.evaluate("navigator.clipboard.writeText('nothing yet')")
    block.hover()
    block.locator("button.copybtn").click()
    # Its mark goes after 1.5 seconds. What it copied stays.
    read = "navigator.clipboard.readText()"
    page.wait_for_function(f"async () => await {read} !== 'nothing yet'")
    return page.evaluate(read)


def test_what_is_copied_can_be_pasted(page, address):
    page.goto(address + STAGE)
    code = page.locator("div.highlight-Python > div.highlight").first
    assert copied_from(page, code).strip() == code.locator("pre").inner_text().strip()
    assert page.locator(".sphx-glr-script-out").count() > 0
    assert page.locator(".sphx-glr-script-out button").count() == 0
    page.goto(address + "run.html")
    blocks = page.locator("div.highlight:has(.gp)")
    assert blocks.count() > 0
    for block in blocks.all():  # of their rows, those that are typed, without prompts
        rows = copied_from(page, block).strip().splitlines()
        assert len(rows) == block.locator(".gp").count(), rows
        assert not [row for row in rows if row.startswith(("$", ">>>", "..."))]


def test_a_block_is_a_stop_for_the_keyboard_where_it_scrolls(page, address):
    page.set_viewport_size({"width": 360, "height": 780})
    page.goto(address + STAGE)
    page.locator("details.folded > summary").first.click()
    scrolls = set()
    for block in page.locator("pre:visible, div.math:visible").all():
        block.scroll_into_view_if_needed()
        wide = block.evaluate("block => block.scrollWidth > block.clientWidth")
        expected = expect(block)
        check = expected.to_have_attribute if wide else expected.not_to_have_attribute
        check("tabindex", "0")
        scrolls.add(wide)
    assert scrolls == {True, False}


def test_pages_can_be_read_and_folds_opened_by_key_without_scripts(browser, address):
    page = browser.new_page(java_script_enabled=False, color_scheme="dark")
    page.goto(address + STAGE)
    expect(page.locator("math").first).to_be_visible()
    expect(page.locator("article img.only-dark").first).to_be_visible()
    fold = page.locator("details.folded").first
    expect(fold.locator("pre")).to_be_hidden()
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(fold.locator("pre")).to_be_visible()
    page.keyboard.press("Space")
    expect(fold.locator("pre")).to_be_hidden()
    page.close()


def test_a_printed_page_shows_text_light_figures_and_what_is_folded(page, address):
    page.goto(address + STAGE)
    fold = page.locator("details.folded pre").first
    expect(fold).to_be_hidden()
    page.emulate_media(media="print", color_scheme="dark")
    for part in (".sidebar-drawer", ".toc-drawer", ".related-pages", ".stage-steps"):
        expect(page.locator(part).first).to_be_hidden()
    assert ground(page) > 200
    expect(page.locator("article img.only-light").first).to_be_visible()
    expect(fold).to_be_visible()
    assert fold.evaluate("block => block.getBoundingClientRect().height") > 100


def test_stages_say_where_the_reader_is(page, address, root):
    page.goto(address + STAGE)
    line = page.locator(".stage-line")
    number = len(list((root / "examples").glob("plot_*.py"))) - 1  # but plot_00
    words = rf"^Stage 3 of {number} · about \d+ minutes to read$"
    expect(line).to_have_text(re.compile(words))
    steps = page.get_by_role("navigation", name="The stages").get_by_role("link")
    assert steps.count() == number
    expect(page.locator(".stage-steps [aria-current]")).to_contain_text("Stage 3")
    expect(page.locator(".ran-with")).to_contain_text(re.compile(r"torch \d+\.\d+"))
    for name in ("Site", "This page"):
        assert page.get_by_role("complementary", name=name).count() == 1
    assert page.get_by_role("heading", name="Use", level=2).count() == 1
    page.goto(address + "tutorial/plot_00_whole_program.html")
    expect(line).to_have_text(re.compile(r"^About \d+ minutes to read$"))
    assert page.locator(".stage-steps").count() == 0


def test_a_card_is_one_link_with_a_name_a_picture_and_words(page, address):
    page.goto(address + "tutorial/index.html")
    card = page.locator(".sphx-glr-thumbcontainer").first
    assert card.get_by_role("link", name="The whole program").count() == 1
    assert card.get_by_role("link").count() == 1
    assert card.locator("img").count() == 2  # light and dark
    words = card.evaluate("card => getComputedStyle(card, '::after').content")
    assert len(words.split()) > 10  # seen to fail: without the template's mending
    card.click(position={"x": 20, "y": 20})  # on the picture
    expect(page).to_have_title("The whole program - Linear regression in PyTorch")


def test_names_in_code_link_to_their_documentation(page, address):
    page.goto(address + STAGE)
    links = page.locator(".highlight a")
    target = links.filter(has_text="DataLoader").first.get_attribute("href")
    place = "data.html#torch.utils.data.DataLoader"
    assert target == f"https://docs.pytorch.org/docs/stable/{place}"
    assert "optimizer" not in links.all_text_contents()  # a variable


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_have_their_ground_where_a_system_forces_its_colours(
    page, address, theme
):
    """As microbit-foundation/ml-trainer issue 509: dark lines on forced black."""
    system = {"light": "dark", "dark": "light"}[theme]
    page.emulate_media(color_scheme=system, forced_colors="active")
    page.goto(address + "index.html")
    page.evaluate(f"localStorage.theme = '{theme}'")
    for path, name in ((STAGE, "article img:visible"), ("explorer.html", "#data-view")):
        page.goto(address + path)
        picture = io.BytesIO(page.locator(name).first.screenshot())
        brightness = Image.open(picture).convert("L").getpixel((3, 3))
        assert brightness > 200 if theme == "light" else brightness < 60


def test_an_unknown_address_gets_a_page_that_needs_nothing_else(page, address):
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address + "404.html")
    paths = [url.partition(PREFIX)[2] for url in requests if "favicon" not in url]
    assert paths == ["404.html"]
    page.get_by_role("link", name="Go to the start").click()
    expect(page).to_have_title("Linear regression in PyTorch")
