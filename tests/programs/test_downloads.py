"""What the site offers for download, run where there is no library."""

import ast
import base64
import html
import io
import os
import re
import runpy
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image
from programs.inline import imports_of
from programs.notebooks import with_addresses
from programs.page import NEEDS

ROOT = Path(__file__).parents[2]
# The pages whose times never repeat: one list, which the build reads as well.
TIMED = runpy.run_path(str(ROOT / "docs" / "conf.py"))["timed"]
STEMS = sorted(file.stem for file in (ROOT / "examples").rglob("plot_*.py"))
LONG = [
    stem if stem == "plot_03_training" else pytest.param(stem, marks=pytest.mark.long)
    for stem in STEMS
]
RAW_MARKUP = re.compile(
    r"(?m)^\s*\.\. |:[a-z:]+:`|[^\s(`]`_+(?!\w)|\)_|``|^[=~^-]{3,}$"
)
NETWORK = {"urllib", "http", "socket", "ftplib", "ssl", "webbrowser"}


def download(site: Path, name: str) -> Path:
    """Return a file to download by its name, which only one has."""
    (file,) = (site / "_downloads").rglob(name)
    return file


def page(site: Path, stem: str) -> str:
    """Return the HTML of a page."""
    (file,) = (site / "tutorial").rglob(f"{stem}.html")
    return file.read_text(encoding="utf-8")


def printed_on(text: str) -> str:
    """Return what the cells of a page printed, as a reader sees it."""
    blocks = re.findall(r'(?s)class="sphx-glr-script-out.*?<pre[^>]*>(.*?)</pre>', text)
    return "\n".join(html.unescape(re.sub("<[^>]*>", "", block)) for block in blocks)


def lines_of(text: str, stem: str) -> list[list[str]]:
    """Return the words of each line, without what measured times give.

    These are numbers with a point, shares in percent, counts of a thousand or more,
    and the steps of the last epoch that was short enough.
    """
    if any(page.endswith(f"/{stem}") for page in TIMED):
        measured = r"-?\d+\.\d+(?:e[-+]?\d+)?|\d+%|\d+(?:,\d{3})+|\d+(?= steps)"
        text = re.sub(measured, "", text)
    return [line.split() for line in text.splitlines() if line.strip()]


def read_notebook(site: Path, stem: str) -> nbformat.NotebookNode:
    """Return a notebook that keeps to the format."""
    notebook = nbformat.read(download(site, f"{stem}.ipynb"), as_version=4)
    nbformat.validate(notebook)
    return notebook


def outputs(notebook: nbformat.NotebookNode) -> tuple[str, list[bytes]]:
    """Return what the cells of a notebook printed, and their figures."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    found = [output for cell in cells for output in cell.outputs]
    printed = [output.text for output in found if output.output_type == "stream"]
    data = [output.data for output in found if output.output_type == "display_data"]
    return "".join(printed), [base64.b64decode(d["image/png"]) for d in data]


@pytest.mark.parametrize("stem", LONG)
def test_a_program_runs_alone_and_prints_what_its_page_shows(site, tmp_path, stem):
    script = tmp_path / f"{stem}.py"
    script.write_bytes(download(site, script.name).read_bytes())
    run = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-W", "ignore:FigureCanvasAgg", script],
        cwd=tmp_path,
        env=os.environ | {"MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    expected = lines_of(printed_on(page(site, stem)), stem)
    assert lines_of(run.stdout, stem) == expected
    assert expected


@pytest.mark.parametrize("stem", LONG)
def test_a_stage_runs_as_it_stands_and_prints_the_same(site, run_page, stem):
    (stage,) = (ROOT / "examples").rglob(f"{stem}.py")
    name = stage.relative_to(ROOT / "examples").with_suffix("").as_posix()
    printed = lines_of(run_page(name).printed, stem)
    assert printed == lines_of(printed_on(page(site, stem)), stem)


@pytest.mark.parametrize("stem", LONG)
def test_a_notebook_runs_as_in_jupyter(site, tmp_path, stem, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)  # the notebook draws inline
    notebook = read_notebook(site, stem)
    printed, figures = outputs(notebook)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, resources=resources).execute()
    printed_now, figures_now = outputs(notebook)
    assert lines_of(printed_now, stem) == lines_of(printed, stem)
    assert len(figures_now) == len(figures)


@pytest.mark.parametrize("stem", [*STEMS, "worker"])
def test_a_program_needs_no_library_no_network_and_reads_no_code(site, stem):
    program = ast.parse(download(site, f"{stem}.py").read_text(encoding="utf-8"))
    imports = [line for node in ast.walk(program) for line in imports_of(node).values()]
    roots = {re.split("[ .]", line.strip())[1] for line in imports}
    assert roots <= sys.stdlib_module_names | {"torch", "numpy", "matplotlib"}
    assert not roots & NETWORK
    for call in (node for node in ast.walk(program) if hasattr(node, "func")):
        if ast.unparse(call) != "exec(compile(CHECKS, 'the checks', 'exec'), room)":
            assert ast.unparse(call.func) not in {"eval", "exec", "torch.hub.load"}
        if ast.unparse(call.func) == "torch.load":
            assert "weights_only=True" in ast.unparse(call)


@pytest.mark.parametrize("stem", STEMS)
def test_a_notebook_is_its_program_with_the_outputs_of_its_page(site, stem):
    notebook = read_notebook(site, stem)
    program = download(site, f"{stem}.py").read_text(encoding="utf-8")
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    code = program[program.index('"""\n', 4) + 4 :]  # behind the docstring
    ignored = r"(?ms)^ *# sphinx_gallery_start_ignore\n.*?_end_ignore\n"
    code = re.sub(r"(?m)^# %%.*\n(?:#.*\n)*", "", re.sub(ignored, "", code))
    code = re.sub(r"(?m)^# sphinx_gallery_.*\n", "", code)
    assert "\n".join(cells).split() == code.split()
    printed, figures = outputs(notebook)
    text = page(site, stem)
    assert lines_of(printed, "") == lines_of(printed_on(text), "")
    assert printed.isascii()  # other code pages of Windows lack the rest
    shown = re.findall(rf'src="[^"]*sphx_glr_{stem}_(\d+)\.svg"', text)
    assert len(figures) == len(set(shown))
    for figure in figures:
        alpha = Image.open(io.BytesIO(figure)).convert("RGBA").getchannel("A")
        assert alpha.getextrema() == (255, 255)  # opaque, for a dark notebook too


@pytest.mark.parametrize("stem", STEMS)
def test_a_notebook_is_clean_markdown_and_converts_to_python(site, stem):
    notebook = read_notebook(site, stem)
    language = notebook.metadata.language_info
    assert (language.file_extension, language.nbconvert_exporter) == (".py", "python")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            is_fold = cell.source.startswith("# Folded on the page: ")
            assert bool(cell.metadata.get("jupyter")) == is_fold  # it is collapsed
            continue
        formulas = r"\\begin\{align\}.*?\\end\{align\}"
        text = re.sub(rf"(?s)```.*?```|{formulas}", "", cell.source)
        assert not RAW_MARKUP.search(text), text
        assert text.count("$") % 2 == 0
        for target in re.findall(r"\]\(([^)]*)\)", text):
            assert target.startswith("https://"), target


HERE = "https://example.org/site/tutorial/understanding/plot_04_pitfalls.html"
ANSWERS = "solutions/plot_03_understanding"
PROGRAM = f"""# Try `the
# answers <../{ANSWERS}.html#pitfalls>`__, `this
# <../../explorer.html#lr=1>`__, ``a < b`` and `PyTorch <https://pytorch.org>`__."""


def test_links_in_downloads_have_the_address_of_the_site():
    site = "https://example.org/site"
    assert with_addresses(PROGRAM, HERE) == (
        f"# Try `the\n# answers <{site}/tutorial/{ANSWERS}.html#pitfalls>`_, `this\n"
        f"# <{site}/explorer.html#lr=1>`_, ``a < b`` "
        "and `PyTorch <https://pytorch.org>`_."
    )


@pytest.mark.parametrize("stem", STEMS)
def test_each_link_of_a_page_names_a_file_that_is_there(site, stem):
    (source,) = (ROOT / "examples").rglob(f"{stem}.py")
    here = f"tutorial/{source.relative_to(ROOT / 'examples').as_posix()}"
    link = r"`[^`<]+<([^`>:]+)>`__?"
    program = download(site, f"{stem}.py").read_text(encoding="utf-8")
    text = "\n".join(cell.source for cell in read_notebook(site, stem).cells)
    assert not re.search(link, program)
    for target in re.findall(link, source.read_text(encoding="utf-8")):
        path = urldefrag(urljoin(here, target)).url
        assert (site / path).is_file()
        assert f" ({path} of the site)" in program.replace("\n#", "")
        assert f" ({path} of the site)" in text.replace("\n", " ")


@pytest.mark.parametrize("stem", STEMS)
def test_a_page_offers_program_notebook_and_both_at_its_top(site, stem):
    text = page(site, stem)
    box = text[text.index(f"Complete: needs only {NEEDS}.") :]
    box = box[: box.index("</ul>")]
    for name in (f"{stem}.py", f"{stem}.ipynb", f"{stem}.zip"):
        assert re.search(rf'href="[^"]*/_downloads/\w+/{name}"', box)
    assert re.search(r'href="(?:\.\./)+run.html"', box)
    assert text.index(box) < text.index("<h2>")
    assert ("/worker.py" in box) == (stem == "plot_03_many_machines")
    with zipfile.ZipFile(download(site, f"{stem}.zip")) as archive:
        assert archive.namelist() == [f"{stem}.ipynb", f"{stem}.py"]
        for entry in archive.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            assert archive.read(entry) == download(site, entry.filename).read_bytes()


def test_a_page_says_which_versions_its_program_needs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lowest = dict(needed.split(">=") for needed in project["dependencies"])
    python = project["requires-python"].removeprefix(">=")
    assert (
        f"Python {python}, PyTorch {lowest['torch']}, NumPy {lowest['numpy']} and "
        f"Matplotlib {lowest['matplotlib']}, or newer"
    ) == NEEDS


@pytest.mark.parametrize("stem", STEMS)
def test_a_page_has_one_fold_of_code_at_most_with_a_title(site, stem):
    text = page(site, stem)
    folds = re.findall(r'<details class="folded[^>]*>\s*<summary[^>]*>(.*?)</', text)
    program = download(site, f"{stem}.py").read_text(encoding="utf-8")
    titles = re.findall("(?m)^# Folded on the page: (.*)", program)
    assert folds == [title[0].upper() + title[1:] for title in titles]
    assert len(folds) <= 1


def test_what_is_folded_is_not_in_the_search(site):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert '"zero_grad"' in index
    assert '"linearsegmentedcolormap"' not in index  # stands in folds alone
