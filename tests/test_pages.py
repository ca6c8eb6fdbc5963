"""The pages of the built site: figures, numbers, order, and what a failing stage does."""

import itertools
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import pytest
import torch

STAGES = {  # the figures of each stage: the six of the post are among them
    "plot_01_dataset": ["Training data"],
    "plot_02_model": ["Before training"],
    "plot_03_training": ["Loss per epoch", "After training"],
    "plot_04_loss_surface": ["Loss surface"],
    "plot_05_trajectory": [
        "Loss per epoch",
        "After training",
        "Parameter trajectory",
        "Parameter trajectory, closer",
    ],
}


class Page(HTMLParser):
    """The parts of a page that the tests ask about."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.images: list[dict[str, str]] = []
        self.links: dict[str, list[str]] = {}
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = {name: value or "" for name, value in attributes}
        if tag == "img":
            self.images.append(attributes)
        if tag in {"a", "link"}:
            for name in (
                attributes.get("class", "") + " " + attributes.get("rel", "")
            ).split():
                self.links.setdefault(name, []).append(attributes.get("href", ""))

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def pages(site):
    """All pages of the gallery's first section, and the landing page."""
    names = ["index.html", *(f"tutorial/{stage}.html" for stage in STAGES)]
    return {name: Page((site / name).read_text(encoding="utf-8")) for name in names}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_shows_its_figures_in_light_and_dark(pages, stage):
    images = pages[f"tutorial/{stage}.html"].images
    figures = [image for image in images if stage in image["src"]]
    light = [image for image in figures if "only-light" in image.get("class", "")]
    dark = [image for image in figures if "only-dark" in image.get("class", "")]
    assert len(light) == len(dark) == len(STAGES[stage])
    assert all(len(image["alt"]) > 20 for image in figures)


def test_the_numbers_of_the_post_stand_on_the_page_of_stage_3(pages):
    text = pages["tutorial/plot_03_training.html"].text
    assert "mini-batches per epoch: 7" in text
    table = dict(re.findall(r"^ +(1|2|5|10|25)  +([\d.]+)$", text, re.MULTILINE))
    assert list(table) == ["1", "2", "5", "10", "25"]
    assert 32.4 < float(table["1"]) < 52.7
    assert 22.0 < float(table["2"]) < 28.3
    rows = re.findall(r"^([km]) +([\d.]+) +([\d.]+) +([\d.]+)$", text, re.MULTILINE)
    (k, k_true, _, k_estimate), (m, m_true, _, m_estimate) = rows
    assert (k, float(k_true), m, float(m_true)) == ("k", 3, "m", 5)
    assert 2.90 < float(k_estimate) < 3.09
    assert 4.69 < float(m_estimate) < 4.98
    assert "expected end for m = 5: 4.854" in text


def test_the_loss_and_the_loop_stand_on_the_page_of_stage_3_unfolded(site):
    html = (site / "tutorial" / "plot_03_training.html").read_text(encoding="utf-8")
    text = Page(re.sub(r"<details.*?</details>", "", html, flags=re.S)).text
    assert "def mean_squared_error(" in text
    for line in (
        "def train(",
        "optimizer.zero_grad()",
        "loss.backward()",
        "optimizer.step()",
    ):
        assert line in text


def test_the_path_of_stage_5_has_26_points(pages):
    assert (
        "distinct points of the path: 26"
        in pages["tutorial/plot_05_trajectory.html"].text
    )


def test_previous_and_next_follow_the_reading_order(pages):
    stages = list(STAGES)
    for before, after in itertools.pairwise(stages):
        assert f"{after}.html" in pages[f"tutorial/{before}.html"].links["next"]
        assert f"{before}.html" in pages[f"tutorial/{after}.html"].links["prev"]


def test_every_stage_says_where_it_ran_and_with_which_versions(pages):
    for stage in STAGES:
        text = " ".join(pages[f"tutorial/{stage}.html"].text.split())
        assert f"torch {torch.__version__.split('+')[0]}" in text.replace(
            "PyTorch", "torch"
        )
        assert re.search(r"\b(CPU|cpu|cuda|mps)\b", text)


def test_the_landing_page_leads_to_stage_1(pages, site):
    html = (site / "index.html").read_text(encoding="utf-8")
    assert re.search(
        r'class="landing-start[^>]*>.*?href="tutorial/plot_01_dataset.html"', html, re.S
    )


def test_a_failing_stage_fails_the_build_with_its_traceback(root, tmp_path):
    source = tmp_path / "project"
    for name in ("docs", "linreg"):
        shutil.copytree(
            root / name,
            source / name,
            ignore=shutil.ignore_patterns(
                "_build", "_programs", "tutorial", "__pycache__"
            ),
        )
    (source / "examples").mkdir()
    shutil.copy(root / "examples" / "GALLERY_HEADER.rst", source / "examples")
    stage = 'r"""\nStage\n=====\n\nText.\n"""\n\n# %%\n# Code.\n\nprint(1 / 0)\n'
    (source / "examples" / "plot_01_stage.py").write_text(stage, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", "docs", "site"]
    built = subprocess.run(command, cwd=source, capture_output=True, text=True)
    output = built.stdout + built.stderr
    assert built.returncode != 0
    assert "ZeroDivisionError" in output
    assert "plot_01_stage.py" in output
    assert "print(1 / 0)" in output


def test_the_exercises_of_every_page_lead_to_their_solutions(site):
    for path in sorted((site / "tutorial").rglob("plot_*.html")):
        html = path.read_text(encoding="utf-8")
        link = re.search(r'class="solution-link">.*?href="([^"]+)"', html, re.S)
        if path.parent.name == "solutions":
            assert link is None
        else:
            assert link is not None, path.name
            assert (path.parent / link.group(1)).resolve().is_file()
