"""What users of other sites and tools have reported, tried here."""

import ast
import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
STAGE = "tutorial/plot_03_training.html"
OF_ANOTHER_PYTHON = ("PYTHONHOME", "PYTHONPATH", "PYTHONOPTIMIZE", "PYTHONWARNINGS")
FAKE_PYTHON = """#!/bin/sh
echo begin >>calls
case "$*" in
"-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$0" "$3/bin/uv" ;;
esac
sleep 0.05
echo end >>calls
"""


def brightness_of_the_ground(picture):
    """Return how bright a corner of a picture is on the screen, from 0 to 255."""
    screen = Image.open(io.BytesIO(picture.screenshot())).convert("L")
    return screen.getpixel((3, 3))


@pytest.mark.parametrize(("system", "theme"), [("dark", "light"), ("light", "dark")])
def test_figures_have_their_ground_where_a_system_forces_its_colours(
    browser, address, system, theme
):
    """As microbit-foundation/ml-trainer issue 509: dark lines on forced black."""
    context = browser.new_context(forced_colors="active", color_scheme=system)
    page = context.new_page()
    page.goto(address + "index.html")
    page.evaluate(f"localStorage.theme = '{theme}'")
    for path, name in ((STAGE, "article img:visible"), ("explorer.html", "#data-view")):
        page.goto(address + path)
        ground = brightness_of_the_ground(page.locator(name).first)
        assert ground > 200 if theme == "light" else ground < 60
    context.close()


def test_code_runs_from_left_to_right_on_a_page_translated_to_arabic(browser, address):
    """As facebook/docusaurus pull request 4277; a browser's translation sets `dir`."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(address + STAGE)
    page.evaluate("document.documentElement.dir = 'rtl'")
    for name in ("article p", "article pre", "article code"):
        elements = page.locator(name)
        direction = "elements => elements.map(e => getComputedStyle(e).direction)"
        expected = "rtl" if name == "article p" else "ltr"
        assert set(elements.evaluate_all(direction)) == {expected}
    context.close()


def test_programs_print_what_every_code_page_of_windows_has(site):
    """As xinjli/allosaurus issue 73: output sent to a file there, in cp932 or GBK."""
    notebooks = sorted((site / "notebooks").rglob("*.ipynb"))
    assert len(notebooks) == 17
    for file in notebooks:
        cells = json.loads(file.read_text("utf-8"))["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        texts = ["".join(output.get("text", "")) for output in outputs]
        assert [text for text in texts if not text.isascii()] == [], file.name


def test_workers_find_each_other_where_the_machine_has_an_unknown_name(
    tmp_path, monkeypatch
):
    """As pytorch/pytorch issue 150532: each waited for a host that nobody knows."""
    (tmp_path / "sitecustomize.py").write_text(
        "import socket\nsocket.getfqdn = lambda name='': 'unknown.invalid'\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    worker = tmp_path / "worker.py"
    worker.write_text("import os\nprint(os.environ['MASTER_ADDR'])\n")
    page = ROOT / "examples" / "beyond" / "plot_13_many_machines.py"
    tree = ast.parse(page.read_text("utf-8"))
    (start,) = (node for node in tree.body if getattr(node, "name", "") == "torchrun")
    with tempfile.TemporaryDirectory() as name:
        folder = type("Folder", (), {"name": name})
        names = {"os": os, "subprocess": subprocess, "sys": sys}
        names |= {"folder": folder, "worker": worker, "variables": {}}
        exec(ast.unparse(start), names)
        assert names["torchrun"](1, "run.pt") == (0, "127.0.0.1\n")


def test_make_hands_on_nothing_that_is_meant_for_another_python():
    """As robotmcp/ros-mcp-server issue 275: on PYTHONPATH stand the plugins of ROS."""
    makefile = "include Makefile\nshow:\n\t@env\n"
    others = dict.fromkeys(OF_ANOTHER_PYTHON, "of another")
    command = ["make", "--no-print-directory", "-f", "-", "show"]
    shown = subprocess.run(
        command,
        input=makefile,
        cwd=ROOT,
        env=os.environ | others | {"PYTHONDEVMODE": "handed on"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "PYTHONDEVMODE=handed on\n" in shown
    assert "of another" not in shown


def test_make_installs_nothing_while_something_else_runs(tmp_path):
    """As emissary-ingress/emissary issue 1515: `make -j` in a fresh checkout."""
    for name in ("Makefile", "constraints.txt", "requirements/uv.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    for name in ("site", "dev"):
        (tmp_path / "requirements" / f"{name}.txt").touch()
    (tmp_path / "python").write_text(FAKE_PYTHON)
    (tmp_path / "python").chmod(0o755)
    command = ["make", "-C", tmp_path, "-j4", "PYTHON=./python", "html", "test"]
    subprocess.run(command, check=True, capture_output=True)
    calls = (tmp_path / "calls").read_text().split()
    assert calls == ["begin", "end"] * (len(calls) // 2)
    assert len(calls) > 10
