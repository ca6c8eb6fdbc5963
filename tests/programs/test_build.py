"""Builds that are repeated, interrupted, moved and reproduced, on a small site.

The site has the real machinery. Its builds are forked from a process that has imported
what takes long, so that a build takes a second or two and a signal meets the build.
"""

import multiprocessing
import os
import random
import re
import runpy
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
SLOW_TO_IMPORT = ["furo", "matplotlib.pyplot", "sphinx.cmd.build", "torch"]
SLOW_TO_IMPORT += ["sphinx.ext.autodoc", "sphinx_gallery.gen_gallery"]
BUILD, GALLERY = "docs/build.py", "docs/_build/work/docs/tutorial"
NOT_COPIED = ("_build", "__pycache__", "tutorial", "_programs")  # as earlier made

STAGE = '''r"""
Stage {number}
=======

The loss of stage {number}.
"""

# %%
# Imports.

import matplotlib.pyplot as plt

# %%
# Use it.

from linreg.small import {function}

# %%

print({function}())
plt.plot([0, {function}()], color="black")
# Figure: A line.
plt.show()
'''
FILES = {
    "docs/index.rst": f"""Home
====

{"From the first word to the last. " * 9}

.. toctree::
   :caption: Pages

   tutorial/index
   glossary
""",
    "docs/glossary.rst": """Glossary
========

.. meta::
   :description: Given words.

.. glossary::

   loss
      One.
""",
    "linreg/small.py": '''"""Two functions."""


def first() -> int:
    """Return one."""
    return 1


def second() -> int:
    """Return two."""
    return 2
''',
    "examples/GALLERY_HEADER.rst": "Tutorial\n========\n",
    "examples/beyond/GALLERY_HEADER.rst": "Beyond\n======\n",
    "examples/plot_01_one.py": STAGE.format(number=1, function="first"),
    "examples/plot_02_two.py": STAGE.format(number=2, function="second"),
    "examples/beyond/plot_02_speed.py": STAGE.format(number=3, function="first"),
}


@dataclass
class Site:
    """A small site in a folder of its own."""

    folder: Path

    def write(self) -> "Site":
        for name in ("docs", "linreg"):
            ignore = shutil.ignore_patterns(*NOT_COPIED, "*.rst", "explorer*")
            shutil.copytree(ROOT / name, self.folder / name, ignore=ignore)
        for name in ("constraints.txt", "CHANGELOG.md", "CITATION.cff"):
            shutil.copy(ROOT / name, self.folder)
        for name, text in FILES.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text, encoding="utf-8")
        return self

    def copy(self, folder: Path, *, with_build: bool = True) -> "Site":
        ignore = None if with_build else shutil.ignore_patterns("_build")
        shutil.copytree(self.folder, folder, symlinks=True, ignore=ignore)
        return Site(folder)

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text(encoding="utf-8")
        assert old in text
        (self.folder / name).write_text(text.replace(old, new), encoding="utf-8")

    def start(self, *arguments: str | Path, **settings: str) -> multiprocessing.Process:
        forks = multiprocessing.get_context("forkserver")
        forks.set_forkserver_preload(SLOW_TO_IMPORT)
        argv = [str(word) for word in (self.folder / BUILD, *arguments)]
        process = forks.Process(target=run, args=(argv, self.folder / "log", settings))
        process.start()
        return process

    def build(self, *arguments: str | Path, **options: str) -> dict[str, bytes]:
        build = self.start(*arguments, **options)
        build.join()
        assert build.exitcode == 0, self.log()
        return self.files()

    def refused(self) -> str:
        """Return what a build says that fails."""
        failed = self.start()
        failed.join()
        assert failed.exitcode != 0
        return self.log()

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def files(self) -> dict[str, bytes]:
        html = self.folder / "docs" / "_build" / "html"
        files = (path for path in html.rglob("*") if path.is_file())
        return {path.relative_to(html).as_posix(): path.read_bytes() for path in files}

    def times_of_runs(self) -> dict[str, int]:
        checksums = (self.folder / GALLERY).rglob("*.md5")
        return {file.name: file.stat().st_mtime_ns for file in checksums}


def run(argv: list[str], log: Path, settings: dict[str, str]) -> None:
    """Run a program in this process, which was forked for it."""
    with log.open("w", encoding="utf-8") as file:
        for output in (1, 2):
            os.dup2(file.fileno(), output)
    os.environ.update(settings)
    sys.argv = argv
    runpy.run_path(argv[0], run_name="__main__")


def differences(first: dict[str, bytes], second: dict[str, bytes]) -> list[str]:
    """Return the names of the files that are not the same."""
    return sorted(
        name for name in first | second if first.get(name) != second.get(name)
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Site:
    """The small site, built once."""
    site = Site(tmp_path_factory.mktemp("built") / "site").write()
    site.build()
    return site


@pytest.fixture
def site(built, tmp_path) -> Site:
    """A copy of it."""
    return built.copy(tmp_path / "site")


def test_where_nothing_changed_nothing_is_done(site):
    folder = site.folder / "docs"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.*")}
    site.build()
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.*")} == before


EDITS = [
    ("linreg/small.py", "return 2", "return 10 + 7"),
    ("examples/beyond/plot_02_speed.py", "The loss", "The small loss"),
    ("docs/glossary.rst", "One.", "Two."),
]


def test_what_changed_is_built_and_no_more_and_as_if_all_were_new(site, tmp_path):
    for edit in EDITS:
        before, runs = site.files(), site.times_of_runs()
        site.edit(*edit)
        files = site.build()
        assert differences(before, files), edit
        if edit[0].startswith("linreg"):  # only one stage holds what was edited
            again = differences(runs, site.times_of_runs())
            assert again == ["plot_02_two.py.md5"]
    page = re.sub(b"<[^>]*>", b"", files["tutorial/plot_02_two.html"])
    assert b"\n17\n" in page
    clean = site.copy(tmp_path / "clean", with_build=False)
    assert differences(files, clean.build()) == []


def test_another_pin_machinery_or_device_runs_all_stages_anew(site):
    settings = {}
    for change in ("constraints.txt", "docs/_ext/pages/terms.py", "device"):
        before = site.times_of_runs()
        if change == "device":
            settings = {"CUDA_VISIBLE_DEVICES": "7"}
        else:
            site.edit(change, "\n", "\n\n")
        site.build(**settings)
        assert len(differences(before, site.times_of_runs())) == 3, change


def test_a_published_site_knows_its_address_and_describes_its_pages(site):
    for word in (b"colab", b"canonical", b"og:", b"issues/new"):
        assert not [name for name, data in site.files().items() if word in data]
    url = "https://example.org/line"
    settings = {"LINREG_SITE_URL": url, "LINREG_REPOSITORY": "me/fork"}
    files = site.build(**settings, SOURCE_DATE_EPOCH="1577836800")
    assert f"{url}/glossary.html".encode() in files["sitemap.xml"]
    assert f'rel="canonical" href="{url}/index.html"'.encode() in files["index.html"]
    assert f'href="{url}/">Go to the start'.encode() in files["404.html"]
    description = rb'<meta (?=[^>]*description")[^>]*content="([^"]*)"'
    (opening,) = re.findall(description, files["index.html"])
    assert (
        opening.decode()
        == "From the first word to the last. " * 4 + "From the first word to the…"
    )
    assert re.findall(description, files["glossary.html"]) == [b"Given words."]
    for key in ("plot_01_one", "beyond/plot_02_speed"):
        address = f"github/me/fork/blob/gh-pages/notebooks/{key}.ipynb"
        assert address.encode() in files[f"tutorial/{key}.html"]
        assert f"notebooks/{key}.ipynb" in files
    for page in ("glossary", "tutorial/beyond/plot_02_speed", "search"):
        link = r'href="https://github.com/me/fork/issues/new\?title=([^"]*)">Feedback'
        (title,) = re.findall(link, files[f"{page}.html"].decode())
        assert page in unquote(title)
    # As sphinx-doc/sphinx issue 13231: it became the year of SOURCE_DATE_EPOCH.
    assert b"authors, 2026. MIT" in files["index.html"]
    # As sphinx-doc/sphinx issue 11133: an older script from a cache.
    assert re.search(rb'src="[\w/]*storage\.js\?v=\w{8}"', files["index.html"])


def test_stages_that_are_renamed_or_removed_leave_nothing(site):
    examples = site.folder / "examples"
    (examples / "plot_02_two.py").rename(examples / "plot_03_three.py")
    shutil.rmtree(examples / "beyond")
    files = site.build()
    for gone in (b"02_two", b"02_speed"):
        assert not [n for n, data in files.items() if gone in n.encode() + data]


FAULTS = [
    ("x = 2\nprint(second() / 0)", '", line 21', "ZeroDivisionError"),
    ("import warnings\n\nwarnings.warn('an old way')", '", line 22', "an old way"),
    ("print(second()", ":20: '(' was never closed", ""),
    ("print(second())\n\n# %%\n# A heading\n# -----\n", ":24", "underline too short"),
]
ELSEWHERE = [
    ("examples/beyond/GALLERY_HEADER.rst", "======", "=====", ":2"),
    ("linreg/small.py", "return 2", "return 2 / 0", '", line 11'),
    ("docs/glossary.rst", "   loss\n", "   :ref:`nowhere`\n", ":8"),
]


def test_a_failed_build_names_the_stage_and_leaves_the_last_site(site):
    before = site.files()
    stage = site.folder / "examples" / "plot_02_two.py"
    for fault, place, words in FAULTS:
        site.edit("examples/plot_02_two.py", "print(second())", fault)
        log = site.refused()
        for said in (words, f"{stage}{place}", "is still the last good site"):
            assert said in log, fault
        if not words:  # a mistake that we name ourselves needs no report to Sphinx
            assert "report" not in log, fault
        assert site.files() == before, fault
        site.edit("examples/plot_02_two.py", fault, "print(second())")
    for name, good, fault, place in ELSEWHERE:
        site.edit(name, good, fault)
        log = site.refused()
        assert f"{site.folder / name}{place}" in log
        site.edit(name, fault, good)
    site.edit("docs/glossary.rst", "One.", "Two.")
    changed = differences(site.build(), before)
    assert "glossary.html" in changed
    assert not [name for name in changed if "02_two" in name]


@pytest.mark.parametrize("kills", [5, pytest.param(20, marks=pytest.mark.long)])
def test_kills_leave_a_good_site_and_the_next_build_completes(site, kills):
    """At any moment of a build of a changed site; every fifth time it may end."""
    with_one = site.files()
    begin = time.monotonic()
    site.edit("linreg/small.py", "return 1", "return 3")
    with_three = site.build()
    duration = time.monotonic() - begin
    moments = random.Random(0)
    for kill in range(kills):
        old, new = ("return 3", "return 1")[:: 1 if kill % 2 == 0 else -1]
        site.edit("linreg/small.py", old, new)
        build = site.start()
        time.sleep(moments.uniform(0, duration))
        build.kill()
        build.join()
        found = site.files()  # none between the two renames of the swap
        assert not found or found in (with_one, with_three)
        if kill % 5 == 4:
            assert differences(site.build(), (with_one, with_three)[kill % 2]) == []


def test_a_stage_that_was_interrupted_is_made_anew(site):
    """As if killed when sphinx-gallery had noted its checksum and not yet its page."""
    before = site.files()
    site.edit(f"{GALLERY}/plot_02_two.rst", "Use it.", "As it was before.")
    (site.folder / GALLERY / "running").write_text("plot_02_two.py")
    (site.folder / "docs" / "_build" / "html" / ".checksum").write_text("")
    assert differences(site.build(), before) == []


def test_a_site_that_the_build_did_not_make_stays(site, tmp_path):
    """Perhaps it is a clone of gh-pages, or a link to one."""
    site.edit("docs/glossary.rst", "One.", "Two.")
    html = site.folder / "docs" / "_build" / "html"
    (html / ".checksum").unlink()
    words = f"{html} was not made here, so it stays as it is: move it away."
    assert words in site.refused()
    (html / ".checksum").touch()
    html.rename(tmp_path / "elsewhere")
    html.symlink_to(tmp_path / "elsewhere")
    assert words in site.refused()
    assert (html / "index.html").is_file()
    html.unlink()
    site.build()


def test_what_an_earlier_version_made_beside_the_sources_is_no_source(site):
    before = site.files()
    for name in ("tutorial", "_programs"):
        shutil.copytree(site.folder / GALLERY, site.folder / "docs" / name)
    (site.folder / "docs" / "_build" / "html" / ".checksum").write_text("")
    assert differences(site.build(), before) == []


def test_links_that_were_followed_by_a_copy_and_an_editors_lock_do_no_harm(
    site, tmp_path
):
    shutil.copytree(site.folder, tmp_path / "copy")  # as `cp -rL` and `zip -r` do
    copy = Site(tmp_path / "copy")
    lock = copy.folder / "examples" / ".#plot_02_two.py"
    lock.symlink_to("somebody@somewhere.123")
    copy.edit("docs/glossary.rst", "One.", "Two.")
    assert b"Two." in copy.build()["glossary.html"]


def test_two_builds_at_once_wait_for_each_other(built, tmp_path):
    site = built.copy(tmp_path / "site", with_build=False)
    both = [site.start(), site.start()]
    for build in both:
        build.join()
    assert [build.exitcode for build in both] == [0, 0]
    assert differences(site.files(), built.files()) == []


def test_the_same_bytes_below_any_folder_and_with_another_order_of_sets(
    built, tmp_path
):
    folder = tmp_path / "plot_02_x" / 'My Müller\'s 資料 #1, 100% "done" [a]'
    other = built.copy(folder, with_build=False)
    command = [sys.executable, folder / BUILD]
    # A locale that is not installed, as ssh brings it from another machine.
    settings = {"PYTHONHASHSEED": "5", "LC_ALL": "xx_YY.UTF-8"}
    subprocess.run(command, env=os.environ | settings, check=True)
    files = other.files()
    assert differences(files, built.files()) == []
    assert not [n for n, data in files.items() if str(tmp_path).encode() in data]


def test_which_stages_run_on_any_system(monkeypatch):
    folder = PureWindowsPath("C:/plot_02_x/docs/_programs")
    files = [str(folder / "plot_03_x.py"), str(folder / "beyond" / "plot_02_speed.py")]
    for without_times, runs in (("", [True, True]), ("1", [True, False])):
        monkeypatch.setenv("LINREG_WITHOUT_TIMES", without_times)
        conf = runpy.run_path(str(ROOT / "docs" / "conf.py"))["sphinx_gallery_conf"]
        pattern = conf["filename_pattern"]
        assert [bool(re.search(pattern, file)) for file in files] == runs
