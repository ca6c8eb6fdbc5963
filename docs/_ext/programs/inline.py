"""Turn the stages into complete programs: the source they import stands in them.

An import from linreg stands for what it takes and for what this uses. The meaning of
a name is the line that imports it: `from torch import nn`, or `from linreg.model import
x` for the x of model.py. `make lint` runs this file, and looks for undefined names.
"""

import ast
import re
import shutil
import subprocess
import sys
from bisect import bisect
from copy import copy
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from graphlib import TopologicalSorter
from itertools import chain, groupby, pairwise
from pathlib import Path
from symtable import symtable
from tempfile import TemporaryDirectory

# What the machinery finds by its text; the table in docs/README.md says what it means.
FOLDERS = (".", "understanding", "beyond", "solutions")  # of examples/, in their order
PAGE, STAGE, WHOLE_PROGRAM = "/plot_", "tutorial/plot_", "/plot_00_"
FOLDED, SEE = "# Folded on the page: ", "#   see "
HELD = "# Held as text: "
FIGURE = "# Figure: "
WHY = "Why:"
CELL = ("# %%", "#%%")  # as sphinx-gallery reads it
UNSEEN = ("# sphinx_gallery_start_ignore", "# sphinx_gallery_end_ignore")
PYTHON = "Python"  # the language of the blocks of a program; prose says "python"
NO_SEARCH = "no-search"
OUTPUT, TIME = "sphx-glr-script-out", "sphx-glr-timing"
TO_DOWNLOADS, DOWNLOADS = "sphx-glr-download-link-note", "sphx-glr-footer-example"
ARCHIVES = "sphx-glr-footer-gallery"

WRITE = """write `from linreg.MODULE import NAME`, at the left margin, with a name that
linreg/MODULE.py defines; or for its text a cell of `import inspect`,
`import linreg.MODULE` and `NAME = inspect.getsource(linreg.MODULE)`"""
FOLD = -1  # as the number of a cell
APART = "checks"  # a module that runs in a room of its own: a reader's names are others
ROOM = """CHECKS = r'''{}'''
room = {{"__name__": "checks"}}
exec(compile(CHECKS, "the checks", "exec"), room)
check = room["check"]"""
IMPORTS = ast.Import | ast.ImportFrom
Library = dict[str, "Statement"]  # what a line of a stage stands for, in order


class Refused(SystemExit):
    """A mistake in a stage or in linreg: where it is and what to do, no traceback."""

    def __init__(self, file: Path, line: int | None, reason: str) -> None:
        super().__init__(f"{file.resolve()}:{line}: {reason}")  # not a link in work/


def parse(file: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    try:
        return ast.parse(file.read_text(encoding="utf-8"), str(file))
    except SyntaxError as error:
        raise Refused(file, error.lineno, error.msg) from None
    except UnicodeDecodeError as error:
        line = 1 + error.object[: error.start].count(b"\n")
        raise Refused(file, line, "save it as UTF-8") from None


def imports_of(node: ast.AST) -> dict[str, str]:
    """Return the names that a statement imports, with a line of code for each."""
    lines = {}
    if isinstance(node, IMPORTS):
        for alias in node.names:
            single = copy(node)
            single.names = [alias]
            lines[alias.asname or alias.name.split(".")[0]] = ast.unparse(single)
    return lines


@dataclass(eq=False)
class Statement:
    """A statement of a stage or of linreg, or all that makes up a module."""

    file: Path
    node: ast.stmt
    text: str  # with the comments above it
    gives: dict[str, str]  # the names that it defines or imports, with their meanings
    uses: dict[str, str]  # the names that occur in it, with theirs


def read_statements(file: Path) -> list[Statement]:
    """Return the statements of a stage, or of a module of linreg."""
    tree, rows = parse(file), file.read_text(encoding="utf-8").splitlines()
    meanings: dict[str, str] = {}
    statements, end = [], 0
    for node in tree.body:
        gives = imports_of(node)
        for symbol in symtable(ast.unparse(node), "", "exec").get_symbols():
            if symbol.is_assigned():
                name = symbol.get_name()
                gives[name] = f"from linreg.{file.stem} import {name}"
        text, end = "\n".join(rows[end : node.end_lineno]), node.end_lineno or 0
        statements.append(Statement(file, node, text, gives, {}))
        meanings |= gives
    for statement in statements:
        for part in ast.walk(statement.node):
            if isinstance(part, ast.Name) and part.id in meanings:
                statement.uses[part.id] = meanings[part.id]
    return statements


def taken_by(statement: Statement, library: Library) -> list[str]:
    """Return the lines that import from linreg; refuse those in other forms."""
    taken = []
    for node in [n for n in ast.walk(statement.node) if isinstance(n, IMPORTS)]:
        for line in imports_of(node).values():
            if line in library and node is statement.node:
                taken.append(line)
            elif line.split()[1].split(".")[0] in ("linreg", ""):  # "": a relative one
                raise Refused(statement.file, node.lineno, f"`{line}`: {WRITE}")
    return taken


def read_library(folder: Path) -> Library:
    """Return what can be taken from linreg, each module behind those that it needs."""
    files = {f"linreg.{file.stem}": file for file in sorted(folder.glob("[!_]*.py"))}
    order = TopologicalSorter[str]()
    for module, file in files.items():
        imports = [n for n in parse(file).body if isinstance(n, ast.ImportFrom)]
        order.add(module, *(n.module for n in imports if n.module in files))
    library: Library = {}
    for module in order.static_order():
        file = files[module]
        text = file.read_text(encoding="utf-8")
        before, quotes, _ = text.partition("'''")
        if quotes:
            fault = "write three \": ''' would end the text that holds this file"
            raise Refused(file, before.count("\n") + 1, fault)
        form = f"import inspect\nimport {module}\ninspect.getsource({module})"
        whole = ast.Pass(lineno=1)  # stands for all statements
        library[form] = Statement(file, whole, text, {}, {})
        statements = read_statements(file)
        if file.stem == APART:
            gives = {"check": f"from {module} import check"}
            statements = [Statement(file, whole, ROOM.format(text), gives, {})]
        for statement in statements:
            taken_by(statement, library)  # refuses what no program could follow
            if not isinstance(statement.node, IMPORTS):
                library |= dict.fromkeys(statement.gives.values(), statement)
    return library


class Stage:
    """A stage, and the cell in which each statement stands that it takes from linreg.

    The first cell of code holds imports. A later cell of nothing but imports from
    linreg teaches what they name: it stands there, and so does what this uses of its
    module. All else that the stage needs is folded, in a cell behind the first.
    """

    def __init__(self, file: Path, library: Library) -> None:
        self.file, self.library = file, library
        if not re.match(r".+\n=+(\n|$)", ast.get_docstring(parse(file)) or ""):
            raise Refused(file, 1, "begin with a docstring: a title, underlined by ===")
        self.rows = file.read_text(encoding="utf-8").splitlines(keepends=True)
        marks = [n for n, row in enumerate(self.rows) if row.startswith(CELL)]
        self.cells = [range(a, b) for a, b in pairwise([0, *marks, len(self.rows)])]
        for cell in self.cells:
            unseen = [n for n in cell if self.rows[n].strip() in UNSEEN]
            pairs = [*UNSEEN] * (len(unseen) // 2)
            if [self.rows[n].strip() for n in unseen] != pairs:
                raise Refused(file, unseen[0] + 1, "write pairs: " + ", ".join(UNSEEN))
        statements = read_statements(file)[1:]  # all but the docstring
        by_cell = groupby(statements, lambda s: bisect(marks, s.node.lineno - 1))
        code = {number: list(cell) for number, cell in by_cell}
        self.first = min(code, default=0)
        self.own: list[Statement] = []  # all but what is taken from linreg
        self.places: dict[Statement, int] = {}
        for number, here in code.items():
            self.read_cell(number, here)
        for statement in statements:
            if statement not in self.own:
                begin, end = statement.node.lineno - 1, statement.node.end_lineno or 0
                if self.rows[end : end + 1] == ["\n"]:
                    end += 1
                self.rows[begin:end] = [""] * (end - begin)  # the others stay in place
        self.check_names()

    def read_cell(self, number: int, cell: list[Statement]) -> None:
        """Find out what a cell takes from linreg, and where that shall stand."""
        *imports, last = [ast.unparse(statement.node) for statement in cell]
        name, _, call = last.partition(" = ")  # the stage chooses the name
        module = self.library.get("\n".join([*imports, call]))
        if module:
            text = f"{HELD}{module.file.name}\n{name} = r'''{module.text}'''"
            self.places[replace(module, text=text)] = number
            return
        taken = {statement: taken_by(statement, self.library) for statement in cell}
        own = [statement for statement in cell if not taken[statement]]
        for statement in own if number == self.first else []:
            if not self.library.keys().isdisjoint(statement.uses.values()):
                fault = "write `# %%` above this: what it uses is folded behind it"
                raise Refused(self.file, statement.node.lineno, fault)
        self.own += own
        teaches = number > self.first and all(taken.values())
        for line in chain(*taken.values()):
            self.place(line, number, self.library[line].file if teaches else None)
        if teaches and number not in self.places.values():
            fault = "cells above show all of this: name something new, or remove it"
            raise Refused(self.file, cell[0].node.lineno, fault)

    def place(self, line: str, number: int, taught: Path | None) -> None:
        """Place what a line stands for and what this uses: in the cell, or folded."""
        if line not in self.library:
            return  # an import from outside linreg
        statement = self.library[line]
        place = number if statement.file == taught else FOLD
        known = self.places.get(statement)
        if known is None or (known == FOLD and place != FOLD):
            self.places[statement] = place
            for used in statement.uses.values():
                self.place(used, number, taught)

    def check_names(self) -> None:
        """Refuse a name that has another meaning in what comes from linreg."""
        meanings: dict[str, str] = {}
        for s in [*self.places, *self.own]:  # its own names may change their meaning
            names = s.gives | s.uses if s in self.places else s.gives
            for name, line in names.items():
                known = meanings.get(name, line)
                if known != line:
                    fault = f"take another name than {name}: here it is `{known}`"
                    raise Refused(s.file, s.node.lineno, fault)
            if s in self.places:
                meanings |= names

    def program(self, title: list[str]) -> str:
        """Return the complete program; a title stands above what it folds."""
        needed = {line for s in self.places for line in s.uses.values()}
        own = {line for s in self.own for line in s.gives.values()}
        imports = "\n".join(sorted(needed - own - self.library.keys()))
        statements = dict.fromkeys([*self.library.values(), *self.places])  # in order
        program, behind = "", self.first + 1
        for place in [*range(behind), FOLD, *range(behind, len(self.cells))]:
            here = [s for s in statements if self.places.get(s) == place]
            if place != FOLD:
                program += "".join(self.rows[n] for n in self.cells[place])
            elif here:
                program = "\n".join([program.rstrip(), "", "# %%", "", *title])
            if here:
                modules = groupby(here, key=lambda statement: statement.file)
                parts = ["\n".join(s.text for s in m).strip("\n") for _, m in modules]
                blocks = filter(None, [program.rstrip(), imports, *parts])
                program = "\n\n\n".join(blocks) + "\n\n\n"
                imports = ""  # they stand above the first part
        return program.rstrip() + "\n"


def origin(made: Path, line: int, docs: Path) -> tuple[Path, int]:
    """Return the source, and the line in it, that a line of a program or page is."""
    name = Path(*made.relative_to(docs).parts[1:])
    written = "GALLERY_HEADER.rst" if name.stem == "index" else f"{name.stem}.py"
    stage = docs.parent / "examples" / name.with_name(written)
    found: list[tuple[int, Path, int]] = []
    a = [row.strip("# ") for row in made.read_text(encoding="utf-8").splitlines()]
    for source in [stage, *sorted(docs.parent.glob("linreg/*.py"))]:
        b = [row.strip("# ") for row in source.read_text(encoding="utf-8").splitlines()]
        for block in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks():
            if block.a < line <= block.a + block.size:
                place = source.resolve(), block.b + line - block.a
                found.append((block.size, *place))
        if found and source == stage:
            break
    return max(found)[1:] if found else (made, line)


def title_of(
    stage: Stage, taught_in: dict[Statement, str], stages: list[str]
) -> list[str]:
    """Return comments that say what a fold holds, and which pages explain it."""
    folded = [s for s, place in stage.places.items() if place == FOLD]
    found = {taught_in.get(s) for s in folded}
    pages = [page for page in dict.fromkeys(taught_in.values()) if page in found]
    numbers = [str(stages.index(page) + 1) for page in pages if page in stages]
    others = {s.file.stem for s in folded if taught_in.get(s) not in stages}
    parts = []
    if len(numbers) > 1:
        parts.append(f"code from stages {', '.join(numbers[:-1])} and {numbers[-1]}")
    elif numbers:
        parts.append(f"code from stage {numbers[0]}")
    if others == {"plotting"}:
        parts.append("for the figures" if numbers else "code for the figures")
    elif others:
        parts.append("helpers")
    title = f"the {APART}" if APART in others else ", and ".join(parts)
    return [FOLDED + title, *(SEE + page for page in pages)]


def pages_of(examples: Path) -> list[str]:
    """Return the names of the pages, in the order of the site."""
    pages = [page.relative_to(examples) for page in examples.rglob("plot_*.py")]
    folders = [*FOLDERS, *sorted({page.parent.as_posix() for page in pages})]
    pages.sort(key=lambda page: (folders.index(page.parent.as_posix()), page))
    return [page.as_posix() for page in pages]


def write_programs(root: Path, folder: Path) -> None:
    """Write all programs into a folder; nothing is left of a removed stage."""
    examples, library = root / "examples", read_library(root / "linreg")
    pages = {page: Stage(examples / page, library) for page in pages_of(examples)}
    stages = [p for p in pages if "/" not in p and WHOLE_PROGRAM not in f"/{p}"]
    taught_in: dict[Statement, str] = {}
    for page, stage in pages.items():
        for statement, place in stage.places.items():
            if place != FOLD:
                taught_in.setdefault(statement, page)
    shutil.rmtree(folder, ignore_errors=True)
    ignore = shutil.ignore_patterns("__pycache__", ".*")  # an editor's locks
    shutil.copytree(examples, folder, ignore=ignore)
    for page, stage in pages.items():
        program = stage.program(title_of(stage, taught_in, stages))
        (folder / page).write_text(program, encoding="utf-8")


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        write_programs(Path(__file__).resolve().parents[3], Path(folder))
        ruff = [sys.executable, "-m", "ruff", "check", "--isolated"]
        sys.exit(subprocess.call([*ruff, "--select", "F811,F821", folder]))
