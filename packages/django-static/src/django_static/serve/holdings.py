"""All that can be served now; follows the manifest, which a build may replace at any time."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from re import Pattern
from typing import BinaryIO

from .. import names, noting
from ..former import Former
from ..manifest import Manifest, ManifestError
from ..places import Places, former_of
from ..sources import Signature, signature
from .answer import FAILED, GONE, answer
from .catalogue import Catalogue, Spelling
from .entry import CODINGS, Entry, Limits
from .finding import Finding
from .memory import Damaged, Vanished, open_file, open_whole
from .representation import Answer
from .request import Request

__all__ = ["Content", "Holdings"]

logger = logging.getLogger("django_static")

#: The bytes of a representation, or its open file; None for an answer that needs neither.
Content = bytes | BinaryIO | None

#: Seconds between two looks at the manifest.
_PATIENCE = 1.0
#: For each coding that may have to be done without, and for a file that changes meanwhile.
_TRIES = 2 * len(CODINGS) + 1


class Holdings:
    """Finds the entry of a path; a catalogue is used whole, and replaced whole by that of the next manifest."""

    def __init__(
        self,
        manifest: Path | None,
        places: Places,
        limits: Limits,
        spelling: Spelling,
        *,
        finding: Finding | None = None,
        decode: Callable[[str], str] = str,
        prefixes: tuple[str, ...] = (),
        hashed_names: Pattern[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``manifest`` is None to go by what is found only; ``decode`` brings a path as the server spells it to what names
        of files are; below ``prefixes``, spelt so, an unknown name with a fingerprint, or with one of ``hashed_names``, was
        published once; None for those where nothing is ever published."""
        self._manifest = manifest
        self._places = places
        self._limits = limits
        self._spelling = spelling
        self._finding = finding
        self._decode = decode
        self._prefixes = prefixes
        self._hashed_names = hashed_names
        self._clock = clock
        self._due = clock() + _PATIENCE
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._seen = self._signatures()
        self.catalogue = self._made(self._read() or (Manifest(), None), None)

    def known(self, path: str) -> Entry | None:
        """The entry of a file that is asked for often; nothing is waited for."""
        if self._clock() >= self._due:
            self._look()
        return self.catalogue.entries.get(path)

    def concerns(self, path: str) -> bool:
        """Whether it is worth asking :meth:`find`, which may wait for the disk."""
        if path in self.catalogue or path.startswith(self._prefixes) or self.catalogue.had(path):
            return True
        return self._finding is not None and self._finding.concerns(self._decode(path))

    def find(self, path: str) -> Entry | Answer | None:
        """What a path stands for: an entry, the answer that there is none any more, or None if it is not ours."""
        try:
            found = self._find(path)
            if found is None and self._was_published(path):
                # A page just built may name it.
                self._reload()
                found = self._find(path)
                return GONE if found is None else found
        except Damaged as error:
            logger.error("%s; it is answered with 500", error)
            return FAILED
        return found

    @staticmethod
    def at_once(entry: Entry, request: Request) -> tuple[Answer, Content] | None:
        """The answer and its content where all is in memory, else None."""
        given = answer(entry, request)
        chosen = given.representation
        if chosen is None:
            return given, None
        content = chosen.content
        if content is None:
            return None
        chosen.is_used = True
        return given, content

    def respond(self, path: str, entry: Entry, request: Request) -> tuple[Answer, Content]:
        """The answer, and the content to send parts of; reads from the disk what is not in memory."""
        for _ in range(_TRIES):
            ready = self.at_once(entry, request)
            if ready is not None:
                return ready
            given = answer(entry, request)
            chosen = given.representation
            if chosen is None:
                return given, None
            try:
                if entry.describe is not None:
                    return _opened(chosen.path, entry.describe, request)
                if chosen.is_small:
                    return given, self.catalogue.memory.hold(chosen)
                return given, open_whole(chosen)
            except (Vanished, Damaged) as error:
                if entry.drop(chosen):
                    if not entry.is_former:
                        logger.warning(
                            "%s; the next best encoding is sent. Run 'manage.py staticbuild'", error
                        )
                    continue
                if entry.is_loose and isinstance(found := self.find(path), Entry) and found is not entry:
                    entry = found
                    continue
                return _failed(error, entry), None
        return FAILED, None

    def _find(self, path: str) -> Entry | None:
        catalogue = self.catalogue
        entry = catalogue.entry(path)
        if entry is None and self._finding is not None:
            found = self._finding.place(self._decode(path))
            if found is not None:
                entry = catalogue.found(path, found[0], is_lasting=found[1])
        return entry

    def _was_published(self, path: str) -> bool:
        """Whether a name is one that a build has given: below a path where nothing else has such names, or to a file of
        which there is another version."""
        if self.catalogue.had(path):
            return True
        if self._hashed_names is None or not path.startswith(self._prefixes):
            return False
        return names.has_mark(path) or names.is_hashed(path, self._hashed_names)

    def _look(self) -> None:
        """See whether there is another manifest, and let it be read beside the requests."""
        self._due = self._clock() + _PATIENCE
        if self._manifest is None or signature(self._manifest) == self._seen[0]:
            return
        # In a process forked meanwhile that thread counts as ended.
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._reload, name="django_static.serve", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:  # there may be no more threads: then one request takes longer
                self._reload()

    def _reload(self) -> None:
        """Go over to the manifest that is there now, if it is another one and can be read."""
        if self._manifest is None:
            return
        with self._lock:
            seen = self._signatures()
            if seen == self._seen:
                return
            found = self._read()
            self._seen = seen
            if found is not None:
                self.catalogue = self._made(found, self.catalogue)

    def _signatures(self) -> tuple[Signature, Signature]:
        """Of the manifest, and of the names of earlier builds."""
        place = self._manifest
        return (None, None) if place is None else (signature(place), signature(former_of(place)))

    def _made(self, found: tuple[Manifest, bytes | None], before: Catalogue | None) -> Catalogue:
        manifest, data = found
        place = self._manifest
        # After the manifest: what it lacks was noted before it was there.
        if place is None or data is None:
            earlier = Former() if place is None else Former.read(place)
        else:
            earlier = noting.known(place, manifest, data, self._places)
        made = Catalogue(manifest, earlier, self._places, self._spelling, self._limits, before)
        if place is not None:
            noting.carry(place, made.carried)
        return made

    def _read(self) -> tuple[Manifest, bytes] | None:
        if self._manifest is None:
            return None
        try:
            return Manifest.read_with_data(self._manifest)
        except ManifestError as error:
            logger.error("%s; until then what was served before is served", error)
            return None


def _failed(error: Vanished | Damaged, entry: Entry) -> Answer:
    if entry.is_former:
        # No build would mend it; what is gone was removed by a clean-up.
        if isinstance(error, Vanished):
            return GONE
        logger.error("%s; it is answered with 500", error)
        return FAILED
    status = "404" if isinstance(error, Vanished) else "500"
    logger.error("%s; it is answered with %s. Run 'manage.py staticbuild'", error, status)
    return GONE if isinstance(error, Vanished) else FAILED


def _opened(
    path: str, describe: Callable[[os.stat_result], Entry], request: Request
) -> tuple[Answer, Content]:
    """The answer for the file that is there now, and that file open."""
    file = open_file(path)
    given = answer(describe(os.fstat(file.fileno())), request)
    if given.representation is None:
        file.close()
        return given, None
    return given, file
