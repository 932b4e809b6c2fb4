# One way to run each thing. `make demo` and `make test` need only Python >= 3.11, make and package registries.
PYTHON ?= python3
ANLAN  := .venv/bin/anlan
PY     := .venv/bin/python
SCENARIO ?= chlorine-wuda
export ANLAN_VAR ?= $(CURDIR)/var

.PHONY: help setup demo up test quick lint types bench verify doctor docs pictures clean

help:            ## this list
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

setup:           ## environment and browser libraries from the lock files
	@$(PYTHON) tools/setup.py

demo: setup      ## start everything and play a scenario (SCENARIO=..., SPEED=10 slower, ONCE=1 to play once and exit)
	@$(ANLAN) demo --scenario $(SCENARIO) $(if $(SPEED),--speed $(SPEED)) $(if $(ONCE),--once)

up: setup        ## start everything, no scenario (DEMO=1 with the demo accounts)
	@$(ANLAN) up $(if $(DEMO),--demo-accounts)

test: setup      ## everything: lint, unit, property, API, acceptance, browser
	@$(PY) tools/browser.py
	@$(MAKE) --no-print-directory lint
	@$(PY) tools/test.py

quick: setup     ## tests without browser and acceptance
	@$(PY) -m pytest -q -m "not e2e and not acceptance and not slow" -n 2

lint: setup      ## style, imports between rooms, types, house rules
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/lint-imports --no-cache
	@$(PY) tools/house.py
	@.venv/bin/mypy

bench: setup     ## performance as ratios in one run (ONLY=ingest,console)
	@$(PY) -m bench $(if $(ONLY),--only $(ONLY))

verify: setup    ## all verification cases of the engines and rules; writes docs/verification
	@$(ANLAN) verify
	@$(PY) tools/verification.py

doctor: setup    ## what is missing on this machine, and how to get it
	@$(ANLAN) doctor

docs: setup      ## regenerate the API reference
	@$(PY) tools/docs.py

pictures: setup  ## draw the pictures of the guides from a played demonstration
	@$(PY) tools/pictures.py $(ONLY)

clean:           ## remove data of the embedded servers and caches
	rm -rf var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
