"""The page that a reader fills in: alone, as it is, and with the solutions in it."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from programs.inline import Stage, read_library, title_of

ROOT = Path(__file__).parents[2]
PAGE = "plot_06_write_it_yourself"
SOLUTIONS = ROOT / "examples" / "solutions" / "plot_02_write_it_yourself.py"
# What a reader may call his own things, and what the checks call theirs.
NAMES = """sum = list = map = zip = any = next = type = str = isinstance = callable = 0
RATE = loop = path = time = room = run = RIGHT = LOSSES = TASKS = Verdict = 0
def written(value): raise KeyError("mine")
as_numbers = known_steps = watch_loop = first_difference = shown = fill = written
"""


@pytest.fixture(scope="module")
def page():
    """The program of the page, as a reader downloads it."""
    stage = Stage(ROOT / "examples" / f"{PAGE}.py", read_library(ROOT / "linreg"))
    return stage.program(title_of(stage, {}, []))


def filled(program):
    """Return a program with each definition that the solutions have, too."""
    theirs = ast.parse(SOLUTIONS.read_text("utf-8")).body
    theirs = {node.name: node for node in theirs if hasattr(node, "name")}
    rows = program.splitlines()
    for node in reversed(ast.parse(program).body):
        if getattr(node, "name", "") in theirs:
            rows[node.lineno - 1 : node.end_lineno] = [ast.unparse(theirs[node.name])]
    return "\n".join(rows)


def with_names(program):
    """Return a program in which a reader takes many names, ahead of the first task."""
    return program.replace("# How to work here", f"\n{NAMES}\n# %%\n#", 1)


def run(text, folder, *arguments):
    script = folder / "page.py"
    script.write_text(text, "utf-8")
    options = ["-I", "-W", "error", "-W", "ignore:FigureCanvasAgg"]
    return subprocess.run(
        [sys.executable, *options, script, *arguments],
        cwd=folder,
        env=os.environ | {"MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
    )


def test_a_script_counts_its_open_tasks(page, tmp_path):
    broken = page.replace("    return ...  # k, m", "    raise KeyError('mine')")
    ran = run(broken, tmp_path, "--count")
    assert (ran.returncode, ran.stderr) == (2, "")
    assert ran.stdout.count("Not written yet") == 7
    assert ran.stdout.splitlines()[-1] == "8"
    assert "It stops at `raise KeyError('mine')`. KeyError: 'mine'." in ran.stdout
    assert run("1 / 0\n" + page, tmp_path, "--count").returncode == 1


def test_with_the_solutions_no_task_is_open_whatever_names_a_reader_takes(
    page, tmp_path
):
    ran = run(with_names(filled(page)), tmp_path, "--count")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.count("Right.\n") == 8
    assert ran.stdout.splitlines()[-1] == "0"
    assert "fit: k = 3.93, m = -17.58; from 21 mph 65.0 feet" in ran.stdout


def test_so_it_is_in_a_notebook(page, tmp_path):
    cells = re.split(r"(?m)^# %%$", with_names(filled(page)))
    fold = next(n for n, cell in enumerate(cells) if "# Folded on the page" in cell)
    cells += [cells[fold], *cells[-3:]]  # the fold runs once more
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    notebook = nbformat.v4.new_notebook(cells=code)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, resources=resources).execute()
    printed = [o.text for c in notebook.cells for o in c.outputs if "text" in o]
    assert "".join(printed).count("their number:\n0\n") == 2


def test_the_fold_is_one_and_holds_no_answer(page):
    assert re.findall("# Folded on the page: (.*)", page) == ["the checks"]
    room, text = {}, ast.parse(page)
    (held,) = (
        n for n in text.body if "r'''" in (ast.get_source_segment(page, n) or "")
    )
    exec(held.value.value, room)
    for task in ("dataset", "model"):
        for name, value in room.items():
            if isinstance(value, type):
                assert not room["check"](task, value).startswith("Right"), name
    for name, value in room.items():
        if callable(value) and not isinstance(value, type):
            said = room["check"]("loop", value)
            assert not said.startswith("Right"), name


def test_each_check_of_the_solutions_says_right(run_page):
    printed = run_page(f"solutions/{SOLUTIONS.stem}").printed
    assert len(re.findall(r"(?m)^Right", printed)) == 16
