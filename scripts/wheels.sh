#!/bin/sh
# Build each wheel and sdist, and run the tests of the sdist in an environment that has only the wheel, what it declares,
# and the tools of its own `test` group. What is tested are the files a user would get, not this folder.
set -eu
cd "$(dirname "$0")/.."
uv=$PWD/.tool/bin/uv
rm -rf dist
# By the locked uv_build, for uv has one of its own, too, and would sign with another version.
for package in packages/*/; do
    "$uv" build --quiet --wheel --sdist --no-sources --no-build-isolation --force-pep517 --python .venv --offline --out-dir dist "$package"
done
ls -1 dist
rm -rf .venv-wheels
# A wheel of the same name and version from a run before, in the cache of uv, must not be taken for the one just built.
refresh=$(sed -n 's/^name = "\(.*\)"/--refresh-package \1/p' packages/*/pyproject.toml)
suites=
for package in ${PACKAGES:-packages/*/}; do
    package=${package%/}
    suite=${package##*/}
    suites="$suites $suite"
    name=$(sed -n 's/^name = "\(.*\)"/\1/p' "$package/pyproject.toml")
    sdist=.venv-wheels/sdists/packages/$suite
    mkdir -p "$sdist"
    tar -xzf "dist/$(echo "$name" | tr - _)"-*.tar.gz -C "$sdist" --strip-components=1
    "$uv" venv --quiet --no-python-downloads --python .venv/bin/python ".venv-wheels/$suite"
    # shellcheck disable=SC2086  # a list of options
    "$uv" pip install --quiet --python ".venv-wheels/$suite" $refresh --no-sources --find-links dist --constraint requirements.lock \
        "$name" --group "$sdist/pyproject.toml:test"
done
status=0
# A skip is no failure here: what a package does not declare is missing on purpose. `make test` runs those tests too.
# shellcheck disable=SC2086  # a list of names
REQUIRE_ALL=0 .venv/bin/python scripts/suites.py --python "$PWD/.venv-wheels/{suite}/bin/python" \
    --root .venv-wheels/sdists $suites || status=$?
rm -rf .venv-wheels
exit "$status"
