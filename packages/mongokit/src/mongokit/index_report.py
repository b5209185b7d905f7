"""What is declared of indexes beside what is there, for people and programs: a row for each index, a table of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mongokit.index_documents import keys_of, options_of

__all__ = ["IndexReport", "IndexRow", "State", "difference_words"]

Raw = dict[str, Any]
State = Literal["same", "missing", "different", "conflict", "unknown", "homeless", "built", "changed"]

_CHANGEABLE = ("expireAfterSeconds", "hidden")
"""What ``collMod`` can change."""


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One index: declared, built, or both."""

    namespace: str
    """``database.collection``."""
    name: str
    state: State
    """``same``; ``missing``: declared and not there; ``different``; ``conflict``: not there, and declared in two ways, of
    which a collection can have one; ``unknown``: there and not declared;
    ``homeless``: declared by a class that does not say where it lives. After ``ensure_indexes`` also ``built`` and
    ``changed``."""
    declared: Mapping[str, Any] | None = None
    """As ``createIndexes`` takes it."""
    existing: Mapping[str, Any] | None = None
    """As ``listIndexes`` gives it. None also for that of the ``_id`` where there is no collection yet, which comes with it."""
    differences: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """Option (or ``fields``, ``name``) -> what is declared, what is there (of a ``conflict``: what others declare); None:
    nothing."""
    classes: tuple[str, ...] = ()
    """Who declares it."""
    rivals: tuple[str, ...] = ()
    """Of a ``conflict``: who declares it otherwise."""

    @property
    def fields(self) -> str:
        """The keys as a person writes them: ``slug, published (descending)``."""
        index = self.declared or self.existing or {}
        words = {1: "", -1: " (descending)"}
        return ", ".join(
            f"{name}{words.get(kind, f' ({kind})')}"
            for name, kind in keys_of(index)
            if name not in ("_fts", "_ftsx")
        ) or ", ".join(f"{name} (text)" for name in index.get("weights", {}))

    @property
    def summary(self) -> str:
        """The fields, and the options that are not what they are by default."""
        options = options_of(self.declared or self.existing or {}, {})
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
        if self.state == "conflict":
            names = " and ".join(dict.fromkeys((*self.classes, *self.rivals)))
            verb = "declare" if " and " in names else "declares"
            return f"{names} {verb} one index in two ways: let them agree, or give each its name and what tells it apart"
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
            "fields": [list(pair) for pair in keys_of(self.declared or self.existing or {})],
            "differences": {name: list(values) for name, values in self.differences.items()},
            "classes": list(self.classes),
            "rivals": list(self.rivals),
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
        return not self.of("missing", "different", "conflict", "homeless")

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
    def conflicting(self) -> list[IndexRow]:
        """Declared in two ways, of which a collection can have one, which is not this."""
        return self.of("conflict")

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
        if row.rivals:
            who, others = " and ".join(row.classes), " and ".join(row.rivals)
            yield f"{name}: {shown[0]} is declared by {who}, {shown[1]} by {others}"
        else:
            yield f"{name}: {shown[0]} is declared, {shown[1]} is there"
