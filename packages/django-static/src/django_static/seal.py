"""What the last build stood on, so that one in which nothing has changed need only look, and not do.

It is a note that may be thrown away: without it, or where anything differs, the records of each file decide.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .regular import naming, read_regular
from .sources import Signature, signature

__all__ = ["Seal", "state_of"]

_FORMAT = 3


@dataclass(frozen=True, slots=True)
class Seal:
    """The state of everything at the end of a build."""

    #: A digest of what was asked for: settings, uses, names of files.
    work: str
    #: Signatures of the originals, and sizes in bytes with times of modification of what stands published.
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    #: The path that each name led to; None where it led nowhere. Without those that are part of the work.
    found: Mapping[str, str | None]
    #: The summary of the build, as plain values.
    summary: Mapping[str, Any]

    @classmethod
    def read(cls, place: Path) -> Seal | None:
        """The seal in a file, or None when there is none that can be read."""
        try:
            value = json.loads(read_regular(place))
            if value["format"] != _FORMAT:
                return None
            return cls(
                str(value["work"]),
                dict(value["inputs"]),
                dict(value["outputs"]),
                dict(value["found"]),
                dict(value["summary"]),
            )
        except (OSError, KeyError, RecursionError, TypeError, ValueError):
            return None

    def holds(self, work: str, path_of: Callable[[str], str | None]) -> bool:
        """Whether the same is asked for, of the same originals, and all that was published is there as it was left."""
        return (
            self.work == work
            and all(_listed(signature(path)) == seen for path, seen in self.inputs.items())
            and all(_state(path) == seen for path, seen in self.outputs.items())
            and all(path_of(name) == path for name, path in self.found.items())
        )

    def write(self, place: Path) -> None:
        """Leave it for the next build.

        Raises:
            OSError: it could not be written.
        """
        value = {
            "format": _FORMAT,
            "work": self.work,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "found": self.found,
            "summary": self.summary,
        }
        temporary = place.with_name(f".{place.name}.tmp")
        with naming(temporary):
            temporary.write_text(json.dumps(value), "utf-8")
        temporary.replace(place)

    @staticmethod
    def states(paths: Iterable[str]) -> dict[str, Any]:
        """Files as they are now."""
        return {path: _state(path) for path in paths}


def _state(path: str) -> list[int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 (thousands of files)
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def state_of(seen: Signature) -> list[int] | None:
    """What :meth:`Seal.states` would say of a file of that signature."""
    return None if seen is None else [seen[1], seen[0]]


def _listed(seen: tuple[int, ...] | None) -> list[int] | None:
    return None if seen is None else list(seen)
