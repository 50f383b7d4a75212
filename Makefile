# make run        open the designer (without a display: train and export the digits example)
# make test       lint, types, import contracts and every test
# make test-long  the tests that `make test` leaves out because they add minutes and little
# make bench      the budgets of speed, as a table
# Both `run` and `test` first make .venv and install what is needed; the second time that takes no time.

SHELL := /bin/bash
BIN := .venv/bin
READY := .venv/ready
DEMO := build/digits
# Compiled once, not anew by each of the hundreds of processes that tests start.
COMPILE := $(BIN)/python -m compileall -q -j 0 core designer
PYTEST := PYTHONDONTWRITEBYTECODE= QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n 3 --dist worksteal --quiet

.DEFAULT_GOAL := help
.PHONY: help run test test-long lint bench wheel clean

help:
	@sed -n 's/^# make/make/p' Makefile

$(READY): pyproject.toml constraints.txt .ci/setup
	@.ci/setup

run: $(READY)
	@if [ "$$(uname)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		echo "There is no display: training the digits example here instead of opening the designer."; \
		$(BIN)/layerwright demo $(DEMO); \
	else \
		.ci/setup-qt && $(BIN)/layerwright; \
	fi

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	@.ci/setup-qt
	@$(COMPILE)
	$(PYTEST)

test-long: $(READY)
	@.ci/setup-qt
	@$(COMPILE)
	$(PYTEST) -m long

bench: $(READY)
	@.ci/setup-qt
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.benchmarks

wheel: $(READY)
	$(BIN)/python -m build --wheel --no-isolation --outdir dist

clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find core designer resources tests -name __pycache__ -type d -prune -exec rm -rf {} +
