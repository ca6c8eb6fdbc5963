"""Write the downloads: programs, notebooks with the outputs of their pages, archives.

A program loses what its page does not show. Its notebook is made of it and has the
outputs, so that nothing must run to be seen. An archive gets a fixed time, so that two
builds are the same to the byte.
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
from sphinx_gallery.notebook import jupyter_notebook
from sphinx_gallery.py_source_parser import (
    remove_config_comments,
    remove_ignore_blocks,
    split_code_and_text_blocks,
)

from programs.inline import FOLDED, OUTPUT, PAGE, PYTHON


def with_addresses(program: str, page_url: str) -> str:
    """Give the links in a program, which is read elsewhere, their whole address.

    If the site has none, a link becomes words that name the page.
    """

    def link(match: re.Match[str]) -> str:
        words, gap, target = match.groups()
        address = urljoin(page_url, target)
        if ":" not in address:
            return f"{words}{gap}({address.partition('#')[0]} of the site)"
        return f"`{words}{gap}<{address}>`_"  # one _: a second would stay in a notebook

    return re.sub(r"`([^`<]+?)( |\n(?:# )?)<([^`>]+)>`__", link, program)


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


def write_notebook(file: Path, page: nodes.document, conf: dict[str, Any]) -> None:
    """Write the notebook of the program beside it, with the outputs of its page."""
    _, blocks = split_code_and_text_blocks(file.with_suffix(".py"))
    notebook = jupyter_notebook(blocks, conf, file.parent)
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
        if cell["cell_type"] == "markdown":  # in which code has one accent, not two
            cell["source"] = re.sub("(?<!`)``(?!`)", "`", cell["source"])
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    found = outputs_of(page, file.parent / "images")
    for count, (cell, outputs) in enumerate(zip(code, found, strict=True), start=1):
        hidden = {"jupyter": {"source_hidden": True}}
        cell["metadata"] = hidden if cell["source"].startswith(FOLDED) else {}
        cell |= {"execution_count": count, "outputs": outputs}
    file.write_text(json.dumps(notebook, indent=1) + "\n", encoding="utf-8")


def pack(archive: Path, files: list[Path]) -> None:
    """Write files into an archive, with a fixed time."""
    with zipfile.ZipFile(archive, "w") as packed:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(archive.parent).as_posix())
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)


def write_downloads(app: Sphinx, env: BuildEnvironment) -> None:
    """Write the downloads when all pages are read."""
    gallery = Path(app.srcdir, "tutorial")
    for page in sorted(page for page in env.found_docs if PAGE in page):
        program, notebook = (Path(app.srcdir, page + end) for end in (".py", ".ipynb"))
        # The checks of the prose would stop a reader who tries an exercise.
        shown = remove_ignore_blocks(program.read_text(encoding="utf-8"))
        shown = remove_config_comments(shown)
        page_url = f"{app.config.html_baseurl}{page}.html"
        program.write_text(with_addresses(shown, page_url), encoding="utf-8")
        write_notebook(notebook, env.get_doctree(page), app.config.sphinx_gallery_conf)
        pack(program.with_suffix(".zip"), [notebook, program])
        copy = Path(app.outdir, "notebooks", notebook.relative_to(gallery))
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(notebook.read_bytes())  # at a path that stays: Colab's
    pack(gallery / "tutorial_python.zip", sorted(gallery.rglob("plot_*.py")))
    pack(gallery / "tutorial_jupyter.zip", sorted(gallery.rglob("plot_*.ipynb")))
