# Every target builds .venv first if it has to, so a fresh checkout needs no other step.

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
ROOMS := reseal flows tasks expectations deployments tests
SOURCES := $(shell find $(ROOMS) docs README.md -type f -not -name '*.pyc' 2>/dev/null)

# The versions that the lock is tried with come first; one that can make a virtual environment comes before one
# that cannot.
PYTHONS := $(or $(PYTHON),python3.11 python3.12 python3.13 python3)
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

.PHONY: setup demo test check lint keys bench bench-neighbour runners orchestration login-query residue ui fleet chaos model fuzz schemas fmt lock clean

setup: .venv/.installed
	@:

.venv/.installed: requirements.lock pyproject.toml
	@rm -f $@
	@$(BIN)/python -c 'import pip; $(NEW_ENOUGH)' 2>/dev/null || $(MAKE) --no-print-directory .venv/new
	@echo "Installing what requirements.lock names into .venv (a minute or two, once)"
	@# The lock is complete: pip need not resolve again, which with extras and hashes it cannot.
	@$(PIP) install --require-hashes --no-deps -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: .venv/new
.venv/new:
	@for python in $(PYTHONS); do \
	  $$python -c 'import ensurepip, venv; $(NEW_ENOUGH)' 2>/dev/null && exec $$python -m venv --clear .venv; \
	done; \
	for python in $(PYTHONS); do \
	  $$python -c '$(NEW_ENOUGH)' 2>/dev/null || continue; \
	  if [ "$$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then \
	    echo "Installing the Debian package python3-venv, which Python needs to make .venv"; \
	    { apt-get install -y -qq python3-venv || { apt-get update -qq && apt-get install -y -qq python3-venv; }; } >/dev/null 2>&1; \
	    $$python -m venv --clear .venv && exit 0; \
	  fi; \
	  echo "$$python cannot make a virtual environment: install its venv module (Debian: python3-venv)." >&2; \
	  exit 1; \
	done; \
	echo "Reseal needs Python 3.11 or newer and found none. Install one, or name it: make setup PYTHON=/path/to/python" >&2; \
	exit 1

demo: setup
	@$(BIN)/reseal demo

# $(call debian,PACKAGE,A FILE OF IT,WHY,FIRST,OPTIONS) installs a Debian package, once and where that can be done,
# after the command FIRST and with the OPTIONS. Without it the tests on it are skipped, except in CI.
define debian
@if [ ! -e $(2) ] && [ "$$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then \
  echo "Installing the Debian package $(1), $(3)"; \
  $(or $(4),:); \
  { apt-get install -y -qq $(5) $(1) || { apt-get update -qq && apt-get install -y -qq $(5) $(1); }; } >/dev/null 2>&1 || true; \
fi
endef

# The oldest PostgreSQL that Debian still carries, without the cluster that its installation makes.
POSTGRESQL_15 := /usr/lib/postgresql/15/bin/initdb
CLUSTERS := /etc/postgresql-common/createcluster.conf
NO_CLUSTER := mkdir -p $(dir $(CLUSTERS)); [ -e $(CLUSTERS) ] || echo "create_main_cluster = false" > $(CLUSTERS)

SOFTHSM := /usr/lib/softhsm/libsofthsm2.so

CHROMIUM := /usr/bin/chromium

NODE := /usr/bin/node

HYPOPG := /usr/share/postgresql/15/extension/hypopg.control

IP := /usr/sbin/ip

.PHONY: postgresql15 hypopg softhsm2 chromium nodejs iproute2
postgresql15:
	$(call debian,postgresql-15,$(POSTGRESQL_15),on which the schemas are tested too,$(NO_CLUSTER))

hypopg: postgresql15
	$(call debian,postgresql-15-hypopg,$(HYPOPG),with which the planner is asked about indexes)

softhsm2:
	$(call debian,softhsm2,$(SOFTHSM),on which keys on tokens are tested)

chromium:
	$(call debian,chromium,$(CHROMIUM),in which a run's page is looked at,,--no-install-recommends)

iproute2:
	$(call debian,iproute2,$(IP),which makes a place without a network,,--no-install-recommends)

nodejs:
	$(call debian,nodejs,$(NODE),in which another reader of envelopes is tried,,--no-install-recommends)

# Two processes, each with servers of its own; a third gains nothing on two cores. In the order of the files,
# because those with the fewest tests take the longest, and would otherwise come last.
SHARED := -n 2 --dist loadfile --no-loadscope-reorder

# The tests start hundreds of interpreters: what one has compiled is kept for the others, whatever the
# environment says.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest

test: setup postgresql15 hypopg softhsm2 chromium nodejs iproute2
	@rm -f .venv/.tested
	$(PYTEST) $(SHARED)
	@touch .venv/.tested

# `make test` always runs the tests; `make check` right after it does not run them a second time.
.venv/.tested: .venv/.installed $(SOURCES) | postgresql15 hypopg softhsm2 chromium nodejs iproute2
	$(PYTEST) $(SHARED)
	@touch $@

check: lint .venv/.tested

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# Every table of tests/schemas through the commands, which takes minutes in Great Expectations; the
# suite takes all of them through the library's stages and one of each kind through the commands.
schemas: setup postgresql15
	CI=true EVERY_SCHEMA_BY_COMMAND=1 $(BIN)/python -m pytest tests/flows/test_every_schema.py $(ARGS)

fmt: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Random lives of keys by the hundred, and ten rotations of a real table, with the real command.
keys: setup
	KEY_LIFE_EXAMPLES=$(or $(EXAMPLES),200) $(BIN)/python -m pytest -s tests/reseal/test_key_life_stateful.py $(ARGS)
	ROTATIONS=10 ROTATED_ROWS=$(or $(ROWS),100000) $(BIN)/python -m pytest tests/flows/test_rotations_in_a_row.py $(ARGS)

# A million rows by default, in three rounds. ARGS="--alternatives" measures what people would use instead as
# well; --rows, --rounds, --keys uuid, --indexes and --only NAME change the rest. What `--out FILE` writes
# becomes docs/performance.md by `python -m tests.bench.performance FILE…`.
bench: setup
	$(BIN)/python -m tests.bench $(ARGS)

# What a run does to logins beside it, and about a long transaction, a lock holder, a saturated processor, log that
# a slot keeps and a standby that lags. ARGS="--only NAME" for one of them; what `--out FILE` writes becomes
# docs/neighbour.md by `python -m tests.neighbour.docs FILE`.
bench-neighbour: setup
	$(BIN)/python -m tests.neighbour $(ARGS)

# The same 500,000 rows by a single process, by two of each kind of worker, and by a local Dask cluster of two: the
# counts must add up, and the times are printed as a table and as JSON. ARGS="--rows N" for others.
runners: setup
	$(PYTEST) tests/flows/runners_told.py
	$(BIN)/python -m tests.bench.runners $(ARGS)

# What Prefect adds to a run on a hundred rows, stage by stage: docs/orchestration.md and its figures. A figure
# above its limit is an error.
orchestration: setup
	$(BIN)/python -m tests.bench.orchestration $(ARGS)

# The login query on a million users, before and after `reseal optimise`; ARGS="--rows N" for others.
# It writes docs/optimise.md, its plot and its figures.
login-query: setup
	$(BIN)/python -m tests.bench.login_query $(ARGS)

# More than three hundred faults in half an hour; what each of them came to is in the table at the
# end. ARGS="--seed S" fights the same rounds again, ARGS="--seed S --only crash" those of one kind,
# ARGS="--seed S --round 17" one of them; ARGS=--rotate kills rotations, at each of 34 points.
chaos: setup
	$(BIN)/python -m tests.chaos $(ARGS)

# What the suite has no time for: every step of the model, and larger worlds. `--mutants` shows what
# each precaution is there for.
model: setup
	$(BIN)/python -m tests.model $(ARGS)

# A million mutated envelopes, and ten thousand of everything else that is read.
fuzz: setup
	$(BIN)/python -m tests.fuzz $(ARGS)

# Two hundred thousand rows sealed under load on a server that logs and remembers every statement: what the run
# found on disk before, after each step and at the end, beside a search that knows nothing of it.
residue: setup
	$(BIN)/python -m tests.residue $(ARGS)

.PHONY: pages session docs
# What of docs/ is made from the code; a test compares them.
pages: setup
	$(BIN)/python -m tests.documents

# The terminal in the README: the demonstration with 20,000 users, as it really goes.
session: setup
	$(BIN)/python -m tests.documents.session

# The pages as a site, in dist/docs; a warning is an error.
docs: setup
	$(BIN)/sphinx-build -q -W --keep-going docs dist/docs
	@echo "The site is in dist/docs/index.html"

# From the form of `encrypt` in the Prefect UI over the approval to its report, in a real browser, on what
# `reseal serve` brings up, where there is no network: whatever wants to leave fails it. The pictures of
# docs/prefect.md are made anew.
ui: setup chromium iproute2
	$(BIN)/python -m tests.offline tests.browser.journey --to docs $(ARGS)

# Databases rotated by workers, and a worker that is killed with its run while another takes that over; the suite
# has the first of them.
fleet: setup
	$(PYTEST) tests/flows/test_fleet.py tests/flows/takeover.py tests/flows/fleet_stopped.py $(ARGS)

# Pins stay unless something forces them; `make lock ARGS=--upgrade` renews them all.
# The extra indexes and constraints of this machine must not decide what the lock holds.
lock: setup
	PIP_CONFIG_FILE=/dev/null PIP_EXTRA_INDEX_URL= PIP_FIND_LINKS= PIP_CONSTRAINT= CUSTOM_COMPILE_COMMAND="make lock" \
	  $(BIN)/pip-compile -q --all-extras --generate-hashes --allow-unsafe --strip-extras $(ARGS) \
	  --output-file requirements.lock pyproject.toml

# Leaves .reseal alone: it may hold the only copy of a key.
clean:
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find $(ROOMS) -name __pycache__ -type d -prune -exec rm -rf {} +
