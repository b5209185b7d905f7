"""Where finished work is kept and looked up again."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from . import output, placing
from .graph import components
from .page_claims import PageClaims
from .recorded import Unreadable
from .records import REPLACED, SINCE, Record, restored, to_json, used_keys

__all__ = ["PUBLISHING_LOCK", "Known", "Seen", "SharedShelf", "Shelf"]

logger = logging.getLogger("django_static")

#: Shared by all who publish, from the look at what is there until their record is kept; whoever removes files holds it alone.
PUBLISHING_LOCK = "publishing.lock"

#: What has been found out about records while something is done, by their keys: None where there is none that is true
#: still. Modules import one another in long chains: without it each would look at all that are behind it.
Known: TypeAlias = dict[str, Record | None]


#: The :data:`.sources.Signature` of a file that is there.
Seen: TypeAlias = tuple[int, int, int]


class Shelf(Protocol):
    """Keeps records, and brings files to their places."""

    def load(self, key: str, is_unchanged: Callable[[Record], bool], known: Known) -> Record | None:
        """The record of a key, if there is one and all it depends on is unchanged.

        What is known is not looked at again, and what is found out gets known.
        """

    def lock(self, key: str) -> AbstractContextManager[object]:
        """Keep others from doing the work of that key."""

    def save(self, record: Record) -> None:
        """Keep a record under its key; the caller holds the lock."""

    def write(self, path: str, data: bytes) -> bool:
        """Publish bytes; False when the name stands for other bytes already."""

    def link(self, path: str, original: Path, *, symlink: bool) -> bool:
        """Publish an original as it is; False when the name stands for another file already."""

    def remove(self, path: str) -> None:
        """Take back a published file."""

    def is_as_left(self, path: str, seen: Seen) -> bool:
        """Whether a published file of the right size, in the state that was seen, has the content it was left with.

        Not asked of an original that is published where it lies.
        """


class SharedShelf:
    """A file for each record in a folder that many processes use at once, while pages are rendered."""

    def __init__(self, state: Path, timeout: float, folders: Sequence[Path] = ()) -> None:
        """``folders`` are those that receive files, and that several sites may have."""
        self._state = state
        self._claims = PageClaims(state, folders)
        #: Seconds to wait for another process that is doing the same.
        self._timeout = timeout
        #: Whether it was said that other sites cannot be told: it would be so of each record at each start.
        self._is_warned = False

    def load(self, key: str, is_unchanged: Callable[[Record], bool], known: Known) -> Record | None:
        values: dict[str, Any] = {}

        def used(each: str) -> list[str]:
            values[each] = output.load(self._place(each))
            return [other for other in used_keys(values[each]) if other not in known]

        if key not in known:
            for component in components([key], used):
                for each in component:
                    record = restored(each, values[each], known)
                    is_true = record is not None and is_unchanged(record)
                    if is_true and self._claim_again(each, values[each]):
                        is_true = record is not None and is_unchanged(record)
                    known[each] = record if is_true else None
        return known[key]

    @contextlib.contextmanager
    def lock(self, key: str) -> Iterator[object]:
        with (
            self._claims.held(self._timeout),  # the first, as in a clean-up
            output.locked(self._state / PUBLISHING_LOCK, self._timeout, shared=True),
            output.locked(self._state / f"{key}.lock", self._timeout) as held,
        ):
            yield held

    def save(self, record: Record) -> None:
        """Keep a record; without it the work is only done again after a restart."""
        place = self._place(record.key)
        value = to_json(record)
        replaced = _replaced(output.load(place), value)
        if replaced:
            value[REPLACED] = replaced
        try:
            self._claims.leave(place, value)
        except (OSError, Unreadable) as error:
            logger.warning("other sites cannot be told which files %s needs: %s", place, error)
        try:
            output.store(place, value)
        except OSError as error:
            logger.info("%s could not be written: %s", place, error)

    def _claim_again(self, key: str, value: Any) -> bool:
        """Tell other sites once more which files a record needs, if somebody has removed where they were told.

        True if so: until then a clean-up of theirs may have removed some.
        """
        place = self._place(key)
        try:
            if not self._claims.lacks(place, value):
                return False
            with self._claims.held(self._timeout):
                self._claims.leave(place, value)
        except (OSError, Unreadable) as error:
            if not self._is_warned:
                self._is_warned = True
                logger.warning("other sites cannot be told which files %s and others need: %s", place, error)
        return True

    def write(self, path: str, data: bytes) -> bool:
        return placing.write(Path(path), data, self._state, self._timeout)

    def link(self, path: str, original: Path, *, symlink: bool) -> bool:
        return placing.link(Path(path), original, self._state, self._timeout, symlink=symlink)

    def remove(self, path: str) -> None:
        output.remove(Path(path))

    def is_as_left(self, path: str, seen: Seen) -> bool:
        """What pages publish is not read again: by its size it is right."""
        return True

    def _place(self, key: str) -> Path:
        return self._state / f"{key}.json"


def _replaced(old: Any, new: dict[str, Any]) -> list[Any]:
    """What the record of a key said before, each with the time it was replaced at, while files of it are there still."""
    if not isinstance(old, dict):
        return []
    known = old.get(REPLACED)
    replaced = list(known) if isinstance(known, list) else []
    if "outputs" in old and _paths(old) != _paths(new):
        before = {name: part for name, part in old.items() if name != REPLACED}
        replaced.append({**before, SINCE: time.time()})
    return [each for each in replaced if any(map(os.path.lexists, _paths(each)))]


def _paths(value: Any) -> list[str]:
    try:
        return [str(each[3]) for each in value["outputs"]]
    except (IndexError, KeyError, TypeError):
        return []
