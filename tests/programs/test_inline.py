"""How a stage becomes a complete program: what stands where, and what is refused."""

import ast
import contextlib
import io
import re
from pathlib import Path
from textwrap import dedent

import pytest
from programs.inline import write_programs

ROOT = Path(__file__).parents[2]
LIBRARY = {
    "numbers": '''
        """Constants."""

        # The smallest prime.
        TWO = 2
        THREE = 3  # the next one
        ''',
    "roots": '''
        """Roots."""

        import math
        from math import floor

        from linreg.numbers import TWO


        def square_root(x: float) -> float:
            """Return the square root of x."""
            return math.sqrt(x)


        @staticmethod
        def rounded(x: float) -> int:
            """Return the largest root not above that of x."""
            return floor(x ** (1 / TWO))
        ''',
    "plotting": '''
        """Figures."""

        from linreg.roots import square_root


        def plot(x: float) -> None:
            """Draw x, or so."""
            print("plot", square_root(x))
        ''',
    "worker": '"""A program."""\n\nprint("works")\n',
}
STAGE = '''
"""
A stage
=======
"""

# %%
# The imports.

{imports}

# %%
# What is taught.

{taught}

# %%
# What it gives.

{code}
'''


@pytest.fixture
def programs(tmp_path):
    """Write programs from stages, given by name as (imports, taught, code)."""

    def write(**stages: tuple[str, str, str]) -> dict[str, str]:
        for name, text in LIBRARY.items():
            file = tmp_path / "linreg" / f"{name}.py"
            file.parent.mkdir(exist_ok=True)
            file.write_text(dedent(text).lstrip())
        for name, (imports, taught, code) in stages.items():
            file = tmp_path / "examples" / f"{name}.py"
            file.parent.mkdir(exist_ok=True)
            text = STAGE.format(imports=imports, taught=taught, code=code)
            file.write_text(text.lstrip())
        write_programs(tmp_path)
        written = (tmp_path / "docs" / "_programs").glob("*.py")
        return {file.stem: file.read_text() for file in written}

    return write


def printed(program: str) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(program, "program", "exec"), {"__name__": "__main__"})
    return out.getvalue()


TEACHES = (
    "import sys",
    "from linreg.roots import square_root",
    "print(square_root(9))",
)


def test_the_source_stands_in_the_place_of_the_import(programs):
    program = programs(plot_01_roots=TEACHES)["plot_01_roots"]
    cell = program.split("# %%")[2]
    assert 'def square_root(x: float) -> float:\n    """Return the square' in cell
    assert "rounded" not in program  # down to the name, and no further
    assert cell.index("import math") < cell.index("def square_root")
    assert printed(program) == "3.0\n"


def test_what_is_above_in_the_module_and_what_it_imports_come_along(programs):
    stage = ("import math", "from linreg.roots import rounded", "print(rounded(17))")
    program = programs(plot_01_roots=stage)["plot_01_roots"]
    _, imports, fold, taught, _ = program.split("# %%")
    assert imports.count("import math") == 1
    assert "import math\n" not in fold + taught  # the page has it
    assert "from math import floor" in fold
    assert "# The smallest prime.\nTWO = 2" in fold
    assert "THREE" not in fold
    assert taught.index("def square_root") < taught.index("@staticmethod\ndef rounded")


def test_each_statement_and_each_import_comes_once(programs):
    stage = (
        "import math\n\nfrom linreg.plotting import plot",
        "from linreg.roots import square_root",
        "from linreg.roots import (\n    rounded,\n)\n\nplot(rounded(17))",
    )
    program = programs(plot_01_roots=stage)["plot_01_roots"]
    _, _, fold, taught, code = program.split("# %%")
    assert "def square_root" in taught  # named by its cell, so it is not folded
    assert "def plot" in fold
    assert "def rounded" in fold
    assert code.strip().endswith("plot(rounded(17))")
    assert "linreg" not in program
    names = [getattr(node, "name", "") for node in ast.parse(program).body]
    assert sorted(filter(None, names)) == ["plot", "rounded", "square_root"]
    assert printed(program) == "plot 2.0\n"


@pytest.mark.parametrize(
    ("imports", "title"),
    [
        ("from linreg.roots import square_root", "code from stage 1"),
        ("from linreg.roots import rounded", "code from stages 1 and 2, and helpers"),
        ("from linreg.plotting import plot", "code from stage 1, and for the figures"),
        ("from linreg.numbers import THREE", "code from stage 2, and helpers"),
    ],
)
def test_the_title_of_a_fold_says_what_is_in_it(programs, imports, title):
    two = ("import os", "from linreg.numbers import TWO", "print(TWO)")
    three = (imports, "print(0)", "print(1)")
    program = programs(plot_01_a=TEACHES, plot_02_b=two, plot_03_c=three)["plot_03_c"]
    assert re.findall("# Folded on the page: (.*)", program) == [title]
    assert ("#   see plot_01_a.py" in program) == ("1" in title)


def test_a_stage_that_needs_nothing_from_elsewhere_has_no_fold(programs):
    stage = ("import os", "x = 1", "print(x)")
    text = (programs(plot_01_a=stage))["plot_01_a"]
    assert (
        text == STAGE.format(imports="import os", taught="x = 1", code="print(x)")[1:]
    )


def test_a_module_as_a_string(programs):
    stage = ("import os", 'WORKER = program("linreg.worker")', "exec(WORKER)")
    program = programs(plot_01_a=stage)["plot_01_a"]
    assert printed(program) == "works\n"
    values = {}
    exec(program, values)
    assert values["WORKER"] == LIBRARY["worker"]


@pytest.mark.parametrize(
    ("imports", "line", "reason"),
    [
        ("import os\nfrom linreg.roots import cube", 10, "no cube: write from linreg"),
        ("from linreg.roots import rounded as r", 9, "no r: write from linreg.MODULE"),
        ("import linreg.roots", 9, "write from linreg.MODULE import NAME"),
        ("from linreg import roots", 9, "write from linreg.MODULE import NAME"),
        ("from cmath import sqrt as floor", 9, "floor is something else in linreg"),
        ("math = 1", 9, "math is something else in linreg"),
        ("for TWO in (1, 2):\n    pass", 9, "TWO is something else in linreg"),
        ("def rounded():\n    pass", 9, "rounded is something else in linreg"),
        ("from os import path as rounded", 9, "rounded is something else in linreg"),
    ],
)
def test_what_is_refused(programs, imports, line, reason):
    taught = "from linreg.roots import rounded"
    with pytest.raises(SyntaxError) as refused:
        programs(plot_01_a=(imports, taught, "print(1)"))
    assert reason in refused.value.msg
    assert refused.value.lineno == line
    assert refused.value.filename.endswith("plot_01_a.py")


def test_nothing_is_left_of_a_stage_that_was_removed(programs, tmp_path):
    programs(plot_01_a=TEACHES, plot_02_b=TEACHES)
    (tmp_path / "examples" / "plot_01_a.py").unlink()
    assert list(programs()) == ["plot_02_b"]


def test_the_library_imports_in_one_direction():
    above = ["data", "model", "training", "exact", "landscape", "sampler", "noise"]
    for file in (ROOT / "linreg").glob("[!_]*.py"):
        text = file.read_text(encoding="utf-8")
        for module in re.findall(r"(?m)^from linreg\.(\w+)", text):
            assert module in above[: above.index(file.stem)], file.stem
        assert ("matplotlib" in text) == (file.stem == "plotting")
