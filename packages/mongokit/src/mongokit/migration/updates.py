"""The updates of rules: checked against the structure, and counted as a revision where the class has any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mongokit.errors import SchemaDocumentError, UpdateQueryError, shortened
from mongokit.revisions import counted
from mongokit.structure.compile import ALWAYS_ALLOWED
from mongokit.structure.nodes import reaches
from mongokit.updates import wrong_values

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["among", "check_fields", "revised"]

_LEAVING = ("$unset", "$rename")
"""Operators that are about fields of the past."""
_ADDING = ("$set", "$addFields")
"""Stages that name fields."""


def among(these: Mapping[str, Any], target: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the filter for those of certain documents that a rule is for.

    :param these: a filter by ``_id``. It stays at the top, as the embedded server uses no index for what is in an ``$and``.
    """
    return {"$and": [these, target]} if these.keys() & target.keys() else {**these, **target}


def revised(cls: type[Document], rule: str, update: Any) -> Any:
    """Return an update that counts ``_revision``, where the class does: who has read the document before is told.

    Raises TypeError, with the rule's name, for what is neither a dict of operators nor a list of stages.
    """
    if isinstance(update, Mapping):
        if not update or not all(str(key).startswith("$") for key in update):
            raise _refusal(rule, update)
        for operator, changes in update.items():
            if not isinstance(changes, Mapping):
                raise TypeError(f"{rule}: {operator} takes a dict of fields, not {shortened(changes)}")
        if not cls.use_revision or any(path == "_revision" for _, path in _paths(update)):
            return update
        return counted(cls, update)
    if not isinstance(update, list) or not all(isinstance(stage, Mapping) for stage in update):
        raise _refusal(rule, update)
    return counted(cls, update)


def check_fields(cls: type[Document], rule: str, update: Any) -> None:
    """Raise UpdateQueryError for a field that an update sets and the structure does not have, SchemaDocumentError for a
    value that its field does not take."""
    if cls.use_schemaless:
        return
    for operator, path in _paths(update):
        if operator in _LEAVING or path in ALWAYS_ALLOWED or reaches(cls._structure.root, path):
            continue
        raise UpdateQueryError(
            f"{rule}: {operator}: can't find {path} in structure (of {cls.__name__}): add it there, or have the rule "
            "set another field"
        )
    failures = [
        failure._replace(message=f"{rule}: {failure.message}")
        for made in _known(update)
        for failure in wrong_values(cls, made)
    ]
    if failures:
        raise SchemaDocumentError.of(failures)


def _known(update: Any) -> Iterator[Mapping[str, Any]]:
    """Yield operators with the values that they set: all but what only the server knows, as expressions of stages."""
    if isinstance(update, Mapping):
        yield {operator: changes for operator, changes in update.items() if operator not in _LEAVING}
        return
    for stage in update:
        for operator in _ADDING:
            fields = stage.get(operator)
            if isinstance(fields, Mapping):
                yield {"$set": {path: value for path, value in fields.items() if _is_literal(value)}}


def _is_literal(value: Any) -> bool:
    return not isinstance(value, (Mapping, list, tuple)) and not (
        isinstance(value, str) and value.startswith("$")
    )


def _paths(update: Any) -> Iterator[tuple[str, str]]:
    """Yield (operator, path) for the fields an update names."""
    if isinstance(update, Mapping):
        for operator, changes in update.items():
            yield from ((operator, str(path)) for path in changes)
        return
    for stage in update:
        for operator, fields in stage.items():
            if operator in _ADDING and isinstance(fields, Mapping):
                yield from ((operator, str(path)) for path in fields)


def _refusal(rule: str, update: Any) -> TypeError:
    return TypeError(
        f"{rule}: self.update must be a dict of operators ({{'$set': {{'tags': []}}}}), a list of aggregation stages, "
        f"or a function that makes one of a document, not {shortened(update)}"
    )
