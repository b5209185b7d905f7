"""Translated fields as attributes: ``document.title`` is the title in the language the document is asked in.

Nothing is kept on a class: the language belongs to the document, and the dicts in it are told which document that is
when they are reached through it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mongokit.dotnotation import LoadedDotedDict, doted, read_field, told, write_field
from mongokit.structure.nodes import I18nNode, ListNode, MapNode, Node, RecordNode, TupleNode, is_embedded
from mongokit.types import i18n

__all__ = ["LANGUAGES", "checked_languages", "i18nDotedDict", "translating_accessors"]

LANGUAGES = ("en", "en")
"""The language of a document that was told none, and the one it falls back to."""

Bind = Callable[[Any, Any], Any]
"""Returns a value, in which the dicts that hold translated fields know the document."""


class i18nDotedDict(LoadedDotedDict):
    """A nested dict of a document: its translated fields are read and written in the document's language.

    :param doc: the content.
    :param document: whose ``get_lang()`` counts; without one it is ``"en"``.
    :param translated: the names of the translated fields, beside those that hold an ``i18n``.
    """

    _called = "dict"

    def __init__(
        self,
        doc: Mapping[str, Any] | None = None,
        document: Any = None,
        translated: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(doc or {})
        object.__setattr__(self, "_document", document)
        object.__setattr__(self, "_translated", translated)

    def __getattr__(self, name: str) -> Any:
        if name in self and self._speaks(name):
            spoken = _spoken(self[name], self._document)
            record = self._record_node
            return spoken if record is None else _told_of(spoken, record.fields.get(name))
        return super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if self._speaks(name):
            _speak(self, name, value, self._document)
        else:
            super().__setattr__(name, value)

    def _speaks(self, name: str) -> bool:
        return name in self._translated or isinstance(self.get(name), i18n)

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        """Copy and pickle without the document: a copy belongs to the document it is then reached through."""
        return LoadedDotedDict, (dict(self),)


def translating_accessors(root: RecordNode) -> dict[str, Any]:
    """Return the special methods of a class with dot notation; none where nothing is translated."""
    spoken = frozenset(name for name, node in root.fields.items() if isinstance(node, I18nNode))
    binds = {name: bind for name, node in root.fields.items() if (bind := _binder(node)) is not None}
    if not spoken and not binds:
        return {}

    def read(self: Any, name: str) -> Any:
        if name in spoken and name in self:
            return _told_of(_spoken(self[name], self), root.fields[name])
        value = read_field(self, name)
        if name not in binds or name not in self:
            return value
        # What is bound is another dict than was read.
        return told(_bound_in(self, name, value, binds[name], self), root.fields[name])

    def write(self: Any, name: str, value: Any) -> None:
        if name in spoken and not hasattr(type(self), name):
            _speak(self, name, value, self)
        else:
            write_field(self, name, value)

    return {"__getattr__": read, "__setattr__": write}


def checked_languages(lang: Any, fallback_lang: Any) -> tuple[str, str]:
    """Return both; raises TypeError for what is no name of a language."""
    for name, value in (("lang", lang), ("fallback_lang", fallback_lang)):
        if not isinstance(value, str) or not value:
            raise TypeError(f"{name} must be the name of a language, as 'en', not {value!r}")
    return lang, fallback_lang


def _languages(document: Any) -> tuple[str, str]:
    found: tuple[str, str] = getattr(document, "_languages", LANGUAGES)
    return found


def _spoken(value: Any, document: Any) -> Any:
    """Return a translated field's value in the document's language, or in its fallback language, or None."""
    if not isinstance(value, dict):
        return value
    for language in _languages(document):
        if language in value:
            found = value[language]
            adopted = doted(found, LoadedDotedDict)
            if adopted is not found:
                # What is written through it must reach the document.
                value[language] = adopted
            return adopted
    return None


def _speak(holder: dict[str, Any], name: str, value: Any, document: Any) -> None:
    """Set a translated field in the document's language; an ``i18n`` takes the place of all languages."""
    if isinstance(value, i18n):
        holder[name] = value
        return
    spoken = holder.get(name)
    if not isinstance(spoken, dict):
        spoken = holder[name] = i18n()
    spoken[_languages(document)[0]] = doted(value, LoadedDotedDict)


def _told_of(spoken: Any, node: Node | None) -> Any:
    return told(spoken, node.value) if isinstance(node, I18nNode) else spoken


def _binder(node: Node) -> Bind | None:
    """Return what binds the value of a node to its document; None where there is nothing translated in it."""
    match node:
        case I18nNode():
            return None
        case RecordNode():
            return _record_binder(node)
        case MapNode():
            inner = _binder(node.value)
            return inner and _each_binder(dict, list, lambda _: inner)
        case ListNode():
            inner = _binder(node.item)
            return inner and _each_binder(list, _positions, lambda _: inner)
        case TupleNode():
            binds = [_binder(item) for item in node.items]
            if any(binds):
                return _each_binder(
                    list, _positions, lambda position: binds[position] if position < len(binds) else None
                )
    return None


def _positions(value: list[Any]) -> range:
    return range(len(value))


def _each_binder(kind: Any, keys: Callable[[Any], Any], bind_of: Callable[[Any], Bind | None]) -> Bind:
    def each(value: Any, document: Any) -> Any:
        if isinstance(value, kind):
            for key in keys(value):
                bind = bind_of(key)
                if bind is not None:
                    _bound_in(value, key, value[key], bind, document)
        return value

    return each


def _record_binder(node: RecordNode) -> Bind | None:
    spoken = frozenset(name for name, child in node.fields.items() if isinstance(child, I18nNode))
    binds = {name: bind for name, child in node.fields.items() if (bind := _binder(child)) is not None}
    if not spoken and not binds:
        return None
    embedded = is_embedded(node.container)

    def record(value: Any, document: Any) -> Any:
        if not isinstance(value, dict):
            return value
        for name, bind in binds.items():
            if name in value:
                _bound_in(value, name, value[name], bind, document)
        if embedded and isinstance(value, node.container):
            object.__setattr__(value, "_languages", _languages(document))
        elif (
            spoken
            and isinstance(value, LoadedDotedDict)
            and getattr(value, "_document", None) is not document
        ):
            return i18nDotedDict(value, document, spoken)
        return value

    return record


def _bound_in(holder: Any, key: Any, value: Any, bind: Bind, document: Any) -> Any:
    bound = bind(doted(value, LoadedDotedDict), document)
    if bound is not holder[key]:
        holder[key] = bound
    return bound
