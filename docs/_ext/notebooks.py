"""Write the notebooks and the archives anew, after sphinx-gallery.

Sphinx-gallery's notebooks keep parts of the reStructuredText raw, and have no outputs. Here the
text becomes clean Markdown, and each cell gets the output that the page shows: read from what
sphinx-gallery wrote, without a second run. Folded cells are collapsed. Archives hold the files
with a fixed time: the same programs give the same bytes.
"""

import base64
import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import nbformat
from inliner import FOLD
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image
from programs import StageError, write_if_changed
from rst_to_markdown import MarkdownError, convert, png_of
from sphinx.application import Sphinx
from sphinx.util.display import status_iterator
from sphinx_gallery.py_source_parser import (
    remove_ignore_blocks,
    split_code_and_text_blocks,
)

BLOCK_START = re.compile(r"^\.\. GENERATED FROM PYTHON SOURCE LINES .*\n", re.MULTILINE)
PRINTED = re.compile(
    r"^\.\. rst-class:: sphx-glr-script-out\n\n \.\. code-block:: none\n\n((?:    .*\n|\n)*)",
    re.MULTILINE,
)
STAMP = ".downloads.json"  # what the downloads were made of, so that they are made once
STEPS = [
    Path(__file__).with_name(f"{name}.py")
    for name in ("notebooks", "rst_to_markdown", "inliner")
]
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def printed_and_figures(
    rst: str, stem: str
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield for each block of a page, but the first, what it printed and the figures it drew.

    A figure is its three-digit number and its description.
    """
    for block in BLOCK_START.split(rst)[1:]:
        code = re.match(r"\s*\.\. code-block:: Python\n(?:\n|    .*\n)*", block)
        output = block[code.end() :] if code else ""
        printed = PRINTED.search(output)
        text = dedent(printed[1]).strip("\n") if printed else ""
        figures: dict[str, str] = {}
        for match in re.finditer(
            rf"^[ *]*\.\. image\S*:: \S*sphx_glr_{stem}_(\d{{3}})\b.*(?:\n\s+:alt: (.*))?",
            output,
            re.MULTILINE,
        ):
            figures.setdefault(match[1], match[2] or "")
        yield text, list(figures.items())


def make_notebook(stage: Path, page_url: str) -> str:
    """Return the notebook of a stage as text.

    Args:
        stage: The program in sphinx-gallery's folder, beside the page and the figures.
        page_url: The address of the page, or "" if the site has none.
    """
    _, blocks = split_code_and_text_blocks(str(stage))
    rst = stage.with_suffix(".rst").read_text(encoding="utf-8")
    outputs = [("", []), *printed_and_figures(rst, stage.stem)]
    if len(outputs) != len(blocks):
        raise StageError(
            f"{stage}: {len(blocks)} blocks, but {len(outputs)} on the page"
        )
    shown = iter(
        [o for block, o in zip(blocks, outputs, strict=True) if block.type == "code"]
    )
    notebook = new_notebook(metadata=METADATA)
    try:
        parts = list(
            convert([block[:2] for block in blocks], page_url, png_of(stage.parent))
        )
    except MarkdownError as error:
        raise StageError(f"{stage.name}: {error}") from error
    for number, (kind, text) in enumerate(parts):
        if kind == "text":
            notebook.cells.append(new_markdown_cell(text, id=f"cell-{number}"))
            continue
        code = new_code_cell(remove_ignore_blocks(text).strip(), id=f"cell-{number}")
        code.execution_count = 1 + sum(c.cell_type == "code" for c in notebook.cells)
        if code.source.startswith(FOLD):
            code.metadata["jupyter"] = {"source_hidden": True}
        code.outputs = list(_outputs(*next(shown), stage))
        notebook.cells.append(code)
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook)) + "\n"


def _outputs(text: str, figures: list[tuple[str, str]], stage: Path) -> Iterator[Any]:
    if text:
        yield new_output("stream", name="stdout", text=f"{text}\n")
    for number, alt in figures:
        name = f"sphx_glr_{stage.stem}_{number}.png"
        images = stage.parent / "images"
        file = images / "notebook" / name  # on an opaque ground
        data = (file if file.is_file() else images / name).read_bytes()
        width, height = _shown_size(data)
        yield new_output(
            "display_data",
            data={
                "image/png": base64.b64encode(data).decode(),
                "text/plain": alt or "a figure",
            },
            metadata={"image/png": {"alt": alt, "height": height, "width": width}},
        )


def _shown_size(png: bytes) -> tuple[int, int]:
    """Return the size in CSS pixels, 96 to an inch: figures are finer than they are shown."""
    with Image.open(io.BytesIO(png)) as image:
        dots = image.info.get("dpi", (96, 96))[0]
        return round(image.width * 96 / dots), round(image.height * 96 / dots)


def write_archive(archive: Path, files: Iterable[Path]) -> None:
    """Write files into an archive, in the order of their names and with a fixed time.

    The archive's own time is that of its newest file, so that Sphinx sees no change where none is.
    """
    files = sorted(files)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(archive.parent).as_posix())
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, file.read_bytes())
    write_if_changed(archive, buffer.getvalue())
    newest = max(file.stat().st_mtime for file in files)
    os.utime(archive, (newest, newest))


def write_downloads(gallery: Path, keys: Iterable[str], base_url: str) -> None:
    """Write the notebooks, the archive of each page, and those of the whole gallery.

    What was made from the same files before, and is still there, is left as it is.
    """
    programs = [gallery / f"{key}.py" for key in keys]
    notebooks = [program.with_suffix(".ipynb") for program in programs]
    stamp = gallery / STAMP
    made = json.loads(stamp.read_text("utf-8")) if stamp.is_file() else {}
    now = {}
    for program in status_iterator(
        programs, "writing notebooks... ", length=len(programs)
    ):
        page = program.relative_to(gallery.parent).with_suffix(".html").as_posix()
        url = f"{base_url}{page}" if base_url else ""
        key = program.relative_to(gallery).as_posix()
        notebook, archive = program.with_suffix(".ipynb"), program.with_suffix(".zip")
        figures = gallery_figures(program)
        parts = [
            *STEPS,
            program,
            program.with_suffix(".rst"),
            *figures,
            notebook,
            archive,
        ]
        if made.get(key) != checksum(url, parts):
            write_if_changed(notebook, make_notebook(program, url).encode())
            write_archive(archive, [program, notebook])
        now[key] = checksum(url, parts)
    for kind, files in (("python", programs), ("jupyter", notebooks)):
        archive = gallery / f"{gallery.name}_{kind}.zip"
        parts = [*STEPS, *files, archive]
        if made.get(kind) != checksum("", parts):
            write_archive(archive, files)
        now[kind] = checksum("", parts)
    write_if_changed(stamp, json.dumps(now, indent=1, sort_keys=True).encode())


def gallery_figures(program: Path) -> list[Path]:
    """Return the figures of a stage as sphinx-gallery and the scraper saved them."""
    return sorted((program.parent / "images").rglob(f"sphx_glr_{program.stem}_*.png"))


def checksum(url: str, files: Iterable[Path]) -> str:
    """Return a checksum of an address and of files, of which some may be missing."""
    digest = hashlib.sha256(url.encode())
    for file in files:
        content = file.read_bytes() if file.is_file() else b""
        digest.update(f"{file.name} {len(content)} {file.is_file()}".encode() + content)
    return digest.hexdigest()


def publish_notebooks(gallery: Path, keys: Iterable[str], out: Path) -> None:
    """Copy the notebooks to ``notebooks/`` in the site: a path that stays, where Colab looks."""
    wanted = {
        out / "notebooks" / f"{key}.ipynb": gallery / f"{key}.ipynb" for key in keys
    }
    for target, notebook in wanted.items():
        write_if_changed(target, notebook.read_bytes())
    for file in (out / "notebooks").rglob("*.ipynb"):
        if file not in wanted:
            file.unlink()


def _gallery_and_keys(app: Sphinx) -> tuple[Path, Mapping[str, str]]:
    gallery = Path(app.srcdir) / app.config.sphinx_gallery_conf["gallery_dirs"][0]
    return gallery, app.config.programs_state["programs"]


def _write(app: Sphinx) -> None:
    if app.config.sphinx_gallery_conf["plot_gallery"]:
        base_url = app.config.html_baseurl
        write_downloads(
            *_gallery_and_keys(app), base_url.rstrip("/") + "/" if base_url else ""
        )


def _publish(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        publish_notebooks(*_gallery_and_keys(app), Path(app.outdir))


def setup(app: Sphinx) -> dict[str, bool]:
    """Set the steps up: after sphinx-gallery (priority 500), before the gallery counts as built."""
    app.connect("builder-inited", _write, priority=800)
    app.connect("build-finished", _publish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
