"""Documents as MongoDB Extended JSON v2 (canonical), without loss: what a line of a dump holds.

Extended JSON has no word for a document whose keys look like its own, such as `{"$date": "v"}`. Here a key that begins
with "$" has another "$" in front, `{"$$date": "v"}`, so that what begins with just one is always Extended JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bson import Code, json_util
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.raw_bson import RawBSONDocument

__all__ = ["CODEC", "RAW_CODEC", "read_escaped", "read_plain", "written"]

Raw = dict[str, Any]

# What Python has no exact type for stays as it is stored: UUIDs of any representation, dates before year 1.
CODEC: CodecOptions[Raw] = CodecOptions(
    uuid_representation=UuidRepresentation.UNSPECIFIED, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
# Any other class of documents would make a DBRef of all that has a "$ref".
RAW_CODEC: CodecOptions[RawBSONDocument] = CodecOptions(
    document_class=RawBSONDocument,
    uuid_representation=UuidRepresentation.UNSPECIFIED,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
_JSON = json_util.JSONOptions(
    json_mode=json_util.JSONMode.CANONICAL,
    uuid_representation=UuidRepresentation.UNSPECIFIED,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
    tz_aware=False,
)


def written(collection: str, document: Mapping[str, Any]) -> str:
    """Return the line for a document of a collection, read with `RAW_CODEC`.

    Raises `bson.errors.InvalidBSON` for a document that cannot be read.
    """
    return json_util.dumps({"collection": collection, "document": _escaped(document)}, json_options=_JSON)


def read_escaped(text: str) -> Any:
    """Return what `written` made a line of; raises `ValueError`, and what PyMongo raises about forged Extended JSON."""
    return json.loads(text, object_hook=_unescaped)


def read_plain(text: str) -> Any:
    """Return the value of Extended JSON without escaped keys; raises what `read_escaped` does."""
    return json_util.loads(text, json_options=_JSON)


def _escaped(value: Any) -> Any:
    if isinstance(value, Mapping):
        keep = _is_dbref(value)
        return {_key(name, keep=keep): _escaped(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_escaped(one) for one in value]
    if isinstance(value, Code) and value.scope is not None:
        return Code(str(value), _escaped(value.scope))
    return value


def _key(name: str, *, keep: bool) -> str:
    return f"${name}" if name.startswith("$") and not keep else name


def _is_dbref(value: Mapping[str, Any]) -> bool:
    """Return whether a document is what PyMongo makes of a DBRef, byte for byte."""
    names = list(value)
    texts: Iterable[Any] = (value[name] for name in names if name != "$id")
    return names in (["$ref", "$id"], ["$ref", "$id", "$db"]) and all(type(one) is str for one in texts)


def _unescaped(found: Raw) -> Any:
    names = [name for name in found if name.startswith("$")]
    if not any(name.startswith("$$") for name in names):
        return json_util.object_hook(found, _JSON)
    plain = [name for name in names if not name.startswith("$$")]
    if plain:
        raise ValueError(f"{plain[0]!r} stands beside an escaped key; it is written {'$' + plain[0]!r}")
    return {name.removeprefix("$"): one for name, one in found.items()}
