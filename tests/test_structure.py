"""The shape of the library: small modules, imports in one direction."""

import ast
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parent.parent / "linreg"
MODULES = sorted(path for path in LIBRARY.glob("*.py") if path.stem != "__init__")

# A module may import from those above it, and from no other.
LAYERS = [
    {"checks", "vector_checks", "moments"},
    {"loop_checks", "state_checks", "run_checks", "history", "residuals"},
    {"centred", "data", "model", "device", "sampler", "random_state"},
    {"training", "ensemble", "checkpoint_checks"},
    {"exact", "landscape", "checkpoint"},
    {"noise"},
    {"plotting", "worker"},
]


def imported(path):
    """The names of all modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def layer(name):
    return next(number for number, names in enumerate(LAYERS) if name in names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_imports_run_one_way(path):
    for name in imported(path):
        top, _, rest = name.partition(".")
        assert top not in {"docs", "tests", "examples"}
        if top == "linreg":
            assert layer(rest) < layer(path.stem), f"{path.stem} imports {rest}"
        if top == "matplotlib":
            assert path.stem == "plotting"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_is_readable_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_body_runs_nothing(path):
    allowed = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    for node in ast.parse(path.read_text(encoding="utf-8")).body[1:]:
        constant = isinstance(node, (ast.Assign, ast.AnnAssign)) and not any(
            isinstance(child, ast.Call) for child in ast.walk(node)
        )
        guard = (
            isinstance(node, ast.If)
            and ast.unparse(node.test) == "__name__ == '__main__'"
        )
        assert isinstance(node, allowed) or constant or guard, ast.unparse(node)
