"""Engines that come as a Python package: rjsmin and lightningcss."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from .errors import EngineError, require

__all__ = ["jsmin", "lightningcss"]


def jsmin(text: str, kind: str) -> str:
    """Minify a script with rjsmin, which takes comments and white space out without reading the language.

    Raises:
        EngineError: it is not installed, or this is no script.
    """
    require("jsmin", kind)
    result: str = _module("rjsmin", "jsmin").jsmin(text, keep_bang_comments=True)
    return result


def lightningcss(text: str, kind: str) -> str:
    """Minify a style sheet with https://lightningcss.dev, for no browsers in particular.

    Raises:
        EngineError: it is not installed, or this is no style sheet that it can read.
    """
    require("lightningcss", kind)
    module = _module("lightningcss", "lightningcss")
    try:
        result: str = module.process_stylesheet(text, parser_flags=module.calc_parser_flags(nesting=True))
    except ValueError as error:
        raise EngineError(f"lightningcss: {error}") from error
    return result


def _module(name: str, extra: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as error:
        raise EngineError(f"{name} is not installed: pip install slimstack-static[{extra}]") from error
