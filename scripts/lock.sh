#!/bin/sh
# Renew tools.lock and requirements.lock: universal, hashed, no host named; both or neither.
# A release younger than the cooldown does not get in: a stolen or broken one is usually noticed by then.
set -eu
cd "$(dirname "$0")/.."
cooldown=${COOLDOWN:-7 days}
# On the file system of the locks, so that moving is renaming, and where git does not look.
new=$(mktemp -d .tool/lock-XXXXXX)
trap 'rm -rf "$new"' EXIT
trap 'exit 130' INT TERM

compile() {
    .tool/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
        --exclude-newer "$cooldown" --no-header --no-annotate --no-emit-index-url "$@"
}

echo 'uv' | compile - -o "$new/tools.lock"
compile pyproject.toml packages/*/pyproject.toml --all-extras \
    --group dev --group plog --group docs \
    --no-emit-package slimstack-static --no-emit-package slimstack-mongokit \
    --no-emit-package slimstack-django-mongokit --no-emit-package slimstack-exception-extra \
    -o "$new/requirements.lock"
if grep -nE 'https?://|file:' "$new/tools.lock" "$new/requirements.lock"; then
    echo "error: a lock file names a host; see the lines above. The locks are as they were." >&2
    exit 1
fi
mv "$new/tools.lock" "$new/requirements.lock" .
