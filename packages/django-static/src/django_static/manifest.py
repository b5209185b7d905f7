"""The map a build leaves behind: what to print for every file, run of files and inline text it found."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from . import names
from .records import Manner, Printed
from .regular import naming, read_regular

__all__ = ["FORMAT", "Manifest", "ManifestError", "Served", "names_of", "run_key", "text_key"]

#: To be raised when what is in the file changes its meaning.
FORMAT = 5


class ManifestError(Exception):
    """A manifest cannot be used; the message says which, why, and what to do."""


class Served(NamedTuple):
    """What a server must know of a published file to answer for it without looking at it."""

    #: Where it lies; see :class:`django_static.places.Places`.
    place: str
    #: Bytes.
    size: int
    #: Time of modification in epoch seconds; 0 where it would differ from server to server.
    stamp: int
    #: :func:`django_static.names.digest` of its bytes; empty where the file may change under its name.
    digest: str
    #: Whether its URL stands for one content for ever.
    is_lasting: bool
    #: Bytes of its compressed siblings, by format.
    siblings: Mapping[str, int] = {}


def run_key(given: Sequence[str], slim: bool, manner: Manner) -> str:
    """What a run of files is looked up by; the names are those of the templates, without query and fragment."""
    slimness = "slim" if slim and manner is not Manner.VERBATIM else "plain"
    # A name may hold a line end, and never a NUL.
    return "\n".join((f"{slimness} {manner.value}", *(name.replace("\n", "\0") for name in given)))


def names_of(key: str) -> list[str]:
    """The names of the files in such a key."""
    return [name.replace("\0", "\n") for name in key.split("\n")[1:]]


def text_key(text: str, kind: str) -> str:
    """What an inline text is looked up by."""
    return f"{kind} {names.digest(text)}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a build has published; ``runs`` by :func:`run_key`, ``texts`` by :func:`text_key`."""

    runs: Mapping[str, tuple[Printed, ...]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    #: Where each published file lies, by its URL; see :class:`django_static.places.Places`.
    files: Mapping[str, str] = field(default_factory=dict)
    #: The settings that are part of the URLs, by name.
    settings: Mapping[str, str] = field(default_factory=dict)
    #: All that a server may send, by its URL: published files, those they refer to, originals of a published tree.
    served: Mapping[str, Served] = field(default_factory=dict)
    #: What made the compressed siblings, by format: the same key and content give the same bytes.
    codecs: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """The manifest in a file.

        Raises:
            ManifestError: there is none, or it is not one of this version.
        """
        return cls.read_with_data(path)[0]

    @classmethod
    def read_with_data(cls, path: Path) -> tuple[Manifest, bytes]:
        """The same, and the bytes of the file.

        Raises:
            ManifestError: as :meth:`read` does.
        """
        advice = "run 'manage.py staticbuild'"
        try:
            data = read_regular(path)
            value = json.loads(data)
        except FileNotFoundError:
            raise ManifestError(f"there is no manifest {path}: {advice}") from None
        except (OSError, ValueError, RecursionError) as error:
            raise ManifestError(f"the manifest {path} cannot be read: {error}; {advice}") from error
        try:
            if value["format"] != FORMAT:
                raise ManifestError(
                    f"the manifest {path} is of format {value['format']!r}, not {FORMAT}: {advice}"
                )
            runs = {
                str(key): tuple(
                    Printed(int(count), str(public), str(digest)) for count, public, digest in printed
                )
                for key, printed in value["runs"].items()
            }
            texts = {str(key): str(text) for key, text in value["texts"].items()}
            files = {str(key): str(place) for key, place in value["files"].items()}
            settings = {str(key): str(text) for key, text in value["settings"].items()}
            codecs = {str(key): str(text) for key, text in value["codecs"].items()}
            served = {
                str(url): Served(str(place), int(size), int(stamp), str(digest), bool(lasting), {**siblings})
                for url, (place, size, stamp, digest, lasting, siblings) in value["served"].items()
            }
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ManifestError(
                f"{path} is not a manifest: {type(error).__name__}: {error}; {advice}"
            ) from error
        return cls(runs, texts, files, settings, served, codecs), data

    def write(self, path: Path, data: bytes | None = None) -> None:
        """Replace the manifest in a file, whole or not at all; one that is there already is left alone.

        ``data`` is what :meth:`encoded` gives, where somebody has asked for that already.

        Raises:
            OSError: it could not be written; what was there is there still.
        """
        if data is None:
            data = self.encoded()
        with contextlib.suppress(OSError):
            if read_regular(path) == data:
                return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.tmp")
        try:
            with naming(temporary), temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def encoded(self) -> bytes:
        """The bytes of the file."""
        value: dict[str, Any] = {
            "format": FORMAT,
            "settings": self.settings,
            "runs": {
                key: [(each.parts, each.public, each.integrity) for each in run]
                for key, run in self.runs.items()
            },
            "texts": self.texts,
            "files": self.files,
            "served": self.served,
            "codecs": self.codecs,
        }
        return json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")
