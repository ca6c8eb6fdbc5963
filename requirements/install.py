"""Install what is pinned into the environment of this Python: `make` calls this.

`python requirements/install.py site dev`: PyTorch comes first and apart, because its
build differs from machine to machine, and some have none. pip then brings uv, which
brings the rest ten times as fast; where uv cannot, pip does. Both take only files whose
hash is in requirements/. `install.py uv ...` runs uv with the settings it gets here.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Of pip's settings, those that say how packages are reached are handed on; a target or
# a constraint is meant for other environments. Beside them, what uv calls the same.
HANDED_ON = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "trusted-host": "UV_INSECURE_HOST",
    "proxy": "HTTPS_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    **dict.fromkeys(["no-index", "retries", "cache-dir", "no-cache-dir"], ""),
    **dict.fromkeys(["keyring-provider", "use-feature", "use-deprecated"], ""),
}
OWN_SETTINGS_OF_UV = (
    *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_EXTRA_INDEX", "UV_FIND_LINKS"),
    *("UV_HTTP", "UV_INSECURE_HOST", "UV_KEYRING", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS"),
    *("UV_CACHE_DIR", "UV_NO_CACHE", "UV_LINK_MODE", "UV_OFFLINE"),
)
NO_PYTORCH = """
pip could not install {}: its reason stands above. If it found no version,
PyTorch has no build for this Python or this machine: there are some for Python 3.11 to
3.14, and none for Macs with an Intel processor. To name another Python:
make PYTHON=/path/to/python3.13"""


def settings_of_pip() -> dict[str, str]:
    """Return the settings of pip that are handed on, from its files and its variables.

    What is said of `pip install` counts more than what is said of pip, a variable most.
    """
    command = [sys.executable, "-m", "pip", "config", "list"]
    # Else it lists one file of several, or nothing.
    variables = os.environ | {"PIP_USER": "0", "PIP_QUIET": "0"}
    lines = subprocess.check_output(command, env=variables, text=True).splitlines()
    settings = {}
    for section in ("global", "install", ":env:"):
        for line in lines:
            name, _, value = line.partition("=")
            start, _, key = name.rpartition(".")
            if start == section and key in HANDED_ON:
                settings[key] = ast.literal_eval(value)
    return settings


def for_pip(settings: dict[str, str]) -> dict[str, str]:
    """Return the environment in which pip runs: with these settings, and no others."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
    kept |= {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for key, value in settings.items():
        kept["PIP_" + key.upper().replace("-", "_")] = value
    return kept


def for_uv(settings: dict[str, str]) -> dict[str, str]:
    """Return the environment in which uv runs: its own settings, then those of pip."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("UV_") or name.startswith(OWN_SETTINGS_OF_UV)
    }
    for bundle in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # pip reads them, too
        if bundle in os.environ:
            settings = {"cert": os.environ[bundle], **settings}
    for key, value in settings.items():
        name = HANDED_ON[key]
        if name and not (name.startswith("UV_") and name in kept):
            kept[name] = ("," if key == "find-links" else " ").join(value.split())
    # Look for a version in all indexes, as pip does: its hash says whether it is ours.
    kept["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return kept


class Installer:
    """pip and uv, run with the settings of this machine."""

    def __init__(self) -> None:
        self.settings = settings_of_pip()

    def run(self, tool: str, *arguments: str) -> bool:
        """Run pip or uv and tell whether it went well."""
        environment = (for_pip if tool == "pip" else for_uv)(self.settings)
        command = [sys.executable, "-m", tool, *arguments]
        return subprocess.run(command, env=environment).returncode == 0

    def pip(self, *arguments: str) -> bool:
        """Install with pip."""
        return self.run("pip", "install", "-q", "--only-binary=:all:", *arguments)

    def pinned(self, group: str) -> bool:
        """Install a group that is pinned by hash, with uv or else with pip."""
        file = ["--require-hashes", "-r", str(HERE / f"{group}.txt")]
        if "no-index" not in self.settings:  # uv would ask the index
            uv = ["-q", "--no-config", "--no-build", "--reinstall"]
            uv += ["--python", sys.executable]
            if self.run("uv", "pip", "install", *uv, *file):
                return True
            print("uv could not install, so pip does: wait a minute.", file=sys.stderr)
        return self.pip("--force-reinstall", "--no-deps", *file)

    def site(self) -> bool:
        """Install PyTorch, uv, and what builds the site."""
        constraints = HERE.parent / "constraints.txt"
        torch = re.search("(?m)^torch==.*", constraints.read_text())[0]
        if not self.pip("--no-deps", torch):
            print(NO_PYTORCH.format(torch), file=sys.stderr)
            return False
        uv = ["--require-hashes", "-r", str(HERE / "uv.txt")]
        if not (self.pip(*uv) and self.pinned("site")):
            return False
        # A build for CUDA lacks its libraries: the check sees it, and pip adds them.
        check = [sys.executable, "-m", "pip", "check"]
        quiet = {"env": for_pip(self.settings), "stdout": subprocess.DEVNULL}
        if subprocess.run(check, **quiet).returncode == 0:
            return True
        return self.pip("-c", str(constraints), "torch")

    def dev(self) -> bool:
        """Install what tests and measures."""
        return self.pinned("dev")


if __name__ == "__main__":
    installer = Installer()
    if sys.argv[1] == "uv":
        sys.exit(not installer.run(*sys.argv[1:]))
    sys.exit(not all(getattr(installer, group)() for group in sys.argv[1:]))
