"""Build the site, whole or not at all: `make html` calls this.

A site is built beside the last one and takes its place at the end. The gallery is kept,
unless a pin, a setting, the device, the machinery or the list of stages changed.
"""

import hashlib
import os
import shutil
import sys
from pathlib import Path

from filelock import FileLock

DOCS = Path(__file__).resolve().parent
ROOT, BUILD = DOCS.parent, DOCS / "_build"
SITE, NEXT, OLD, TREES = (BUILD / part for part in ("html", "next", "old", "trees"))
GALLERY = [DOCS / "tutorial", DOCS / "_programs"]
MARK = ".checksum"  # of what a site, and the gallery, were made of
SETTINGS = ("LINREG_", "SOURCE_DATE_EPOCH", "CUDA_VISIBLE_DEVICES")


def checksum(words: list[str], *sources: Path) -> str:
    """Return a checksum of words and of files, or of all files below a folder."""
    digest = hashlib.sha256("\n".join(words).encode())
    files = [file for source in sources for file in [source, *source.rglob("*")]]
    for file in sorted(filter(Path.is_file, files)):
        if "__pycache__" not in file.parts and not {BUILD, *GALLERY} & {*file.parents}:
            digest.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def build() -> int:
    """Bring the site up to date and return the exit status."""
    if OLD.is_dir() and not SITE.is_dir():  # killed between the renames below
        OLD.rename(SITE)
    settings = [f"{k}={v}" for k, v in os.environ.items() if k.startswith(SETTINGS)]
    devices = [str(device) for device in Path("/dev").glob("nvidia[0-9]*")]
    stages = [str(file.relative_to(ROOT)) for file in ROOT.glob("examples/**/*.py")]
    words = sorted([sys.version, *settings, *devices, *stages])
    gallery = checksum(words, ROOT / "constraints.txt", DOCS / "conf.py", DOCS / "_ext")
    site = checksum([gallery], DOCS, ROOT / "examples", ROOT / "linreg")
    last = [file.read_text() for file in (SITE / MARK, BUILD / MARK) if file.is_file()]
    if site in last:
        return 0
    stale = [] if gallery in last else GALLERY
    for folder in [*stale, NEXT, OLD, TREES]:
        shutil.rmtree(folder, ignore_errors=True)
    (BUILD / MARK).write_text(gallery)
    from sphinx.cmd.build import main  # slow to import, and seldom needed

    try:
        status = main(["-W", "-qj", "auto", "-d", str(TREES), str(DOCS), str(NEXT)])
    except SystemExit as refused:  # a mistake in a stage, with its file and line
        print(refused, file=sys.stderr)
        return 1
    if status:
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
