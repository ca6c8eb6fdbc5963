"""Fixtures that several test files share."""

import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

ROOT = Path(__file__).parent.parent
SITE = ROOT / "docs" / "_build" / "html"

mpl.use("Agg")


@pytest.fixture(scope="session")
def site() -> Path:
    """The built site, brought up to date as `make html` does."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    doctrees = ROOT / "docs" / "_build" / "doctrees"
    built = subprocess.run(
        [*command, "-d", str(doctrees), str(ROOT / "docs"), str(SITE)],
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return SITE


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the repository."""
    return ROOT
