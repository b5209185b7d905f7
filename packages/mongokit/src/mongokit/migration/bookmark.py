"""Where a bulk migration is: one document in the database, which also says whose turn it is.

Of several runners one has the bookmark. It counts ``beat`` with everything it writes there, and whoever waits takes the
bookmark over when ``beat`` has not moved for a while of its own clock: clocks of different machines are never compared.
Where the other one was a process of the same machine, which is gone, nobody waits.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from mongokit.either import rest
from mongokit.errors import MigrationError
from mongokit.flow import Flow
from mongokit.migration.runner import is_gone, this_process

__all__ = ["Bookmark"]

logger = logging.getLogger("mongokit.migration")

Raw = dict[str, Any]

LOOKS = 0.5
"""Seconds between two looks at somebody else's bookmark, at most."""
TOLD = 15.0
"""Seconds between two lines of the log that say for whom is waited."""


class Bookmark:
    """The bookmark of one migration on one collection, held by this runner between ``take`` and ``release``.

    :param store: the collection of bookmarks.
    :param lease: seconds without a sign of life after which another runner's bookmark is taken over.
    :param wait: seconds to wait for another runner; None: as long as it takes.
    """

    def __init__(self, store: Any, name: str, lease: float, wait: float | None) -> None:
        self.store = store
        self.name = name
        self.lease = lease
        self.wait = wait
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self.rules: dict[str, Raw] = {}
        """Rule -> ``state``, ``position`` (the last ``_id``), ``matched``."""

    def take(self) -> Flow[None]:
        """Wait for the bookmark and take it; raises MigrationError where another runner keeps it for too long."""
        # Another runner may have just made it.
        with contextlib.suppress(DuplicateKeyError):
            yield self.store.update_one(
                {"_id": self.name}, {"$setOnInsert": {"owner": None, "beat": 0, "rules": {}}}, upsert=True
            )
        began = time.monotonic()
        seen, since, told = None, began, began - TOLD
        while True:
            taken = yield from self._claim({"owner": None})
            if taken:
                return
            other = yield self.store.find_one({"_id": self.name})
            if other is None or other["owner"] is None:
                continue
            now = time.monotonic()
            sign = (other["owner"], other["beat"])
            if sign != seen:
                seen, since = sign, now
            gone = _is_of_the_dead(other)
            if not gone and now - told >= TOLD:
                told = now
                self._tell_of(other, now - since)
            if gone or now - since >= self.lease:
                taken = yield from self._claim({"owner": other["owner"], "beat": other["beat"]})
                if taken:
                    why = (
                        "its process is gone" if gone else f"no sign of life for {round(now - since, 1):g} s"
                    )
                    logger.warning("%s: taken over from %s: %s", self.name, other["owner"], why)
                    return
            if self.wait is not None and now - began >= self.wait:
                raise MigrationError(
                    f"{self.name}: another runner, {other['owner']}, is at it, and was after {self.wait} s. Wait for "
                    "it (wait=…); if it is dead, its turn ends with the lease (lease=0 takes it over at once)"
                )
            yield rest(self.store, min(LOOKS, max(self.lease / 4, 0.01)))

    def _tell_of(self, other: Raw, silent: float) -> None:
        """Say for whom is waited, since when it has the bookmark, and how long yet.

        :param silent: seconds that it has given no sign of life for.
        """
        since = other.get("since")
        began = ""
        if isinstance(since, datetime):
            since = since if since.tzinfo is None else since.astimezone(UTC)
            began = f", which took its turn at {since:%Y-%m-%d %H:%M:%S} UTC by its clock"
        logger.warning(
            "%s: waiting for another runner, %s%s; it is taken over in %g s if it gives no sign of life until then "
            "(lease=%s)",
            *(self.name, other["owner"], began, round(max(self.lease - silent, 0), 1), self.lease),
        )

    def _claim(self, condition: Raw) -> Flow[bool]:
        found = yield self.store.find_one_and_update(
            {"_id": self.name, **condition},
            {
                "$set": {
                    "owner": self.owner,
                    "since": datetime.now(UTC),
                    # With the owner: an earlier version of this library sets that alone.
                    "process": {"owner": self.owner, **(this_process() or {})},
                },
                "$inc": {"beat": 1},
            },
            return_document=ReturnDocument.AFTER,
        )
        if found is None:
            return False
        self.rules = found.get("rules", {})
        return True

    def note(self, rule: str, **values: Any) -> Flow[None]:
        """Write down how far a rule is; raises MigrationError where the bookmark was taken over meanwhile."""
        self.rules[rule] = {**values, "changed": datetime.now(UTC)}
        result = yield self.store.update_one(
            {"_id": self.name, "owner": self.owner},
            {"$set": {f"rules.{rule}": self.rules[rule]}, "$inc": {"beat": 1}},
        )
        if not result.matched_count:
            raise MigrationError(
                f"{self.name}: another runner has taken over, as this one gave no sign of life for too long; it goes on "
                "from where this one was. Give a longer lease=, or a smaller batch_size="
            )

    def release(self) -> Flow[None]:
        """Let the next runner have it."""
        yield self.store.update_one(
            {"_id": self.name, "owner": self.owner}, {"$set": {"owner": None}, "$inc": {"beat": 1}}
        )


def _is_of_the_dead(bookmark: Raw) -> bool:
    """Return whether the process of the runner that has a bookmark is certainly gone."""
    process = bookmark.get("process")
    return isinstance(process, dict) and process.get("owner") == bookmark["owner"] and is_gone(process)
