"""The build of a small site: what a change renews, and what nothing may leave behind."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parent.parent

CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "docs" / "_ext")!r})
import programs
programs.ran_with = lambda: {{"device": "CPU", "Python": "3"}}  # PyTorch takes seconds to import
extensions = ["sphinx.ext.autodoc", "programs", "folds", "usage", "downloads", "notebooks",
              "sphinx_gallery.gen_gallery"]
exclude_patterns = ["_build", "_programs"]
linreg_repository = ""
programs_library = "../small"
sphinx_gallery_conf = {{
    "examples_dirs": ["_programs"],
    "gallery_dirs": ["tutorial"],
    "filename_pattern": r"/plot_",
    "within_subsection_order": "FileNameSortKey",
    "write_computation_times": False,
    "abort_on_example_error": True,
    "backreferences_dir": "api/generated",
    "minigallery_sort_order": "usage.reading_order",
    "reset_modules": ("matplotlib", "strict.raise_warnings"),
    "reset_modules_order": "both",
}}
"""
SITE = {
    "docs/conf.py": CONF,
    "docs/index.rst": "Home\n====\n\n.. toctree::\n\n   tutorial/index\n   api\n",
    "docs/api.rst": """
        API
        ===

        .. autofunction:: small.a.first

        .. autofunction:: small.b.second
        """,
    "small/__init__.py": "",
    "small/a.py": '''
        """A."""


        def first() -> int:
            """Return one."""
            return 1
        ''',
    "small/b.py": '''
        """B."""


        def second() -> int:
            """Return two."""
            return 2
        ''',
    "small/worker.py": '''
        """Print one."""

        from small.a import first

        if __name__ == "__main__":
            print(first())
        ''',
    "examples/GALLERY_HEADER.rst": "Tutorial\n========\n",
    "examples/more/GALLERY_HEADER.rst": "More\n====\n",
}
STAGE = '''
r"""
Stage {name}
==================

The text of stage {name}.
"""

# %%
# Imports.

import os
from pathlib import Path

import matplotlib.pyplot as plt

# %%
# Use it.

from small.{module} import {function}

with Path(os.environ["RAN"]).open("a") as ran:
    ran.write("{name}\\n")
if os.environ.get("KILL") == "{name}":
    os._exit(1)
print({function}())
plt.plot([{function}()])
plt.title("Figure")
plt.show()
'''


class Site:
    """A small documentation project, built as a process of its own."""

    def __init__(self, folder):
        self.folder = folder
        for name, text in SITE.items():
            self.write(name, text)
        for key, module, function in (
            ("plot_1", "a", "first"),
            ("plot_2", "b", "second"),
            ("more/plot_3", "b", "second"),
        ):
            text = STAGE.format(name=Path(key).name, module=module, function=function)
            self.write(f"examples/{key}.py", text)

    def write(self, name, text):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    def replace(self, name, old, new):
        text = (self.folder / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def build(self, *options, **environment):
        """Build, and return the stages that ran."""
        self.result = self.run(*options, **environment)
        assert self.result.returncode == 0, self.result.stdout + self.result.stderr
        return self.ran()

    def run(self, *options, **environment):
        (self.folder / "ran").unlink(missing_ok=True)
        command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", *options]
        return subprocess.run(
            [*command, "-d", "docs/_build/doctrees", "docs", "docs/_build/html"],
            cwd=self.folder,
            env=os.environ
            | {"RAN": str(self.folder / "ran"), "PYTHONPATH": str(self.folder)}
            | environment,
            capture_output=True,
            text=True,
        )

    def ran(self):
        file = self.folder / "ran"
        return file.read_text().split() if file.exists() else []

    def page(self, name):
        return (self.folder / "docs/_build/html" / name).read_text(encoding="utf-8")

    def written(self):
        """The time at which each page was written."""
        html = self.folder / "docs/_build/html"
        return {
            path.relative_to(html).as_posix(): path.stat().st_mtime_ns
            for path in html.rglob("*.html")
            if path.name not in {"search.html", "genindex.html", "py-modindex.html"}
        }

    def contents(self):
        files = [path for path in (self.folder / "docs").rglob("*") if path.is_file()]
        return {path: path.read_bytes() for path in files}

    def remains_of(self, stem):
        found = [*self.folder.rglob(f"*{stem}*")]
        return sorted(
            str(p.relative_to(self.folder)) for p in found if p.parts[-2] != "examples"
        )


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A site that has been built once."""
    site = Site(tmp_path_factory.mktemp("site"))
    assert site.build() == ["plot_1", "plot_2", "plot_3"]
    return site


@pytest.fixture
def site(built, tmp_path):
    """A copy of the built site, with the times of its files."""
    shutil.copytree(built.folder, tmp_path / "copy")
    copy = Site.__new__(Site)
    copy.folder = tmp_path / "copy"
    return copy


def test_a_second_build_runs_and_writes_nothing(built):
    before = built.written()
    assert built.build() == []
    assert built.written() == before


def test_a_change_in_a_module_renews_exactly_the_pages_that_hold_its_source(built):
    built.build()
    before = built.written()
    built.replace("small/a.py", "return 1", "return 10 + 1")
    assert built.build() == ["plot_1"]
    after = built.written()
    changed = {name for name in after if after[name] != before[name]}
    stages = {
        "tutorial/plot_1.html",
        "tutorial/plot_2.html",
        "tutorial/more/plot_3.html",
    }
    assert changed & stages == {"tutorial/plot_1.html"}
    page = re.sub("<[^>]*>", "", built.page("tutorial/plot_1.html"))
    assert "return 10 + 1" in page
    assert "\n11\n" in page
    built.replace("small/a.py", "return 10 + 1", "return 1")
    assert built.build() == ["plot_1"]


def test_a_removed_stage_leaves_nothing_behind(site):
    assert site.remains_of("plot_3")
    (site.folder / "examples/more/plot_3.py").unlink()
    site.write(
        "examples/more/plot_4.py",
        STAGE.format(name="plot_4", module="b", function="second"),
    )
    assert site.build() == ["plot_4"]
    assert site.remains_of("plot_3") == []
    assert site.remains_of("plot_4")
    shutil.rmtree(site.folder / "examples/more")
    assert site.build() == []
    assert site.remains_of("plot_4") == []
    assert not (site.folder / "docs/tutorial/more").exists()


def test_an_interrupted_build_is_repeated(site):
    site.replace("small/b.py", "return 2", "return 3")
    killed = site.run(KILL="plot_3")
    assert killed.returncode != 0
    assert site.ran() == ["plot_2", "plot_3"]
    site.replace(
        "small/b.py", "return 3", "return 2"
    )  # back, as if nothing had happened
    assert "plot_3" in site.build()
    for name in ("tutorial/plot_2.html", "tutorial/more/plot_3.html"):
        assert "\n2\n" in re.sub("<[^>]*>", "", site.page(name))
    assert len(site.remains_of("plot_2_001")) == 2  # in docs/tutorial and in the site


def test_the_gallery_is_made_anew_when_a_pin_changes(site):
    site.write("constraints.txt", "torch==0")
    assert site.build() == ["plot_1", "plot_2", "plot_3"]


def test_a_stage_that_cannot_become_a_program_stops_the_build_before_anything_changes(
    site,
):
    before = {
        path: path.read_bytes()
        for path in (site.folder / "docs").rglob("*")
        if path.is_file()
    }
    site.write(
        "examples/plot_1.py", '"""T\n=\n"""\n\nfrom small.a import first as one\n'
    )
    site.write("examples/plot_5.py", '"""T\n=\n"""\n\nimport requests\n')
    failed = site.run()
    assert failed.returncode != 0
    assert "plot_1.py:5: an alias of first" in failed.stderr
    after = {
        path: path.read_bytes()
        for path in (site.folder / "docs").rglob("*")
        if path.is_file()
    }
    assert after == before
    (site.folder / "examples/plot_1.py").unlink()
    failed = site.run()
    assert "not requests" in failed.stderr


def test_a_warning_in_a_stage_is_an_error(site):
    site.replace(
        "examples/plot_1.py", "print(first())", "import warnings\nwarnings.warn('oops')"
    )
    failed = site.run()
    assert failed.returncode != 0
    assert "oops" in failed.stdout + failed.stderr


def test_open_in_colab_needs_a_repository(site):
    assert "colab" not in site.page("tutorial/plot_1.html").lower()
    assert site.build("-D", "linreg_repository=me/fork") == []
    base = "https://colab.research.google.com/github/me/fork/blob/gh-pages/notebooks"
    for key in ("plot_1", "plot_2", "more/plot_3"):
        assert f'href="{base}/{key}.ipynb"' in site.page(f"tutorial/{key}.html")
        assert (site.folder / f"docs/_build/html/notebooks/{key}.ipynb").is_file()
    failed = site.run("-D", "linreg_repository=https://github.com/me/fork")
    assert "LINREG_REPOSITORY must be owner/name" in failed.stderr


def test_a_module_as_a_program_is_a_download_of_its_own(site):
    worker = 'WORKER = program("small.worker")\nprint(len(WORKER))'
    site.replace("examples/plot_2.py", "print(second())", worker)
    assert site.build() == ["plot_2"]
    (file,) = (site.folder / "docs/_build/html/_downloads").rglob("worker.py")
    run = subprocess.run(
        [sys.executable, "-I", "-W", "error", str(file)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "1\n"
    page = site.page("tutorial/plot_2.html")
    assert f"/{file.name}" in page
    printed = re.sub("<[^>]*>", "", page)
    assert f"\n{len(file.read_text())}\n" in printed


def test_the_reference_shows_the_stages_that_use_an_object(built):
    first, second = built.page("api.html").split('id="small.b.second"')
    assert "plot_1" in first
    assert "plot_2" not in first.partition('id="small.a.first"')[2]
    assert second.index("plot_2_thumb") < second.index("plot_3_thumb")
    for name in ("tutorial/plot_1.html", "tutorial/more/plot_3.html"):
        assert re.search(r'href="[./]*api\.html#small\.\w\.\w+"', built.page(name))
