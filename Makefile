# Replyes. `make` or `make help` lists what can be done. Needs Python 3.11+ and make, nothing else.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
LOCKING := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet
TESTS ?= tests
ALL = $(filter tests,$(TESTS))

.DEFAULT_GOAL := help
.PHONY: help run serve test check format lint types migrate bookings audit expire bench crash screenshots lock clean

##@ Use
run: .venv/runtime ## the service with a sandbox phone and a sandbox Cal.com; no account needed
	@$(BIN)/replyes serve --sandbox $(ARGS)

serve: .venv/runtime ## the service with the settings of the environment or .env
	@$(BIN)/replyes serve $(ARGS)

migrate: .venv/runtime ## bring the database up to date
	@$(BIN)/replyes migrate

bookings: .venv/runtime ## list the bookings
	@$(BIN)/replyes bookings $(ARGS)

audit: .venv/runtime ## the story of one booking: make audit UID=…
	@$(BIN)/replyes audit $(UID)

expire: .venv/runtime ## one pass of the scheduled expiry job
	@$(BIN)/replyes expire $(ARGS)

##@ Change
test: .venv/development ## all tests (TESTS=tests/domain for some); the crashes last, and with the machine for themselves
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile $(if $(ALL),--ignore tests/crash) $(TESTS)
	@$(if $(ALL),$(BIN)/python -m pytest tests/crash)

check: lint types test ## everything that must be right before a commit

lint: .venv/development ## format and lint, without changing anything
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .

types: .venv/development ## strict types
	@$(BIN)/mypy

format: .venv/development ## format, and mend what can be mended by itself
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

bench: .venv/development ## timings, as ratios on this machine
	@$(BIN)/python -m bench

crash: .venv/development ## patients, and processes that are killed: make crash ARGS="--database postgresql --faults"
	@$(BIN)/python -m tests.crash $(ARGS)

screenshots: .venv/development ## draw the pictures of the README again (needs a browser)
	@$(BIN)/python -m tests.browser.screenshots

lock: ## pin the newest versions that pyproject.toml allows (needs uv)
	uv pip compile pyproject.toml --group build $(LOCKING) -o requirements.lock
	uv pip compile pyproject.toml --group build --group dev -c requirements.lock $(LOCKING) -o requirements-dev.lock

clean: ## forget the environment and the sandbox's database
	rm -rf .venv replyes-sandbox.db*

##@ Help
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# -- The environment: pinned versions with hashes; made again only when they change -------------------------------

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/runtime: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing what Replyes needs (once; a minute or two) …"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/development: requirements-dev.lock .venv/runtime
	@echo "Installing what its tests need (once) …"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
