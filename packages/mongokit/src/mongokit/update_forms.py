"""The values of an update in their stored form, whichever form they were given in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mongokit.errors import Failure, SchemaTypeError, shortened
from mongokit.structure.convert import Convert
from mongokit.structure.forms import stored_form
from mongokit.structure.nodes import ListNode, Node, node_at
from mongokit.structure.own_words import in_own_words

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["stored_update"]


def stored_update(cls: type[Document], update: Any, failures: list[Failure]) -> Any:
    """Return an update with what is to be stored where it has values in their Python form; a pipeline stays as it is.

    A failure is added for a value of which its type can make nothing to store.
    """
    if cls._structure.to_bson is None or not isinstance(update, Mapping):
        return update
    made = dict(update)
    for operator, changes in update.items():
        convert_of = _CONVERTED.get(operator)
        if convert_of is None or not isinstance(changes, Mapping):
            continue
        made[operator] = {
            path: _stored(cls, path, value, convert_of, failures) for path, value in changes.items()
        }
    return made


def _stored(cls: type[Document], path: Any, value: Any, convert_of: Any, failures: list[Failure]) -> Any:
    node = node_at(cls._structure.root, path) if isinstance(path, str) else None
    convert = None if node is None else convert_of(node)
    if convert is None:
        return value
    try:
        return convert(value)
    except Exception as error:  # noqa: BLE001 (whatever a user's type raises is a failure of this value)
        message = f"{path}: {shortened(value)} cannot be stored: {str(error) or type(error).__name__}"
        failures.append(in_own_words(Failure(path, SchemaTypeError, message, value), node))
        return value


@lru_cache(maxsize=4096)
def _whole(node: Node) -> Convert | None:
    return stored_form(node)


@lru_cache(maxsize=4096)
def _added(node: Node) -> Convert | None:
    """Return what converts one element of a list, or those of ``$each``."""
    element = stored_form(node.item) if isinstance(node, ListNode) else None
    if element is None:
        return None

    def added(value: Any) -> Any:
        if isinstance(value, Mapping) and isinstance(value.get("$each"), (list, tuple)):
            return {**value, "$each": [element(each) for each in value["$each"]]}
        return element(value)

    return added


_CONVERTED = MappingProxyType(
    {
        **dict.fromkeys(("$set", "$setOnInsert", "$min", "$max", "$pullAll"), _whole),
        **dict.fromkeys(("$push", "$addToSet", "$pull"), _added),
    }
)
