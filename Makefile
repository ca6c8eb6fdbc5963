# `make help` lists the targets. GNU make 3.81 will do.
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
JOBS ?= 2
export PYTHON_IS_NAMED := $(filter command,$(origin PYTHON))
# What somebody names reaches the shell as it was typed, whatever characters it holds.
override PYTHON := $(value PYTHON)
override VENV := $(value VENV)
override PORT := $(value PORT)
override JOBS := $(value JOBS)
override ONLY := $(value ONLY)
export PYTHON VENV PORT JOBS ONLY

# The Python of the environment, which is made first: with what builds the site, and
# with what tests it.
SITE := @sh requirements/python site
DEV := @sh requirements/python dev
TEST := $(DEV) -m pytest -n "$$JOBS" --dist worksteal --cov
.PHONY: help html test test-all lint bench mutants serve clean lock
.DELETE_ON_ERROR:
# One installs what another uses: `make -j html test` takes them in turn.
.NOTPARALLEL:
# What is set for other programs is not for ours: modules, options and plugins.
unexport PYTHONHOME PYTHONPATH PYTHONOPTIMIZE PYTHONWARNINGS PYTHONINSPECT
unexport PYTHONSAFEPATH PYTHONWARNDEFAULTENCODING PWDEBUG NODE_OPTIONS
unexport $(filter PYTEST_% COV_% COVERAGE_% HYPOTHESIS_% MYPY% RUFF_%,$(.VARIABLES))
unexport $(filter GIT_%,$(.VARIABLES))
# A socket has no room for a long path: programs that wait for one would wait for ever.
TOO_LONG := $(shell env | LC_ALL=C sed -nE 's/^(TMPDIR|TEMP|TMP)=.{61}.*/\1/p')
ifneq (,$(TOO_LONG))
$(warning too long for a socket, so what make runs goes without: $(TOO_LONG))
unexport $(TOO_LONG)
endif

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' Makefile

html:  ## build the site into docs/_build/html
	$(SITE) docs/build.py

test:  ## run the tests that CI runs
	$(DEV) tests/browser.py
	$(TEST) -m "not long"

test-all:  ## run all tests, the long ones too
	$(DEV) tests/browser.py
	$(TEST)

lint:  ## check style, types, and the names in the programs
	$(DEV) -m ruff check .
	$(DEV) -m ruff format --check .
	$(DEV) -m mypy
	$(DEV) docs/_ext/programs/inline.py

bench:  ## measure what one waits for; exits 1 if a target is missed
	$(DEV) -m benchmarks --only="$$ONLY"

mutants:  ## change linreg in small ways, list what no test notices
	.ci/mutants "$$(sh requirements/python dev -c 'import sys; print(sys.executable)')"

serve: html  ## build the site and serve it on this machine only
	$(SITE) -m http.server --bind 127.0.0.1 --directory docs/_build/html "$$PORT"

clean:  ## remove what was built (the environment stays)
	rm -rf docs/_build/work
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	@for made in docs/_build/html mutants; do \
	    if [ -f $$made/.checksum ] && [ ! -L $$made ]; then \
	        find $$made/ -mindepth 1 -maxdepth 1 ! -name .checksum -exec rm -rf {} + ; \
	        rm -rf $$made; \
	    elif [ -e $$made ]; then \
	        echo "$$made was not made by make, so it stays as it is." >&2; \
	    fi; \
	done

lock:  ## pin anew, after a change of pyproject.toml or constraints.txt
	$(LOCK) pyproject.toml --group site --group dev --group uv -o constraints.txt
	$(HASHES) --group uv -o requirements/uv.txt
	$(HASHES) pyproject.toml --group site -o requirements/site.txt
	$(HASHES) --group dev -o requirements/dev.txt

LOCK = $(SITE) requirements/install.py uv pip compile -q --universal --no-annotate \
    --no-header --no-emit-index-url
HASHES = $(LOCK) -c constraints.txt --generate-hashes --no-emit-package torch
