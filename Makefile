# Everything runs in .venv, which any target sets up first. PYTHON names the interpreter that makes it, ARGS are
# further settings of the demonstration, FUZZ_SECONDS is how long to fuzz.
PYTHON ?= python3.11
ARGS ?=
FUZZ_SECONDS ?= 600
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo test test-torch test-docker test-all fuzz check format lock clean

setup: $(VENV)/.done

$(VENV)/.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,local]'
	touch $@

demo: setup
	$(BIN)/python examples/demo.py $(ARGS)

test: setup
	$(BIN)/pytest -n 2

# the Code Graph Model and its training, with torch
test-torch: setup
	DS_BUILD_OPS=0 $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[training,deepspeed,quantization]'
	$(BIN)/pytest -n 2 --dist loadfile tests/cgm/model tests/cgm/train

test-all: setup
	$(BIN)/pytest -m ''

# a Docker engine of the tests' own, which root may start where dockerd is installed
test-docker: setup
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[eval]'
	$(BIN)/pytest -m docker

# coverage-guided, over the bytes, names and trees that the code graph is built from; findings stay in build/fuzz
fuzz: setup
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[fuzz]'
	mkdir -p build/fuzz
	cd tests/fuzz && ../../$(BIN)/python fuzz_graph.py ../../build/fuzz/corpus -artifact_prefix=../../build/fuzz/ -max_total_time=$(FUZZ_SECONDS)

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
