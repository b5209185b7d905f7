#!/bin/sh
# Make .tool (uv, hashed) and .venv (requirements.lock, hashed, and the packages, editable).
# Does nothing when what it was made from has not changed. PYTHON=... chooses the interpreter, VENV=... the folder.
set -eu
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}

say() { printf '%s\n' "$*" >&2; }
fail() { say "error: $1"; shift; for line; do say "  $line"; done; exit 1; }

supported='import sys; print(sys.executable if (3, 11) <= sys.version_info[:2] <= (3, 14) else "")'
python=
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    python=$("$candidate" -c "$supported" 2>/dev/null) || python=
    [ -z "$python" ] || break
done
if [ -z "$python" ]; then
    found=
    if command -v "${PYTHON:-python3}" >/dev/null; then
        found=$("${PYTHON:-python3}" --version 2>&1 | head -n 1 || true)
    fi
    fail "Python 3.11 to 3.14 is needed; ${PYTHON:-python3} is: ${found:-not there}." \
         "Install a newer Python (Debian: apt install python3 python3-venv), or name one:" \
         "make env PYTHON=/path/to/python3.12"
fi
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "$python has no venv module." "Debian and Ubuntu: apt install python3-venv, or name another Python: make env PYTHON=/path/to/python3"

stamp=$({ echo "$PWD" "$python"; "$python" --version; cat requirements.lock tools.lock packages/*/pyproject.toml; } | cksum)
[ "$(cat "$venv/.stamp" 2>/dev/null)" = "$stamp" ] && exit 0

offline() {
    fail "$1" "The lines above say why. Without a way to the Python package index this step cannot work:" \
         "check the network, or name a mirror: PIP_INDEX_URL=... UV_DEFAULT_INDEX=... make env"
}

tool_stamp=$({ echo "$PWD"; cat tools.lock; } | cksum)
if [ "$(cat .tool/.stamp 2>/dev/null)" != "$tool_stamp" ] || ! .tool/bin/uv --version >/dev/null 2>&1; then
    say "1/3  uv into .tool"
    rm -rf .tool
    "$python" -m venv .tool >&2 || {
        rm -rf .tool
        fail "could not make a virtual environment in .tool." \
             "The lines above say why. Debian and Ubuntu: apt install python3-venv. Else: is the folder writable, the disk full?"
    }
    .tool/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools.lock >&2 || offline "could not install uv."
    printf '%s\n' "$tool_stamp" > .tool/.stamp
fi

say "2/3  $(grep -c '^[a-zA-Z0-9].*==' requirements.lock) locked packages into $venv ($("$python" --version))"
# The old environment comes back if the new one cannot be made: without a network it is better than none.
rm -rf "$venv.old"
[ ! -e "$venv" ] || mv "$venv" "$venv.old"
trap 'if [ -e "$venv.old" ]; then rm -rf "$venv"; mv "$venv.old" "$venv"; fi' EXIT
trap 'exit 130' INT TERM
.tool/bin/uv venv --quiet --no-python-downloads --python "$python" "$venv" || fail "could not make a virtual environment in $venv"
.tool/bin/uv pip install --quiet --python "$venv" --require-hashes -r requirements.lock || offline "could not install requirements.lock."

say "3/3  the packages, editable"
editable=
for package in packages/*/; do editable="$editable -e $package"; done
# shellcheck disable=SC2086  # a list of options
.tool/bin/uv pip install --quiet --python "$venv" --no-deps --no-build-isolation --offline $editable ||
    fail "could not install the packages under packages/"
printf '%s\n' "$stamp" > "$venv/.stamp"
rm -rf "$venv.old"
