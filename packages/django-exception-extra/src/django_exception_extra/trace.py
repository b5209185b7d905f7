"""Look at the user of a failed request and leave no trace of having looked.

Evaluating `request.user` as it stands has side effects nobody wants from an error report: it marks the session as
accessed (`Vary: Cookie` on the answer), can end or renew it (`flush()`, `cycle_key()`), and sends queries into a
transaction that is broken or through a connection that is gone.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn

from django.contrib.sessions.backends.base import SessionBase
from django.db import Error, InterfaceError, OperationalError, connections, transaction
from django.db.transaction import TransactionManagementError
from django.http import HttpRequest
from django.utils.functional import LazyObject, empty

__all__ = [
    "evaluated_user",
    "lazy_user",
    "may_query",
    "no_queries",
    "safe_queries",
    "session_user_id",
    "untouched",
]

# The names under which django.contrib.auth keeps the id of the user in the session, and the user on the request.
SESSION_KEY = "_auth_user_id"
CACHED_USER = "_cached_user"
CACHED_AUSER = "_acached_user"

_WRITERS = ("save", "create", "delete")


def evaluated_user(request: HttpRequest) -> Any:
    """The user of the request if it is there without any work, else None.

    That is a `request.user` which is no lazy object, or one the view has evaluated, or what an async view was given
    by `await request.auser()`.
    """
    user = getattr(request, "user", None)
    if user is None or not _is_unevaluated(user):
        return user
    cached = request.__dict__.get(CACHED_USER)
    if cached is not None:
        return cached
    # `auser()` keeps its first answer even after a logout, so it counts only while the session says the same.
    cached = request.__dict__.get(CACHED_AUSER)
    if cached is not None and str(cached.pk) == session_user_id(request):
        return cached
    return None


def lazy_user(request: HttpRequest) -> Any:
    """A copy of a `request.user` that was not evaluated, so that evaluating the copy leaves the original as it is."""
    return copy.copy(getattr(request, "user", None))


def session_user_id(request: HttpRequest, *, load: bool = False) -> str | None:
    """The id of the logged-in user according to the session; sends no query.

    `load` also reads a session that was not read before, unless it lives in the database. To be called inside
    `untouched`: reading a session leaves a trace.
    """
    session = getattr(request, "session", None)
    if not isinstance(session, SessionBase):
        return None
    is_loaded = "_session_cache" in session.__dict__
    if not is_loaded and (not load or _is_in_database(session)):
        return None
    user_id = session.get(SESSION_KEY)
    return None if user_id is None else str(user_id)


@contextmanager
def untouched(request: HttpRequest) -> Iterator[None]:
    """Inside, the user can be evaluated and `request.session` read, loaded, even ended, without any effect."""
    had_cached = CACHED_USER in request.__dict__
    session = getattr(request, "session", None)
    if isinstance(session, SessionBase):
        aside = copy.copy(session)
        if "_session_cache" in session.__dict__:
            aside.__dict__["_session_cache"] = dict(session.__dict__["_session_cache"])
        aside.__dict__.update(dict.fromkeys(_WRITERS, _write_nothing))
        request.session = aside
    try:
        yield
    finally:
        if isinstance(session, SessionBase):
            request.session = session
        if not had_cached:
            request.__dict__.pop(CACHED_USER, None)


def may_query(exception: BaseException | None) -> bool:
    """Whether a query sent now can be expected to be answered, given what the request failed with.

    Not where the database itself is the trouble (unreachable, locked: a second query would wait as long as the first
    did), and not inside a transaction that is already broken.
    """
    in_use = connections.all(initialized_only=True)
    if exception is None:
        return not any(connection.errors_occurred or connection.needs_rollback for connection in in_use)
    errors = list(_chain(exception))
    if any(isinstance(error, (OperationalError, InterfaceError)) for error in errors):
        return False
    # PostgreSQL refuses everything after a failed statement, whether or not Django has noticed.
    failed = any(isinstance(error, Error) for error in errors)
    return not any(
        connection.in_atomic_block and (failed or connection.needs_rollback) for connection in in_use
    )


@contextmanager
def no_queries() -> Iterator[None]:
    """A query sent inside, by the `__str__` of a user or a function of the project, fails without being sent."""
    with ExitStack() as stack:
        for connection in connections.all(initialized_only=True):
            stack.enter_context(connection.execute_wrapper(_refuse))
        yield


@contextmanager
def safe_queries() -> Iterator[None]:
    """Queries sent inside can fail without breaking a transaction around them; connections made inside are closed.

    Django runs its exception handling for async requests in threads of a pool, where nobody would ever close them.
    """
    before = [c for c in connections.all(initialized_only=True) if c.connection is not None]
    try:
        with ExitStack() as stack:
            for connection in before:
                if connection.in_atomic_block:
                    stack.enter_context(transaction.atomic(using=connection.alias))
            yield
    finally:
        for connection in connections.all(initialized_only=True):
            if connection not in before and connection.connection is not None:
                connection.close()


def _is_unevaluated(user: object) -> bool:
    # Not isinstance(): a lazy object answers for the class of what it wraps, and evaluates itself to do so.
    return issubclass(type(user), LazyObject) and getattr(user, "_wrapped", None) is empty


def _is_in_database(session: object) -> bool:
    from django.contrib.sessions.backends.db import SessionStore

    return isinstance(session, SessionStore)


def _write_nothing(*_args: object, **_kwargs: object) -> None:
    """In place of what would change the stored session."""


def _refuse(*_args: object) -> NoReturn:
    raise TransactionManagementError("No query may be sent here: the database failed a moment ago.")


def _chain(exception: BaseException | None) -> Iterator[BaseException]:
    """The exception, its causes and contexts, and the members of exception groups, each once."""
    waiting = [exception]
    seen = set[int]()
    while waiting:
        error = waiting.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        yield error
        waiting += [error.__cause__, error.__context__]
        if isinstance(error, BaseExceptionGroup):
            waiting += error.exceptions
