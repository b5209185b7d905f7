"""What a class says of its files (``gridfs``), checked when the class is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mongokit.errors import StructureError

__all__ = ["GridFields", "parse_gridfs"]


@dataclass(frozen=True, slots=True, eq=False)
class GridFields:
    """What ``gridfs`` of a class and its bases declares."""

    files: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.files or self.containers)


def parse_gridfs(owner: str, declared: Iterable[Any]) -> GridFields:
    """Return what a class and its bases declare, the bases first; raises StructureError for what cannot be."""
    found: dict[str, list[str]] = {"files": [], "containers": []}
    for given in declared:
        if not isinstance(given, dict) or given.keys() - found.keys():
            raise StructureError(
                f'{owner}: gridfs must be {{"files": [names], "containers": [names]}}, not {given!r}'
            )
        for kind, names in given.items():
            if isinstance(names, str) or not isinstance(names, Iterable):
                raise StructureError(f"{owner}: gridfs: {kind} must be a list of names, not {names!r}")
            found[kind] += [_checked(owner, name) for name in names if name not in found[kind]]
    both = sorted(set(found["files"]) & set(found["containers"]))
    if both:
        raise StructureError(f"{owner}: gridfs: {both[0]} cannot be a file and a container")
    return GridFields(tuple(found["files"]), tuple(found["containers"]))


def _checked(owner: str, name: Any) -> str:
    if not isinstance(name, str) or not name or name.startswith("_"):
        raise StructureError(
            f"{owner}: gridfs: a name is a str that does not begin with an underscore, not {name!r}"
        )
    # Imported here: who declares no files has no use for it.
    from mongokit.grid import FS

    if hasattr(FS, name):
        raise StructureError(
            f"{owner}: gridfs: {name} cannot be the name of a file: doc.fs.{name} is a method"
        )
    return name
