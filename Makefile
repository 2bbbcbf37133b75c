# Targets that run Python create .venv from the hash-pinned lock, and recreate it when the lock or pyproject.toml changes.
PYTHON ?= python3
ACCELERATOR ?= cpu
LOCK := requirements/$(ACCELERATOR).lock
READY := .venv/ready-$(ACCELERATOR)
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: demo test faults slurm-test walk coverage bench lint format docs screenshots graph lock setup clean help
.DEFAULT_GOAL := help

demo: $(READY) ## compare fifteen networks on generated photos; ten minutes later open results/demo/report/index.html
	snakemake --cores all --configfile config/demo.yaml
	@echo "Open results/demo/report/index.html"

test: $(READY) ## run the tests (CANIGATTI_SHARED=folder adds those on real photos)
	python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder -m "not slow"

faults: $(READY) ## run the long tests: they kill training runs and whole workflows, or exhaust disk and memory (half an hour)
	python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder -m slow

slurm-test: $(READY) ## run a study on a Slurm of one node, which it starts: as root, with Debian's packages (twenty minutes)
	dpkg --status slurmctld slurmd slurm-client munge > /dev/null 2>&1 \
		|| (apt-get update --quiet && apt-get install --quiet --yes --no-install-recommends slurmctld slurmd slurm-client munge)
	python -m pytest -m slurm tests/slurm

walk: $(READY) ## edit a tiny study at random 300 times and compare with fresh folders (an hour; SEED=... STEPS=...)
	PYTHONPATH=tests/support python tests/walk $(if $(SEED),--seed $(SEED)) $(if $(STEPS),--steps $(STEPS))

coverage: $(READY) ## simulate studies whose truth is known: how often intervals and tests of the page hold (SECTIONS=...)
	python benchmarks/coverage.py $(SECTIONS)

bench: $(READY) ## measure the speeds in docs/performance.md (SECTIONS=... selects some)
	python benchmarks $(SECTIONS)

lint: $(READY) ## check style, types and the workflow
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow/Snakefile rules
	mypy
	snakemake --lint --configfile config/demo.yaml

format: $(READY) ## format the code, and write the configuration's JSON schema
	ruff check --fix .
	ruff format .
	snakefmt Snakefile workflow/Snakefile rules
	python -P -m canigatti schema --output workflow/config.schema.json

docs: $(READY) ## build the documentation: docs/_build/index.html
	sphinx-build --fail-on-warning --keep-going --quiet --builder html docs docs/_build

screenshots: $(READY) ## take the pictures of the documentation, of the demonstration's pages (needs make demo, and Chromium)
	python docs/take_screenshots.py results/demo

graph: $(READY) ## draw the rule graph of docs/architecture.md
	python docs/draw_rules.py docs/rules.svg

lock: $(READY) ## update the locked dependencies (needs uv)
	for kind in cpu gpu; do \
		uv pip compile pyproject.toml --extra $$kind --extra cluster --extra export --extra mlflow --extra serve --group dev --group docs \
			--universal --python-version 3.11 --upgrade \
			--generate-hashes --no-emit-index-url --no-annotate --no-header --quiet --output-file requirements/$$kind.lock; \
	done

setup: $(READY) ## create .venv only (ACCELERATOR=gpu installs TensorFlow with CUDA)

$(READY): $(LOCK) pyproject.toml
	rm -rf .venv
	$(PYTHON) -m venv .venv
	python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(LOCK)
	python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

clean: ## delete the demonstration's results
	rm -rf results/demo

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
