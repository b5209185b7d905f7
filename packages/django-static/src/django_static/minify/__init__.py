"""Make a text smaller without changing what it does, or give it back as it was.

No engine is trusted: what it returns is read again and compared with what it was given (see :mod:`.verify`). When it
differs in meaning, or the engine fails, the original is the result, with the reason in a leading comment.
"""

from __future__ import annotations

import logging
import re
from typing import NamedTuple

from . import engines, verify

__all__ = ["DEFAULT_ENGINES", "KINDS", "Slimmed", "guess", "is_minified", "slim"]

logger = logging.getLogger("django_static")

KINDS = ("css", "js", "html")
DEFAULT_ENGINES = dict.fromkeys(KINDS, "tdewolff")

_HASH_BANG = re.compile(r"#![^\n\r\u2028\u2029]*(?:\r\n|[\n\r\u2028\u2029])?")
_CHARSET = re.compile(r'@charset "[^"]*";')
_MINIFIED = (".min.js", ".minified.js", ".min.mjs", ".min.css", ".minified.css")


class Slimmed(NamedTuple):
    """The text to publish, and why it is the original if it had to be."""

    text: str
    problem: str = ""


def is_minified(name: str) -> bool:
    """Whether the name says that the file has been minified by its maker."""
    return name.lower().endswith(_MINIFIED)


def slim(text: str, kind: str, engine: str | None) -> Slimmed:
    """Minify a text of a kind (``css``, ``js`` or ``html``) with a named engine; never raises.

    ``engine`` is ``"tdewolff"``, the dotted path of a ``minify(text, kind) -> text``, or None to leave the text alone.
    """
    if engine is None or not text.strip():
        return Slimmed(text)
    head = _HASH_BANG.match(text) if kind == "js" else None
    start = head.end() if head else 0
    body = text[start:]
    try:
        smaller = engines.load(engine)(body, kind)
        problem = (
            verify.difference(body, smaller, kind) if isinstance(smaller, str) else "the engine gave no text"
        )
    except Exception as error:  # noqa: BLE001 (an engine may fail in any way; the page must not)
        problem = f"{type(error).__name__}: {error}"
    if problem:
        return Slimmed(_with_comment(text, kind, problem), problem)
    return Slimmed(text[:start] + smaller) if len(smaller) < len(body) else Slimmed(text)


def guess(text: str) -> str:
    """The kind of a text without a name: ``html``, ``css``, ``js``, or empty when it is none of them for sure."""
    stripped = text.strip()
    if stripped.startswith("<") and not stripped.startswith("<!--"):
        return "html"
    if verify.is_script(stripped):
        return "js"
    if verify.is_style(stripped):
        return "css"
    return "html" if re.search(r"<[A-Za-z!/]", stripped) else ""


def _with_comment(text: str, kind: str, problem: str) -> str:
    """Put the reason where a comment changes nothing: after ``@charset`` and ``#!``, which must come first."""
    reason = " ".join(problem.split()).encode("ascii", "backslashreplace").decode()[:300]
    if kind == "html":
        return f"<!-- django-static: not minified: {reason.replace('--', '- -').replace('>', '')} -->{text}"
    comment = f"/* django-static: not minified: {reason.replace('*/', '* /').replace('</', '< /')} */\n"
    head = (_HASH_BANG if kind == "js" else _CHARSET).match(text)
    start = head.end() if head else 0
    newline = (
        "\n" if kind == "js" and head and not text[:start].endswith(("\n", "\r", "\u2028", "\u2029")) else ""
    )
    return f"{text[:start]}{newline}{comment}{text[start:]}"
