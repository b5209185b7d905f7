"""A user, as one line of text."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model

from .line import MAX_LENGTH, cut, is_empty, one_line, unforged, unforged_key

__all__ = [
    "MAX_LENGTH",
    "as_full",
    "as_id",
    "as_masked",
    "as_mode",
    "as_stored",
    "as_username",
    "cut",
    "fields",
    "is_authenticated",
    "is_lost",
    "one_line",
]

logger = logging.getLogger("django_exception_extra")


def as_id(pk: object) -> str:
    """`id=7`."""
    return f"id={unforged_key(str(pk))}"


def as_username(user: Any) -> str:
    """`anita`: what the user model says is its user name, "" if it has none; else the user as text."""
    get_username = getattr(user, "get_username", None)
    if not callable(get_username):
        return str(user)
    name = get_username()
    return "" if name is None else str(name)


def as_full(user: Any) -> str:
    """`anita`, `anita (Anita Test)` or `anita a@x.org (Anita Test)`, by what the user has.

    What raises is left out; where nothing else is left, `id=7`.
    """
    line = _joined(_part(str, user), _part(_email, user), _part(_full_name, user))
    return line or _id_if_any(user)


def as_masked(user: Any) -> str:
    """`id=7 a*** a***@x*** (A*** T***)`: enough to recognise a user, too little to know one.

    The stars are always three: not even the length of what they hide is told. An id is told, unless it is the user
    name or the address, or looks like one.
    """
    name = _masked_words(_part(_full_name, user))
    line = _joined(_masked_word(_part(as_username, user)), _masked_word(_part(_email, user)), name)
    return f"{_id_if_any(user)} {line}".strip()


def as_stored(mode: str, pk: object) -> str:
    """An id of which no more is known, as a session has it: `7`, or as much of a name or an address as `mode` allows."""
    text = str(pk)[: MAX_LENGTH + 1]
    return _masked_word(text) if mode != "full" and (_is_telling() or "@" in text) else text


def as_mode(mode: str, user: Any) -> str:
    """The user by one of the built-in values of `EXCEPTION_EXTRA_IDENTITY`; "" where there is nothing to tell."""
    if mode == "id":
        return _id_if_any(user)
    if mode == "username":
        return unforged(_part(as_username, user)) or _id_if_any(user)
    return as_masked(user) if mode == "masked" else as_full(user)


def fields(mode: str, user: Any) -> dict[str, str]:
    """The same in parts, for reporters that keep a user in fields: those of `id`, `username`, `email`, `name`."""
    if mode == "id":
        found = {"id": _part(_masked_pk, user)}
    elif mode == "username":
        username = _part(as_username, user)
        found = {"username": username} if username else {"id": _part(_masked_pk, user)}
    elif mode == "masked":
        found = {
            "id": _part(_masked_pk, user),
            "username": _masked_word(_part(as_username, user)),
            "email": _masked_word(_part(_email, user)),
            "name": _masked_words(_part(_full_name, user)),
        }
    else:
        found = {
            "id": _part(_pk, user),
            "username": _part(as_username, user),
            "email": _part(_email, user),
            "name": _part(_full_name, user),
        }
    return {key: value for key, value in found.items() if value}


def is_lost(mode: str, user: Any) -> bool:
    """Whether `delete()` has taken from the object what would be told of it: its id, or a name that was its key.

    An object that never had a primary key has lost none.
    """
    try:
        is_deleted = getattr(user, "pk", user) is None
    except Exception:  # noqa: BLE001 (whatever it is: then nobody knows)
        return False
    if not is_deleted:
        return False
    return (
        mode in ("id", "masked")
        or not as_mode(mode, user)
        or (not _part(as_username, user) and _is_telling())
    )


def is_authenticated(user: Any) -> bool:
    """Whether it is somebody, and not an anonymous visitor."""
    flag = user.is_authenticated
    # User classes from before Django 1.10 have a method here, which is always true.
    return bool(flag() if callable(flag) else flag)


def _joined(username: str, email: str, full_name: str) -> str:
    # A model that uses the address as user name would print it twice.
    parts = [username, email if email != username else ""]
    name = unforged(full_name)
    return " ".join(part for part in [*map(unforged, parts), f"({name})" if name else ""] if part)


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


def _part(part: Callable[[Any], str], user: Any) -> str:
    """One part of what is told, without blanks around it; "" where nothing of it can be seen.

    And "" where it cannot be had, which costs none of the others.
    """
    try:
        # Cut before anything is escaped: of a hostile megabyte no more is ever told.
        found = part(user)[: MAX_LENGTH + 1].strip()
        return "" if is_empty(found) else found
    except Exception:
        logger.debug("Unable to debug who was logged in", exc_info=True)
        return ""


def _id_if_any(user: Any) -> str:
    pk = _part(_masked_pk, user)
    return as_id(pk) if pk else ""


def _pk(user: Any) -> str:
    pk = getattr(user, "pk", None)
    return "" if pk is None else str(pk)


def _masked_pk(user: Any) -> str:
    pk = getattr(user, "pk", None)
    return _masked_word(pk) if isinstance(pk, str) and _is_name(pk, user) else _pk(user)


def _is_name(pk: str, user: Any) -> bool:
    try:
        return "@" in pk or pk in (as_username(user), _email(user))
    except Exception:  # noqa: BLE001 (whatever it is: then it may be)
        return True


def _is_telling() -> bool:
    """Whether the primary key of the user model is what a user is called by."""
    model = get_user_model()
    return model._meta.pk.name in (model.USERNAME_FIELD, getattr(model, "EMAIL_FIELD", None))
