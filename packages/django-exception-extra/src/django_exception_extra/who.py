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

# The ways on which a user can be loaded.
_ASKING = (database.Way.HERE, database.Way.ASIDE)


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
            if final and not seen.final:
                memory.keep(request, replace(seen, final=True))
                # Those who were told may have forgotten it with the end of a request that was sent meanwhile.
                _publish(request, seen.who, final=True)
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
    what has been found by now. Never raises.
    """
    try:
        if home.is_elsewhere(request):
            return known(request)
        if not _is_in_event_loop():
            return record(request, exception, final=final)
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


def _is_in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


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
    # As it stands there: a property of the request's class would be worked out.
    user = request.__dict__.get("user")
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
    reason = ""
    # A function speaks of a user only, so of none it need not be known why.
    explaining = custom is None and way in _ASKING
    try:
        with database.entered(way, exception):
            user = trace.evaluated_user(request)
            if user is None and way in _ASKING:
                user = trace.lazy_user(request)
            if user is not None and identity.is_authenticated(user):
                return _described(request, user, mode, custom)
            if explaining:
                reason = trace.why_not(request, committed=way is database.Way.ASIDE)
            if user is not None and not reason and not trace.is_djangos_word(request):
                return "", {}  # the project itself says that it is nobody
    except Exception as error:
        logger.debug(UNABLE, exc_info=True)
        if explaining and not trace.is_djangos_word(request):
            reason = _without_user(request, exception, way, error)
    user_id = None if custom else trace.session_user_id(request, load=way is database.Way.NOWHERE)
    if user_id is None:
        return "", {}
    with database.entered(database.Way.NOWHERE, exception):
        return _stored(request, mode, user_id, reason)


def _without_user(
    request: HttpRequest, exception: BaseException | None, way: database.Way, error: Exception
) -> str:
    """Have the session read where a `request.user` of the project fails with `error`; why its user could not be loaded."""
    if database.way(error) is database.Way.NOWHERE:
        return ""
    try:
        with database.entered(way, exception):
            trace.read_session(request)
            return trace.why_not(request, committed=way is database.Way.ASIDE)
    except Exception:
        logger.debug(UNABLE, exc_info=True)
        return ""


def _stored(request: HttpRequest, mode: Any, user_id: str, reason: str) -> tuple[str, Mapping[str, str]]:
    told = identity.as_stored(mode, user_id)
    line = _followed(identity.as_id(told), " ", f"(from the session{'; ' + reason if reason else ''})")
    return _told(line, {"id": told}, _impersonator(request, mode))


def _described(
    request: HttpRequest, user: Any, mode: Any, custom: conf.Custom | None
) -> tuple[str, Mapping[str, str]]:
    if custom is not None:
        line = identity.one_line(conf.answer(custom(request, user)))
        return line, {"username": line} if line else {}
    if identity.is_lost(mode, user):
        # The session keeps it.
        user_id = trace.session_user_id(request)
        return ("", {}) if user_id is None else _stored(request, mode, user_id, "deleted")
    return _told(identity.as_mode(mode, user), identity.fields(mode, user), _impersonator(request, mode))


def _told(line: str, fields: Mapping[str, str], by: str) -> tuple[str, Mapping[str, str]]:
    if not line:
        return "", {}
    line = identity.one_line(line)
    if by:
        line, fields = _followed(line, ", impersonated by ", by), {**fields, "impersonator": by}
    return line, {key: identity.one_line(value) for key, value in fields.items()}


def _followed(line: str, link: str, more: str) -> str:
    """Both on one line, where neither can push the other out: of two long ones each gets a half, or what the other leaves."""
    line, more = identity.one_line(line), identity.one_line(more)
    room = identity.MAX_LENGTH - len(link)
    more = identity.cut(more, max(room // 2, room - len(line)))
    return f"{identity.cut(line, room - len(more))}{link}{more}"


def _impersonator(request: HttpRequest, mode: Any) -> str:
    """Who acts as the user: django-impersonate leaves them on the request, the others their ids in the session."""
    try:
        other = getattr(request, "impersonator", None)
        if other is not None and identity.is_authenticated(other):
            return identity.as_mode(mode, other)
    except Exception:  # the user is known all the same
        logger.debug(UNABLE, exc_info=True)
    ids = trace.hijackers(request)
    return ", ".join(identity.as_id(identity.as_stored(mode, user_id)) for user_id in ids)
