"""The build of the site: clean, with nothing changed, and after an edit of stage 3.

All of it happens in copies of the repository, so that what you built stays as it is.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.harness import Measurement, Target, alternate, slower

ROOT = Path(__file__).parent.parent
NOT_COPIED = (
    ".git",
    ".venv",
    "_build",
    "_programs",
    "tutorial",
    "__pycache__",
    ".*_cache",
)
EDITED = Path("examples", "plot_03_training.py")


ALL_SCRIPTS = """
import matplotlib, runpy, sys
matplotlib.use("Agg")
for program in sys.argv[1:]:
    runpy.run_path(program, run_name="__main__")
    matplotlib.pyplot.close("all")
    matplotlib.rcdefaults()
"""

STOCK_CONF = """
project = "Linear regression in PyTorch"
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_gallery.gen_gallery"]
html_theme = "furo"
exclude_patterns = ["_build"]
sphinx_gallery_conf = {"examples_dirs": ["examples"], "gallery_dirs": ["tutorial"]}
"""


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder outside the repository, and remove it."""
    with tempfile.TemporaryDirectory(prefix="linreg-bench-") as folder:
        yield Path(folder)


def call(*command: str, cwd: Path, **environment: str) -> str:
    """Run a command that must succeed, and return what it wrote to stderr."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stderr


def copy_of_the_repository(folder: Path) -> Path:
    """Copy what the build reads, and nothing that it wrote."""
    return Path(
        shutil.copytree(
            ROOT, folder / "repository", ignore=shutil.ignore_patterns(*NOT_COPIED)
        )
    )


def make(repository: Path, target: str = "html", **environment: str) -> str:
    """Call `make` with the environment that is ready (-o: it is not made anew)."""
    ready = ("-o", f"{sys.prefix}/.installed", f"VENV={sys.prefix}")
    return call("make", target, *ready, cwd=repository, **environment)


def clean(repository: Path) -> Callable[[], object]:
    """Prepare a clean build."""
    make(repository, "clean")
    return partial(make, repository)


def run_all(programs: list[Path], cwd: Path) -> None:
    """Run programs one after another in one process."""
    call(sys.executable, "-c", ALL_SCRIPTS, *map(str, programs), cwd=cwd)


def stock_site(folder: Path, repository: Path) -> Callable[[], object]:
    """Lay out the same pages for stock sphinx-gallery and Furo; return its build."""
    shutil.copytree(
        repository / "docs" / "_programs",
        folder / "examples",
        ignore=shutil.ignore_patterns("*.json", "modules"),
    )
    for file in (repository / "docs").glob("*.rst"):
        shutil.copy(file, folder)
    (folder / "conf.py").write_text(STOCK_CONF, encoding="utf-8")
    command = (sys.executable, "-m", "sphinx", "-q", "-b", "html", ".", "_build")
    return partial(call, *command, cwd=folder, PYTHONPATH=str(repository))


def checksums(repository: Path) -> dict[str, int]:
    """Return when each stage last ran: sphinx-gallery writes its checksum at the end."""
    gallery = repository / "docs" / "tutorial"
    return {
        file.name.removesuffix(".py.md5"): file.stat().st_mtime_ns
        for file in gallery.rglob("*.py.md5")
    }


def imports(log: str) -> set[str]:
    """Return the modules named in the output of PYTHONPROFILEIMPORTTIME."""
    return set(re.findall(r"^import time:.*\| +(\S+)$", log, flags=re.MULTILINE))


def clean_build() -> Measurement:
    """Compare a clean build with running every script in one process."""
    with scratch() as folder:
        repository = copy_of_the_repository(folder)
        make(repository)  # warms the caches of the disk, and makes the programs
        programs = sorted((repository / "docs" / "_programs").rglob("plot_*.py"))
        elsewhere = folder / "elsewhere"
        elsewhere.mkdir()
        copies = [Path(shutil.copy(program, elsewhere)) for program in programs]
        ratio, times = alternate(
            partial(clean, repository),
            lambda: partial(run_all, copies, elsewhere),
            repeats=3,
            warm_up=False,
        )
        return Measurement(
            ratio,
            details={"build ms": times["first ms"], "scripts ms": times["second ms"]},
        )


def nothing_changed() -> Measurement:
    """Compare with what stock sphinx-gallery and Furo take for the same pages."""
    with scratch() as folder:
        repository = copy_of_the_repository(folder)
        make(repository)
        (folder / "stock").mkdir()
        stock = stock_site(folder / "stock", repository)
        stock()
        before = checksums(repository)
        imported = imports(make(repository, PYTHONPROFILEIMPORTTIME="1"))
        timing = slower(lambda: partial(make, repository), lambda: stock, repeats=7)
        conditions = {
            "no script runs": checksums(repository) == before,
            "torch is not imported": "filelock" in imported and "torch" not in imported,
        }
        return Measurement(timing.ratio, conditions, timing.details)


def stage_edited() -> Measurement:
    """Compare a rebuild after an edit of the text of stage 3 with a clean build."""
    with scratch() as folder:
        repository = copy_of_the_repository(folder)
        make(repository)
        ran: list[set[str]] = []

        def edit() -> Callable[[], object]:
            script = repository / EDITED
            text = script.read_text(encoding="utf-8")
            script.write_text(f"{text}\n# %%\n# One more sentence.\n", encoding="utf-8")
            before = checksums(repository)

            def rebuild() -> None:
                make(repository)
                after = checksums(repository)
                ran.append({name for name in after if after[name] != before.get(name)})

            return rebuild

        ratio, times = alternate(
            edit, partial(clean, repository), repeats=2, warm_up=False
        )
        return Measurement(
            ratio,
            {"that stage alone runs": all(names == {EDITED.stem} for names in ran)},
            {"rebuild ms": times["first ms"], "clean ms": times["second ms"]},
        )


TARGETS = (
    Target(
        "clean make html, environment ready",
        "running all the scripts one after another in one process: times its time",
        "at most",
        1.5,
        clean_build,
    ),
    Target(
        "make html with nothing changed",
        "stock sphinx-gallery and Furo, the same pages: times its time",
        "at most",
        1.2,
        nothing_changed,
    ),
    Target(
        "make html after an edit of stage 3",
        "a clean build: share of its time; that stage alone runs",
        "at most",
        0.35,
        stage_edited,
    ),
)
