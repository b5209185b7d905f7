"""Where a build keeps its finished work: one file for all, since no other build has it."""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from . import names, output, placing
from .folders import Folders
from .graph import components
from .journal import Journal
from .placing import Found
from .records import Record, restore, to_json
from .regular import read_regular
from .seal import state_of
from .shelf import Known, Seen

__all__ = ["BuildShelf", "Work"]

logger = logging.getLogger("django_static")

_FORMAT = 3
_ENCODER = json.JSONEncoder()
#: What a build leaves when it is killed while it writes a file or a compressed sibling.
_TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.building|\.django-static-\w{8}\.tmp")


class Work(NamedTuple):
    """Records by their keys, whether one of them is new, and the paths of the files that were written."""

    records: dict[str, Record]
    is_changed: bool
    written: set[str]


class BuildShelf:
    """Records in one file, read at the beginning and written at the end; the holder has the lock of the build.

    Files are written to a temporary name in their folder and moved, like those of a page that is rendered, and like these
    never over what another process has published meanwhile; but not each is forced to the disk: a build ends with one
    ``sync`` before its manifest is written.
    """

    def __init__(
        self,
        place: Path,
        folders: Folders,
        published: Callable[[], Mapping[str, str]] = dict,
        left: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """``published`` tells the digests of what the build before has left, by path; it is asked if ever.

        ``left`` are the states of that, as :class:`.seal.Seal` has them, as far as they are known.
        """
        self._place = place
        self._published = published
        self._left = left
        #: What was compared in this build, or written.
        self._sure: set[str] = set()
        self._given = restore(self._read())
        #: Those that are true in this build.
        self._wanted: dict[str, Record] = {}
        self._folders = folders
        #: Tell its unfinished files from those of other builds; processes in containers have the same numbers.
        self._mark = secrets.randbits(32)
        self._numbers = itertools.count()
        #: What was written: paths of files.
        self.written: set[str] = set()
        self._is_changed = False
        #: Records as they will stand in the file, by key, with the record that each is of.
        self._texts: dict[str, tuple[Record, str]] = {}
        #: Where those of records come from that another process has made.
        self._adopted: list[tuple[Mapping[str, Record], Callable[[], Mapping[str, str] | None]]] = []
        #: Which original is to be copied to a path.
        self._original_of: Callable[[str], Path | None] = lambda path: None
        self._is_nobodys: Callable[[str], bool] = lambda path: False
        #: What was added to what had been there, written down ahead.
        self.journal = Journal(place.parent / "builds")

    def leave_to_originals(self, original_of: Callable[[str], Path | None]) -> None:
        """Give no file the name of a copy of an original, but for one of the same content.

        ``original_of`` tells which original is to be copied to a path in this build.
        """
        self._original_of = original_of

    def mend_cut(self, is_nobodys: Callable[[str], bool]) -> None:
        """Replace what is how a content begins, and no more of it, by the whole, where nobody has published that.

        ``is_nobodys`` tells whether nobody has, by the path; who was copying it was killed then, or had no room.
        """
        self._is_nobodys = is_nobodys

    def load(self, key: str, is_unchanged: Callable[[Record], bool], known: Known) -> Record | None:
        if key in self._wanted:
            return self._wanted[key]

        def used(each: str) -> list[str]:
            record = None if each in self._wanted else self._given.get(each)
            return [] if record is None else [other.key for other in record.uses if other.key not in known]

        if key not in known:
            for component in components([key], used) if used(key) else [(key,)]:
                for each in component:
                    known[each] = self._wanted.get(each) or self._true(each, is_unchanged, known)
        record = known[key]
        if record is not None:
            self._want(record)
        return record

    def has(self, key: str) -> bool:
        """Whether the work of a key has been done, and can be relied upon another time."""
        return key in self._wanted

    def records(self) -> Iterable[Record]:
        """What this build stands on."""
        return self._wanted.values()

    def given(self) -> Mapping[str, Record]:
        """What the build before stands on."""
        return self._given

    def work(self) -> Work:
        """What has been done so far, for the shelf of another process."""
        return Work(self._wanted, self._is_changed, self.written)

    def texts(self) -> dict[str, str]:
        """The records of this build so far as they will stand in the file, each with its key, by key."""
        for key, record in self._wanted.items():
            known = self._texts.get(key)
            if known is None or known[0] is not record:
                self._texts[key] = record, f"{_ENCODER.encode(key)}: {_ENCODER.encode(to_json(record))}"
        return {key: self._texts[key][1] for key in self._wanted}

    def adopt(self, work: Work, texts: Callable[[], Mapping[str, str] | None] = dict) -> None:
        """Take in what the shelf of another process has done of the same build.

        ``texts`` waits for the :meth:`texts` of that shelf; None if nobody has made them.
        """
        self._adopted.append((work.records, texts))
        self._wanted = {**work.records, **self._wanted}
        self._is_changed |= work.is_changed
        self.written |= work.written

    def lock(self, key: str) -> AbstractContextManager[object]:
        return contextlib.nullcontext()

    def save(self, record: Record) -> None:
        self._wanted[record.key] = record
        self._is_changed = True

    def write(self, path: str, data: bytes) -> bool:
        def look() -> Found:
            return self._found(path, len(data), lambda: data)

        return self._publish(path, lambda temporary: output.fill(temporary, data), look)

    def link(self, path: str, original: Path, *, symlink: bool) -> bool:
        """Publish an original by bytes of its own: a link would change when the original is edited in place."""

        def look() -> Found:
            return self._found(path, original.stat().st_size, original.read_bytes)

        return self._publish(path, lambda temporary: shutil.copyfile(original, temporary), look)

    def remove(self, path: str) -> None:
        with contextlib.suppress(OSError):
            os.unlink(path)  # noqa: PTH108 (a text, as in records)

    def is_as_left(self, path: str, seen: Seen) -> bool:
        """A file that has another time than it was left with is read: somebody may have damaged it.

        So is one of which nobody knows how it was left: the seal is lost, or one of another version.
        """
        if self._left.get(path) == state_of(seen) or path in self._sure:
            return True
        digest = self._digests.get(path)
        if digest is None or digest != names.digest_of_file(path):
            return False  # what does the work anew compares
        self._sure.add(path)
        return True

    def encoded(self) -> bytes | None:
        """The file of the records of this build; None where that is there already."""
        if not self._is_changed and self._wanted.keys() == self._given.keys():
            return None
        for records, others in self._adopted:
            for key, text in (others() or {}).items():
                self._texts.setdefault(key, (records[key], text))
        texts = ", ".join(self.texts().values())
        self._texts.clear()
        return f'{{"format": {_FORMAT}, "records": {{{texts}}}}}'.encode()

    def close(self, data: bytes | None) -> None:
        """Keep what :meth:`encoded` has given; the records of what is no longer wanted are forgotten."""
        if data is not None:
            self._put(str(self._place), data)

    def sweep(self, folders: Iterable[Path]) -> None:
        """Remove what a build that was killed has left half written."""
        for folder in folders:
            for current, _, files in os.walk(folder):
                for name in filter(_TEMPORARY.fullmatch, files):
                    self.remove(os.path.join(current, name))  # noqa: PTH118

    @cached_property
    def _digests(self) -> Mapping[str, str]:
        """By the manifest; where that is lost by the records, which have most of them."""
        given = (each for record in self._given.values() for each in record.outputs)
        return {each.path: each.digest for each in given if each.digest} | {**self._published()}

    def _found(self, path: str, size: int, content: Callable[[], bytes]) -> Found:
        """What stands under a name; what a build before has left is put right if it was damaged."""
        original = self._original_of(path)
        if original is not None and not (
            original.stat().st_size == size and original.read_bytes() == content()
        ):
            return Found.OTHER  # or soon will be
        found = placing.compare(path, size, content)
        if found is Found.OTHER and not os.path.islink(path):  # noqa: PTH114
            digest = self._digests.get(path)
            if digest is not None:
                return Found.WORSE if digest == names.content_digest(content()) else found
            if placing.is_cut(path, size, content) and self._is_nobodys(path):
                return Found.WORSE
        return found

    def _true(self, key: str, is_unchanged: Callable[[Record], bool], known: Known) -> Record | None:
        """The record of the build before, if it holds still; what it uses may have been done anew, and be another."""
        record = self._given.get(key)
        if record is None:
            return None
        for used in record.uses:
            now = self._wanted.get(used.key) or known.get(used.key)
            if now is None or now.identity != used.identity:
                return None
        return record if is_unchanged(record) else None

    def _want(self, record: Record) -> None:
        """Take up a record with all it uses; what is not used any more is not."""
        pending = [record]
        while pending:
            current = pending.pop()
            if current.key not in self._wanted:
                self._wanted[current.key] = current
                pending += current.uses

    def _publish(self, path: str, create: Callable[[str], object], look: Callable[[], Found]) -> bool:
        """Let a file be made and have its name; False when that stands for something else.

        Where there was none this is noted before.
        """
        may_be_there = self._original_of(path) is not None or self._folders.may_hold(path)
        found = look() if may_be_there else Found.NOTHING
        if found is Found.SAME:
            self._sure.add(path)
        if found in (Found.SAME, Found.OTHER):
            return found is Found.SAME
        temporary = self._temporary(path)
        try:
            create(temporary)
            if found is Found.NOTHING:
                status = os.stat(temporary)  # noqa: PTH116 (thousands of files)
                self.journal.note(path, status.st_size, status.st_ino)
            found = placing.place(temporary, path, look, found)
        except BaseException:
            self.remove(temporary)
            raise
        if found in (Found.NOTHING, Found.WORSE):
            self.written.add(path)
            self._sure.add(path)
            return True
        # Another process was quicker.
        self.remove(temporary)
        return found is Found.SAME

    def _put(self, target: str, data: bytes) -> None:
        """Write a file of our own, new or anew."""
        temporary = self._temporary(target)
        try:
            output.fill(temporary, data)
            os.replace(temporary, target)  # noqa: PTH105
        except BaseException:
            self.remove(temporary)
            raise

    def _temporary(self, target: str) -> str:
        """What a file is called, in the folder that it goes to, until it has its name."""
        folder = self._folders.make(target)
        return f"{folder}{os.sep}.{(os.getpid() ^ self._mark) & 0xFFFFFFFF:08x}{next(self._numbers):08x}.building"

    def _read(self) -> dict[str, Any]:
        try:
            value = json.loads(read_regular(self._place))
            records = value["records"] if value["format"] == _FORMAT else {}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            logger.warning("%s cannot be read, everything is built anew: %s", self._place, error)
            return {}
        return records if isinstance(records, dict) else {}
