"""Read the library as pieces of text: what each top-level object is, and what it needs.

Knows no Sphinx. Nothing is imported or run: the source is parsed, and cut at whole lines, so that
comments, decorators and docstrings stay byte for byte as they are.
"""

import ast
import builtins
import re
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

CELL = re.compile(
    r"^(#{20,}.*|# ?%%.*)$"
)  # what sphinx-gallery takes for the start of a cell
BUILTINS = frozenset(dir(builtins))
# Names that mean something else in a program than in a module.
MODULE_NAMES = frozenset(
    {
        "__name__",
        "__file__",
        "__spec__",
        "__package__",
        "__loader__",
        "__path__",
        "globals",
    }
)


class InlineError(Exception):
    """What cannot be inlined safely, with file, line and reason."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}")


@dataclass(frozen=True, order=True)
class Import:
    """One name that an import of an outside library binds.

    Attributes:
        module: The module named, "torch.utils.data" say.
        name: The object taken from it; "" for ``import module``.
        bound: The name in the program: "np" for ``import numpy as np``.
    """

    module: str
    name: str
    bound: str

    @property
    def target(self) -> str:
        """What the name stands for: ``import a`` and ``import a.b`` both bind the package a."""
        if self.name:
            return f"{self.module}:{self.name}"
        root = self.module.partition(".")[0]
        return root if self.bound == root else self.module

    def statement(self) -> str:
        """Return the import as a line of code."""
        if self.name:
            alias = "" if self.bound == self.name else f" as {self.bound}"
            return f"from {self.module} import {self.name}{alias}"
        alias = (
            "" if self.bound == self.module.partition(".")[0] else f" as {self.bound}"
        )
        return f"import {self.module}{alias}"


@dataclass(frozen=True)
class Piece:
    """A function, a class or a constant of the library, with the comment above it.

    Attributes:
        module: The dotted name of its module.
        name: Its name.
        path: Its file.
        line: Its first line there.
        source: Its lines, without the last line's end.
        eager: Names it needs when it is defined: decorators, bases, defaults, annotations.
        lazy: Names it needs when it is called.
    """

    module: str
    name: str
    path: Path
    line: int
    source: str
    eager: frozenset[str]
    lazy: frozenset[str]

    @property
    def is_constant(self) -> bool:
        """Whether it is a constant: those stand on neighbouring lines."""
        code = [line for line in self.source.splitlines() if not line.startswith("#")]
        return not code[0].startswith(("def ", "async def ", "class ", "@"))


@dataclass(frozen=True)
class Module:
    """A module of the library, cut into pieces."""

    name: str
    path: Path
    docstring: str  # its lines as they stand
    pieces: dict[str, Piece]
    imports: dict[
        str, tuple[Import, ...]
    ]  # outside imports, by the name that they bind
    inside: dict[str, str]  # names from other modules of the library, and those modules
    guard: str  # the lines of `if __name__ == "__main__":`, or nothing
    decorators: list[
        tuple[int, str]
    ]  # line and first name of each decorator of a piece


def global_names(source: str, path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """Return the global names that code needs when it runs, and those it needs when called."""
    eager: set[str] = set()
    lazy: set[str] = set()

    def visit(table: symtable.SymbolTable, names: set[str]) -> None:
        kind = str(getattr(table.get_type(), "value", table.get_type()))
        for symbol in table.get_symbols():
            if kind == "module":
                needed = symbol.is_referenced()
            else:  # a class body may read a global name before it binds its own
                needed = symbol.is_global() or (
                    kind == "class" and symbol.is_referenced()
                )
            if needed:
                names.add(symbol.get_name())
        for child in table.get_children():
            is_call = (
                str(getattr(child.get_type(), "value", child.get_type())) == "function"
            )
            runs_at_once = child.get_name() in {
                "listcomp",
                "setcomp",
                "dictcomp",
                "genexpr",
            }
            visit(child, lazy if is_call and not runs_at_once else names)

    visit(symtable.symtable(source, str(path), "exec"), eager)
    return frozenset(eager), frozenset(lazy - eager)


def first_line(node: ast.stmt) -> int:
    """Return the first line of a statement, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def last_line(node: ast.stmt) -> int:
    """Return the last line of a statement."""
    return node.end_lineno or node.lineno


def outside_imports(node: ast.Import | ast.ImportFrom, path: Path) -> list[Import]:
    """Return the names that an import of outside libraries binds, or refuse the import."""
    if isinstance(node, ast.ImportFrom):
        if node.level:
            raise InlineError(
                path, node.lineno, "a relative import; name the module in full"
            )
        if node.module == "__future__":
            raise InlineError(
                path, node.lineno, "an import from __future__ changes other code"
            )
        if any(alias.name == "*" for alias in node.names):
            raise InlineError(
                path, node.lineno, "a star import hides the names that it binds"
            )
        module = node.module or ""
        return [
            Import(module, alias.name, alias.asname or alias.name)
            for alias in node.names
        ]
    return [
        Import(alias.name, "", alias.asname or alias.name.partition(".")[0])
        for alias in node.names
    ]


def check_own_lines(body: list[ast.stmt], path: Path) -> None:
    """Refuse two statements on one line: the source is cut at whole lines."""
    for before, after in pairwise(body):
        if last_line(before) == first_line(after):
            raise InlineError(
                path, after.lineno, "two statements on one line; use two lines"
            )


class Library:
    """A package whose modules hold a docstring, imports, functions, classes and constants.

    Args:
        folder: The folder of the package; its name is the package's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder.name
        self._modules: dict[str, Module] = {}
        self._reading: list[str] = []

    def holds(self, node: ast.stmt) -> bool:
        """Whether a statement imports from this package."""
        if isinstance(node, ast.ImportFrom):
            return (node.module or "").partition(".")[
                0
            ] == self.package and not node.level
        names = node.names if isinstance(node, ast.Import) else []
        return any(alias.name.partition(".")[0] == self.package for alias in names)

    def imported(self, node: ast.stmt, path: Path) -> tuple[str, list[str]]:
        """Return the module and the names of an import from this package, or refuse it."""
        if isinstance(node, ast.Import):
            reason = f"write `from {self.package}.<module> import <name>`, not `import`"
            raise InlineError(path, node.lineno, reason)
        assert isinstance(node, ast.ImportFrom)
        if node.module in {None, self.package}:
            reason = f"name the module: `from {self.package}.<module> import <name>`"
            raise InlineError(path, node.lineno, reason)
        for alias in node.names:
            if alias.asname:
                reason = f"an alias of {alias.name}: its source would not define {alias.asname}"
                raise InlineError(path, node.lineno, reason)
            if alias.name == "*":
                raise InlineError(
                    path, node.lineno, "a star import hides the names that it binds"
                )
        return str(node.module), [alias.name for alias in node.names]

    def module(self, name: str, path: Path, line: int) -> Module:
        """Return a module; ``path`` and ``line`` say who asks."""
        if name in self._reading:
            circle = " -> ".join([*self._reading[self._reading.index(name) :], name])
            raise InlineError(
                path, line, f"modules import each other in a circle: {circle}"
            )
        if name not in self._modules:
            file = self.folder.joinpath(*name.split(".")[1:]).with_suffix(".py")
            if not file.is_file():
                raise InlineError(path, line, f"there is no module {name}")
            self._reading.append(name)
            self._modules[name] = self._read(name, file)
            self._reading.pop()
        return self._modules[name]

    def piece(self, module: str, name: str, path: Path, line: int) -> Piece:
        """Return an object of a module; ``path`` and ``line`` say who asks."""
        pieces = self.module(module, path, line).pieces
        if name not in pieces:
            raise InlineError(path, line, f"{module} does not define {name}")
        return pieces[name]

    def needed_pieces(self, piece: Piece, names: Iterable[str]) -> list[Piece]:
        """Return the library's objects among the names that a piece needs."""
        module = self._modules[piece.module]
        found = [module.pieces[name] for name in sorted(names) if name in module.pieces]
        for name in sorted(names):
            if name in module.inside:
                found.append(
                    self.piece(module.inside[name], name, piece.path, piece.line)
                )
        return [other for other in found if other != piece]

    def needed_imports(self, pieces: Iterable[Piece]) -> list[Import]:
        """Return the outside imports that pieces need."""
        return sorted(
            {
                entry
                for piece in pieces
                for name in piece.eager | piece.lazy
                for entry in self._modules[piece.module].imports.get(name, ())
            }
        )

    def closure(self, pieces: Iterable[Piece]) -> list[Piece]:
        """Return pieces and all they need, each once, in an order that works and never varies.

        A module comes after those it imports, modules of one depth by name, objects by line.
        """
        found: set[Piece] = set()
        waiting = list(pieces)
        while waiting:
            piece = waiting.pop()
            if piece not in found:
                found.add(piece)
                waiting += self.needed_pieces(piece, piece.eager | piece.lazy)
        return sorted(found, key=lambda p: (self._depth(p.module), p.module, p.line))

    def _depth(self, name: str) -> int:
        inside = set(self._modules[name].inside.values())
        return 1 + max((self._depth(module) for module in inside), default=-1)

    def _read(self, name: str, path: Path) -> Module:
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        body = ast.parse(text, filename=str(path)).body
        check_own_lines(body, path)
        docstring = guard = ""
        pieces: dict[str, Piece] = {}
        imports: dict[str, tuple[Import, ...]] = {}
        inside: dict[str, str] = {}
        for position, node in enumerate(body):
            source = "\n".join(lines[first_line(node) - 1 : last_line(node)])
            if position == 0 and _is_docstring(node):
                docstring = source
            elif self.holds(node):
                module, names = self.imported(node, path)
                self.module(module, path, node.lineno)
                inside.update(dict.fromkeys(names, module))
            elif isinstance(node, ast.Import | ast.ImportFrom):
                for entry in outside_imports(node, path):
                    imports[entry.bound] = (*imports.get(entry.bound, ()), entry)
            elif _is_guard(node):
                guard = source
            else:
                piece = self._cut(name, path, node, lines)
                if piece.name in pieces:
                    raise InlineError(
                        path, node.lineno, f"{piece.name} is defined a second time"
                    )
                pieces[piece.name] = piece
        decorators = [
            (
                decorator.lineno,
                ast.unparse(decorator).partition("(")[0].partition(".")[0],
            )
            for node in body
            for decorator in getattr(node, "decorator_list", [])
        ]
        module_read = Module(
            name, path, docstring, pieces, imports, inside, guard, decorators
        )
        self._check_names(module_read)
        return module_read

    def _cut(self, module: str, path: Path, node: ast.stmt, lines: list[str]) -> Piece:
        name = _defined_name(node, path)
        _check_plain(node, path)
        for part in ast.walk(node):
            if isinstance(part, ast.stmt) and self.holds(part):
                raise InlineError(
                    path, part.lineno, "an import of the library inside a function"
                )
        start, end = first_line(node), last_line(node)
        while start > 1 and lines[start - 2].startswith("#"):
            start -= 1
        for number in range(start, end + 1):
            if CELL.match(lines[number - 1]):
                reason = "a line that sphinx-gallery takes for the start of a cell"
                raise InlineError(path, number, reason)
        source = "\n".join(lines[start - 1 : end])
        eager, lazy = global_names(source, path)
        for special in sorted((eager | lazy) & MODULE_NAMES):
            reason = f"{name} uses {special}, which is another thing in a program"
            raise InlineError(path, node.lineno, reason)
        return Piece(module, name, path, start, source, eager, lazy)

    def _check_names(self, module: Module) -> None:
        groups = (module.pieces, module.imports, module.inside)
        own = module.pieces.keys() | module.inside.keys()
        for line, decorator in module.decorators:
            if decorator in own:
                reason = f"the decorator {decorator} is the library's own: it could register things"
                raise InlineError(module.path, line, reason)
        for name, piece in module.pieces.items():
            if name in module.imports or name in module.inside:
                raise InlineError(module.path, piece.line, f"{name} is also imported")
            for need in sorted(piece.eager | piece.lazy):
                if need not in BUILTINS and not any(need in group for group in groups):
                    reason = f"{name} needs {need}, which the module does not define"
                    raise InlineError(module.path, piece.line, reason)


def _is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_guard(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.If)
        and ast.unparse(node.test) == "__name__ == '__main__'"
        and not node.orelse
    )


def _defined_name(node: ast.stmt, path: Path) -> str:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        targets = [node.target]
    if len(targets) == 1 and isinstance(targets[0], ast.Name):
        return targets[0].id
    raise InlineError(
        path,
        node.lineno,
        "a statement that runs at import; a module's body holds a docstring, imports, functions, "
        "classes and constants (one name each)",
    )


def _check_plain(node: ast.stmt, path: Path) -> None:
    """Refuse what does more at import than to define one name."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        for part in ast.walk(node):
            if isinstance(part, ast.Call | ast.Await | ast.NamedExpr):
                reason = "a constant made by a call, which runs at import"
                raise InlineError(path, part.lineno, reason)
    for annotation in _annotations(node):
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            reason = "a quoted annotation hides the names that it needs"
            raise InlineError(path, annotation.lineno, reason)
    if isinstance(node, ast.ClassDef):
        plain = (
            ast.FunctionDef,
            ast.AsyncFunctionDef,
            ast.ClassDef,
            ast.Assign,
            ast.AnnAssign,
        )
        for position, part in enumerate(node.body):
            if not isinstance(part, (*plain, ast.Pass)) and not (
                position == 0 and _is_docstring(part)
            ):
                raise InlineError(
                    path, part.lineno, f"{node.name} runs a statement at import"
                )


def _annotations(node: ast.stmt) -> Iterator[ast.expr]:
    for part in ast.walk(node):
        annotation = getattr(part, "annotation", None) or getattr(part, "returns", None)
        if isinstance(annotation, ast.expr):
            yield annotation
