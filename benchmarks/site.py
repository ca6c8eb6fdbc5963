"""The build of the site, in copies of the repository: yours stays as it is."""

import shutil
import subprocess
import sys
import tempfile
from functools import cache, partial
from pathlib import Path
from statistics import median

from benchmarks.harness import Row, seconds, times_faster

ROOT = Path(__file__).parent.parent
NOT_COPIED = shutil.ignore_patterns(
    *(".git", ".venv*", "mutants", ".*_cache", "__pycache__", "_build")
)
ALL_SCRIPTS = """
import matplotlib, runpy, sys
matplotlib.use("Agg")
for program in sys.argv[1:]:
    runpy.run_path(program, run_name="__main__")
    matplotlib.pyplot.close("all")
    matplotlib.rcdefaults()
"""


@cache
def scratch() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that is removed when Python ends."""
    return tempfile.TemporaryDirectory(prefix="linreg-bench-")


def python(*arguments: str | Path, cwd: Path) -> None:
    """Run this Python; what it prints is shown if it fails."""
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)


def build(repository: Path) -> None:
    """Do what make html does once the environment is ready."""
    python("docs/build.py", cwd=repository)


@cache
def clean_site(name: str) -> tuple[Path, float]:
    """Copy what the build reads, and build; return the copy and the seconds it took."""
    repository = Path(scratch().name, name)
    shutil.copytree(ROOT, repository, ignore=NOT_COPIED)
    return repository, seconds(partial(build, repository))


def run_scripts(repository: Path) -> None:
    """Run the programs that readers download, one after another in one process."""
    downloads = repository / "docs" / "_build" / "html" / "_downloads"
    programs = sorted(downloads.glob("*/plot_*.py"), key=lambda path: path.name)
    elsewhere = repository / "elsewhere"
    elsewhere.mkdir()
    copies = [Path(shutil.copy(program, elsewhere)) for program in programs]
    python("-c", ALL_SCRIPTS, *copies, cwd=elsewhere)


def clean_build() -> float:
    """Compare two clean builds with two runs of all the scripts, in turns."""
    ratios = []
    for turn in ("first", "second"):
        repository, built = clean_site(turn)
        ratios.append(built / seconds(partial(run_scripts, repository)))
    return median(ratios)


def nothing_changed() -> float:
    """Compare a second build with the import of PyTorch alone."""
    repository, _ = clean_site("second")
    return 1 / times_faster(
        lambda: partial(build, repository),
        lambda: partial(python, "-c", "import torch", cwd=repository),
        repeats=5,
    )


ROWS = (
    Row(
        "a clean build of the site",
        "its scripts, one after another in one process: times their time",
        1.3,
        clean_build,
        at_least=False,
    ),
    Row(
        "a build with nothing changed",
        "the import of PyTorch alone: times its time",
        1.0,
        nothing_changed,
        at_least=False,
    ),
)
