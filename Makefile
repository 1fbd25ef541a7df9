# Groundswell's commands; `make` alone lists them.
# Needs Python 3.11 or newer, and nothing else: the rest is installed into .venv and this folder.

PYTHON ?= python3
PORT ?=
DATA ?= .groundswell
DEMO ?= 1
BENCH ?=
OVERLAY ?= deploy/kubernetes/single-node
ARGS ?=
# A minute's worth: what needs no database, the conventions, and one file of each concept.
QUICK := tests/unit tests/schema \
	$(patsubst %,tests/sql/test_%.py,aggregates likes ranking_rules top_count weighted_decay wilson) \
	$(patsubst %,tests/api/test_%.py,events items likes rankings trending)
export COMMENTS FUZZ KEY SEED SOAK_KILLS SOAK_SECONDS UPLOADS URL
# Packages are installed uncompiled; where Python may not keep what it compiles, as in many
# containers, each of the processes that tests start would compile them anew.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
COMPILE := $(BIN)/python -m piptools compile --quiet --no-header --no-annotate --strip-extras \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --generate-hashes
INSTALL := $(PIP) install --require-hashes --no-deps --no-compile

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

.PHONY: help
help:  ## Show this list
	@echo 'make TARGET [NAME=VALUE]'
	@echo
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

.PHONY: run
run: .venv/run.stamp  ## Run everything with a moving demo (PORT=8000 DATA=.groundswell DEMO=0)
	@exec $(BIN)/groundswell dev --data '$(DATA)' $(if $(PORT),--port '$(PORT)') \
		$(if $(filter 0 no false,$(DEMO)),--no-demo,--demo)

.PHONY: demo-kafka
demo-kafka: .venv/dev.stamp  ## Run everything, the demo's traffic coming through a Kafka broker
	@exec $(BIN)/groundswell dev --data '$(DATA)' $(if $(PORT),--port '$(PORT)') --demo --kafka

.PHONY: test
test: .venv/dev.stamp  ## Run all tests (ARGS='-k replay'; COMMENTS=10000 ARGS=tests/comments, UPLOADS=1000 ARGS=tests/uploads)
	@$(BIN)/python -m pytest $(ARGS)

.PHONY: quick
quick: .venv/dev.stamp  ## Run a minute's worth of the tests, for the edit loop (ARGS='-k like')
	@$(BIN)/python -m pytest -m 'not slow' $(QUICK) $(ARGS)

.PHONY: check
check: .venv/dev.stamp  ## Check format, lint, types and SQL; changes nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 db
	$(BIN)/squawk db/migrations/*.sql db/continuous_aggregates/*.sql

.PHONY: format
format: .venv/dev.stamp  ## Put Python into the house's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix --quiet .

.PHONY: docs
docs: .venv/dev.stamp  ## Write docs/sql.md anew from the database's catalogue
	@$(BIN)/python -m tests.surface

.PHONY: pictures
pictures: .venv/dev.stamp  ## Take docs/images anew from a running demo (URL=http://127.0.0.1:8000 KEY=its admin key)
	@$(BIN)/python -m tests.docs.pictures $(ARGS)

.PHONY: deploy
deploy:  ## Build, migrate, then start or replace what compose.yaml runs, one API after the other
	@! find .env groundswell.env -perm /077 2>/dev/null | grep . || { \
		echo 'Others on this machine can read that file: chmod 600 it.' >&2; exit 1; }
	docker compose build
	docker compose run --rm migrate
	docker compose up --wait api
	docker compose up --wait

.PHONY: deploy-kubernetes
deploy-kubernetes:  ## Migrate, then start or replace all in kubectl's cluster (OVERLAY=deploy/kubernetes/single-node)
	@kubectl get secret -n groundswell -o name \
		groundswell-database groundswell-redis timescaledb-superuser
	kubectl delete job -n groundswell --ignore-not-found migrate redis-cluster
	kubectl apply -k '$(OVERLAY)' -l groundswell.io/step=first
	kubectl wait -n groundswell --for=condition=complete --timeout=30m job/migrate
	kubectl apply -k '$(OVERLAY)'
	kubectl rollout status -n groundswell deployment

.PHONY: bench
bench: .venv/dev.stamp  ## Measure against rivals into bench/results.json (BENCH=insert,read)
	@$(BIN)/python -m bench $(BENCH)

.PHONY: soak
soak: .venv/dev.stamp  ## Kill and hinder everything under load (SOAK_KILLS=100 SOAK_SECONDS= SEED=1)
	@$(BIN)/python -m tests.soak

.PHONY: kafkasoak
kafkasoak: .venv/dev.stamp  ## Kill Kafka consumers, publishers and their broker under load (SOAK_KILLS=100)
	@$(BIN)/python -m tests.kafka.kills

.PHONY: fuzz
fuzz: .venv/dev.stamp  ## Try properties at random, then odd event bodies (FUZZ=1000000 SEED=)
	@$(BIN)/python -m tests.fuzz

.PHONY: audit
audit: .venv/dev.stamp  ## Look for known faults in what is pinned, where the registries answer
	@$(PIP) install pip-audit
	@$(BIN)/python -m pip_audit --disable-pip --require-hashes --progress-spinner off \
		-r requirements-dev.lock || { [ $$? = 1 ] && exit 1; \
		echo 'pip-audit got no answer: Python packages were not looked at.' >&2; }
	@command -v npm >/dev/null || { \
		echo 'There is no npm on PATH: the gateway was not looked at.' >&2; exit 0; }; \
		found="$$(npm audit --prefix app/embedded/gateway 2>&1)" || case "$$found" in \
		*'endpoint returned an error'* | *'request to'*) \
			echo 'npm audit got no answer: the gateway was not looked at.' >&2;; \
		*) echo "$$found"; exit 1;; esac

.PHONY: lock
lock: .venv/dev.stamp  ## Pin again what pyproject.toml asks for, with hashes
	@$(PIP) install pip-tools
	@$(COMPILE) --extra embedded --extra kafka -o requirements.lock pyproject.toml
	@$(COMPILE) --extra embedded --extra kafka --extra dev -c requirements.lock \
		-o requirements-dev.lock pyproject.toml

.PHONY: clean
clean:  ## Remove what was installed and built; data stays
	@rm -rf .venv app/embedded/gateway/node_modules build *.egg-info
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find app bench db tests -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo 'Clean. The data folder $(DATA) is untouched.'

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		found="$$($(PYTHON) --version 2>/dev/null)"; \
		echo 'Groundswell needs Python 3.11 or newer, and $(PYTHON) is' \
			"$${found:-not there}. Name another: make PYTHON=python3.12 …" >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'This Python cannot make virtual environments:' \
			'install its venv package (Debian, Ubuntu: apt install python3-venv).' >&2; \
		exit 1; }
	@echo 'Making .venv …'
	@$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.lock pyproject.toml | .venv/bin/python
	@echo 'Installing what running needs (half a minute) …'
	@$(INSTALL) -r requirements.lock
	@$(PIP) install --no-deps -e .
	@touch $@

.venv/dev.stamp: requirements-dev.lock .venv/run.stamp
	@echo 'Installing what testing needs …'
	@$(INSTALL) -r requirements-dev.lock
	@touch $@
