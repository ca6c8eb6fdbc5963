"""Fixtures that several test files share."""

import io
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
import torch
from browser import find_browser
from hypothesis import settings
from playwright.sync_api import Browser, Page, sync_playwright
from site_visit import serve

ROOT = Path(__file__).parent.parent
SITE = ROOT / "docs" / "_build" / "html"

mpl.use("Agg")
if not os.access(os.environ.get("HOME", ""), os.W_OK):  # as for a container's user:
    os.environ["HOME"] = tempfile.mkdtemp()  # Jupyter and pip want one

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


@pytest.fixture(scope="session")
def desk(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """The page of a desktop computer, which many tests use in turn, and its faults."""
    faults: list[str] = []
    with watched(browser, faults, viewport={"width": 1280, "height": 900}) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield page, faults


@contextmanager
def watched(browser: Browser, faults: list[str], **options: Any) -> Iterator[Page]:
    """Open a page that notes its faults, and all that it writes to the console."""
    page = browser.new_page(**options)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text))
    yield page
    page.close()


@pytest.fixture
def open_page(
    browser: Browser, desk: tuple[Page, list[str]], site: Path
) -> Iterator[Callable[..., Page]]:
    """Open a page from the file system, with options in a window of its own.

    What goes wrong on it fails the test.
    """
    shared, faults = desk
    faults.clear()
    with ExitStack() as windows:

        def opened(address: str, **options: Any) -> Page:
            page = shared
            if options:
                page = windows.enter_context(watched(browser, faults, **options))
            page.goto("about:blank")  # else a new fragment would load nothing anew
            page.goto(f"{site.as_uri()}/{address}")
            return page

        yield opened
    assert faults == []
