"""What stands in the head of a page, and mends of what the theme leaves inaccessible."""

import html
import os
import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.typing import ExtensionMetadata

DESCRIPTIONS = {
    "genindex": "Index of the modules, classes and functions of the tutorial's library.",
    "py-modindex": "The modules of the tutorial's library.",
    "search": "Search the tutorial: pages, sections and the names of functions and classes.",
}
LONGEST = 160
GIVEN = re.compile(r'<meta (?=[^>]*name="description")[^>]*content="([^"]*)"')
PREVIEW = re.compile(r'<meta property="og:description" content="[^"]*" ?/?>')
# What may scroll sideways. look.js takes the stop away where all of it fits.
SCROLLER = re.compile(r'<pre|<div class="(?:math|table-wrapper)\b[^"]*"')
# Sphinx puts the lines of a long signature into a list that lacks its terms: invalid HTML.
SIGNATURE = re.compile(
    r'<dl>\n((?:<dd>(?:<em|<span) class="sig-param.*?</dd>\n)+)</dl>', re.DOTALL
)


def site_url(environ: dict[str, str] | os._Environ[str] = os.environ) -> str:
    """Return the address of the site with a slash at its end, or nothing while it is unknown."""
    url = environ.get("LINREG_SITE_URL", "")
    owner, _, repository = environ.get("GITHUB_REPOSITORY", "").partition("/")
    if not url and repository:
        host = f"https://{owner.lower()}.github.io/"
        url = (
            host
            if repository.lower() == f"{owner.lower()}.github.io"
            else host + repository
        )
    return url.rstrip("/") + "/" if url else ""


def describe_page(doctree: nodes.document) -> str:
    """Return the first paragraph of a page as a description, cut at a word."""
    for paragraph in doctree.findall(nodes.paragraph):
        in_text = isinstance(paragraph.parent, (nodes.section, nodes.document))
        if in_text and "stage-line" not in paragraph["classes"]:
            text = " ".join(paragraph.astext().split())
            if len(text) > LONGEST:
                text = text[: LONGEST - 1].rpartition(" ")[0].rstrip(".,;:") + "…"
            return text
    return ""


class DropDoubleNames(SphinxPostTransform):
    """Furo wraps tables and gives the wrapper the table's id too: a page has each id once."""

    formats = ("html",)
    default_priority = 510  # after Furo's wrapping

    def run(self, **kwargs: Any) -> None:
        """Take the id from the wrappers of one page."""
        for wrapper in self.document.findall(nodes.container):
            if {"table-wrapper", "math-wrapper"} & set(wrapper["classes"]):
                wrapper["ids"] = []


def fill_head(
    app: Sphinx,
    page: str,
    _template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give a page its description, captions their level, and what may scroll a stop for the key."""
    context["site_url"] = app.config.html_baseurl
    tags = context.get("metatags") or ""
    given = GIVEN.search(tags)
    if given:
        text = html.unescape(given[1])
    else:
        text = (describe_page(doctree) if doctree else "") or DESCRIPTIONS.get(page, "")
        text = text or f"{app.config.project}: {context.get('title', '')}."
        tags += f'\n<meta name="description" content="{html.escape(text)}">'
    preview = f'<meta property="og:description" content="{html.escape(text)}" />'
    context["metatags"] = PREVIEW.sub(lambda _: preview, tags)
    for part in ("body", "furo_navigation_tree"):
        if part in context:
            context[part] = context[part].replace(
                'role="heading">', 'role="heading" aria-level="2">'
            )
            context[part] = SIGNATURE.sub(signature_lines, context[part])
            context[part] = SCROLLER.sub(r'\g<0> tabindex="0"', context[part])


def signature_lines(match: re.Match[str]) -> str:
    """Return the lines of a signature as what may stand inside a term."""
    lines = (
        match[1].replace("<dd>", '<span class="sig-line">').replace("</dd>", "</span>")
    )
    return f'<span class="sig-lines">\n{lines}</span>'


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the step, after the theme's own."""
    app.add_post_transform(DropDoubleNames)
    app.connect("html-page-context", fill_head, priority=800)
    return {"version": "1", "parallel_read_safe": True}
