#!/bin/sh
# The suites under coverage, processes they start included; then a table for each package, 93% branch the least.
set -eu
cd "$(dirname "$0")/.."
python=$PWD/.venv/bin/python
status=0
"$python" -m coverage erase
"$python" -m coverage run scripts/suites.py "$@" || status=$?
"$python" -m coverage combine -q
for package in packages/*/; do
    echo "== $package"
    "$python" -m coverage report --include="${package}src/*" --fail-under=93 || status=$?
done
exit "$status"
