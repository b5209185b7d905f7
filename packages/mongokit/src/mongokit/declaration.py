"""What a class and its bases declare, merged: nearest first, each class with a copy of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mongokit.errors import StructureError

__all__ = ["MERGED", "merged"]

MERGED = ("structure", "default_values", "validators", "required_fields")


def merged(owner: type, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the four descriptors for a class; ``structure`` is None where nobody declares one.

    :param own: what the class body says; the bases' are found in their ``_own``, or in the body of a plain mixin.
    """
    declared = [_declared_by(base) for base in reversed(owner.__mro__[1:])]
    structures = [
        given
        for given in (*(d.get("structure") for d in declared), own.get("structure"))
        if given is not None
    ]
    inherited = [path for given in declared for path in _paths(owner.__name__, given)]
    required = _paths(owner.__name__, own)
    return {
        "structure": _union(owner.__name__, "structure", structures) if structures else None,
        "default_values": _union(
            owner.__name__, "default_values", (d.get("default_values") for d in (*declared, own))
        ),
        "validators": _union(owner.__name__, "validators", (d.get("validators") for d in (*declared, own))),
        # A path that the class itself names twice stays twice, to be complained of.
        "required_fields": [path for path in dict.fromkeys(inherited) if path not in required] + required,
    }


def _declared_by(base: type) -> Mapping[str, Any]:
    body = vars(base)
    own: Mapping[str, Any] = body.get("_own", body)
    return own


def _union(owner: str, name: str, given: Iterable[Any]) -> dict[str, Any]:
    union: dict[str, Any] = {}
    for declared in given:
        if declared is not None and not isinstance(declared, dict):
            raise StructureError(
                f"{owner}: {name} must be a dict, not {type(declared).__name__}: {declared!r}"
            )
        union.update(_copied(declared or {}))
    return union


def _paths(owner: str, given: Mapping[str, Any]) -> list[str]:
    paths = given.get("required_fields") or []
    if isinstance(paths, str) or not isinstance(paths, Iterable):
        raise StructureError(f"{owner}: required_fields must be a list of paths, not {paths!r}")
    return list(paths)


def _copied(value: Any) -> Any:
    """Return a copy of the dicts and lists of a declaration; what they hold is shared."""
    if isinstance(value, dict):
        return type(value)((key, _copied(item)) for key, item in value.items())
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value
