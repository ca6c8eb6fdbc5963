"""Turn the stages into complete programs: the source they import stands in them.

An import from linreg stands for the names it takes and for what these use, in the order
of their modules. `make lint` runs this file as well.
"""

import ast
import shutil
from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import chain, dropwhile, groupby, pairwise
from pathlib import Path
from symtable import symtable

FOLDERS = (".", "understanding", "beyond", "solutions")  # of examples/, in their order
FOLDED, SEE = "# Folded on the page: ", "#   see "
HELD = "# Held as text: "
WHOLE_PROGRAM = "plot_00_"  # it is no stage
PLACES = ".places"  # of a file beside a program: where each of its lines comes from
WRITE = "write `from linreg.MODULE import NAME`, at the left margin"
WRITE_HELD = """, or for the text of a module a cell of
import inspect
import linreg.MODULE
NAME = inspect.getsource(linreg.MODULE)"""

Row = tuple[str, str]  # a line of a program, and the file and line that it comes from
Need = tuple[str, str]  # a module of linreg, and a name in it
IMPORTS = ast.Import | ast.ImportFrom
GAP: list[Row] = [("", ""), ("", "")]
FOLD = -1  # as the number of a cell


class Refused(SystemExit):
    """A mistake in a stage or in linreg: where it is and what to do, no traceback."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")


def parse(file: Path) -> tuple[ast.Module, list[Row]]:
    """Return the syntax tree of a file, and its lines with their places."""
    text = file.read_text(encoding="utf-8")
    try:
        tree = ast.parse(text, str(file))
    except SyntaxError as error:
        raise Refused(f"{file}:{error.lineno}", error.msg) from None
    rows = enumerate(text.splitlines(), start=1)
    return tree, [(row, f"{file}:{line}") for line, row in rows]


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


def needs_of(body: list[ast.stmt], file: Path) -> dict[ast.stmt, list[Need]]:
    """Return what each import takes from linreg; refuse other forms of it."""
    needs: dict[ast.stmt, list[Need]] = {}
    imports = [n for s in body for n in ast.walk(s) if isinstance(n, IMPORTS)]
    for node in imports:
        for name, line in imports_of(node).items():
            package, _, module = line.split()[1].partition(".")
            if package not in ("", "linreg"):
                continue
            plain = line == f"from linreg.{module} import {name}" and name != "*"
            if node not in body or not plain:
                or_held = WRITE_HELD if isinstance(node, ast.Import) else ""
                raise Refused(f"{file}:{node.lineno}", f"`{line}`: {WRITE}{or_held}")
            needs.setdefault(node, []).append((module, name))
    return needs


@dataclass(eq=False)
class Statement:
    """A statement of a module of linreg, with the comments above it."""

    module: str
    rows: list[Row]
    names: frozenset[str]  # what it defines
    used: list[str]  # the names that occur in it
    imports: dict[str, str]  # those from outside linreg, with a line of code for each


class Library:
    """The statements of linreg, each behind those that it may need."""

    def __init__(self, folder: Path) -> None:
        self.texts: dict[str, str] = {}  # by module
        self.statements: dict[str, list[Statement]] = {}
        self.taken: dict[str, dict[str, Need]] = {}  # what a module has from others
        for file in sorted(folder.glob("[!_]*.py")):
            self.read(file)
        above = {m: [n[0] for n in needs.values()] for m, needs in self.taken.items()}
        modules = TopologicalSorter(above).static_order()
        self.order = [s for module in modules for s in self.statements[module]]

    def read(self, file: Path) -> None:
        """Read the statements of a module."""
        tree, rows = parse(file)
        needs = chain(*needs_of(tree.body, file).values())
        taken = self.taken[file.stem] = {need[1]: need for need in needs}
        imports: dict[str, str] = {}
        statements = self.statements[file.stem] = []
        end = 0
        for node in tree.body:
            imports |= imports_of(node)
            used = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
            others = {n: imports[n] for n in used if n in imports and n not in taken}
            above, end = end, node.end_lineno or 0
            part = rows[above:end]
            statements.append(Statement(file.stem, part, names_of(node), used, others))
        self.texts[file.stem] = file.read_text(encoding="utf-8")

    def behind(self, need: Need, place: str) -> list[Statement]:
        """Return what a name stands for: its statement, and all that this needs."""
        module, name = need
        known = [n for s in self.statements.get(module, []) for n in s.names]
        if name not in known:
            there = ", ".join(sorted(known or self.statements))
            what = f"{name} in linreg.{module}" if known else f"linreg.{module}"
            raise Refused(place, f"there is no {what}, but {there}")
        found, needs = set(), [need]
        while needs:
            module, name = needs.pop()
            if name in self.taken[module]:
                needs.append(self.taken[module][name])
            for statement in self.statements[module]:
                if name in statement.names and statement not in found:
                    found.add(statement)
                    needs += [(module, used) for used in statement.used]
        return [statement for statement in self.order if statement in found]


class Stage:
    """A stage, and the cell in which each statement stands that it takes from linreg.

    The first cell of code holds imports. A later cell of nothing but imports from
    linreg teaches what they name: it stands there, and so does what this uses of its
    module. All else that the stage needs is folded, in a cell behind the first.
    """

    def __init__(self, file: Path, library: Library) -> None:
        self.file, self.library = file, library
        tree, self.rows = parse(file)
        if ast.get_docstring(tree) is None:
            raise Refused(f"{file}:1", "begin with a docstring: the title of the page")
        marks = [n for n, row in enumerate(self.rows) if row[0].startswith("# %%")]
        self.cells = [range(a, b) for a, b in pairwise([0, *marks, len(self.rows)])]
        code: list[list[ast.stmt]] = [[] for _ in self.cells]
        for node in tree.body[1:]:
            code[bisect(marks, node.lineno - 1)].append(node)
        self.first = next((number for number, body in enumerate(code) if body), 0)
        self.own: list[ast.stmt] = []  # the statements that the program keeps
        self.cut: set[int] = set()  # the lines that it does not keep
        self.texts: dict[int, list[Row]] = {}  # modules held as text, by cell
        self.places: dict[Statement, int] = {}
        for number, body in enumerate(code):
            self.read_cell(number, body)

    def read_cell(self, number: int, body: list[ast.stmt]) -> None:
        """Find out what a cell takes from linreg, and where that shall stand."""
        self.texts[number] = text = self.text_held_by(body)
        needs = {} if text else needs_of(body, self.file)
        replaced = body if text else list(needs)
        self.own += [node for node in body if node not in replaced]
        for node in replaced:
            end = node.end_lineno or 0
            blank = [row for row, _ in self.rows[end : end + 1]] == [""]
            self.cut |= {*range(node.lineno - 1, end + blank)}
        teaches = number > self.first and bool(needs) and list(needs) == body
        for node, taken in needs.items():
            for need in taken:
                for statement in self.library.behind(need, self.place(node)):
                    taught = teaches and statement.module == need[0]
                    if self.places.get(statement, FOLD) == FOLD:
                        self.places[statement] = number if taught else FOLD
        if teaches and number not in self.places.values():
            fault = "cells above show all of this: name something new, or remove it"
            raise Refused(self.place(body[0]), fault)

    def place(self, node: ast.stmt) -> str:
        """Return where a statement stands."""
        return f"{self.file}:{node.lineno}"

    def text_held_by(self, body: list[ast.stmt]) -> list[Row]:
        """Return a module as text, if a cell has the form that asks for it."""
        code = [ast.unparse(node) for node in body]
        if len(code) != 3:
            return []
        module, name = code[1].removeprefix("import linreg."), code[2].split(" = ")[0]
        form = WRITE_HELD.replace("MODULE", module).replace("NAME", name)
        if code != form.splitlines()[1:] or module not in self.library.texts:
            return []
        place, text = self.place(body[2]), self.library.texts[module]
        if "'''" in text:
            raise Refused(
                place, f"''' in linreg/{module}.py ends the text: write \"\"\""
            )
        held = f"{HELD}{module}.py\n{name} = r'''{text}'''"
        return [(row, place) for row in held.splitlines()]

    def missing_imports(self) -> list[Row]:
        """Return the imports that the stage lacks; refuse a name with two meanings."""
        meanings: dict[str, str] = {}
        missing: dict[str, str] = {}
        for statement in self.places:
            own = dict.fromkeys(statement.names, f"part of linreg.{statement.module}")
            place = statement.rows[-1][1]
            self.agree(own | statement.imports, meanings, place)
            missing |= dict.fromkeys(statement.imports.values(), place)
        for node in self.own:
            imports = imports_of(node)
            own = dict.fromkeys(names_of(node), "defined here")
            self.agree(own | imports, dict(meanings), self.place(node))
            for line in imports.values():
                missing.pop(line, None)
        return sorted(missing.items())

    def agree(self, own: dict[str, str], meanings: dict[str, str], place: str) -> None:
        """Add the meanings of names; refuse a name that has another one."""
        for name, meaning in own.items():
            if meanings.setdefault(name, meaning) != meaning:
                fault = f"{name} is {meanings[name]} in the program of {self.file.name}"
                raise Refused(place, f"{fault}: take another name")

    def parts(self, cell: int) -> list[list[Row]]:
        """Return what stands in a cell from linreg: a part for each module."""
        here = [s for s in self.library.order if self.places.get(s) == cell]
        modules = groupby(here, key=lambda statement: statement.module)
        parts = [[row for s in part for row in s.rows] for _, part in modules]
        return [self.texts[cell]] if self.texts.get(cell) else parts

    def program(self, title: list[str]) -> list[Row]:
        """Return the complete program; a title stands above what it folds."""
        program: list[Row] = []
        imports = [self.missing_imports()]
        for number, cell in enumerate(self.cells):
            program += [self.rows[n] for n in cell if n not in self.cut]
            for place in [number, FOLD] if number == self.first else [number]:
                parts = self.parts(place)
                if place == FOLD and parts:
                    program += [(row, "") for row in ("# %%", "", *title)]
                if parts:
                    append(program, imports + parts)
                    imports = []
        return program


def append(program: list[Row], parts: list[list[Row]]) -> None:
    """Append parts to a program, with two blank lines around each."""
    for part in [*parts, []]:
        while not program[-1][0]:
            program.pop()
        program += GAP + list(dropwhile(lambda row: not row[0], part))


def title_of(
    stage: Stage, taught_in: Mapping[Statement, str], stages: list[str]
) -> list[str]:
    """Return comments that say what a fold holds, and which pages explain it."""
    folded = [s for s, place in stage.places.items() if place == FOLD]
    found = {taught_in[s] for s in folded if s in taught_in}
    pages = [page for page in dict.fromkeys(taught_in.values()) if page in found]
    numbers = [str(stages.index(page) + 1) for page in pages if page in stages]
    rest = {s.module for s in folded if taught_in.get(s) not in stages}
    parts = []
    if numbers:
        *most, last = numbers
        listed = f"stages {', '.join(most)} and {last}" if most else f"stage {last}"
        parts.append(f"code from {listed}")
    if rest == {"plotting"}:
        parts.append("for the figures" if numbers else "code for the figures")
    elif rest:
        parts.append("helpers")
    return [FOLDED + ", and ".join(parts), *(SEE + page for page in pages)]


def pages_of(examples: Path) -> list[str]:
    """Return the names of the pages, in the order of the site."""
    pages = [page.relative_to(examples) for page in examples.rglob("plot_*.py")]
    folders = [*FOLDERS, *sorted({page.parent.as_posix() for page in pages})]
    pages.sort(key=lambda page: (folders.index(page.parent.as_posix()), page))
    return [page.as_posix() for page in pages]


def write_programs(root: Path) -> None:
    """Write all programs into docs/_programs; nothing is left of a removed stage."""
    examples, folder = root / "examples", root / "docs" / "_programs"
    library = Library(root / "linreg")
    pages = {page: Stage(examples / page, library) for page in pages_of(examples)}
    stages = [page for page in pages if "/" not in page and WHOLE_PROGRAM not in page]
    taught_in: dict[Statement, str] = {}
    for page, stage in pages.items():
        for statement, place in stage.places.items():
            if place != FOLD:
                taught_in.setdefault(statement, page)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(examples, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for page, stage in pages.items():
        program = stage.program(title_of(stage, taught_in, stages))
        text, places = ("\n".join(part).rstrip() for part in zip(*program, strict=True))
        (folder / page).write_text(f"{text}\n", encoding="utf-8")
        (folder / page).with_suffix(PLACES).write_text(places, encoding="utf-8")


if __name__ == "__main__":
    write_programs(Path(__file__).resolve().parents[3])
