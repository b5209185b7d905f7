"""esbuild: a program of its own, which npm installs. No package on the index of Python brings it."""

from __future__ import annotations

import shutil
from pathlib import Path

from . import command
from .errors import EngineError, require

__all__ = ["minify"]

_LOCAL = Path("node_modules", ".bin")
_OPTIONS = (
    "--minify",
    # As new as it came: no syntax of today is written in that of yesterday.
    "--target=esnext",
    "--charset=utf8",
    "--legal-comments=inline",
    "--log-level=error",
)


def minify(path: str, text: str, kind: str) -> str:
    """Minify a script or style sheet with https://esbuild.github.io, at ``path`` or wherever it is found if empty.

    It is looked for in ``PATH``, then in ``node_modules/.bin`` of the current folder and those above.

    Raises:
        EngineError: it is not found, there is a syntax error, or no end within the time limit.
    """
    require("esbuild", kind)
    return command.run("esbuild", [path or _found(), f"--loader={kind}", *_OPTIONS], text)


def _found() -> str:
    here = Path.cwd()
    folders = [None, *(str(folder / _LOCAL) for folder in (here, *here.parents))]
    for folder in folders:
        found = shutil.which("esbuild", path=folder)
        if found:
            return found
    raise EngineError(
        "esbuild is neither in PATH nor in node_modules/.bin; npm install esbuild, or give its path: "
        "'esbuild:/path/to/esbuild'"
    )
