"""As much of BSON (bsonspec.org) as the keeper's few commands and their replies need."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

__all__ = ["decode", "encode"]

_FIXED = {0x01: "<d", 0x08: "<?", 0x09: "<q", 0x10: "<i", 0x11: "<Q", 0x12: "<q"}
"""Doubles, booleans, times, integers and timestamps, by their element type."""
_OBJECT_ID_BYTES = 12
DEEPEST = 50
"""Levels that are decoded; no reply has half as many."""


def encode(document: Mapping[str, Any]) -> bytes:
    """Return a document as BSON; raises TypeError for a value that no command of the keeper's holds."""
    elements = b"".join(_element(name, value) for name, value in document.items())
    return struct.pack("<i", len(elements) + 5) + elements + b"\0"


def _element(name: str, value: Any) -> bytes:
    if isinstance(value, bool):
        kind, data = 0x08, struct.pack("<?", value)
    elif isinstance(value, int):
        kind, data = 0x10, struct.pack("<i", value)
    elif isinstance(value, str):
        text = value.encode() + b"\0"
        kind, data = 0x02, struct.pack("<i", len(text)) + text
    elif isinstance(value, bytes):
        kind, data = 0x05, struct.pack("<iB", len(value), 0) + value
    elif isinstance(value, Mapping):
        kind, data = 0x03, encode(value)
    elif isinstance(value, list):
        kind, data = 0x04, encode({str(position): item for position, item in enumerate(value)})
    else:
        raise TypeError(f"the keeper has no BSON for {value!r}")
    return bytes([kind]) + name.encode() + b"\0" + data


def decode(data: bytes) -> dict[str, Any]:
    """Return the document in these bytes; raises ValueError for what is none, or holds a type no reply has."""
    try:
        document, end = _document(data, 0, 0)
    except (struct.error, IndexError) as error:
        raise ValueError(f"this is no BSON: {error}") from error
    if end != len(data):
        raise ValueError(f"this is no BSON: {len(data) - end} bytes after its end")
    return document


def _document(data: bytes, start: int, depth: int) -> tuple[dict[str, Any], int]:
    (size,) = struct.unpack_from("<i", data, start)
    end = start + size
    if size < 5 or end > len(data) or data[end - 1] or depth > DEEPEST:
        raise ValueError("this is no BSON: a document without an end")
    found: dict[str, Any] = {}
    position = start + 4
    while position < end - 1:
        kind = data[position]
        name_end = data.index(b"\0", position + 1, end)
        name = data[position + 1 : name_end].decode()
        found[name], position = _value(data, kind, name_end + 1, end - 1, depth)
    if position != end - 1:
        raise ValueError("this is no BSON: an element without an end")
    return found, end


def _value(data: bytes, kind: int, start: int, limit: int, depth: int) -> tuple[Any, int]:
    """Return a value, and where it ends; it has to end before the limit."""
    if kind in _FIXED:
        (value,) = struct.unpack_from(_FIXED[kind], data, start)
        return value, start + struct.calcsize(_FIXED[kind])
    if kind in (0x03, 0x04):
        document, end = _document(data, start, depth + 1)
        return (document if kind == 0x03 else list(document.values())), end
    if kind == 0x0A:
        return None, start
    if kind == 0x07:
        return data[start : start + _OBJECT_ID_BYTES], start + _OBJECT_ID_BYTES
    if kind not in (0x02, 0x05):
        raise ValueError(f"BSON's type {kind:#x} is in no reply that the keeper reads")
    (size,) = struct.unpack_from("<i", data, start)
    begin = start + 4 + (kind == 0x05)
    if size < (kind == 0x02) or begin + size > limit:
        raise ValueError("this is no BSON: a value without an end")
    value = data[begin : begin + size]
    return (value[:-1].decode() if kind == 0x02 else value), begin + size
