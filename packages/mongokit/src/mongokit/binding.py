"""The lazy references of a document: they know where it is, and that is where they lead from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson.dbref import DBRef

from mongokit.errors import Failure, SchemaTypeError
from mongokit.reference import Ref, made
from mongokit.structure.nodes import ReferenceNode
from mongokit.structure.own_words import in_own_words
from mongokit.structure.referring import reference_of
from mongokit.target import is_document

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["bind_references", "check_homes", "trust_places"]


def bind_references(document: Document, *, found: bool = False) -> None:
    """Have every lazy reference be a ``Ref`` that knows the document's collection.

    :param found: the document was just read from it.
    """
    walk = type(document)._structure.references
    collection = getattr(document, "_collection", None)

    def visit(value: Any, node: ReferenceNode, parts: object) -> Any:
        if node.eager:
            return value
        if not (isinstance(value, Ref) and value.target is node.target):
            value = reference_of(node)(value)
        if isinstance(value, Ref):
            value.bind(collection, found=found)
        return value

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


def _place(value: Any, collection: Any) -> str | None:
    """Return the full name of the collection that a reference names; None where it names none, or was found so."""
    target = value.loaded if isinstance(value, Ref) else value
    if is_document(target):
        place = getattr(target, "_collection", None)
        return None if place is None else str(place.full_name)
    if isinstance(value, DBRef):
        named: Any = (value.collection, value.database)
    elif isinstance(value, Ref) and not value.is_found:
        named = value.place
    else:
        return None
    return None if named is None else f"{named[1] or collection.database.name}.{named[0]}"


def check_homes(document: Document, failures: list[Failure]) -> None:
    """Add a failure for each document that is not where it would be looked for, as only its ``_id`` is stored."""
    walk = type(document)._structure.references
    collection = getattr(document, "_collection", None)
    if failures:
        # What is no reference leads nowhere.
        return

    def visit(value: Any, node: ReferenceNode, parts: tuple[Any, ...]) -> Any:
        if node.target.find() is None:
            # This is the time to say so where nobody is of that name.
            node.target.resolve(collection)
        if node.eager or node.dbref:
            return value
        place = _place(value, collection)
        home = None if place is None else node.target.home(collection).full_name
        if place != home:
            path, name = ".".join(map(str, parts)), node.target.name
            failure = Failure(
                path,
                SchemaTypeError,
                f"{path} refers to a document in {place}, and would be looked for in {home}: to "
                f"store the place with each reference declare Ref({name}, dbref=True)",
                value,
            )
            failures.append(in_own_words(failure, node))
        return value

    if walk is not None and collection is not None:
        walk(document, (), visit)
