"""What mongokit and MongoDB refuse, told to the client: 400 with each error at its field, 404, 409, 413."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import gettext_lazy as _
from pymongo.errors import OperationFailure
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ErrorDetail, NotFound, ValidationError
from rest_framework.settings import api_settings

from django_mongokit.forms.refusals import CODES, message_of, taken_text
from mongokit import (
    DocumentValidationError,
    DuplicateKeyError,
    MaxDocumentSizeError,
    SchemaDocumentError,
    StaleDocumentError,
)
from mongokit.errors import Failure

__all__ = ["REFUSALS", "Conflict", "RequestTooLarge", "error_tree", "refusal_of", "told"]

REFUSALS = (SchemaDocumentError, OperationFailure, MaxDocumentSizeError)
"""What saving a document may raise about what was sent."""
_PATH_NOT_VIABLE = 28
Placed = Iterable[tuple[str, ErrorDetail]]


class Conflict(APIException):
    """409: somebody else has changed the document since the client read it."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = _(
        "Somebody else has changed this meanwhile. Read it again, and send what you want to change."
    )
    default_code = "conflict"


class RequestTooLarge(APIException):
    """413: the body is larger than `DATA_UPLOAD_MAX_MEMORY_SIZE`, in bytes."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = _("The body of the request is too large.")
    default_code = "too_large"


def told(failures: Iterable[Failure]) -> list[tuple[str, ErrorDetail]]:
    """Return what is wrong with a document, by path."""
    found = []
    for failure in failures:
        code = CODES.get(failure.error, "type")
        required = code == "required" and not failure.is_own
        text = serializers.Field.default_error_messages["required"] if required else message_of(failure)
        found.append((failure.path, ErrorDetail(str(text), code)))
    return found


def refusal_of(error: Exception, serializer: Any, document: Any, *, is_there: bool) -> Exception:
    """Return what is to be raised in the place of what saving a document has raised.

    :param is_there: whether it is stored, as far as is known now.
    """
    match error:
        case DuplicateKeyError():
            labels = [_label(serializer, path) for path in error.fields]
            detail = ErrorDetail(taken_text(type(document), labels), "unique")
            return ValidationError(error_tree(serializer, [(path, detail) for path in error.fields or ("",)]))
        case SchemaDocumentError() if error.failures:
            return ValidationError(error_tree(serializer, told(error.failures)))
        case DocumentValidationError() if error.reasons:
            placed = [(path, ErrorDetail(text, "invalid")) for path, text in error.reasons]
            return ValidationError(error_tree(serializer, placed))
        case SchemaDocumentError() | MaxDocumentSizeError():
            return ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [str(error)]}, code="invalid")
        case OperationFailure() if not is_there:
            return NotFound()
        case StaleDocumentError():
            return Conflict()
        case OperationFailure() if error.code == _PATH_NOT_VIABLE:
            return Conflict()  # what was a nested structure is none any more
    return error


def error_tree(serializer: Any, placed: Placed) -> dict[str, Any]:
    """Return errors by the names of a serializer's fields, as the framework nests its own.

    :param placed: dotted paths in the document, with positions in lists. What the serializer has no field for is among
        the errors of the whole, with its path.
    """
    tree: dict[Any, Any] = {}
    for path, detail in placed:
        names = [] if path in ("", NON_FIELD_ERRORS) else path.split(".")
        _add(tree, serializer, names, detail)
    return tree


def _add(tree: dict[Any, Any], serializer: Any, names: list[str], detail: ErrorDetail) -> None:
    field = next((one for one in serializer.fields.values() if _is_for(one, names)), None)
    if field is None:
        text = ErrorDetail(f"{'.'.join(names)}: {detail}", detail.code) if names else detail
        _append(tree, api_settings.NON_FIELD_ERRORS_KEY, text)
        return
    _add_at(tree, field.field_name, field, names[len(field.source_attrs) :], detail)


def _add_at(tree: dict[Any, Any], key: Any, field: Any, rest: list[str], detail: ErrorDetail) -> None:
    child = getattr(field, "child", None)
    if not rest:
        _append(tree, key, detail)
    elif hasattr(field, "fields"):
        _add(_inside(tree, key), field, rest, detail)
    elif child is not None:
        position: Any = int(rest[0]) if rest[0].isdecimal() else rest[0]
        _add_at(_inside(tree, key), position, child, rest[1:], detail)
    else:
        _append(tree, key, ErrorDetail(f"{'.'.join(rest)}: {detail}", detail.code))


def _inside(tree: dict[Any, Any], key: Any) -> dict[Any, Any]:
    found = tree.setdefault(key, {})
    if isinstance(found, list):
        # There is an error of the whole already: both are kept.
        found = tree[key] = {api_settings.NON_FIELD_ERRORS_KEY: found}
    inner: dict[Any, Any] = found
    return inner


def _append(tree: dict[Any, Any], key: Any, detail: ErrorDetail) -> None:
    found = tree.setdefault(key, [])
    if isinstance(found, dict):
        found = found.setdefault(api_settings.NON_FIELD_ERRORS_KEY, [])
    found.append(detail)


def _is_for(field: Any, names: list[str]) -> bool:
    attrs = field.source_attrs
    return bool(attrs) and names[: len(attrs)] == attrs


def _label(serializer: Any, path: str) -> str:
    names = path.split(".")
    field = next((one for one in serializer.fields.values() if _is_for(one, names)), None)
    if field is None:
        return path
    rest = names[len(field.source_attrs) :]
    return _label(field, ".".join(rest)) if rest and hasattr(field, "fields") else str(field.label)
