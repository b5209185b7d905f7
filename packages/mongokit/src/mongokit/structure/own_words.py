"""For code that makes failures of its own: the class's text for each, where the class has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongokit.errors import Failure
from mongokit.structure.nodes import Node

if TYPE_CHECKING:
    from mongokit.schema_document import SchemaDocument

__all__ = ["in_own_words", "in_words_of"]


def in_own_words(failure: Failure, node: Node | None, kind: str | None = None) -> Failure:
    """Return a failure with the text that its class has for it.

    :param node: the place that is wrong; None where the structure knows of none.
    :param kind: of error, where the error's class does not tell.
    """
    if node is None or not node.messages:
        return failure
    # Who says nothing does not wait for this to be imported.
    from mongokit.structure.wording import worded

    return worded(failure, node, kind)


def in_words_of(cls: type[SchemaDocument], failures: list[Failure]) -> list[Failure]:
    """Return failures that were found without the structure, with the texts of the places to which their paths lead."""
    root = cls._structure.root
    if not (failures and cls._structure.has_messages):
        return failures
    from mongokit.structure.wording import worded_at

    return [worded_at(root, failure) for failure in failures]
