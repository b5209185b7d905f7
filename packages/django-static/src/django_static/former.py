"""The names that earlier builds have given and the last one has not: pages of processes that began before print them still.

They lie beside the manifest, each with what the manifest said of it, so that a server that starts answers for them as the one
before did. A build notes what its manifest lacks before it puts that in its place: whoever reads the manifest first, and
this second, lacks no name. ``staticclean`` forgets what it removes.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path

from . import names
from .manifest import Manifest, ManifestError, Served
from .places import Places, former_of
from .regular import naming, read_regular

__all__ = ["Former", "forget", "note"]

#: To be raised when what is in the file changes its meaning.
_FORMAT = 1


class Former:
    """What is known of such names, by URL; as text, since few of them are ever asked for."""

    def __init__(
        self, texts: Mapping[str, str] | None = None, codecs: Sequence[Mapping[str, str]] = ()
    ) -> None:
        """``codecs`` are those of the builds, to which the texts refer by number."""
        self.texts = dict(texts or {})
        self._codecs = [dict(each) for each in codecs]

    @classmethod
    def read(cls, manifest: Path) -> Former:
        """Those beside a manifest; none where they cannot be read, or are not as they were written."""
        try:
            digest, _, data = read_regular(former_of(manifest)).partition(b"\n")
            if digest.decode("ascii", "replace") != names.content_digest(data):
                return cls()
            value = json.loads(data)
            if value["format"] != _FORMAT:
                return cls()
            return cls(value["texts"], value["codecs"])
        except (AttributeError, KeyError, OSError, RecursionError, TypeError, ValueError):
            return cls()

    def served(self, url: str) -> tuple[Served, Mapping[str, str]]:
        """What a server must know of the file, and what made its compressed siblings.

        Raises:
            KeyError: there is no such name.
        """
        place, size, stamp, digest, siblings, number = json.loads(self.texts[url])
        return Served(place, size, stamp, digest, is_lasting=True, siblings=siblings), self._codecs[number]

    def add(self, manifest: Manifest, later: Container[str]) -> None:
        """Note the lasting names of a manifest that are not among the later ones."""
        codecs = dict(manifest.codecs)
        if codecs not in self._codecs:
            self._codecs.append(codecs)
        number = self._codecs.index(codecs)
        for url, each in manifest.served.items():
            if each.is_lasting and url not in later:
                text = [each.place, each.size, each.stamp, each.digest, each.siblings, number]
                self.texts[url] = json.dumps(text)

    def write(self, manifest: Path) -> None:
        """Leave them beside a manifest, whole or not at all.

        Raises:
            OSError: it could not be done.
        """
        place = former_of(manifest)
        value = {"format": _FORMAT, "codecs": self._codecs, "texts": self.texts}
        data = json.dumps(value).encode("ascii")
        temporary = place.with_name(f".{place.name}.tmp")
        try:
            with naming(temporary):
                temporary.write_bytes(names.content_digest(data).encode("ascii") + b"\n" + data)
            temporary.replace(place)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def note(place: Path, following: Manifest, data: bytes) -> None:
    """Remember the names that only the manifest there has, since another one, of these bytes, is about to take its place.

    Raises:
        OSError: it could not be done.
    """
    try:
        if read_regular(place) == data:
            return
        manifest = Manifest.read(place)
    except (OSError, ManifestError):
        return  # nobody could read names in it
    former = Former.read(place)
    before = dict(former.texts)
    former.add(manifest, following.served)
    if former.texts != before:
        former.write(place)


def forget(manifest: Path, places: Places, paths: Iterable[str]) -> None:
    """Remember no more names of the files of these paths, which are removed.

    Raises:
        OSError: it could not be done.
    """
    gone = {places.name(path) for path in paths}
    former = Former.read(manifest) if gone else Former()
    rest = {url: text for url, text in former.texts.items() if json.loads(text)[0] not in gone}
    if len(rest) < len(former.texts):
        former.texts = rest
        former.write(manifest)
