"""The explorer in a real browser, against a NumPy loop and against its own PyTorch program."""

import json
import math
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from explorer_oracle import descend, run_programs
from playwright.sync_api import Browser, Page

from linreg.exact import least_squares

PRESETS = ["post", "full", "one", "below", "above", "outlier", "valley"]


@pytest.fixture
def faults() -> list[str]:
    return []


@pytest.fixture
def open_page(browser: Browser, site: Path, faults: list[str]) -> Iterator[Any]:
    """Open the explorer from the file system; its faults fail the test."""
    contexts = []

    def opened(fragment: str = "", **options: Any) -> Page:
        options = {"viewport": {"width": 1280, "height": 900}, **options}
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda message: message.type == "error" and faults.append(message.text),
        )
        page.goto(f"{(site / 'explorer.html').as_uri()}{fragment}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def value(page: Page, name: str) -> float:
    return float(page.locator(f"#out-{name}").get_attribute("data-value"))


def experiment_of(page: Page) -> dict[str, Any]:
    """What the page's address says, read by the page's own codec."""
    page.wait_for_function("location.hash !== ''")
    page.wait_for_timeout(600)  # the address is written at most twice a second
    return dict(page.evaluate("linregExplorer.decode(location.hash.slice(1))"))


def middle(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_three_epochs_equal_pytorch_and_numpy(open_page) -> None:
    page = open_page()
    programs, shown = [], []
    for preset in PRESETS:
        page.click(f"button[data-preset={preset}]")
        assert (value(page, "step"), value(page, "k"), value(page, "m")) == (0, 0, 0)
        for _ in range(3):
            page.click("#epoch")
        k, m = value(page, "k"), value(page, "m")
        experiment = page.evaluate(f"linregExplorer.presetExperiment('{preset}')")
        steps = 3 * math.ceil(len(experiment["points"]) / experiment["batch"])
        assert (value(page, "epoch"), value(page, "step")) == (3, steps)
        assert (k, m) == pytest.approx(descend(experiment, steps), rel=1e-9, abs=1e-9)
        programs.append(page.inner_text("#program"))
        shown.append((k, m))
    page.evaluate(
        "location.hash = 'lr=0.037&seed=77&n=61&batch=9&k=-2.5&m=11&steps=17'"
    )
    page.wait_for_function("document.getElementById('out-step').textContent === '17'")
    programs.append(
        page.inner_text("#program")
    )  # a run that stops within its third epoch
    shown.append((value(page, "k"), value(page, "m")))
    assert ["NUM_STEPS" in program for program in programs] == [False] * 7 + [True]
    for (k, m), result in zip(shown, run_programs(programs), strict=True):
        assert (result["k"], result["m"]) == pytest.approx((k, m), rel=1e-9, abs=1e-9)
        assert f"k: {result['k']!r}\nm: {result['m']!r}\n" in result["printed"]


@pytest.mark.parametrize("preset", PRESETS)
def test_the_program_holds_no_result(open_page, preset: str) -> None:
    page = open_page(f"#preset={preset}&steps=21")
    program = page.inner_text("#program")
    assert "steps=" not in program
    for name in ("k", "m", "exact-k", "exact-m", "loss"):
        digits = f"{abs(value(page, name)):.15g}"[:6]  # five figures or so
        assert digits not in program, name


def test_read_outs_agree_with_the_library(open_page) -> None:
    page = open_page("#preset=outlier&steps=30")
    data = page.evaluate("linregExplorer.presetExperiment('outlier')")
    x = np.array([point["x"] for point in data["points"]])
    y = np.array([point["y"] for point in data["points"]])
    exact = value(page, "exact-k"), value(page, "exact-m")
    assert exact == pytest.approx(least_squares(x, y), rel=1e-12)
    k, m = value(page, "k"), value(page, "m")
    assert value(page, "loss") == pytest.approx(
        np.mean((y - k * x - m) ** 2), rel=1e-12
    )
    rows = np.stack([x, np.ones_like(x)], axis=1)
    curvature = np.linalg.eigvalsh(2 * rows.T @ rows / len(x))
    assert value(page, "limit") == pytest.approx(2 / curvature.max(), rel=1e-12)
    assert value(page, "limit-single") == pytest.approx(
        np.min(1 / (1 + x**2)), rel=1e-12
    )


@pytest.mark.parametrize(
    ("fragment", "shown"),
    [
        ("#preset=post", "below"),
        ("#preset=post&lr=0.2", "between"),
        ("#preset=below", "full"),
        ("#preset=above", "above"),
    ],
)
def test_the_verdict_follows_the_limits(open_page, fragment: str, shown: str) -> None:
    page = open_page(fragment)
    assert page.locator("#verdict p:visible").count() == 1
    assert page.locator(f"#verdict p[data-when={shown}]").is_visible()


def test_below_the_limit_it_converges_and_above_it_diverges(open_page) -> None:
    page = open_page("#preset=below&steps=2000")
    assert value(page, "k") == pytest.approx(value(page, "exact-k"), abs=1e-9)
    page = open_page("#preset=above&steps=2000")
    assert page.locator("#verdict p[data-when=diverged]").is_visible()


def test_divergence_leaves_the_page_usable(open_page) -> None:
    page = open_page()
    page.fill("#lr", "10")
    page.evaluate(
        "for (let i = 0; i < 10000; i++) document.getElementById('step').click()"
    )
    assert "diverged" in page.inner_text("#verdict")
    assert math.isfinite(value(page, "k"))
    page.fill("#lr", "0.01")
    assert "diverged" not in page.inner_text("#verdict")
    page.click("#reset")
    page.click("#epoch")
    assert (value(page, "step"), value(page, "k") > 0) == (7, True)


def test_ten_thousand_steps_stay_quick(open_page) -> None:
    page = open_page("#preset=one&steps=10000")
    assert value(page, "step") == 10000
    assert (
        page.locator("#surface-view polyline.lx-path").evaluate("e => e.points.length")
        <= 3000
    )
    page.click("#step")
    assert value(page, "step") == 10001


HOSTILE = [
    "preset=<img src=x onerror=alert(1)>",
    "lr=<script>window.hacked=1</script>",
    "lr=javascript:alert(1)",
    "preset=__proto__",
    "preset=constructor",
    "constructor=1",
    "__proto__=1&toString=2",
    "lr=1e309",
    "lr=NaN&batch=Infinity",
    "lr=-0.1",
    "n=1",
    "n=100000000",
    "batch=0",
    "steps=20001",
    "steps=1.5",
    "k=20.001",
    "points=1_2",
    "points=" + "~".join(["0_0"] * 201),
    "points=1_2~3_NaN",
    "points=1_2_3~4_5",
    "points=" + "9" * 9000,
    "%",
    "%3Cimg%20src=x%3E",
    "preset=post&preset=full",
    "preset",
    "&&&",
    "=",
    "lr=",
    "lr=0.1=0.2",
    "\u202e=\u0000",
]


COUNT_ELEMENTS = "document.querySelectorAll(':not(svg, svg *)').length"


def random_fragment(rng: random.Random) -> str:
    """Something that is often nearly right."""
    names = [
        "preset",
        "lr",
        "batch",
        "n",
        "noise",
        "seed",
        "centre",
        "k",
        "m",
        "steps",
        "zoom",
    ]
    values = [
        "post",
        "valley",
        "0",
        "1",
        "-1",
        "0.01",
        "1e3",
        "7.123456789",
        "99999",
        "",
        "<b>",
    ]
    junk = "".join(chr(rng.randrange(32, 0x2FF)) for _ in range(rng.randrange(12)))
    parts = [
        f"{rng.choice([*names, 'points', junk])}={rng.choice([*values, junk, rng.random()])}"
        for _ in range(rng.randrange(1, 5))
    ]
    return rng.choice([rng.choice(HOSTILE), "&".join(parts), "&".join(parts), junk])


@pytest.mark.parametrize("count", [250, pytest.param(1000, marks=pytest.mark.long)])
def test_hostile_links_give_the_defaults_and_a_notice(open_page, count: int) -> None:
    page = open_page()
    before = page.evaluate(COUNT_ELEMENTS)
    bounds = page.evaluate("linregExplorer.BOUNDS")
    rng = random.Random(0)
    fragments = HOSTILE + [random_fragment(rng) for _ in range(count)]
    results = page.evaluate(
        """async (fragments) => {
          const results = [];
          const moved = () => new Promise((done) => {
            addEventListener("hashchange", done, {once: true});
          });
          for (const fragment of fragments) {
            if (new URL("#" + fragment, location.href).href === location.href) continue;
            const change = moved();
            location.hash = fragment;
            await change;
            const state = Object.fromEntries(
              Object.entries({lr: "lr", batch: "batch-size", n: "n", noise: "noise", seed: "seed",
                centre: "centre", k: "start-k", m: "start-m"})
              .map(([name, id]) => [name, Number(document.getElementById(id).value)]));
            state.steps = Number(document.getElementById("out-step").dataset.value);
            results.push([fragment, linregExplorer.decode(location.hash.slice(1)) !== null,
              document.getElementById("notice").hidden, state]);
          }
          return results;
        }""",
        fragments,
    )
    assert len(results) > 0.7 * count
    default = {
        "lr": 0.01,
        "batch": 8,
        "n": 50,
        "noise": 0.5,
        "seed": 0,
        "centre": 0,
        "k": 0,
    }
    refused = 0
    for fragment, valid, no_notice, state in results:
        if valid or fragment == "":
            assert no_notice, fragment
        else:
            refused += 1
            assert not no_notice, fragment
            assert default.items() <= state.items(), fragment
        for name, found in state.items():
            low, high, _ = bounds[name]
            assert low <= found <= high, (fragment, name)
    assert refused > 0.5 * count
    assert {f for f, valid, *_ in results if valid} & set(HOSTILE) == set()
    page.evaluate("location.hash = 'preset=post'")
    page.wait_for_function("document.getElementById('notice').hidden")
    assert page.evaluate(COUNT_ELEMENTS) == before
    assert page.evaluate("window.hacked") is None
    assert page.locator("#explorer-app :is(img, script, iframe, b)").count() == 0


@pytest.mark.parametrize("fragment", HOSTILE[:3])
def test_a_hostile_link_opened_directly(open_page, fragment: str) -> None:
    page = open_page(f"#{fragment}")
    assert page.locator("#notice").is_visible()
    assert value(page, "step") == 0
    assert page.evaluate("window.hacked") is None


def test_an_experiment_travels_in_its_link(open_page) -> None:
    page = open_page("#preset=valley")
    page.fill("#lr", "0.0123")
    page.fill("#seed", "42")
    page.fill("#start-k", "-1.5")
    page.click("#epoch")
    page.click("#step")
    page.click("#add-point")
    page.click("#zoom-in")
    sent = experiment_of(page)
    twin = open_page("#" + page.url.split("#")[1])
    for name in ("step", "k", "m", "loss", "exact-k", "batch-loss"):
        assert value(twin, name) == value(page, name)
    assert (sent["lr"], sent["seed"], sent["k"], sent["zoom"]) == (0.0123, 42, -1.5, 1)
    assert twin.inner_text("#program") == page.inner_text("#program")


def test_every_control_changes_the_run(open_page) -> None:
    page = open_page("#preset=post&steps=21")
    for name, text in [
        ("lr", "0.02"),
        ("batch-size", "5"),
        ("n", "80"),
        ("noise", "1.5"),
        ("seed", "3"),
        ("centre", "1"),
        ("start-k", "1"),
        ("start-m", "-1"),
    ]:
        before = value(page, "k"), value(page, "m"), value(page, "loss")
        page.fill(f"#{name}", text)
        after = value(page, "k"), value(page, "m"), value(page, "loss")
        assert before != after, name
        assert value(page, "step") == 21
    page.fill("#n", "4")
    assert page.input_value("#batch-size") == "4"
    page.fill("#lr", "1000")
    page.locator("#lr").blur()
    assert page.input_value("#lr") == "10"


def test_the_sliders_speak_the_numbers(open_page) -> None:
    page = open_page()
    page.focus("#lr-slider")
    page.keyboard.press("ArrowRight")
    assert 0.01 < float(page.input_value("#lr")) < 0.011
    assert page.get_attribute("#lr-slider", "aria-valuetext") == page.input_value("#lr")
    page.focus("#batch-size-slider")
    page.keyboard.press("End")
    assert page.input_value("#batch-size") == "50"


def test_play_runs_until_paused(open_page) -> None:
    page = open_page()
    page.focus("#play")
    page.keyboard.press("Space")
    page.wait_for_function(
        "Number(document.getElementById('out-step').dataset.value) > 3"
    )
    assert page.inner_text("#play") == "Pause"
    page.keyboard.press("Space")
    stopped = value(page, "step")
    page.wait_for_timeout(200)
    assert (value(page, "step"), page.inner_text("#play")) == (stopped, "Play")
    assert f"step {stopped:g}" in page.inner_text("#status")


def test_less_motion_means_fewer_pictures(open_page) -> None:
    page = open_page(reduced_motion="reduce")
    page.evaluate(
        """() => { window.seen = new Set();
        new MutationObserver(() => seen.add(document.getElementById("out-step").textContent))
          .observe(document.getElementById("out-step"), {childList: true}); }"""
    )
    page.click("#play")
    page.wait_for_timeout(1300)
    assert 1 <= page.evaluate("seen.size") <= 4


def test_drag_a_point_with_the_mouse(open_page) -> None:
    page = open_page("#preset=post&steps=21")
    before = (
        value(page, "exact-k"),
        value(page, "exact-m"),
        value(page, "k"),
        value(page, "m"),
    )
    page.locator("#data-view").scroll_into_view_if_needed()
    x, y = middle(page, "#point-handle")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y + 60, steps=4)
    page.mouse.up()
    after = (
        value(page, "exact-k"),
        value(page, "exact-m"),
        value(page, "k"),
        value(page, "m"),
    )
    assert all(a != b for a, b in zip(before, after, strict=True))
    assert value(page, "step") == 21
    assert len(experiment_of(page)["points"]) == 50


def test_drag_the_start_with_the_mouse(open_page) -> None:
    page = open_page("#preset=post&steps=21")
    exact = value(page, "exact-k")
    page.locator("#surface-view").scroll_into_view_if_needed()
    x, y = middle(page, "#start-handle")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y - 30, steps=4)
    page.mouse.up()
    assert float(page.input_value("#start-k")) > 1
    assert float(page.input_value("#start-m")) > 0.5
    assert value(page, "exact-k") == exact
    moved = middle(page, "#start-handle")
    assert moved == pytest.approx((x + 60, y - 30), abs=1.5)


def test_a_click_adds_a_point_and_a_key_removes_it(open_page) -> None:
    page = open_page()
    page.locator("#data-view").scroll_into_view_if_needed()
    box = page.locator("#data-view").bounding_box()
    page.mouse.click(box["x"] + box["width"] - 40, box["y"] + box["height"] - 80)
    assert page.input_value("#n") == "51"
    page.focus("#point-handle")
    page.keyboard.press("Delete")
    assert page.input_value("#n") == "50"


def test_the_keyboard_reaches_and_does_everything(open_page) -> None:
    page = open_page("#preset=post&steps=7")
    reached = set()
    page.focus(".lx-presets button")
    for _ in range(60):
        reached.add(page.evaluate("document.activeElement.id"))
        page.keyboard.press("Tab")
    wanted = (
        "step epoch play reset speed lr batch-size n noise seed centre start-k start-m"
    )
    wanted += " add-point remove-point zoom-in zoom-out point-handle start-handle"
    wanted += " lr-slider copy-program download-program copy-link"
    assert set(wanted.split()) <= reached
    page.focus("#point-handle")
    k = value(page, "exact-k")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowRight")
    assert value(page, "exact-k") != k
    text = page.get_attribute("#point-handle", "aria-valuetext")
    page.keyboard.press("PageDown")
    assert page.get_attribute("#point-handle", "aria-valuetext") != text
    page.keyboard.press("Insert")
    assert (page.input_value("#n"), page.inner_text("#status")) == ("51", "51 points.")
    page.keyboard.press("Delete")
    assert page.input_value("#n") == "50"
    page.focus("#start-handle")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    assert (page.input_value("#start-k"), page.input_value("#start-m")) == ("0.1", "-1")


def test_touch_at_phone_width(open_page) -> None:
    page = open_page(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.tap("#epoch")
    assert value(page, "step") == 7
    page.locator("#surface-view").scroll_into_view_if_needed()
    box = page.locator("#surface-view").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.4)
    assert page.input_value("#start-k") != "0"
    sizes = page.locator("#explorer-app button:visible").evaluate_all(
        "buttons => buttons.map((b) => Math.min(b.offsetWidth, b.offsetHeight))"
    )
    assert min(sizes) >= 24


def test_a_finger_drags_a_point_and_elsewhere_scrolls_the_page(open_page) -> None:
    phone = {
        "viewport": {"width": 360, "height": 740},
        "has_touch": True,
        "is_mobile": True,
    }
    page = open_page("#preset=outlier&steps=7", **phone)
    page.locator("#data-view").evaluate(
        "view => view.scrollIntoView({block: 'center', behavior: 'instant'})"
    )
    page.wait_for_timeout(200)
    devtools = page.context.new_cdp_session(page)

    def swipe(x: float, y: float, dx: float, dy: float) -> None:
        for kind, part in [
            ("touchStart", 0),
            *[("touchMove", i / 8) for i in range(1, 9)],
        ]:
            place = {"x": x + part * dx, "y": y + part * dy}
            devtools.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]}
            )
        devtools.send(
            "Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []}
        )
        page.wait_for_timeout(300)

    seen, k = page.evaluate("scrollY"), value(page, "exact-k")
    swipe(*middle(page, "#point-handle"), -20, -120)
    assert page.evaluate("scrollY") == seen
    assert value(page, "exact-k") > k + 0.2
    box = page.locator("#data-view").bounding_box()
    swipe(box["x"] + 0.35 * box["width"], box["y"] + 0.35 * box["height"], 0, -100)
    assert page.evaluate("scrollY") > seen + 50
    assert page.input_value("#n") == "50"


def test_all_x_equal_has_no_unique_solution(open_page) -> None:
    page = open_page("#points=1_2~1_4&batch=2&lr=0.1&steps=5")
    assert page.inner_text("#out-exact-k") == "not unique"
    assert value(page, "loss") < 14


def test_download_and_copy(open_page, faults: list[str]) -> None:
    page = open_page(
        "#preset=post&steps=7", permissions=["clipboard-read", "clipboard-write"]
    )
    page.click("#copy-program")
    page.wait_for_function(
        "document.getElementById('copied').textContent === 'Copied.'"
    )
    assert page.evaluate("navigator.clipboard.readText()") == page.text_content(
        "#program"
    )
    with page.expect_download() as download:
        page.click("#download-program")
    assert download.value.suggested_filename == "explorer_run.py"
    assert Path(download.value.path()).read_text() == page.text_content("#program")
    page.click("#copy-link")
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_without_script_a_figure_and_a_sentence_stand_there(open_page) -> None:
    page = open_page(java_script_enabled=False)
    assert page.locator(".lx-fallback img").is_visible()
    assert page.locator(".lx-fallback p").is_visible()
    assert page.locator("#explorer-app").is_hidden()


def test_the_figure_without_script_shows_the_run_of_25_epochs(
    open_page, site: Path
) -> None:
    experiment = open_page().evaluate("linregExplorer.presetExperiment('post')")
    figure = (site / "_static" / "explorer" / "fallback.svg").read_text()
    (path,) = re.findall(
        r'<path class="model" d="M([^"]*)"/>\n<path class="exact"', figure
    )
    drawn = [tuple(map(float, place.split(","))) for place in path.split("L")]
    per_unit = (
        260 / 14
    )  # the frame spans 14 units, k from -4 at x = 400, m from -2 at y = 294
    expected = [descend(experiment, 7 * epoch) for epoch in range(26)]
    places = [(400 + (k + 4) * per_unit, 294 - (m + 2) * per_unit) for k, m in expected]
    assert np.array(drawn) == pytest.approx(np.array(places), abs=0.051)


def test_scripts_are_small_and_load_here_only(site: Path) -> None:
    scripts = sorted((site / "_static" / "explorer").glob("*.js"))
    assert [script.stem for script in scripts] == sorted(
        ["algorithm", "experiment", "program", "drawing", "input"]
    )
    assert sum(script.stat().st_size for script in scripts) < 40_000
    for pure in ("algorithm", "experiment", "program"):
        text = (site / "_static" / "explorer" / f"{pure}.js").read_text()
        assert not re.search(r"\bdocument\b|\blocation\b", text), pure
    assert "explorer/algorithm.js" in (site / "explorer.html").read_text()
    assert 'type="module"' not in (site / "explorer.html").read_text()
    for name in ("index.html", "tutorial/plot_01_dataset.html"):
        assert "explorer/algorithm.js" not in (site / name).read_text()


LOOP = """() => {
  const times = [];
  for (let run = 0; run < 15; run++) {
    const start = performance.now();
    let sum = 0;
    for (let i = 0; i < 200000; i++) sum += Math.sqrt(i) * Math.sin(i);
    times.push(performance.now() - start + 0 * sum);
  }
  return times.sort((a, b) => a - b)[7];
}"""


def test_a_step_with_redraw_is_quick_at_200_points(
    open_page, browser: Browser, tmp_path: Path
) -> None:
    """8 ms where a loop takes 2.6 ms, and longer where this machine takes longer for that loop.

    Up to eight tries: other programs, and other machines on the same host, can only add.
    """
    tries = []
    while len(tries) < 8 and not (tries and tries[-1] < 8):
        page = open_page("#preset=post&n=200&batch=1&lr=0.03")
        before = page.evaluate(LOOP)
        busy = busy_in_60_steps(page, browser, tmp_path / f"{len(tries)}.json") / 60
        tries.append(busy * 2.6 / max(2.6, (before + page.evaluate(LOOP)) / 2))
        assert value(page, "step") == 60
        page.close()
    assert 0 < min(tries) < 8


def busy_in_60_steps(page: Page, browser: Browser, trace: Path) -> float:
    """Milliseconds of the page's thread for script, style, layout and paint."""
    browser.start_tracing(
        page=page, path=trace, categories=["toplevel", "devtools.timeline"]
    )
    page.evaluate(
        """async () => {
          for (let i = 0; i < 60; i++) {
            await new Promise((painted) => requestAnimationFrame(() => {
              const channel = new MessageChannel();
              channel.port1.onmessage = painted;
              document.getElementById("step").click();
              channel.port2.postMessage(null);
            }));
          }
        }"""
    )
    browser.stop_tracing()
    events = json.loads(trace.read_text())["traceEvents"]
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event.get("name") == "thread_name"
        and event["args"]["name"] == "CrRendererMain"
    }
    painted = [event for event in events if event["name"] == "Paint"]
    assert len(painted) >= 60
    tasks = [
        event
        for event in events
        if event["name"].endswith("RunTask") and (event["pid"], event["tid"]) in threads
    ]
    whole = [task["tdur"] / 1000 for task in tasks if "tdur" in task]
    assert len(tasks) - len(whole) <= 2  # what ran as the trace began or ended
    return sum(whole)
