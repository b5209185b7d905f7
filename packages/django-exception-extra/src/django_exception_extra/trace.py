"""Look at the user of a failed request and leave no trace of having looked.

Nothing on the request is changed, not even for a moment: another thread may be looking while it goes on. Evaluating
`request.user` as it stands has side effects nobody wants from an error report: it marks the session as accessed
(`Vary: Cookie` on the answer) and can end or renew it (`flush()`, `cycle_key()`).
"""

from __future__ import annotations

import copy
import types
from importlib import import_module
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict

from . import installed, lazies

__all__ = [
    "aside",
    "evaluated_user",
    "give_back",
    "hijackers",
    "is_djangos_word",
    "lazy_user",
    "read_session",
    "session_differs",
    "session_user_id",
    "why_not",
]

# The names under which django.contrib.auth keeps the id of the user and what authenticated them in the session, and the
# user on the request.
SESSION_KEY = "_auth_user_id"
BACKEND_KEY = "_auth_user_backend"
CACHED_USER = "_cached_user"
CACHED_AUSER = "_acached_user"
# Where the lazy object comes from for which the user is kept so.
AUTH_MODULE = "django.contrib.auth.middleware"
# The name under which django-hijack keeps the ids of those who act as somebody else, the first one first.
HIJACKERS = "hijack_history"
# The setting with the name under which django-loginas keeps such an id, signed, and its default.
LOGINAS = ("LOGINAS_FROM_USER_SESSION_FLAG", "loginas_from_user")

_WRITERS = ("save", "create", "delete")
# What reading the form leaves on a request.
_BODY = {"_body", "_stream", "_read_started"}
_FORM = {*_BODY, "_post", "_files"}
# What a copy of a request has of it as it is: what it was made of, and who is known.
_AS_THEY_ARE = {
    *(*_FORM, "META", "environ", "scope", "session", "resolver_match", "_upload_handlers"),
    *("user", CACHED_USER, CACHED_AUSER, "impersonator"),
}
_ABSENT = object()
_OURS = "_exception_extra_"


def evaluated_user(request: HttpRequest) -> Any:
    """The user of the request if it is there without any work, else None.

    That is a `request.user` which is no lazy object, or one the view has evaluated; and where it is Django's, what
    somebody else has evaluated, or an async view was given by `await request.auser()`.
    """
    # A property of the request's class is no user that is there: to have it is to have it worked out.
    user = request.__dict__.get("user")
    if user is None or not lazies.is_unevaluated(user):
        return user
    # A lazy object of the project's own, put in its place, stands for whom it likes.
    if not _is_djangos(user, request):
        return None
    cached = request.__dict__.get(CACHED_USER)
    if cached is not None:
        return cached
    # `auser()` keeps its first answer even after a logout, so it counts only while the session says the same.
    cached = request.__dict__.get(CACHED_AUSER)
    if cached is not None and str(cached.pk) == session_user_id(request):
        return cached
    return None


def is_djangos_word(request: HttpRequest) -> bool:
    """Whether it is Django that says who the user is, or would say so, and not the project by a `request.user` of its own."""
    if "user" in request.__dict__:
        return _is_djangos(request.__dict__["user"])
    return not hasattr(type(request), "user")


def _is_djangos(user: object, request: HttpRequest | None = None) -> bool:
    """Whether it is the lazy object of `AuthenticationMiddleware`, and asks `request` if one is given."""
    # Asked for by name, since a lazy object hands on all it has not itself.
    setup: Any = vars(user).get("_setupfunc") if lazies.is_lazy(user) else None
    if not isinstance(setup, types.FunctionType) or setup.__globals__.get("__name__") != AUTH_MODULE:
        return False
    return request is None or any(cell.cell_contents is request for cell in setup.__closure__ or ())


def lazy_user(request: HttpRequest) -> Any:
    """The user that has to be asked for, of a request that is `aside`.

    On a request that failed before `AuthenticationMiddleware` had its turn, the user it would have found; before
    `SessionMiddleware`, by the session of the cookie. None where `request.user` is None, or cannot be asked without a
    trace; the session is read then.
    """
    # Asked for once: it may be a property, which works it out each time.
    user: Any = getattr(request, "user", _ABSENT)
    if user is _ABSENT:
        return _from_session(request) if installed.has(installed.authentication()) else None
    if lazies.is_refused(user):
        # It may be another than the one Django would find, so that one is not the answer; but now the session is read,
        # and says nothing more if Django does not believe it.
        _from_session(request)
        return None
    if user is None:
        read_session(request)
    return user


def read_session(request: HttpRequest) -> None:
    """Have the session of a request that is `aside` read, and emptied if Django does not believe it.

    Not where it was asked in vain before, or nobody is logged in by Django's authentication.
    """
    session = request.__dict__.get("session")
    if isinstance(session, SessionBase) and session.accessed and not _is_loaded(session):
        return
    if installed.has(installed.authentication()):
        _from_session(request)


def _from_session(request: HttpRequest) -> Any:
    from django.contrib.auth import get_user

    if not hasattr(request, "session"):
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        if key is None:
            return None
        request.session = _quiet(import_module(settings.SESSION_ENGINE).SessionStore(key))
    return get_user(request)


def session_user_id(request: HttpRequest, *, load: bool = False) -> str | None:
    """The id of the logged-in user according to the session; sends no query.

    `load` also reads a session that was not read before, unless it lives in the database. To be called with it for a
    request that is `aside` only: that leaves a trace.
    """
    session = getattr(request, "session", None)
    if not isinstance(session, SessionBase):
        return None
    if _is_loaded(session):
        # Not by get(), which marks the session as accessed.
        user_id = session.__dict__["_session_cache"].get(SESSION_KEY)
    elif load and not _is_in_database(session):
        user_id = session.get(SESSION_KEY)
    else:
        return None
    return None if user_id is None else str(user_id)


def session_differs(request: HttpRequest, user_id: str | None) -> bool:
    """Whether the session has been read and names another than `user_id`."""
    session = getattr(request, "session", None)
    return isinstance(session, SessionBase) and _is_loaded(session) and session_user_id(request) != user_id


def hijackers(request: HttpRequest) -> list[str]:
    """The ids of those who act as the logged-in user by django-hijack or django-loginas, if the session has been read."""
    session = getattr(request, "session", None)
    if not isinstance(session, SessionBase) or not _is_loaded(session):
        return []
    stored = session.__dict__["_session_cache"]
    found = [str(user_id) for user_id in stored.get(HIJACKERS) or ()]
    signed = stored.get(getattr(settings, *LOGINAS))
    if isinstance(signed, str):
        # id:time:signature. An old signature keeps that package from going back, but tells as well who it is.
        found.append(signed.rsplit(":", 2)[0])
    return found


def why_not(request: HttpRequest, *, committed: bool) -> str:
    """Why the user the session names was not loaded: "deleted", "backend removed", "inactive" or ""; sends a query.

    `committed` says that the query finds only what was committed: one who logged in within the request, and may have
    been made within it, is not called deleted for that.
    """
    user_id = session_user_id(request)
    if user_id is None or (committed and request.session.modified):
        return ""
    from django.contrib.auth import get_user_model

    model = get_user_model()
    user = model._base_manager.filter(pk=model._meta.pk.to_python(user_id)).first()
    if user is None:
        return "deleted"
    if request.session.get(BACKEND_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return "backend removed"
    # A model of the project's own need not have it.
    return "" if getattr(user, "is_active", True) else "inactive"


_Request = TypeVar("_Request", bound=HttpRequest)


def aside(request: _Request, *, read: bool = True) -> _Request:
    """A copy of the request with a user and a session of its own, on which all can be done without any effect.

    What it shares is `META`, and the form, which can be read only once: unless `read`, one that was not read yet is
    empty. A lazy object that could ask the request itself, and whatever else leads to it, is replaced by one that raises
    when it is evaluated.
    """
    # Not by copy(), which leaves out what cannot be pickled.
    twin = type(request).__new__(type(request))
    twin.__dict__.update(request.__dict__)
    session = twin.__dict__.get("session")
    if isinstance(session, SessionBase):
        session = copy.copy(session)
        if _is_loaded(session):
            session.__dict__["_session_cache"] = dict(session.__dict__["_session_cache"])
        twin.session = _quiet(session)
    rebinding = lazies.Rebinding(request, twin)
    # Who asks the copy could get from these to the request itself; Django's own user does not.
    shared = [request.META, _held(twin.__dict__.get("session"))]
    leads_back = any(map(rebinding.leads_back, shared))
    for name, value in list(twin.__dict__.items()):
        if leads_back and lazies.is_unevaluated(value) and not _is_djangos(value, request):
            twin.__dict__[name] = lazies.refused()
        elif lazies.is_unevaluated(value) or not (name in _AS_THEY_ARE or name.startswith(_OURS)):
            twin.__dict__[name] = rebinding.of(value)

    def load() -> None:
        if not read:
            twin.__dict__.update(_post=QueryDict(), _files=MultiValueDict())
            return
        give_back(twin, request)
        try:
            request._load_post_and_files()
        finally:
            twin.__dict__.update({name: request.__dict__[name] for name in _FORM & request.__dict__.keys()})

    twin.__dict__["_load_post_and_files"] = load
    return twin


def give_back(twin: HttpRequest, request: HttpRequest) -> None:
    """Let the request have a body that was read of its copy, since it cannot be read again."""
    if "_body" in twin.__dict__ and "_body" not in request.__dict__:
        request.__dict__.update({name: twin.__dict__[name] for name in _BODY & twin.__dict__.keys()})


def _held(session: object) -> object:
    """What a session has of its own: not the cache it is kept in, with those of all others."""
    if not isinstance(session, SessionBase):
        return session
    return {name: value for name, value in vars(session).items() if name != "_cache"}


def _is_loaded(session: SessionBase) -> bool:
    return "_session_cache" in session.__dict__


def _is_in_database(session: object) -> bool:
    from django.contrib.sessions.backends.db import SessionStore

    return isinstance(session, SessionStore)


def _quiet(session: SessionBase) -> SessionBase:
    session.__dict__.update(dict.fromkeys(_WRITERS, _write_nothing))
    return session


def _write_nothing(*_args: object, **_kwargs: object) -> None:
    """In place of what would change the stored session."""
