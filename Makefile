# What a person types in a checkout; `make help` lists it. Needs only make, Python 3.11+ and a package index.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help review test lint format bench fuzz soak constraints clean

PYTHON ?= python3
ARGS ?=
WEEK ?=
WORKERS ?= 2
MINUTES ?= 10
SEED ?= 0
FORMAT ?=
INPUTS ?= 1000
JOBS ?= 1

VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python -m

# A stamp stands for an environment that holds what these two files ask for, so a second run calls no pip.
PINS := pyproject.toml constraints.txt
INSTALLED := $(VENV)/installed
INSTALLED_TEST := $(VENV)/installed-test

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

review: $(INSTALLED)  ## the weekly review, of the sample life where there is no database (WEEK=2026-W40, ARGS="--json")
	@$(BIN)/orc review $(if $(WEEK),--week $(WEEK)) $(ARGS)

test: $(INSTALLED_TEST)  ## all tests, in parallel (WORKERS=4, ARGS="tests/store -x")
	@$(RUN) pytest -n $(WORKERS) --dist worksteal --benchmark-disable $(ARGS)

lint: $(INSTALLED_TEST)  ## style, types and the floors between the rooms
	@$(RUN) ruff format --check
	@$(RUN) ruff check
	@$(BIN)/lint-imports --no-logo
	@$(RUN) mypy

format: $(INSTALLED_TEST)  ## rewrite the code in the house style
	@$(RUN) ruff check --fix
	@$(RUN) ruff format

bench: $(INSTALLED_TEST)  ## the benchmarks of tests/bench, one at a time
	@$(RUN) pytest tests/bench --benchmark-only $(ARGS)

soak: $(INSTALLED_TEST)  ## histories of sync for as long as MINUTES=10 says, and a kill at each of its statements
	@$(RUN) tests.sync.soak $(MINUTES) $(WORKERS) $(SEED)
	@ORC_KILL_EVERY=1 $(RUN) pytest tests/sync/test_kills.py -s --timeout 7200 $(ARGS)

fuzz: $(INSTALLED_TEST)  ## mutated files into each importer (FORMAT="org orc", INPUTS=100000, JOBS=2)
	@$(RUN) tests.importers.fuzz $(FORMAT) --inputs $(INPUTS) --jobs $(JOBS) $(ARGS)

constraints:  ## pin the newest versions again (needs uv)
	uv pip compile --universal --no-header --no-annotate --all-extras --upgrade pyproject.toml -o constraints.txt

clean:  ## remove the environment, caches and builds; never data/ or reports/
	rm -rf $(VENV) build dist .benchmarks .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find orc_lab tests notebooks -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'orc_lab needs Python 3.11 or newer, and "$(PYTHON)" is not that. Install one and name it: make PYTHON=python3.12 …' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo 'This Python cannot make virtual environments. Install its venv package (on Debian and Ubuntu: apt install python3-venv) and try again.' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(INSTALLED): $(BIN)/python $(PINS)
	$(call install,.)
	@touch $@

$(INSTALLED_TEST): $(BIN)/python $(PINS)
	$(call install,'.[test]')
	@touch $(INSTALLED) $@

# Without --no-compile pip spends half its time on bytecode that nobody runs; Python makes what is run.
define install
@echo 'Installing orc_lab into $(VENV) (about a minute, once) …'
@$(RUN) pip --version >/dev/null 2>&1 || $(RUN) ensurepip >/dev/null
@$(RUN) pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e $(1) || { \
  echo 'The install did not finish; the reason stands above. Run the same make command to try again.' >&2; exit 1; }
endef
