"""The indexes that classes declare beside those that a collection has. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mongokit.indexes import Index

__all__ = [
    "Declared",
    "IndexReport",
    "IndexRow",
    "State",
    "compared",
    "declared_of",
    "difference_words",
    "homeless",
]

Raw = dict[str, Any]
State = Literal["same", "missing", "different", "unknown", "homeless", "built", "changed"]

_NO_OPTIONS = frozenset({"name", "key", "v", "ns", "background", "comment", "dropDups", "prepareUnique"})
"""What an index does not do otherwise for."""
_DEFAULTS: Mapping[str, Any] = {
    "unique": False,
    "sparse": False,
    "hidden": False,
    "default_language": "english",
    "language_override": "language",
    "bits": 26,
    "min": -180,
    "max": 180,
}
_VERSIONS = ("textIndexVersion", "2dsphereIndexVersion")
"""Chosen by the server where they are not declared."""
_CHANGEABLE = ("expireAfterSeconds", "hidden")
"""What ``collMod`` can change."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One index that classes want, as ``createIndexes`` takes it."""

    document: Raw
    classes: tuple[str, ...]
    named: bool
    """Whether the class gives it a name."""


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One index: declared, built, or both."""

    namespace: str
    """``database.collection``."""
    name: str
    state: State
    """``same``; ``missing``: declared and not there; ``different``; ``unknown``: there and not declared;
    ``homeless``: declared by a class that does not say where it lives. After ``ensure_indexes`` also ``built`` and
    ``changed``."""
    declared: Mapping[str, Any] | None = None
    """As ``createIndexes`` takes it."""
    existing: Mapping[str, Any] | None = None
    """As ``listIndexes`` gives it."""
    differences: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """Option (or ``fields``, ``name``) -> what is declared, what is there; None: nothing."""
    classes: tuple[str, ...] = ()
    """Who declares it."""

    @property
    def fields(self) -> str:
        """The keys as a person writes them: ``slug, published (descending)``."""
        index = self.declared or self.existing or {}
        words = {1: "", -1: " (descending)"}
        return ", ".join(
            f"{name}{words.get(kind, f' ({kind})')}"
            for name, kind in _keys(index)
            if name not in ("_fts", "_ftsx")
        ) or ", ".join(f"{name} (text)" for name in index.get("weights", {}))

    @property
    def summary(self) -> str:
        """The fields, and the options that are not what they are by default."""
        options = _options(self.declared or self.existing or {}, {})
        words = [name if value is True else f"{name}={value!r}" for name, value in options.items()]
        return f"{self.fields}{': ' if words else ''}{', '.join(words)}"

    @property
    def changeable(self) -> bool:
        """Whether the server can change it without building it anew."""
        return bool(self.differences) and all(
            name in _CHANGEABLE and (name == "hidden" or None not in values)
            for name, values in self.differences.items()
        )

    @property
    def advice(self) -> str:
        """What to do about it; empty where there is nothing to be done."""
        collection = self.namespace.partition(".")[2]
        drop = f"database[{collection!r}].drop_index({self.name!r})"
        if self.state == "missing":
            return "ensure_indexes() builds it"
        if self.state == "homeless":
            cls = self.classes[0]
            return (
                f"{cls} does not say where it lives ({self.namespace}): give it that, or ask for its collection, "
                f"index_diff(collection, [{cls}])"
            )
        if self.state == "unknown":
            return f"not declared: if nobody else needs it, drop it by {drop}"
        if self.state != "different":
            return ""
        if self.changeable:
            return "ensure_indexes(drop=True) changes it where it is (collMod)"
        there = (self.existing or {}).get("name", self.name)
        return f"ensure_indexes(drop=True) drops {there!r} and builds it as declared"

    def as_data(self) -> Raw:
        """Return the row as plain data."""
        return {
            "namespace": self.namespace,
            "name": self.name,
            "state": self.state,
            "fields": [list(pair) for pair in _keys(self.declared or self.existing or {})],
            "differences": {name: list(values) for name, values in self.differences.items()},
            "classes": list(self.classes),
            "advice": self.advice,
        }


@dataclass(frozen=True, slots=True)
class IndexReport(Sequence[IndexRow]):
    """What is declared beside what is there, a row for each index; ``str()`` of it is a table."""

    rows: tuple[IndexRow, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        return self.rows[index]

    @property
    def ok(self) -> bool:
        """Whether every declared index is there, as declared; not where nobody knows where it should be."""
        return not self.of("missing", "different", "homeless")

    def of(self, *states: State) -> list[IndexRow]:
        """Return the rows in one of these states."""
        return [row for row in self.rows if row.state in states]

    @property
    def missing(self) -> list[IndexRow]:
        """Declared, and not there."""
        return self.of("missing")

    @property
    def different(self) -> list[IndexRow]:
        """Declared, and there with other fields or options."""
        return self.of("different")

    @property
    def homeless(self) -> list[IndexRow]:
        """Declared by a class that does not say in which collection it lives: nobody has looked for them."""
        return self.of("homeless")

    @property
    def unknown(self) -> list[IndexRow]:
        """There, and not declared."""
        return self.of("unknown")

    def as_data(self) -> list[Raw]:
        """Return the rows as plain data."""
        return [row.as_data() for row in self.rows]

    def __str__(self) -> str:
        return "\n".join(self._lines()) or "no indexes declared, and none there"

    def _lines(self) -> Iterator[str]:
        namespace = None
        widths = [max((len(cells[i]) for cells in map(_cells, self.rows)), default=0) for i in range(3)]
        for row in self.rows:
            if row.namespace != namespace:
                namespace = row.namespace
                yield namespace
            cells = [cell.ljust(width) for cell, width in zip(_cells(row), widths, strict=True)]
            yield f"  {'  '.join(cells)}  {', '.join(row.classes)}".rstrip()
            for words in difference_words(row):
                yield f"      {words}"
            if row.advice:
                yield f"      -> {row.advice}"


def _cells(row: IndexRow) -> tuple[str, str, str]:
    return row.state, row.name, row.summary


def difference_words(row: IndexRow) -> Iterator[str]:
    """Yield a line for each difference of a row."""
    for name, (wanted, there) in row.differences.items():
        shown = ["nothing" if value is None else repr(value) for value in (wanted, there)]
        yield f"{name}: {shown[0]} is declared, {shown[1]} is there"


def declared_of(indexes: Iterable[tuple[str, Index]]) -> list[Declared]:
    """Return the indexes of several classes, those that are the same once.

    :param indexes: class name, index.
    """
    found: dict[str, Declared] = {}
    for owner, index in indexes:
        document = _plain(index.model().document)
        # Two classes may disagree about one name: each has its row then.
        key = repr(sorted(document.items(), key=lambda pair: pair[0]))
        earlier = found.get(key)
        owners = (owner,) if earlier is None else tuple(dict.fromkeys((*earlier.classes, owner)))
        found[key] = Declared(document, owners, "name" in dict(index.options))
    return list(found.values())


def homeless(cls: Any, lacks: str) -> list[IndexRow]:
    """Return the rows of a document class of which nobody knows where it lives.

    :param lacks: the attribute that would say so.
    """
    return [
        IndexRow(f"no {lacks}", one.document["name"], "homeless", one.document, classes=one.classes)
        for one in declared_of((cls.__name__, index) for index in cls._indexes)
    ]


def compared(
    namespace: str,
    declared: Sequence[Declared],
    existing: Iterable[Mapping[str, Any]],
    collation: Mapping[str, Any] | None = None,
) -> list[IndexRow]:
    """Return the rows of one collection, those that are declared first, in their order.

    :param collation: that of the collection, which indexes have where they do not say otherwise.
    """
    there: list[Raw] = [_plain(index) for index in existing]
    left = {index["name"]: index for index in there}
    found: dict[int, IndexRow] = {}

    def settle(position: int, index: Raw, differences: Mapping[str, tuple[Any, Any]]) -> None:
        one = declared[position]
        left.pop(index["name"], None)
        state: State = "different" if differences else "same"
        # What nobody has named is found under the name it has.
        name = one.document["name"] if one.named or differences else index["name"]
        found[position] = IndexRow(namespace, name, state, one.document, index, differences, one.classes)

    tries = (_by_all, _by_name, _by_keys)
    for fits in tries:
        for position, one in enumerate(declared):
            if position in found:
                continue
            for index in list(left.values()):
                differences = _differences(one, index, collation)
                if fits(one, index, differences):
                    settle(position, index, differences)
                    break
    rows = [
        found.get(i)
        or IndexRow(namespace, one.document["name"], "missing", one.document, classes=one.classes)
        for i, one in enumerate(declared)
    ]
    unknown = (index for name, index in sorted(left.items()) if name != "_id_")
    return rows + [IndexRow(namespace, index["name"], "unknown", existing=index) for index in unknown]


Differences = Mapping[str, tuple[Any, Any]]


def _by_all(one: Declared, index: Raw, differences: Differences) -> bool:
    return not differences


def _by_name(one: Declared, index: Raw, differences: Differences) -> bool:
    return bool(one.document["name"] == index["name"])


def _by_keys(one: Declared, index: Raw, differences: Differences) -> bool:
    return "fields" not in differences and index["name"] != "_id_"


def _differences(one: Declared, index: Raw, collation: Mapping[str, Any] | None) -> Differences:
    wanted, there = one.document, index
    found: dict[str, tuple[Any, Any]] = {}
    if _folded(wanted) != _folded(there):
        found["fields"] = (_keys(wanted), _keys(there))
    if index["name"] == "_id_" and not found:
        # Its options are the server's business.
        return {}
    ours, theirs = _options(wanted, there), _options(there, wanted)
    for name in (*ours, *(theirs.keys() - ours.keys())):
        mine, other = ours.get(name), theirs.get(name)
        if name == "collation":
            fits = _collates(mine if mine is not None else collation, other)
        else:
            fits = mine == other
        if not fits:
            found[name] = (mine, other)
    if one.named and wanted["name"] != there["name"]:
        found["name"] = (wanted["name"], there["name"])
    return found


def _collates(wanted: Mapping[str, Any] | None, there: Mapping[str, Any] | None) -> bool:
    """Return whether a collation is the declared one: the server adds what was left to it."""
    if wanted is None or wanted.get("locale") == "simple":
        return there is None
    return there is not None and all(there.get(name) == value for name, value in wanted.items())


def _options(index: Mapping[str, Any], other: Mapping[str, Any]) -> Raw:
    """Return the options that are not what the server assumes anyway.

    :param other: the index to compare with.
    """
    found = {
        name: value
        for name, value in index.items()
        if name not in _NO_OPTIONS
        and value is not None
        and not (name in _DEFAULTS and value == _DEFAULTS[name])
        and not (name in _VERSIONS and name not in other)
    }
    weights = _weights(index)
    found.pop("weights", None)
    if any(weight != 1 for weight in weights.values()):
        found["weights"] = weights
    return found


def _keys(index: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [
        (name, kind if isinstance(kind, str) else (1 if kind > 0 else -1))
        for name, kind in index.get("key", {}).items()
    ]


def _folded(index: Mapping[str, Any]) -> Any:
    """Return the keys as they are compared: the fields of a text index have no order."""
    keys = [
        ("", "text") if kind == "text" else (name, kind) for name, kind in _keys(index) if name != "_ftsx"
    ]
    folded = [pair for i, pair in enumerate(keys) if pair not in keys[:i]]
    return folded, sorted(_weights(index))


def _weights(index: Mapping[str, Any]) -> dict[str, Any]:
    fields = [name for name, kind in _keys(index) if kind == "text" and name != "_fts"]
    return {**dict.fromkeys(fields, 1), **index.get("weights", {})}


def _plain(value: Any) -> Any:
    """Return a value with plain dicts in it, which compare without regard to order."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
