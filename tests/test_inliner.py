"""The step that puts the library's source in the place of a stage's imports."""

import ast
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from inliner import FOLD, TAUGHT_IN, import_lines, inline, module_program, taught_by
from library_source import InlineError, Library, outside_imports

ROOT = Path(__file__).parent.parent
STAGES = sorted((ROOT / "examples").rglob("plot_*.py"))
HEAD = 'r"""\nTitle\n=====\n"""\n'

MODULES = {
    "base": '''
        """Helpers."""

        import math
        from numbers import Real

        UNIT = 2  # a unit
        # Why there are two.
        LIMIT: float = 1e3


        def check(value: object) -> float:
            """Refuse what is no number."""
            if not isinstance(value, Real):
                raise TypeError("value must be a number")
            return float(value)


        def unused() -> float:
            return math.pi
        ''',
    "shapes": '''
        """Shapes."""

        import collections.abc as abc
        from dataclasses import dataclass, field

        from lib.base import UNIT, check


        # What a point is.
        @dataclass(frozen=True)
        class Point:
            r"""A point with \\alpha and 'quotes'."""

            x: float
            names: list[str] = field(default_factory=list)  # a call inside a class


        def double(value: float) -> float:
            return UNIT * check(value)


        def point(value: float) -> Point:
            """Make a point."""
            return Point(double(check(value)))


        def is_list(value: object) -> bool:
            return isinstance(value, abc.Sequence)
        ''',
    "worker": '''
        """Double a number given on the command line."""

        import sys

        from lib.shapes import double


        def main() -> None:
            """Print it."""
            print(double(float(sys.argv[1])))


        if __name__ == "__main__":
            main()
        ''',
}


@pytest.fixture
def library(tmp_path):
    return make_library(tmp_path, MODULES)


def make_library(folder, modules):
    package = folder / "lib"
    package.mkdir(exist_ok=True)
    for name, source in modules.items():
        (package / f"{name}.py").write_text(
            dedent(source).lstrip("\n"), encoding="utf-8"
        )
    return Library(package)


def convert(library, *cells, taught_in=None):
    text = HEAD + "".join(
        f"\n# %%\n# Text {n}.\n\n{cell}\n" for n, cell in enumerate(cells)
    )
    return inline(text, Path("stage.py"), library, taught_in or {})


def output_of(text, folder, *arguments):
    """What a program prints, run as a file of its own, apart from this process's path."""
    file = folder / "script.py"
    file.write_text(text, encoding="utf-8")
    command = [sys.executable, "-I", "-W", "error", str(file), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_cell_of_imports_alone_is_taught_in_place(library):
    program = convert(
        library, "from numbers import Real", "from lib.base import check", "check(1)"
    )
    assert FOLD not in program.text
    assert program.taught == [("lib.base", "check")]
    lines = program.text.splitlines()
    assert lines.index("# Text 1.") < lines.index("def check(value: object) -> float:")
    assert lines.index("def check(value: object) -> float:") < lines.index("# Text 2.")
    assert program.text.count("Real") == 2


@pytest.mark.parametrize("name", ["Point", "double", "point", "is_list"])
def test_source_stays_byte_for_byte(library, name):
    program = convert(library, f"from lib.shapes import {name}\n\nprint(1)")
    source = (library.folder / "shapes.py").read_text(encoding="utf-8")
    node = next(n for n in ast.parse(source).body if getattr(n, "name", "") == name)
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    lines = source.splitlines()[first - 1 : node.end_lineno]
    assert "\n".join(lines) in program.text


def test_comments_above_and_beside_come_along(library):
    text = convert(
        library, "from lib.base import LIMIT, UNIT\nfrom lib.shapes import Point\n\n1"
    ).text
    assert "UNIT = 2  # a unit\n# Why there are two.\nLIMIT: float = 1e3" in text
    assert "# What a point is.\n@dataclass(frozen=True)\nclass Point:" in text
    assert r"A point with \\alpha" not in text
    assert r"A point with \alpha" in text


def test_shared_cells_bring_one_fold_ahead_with_all_they_need(library, tmp_path):
    program = convert(
        library,
        "import sys",
        "from lib.shapes import point\n\nprint(point(3).x, sys.maxsize > 0)",
    )
    assert program.text.count(FOLD) == 1
    assert [name for _, name in program.objects] == [
        "UNIT",
        "check",
        "Point",
        "double",
        "point",
    ]
    before, _, after = program.text.partition(FOLD)
    assert before.rstrip().endswith("# Text 1.\n\n# %%")
    assert after.rstrip().endswith("# %%\n\nprint(point(3).x, sys.maxsize > 0)")
    assert output_of(program.text, tmp_path) == "6.0 True\n"


def test_a_helper_needed_twice_stands_once(library, tmp_path):
    program = convert(
        library,
        "from lib.shapes import double\n\nprint(double(1))",
        "from lib.shapes import point\n\nprint(point(1).x)",
        "from lib.base import check\n\nprint(check(1))",
    )
    assert program.text.count("def check(") == 1
    assert program.text.count("from numbers import Real") == 1
    assert program.text.count(FOLD) == 2
    assert output_of(program.text, tmp_path) == "2.0\n2.0\n1.0\n"


def test_a_cell_of_all_kinds_of_imports_is_followed_by_the_fold(library, tmp_path):
    program = convert(
        library,
        "import sys\n\nfrom lib.base import check",
        "print(check(1), sys.argv[1:])",
    )
    before, _, after = program.text.partition(FOLD)
    assert "import sys" in before
    assert "def check" in after
    assert output_of(program.text, tmp_path) == "1.0 []\n"


def test_two_objects_of_one_module_keep_its_order(library):
    imports = "from dataclasses import dataclass, field"
    program = convert(
        library,
        imports,
        "from lib.shapes import Point",
        "from lib.shapes import point, double",
    )
    assert program.taught == [
        ("lib.shapes", "Point"),
        ("lib.shapes", "double"),
        ("lib.shapes", "point"),
    ]


def test_aliases_of_outside_imports_come_along(library, tmp_path):
    program = convert(library, "from lib.shapes import is_list\n\nprint(is_list([]))")
    assert "import collections.abc as abc" in program.text
    assert output_of(program.text, tmp_path) == "True\n"


IMPORTS = {
    "plain": "import zlib, foobar, PIL, abc, sys, foo_bar, numpy as np, matplotlib.pyplot, sys\n",
    "from": (
        "from zlib import crc32\nfrom PIL import Image\nfrom foobar import a\nfrom abc import ABC\n"
        "from foo_bar import b\nfrom abc import abstractmethod\nfrom abc import ABC\n"
    ),
    "names": "from torch import foobar, Aa, X, aa, foo_bar, AB, x, Y1, Xa, ABC, Ab\n",
    "dotted": (
        "import numpy, xml.etree.ElementTree, torch.nn.utils, sys\n"
        "from torch.utils.data import Dataset\nfrom concurrent.futures.thread import _worker\n"
        "from numbers import Real\nfrom collections.abc import Sequence\n"
    ),
    "100 columns": f"import sys\nfrom torch import z, {'a' * 79}\n",
    "101 columns": f"import sys\nfrom torch import z, {'a' * 80}\n",
    "one name of 101 columns": f"from torch import {'a' * 83}\n",
}


@pytest.mark.parametrize("text", IMPORTS.values(), ids=IMPORTS)
def test_imports_stand_as_ruff_would_have_them(text):
    options = [
        "--isolated",
        "--config=line-length=100",
        "--select=I",
        "--fix",
        "--quiet",
        "-",
    ]
    ruff = [sys.executable, "-m", "ruff", "check", *options]
    result = subprocess.run(
        ruff, input=text, capture_output=True, text=True, check=True
    )
    imports = [
        e for node in ast.parse(text).body for e in outside_imports(node, Path("x.py"))
    ]
    assert import_lines(imports) + "\n" == result.stdout


def test_the_fold_names_the_stages_that_taught_its_code(library):
    taught_in = {
        ("lib.base", "check"): "plot_01.py",
        ("lib.shapes", "Point"): "plot_02.py",
    }
    program = convert(
        library, "from lib.shapes import point\n\npoint(1)", taught_in=taught_in
    )
    assert (
        f"{FOLD}\n# From plot_01.py: check.\n# From plot_02.py: Point.\n\n"
        in program.text
    )


def test_many_names_taught_in_one_stage_fill_lines_of_100_columns(tmp_path):
    names = [f"a_constant_with_a_long_name_{n}" for n in range(6)]
    source = '"""Long."""\n\n' + "".join(f"{name} = 1\n" for name in names)
    library = make_library(tmp_path, {"long": source})
    taught_in = {("lib.long", name): "plot_01.py" for name in names}
    cell = "".join(f"from lib.long import {name}\n" for name in names) + "\n1"
    text = convert(library, cell, taught_in=taught_in).text
    header = """
# From plot_01.py: a_constant_with_a_long_name_0, a_constant_with_a_long_name_1,
#   a_constant_with_a_long_name_2, a_constant_with_a_long_name_3, a_constant_with_a_long_name_4,
#   a_constant_with_a_long_name_5.

a_constant_with_a_long_name_0 = 1
"""
    assert f"{FOLD}{header}" in text
    [(stage, listed)] = TAUGHT_IN.findall(text)
    assert stage == "plot_01.py"
    assert listed.replace("\n#  ", "").split(", ") == names


def test_the_order_of_names_in_a_stage_does_not_matter(library):
    texts = {
        convert(library, f"from lib.shapes import {names}\n\npoint(1)").text
        for names in ("point, is_list, double", "double, point, is_list")
    }
    assert len(texts) == 1


def test_a_program_is_a_string_in_a_fold_and_runs_as_a_file(library, tmp_path):
    program = convert(library, 'WORKER = program("lib.worker")', "print(len(WORKER))")
    worker = module_program(library, "lib.worker", Path("stage.py"), 1)
    assert f"WORKER = r'''\n{worker}'''.lstrip()" in program.text
    assert program.modules == ["lib.worker"]
    assert "program(" not in program.text
    assert output_of(worker, tmp_path, "4") == "8.0\n"
    assert output_of(program.text, tmp_path) == f"{len(worker)}\n"


BAD_STAGES = {
    "import lib.base": (7, "write `from lib.<module> import <name>`"),
    "from lib import base": (7, "name the module"),
    "from lib.base import check as test": (7, "an alias of check"),
    "from lib.base import *": (7, "a star import"),
    "from lib.base import missing": (7, "lib.base does not define missing"),
    "from lib.shapes import check": (7, "lib.shapes does not define check"),
    "from lib.nothing import x": (7, "there is no module lib.nothing"),
    "if True:\n    from lib.base import check": (8, "inside other code"),
    "from lib.base import check; check(1)": (7, "two statements on one line"),
    "check = 3\n\nfrom lib.base import check": (7, "a collision"),
    "from lib.base import check\nfor check in []:\n    pass": (8, "a collision"),
    "from lib.base import check\nisinstance = 3": (
        8,
        "the library uses the built-in isinstance",
    ),
    "from lib.base import check\nReal = 3": (8, "a collision"),
    "from lib.shapes import double\nprint(check(1))": (
        8,
        "check is used but not imported",
    ),
    "from lib.base import check\nprint(Real)": (8, "add `from numbers import Real`"),
    "from lib.base import check\nfrom os import name as Real": (7, "bind one name"),
    "x = [program('lib.worker')]": (7, "as a statement of its own"),
    "W = program('lib.base')": (7, "would do nothing"),
    'TEXT = """\n# %%\n"""': (7, "where sphinx-gallery cuts it in two"),
}


@pytest.mark.parametrize("cell", BAD_STAGES)
def test_what_is_unsafe_in_a_stage_is_refused_with_file_line_and_reason(library, cell):
    line, reason = BAD_STAGES[cell]
    with pytest.raises(InlineError) as error:
        inline(f"{HEAD}\n# %%\n{cell}\n", Path("stage.py"), library, {})
    assert f"stage.py:{line}: " in str(error.value)
    assert reason in str(error.value)


BAD_ORDERS = {
    (
        "print(check(1))",
        "from lib.base import check\n\n1",
    ): "check is used before its import in line 14",
    (
        "from lib.shapes import double\n\ndouble(1)",
        "from numbers import Real",
        "from lib.base import check",
    ): "check is needed here, before it is taught in line 21",
    (
        "from lib.base import check\n\n1",
        "from lib.base import check",
    ): "imported already in line 9",
    (
        "from lib.base import check",
    ): "add `from numbers import Real` to the first code cell",
    (
        "from dataclasses import dataclass, field",
        "from lib.shapes import Point, point",
        "from lib.base import check",
    ): "check is needed here, before it is taught",
    ("from lib.base import check\n\n1", "from os import path as Real"): "bind one name",
}


@pytest.mark.parametrize("cells", BAD_ORDERS)
def test_what_comes_too_late_is_refused(library, cells):
    with pytest.raises(InlineError, match=r"^stage\.py:\d+: ") as error:
        convert(library, *cells)
    assert BAD_ORDERS[cells] in str(error.value)


def test_folded_code_cannot_need_a_class_taught_after_it(tmp_path):
    library = make_library(
        tmp_path,
        {
            "loop": '''
            """A loop."""


            class Record:
                """A record."""


            def record() -> Record:
                """Make one."""
                return Record()


            def run() -> Record:
                """Run."""
                return record()
            '''
        },
    )
    with pytest.raises(InlineError) as error:
        convert(library, "from lib.loop import Record, run")
    assert str(error.value) == (
        "stage.py:9: record, folded ahead of this cell, needs Record to be defined; "
        "teach Record in a cell of its own before this one"
    )
    both = convert(
        library, "from lib.loop import Record", "from lib.loop import run", "run()"
    )
    assert both.text.count(FOLD) == 0 or both.text.index(
        "class Record"
    ) < both.text.index(FOLD)


BAD_MODULES = {
    "print(1)": "a statement that runs at import",
    "a, b = 1, 2": "a statement that runs at import",
    "if True:\n    x = 1": "a statement that runs at import",
    "try:\n    import os\nexcept ImportError:\n    pass": "a statement that runs at import",
    "x = list()": "a constant made by a call",
    "from . import base": "a relative import",
    "from __future__ import annotations": "an import from __future__",
    "from os import *": "a star import",
    "from lib.base import check as test": "an alias of check",
    "def f():\n    from lib.base import check\n    return check": "inside a function",
    "def f():\n    return undefined": "f needs undefined",
    "def f():\n    return __file__": "f uses __file__",
    "def f(x: 'int'):\n    return x": "a quoted annotation",
    "class A:\n    print(1)": "A runs a statement at import",
    "x = 1\nx = 2": "x is defined a second time",
    "from lib.base import check\n\n@check\ndef f():\n    pass": "the decorator check",
    "x = 1; y = 2": "two statements on one line",
    "def f():\n    '''x\n# %%\n    '''": "takes for the start of a cell",
    "from lib.bad import f": "in a circle: lib.bad -> lib.bad",
}


@pytest.mark.parametrize("body", BAD_MODULES)
def test_what_is_unsafe_in_a_module_is_refused_with_file_line_and_reason(
    tmp_path, body
):
    library = make_library(tmp_path, MODULES | {"bad": f'"""Bad."""\n\n{body}\n'})
    with pytest.raises(InlineError, match=r"bad\.py:\d+: ") as error:
        convert(library, "from lib.bad import f\n\nf()")
    assert BAD_MODULES[body] in str(error.value)


EVERYTHING = (
    "import sys\nfrom dataclasses import dataclass, field\nfrom numbers import Real",
    "from lib.shapes import Point",
    "from lib.shapes import point\n# A comment.\n",
    "W = program('lib.worker')\nprint(point(3).x, sys.maxsize > 0)",
)
WHOLE = '''
# %%
# Text 0.

import sys
from dataclasses import dataclass, field
from numbers import Real

# %%
# Text 1.

# What a point is.
@dataclass(frozen=True)
class Point:
    r"""A point with \\alpha and 'quotes'."""

    x: float
    names: list[str] = field(default_factory=list)  # a call inside a class


# %%
# Text 2.

# %%

# Code from earlier stages, and helpers
# From plot_01.py: check.

UNIT = 2  # a unit


def check(value: object) -> float:
    """Refuse what is no number."""
    if not isinstance(value, Real):
        raise TypeError("value must be a number")
    return float(value)


def double(value: float) -> float:
    return UNIT * check(value)


# %%

# A comment.

def point(value: float) -> Point:
    """Make a point."""
    return Point(double(check(value)))


# %%
# Text 3.

# %%

# Code from earlier stages, and helpers

W = r\'\'\'
"""Double a number given on the command line."""

import sys
from numbers import Real

UNIT = 2  # a unit


def check(value: object) -> float:
    """Refuse what is no number."""
    if not isinstance(value, Real):
        raise TypeError("value must be a number")
    return float(value)


def double(value: float) -> float:
    return UNIT * check(value)


def main() -> None:
    """Print it."""
    print(double(float(sys.argv[1])))


if __name__ == "__main__":
    main()
\'\'\'.lstrip()

# %%

print(point(3).x, sys.maxsize > 0)
'''


def test_the_whole_text_of_a_program(library):
    program = convert(
        library, *EVERYTHING, taught_in={("lib.base", "check"): "plot_01.py"}
    )
    assert program.text == HEAD + WHOLE
    assert program.objects == [
        ("lib.shapes", "Point"),
        ("lib.base", "UNIT"),
        ("lib.base", "check"),
        ("lib.shapes", "double"),
        ("lib.shapes", "point"),
    ]
    assert (
        program.named
        == program.taught
        == [("lib.shapes", "Point"), ("lib.shapes", "point")]
    )
    assert program.modules == ["lib.worker"]


TWO = '''
    """Two functions that need one import."""

    import math


    def pi() -> float:
        return math.pi


    def e() -> float:
        return math.e
    '''
TWO_FOLDS = f"""{HEAD}
# %%
# Text 0.

# %%

{FOLD}

import math


def pi() -> float:
    return math.pi


# %%

pi()

# %%
# Text 1.

# %%

{FOLD}


def e() -> float:
    return math.e


# %%

e()
"""


def test_an_import_stands_in_the_first_fold_that_needs_it(tmp_path):
    library = make_library(tmp_path, {"two": TWO})
    program = convert(
        library, "from lib.two import pi\n\npi()", "from lib.two import e\n\ne()"
    )
    assert program.text == TWO_FOLDS


def test_taught_code_may_need_two_parts_of_one_package(tmp_path):
    parts = '''
        """Parts."""

        import xml.dom
        import xml.sax


        def names() -> list[str]:
            return [xml.dom.__name__, xml.sax.__name__]
        '''
    library = make_library(tmp_path, {"parts": parts})
    program = convert(
        library,
        "import xml.dom\nimport xml.sax",
        "from lib.parts import names",
        "print(names())",
    )
    assert program.taught == [("lib.parts", "names")]
    assert output_of(program.text, tmp_path) == "['xml.dom', 'xml.sax']\n"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("X = 1\nX", "X = 1\nX\n"),
        ("    # Indented.\nX = 1", "    # Indented.\nX = 1\n"),
        ("from lib.ends import X", "X = 2  \n"),
        (
            "from lib.ends import X\n\n    # Indented.\nX",
            f"# %%\n\n{FOLD}\n\nX = 2  \n\n# %%\n\n    # Indented.\nX\n",
        ),
    ],
)
def test_code_loses_nothing_but_blank_lines_at_its_ends(tmp_path, cell, text):
    library = make_library(tmp_path, {"ends": '"""Ends."""\n\nX = 2  \n'})
    assert convert(library, cell).text == f"{HEAD}\n# %%\n# Text 0.\n\n{text}"


def test_a_cell_of_a_program_alone_becomes_its_fold(library):
    worker = module_program(library, "lib.worker", Path("stage.py"), 1)
    text = f"# %%\n# Text 0.\n\n# %%\n\n{FOLD}\n\nW = r'''\n{worker}'''.lstrip()\n"
    assert convert(library, "W = program('lib.worker')").text == f"{HEAD}\n{text}"


def test_cells_of_text_alone_stay(library):
    text = (
        f"{HEAD}\n# %%\n# Text alone.\n# %%\n# Text with its code right below.\nx = 1\n\n"
        "# %%\n# The end,\n# in two lines.\n"
    )
    spaced = text.replace("alone.\n", "alone.\n\n").replace("below.\n", "below.\n\n")
    assert inline(text, Path("stage.py"), library, {}).text == spaced


def test_a_docstring_may_end_in_what_looks_like_a_cell(library):
    text = 'r"""\nTitle\n=====\n\n# %%"""\n\nx = 1\n\n# %%\n# Text.\n\nx\n'
    assert inline(text, Path("stage.py"), library, {}).text == text


@pytest.mark.parametrize(
    ("code", "line"), [("x = 1\nx = = 1", 10), ("x = 1\n\nnonlocal x", 11)]
)
def test_a_syntax_error_says_which_line_of_the_stage(library, code, line):
    with pytest.raises(SyntaxError) as error:
        convert(library, code)
    assert (error.value.filename, error.value.lineno) == ("stage.py", line)


MAIN = '\n\n\nif __name__ == "__main__":\n    f()\n'
MORE = {
    "other": '"""Other."""\n\n\ndef check():\n    return 1\n',
    "third": (
        '"""T."""\n\nfrom lib.base import check\n\n\ndef second() -> float:\n    return check(1)\n'
    ),
    "both": (
        '"""B."""\n\nfrom lib.third import second\n\n\n'
        f"def check() -> int:\n    return second()\n\n\ndef f() -> int:\n    return check(){MAIN}"
    ),
    "bound": (
        '"""B."""\n\nfrom os import path as check\n\nfrom lib.third import second\n\n\n'
        f"def f() -> int:\n    return second() + check{MAIN}"
    ),
    "missing": f'"""M."""\n\nfrom lib.base import f{MAIN}',
    "cut": f'"""C.\n\nText.\n# %%\n"""\n\n\ndef f() -> None:\n    pass{MAIN}',
    "quote": f"\"\"\"Q.\"\"\"\n\n\ndef f() -> str:\n    return '''x'''{MAIN}",
}
FULL_MESSAGES = {
    ("from lib.shapes import double\n\n1", "from lib.other import check"): (
        "16: check stands in the program already, in an earlier cell's fold"
    ),
    ("from lib.shapes import double\n\n1", "from lib.other import check\n\n2"): (
        "16: a collision: lib.base and lib.other both define check"
    ),
    ("from os import path as check", "from lib.base import check\n\n1"): (
        "14: a collision: check is imported, and lib.base defines it"
    ),
    (
        "from numbers import Real\nfrom os import path as check",
        "from lib.base import check",
    ): ("15: a collision: check is imported, and lib.base defines it"),
    ("from . import other",): "9: a relative import; name the module in full",
    ("from lib.base import check\n\n1", "from os import path as check"): (
        "16: a collision: lib.base defines check"
    ),
    ("W = program('lib.cut')",): (
        "9: line 4 of the program of lib.cut looks like the start of a cell"
    ),
    ("from lib.base import check\n\n\ndef f():\n    global check\n    check = 1\n",): (
        "12: a collision: lib.base defines check; choose another name here"
    ),
    (
        "from lib.base import check\n\n\ndef f():\n    def h():\n        return 1\n\n"
        "    def g():\n        def i():\n            global check\n            check = 1\n",
    ): "12: a collision: lib.base defines check; choose another name here",
    (
        "from lib.base import check\n\n\ndef f():\n    def g():\n        global check\n"
        "        check = 1\n\n    def h():\n        return 1\n",
    ): "12: a collision: lib.base defines check; choose another name here",
    ("from lib.base import check\na, check = 1, 2",): (
        "10: a collision: lib.base defines check; choose another name here"
    ),
    ("from lib.base import check\n\ndel check",): (
        "11: a collision: lib.base defines check; choose another name here"
    ),
    ("W = program('lib.both')",): "9: a collision: lib.base and lib.both define check",
    (
        "W = program('lib.bound')",
    ): "9: a collision: lib.base and `from os import path as check`",
    ("W = program('lib.missing')",): "9: lib.base does not define f",
    ("W = program('lib.nothing')",): "9: there is no module lib.nothing",
    ("W = program('lib.base')",): (
        '9: lib.base has no `if __name__ == "__main__":`, its program would do nothing'
    ),
    ("W = program('lib.quote')",): (
        "9: the program of lib.quote cannot stand between three single quotes"
    ),
    ("import os\nW = program('lib.worker')", "W = 3"): (
        "15: a collision: W is a program; choose another name here"
    ),
    ("check = 3\n\nfrom lib.base import check",): (
        "9: a collision: lib.base defines check; choose another name here"
    ),
    ("from lib.base import check\nisinstance = 3",): (
        "10: a collision: the library uses the built-in isinstance; choose another name here"
    ),
    ("from lib.base import check\nReal = 3",): (
        "10: a collision: Real is imported; choose another name here"
    ),
    ("from lib.base import check\nimport sys\nReal = 3",): (
        "11: a collision: Real is imported; choose another name here"
    ),
    ("from lib.shapes import double\nprint(check(1))",): (
        "10: check is used but not imported; `from lib.base import check`"
    ),
    ("from lib.base import check\nprint(Real)",): (
        "10: only folded code imports Real; add `from numbers import Real` to the first cell"
    ),
    ("from lib.base import check\nfrom os import name as Real",): (
        "9: a collision: `from os import name as Real` and `from numbers import Real` bind one name"
    ),
    ("x = [program('lib.worker')]",): (
        '9: write `NAME = program("linreg.<module>")`, as a statement of its own'
    ),
    ("if True:\n    from lib.base import check",): (
        "10: an import of the library inside other code; put it at the top of a cell"
    ),
    ('TEXT = """\n# %%\n"""',): (
        "9: a statement that holds a line like `# %%`, where sphinx-gallery cuts it in two"
    ),
    ('TEXT = """\n# %%"""',): (
        "9: a statement that holds a line like `# %%`, where sphinx-gallery cuts it in two"
    ),
    ("print(check(1))", "from lib.base import check\n\n1"): (
        "9: check is used before its import in line 14"
    ),
    (
        "from lib.shapes import double\n\n1",
        "from numbers import Real",
        "from lib.base import check",
    ): ("9: check is needed here, before it is taught in line 21"),
    ("from lib.base import check\n\n1", "from lib.base import check"): (
        "16: check is imported already in line 9"
    ),
    ("from lib.base import check",): (
        "9: check needs an import that no earlier cell shows; add `from numbers import Real` to "
        "the first code cell"
    ),
    ("from lib.base import check\n\n1", "from os import path as Real"): (
        "16: a collision: `from numbers import Real` and `from os import path as Real` "
        "bind one name"
    ),
}


@pytest.mark.parametrize("cells", FULL_MESSAGES)
def test_a_message_in_full(tmp_path, cells):
    library = make_library(tmp_path, MODULES | MORE)
    with pytest.raises(InlineError) as error:
        convert(library, *cells)
    assert str(error.value) == f"stage.py:{FULL_MESSAGES[cells]}"


def test_what_a_stage_teaches_is_read_with_file_and_line(library):
    for cell, message in (
        (
            "from lib.base import check as test",
            "stage.py:7: an alias of check: its source would",
        ),
        ("import lib.base", "stage.py:7: write `from lib.<module> import <name>`"),
    ):
        with pytest.raises(InlineError) as error:
            taught_by(f"{HEAD}\n# %%\n{cell}\n", Path("stage.py"), library)
        assert str(error.value).startswith(message)
    with pytest.raises(InlineError) as error:
        taught_by("x = 1\n", Path("stage.py"), library)
    assert (
        str(error.value)
        == "stage.py:1: a stage begins with a docstring that holds its title"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "W = V = program('lib.worker')",
        "W[0] = program('lib.worker')",
        "W = program('lib.worker', 1)",
        "W = program()",
        "W = program('lib.worker', part=1)",
        "W = program(**{'name': 'lib.worker'})",
        "W = program(name)",
        "W = program(3)",
        "program('lib.worker')",
        "W: str = program('lib.worker')",
    ],
)
def test_any_other_call_of_program_is_refused(library, statement):
    with pytest.raises(InlineError) as error:
        convert(library, statement)
    reason = 'write `NAME = program("linreg.<module>")`, as a statement of its own'
    assert str(error.value) == f"stage.py:9: {reason}"


def test_a_guard_brings_what_it_calls(tmp_path):
    guard = """
        '''Print two numbers.'''

        import sys

        from lib.base import UNIT
        from lib.shapes import double


        def one() -> int:
            return 1


        if __name__ == "__main__":
            print(double(one()), UNIT, len(sys.argv))
        """
    library = make_library(tmp_path, MODULES | {"guard": guard})
    text = module_program(library, "lib.guard", Path("stage.py"), 7)
    assert (
        text.count("def double(")
        == text.count("def check(")
        == text.count("UNIT = 2")
        == 1
    )
    assert output_of(text, tmp_path) == "2.0 2 1\n"


@pytest.mark.parametrize("end", ["x = 'y'", "f()  # \\"])
def test_a_program_is_the_same_in_its_string_however_it_ends(tmp_path, end):
    module = f'"""Q."""\n\n\ndef f() -> None:\n    pass\n\n\nif __name__ == "__main__":\n    {end}\n'
    library = make_library(tmp_path, MODULES | {"end": module})
    program = convert(library, "W = program('lib.end')", "print(W, end='')")
    worker = module_program(library, "lib.end", Path("stage.py"), 1)
    assert worker.endswith(f"    {end}\n")
    assert output_of(program.text, tmp_path) == worker


def test_a_cell_without_text_gives_its_place_to_the_fold(library):
    text = f"{HEAD}\n# %%\n\nfrom lib.base import UNIT\n\nprint(UNIT)\n"
    program = inline(text, Path("stage.py"), library, {})
    assert (
        program.text
        == f"{HEAD}\n# %%\n\n{FOLD}\n\nUNIT = 2  # a unit\n\n# %%\n\nprint(UNIT)\n"
    )
    text = f"{HEAD}\n# %%\n\nfrom numbers import Real\n\n# %%\n\nfrom lib.shapes import double\n"
    program = inline(text, Path("stage.py"), library, {})
    _, _, after = program.text.partition("from numbers import Real\n")
    assert after.startswith(f"\n# %%\n\n{FOLD}\n\nUNIT = 2  # a unit\n\n\ndef check(")
    assert after.endswith(
        "\n\n\n# %%\n\n\ndef double(value: float) -> float:\n    return UNIT * check(value)\n"
    )


def test_names_of_two_modules_collide(tmp_path):
    library = make_library(
        tmp_path, MODULES | {"other": '"""Other."""\n\n\ndef check():\n    return 1\n'}
    )
    with pytest.raises(
        InlineError, match=r"lib\.base and lib\.other both define check"
    ):
        convert(
            library,
            "from lib.shapes import double\n\n1",
            "from lib.other import check\n\n2",
        )


@pytest.fixture(scope="module")
def programs():
    library = Library(ROOT / "linreg")
    taught_in = {}
    for path in STAGES:
        for key in taught_by(path.read_text(encoding="utf-8"), path, library):
            taught_in.setdefault(key, path.name)
    return {
        path.stem: inline(
            path.read_text(encoding="utf-8"),
            path,
            library,
            {key: name for key, name in taught_in.items() if name != path.name},
        )
        for path in STAGES
    }


def test_the_programs_of_all_stages_are_clean_and_alone(programs, tmp_path):
    folder = tmp_path / "programs"
    folder.mkdir()
    for name, program in programs.items():
        (folder / f"{name}.py").write_text(program.text, encoding="utf-8")
        assert "linreg" not in {
            (getattr(node, "module", None) or node.names[0].name).partition(".")[0]
            for node in ast.walk(ast.parse(program.text))
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
    # Imports stand in the cell that needs them first; titles are RST, not docstrings in our style.
    ignore = "E402,I001,D205,D212,D400,D415"
    ruff = [sys.executable, "-m", "ruff"]
    config = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", str(folder)]
    check = [*ruff, "check", "--extend-ignore", ignore, *config]
    for command in (check, [*ruff, "format", "--check", *config]):
        result = subprocess.run(command, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", STAGES, ids=lambda path: path.stem)
def test_each_taught_line_is_its_line_in_the_library(programs, path):
    program = programs[path.stem]
    lines = program.text.splitlines()
    nodes = {getattr(node, "name", None): node for node in ast.parse(program.text).body}
    for module, name in program.taught:
        source = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
        original = {getattr(n, "name", None): n for n in ast.parse(source).body}.get(
            name
        )
        if original is None:  # a constant
            assert any(line.startswith(f"{name} =") for line in source.splitlines())
            continue
        copy = nodes[name]
        theirs = source.splitlines()[original.lineno - 1 : original.end_lineno]
        assert lines[copy.lineno - 1 : copy.end_lineno] == theirs
