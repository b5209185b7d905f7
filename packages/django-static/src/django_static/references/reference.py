"""What every reader yields: a URL at a place in a text; and how another URL is written in its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

__all__ = ["Lines", "Reference", "quote_for"]

#: What ends or breaks a bare ``url()``: white space, quotes, parentheses, backslashes, control characters.
_NEEDS_QUOTES = re.compile(r"""[\x00-\x20"'()\\\x7f]""")
_CSS_ESCAPED = re.compile(r"""[\x00-\x1f"'\\\x7f]""")
_JS_ESCAPED = re.compile(r"""[\x00-\x1f"'`\\\x7f\u2028\u2029]|\$(?=\{)""")
#: A URL with a scheme (WHATWG URL): an import map is asked about it, but it is no bare specifier.
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class Reference:
    """A URL in a text: ``text[start:end]`` is what is written, with its quotes if it has any."""

    start: int
    end: int
    #: The URL with the escapes of the language taken out.
    url: str
    #: ``"``, ``'``, ````` ` `````, or empty inside a bare ``url()`` and in comments.
    quote: str
    line: int
    #: ``url`` (CSS), ``import`` (``@import``), ``module`` (a specifier in JavaScript), ``asset`` (``new URL(…,
    #: import.meta.url)``), ``script`` (``importScripts()``), or ``map`` (the comment that names a source map).
    what: str = "url"

    @property
    def is_bare(self) -> bool:
        """Whether it is a module specifier that only an import map makes a URL of, like ``lodash`` (WHATWG HTML 8.1.6.2)."""
        return (
            self.what == "module"
            and not self.url.startswith(("/", "./", "../"))
            and not _ABSOLUTE.match(self.url)
        )


def quote_for(reference: Reference, url: str) -> str:
    """A URL as it must be written at ``text[reference.start:reference.end]`` so that it is read as that URL.

    The quotes stay as they are, but a bare ``url()`` gets some where the new URL needs them.
    """
    if reference.what == "map":
        # A comment has no escapes: what would end the URL or the comment is percent-encoded.
        return quote(url, safe="!#$%&()+,/:;=?@[]~").replace("*", "%2A")
    if reference.what in ("url", "import"):
        mark = reference.quote or ('"' if _NEEDS_QUOTES.search(url) else "")
        return f"{mark}{_CSS_ESCAPED.sub(lambda found: _css_escape(found[0], mark), url)}{mark}"
    mark = reference.quote
    return f"{mark}{_JS_ESCAPED.sub(lambda found: _js_escape(found[0], mark), url)}{mark}"


def _css_escape(character: str, mark: str) -> str:
    if character in "\"'":
        return f"\\{character}" if character == mark else character
    # A NUL cannot be written at all (CSS Syntax Level 3, 4.3.7).
    return "\\\\" if character == "\\" else f"\\{ord(character) or 0xFFFD:x} "


def _js_escape(character: str, mark: str) -> str:
    if character in "\"'`$":
        return f"\\{character}" if character == mark or (character == "$" and mark == "`") else character
    return "\\\\" if character == "\\" else f"\\u{ord(character):04x}"


class Lines:
    """Line numbers of ascending offsets; each line is counted once.

    Lines end with ``\\n``, ``\\r\\n`` or ``\\r``, and where ``form_feeds`` (in CSS) with ``\\f``.
    """

    def __init__(self, text: str, *, form_feeds: bool = False) -> None:
        self._text = text
        self._offset = 0
        self._line = 1
        self._has_returns = "\r" in text
        self._has_form_feeds = form_feeds and "\f" in text

    def at(self, offset: int) -> int:
        """The line, from 1, of an offset not before the one asked for last."""
        text, start = self._text, self._offset
        self._line += text.count("\n", start, offset)
        if self._has_returns:
            self._line += text.count("\r", start, offset) - text.count("\r\n", start, offset)
        if self._has_form_feeds:
            self._line += text.count("\f", start, offset)
        self._offset = offset
        return self._line
