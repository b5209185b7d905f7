# The commands of the README. Everything lands in .tool, .venv and var/; nothing outside this folder.
#   make demo          the weblog on http://127.0.0.1:8000 (PORT=8001 for another port, CHECK=1 to check it and stop)
#   make test          every test suite (SUITES="mongokit plog" for some, ARGS="-k name" for pytest)
#   make env           only set up
.DEFAULT_GOAL := help
.PHONY: help env demo test check wheels coverage bench docs lock test-matrix clean

PY := .venv/bin/python
# Where Python keeps no bytecode every process compiles what it imports: it then takes twice the time to start.
export PYTHONDONTWRITEBYTECODE :=
PORT ?= 8000

help:
	@sed -n 's/^#   //p' Makefile

env:
	@sh scripts/env.sh

demo: env
	@exec $(PY) examples/plog/demo.py --port "$(PORT)" $(if $(CHECK),--check)

test: env
	@exec $(PY) scripts/suites.py $(SUITES) -- $(ARGS)

#   make check         ruff and mypy, as CI runs them
check: env
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@sh scripts/types.sh

#   make wheels        build each wheel and run its tests where only what it declares is installed
wheels: env
	@sh scripts/wheels.sh

#   make coverage      the suites under coverage, a table for each package
coverage: env
	@sh scripts/coverage.sh

#   make bench         the races (RACE="static_render" for one); rivals go to .venv-bench
bench: env
	@sh scripts/bench.sh $(RACE)

#   make docs          the documentation as HTML under docs/_build
docs: env
	@$(PY) -m sphinx -W -q -b html docs docs/_build/html && echo "docs/_build/html/index.html"

#   make lock          renew requirements.lock; nothing younger than seven days gets in
lock: env
	@sh scripts/lock.sh

#   make test-matrix   make test on every supported Python that is installed
test-matrix:
	@sh scripts/matrix.sh

#   make clean         remove the environments and what the tools left; the demo's data under var/ stays
clean:
	rm -rf .tool .venv .venv-* dist .mypy_cache .ruff_cache .pytest_cache packages/*/.pytest_cache .hypothesis docs/_build
