"""The adapters: each engine behind one contract, ``minify(text, kind) -> text``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from ..references import css, splice
from . import css_strip, js_guard, js_strip

__all__ = ["EngineError", "load", "names", "strip", "tdewolff"]

Engine = Callable[[str, str], str]

_MEDIA_TYPES = {"css": "text/css", "js": "text/javascript", "html": "text/html"}
#: Leave out of HTML only what can be verified token by token.
_CONFIGURATION: dict[str, str | bool | int] = {
    # No operator that the script does not have: ?? is another test than != null, and no old browser knows it.
    "js-version": 2015,
    "html-keep-special-comments": True,
    "html-keep-default-attr-vals": True,
    "html-keep-document-tags": True,
    "html-keep-end-tags": True,
    "html-keep-quotes": True,
}
_TIMEOUT_SECONDS = 60
_MASK = "django-static-data-"

#: The process that has loaded the engine. Its runtime is Go's: after a fork its threads are missing in the child,
#: and a call there would wait for ever.
_loaded_by: int | None = None


class EngineError(Exception):
    """An engine could not do its work."""


def load(name: str) -> Engine:
    """The engine of a name: ``tdewolff``, ``strip``, or the dotted path of a callable.

    Raises:
        ImportError: no such module or attribute.
    """
    if name in _OWN:
        return _OWN[name]
    module, _, attribute = name.rpartition(".")
    try:
        engine: Engine = getattr(import_module(module), attribute)
    except (AttributeError, ValueError) as error:
        raise ImportError(f"there is no engine {name!r}") from error
    return engine


def tdewolff(text: str, kind: str) -> str:
    """Minify with https://github.com/tdewolff/minify, in this process or, where that would hang, in one of its own."""
    run = _in_this_process if _loaded_by in (None, os.getpid()) else _in_a_process_of_its_own
    if kind == "js":
        return js_guard.without(run(js_guard.within(text), kind))
    if kind != "css" or "data:" not in text:
        return run(text, kind)
    # It rewrites what is inside data: URLs, which is not ours to judge.
    found = [reference for reference in css.references(text) if reference.url[:5].lower() == "data:"]
    masked = splice(text, [(part.start, part.end, f"{_MASK}{number}") for number, part in enumerate(found)])
    result = run(masked, kind)
    return splice(
        result,
        [
            (part.start, part.end, text[found[number].start : found[number].end])
            for part in css.references(result)
            if part.url.startswith(_MASK) and (number := int(part.url.removeprefix(_MASK))) < len(found)
        ],
    )


def strip(text: str, kind: str) -> str:
    """Take out comments and white space, nothing else; knows style sheets and scripts."""
    return _STRIPPERS[kind](text)


def _in_this_process(text: str, kind: str) -> str:
    global _loaded_by
    import minify  # type: ignore[import-untyped]

    if _loaded_by is None:
        _loaded_by = os.getpid()
        minify.config(_CONFIGURATION)
    result: str = minify.string(_MEDIA_TYPES[kind], text)
    return result


def _in_a_process_of_its_own(text: str, kind: str) -> str:
    code = (
        "import sys;from django_static.minify.engines import _in_this_process as m;"
        "o=sys.stdout.buffer;o.write(m(sys.stdin.buffer.read().decode(),sys.argv[1]).encode())"
    )
    command = [_python(), "-c", code, kind]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(  # noqa: S603 (our own interpreter and code)
            command,
            input=text.encode(),
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"tdewolff-minify could not be run in a process of its own: {error}") from error
    if done.returncode:
        lines = [line for line in done.stderr.decode(errors="replace").splitlines() if line[:1].strip()]
        raise EngineError(lines[-1] if lines else f"tdewolff-minify ended with {done.returncode}")
    return done.stdout.decode()


def _python() -> str:
    """The interpreter; inside a server that embeds Python (uWSGI) ``sys.executable`` is the server."""
    for candidate in (
        sys.executable,
        str(Path(sys.prefix, "bin", "python3")),
        str(Path(sys.prefix, "python.exe")),
    ):
        if candidate and Path(candidate).name.lower().startswith("python") and Path(candidate).exists():
            return candidate
    raise EngineError("no Python interpreter was found to run tdewolff-minify in")


_STRIPPERS: dict[str, Callable[[str], str]] = {"css": css_strip.strip, "js": js_strip.strip}
_OWN: dict[str, Engine] = {"tdewolff": tdewolff, "strip": strip}


def names() -> list[str]:
    """The engines that are asked for by a short name."""
    return list(_OWN)
