#!/bin/sh
# Run the races, all of them or those named: sh scripts/bench.sh [RACE ...] [OPTIONS]   (--help tells the options)
# Makes .venv-bench from benchmarks/requirements.lock first: the rivals' packages have no business in .venv.
#   --lock    renew benchmarks/requirements.lock from benchmarks/requirements.in, and stop
#   --setup   make .venv-bench, and stop
set -eu
cd "$(dirname "$0")/.."
venv=${BENCH_VENV:-.venv-bench}
lock=benchmarks/requirements.lock
cooldown=${COOLDOWN:-7 days}

say() { printf '%s\n' "$*" >&2; }
fail() { say "error: $1"; shift; for line; do say "  $line"; done; exit 1; }

sh scripts/env.sh

if [ "${1:-}" = --lock ]; then
    # The options of scripts/lock.sh: universal, hashed, no host named, nothing younger than the cooldown.
    new=$(mktemp .tool/lock-XXXXXX)
    trap 'rm -f "$new"' EXIT
    trap 'exit 130' INT TERM
    .tool/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
        --exclude-newer "$cooldown" --no-header --no-annotate --no-emit-index-url \
        benchmarks/requirements.in packages/django-static/pyproject.toml packages/mongokit/pyproject.toml \
        packages/django-mongokit/pyproject.toml packages/django-exception-extra/pyproject.toml --extra embedded \
        --no-emit-package slimstack-static --no-emit-package slimstack-mongokit \
        --no-emit-package slimstack-django-mongokit --no-emit-package slimstack-exception-extra \
        -o "$new"
    if grep -nE 'https?://|file:' "$new"; then
        fail "a lock file names a host; see the lines above. $lock is as it was."
    fi
    chmod 644 "$new"
    mv "$new" "$lock"
    exit 0
fi

python=$(.venv/bin/python -c 'import sys; print(sys.executable)')
stamp=$({ echo "$PWD" "$python"; "$python" --version; cat tools.lock "$lock" packages/*/pyproject.toml; } | cksum)
if [ "$(cat "$venv/.stamp" 2>/dev/null)" != "$stamp" ]; then
    say "1/2  $(grep -c '^[a-zA-Z0-9].*==' "$lock") locked packages of the races into $venv ($("$python" --version))"
    rm -rf "$venv"
    .tool/bin/uv venv --quiet --no-python-downloads --python "$python" "$venv" || fail "could not make a virtual environment in $venv"
    .tool/bin/uv pip install --quiet --python "$venv" --require-hashes -r "$lock" ||
        fail "could not install $lock." "The lines above say why. Without a way to the Python package index this step cannot work:" \
             "check the network, or name a mirror: UV_DEFAULT_INDEX=... make bench"
    say "2/2  our packages, editable"
    .tool/bin/uv pip install --quiet --python "$venv" --no-deps --no-build-isolation --offline \
        -e packages/django-static -e packages/mongokit -e packages/django-mongokit -e packages/django-exception-extra ||
        fail "could not install our own packages into $venv"
    printf '%s\n' "$stamp" > "$venv/.stamp"
fi
[ "${1:-}" = --setup ] && exit 0

# -P: the folder of a module that is run is no place to import from; PYTHONPATH names the only one that is.
PYTHONPATH=$PWD/benchmarks${PYTHONPATH:+:$PYTHONPATH} exec "$venv/bin/python" -P -m harness "$@"
