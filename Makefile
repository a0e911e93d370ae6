# skycnn: `make` lists the targets. Everything happens in a virtual environment of the project's own, made on demand.

PYTHON ?= python3
VENV ?= .venv
# Where torch comes from. The default is PyTorch's index of CPU builds, a few hundred MB smaller than the CUDA ones.
# It is tried, never required: where it cannot be reached, pip's own indexes serve. For a GPU name another index, e.g.
# make demo TORCH_INDEX=https://download.pytorch.org/whl/cu130, or nothing for whatever pip finds: TORCH_INDEX=
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
WORKERS ?= 2
SEED ?= 1
COUNT ?= 300

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
TORCH := $(shell sed -n 's/^torch==//p' constraints.txt)

.PHONY: help demo test lint bench bench-cutout faults storm fuzz bombs histories house man clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.demo  ## redshifts for a sample of real SDSS galaxies: before, after, score, picture
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

test: $(VENV)/.all  ## run every test
	@$(BIN)/python -m pytest -n $(WORKERS)

lint: $(VENV)/.all  ## style, types, floors and the questions of the house
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -q tests/test_house.py

bench: $(VENV)/.all  ## measure speed and memory against a peer run beside it
	@for bench in $(filter-out %/bench_cutout.py,$(wildcard tests/bench/bench_*.py)); do $(BIN)/python $$bench || failed=1; done; exit $${failed:-0}

bench-cutout: $(VENV)/.all $(VENV)/.peers  ## measure cutout beside Cutana and astrocut, in an environment of their own
	@$(BIN)/python tests/bench/bench_cutout.py --peers $(VENV)/peers/bin/python

faults: $(VENV)/.all  ## kill a run 70 times and look at the files each time
	@$(BIN)/python tests/faults.py

fuzz: $(VENV)/.all  ## mutate input of every kind, thousands of times: SEED=2 COUNT=1000 for others and more
	@$(BIN)/python -m tests.fuzz --seed $(SEED) --count $(COUNT) --keep tests/fuzz/found

storm: $(VENV)/.all  ## send thousands of signals to runs of every verb
	@$(BIN)/python tests/signalstorm.py

bombs: $(VENV)/.all  ## feed it small files that promise much, and print peak memory and seconds
	@$(BIN)/python tests/bombs.py

histories: $(VENV)/.all  ## change catalogues as other programs do, 2000 times over, and compare each answer with one from nothing
	@$(BIN)/python tests/histories.py

house: $(VENV)/.all  ## print the rooms, their imports, and the files that three commands load
	@$(BIN)/python tests/house.py

man: $(VENV)/.all  ## write the man pages anew
	@$(BIN)/python -m skycnn.cli.manual man

clean:  ## remove the environment and what was built
	rm -rf $(VENV) build dist out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis src/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Torch comes first: with a CPU build in place nothing pulls the CUDA one. A build at hand (a folder of wheels, a local
# index) is taken before the network is asked; the network has seconds to answer, not minutes.
$(VENV)/.torch: constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@case "$(TORCH_INDEX)" in \
	*/cpu) $(PIP) install -q --retries 1 --no-deps "torch==$(TORCH)+cpu" 2>/dev/null \
	    || $(PIP) install --retries 0 --timeout 10 --no-deps --index-url "$(TORCH_INDEX)" "torch==$(TORCH)" 2>/dev/null \
	    || echo "make: no CPU build of torch $(TORCH) at hand; taking what pip finds" ;; \
	?*) $(PIP) install --index-url "$(TORCH_INDEX)" "torch==$(TORCH)" ;; \
	esac
	@touch $@

$(VENV)/.demo: $(VENV)/.torch pyproject.toml
	$(PIP) install -q -c constraints.txt -e '.[plots]'
	@touch $@

$(VENV)/.all: $(VENV)/.demo
	$(PIP) install -q -c constraints.txt -e '.[plots,baselines,test,lint]'
	@touch $@

# The peers' dependencies are not ours: they get an environment of their own. One that cannot be had is left out, and the
# bench says so.
$(VENV)/.peers: $(VENV)/.torch
	@test -x $(VENV)/peers/bin/python || $(PYTHON) -m venv $(VENV)/peers
	@for peer in cutana==0.4.0 astrocut; do \
	    $(VENV)/peers/bin/python -m pip --disable-pip-version-check install -q --retries 1 "$$peer" \
	    || echo "make: no $$peer to be had; the bench goes on without"; \
	done
	@touch $@
