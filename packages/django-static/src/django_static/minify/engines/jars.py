"""The YUI Compressor and the Closure Compiler: Java archives, or the scripts that distributions wrap them in."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

from ...references import js
from . import command
from .errors import EngineError, require

__all__ = ["closure", "problem", "yui"]

_NO_PROGRAM = "is neither a .jar nor a program that may be run"
#: The file of messages that Debian's package of the YUI Compressor looks for in vain at each syntax error.
_WORDLESS = "org.mozilla.javascript.resources.Messages"


def yui(path: str, text: str, kind: str) -> str:
    """Minify a script or style sheet with the YUI Compressor (``yuicompressor.jar``, or a script that runs it).

    Raises:
        EngineError: no Java, no such file, a syntax error, or no end within the time limit.
    """
    require("yui", kind)
    options = ["--type", kind, "--charset", "utf-8"]
    try:
        return command.run("the YUI Compressor", [*_program("the YUI Compressor", path), *options], text)
    except EngineError as error:
        if _WORDLESS not in str(error):
            raise
        raise EngineError(
            "the YUI Compressor could not read the script: it has a syntax error, or is written in JavaScript later than that of "
            "2009; this build of it (such as Debian's) has no words for where"
        ) from error


def closure(path: str, text: str, kind: str) -> str:
    """Minify a script with the Closure Compiler (``compiler.jar``, or a script that runs it).

    Raises:
        EngineError: as for :func:`yui`.
    """
    require("closure", kind)
    options = ["--charset", "UTF-8", "--warning_level", "QUIET"]
    result = command.run("the Closure Compiler", [*_program("the Closure Compiler", path), *options], text)
    # It knows licences by @license only.
    return "".join(f"{licence}\n" for licence in _licences(text) if licence not in result) + result


def _licences(text: str) -> list[str]:
    """The comments that begin with ``/*!``."""
    if "/*!" not in text:
        return []
    found: list[str] = []
    stack = [js.parse(text).root_node]
    while stack:
        node = stack.pop()
        if node.type == "comment" and node.text is not None and node.text.startswith(b"/*!"):
            found.append(node.text.decode("utf-8", "surrogatepass"))
        stack += reversed(node.children)
    return found


def _program(name: str, path: str) -> list[str]:
    """The beginning of a command line that runs a Java archive or an executable file."""
    if not Path(path).is_file():
        raise EngineError(
            f"{name} is not at {path!r}; give the path of its .jar, or of a script that runs it"
        )
    if path.endswith(".jar"):
        return [_java(name), "-jar", path]
    if not os.access(path, os.X_OK):
        raise EngineError(f"{name} at {path!r} {_NO_PROGRAM}")
    return [path]


def problem(path: str) -> str:
    """Why a compressor cannot be what a path names, to be put behind it; empty where it may be."""
    if not Path(path).is_file():
        return "is not a file"
    if path.endswith(".jar"):
        return "" if zipfile.is_zipfile(path) else "is no Java archive, whatever its name says"
    return "" if os.access(path, os.X_OK) else _NO_PROGRAM


def _java(name: str) -> str:
    home = os.environ.get("JAVA_HOME")
    inside = Path(home, "bin") if home else None
    found = (shutil.which("java", path=inside) if inside else None) or shutil.which("java")
    if found is None:
        raise EngineError(
            f"{name} needs Java, and there is no java in PATH or JAVA_HOME; install a Java runtime (Debian: "
            "default-jre-headless)"
        )
    return found
