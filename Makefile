# Two commands that do all their own set-up: `make run` and `make test`.
# PYTHON=python3.12 picks another Python; ARGS="--port 8000" goes to `netsee app`, TESTS="tests/test_cli.py -x" to pytest.

PYTHON ?= python3
ARGS ?=
TESTS ?=
BIN := .venv/bin

.PHONY: run test clean
.DEFAULT_GOAL := run

run: .venv/run.stamp
	$(BIN)/netsee app $(ARGS)

test: .venv/test.stamp
	$(BIN)/python -m pytest $(TESTS)

clean:
	rm -rf .venv build *.egg-info

.venv/run.stamp: pyproject.toml | python
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -e .
	@touch $@

.venv/test.stamp: pyproject.toml | python
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -e '.[dev]'
	@touch .venv/run.stamp $@

.PHONY: python
python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON). Install Python 3.11 or newer, or name one: make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Netsee needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -c 'import platform; print(platform.python_version())'). Name another: make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments. On Debian or Ubuntu: apt-get install $$($(PYTHON) -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')" >&2; exit 1; }
