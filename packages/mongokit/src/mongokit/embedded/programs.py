"""The programs that are run: the server, from its wheel, and a Python for its keeper."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
from pathlib import Path

__all__ = ["EmbeddedServerError", "advice", "find_python", "find_server"]

DISTRIBUTION, SCRIPT = "SecantusDB", "secantusd-py"


class EmbeddedServerError(RuntimeError):
    """The embedded server could not be started or found; the text says why and what to do."""


def find_server() -> str:
    """Return the path of the server's console script; raises :class:`EmbeddedServerError` where it is not installed."""
    try:
        files = importlib.metadata.distribution(DISTRIBUTION).files or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == SCRIPT:
            script = Path(str(file.locate())).resolve()
            if os.access(script, os.X_OK):
                return str(script)
    advised = advice(sys.version_info[:2])
    raise EmbeddedServerError(f"the embedded server ({SCRIPT} of {DISTRIBUTION}) is not installed. {advised}")


def advice(version: tuple[int, int]) -> str:
    """Return what to do on a Python version where the server is not installed."""
    if version >= (3, 14):
        return (
            f"There is no {DISTRIBUTION} wheel for Python {version[0]}.{version[1]} yet: "
            "run a MongoDB server yourself, and connect to that: Connection('mongodb://localhost:27017')"
        )
    return (
        "Install it: pip install 'slimstack-mongokit[embedded]', or run a MongoDB server "
        "yourself, and connect to that: Connection('mongodb://localhost:27017')"
    )


def find_python() -> str:
    """Return the path of a Python interpreter; ``sys.executable`` is the server's own binary under uWSGI."""
    candidates = [sys.executable, str(Path(sys.prefix, "bin", "python3")), shutil.which("python3")]
    for candidate in candidates:
        if candidate and Path(candidate).name.startswith("python") and os.access(candidate, os.X_OK):
            return candidate
    raise EmbeddedServerError(f"no Python interpreter found to run the keeper with; tried {candidates}")
