"""The commands that a request sends to MongoDB, learnt from PyMongo's command monitoring.

Nothing is registered, and costs anything, before the first request that is looked at.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pymongo import monitoring

from django_mongokit.forms.jsontext import dumps
from django_mongokit.mongodb.watch import listen

__all__ = ["Command", "Log", "brief", "shape"]

_NO_NEWS = frozenset(
    {
        "lsid",
        "txnNumber",
        "apiVersion",
        "apiStrict",
        "apiDeprecationErrors",
        "maxTimeMS",
        "startTransaction",
        "autocommit",
    }
)
"""What every command has; so has it what begins with "$"."""
_HANDSHAKES = frozenset({"saslStart", "saslContinue", "authenticate", "endSessions"})
"""What connections begin and end with, which the request did not ask for."""
_ITEMS, _CHARACTERS, _LEVELS = 8, 80, 8
_LONGEST = 2000
"""Characters of a command as it is shown."""

_current: ContextVar[Log | None] = ContextVar("django_mongokit.toolbar", default=None)


@dataclass
class Command:
    """One command, and what came of it."""

    name: str
    database: str
    collection: str
    text: str
    """What was asked, shortened, as Extended JSON."""
    shape: str
    """The same with the values left out, so that the queries of a loop are alike."""
    trace: Any
    """Where in the code it was sent."""
    milliseconds: float = 0.0
    documents: int | None = None
    """How many came, or were changed."""
    error: str = ""
    is_open: bool = True


class Log:
    """The commands of one request. Threads and tasks that a request uses share its log.

    :param stack: returns where in the code it is called.
    """

    def __init__(self, stack: Callable[[], Any]) -> None:
        self.commands: list[Command] = []
        self.stack = stack
        self._pending: dict[tuple[Any, int], Command] = {}
        self._token: Any = None

    def start(self) -> None:
        """Hear of what this context sends, and what it calls."""
        _listen()
        _current.set(self)

    def stop(self) -> None:
        """Hear no more."""
        _current.set(None)

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Note a command that is about to be sent."""
        if event.command_name in _HANDSHAKES:
            return
        asked = {
            key: value for key, value in event.command.items() if not (key[:1] == "$" or key in _NO_NEWS)
        }
        first = asked.pop(event.command_name, "")
        of = asked.pop("collection", "") if event.command_name == "getMore" else first
        command = Command(
            event.command_name,
            event.database_name,
            of if isinstance(of, str) else "",
            dumps(brief(asked))[:_LONGEST],
            f"{event.command_name} {event.database_name}.{of} {shape(asked)}"[:_LONGEST],
            self.stack(),
        )
        self.commands.append(command)
        self._pending[event.connection_id, event.request_id] = command

    def ended(self, event: Any, error: str = "") -> None:
        """Note how a command has ended."""
        command = self._pending.pop((event.connection_id, event.request_id), None)
        if command is not None:
            command.milliseconds = event.duration_micros / 1000
            command.error = error
            command.is_open = False
            command.documents = None if error else _documents(event.reply)


class _Listener(monitoring.CommandListener):
    """Hands events on to the log of the request that they belong to."""

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        log = _current.get()
        if log is not None:
            log.started(event)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        log = _current.get()
        if log is not None:
            log.ended(event)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        log = _current.get()
        if log is not None:
            log.ended(event, str(event.failure.get("errmsg") or event.failure))


_listening = False
_lock = threading.Lock()


def _listen() -> None:
    global _listening
    with _lock:
        if not _listening:
            listen(_Listener())
            _listening = True


def _documents(reply: Mapping[str, Any]) -> int | None:
    cursor = reply.get("cursor")
    if isinstance(cursor, Mapping):
        return len(cursor.get("firstBatch") or cursor.get("nextBatch") or ())
    number = reply.get("n")
    return number if isinstance(number, int) else None


def brief(value: Any, levels: int = _LEVELS) -> Any:
    """Return a value with the beginnings of what is long, and without what is deep: a command may have megabytes."""
    if isinstance(value, Mapping):
        if levels == 0:
            return "…"
        shown = {str(key): brief(one, levels - 1) for key, one in islice(value.items(), _ITEMS)}
        return {**shown, **({"…": f"{len(value) - _ITEMS} more"} if len(value) > _ITEMS else {})}
    if isinstance(value, (list, tuple)):
        if levels == 0:
            return "…"
        found = [brief(one, levels - 1) for one in value[:_ITEMS]]
        return [*found, *([f"… {len(value) - _ITEMS} more"] if len(value) > _ITEMS else [])]
    if isinstance(value, (str, bytes)) and len(value) > _CHARACTERS:
        more = f"… {len(value) - _CHARACTERS} more"
        return f"{value[:_CHARACTERS]}{more}" if isinstance(value, str) else f"{len(value)} bytes"
    return value


def shape(value: Any) -> str:
    """Return what a command asks without the values: two with the same one could often have been one, with `$in`."""
    return "".join(_shape(value, _LEVELS))


def _shape(value: Any, levels: int) -> Iterator[str]:
    if levels and isinstance(value, Mapping):
        yield "{"
        for key, one in islice(value.items(), 50):
            yield f"{key}:"
            yield from _shape(one, levels - 1)
            yield ","
        yield "}"
    elif levels and isinstance(value, (list, tuple)) and value:
        # A list of values is one value, however long; a pipeline has stages.
        yield "["
        for kind in dict.fromkeys("".join(_shape(one, levels - 1)) for one in value[:50]):
            yield f"{kind},"
        yield "]"
    else:
        yield "?"
