"""Parts of documents as JSON text that people edit, and back; what MongoDB would misread is refused."""

from __future__ import annotations

import datetime
import json
import uuid
from typing import Any

import bson
from bson import Binary, Decimal128, Int64, ObjectId, json_util
from bson.binary import UuidRepresentation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mongokit.errors import Failure
from mongokit.structure.keys import bad_keys

__all__ = ["PLAIN_TYPES", "dumps", "loads"]

PLAIN_TYPES: tuple[type, ...] = (
    *(type(None), bool, int, float, str, bytes, list, dict, datetime.datetime, uuid.UUID),
    *(Binary, Decimal128, Int64, ObjectId),
)
"""What JSON text may hold. Not patterns, code and the like: what is later put into a query must stay a value."""

_OPTIONS = json_util.JSONOptions(
    json_mode=json_util.JSONMode.RELAXED,
    tz_aware=False,
    tzinfo=None,
    uuid_representation=UuidRepresentation.STANDARD,
)
_CODEC: bson.CodecOptions[dict[str, Any]] = bson.CodecOptions(uuid_representation=UuidRepresentation.STANDARD)


def dumps(value: Any, indent: int | None = None) -> str:
    """Return a value as it is stored in MongoDB's relaxed Extended JSON: `{"$date": …}` and so on.

    An `Int64` is a number as any other: `alike.kept_longs` makes it one again where it was.
    """
    return json_util.dumps(value, json_options=_OPTIONS, ensure_ascii=False, indent=indent)


def loads(text: str, types: tuple[type, ...] = PLAIN_TYPES) -> Any:
    """Return the value of (Extended) JSON text.

    Raises Django's `ValidationError` for what is no JSON (its code is "json"), for keys that MongoDB takes for operators or paths, for
    values of other types, and for what BSON cannot hold.
    """
    try:
        value = json_util.loads(text, json_options=_OPTIONS, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValidationError(
            _("%(error)s. This is no JSON, in which texts stand in double quotes: %(example)s"),
            code="json",
            params={"error": error, "example": '["first", "second"]'},
        ) from None
    except RecursionError:
        raise _too_deep() from None
    except Exception as error:  # noqa: BLE001 (PyMongo stumbles over forged text in many ways)
        raise ValidationError(
            _("This is no valid Extended JSON: %(error)s"), code="invalid", params={"error": error}
        ) from None
    _check(value, types)
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON; such a number is written {{'$numberDouble': '{name}'}}")


def _check(value: Any, types: tuple[type, ...]) -> None:
    failures: list[Failure] = []
    bad_keys(failures, "", {"": value})
    if failures:
        raise ValidationError([_said(failure) for failure in failures[:5]])
    waiting = [value]
    while waiting:
        found = waiting.pop()
        # Of just that type: Code is a str, too.
        if type(found) not in types:
            raise ValidationError(
                _("A value of the type %(type)s is not accepted here."),
                code="type",
                params={"type": type(found).__name__},
            )
        if isinstance(found, dict):
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found
    try:
        bson.encode({"": value}, codec_options=_CODEC)
    except (bson.errors.BSONError, OverflowError, ValueError) as error:
        raise ValidationError(str(error), code="invalid") from None


def _said(failure: Failure) -> ValidationError:
    if isinstance(failure.value, str):
        return ValidationError(
            _("The key “%(key)s” must not contain “.” or start with “$”."),
            code="key",
            params={"key": failure.value[:60]},
        )
    return _too_deep()


def _too_deep() -> ValidationError:
    return ValidationError(_("This is nested too deeply."), code="invalid")
