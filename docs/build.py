"""Build the site, whole or not at all: ``make html`` calls this.

The site is built beside the last one and takes its place at the end. What a build may keep from
the one before is the gallery, since running the stages is what takes long: ``programs`` drops from
it what changed, what was interrupted, and what other tools made. All else is written anew, so every
site is what a clean build makes of the same files. If nothing has changed, nothing is built.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

SETTINGS = (
    *("LINREG_REPOSITORY", "LINREG_SITE_URL", "LINREG_WITHOUT_TIMES"),
    *("GITHUB_REPOSITORY", "SOURCE_DATE_EPOCH"),
)
GENERATED = ("_build", "_programs", "tutorial", "api/generated")


class Site:
    """The folders of a site, and what is known about the last build."""

    def __init__(self, docs: Path) -> None:
        self.docs, self.build = docs, docs / "_build"
        self.html, self.next, self.old = (
            self.build / name for name in ("html", "next", "old")
        )
        self.doctrees = self.build / "doctrees"
        self.stamp = self.build / "stamp"  # a checksum of what the site was built from

    def sources(self) -> list[Path]:
        """Return the files that a site is made of."""
        root = self.docs.parent
        generated = [self.docs / name for name in GENERATED]
        files = [root / "constraints.txt"]
        for folder in (self.docs, root / "examples", root / "linreg"):
            files += [
                path for path in folder.rglob("*") if "__pycache__" not in path.parts
            ]
        return sorted(
            path
            for path in files
            if path.is_file()
            and not any(path.is_relative_to(folder) for folder in generated)
        )

    def checksum(self, files: Iterable[Path]) -> str:
        """Return a checksum of files, of the environment and of the settings."""
        versions = [
            version(name) for name in ("torch", "numpy", "matplotlib", "sphinx")
        ]
        parts = [
            sys.version,
            *versions,
            *(os.environ.get(name, "") for name in SETTINGS),
        ]
        for path in files:
            parts += [
                path.relative_to(self.docs.parent).as_posix(),
                path.read_bytes().hex(),
            ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def renew(self) -> int:
        """Bring the site up to date; return the exit status."""
        if self.old.is_dir() and not self.html.is_dir():
            self.old.rename(self.html)  # killed between the two renames below
        state = self.checksum(self.sources())
        if (
            self.html.is_dir()
            and self.stamp.is_file()
            and self.stamp.read_text() == state
        ):
            return 0
        for folder in (self.doctrees, self.next):
            shutil.rmtree(folder, ignore_errors=True)
        status = self.run_sphinx()
        if status == 0:
            shutil.rmtree(self.old, ignore_errors=True)
            self.stamp.unlink(missing_ok=True)
            if self.html.is_dir():
                self.html.rename(self.old)
            self.next.rename(self.html)
            self.stamp.write_text(state)
        shutil.rmtree(self.old, ignore_errors=True)
        return status

    def run_sphinx(self) -> int:
        """Build into the folder beside the site; the warnings of Sphinx are errors."""
        from sphinx.cmd.build import main

        options = ["-W", "--keep-going", "-q", "-b", "html", "-d", str(self.doctrees)]
        return main([*options, str(self.docs), str(self.next)])


def main(docs: Path) -> int:
    """Build one site at a time, and say where it is."""
    site = Site(docs.resolve())
    site.build.mkdir(exist_ok=True)
    with FileLock(site.build / "lock"):
        status = site.renew()
    shown = os.path.relpath(site.html / "index.html")
    if status == 0:
        print(f"The site is ready: open {shown}")
    elif site.html.is_dir():
        print(
            f"The build failed. {shown} is still the last good site.", file=sys.stderr
        )
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent))
