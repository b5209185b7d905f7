"""The adapters: each engine behind one contract, ``minify(text, kind) -> text``.

An engine is asked for by name, which may end in a path after a colon (``"closure:/opt/compiler.jar"``). With an
exclamation mark (``"closure!:/opt/compiler.jar"``) its failure is to be shown rather than made good by another engine.
None is trusted: what they return is judged by :mod:`..verify`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module

from .. import css_strip, js_strip
from . import esbuild, jars, wheels
from .errors import KNOWN_KINDS, EngineError, require
from .tdewolff import tdewolff

__all__ = ["EngineError", "check", "is_final", "load", "names", "see_kind", "strip", "tdewolff"]

Engine = Callable[[str, str], str]


def load(name: str) -> Engine:
    """The engine of a name, ``"tdewolff"`` or ``"yui:/path/yuicompressor.jar"``, or of the dotted path of a callable.

    Raises:
        ImportError: no such engine, module or attribute, or a path is missing or too many.
    """
    short, path = _parts(name)
    if short in _PLAIN and not path:
        return _PLAIN[short]
    if short in _AT_A_PATH and (path or short not in _NEED_A_PATH):
        return partial(_AT_A_PATH[short], path)
    if short in _AT_A_PATH:
        raise ImportError(f"the engine {name!r} needs a path, as in '{short}:/path/to/{short}.jar'")
    module, _, attribute = short.rpartition(".")
    try:
        engine: Engine = getattr(import_module(module), attribute)
    except (AttributeError, ValueError) as error:
        raise ImportError(f"there is no engine {name!r}") from error
    return engine


def check(name: str, kind: str) -> str:
    """Why an engine cannot work here for a kind of text; empty when it can. Runs it on a few characters.

    Raises:
        ImportError: as for :func:`load`.
    """
    try:
        load(name)(_SAMPLES[kind], kind)
    except EngineError as error:
        return str(error)
    return ""


def see_kind(name: str, kind: str) -> None:
    """See whether an engine is for a kind of text, as far as its name tells.

    Raises:
        EngineError: it is not.
    """
    require(_parts(name)[0], kind)


def is_final(name: str) -> bool:
    """Whether the failure of an engine is to be shown rather than made good by the next one."""
    return name.partition(":")[0].endswith("!")


def names(kind: str = "") -> list[str]:
    """The engines that are asked for by a short name, all or those for a kind of text."""
    return [name for name in (*_PLAIN, *_AT_A_PATH) if not kind or kind in KNOWN_KINDS.get(name, (kind,))]


def strip(text: str, kind: str) -> str:
    """Take out comments and white space, nothing else; knows style sheets and scripts."""
    require("strip", kind)
    return _STRIPPERS[kind](text)


def _parts(name: str) -> tuple[str, str]:
    short, _, path = name.partition(":")
    return short.removesuffix("!"), path


_STRIPPERS: Mapping[str, Callable[[str], str]] = {"css": css_strip.strip, "js": js_strip.strip}
_PLAIN: Mapping[str, Engine] = {
    "tdewolff": tdewolff,
    "strip": strip,
    "jsmin": wheels.jsmin,
    "lightningcss": wheels.lightningcss,
}
_AT_A_PATH: Mapping[str, Callable[[str, str, str], str]] = {
    "esbuild": esbuild.minify,
    "closure": jars.closure,
    "yui": jars.yui,
}
_NEED_A_PATH = ("closure", "yui")
_SAMPLES = {"css": "a { b: c }", "js": "a ( 1 ) ;", "html": "<p> a </p>"}
