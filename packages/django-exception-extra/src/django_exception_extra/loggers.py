"""Hear of failures from Django's own log, which is told of all that Django mails, and of some nobody else is.

An answer of 500 or above that a middleware outside of ours gives raises nothing; a `SuspiciousOperation` in a
middleware sends no signal, and neither does a form too large, which `CsrfViewMiddleware` is the first to read.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.core.signals import request_started

__all__ = ["SECURITY", "FirstHandler", "listen"]

# Where Django logs what it answers with 500 or above, and, in a child for each class, suspicious operations.
_REQUEST = logging.getLogger("django.request")
SECURITY = logging.getLogger("django.security")
"""The second of these: `FirstHandler` is the first of its handlers."""

# Seconds for which each request looks after the handler, once logging is being configured: then it is done, and no request
# pays for that any more.
_CONFIGURING = 1.0


class FirstFilter(logging.Filter):
    """Lets every record pass, but a function see each error before any handler does.

    That is for the records of the logger it stands at, not for those of its children. `dictConfig()` leaves it there.
    """

    def __init__(self, hear: Callable[[logging.LogRecord], object]) -> None:
        super().__init__()
        self._hear = hear

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR:
            self._hear(record)
        return True


class FirstHandler(logging.Handler):
    """Writes nothing, but lets a function see each error before the handlers that come after it.

    `dictConfig()` takes it away from a logger that it configures, or whose parent it does. Before, it closes all handlers
    that there are: that is when `closing` is called.
    """

    def __init__(self, hear: Callable[[logging.LogRecord], object], closing: Callable[[], object]) -> None:
        # First of all: from what follows on it can be closed.
        self._hear = hear
        self._closing = closing
        self.is_closed = False
        super().__init__()

    def close(self) -> None:
        super().close()
        self.is_closed = True
        self._closing()

    def handle(self, record: logging.LogRecord) -> bool:
        # Not in emit(), around which other threads would wait for the look of this one.
        if record.levelno >= logging.ERROR:
            self._hear(record)
        last = logging.lastResort
        if last is not None and record.levelno >= last.level and not _has_others(record.name):
            last.handle(record)
        return True


def _is_first() -> bool:
    """Whether the handler still is where `listen` has put it."""
    handlers = SECURITY.handlers
    return bool(handlers) and type(first := handlers[0]) is FirstHandler and not first.is_closed


def listen(hear: Callable[[logging.LogRecord], object]) -> None:
    """Have `hear` called with the errors Django logs, before other handlers get them; the first call counts.

    What takes its handler away by `dictConfig()` does so for no request; what does otherwise, for those until this is called
    again.
    """
    if not any(isinstance(each, FirstFilter) for each in _REQUEST.filters):
        _REQUEST.filters.insert(0, FirstFilter(hear))

    def attend() -> None:
        since = time.monotonic()

        def stay(**_kwargs: object) -> None:
            put()
            if time.monotonic() - since > _CONFIGURING:
                request_started.disconnect(dispatch_uid=__name__)

        # Before any middleware of a request can be the one that fails. One that attends already may be about to end.
        request_started.disconnect(dispatch_uid=__name__)
        request_started.connect(stay, weak=False, dispatch_uid=__name__)

    def put() -> None:
        if _is_first():
            return
        # Not while another thread is configuring: what it has put there by then would be lost.
        with logging._lock:  # type: ignore[attr-defined] # the one that `dictConfig()` holds
            others = [each for each in SECURITY.handlers if not isinstance(each, FirstHandler)]
            # In one step: other threads may be going through the list. A new one, since logging knows no more of a closed one.
            SECURITY.handlers = [FirstHandler(hear, attend), *others]

    put()
    attend()


def _has_others(name: str) -> bool:
    """Whether a record of that logger reaches a handler of the project; if not, Python prints it as a last resort."""
    logger: logging.Logger | None = logging.getLogger(name)
    while logger:
        if any(not isinstance(handler, FirstHandler) for handler in logger.handlers):
            return True
        logger = logger.parent if logger.propagate else None
    return False
