# Everything runs in .venv, which any target sets up first. PYTHON names the interpreter that makes it, ARGS are
# further settings of the demonstration.
PYTHON ?= python3.11
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo test test-all check format lock clean

setup: $(VENV)/.done

$(VENV)/.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,local]'
	touch $@

demo: setup
	$(BIN)/python examples/demo.py $(ARGS)

test: setup
	$(BIN)/pytest -n 2

test-all: setup
	$(BIN)/pytest -m ''

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# the exact versions that come back on every machine
lock: setup
	$(BIN)/pip freeze --exclude-editable | grep -v '^pip==' > constraints.txt

clean:
	rm -rf $(VENV) build dist *.egg-info
