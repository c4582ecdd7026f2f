# `make demo` and `make test` need nothing but Python 3.10 to 3.13; the first of them creates .venv and fills it.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.10 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# Networks in tests are small: processes side by side gain what threads do not.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

.PHONY: help install demo test coverage test-slow test-wheel test-versions lint format docs clean
help:
	@echo "make install    create $(VENV) with everything the project needs"
	@echo "make demo       train a small network on photographs in motion, measure it, draw and play the result"
	@echo "make test       the quick tests"
	@echo "make coverage   the same, with the share of lines that they run; fails below the floor of pyproject.toml"
	@echo "make test-slow  the tests that need minutes"
	@echo "make test-wheel builds the wheel and uses it in an environment of its own"
	@echo "make test-versions  the quick tests under the oldest, a middle and the newest PyTorch"
	@echo "make lint       what CI checks of style, layers and types; make format mends the style"
	@echo "make docs       the documentation site, in build/docs; any warning is an error"

install: $(INSTALLED)

$(INSTALLED): setup.py pyproject.toml vsr_plugins/version.py
	@test -n "$(PYTHON)" || { echo "Python 3.10, 3.11, 3.12 or 3.13 is needed, but none was found; name one with PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(INSTALLED)
	$(BIN)/vsr demo

test: $(INSTALLED)
	$(PYTEST) -m "not slow"

coverage: $(INSTALLED)
	$(PYTEST) -m "not slow" --cov --cov-report=term

test-slow: $(INSTALLED)
	$(PYTEST) -m slow

test-wheel: $(INSTALLED)
	.ci/wheel

test-versions: $(INSTALLED)
	.ci/torch-versions

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright --pythonpath $(BIN)/python

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(INSTALLED)
	$(BIN)/python -m mkdocs build --strict

clean:
	rm -rf $(VENV) .venvs build dist *.egg-info
