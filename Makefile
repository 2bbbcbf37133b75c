# Every target makes .venv itself, from the hash-pinned lock, and again whenever the lock or the packaging changes.
PYTHON ?= python3
ACCELERATOR ?= cpu
LOCK := requirements/$(ACCELERATOR).lock
READY := .venv/ready-$(ACCELERATOR)
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: demo test faults bench lint format lock setup clean help
.DEFAULT_GOAL := help

demo: $(READY) ## compare fifteen networks on drawn photos; minutes later open results/demo/report/index.html
	snakemake --cores all --configfile config/demo.yaml
	@echo "Open results/demo/report/index.html"

test: $(READY) ## run the tests (CANIGATTI_SHARED=folder adds those on real photos)
	python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile -m "not slow"

faults: $(READY) ## run the tests that kill trainings and whole runs, and let them run out of memory (minutes)
	python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile -m slow

bench: $(READY) ## measure speeds: the table of docs/performance.md (SECTIONS=... for some of it)
	python benchmarks $(SECTIONS)

lint: $(READY) ## check style, types and the workflow
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile rules
	mypy
	snakemake --lint --configfile config/demo.yaml

format: $(READY) ## put the code into the common form, and write the configuration's JSON schema
	ruff check --fix .
	ruff format .
	snakefmt Snakefile rules
	python -m canigatti schema --output workflow/config.schema.json

lock: $(READY) ## resolve the dependencies anew (needs uv)
	for kind in cpu gpu; do \
		uv pip compile pyproject.toml --extra $$kind --group dev --universal --python-version 3.11 --upgrade \
			--generate-hashes --no-emit-index-url --no-annotate --no-header --quiet --output-file requirements/$$kind.lock; \
	done

setup: $(READY) ## make .venv and nothing else (ACCELERATOR=gpu takes TensorFlow with CUDA)

$(READY): $(LOCK) pyproject.toml
	rm -rf .venv
	$(PYTHON) -m venv .venv
	python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(LOCK)
	python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

clean: ## remove the demonstration's results
	rm -rf results/demo

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
