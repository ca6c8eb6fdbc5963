"""What the site offers for download, run where there is no library and no repository."""

import html
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from base64 import b64decode
from pathlib import Path

import nbformat
import pytest
from forks import PYTORCH, Forks
from PIL import Image
from sphinx.search.en import SearchEnglish

ROOT = Path(__file__).parent.parent
STEMS = sorted(path.stem for path in (ROOT / "examples").rglob("plot_*.py"))
IN_MAKE_TEST = ("plot_01_dataset", "plot_03_training", "plot_05_trajectory")

# Runs a program as a file, and prints at the end how many figures it showed.
COUNT_FIGURES = """
import importlib.util, runpy, sys
import matplotlib.pyplot as plt

assert importlib.util.find_spec("linreg") is None
shown = []

def show():
    shown.extend(plt.get_fignums())
    plt.close("all")

plt.show = show
runpy.run_path(sys.argv[1], run_name="__main__")
assert not plt.get_fignums(), "a figure was drawn and not shown"
print("figures shown:", len(shown))
"""
RUN_NOTEBOOK = """
import sys, nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[1])
"""


def clean_environment():
    """An environment in which only the packages of the virtual environment are found."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith("PYTHON")
    }
    return kept | {"MPLBACKEND": "Agg"}


def run(command, folder, environment=None):
    folder.mkdir(parents=True, exist_ok=True)
    environment = environment or clean_environment()
    result = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def download(site, name):
    (path,) = (site / "_downloads").rglob(name)
    return path


def page_text(site, stem):
    (page,) = (site / "tutorial").rglob(f"{stem}.html")
    return page.read_text(encoding="utf-8")


def printed_on_page(text):
    """What the cells of a page printed, as the reader sees it."""
    outputs = re.findall(
        r'<div class="sphx-glr-script-out[^"]*">.*?<pre[^>]*>(.*?)</pre>',
        text,
        re.DOTALL,
    )
    return "\n".join(
        html.unescape(re.sub(r"<[^>]*>", "", output)) for output in outputs
    )


def figures_on_page(text, stem):
    return len(
        set(re.findall(rf'<img [^>]*src="[^"]*sphx_glr_{stem}_(\d{{3}})\b', text))
    )


def numbers(text):
    return re.findall(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?", text)


def without_measured(text, program):
    """The text without its decimals, if the program measures times: those differ in every run."""
    measured = r"\d+\.\d+(?:e[-+]\d+)?"
    return re.sub(measured, "", text) if "perf_counter" in program else text


def different_lines(expected, printed, program=""):
    """The lines that differ in their words or their numbers, whatever the spaces between them."""
    expected, printed = (
        without_measured(expected, program),
        without_measured(printed, program),
    )
    first = [line.split() for line in expected.splitlines() if line.strip()]
    second = [line.split() for line in printed.splitlines() if line.strip()]
    return [(a, b) for a, b in zip(first, second, strict=False) if a != b] + (
        [("lines", len(first), len(second))] if len(first) != len(second) else []
    )


@pytest.fixture(scope="module")
def count_figures(tmp_path_factory):
    """The program above as a file, and a process in which PyTorch and Matplotlib are imported."""
    file = tmp_path_factory.mktemp("programs") / "count_figures.py"
    file.write_text(COUNT_FIGURES, encoding="utf-8")
    with Forks(
        *PYTORCH, options=["-I", "-W", "error"], environment=clean_environment()
    ) as forks:
        yield lambda folder, script: forks.run(folder, file, script)[0]


@pytest.mark.parametrize("stem", STEMS)
def test_a_program_prints_and_draws_what_its_page_shows(
    site, tmp_path, count_figures, stem
):
    script = tmp_path / f"{stem}.py"
    script.write_bytes(download(site, script.name).read_bytes())
    printed, _, shown = count_figures(tmp_path, script).rpartition("figures shown: ")
    text = page_text(site, stem)
    assert int(shown) == figures_on_page(text, stem) >= 1
    assert len(numbers(printed)) >= 1
    program = script.read_text(encoding="utf-8")
    assert different_lines(printed_on_page(text), printed, program) == []


def test_one_changed_number_is_found(site):
    text = page_text(site, "plot_03_training")
    printed = printed_on_page(text)
    number = numbers(printed)[-1]
    changed = (
        printed[: printed.rindex(number)]
        + number[:-1]
        + str((int(number[-1]) + 1) % 10)
    )
    changed += printed[printed.rindex(number) + len(number) :]
    assert different_lines(printed, printed) == []
    assert len(different_lines(printed, changed)) == 1
    assert different_lines(printed, printed + "\n7")
    assert different_lines("1 2.5", "2 3.5", "perf_counter")
    assert not different_lines("1 2.5", "1 3.5", "perf_counter")
    assert (
        figures_on_page(
            text.replace("training_002", "training_001"), "plot_03_training"
        )
        == 1
    )


@pytest.mark.parametrize("stem", ["plot_01_dataset"])
def test_a_program_runs_as_a_file(site, tmp_path, stem):
    script = tmp_path / f"{stem}.py"
    script.write_bytes(download(site, script.name).read_bytes())
    printed = run(["-I", "-W", "error", str(script)], tmp_path)
    program = script.read_text(encoding="utf-8")
    assert (
        different_lines(printed_on_page(page_text(site, stem)), printed, program) == []
    )


@pytest.mark.long
@pytest.mark.parametrize("stem", [stem for stem in STEMS if stem != "plot_01_dataset"])
def test_every_program_runs_as_a_file(site, tmp_path, stem):
    test_a_program_runs_as_a_file(site, tmp_path, stem)


def read_notebook(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def stream_and_figures(notebook):
    """What the cells of a notebook printed, and the PNG files of their figures."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]
    texts = [output.text for output in outputs if output.output_type == "stream"]
    results = [output.data for output in outputs if output.output_type != "stream"]
    texts += [data["text/plain"] for data in results if "image/png" not in data]
    return "\n".join(texts), [
        data["image/png"] for data in results if "image/png" in data
    ]


def code_of_program(text):
    """The code lines of a program: no docstring, no text cells, nothing that a page leaves out."""
    text = text[text.index('"""\n', 4) + 4 :]
    text = re.sub(
        r"(?m)^# sphinx_gallery_start_ignore\n(?:.*\n)*?# .*_end_ignore\n", "", text
    )
    text = re.sub(r"(?m)^# %%.*\n(?:#.*\n)*", "", text)
    return [line for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("stem", STEMS)
def test_a_notebook_is_its_program_with_the_outputs_of_its_page(site, stem):
    notebook = read_notebook(download(site, f"{stem}.ipynb"))
    program = download(site, f"{stem}.py").read_text(encoding="utf-8")
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    lines = [line for cell in cells for line in cell.splitlines() if line.strip()]
    assert lines == code_of_program(program)
    text = page_text(site, stem)
    printed, figures = stream_and_figures(notebook)
    assert different_lines(printed_on_page(text), printed) == []
    assert len(figures) == figures_on_page(text, stem)


@pytest.mark.parametrize("stem", STEMS)
def test_a_notebook_shows_no_raw_markup(site, stem):
    notebook = read_notebook(download(site, f"{stem}.ipynb"))
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        text = re.sub(r"(?s)```.*?```|\$\$.*?\$\$", "", cell.source)
        assert not re.search(r"(?m)^\s*\.\. |:[a-z:]+:`|`_\b|^[=~^-]{3,}$", text), text
        assert text.count("$") % 2 == text.count(r"\$") % 2
        for target in re.findall(r"\]\(([^)]*)\)", text):
            assert target.startswith(("https://", "data:image/png;base64,")), target


def test_figures_in_notebooks_are_opaque(site):
    for stem in STEMS:
        _, figures = stream_and_figures(read_notebook(download(site, f"{stem}.ipynb")))
        for figure in figures:
            image = Image.open(io.BytesIO(b64decode(figure)))
            assert image.format == "PNG"
            assert image.mode in {"RGB", "P", "L"}
            assert "transparency" not in image.info


def check_notebook_run(site, folder, stem):
    file = folder / f"{stem}.ipynb"
    file.write_bytes(download(site, file.name).read_bytes())
    expected, drawn = stream_and_figures(read_notebook(file))
    environment = clean_environment()
    del environment["MPLBACKEND"]  # the notebook draws inline
    run(["-I", "-c", RUN_NOTEBOOK, str(file)], folder, environment)
    printed, figures = stream_and_figures(read_notebook(file))
    program = download(site, f"{stem}.py").read_text(encoding="utf-8")
    assert different_lines(expected, printed, program) == []
    assert len(figures) == len(drawn) >= 1


@pytest.mark.parametrize("stem", IN_MAKE_TEST)
def test_a_notebook_runs_as_in_jupyter(site, tmp_path, stem):
    check_notebook_run(site, tmp_path, stem)


@pytest.mark.long
@pytest.mark.parametrize("stem", [stem for stem in STEMS if stem not in IN_MAKE_TEST])
def test_every_notebook_runs_as_in_jupyter(site, tmp_path, stem):
    check_notebook_run(site, tmp_path, stem)


@pytest.mark.parametrize("stem", STEMS)
def test_an_archive_holds_the_program_and_the_notebook_with_a_fixed_time(site, stem):
    with zipfile.ZipFile(download(site, f"{stem}.zip")) as archive:
        assert archive.namelist() == [f"{stem}.ipynb", f"{stem}.py"]
        for entry in archive.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            assert archive.read(entry) == download(site, entry.filename).read_bytes()


@pytest.mark.parametrize(("kind", "suffix"), [("python", ".py"), ("jupyter", ".ipynb")])
def test_the_archives_of_the_gallery_hold_every_stage(site, kind, suffix):
    with zipfile.ZipFile(download(site, f"tutorial_{kind}.zip")) as archive:
        names = archive.namelist()
        assert sorted(Path(name).stem for name in names) == STEMS
        assert {Path(name).suffix for name in names} == {suffix}
        assert {entry.date_time for entry in archive.infolist()} == {
            (1980, 1, 1, 0, 0, 0)
        }


@pytest.mark.parametrize("stem", STEMS)
def test_a_page_offers_its_program_and_says_what_it_needs(site, stem):
    text = page_text(site, stem)
    assert "Complete program: needs torch, numpy, matplotlib" in text
    for suffix in (".py", ".ipynb", ".zip"):
        links = re.findall(r'<a class="[^"]*download[^"]*"[^>]*href="([^"]*)"', text)
        assert sum(link.endswith(f"/{stem}{suffix}") for link in links) == 1
    place = r"(a CPU|a machine with an accelerator \(\w+\))"
    assert re.search(rf"This page ran on {place}, with Python [\d.]+, torch ", text)


def test_notebooks_have_a_path_that_stays(site):
    notebooks = {path.stem: path for path in (site / "notebooks").rglob("*.ipynb")}
    assert sorted(notebooks) == STEMS
    for stem, path in notebooks.items():
        assert path.read_bytes() == download(site, f"{stem}.ipynb").read_bytes()


@pytest.mark.parametrize("stem", STEMS)
def test_a_fold_is_native_has_a_name_and_stays_out_of_the_search(site, stem):
    text = page_text(site, stem)
    folds = re.findall(r'<details class="([^"]*)">\s*<summary>(.*?)</summary>', text)
    folds = [(classes, summary) for classes, summary in folds if "folded" in classes]
    assert folds
    for classes, summary in folds:
        assert "no-search" in classes.split()
        assert summary == "Code from earlier stages, and helpers"


def test_a_fold_opens_by_keyboard_and_without_script(browser, site):
    with browser.new_page(java_script_enabled=False) as page:
        page.goto((site / "tutorial" / "plot_03_training.html").as_uri())
        summary = page.locator("details.folded > summary").first
        code = page.locator("details.folded pre").first
        assert not code.is_visible()
        summary.focus()
        page.keyboard.press("Enter")
        assert code.is_visible()
        page.keyboard.press("Space")
        assert not code.is_visible()


def test_folded_code_is_not_in_the_search_index(site):
    folded, visible = set(), set()
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        folds = re.findall(r'(?s)<details class="folded[^"]*">.*?</details>', text)
        for fold in folds:
            folded |= words(fold)
            text = text.replace(fold, "")
        visible |= words(text)
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    terms = set(json.loads(index[index.index("{") : index.rindex("}") + 1])["terms"])
    stem = SearchEnglish({}).stem
    assert "check_integer" in folded - visible
    assert {word for word in folded & visible if stem(word) in terms}
    seen = {
        stem(word) for word in visible
    }  # "check_arrays" is, and has the stem of "check_array"
    assert {
        word for word in folded if stem(word) in terms and stem(word) not in seen
    } == set()


def words(page):
    """The words with an underscore: names of the program, hardly ever of another origin."""
    return set(
        re.findall(r"\b[a-z]{3,}(?:_[a-z]{3,})+\b", re.sub(r"<[^>]*>", "", page))
    )
