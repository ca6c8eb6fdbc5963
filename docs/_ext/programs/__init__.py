"""The stages as programs: what a page shows is what ran, and what is downloaded.

Before sphinx-gallery sees a stage, the source that it imports is put into it. After it,
pages get their folds and downloads, and notebooks the outputs of their pages.
"""

import gc
import logging
import os
import re
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from programs.inline import origin, write_programs
from programs.notebooks import write_downloads
from programs.page import FoldReasons, ShowProgram

RUNNING = "tutorial/running"  # names the stage that runs, or that was interrupted
filters = ExitStack()


def watch_stage(gallery_conf: dict[str, Any], stage: str, when: str) -> None:
    """Make warnings errors while a stage runs: sphinx-gallery calls this around it."""
    running = Path(gallery_conf["src_dir"], RUNNING)
    if when == "before":
        running.write_text(stage, "utf-8")
        gc.freeze()  # modules stay: not to be searched for garbage after each stage
        filters.enter_context(warnings.catch_warnings())
        warnings.simplefilter("error")
        # The build has no window, so `plt.show()` says that it cannot show the figure.
        warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")
    else:
        filters.close()
        running.unlink()


def prepare_programs(app: Sphinx) -> None:
    """Write the programs; see to it that a stage runs that was interrupted."""
    docs = Path(app.srcdir)
    running = docs / RUNNING
    if running.is_file():
        for checksum in running.parent.rglob(f"{running.read_text('utf-8')}.md5"):
            checksum.unlink()  # sphinx-gallery writes it ahead of the page
    write_programs(docs.parent, docs / "_programs")


def name_sources(app: Sphinx) -> None:
    """Let messages name the sources, with their lines, and not what is made of them."""
    docs = Path(app.srcdir)
    work = docs.parent
    named = re.compile(re.escape(f"{work}{os.sep}") + r'([\w./-]+)(:|", line |)(\d*)')

    def source_of(found: re.Match[str]) -> str:
        file, line = work / found[1], found[3]
        if line and found[1].startswith(("docs/_programs/", "docs/tutorial/")):
            file, number = origin(file, int(line), docs)
            line = str(number)
        return f"{file.resolve()}{found[2]}{line}"

    def rewrite(record: logging.LogRecord) -> bool:
        text = logging.LogRecord.getMessage(record)  # Sphinx's own adds the location
        record.msg, record.args = named.sub(source_of, text), ()
        if location := getattr(record, "location", None):
            record.location = named.sub(source_of, location)
        return True

    for handler in logging.getLogger("sphinx").handlers:
        handler.addFilter(rewrite)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Connect the steps; sphinx-gallery runs the stages at the priority of 500."""
    gc.set_threshold(50_000)  # trees of pages live long, too: search them seldom
    app.add_config_value("linreg_repository", "", "env")
    name_sources(app)
    app.connect("builder-inited", prepare_programs, priority=5)
    app.connect("env-updated", write_downloads)
    app.add_transform(ShowProgram)
    app.add_post_transform(FoldReasons)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
