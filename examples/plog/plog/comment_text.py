"""The text of a comment on its way in (tidied) and on its way out (escaped, paragraphs, links)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import nh3
from django.utils.html import linebreaks, urlize
from django.utils.safestring import SafeString, mark_safe

__all__ = ["tidy", "tidy_line", "to_html"]

# Looking for addresses takes longer than all else on a page with many comments.
CACHED = 1024

# Only what a page may contain without surprises: letters are fine, invisible commands are not.
_BIDI_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def tidy(text: str) -> str:
    """Make line ends alike, drop control characters, trailing blanks, and more than one empty line at a time."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    text = "".join(char for char in text if char == "\n" or not _is_command(char))
    text = re.sub(r"[^\S\n]+\n", "\n", text + "\n")
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n").rstrip()


def tidy_line(text: str) -> str:
    """The same for a name: one line, single blanks."""
    return " ".join(tidy(text).split())


@lru_cache(maxsize=CACHED)
def to_html(text: str) -> SafeString:
    """Show a comment as it was typed: escaped, blank lines part paragraphs, addresses become links that give no rank."""
    html = linebreaks(urlize(text, nofollow=False, autoescape=True))
    safe = nh3.clean(
        html,
        tags={"a", "br", "p"},
        attributes={"a": {"href"}},
        url_schemes={"http", "https"},
        link_rel="nofollow ugc noopener",
    )
    return mark_safe(safe)  # noqa: S308 (escaped above, then sanitised)


def _is_command(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") or char in _BIDI_OVERRIDES
