# Thin over scripts/, which can be read and run on their own. `make help` lists the targets.
.DEFAULT_GOAL := help
.PHONY: help setup run test lint bench clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make both Python environments for serving (run does it itself)
	@scripts/setup serve

run: setup ## fetch models, train the bot, start everything: then open the printed address
	@exec .venv/bin/grapevine up $(ARGS)

test: ## set up for tests and run them all: lint, fast, bot, slow, models, browser
	@scripts/test $(ARGS)

lint: ## style, types and import arrows of both runtimes
	@scripts/setup test
	@scripts/lint

bench: ## all benchmarks on what ships; ARGS="turns --data DIR" runs one with options
	@scripts/setup test
	@scripts/bench $(ARGS)

clean: ## remove caches and build leftovers; ALL=1 removes both environments too
	@scripts/clean $(if $(ALL),all)
