"""Find the browser that the tests of the site drive; get one where there is none.

``make test`` runs this file ahead of the tests, which then call ``find_browser``.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    *("microsoft-edge", "microsoft-edge-stable"),
)
# macOS and Windows keep programs in folders of their own.
FOLDERS = (
    *("/Applications", "~/Applications"),
    *("${PROGRAMFILES}", "${PROGRAMFILES(X86)}", "${LOCALAPPDATA}"),
)
PROGRAMS = (
    "Chromium.app/Contents/MacOS/Chromium",
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "Chromium/Application/chrome.exe",
    "Google/Chrome/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
)
NO_BROWSER = (
    "The tests of the site need Chromium, Chrome or Edge, and none could be had here: "
    "install one, or set CHROMIUM to its path, then call `make test` again."
)


def find_browser() -> str:
    """Return the path of a browser, or raise FileNotFoundError that says what to do.

    Call it before Playwright is started.
    """
    folders = [Path(os.path.expandvars(folder)).expanduser() for folder in FOLDERS]
    candidates = [
        os.environ.get("CHROMIUM"),
        *map(shutil.which, NAMES),
        *(folder / program for folder in folders for program in PROGRAMS),
    ]
    for path in candidates:
        if path and starts(path):
            return str(path)
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path  # where it would download one to
    if starts(path):
        return path
    raise FileNotFoundError(NO_BROWSER)


def starts(path: str | Path) -> bool:
    """Tell whether a browser is there and runs: Ubuntu has a script of that name."""
    if not Path(path).is_file():
        return False
    return sys.platform == "win32" or succeeds(str(path), "--version")


def succeeds(*command: str) -> bool:
    """Run a command in silence, without questions; tell whether it went well."""
    if not shutil.which(command[0]):
        return False
    finished = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
    return finished.returncode == 0


def install_browser() -> None:
    """Install Chromium: Debian's where we may, else the one that Playwright brings."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    apt = [*([] if root else ["sudo", "-n"]), "apt-get"]
    with_apt = succeeds(*apt, "--version")
    if with_apt:
        print("The tests need a browser: apt-get installs Chromium.", flush=True)
        succeeds(*apt, "update")
        if succeeds(*apt, "install", "--yes", "chromium"):
            return
    print("The tests need a browser: Playwright downloads Chromium.", flush=True)
    playwright = [sys.executable, "-m", "playwright", "install", "--no-shell"]
    succeeds(*playwright, *(["--with-deps"] if with_apt else []), "chromium")


def main() -> None:
    """Bring a browser, or say what to do: the tests that need none can still run."""
    try:
        find_browser()
    except FileNotFoundError:
        install_browser()
        try:
            find_browser()
        except FileNotFoundError as error:
            print(error, file=sys.stderr)


if __name__ == "__main__":
    main()
