#!/bin/sh
# The suites under coverage, processes they start included; then a table for each package, 93% branch the least,
# and one for each example.
set -eu
cd "$(dirname "$0")/.."
python=$PWD/.venv/bin/python
status=0
"$python" -m coverage erase
"$python" -m coverage run scripts/suites.py "$@" || status=$?
"$python" -m coverage combine -q
# Tests kill processes while they write: what those leave cannot be read, and each report would say so again.
rm -f .coverage.*
for package in packages/*/; do
    echo "== $package"
    "$python" -m coverage report --include="${package}src/*" --fail-under=93 || status=$?
done
for example in examples/*/; do
    echo "== $example"
    "$python" -m coverage report --include="${example}*" --omit="*/tests/*" || status=$?
done
exit "$status"
