"""What is found out about a document class once, when it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mongokit.binding import check_homes
from mongokit.errors import Failure, StructureError
from mongokit.guessing import meant
from mongokit.hooks import overridden
from mongokit.indexes import Index, parse_indexes
from mongokit.loading import LoadSteps
from mongokit.schema_properties import SchemaProperties
from mongokit.structure import Structure
from mongokit.structure.compile import Check
from mongokit.structure.nodes import I18nNode, ListNode, ReferenceNode, TupleNode, descendants

if TYPE_CHECKING:
    from mongokit.files import GridFields

__all__ = ["DocumentProperties"]


class DocumentProperties(SchemaProperties):
    """The metaclass of documents in collections: indexes too."""

    _indexes: tuple[Index, ...]
    _shard_key: tuple[str, ...]
    """The paths of the shard key beside ``_id``."""
    _remembers: bool
    """Whether documents keep something of their stored form."""
    _plain: bool
    """Whether nothing has to be done to save a document but to validate and send it."""
    _takes_content: bool
    """Whether a new document with content is that content, and nothing is done to it."""
    _has_refs: bool
    """Whether there are references that are loaded when they are asked for."""
    _has_autorefs: bool
    """Whether there are references that are loaded and saved with the document."""
    _hooks: frozenset[str]
    """The hooks that documents have."""
    _load_steps: LoadSteps
    """What happens to documents when they have been read."""
    _gridfs: GridFields | None
    """The files that belong to a document; None where the class declares none."""

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(name, bases, namespace, **kwargs)
        own = parse_indexes(name, namespace.get("indexes") or [], cls._structure, namespace.get("__module__"))
        inherited = (index for base in cls.__mro__[1:] for index in getattr(base, "_indexes", ()))
        found: list[Index] = []
        for index in (*own, *inherited):
            if index not in found:
                found.append(index)
        cls._indexes = tuple(found)
        cls._shard_key = _shard_key(name, getattr(cls, "shard_key", ()), cls._structure)
        cls._remembers = bool(cls._shard_key or getattr(cls, "track_changes", False))
        cls._hooks = overridden(cls)
        cls._plain = not (
            cls._remembers or cls._structure.to_bson or cls._hooks or getattr(cls, "use_revision", False)
        )
        cls._takes_content = (
            all(getattr(cls, name) is getattr(_root(cls), name) for name in ("__init__", "__new__"))
            and cls._structure.to_python is None
            and getattr(cls, "type_field", None) not in cls._structure.fields
        )
        eager = {node.eager for node in descendants(cls._structure.root) if isinstance(node, ReferenceNode)}
        cls._has_refs, cls._has_autorefs = False in eager, True in eager
        refer = None
        if eager:
            further = [check_homes] * cls._has_refs
            if cls._has_autorefs:
                # Who has none does not wait for this to be imported.
                from mongokit.autorefs import check_targets, load_targets

                further.append(check_targets)
                refer = load_targets
            cls._structure = cls._structure.but(check=_with_references(cls._structure.check, further))
        files = [vars(base)["gridfs"] for base in reversed(cls.__mro__) if vars(base).get("gridfs")]
        cls._gridfs = _gridfs(name, files) if files else None
        cls._load_steps = LoadSteps(
            migrate=_migration(cls),
            refer=refer,
            is_hooked="after_load" in cls._hooks,
        )


def _root(cls: type) -> Any:
    """Return the class of documents from which all others are derived."""
    return next(base for base in reversed(cls.__mro__) if isinstance(base, DocumentProperties))


def _gridfs(owner: str, declared: Sequence[Any]) -> GridFields:
    # Who has no files does not wait for this to be imported.
    from mongokit.files import parse_gridfs

    return parse_gridfs(owner, declared)


def _migration(cls: Any) -> Any:
    """Return how documents are migrated when they are loaded, or None."""
    if getattr(cls, "migration_handler", None) is None:
        return None
    # Who has no rules does not wait for them to be imported.
    from mongokit.migration.handler import check_handler
    from mongokit.migration.lazy import migrate_loaded

    check_handler(cls)
    return migrate_loaded


def _with_references(check: Check, further: Sequence[Callable[[Any, list[Failure]], None]]) -> Check:
    def checked(document: Any, failures: list[Failure]) -> None:
        check(document, failures)
        for function in further:
            function(document, failures)

    return checked


def _shard_key(owner: str, given: Any, structure: Structure) -> tuple[str, ...]:
    if not isinstance(given, (list, tuple)) or not all(isinstance(path, str) for path in given):
        raise StructureError(f"{owner}: shard_key must be a list of paths, not {given!r}")
    for path in given:
        if path != "_id" and path not in structure.places:
            raise ValueError(
                f"Error in shard_key: can't find {path} in structure (of {owner}){meant(path, structure.places)}"
            )
        names = path.split(".")
        holders = (structure.places.get(".".join(names[:end])) for end in range(1, len(names) + 1))
        if any(isinstance(node, (I18nNode, ListNode, TupleNode)) for node in holders):
            raise ValueError(
                f"Error in shard_key: {path} (of {owner}) is in a list, or is one: a document is found by one value, and "
                "MongoDB shards by no others"
            )
    return tuple(path for path in given if path != "_id")
