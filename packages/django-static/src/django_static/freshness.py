"""Whether what was published is what would be published now."""

from __future__ import annotations

from .graph import components
from .records import Output, Record
from .shelf import Known, Shelf
from .sources import Sources, signature

__all__ = ["Freshness"]


class Freshness:
    """Compares records with the originals as they are, and with what lies published."""

    def __init__(self, sources: Sources, shelf: Shelf) -> None:
        self._sources = sources
        self._shelf = shelf

    def is_unchanged(self, record: Record) -> bool:
        """Whether a record by itself is true still."""
        return (
            all(signature(path) == seen for path, seen in record.inputs.items())
            and all(each.path in record.inputs or self._is_whole(each) for each in record.outputs)
            and not any(self._sources.has(name) for name in record.missing)
            and all(self._sources.path_of(name) == path for name, path in record.found.items())
        )

    def is_current(self, record: Record, known: Known) -> bool:
        """Whether the originals are as they were and what was published is there, by what is known and gets known."""
        records = {record.key: record}

        def used(key: str) -> list[str]:
            uses = records[key].uses
            records.update((each.key, each) for each in uses)
            return [each.key for each in uses if each.key not in known]

        if record.key not in known:
            for component in components([record.key], used):
                for key in component:
                    each = records[key]
                    is_true = all(_is_same(known.get(other.key), other) for other in each.uses)
                    known[key] = each if is_true and self.is_unchanged(each) else None
        return _is_same(known[record.key], record)

    def _is_whole(self, published: Output) -> bool:
        """Whether an output is there; after a loss of power a file may be there and be empty."""
        seen = signature(published.path)
        return seen is not None and seen[1] == published.size and self._shelf.is_as_left(published.path, seen)


def _is_same(record: Record | None, other: Record) -> bool:
    return record is not None and (record is other or record.identity == other.identity)
