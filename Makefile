# Every target works in .venv, which the first one makes. Another interpreter: make PYTHON=python3.12 demo
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest -q
BENCHMARKS := w1_fly w1c_general w2_screen w3_spiking w4_pyloric whole_animal scaling ceilings

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow bench bench-peers docs lint clean

help:
	@echo "make demo       run the mating-turn ablation screen and print its ranking and scorecard"
	@echo "make test       the tests, without those that take minutes"
	@echo "make test-slow  the tests that take minutes: rebuild of the data, installation of the wheel, ..."
	@echo "make bench      every benchmark beside Brian2; each prints one JSON line at its end (half an hour, and nothing else running)"
	@echo "make bench-peers  the fly-size graph in NEST too, which is installed for it"
	@echo "make docs       the documentation, into site/"
	@echo "make lint       style and the order of imports"
	@echo "make clean      remove what make has made (.venv, site/, caches), but no results"

# The version is asked first, so that an old Python gives one sentence and not a page of pip.
$(STAMP): pyproject.toml constraints.txt
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "wormsim needs Python 3.11 or newer, and '$(PYTHON)' is not there. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "wormsim needs Python 3.11 or newer; '$(PYTHON)' is $$("$(PYTHON)" -V 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	"$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt setuptools
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	  --no-build-isolation --editable ".[dev]"
	@touch $@

# What only one target needs comes when that target is first asked for.
$(VENV)/.installed-docs: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	  --no-build-isolation --editable ".[docs]"
	@touch $@

$(VENV)/.installed-peers: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	  --no-build-isolation --editable ".[peers]"
	@touch $@

$(VENV)/.installed-slow: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	  --no-build-isolation --editable ".[rebuild,atlas,cluster,docs]"
	@touch $@

demo: $(STAMP)
	$(BIN)/wormsim run mating_turn

# Two workers; the tests of one file stay together, so what a module sets up is set up once.
test: $(STAMP)
	$(PYTEST) -m "not slow" -n 2 --dist loadfile

test-slow: $(VENV)/.installed-slow
	$(PYTEST) -m slow

bench: $(STAMP)
	@for script in $(BENCHMARKS); do \
	  echo "== benchmarks/$$script.py"; $(BIN)/python "benchmarks/$$script.py" || exit 1; done

# The same fly brain in NEST as well: 6 GB of memory and some minutes more.
bench-peers: $(VENV)/.installed-peers
	$(BIN)/python benchmarks/w1_fly.py --peers brian2,nest

docs: $(VENV)/.installed-docs
	$(BIN)/python -m mkdocs build --strict --quiet
	@echo "site/index.html"

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) build dist site .pytest_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
