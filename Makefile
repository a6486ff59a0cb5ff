# Everything here works on a fresh machine with Python 3.11 or newer: it makes .venv and installs what it needs, once.
# The stamps live inside .venv, so that removing it is enough to begin anew.
.DEFAULT_GOAL := help
PIP = .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable

.PHONY: help
help:
	@echo "make demo    the whole of Polaris in one minute, on real recorded input; leaves nothing behind"
	@echo "make up      Polaris on this machine, with sign-in and a live demo project, until Ctrl-C"
	@echo "make test    the tests"
	@echo "make test-agents  the tests with the real coding agents, which npm installs into .agents"
	@echo "make check   ruff, mypy --strict, conventions of the SQL"
	@echo "make bench   the measurements of docs, each against the bare limit of this machine"
	@echo "make bench-large  search, history and briefs on ten million events; takes some hours and 30 GB"
	@echo "make bench-agents  the same promises with the real coding agents"
	@echo "make schema  writes tests/sql/schema.sql anew, for review"
	@echo "make images  takes the pictures of the pages in docs/images anew"
	@echo "make terminal-images  takes those of docs/terminal anew, with a real Claude Code"

.PHONY: demo
demo: .venv/installed-run
	@.venv/bin/polaris demo

.PHONY: up
up: .venv/installed-run
	@.venv/bin/polaris up --local-sign-in --demo

.PHONY: test
test: .venv/installed-test
	.venv/bin/pytest -q -n 3 --dist worksteal -m "not agents and not alone"; first=$$?; \
	  .venv/bin/pytest -q -m alone && exit $$first

.PHONY: test-agents
test-agents: .venv/installed-test
	.venv/bin/python tests/agents/install.py
	.venv/bin/pytest -q -m agents tests/agents

.PHONY: check
check: .venv/installed-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy --strict polaris daemon bridge
	.venv/bin/pytest -q tests/sql/test_conventions.py

.PHONY: bench
bench: .venv/installed-test
	.venv/bin/python bench/run.py

.PHONY: bench-large
bench-large: .venv/installed-test
	POLARIS_BENCH_EVENTS=10000000 .venv/bin/python bench/run.py memory

.PHONY: images
images: .venv/installed-test
	.venv/bin/python tests/web/screenshots.py

.PHONY: terminal-images
terminal-images: .venv/installed-test
	.venv/bin/python tests/agents/install.py
	.venv/bin/python tests/agents/pictures.py

.PHONY: bench-agents
bench-agents: .venv/installed-test
	.venv/bin/python tests/agents/install.py
	.venv/bin/python bench/agents.py

.PHONY: schema
schema: .venv/installed-test
	POLARIS_WRITE_SCHEMA=1 .venv/bin/pytest -q tests/sql/test_schema_snapshot.py

.venv/installed-run: setup.cfg .venv/made
	$(PIP) '.[devdb]'
	@touch $@

.venv/installed-test: setup.cfg .venv/made
	$(PIP) '.[devdb,test]'
	@touch $@ .venv/installed-run

.venv/installed-dev: setup.cfg .venv/made
	$(PIP) '.[devdb,test,dev]'
	@touch $@ .venv/installed-run .venv/installed-test

# Any Python that is new enough; a name on the path may be a stub that does not run.
.venv/made:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "making .venv with $$("$$python" --version)"; "$$python" -m venv .venv && touch $@ && exit 0; \
	  fi; \
	done; \
	echo "Polaris needs Python 3.11 or newer with the module venv (Debian: apt install python3-venv)." >&2; exit 1
