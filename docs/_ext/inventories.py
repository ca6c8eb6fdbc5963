"""Links from names in code to the documentation of other projects, without network.

``docs/inventories.toml`` lists the names that our code uses and the pages that document them. From
it the build writes the inventories that intersphinx and sphinx-gallery look names up in. Run as a
program (``make inventory``), the module prints the names that the list lacks.
"""

import json
import sys
import tomllib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.typing import ExtensionMetadata

LIST = "inventories.toml"
HEADER = "# Sphinx inventory version 2\n# Project: {name}\n# Version:\n# compressed using zlib.\n"


def entries(project: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield name, kind and page of each name of a project."""
    for kind in ("class", "function"):
        for name in project[kind]:
            yield name, kind, project["page"].format(name=name)
    for kind, pages in project["elsewhere"].items():
        for name, page in pages.items():
            yield name, kind, page


def inventory(name: str, project: dict[str, Any]) -> bytes:
    """Return the inventory of a project in Sphinx's own form."""
    lines = (
        f"{entry} py:{kind} 1 {page} -\n" for entry, kind, page in entries(project)
    )
    return HEADER.format(name=name).encode() + zlib.compress("".join(lines).encode())


def read_list(docs: Path) -> dict[str, Any]:
    """Return the projects and their names."""
    return tomllib.loads((docs / LIST).read_text("utf-8"))


def missing(docs: Path, gallery: Path) -> set[str]:
    """Return the names in the gallery's code that belong to a listed project and have no page.

    Sphinx-gallery notes for every name in code the objects that it may stand for. A name that ends
    like none of them is a variable, which needs no page.
    """
    projects = read_list(docs)
    known = {name for project in projects.values() for name, _, _ in entries(project)}
    known |= {
        name
        for project in projects.values()
        for name in project.get("undocumented", [])
    }
    lacking = set()
    for file in gallery.rglob("*.codeobj.json"):
        for written, objects in json.loads(file.read_text("utf-8")).items():
            names = {f"{obj['module']}.{obj['name']}" for obj in objects}
            own = {name for name in names if last(name) == last(written)}
            ours = {name for name in own if name.partition(".")[0] in projects}
            if (
                ours
                and not names & known
                and not any(n.startswith("linreg.") for n in names)
            ):
                lacking.add(min(ours, key=len))
    return lacking


def last(name: str) -> str:
    """Return the last part of a dotted name."""
    return name.rpartition(".")[2]


class UnlinkVariables(SphinxPostTransform):
    """Drop the links of variables to the pages of their classes: they hide the links of names."""

    formats = ("html",)
    default_priority = 6  # straight after sphinx-gallery's links

    def run(self, **kwargs: Any) -> None:
        """Unlink the variables of one page."""
        for link in list(self.document.findall(nodes.reference)):
            if "sphx-glr-backref-instance" in link["classes"]:
                link.replace_self(link.children)


def write_inventories(app: Sphinx, config: Config) -> None:
    """Write the inventories ahead of intersphinx, which reads them."""
    folder = Path(app.doctreedir).parent / "inventories"
    folder.mkdir(parents=True, exist_ok=True)
    for name, project in read_list(Path(app.srcdir)).items():
        file = folder / f"{name}.inv"
        content = inventory(name, project)
        if not file.exists() or file.read_bytes() != content:
            file.write_bytes(content)
        config.intersphinx_mapping[name] = (project["url"], str(file))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the inventories."""
    app.connect("config-inited", write_inventories, priority=1)
    app.add_post_transform(UnlinkVariables)
    return {"version": "1", "parallel_read_safe": True}


if __name__ == "__main__":
    here = Path(__file__).parent.parent
    if names := missing(here, here / "tutorial"):
        sys.exit(
            f"add to docs/{LIST}, with the page that documents them: {sorted(names)}"
        )
    print(f"docs/{LIST} has every name of the gallery that was built last")
