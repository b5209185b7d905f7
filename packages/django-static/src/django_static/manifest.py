"""The map a build leaves behind: what to print for every file, run of files and inline text it found."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import names
from .records import Manner, Printed

__all__ = ["FORMAT", "Manifest", "ManifestError", "names_of", "run_key", "text_key"]

#: To be raised when what is in the file changes its meaning.
FORMAT = 3


class ManifestError(Exception):
    """A manifest cannot be used; the message says which, why, and what to do."""


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

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """The manifest in a file.

        Raises:
            ManifestError: there is none, or it is not one of this version.
        """
        advice = "run 'manage.py staticbuild'"
        try:
            value = json.loads(path.read_bytes())
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
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ManifestError(
                f"{path} is not a manifest: {type(error).__name__}: {error}; {advice}"
            ) from error
        return cls(runs, texts, files, settings)

    def write(self, path: Path) -> None:
        """Replace the manifest in a file, whole or not at all; one that is there already is left alone.

        Raises:
            OSError: it could not be written; what was there is there still.
        """
        data = self._encoded()
        with contextlib.suppress(OSError):
            if path.read_bytes() == data:
                return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.tmp")
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def _encoded(self) -> bytes:
        value: dict[str, Any] = {
            "format": FORMAT,
            "settings": self.settings,
            "runs": {
                key: [(each.parts, each.public, each.integrity) for each in run]
                for key, run in self.runs.items()
            },
            "texts": self.texts,
            "files": self.files,
        }
        return json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")
