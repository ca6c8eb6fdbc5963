"""Build the site, whole or not at all: `make html` calls this.

A site is built beside the last one and takes its place at the end. The gallery is kept,
unless a pin, a setting, the device, the machinery or the list of stages changed.
`make draft` builds one page from a copy, so that the gallery knows nothing of it.
"""

import hashlib
import os
import re
import shutil
import sys
from pathlib import Path

from filelock import FileLock

DOCS = Path(__file__).resolve().parent
ROOT, BUILD = DOCS.parent, DOCS / "_build"
PARTS = ("html", "next", "old", "trees", "draft")
SITE, NEXT, OLD, TREES, DRAFT = (BUILD / part for part in PARTS)
PAGES, PROGRAMS = DOCS / "tutorial", DOCS / "_programs"
# In each folder that is made here: of what it was made. Without it, nothing is removed.
MARK = ".checksum"
SETTINGS = ("LINREG_", "SOURCE_DATE_EPOCH", "CUDA_VISIBLE_DEVICES")


def checksum(words: list[str], *sources: Path) -> str:
    """Return a checksum of words and of files, or of all files below a folder."""
    digest = hashlib.sha256("\n".join(words).encode())
    files = [file for source in sources for file in [source, *source.rglob("*")]]
    made = {BUILD, PAGES, PROGRAMS}
    for file in sorted(filter(Path.is_file, files)):
        if "__pycache__" not in file.parts and not made & {*file.parents}:
            digest.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def refuse_others(*folders: Path) -> None:
    """Stop where a folder that would be replaced was not made here."""
    for folder in folders:
        empty = folder.is_dir() and not any(folder.iterdir())
        ours = empty or ((folder / MARK).is_file() and not folder.is_symlink())
        if os.path.lexists(folder) and not ours:
            sys.exit(f"{folder} was not made here, so it stays as it is: move it away.")


def remove(*folders: Path) -> None:
    """Remove folders, and the mark of each last: a kill leaves no part without it."""
    refuse_others(*folders)
    for folder in filter(Path.is_dir, folders):
        for file in folder.iterdir():
            if file.is_dir() and not file.is_symlink():
                shutil.rmtree(file)
            elif file.name != MARK:
                file.unlink()
        shutil.rmtree(folder)


def make(folder: Path, mark: str = "") -> None:
    """Make a folder, or keep it, and write its mark."""
    folder.mkdir(exist_ok=True)
    (folder / MARK).write_text(mark)


def run_sphinx(*arguments: str | Path) -> int:
    """Run Sphinx, for which warnings are errors, and return its exit status."""
    # Slow to import, and seldom needed. Its `main` needs a locale that is installed.
    from sphinx.cmd.build import build_main

    try:
        return build_main(["-W", "-qj", "auto", *map(str, arguments)])
    except SystemExit as refused:  # a mistake in a stage, with its file and line
        print(refused, file=sys.stderr)
        return 1


def build() -> int:
    """Bring the site up to date and return the exit status."""
    if (BUILD / MARK).is_file():  # version 1.1.0 marked all that it made there
        for folder in filter(Path.is_dir, (NEXT, TREES, PAGES, PROGRAMS)):
            (folder / MARK).touch()
        (BUILD / MARK).unlink()
    if OLD.is_dir() and not SITE.is_dir():  # killed between the renames below
        OLD.rename(SITE)
    settings = [f"{k}={v}" for k, v in os.environ.items() if k.startswith(SETTINGS)]
    devices = [str(device) for device in Path("/dev").glob("nvidia[0-9]*")]
    stages = [str(file.relative_to(ROOT)) for file in ROOT.glob("examples/**/*.py")]
    words = sorted([sys.version, *settings, *devices, *stages])
    gallery = checksum(words, ROOT / "constraints.txt", DOCS / "conf.py", DOCS / "_ext")
    sources = [DOCS, *(ROOT / name for name in ("examples", "linreg", "CHANGELOG.md"))]
    site = checksum([gallery], *sources, ROOT / "CITATION.cff")
    last = [file.read_text() for file in (SITE / MARK, PAGES / MARK) if file.is_file()]
    if site in last:
        return 0
    refuse_others(SITE, PAGES, PROGRAMS)
    remove(NEXT, OLD, TREES, *([] if gallery in last else [PAGES, PROGRAMS]))
    for folder in (NEXT, TREES):
        make(folder)
    make(PAGES, gallery)
    if status := run_sphinx("-d", TREES, DOCS, NEXT):
        return status
    make(NEXT, site)
    if SITE.is_dir():
        SITE.rename(OLD)
    NEXT.rename(SITE)
    remove(OLD)
    return 0


def draft(name: str) -> int:
    """Build the page of one stage; the others are written, and do not run."""
    stage = Path(name).resolve()
    if stage not in (ROOT / "examples").rglob("plot_*.py"):
        sys.exit(f"'{name}' is no stage: make draft STAGE=examples/plot_03_training.py")
    remove(DRAFT)
    make(DRAFT)
    made = shutil.ignore_patterns("_build", "tutorial", "_programs", "__pycache__")
    shutil.copytree(DOCS, DRAFT / "docs", ignore=made)
    for part in ("examples", "linreg", "CHANGELOG.md", "CITATION.cff"):
        (DRAFT / part).symlink_to(ROOT / part)
    # The landing page wants a figure of another stage.
    index = "Draft\n=====\n\n.. toctree::\n   :caption: Pages\n   :glob:\n\n   *\n"
    (DRAFT / "docs" / "index.rst").write_text(f"{index}   tutorial/index\n")
    page = stage.relative_to(ROOT / "examples")
    runs = f"sphinx_gallery_conf.filename_pattern={re.escape(f'/_programs/{page}')}$"
    trees, docs, html = (DRAFT / part for part in ("trees", "docs", "html"))
    status = run_sphinx("-D", runs, "-d", trees, docs, html)
    if status == 0:
        print(
            f"The draft is ready: open {html / 'tutorial' / page.with_suffix('.html')}"
        )
    return status


if __name__ == "__main__":
    BUILD.mkdir(exist_ok=True)
    drafted = sys.argv[1:2] == ["--draft"]
    with FileLock(BUILD / "lock"):
        status = draft(sys.argv[2]) if drafted else build()
    if status == 0 and not drafted:
        print(f"The site is ready: open {SITE / 'index.html'}")
    elif status and SITE.is_dir():
        print(f"The build failed. {SITE} is still the last good site.", file=sys.stderr)
    sys.exit(status)
