"""Programs that start at once: each is forked from a process that has imported what takes long."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

PYTORCH = (
    "torch._dynamo",
    "matplotlib.pyplot",
)  # the first is imported by an optimizer

SERVER = """
import importlib, json, multiprocessing, os, runpy, sys, warnings

def run(folder, command, outputs, settings):
    for number, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND), number)
    os.environ.update(settings)
    os.chdir(folder)
    sys.argv = command
    runpy.run_path(command[0], run_name="__main__")

for name in sys.argv[1:]:
    importlib.import_module(name)
for line in sys.stdin:
    process = multiprocessing.get_context("fork").Process(target=run, args=json.loads(line))
    with warnings.catch_warnings():
        # Python 3.12 warns of the threads that NumPy's import starts. NumPy copes with a fork.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    print(process.pid, flush=True)
    process.join()
    print(process.exitcode, flush=True)
"""


class Forks:
    """A process from which programs are forked, one at a time."""

    def __init__(self, *modules, options=(), environment=None):
        self.server = subprocess.Popen(
            [sys.executable, *options, "-c", SERVER, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )

    def start(self, folder, command, outputs, settings=None):
        """Start a program with its arguments, and return the number of its process.

        The two outputs are files for what it prints and for its errors.
        """
        request = [
            str(folder),
            [str(word) for word in command],
            [str(o) for o in outputs],
        ]
        self.server.stdin.write(json.dumps([*request, settings or {}]) + "\n")
        self.server.stdin.flush()
        return int(self.server.stdout.readline())

    def status(self):
        """Wait for the end of the program, and return its exit status."""
        return int(self.server.stdout.readline())

    def run(self, folder, *command):
        """Run a program to its end, and return what it printed and its errors."""
        with tempfile.TemporaryDirectory() as outputs:
            printed, errors = Path(outputs, "printed"), Path(outputs, "errors")
            self.start(folder, command, [printed, errors])
            assert self.status() == 0, printed.read_text() + errors.read_text()
            return printed.read_text(), errors.read_text()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.server.stdin.close()
        self.server.wait()
        self.server.stdout.close()
