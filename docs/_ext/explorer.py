"""Load the explorer's scripts, in their order, and its style on its page alone."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

PAGE = "explorer"
SCRIPTS = ("algorithm", "experiment", "program", "drawing", "input")


def load_scripts(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document,
) -> None:
    """Add the files to the page. Classic scripts: modules do not load from ``file://``."""
    if pagename != PAGE:
        return
    app.add_css_file("explorer/explorer.css")
    for script in SCRIPTS:
        app.add_js_file(f"explorer/{script}.js", loading_method="defer")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Connect to Sphinx."""
    app.connect("html-page-context", load_scripts)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
