"""The box of downloads at the top of a stage's page, and the line that says what it ran with.

Sphinx-gallery puts a note above the title and the links at the end. Here the links move up, below
"What you need", and say what the program needs. What the page ran with stands at its end.
"""

import re
from pathlib import Path
from typing import Any
from zlib import crc32

from docutils import nodes
from programs import MODULES, PACKAGES, ran_with
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError
from sphinx.transforms import SphinxTransform

NEEDS = f"Complete program: needs {', '.join(PACKAGES)}"
LABELS = {".py": "Program (.py)", ".ipynb": "Notebook (.ipynb)", ".zip": "Both (.zip)"}
ARCHIVES = {
    "_python.zip": "All programs (.zip)",
    "_jupyter.zip": "All notebooks (.zip)",
}
COLAB = "https://colab.research.google.com/github/{repository}/blob/gh-pages/notebooks/{key}.ipynb"


class DownloadBox(SphinxTransform):
    """Rewrite sphinx-gallery's notes and links on the pages of the gallery."""

    default_priority = 410

    def apply(self, **kwargs: Any) -> None:
        """Rewrite this page."""
        gallery = self.config.sphinx_gallery_conf["gallery_dirs"][0]
        folder, _, key = self.env.docname.partition("/")
        if folder != gallery:
            return
        if key in self.config.programs_state["programs"]:
            self._stage(key)
        for footer in self._containers("sphx-glr-footer-gallery"):
            footer.replace_self(
                self._box("Complete programs: need " + ", ".join(PACKAGES), footer)
            )

    def _stage(self, key: str) -> None:
        for note in list(self.document.findall(nodes.note)):
            if "sphx-glr-download-link-note" in note["classes"]:
                note.parent.remove(note)
        for footer in self._containers("sphx-glr-footer-example"):
            footer.parent.remove(footer)
            box = self._box(NEEDS, footer)
            links = box.children[-1]
            for module in self.config.programs_modules.get(key, ()):
                name = f"{module.rpartition('.')[2]}.py"
                path = f"/{self.config.sphinx_gallery_conf['examples_dirs'][0]}/{MODULES}/{name}"
                links += _item(addnodes.download_reference("", name, reftarget=path))
            repository = self.config.linreg_repository
            if repository:
                url = COLAB.format(repository=repository, key=key)
                links += _item(
                    nodes.reference("", "Open in Colab", refuri=url, internal=False)
                )
            paragraphs = list(self.document.findall(nodes.paragraph))
            needs = [p for p in paragraphs if p.astext().startswith("What you need")]
            place = (needs or paragraphs)[0]
            place.parent.insert(place.parent.index(place) + 1, box)
        for timing in list(self.document.findall(nodes.paragraph)):
            if "sphx-glr-timing" in timing["classes"]:
                timing.replace_self(_ran())

    def _containers(self, name: str) -> list[nodes.container]:
        return [
            c for c in self.document.findall(nodes.container) if name in c["classes"]
        ]

    def _box(self, text: str, footer: nodes.container) -> nodes.container:
        """Return a box with the links of a footer, under labels that say what they are."""
        links = nodes.bullet_list()
        for link in footer.findall(addnodes.download_reference):
            name = Path(link["reftarget"]).name
            endings = ARCHIVES if name.endswith(tuple(ARCHIVES)) else LABELS
            label = next(
                label for ending, label in endings.items() if name.endswith(ending)
            )
            fresh = addnodes.download_reference("", label, reftarget=link["reftarget"])
            links += _item(fresh)
        order = [*LABELS.values(), *ARCHIVES.values()]
        links.children.sort(key=lambda item: order.index(item.astext()))
        box = nodes.container("", classes=["downloads", "no-search"])
        box += nodes.paragraph("", text, classes=["downloads-needs"])
        box += links
        return box


def _item(link: nodes.Element) -> nodes.list_item:
    return nodes.list_item("", nodes.paragraph("", "", link))


def _ran() -> nodes.paragraph:
    """Return the line on where and with what the page ran: not how long, which never repeats."""
    versions = dict(ran_with())
    device = versions.pop("device")
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    place = "a CPU" if device == "CPU" else f"a machine with an accelerator ({device})"
    text = f"This page ran on {place}, with {listed}."
    return nodes.paragraph("", text, classes=["ran-with", "no-search"])


def _check_repository(_app: Sphinx, config: Config) -> None:
    repository = config.linreg_repository
    if repository and not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise ConfigError(f"LINREG_REPOSITORY must be owner/name, got {repository!r}")


def setup(app: Sphinx) -> dict[str, bool | int]:
    """Set the box up."""
    app.add_config_value("linreg_repository", "", "env")
    app.connect("config-inited", _check_repository)
    app.add_transform(DownloadBox)
    # Pages are read again when this file changes.
    return {
        "env_version": crc32(Path(__file__).read_bytes()),
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
