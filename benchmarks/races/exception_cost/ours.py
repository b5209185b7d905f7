"""django_exception_extra's middleware, last in the list, with every setting at its default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test.utils import CaptureQueriesContext

from harness.contestant import Operation
from races.exception_cost import site

_NAME = "django_exception_extra.ExceptionExtraMiddleware"


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """Alone and in a whole request."""
    site.configure(workspace, _NAME, apps=["django_exception_extra"])
    yield {"call": site.call(_NAME), "acall": site.acall(_NAME), "request": site.whole(_no_query)}


def _no_query(handler: WSGIHandler, environ: dict[str, Any]) -> None:
    with CaptureQueriesContext(connection) as queries:
        list(site.answered(handler, environ))
    if len(queries):
        raise ValueError(f"a request that succeeds sent {[each['sql'] for each in queries]}")
