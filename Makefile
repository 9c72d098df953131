# The commands that a person types. Each sets up what it needs by itself; `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
# Named after what it was made from, so that a changed pin or setting makes it anew and an unchanged one costs nothing.
READY := $(VENV)/.ready-$(shell cat requirements.lock pyproject.toml | sha256sum | cut -c1-16)
# What is imported is compiled then, and kept: all of it at once would take half a minute more. Where the shell
# forbids to keep it, each process would compile it anew, which takes it as long again as to start.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(VENV)/bin/python -m pip install --disable-pip-version-check --no-input --no-deps --no-compile
# Parallel workers for the tests: `make test WORKERS=0` runs them in one process.
WORKERS ?= 3
ARGS ?=
# Tests write some 4 GB that nobody reads again: in memory, where there is plenty, no commit waits for a disk.
TEST_FILES := $(shell [ "$$(df -P -k /dev/shm 2>/dev/null | awk 'END {print int($$4 / 1024 / 1024)}')" -ge 8 ] && echo /dev/shm)

.PHONY: help setup run test bench-bulk bench-truth bench-sandbox lint lint-python lint-sql clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv from the locked requirements

# pip brings uv, as locked, and uv the rest in a tenth of pip's time; pip does it all where only pip is told
# of an index, by its own settings.
$(READY): requirements.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
	  || { echo "Flowgauge needs Python 3.11: install it, or name it with make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up $(VENV): $$(grep -c '^[a-z0-9].*==' requirements.lock) packages, half a minute the first time."
	@"$(PYTHON)" -m venv $(VENV)
	@awk '/^uv==/ {found = 1} found {print} found && !/\\$$/ {exit}' requirements.lock > $(VENV)/uv.txt
	@$(PIP) -q --require-hashes -r $(VENV)/uv.txt
	@$(VENV)/bin/uv pip install --python $(VENV)/bin/python --require-hashes --no-deps --quiet -r requirements.lock \
	  || { echo "uv could not: now with pip, about two minutes."; $(PIP) -q --require-hashes -r requirements.lock; }
	@$(PIP) -q --no-index --no-build-isolation --config-settings editable_mode=compat -e .
	@rm -f $(VENV)/.ready-*; touch $@; echo "Ready."

run: $(READY) ## load, build and publish, by flowgauge.yaml (or FLOWGAUGE_CONFIG); the demo without it; ARGS="--only NAME"
	@$(VENV)/bin/flowgauge $(if $(or $(FLOWGAUGE_CONFIG),$(wildcard flowgauge.yaml)),run,demo) $(ARGS)

# In the order of tests/conftest.py, so that no worker waits for another's costly home.
test: $(READY) ## run all tests; ARGS="-k NAME"
	@echo "Running the tests with $(WORKERS) workers."
	@files=$$(mktemp -d $(if $(TEST_FILES),-p $(TEST_FILES)) -t flowgauge-tests.XXXXXX); trap 'rm -rf "$$files"' EXIT; \
	$(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --basetemp="$$files/tests" $(ARGS)

bench-bulk: $(READY) ## load 20 million product events beside DuckDB's own copy of the same files
	@$(VENV)/bin/python benchmarks/bulk_events.py $(ARGS)

bench-truth: $(READY) ## hold a year of each scenario to its truth, three seeds each (an hour); ARGS="--scenarios NAME --seeds 1"
	@$(VENV)/bin/python benchmarks/truth.py $(ARGS)

bench-sandbox: $(READY) ## generate a hundred thousand changes, and load the sandbox's server
	@$(VENV)/bin/python benchmarks/sandbox_generate.py
	@$(VENV)/bin/python benchmarks/sandbox_load.py

lint: $(READY) ## check style, types, layers and SQL
	@$(MAKE) --no-print-directory --jobs 2 --output-sync lint-python lint-sql

lint-python: $(READY)
	@echo "ruff";          $(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	@echo "import-linter"; $(VENV)/bin/lint-imports --no-logo
	@echo "mypy";          $(VENV)/bin/mypy

# dbt parses the project in the tests.
lint-sql: $(READY)
	@echo "sqlfluff"; $(VENV)/bin/sqlfluff lint --disable-progress-bar --processes 2 transform/models

clean: ## remove .venv and caches; never the warehouse
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
