"""django-guid: an id for each request, as its manual sets it up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.exception_cost import site

_NAME = "django_guid.middleware.guid_middleware"


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """Alone and in a whole request."""
    site.configure(workspace, _NAME, apps=["django_guid"])
    yield {"call": site.call(_NAME), "acall": site.acall(_NAME), "request": site.whole()}
