# Two commands are all it takes: `make train` and `make test`. Both set up what they need.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
JOBS ?= 2

.PHONY: help setup train test lint types bench gpu docs clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "tssd needs Python 3.11 or newer; choose one with PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

setup: $(READY)  ## make the virtual environment .venv with everything in it

# The same reading with other seeds: make train SEEDS=20,21,22,23,24,25,26,27
SEEDS ?= 0,1,2,3,4,5,6,7
QUICK := digits+vgg9+quick

train: $(READY)  ## compare four methods on the embedded digits over eight seeds (about 4 minutes)
	$(BIN)/tssd compare $(QUICK)+vanilla_ts $(QUICK)+vanilla_tt $(QUICK)+control $(QUICK)+tssd \
		--seeds $(SEEDS) --timesteps 1,2,4 --jobs $(JOBS) --output runs

test: $(READY)  ## run the tests (with real data too where TSSD_DATA is set)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

lint: $(READY)  ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## check types
	$(BIN)/pyright --pythonpath $(BIN)/python

bench: $(READY)  ## measure against SpikingJelly, snnTorch, tonic and ReLU, and write docs/benchmarks.md
	$(BIN)/python -m benchmarks --write

# With .venv, or with $(PYTHON) where that has everything (a machine without a network), or after setup.
gpu:  ## test, measure and train on a CUDA device in 9 minutes, and write results/gpu (GPU="--minutes 5")
	@python=$(BIN)/python; \
	if ! [ -e $(READY) ]; then \
		if $(PYTHON) -c 'import torch, lightning, jsonargparse, torchmetrics' 2>/dev/null; \
		then python=$(PYTHON); else $(MAKE) --no-print-directory setup || exit 1; fi; \
	fi; \
	PYTHONPATH=src $$python -m benchmarks.gpu $(GPU)

$(VENV)/.docs: $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	@touch $@

docs: $(VENV)/.docs  ## build the documentation site, strictly, into site/ (open site/index.html)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:  ## remove the virtual environment and caches, never runs/
	rm -rf $(VENV) site .pytest_cache .ruff_cache .hypothesis
