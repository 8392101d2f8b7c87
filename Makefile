# `make` alone lists the targets. Python 3.11 to 3.13; PYTHON=… chooses one.

SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c '$(SUPPORTED)' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
PY := $(VENV)/bin/python
PORT ?= 8000
# Extra arguments for pytest: make test ARGS="-k claim -x"
ARGS ?=
# Folders of tests that are not run on SQLite: make test LEAVE_OUT="tests/admin"
LEAVE_OUT ?=

# Tests start many Python processes; each would compile the whole app anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo maven olist fair-race test test-services lint screenshots benchmarks messages newest wheel clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/runtime  ## a company with leads coming in, on http://127.0.0.1:8000 (PORT=… to change)
	@mkdir -p var
	@# Always a file of its own: a made-up company must not land in somebody's real database.
	@DEBUG=1 EMAIL_URL=dummymail:// DATABASE_URL=sqlite:///$(CURDIR)/var/demo.sqlite3 \
		SITE_URL=http://127.0.0.1:$(PORT) $(PY) manage.py leaddistrib_demo --port $(PORT)

maven: $(VENV)/runtime  ## an organisation made of the files in DATA=…, routed by rules and by strategies
	@test -r "$(DATA)/maven_sales_pipeline.csv" || { \
		echo "DATA=… names the folder with maven_sales_teams, _accounts and _pipeline.csv"; exit 1; }
	@mkdir -p var
	@rm -f var/maven.sqlite3
	@export DEBUG=1 EMAIL_URL=dummymail:// DATABASE_URL=sqlite:///$(CURDIR)/var/maven.sqlite3; \
		$(PY) manage.py migrate --verbosity 0 && $(PY) -m tools.maven "$(DATA)"

olist: $(VENV)/runtime  ## leads and deals of the files in DATA=…, imported, and what became of them
	@test -r "$(DATA)/olist_closed_deals_dataset.csv" || { \
		echo "DATA=… names the folder with olist_marketing_qualified_leads_ and olist_closed_deals_dataset.csv"; \
		exit 1; }
	@mkdir -p var
	@rm -f var/olist.sqlite3
	@export DEBUG=1 EMAIL_URL=dummymail:// DATABASE_URL=sqlite:///$(CURDIR)/var/olist.sqlite3; \
		$(PY) manage.py migrate --verbosity 0 && $(PY) -m tools.olist "$(DATA)"

fair-race: $(VENV)/dev  ## who is told of a lead when, and may claim it, as in docs/fair-race.md (ARGS=--write)
	@mkdir -p var
	@rm -f var/fair-race.sqlite3
	@export DEBUG=1 EMAIL_URL=dummymail:// DATABASE_URL=sqlite:///$(CURDIR)/var/fair-race.sqlite3; \
		$(PY) manage.py migrate --verbosity 0 && $(PY) -m tools.fair_race $(ARGS)

test: $(VENV)/dev test-services  ## every test, on PostgreSQL and on SQLite
	@tools/test.sh $(PY) postgresql $(ARGS)
	@env -u DATABASE_URL LEAVE_OUT="$(LEAVE_OUT)" tools/test.sh $(PY) sqlite $(ARGS)

test-services:  ## install what the tests need besides Python packages
	@tools/test-services.sh

lint: $(VENV)/dev  ## style, types, floors, translations, migrations, production settings
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	DEBUG=1 $(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	DEBUG=1 $(PY) manage.py makemigrations --check --dry-run
	tools/translations.sh check $(PY)
	SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))') \
		ALLOWED_HOSTS=leads.example.com SITE_URL=https://leads.example.com DATABASE_URL=postgresql://nobody@localhost/none \
		REDIS_URL=redis://localhost $(PY) manage.py check --deploy --fail-level WARNING

screenshots: $(VENV)/dev test-services  ## the pages at 360 px and 1280 px, into var/screenshots/
	$(PY) -m pytest tests/browser/*screenshots.py $(ARGS)

benchmarks: $(VENV)/dev test-services  ## every benchmark beside its reference
	@missed=0; for file in benchmarks/[a-z]*.py; do \
		echo "== $$file"; $(PY) -m benchmarks.$$(basename $$file .py) || missed=1; done; exit $$missed

messages: $(VENV)/dev  ## collect what is to be translated and compile what is
	tools/translations.sh update $(PY)

newest:  ## the tests on the newest Django with the newest Python installed
	@tools/newest.sh $(ARGS)

wheel: $(VENV)/dev  ## build the wheel, install it somewhere fresh and see that it is complete
	@tools/wheel.sh $(PY)

clean:  ## remove everything that the other targets make
	rm -rf .venv .venv-newest var build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache

$(PY):
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; name one with PYTHON=…"; exit 1; }
	@$(PYTHON) -c '$(SUPPORTED)' || { echo "$(PYTHON) is not Python 3.11, 3.12 or 3.13"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "venv is missing; on Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/runtime: requirements.txt | $(PY)
	$(PY) -m pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/dev: requirements-dev.txt requirements.txt | $(PY)
	$(PY) -m pip install --quiet -r requirements-dev.txt
	@touch $@ $(VENV)/runtime
