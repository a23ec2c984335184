# The two commands, and a few more. `make` alone lists them.

BIN := .venv/bin
STAMP := .venv/installed
EXTRAS := dev,video,probing,zarr,parquet,sweeps,clusters,tasks
CONFIG ?= configs/default.yaml
ARGS ?=
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
NO_PYTHON := brainmodel needs Python 3.11 or newer, and none of '$(PYTHON)' is: \
	install one, or name it with 'make PYTHON=/path/to/python3'.
# Tests run side by side, so each keeps to one thread: with two they would fight over the cores.
ONE_THREAD := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1

.PHONY: help install train video test test-all check format mutants benchmarks clean distclean
.DEFAULT_GOAL := help

help:
	@echo "make train       train the default brain on natural scenes (within 5 minutes on two cores)"
	@echo "make video       the same on real video clips"
	@echo "make test        format, lint, types, import rules and the tests, of long laws a sample"
	@echo "make test-all    every test, every case; CI takes a sample of long laws"
	@echo "make format      write the code the way 'make test' wants it"
	@echo "make mutants     break the code on purpose, see that the tests notice"
	@echo "make benchmarks  measure what the README claims"
	@echo "make clean       remove caches and builds; 'make distclean' the environment too"
	@echo "Options go through ARGS:  make train ARGS='--trainer.max_steps 100'"

install: $(STAMP)

# An environment of our own, made once and again when what it holds changes.
$(STAMP): pyproject.toml constraints.txt
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
		for python in $(PYTHON); do \
			"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
			python=; \
		done; \
		test -n "$$python" || { echo "$(NO_PYTHON)" >&2; exit 1; }; \
		"$$python" -m venv .venv; \
	}
	@echo "Installing into .venv: several minutes the first time, mostly torch."
	@$(BIN)/python -m pip install --disable-pip-version-check --prefer-binary \
		--constraint constraints.txt --editable ".[$(EXTRAS)]"
	@touch $@

train: $(STAMP)
	$(BIN)/python train.py fit --config $(CONFIG) $(ARGS)

video: CONFIG := configs/natural_video.yaml
video: train

test check: WHICH := not slow
test-all: WHICH := slow or not slow
test check test-all: $(STAMP)
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m pyright
	$(BIN)/lint-imports --no-logo
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist worksteal -m "$(WHICH)" $(ARGS)

format: $(STAMP)
	$(BIN)/python -m ruff check --fix --exit-zero .
	$(BIN)/python -m ruff format .

mutants: $(STAMP)
	$(ONE_THREAD) $(BIN)/python -m tests.mutants $(ARGS)

benchmarks: $(STAMP)
	@for claim in benchmarks/[!_]*.py; do \
		name=$$(basename "$$claim" .py); \
		$(BIN)/python -m "benchmarks.$$name" --out "runs/benchmarks/$$name" $(ARGS) || exit 1; \
	done

clean:
	rm -rf build dist htmlcov .coverage .coverage.* .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -not -path "./.venv/*" -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv
