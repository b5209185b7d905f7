#!/bin/sh
# make test on every supported Python that is installed, each in an environment of its own (.venv-3.12, ...).
set -eu
cd "$(dirname "$0")/.."
tried= failed=
for version in 3.11 3.12 3.13 3.14; do
    for python in "python$version" "$HOME/.pyenv/versions/$version".*/bin/python; do
        [ "$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$version" ] || continue
        echo "== Python $version"
        tried="$tried $version"
        if PYTHON=$python VENV=.venv-$version sh scripts/env.sh && ".venv-$version/bin/python" scripts/suites.py; then :; else
            failed="$failed $version"
        fi
        break
    done
done
echo "tried:${tried:- no supported Python found}; failed:${failed:- none}"
[ -n "$tried" ] && [ -z "$failed" ]
