# Two commands matter: `make demo` and `make test`. The rest serves those who work on Coffre.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
AREA ?=
PYTEST := $(BIN)/python -m pytest
FAST := tests/unit tests/architecture tests/cli
export PYTHON

## make help: the list
help:
	@sed -n 's/^## //p' Makefile

.PHONY: help demo test fast slow check format messages bench lock web core dev packages

## make demo [ARGS=--no-serve]: install what the demonstration needs, then tell the whole story
demo: core
	$(BIN)/coffre demo $(ARGS)

## make test: everything that CI runs
test: packages check
	COFFRE_TIER=full $(PYTEST) -n 2 --durations=25 tests

## make fast: no server, no browser, no Debian package
fast: dev
	COFFRE_TIER=fast $(PYTEST) -n 2 -q $(FAST)

## make slow [AREA=sealing]: the whole counts
slow: packages dev
	@.ci/install slow
	COFFRE_TIER=slow $(PYTEST) -n 2 --timeout=3600 --durations=25 $(if $(AREA),tests/unit/$(AREA),tests/unit) tests/integration tests/journeys

## make check: style, types, imports, dependencies, sentences, browser bundles
check: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/python .ci/messages.py
	@.ci/browser check

## make messages: write the sentences that are new into the catalogue, untranslated
messages: dev
	$(BIN)/python .ci/messages.py --update

format: dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

## make bench ARGS="seal --json"
bench: dev
	$(BIN)/coffre bench $(or $(ARGS),all)

## make lock: solve again, with hashes, leaving a week for bad releases to be noticed
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --exclude-newer "7 days" --no-emit-index-url --no-emit-find-links
lock: dev
	$(LOCK) pyproject.toml --group build -o requirements.lock
	$(LOCK) pyproject.toml --all-extras --group build --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --group slow -c requirements-dev.lock -o requirements-slow.lock

## make web: build the browser sources; commit what it writes
web: dev
	@.ci/browser build

core:
	@.ci/install core

dev:
	@.ci/install dev
	@.ci/node

packages:
	@.ci/packages
