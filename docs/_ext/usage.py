"""Link the reference and the stages: sphinx-gallery sees no library in a complete program.

The reference shows, for each object, the stages that use it: folded, since there are up to
fourteen, each with its picture, and nobody waits for what is closed. The code on a stage's page
links the library's names to the reference.
"""

import json
from pathlib import Path
from typing import Any

from programs import Folders, write_if_changed
from sphinx.application import Sphinx

SECTIONS = (
    "understanding",
    "beyond",
    "solutions",
)  # in reading order, after the stages


def reading_order(path: str) -> tuple[int, str]:
    """Return the place of a stage among all; sphinx-gallery sorts the thumbnails by it."""
    section = Path(path).parent.name
    return SECTIONS.index(section) + 1 if section in SECTIONS else 0, Path(path).name


def add_stages(
    app: Sphinx, what: str, name: str, obj: Any, _options: object, lines: list[str]
) -> None:
    """Add the stages that use an object to its description."""
    if what not in {"class", "function"}:
        return
    folders = Folders.of(Path(app.srcdir), app.config)
    uses_file = folders.programs / "uses.json"
    app.env.note_dependency(uses_file)
    uses = json.loads(uses_file.read_text(encoding="utf-8"))
    stages = uses.get(f"{obj.__module__}.{obj.__qualname__}", [])
    if stages:
        paths = [f"{folders.programs.name}/{stage['key']}.py" for stage in stages]
        summary = (
            f"Used in {len(paths)} stages" if len(paths) > 1 else "Used in one stage"
        )
        opening = f'<details class="folded"><summary>{summary}</summary>'
        lines += ["", ".. raw:: html", "", f"   {opening}"]
        lines += ["", f".. minigallery:: {' '.join(paths)}", ""]
        lines += [".. raw:: html", "", "   </details>", ""]


def name_the_library(app: Sphinx) -> None:
    """Name the library's objects in what sphinx-gallery found in the code of each stage."""
    folders = Folders.of(Path(app.srcdir), app.config)
    for key, objects in app.config.programs_objects.items():
        file = folders.gallery / f"{key}.codeobj.json"
        if not file.is_file():
            continue
        modules = {name: module for module, name in objects}
        found: dict[str, list[dict[str, Any]]] = json.loads(
            file.read_text(encoding="utf-8")
        )
        for entry in (entry for entries in found.values() for entry in entries):
            root = entry["name"].partition(".")[0]
            if entry["module"] == "__main__" and root in modules:
                entry["module"] = entry["module_short"] = modules[root]
        for name, module in modules.items():
            entry = {"name": name, "module": module, "module_short": module}
            found[name] = [
                entry | {"is_class": name[:1].isupper(), "is_explicit": False}
            ]
        text = json.dumps(found, sort_keys=True, ensure_ascii=False, indent=1)
        write_if_changed(file, text.encode())


def setup(app: Sphinx) -> dict[str, bool]:
    """Set the links up; napoleon (priority 500) reads the docstring first."""
    app.connect("autodoc-process-docstring", add_stages, priority=600)
    app.connect("builder-inited", name_the_library, priority=810)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
