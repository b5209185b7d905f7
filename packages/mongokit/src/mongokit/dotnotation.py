"""Fields as attributes: ``document.author.name`` for ``document["author"]["name"]``."""

from __future__ import annotations

import logging
from typing import Any

from mongokit.structure.compile import ALWAYS_ALLOWED
from mongokit.structure.nodes import ListNode, MapNode, Node, RecordNode, TupleNode, TypeNode

__all__ = [
    "DotedDict",
    "LoadedDotedDict",
    "WarningDotedDict",
    "accessors",
    "doted",
    "read_field",
    "told",
    "write_field",
]

_HOLDERS = frozenset({dict, list})
logger = logging.getLogger("mongokit")


class DotedDict(dict[str, Any]):
    """A dict whose keys can be read and written as attributes; nested dicts too.

    An attribute that is neither a key nor a declared field is a plain Python attribute: it is not stored, and does not
    count in a comparison. What is declared a dict knows when it was reached by attributes from its document.

    :param warning: log a warning when such an attribute is set.
    """

    # BSON asks every object for this attribute; found here, the question does not go through __getattr__.
    _type_marker = 0
    _called = "dict"
    _warning = False
    _record_node: RecordNode | None = None

    def __init__(self, doc: dict[str, Any] | None = None, warning: bool = False) -> None:
        nested = WarningDotedDict if warning else LoadedDotedDict
        super().__init__({key: doted(value, nested) for key, value in (doc or {}).items()})
        if warning:
            object.__setattr__(self, "_warning", True)

    def __getattr__(self, name: str) -> Any:
        value = _read(self, name, WarningDotedDict if self._warning else LoadedDotedDict)
        return value if self._record_node is None else told(value, self._record_node.fields.get(name))

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self or (self._record_node is not None and name in self._record_node.fields):
            self[name] = doted(value, WarningDotedDict if self._warning else LoadedDotedDict)
            return
        object.__setattr__(self, name, value)
        if self._warning:
            where = "a nested dict" if self._record_node is None else self._record_node.path
            _not_found(name, where)

    def __delattr__(self, name: str) -> None:
        _delete(self, name)

    def __getstate__(self) -> dict[str, Any] | None:
        """Return the attributes that are not stored: a copy belongs to the document it is then reached through."""
        return {name: value for name, value in vars(self).items() if name != "_record_node"} or None


def told(value: Any, node: Node | None) -> Any:
    """Return a value, after the dicts it is or holds were told what is declared for them; those in them will be told
    when they are reached."""
    match node:
        case None | TypeNode():
            pass
        case RecordNode() if isinstance(value, DotedDict):
            if value._record_node is not node:
                object.__setattr__(value, "_record_node", node)
        case ListNode() if isinstance(value, list):
            if not isinstance(node.item, TypeNode):
                for item in value:
                    told(item, node.item)
        case MapNode() if isinstance(value, dict):
            # The languages of what is translated too.
            if not isinstance(node.value, TypeNode):
                for item in value.values():
                    told(item, node.value)
        case TupleNode() if isinstance(value, list):
            for item, one in zip(value, node.items, strict=False):
                told(item, one)
    return value


class LoadedDotedDict(DotedDict):
    """The same, made by PyMongo's C decoder: as there is no Python to call, it costs no more than a dict."""

    _called = "dict"
    __init__ = dict.__init__


class WarningDotedDict(LoadedDotedDict):
    """The same, of a class that wants to be warned."""

    _called = "dict"
    _warning = True


def doted(value: Any, nested: type[dict[str, Any]]) -> Any:
    """Return a value with the plain dicts in it, at any depth and in lists, as instances of ``nested``.

    What is too deep for Python is returned as it is: validation has a message for it.
    """
    try:
        return _doted(value, nested)
    except RecursionError:
        return value


def _doted(value: Any, nested: type[dict[str, Any]]) -> Any:
    kind = type(value)
    if kind is dict:
        return nested(
            {key: _doted(item, nested) if type(item) in _HOLDERS else item for key, item in value.items()}
        )
    if kind is list:
        for item in value:
            if type(item) in _HOLDERS:
                return [_doted(item, nested) for item in value]
    return value


def _not_found(name: str, owner: str) -> None:
    logger.warning("dot notation: %s was not found in structure of %s; it is not stored", name, owner)


def _read(document: dict[str, Any], name: str, nested: type[dict[str, Any]]) -> Any:
    try:
        value = document[name]
    except KeyError:
        raise AttributeError(
            f"{type(document).__name__!r} document has no attribute or field {name!r}"
        ) from None
    if type(value) is dict:
        # Put there as an item, not as an attribute: what is written through it must reach the document.
        value = document[name] = doted(value, nested)
    return value


def _delete(document: dict[str, Any], name: str) -> None:
    if name in document:
        del document[name]
    else:
        object.__delattr__(document, name)


def read_field(self: Any, name: str) -> Any:
    """Return a field for an attribute that Python has not found; raises AttributeError."""
    adopt = type(self)._structure.adopt.get(name)
    if adopt is not None and name in self:
        # An item that was set as a dict or list: what the class has declared is what attributes give.
        value = self[name]
        adopted = adopt(value)
        if adopted is not value:
            self[name] = adopted
            self._adopted()
        return adopted
    if name not in self:
        node = type(self)._structure.fields.get(name)
        if node is not None and node.optional and self._is_known(name):
            # As its annotation says: None, where there is nothing.
            return None
    value = _read(self, name, type(self)._structure.nested)
    if isinstance(value, (DotedDict, list)):
        told(value, type(self)._structure.fields.get(name))
    return value


def write_field(self: Any, name: str, value: Any) -> None:
    """Set a field, an attribute of the class, or an attribute that is not stored."""
    cls = type(self)
    is_field = name in cls._structure.root.fields or name in ALWAYS_ALLOWED
    if not hasattr(cls, name):
        if is_field or name in self:
            adopt = cls._structure.adopt.get(name)
            value = doted(value, cls._structure.nested)
            self[name] = value if adopt is None else adopt(value)
            if adopt is not None:
                self._adopted()
            return
        if cls.dot_notation_warning and not name.startswith("_"):
            _not_found(name, cls.__name__)
    elif is_field:
        raise AttributeError(
            f"{name} is an attribute of the class {cls.__name__} too: set document[{name!r}]"
        )
    object.__setattr__(self, name, value)


def _absent(self: dict[str, Any], name: str) -> Any:
    raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def accessors(enabled: bool) -> dict[str, Any]:
    """Return the special methods a class needs with dot notation, or without it when a base has it."""
    if enabled:
        return {"__getattr__": read_field, "__setattr__": write_field, "__delattr__": _delete}
    return {"__getattr__": _absent, "__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
