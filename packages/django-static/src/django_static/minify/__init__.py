"""Make a text smaller without changing what it does, or give it back as it was.

No engine is trusted: what it returns is read again and compared with what it was given (see :mod:`.verify`). When it
differs in meaning, or the engine fails, the next engine is asked, and after the last one the original is the result,
with the reason in a leading comment.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from functools import partial

from .. import kinds
from ..collector import without_collector
from ..kinds import DEFAULT_ENGINES, KINDS, Slimmed
from . import engines, html_mask, verify
from .gain import is_dense, is_worthwhile

__all__ = [
    "DEFAULT_ENGINES",
    "KINDS",
    "Slimmed",
    "guess",
    "slim",
    "slim_at_once",
    "slim_inline",
]

logger = logging.getLogger("django_static")

#: Characters: some 100 thousand are judged in a second.
LONGEST = 5_000_000

_HASH_BANG = re.compile(r"#![^\n\r\u2028\u2029]*(?:\r\n|[\n\r\u2028\u2029])?")
#: What a script or style sheet that does anything has one of, and prose hardly ever.
_CODE = re.compile(r"[=(){}\[\];@`]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_CHARSET = re.compile(r'@charset "[^"]*";')
#: A comment at the end of the last line, as far as that can be told from a URL in a string.
_LAST_COMMENT = re.compile(r"(?:^|(?<=[\s;}]))//.*\Z")
#: What JSON may begin with: it knows no comments.
_DATA = ("{", "[", '"')
_BLANKS = re.compile(r"\s*")
_MARKUP = re.compile(r"<[A-Za-z!/]")


def slim(
    text: str, kind: str, chain: Sequence[str], inner: Mapping[str, Sequence[str]] = DEFAULT_ENGINES
) -> Slimmed:
    """Minify a text of a kind (``css``, ``js`` or ``html``); never raises.

    ``chain`` names engines, the boldest first, as :func:`.engines.load` knows them. The first result that means the same
    as the text is taken. An engine that fails is followed by the next one, unless its name ends in ``!``. The scripts and
    style sheets in HTML are minified one by one, by the engines in ``inner``; one that cannot be stays as it is.
    """
    if not chain or not text.strip():
        return Slimmed(text)
    if len(text) > LONGEST:
        reason = f"{len(text):,} characters take minutes to judge, and {LONGEST:,} is the most that is tried"
        return Slimmed(_with_comment(text, kind, reason), reason)
    head = _HASH_BANG.match(text) if kind == "js" else None
    start = head.end() if head else 0
    with without_collector():
        return _first_right(text, start, kind, chain, inner)


def _first_right(
    text: str, start: int, kind: str, chain: Sequence[str], inner: Mapping[str, Sequence[str]]
) -> Slimmed:
    """The first result for ``text[start:]`` that means the same."""
    body = text[start:]
    judge = verify.Judge(body, kind)
    problems: list[str] = []
    for name in chain:
        smaller, problem = _asked(name, body, kind, inner)
        if problem:
            problems.append(f"{name.partition(':')[0].removesuffix('!')}: {problem}")
            if engines.is_final(name):
                break
            continue
        if not is_worthwhile(body, smaller):
            return Slimmed(text)  # what is next in the chain is no bolder
        try:
            problem = judge.difference(smaller)
        except Exception as error:  # noqa: BLE001 (what cannot be judged is not published)
            problem = f"{type(error).__name__}: {error}"
        if not problem:
            if problems:
                logger.info("minified with %s, since %s", name, "; ".join(problems))
            return Slimmed(text[:start] + smaller) if len(smaller) < len(body) else Slimmed(text)
        problems.append(f"{name.partition(':')[0].removesuffix('!')}: {problem}")
    reason = "; ".join(problems)
    return Slimmed(_with_comment(text, kind, reason), reason)


def slim_at_once(text: str, kind: str, chain: Sequence[str]) -> Slimmed:
    """As :func:`slim`, but for a page that waits: a text that would take too long to judge is left to ``staticbuild``.

    One that was minified before stays as it is, and there is nothing to be said of it.
    """
    if len(text) > kinds.LONGEST_AT_ONCE and is_dense(text):
        return Slimmed(text)
    if len(text) > kinds.LONGEST_AT_ONCE and chain:
        reason = f"{len(text):,} characters take too long to judge while a page waits: minify it ahead, with 'manage.py staticbuild'"
        return Slimmed(_with_comment(text, kind, reason), reason)
    return slim(text, kind, chain)


def slim_inline(text: str, kind: str, chains: Mapping[str, Sequence[str]]) -> Slimmed:
    """Minify a text in a page; an empty kind is guessed, and a text that is of no kind for sure stays as it is.

    What follows in the same element, on the same line perhaps, is not known here: what ended a statement does so still.
    """
    kind = kind or guess(text)
    result = slim(text, kind, chains.get(kind, ()), chains)
    if result.problem and text.lstrip()[:1] in _DATA:
        return result._replace(text=text)
    return result._replace(text=_ended(text, result.text, kind)) if kind in ("css", "js") else result


def _within(chains: Mapping[str, Sequence[str]], text: str, kind: str) -> str:
    result = slim(text, kind, chains.get(kind, ()))
    if result.problem:
        logger.info("a %s element in HTML stays as it is: %s", kind, result.problem)
    return text if result.problem else result.text


def _ended(text: str, smaller: str, kind: str) -> str:
    """The smaller text with what the end of the other one keeps apart from whatever comes behind it."""
    if not smaller or smaller == text or smaller.endswith((";", "\n")):
        return smaller
    end = _without_comments(text)
    if text.rstrip().endswith(";") or end.endswith(";") or (end.endswith("}") and not smaller.endswith("}")):
        return f"{smaller};"
    return f"{smaller}\n" if kind == "js" and "\n" in text[len(end) :] else smaller


def _without_comments(text: str) -> str:
    """The text up to the last thing that is no comment."""
    while True:
        text = text.rstrip()
        if text.endswith("*/") and "/*" in text:
            text = text[: text.rindex("/*")]
            continue
        start = text.rfind("\n") + 1
        found = _LAST_COMMENT.search(text[start:])
        if found is None:
            return text
        text = text[: start + found.start()]


def _asked(name: str, text: str, kind: str, inner: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """What an engine makes of a text, and what went wrong, one of them empty."""
    try:
        engine = engines.load(name)
        if kind == "html":
            shown, hidden = html_mask.hide(text, partial(_within, inner))
            return html_mask.show(engine(shown, kind), hidden), ""
        smaller = engine(text, kind)
        return _in_ascii(smaller, kind) if text.isascii() else smaller, ""
    except engines.EngineError as error:
        return "", str(error)
    except (Exception, SystemExit) as error:  # noqa: BLE001 (an engine may fail in any way; the page must not)
        return "", f"{type(error).__name__}: {error}"


def guess(text: str) -> str:
    """The kind of a text without a name: ``html``, ``css``, ``js``, or empty when it is none of them for sure."""
    stripped = text.strip()
    if not stripped:
        return ""
    if stripped.startswith("<") and not stripped.startswith("<!--"):
        return "html"
    if stripped.startswith("<!--") and "-->" in stripped.splitlines()[0]:
        # In a script all of that line would be a comment, and in a style sheet none of it.
        return "html"
    if _is_data(stripped) or not _CODE.search(stripped):
        return ""
    is_script, is_style = verify.is_script(stripped), verify.is_style(stripped)
    if is_script and stripped.startswith("<!--") and _MARKUP.search(stripped, stripped.find("-->")):
        return ""
    if is_script != is_style:
        return "js" if is_script else "css"
    # "a" NEWLINE "{ b: c }" is both: a name and a labelled block, and a rule.
    return "html" if not is_script and _MARKUP.search(stripped) else ""


def _is_data(text: str) -> bool:
    """Whether a text is JSON, or one of it after the other: a script with another syntax, and often in its element."""
    if not text.startswith(("{", "[")):
        return False
    decoder = json.JSONDecoder()
    position = 0
    try:
        while position < len(text):
            _, position = decoder.raw_decode(text, position)
            blanks = _BLANKS.match(text, position)
            position = blanks.end() if blanks else position
    except (ValueError, RecursionError):
        return False
    return True


def _in_ascii(text: str, kind: str) -> str:
    """A text of which the characters do not depend on the encoding it is read in, as those of the original do not."""
    if kind == "css":
        return _NOT_ASCII.sub(lambda found: f"\\{ord(found[0]):x} ", text)
    if kind == "js":
        return _NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text)
    return text


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
