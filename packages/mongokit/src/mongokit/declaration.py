"""What a class and its bases declare, merged: nearest first, each class with a copy of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mongokit.errors import DuplicateDefaultValueError, StructureError
from mongokit.structure.annotations import Annotation, annotated_fields
from mongokit.structure.defaults import absent
from mongokit.structure.keys import shortened_path
from mongokit.target import is_document

__all__ = ["annotated", "annotated_names", "check_attributes", "declared_by", "merged"]

DEEPEST_DECLARED = 130
"""Levels of a declaration, which is compiled by functions that call each other: MongoDB stores 100."""
MERGED = ("structure", "default_values", "validators", "required_fields", "i18n", "error_messages")
SETTINGS = frozenset(
    {
        *(*MERGED, "indexes", "gridfs", "migration_handler", "authorized_types", "type_field"),
        *("raise_validation_errors", "skip_validation", "use_schemaless", "use_autorefs", "use_dot_notation"),
        *("dot_notation_warning", "auto_inheritance", "atomic_save", "force_autorefs_current_db"),
        *(
            "accept_bool_for_int",
            "accept_int_for_float",
            "accept_missing_fields",
            "accept_naive_datetimes",
            "keep_unreadable",
            "use_revision",
            "track_changes",
            "shard_key",
        ),
    }
)
"""What a class says of its documents: never a field, however it is annotated."""


def annotated(owner: str, body: Mapping[str, Any]) -> dict[str, Annotation]:
    """Return the fields that the annotations of a class body declare, name -> specification.

    Names that begin with an underscore are Python's own business, but for ``_id`` and the ``type_field``.
    """
    kept = ("_id", body.get("type_field") or "_type")
    return annotated_fields(
        owner, body, lambda name: name in kept or not (name.startswith("_") or name in SETTINGS)
    )


def annotated_names(cls: type) -> frozenset[str]:
    """Return the names of the annotated fields of a class's bases."""
    found: set[str] = set()
    for base in cls.__mro__[1:]:
        body = vars(base)
        found.update(body["_annotated"] if "_annotated" in body else annotated(cls.__name__, body))
    return frozenset(found)


def declared_by(owner: str, body: Mapping[str, Any], fields: Mapping[str, Annotation]) -> dict[str, Any]:
    """Return the descriptors of a class body, what its annotated fields say among them.

    Raises StructureError for a field declared both ways, or one that is to be absent and never None;
    DuplicateDefaultValueError for two defaults of a field.
    """
    own = {key: body[key] for key in MERGED if body.get(key) is not None}
    defaults = {name: body[name] for name in fields if name in body}
    for key, given, error in (
        ("structure", fields, StructureError),
        ("default_values", defaults, DuplicateDefaultValueError),
    ):
        if not given:
            continue
        explicit = own.get(key, {})
        twice = sorted(given.keys() & explicit.keys()) if isinstance(explicit, dict) else []
        if twice:
            raise error(f"{owner}: {twice[0]} is declared twice: by its annotation, and in {key}. Drop one")
        if isinstance(explicit, dict):
            own[key] = {**explicit, **given}
    for name, annotation in fields.items():
        if own.get("default_values", {}).get(name) is absent and not annotation.optional:
            raise StructureError(
                f"{owner}: {name}: a field that may be absent reads as None where it is: annotate it with | None, or give "
                "it another default"
            )
    return own


def check_attributes(owner: type, fields: Iterable[str]) -> None:
    """Raise StructureError for an annotated field that an attribute of the class would hide."""
    for name in fields:
        for cls in owner.__mro__:
            if name in vars(cls):
                raise StructureError(
                    f"{owner.__name__}: {name} is a field declared by an annotation, and an attribute of "
                    f"{cls.__name__} too, which document.{name} would give. A new default is written with its "
                    f"annotation ({name}: … = …), in a subclass of SchemaDocument; a field of such a name is "
                    f"declared in structure, and read as document[{name!r}]"
                )


def merged(owner: type, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the descriptors of ``MERGED`` for a class; ``structure`` is None where nobody declares one.

    :param own: what the class body says; the bases' are found in their ``_own``, or in the body of a plain mixin.
    """
    declared = [_declared_by(owner.__name__, base) for base in reversed(owner.__mro__[1:])]
    structures = [
        given
        for given in (*(d.get("structure") for d in declared), own.get("structure"))
        if given is not None
    ]
    return {
        "structure": _union(owner.__name__, "structure", structures) if structures else None,
        "default_values": _union(
            owner.__name__, "default_values", (d.get("default_values") for d in (*declared, own))
        ),
        "validators": _union(owner.__name__, "validators", (d.get("validators") for d in (*declared, own))),
        **{name: _all_paths(owner.__name__, name, declared, own) for name in ("required_fields", "i18n")},
        "error_messages": _messages(owner.__name__, [d.get("error_messages") for d in (*declared, own)]),
    }


def _messages(owner: str, given: Iterable[Any]) -> dict[str, Any]:
    said = [declared for declared in given if declared is not None and declared != {}]
    if not said:
        return {}
    # Who has none does not wait for this to be imported.
    from mongokit.structure.messages import united

    return united(owner, said)


def _all_paths(
    owner: str, name: str, declared: Iterable[Mapping[str, Any]], own: Mapping[str, Any]
) -> list[str]:
    """Return the paths of all bases, then the class's own; what it names twice stays twice, to be complained of."""
    mine = _paths(owner, name, own)
    inherited = dict.fromkeys(path for given in declared for path in _paths(owner, name, given))
    return [path for path in inherited if path not in mine] + mine


def _declared_by(owner: str, base: type) -> Mapping[str, Any]:
    body = vars(base)
    own: Mapping[str, Any] | None = body.get("_own")
    return declared_by(owner, body, annotated(owner, body)) if own is None else own


def _union(owner: str, name: str, given: Iterable[Any]) -> dict[str, Any]:
    union: dict[str, Any] = {}
    for declared in given:
        if declared is not None and not isinstance(declared, dict):
            raise StructureError(
                f"{owner}: {name} must be a dict, not {type(declared).__name__}: {declared!r}"
            )
        _check_depth(owner, name, declared or {})
        union.update(_copied(declared or {}))
    return union


def _check_depth(owner: str, name: str, declared: Any) -> None:
    """Raise StructureError for what holds itself, or is deeper than a document can be."""
    waiting: list[tuple[str, Any, tuple[int, ...]]] = [("", declared, (id(declared),))]
    while waiting:
        path, holder, around = waiting.pop()
        for key, item in holder.items() if isinstance(holder, dict) else enumerate(holder):
            if not isinstance(item, (dict, list, tuple)) or is_document(item):
                continue
            place = f"{path}.{key}" if path else str(key)
            if id(item) in around or len(around) == DEEPEST_DECLARED:
                why = (
                    "it holds itself"
                    if id(item) in around
                    else f"it is more than {DEEPEST_DECLARED} levels deep"
                )
                raise StructureError(
                    f"{owner}: {name}: {shortened_path(place)}: {why}; a document cannot be so"
                )
            waiting.append((place, item, (*around, id(item))))


def _paths(owner: str, name: str, given: Mapping[str, Any]) -> list[str]:
    paths = given.get(name) or []
    if isinstance(paths, str) or not isinstance(paths, Iterable):
        raise StructureError(f"{owner}: {name} must be a list of paths, not {paths!r}")
    return list(paths)


def _copied(value: Any) -> Any:
    """Return a copy of the dicts and lists of a declaration; what they hold is shared."""
    if isinstance(value, dict) and not is_document(value):
        return type(value)((key, _copied(item)) for key, item in value.items())
    if type(value) is list:
        return [_copied(item) for item in value]
    return value
