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

from pages.terms import PAGE, ancestors

STAGE = re.compile(r"tutorial/plot_(?!00)\d\d_\w+")  # 00 is the whole program
WORDS_PER_MINUTE = 200
CODE_LINES_PER_MINUTE = 15
NAV = '<nav class="stage-steps" aria-label="The stages">'


class AddHeaderAndFoot(SphinxPostTransform):
    """Say on each page of the tutorial where it stands, and with what it ran."""

    default_priority = 4  # ahead of the links to terms

    def run(self, **kwargs: Any) -> None:
        page = self.env.docname
        if not PAGE.fullmatch(page):
            return
        stages = sorted(filter(STAGE.fullmatch, self.env.found_docs))
        line = f"About {minutes(self.document)} minutes to read"
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
            address = self.app.builder.get_relative_uri(present, stage)
            title = self.env.titles[stage].astext()
            link = nodes.reference("", title, internal=True, refuri=address)
            item = nodes.list_item("", nodes.paragraph("", "", link))
            if stage <= present:
                item["classes"].append("present" if stage == present else "reached")
            items += item
        return items


def minutes(document: nodes.document) -> int:
    """Return how long it takes to read the words and the code that are not folded."""
    words = lines = 0
    for node in document.findall(nodes.TextElement):
        if any(map(is_folded, ancestors(node))):
            continue
        if isinstance(node, nodes.literal_block):
            lines += len(node.astext().splitlines())
        elif isinstance(node, nodes.paragraph | nodes.term | nodes.title):
            words += len(node.astext().split())
    return max(2, math.ceil(words / WORDS_PER_MINUTE + lines / CODE_LINES_PER_MINUTE))


def is_folded(node: nodes.Element) -> bool:
    """Tell whether a part of a page is closed at first: code, or a derivation."""
    is_reason = isinstance(node, nodes.section) and node[0].astext().startswith("Why:")
    return is_reason or "no-search" in node["classes"]


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
    _page: str,
    _template: str,
    context: dict[str, Any],
    document: nodes.document | None,
) -> None:
    """Give a page its description, for search engines and for previews of links."""
    text = f"{app.config.project}: {context.get('title', '')}."
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
