"""A user, as one line of text."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model

__all__ = [
    "MAX_LENGTH",
    "as_full",
    "as_id",
    "as_masked",
    "as_mode",
    "as_stored",
    "as_username",
    "fields",
    "is_authenticated",
    "one_line",
]

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
    """`id=7 a*** a***@x*** (A*** T***)`: enough to recognise a user, too little to know one.

    The stars are always three: not even the length of what they hide is told. An id is told, unless it is the user
    name or the address, or looks like one.
    """
    name = _masked_words(_full_name(user))
    line = _joined(_masked_word(as_username(user)), _masked_word(_email(user)), name)
    return f"{as_id(_masked_pk(user))} {line}".rstrip()


def as_stored(mode: str, pk: object) -> str:
    """An id of which no more is known, as a session has it: `7`, or as much of a name or an address as `mode` allows."""
    text = str(pk)
    return _masked_word(text) if mode != "full" and (_is_telling() or "@" in text) else text


def as_mode(mode: str, user: Any) -> str:
    """The user by one of the built-in values of `EXCEPTION_EXTRA_IDENTITY`."""
    if mode == "id":
        return as_id(_masked_pk(user))
    if mode == "username":
        return as_username(user)
    return as_masked(user) if mode == "masked" else as_full(user)


def fields(mode: str, user: Any) -> dict[str, str]:
    """The same in parts, for reporters that keep a user in fields: those of `id`, `username`, `email`, `name`."""
    if mode == "id":
        return {"id": _masked_pk(user)}
    if mode == "username":
        return {"username": as_username(user)}
    if mode == "masked":
        found = {
            "id": _masked_pk(user),
            "username": _masked_word(as_username(user)),
            "email": _masked_word(_email(user)),
            "name": _masked_words(_full_name(user)),
        }
    else:
        found = {
            "id": str(user.pk),
            "username": as_username(user),
            "email": _email(user),
            "name": _full_name(user),
        }
    return {key: value for key, value in found.items() if value}


def is_authenticated(user: Any) -> bool:
    """Whether it is somebody, and not an anonymous visitor."""
    flag = user.is_authenticated
    # User classes from before Django 1.10 have a method here, which is always true.
    return bool(flag() if callable(flag) else flag)


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


def _masked_words(words: str) -> str:
    return " ".join(map(_masked_word, words.split()))


def _masked_word(word: str) -> str:
    local, at, domain = word.rpartition("@")
    if not at:
        return f"{word[0]}***" if word else ""
    # What stands after the last dot need not be a domain of the highest level, so none of it is told.
    return f"{local[:1]}***@{domain[:1]}***"


def _masked_pk(user: Any) -> str:
    pk = user.pk
    if isinstance(pk, str) and ("@" in pk or pk in (as_username(user), _email(user))):
        return _masked_word(pk)
    return str(pk)


def _is_telling() -> bool:
    """Whether the primary key of the user model is what a user is called by."""
    model = get_user_model()
    return model._meta.pk.name in (model.USERNAME_FIELD, getattr(model, "EMAIL_FIELD", None))
