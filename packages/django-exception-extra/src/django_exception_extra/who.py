"""From a failed request to what is told about it: who was logged in, and the request's id."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from . import conf, database, home, identity, memory, request_id, trace
from .memory import META_KEY, META_REQUEST_ID, Memory, Who
from .signals import recorded

__all__ = ["UNABLE", "at_hand", "find", "forget", "http_request", "is_wanted", "known", "record"]

UNABLE = "Unable to debug who was logged in"

_NOBODY = Memory(Who(), final=False, user=None, session_id=None)

# The `META` of the request this thread or task is looking at, which its copies have, too.
_looked_at: ContextVar[Mapping[str, Any] | None] = ContextVar("exception_extra_looked_at", default=None)

logger = logging.getLogger("django_exception_extra")


def http_request(candidate: object) -> HttpRequest | None:
    """Django's request, also where it is handed around in a wrapper as Django REST framework's; None for all else."""
    if not isinstance(candidate, HttpRequest):
        candidate = getattr(candidate, "_request", None)
    return candidate if isinstance(candidate, HttpRequest) else None


def known(request: HttpRequest) -> Who | None:
    """What was recorded for a request and still holds; None for one that was not looked at since. Never raises."""
    try:
        seen = (memory.peek if home.is_elsewhere(request) else memory.remembered)(request)
    except Exception:  # a request without what every request has
        logger.debug(UNABLE, exc_info=True)
        return None
    return None if seen is None else seen.who


def forget(request: object) -> None:
    """Take back what was said of a request that goes on; what it failed with stays. Never raises."""
    try:
        memory.forget(request)
    except Exception:  # somebody logs in or out, and must be able to
        logger.debug(UNABLE, exc_info=True)


def record(request: HttpRequest, exception: BaseException | None, *, final: bool = True) -> Who | None:
    """Look once at a failed request, put what there is to say into `META`, and return it.

    Where it is not `final`, since the request goes on, it is looked at again if nobody was found, and when somebody
    else is logged in by then.
    None while `DEBUG` is on, unless `EXCEPTION_EXTRA_IN_DEBUG`. Never raises: what goes wrong is logged at level debug.
    """
    try:
        # One failure passes here up to four times: as an exception, a signal, an answer and a log line.
        seen = memory.remembered(request)
        if seen is not None:
            if final:
                memory.keep(request, replace(seen, final=True))
            return seen.who
        # What the look itself logs is no failure to be looked at.
        if not is_wanted() or _looked_at.get() is request.META:
            return None
        found = _NOBODY
        looking = _looked_at.set(request.META)
        try:
            found = find(request, exception)
        finally:
            _looked_at.reset(looking)
            if final or found.who.line:
                memory.keep(request, replace(found, final=final))
        _publish(request, found.who, final=final)
    except Exception:  # an error report must never add an error
        logger.debug(UNABLE, exc_info=True)
        return None
    return found.who


def at_hand(request: HttpRequest, exception: BaseException | None, *, final: bool = False) -> Who | None:
    """What `record` says; inside an event loop, where no query can be sent, only what is known without one.

    There a user who is not loaded yet is left to a later look. In a thread or task that is not the request's own, only
    what has been found by now.
    """
    if home.is_elsewhere(request):
        return known(request)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return record(request, exception, final=final)
    try:
        seen = known(request)
        if seen is not None or not is_wanted() or trace.evaluated_user(request) is None:
            return seen
        found = find(request, exception, way=database.Way.LATER)
        if found.who.line:
            memory.keep(request, replace(found, final=final))
            _publish(request, found.who, final=final)
    except Exception:  # an error report must never add an error
        logger.debug(UNABLE, exc_info=True)
        return None
    return found.who


def _publish(request: HttpRequest, who: Who, *, final: bool) -> None:
    if who.line:
        request.META[META_KEY] = who.line
    if who.request_id:
        request.META[META_REQUEST_ID] = who.request_id
    if who.line or (final and who.request_id):
        recorded.send_robust(Who, request=request, who=who)


def is_wanted() -> bool:
    """Whether anything is to be done at all: not under `DEBUG`, unless told."""
    return not settings.DEBUG or conf.in_debug()


def find(request: HttpRequest, exception: BaseException | None, *, way: database.Way | None = None) -> Memory:
    """Who was logged in when the request failed with `exception`, or by its answer where that is None.

    `way` is how queries can be sent, if the caller knows; else `database.way` says it.

    Where the user cannot be loaded but the session says who it was, that is what the line says:
    `id=7 (from the session)`, with the reason where it is known. A function of the project's own is the only one to
    speak, though: where it cannot be asked nothing is said. What the settings are wrong in is logged, nothing raised.
    """
    guid = identity.one_line(request_id.current())
    try:
        mode = conf.identity()
        custom = None if mode in conf.MODES else conf.custom_identity(mode)
    except Exception:
        logger.debug(UNABLE, exc_info=True)
        return replace(_NOBODY, who=Who(request_id=guid))
    user = getattr(request, "user", None)
    aside = trace.aside(request)
    try:
        line, fields = _user(aside, exception, mode, custom, database.way(exception) if way is None else way)
    finally:
        trace.give_back(aside, request)
    session_id = trace.session_user_id(aside)
    return Memory(Who(line, fields, guid), final=False, user=user, session_id=session_id)


def _user(
    request: HttpRequest,
    exception: BaseException | None,
    mode: Any,
    custom: conf.Custom | None,
    way: database.Way,
) -> tuple[str, Mapping[str, str]]:
    looked = False
    try:
        with database.entered(way, exception):
            user = trace.evaluated_user(request)
            if user is None and way in (database.Way.HERE, database.Way.ASIDE):
                user = trace.lazy_user(request)
            if user is not None and identity.is_authenticated(user):
                return _described(request, user, mode, custom)
            looked = True
    except Exception:
        logger.debug(UNABLE, exc_info=True)
    user_id = None if custom else trace.session_user_id(request, load=way is database.Way.NOWHERE)
    if user_id is None:
        return "", {}
    reason = _reason(user_id) if looked and way is database.Way.HERE else ""
    return _stored(mode, user_id, reason)


def _stored(mode: Any, user_id: str, reason: str) -> tuple[str, Mapping[str, str]]:
    told = identity.as_stored(mode, user_id)
    line = f"{identity.as_id(told)} (from the session{'; ' + reason if reason else ''})"
    return identity.one_line(line), {"id": identity.one_line(told)}


def _described(
    request: HttpRequest, user: Any, mode: Any, custom: conf.Custom | None
) -> tuple[str, Mapping[str, str]]:
    if custom is not None:
        line = identity.one_line(custom(request, user) or "")
        return line, {"username": line} if line else {}
    if mode in ("id", "masked") and user.pk is None:
        # `delete()` takes the id from the object; the session keeps it.
        user_id = trace.session_user_id(request)
        return ("", {}) if user_id is None else _stored(mode, user_id, "deleted")
    line = identity.as_mode(mode, user)
    fields = identity.fields(mode, user)
    if user.pk is None:
        fields.pop("id", None)
    # django-impersonate leaves who it really is on the request, django-hijack in the session.
    other = getattr(request, "impersonator", None)
    if other is not None and identity.is_authenticated(other):
        by = identity.as_mode(mode, other)
    else:
        by = ", ".join(
            identity.as_id(identity.as_stored(mode, user_id)) for user_id in trace.hijackers(request)
        )
    if by:
        line = f"{line}, impersonated by {by}"
        fields["impersonator"] = by
    return identity.one_line(line), {key: identity.one_line(value) for key, value in fields.items()}


def _reason(user_id: str) -> str:
    try:
        with database.entered(database.Way.HERE, None):
            return trace.why_not(user_id)
    except Exception:  # the id is known all the same
        logger.debug(UNABLE, exc_info=True)
        return ""
