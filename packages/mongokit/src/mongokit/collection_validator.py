"""The schema of a class as the validator of a collection: the server's own check, whoever writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pymongo.errors import OperationFailure

from mongokit.either import done
from mongokit.flow import Flow

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["LEVELS", "set_validator"]

LEVELS = ("strict", "moderate", "off")
ACTIONS = ("error", "warn", "errorAndLog")
NAMESPACE_NOT_FOUND = 26
NAMESPACE_EXISTS = 48
"""MongoDB's error codes."""


def set_validator(
    classes: Sequence[type[Document]], collection: Any, level: str, action: str
) -> dict[str, Any]:
    """Make the server accept only documents of these classes, and return the validator; see ``Document.set_validator``."""
    validator: dict[str, Any] = done(collection, _set_validator(classes, collection, level, action))
    return validator


def _set_validator(
    classes: Sequence[type[Document]], collection: Any, level: str, action: str
) -> Flow[dict[str, Any]]:
    for name, given, accepted in (("level", level, LEVELS), ("action", action, ACTIONS)):
        if given not in accepted:
            raise ValueError(
                f"set_validator({name}={given!r}): accepted are {', '.join(map(repr, accepted))}"
            )
    schemas = [cls.json_schema() for cls in classes]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    validator = {"$jsonSchema": schema}
    options: dict[str, Any] = {
        "validator": validator,
        "validationLevel": level,
        "validationAction": action,
    }
    database = collection.database
    try:
        try:
            yield database.command("collMod", collection.name, **options)
        except OperationFailure as error:
            if error.code != NAMESPACE_NOT_FOUND:
                raise
            try:
                yield database.create_collection(collection.name, check_exists=False, **options)
            except OperationFailure as taken:
                if taken.code != NAMESPACE_EXISTS:
                    raise
                # Somebody else has made it meanwhile.
                yield database.command("collMod", collection.name, **options)
    except OperationFailure as error:
        names = " and ".join(cls.__name__ for cls in classes)
        said = (error.details or {}).get("errmsg") or str(error)
        raise OperationFailure(
            f"the server does not take the structure of {names} as the validator of {collection.full_name}: {said}. "
            "It needs MongoDB 3.6 or later, and the privilege collMod; Class.json_schema() is what was sent",
            error.code,
        ) from error
    return validator
