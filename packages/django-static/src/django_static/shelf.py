"""Where finished work is kept and looked up again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from . import output
from .records import Record, restore, to_json, used_keys

__all__ = ["SharedShelf", "Shelf"]

logger = logging.getLogger("django_static")


class Shelf(Protocol):
    """Keeps records, and brings files to their places."""

    def load(self, key: str, is_unchanged: Callable[[Record], bool]) -> Record | None:
        """The record of a key, if there is one and all it depends on is unchanged."""

    def lock(self, key: str) -> AbstractContextManager[object]:
        """Keep others from doing the work of that key."""

    def save(self, record: Record) -> None:
        """Keep a record under its key; the caller holds the lock."""

    def write(self, path: Path, data: bytes) -> bool:
        """Publish bytes; False when the name stands for other bytes already."""

    def link(self, path: Path, original: Path, *, symlink: bool) -> bool:
        """Publish an original as it is; False when the name stands for another file already."""

    def remove(self, path: Path) -> None:
        """Take back a published file."""


class SharedShelf:
    """A file for each record in a folder that many processes use at once, while pages are rendered."""

    def __init__(self, state: Path, timeout: float) -> None:
        self._state = state
        #: Seconds to wait for another process that is doing the same.
        self._timeout = timeout

    def load(self, key: str, is_unchanged: Callable[[Record], bool]) -> Record | None:
        record = self._read(key)
        return record if record is not None and all(map(is_unchanged, record.walk())) else None

    def lock(self, key: str) -> AbstractContextManager[object]:
        return output.locked(self._state / f"{key}.lock", self._timeout)

    def save(self, record: Record) -> None:
        """Keep a record; without it the work is only done again after a restart."""
        place = self._place(record.key)
        try:
            output.store(place, to_json(record))
        except OSError as error:
            logger.info("%s could not be written: %s", place, error)

    def write(self, path: Path, data: bytes) -> bool:
        return output.write(path, data, self._state, self._timeout)

    def link(self, path: Path, original: Path, *, symlink: bool) -> bool:
        return output.link(path, original, self._state, self._timeout, symlink=symlink)

    def remove(self, path: Path) -> None:
        output.remove(path)

    def _read(self, key: str) -> Record | None:
        values: dict[str, Any] = {}
        pending = [key]
        while pending:
            each = pending.pop()
            if each not in values:
                values[each] = output.load(self._place(each))
                pending += used_keys(values[each])
        return restore(values).get(key)

    def _place(self, key: str) -> Path:
        return self._state / f"{key}.json"
