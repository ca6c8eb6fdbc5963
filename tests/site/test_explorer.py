"""The explorer in a real browser, against NumPy and its own PyTorch program."""

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page, expect
from site_visit import serve, swipe

EXPLORER = "explorer.html"


def value(page: Page, name: str) -> float:
    return float(page.locator(f"#out-{name}").get_attribute("data-value"))


def values(page: Page) -> dict[str, float]:
    read = "shown => shown.map((out) => [out.id.slice(4), Number(out.dataset.value)])"
    return dict(page.locator("#explorer-app output").evaluate_all(read))


def run_program(text: str) -> tuple[float, float]:
    """The k and m that a program of the page prints."""
    try:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(text, "explorer_run.py", "exec"), {"__name__": "__main__"})
    finally:
        torch.set_default_dtype(torch.float32)
    k, m = re.match(r"k: (\S+)\nm: (\S+)\n", printed.getvalue()).groups()
    return float(k), float(m)


def test_three_epochs_of_each_preset_equal_those_of_its_program(open_page) -> None:
    page = open_page(EXPLORER)
    for preset in ("post", "full", "one", "below", "above", "outlier", "valley"):
        page.click(f"button[data-preset={preset}]")
        assert (value(page, "step"), value(page, "k"), value(page, "m")) == (0, 0, 0)
        for _ in range(3):
            page.click("#epoch")
        program = page.inner_text("#program")
        assert "NUM_EPOCHS = 3\n" in program
        assert value(page, "epoch") == 3
        shown = value(page, "k"), value(page, "m")
        assert run_program(program) == pytest.approx(shown, rel=1e-9, abs=1e-9), preset


def test_a_run_within_an_epoch_equals_its_program(open_page) -> None:
    page = open_page(f"{EXPLORER}#lr=0.037&seed=77&n=61&batch=9&k=-2.5&m=11&steps=17")
    program = page.inner_text("#program")
    assert "NUM_STEPS = 17" in program
    found = values(page)
    assert run_program(program) == pytest.approx((found["k"], found["m"]), rel=1e-9)
    for name in ("k", "m", "exact-k", "loss"):
        assert f"{abs(found[name]):.15g}"[:6] not in program  # it holds no result
    assert max(map(len, program.splitlines())) <= 88


def test_read_outs_against_numpy(open_page) -> None:
    page = open_page(f"{EXPLORER}#preset=outlier&steps=30")
    points = page.evaluate("linregExplorer.presetExperiment('outlier').points")
    x, y = np.array([(p["x"], p["y"]) for p in points]).T
    rows = np.stack([x, np.ones_like(x)], axis=1)
    exact_k, exact_m = np.linalg.lstsq(rows, y)[0]
    found = values(page)
    loss = np.mean((y - found["k"] * x - found["m"]) ** 2)
    curvature = np.linalg.eigvalsh(2 * rows.T @ rows / len(x)).max()
    read = [found["exact-k"], found["exact-m"], found["loss"]]
    assert read == pytest.approx([exact_k, exact_m, loss], rel=1e-12)
    assert value(page, "limit") == pytest.approx(2 / curvature, rel=1e-12)
    assert value(page, "limit-single") == pytest.approx(min(1 / (1 + x**2)), rel=1e-12)
    page = open_page(f"{EXPLORER}#points=1_2~1_4&batch=2&lr=0.1&steps=5")
    assert page.inner_text("#out-exact-k") == "not unique"


# Runs with the points of 20 seeds, and the losses with which they end.
ENDS = """([batch, factor]) => {
  const { BOUNDS, advance, clamp, drawPoints, limits, startRun } = linregExplorer;
  return Array.from({ length: 20 }, (_, seed) => {
    const experiment = { ...linregExplorer.presetExperiment("post"), batch, seed };
    const points = drawPoints(experiment);
    experiment.lr = clamp(factor * limits(points).full, BOUNDS.lr);
    const run = advance(startRun(experiment, points), 20000);
    return run.diverged ? Infinity : run.loss.at(-1);
  });
}"""
OTHER_FACTORS = ["0.6", "0.7", "0.8", "0.98", "1.05", "1.12"]
LONG = [pytest.param(factor, marks=pytest.mark.long) for factor in OTHER_FACTORS]


@pytest.mark.parametrize("factor", ["1.02", "1.08", *LONG])
def test_table_and_verdict_say_what_runs_do(open_page, factor: str) -> None:
    """The page tries ten orders of the batches; other points, twenty, judge it."""
    page = open_page(EXPLORER)
    rows = page.locator("article table tbody tr").all_text_contents()
    table = {factor: counts for factor, *counts in map(str.split, rows)}
    assert len(table) == 2 + len(LONG)
    for batch, count in zip((1, 8, 50), map(int, table[factor]), strict=True):
        losses = page.evaluate(ENDS, [batch, float(factor)])
        assert np.isinf(losses).sum() == count, batch
        if (batch, factor) == (8, "1.02"):
            sentence = f"with batches of 8 is {np.median(losses):.1f} at the end"
            assert sentence in page.inner_text("article")
        page.fill("#batch-size", str(batch))
        page.fill("#lr", f"{float(factor) * value(page, 'limit'):.6f}")
        page.wait_for_function("!['', 'trying'].includes(verdict.dataset.shown)")
        (said,) = page.locator("#verdict p:visible").all_inner_texts()
        if count in (0, 20):
            assert ("diverges" in said or "to diverge" in said) == (count == 20)
        elif batch == 8:  # with batches of one, it hangs on the points
            assert re.search("[1-9] of ten runs", said)


AT_ITS_LIMIT = "points=2_7~2_15~-2_3~-2_-5"  # of one point 0.2, of all 0.25


def test_at_a_limit_no_promise_is_given(open_page) -> None:
    page = open_page(EXPLORER)
    for settings, said in {
        "batch=1&lr=0.199": "below",
        "batch=1&lr=0.2": "none",
        "batch=4&lr=0.249": "full",
        "batch=4&lr=0.25&k=1": "none",
    }.items():
        page.evaluate(f"location.hash = '{AT_ITS_LIMIT}&{settings}'")
        page.wait_for_function(f"verdict.dataset.shown === '{said}'")


# How many of ten orders of the batches diverge, for each of the table's 20 seeds; and
# the smallest possible losses.
ORDERS = """() => {
  const { advance, drawPoints, limits, startRun } = linregExplorer;
  const base = { ...linregExplorer.presetExperiment("post"), batch: 1 };
  const counts = [], losses = [];
  for (let seed = 0; seed < 20; seed++) {
    const points = drawPoints({ ...base, seed }), lr = 0.7 * limits(points).full;
    const runs = Array.from({ length: 10 }, (_, i) =>
      advance(startRun({ ...base, lr, seed: seed + 1000 * (i + 1) }, points), 20000));
    counts.push(runs.filter((run) => run.diverged).length);
    losses.push(runs[0].summary.loss);
  }
  return [counts, losses];
}"""


def test_the_page_says_what_is_due_to_the_points_of_a_seed(open_page) -> None:
    page = open_page(EXPLORER)
    counts, losses = page.evaluate(ORDERS)
    alike = sum(count in (0, 10) for count in counts)
    text = page.inner_text("article")
    assert f"for {alike} of the 20 seeds, ten runs with other batches" in text
    assert f"median of the smallest possible losses is {np.median(losses):.2f}" in text


def test_divergence_leaves_the_page_usable(open_page) -> None:
    page = open_page(f"{EXPLORER}#preset=post&lr=10&steps=10000")
    assert page.get_attribute("#verdict", "data-shown") == "diverged"
    assert np.isfinite(value(page, "k"))
    page.click("#reset")  # the promise stands there again
    page.wait_for_function("verdict.dataset.shown === 'all'")
    page.fill("#lr", "0.01")
    assert page.get_attribute("#verdict", "data-shown") == "below"
    page.click("#epoch")
    assert (value(page, "step"), value(page, "k") > 0) == (7, True)


HOSTILE = [
    "preset=<img src=x onerror=alert(1)>",
    "lr=<script>window.hacked=1</script>",
    *("preset=__proto__", "__proto__=1&toString=2", "preset=post&preset=full"),
    *("lr=1e309", "lr=NaN&batch=Infinity", "lr=-0.1", "lr=", "n=100000000"),
    *("steps=1.5", "points=1_2", "points=1_2~3_NaN", "points=" + "9" * 9000),
    *("points=" + "~".join(["0_0"] * 201), "%", "preset", "\u202e=\u0000"),
]
VISIT = """async (fragments) => {
  const results = [];
  for (const fragment of fragments) {
    if (new URL("#" + fragment, location.href).href === location.href) continue;
    location.hash = fragment;
    await new Promise((go) => addEventListener("hashchange", go, {once: true}));
    const { complete } = linregExplorer.decode(location.hash.slice(1));
    results.push([fragment, complete, notice.checkVisibility(), program.textContent]);
  }
  return results;
}"""
ELEMENTS = "document.querySelectorAll(':not(svg, svg *)').length"


def test_hostile_links_give_the_tutorial_and_a_notice(open_page) -> None:
    page = open_page(EXPLORER)
    before = page.evaluate(ELEMENTS)
    tutorial = page.text_content("#program")
    results = page.evaluate(VISIT, HOSTILE)
    assert len(results) == len(HOSTILE)
    for fragment, complete, notice, program in results:
        assert (complete, notice) == (False, True), fragment
        assert program == tutorial, fragment
    page.evaluate("location.hash = 'preset=post'")
    page.locator("#notice").wait_for(state="hidden")
    assert page.evaluate(ELEMENTS) == before
    assert page.locator("#explorer-app :is(img, script, iframe, b)").count() == 0
    page = open_page(f"{EXPLORER}#{HOSTILE[0]}")  # and opened directly
    assert page.locator("#notice").is_visible()
    assert page.evaluate("window.hacked") is None


LINK = "preset=valley&lr=0.02&k=-1.5&steps=9"
POINTS = "points=1_2~3_4.5~-2_0.25&batch=2"
# What mail and chat programs make of them.
UNTIDY = {
    LINK: [
        *(
            LINK + end
            for end in (".", ")", ">", "&", "%29", "\u201d", ",%20", "_", "</a>")
        ),
        *(f"{LINK}&fbclid=news", f"utm_medium=chat&{LINK}", f"{LINK}?utm_source=news"),
        *(f"%3C{LINK}%3E", f"#{LINK}", LINK.upper(), LINK.replace("lr", "%0A> lr")),
        *(LINK.replace("&", text) for text in ("&amp;", "%26", "&#038;", "&amp;amp;")),
        *(LINK.replace("=", text) for text in ("%3D", "=3D", "%253D")),
        *(LINK.replace("-", dash) for dash in ("\u2212", "\u2013", "\uff0d")),
        LINK.replace("&steps", "&\u200bste%0D%0Aps"),
    ],
    POINTS: [
        *(POINTS.replace("~", "%7E"), POINTS.replace("_", "%5F"), f"{POINTS})."),
        POINTS.replace("_", "\\_"),
        POINTS.replace("=", "=3D").replace("~", "~=%0A"),
    ],
}


def test_links_survive_what_mail_and_chat_programs_do_to_them(open_page) -> None:
    """As compiler-explorer/compiler-explorer issue 4188."""
    page = open_page(EXPLORER)
    for link, untidy in UNTIDY.items():
        page.evaluate(f"location.hash = {link!r}")
        page.wait_for_function("linregExplorer.decode(location.hash).complete")
        (expected,) = page.evaluate(VISIT, [f"{link}&n="])
        for fragment in untidy:
            ((_, complete, notice, program),) = page.evaluate(VISIT, [fragment])
            assert (complete, notice) == (True, False), fragment
            assert program == expected[3], fragment


def test_what_can_be_read_of_a_link_is_kept(open_page) -> None:
    page = open_page(EXPLORER)
    for fragment in (f"{LINK}&n=1e9", f"{LINK}&batch", f"seed=%&{LINK}"):
        ((_, complete, notice, _),) = page.evaluate(VISIT, [fragment])
        assert (complete, notice) == (False, True), fragment
        assert page.get_attribute("[data-preset=valley]", "aria-pressed") == "true"
        assert (page.input_value("#lr"), value(page, "step")) == ("0.02", 9)


def test_a_strict_policy_changes_nothing(
    browser: Browser, site: Path, open_page
) -> None:
    """As sphinx-doc/sphinx issue 13902, for scripts and for what they draw."""
    page, strict, said = open_page(f"{EXPLORER}#steps=9"), browser.new_page(), []
    strict.on("console", lambda message: said.append(message.text))
    strict.on("pageerror", lambda error: said.append(str(error)))
    with serve(site, policy="default-src 'self'") as url:
        strict.goto(f"{url}{EXPLORER}#steps=9")
        assert values(strict) == values(page)
        fills = "views => views.map((e) => getComputedStyle(e).fill)"
        drawn, expected = (
            shown.locator("#surface-view ellipse").evaluate_all(fills)
            for shown in (strict, page)
        )
        assert drawn == expected
        assert len(set(drawn)) > 5
        # The theme's own scripts, styles and icons are; nothing of ours is refused.
        theirs = "inline (script|style)|data:image"
        assert [text for text in said if not re.search(theirs, text)] == []
        strict.goto(f"{url}search.html?q=gradient")
        expect(strict.locator("#search-again")).to_have_value("gradient")
        expect(strict.locator("#search-results li").first).to_be_visible()
        strict.evaluate("localStorage.setItem('theme', 'dark')")
        strict.goto(f"{url}glossary.html")
        assert strict.evaluate("document.body.dataset.theme") == "dark"
    strict.close()


def test_an_experiment_can_be_taken_away_as_a_link_and_as_a_program(open_page) -> None:
    page = open_page(f"{EXPLORER}#preset=valley")
    for name, text in {"lr": "0.0123", "seed": "42", "start-k": "-1.5"}.items():
        page.fill(f"#{name}", text)
    for name in ("epoch", "step", "add-point"):
        page.click(f"#{name}")
    page.evaluate("window['zoom-in'].click(); window['copy-link'].click()")  # at once
    link = page.evaluate("navigator.clipboard.readText()")
    page.click("#copy-program")
    expect(page.locator("#copied")).to_have_text("Copied.")
    program, found = page.text_content("#program"), values(page)
    assert page.evaluate("navigator.clipboard.readText()") == program
    with page.expect_download() as download:
        page.click("#download-program")
    assert download.value.suggested_filename == "explorer_run.py"
    assert Path(download.value.path()).read_text() == program
    page = open_page(f"{EXPLORER}#{link.split('#')[1]}")
    assert values(page) == found
    assert page.text_content("#program") == program
    assert (page.input_value("#lr"), page.input_value("#n")) == ("0.0123", "51")


def test_every_control_changes_the_run(open_page) -> None:
    page = open_page(f"{EXPLORER}#preset=post&steps=21")
    settings = {
        **{"lr": "0.02", "batch-size": "5", "n": "80", "noise": "1.5"},
        **{"seed": "3", "centre": "1", "start-k": "1", "start-m": "-1"},
    }
    for name, text in settings.items():
        before = values(page)
        page.fill(f"#{name}", text)
        assert values(page) != before, name
        assert value(page, "step") == 21
    page.fill("#n", "4")
    assert page.input_value("#batch-size") == "4"
    page.fill("#lr", "1000")
    page.locator("#lr").blur()
    assert page.input_value("#lr") == "10"


def test_less_motion_means_fewer_pictures_until_paused(open_page) -> None:
    page = open_page(EXPLORER, reduced_motion="reduce")
    page.evaluate(
        """() => { const step = document.getElementById("out-step");
        window.seen = new Set();
        new MutationObserver(() => seen.add(step.textContent))
          .observe(step, {childList: true}); }"""
    )
    page.select_option("#speed", "1000")
    page.click("#play")
    page.wait_for_function("window['out-step'].textContent > 1400")
    assert page.evaluate("seen.size") <= 3  # one for half a second, which is 500 steps
    page.click("#play")
    stopped = value(page, "step")
    assert page.inner_text("#play") == "Play"
    assert f"step {stopped:g}" in page.inner_text("#status")


def test_drag_points_and_start_with_the_mouse(open_page) -> None:
    page = open_page(f"{EXPLORER}#preset=post&steps=21")
    data, surface = page.locator("#data-view"), page.locator("#surface-view")
    before = values(page)
    page.locator("#point-handle").drag_to(data, target_position={"x": 150, "y": 90})
    after = values(page)
    for name in ("exact-k", "exact-m", "k", "m"):
        assert before[name] != after[name], name
    assert (after["step"], page.input_value("#n")) == (21, "50")
    data.click(position={"x": 250, "y": 250})
    assert (value(page, "step"), page.input_value("#n")) == (21, "51")
    after = values(page)
    page.locator("#start-handle").drag_to(surface, target_position={"x": 250, "y": 90})
    assert float(page.input_value("#start-k")) > 1
    assert float(page.input_value("#start-m")) > 0.5
    assert value(page, "exact-k") == after["exact-k"]


def test_the_keyboard_reaches_and_does_everything(open_page) -> None:
    page = open_page(f"{EXPLORER}#preset=post&steps=7")
    reached = set()
    page.focus(".lx-presets button")
    for _ in range(60):
        reached.add(page.evaluate("document.activeElement.id"))
        page.keyboard.press("Tab")
    wanted = """step epoch play reset speed lr lr-slider batch-size n noise seed centre
        start-k start-m add-point remove-point zoom-in zoom-out point-handle
        start-handle copy-program download-program copy-link"""
    assert set(wanted.split()) <= reached
    page.focus("#point-handle")
    before, text = value(page, "exact-k"), "#point-handle[aria-valuetext='{}']"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowRight")
    assert value(page, "exact-k") != before
    place = page.get_attribute("#point-handle", "aria-valuetext")
    page.keyboard.press("PageDown")
    assert page.locator(text.format(place)).count() == 0
    page.keyboard.press("Insert")
    assert (page.input_value("#n"), page.inner_text("#status")) == ("51", "51 points.")
    page.keyboard.press("Delete")
    assert page.input_value("#n") == "50"
    page.focus("#start-handle")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    assert (page.input_value("#start-k"), page.input_value("#start-m")) == ("0.1", "-1")


def test_a_phone_taps_drags_and_scrolls(open_page) -> None:
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
    page = open_page(f"{EXPLORER}#preset=outlier&steps=7", is_mobile=True, **phone)
    sizes = page.locator("#explorer-app button:visible").evaluate_all(
        "buttons => buttons.map((b) => Math.min(b.offsetWidth, b.offsetHeight))"
    )
    assert min(sizes) >= 24
    page.locator("#data-view").evaluate(
        "view => view.scrollIntoView({block: 'center', behavior: 'instant'})"
    )
    seen, before = page.evaluate("scrollY"), value(page, "exact-k")
    box = page.locator("#point-handle").bounding_box()
    swipe(page, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, -20, -120)
    # A finger on a point drags it. (A font that comes late may move all by a pixel.)
    assert page.evaluate("scrollY") == pytest.approx(seen, abs=2)
    assert value(page, "exact-k") > before + 0.2
    box = page.locator("#data-view").bounding_box()
    swipe(
        page, box["x"] + 0.35 * box["width"], box["y"] + 0.35 * box["height"], 0, -100
    )
    assert page.evaluate("scrollY") > seen + 50  # elsewhere it scrolls the page
    assert page.input_value("#n") == "50"
    page.locator("#surface-view").tap(position={"x": 120, "y": 90})
    assert page.input_value("#start-k") != "0"


PATH = """() => {
  const { advance, presetExperiment, startRun } = linregExplorer;
  const experiment = presetExperiment("post");
  const { k, m } = advance(startRun(experiment, experiment.points), 175);
  return k.map((value, step) => [value, m[step]]).filter((_, step) => step % 7 === 0);
}"""


def test_25_epochs_are_those_of_the_first_program_and_of_the_page_without_script(
    open_page, site
) -> None:
    page = open_page(EXPLORER)
    words = "Before the first step it is the program of 25 epochs"
    assert words in page.inner_text("article")
    run = np.array(page.evaluate(PATH))
    found = run_program(page.inner_text("#program"))
    assert found == pytest.approx(tuple(run[-1]), rel=1e-9)
    page = open_page(EXPLORER, java_script_enabled=False)
    assert page.locator(".lx-fallback :is(img, p):visible").count() == 2
    assert page.locator("#explorer-app").is_hidden()
    figure = (site / "_static" / "explorer" / "fallback.svg").read_text()
    (path,) = re.findall(r'"model" d="M([^"]*)"/>\n<path class="exact"', figure)
    drawn = np.array([place.split(",") for place in path.split("L")], dtype=float)
    per_unit = 260 / 14  # of 14 units, from k = -4 at x = 400 and m = -2 at y = 294
    places = [(400 + (k + 4) * per_unit, 294 - (m + 2) * per_unit) for k, m in run]
    assert drawn == pytest.approx(np.array(places), abs=0.051)
