"""Make a complete program of a stage: the library's source in the place of its imports.

Knows no Sphinx. The rule:

- A cell that holds only imports from the library is *taught*: the source of what it names stands
  in its place.
- Imports from the library that share a cell with other code become one folded cell ahead of it,
  with all they need. So does what taught code needs. ``NAME = program("linreg.worker")`` becomes,
  likewise folded, a string that holds the complete program of that module.
- Nothing is repeated, and what cannot be done safely is an :class:`InlineError`.

A folded cell begins with :data:`FOLD`, followed by lines that say which stage taught what: the
page makes a fold of it, the notebook collapses it, a reader of the program sees a comment.
"""

import ast
import re
import symtable
import sys
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from library_source import (
    BUILTINS,
    CELL,
    Import,
    InlineError,
    Library,
    Piece,
    check_own_lines,
    first_line,
    global_names,
    last_line,
    outside_imports,
)

FOLD = "# Code from earlier stages, and helpers"
TAUGHT_IN = re.compile(r"^# From (\S+): (.+(?:\n#   .+)*)\.$", re.MULTILINE)
WIDTH = 100
BLOCKS = ("def ", "async def ", "class ", "@")

Key = tuple[str, str]  # the module and the name of an object of the library


@dataclass
class Program:
    """A stage as a complete program.

    Attributes:
        text: The program.
        objects: The objects of the library that it holds, in their order.
        named: Those that the stage imports by name.
        taught: Those that it shows as taught.
        modules: The modules whose program it holds as a string.
    """

    text: str
    objects: list[Key]
    named: list[Key]
    taught: list[Key]
    modules: list[str]


@dataclass
class _Cell:
    """A cell of a stage, and what becomes of it."""

    head: list[str]  # the line "# %%" and the text
    code: list[str]
    start: int  # line number of the first line of code
    body: list[ast.stmt] = field(default_factory=list)
    library: list[ast.stmt] = field(default_factory=list)
    programs: list[ast.Assign] = field(default_factory=list)

    @property
    def others(self) -> list[ast.stmt]:
        return [
            s for s in self.body if s not in self.library and s not in self.programs
        ]

    @property
    def is_taught(self) -> bool:
        return bool(self.library) and not self.others and not self.programs

    def code_without(self, nodes: Iterable[ast.stmt]) -> str:
        """Return the code without the lines of some statements."""
        gone = {
            n for node in nodes for n in range(first_line(node), last_line(node) + 1)
        }
        kept = [line for n, line in enumerate(self.code, self.start) if n not in gone]
        return "\n".join(kept).strip("\n")


def taught_by(text: str, path: Path, library: Library) -> list[Key]:
    """Return the objects that a stage teaches, in its order."""
    _, cells = _split(text, path, library)
    return [
        (module, name)
        for cell in cells
        if cell.is_taught
        for node in cell.library
        for module, names in [library.imported(node, path)]
        for name in names
    ]


def inline(
    text: str, path: Path, library: Library, taught_in: Mapping[Key, str]
) -> Program:
    """Return the complete program of a stage.

    Args:
        text: The stage's source.
        path: Its file, for messages.
        library: The library that it imports from.
        taught_in: The name of the stage's file that teaches an object, for each that is taught in
            another stage.

    Raises:
        InlineError: If that cannot be done safely; names the file, the line and the reason.
    """
    head, cells = _split(text, path, library)
    stage = _Stage(path, library, taught_in, cells)
    parts = [head, *(part for cell in cells for part in stage.convert(cell))]
    stage.check_names(cells)
    return Program(
        _join_cells(parts),
        [(piece.module, piece.name) for piece in stage.pieces.values()],
        [(p.module, p.name) for p in stage.pieces.values() if p.name in stage.named],
        stage.taught,
        stage.modules,
    )


def module_program(library: Library, name: str, path: Path, line: int) -> str:
    """Return a module as a complete program: what it needs from the library, then all of it.

    Raises:
        InlineError: If it has no ``if __name__ == "__main__":``, or cannot be inlined.
    """
    module = library.module(name, path, line)
    if not module.guard:
        reason = (
            f'{name} has no `if __name__ == "__main__":`, its program would do nothing'
        )
        raise InlineError(path, line, reason)
    guard = ast.parse(module.guard)
    called = {node.id for node in ast.walk(guard) if isinstance(node, ast.Name)}
    pieces = library.closure(module.pieces.values())
    pieces += [
        piece
        for piece in library.closure(
            library.piece(module.inside[need], need, path, line)
            for need in sorted(called & module.inside.keys())
        )
        if piece not in pieces
    ]
    imports = set(library.needed_imports(pieces))
    imports.update(entry for need in called for entry in module.imports.get(need, ()))
    _check_collisions(pieces, imports, path, line)
    parts = [module.docstring, import_lines(imports), join_pieces(pieces), module.guard]
    text = "\n\n".join(part for part in parts[:-1] if part) + f"\n\n\n{module.guard}\n"
    ast.parse(text)
    return text


def import_lines(imports: Iterable[Import]) -> str:
    """Return imports in the order that ruff asks for: the standard library first."""
    groups: tuple[list[str], list[str]] = ([], [])
    plain = sorted(
        {e for e in imports if not e.name}, key=lambda e: (e.module.lower(), e.bound)
    )
    for entry in plain:
        groups[_is_third_party(entry)].append(entry.statement())
    taken: dict[str, list[Import]] = {}
    for entry in imports:
        if entry.name and entry not in taken.setdefault(entry.module, []):
            taken[entry.module].append(entry)
    for module in sorted(taken, key=str.lower):
        entries = sorted(taken[module], key=_member_order)
        names = [entry.statement().partition(" import ")[2] for entry in entries]
        line = f"from {module} import {', '.join(names)}"
        if len(line) > WIDTH:
            line = (
                "\n    ".join(
                    [f"from {module} import (", *(f"{name}," for name in names)]
                )
                + "\n)"
            )
        groups[_is_third_party(entries[0])].append(line)
    return "\n\n".join("\n".join(group) for group in groups if group)


def join_pieces(pieces: list[Piece]) -> str:
    """Return pieces of source with the blank lines that Python's style asks for."""
    text = ""
    for before, piece in zip([None, *pieces], pieces, strict=False):
        if before is not None:
            together = piece.is_constant and before.is_constant
            text += "\n" if together else "\n\n\n"
        elif not piece.is_constant:
            text += "\n"
        text += piece.source
    return text


def _join_cells(parts: Iterable[str]) -> str:
    """Join heads and codes with the blank lines that ruff's formatter asks for."""
    text = last = ""
    for part in (part.strip("\n") for part in parts):
        if not part:
            continue
        wide = part.startswith(BLOCKS) or (
            last.startswith(" ") and part.startswith("#")
        )
        text += ("\n\n" if wide else "\n" if text else "") + part + "\n"
        last = part.splitlines()[-1]
    return text


def _after_cell_line(code: str) -> str:
    """Return code as a cell without text."""
    return f"# %%\n\n\n{code}" if code.startswith(BLOCKS) else f"# %%\n\n{code}"


def _is_third_party(entry: Import) -> bool:
    return entry.module.partition(".")[0] not in sys.stdlib_module_names


def _member_order(entry: Import) -> tuple[int, str, str]:
    name = entry.name
    rank = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return rank, name.lower(), entry.bound


def _split(text: str, path: Path, library: Library) -> tuple[str, list[_Cell]]:
    """Return the docstring's lines and the cells of a stage, with the statements of each."""
    lines = text.splitlines()
    tree = ast.parse(text, filename=str(path))
    body = tree.body
    check_own_lines(body, path)
    if ast.get_docstring(tree) is None:
        raise InlineError(
            path, 1, "a stage begins with a docstring that holds its title"
        )
    end = last_line(body[0])
    cells = []
    starts = [n for n, line in enumerate(lines, 1) if n > end and CELL.match(line)]
    for start, stop in pairwise([end + 1, *starts, len(lines) + 1]):
        code_start = start
        if code_start in starts:
            code_start += 1
            while code_start < stop and lines[code_start - 1].startswith("#"):
                code_start += 1
        head, code = lines[start - 1 : code_start - 1], lines[code_start - 1 : stop - 1]
        cells.append(_Cell(head, code, code_start))
    for node in body[1:]:
        _place(node, cells, path, library)
    return "\n".join(lines[:end]), cells


def _place(node: ast.stmt, cells: list[_Cell], path: Path, library: Library) -> None:
    cell = [cell for cell in cells if cell.start <= node.lineno][-1]
    if last_line(node) >= cell.start + len(cell.code):
        reason = "a statement that holds a line like `# %%`, where sphinx-gallery cuts it in two"
        raise InlineError(path, node.lineno, reason)
    cell.body.append(node)
    if library.holds(node):
        cell.library.append(node)
        return
    for part in ast.walk(node):
        if isinstance(part, ast.stmt) and library.holds(part):
            reason = "an import of the library inside other code; put it at the top of a cell"
            raise InlineError(path, part.lineno, reason)
        if isinstance(part, ast.Call) and ast.unparse(part.func) == "program":
            if not (
                isinstance(node, ast.Assign)
                and node.value is part
                and _is_program(node)
            ):
                reason = 'write `NAME = program("linreg.<module>")`, as a statement of its own'
                raise InlineError(path, part.lineno, reason)
            cell.programs.append(node)


def _is_program(node: ast.Assign) -> bool:
    call = node.value
    return (
        len(node.targets) == 1
        and isinstance(node.targets[0], ast.Name)
        and isinstance(call, ast.Call)
        and len(call.args) == 1
        and not call.keywords
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    )


class _Stage:
    """What the program holds so far, cell after cell."""

    def __init__(
        self,
        path: Path,
        library: Library,
        taught_in: Mapping[Key, str],
        cells: list[_Cell],
    ) -> None:
        self.path, self.library, self.taught_in = path, library, taught_in
        self.pieces: dict[str, Piece] = {}  # by name, in the order of the program
        self.taught: list[Key] = []
        self.modules: list[str] = []
        self.named: dict[
            str, int
        ] = {}  # line of the stage that imports an object by name
        self.visible: dict[
            str, tuple[Import, ...]
        ] = {}  # imports that the reader has seen
        self.folded: dict[str, tuple[Import, ...]] = {}
        self.taught_later: dict[Key, int] = {}
        for cell in cells:
            for node in cell.library:
                module, names = library.imported(node, path)
                for name in names:
                    if name in self.named:
                        line = self.named[name]
                        reason = f"{name} is imported already in line {line}"
                        raise InlineError(path, node.lineno, reason)
                    self.named[name] = node.lineno
                    library.piece(module, name, path, node.lineno)
                    if cell.is_taught:
                        self.taught_later[module, name] = node.lineno

    def convert(self, cell: _Cell) -> list[str]:
        """Return the cells of the program that stand for a cell of the stage."""
        head = "\n".join(cell.head)
        for node in cell.others:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._see(outside_imports(node, self.path), node.lineno, self.visible)
        if not cell.library and not cell.programs:
            return [head, "\n".join(cell.code)]
        line = (cell.library or cell.programs)[0].lineno
        named = [
            self.library.piece(module, name, self.path, node.lineno)
            for node in cell.library
            for module, names in [self.library.imported(node, self.path)]
            for name in names
        ]
        if cell.is_taught:
            return self._teach(cell, head, named, line)
        fold = self._fold(self.library.closure(named), cell.programs, line)
        rest = cell.code_without([*cell.library, *cell.programs])
        only_imports = all(
            isinstance(s, ast.Import | ast.ImportFrom) for s in cell.others
        )
        if (
            only_imports and cell.others
        ):  # nothing here needs the fold: it stands ahead of the next
            return [head, rest, fold]
        if not fold:
            return [head, rest]
        return [
            head if len(cell.head) > 1 else "",
            fold,
            _after_cell_line(rest) if rest else "",
        ]

    def check_names(self, cells: list[_Cell]) -> None:
        """Refuse visible code that hides a name of the library, or uses one it did not import."""
        used_builtins = {
            name
            for p in self.pieces.values()
            for name in p.eager | p.lazy
            if name in BUILTINS
        }
        programs = {_target(node) for cell in cells for node in cell.programs}
        seen: set[str] = set()
        for cell in cells:
            for node in cell.others:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    seen.update(
                        entry.bound for entry in outside_imports(node, self.path)
                    )
            for node in cell.others:
                source = "\n" * (node.lineno - 1) + ast.unparse(node)
                eager, lazy = global_names(source, self.path)
                self._check_uses(node, eager | lazy, seen)
                seen.update(_bound_names(node))
                if isinstance(node, ast.Import | ast.ImportFrom):
                    continue
                for name in sorted(_bound_names(node)):
                    if name in self.pieces:
                        what = f"{self.pieces[name].module} defines {name}"
                    elif name in self.folded or name in self.visible:
                        what = f"{name} is imported"
                    elif name in used_builtins:
                        what = f"the library uses the built-in {name}"
                    elif name in programs:
                        what = f"{name} is a program"
                    else:
                        continue
                    reason = f"a collision: {what}; choose another name here"
                    raise InlineError(self.path, node.lineno, reason)

    def _check_uses(self, node: ast.stmt, names: Iterable[str], seen: set[str]) -> None:
        for name in sorted(names):
            if name in self.pieces:
                if name not in self.named:
                    module = self.pieces[name].module
                    reason = f"{name} is used but not imported; `from {module} import {name}`"
                    raise InlineError(self.path, node.lineno, reason)
                if self.named[name] > node.lineno:
                    cell_line = self.named[name]
                    reason = f"{name} is used before its import in line {cell_line}"
                    raise InlineError(self.path, node.lineno, reason)
            elif name in self.folded and name not in seen:
                statement = self.folded[name][0].statement()
                reason = f"only folded code imports {name}; add `{statement}` to the first cell"
                raise InlineError(self.path, node.lineno, reason)

    def _teach(
        self, cell: _Cell, head: str, named: list[Piece], line: int
    ) -> list[str]:
        taught = sorted(named, key=self.library.closure(named).index)
        for piece in taught:
            if piece.name in self.pieces:
                reason = f"{piece.name} stands in the program already, in an earlier cell's fold"
                raise InlineError(self.path, line, reason)
            del self.taught_later[piece.module, piece.name]
        support = [p for p in self.library.closure(named) if p not in taught]
        for piece in support:
            for need in self.library.needed_pieces(piece, piece.eager):
                if need in taught:
                    reason = (
                        f"{piece.name}, folded ahead of this cell, needs {need.name} to be "
                        f"defined; teach {need.name} in a cell of its own before this one"
                    )
                    raise InlineError(self.path, line, reason)
        fold = self._fold(support, [], line)
        for piece in taught:
            for entry in self.library.needed_imports([piece]):
                if entry not in self.visible.get(entry.bound, ()):
                    reason = (
                        f"{piece.name} needs an import that no earlier cell shows; add "
                        f"`{entry.statement()}` to the first code cell"
                    )
                    raise InlineError(self.path, line, reason)
            self._add(piece, line)
        self.taught += [(piece.module, piece.name) for piece in taught]
        rest = cell.code_without(cell.library)
        source = "\n\n".join(
            part for part in (rest, join_pieces(taught).strip("\n")) if part
        )
        if not fold:
            return [head, source]
        return [head if len(cell.head) > 1 else "", fold, _after_cell_line(source)]

    def _fold(self, pieces: list[Piece], programs: list[ast.Assign], line: int) -> str:
        """Return a folded cell with what the program does not hold yet, or nothing."""
        new = [piece for piece in pieces if self.pieces.get(piece.name) != piece]
        for piece in new:
            later = self.taught_later.get((piece.module, piece.name))
            if later is not None:
                reason = (
                    f"{piece.name} is needed here, before it is taught in line {later}"
                )
                raise InlineError(self.path, line, reason)
        imports = [
            entry
            for entry in self.library.needed_imports(new)
            if entry not in self.visible.get(entry.bound, ())
            and entry not in self.folded.get(entry.bound, ())
        ]
        self._see(imports, line, self.folded)
        for piece in new:
            self._add(piece, line)
        strings = [self._program_string(node) for node in programs]
        if not new and not strings:
            return ""
        body = [import_lines(imports), join_pieces(new), *strings]
        text = "\n\n".join(part for part in body if part).strip("\n")
        gap = "\n\n\n" if text.startswith(BLOCKS) else "\n\n"
        return f"# %%\n\n{self._fold_header(new)}{gap}{text}"

    def _fold_header(self, pieces: list[Piece]) -> str:
        by_stage: dict[str, list[str]] = {}
        for piece in pieces:
            stage = self.taught_in.get((piece.module, piece.name))
            if stage is not None:
                by_stage.setdefault(stage, []).append(piece.name)
        lines = [
            textwrap.fill(
                f"# From {stage}: {', '.join(by_stage[stage])}.",
                WIDTH,
                subsequent_indent="#   ",
            )
            for stage in sorted(by_stage)
        ]
        return "\n".join([FOLD, *lines])

    def _program_string(self, node: ast.Assign) -> str:
        assert isinstance(node.value, ast.Call)
        constant = node.value.args[0]
        assert isinstance(constant, ast.Constant)
        name = str(constant.value)
        text = module_program(self.library, name, self.path, node.lineno)
        if "'''" in text:
            reason = f"the program of {name} cannot stand between three single quotes"
            raise InlineError(self.path, node.lineno, reason)
        for number, line in enumerate(text.splitlines(), 1):
            if CELL.match(line):
                reason = f"line {number} of the program of {name} looks like the start of a cell"
                raise InlineError(self.path, node.lineno, reason)
        self.modules.append(name)
        return f"{_target(node)} = r'''\n{text}'''.lstrip()"

    def _add(self, piece: Piece, line: int) -> None:
        other = self.pieces.get(piece.name)
        if other is not None:
            reason = f"a collision: {other.module} and {piece.module} both define {piece.name}"
            raise InlineError(self.path, line, reason)
        if piece.name in self.visible or piece.name in self.folded:
            reason = (
                f"a collision: {piece.name} is imported, and {piece.module} defines it"
            )
            raise InlineError(self.path, line, reason)
        self.pieces[piece.name] = piece

    def _see(
        self, imports: Iterable[Import], line: int, into: dict[str, tuple[Import, ...]]
    ) -> None:
        for entry in imports:
            before = (
                *self.visible.get(entry.bound, ()),
                *self.folded.get(entry.bound, ()),
            )
            for other in before:
                if other.target != entry.target:
                    both = f"`{other.statement()}` and `{entry.statement()}`"
                    reason = f"a collision: {both} bind one name"
                    raise InlineError(self.path, line, reason)
            if entry.bound in self.pieces:
                reason = f"a collision: {self.pieces[entry.bound].module} defines {entry.bound}"
                raise InlineError(self.path, line, reason)
            into[entry.bound] = (*into.get(entry.bound, ()), entry)


def _check_collisions(
    pieces: list[Piece], imports: set[Import], path: Path, line: int
) -> None:
    names: dict[str, str] = {}
    for piece in pieces:
        if names.setdefault(piece.name, piece.module) != piece.module:
            reason = f"a collision: {names[piece.name]} and {piece.module} define {piece.name}"
            raise InlineError(path, line, reason)
    for entry in sorted(imports):
        if names.setdefault(entry.bound, entry.target) != entry.target:
            reason = f"a collision: {names[entry.bound]} and `{entry.statement()}`"
            raise InlineError(path, line, reason)


def _target(node: ast.Assign) -> str:
    target = node.targets[0]
    assert isinstance(target, ast.Name)
    return target.id


def _bound_names(node: ast.stmt) -> set[str]:
    """Return the global names that a statement binds or deletes."""
    table = symtable.symtable(ast.unparse(node), "<stage>", "exec")
    names = {
        s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()
    }
    waiting = list(table.get_children())
    while waiting:
        inner = waiting.pop()
        waiting += inner.get_children()
        names |= {s.get_name() for s in inner.get_symbols() if s.is_declared_global()}
    return names
