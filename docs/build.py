"""Build the site, whole or not at all: `make html` calls this.

All is made in docs/_build, from links to the sources. A site is built beside the last
one and takes its place at the end. The gallery is kept, unless a pin, a setting, the
device, the machinery or the list of stages changed. `make draft` builds one page apart,
so that the gallery knows nothing of it.
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
SITE, WORK, DRAFT = BUILD / "html", BUILD / "work", BUILD / "draft"
NEXT, OLD, TREES = WORK / "html", WORK / "old", WORK / "trees"
MARK = ".checksum"  # in SITE and in WORK: of what they were made
SOURCES = ("examples", "linreg", "CHANGELOG.md", "CITATION.cff")  # beside DOCS
# Version 1.1.0 made the last two beside the sources.
NO_SOURCES = {"_build", "__pycache__", "tutorial", "_programs"}
SETTINGS = ("LINREG_", "SOURCE_DATE_EPOCH", "CUDA_VISIBLE_DEVICES")


def checksum(words: list[str], *sources: Path) -> str:
    """Return a checksum of words and of files, or of all files below a folder."""
    digest = hashlib.sha256("\n".join(words).encode())
    files = [file for source in sources for file in [source, *source.rglob("*")]]
    for file in sorted(filter(Path.is_file, files)):
        name = file.relative_to(ROOT)
        if NO_SOURCES.isdisjoint(name.parts):
            digest.update(f"{name}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def lay_out(folder: Path) -> Path:
    """Link the sources into a folder where Sphinx may write; return its docs."""
    docs = folder / "docs"
    docs.mkdir(parents=True, exist_ok=True)
    for link in filter(Path.is_symlink, [*folder.iterdir(), *docs.iterdir()]):
        link.unlink()
    for name in SOURCES:
        (folder / name).symlink_to(ROOT / name)
    for source in DOCS.iterdir():
        if source.name not in NO_SOURCES:
            (docs / source.name).symlink_to(source)
    return docs


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
    if OLD.is_dir() and not SITE.is_dir():  # killed between the renames below
        OLD.rename(SITE)
    settings = [f"{k}={v}" for k, v in os.environ.items() if k.startswith(SETTINGS)]
    devices = [str(device) for device in Path("/dev").glob("nvidia[0-9]*")]
    stages = [str(file.relative_to(ROOT)) for file in ROOT.glob("examples/**/*.py")]
    words = sorted([sys.version, *settings, *devices, *stages])
    gallery = checksum(words, ROOT / "constraints.txt", DOCS / "conf.py", DOCS / "_ext")
    site = checksum([gallery], DOCS, *(ROOT / name for name in SOURCES))
    last = [file.read_text() for file in (SITE / MARK, WORK / MARK) if file.is_file()]
    if site in last:
        return 0
    theirs = SITE.is_symlink() or not (SITE / MARK).is_file()
    if theirs and SITE.is_dir() and any(SITE.iterdir()):  # a clone of gh-pages?
        sys.exit(f"{SITE} was not made here, so it stays as it is: move it away.")
    if gallery not in last:
        (WORK / MARK).unlink(missing_ok=True)  # first: this may be interrupted
        shutil.rmtree(WORK, ignore_errors=True)
    for folder in (NEXT, OLD, TREES):
        shutil.rmtree(folder, ignore_errors=True)
    docs = lay_out(WORK)
    (WORK / MARK).write_text(gallery)
    if status := run_sphinx("-d", TREES, docs, NEXT):
        return status
    (NEXT / MARK).write_text(site)
    if SITE.is_dir():
        SITE.rename(OLD)
    NEXT.rename(SITE)
    shutil.rmtree(OLD, ignore_errors=True)
    return 0


def draft(name: str) -> int:
    """Build the page of one stage; the others are written, and do not run."""
    stage = Path(name).resolve()
    if stage not in (ROOT / "examples").rglob("plot_*.py"):
        sys.exit(f"'{name}' is no stage: make draft STAGE=examples/plot_03_training.py")
    shutil.rmtree(DRAFT, ignore_errors=True)
    docs = lay_out(DRAFT)
    # The landing page wants a figure of another stage.
    index = docs / "index.rst"
    index.unlink()  # the link, not what it leads to
    toctree = ".. toctree::\n   :caption: Pages\n   :glob:\n\n   *\n   tutorial/index\n"
    index.write_text(f"Draft\n=====\n\n{toctree}")
    page = stage.relative_to(ROOT / "examples")
    runs = f"sphinx_gallery_conf.filename_pattern={re.escape(f'/_programs/{page}')}$"
    html = DRAFT / "html"
    status = run_sphinx("-D", runs, "-d", DRAFT / "trees", docs, html)
    if status == 0:
        shown = html / "tutorial" / page.with_suffix(".html")
        print(f"The draft is ready: open {shown}")
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
