"""The encodings of originals, told as a browser would tell them; what is published as text is UTF-8, and says so."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

__all__ = ["Text", "as_utf8", "decoded", "is_utf8", "is_wide"]

#: Encodings in which Python and browsers (WHATWG Encoding) read every byte they both know alike. Of those with several
#: bytes to a character, and of a few others, that is not so: they are left to browsers.
_ALIKE = frozenset(
    {
        *(f"iso-8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
        *(f"windows-{number}" for number in (874, *range(1250, 1259))),
        *("ibm866", "koi8-r", "macintosh", "utf-8"),
    }
)
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_CHARSET = '@charset "'
_RULE = re.compile(r'\A@charset "[^"]*";')
_UTF8 = '@charset "utf-8";'
#: In encodings that share all bytes with ASCII but this one they are not that text.
_ESCAPE = b"\x1b"


class Text(NamedTuple):
    """The text of an original."""

    text: str
    #: Whether that is what any browser reads; otherwise each character is a byte.
    is_certain: bool
    #: Whether the original began with the mark of UTF-8, which is not part of the text.
    has_mark: bool = False
    #: Whether its bytes are other ones than those of the text in UTF-8.
    is_foreign: bool = False


def decoded(data: bytes, kind: str) -> Text:
    """The text of a style sheet (``css``) or script (``js``).

    A byte order mark comes first (WHATWG Encoding, 6), then, in a style sheet, ``@charset`` (CSS Syntax Level 3, 3.2). What
    says nothing is UTF-8 or nobody knows: it may depend on the page.
    """
    for mark, encoding in _WIDE.items():
        if data.startswith(mark):
            text = _strictly(data[len(mark) :], encoding)
            return _unsure(data) if text is None else Text(text, is_certain=True, is_foreign=True)
    bare = data.removeprefix(codecs.BOM_UTF8)
    has_mark = bare != data
    declared = "" if has_mark or kind != "css" else _declared(data)
    if declared and declared not in _ALIKE:
        declared = "utf-8" if data.isascii() and _ESCAPE not in data else ""
        if not declared:
            return _unsure(data)
    text = _strictly(bare, declared or "utf-8")
    if text is None:
        return _unsure(data)
    is_foreign = declared not in ("", "utf-8") and not data.isascii()
    return Text(text, is_certain=True, has_mark=has_mark, is_foreign=is_foreign)


def as_utf8(text: str, kind: str) -> bytes:
    """A text in UTF-8 that says so itself, whatever the page or the server says of it; bare where it is ASCII."""
    if text.isascii():
        return text.encode()
    if kind != "css":
        return codecs.BOM_UTF8 + text.encode("utf-8", "surrogatepass")
    return f"{_UTF8}{_RULE.sub('', text)}".encode()


def is_utf8(data: bytes) -> bool:
    """Whether bytes are read right where they are said to be UTF-8: they are, or a mark says which they are."""
    # ASCII, as most is, is seen without a copy of it.
    return data.isascii() or is_wide(data) or _strictly(data, "utf-8") is not None


def is_wide(data: bytes) -> bool:
    """Whether bytes begin with the mark of UTF-16."""
    return data.startswith(tuple(_WIDE))


def _declared(data: bytes) -> str:
    """The encoding that an ``@charset`` rule names, as browsers call it; empty where there is none that counts."""
    head, end, _ = data[: len(_CHARSET) + 100].partition(b'";')
    if not end or not head.startswith(_CHARSET.encode()):
        return ""
    # Few sheets have such a rule, and whoever serves files asks only whether they are UTF-8: no CSS parser for that.
    from tinycss2.bytes import decode_stylesheet_bytes  # type: ignore[import-untyped]

    _, encoding = decode_stylesheet_bytes(head + end)
    return str(encoding.name)


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode({"macintosh": "mac-roman", "windows-874": "cp874"}.get(encoding, encoding))
    except UnicodeDecodeError:
        return None


def _unsure(data: bytes) -> Text:
    return Text(data.decode("latin-1"), is_certain=False)
