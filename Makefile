# `make help` lists the targets. GNU make 3.81 will do.
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
JOBS ?= 2
RUN := $(VENV)/bin/python
TEST := $(RUN) -m pytest -n $(JOBS) --dist worksteal --cov

.PHONY: help html test test-all lint bench mutants serve clean lock
.DELETE_ON_ERROR:
# One installs what another uses: `make -j html test` takes them in turn.
.NOTPARALLEL:
# What is set for another Python is not for ours, nor are its pytest plugins.
unexport PYTHONHOME PYTHONPATH PYTHONOPTIMIZE PYTHONWARNINGS

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' Makefile

html: $(VENV)/.site  ## build the site into docs/_build/html
	$(RUN) docs/build.py

test: $(VENV)/.dev  ## run the tests that CI runs
	@$(RUN) tests/browser.py
	$(TEST) -m "not long"

test-all: $(VENV)/.dev  ## run all tests, the long ones too
	@$(RUN) tests/browser.py
	$(TEST)

lint: $(VENV)/.dev  ## check style, types, and the names in the programs
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) docs/_ext/programs/inline.py
	$(RUN) -m ruff check --isolated --select F811,F821 docs/_programs

bench: $(VENV)/.dev  ## measure what one waits for; exits 1 if a target is missed
	$(RUN) -m benchmarks $(if $(ONLY),--only "$(ONLY)")

mutants: $(VENV)/.dev  ## change linreg in small ways, list what no test notices
	.ci/mutants $(RUN)

serve: html  ## build the site and serve it on this machine only
	$(RUN) -m http.server --bind 127.0.0.1 --directory docs/_build/html $(PORT)

clean:  ## remove what was built (the environment stays)
	rm -rf docs/_build docs/_programs docs/tutorial mutants
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

lock: $(VENV)/.site  ## pin anew, after a change of pyproject.toml or constraints.txt
	$(LOCK) pyproject.toml --group site --group dev --group uv -o constraints.txt
	$(HASHES) --group uv -o requirements/uv.txt
	$(HASHES) pyproject.toml --group site -o requirements/site.txt
	$(HASHES) --group dev -o requirements/dev.txt

# The environment. pip brings uv, which brings the rest ten times as fast. Both take
# only files whose hash is in requirements/. torch comes by pip, apart: builds differ by
# machine. A CUDA build then lacks its libraries: the check sees it, pip adds them.
# The stamp is written last, so an installation that was cut short is made anew.
PIP := PIP_USER=0 PIP_REQUIRE_HASHES=0 $(RUN) -m pip
# uv does not read pip's settings, so it is told which index they name, if any.
INDEX = $$($(PIP) config list | sed -n "s/.*[.]index-url='\(.*\)'/\1/p" | head -n 1)
UV = @UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$(INDEX)}" $(VENV)/bin/uv
INSTALL = $(UV) pip install -q --python $(RUN) --no-build --require-hashes
LOCK = $(UV) pip compile -q --universal --no-annotate --no-header --no-emit-index-url
HASHES = $(LOCK) -c constraints.txt --generate-hashes --no-emit-package torch

$(VENV)/.site: requirements/uv.txt requirements/site.txt constraints.txt
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { echo \
	    "This needs Python 3.11 or newer: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c "import ensurepip, venv" || { echo "Python's venv module is missing." \
	    "On Debian or Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q --require-hashes -r requirements/uv.txt
	$(INSTALL) -r requirements/site.txt
	$(PIP) install -q --no-deps "$$(grep '^torch==' constraints.txt)"
	@$(PIP) check >/dev/null || $(PIP) install -q -c constraints.txt torch
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.site
	$(INSTALL) --reinstall -r requirements/dev.txt
	@touch $@
