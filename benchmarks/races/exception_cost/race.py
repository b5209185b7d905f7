"""The question, and who answers it."""

from __future__ import annotations

from harness.contestant import Case, Contestant, Race, Target

__all__ = ["RACE"]


def _contestant(name: str, title: str, *packages: str, ours: bool = False) -> Contestant:
    return Contestant(
        name=name,
        title=title,
        module=f"races.exception_cost.{name}",
        packages=("Django", *packages),
        ours=ours,
    )


RACE = Race(
    name="exception_cost",
    title="What a request that succeeds pays for the report of one that fails",
    unit="µs",
    figure="wall",
    baseline="noop",
    cases=(
        Case(key="call", title="The middleware alone, WSGI"),
        Case(key="acall", title="The middleware alone, ASGI"),
        Case(key="request", title="A whole request of a logged-in user"),
        Case(
            key="added",
            title="What that pays beyond a middleware that does nothing",
            baseline="eager",
        ),
    ),
    contestants=(
        _contestant("noop", "a middleware that does nothing"),
        _contestant("ours", "ExceptionExtraMiddleware", "slimstack-exception-extra", ours=True),
        _contestant("guid", "django-guid", "django-guid"),
        _contestant("eager", "request.user, always asked"),
        _contestant("sentry", "sentry-sdk", "sentry-sdk"),
        _contestant("structlog_middleware", "django-structlog", "django-structlog", "structlog"),
    ),
    how=(
        "alone: the middleware around a function that returns an answer, less the call of that function",
        "each time with a new request: what a middleware leaves on one, or does once for it, is paid every time",
        "whole: a request through Django's WSGI handler; session and authentication middleware stand before the other",
        "beyond: both in one process, in turns of 250 requests; the median difference of the turns",
        "the visitor is logged in, the session is in SQLite in memory, and the view does not look at the user",
        "checked first: the view's answer arrives with status 200, and (ours) without a query",
        "sentry-sdk and who evaluates the user have no figure alone: one patches Django, the other needs a session",
        "those who patch Django, or hear its signals, have no figure beyond: the other's requests would pay for it, too",
        "nothing is written or sent: django-structlog logs to a null handler, sentry-sdk to a transport that drops",
    ),
    targets=(
        Target(case="call", contestant="ours", at_most=1.0),
        Target(case="acall", contestant="ours", at_most=1.0),
        Target(case="added", contestant="ours", at_most=1.0),
        Target(case="call", contestant="ours", at_most=1 / 5, against="guid"),
        Target(case="request", contestant="ours", at_most=1 / 2, against="structlog_middleware"),
    ),
)
