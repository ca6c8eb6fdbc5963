"""Where a reader is, and with what a page ran: its header and its foot.

The stages say nothing of this themselves: it follows from their names and their texts.
"""

import html
import math
import platform
from importlib.metadata import version
from typing import Any

import torch
from docutils import nodes
from programs.inline import NO_SEARCH, OUTPUT, PAGE, STAGE, TIME, WHOLE_PROGRAM, WHY
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.osutil import relative_uri

WORDS_PER_MINUTE = 150
CODE_LINES_PER_MINUTE = 5


class AddHeaderAndFoot(SphinxPostTransform):
    """Say on each page of the tutorial where it stands, and with what it ran."""

    default_priority = 4  # ahead of the links to terms

    def run(self, **kwargs: Any) -> None:
        page = self.env.docname
        if PAGE not in page:
            return
        pages = sorted(name for name in self.env.found_docs if name.startswith(STAGE))
        stages = [name for name in pages if WHOLE_PROGRAM not in name]
        reading = f"about {math.ceil(minutes(self.document))} minutes to read"
        line, steps = reading.capitalize(), ""
        if page in stages:
            line = f"Stage {stages.index(page) + 1} of {len(stages)} · {reading}"
            steps = self.steps(stages)
        text = f'<p class="stage-line">{line}</p>\n{steps}'
        header = nodes.raw("", text, format="html", classes=[NO_SEARCH])
        title = next(iter(self.document.findall(nodes.title)))
        title.parent.insert(title.parent.index(title) + 1, header)
        for paragraph in self.document.findall(nodes.paragraph):
            if TIME in paragraph["classes"]:  # a time, which never repeats
                paragraph[:] = [nodes.Text(ran_with())]
                paragraph["classes"] = ["ran-with", NO_SEARCH]

    def steps(self, stages: list[str]) -> str:
        """Return the list of the stages, with the present one marked."""
        items = ""
        for stage in stages:
            address = relative_uri(f"{self.env.docname}.html", f"{stage}.html")
            title = html.escape(self.env.titles[stage].astext())
            present = ' aria-current="page"' if stage == self.env.docname else ""
            items += f'<li><a href="{address}"{present}>{title}</a></li>\n'
        nav = '<nav class="stage-steps" aria-label="The stages">'
        return f"{nav}<ul>{items}</ul></nav>"


def minutes(node: nodes.Node) -> float:
    """Return how long it takes to read what is not folded: words, code, and pictures.

    A figure takes a minute, and so does a formula on a line of its own.
    """
    # Folds, what a program prints, and the dark twin of a figure.
    skipped = {NO_SEARCH, OUTPUT, "only-dark"}
    if isinstance(node, nodes.Element) and skipped & set(node["classes"]):
        return 0
    if isinstance(node, nodes.image | nodes.math_block):
        return 1
    if isinstance(node, nodes.section) and node[0].astext().startswith(WHY):
        return 0
    if isinstance(node, nodes.literal_block):
        lines = filter(str.strip, node.astext().splitlines())  # but the blank ones
        return len(list(lines)) / CODE_LINES_PER_MINUTE
    if isinstance(node, nodes.paragraph | nodes.term | nodes.title):
        return len(node.astext().split()) / WORDS_PER_MINUTE
    return sum(map(minutes, node.children))


def ran_with() -> str:
    """Return the line on the device and the versions with which the pages run."""
    found = torch.accelerator.current_accelerator(check_available=True)
    device = f"machine with {found.type.upper()}" if found else "CPU"
    packages = [f"{name} {version(name)}" for name in ("torch", "numpy", "matplotlib")]
    listed = ", ".join([f"Python {platform.python_version()}", *packages])
    return f"Built on a {device}: {listed}."
