"""Build the site, whole or not at all: ``make html`` calls this.

The site is built beside the last one and takes its place at the end. What a build may keep from
the one before is the gallery: running the stages is what takes long. It keeps nothing from a build
that was interrupted, or that other tools made (an extension, a pin, a setting). So every site is
what a clean build makes of the same files. If nothing has changed, nothing is built.
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
GENERATED = ("_programs", "tutorial", "api/generated", "_build/doctrees", "_build/next")


class Site:
    """The folders of a site, and what is known about the last build."""

    def __init__(self, docs: Path) -> None:
        self.docs, self.build = docs, docs / "_build"
        self.html, self.next, self.old = (self.build / name for name in ("html", "next", "old"))
        self.unfinished = self.build / "unfinished"  # there while a build runs, or was killed
        self.stamp = self.build / "stamp"  # what the site was built from

    def sources(self) -> list[Path]:
        """Return the files that a site is made of."""
        root = self.docs.parent
        generated = [self.docs / name for name in (*GENERATED, "_build")]
        files = [root / "constraints.txt"]
        for folder in (self.docs, root / "examples", root / "linreg"):
            files += [path for path in folder.rglob("*") if "__pycache__" not in path.parts]
        return sorted(
            path
            for path in files
            if path.is_file() and not any(path.is_relative_to(folder) for folder in generated)
        )

    def state(self) -> str:
        """Return checksums of the tools, and of everything that the site is made of."""
        sources = self.sources()
        tools = [
            path
            for path in sources
            if path.is_relative_to(self.docs / "_ext")
            or path in {self.docs / "conf.py", self.docs.parent / "constraints.txt"}
        ]
        return f"{self.checksum(tools)} {self.checksum(sources)}"

    def checksum(self, files: Iterable[Path]) -> str:
        """Return a checksum of files, of the environment and of the settings."""
        versions = [version(name) for name in ("torch", "numpy", "matplotlib", "sphinx")]
        parts = [sys.version, *versions, *(os.environ.get(name, "") for name in SETTINGS)]
        for path in files:
            parts += [path.relative_to(self.docs.parent).as_posix(), path.read_bytes().hex()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def discard(self, names: Iterable[str]) -> None:
        """Remove what earlier builds generated."""
        for name in names:
            shutil.rmtree(self.docs / name, ignore_errors=True)

    def renew(self) -> int:
        """Bring the site up to date; return the exit status."""
        if self.old.is_dir() and not self.html.is_dir():
            self.old.rename(self.html)  # killed between the two renames below
        state, last = self.state(), self.stamp.read_text() if self.stamp.is_file() else ""
        interrupted = self.unfinished.exists()
        if not interrupted and state == last and self.html.is_dir():
            return 0
        same_tools = state.split()[0] == last.partition(" ")[0]
        self.unfinished.touch()
        self.discard(GENERATED if interrupted or not same_tools else GENERATED[-2:])
        status = self.run_sphinx()
        if status == 0:
            shutil.rmtree(self.old, ignore_errors=True)
            if self.html.is_dir():
                self.html.rename(self.old)
            self.next.rename(self.html)
            self.stamp.write_text(state)
        self.unfinished.unlink()
        shutil.rmtree(self.old, ignore_errors=True)
        return status

    def run_sphinx(self) -> int:
        """Build into the folder beside the site; the warnings of Sphinx are errors."""
        from sphinx.cmd.build import main

        doctrees = str(self.build / "doctrees")
        options = ["-W", "--keep-going", "-q", "-b", "html", "-d", doctrees]
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
        print(f"The build failed. {shown} is still the last good site.", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent))
