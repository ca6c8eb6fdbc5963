"""What pages get: colours, figures, formulas, and in the tutorial a header and terms.

The stages themselves become programs and pages in the package beside it, ``programs``.
"""

from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.typing import ExtensionMetadata

from pages import formulas
from pages.colours import ROLES
from pages.figures import ShowFigures
from pages.header import AddHeaderAndFoot
from pages.terms import LinkTerms

BOTH = [
    "explorer/views.css",
    "explorer/algorithm.js",
    "explorer/drawing.js",
    "explorer/handles.js",
]
EXPLORER = [
    *BOTH,
    "explorer/explorer.css",
    "explorer/experiment.js",
    "explorer/program.js",
    "explorer/charts.js",
    "explorer/input.js",
]
LIVE_FIGURES = [*BOTH, "live/live.css", "live/live.js"]


def mend(page: str, replacements: list[tuple[str, str]]) -> str:
    """Replace pieces of HTML; stop the build if a theme no longer writes one."""
    for old, new in replacements:
        if old not in page:
            raise ExtensionError(f"docs/_templates/page.html: no page has {old!r}")
        page = page.replace(old, new)
    return page


def complete(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _document: Any
) -> None:
    """Load the explorer and live figures where they are; let page.html mend HTML."""
    context["mend"] = mend
    files = EXPLORER if page == "explorer" else []
    if '<div class="live ' in context.get("body", ""):  # as live.py writes it
        files = LIVE_FIGURES
    for file in files:
        add = app.add_css_file if file.endswith(".css") else app.add_js_file
        add(file, priority=900)  # behind the look; Sphinx adds checksums


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register all parts."""
    # For colours.css.jinja and other templates in docs/_static, and for 404.html.
    app.config.html_context = {**app.config.html_context, "roles": ROLES}
    app.add_html_math_renderer("mathml", (formulas.write, None), (formulas.write, None))
    app.add_transform(ShowFigures)
    app.add_post_transform(AddHeaderAndFoot)
    app.add_post_transform(LinkTerms)
    app.connect("html-page-context", complete)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
