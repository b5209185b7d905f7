"""The user asked for in every request: what an error report needs, paid for ahead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.exception_cost import site

_NAME = "races.exception_cost.noop_middleware.eager"


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """In a whole request only: a user that was asked for once is there from then on."""
    site.configure(workspace, _NAME)
    yield {"request": site.whole(), "added": site.added(_NAME)}
