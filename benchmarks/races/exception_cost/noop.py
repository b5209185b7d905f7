"""A middleware that does nothing: the floor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.exception_cost import site

_NAME = "races.exception_cost.noop_middleware.noop"


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """Alone and in a whole request."""
    site.configure(workspace, _NAME)
    yield {"call": site.call(_NAME), "acall": site.acall(_NAME), "request": site.whole()}
