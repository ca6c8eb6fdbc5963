"""Build the site, whole or not at all: `make html` calls this.

All is made in docs/_build, from links to the sources. A site is built beside the last
one and takes its place at the end. The gallery is kept, unless a pin, a setting, the
device, the machinery or the list of stages changed.
"""

import hashlib
import os
import shutil
import sys
from pathlib import Path

from filelock import FileLock

DOCS = Path(__file__).resolve().parent
ROOT, BUILD = DOCS.parent, DOCS / "_build"
SITE, WORK = BUILD / "html", BUILD / "work"
LINKS, NEXT, OLD, TREES = (WORK / part for part in ("docs", "next", "old", "trees"))
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


def link_sources() -> None:
    """Link the sources into WORK, where Sphinx may write beside them."""
    LINKS.mkdir(parents=True, exist_ok=True)
    for link in filter(Path.is_symlink, [*WORK.iterdir(), *LINKS.iterdir()]):
        link.unlink()
    for name in SOURCES:
        (WORK / name).symlink_to(ROOT / name)
    for source in DOCS.iterdir():
        if source.name not in NO_SOURCES:
            (LINKS / source.name).symlink_to(source)


def run_sphinx() -> int:
    """Run Sphinx, for which warnings are errors, and return its exit status."""
    # Slow to import, and seldom needed. Its `main` needs a locale that is installed.
    from sphinx.cmd.build import build_main

    try:
        return build_main(["-W", "-qj", "auto", "-d", *map(str, (TREES, LINKS, NEXT))])
    except SystemExit as refused:  # a mistake in a stage, with its file and line
        print(refused, file=sys.stderr)
        return 1


def build() -> int:
    """Bring the site up to date and return the exit status."""
    if OLD.is_dir() and not SITE.is_dir():  # killed between the renames below
        OLD.rename(SITE)
    settings = [f"{k}={v}" for k, v in os.environ.items() if k.startswith(SETTINGS)]
    devices = [str(device) for device in Path("/dev").glob("nvidia[0-9]*")]
    stages = [
        str(file.relative_to(ROOT)) for file in ROOT.glob("examples/**/plot_*.py")
    ]
    words = sorted([sys.version, *settings, *devices, *stages])
    gallery = checksum(words, ROOT / "constraints.txt", DOCS / "conf.py", DOCS / "_ext")
    site = checksum([gallery], DOCS, *(ROOT / name for name in SOURCES))
    last = [file.read_text() for file in (SITE / MARK, WORK / MARK) if file.is_file()]
    if site in last:
        return 0
    theirs = SITE.is_symlink() or not (SITE / MARK).is_file()
    if theirs and SITE.is_dir() and any(SITE.iterdir()):  # a clone of gh-pages?
        sys.exit(f"{SITE} was not made here, so it stays as it is: move it away.")
    followed = (WORK / "linreg").is_dir() and not (WORK / "linreg").is_symlink()
    if gallery not in last or followed:  # a tool that copies follows links
        (WORK / MARK).unlink(missing_ok=True)  # first: this may be interrupted
        shutil.rmtree(WORK, ignore_errors=True)
    for folder in (NEXT, OLD, TREES):
        shutil.rmtree(folder, ignore_errors=True)
    link_sources()
    (WORK / MARK).write_text(gallery)
    if status := run_sphinx():
        return status
    (NEXT / MARK).write_text(site)
    if SITE.is_dir():
        SITE.rename(OLD)
    NEXT.rename(SITE)
    shutil.rmtree(OLD, ignore_errors=True)
    return 0


if __name__ == "__main__":
    BUILD.mkdir(exist_ok=True)
    with FileLock(BUILD / "lock"):
        status = build()
    if status == 0:
        print(f"The site is ready: open {SITE / 'index.html'}")
    elif SITE.is_dir():
        print(f"The build failed. {SITE} is still the last good site.", file=sys.stderr)
    sys.exit(status)
