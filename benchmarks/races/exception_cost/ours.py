"""django_exception_extra's middleware, last in the list, with every setting at its default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import connection
from django.test.utils import CaptureQueriesContext

from harness.contestant import Operation
from races.exception_cost import site

_NAME = "django_exception_extra.ExceptionExtraMiddleware"


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """Alone and in a whole request."""
    site.configure(workspace, _NAME, apps=["django_exception_extra"])
    yield {
        "call": site.call(_NAME),
        "acall": site.acall(_NAME),
        "request": site.whole(_no_query_and_no_receiver),
        "added": site.added(_NAME),
    }


def _no_query_and_no_receiver(handler: WSGIHandler, environ: dict[str, Any]) -> None:
    with CaptureQueriesContext(connection) as queries:
        list(site.answered(handler, environ))
    if len(queries):
        raise ValueError(f"a request that succeeds sent {[each['sql'] for each in queries]}")
    # For a second after the start it sees to its place in Django's log. What stayed would be paid by the requests of the other
    # middleware, too, with which its own are compared.
    end = monotonic() + 10
    while found := [key for key in _receivers() if key.startswith("django_exception_extra")]:
        if monotonic() > end:
            raise ValueError(f"every request pays for the receivers {found}")
        list(site.answered(handler, environ))


def _receivers() -> list[str]:
    return [str(each[0][0]) for signal in (request_started, request_finished) for each in signal.receivers]
