"""The names that earlier builds have given and the last one has not: pages of processes that began before print them still.

They lie beside the manifest, each with what the manifest said of it, so that a server that starts answers for them as the one
before did. They are noted before another manifest is in its place (:mod:`.noting`): whoever reads the manifest first, and this
second, lacks no name. ``staticclean`` forgets what it removes. Where nobody cleans, what is old goes when there is much: whoever
serves reads it all when it starts.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import shutil
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from . import names
from .history import KEEP_BUILDS, KEEP_DAYS
from .manifest import Manifest, Served
from .places import former_of
from .regular import naming, open_regular

__all__ = ["FEW", "Former", "Known", "replace"]

#: Finds what has been said of a name that stands for one content for ever, by the path of its URL.
Known: TypeAlias = Callable[[str], Served | None]

#: To be raised when what is in the file changes its meaning.
_FORMAT = 2
#: So many names are kept whatever their age; it takes some 20 ms to read them.
FEW = 10_000
#: A longer file is none of ours, for none is written: some 250,000 names.
_MOST_BYTES = 64 << 20
_DAY_SECONDS = 86_400
#: More than any file, and any time of one, has; what is above may have no date.
_LARGEST = 1 << 53
_LATEST = 1 << 36
_DIGEST = re.compile(r"[0-9a-f]*")


@dataclass(slots=True)
class _Build:
    """The names that went with one manifest."""

    #: When another one took its place, in epoch seconds.
    replaced: float
    #: What made the compressed siblings, by format.
    codecs: Mapping[str, str]
    #: What the manifest said of each, by URL; as text, since few of them are ever asked for.
    texts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, line: bytes) -> _Build:
        """The build in a line of the file.

        Raises:
            ValueError, TypeError, RecursionError: there is none in it.
        """
        replaced, codecs, texts = json.loads(line)
        if not (isinstance(replaced, float) and math.isfinite(replaced) and _are_texts(codecs)):
            raise ValueError("no time, or no codecs")
        if not _are_texts(texts):
            raise ValueError("no names")
        "".join(texts).encode("utf-8", "surrogateescape")  # so that whoever serves can
        return cls(replaced, codecs, texts)

    def line(self) -> bytes:
        return json.dumps((self.replaced, self.codecs, self.texts)).encode("ascii")


class Former:
    """What is known of such names."""

    def __init__(self, builds: Iterable[_Build] = ()) -> None:
        """``builds`` are the oldest first; each name is in one of them."""
        self._builds = list(builds)

    @classmethod
    def read(cls, manifest: Path) -> Former:
        """Those beside a manifest; none where they cannot be read, or are not as they were written."""
        try:
            with open_regular(former_of(manifest)) as file:
                if os.fstat(file.fileno()).st_size > _MOST_BYTES:
                    return cls()
                digest, _, data = file.read(_MOST_BYTES).partition(b"\n")
            if digest.decode("ascii", "replace") != names.content_digest(data):
                return cls()
            form, *lines = data.split(b"\n")
            return cls(map(_Build.of, lines) if form == b"%d" % _FORMAT else ())
        except (OSError, RecursionError, TypeError, ValueError):
            return cls()

    def __len__(self) -> int:
        return sum(len(build.texts) for build in self._builds)

    def __iter__(self) -> Iterator[str]:
        """The URLs."""
        for build in self._builds:
            yield from build.texts

    def served(self, url: str) -> tuple[Served, Mapping[str, str]]:
        """What a server must know of the file, and what made its compressed siblings.

        Raises:
            KeyError: there is no such name, or nothing of use is said of it.
        """
        for build in reversed(self._builds):
            text = build.texts.get(url)
            if text is not None:
                return _served(text), build.codecs
        raise KeyError(url)

    def add(self, manifest: Manifest, later: Container[str], now: float) -> bool:
        """Note the lasting names of a manifest that are not among the later ones; tells whether there are any.

        ``now``, in epoch seconds, is when they take its place.
        """
        texts = {
            url: json.dumps((each.place, each.size, each.stamp, each.digest, each.siblings))
            for url, each in manifest.served.items()
            if each.is_lasting and url not in later
        }
        for build in self._builds:
            build.replaced = min(build.replaced, now)  # a clock that was wrong keeps nothing for years
            for url in build.texts.keys() & texts.keys():
                del build.texts[url]
        if texts:
            self._builds.append(_Build(now, dict(manifest.codecs), texts))
        self._tidy()
        return bool(texts)

    def complete(self, manifest: Manifest, now: float) -> bool:
        """Note those names of a manifest that are not among these; tells whether there are any."""
        return self.add(manifest, frozenset(self), now) if manifest.served else False

    def drop_old(self, now: float) -> None:
        """Keep no more than can be read at once but what pages of the last builds may name.

        The rule is that of ``staticclean`` where nothing else is asked of it, so no name goes before its file may.
        """
        count, oldest = len(self), now - KEEP_DAYS * _DAY_SECONDS
        while count > FEW and len(self._builds) > KEEP_BUILDS and self._builds[0].replaced < oldest:
            count -= len(self._builds.pop(0).texts)

    def forget(self, places: Container[str]) -> bool:
        """Know nothing of the files in these places any more; tells whether there were any."""
        before = len(self)
        for build in self._builds:
            build.texts = {url: text for url, text in build.texts.items() if _place(text) not in places}
        self._tidy()
        return len(self) < before

    def _tidy(self) -> None:
        self._builds = [build for build in self._builds if build.texts]

    def write(self, manifest: Path) -> None:
        """Leave them beside a manifest, whole or not at all; of what is too much for any reader, the latest.

        Raises:
            OSError: it could not be done.
        """
        place = former_of(manifest)
        lines: list[bytes] = []
        room = _MOST_BYTES - 128  # for the lines above them
        for build in reversed(self._builds):
            line = build.line()
            room -= len(line) + 1
            if room < 0:
                break
            lines.append(line)
        data = b"\n".join((b"%d" % _FORMAT, *reversed(lines)))
        replace(manifest, place, names.content_digest(data).encode("ascii") + b"\n" + data)


def replace(manifest: Path, place: Path, data: bytes) -> None:
    """Leave a file beside a manifest, whole or not at all; who may read that may read this, whoever has written it.

    Raises:
        OSError: it could not be done.
    """
    temporary = place.with_name(f".{place.name}.tmp")
    try:
        temporary.unlink(missing_ok=True)  # what a killed process of another user has left
        with naming(temporary):
            temporary.write_bytes(data)
        with contextlib.suppress(OSError):
            shutil.copymode(manifest, temporary)
        temporary.replace(place)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _are_texts(value: Any) -> bool:
    return isinstance(value, dict) and set(map(type, value.values())) <= {str}


def _served(text: str) -> Served:
    """What a text says, which somebody may have made up.

    Raises:
        KeyError: it says nothing that a server may go by.
    """
    try:
        place, size, stamp, digest, siblings = json.loads(text)
        sizes = (size, *siblings.values())
        if not all(isinstance(each, int) and 0 <= each < _LARGEST for each in sizes):
            raise ValueError("no sizes")
        if not (isinstance(stamp, int) and 0 <= stamp < _LATEST and _DIGEST.fullmatch(digest)):
            raise ValueError("no time, or no digest")
        os.fsencode(place)
        if "\0" in place:
            raise ValueError("no place")
    except (AttributeError, RecursionError, TypeError, ValueError) as error:
        raise KeyError(text) from error
    return Served(place, size, stamp, digest, is_lasting=True, siblings=siblings)


def _place(text: str) -> str | None:
    try:
        return _served(text).place
    except KeyError:
        return None
