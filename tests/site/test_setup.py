"""The environment and the browser: pinned, whole, and set up by make alone."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import browser
import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
OF_ANOTHER_PYTHON = ("PYTHONHOME", "PYTHONPATH", "PYTHONOPTIMIZE", "PYTHONWARNINGS")
# Stands for Python, pip and uv: writes down each call, and whether it named an index.
FAKE = """#!/bin/sh
bin=$(dirname "$0")
echo begin >>"$bin/turns"
case "$*" in
"-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$0" "$3/bin/uv" ;;
"-m pip config list") echo "global.index-url='https://mirror.example/simple'" ;;
*install*) sleep 0.1; echo "$PIP_USER $UV_DEFAULT_INDEX $*" >>"$bin/calls" ;;
esac
sleep 0.05
echo end >>"$bin/turns"
"""


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.stem)
def test_every_requirement_has_a_hash_and_pytorch_stands_apart(path):
    entries = re.split(r"(?m)^(?=[a-z0-9])", path.read_text())[1:]
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert not any(entry.startswith("torch==") for entry in entries)
    constraints = (ROOT / "constraints.txt").read_text()
    pinned = set(re.findall(r"(?m)^[a-z0-9.-]+==[^\s;]+", constraints))
    assert set(re.findall(r"(?m)^[a-z0-9.-]+==[^\s;]+", path.read_text())) <= pinned


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Copy what make reads, with a Python that installs nothing; return the command."""
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    for name in ("Makefile", "constraints.txt", *map(str, REQUIREMENTS)):
        copy = tmp_path / Path(ROOT, name).relative_to(ROOT)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(Path(ROOT, name).read_text())
    (tmp_path / "python").write_text(FAKE)
    (tmp_path / "python").chmod(0o755)
    return ["make", "-C", str(tmp_path), ".venv/.dev", "PYTHON=./python", "VENV=.venv"]


def test_uv_takes_the_index_of_pip_and_pip_installs_into_the_environment(
    make, tmp_path
):
    subprocess.run(make, check=True, capture_output=True)
    uv = " https://mirror.example/simple pip install -q --python .venv/bin/python"
    uv += " --no-build --require-hashes"
    torch = re.search(r"(?m)^torch==.*", (ROOT / "constraints.txt").read_text())[0]
    assert (tmp_path / ".venv" / "bin" / "calls").read_text().splitlines() == [
        "0  -m pip install -q --require-hashes -r requirements/uv.txt",
        f"{uv} -r requirements/site.txt",
        f"0  -m pip install -q --no-deps {torch}",
        f"{uv} --reinstall -r requirements/dev.txt",
    ]


@pytest.mark.parametrize("done", [1, 2, 3])
def test_an_installation_that_is_cut_short_is_made_anew(make, tmp_path, done):
    calls = tmp_path / ".venv" / "bin" / "calls"
    child = subprocess.Popen(make, start_new_session=True, stdout=subprocess.DEVNULL)
    while not calls.is_file() or len(calls.read_text().splitlines()) < done:
        time.sleep(0.005)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert len(calls.read_text().splitlines()) < 4
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    names = ["uv.txt", "site.txt", "torch==", "dev.txt"]
    whole = calls.read_text().splitlines()
    assert len(whole) == 4
    assert all(name in call for name, call in zip(names, whole, strict=True))


def test_make_installs_nothing_while_something_else_runs(make, tmp_path):
    """As emissary-ingress/emissary issue 1515: `make -j` in a fresh checkout."""
    make[3:4] = ["-j4", "html", "test"]
    subprocess.run(make, check=True, capture_output=True)
    turns = (tmp_path / ".venv" / "bin" / "turns").read_text().split()
    assert turns == ["begin", "end"] * (len(turns) // 2)
    assert len(turns) > 10


def test_make_hands_on_nothing_that_is_meant_for_another_python():
    """As robotmcp/ros-mcp-server issue 275: on PYTHONPATH stand the plugins of ROS."""
    others = dict.fromkeys(OF_ANOTHER_PYTHON, "of another")
    settings = os.environ | others | {"PYTHONDEVMODE": "handed on"}
    asked = {"input": "include Makefile\nshow:\n\t@env\n", "text": True}
    command = ["make", "-f", "-", "show"]
    shown = subprocess.check_output(command, cwd=ROOT, env=settings, **asked)
    assert "PYTHONDEVMODE=handed on\n" in shown
    assert "of another" not in shown


def fake_browser(path):
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("name", browser.NAMES)
def test_any_browser_on_the_path_is_found(name, tmp_path, monkeypatch):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    path = fake_browser(tmp_path / name)
    assert browser.find_browser() == path


def test_without_a_browser_make_says_in_one_line_what_to_do(tmp_path):
    """Neither apt-get nor Playwright can bring one: there is no such host."""
    command = [sys.executable, str(ROOT / "tests" / "browser.py")]
    settings = {
        "PATH": str(tmp_path),
        "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path),
        "PLAYWRIGHT_DOWNLOAD_HOST": "http://127.0.0.1:9",
    }
    ran = subprocess.run(command, env=settings, capture_output=True, text=True)
    assert ran.returncode == 0  # the tests that need none still run
    assert ran.stdout == "The tests need a browser: Playwright downloads Chromium.\n"
    assert ran.stderr == browser.NO_BROWSER + "\n"


def test_make_serve_listens_on_this_machine_alone():
    dry = ["make", "-n", "-C", str(ROOT), "serve", f"VENV={sys.prefix}"]
    ran = subprocess.run(dry, capture_output=True, text=True, check=True)
    assert "-m http.server --bind 127.0.0.1 " in ran.stdout


def test_workflows_have_least_privilege_and_pinned_actions():
    (workflow,) = (ROOT / ".github" / "workflows").iterdir()
    text = workflow.read_text()
    assert "\npermissions: {}\n" in text
    granted = re.findall(r"    permissions:\n((?:      .*\n)+?)    \w", text)
    grants = [re.sub(" #.*", "", grant).strip() for grant in granted]
    assert grants == ["contents: read", "contents: write"]
    uses = re.findall(r"uses: (\S+)", text)
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in uses)
    assert len(uses) == text.count("uses:") > 0
    assert "persist-credentials: false" in text
    assert "pull_request_target" not in text
