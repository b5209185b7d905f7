"""The lazy references of a document: they know where it is, and that is where they lead from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongokit.errors import Failure, SchemaTypeError
from mongokit.reference import Ref, made
from mongokit.structure.nodes import ReferenceNode
from mongokit.structure.referring import reference_of
from mongokit.target import is_document

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["bind_references", "check_homes", "trust_places"]


def bind_references(document: Document) -> None:
    """Have every lazy reference be a ``Ref`` that knows the document's collection."""
    walk = type(document)._structure.references
    collection = getattr(document, "_collection", None)

    def visit(value: Any, node: ReferenceNode, parts: object) -> Any:
        if node.eager:
            return value
        reference = reference_of(node)(value)
        if isinstance(reference, Ref):
            reference.bind(collection)
        return reference

    if walk is not None and collection is not None:
        walk(document, (), visit)


def trust_places(document: Document) -> None:
    """Check where the references lead of a document that was read from JSON; raises ValueError, see ``Target.trusted``.

    A place that the class says too is left out again.
    """
    walk = type(document)._structure.references
    collection = getattr(document, "_collection", None)

    def visit(value: Any, node: ReferenceNode, parts: object) -> Any:
        if isinstance(value, Ref) and value.place is not None:
            home = node.target.trusted(collection, *value.place)
            if not node.dbref and home.full_name == node.target.home(collection).full_name:
                value = made(node.target, value.id)
                value.bind(collection)
        return value

    if walk is not None and collection is not None:
        walk(document, (), visit)


def check_homes(document: Document, failures: list[Failure]) -> None:
    """Add a failure for each document that is not where it would be looked for, as only its ``_id`` is stored."""
    walk = type(document)._structure.references
    collection = getattr(document, "_collection", None)

    def visit(value: Any, node: ReferenceNode, parts: tuple[Any, ...]) -> Any:
        # Where nobody is of that name, this is the time to say so.
        node.target.resolve(collection)
        target = value.loaded if isinstance(value, Ref) else value
        place = getattr(target, "_collection", None) if is_document(target) else None
        if not (node.eager or node.dbref or place is None):
            home = node.target.home(collection)
            if home.full_name != place.full_name:
                path, name = ".".join(map(str, parts)), node.target.name
                failures.append(
                    Failure(
                        path,
                        SchemaTypeError,
                        f"{path} refers to a document in {place.full_name}, and would be looked for in "
                        f"{home.full_name}: to store the place with each reference declare Ref({name}, dbref=True)",
                        value,
                    )
                )
        return value

    if walk is not None and collection is not None:
        walk(document, (), visit)
