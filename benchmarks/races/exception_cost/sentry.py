"""sentry-sdk with its integration for Django, which it finds by itself; errors only, and no traces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from harness.contestant import Operation
from races.exception_cost import site


class _Dropped(Transport):
    def capture_envelope(self, envelope: Envelope) -> None:
        """Nothing leaves this process."""


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """In a whole request only: there is no middleware, Django itself is patched."""
    sentry_sdk.init(dsn="http://key@127.0.0.1:9/1", transport=_Dropped)
    site.configure(workspace)
    yield {"request": site.whole()}
