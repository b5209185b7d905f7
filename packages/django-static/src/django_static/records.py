"""What the pipeline is told and what it tells: settings, published files, and the record of finished work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from . import minify
from .sources import Signature

__all__ = ["Manner", "Options", "Output", "Record", "from_json", "to_json"]


@dataclass(frozen=True, slots=True)
class Options:
    """The settings the pipeline works by; see :class:`django_static.conf.Conf`."""

    #: Where locks and records of finished work lie.
    state: Path
    save_prefix: Path | None = None
    name_prefix: str = ""
    media_url: str = ""
    use_symlink: bool = True
    name_max_length: int = 40
    filename_generator: Callable[..., str] | None = None
    combine_filenames_generator: Callable[..., str] | None = None
    minifiers: Mapping[str, Sequence[str]] = field(default_factory=lambda: minify.DEFAULT_ENGINES)
    #: Seconds to wait for another process that is preparing the same files.
    lock_timeout: float = 30.0


class Manner(Enum):
    """How a run of files is published."""

    #: In as few files as keep order and meaning.
    USUAL = "usual"
    #: The bytes as they are, since the page holds a hash of them.
    VERBATIM = "verbatim"
    #: All in one file, as ``"a.js;b.js"`` asks for.
    TOGETHER = "together"
    #: A module of the page: one that exports is known to others by its own URL, and keeps it.
    MODULE = "module"


@dataclass(frozen=True, slots=True)
class Output:
    """A published file."""

    #: How many of the given sources are in it.
    count: int
    #: Its path as a URL, percent-decoded and without prefix: ``/css/a.1269174558.css``.
    url: str
    #: What a page prints.
    public: str
    path: Path
    stamp: int


@dataclass(frozen=True, slots=True)
class Record:
    """Finished work, and the state of the originals it was made of."""

    outputs: tuple[Output, ...]
    inputs: Mapping[str, Signature]
    #: References that led nowhere; when one is there again the work is done anew.
    missing: tuple[str, ...]


def to_json(record: Record) -> dict[str, Any]:
    """A record as plain values."""
    return {
        "outputs": [[o.count, o.url, o.public, str(o.path), o.stamp] for o in record.outputs],
        "inputs": record.inputs,
        "missing": record.missing,
    }


def from_json(value: Any) -> Record | None:
    """The record of such values, or None when they are not those of one."""
    try:
        outputs = tuple(
            Output(int(c), str(u), str(p), Path(path), int(s)) for c, u, p, path, s in value["outputs"]
        )
        inputs = {
            str(path): None if seen is None else (int(seen[0]), int(seen[1]))
            for path, seen in value["inputs"].items()
        }
        return Record(outputs, inputs, tuple(map(str, value["missing"])))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None
