"""One stylesheet for the site, since each of them holds up the first sight of a page.

``_static/site.css`` is Furo's own sheet, the colours of code in both themes, the font of the
formulas, and then every ``docs/_static/*.css`` in the order of their names. Sheets in folders
below ``_static`` belong to single pages, which link them.
"""

import hashlib
import re
from pathlib import Path
from typing import Any

import furo
import mathfont
import mathml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import ExtensionMetadata

# "A list with any class" ties every element below to the class of every element above it: a script
# that sets one class on the page's root has the style of the whole page computed anew. Furo means
# the lists of the reference.
ANY_LIST = "dl[class]:not(.option-list):not(.field-list):not(.footnote):not(.glossary):not(.simple)"

FONT_FACE = """@font-face {{
  font-family: "Site Math"; src: url("fonts/{name}") format("woff2"); font-display: swap;
}}
"""


def write_stylesheet(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Write the stylesheet ahead of the pages. If it changed, all pages are written again."""
    static = Path(app.outdir) / "_static"
    used = set[str]().union(*mathml.site_characters(env).values())
    font = mathfont.write_font(static / "fonts", used)
    own = sorted((Path(app.confdir) / "_static").glob("*.css"))
    sheets = [
        (furo.THEME_PATH / "static" / "styles" / "furo.css").read_text("utf-8"),
        furo.get_pygments_stylesheet(),
        FONT_FACE.format(name=font),
        *(sheet.read_text("utf-8") for sheet in own),
    ]
    css = "\n".join(
        re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL) for sheet in sheets
    )
    css = css.replace(ANY_LIST, "dl.py")
    digest = hashlib.sha256(css.encode()).hexdigest()
    part = static / "site.css.part"
    part.write_text(css, "utf-8")
    part.replace(static / "site.css")

    env_any: Any = env
    unchanged = getattr(env_any, "stylesheet_digest", None) == digest
    env_any.stylesheet_digest = digest
    env_any.math_font = font
    return [] if unchanged else sorted(env.found_docs)


def link_what_is_needed(
    app: Sphinx,
    _page: str,
    _template: str,
    context: dict[str, Any],
    _doctree: nodes.document,
) -> None:
    """Drop what the one sheet replaces and what nothing uses; name the font to load ahead."""
    context["script_files"] = [
        script
        for script in context["script_files"]
        if "sg-tags" not in str(script.filename)
    ]
    context["css_files"] = [
        sheet
        for sheet in context["css_files"]
        if str(sheet.filename) == "_static/site.css"
        or str(sheet.filename).count("/") > 1
        if "styles/" not in str(sheet.filename)
    ]
    env: Any = app.env
    context["math_font"] = env.math_font if context.get("has_maths_elements") else None


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the stylesheet."""
    app.add_css_file("site.css", priority=100)
    app.connect("env-updated", write_stylesheet)
    app.connect("html-page-context", link_what_is_needed, priority=900)
    return {"version": "1", "parallel_read_safe": True}
