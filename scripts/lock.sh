#!/bin/sh
# Renew tools.lock and requirements.lock: universal, hashed, no host named.
# A release younger than the cooldown does not get in: a stolen or broken one is usually noticed by then.
set -eu
cd "$(dirname "$0")/.."
cooldown=${COOLDOWN:-7 days}

compile() {
    .tool/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
        --exclude-newer "$cooldown" --no-header --no-annotate --no-emit-index-url "$@"
}

echo 'uv' | compile - -o tools.lock
compile pyproject.toml packages/*/pyproject.toml --all-extras \
    --group dev --group plog --group docs \
    --no-emit-package slimstack-static --no-emit-package slimstack-mongokit \
    --no-emit-package slimstack-django-mongokit --no-emit-package slimstack-exception-extra \
    -o requirements.lock
if grep -nE 'https?://|file:' tools.lock requirements.lock; then
    echo "error: a lock file names a host; see the lines above" >&2
    exit 1
fi
