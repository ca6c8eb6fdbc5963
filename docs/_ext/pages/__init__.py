"""What pages get: colours, figures, formulas, and in the tutorial a header and terms.

The stages themselves become programs and pages in the package beside it, ``programs``.
"""

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from pages import formulas, live
from pages.colours import ROLES
from pages.figures import ShowFigures
from pages.header import AddHeaderAndFoot, describe
from pages.terms import LinkTerms


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register all parts."""
    # For colours.css.jinja and other templates in docs/_static, and for 404.html.
    app.config.html_context = {**app.config.html_context, "roles": ROLES}
    app.add_html_math_renderer("mathml", (formulas.write, None), (formulas.write, None))
    app.add_transform(ShowFigures)
    app.add_post_transform(AddHeaderAndFoot)
    app.add_post_transform(LinkTerms)
    app.connect("html-page-context", live.load)
    app.connect("html-page-context", describe, priority=400)  # ahead of opengraph's
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
