"""Fixtures that several test files share."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import pytest
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
    """The top of the repository."""
    return ROOT


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
    """The address at which the built site is served, below some path of its host."""
    with serve(site) as url:
        yield url
