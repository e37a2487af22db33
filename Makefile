# nutgiao: `make demo` runs the whole thing, `make test` tests it, `make help` tells the rest.

SHELL := /bin/bash
VENV  := .venv
BIN   := $(VENV)/bin
ARGS  ?=
JOBS  ?= logical

# Compiled kernels are kept beside the environment, so that only the first run pays for Numba's compiler (about a minute).
export NUMBA_CACHE_DIR ?= $(CURDIR)/$(VENV)/numba-cache
export NUTGIAO_DATA    ?= ../shared/data

.DEFAULT_GOAL := help
.PHONY: help demo test lint types imports check readmes lock bench-queue bench-queue-accuracy bench-safety \
	bench-plans bench-control bench-control-old-sumo bench-adaptive bench-ladder bench-vision bench-violations clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 30

demo: $(VENV)/.demo ## install what is needed and run the demo; ARGS=--once ends instead of serving the page
	@$(BIN)/nutgiao demo $(ARGS)

test: $(VENV)/.dev ## install what is needed and run the tests; ARGS="tests/models -k walk" picks some, JOBS=0 runs one by one
	@$(BIN)/python -m pytest --numprocesses=$(JOBS) --maxprocesses=4 --dist=loadfile $(ARGS)

lint: $(VENV)/.dev ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## mypy --strict over every room
	$(BIN)/mypy

imports: $(VENV)/.dev ## which room may import which
	$(BIN)/lint-imports --no-cache

check: lint types imports test ## all of the above

readmes: $(VENV)/.dev ## rewrite the table of modules in each room's README from the modules' first sentences
	@$(BIN)/python .ci/room_tables.py

lock: ## remake requirements/*.txt from pyproject.toml (needs uv on the PATH)
	uv pip compile $(LOCK) --extra edge --extra central --extra sim \
	  pyproject.toml requirements/build.in --output-file requirements/demo.txt
	uv pip compile $(LOCK) --extra edge --extra central --extra sim --extra dev --constraint requirements/demo.txt \
	  pyproject.toml requirements/build.in --output-file requirements/dev.txt

LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url \
        --no-emit-find-links --custom-compile-command "make lock"

bench-queue: $(VENV)/.dev ## how fast the queue kernels are, beside SUMO, C and NumPy; FULL=1 repeats more often
	@$(BIN)/python -m benchmarks.queue

bench-queue-accuracy: $(VENV)/.dev ## how far they are from SUMO; FULL=1 runs the whole protocol (hours), CACHED=1 only judges
	@$(BIN)/python -m benchmarks.queue_accuracy

bench-safety: $(VENV)/.dev ## 100 000 plans and changes: the safety rules beside a brute-force oracle, about 7 minutes
	@$(BIN)/python -m benchmarks.safety_oracle

bench-plans: $(VENV)/.dev ## how good found plans are in SUMO, beside its own tools; FULL=1 every seed, SEARCH=1 searches anew
	@$(BIN)/python -m benchmarks.plans

bench-control: $(VENV)/.dev ## lights set second by second in SUMO, beside its own control; FULL=1 every seed, ALLRED=1 with all-red
	@$(BIN)/python -m benchmarks.control

bench-control-old-sumo: $(VENV)/.dev ## the same on SUMO 1.9.2, beside published learned controllers; FULL=1 five seeds
	@$(BIN)/python -m benchmarks.control_old_sumo

bench-adaptive: $(VENV)/.dev ## boxes that choose stages on the demo's street, beside its time-of-day plans; SEEDS="1 2 3"
	@$(BIN)/python -m benchmarks.adaptive

bench-ladder: $(VENV)/.dev ## cuts what each rung of the ladder rests on, and logs where the junction went
	@$(BIN)/python -m benchmarks.ladder

bench-vision: $(VENV)/.dev ## eyes: recall, tracks, counts and frames a second beside what people use; FULL=1 whole clips
	@$(BIN)/python -m benchmarks.vision

bench-violations: $(VENV)/.dev ## how right the rules are: SUMO's rule breakers, lawful traffic, real pixels; FULL=1 30 simulated hours
	@$(BIN)/python -m benchmarks.violations

clean: ## remove the environment, results and caches
	rm -rf $(VENV) out build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment: made once, remade when a lock file or pyproject.toml changes -----------------------------------

$(BIN)/python:
	@found=; old=; \
	for python in $$PYTHON python3 python3.14 python3.13 python3.12 python3.11; do \
	  version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
	  case $$version in 3.1[1-4]) ;; *) old="$$old $$python is $$version;"; continue ;; esac; \
	  if $$python -c 'import ensurepip, venv' 2>/dev/null; then found=$$python; break; fi; \
	  old="$$old $$python is $$version but lacks venv or ensurepip (Debian: apt install python$$version-venv);"; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "nutgiao needs Python 3.11 to 3.14 with venv. Found:$${old:- none on the PATH;} PYTHON=/path/to/python3 make … takes that one." >&2; \
	  exit 1; \
	fi; \
	$$found -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

KERNELS := nutgiao.edge.perception, nutgiao.simulation.virtual_camera, nutgiao.optimizer.offsets, nutgiao.models.vision.yolo

$(VENV)/.demo: requirements/demo.txt pyproject.toml | $(BIN)/python
	@if [ ! -e $(VENV)/.dev ] || [ requirements/dev.txt -nt $(VENV)/.dev ] || [ pyproject.toml -nt $(VENV)/.dev ]; then \
	  $(BIN)/python requirements/install.py requirements/demo.txt; \
	fi
	@echo "Compiling the kernels, once: about half a minute."
	@$(BIN)/python -c "import $(KERNELS)"
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(BIN)/python
	@$(BIN)/python requirements/install.py requirements/dev.txt
	@touch $@
