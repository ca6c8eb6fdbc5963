"""Fixtures that several test files share."""

import io
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
import torch
from browser import find_browser
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright
from site_visit import serve

ROOT = Path(__file__).parent.parent
SITE = ROOT / "docs" / "_build" / "html"

mpl.use("Agg")

# How long an example takes depends on what else the machine does.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def site() -> Path:
    """The built site, brought up to date as `make html` does."""
    command = [sys.executable, str(ROOT / "docs" / "build.py")]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return SITE


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def run_page() -> Callable[[str], SimpleNamespace]:
    """Run a page once; give its names, what it prints, and the axes of its figures."""

    @cache
    def run(page: str) -> SimpleNamespace:
        axes, printed = [], io.StringIO()

        def show() -> None:
            axes.extend(plt.figure(number).axes[0] for number in plt.get_fignums())
            plt.close("all")

        with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
            patch.setattr(plt, "show", show)
            with torch.random.fork_rng(devices=[]):
                names = runpy.run_path(str(ROOT / "examples" / f"{page}.py"))
        plt.rcdefaults()
        return SimpleNamespace(names=names, printed=printed.getvalue(), axes=axes)

    return run


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser without a window: one for all, as Playwright starts once a process."""
    path = find_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    with serve(site) as url:
        yield url
