"""Convert the text of a stage from reStructuredText to the Markdown that Jupyter shows.

Docutils parses the text, and what has no faithful form in a notebook is an error:
no directive and no role reaches the reader raw.
"""

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives, roles

CODE_ROLES = ("class", "func", "meth", "mod", "attr", "data", "exc", "obj")
INLINE = (nodes.Inline, nodes.Text)


class MarkdownError(Exception):
    """Text that a notebook cannot show, with the reason."""


class cell(nodes.General, nodes.Element):  # noqa: N801  (docutils' nodes are in lower case)
    """The place of a code cell in the text."""


class _CellPlace(Directive):
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        return [cell(number=int(self.arguments[0]))]


def convert(
    blocks: Iterable[tuple[str, str]], page_url: str, read_image: Callable[[str], bytes]
) -> Iterator[tuple[str, str]]:
    """Convert the text blocks among the blocks of a page, and join those that follow each other.

    Args:
        blocks: ("text", reStructuredText) or ("code", Python), in their order.
        page_url: The address of the page, for its relative links; they become plain text if empty.
        read_image: Returns the PNG file of an image by the path given in the text.

    Yields:
        ("text", Markdown) or ("code", Python), in their order.

    Raises:
        MarkdownError: If a text has no faithful form in Markdown.
    """
    blocks = list(blocks)
    source = "\n\n".join(
        text if kind == "text" else f".. program-cell:: {number}"
        for number, (kind, text) in enumerate(blocks)
    )
    writer = _Writer(page_url, read_image)
    parts: list[str] = []
    for part in writer.blocks(_parse(source), 0):
        if isinstance(part, int):
            if parts:
                yield "text", "\n\n".join(parts)
            parts = []
            yield blocks[part]
        else:
            parts.append(part)
    if parts:
        yield "text", "\n\n".join(parts)


@contextmanager
def _docutils_alone() -> Iterator[None]:
    """Undo Sphinx's directives and roles for a while: they need its environment."""
    before = directives._directives, roles._roles
    directives._directives, roles._roles = {}, {}
    try:
        yield
    finally:
        directives._directives, roles._roles = before


def _parse(source: str) -> nodes.document:
    with _docutils_alone():
        directives.register_directive("program-cell", _CellPlace)
        for name in CODE_ROLES:
            roles.register_local_role(name, _code_role)
            roles.register_local_role(f"py:{name}", _code_role)
        for name in ("doc", "ref"):
            roles.register_local_role(name, _title_role)
        document = publish_doctree(
            source,
            settings_overrides={
                "_disable_config": True,
                "doctitle_xform": False,
                "file_insertion_enabled": False,
                "raw_enabled": False,
                "report_level": 5,
                "syntax_highlight": "none",
            },
        )
    for message in list(document.findall(nodes.system_message)):
        if (
            "start value not ordinal-1" not in message.astext()
        ):  # a list may begin with 3
            raise MarkdownError(message.astext())
        message.parent.remove(message)
    return document


def _code_role(
    _name: str, raw: str, text: str, _line: int, _inliner: Any, *_: Any, **__: Any
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    name = text.rpartition(".")[2] if text.startswith("~") else text
    return [nodes.literal(raw, name)], []


def _title_role(
    name: str, raw: str, text: str, _line: int, _inliner: Any, *_: Any, **__: Any
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    match = re.fullmatch(r"(.+?)\s*<([^>]+)>", text, re.DOTALL)
    if match is None:
        raise MarkdownError(f"{raw}: give the link a title, :{name}:`title <target>`")
    uri = f"{match[2]}.html" if name == "doc" else ""
    return [nodes.reference(raw, match[1], refuri=uri)], []


class _Writer:
    """Writes nodes as Markdown."""

    def __init__(self, page_url: str, read_image: Callable[[str], bytes]) -> None:
        self.page_url, self.read_image = page_url, read_image

    def blocks(self, parent: nodes.Element, level: int) -> Iterator[str | int]:
        """Yield the blocks below a node, and the numbers of the cells between them."""
        for node in parent.children:
            if isinstance(node, nodes.section):
                yield from self.blocks(node, level + 1)
            elif isinstance(node, nodes.title):
                yield f"{'#' * level} {self.inline(node)}"
            elif isinstance(node, cell):
                yield node["number"]
            elif not isinstance(node, nodes.comment | nodes.target):
                yield self.block(node)

    def body(self, parent: nodes.Element) -> str:
        """Return the blocks below a node as one text."""
        return "\n\n".join(str(part) for part in self.blocks(parent, 6))

    def block(self, node: nodes.Node) -> str:
        """Return one block."""
        match node:
            case nodes.paragraph():
                return re.sub(
                    r"^(\d+)([.)])(?= )|^(?=[-+#>] )", _escape_start, self.inline(node)
                )
            case nodes.math_block():
                tex = node.astext().strip()
                if r"\\" in tex and r"\begin" not in tex:
                    tex = f"\\begin{{aligned}}\n{tex}\n\\end{{aligned}}"
                return f"$$\n{tex}\n$$"
            case nodes.literal_block():
                language = [name for name in node["classes"] if name != "code"]
                fence = "`" * (3 if "```" not in node.astext() else 4)
                return f"{fence}{''.join(language[:1])}\n{node.astext()}\n{fence}"
            case nodes.bullet_list():
                return self.items(node, lambda _: "- ")
            case nodes.enumerated_list():
                first = node.get("start", 1)
                return self.items(node, lambda number: f"{first + number}. ")
            case nodes.note() | nodes.warning():
                return _quote(
                    f"**{type(node).__name__.capitalize()}**\n\n{self.body(node)}"
                )
            case nodes.block_quote():
                return _quote(self.body(node))
            case nodes.definition_list():
                return "\n\n".join(
                    f"- **{self.inline(item.children[0])}**: "
                    + _indent(self.body(item.children[-1]), 2)
                    for item in node.children
                )
            case nodes.rubric():
                return f"**{self.inline(node)}**"
            case nodes.image():
                return self.image(node)
        raise MarkdownError(
            f"a notebook cannot show this ({node.tagname}): {node.astext()[:60]!r}"
        )

    def items(self, node: nodes.Element, mark: Callable[[int], str]) -> str:
        """Return the items of a list, an item on a line where it is one paragraph."""
        texts = [
            mark(n) + _indent(self.body(item), len(mark(n)))
            for n, item in enumerate(node.children)
        ]
        return ("\n\n" if any("\n" in text for text in texts) else "\n").join(texts)

    def image(self, node: nodes.image) -> str:
        """Return an image with its file inside."""
        data = base64.b64encode(self.read_image(node["uri"])).decode()
        return f"![{node.get('alt', '')}](data:image/png;base64,{data})"

    def inline(self, parent: nodes.Element) -> str:
        """Return the text below a node on one line."""
        return " ".join(
            "".join(self.span(node) for node in parent.children).split("\n")
        )

    def span(self, node: nodes.Node) -> str:
        """Return one piece of text within a line."""
        match node:
            case nodes.Text():
                return _escape(node.astext())
            case nodes.emphasis() | nodes.title_reference():
                return f"*{self.inline(node)}*"
            case nodes.strong():
                return f"**{self.inline(node)}**"
            case nodes.literal():
                ticks = "``" if "`" in node.astext() else "`"
                return f"{ticks}{node.astext()}{ticks}"
            case nodes.math():
                return f"${node.astext()}$"
            case nodes.target():
                return ""
            case nodes.image():
                return self.image(node)
            case nodes.reference():
                return self.link(node)
        raise MarkdownError(
            f"a notebook cannot show this ({node.tagname}): {node.astext()!r}"
        )

    def link(self, node: nodes.reference) -> str:
        """Return a link that works outside the site, else its text."""
        text, uri = self.inline(node), node.get("refuri", "")
        if not urlsplit(uri).scheme:
            uri = urljoin(self.page_url, uri) if self.page_url and uri else ""
        return f"[{text}]({uri})" if uri else text


def _escape(text: str) -> str:
    """Escape what Markdown would take for markup; an underscore within a word is none."""
    text = re.sub(r"([\\`*$<])", r"\\\1", text)
    return re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", text)


def _escape_start(match: re.Match[str]) -> str:
    return f"{match[1]}\\{match[2]}" if match[1] else "\\"


def _indent(text: str, width: int) -> str:
    """Indent all lines but the first."""
    return re.sub(r"\n(?=.)", "\n" + " " * width, text)


def _quote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def png_of(folder: Path) -> Callable[[str], bytes]:
    """Return a reader of PNG files in a folder."""

    def read(path: str) -> bytes:
        if not path.endswith(".png"):
            raise MarkdownError(f"{path}: an image in a text must be a PNG file")
        return (folder / path.lstrip("/")).read_bytes()

    return read
