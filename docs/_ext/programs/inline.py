"""Turn the stages into complete programs: the source they import stands in them.

An import from linreg stands for its module down to the last name it takes, with what
that module imports from linreg by the same rule. `make lint` runs this file as well.
"""

import ast
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise
from pathlib import Path
from symtable import symtable

FOLDED = "# Folded on the page: "
WHOLE_FILE = "# The file {}.py, as text:"
LIBRARY_IMPORT = re.compile(r"^from linreg\.(\w+) import (\([^)]*\)|.*)\n", re.M)


@dataclass(frozen=True)
class Statement:
    """A statement of a module of linreg, with the comments above it."""

    module: str
    text: str
    names: frozenset[str]  # what it defines
    imports: tuple[tuple[str, str], ...]  # its needs: ("nn", "from torch import nn")


def imports_of(node: ast.AST) -> dict[str, str]:
    """Return the names that a statement imports, with a line of code for each."""
    lines = {}
    for name in node.names if isinstance(node, ast.Import | ast.ImportFrom) else []:
        source = f"from {node.module} " if isinstance(node, ast.ImportFrom) else ""
        alias = f" as {name.asname}" if name.asname else ""
        bound = name.asname or name.name.split(".")[0]
        lines[bound] = f"{source}import {name.name}{alias}\n"
    return lines


def names_of(node: ast.stmt) -> frozenset[str]:
    """Return the names that a statement defines, but those it imports."""
    symbols = symtable(ast.unparse(node), "", "exec").get_symbols()
    return frozenset(s.get_name() for s in symbols if s.is_assigned())


@cache
def read_module(file: Path) -> list[Statement]:
    """Return the statements of a module but its docstring and its imports."""
    text = file.read_text(encoding="utf-8")
    rows, body = text.splitlines(), ast.parse(text, str(file)).body
    imports = {name: line for node in body for name, line in imports_of(node).items()}
    statements = []
    for above, node in pairwise(body):
        used = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
        needs = tuple((name, imports[name]) for name in used if name in imports)
        source = "\n".join(rows[above.end_lineno : node.end_lineno])
        if not imports_of(node):
            statements.append(Statement(file.stem, source, names_of(node), needs))
    return statements


def statements_for(module: str, name: str, library: Path) -> list[Statement]:
    """Return what an import stands for: its needs, then its module down to the name."""
    own = read_module(library / f"{module}.py")
    while own and name not in own[-1].names:
        own = own[:-1]
    needs = "".join(dict.fromkeys(line for s in own for _, line in s.imports))
    taken = library_imports(needs)
    return [s for m, n in taken for s in statements_for(m, n, library)] + own


def library_imports(code: str) -> list[tuple[str, str]]:
    """Return the module and the name of each import from linreg."""
    found = LIBRARY_IMPORT.findall(code)
    return [
        (module, name) for module, names in found for name in re.findall(r"\w+", names)
    ]


class Stage:
    """A stage, and the cell in which each statement stands that it takes from linreg.

    The first cell of code holds imports. A later cell of nothing but imports from
    linreg teaches what they name: it stands there, and so does what is above it in its
    module. All else that the stage needs is folded, in a cell behind the first.
    """

    def __init__(self, file: Path, library: Path) -> None:
        self.file, self.library = file, library
        self.text = file.read_text(encoding="utf-8")
        self.cells = re.split(r"^(?=# ?%%)", self.text, flags=re.M)
        code = [ast.parse(cell).body for cell in self.cells]
        del code[0][0]  # the docstring
        self.fold = 1 + next(number for number, body in enumerate(code) if body)
        self.cells.insert(self.fold, "# %%\n\n")
        self.places: dict[Statement, int] = {}
        for number, cell in enumerate(self.cells):
            own_code = ast.parse(LIBRARY_IMPORT.sub("", cell)).body
            teaches = number > self.fold and not own_code
            for module, name in library_imports(cell):
                for statement in statements_for(module, name, self.library):
                    if self.places.get(statement, self.fold) == self.fold:
                        taught = teaches and statement.module == module
                        self.places[statement] = number if taught else self.fold

    def missing_imports(self) -> str:
        """Return the imports that the stage lacks; refuse a name with two meanings."""
        taken = {name: "" for statement in self.places for name in statement.names}
        needs = dict(need for statement in self.places for need in statement.imports)
        meanings = needs | taken
        missing = set(meanings.values()) - {""}
        for node in ast.parse(self.text).body:
            own = dict.fromkeys(names_of(node), "defined here") | imports_of(node)
            for name, meaning in own.items():
                fault = ""
                if re.match("(from|import) linreg", meaning):
                    if name not in taken:
                        fault = f"no {name}: write from linreg.MODULE import NAME"
                elif meanings.get(name, meaning) != meaning:
                    fault = f"{name} is something else in linreg"
                if fault:  # Python and Sphinx show the place
                    raise SyntaxError(fault, (str(self.file), node.lineno, None, None))
            missing -= set(own.values())
        return "".join(sorted(missing)).rstrip()

    def program(self, taught_in: Mapping[Statement, str]) -> str:
        """Return the complete program."""
        imports, program = self.missing_imports(), ""
        for number, cell in enumerate(self.cells):
            statements = [s for s, place in self.places.items() if place == number]
            own = re.sub(r"\n{4,}", "\n\n\n", LIBRARY_IMPORT.sub("", cell))
            if number == self.fold and statements:
                own += title_of(statements, taught_in)
            if statements:
                modules = groupby(statements, key=lambda statement: statement.module)
                taken = [
                    "\n".join(s.text for s in part).strip("\n") for _, part in modules
                ]
                parts = filter(None, [own.rstrip(), imports, *taken])
                program += "\n\n\n".join(parts) + "\n\n\n"
                imports = ""
            elif number != self.fold:
                program += own
        whole = re.compile(r'^(\w+) = program\("linreg\.(\w+)"\)$', re.M)
        return whole.sub(self.whole_file, program.rstrip() + "\n")

    def whole_file(self, match: re.Match[str]) -> str:
        """Return an assignment of the text of a module of linreg."""
        text = (self.library / f"{match[2]}.py").read_text(encoding="utf-8")
        return f"{WHOLE_FILE.format(match[2])}\n{match[1]} = r'''{text}'''"


def title_of(folded: list[Statement], taught_in: Mapping[Statement, str]) -> str:
    """Return comments that say what is in a fold, and which pages explain it."""
    pages = sorted({taught_in[s] for s in folded if s in taught_in})
    stages = [page for page in pages if "/" not in page]
    rest = {s.module for s in folded if taught_in.get(s) not in stages}
    parts = []
    if stages:
        *most, last = [str(int(page[5:7])) for page in stages]
        listed = f"stages {', '.join(most)} and {last}" if most else f"stage {last}"
        parts.append(f"code from {listed}")
    if rest == {"plotting"}:
        parts.append("for the figures" if stages else "code for the figures")
    elif rest:
        parts.append("helpers")
    title = ", and ".join(parts)
    return "\n".join([FOLDED + title, *(f"#   see {page}" for page in pages)])


def write_programs(root: Path) -> None:
    """Write all programs into docs/_programs; nothing is left of a removed stage."""
    examples, folder = root / "examples", root / "docs" / "_programs"
    files = sorted(examples.rglob("plot_*.py"), key=lambda f: (len(f.parts), f))
    stages = {f.relative_to(examples): Stage(f, root / "linreg") for f in files}
    taught_in: dict[Statement, str] = {}
    for path, stage in stages.items():
        taught = [s for s, place in stage.places.items() if place != stage.fold]
        taught_in = dict.fromkeys(taught, path.as_posix()) | taught_in
    mark = folder / ".checksum"  # as docs/build.py marks what it made
    if folder.is_dir() and any(folder.iterdir()) and not mark.is_file():
        raise FileExistsError(f"{folder} was not made here: move it away")
    folder.mkdir(exist_ok=True)
    mark.touch()
    for old in folder.rglob("plot_*.py"):
        old.unlink()
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(examples, folder, ignore=ignore, dirs_exist_ok=True)
    for path, stage in stages.items():
        (folder / path).write_text(stage.program(taught_in), encoding="utf-8")


if __name__ == "__main__":
    write_programs(Path(__file__).resolve().parents[3])
