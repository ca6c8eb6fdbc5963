"""Builds that are interrupted, repeated and reproduced, on a site of two stages.

The site has the real extensions, templates and library. Its builds are forked from a process that
has imported what takes long, so a build takes a second and a signal meets the build itself.
"""

import os
import random
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from forks import Forks

ROOT = Path(__file__).parent.parent
EPOCH = {"SOURCE_DATE_EPOCH": "1577836800"}

MODULES = (
    "furo",
    "matplotlib.pyplot",
    "nbformat",
    "sphinx.cmd.build",
    "sphinx.ext.autodoc",
)
MODULES += ("sphinx_gallery.gen_gallery", "torch")

STAGE = '''r"""
Stage {number}
=======

The loss of stage {number}.

**What you need:** nothing.
"""

# %%
# Imports
# -------

import matplotlib.pyplot as plt

# %%
# Use it
# ------
#
# A formula, :math:`k x + m`.

from linreg.small import {function}

# %%
# A figure.

print({function}())
plt.plot([0, {function}()])
plt.title("Figure {number}")
plt.gcf().set_label("A line.")
plt.show()
'''
FILES = {
    "constraints.txt": "torch==2\n",
    "docs/index.rst": "Home\n====\n\n.. toctree::\n\n   tutorial/index\n   api\n   glossary\n",
    "docs/api.rst": "API\n===\n\n.. autofunction:: linreg.small.first\n",
    "docs/glossary.rst": "Glossary\n========\n\n.. glossary::\n\n   loss\n      A number.\n",
    "linreg/small.py": '''"""Two functions."""


def first() -> int:
    """Return one."""
    return 1


def second() -> int:
    """Return two."""
    return 2
''',
    "examples/GALLERY_HEADER.rst": "Tutorial\n========\n",
    "examples/plot_1.py": STAGE.format(number=1, function="first"),
    "examples/plot_2.py": STAGE.format(number=2, function="second"),
}


class Builder(Forks):
    """A process from which builds are forked."""

    def __init__(self, seed: int) -> None:
        settings = {"PYTHONHASHSEED": str(seed), "MPLBACKEND": "agg"}
        super().__init__(*MODULES, environment=os.environ | settings)

    def begin(self, folder, **settings):
        """Start a build, and return the number of its process."""
        return self.start(
            folder, ["docs/build.py"], [folder / "log"] * 2, EPOCH | settings
        )

    def build(self, folder, **settings):
        """Build to the end, and return the files of the site."""
        self.begin(folder, **settings)
        assert self.status() == 0, log(folder)
        return files_of(folder)


@pytest.fixture(scope="module")
def builder():
    with Builder(seed=1) as builder:
        yield builder


@pytest.fixture(scope="module")
def made(tmp_path_factory, builder):
    """The small site, built once."""
    folder = tmp_path_factory.mktemp("builds") / "site"
    unwanted = ("_build", "_programs", "tutorial", "generated", "__pycache__", "*.rst")
    for name in ("docs", "linreg"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns(*unwanted)
        )
    (folder / "examples").mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    builder.build(folder)
    return folder


@pytest.fixture
def site(made, tmp_path):
    """A copy of the small site, with the times of its files."""
    return Path(shutil.copytree(made, tmp_path / "copy"))


def log(folder):
    return (folder / "log").read_text()


def files_of(folder):
    html = folder / "docs" / "_build" / "html"
    return {
        path.relative_to(html).as_posix(): path.read_bytes()
        for path in sorted(html.rglob("*"))
        if path.is_file()
    }


def clean_copy(folder, target):
    """The files that a person would commit, elsewhere."""
    generated = shutil.ignore_patterns(
        "_build", "_programs", "tutorial", "generated", "log"
    )
    return Path(shutil.copytree(folder, target, ignore=generated))


def assert_same(found, expected):
    assert sorted(found) == sorted(expected)
    assert [name for name in found if found[name] != expected[name]] == []


def replace(folder, name, old, new):
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_build_is_repeated(site, builder, tmp_path, stop):
    """Seen to fail: with a build straight into `html`."""
    versions = ["return 1", "return 10"]
    expected = {versions[0]: files_of(site)}
    replace(site, "linreg/small.py", *versions)
    start = time.monotonic()
    expected[versions[1]] = builder.build(clean_copy(site, tmp_path / "clean"))
    duration = time.monotonic() - start
    moments = random.Random(int(stop))
    killed = 0
    for turn in range(10):
        child = builder.begin(site)
        time.sleep(moments.uniform(0, 0.8 * duration))
        with suppress(ProcessLookupError):  # the build was faster
            os.kill(child, stop)
        killed += builder.status() != 0
        assert files_of(site) in expected.values()  # the last good site, or the new one
        assert_same(builder.build(site), expected[versions[(turn + 1) % 2]])
        old, new = versions[(turn + 1) % 2], versions[turn % 2]
        replace(site, "linreg/small.py", f"{old}\n", f"{new}\n")
    assert killed >= 3


EDITS = {
    "a library function": [("linreg/small.py", "return 1", "return 7")],
    "a docstring": [("linreg/small.py", "Return one.", "Return exactly one.")],
    "the text of a stage": [("examples/plot_2.py", "A figure.", "Another figure.")],
    "the header of a section": [
        ("examples/GALLERY_HEADER.rst", "Tutorial\n====", "Course\n====")
    ],
    "a page and a term": [
        ("docs/api.rst", "API\n", "Library\n"),
        ("docs/glossary.rst", "loss\n", "formula\n"),
    ],
    "a template": [("docs/_templates/page.html", "</", "<!-- x --></")],
    "a static file": [("docs/_static/programs.css", "{", "{ /* x */")],
    "an extension": [
        ("docs/_ext/downloads.py", "Complete program: needs", "Program: needs")
    ],
    "a colour of the figures": [
        ("docs/_ext/palette.py", '"black": "#e3e6ea"', '"black": "#ffeeee"')
    ],
    "the configuration": [
        ("docs/conf.py", "html_title = project", 'html_title = "Other"')
    ],
    "a pin": [("constraints.txt", "2", "3")],
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_gives_the_site_that_a_clean_build_gives(site, builder, tmp_path, edit):
    """Seen to fail: for a template and a static file, where `sources` leaves them out."""
    for name, old, new in EDITS[edit]:
        replace(site, name, old, new)
    before = files_of(site)
    found = builder.build(site)
    assert edit == "a pin" or found != before
    assert_same(found, builder.build(clean_copy(site, tmp_path / "clean")))


def test_a_stage_that_is_renamed_or_removed_leaves_nothing(site, builder, tmp_path):
    (site / "examples/plot_2.py").rename(site / "examples/plot_3.py")
    (site / "docs/_static/40-terms.css").unlink()
    found = builder.build(site)
    assert_same(found, builder.build(clean_copy(site, tmp_path / "renamed")))
    (site / "examples/plot_3.py").unlink()
    found = builder.build(site)
    assert_same(found, builder.build(clean_copy(site, tmp_path / "removed")))
    for number in (b"plot_2", b"plot_3"):
        assert not [
            name for name, data in found.items() if number in name.encode() + data
        ]


def test_nothing_is_built_when_nothing_has_changed(site, builder):
    html = site / "docs" / "_build" / "html"
    before = {path: path.stat().st_mtime_ns for path in html.rglob("*")}
    builder.build(site)
    assert {path: path.stat().st_mtime_ns for path in html.rglob("*")} == before


def test_a_failing_stage_leaves_the_last_good_site(site, builder, tmp_path):
    before = files_of(site)
    replace(site, "examples/plot_2.py", "print(second())", "print(second() / 0)")
    builder.begin(site)
    assert builder.status() != 0
    assert files_of(site) == before
    assert "plot_2.py" in log(site)
    assert "line" in log(site)
    assert "print(second() / 0)" in log(site)
    assert "is still the last good site" in log(site)
    replace(site, "examples/plot_2.py", "print(second() / 0)", "print(second() + 1)")
    assert_same(
        builder.build(site), builder.build(clean_copy(site, tmp_path / "clean"))
    )


def test_tools_that_are_tried_and_taken_back_leave_nothing(site, builder):
    before = files_of(site)
    (name, old, new), *_ = EDITS["a colour of the figures"]
    replace(site, name, old, new)
    replace(site, "examples/plot_2.py", "print(second())", "print(second() / 0)")
    builder.begin(site)
    assert builder.status() != 0
    replace(site, name, new, old)
    replace(site, "examples/plot_2.py", "print(second() / 0)", "print(second())")
    (site / "examples" / "GALLERY_HEADER.rst").write_text("Course\n======\n")
    builder.build(site)
    (site / "examples" / "GALLERY_HEADER.rst").write_text(
        FILES["examples/GALLERY_HEADER.rst"]
    )
    assert_same(builder.build(site), before)


def test_two_clean_builds_elsewhere_are_the_same_to_the_byte(site, tmp_path):
    """Another folder, another order of sets, another time."""
    with Builder(seed=2) as other:
        found = other.build(clean_copy(site, tmp_path / "another" / "place"))
    assert_same(found, files_of(site))
    names = " ".join(found)
    assert all(
        kind in names
        for kind in (".html", ".svg", ".png", ".ipynb", ".zip", "searchindex")
    )
    for name, data in found.items():
        assert str(tmp_path).encode() not in data, name
        assert b"seconds on the" not in data, name


def test_two_builds_at_once_wait_for_each_other(site, builder, tmp_path):
    """Seen to fail: without the lock."""
    replace(site, "linreg/small.py", "return 1", "return 3")
    with Builder(seed=1) as second:
        second.build(clean_copy(site, tmp_path / "warm"))
        builder.begin(site)
        second.begin(site)
        assert [builder.status(), second.status()] == [0, 0], log(site)
    assert_same(files_of(site), builder.build(clean_copy(site, tmp_path / "clean")))


def files_to_commit(target):
    """This repository as a person would commit it, in another folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "docs", "examples", "linreg", "constraints.txt"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in listed.rstrip("\0").split("\0"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target / name)
    return target


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_the_whole_site_killed_20_times_is_that_of_a_clean_build(tmp_path, builder):
    """Once in one go, and in another folder through 20 kills, all over again when it is done.

    A build goes on where the last one was killed, so a kill comes within a quarter of the time that
    a whole one takes. A kill that comes too late does not count.
    """
    without_times = {"LINREG_WITHOUT_TIMES": "1"}
    start = time.monotonic()
    expected = builder.build(files_to_commit(tmp_path / "clean"), **without_times)
    duration = time.monotonic() - start
    folder, moments, killed = tmp_path / "killed", random.Random(0), 0
    clean_copy(tmp_path / "clean", folder)
    with Builder(seed=2) as other:
        while killed < 20:
            child = other.begin(folder, **without_times)
            time.sleep(moments.uniform(0, duration / 4))
            with suppress(ProcessLookupError):
                os.kill(child, (signal.SIGINT, signal.SIGKILL)[killed % 2])
            if other.status() != 0:
                killed += 1
                continue
            assert_same(files_of(folder), expected)
            shutil.rmtree(folder)
            clean_copy(tmp_path / "clean", folder)
        assert_same(other.build(folder, **without_times), expected)
