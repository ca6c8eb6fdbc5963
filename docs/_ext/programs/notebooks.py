"""Complete sphinx-gallery's notebooks, programs and archives.

A notebook gets the outputs of its page, so that nothing must run to be seen, and clean
Markdown. A program loses what the page does not show. An archive gets a fixed time, so
that two builds are the same to the byte.
"""

import base64
import json
import re
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx_gallery.py_source_parser import (
    remove_config_comments,
    remove_ignore_blocks,
)

from programs.inline import FOLDED, OUTPUT, PAGE, PYTHON


def clean(markdown: str, page_url: str) -> str:
    """Mend what sphinx-gallery leaves: ``code`` and the second _ behind a link.

    Links within the site need its address. If it has none, they name the file instead.
    """

    def link(match: re.Match[str]) -> str:
        words, target = match.groups()
        if page_url or ":" in target:
            return f"[{words}]({urljoin(page_url, target)})"
        return f"{words} ({file_of(target, '.ipynb')})"

    markdown = re.sub(r"(?<!`)``([^`]+)``(?!`)", r"`\1`", markdown)
    return re.sub(r"\[([^\]]*)\]\(([^)]*)\)_?", link, markdown)


def name_pages(program: str, page_url: str) -> str:
    """Do the same with the links in the comments of a program."""

    def link(match: re.Match[str]) -> str:
        words, gap, target = match.groups()
        if page_url or ":" in target:
            return f"`{words}{gap}<{urljoin(page_url, target)}>`__"
        return f"{words}{gap}({file_of(target, '.py')})"

    return re.sub(r"`([^`<]+?)( |\n# )<([^`>]+)>`__", link, program)


def file_of(target: str, suffix: str) -> str:
    """Say in words which file a link leads to: the archives hold the tutorial's."""
    path = target.replace("../", "")
    if "plot_" not in path:
        return f"{path} of the site"
    archive = "notebooks" if suffix == ".ipynb" else "programs"
    return f"{path.partition('.')[0]}{suffix}, in the archive of all {archive}"


def outputs_of(page: nodes.document, images: Path) -> list[list[dict[str, Any]]]:
    """Return what each block of code of a page printed and drew."""
    blocks: list[list[dict[str, Any]]] = []
    for node in page.findall(nodes.Element):
        if node.get("language") == PYTHON:
            blocks.append([])
        elif OUTPUT in node["classes"]:
            text = node.astext().strip("\n") + "\n"
            printed = {"output_type": "stream", "name": "stdout", "text": text}
            blocks[-1].insert(0, printed)
        elif isinstance(node, nodes.image) and "only-dark" not in node["classes"]:
            png = images / "notebook" / f"{Path(node['uri']).stem}.png"
            if png.is_file():  # a figure, and no other picture
                data = {"image/png": base64.b64encode(png.read_bytes()).decode()}
                data["text/plain"] = node["alt"]
                size = {side: int(node[side]) for side in ("width", "height")}
                figure = {"output_type": "display_data", "data": data}
                blocks[-1].append(figure | {"metadata": {"image/png": size}})
    return blocks


def complete(file: Path, page: nodes.document, page_url: str) -> None:
    """Complete the notebook of a page."""
    notebook = json.loads(file.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
        if cell not in code:
            cell["source"] = clean(cell["source"], page_url)
    blocks = outputs_of(page, file.parent / "images")
    for count, (cell, outputs) in enumerate(zip(code, blocks, strict=True), start=1):
        hidden = {"jupyter": {"source_hidden": True}}
        cell["metadata"] = hidden if cell["source"].startswith(FOLDED) else {}
        cell |= {"execution_count": count, "outputs": outputs}
    part = file.with_suffix(".part")  # a build that is killed leaves no half notebook
    part.write_text(json.dumps(notebook, indent=1) + "\n", encoding="utf-8")
    part.replace(file)


def pack(archive: Path, files: list[Path]) -> None:
    """Write files into an archive, with a fixed time."""
    with zipfile.ZipFile(archive, "w") as packed:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(archive.parent).as_posix())
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)


def write_downloads(app: Sphinx, env: BuildEnvironment) -> None:
    """Write the notebooks and the archives, when all pages are read."""
    gallery = Path(app.srcdir, "tutorial")
    for page in sorted(page for page in env.found_docs if PAGE in page):
        program, notebook = (Path(app.srcdir, page + end) for end in (".py", ".ipynb"))
        # The checks of the prose would stop a reader who tries an exercise.
        shown = remove_ignore_blocks(program.read_text(encoding="utf-8"))
        shown = remove_config_comments(shown)
        site = app.config.html_baseurl
        page_url = site and f"{site}{page}.html"
        program.write_text(name_pages(shown, page_url), encoding="utf-8")
        complete(notebook, env.get_doctree(page), page_url)
        pack(program.with_suffix(".zip"), [notebook, program])
        copy = Path(app.outdir, "notebooks", notebook.relative_to(gallery))
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(notebook.read_bytes())  # at a path that stays: Colab's
    pack(gallery / "tutorial_python.zip", sorted(gallery.rglob("plot_*.py")))
    pack(gallery / "tutorial_jupyter.zip", sorted(gallery.rglob("plot_*.ipynb")))
