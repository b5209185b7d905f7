#!/bin/sh
# mypy strict over what is published or shown: the packages, the example and the benchmarks.
set -eu
cd "$(dirname "$0")/.."
exec .venv/bin/python -m mypy packages/*/src examples/plog benchmarks scripts "$@"
