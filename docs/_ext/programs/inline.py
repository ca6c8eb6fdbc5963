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

FOLDED = "# Folded on the page: "
WHOLE_FILE = "# The file {}.py, as text:"
LIBRARY_IMPORT = re.compile(r"^from linreg\.(\w+) import (\([^)]*\)|.*)\n", re.M)
OTHER_IMPORT = re.compile(r"^( *import linreg|from linreg import| +from linreg)", re.M)


@dataclass(frozen=True)
class Statement:
    """A statement of a module of linreg, with the comments above it."""

    module: str
    line: int
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
    """Return the names that a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return frozenset([node.name])
    used = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
    return frozenset(name.id for name in used if isinstance(name.ctx, ast.Store))


@cache
def read_module(file: Path) -> list[Statement]:
    """Return the statements of a module but its docstring and its imports."""
    text = file.read_text(encoding="utf-8")
    rows, body = text.splitlines(), ast.parse(text, str(file)).body
    imports = {name: line for node in body for name, line in imports_of(node).items()}
    statements = []
    for above, node in pairwise(body):
        used = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
        needs = {name: imports[name] for name in used if name in imports}
        source = "\n".join(rows[above.end_lineno : node.end_lineno])
        if not imports_of(node):
            place, needed = (file.stem, node.lineno), tuple(needs.items())
            statements.append(Statement(*place, source, names_of(node), needed))
    return statements


def statements_for(module: str, name: str, library: Path) -> list[Statement]:
    """Return what an import stands for: its needs, then its module down to the name."""
    file = library / f"{module}.py"
    own = read_module(file) if file.is_file() else []
    while own and name not in own[-1].names:
        own = own[:-1]
    needs = "".join(dict.fromkeys(line for s in own for _, line in s.imports))
    taken = LIBRARY_IMPORT.findall(needs)
    return [s for m, n in taken for s in statements_for(m, n, library)] + own


class Stage:
    """A stage, and the place of each statement that it takes from linreg.

    The first cell of code holds imports. A later cell of nothing but imports from
    linreg teaches what they name: it stands there, and so does what is above it in its
    module. All else that the stage needs is folded.
    """

    def __init__(self, file: Path, library: Path) -> None:
        """Read a stage, cut it into cells, and find the places."""
        self.file, self.library = file, library
        self.text = file.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text, str(file))
        if found := OTHER_IMPORT.search(self.text):
            line = self.text.count("\n", 0, found.start()) + 1
            raise self.error(line, "write: from linreg.MODULE import NAME")
        self.cells = re.split(r"^(?=# ?%%)", self.text, flags=re.M)
        self.first = next(i for i, cell in enumerate(self.cells) if has_code(i, cell))
        self.taught: dict[Statement, int] = {}  # the number of the cell
        self.folded: list[Statement] = []
        above: dict[Statement, int] = {}
        for number, cell in enumerate(self.cells):
            own_code = has_code(number, LIBRARY_IMPORT.sub("", cell))
            teaches = number != self.first and not own_code
            for found in LIBRARY_IMPORT.finditer(cell):
                for name in re.findall(r"\w+", found[2]):
                    statements = statements_for(found[1], name, library)
                    if not statements:
                        line = self.text[: self.text.index(found[0])].count("\n") + 1
                        raise self.error(line, f"linreg.{found[1]} has no {name}")
                    for statement in statements:
                        if teaches and statement.module == found[1]:
                            named = statement is statements[-1]
                            place = self.taught if named else above
                            place.setdefault(statement, number)
                        else:
                            self.folded.append(statement)
        self.taught = above | self.taught
        self.folded = [s for s in dict.fromkeys(self.folded) if s not in self.taught]
        self.imports = self.missing_imports()

    def error(self, line: int, reason: str) -> SyntaxError:
        """Return an error with its place: Python and Sphinx show both."""
        return SyntaxError(reason, (str(self.file), line, None, None))

    def missing_imports(self) -> list[str]:
        """Return the imports that the stage lacks; refuse a name with two meanings."""
        needed = dict(need for s in [*self.taught, *self.folded] for need in s.imports)
        names = {name for s in [*self.taught, *self.folded] for name in s.names}
        for node in self.tree.body:
            if twice := names_of(node) & (names | needed.keys()):
                raise self.error(node.lineno, f"{min(twice)} is a name of linreg too")
        for node in self.tree.body:
            for name, line in imports_of(node).items():
                other = needed.pop(name, name if name in names else line)
                if other != line and not LIBRARY_IMPORT.match(line):
                    reason = f"{line.strip()}, but in linreg: {other.strip()}"
                    raise self.error(node.lineno, reason)
        return sorted(n for n in set(needed.values()) if not LIBRARY_IMPORT.match(n))

    def program(self, taught_in: Mapping[Statement, str]) -> str:
        """Return the complete program, with the fold behind the first cell of code."""
        parts, imports = [], self.imports
        for number, cell in enumerate(self.cells):
            own = re.sub(r"\n{4,}", "\n\n\n", LIBRARY_IMPORT.sub("", cell).rstrip())
            taught = [s for s in self.taught if self.taught[s] == number]
            if taught:
                taught.sort(key=lambda s: (s.module, s.line))
                parts.append(f"{own}\n\n\n{code_of(imports, taught)}\n\n\n")
                imports = []
            else:
                parts.append(own + cell[len(cell.rstrip()) :])
            if number == self.first and self.folded:
                title = title_of(self.folded, taught_in)
                code = code_of(imports, self.folded)
                parts.append(f"# %%\n\n{title}\n\n\n{code}\n\n\n")
                imports = []
        whole = re.compile(r'^(\w+) = program\("linreg\.(\w+)"\)$', re.M)
        return whole.sub(self.whole_file, "".join(parts).rstrip() + "\n")

    def whole_file(self, match: re.Match[str]) -> str:
        """Return an assignment of the text of a module of linreg."""
        text = (self.library / f"{match[2]}.py").read_text(encoding="utf-8")
        return f"{WHOLE_FILE.format(match[2])}\n{match[1]} = r'''{text}'''"


def has_code(number: int, cell: str) -> bool:
    """Tell whether a cell has code; the docstring in the first one is none."""
    return len(ast.parse(cell).body) > (number == 0)


def code_of(imports: list[str], statements: list[Statement]) -> str:
    """Return code, with two blank lines around what comes from one module."""
    parts = ["".join(imports)]
    for _, part in groupby(statements, key=lambda statement: statement.module):
        parts.append("\n".join(statement.text for statement in part))
    return "\n\n\n".join(part.strip("\n") for part in parts if part)


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
    read_module.cache_clear()
    files = sorted(examples.rglob("plot_*.py"), key=lambda file: file.name)
    stages = {f.relative_to(examples): Stage(f, root / "linreg") for f in files}
    taught_in: dict[Statement, str] = {}
    for path, stage in stages.items():
        taught_in = dict.fromkeys(stage.taught, path.as_posix()) | taught_in
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(examples, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path, stage in stages.items():
        (folder / path).write_text(stage.program(taught_in), encoding="utf-8")


if __name__ == "__main__":
    write_programs(Path(__file__).resolve().parents[3])
