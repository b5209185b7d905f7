"""What the pipeline is told and what it tells: settings, published files, and the record of finished work."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from . import names, notice
from .answers import Published
from .graph import components
from .kinds import DEFAULT_ENGINES
from .notice import Notice
from .sources import Signature

__all__ = [
    "HASHED_NAMES",
    "REPLACED",
    "SINCE",
    "Manner",
    "Options",
    "Output",
    "Printed",
    "Record",
    "files_of",
    "from_json",
    "restore",
    "restored",
    "to_json",
    "used_keys",
]

#: In the values of a record: what it said before, and since when it no longer does, in seconds of the epoch.
REPLACED = "replaced"
SINCE = "since"

#: Hexadecimal digests of 32 bits and more with a letter and a digit in them: ``main.3f2a9c1b.js``, ``chunk-0a1b2c3d4e.css``.
HASHED_NAMES = re.compile(r"[.\-](?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{8,64}(?=\.)")


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
    minifiers: Mapping[str, Sequence[str]] = field(default_factory=lambda: DEFAULT_ENGINES)
    #: Names by the digest of the content, and not by modification time.
    by_hash: bool = False
    #: Base names that a bundler has given a hash already; they are kept.
    hashed_names: re.Pattern[str] = HASHED_NAMES
    #: The formats of compressed siblings that a build makes, such as ``gz`` or ``br:9``, and where they are kept.
    compress: tuple[str, ...] = ()
    compress_cache: Path | None = None
    #: Keep a digest of each published style sheet and script, for ``integrity`` attributes.
    integrity: bool = False
    #: Put a source map beside each file that was joined from several.
    source_maps: bool = False
    #: Seconds to wait for another process that is preparing the same files.
    lock_timeout: float = 30.0
    #: Seconds to wait for another build.
    build_timeout: float = 600.0


class Manner(Enum):
    """How a run of files is published."""

    #: In as few files as keep order and meaning.
    USUAL = "usual"
    #: The bytes as they are, since the page holds a hash of them.
    VERBATIM = "verbatim"
    #: All in one file, as ``"a.js;b.js"`` asks for; in none where they would not be in one otherwise.
    TOGETHER = "together"


class Printed(NamedTuple):
    """A published file as a page prints it, and how many of the wanted ones it stands for."""

    parts: int
    public: str
    #: The digest of its bytes, or empty.
    integrity: str = ""
    #: The file itself, where somebody wants to know.
    file: Published | None = None


class Output(NamedTuple):
    """A published file."""

    #: How many of the given sources are in it; 0 for a file that goes with another, such as a source map.
    parts: int
    #: Its path as a URL, percent-decoded and without prefix: ``/css/a.1269174558.css``.
    url: str
    #: What a page prints.
    public: str
    #: Where it lies; a text, since builds make thousands, compare them and send them to another process.
    path: str
    stamp: int
    #: Bytes.
    size: int
    #: Whether they are those of the only original.
    is_same: bool
    #: The digest of the bytes where naming has computed it, else empty.
    digest: str = ""
    #: The name of the only original, as :attr:`Source.form` has it; empty when there are several.
    name: str = ""
    #: The digest of the bytes for an ``integrity`` attribute; empty when nobody asked for it.
    integrity: str = ""
    #: Whether it is the one form of a module, for all who import it.
    is_shared: bool = False


@dataclass(frozen=True)
class Record:
    """Finished work, and the state of the originals it was made of."""

    #: What tells this piece of work from every other.
    key: str
    outputs: tuple[Output, ...]
    inputs: Mapping[str, Signature]
    #: References that led nowhere; when one is there again the work is done anew.
    missing: tuple[str, ...] = ()
    #: The work on the files that are referred to: when one of them gets another name the work is done anew.
    uses: tuple[Record, ...] = ()
    #: The paths that names in it led to; when one leads to another file the work is done anew.
    found: Mapping[str, str] = field(default_factory=dict)
    #: What people are told of it at each build: what is wrong with the originals, and what is good to know.
    problems: tuple[Notice, ...] = ()
    notes: tuple[Notice, ...] = ()
    #: Why the files of a list cannot be one; nothing was published then.
    apart: str = ""

    @property
    def printed(self) -> tuple[Printed, ...]:
        """What pages print of it, in the order of the originals."""
        return tuple(Printed(each.parts, each.public, each.integrity) for each in self.outputs if each.parts)

    @cached_property
    def identity(self) -> str:
        """What tells this outcome from another of the same work."""
        return names.digest(repr((self.outputs, sorted(self.inputs.items()), self.missing)))[:16]

    def walk(self, seen: dict[int, Record] | None = None) -> Iterator[Record]:
        """This record and, once each, all it depends on; what others have seen on their walk is left out."""
        seen = {} if seen is None else seen
        pending = [self]
        while pending:
            record = pending.pop()
            if id(record) not in seen:
                seen[id(record)] = record
                yield record
                pending += record.uses


def to_json(record: Record) -> dict[str, Any]:
    """A record as plain values; those it uses by key and identity."""
    return {
        "outputs": [
            [
                *(o.parts, o.url, o.public, o.path, o.stamp, o.size, o.is_same),
                *(o.digest, o.name, o.integrity, o.is_shared),
            ]
            for o in record.outputs
        ],
        "inputs": record.inputs,
        "missing": record.missing,
        "found": record.found,
        "uses": [[used.key, used.identity] for used in record.uses],
        # Of most files there is nothing to be said.
        **({"problems": notice.listed(record.problems)} if record.problems else {}),
        **({"notes": notice.listed(record.notes)} if record.notes else {}),
        **({"apart": record.apart} if record.apart else {}),
    }


def restore(values: Mapping[str, Any]) -> dict[str, Record]:
    """The records of such values by key; without those that are damaged, or that used one that is another now."""
    records: dict[str, Record] = {}
    used = {key: used_keys(value) for key, value in values.items()}
    for component in components(list(values), lambda key: [each for each in used[key] if each in values]):
        for key in component:
            record = restored(key, values[key], records)
            if record is not None:
                records[key] = record
    return records


def restored(key: str, value: Any, records: Mapping[str, Record | None]) -> Record | None:
    """The record of such values; None if they are damaged, or used one that is not among these records."""
    try:
        uses = []
        for used_key, identity in value["uses"]:
            used = records.get(used_key)
            if used is None or used.identity != identity:
                return None
            uses.append(used)
        return from_json(key, value, uses)
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError):
        return None


def used_keys(value: Any) -> list[str]:
    """The keys of the records that the values of a record say it uses."""
    try:
        return [str(key) for key, _ in value["uses"]]
    except (KeyError, TypeError, ValueError):
        return []


def files_of(value: Any) -> list[str]:
    """The paths of what the values of a record say was published, originals left out."""
    try:
        return [str(each[3]) for each in value["outputs"] if each[3] not in value["inputs"]]
    except (IndexError, KeyError, TypeError):
        return []


def from_json(key: str, value: Any, uses: Sequence[Record] = ()) -> Record:
    """The record of such values.

    Raises:
        ValueError: they are damaged.
    """
    try:
        outputs = tuple(
            Output(
                *(int(c), str(u), str(p), str(path), int(s), int(z), bool(same)),
                *(str(d), str(name), str(hashed), bool(shared)),
            )
            for c, u, p, path, s, z, same, d, name, hashed, shared in value["outputs"]
        )
        inputs = {
            str(path): None if seen is None else (int(seen[0]), int(seen[1]), int(seen[2]))
            for path, seen in value["inputs"].items()
        }
        found = {str(name): str(path) for name, path in value["found"].items()}
        problems, notes = (notice.restored(value.get(name, ())) for name in ("problems", "notes"))
        missing = tuple(map(str, value["missing"]))
        apart = str(value.get("apart", ""))
        return Record(key, outputs, inputs, missing, tuple(uses), found, problems, notes, apart)
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
