"""Turn the stages into complete programs: the source they import stands in them.

An import from linreg stands for the names it takes and for what these use, in the order
of their modules. `make lint` runs this file: are all names of the programs defined?
"""

import ast
import re
import shutil
import subprocess
import sys
from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from graphlib import TopologicalSorter
from itertools import groupby, pairwise
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

WRITE = "write `from linreg.MODULE import NAME`, at the left margin"
WRITE_HELD = """, or for the text of a module a cell of
import inspect
import linreg.MODULE
NAME = inspect.getsource(linreg.MODULE)"""
FOLD = -1  # as the number of a cell
APART = "checks"  # a module that runs in a room of its own: a reader's names are others
ROOM = """CHECKS = r'''{}'''
room = {{"__name__": "checks"}}
exec(compile(CHECKS, "the checks", "exec"), room)
check = room["check"]"""
IMPORTS = ast.Import | ast.ImportFrom
Name = tuple[str, str]  # a module of linreg, and a name in it


class Refused(SystemExit):
    """A mistake in a stage or in linreg: where it is and what to do, no traceback."""

    def __init__(self, file: Path, line: int | None, reason: str) -> None:
        super().__init__(f"{file.resolve()}:{line}: {reason}")  # a draft has links


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
    for name in node.names if isinstance(node, IMPORTS) else []:
        source = ""
        if isinstance(node, ast.ImportFrom):
            source = f"from {'.' * node.level}{node.module or ''} "
        alias = f" as {name.asname}" if name.asname else ""
        bound = name.asname or name.name.split(".")[0]
        lines[bound] = f"{source}import {name.name}{alias}"
    return lines


def names_of(node: ast.stmt) -> frozenset[str]:
    """Return the names that a statement defines, but those it imports."""
    symbols = symtable(ast.unparse(node), "", "exec").get_symbols()
    return frozenset(s.get_name() for s in symbols if s.is_assigned())


def taken_by(body: list[ast.stmt], file: Path) -> dict[ast.stmt, list[Name]]:
    """Return what each import takes from linreg; refuse other forms of it."""
    taken: dict[ast.stmt, list[Name]] = {}
    imports = [n for s in body for n in ast.walk(s) if isinstance(n, IMPORTS)]
    for node in imports:
        for name, line in imports_of(node).items():
            package, _, module = line.split()[1].partition(".")
            if package not in ("", "linreg"):
                continue
            plain = line == f"from linreg.{module} import {name}" and name != "*"
            if node not in body or not plain:
                or_held = WRITE_HELD if isinstance(node, ast.Import) else ""
                raise Refused(file, node.lineno, f"`{line}`: {WRITE}{or_held}")
            taken.setdefault(node, []).append((module, name))
    return taken


@dataclass(eq=False)
class Statement:
    """A statement of a module of linreg, with the comments above it."""

    file: Path
    line: int
    text: str
    names: frozenset[str]  # what it defines
    needs: list[Name]  # the names that occur in it
    imports: dict[str, str]  # those from outside linreg, with a line of code for each


def read_module(file: Path) -> list[Statement]:
    """Return the statements of a module of linreg."""
    body, rows = parse(file).body, file.read_text(encoding="utf-8").splitlines()
    if file.stem == APART:
        text = ROOM.format("\n".join([*rows, ""]))
        return [Statement(file, 1, text, frozenset(["check"]), [], {})]
    pairs = [pair for names in taken_by(body, file).values() for pair in names]
    taken = {name: (module, name) for module, name in pairs}
    imports: dict[str, str] = {}
    statements, end = [], 0
    for node in body:
        imports |= imports_of(node)
        text, end = "\n".join(rows[end : node.end_lineno]), node.end_lineno or 0
        used = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
        needs = [taken.get(name, (file.stem, name)) for name in used]
        others = {n: imports[n] for n in used if n in imports and n not in taken}
        names = names_of(node)
        statements.append(Statement(file, node.lineno, text, names, needs, others))
    return statements


def read_library(folder: Path) -> list[Statement]:
    """Return the statements of linreg, each behind those that it may need."""
    modules = {file.stem: read_module(file) for file in sorted(folder.glob("[!_]*.py"))}
    above = {
        module: [other for s in statements for other, _ in s.needs if other != module]
        for module, statements in modules.items()
    }
    return [
        s for module in TopologicalSorter(above).static_order() for s in modules[module]
    ]


class Stage:
    """A stage, and the cell in which each statement stands that it takes from linreg.

    The first cell of code holds imports. A later cell of nothing but imports from
    linreg teaches what they name: it stands there, and so does what this uses of its
    module. All else that the stage needs is folded, in a cell behind the first.
    """

    def __init__(self, file: Path, library: list[Statement]) -> None:
        tree = parse(file)
        self.file, self.library, self.body = file, library, tree.body
        if not re.match(r".+\n=+(\n|$)", ast.get_docstring(tree) or ""):
            raise Refused(file, 1, "begin with a docstring: a title, underlined by ===")
        self.rows = file.read_text(encoding="utf-8").splitlines(keepends=True)
        marks = [n for n, row in enumerate(self.rows) if row.startswith(CELL)]
        rows = [(n, row.strip()) for n, row in enumerate(self.rows, 1)]
        flags = [*((n, row) for n, row in rows if row in UNSEEN), (0, "")]
        for (line, one), (_, two) in zip(flags[::2], flags[1::2], strict=False):
            if (one, two) != UNSEEN:
                raise Refused(file, line, f"write a pair: `{UNSEEN[0]}`, `{UNSEEN[1]}`")
        self.cells = [range(a, b) for a, b in pairwise([0, *marks, len(self.rows)])]
        code: list[list[ast.stmt]] = [[] for _ in self.cells]
        for node in self.body[1:]:  # all but the docstring
            code[bisect(marks, node.lineno - 1)].append(node)
        self.first = next((number for number, body in enumerate(code) if body), 0)
        self.cut: set[int] = set()  # the lines that the program lacks
        self.texts: dict[int, str] = {}  # modules held as text, by cell
        self.places: dict[Statement, int] = {}
        for number, body in enumerate(code):
            self.read_cell(number, body)

    def read_cell(self, number: int, body: list[ast.stmt]) -> None:
        """Find out what a cell takes from linreg, and where that shall stand."""
        text = self.text_held_by(body)
        taken = {} if text else taken_by(body, self.file)
        if text:
            self.texts[number] = text
        for node in body if text else taken:
            end = node.end_lineno or 0
            blank_below = self.rows[end : end + 1] == ["\n"]
            self.cut |= {*range(node.lineno - 1, end + blank_below)}
        teaches = number > self.first and bool(taken) and list(taken) == body
        for node, names in taken.items():
            for name in names:
                for statement in self.behind(name, node):
                    taught = teaches and statement.file.stem == name[0]
                    if self.places.get(statement, FOLD) == FOLD:
                        self.places[statement] = number if taught else FOLD
        if teaches and number not in self.places.values():
            fault = "cells above show all of this: name something new, or remove it"
            raise Refused(self.file, body[0].lineno, fault)

    def behind(self, name: Name, node: ast.stmt) -> list[Statement]:
        """Return what a name stands for: its statement, and all that this needs."""
        defined = {(s.file.stem, n): s for s in self.library for n in s.names}
        if name not in defined:
            names = sorted(n for module, n in defined if module == name[0])
            what = f"{name[1]} in linreg.{name[0]}" if names else f"linreg.{name[0]}"
            there = ", ".join(names or dict.fromkeys(module for module, _ in defined))
            raise Refused(self.file, node.lineno, f"there is no {what}, but {there}")
        found, needs = set(), [name]
        while needs:
            statement = defined.get(needs.pop())
            if statement and statement not in found:
                found.add(statement)
                needs += statement.needs
        return [statement for statement in self.library if statement in found]

    def text_held_by(self, body: list[ast.stmt]) -> str:
        """Return a module as text, if a cell has the form that asks for it."""
        code = [ast.unparse(node) for node in body]
        files = {f"import linreg.{s.file.stem}": s.file for s in self.library}
        if len(code) != 3 or code[1] not in files:
            return ""
        file, name = files[code[1]], code[2].split(" = ")[0]
        form = WRITE_HELD.replace("MODULE", file.stem).replace("NAME", name)
        if code != form.splitlines()[1:]:
            return ""
        text = file.read_text(encoding="utf-8")
        if "'''" in text:
            fault = f"''' in {file} would end its text: write three \""
            raise Refused(self.file, body[2].lineno, fault)
        return f"{HELD}{file.name}\n{name} = r'''{text}'''"

    def missing_imports(self) -> list[str]:
        """Return the imports that the stage lacks; refuse a name with two meanings."""
        own = [node for node in self.body if node.lineno - 1 not in self.cut]
        parts = [(s.file, s.line, s.names, s.imports) for s in self.places]
        parts += [(self.file, n.lineno, names_of(n), imports_of(n)) for n in own]
        meanings: dict[str, str] = {}
        for file, line, names, imports in parts:
            defined = dict.fromkeys(names, f"defined in {file.name}")
            for name, meaning in (defined | imports).items():
                if file != self.file:
                    meanings.setdefault(name, meaning)
                if (known := meanings.get(name, meaning)) != meaning:
                    fault = f"take another name than {name}: in this program it is"
                    raise Refused(file, line, f"{fault} {known}")
        needed = {line for s in self.places for line in s.imports.values()}
        return sorted(needed - {line for n in own for line in imports_of(n).values()})

    def parts(self, place: int) -> list[str]:
        """Return what stands in a cell from linreg: a part for each module."""
        here = [s for s in self.library if self.places.get(s) == place]
        modules = groupby(here, key=lambda statement: statement.file)
        parts = ["\n".join(s.text for s in part).strip("\n") for _, part in modules]
        return [self.texts[place]] if place in self.texts else parts

    def program(self, title: list[str]) -> str:
        """Return the complete program; a title stands above what it folds."""
        program, imports = "", "\n".join(self.missing_imports())
        for number, cell in enumerate(self.cells):
            program += "".join(self.rows[n] for n in cell if n not in self.cut)
            for place in [number, FOLD] if number == self.first else [number]:
                if parts := self.parts(place):
                    program += "\n".join(["# %%", "", *title]) if place == FOLD else ""
                    above = (
                        [program.rstrip(), imports] if imports else [program.rstrip()]
                    )
                    program, imports = "\n\n\n".join([*above, *parts, ""]), ""
        return program.rstrip() + "\n"


def origin(made: Path, line: int, docs: Path) -> tuple[Path, int]:
    """Return the stage, and the line in it, that a line of its program or page is."""
    name = Path(*made.relative_to(docs).parts[1:]).with_suffix(".py")
    stage = (docs.parent / "examples" / name).resolve()
    texts = [file.read_text(encoding="utf-8") for file in (made, stage)]
    a, b = ([row.strip("# ") for row in text.splitlines()] for text in texts)
    matches = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    for first, first_in_stage, size in matches:
        if first < line <= first + size:
            return stage, first_in_stage + line - first
    return made, line


def title_of(
    stage: Stage, taught_in: Mapping[Statement, str], stages: list[str]
) -> list[str]:
    """Return comments that say what a fold holds, and which pages explain it."""
    folded = [s for s, place in stage.places.items() if place == FOLD]
    found = {taught_in[s] for s in folded if s in taught_in}
    pages = [page for page in dict.fromkeys(taught_in.values()) if page in found]
    numbers = [str(stages.index(page) + 1) for page in pages if page in stages]
    rest = {s.file.stem for s in folded if taught_in.get(s) not in stages}
    parts = []
    if numbers:
        *most, last = numbers
        listed = f"stages {', '.join(most)} and {last}" if most else f"stage {last}"
        parts.append(f"code from {listed}")
    if rest == {"plotting"}:
        parts.append("for the figures" if numbers else "code for the figures")
    elif rest:
        parts.append("helpers")
    title = f"the {APART}" if APART in rest else ", and ".join(parts)
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
    shutil.copytree(examples, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for page, stage in pages.items():
        program = stage.program(title_of(stage, taught_in, stages))
        (folder / page).write_text(program, encoding="utf-8")


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        write_programs(Path(__file__).resolve().parents[3], Path(folder))
        ruff = [sys.executable, "-m", "ruff", "check", "--isolated"]
        sys.exit(subprocess.call([*ruff, "--select", "F811,F821", folder]))
