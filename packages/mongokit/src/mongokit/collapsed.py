"""Dicts with dotted paths for keys, and back: ``{"a": {"b": 1}}`` and ``{"a.b": 1}``."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

from mongokit.errors import EvalException
from mongokit.schema_document import BSON_TYPES, SchemaDocument

__all__ = ["DotCollapsedDict", "DotExpandedDict"]

_TYPES = {kind.__name__: kind for kind in (*BSON_TYPES, *SchemaDocument.authorized_types, set, tuple, object)}
_TYPES |= {"unicode": str, "long": int}
"""What ``$name`` can stand for, the names of Python 2 among them."""


class DotCollapsedDict(dict[Any, Any]):
    """A flat dict of a nested one: keys are dotted paths, types as keys become ``$typename``.

    An empty dict stays a value.

    :param remove_under_type: keep an empty dict in place of one that has a type as key.
    :param reference: paths whose dicts are kept as they are.

    Raises TypeError for what is no dict.
    """

    def __init__(
        self,
        passed_dict: Mapping[Any, Any],
        remove_under_type: bool = False,
        reference: Container[Any] | None = None,
    ) -> None:
        if not isinstance(passed_dict, dict):
            raise TypeError(f"{type(self).__name__}() takes a dict, not {passed_dict!r}")
        super().__init__(_collapsed(passed_dict, None, remove_under_type, reference or ()))


def _collapsed(
    nested: Mapping[Any, Any], path: str | None, remove_under_type: bool, reference: Container[Any]
) -> Iterator[tuple[Any, Any]]:
    for key, value in nested.items():
        name = f"${key.__name__}" if isinstance(key, type) else key
        place = name if path is None else f"{path}.{name}"
        if not isinstance(value, dict) or not value or place in reference:
            yield place, value
        elif remove_under_type and any(isinstance(inner, type) for inner in value):
            yield place, type(value)()
        else:
            yield from _collapsed(value, str(place), remove_under_type, reference)


class DotExpandedDict(dict[Any, Any]):
    """A nested dict of one with dotted paths for keys; ``$typename`` becomes the type.

    Raises TypeError for what is no dict, EvalException for a ``$name`` that is no type a structure can name, and
    ValueError where one path goes through the value of another.
    """

    def __init__(self, passed_dict: Mapping[Any, Any]) -> None:
        if not isinstance(passed_dict, dict):
            raise TypeError(f"{type(self).__name__}() takes a dict, not {passed_dict!r}")
        super().__init__()
        for path, value in passed_dict.items():
            *above, last = [_key(part) for part in path.split(".")] if isinstance(path, str) else [path]
            inner: dict[Any, Any] = self
            for key in above:
                inner = inner.setdefault(key, {})
                if not isinstance(inner, dict):
                    raise ValueError(f"{path!r} goes through {key!r}, which has the value {inner!r}")  # noqa: TRY004 (two keys disagree)
            if isinstance(value, dict) and isinstance(inner.get(last), dict):
                inner[last].update(value)
            else:
                inner[last] = dict(value) if type(value) is dict else value


def _key(part: str) -> Any:
    if not part.startswith("$"):
        return part
    try:
        return _TYPES[part[1:]]
    except KeyError:
        raise EvalException(f"{part} is no type; known are {', '.join(sorted(_TYPES))}") from None
