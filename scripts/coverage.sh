#!/bin/sh
# The suites under coverage, processes they start included; then a table for each package, 93% branch the least,
# and how its lines of tests compare to those of code; and a table for each example.
set -eu
cd "$(dirname "$0")/.."
python=$PWD/.venv/bin/python
status=0
# Lines of Python that are neither empty nor a comment.
lines() { find "$1" -name '*.py' -exec cat {} + | grep -cvE '^[[:space:]]*(#.*)?$'; }
"$python" -m coverage erase
"$python" -m coverage run scripts/suites.py "$@" || status=$?
"$python" -m coverage combine -q
# Tests kill processes while they write: what those leave cannot be read, and each report would say so again.
rm -f .coverage.*
for package in packages/*/; do
    echo "== $package"
    "$python" -m coverage report --include="${package}src/*" --fail-under=93 || status=$?
    awk -v tests="$(lines "${package}tests")" -v code="$(lines "${package}src")" \
        'BEGIN { printf "%d lines of tests for %d of code: %.1f times as many\n", tests, code, tests / code }'
done
for example in examples/*/; do
    echo "== $example"
    "$python" -m coverage report --include="${example}*" --omit="*/tests/*" || status=$?
done
exit "$status"
