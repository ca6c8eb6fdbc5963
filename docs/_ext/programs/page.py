"""What the page of a program gets: folds, downloads, and the worker shown as Python.

Folds are collapsible admonitions of Sphinx: `<details>`, which open by key and without
a script. Folded code stays out of the search, or it would find `zero_grad` everywhere.
"""

import ast
from typing import Any

from docutils import nodes
from sphinx.addnodes import download_reference, pending_xref
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform

from programs import inline

LABELS = {".py": "Program (.py)", ".ipynb": "Notebook (.ipynb)", ".zip": "Both (.zip)"}
ALL = {
    "tutorial_python.zip": "All programs (.zip)",
    "tutorial_jupyter.zip": "All notebooks (.zip)",
}
# The lowest that all programs were run with: pyproject.toml says the same.
NEEDS = "Python 3.11, PyTorch 2.13, NumPy 1.23 and Matplotlib 3.6, or newer"
COLAB = "https://colab.research.google.com/github/{}/blob/gh-pages/notebooks/{}.ipynb"


class ShowProgram(SphinxTransform):
    """Rewrite what sphinx-gallery made of a program: its code, then its downloads."""

    default_priority = 390  # ahead of the pictures

    def apply(self, **kwargs: Any) -> None:
        path = self.env.docname.partition("/")[2]
        name = path.rpartition("/")[2]
        files = {name + end: label for end, label in LABELS.items()}
        for block in list(self.document.findall(nodes.literal_block)):
            if block.astext().startswith(inline.FOLDED):
                block.replace_self(fold(block.astext()))
            elif block.astext().startswith(inline.HELD):
                header, _, code = block.astext().partition("\n")
                file, held = header.removeprefix(inline.HELD), code.partition(" = ")
                title = nodes.rubric("", f"{held[0]}, the text of {file}")
                block.replace_self([title, python(ast.literal_eval(held[2].strip()))])
                files[f"/../linreg/{file}"] = file
        downloads = box(files)
        if repository := self.config.linreg_repository:
            url = COLAB.format(repository, path)
            colab = nodes.reference("", "Open in Colab", refuri=url)
            downloads[1] += nodes.list_item("", nodes.paragraph("", "", colab))
        for node in list(self.document.findall(nodes.Element)):
            if inline.TO_DOWNLOADS in node["classes"]:
                node.parent.remove(node)
            elif inline.DOWNLOADS in node["classes"]:
                node.parent.remove(node)
                article = next(iter(self.document.findall(nodes.section)))
                below = (nodes.section, nodes.literal_block)  # behind the opening
                article.insert(article.first_child_matching_class(below), downloads)
            elif inline.ARCHIVES in node["classes"]:
                node.replace_self(box(ALL))


def link_to_page(page: str, label: str = "") -> nodes.Element:
    """Return a link to a page, which shows the title of the page if it has no label."""
    target = {"refdomain": "std", "reftype": "doc", "reftarget": page}
    shown = nodes.inline("", label)
    return pending_xref("", shown, refexplicit=bool(label), **target)


def box(files: dict[str, str]) -> nodes.container:
    """Return a box of downloads: their labels, by file."""
    # Not a text of the paragraph: the first PyTorch of the page links to the glossary.
    words = nodes.inline("", f"Complete: needs only {NEEDS}. ")
    needs = nodes.paragraph("", "", words)
    needs += link_to_page("/run", "How to run it")
    listed = nodes.bullet_list()
    for file, label in files.items():
        link = download_reference("", label, reftarget=file)
        listed += nodes.list_item("", nodes.paragraph("", "", link))
    return nodes.container("", needs, listed, classes=["downloads", inline.NO_SEARCH])


def html(text: str) -> nodes.raw:
    """Return a piece of HTML."""
    return nodes.raw("", text, format="html")


def python(text: str) -> nodes.literal_block:
    """Return a block of code."""
    text = text.strip("\n")
    return nodes.literal_block(text, text, language=inline.PYTHON)


def fold(text: str) -> nodes.admonition:
    """Return a fold: its title, links to the pages that explain its code, the code."""
    header, _, code = text.partition("\n\n")
    title, *pages = header.removeprefix(inline.FOLDED).splitlines()
    folded = nodes.admonition(collapsible="closed")
    folded["classes"] += ["folded", inline.NO_SEARCH]
    folded += nodes.title("", title[0].upper() + title[1:])
    for page in pages:
        name = page.removeprefix(inline.SEE).removesuffix(".py")
        folded += nodes.paragraph("", "", nodes.Text("Explained in "))
        folded[-1] += link_to_page(f"/tutorial/{name}")
    folded += python(code)
    return folded


class FoldReasons(SphinxPostTransform):
    """Fold each section that begins with "Why:": the heading, still one, opens it."""

    formats = ("html",)
    default_priority = 900

    def run(self, **kwargs: Any) -> None:
        for section in self.document.findall(nodes.section):
            if section[0].astext().startswith(inline.WHY):
                section.insert(1, html("</summary>\n"))
                section.insert(0, html('<details class="why"><summary>\n'))
                section += html("</details>\n")
