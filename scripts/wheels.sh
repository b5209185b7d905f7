#!/bin/sh
# Build each wheel and run its package's tests in an environment that has only the wheel, what it declares, and the
# tools of its own `test` group. What is tested is the file a user would install, not this folder.
set -eu
cd "$(dirname "$0")/.."
uv=$PWD/.tool/bin/uv
rm -rf dist
for package in packages/*/; do
    "$uv" build --quiet --wheel --sdist --no-sources --no-build-isolation --python .venv --offline --out-dir dist "$package"
done
ls -1 dist
failed=
for package in ${PACKAGES:-packages/*/}; do
    package=${package%/}
    name=$(sed -n 's/^name = "\(.*\)"/\1/p' "$package/pyproject.toml")
    echo "== $name: wheel alone"
    venv=$PWD/.venv-wheel
    rm -rf "$venv"
    "$uv" venv --quiet --no-python-downloads --python .venv/bin/python "$venv"
    "$uv" pip install --quiet --python "$venv" --no-sources --find-links dist --constraint requirements.lock \
        "$name" --group "$package/pyproject.toml:test"
    "$venv/bin/python" -m pytest -q -p no:cacheprovider "$package/tests" || failed="$failed $name"
done
rm -rf "$PWD/.venv-wheel"
[ -z "$failed" ] || { echo "error: failed as a wheel:$failed" >&2; exit 1; }
