"""How a stage becomes a complete program: what stands where, and what is refused."""

import ast
import contextlib
import io
import itertools
import re
from pathlib import Path
from textwrap import dedent

import pytest
from programs.inline import UNSEEN, origin, read_library, write_programs

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
            return floor(_power(x))


        def _power(x: float) -> float:
            return x ** (1 / TWO)
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
TITLE = '"""\nA stage\n=======\n"""\n\n'
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

    def write(
        library: dict[str, str] = LIBRARY, **stages: tuple[str, str, str]
    ) -> dict[str, str]:
        for name, text in library.items():
            file = tmp_path / "linreg" / f"{name}.py"
            file.parent.mkdir(exist_ok=True)
            file.write_text(dedent(text).lstrip())
        for name, (imports, taught, code) in stages.items():
            file = tmp_path / "examples" / f"{name}.py"
            file.parent.mkdir(exist_ok=True)
            text = STAGE.format(imports=imports, taught=taught, code=code)
            file.write_text(text.lstrip())
        folder = tmp_path / "docs" / "_programs"
        write_programs(tmp_path, folder)
        written = folder.glob("*.py")
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
    assert "rounded" not in program
    assert cell.index("import math") < cell.index("def square_root")
    assert printed(program) == "3.0\n"


def test_what_a_name_uses_comes_along_and_no_more(programs):
    stage = ("import math", "from linreg.roots import rounded", "print(rounded(17))")
    program = programs(plot_01_roots=stage)["plot_01_roots"]
    _, imports, fold, taught, _ = program.split("# %%")
    assert imports.count("import math") == 1
    assert "import math\n" not in fold + taught
    assert "from math import floor" in fold
    assert "# The smallest prime.\nTWO = 2" in fold  # another module's is folded
    assert "THREE" not in program
    assert "square_root" not in program  # it stands above, but is not used
    assert taught.index("@staticmethod\ndef rounded") < taught.index("def _power")
    assert printed(program) == "4\n"


def test_the_order_of_a_module_changes_no_cell(programs):
    """Seen to fail: a function moved up in its module left a cell of stage 3 empty."""
    stage = ("import sys", "from linreg.roots import rounded", "print(rounded(17))")
    before = programs(plot_01_a=TEACHES, plot_02_b=stage)
    head, *functions = dedent(LIBRARY["roots"]).split("\n\n\n")
    for order in itertools.permutations(functions):
        moved = {"roots": "\n\n\n".join([head, *order])}
        after = programs(LIBRARY | moved, plot_01_a=TEACHES, plot_02_b=stage)
        assert after["plot_01_a"] == before["plot_01_a"]
        cells = [
            sorted(p["plot_02_b"].split("# %%")[3].split()) for p in (before, after)
        ]
        assert cells[0] == cells[1]


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
    assert sorted(filter(None, names)) == ["_power", "plot", "rounded", "square_root"]
    assert printed(program) == "plot 2.0\n"


@pytest.mark.parametrize(
    ("imports", "title"),
    [
        ("from linreg.roots import square_root", "code from stage 1"),
        ("from linreg.plotting import plot", "code from stage 1, and for the figures"),
        (
            "from linreg.roots import rounded, square_root",
            "code from stages 1 and 2, and helpers",
        ),
        ("from linreg.numbers import THREE", "helpers"),
    ],
)
def test_the_title_of_a_fold_says_what_is_in_it(programs, imports, title):
    two = ("import os", "from linreg.numbers import TWO", "print(TWO)")
    three = (imports, "print(0)", "print(1)")
    program = programs(plot_01_a=TEACHES, plot_02_b=two, plot_03_c=three)["plot_03_c"]
    assert re.findall("# Folded on the page: (.*)", program) == [title]
    for number, page in (("1", "plot_01_a.py"), ("2", "plot_02_b.py")):
        assert (f"#   see {page}" in program) == (number in title)


def test_a_stage_that_needs_nothing_from_elsewhere_has_no_fold(programs):
    parts = {"imports": "import os", "taught": "x = 1", "code": "print(x)"}
    (text,) = programs(plot_01_a=tuple(parts.values())).values()
    assert text == STAGE.format(**parts)[1:]


HOLDS = (
    "import inspect\n\nimport linreg.worker\n\nTEXT = inspect.getsource(linreg.worker)"
)


def test_a_module_as_text(programs):
    stage = ("import sys", HOLDS, "exec(TEXT)")
    program = programs(plot_01_a=stage)["plot_01_a"]
    assert "inspect" not in program
    assert printed(program) == "works\n"
    values = {}
    exec(program, values)
    assert values["TEXT"] == LIBRARY["worker"]


@pytest.mark.parametrize(
    "taken",
    [
        "from linreg.roots import rounded  # not square_root",
        "from linreg.roots import (  # a note (with brackets)\n    rounded,\n)",
        "from linreg.roots import \\\n    rounded",
    ],
)
def test_an_import_is_read_as_python_reads_it(programs, taken):
    program = programs(plot_01_a=("import sys", taken, "print(rounded(17))"))
    assert "square_root" not in program["plot_01_a"]
    assert "linreg" not in program["plot_01_a"]
    assert printed(program["plot_01_a"]) == "4\n"


FORM = "write `from linreg.MODULE import NAME`, at the left margin"
ROUNDED = "from linreg.roots import rounded"
IS = "here it is `from"


@pytest.mark.parametrize(
    ("imports", "line", "reason"),
    [
        ("import os\nx = (1,", 10, "'(' was never closed"),
        ("import os\nfrom linreg.roots import cube", 10, FORM),
        ("from linreg.rots import cube", 9, FORM),
        ("from linreg.roots import rounded as r", 9, FORM),
        ("import linreg.roots", 9, FORM),
        ("from linreg import roots", 9, FORM),
        ("from linreg.roots import *", 9, FORM),
        (f"if 1:\n    {ROUNDED}", 10, FORM),
        ("from cmath import sqrt as floor", 9, f"floor: {IS} math import floor`"),
        ("for TWO in (1, 2):\n    pass", 9, f"TWO: {IS} linreg.numbers import TWO`"),
        ("def rounded():\n    pass", 9, f"rounded: {IS} linreg.roots import rounded`"),
        (HOLDS.replace("worker", "wrker"), 11, "inspect.getsource(linreg.MODULE)"),
        (f"import os\n\n# %%\n\n{ROUNDED}\n", 19, "cells above show all of this"),
        (f"{ROUNDED}\nx = 1\ny = rounded(4)", 11, "write `# %%` above this"),
    ],
)
def test_what_is_refused_at_its_place(programs, tmp_path, imports, line, reason):
    plot = "from linreg.roots import rounded, square_root"
    with pytest.raises(SystemExit) as refused:
        programs(plot_01_a=(imports, ROUNDED, "print(1)\n" + plot))
    place, _, words = str(refused.value).partition(": ")
    assert place == f"{tmp_path}/examples/plot_01_a.py:{line}"
    assert reason in words


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "1: begin with a docstring"),
        ("print(1)\n", "1: begin with a docstring"),
        ('"""\nA stage\n\nSome words.\n"""\n', "1: begin with a docstring"),
        ('"""\nA stage\n=======\n"""\n\n# caf\xe9\n', "6: save it as UTF-8"),
        (f"{TITLE}# sphinx_gallery_start_ignore\nx = 1\n", "6: write pairs"),
        (f"{TITLE}x = 1\n# sphinx_gallery_end_ignore\n", "7: write pairs"),
        (TITLE + "\n# %%\n".join(UNSEEN), "6: write pairs"),  # one for each cell
    ],
)
def test_a_stage_that_could_be_no_page_is_refused(programs, tmp_path, text, place):
    programs(plot_01_a=TEACHES)
    stage = tmp_path / "examples" / "plot_01_a.py"
    stage.write_text(text, "latin-1")
    with pytest.raises(SystemExit, match=re.escape(f"{stage}:{place}")):
        programs()


def test_a_refusal_names_the_file_behind_a_link(programs, tmp_path):
    """A site is built from links: nobody should edit what the next one removes."""
    programs(plot_01_a=TEACHES)
    stage = tmp_path / "examples" / "plot_01_a.py"
    stage.write_text("print(1)\n")
    (tmp_path / "work").mkdir()
    for name in ("examples", "linreg"):
        (tmp_path / "work" / name).symlink_to(tmp_path / name)
    with pytest.raises(SystemExit, match=re.escape(f"{stage}:1: ")):
        write_programs(tmp_path / "work", tmp_path / "programs")


def test_a_cell_may_begin_as_sphinx_gallery_allows(programs, tmp_path):
    """Seen to fail: without its blank, the mark hid a cell that teaches."""
    before = programs(plot_01_a=TEACHES)
    stage = tmp_path / "examples" / "plot_01_a.py"
    stage.write_text(stage.read_text().replace("# %%", "#%%"))
    after = programs()["plot_01_a"]
    assert after.replace("#%%", "# %%") == before["plot_01_a"]


def test_what_is_refused_in_linreg(programs, tmp_path):
    one = "from math import floor as root\n\n\ndef one():\n    return root(1)\n"
    two = "from math import sqrt as root\n\n\ndef two():\n    return root(1)\n"
    both = (
        "from linreg.one import one\nfrom linreg.two import two",
        "x = 1",
        "print(x)",
    )
    with pytest.raises(SystemExit, match=r"two\.py:4: take another name than root"):
        programs({"one": one, "two": two}, plot_01_a=both)
    quotes = {"worker": "TEXT = '''text'''\n"}
    with pytest.raises(SystemExit, match=r"worker\.py:1: write three \": '''"):
        programs(LIBRARY | quotes, plot_01_a=("import sys", HOLDS, "print(1)"))
    with pytest.raises(SystemExit, match=r"linreg/two\.py:1: invalid syntax"):
        programs({"one": one, "two": "x = = 1"}, plot_01_a=both)


def test_a_line_of_a_program_leads_to_its_stage(programs, tmp_path):
    program = programs(plot_01_roots=TEACHES)["plot_01_roots"].splitlines()
    docs, stage = tmp_path / "docs", tmp_path / "examples" / "plot_01_roots.py"
    made = docs / "_programs" / "plot_01_roots.py"
    for word in ("# What is taught.", "print(square_root(9))"):
        file, line = origin(made, program.index(word) + 1, docs)
        assert (file, stage.read_text().splitlines()[line - 1]) == (stage, word)
    taught = program.index("def square_root(x: float) -> float:") + 1
    file, line = origin(made, taught, docs)
    assert file == tmp_path / "linreg" / "roots.py"
    assert file.read_text().splitlines()[line - 1].startswith("def square_root(")
    (tmp_path / "examples" / "GALLERY_HEADER.rst").write_text(
        "Title\n=====\n\nWords.\n"
    )
    index = docs / "tutorial" / "index.rst"
    index.parent.mkdir()
    index.write_text(":orphan:\n\nTitle\n=====\n\nWords.\n")
    assert origin(index, 6, docs) == (tmp_path / "examples" / "GALLERY_HEADER.rst", 4)


def test_nothing_is_left_of_a_stage_that_was_removed(programs, tmp_path):
    programs(plot_01_a=TEACHES, plot_02_b=TEACHES)
    (tmp_path / "examples" / "plot_01_a.py").unlink()
    assert list(programs()) == ["plot_02_b"]


def test_the_library_imports_in_one_direction_and_matplotlib_for_figures_alone():
    read_library(ROOT / "linreg")  # else a CycleError
    for file in (ROOT / "linreg").glob("[!_]*.py"):
        text = file.read_text(encoding="utf-8")
        assert ("matplotlib" in text) == (file.stem == "plotting")
