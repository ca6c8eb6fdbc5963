"""What pages get: colours, figures, formulas, and in the tutorial a header and terms.

The stages themselves become programs and pages in the package beside it, ``programs``.
"""

from typing import Any

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from pages import formulas, live
from pages.colours import ROLES
from pages.figures import ShowFigures
from pages.header import AddHeaderAndFoot
from pages.terms import LinkTerms

EXPLORER = (
    "algorithm",
    "experiment",
    "program",
    "drawing",
    "charts",
    "handles",
    "input",
)


def add_explorer(app: Sphinx, page: str, *_context: Any) -> None:
    """Load the explorer where it is: Sphinx writes checksums into the addresses."""
    if page == "explorer":
        for sheet in ("views", "explorer"):
            app.add_css_file(f"explorer/{sheet}.css", priority=900)  # behind the look
        for script in EXPLORER:
            app.add_js_file(f"explorer/{script}.js", priority=900)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register all parts."""
    # For colours.css.jinja and other templates in docs/_static, and for 404.html.
    app.config.html_context = {**app.config.html_context, "roles": ROLES}
    app.add_html_math_renderer("mathml", (formulas.write, None), (formulas.write, None))
    app.add_transform(ShowFigures)
    app.add_post_transform(AddHeaderAndFoot)
    app.add_post_transform(LinkTerms)
    app.connect("html-page-context", live.load)
    app.connect("html-page-context", add_explorer)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
