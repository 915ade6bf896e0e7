# Everything there is to remember: make demo, test, lint, dev, docs, bench, test-slow, test-faults, test-mutations.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= 2
export PYTHONUTF8 := 1

.DEFAULT_GOAL := help
.PHONY: help ready demo test test-slow test-faults test-mutations lint dev docs bench lock clean

help:
	@echo "make demo       a demo company: built, one loop printed, then served on http://127.0.0.1:8000 (SERVE=0: not served)"
	@echo "make test       the whole suite on SQLite, then again on a PostgreSQL of its own"
	@echo "make test-slow  the long cases, 1,000 malformed files among them"
	@echo "make test-faults  2,000 malformed files through every door as every role; 500 kills; full and read-only disks"
	@echo "make test-mutations  makes each change of tests/mutations.txt in a copy and demands that its test fails"
	@echo "make lint       ruff, mypy, import-linter, licences of all that is locked"
	@echo "make docs       the generated pages of docs/"
	@echo "make bench      measurements beside hand-written SQL, Polars and pandas"

INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(VENV)/.ready: requirements.lock pyproject.toml hatch_build.py
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --no-deps --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.ready
	$(INSTALL) --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

ready: $(VENV)/.ready

dev: $(VENV)/.dev

demo: ready
	$(BIN)/dabiao demo $(if $(filter 0,$(SERVE)),--no-serve) $(if $(DEMO_LANG),--lang $(DEMO_LANG))

# The engine, readers of files and what is asked of the lake alone know no database: their tests run once.
ONCE = engine improvement ui core/test_hostile.py core/test_limited.py core/test_sentence.py core/test_spreadsheet.py \
  demo/test_names.py demo/test_simulation.py facts/test_coerce.py facts/test_corpus.py facts/test_edges.py \
  facts/test_mapping.py facts/test_propose.py facts/test_reading.py incentives/test_oracle.py incentives/test_oracle_runs.py incentives/test_oracle_situations.py \
  incentives/test_plan_text.py incentives/test_runs.py incentives/test_situations.py \
  lake/test_dictionary.py site/test_build.py site/test_messages.py site/test_proxy.py site/test_served.py \
  site/test_walls.py test_docs.py test_licences.py test_mutations_file.py

test: dev
	$(BIN)/python hatch_build.py
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not slow and not faults"
	$(BIN)/python -m tests.postgres -n $(JOBS) --dist loadfile -m "not slow and not browser and not faults" $(addprefix --ignore tests/,$(ONCE))

test-slow: export DABIAO_FAULT_FILES ?= 1000
test-slow: dev
	$(BIN)/python -m pytest -m slow

# DABIAO_FAULT_FILES=200 and DABIAO_FAULT_KILLS=50 for a shorter one.
test-faults: dev
	$(BIN)/python -m pytest -m faults -s tests/faults --ignore tests/faults/test_kills.py
	$(BIN)/python -m pytest -m faults -n $(JOBS) -rP tests/faults/test_kills.py

test-mutations: dev
	$(BIN)/python -m tests.mutate

lint: dev
	$(BIN)/ruff format --check src tests bench
	$(BIN)/ruff check src tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.licences

docs: dev
	$(BIN)/python -m dabiao.docs
	$(BIN)/python -m tests.licences --write

bench: dev
	$(BIN)/python -m bench

COMPILE = $(BIN)/uv pip compile pyproject.toml requirements-build.in --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-header --no-annotate

lock: dev
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) --group dev -o requirements-dev.lock
	$(COMPILE) -c requirements-dev.lock -o requirements.lock

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
