"""Live figures in a real browser, against NumPy, PyTorch and the picture itself."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Locator
from site_visit import serve, swipe
from torch.utils.data import DataLoader

from linreg.data import LinearRegressionDataset
from linreg.model import LinearRegressionModel
from linreg.training import train

PAGES = {"by-hand": "plot_03_training", "tangent": "plot_03_training"}
PAGES |= {"surface": "plot_04_loss_surface", "path": "plot_05_trajectory"}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
ZOOMED = {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2}
# The font of the formulas comes late and moves what is below them, without our doing.
SETTLED = "document.fonts.ready.then(() => { delete window.shifted; })"
# What was hidden leaves other half-tones at its edge until all is drawn anew.
DRAW_ANEW = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const style = document.documentElement.style;
  for (const visible of ["hidden", ""]) {
    style.visibility = visible;
    await frame();
    await frame();
  }
}"""
CENTRE = "e => e.scrollIntoView({block: 'center', behavior: 'instant'})"
SHIFTS = """new PerformanceObserver((list) => {
  for (const { node } of list.getEntries().flatMap(({ sources }) => [...sources]))
    if (node?.parentElement?.closest("article")) window.shifted = node.outerHTML;
}).observe({ type: "layout-shift", buffered: true });"""
DATA = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
X, Y = DATA.x.double().numpy(), DATA.y.double().numpy()
BEST = np.polyfit(X, Y, 1)

every_kind = pytest.mark.parametrize("kind", PAGES)


def loss_of(k: float, m: float) -> float:
    return np.mean((Y - k * X - m) ** 2)


@pytest.fixture
def open_figure(open_page) -> Callable[..., Locator]:
    """Open a live figure from the file system; its faults fail the test."""

    def opened(kind: str, fragment: str = "", **options) -> Locator:
        page = open_page(f"tutorial/{PAGES[kind]}.html{fragment}", **options)
        page.evaluate(SETTLED)
        figure = page.locator(f".live-{kind}")
        figure.evaluate(CENTRE)
        return figure

    return opened


def read(figure: Locator, *names: str) -> list[float]:
    """Read values that a figure shows."""
    shown = [figure.locator(f"[data-name='{name}']").inner_text() for name in names]
    return [float(text.replace("−", "-")) for text in shown]


def word(figure: Locator) -> str:
    return figure.locator(".live-word").inner_text()


def centre_of(figure: Locator) -> tuple[float, float]:
    """Return where the last ring of a figure is."""
    box = figure.locator(".lx-handle").last.bounding_box()
    assert min(box["width"], box["height"]) >= 24
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(figure: Locator, dx: float, dy: float) -> None:
    """Drag the last ring of a figure."""
    x, y = centre_of(figure)
    mouse = figure.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + dx, y + dy, steps=5)
    mouse.up()


def use(figure: Locator, theme: str = "light") -> None:
    """Change a figure by one key, and wait for the picture of what stays."""
    moved = figure.locator(".lx-handle, input").first
    moved.press("ArrowLeft")
    moved.blur()
    figure.locator(f".live-ground.only-{theme}").evaluate("i => i.decode()")


def choose(figure: Locator, number: int, value: float) -> None:
    """Set the step of the path (number 0) or its learning rate (1)."""
    put = "(i, value) => { i.value = value; i.dispatchEvent(new Event('input')); }"
    figure.locator("input").nth(number).evaluate(put, value)


def test_a_line_by_hand_has_the_loss_of_its_points(open_figure) -> None:
    figure = open_figure("by-hand")
    assert read(figure, "k", "m", "loss") == [0, 0, 44.34]  # as printed
    drag(figure, 0, -120)
    k, m, loss = read(figure, "k", "m", "loss")
    assert (k > 1, loss < 20, word(figure)) == (True, True, "")
    assert loss == pytest.approx(loss_of(k, m), abs=0.15)  # k and m have two digits
    rings = figure.locator(".lx-handle").all()
    for ring, best in zip(rings, np.polyval(BEST, (-2.5, 2.5)), strict=True):
        while abs(far := best - float(ring.get_attribute("aria-valuenow"))) > 0.06:
            ring.press("ArrowRight" if far > 0 else "ArrowDown")  # by keys alone
    assert read(figure, "loss") == [round(loss_of(*BEST), 2)] == [0.3]
    assert word(figure) == "0.30: the smallest there is."
    assert "loss 0.30" in rings[0].get_attribute("aria-valuetext")


def test_the_tangent_has_the_steepness_of_backward(open_figure) -> None:
    figure = open_figure("tangent")
    assert read(figure, "m", "loss", "steepness") == [0, 44.34, -8.36]  # as printed
    for dx, side in ((-60, "to the right"), (260, "to the left")):
        drag(figure, dx, 0)
        m, *shown = read(figure, "m", "loss", "steepness")
        value = torch.tensor(m, requires_grad=True)
        loss = torch.mean((DATA.y - value) ** 2)
        loss.backward()
        assert shown == pytest.approx([loss.item(), value.grad.item()], abs=0.006)
        assert side in word(figure)
        drawn = figure.locator(".lx-tangent").get_attribute("d")
        ends = np.float64(re.findall(r"[\d.-]+", drawn)).reshape(2, 2)
        dot = [figure.locator(".lx-now").get_attribute(name) for name in ("cx", "cy")]
        assert ends.mean(axis=0) == pytest.approx(np.float64(dot), abs=0.11)


@pytest.mark.parametrize("options", [PHONE, ZOOMED])
def test_every_place_is_a_line(open_figure, site: Path, options) -> None:
    """Where Matplotlib drew the exact solution, a click gives its k and m."""
    figure = open_figure("surface", **options)
    for size in ({"width": 700, "height": 500}, options["viewport"]):
        figure.page.set_viewport_size(size)
    image = figure.locator("img.only-light")
    image.evaluate(CENTRE)
    svg = (site / "_images" / Path(image.get_attribute("src")).name).read_text()
    diamond = re.search(r'x="(\S+)" y="(\S+)" style="fill: #0f766e', svg).groups()
    size = re.search(r'viewBox="0 0 (\S+) (\S+)"', svg).groups()
    right, down = np.float64(diamond) / np.float64(size)
    box = image.bounding_box()
    across, below = right * box["width"], down * box["height"]
    figure.page.mouse.click(box["x"] + across, box["y"] + below)
    k, m, loss = read(figure, "k", "m", "loss")
    assert [k, m] == pytest.approx(list(BEST), abs=0.09)  # a pixel of a phone
    assert loss == pytest.approx(loss_of(k, m), abs=0.006)
    line = figure.locator(".live-side .lx-model")
    before = line.get_attribute("d")
    for key in ("ArrowLeft", "Shift+ArrowDown"):
        figure.locator(".lx-handle").press(key)
    assert read(figure, "k", "m") == pytest.approx([k - 0.1, m - 1])
    assert line.get_attribute("d") != before


def test_the_path_is_that_of_the_program(open_figure) -> None:
    figure = open_figure("path")
    for rate in (0.001, 0.01, 0.1):
        choose(figure, 1, np.log10(rate))
        shuffles = torch.Generator().manual_seed(0)
        loader = DataLoader(DATA, batch_size=8, shuffle=True, generator=shuffles)
        model = LinearRegressionModel()
        optimizer = torch.optim.SGD(model.parameters(), lr=rate)
        history = train(model, loader, optimizer, num_epochs=25)
        for epoch in (25, 0, 1, 5):
            choose(figure, 0, 7 * epoch)
            values = [epoch, *(history.parameters[name][epoch] for name in "km")]
            assert read(figure, "epoch", "k", "m") == pytest.approx(values, abs=0.006)
    figure.get_by_role("button", name="Step").click()
    assert read(figure, "step") == [36]


def test_words_say_what_a_learning_rate_does(open_figure) -> None:
    figure = open_figure("path")
    second_moments = np.array([[np.mean(X**2), X.mean()], [X.mean(), 1]])
    limit = 1 / np.linalg.eigvalsh(second_moments).max()
    for power in (-4, -3.35, -3.3, -3.25, -1, -0.75, -0.7, -0.6, -0.3):
        choose(figure, 1, power)
        rate, k = read(figure, "learning rate", "k")
        words = word(figure)
        assert (f"Too large: past {limit:.2f} " in words) == (rate > limit)
        assert (f"25 epochs k is only {k:.2f}," in words) == (rate < 0.0005)
        assert (words == "") == (0.0005 <= rate <= limit)


def test_play_runs_until_paused_and_only_when_asked(open_figure) -> None:
    figure = open_figure("path")
    figure.page.wait_for_timeout(300)
    assert read(figure, "step") == [175]
    figure.get_by_role("button", name="Play").press("Space")
    running = "document.querySelector('.live-path input').value < 100"
    figure.page.wait_for_function(running)
    figure.get_by_role("button", name="Pause").press("Space")
    stopped = read(figure, "step")
    figure.page.wait_for_timeout(200)
    assert read(figure, "step") == stopped


@pytest.mark.parametrize("kind", PAGES)
def test_until_it_is_used_the_picture_is_the_build_s(open_figure, kind: str) -> None:
    figure = open_figure(kind, "#<img src=x onerror=alert(1)>")
    picture = figure.locator(".live-picture")
    assert figure.page.locator(".live-used, img[src*='#']").count() == 0
    pictures = []
    for hidden in (".lx-handle", ".live-picture svg"):
        figure.page.add_style_tag(content=f"{hidden} {{ display: none }}")
        figure.page.evaluate(DRAW_ANEW)
        pictures.append(picture.screenshot())
    assert pictures[0] == pictures[1]
    figure = open_figure(kind, java_script_enabled=False)  # nothing else is there
    height = figure.locator("img").first.bounding_box()["height"]
    assert figure.bounding_box()["height"] == height


@every_kind
def test_after_use_paper_is_the_same_and_themes_change(open_figure, kind: str) -> None:
    figure, dark = (
        open_figure(kind, color_scheme=scheme) for scheme in ("light", "dark")
    )
    pictures = []
    for media in ("print", "screen", "print"):
        figure.page.emulate_media(media=media)
        if media == "screen":
            use(figure)
        figure.evaluate(CENTRE)  # at the same part of a pixel each time
        pictures.append(figure.screenshot())
    paper, used, paper_after_use = pictures
    assert paper == paper_after_use
    figure.page.emulate_media(media="screen")
    figure.evaluate(CENTRE)
    assert figure.screenshot() == used
    use(dark, "dark")
    figure.page.emulate_media(color_scheme="dark")
    figure.locator(".live-ground.only-dark").evaluate("i => i.decode()")
    for one in (figure, dark):
        one.evaluate(CENTRE)
    assert figure.screenshot() == dark.screenshot() != used


@every_kind
def test_a_late_script_moves_nothing_and_use_asks_for_nothing(
    browser: Browser, site: Path, kind: str
) -> None:
    page, held, asked = browser.new_page(**PHONE), [], []
    page.add_init_script(SHIFTS)
    page.route(re.compile("live/live.js"), lambda route: held.append(route))
    with serve(site) as address:
        page.goto(f"{address}tutorial/{PAGES[kind]}.html", wait_until="commit")
        figure = page.locator(f".live-{kind}")
        figure.evaluate(CENTRE)
        page.wait_for_timeout(300)
        page.evaluate(SETTLED)
        held[0].continue_()
        figure.locator(".live-bar").wait_for()
        page.wait_for_timeout(300)
        page.on("request", lambda request: asked.append(request.url))
        use(figure)
        page.wait_for_timeout(300)
        assert (page.evaluate("window.shifted"), asked) == (None, [])
    page.close()


@pytest.mark.parametrize("kind", ["by-hand", "surface"])
def test_a_finger_drags_a_ring_and_scrolls_elsewhere(open_figure, kind: str) -> None:
    figure = open_figure(kind, is_mobile=True, **PHONE)
    page, before = figure.page, read(figure, "loss")
    seen = page.evaluate("scrollY")
    swipe(page, *centre_of(figure), 40, -50)
    assert page.evaluate("scrollY") == pytest.approx(seen, abs=2)
    assert read(figure, "loss") < before
    box = figure.locator(".live-picture").bounding_box()
    swipe(page, box["x"] + 5, box["y"] + 0.8 * box["height"], 0, -100)
    assert page.evaluate("scrollY") > seen + 50


def test_other_pages_and_what_is_taken_away_have_no_trace(site: Path) -> None:
    html = {page.stem: page.read_text() for page in site.rglob("*.html")}
    live_pages = {page for page, text in html.items() if "live/live" in text}
    assert live_pages == set(PAGES.values())
    programs = zipfile.ZipFile(next(site.glob("_downloads/*/tutorial_python.zip")))
    texts = [programs.read(name).decode() for name in programs.namelist()]
    notebooks = [file.read_text() for file in site.glob("notebooks/*.ipynb")]
    assert (len(texts) > 10, len(notebooks) > 5) == (True, True)
    assert not [t for t in texts + notebooks + [*html.values()] if "gallery_live" in t]
