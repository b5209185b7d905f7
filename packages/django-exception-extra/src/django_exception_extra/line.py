"""Text that others chose, as part of one line: it cannot begin another, hide in it, or speak with the line's own words."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["MAX_LENGTH", "cut", "is_empty", "one_line", "unforged", "unforged_key"]

# Django's own User, every field filled to its limit, takes 711 characters: nothing of it is ever cut.
MAX_LENGTH = 1024

# Zero width joiner and non-joiner: neither is seen itself, but some scripts cannot be written without.
_JOINERS = "\u200c\u200d"
_VIRAMA = 9
# Variation selector 16: the emoji before it is to be coloured; or the digit, in a keycap.
_COLOURED = "\ufe0f"
_KEYCAP = "\u20e3"
# The emoji of emoji-variation-sequences.txt (Unicode 16) that are no symbols of category So, but for those of keycaps.
_EMOJI = "\u203c\u2049\u2139\u2194\u25fb\u25fc\u25fd\u25fe\u2934\u2935\u3030"
# What is not seen, whatever its category: Default_Ignorable_Code_Point in DerivedCoreProperties.txt (Unicode 16), which
# Python's unicodedata does not know, and signs that are drawn empty: the Braille pattern without dots, the blanks of
# Egyptian, the filler of Khitan, the note without a head.
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U00013441\U00013442\U00016fe4\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_UNSEEN_ONE = re.compile(f"[{_UNSEEN}]")
_UNSEEN_ONLY = re.compile(rf"[\s{_UNSEEN}]*")

# How the line itself goes on after somebody, and how it begins with an id. What stands between the parts of a name is a
# blank, so the words need not all be in one part.
_OWN_WORDS = re.compile(r",(?=\s*impersonated)|(?<=^id)=", re.IGNORECASE)
_PARENTHESES = re.compile(r"[()]")
_ALL_OWN = re.compile(r"[(),]")


def one_line(text: object, length: int = MAX_LENGTH) -> str:
    """`text` as one printable line of at most `length` characters; what is cut off is marked by an ellipsis.

    Line breaks, control characters, bidirectional overrides, lone surrogates and all else that is not seen come out as
    their backslash escapes, so no name a user chose can begin a header or a log line of its own, look like another, or
    break the encoding of the mail. Spaces of other scripts stay, and so do the zero width joiners and the sign for a
    coloured emoji where they belong (as in RFC 5892, appendix A, and in emoji); elsewhere they would make two names look
    like one, and are escaped. Text of which nothing is seen is "".
    """
    # Cut before escaping, too: a hostile megabyte must not cost a megabyte's work.
    whole = str(text)[: length + 1]
    if is_empty(whole):
        return ""
    is_plain = whole.isprintable() and not _UNSEEN_ONE.search(whole)
    line = whole if is_plain else "".join(_shown(whole, at) for at in range(len(whole)))
    return cut(line.strip(), length)


def cut(line: str, length: int) -> str:
    """The begin of what is one line, of at most `length` characters; nothing is left at its end that would join the ellipsis."""
    return line if len(line) <= length else f"{line[: length - 1].rstrip(_JOINERS + _COLOURED)}…"


def is_empty(text: str) -> bool:
    """Whether nothing of it would be seen."""
    return _UNSEEN_ONLY.fullmatch(text) is not None


def unforged(part: str) -> str:
    """A part of a line, in which the words and signs that would be the line's own are escaped.

    That is `, impersonated`, an `id=` at the begin, and parentheses of which one has no other.
    """
    part = _OWN_WORDS.sub(_escaped, part)
    return part if _is_balanced(part) else _PARENTHESES.sub(_escaped, part)


def unforged_key(key: str) -> str:
    """The same of a primary key, which has no parentheses or commas of its own."""
    return _ALL_OWN.sub(_escaped, key)


def _is_balanced(text: str) -> bool:
    depth = 0
    for sign in _PARENTHESES.findall(text):
        depth += 1 if sign == "(" else -1
        if depth < 0:
            return False
    return depth == 0


def _escaped(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"


def _shown(text: str, at: int) -> str:
    c = text[at]
    if _UNSEEN_ONE.match(c):
        stays = _joins(text, at) if c in _JOINERS else _colours(text, at)
    else:
        stays = c.isprintable() or unicodedata.category(c) == "Zs"
    return c if stays else c.encode("unicode_escape").decode("ascii")


def _joins(text: str, at: int) -> bool:
    """Whether a joiner stands where one belongs: after a virama, between Arabic letters, between two emoji."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if not before or not after or (_UNSEEN_ONE.match(before) and not _colours(text, at - 1)):
        return False
    if unicodedata.combining(before) == _VIRAMA:
        return unicodedata.category(after) == "Lo"
    if unicodedata.bidirectional(after) == "AL":
        # A letter may carry signs.
        return unicodedata.bidirectional(before) in ("AL", "NSM")
    # Between the two there may be a skin tone (Sk), or the sign that it is an emoji.
    return (
        text[at] == "\u200d"
        and _is_symbol(after)
        and (_is_symbol(before) or unicodedata.category(before) == "Sk" or before == _COLOURED)
    )


def _colours(text: str, at: int) -> bool:
    """Whether it is the sign for a coloured emoji, after one, or in a keycap."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if text[at] != _COLOURED or not before:
        return False
    return _is_symbol(before) or before in _EMOJI or (before in "#*0123456789" and after == _KEYCAP)


def _is_symbol(c: str) -> bool:
    # Before the letterlike symbols there are but two emoji, ones that no degree sign is.
    if c < "\u2100" and c not in "©®":
        return False
    return unicodedata.category(c) == "So" and not _UNSEEN_ONE.match(c)
