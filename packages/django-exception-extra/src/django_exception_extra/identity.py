"""A user, as one line of text."""

from __future__ import annotations

from typing import Any

__all__ = ["MAX_LENGTH", "as_full", "as_id", "as_masked", "as_username", "one_line"]

# Django's own User, every field filled to its limit, takes 711 characters: nothing of it is ever cut.
MAX_LENGTH = 1024


def one_line(text: object) -> str:
    """`text` as one printable line of at most `MAX_LENGTH` characters; what is cut off is marked by an ellipsis.

    Line breaks, control characters, bidirectional overrides and lone surrogates come out as their backslash escapes,
    so no name a user chose can begin a header or a log line of its own, or break the encoding of the mail.
    """
    # Cut before escaping, too: a hostile megabyte must not cost a megabyte's work.
    line = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii")
        for c in str(text)[: MAX_LENGTH + 1]
    )
    return line if len(line) <= MAX_LENGTH else line[: MAX_LENGTH - 1] + "…"


def as_id(pk: object) -> str:
    """`id=7`."""
    return f"id={pk}"


def as_username(user: Any) -> str:
    """`anita`: what the user model says is its user name, else the user as text."""
    get_username = getattr(user, "get_username", None)
    return str(get_username() if callable(get_username) else user)


def as_full(user: Any) -> str:
    """`anita`, `anita (Anita Test)` or `anita a@x.org (Anita Test)`, by what the user has."""
    return _joined(str(user), _email(user), _full_name(user))


def as_masked(user: Any) -> str:
    """`id=7 a*** a***@x***.org (A*** T***)`: enough to recognise a user, too little to know one.

    The stars are always three: not even the length of what they hide is told.
    """
    name = " ".join(map(_masked_word, _full_name(user).split()))
    line = _joined(_masked_word(as_username(user)), _masked_word(_email(user)), name)
    return f"{as_id(user.pk)} {line}".rstrip()


def _joined(username: str, email: str, full_name: str) -> str:
    # A model that uses the address as user name would print it twice.
    parts = [username, email if email != username else "", f"({full_name})" if full_name else ""]
    return " ".join(part for part in parts if part)


def _email(user: Any) -> str:
    get_field = getattr(user, "get_email_field_name", None)
    field = get_field() if callable(get_field) else "email"
    return str(getattr(user, field, None) or "").strip()


def _full_name(user: Any) -> str:
    if hasattr(user, "first_name") or hasattr(user, "last_name"):
        both = (getattr(user, "first_name", None), getattr(user, "last_name", None))
        return " ".join(str(part).strip() for part in both if part).strip()
    get_full_name = getattr(user, "get_full_name", None)
    return str(get_full_name() or "").strip() if callable(get_full_name) else ""


def _masked_word(word: str) -> str:
    local, at, domain = word.rpartition("@")
    if not at:
        return f"{word[0]}***" if word else ""
    host, dot, top = domain.rpartition(".")
    return f"{local[:1]}***@{host[:1]}***{dot}{top}" if dot else f"{local[:1]}***@{domain[:1]}***"
