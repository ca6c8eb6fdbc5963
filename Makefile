# `make help` lists the targets. GNU make 3.81 will do.
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
JOBS ?= 2
SITE := docs/_build/html
BIN := $(VENV)/bin
RUN := $(BIN)/python
TEST := $(RUN) -m pytest -n $(JOBS) --dist worksteal --cov

.PHONY: help html inventory test test-all test-lowest mutants bench lint serve clean lock
.DELETE_ON_ERROR:

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

html: $(VENV)/.installed  ## build the site into docs/_build/html
	$(RUN) docs/build.py

test: $(VENV)/.installed  ## run the tests that CI runs
	$(TEST) -m "not long"

test-all: $(VENV)/.installed  ## run all tests, the long ones too
	$(TEST)

bench: $(VENV)/.installed  ## measure what a reader waits for; exits 1 if a target is missed
	$(RUN) -m benchmarks $(if $(ONLY),--only "$(ONLY)")

test-lowest:  ## run the tests with the oldest NumPy and Matplotlib that pyproject.toml allows
	$(MAKE) VENV=.venv-lowest .venv-lowest/.installed
	.venv-lowest/bin/python -m pip install -q --no-deps \
	    $$(sed -n 's/^    "\(matplotlib\|numpy\)>=\(.*\)",$$/\1==\2/p' pyproject.toml)
	$(MAKE) VENV=.venv-lowest test

mutants: $(VENV)/.installed  ## change the code in small ways, list what no test notices
	.ci/mutants $(RUN)

lint: $(VENV)/.installed  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

inventory: html  ## name what code uses and docs/inventories.toml lacks
	$(RUN) docs/_ext/inventories.py

serve: html  ## build the site and serve it on this machine only
	$(RUN) -m http.server --bind 127.0.0.1 --directory $(SITE) $(PORT)

clean:  ## remove what was built (the environment stays)
	rm -rf docs/_build docs/_programs docs/tutorial docs/api/generated
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

lock: $(VENV)/.installed  ## pin what pyproject.toml asks for, after a change of it or of a pin
	$(BIN)/uv pip compile $(LOCK) --output-file constraints.txt
	$(BIN)/uv pip compile $(LOCK) --output-file requirements.txt \
	    --constraints constraints.txt --generate-hashes --no-strip-extras --no-emit-package torch
LOCK := -q pyproject.toml --group docs --group test --group lint --group lock --universal \
	--no-emit-index-url --no-annotate --no-header

# An environment is made anew whenever a pin changed or an installation was cut short: the stamp is
# written last. Step 1 takes only files with a known hash. Step 2 takes torch alone, whose build
# differs by machine. A CUDA build then lacks its libraries: `pip check` sees it, step 3 adds them.
$(VENV)/.installed: constraints.txt requirements.txt
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
	    { echo "This needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c "import ensurepip, venv" || \
	    { echo "Python's venv module is missing. On Debian or Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install -q --require-hashes -r requirements.txt
	$(RUN) -m pip install -q --no-deps "$$(grep '^torch==' constraints.txt)"
	@$(RUN) -m pip check >/dev/null || $(RUN) -m pip install -q -c constraints.txt torch
	@touch $@
