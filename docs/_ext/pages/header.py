"""Where a reader is, and what a page is about: its header, its foot, its description.

The stages say nothing of this themselves: it follows from their names and their texts.
"""

import html
import math
import platform
import re
import textwrap
from importlib.metadata import version
from typing import Any

import torch
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.osutil import relative_uri

from pages.terms import PAGE

STAGE = re.compile(r"tutorial/plot_(?!00)\d\d_\w+")  # 00 is the whole program
WORDS_PER_MINUTE = 200
CODE_LINES_PER_MINUTE = 15
OTHER_DESCRIPTIONS = {
    "genindex": "Index of the classes and functions of the tutorial's library.",
    "search": "Search the tutorial: pages, sections, names of functions and classes.",
}
NAV = '<nav class="stage-steps" aria-label="The stages">'


class AddHeaderAndFoot(SphinxPostTransform):
    """Say on each page of the tutorial where it stands, and with what it ran."""

    default_priority = 4  # ahead of the links to terms

    def run(self, **kwargs: Any) -> None:
        page = self.env.docname
        if not PAGE.fullmatch(page):
            return
        stages = sorted(filter(STAGE.fullmatch, self.env.found_docs))
        line = f"About {math.ceil(minutes(self.document))} minutes to read"
        header: list[nodes.Node] = []
        if page in stages:
            line = f"Stage {stages.index(page) + 1} of {len(stages)} · a{line[1:]}"
            header = [nodes.raw("", NAV, format="html"), self.steps(stages)]
            header += [nodes.raw("", "</nav>", format="html")]
        header.insert(0, nodes.paragraph("", line, classes=["stage-line"]))
        title = next(iter(self.document.findall(nodes.title)))
        place = title.parent.index(title) + 1
        title.parent[place:place] = header
        for paragraph in list(self.document.findall(nodes.paragraph)):
            if "sphx-glr-timing" in paragraph["classes"]:  # a time, which never repeats
                foot = nodes.paragraph(
                    "", ran_with(), classes=["ran-with", "no-search"]
                )
                paragraph.replace_self(foot)

    def steps(self, stages: list[str]) -> nodes.bullet_list:
        """Return the list of the stages, up to the present one marked as reached."""
        present = self.env.docname
        items = nodes.bullet_list(classes=["steps", "no-search"])
        for stage in stages:
            address = relative_uri(f"{present}.html", f"{stage}.html")
            title = self.env.titles[stage].astext()
            link = nodes.reference("", title, internal=True, refuri=address)
            item = nodes.list_item("", nodes.paragraph("", "", link))
            if stage <= present:
                item["classes"].append("present" if stage == present else "reached")
            items += item
        return items


def minutes(node: nodes.Node) -> float:
    """Return how long it takes to read the words and the code that are not folded."""
    skipped = {"no-search", "sphx-glr-script-out"}  # folds, and what a program prints
    if isinstance(node, nodes.Element) and skipped & set(node["classes"]):
        return 0
    if isinstance(node, nodes.section) and node[0].astext().startswith("Why:"):
        return 0
    if isinstance(node, nodes.literal_block):
        return len(node.astext().splitlines()) / CODE_LINES_PER_MINUTE
    if isinstance(node, nodes.paragraph | nodes.term | nodes.title):
        return len(node.astext().split()) / WORDS_PER_MINUTE
    return sum(map(minutes, node.children))


def ran_with() -> str:
    """Return the line on the device and the versions with which the pages run."""
    found = torch.accelerator.current_accelerator(check_available=True)
    device = (
        f"a machine with an accelerator ({found.type.upper()})" if found else "a CPU"
    )
    packages = [f"{name} {version(name)}" for name in ("torch", "numpy", "matplotlib")]
    listed = ", ".join([f"Python {platform.python_version()}", *packages])
    return f"This page ran on {device}, with {listed}."


def describe(
    app: Sphinx,
    page: str,
    _template: str,
    context: dict[str, Any],
    document: nodes.document | None,
) -> None:
    """Give a page its description, for search engines and for previews of links."""
    text = OTHER_DESCRIPTIONS.get(page, app.config.project)
    given = (
        [meta["content"] for meta in document.findall(nodes.meta)] if document else []
    )
    for paragraph in document.findall(nodes.paragraph) if document else []:
        in_text = isinstance(paragraph.parent, nodes.section)
        if in_text and "stage-line" not in paragraph["classes"]:
            text = textwrap.shorten(paragraph.astext(), 160, placeholder="…")
            break
    if not given:
        tag = f'\n<meta name="description" content="{html.escape(text)}">'
        context["metatags"] = context.get("metatags", "") + tag
    text = given[0] if given else text
    context["meta"] = {**(context.get("meta") or {}), "og:description": text}


def setup(app: Sphinx) -> None:
    """Register the steps."""
    app.add_post_transform(AddHeaderAndFoot)
    app.connect("html-page-context", describe, priority=400)  # ahead of opengraph's
