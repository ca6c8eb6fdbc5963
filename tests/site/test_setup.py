"""The environment and the browser: pinned, whole, and set up by make alone."""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace

import browser
import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
# Stands for Python: it makes environments that hold itself, and writes down each call.
FAKE = """#!/bin/sh
bin=$(dirname "$0")
if [ -f "$bin/broken" ]; then exit 1; fi
case "$*" in
*"import sysconfig"*) cat "$bin/kind" 2>/dev/null || echo this one; exit ;;
*_base_executable*) echo "$0"; exit ;;
esac
echo begin >>"$bin/turns"
case "$*" in
"-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
*install.py*) sleep 0.1; echo "$*" >>"$bin/calls" ;;
esac
sleep 0.05
echo end >>"$bin/turns"
"""


def test_every_requirement_has_a_hash_and_pytorch_stands_apart():
    pin = re.compile(r"(?m)^[a-z0-9.-]+==[^\s;]+")
    pinned = pin.findall((ROOT / "constraints.txt").read_text())
    for path in REQUIREMENTS:
        entries = re.split(r"(?m)^(?=[a-z0-9])", path.read_text())[1:]
        assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
        assert not any(entry.startswith("torch==") for entry in entries)
        assert set(pin.findall(path.read_text())) <= set(pinned)


@pytest.fixture
def checkout(tmp_path):
    """What make reads, in a folder of its own, and a Python that installs nothing."""
    for name in ("Makefile", "constraints.txt", "requirements"):
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, tmp_path)
        else:
            shutil.copytree(ROOT / name, tmp_path / name)
    fake_python(tmp_path / "python")
    return tmp_path


def fake_python(path):
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(FAKE)
    path.chmod(0o755)


def make(checkout, *words, target="test", **settings):
    """Call make, with the fake Python for `python3` unless another one is named."""
    (checkout / "bin").mkdir(exist_ok=True)
    if not (checkout / "bin" / "python3").exists():
        fake_python(checkout / "bin" / "python3")
    path = f"{checkout / 'bin'}:{os.environ['PATH']}"
    settings = os.environ | {"PATH": path, "HOME": str(checkout)} | settings
    command = ["make", "-C", str(checkout), target, *words]
    return subprocess.run(command, env=settings, capture_output=True, text=True)


def calls(checkout, venv=".venv"):
    file = checkout / venv / "bin" / "calls"
    return file.read_text().splitlines() if file.is_file() else []


BOTH = ["requirements/install.py site", "requirements/install.py dev"]


@pytest.mark.parametrize("done", [1, 2])
def test_an_installation_that_is_cut_short_is_made_anew(checkout, done):
    fake_python(checkout / "bin" / "python3")
    path = {"PATH": f"{checkout / 'bin'}:{os.environ['PATH']}"}
    command = ["make", "-C", str(checkout), "test"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    settings = {"env": os.environ | path, "start_new_session": True}
    child = subprocess.Popen(command, **settings, **quiet)
    while len(calls(checkout)) < done:
        assert child.poll() is None
        time.sleep(0.005)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    (checkout / ".venv" / "bin" / "half").touch()
    ran = make(checkout)
    assert ran.returncode == 0
    assert ("cut short" in ran.stderr) == (done == 1)
    assert calls(checkout)[-2:] == (BOTH if done == 1 else BOTH[1:] * 2)
    assert (checkout / ".venv" / "bin" / "half").exists() == (done == 2)
    assert make(checkout).stderr == ""  # and now it is whole
    assert len(calls(checkout)) == 2 if done == 1 else 3


PATHS = ["My Envs/linreg", "~root/it's $HOME", 'a "b" #c; touch d', "`touch e`"]


@pytest.mark.parametrize("name", PATHS)
def test_an_environment_may_have_any_name_and_nothing_beside_it_is_touched(
    checkout, name
):
    """As rokudev/samples issue 31: `rm -rf .../My Envs/linreg` removed .../My."""
    for word in (*name.replace("/", " ").split(), "bin"):
        (checkout / word).mkdir(exist_ok=True)
        (checkout / word / "precious").touch()
    python = checkout / "bin" / "a $python's" / "python"
    fake_python(python)
    before = {path for path in checkout.rglob("*") if path.name != "python3"}
    for pins in ("as they are", "# others\n"):
        if pins.startswith("#"):
            (checkout / "requirements" / "site.txt").write_text(pins)
        ran = make(checkout, f"VENV={name}", f"PYTHON={python}")
        assert ran.returncode == 0, ran.stderr
        assert calls(checkout, name) == BOTH
        assert before <= set(checkout.rglob("*"))
    new = {path.relative_to(checkout).parts[0] for path in checkout.rglob("*")}
    old = {path.relative_to(checkout).parts[0] for path in before}
    assert new - old <= {name.split("/")[0]}


def theirs(checkout, kind):
    """Put something of somebody else's where the environment would be."""
    venv = checkout / ".venv"
    if kind == "file":
        venv.write_text("precious")
    elif kind == "link":
        (checkout / "elsewhere" / "precious").mkdir(parents=True)
        venv.symlink_to("elsewhere")
    elif kind == "dangling link":
        venv.symlink_to("a disk that is not mounted")
    else:
        fake_python(venv / "bin" / "python")
    return venv


@pytest.mark.parametrize("kind", ["file", "link", "dangling link", "folder"])
def test_what_make_did_not_make_stays_and_make_says_what_to_do(checkout, kind):
    """As luanti-org/luanti issue 12567."""
    venv = theirs(checkout, kind)
    before = venv.lstat().st_mtime_ns, sorted(venv.rglob("*"))
    for target in ("test", "html"):
        ran = make(checkout, target=target)
        assert ran.returncode != 0
        assert ".venv is there, and make did not make it" in ran.stderr
        assert "VENV=" in ran.stderr
    assert (venv.lstat().st_mtime_ns, sorted(venv.rglob("*"))) == before


def test_what_is_no_path_is_refused(checkout):
    for name in ("", "-rf"):
        ran = make(checkout, f"VENV={name}")
        assert ran.returncode != 0
        assert f"VENV='{name}' is no path" in ran.stderr


OTHERS = {
    "its Python is gone": "broken",
    "it was made for another Python": "kind",  # as after an upgrade of the system
}


@pytest.mark.parametrize("reason", OTHERS)
def test_an_environment_that_cannot_serve_is_made_anew_and_says_so(checkout, reason):
    assert "there is none" in make(checkout).stderr
    (checkout / ".venv" / "bin" / OTHERS[reason]).write_text("another one\n")
    (checkout / ".venv" / "stale").touch()
    ran = make(checkout)
    assert f"The environment .venv is made: {reason}.\n" in ran.stderr
    assert calls(checkout) == BOTH
    assert not (checkout / ".venv" / "stale").exists()
    assert make(checkout).stderr == ""


def test_another_python_that_is_named_makes_it_anew_one_that_is_found_does_not(
    checkout,
):
    make(checkout)
    (checkout / "bin" / "kind").write_text("another one\n")  # python3 is newer now
    assert make(checkout).stderr == make(checkout, PYTHON="python3").stderr == ""
    ran = make(checkout, "PYTHON=python3")
    assert "it was made for another Python" in ran.stderr


def test_a_change_of_the_pins_is_seen_and_a_new_date_is_none(checkout):
    make(checkout)
    for name in ("site.txt", "dev.txt", "uv.txt"):
        os.utime(checkout / "requirements" / name)
    assert make(checkout).stderr == ""
    (checkout / "requirements" / "dev.txt").write_text("# other pins\n")
    assert make(checkout).stderr == ""
    assert calls(checkout) == [*BOTH, BOTH[1]]


def test_clean_removes_what_make_made_and_nothing_else(checkout):
    build = checkout / "docs" / "_build"
    (build / "work" / "docs").mkdir(parents=True)
    theirs = checkout / "elsewhere"
    for folder in (theirs, build / "html"):
        folder.mkdir()
        (folder / "precious").touch()
    (theirs / ".checksum").touch()
    (checkout / "mutants").symlink_to(theirs)
    ran = make(checkout, target="clean")
    assert [*build.iterdir()] == [build / "html"]
    for name in ("docs/_build/html", "mutants"):
        assert (checkout / name / "precious").exists(), name
        assert f"{name} was not made by make, so it stays as it is." in ran.stderr
    (checkout / "mutants").unlink()
    (build / "html" / ".checksum").touch()
    assert make(checkout, target="clean").stderr == ""
    assert not [*build.iterdir()]


def test_make_installs_nothing_while_something_else_runs(checkout):
    """As emissary-ingress/emissary issue 1515: `make -j` in a fresh checkout."""
    assert make(checkout, "-j4", "html", "lint").returncode == 0
    turns = (checkout / ".venv" / "bin" / "turns").read_text().split()
    assert turns == ["begin", "end"] * (len(turns) // 2)
    assert len(turns) > 10


PIP_CONF = """
[global]
index-url = https://a.example/simple
extra-index-url =
    https://b.example/simple
    https://c.example/simple
find-links = /wheels /more
cert = /office.pem
quiet = 1
trusted-host = a.example
constraint = /constraints.txt
user = yes
[install]
index-url = https://mirror.example/simple
target = /somewhere
no-binary = :all:
"""
OF_OTHERS = ("PIP_REQUIRE_HASHES", "PIP_USER", "PIP_TARGET", "PIP_CONSTRAINT")
OF_OTHERS += ("PIP_REQUIREMENT", "UV_NO_VERIFY_HASHES", "UV_EXCLUDE", "UV_OVERRIDE")
OF_OTHERS += ("UV_CONFIG_FILE",)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """requirements/install.py, with the commands that it would run, by their result."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    for name in OF_OTHERS:
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    (tmp_path / "pip.conf").write_text(PIP_CONF)
    file = ROOT / "requirements" / "install.py"
    spec = importlib.util.spec_from_file_location("install", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    commands = []

    def run(command, **_options):
        commands.append(" ".join(command).removeprefix(f"{sys.executable} -m "))
        failed = any(name in commands[-1] for name in module.failing)
        return SimpleNamespace(returncode=int(failed))

    module.failing, module.commands = [], commands
    monkeypatch.setattr(module, "subprocess", SimpleNamespace(**vars(subprocess)))
    monkeypatch.setattr(module.subprocess, "run", run)
    return module


def test_pip_gets_the_settings_of_the_network_and_no_others(install, monkeypatch):
    monkeypatch.setenv("PIP_PROXY", "http://proxy.example:3128")
    settings = install.settings_of_pip()
    environment = install.for_pip(settings)
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.check_output(command, env=environment, text=True)
    assert listed.splitlines() == [
        ":env:.cert='/office.pem'",
        f":env:.config-file='{os.devnull}'",
        ":env:.disable-pip-version-check='1'",
        r":env:.extra-index-url='\nhttps://b.example/simple\nhttps://c.example/simple'",
        ":env:.find-links='/wheels /more'",
        ":env:.index-url='https://mirror.example/simple'",
        ":env:.proxy='http://proxy.example:3128'",
        ":env:.trusted-host='a.example'",
    ]


def test_uv_gets_them_under_its_own_names(install, monkeypatch):
    """As astral-sh/uv issues 1474, 2020 and 6649."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/less.pem")
    monkeypatch.setenv("UV_INSECURE_HOST", "mine.example")
    environment = install.for_uv(install.settings_of_pip())
    found = {k: v for k, v in environment.items() if k.startswith("UV_")}
    assert found == {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "https://b.example/simple https://c.example/simple",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_INSECURE_HOST": "mine.example",  # what is said to uv counts more
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    assert environment["SSL_CERT_FILE"] == "/office.pem"
    assert install.for_uv({})["SSL_CERT_FILE"] == "/less.pem"


TORCH = re.search(r"(?m)^torch==.*", (ROOT / "constraints.txt").read_text())[0]
PIP = "pip install -q --only-binary=:all:"
FILE = "--require-hashes -r {}/requirements/{}.txt"
UV = "uv pip install -q --no-config --no-build --reinstall"
UV += f" --python {sys.executable}"


def test_pytorch_comes_first_and_all_else_by_hash(install):
    assert install.Installer().site()
    assert install.Installer().dev()
    assert install.commands == [
        f"{PIP} --no-deps {TORCH}",
        f"{PIP} {FILE.format(ROOT, 'uv')}",
        f"{UV} {FILE.format(ROOT, 'site')}",
        "pip check",
        f"{UV} {FILE.format(ROOT, 'dev')}",
    ]


def test_where_uv_cannot_pip_installs_the_same_hashes(install, tmp_path, capfd):
    install.failing.append("uv pip")  # as home-assistant/core issue 128214
    assert install.Installer().dev()
    assert "so pip does" in capfd.readouterr().err
    (tmp_path / "pip.conf").write_text("[install]\nno-index = true\n")  # it would ask
    assert install.Installer().dev()
    pip = f"{PIP} --force-reinstall --no-deps {FILE.format(ROOT, 'dev')}"
    uv = f"{UV} {FILE.format(ROOT, 'dev')}"
    assert install.commands == [uv, pip, pip]
    assert capfd.readouterr().err == ""
    install.failing.append("pip")
    assert not install.Installer().dev()


def test_without_a_build_of_pytorch_nothing_else_is_tried(install, capfd):
    install.failing.append("torch")
    assert not install.Installer().site()
    assert len(install.commands) == 1
    said = capfd.readouterr().err
    assert TORCH in said
    assert "make PYTHON=" in said
    assert "Macs with an Intel processor" in said


def test_the_libraries_that_a_build_for_cuda_lacks_are_added(install):
    install.failing.append("pip check")
    assert install.Installer().site()
    assert install.commands[-1] == f"{PIP} -c {ROOT / 'constraints.txt'} torch"


FOR_OTHERS = ("PYTHONPATH", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "PWDEBUG", "TMPDIR")
FOR_OTHERS += ("PYTEST_ADDOPTS", "COVERAGE_FILE", "COV_CORE_SOURCE", "MYPYPATH")
FOR_OTHERS += ("HYPOTHESIS_STORAGE_DIRECTORY", "RUFF_OUTPUT_FORMAT", "TEMP")
FOR_OTHERS += ("GIT_DIR", "NODE_OPTIONS")


def test_make_hands_on_nothing_that_is_meant_for_other_programs(tmp_path):
    """As robotmcp/ros-mcp-server issue 275: on PYTHONPATH stand the plugins of ROS."""
    others = dict.fromkeys(FOR_OTHERS, f"{tmp_path}/of another/{50 * 'x'}")
    Path(others["TMPDIR"]).mkdir(parents=True)
    settings = os.environ | others | {"PYTHONDEVMODE": "handed on"}
    asked = {"input": "include Makefile\nshow:\n\t@env\n", "text": True}
    command = ["make", "-f", "-", "show"]
    ran = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, **asked)
    assert "PYTHONDEVMODE=handed on\n" in ran.stdout
    assert "of another" not in ran.stdout
    assert "too long for a socket" in ran.stderr
    settings["TMPDIR"] = "/tmp"
    ran = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, **asked)
    assert "TMPDIR=/tmp\n" in ran.stdout


def test_a_browser_on_the_path_is_found(tmp_path, monkeypatch):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "google-chrome"
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o755)
    assert browser.find_browser() == str(path)


def test_without_a_browser_make_says_in_one_line_what_to_do(tmp_path):
    """Neither apt-get nor Playwright can bring one: there is no such host."""
    command = [sys.executable, str(ROOT / "tests" / "browser.py")]
    settings = {
        "PATH": str(tmp_path),
        "HOME": str(tmp_path),
        "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path),
        "PLAYWRIGHT_DOWNLOAD_HOST": "http://127.0.0.1:9",
    }
    ran = subprocess.run(command, env=settings, capture_output=True, text=True)
    assert ran.returncode == 0  # the tests that need none still run
    assert ran.stdout == "The tests need a browser: Playwright downloads Chromium.\n"
    assert ran.stderr == browser.NO_BROWSER + "\n"


def test_make_serve_listens_on_this_machine_alone():
    dry = ["make", "-n", "-C", str(ROOT), "serve"]
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


def git(folder, *words):
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    command = ["git", "-C", str(folder), *who, *words]
    return subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL)


def test_publishing_keeps_what_was_added_to_the_branch(tmp_path, monkeypatch):
    """As tschaub/gh-pages issue 236: each publish removed CNAME."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # set for a hook
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    (workflow,) = (ROOT / ".github" / "workflows").iterdir()
    script = textwrap.dedent(workflow.read_text().rpartition("run: |\n")[2])
    server = tmp_path / "me" / "fork.git"
    server.mkdir(parents=True)
    git(server, "init", "--quiet", "--bare")
    settings = {
        "GITHUB_SERVER_URL": tmp_path.as_uri(),
        "GITHUB_REPOSITORY": "me/fork",
        "GITHUB_SHA": "0123",
        "TOKEN": "secret",
    }

    def publish(*names):
        site = tmp_path / "site"
        shutil.rmtree(site, ignore_errors=True)
        site.mkdir()
        for name in names:
            (site / name).write_text("published")
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        subprocess.run(command, cwd=site, env=os.environ | settings, check=True)
        tree = git(server, "ls-tree", "-r", "--name-only", "gh-pages")
        return set(tree.splitlines()) - {".nojekyll"}

    assert publish("index.html", "old.html") == {"index.html", "old.html"}
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--branch", "gh-pages", str(server), str(clone))
    mine = ["CNAME", "google 123.html", "well-known/security.txt"]
    for name in [*mine, "index.html"]:
        (clone / name).parent.mkdir(exist_ok=True)
        (clone / name).write_text("by hand")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "Create CNAME")
    git(clone, "push", "--quiet")
    for _ in range(2):  # again and again
        assert publish("index.html") == {"index.html", *mine}
        assert git(server, "show", "gh-pages:CNAME") == "by hand"
        assert git(server, "show", "gh-pages:index.html") == "published"
    git(clone, "checkout", "--quiet", "--orphan", "one")
    git(clone, "commit", "--quiet", "--message", "One commit")
    git(clone, "push", "--quiet", "--force", "origin", "one:gh-pages")
    for _ in range(2):  # none of them is ours, so all stay
        assert publish("index.html") == {"index.html", "old.html", *mine}
