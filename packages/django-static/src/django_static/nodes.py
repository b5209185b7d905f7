"""The nodes of ``staticintegrity``, ``staticpreload`` and ``staticimportmap``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.template import Context
from django.template.base import FilterExpression, Node

from . import import_maps, preloads
from .preloads import Wanted
from .resolver import Place, current

__all__ = ["ImportMapNode", "IntegrityNode", "NamedNode", "PreloadNode", "text_of"]


def text_of(value: Any) -> str:
    """A value as a name."""
    return "" if value is None else str(value)


class NamedNode(Node):
    """A tag that asks for one file and prints something about it."""

    def __init__(self, name: FilterExpression, slim: bool, place: Place) -> None:
        self.name = name
        self.slim = slim
        self.place = place


class IntegrityNode(NamedNode):
    """``{% staticintegrity name [slim] %}``."""

    def render(self, context: Context) -> str:
        return current().file(text_of(self.name.resolve(context)), self.slim, self.place).integrity


class PreloadNode(NamedNode):
    """``{% staticpreload name [slim] [header] [as=…] [type=…] [crossorigin[=…]] … %}``."""

    def __init__(
        self,
        name: FilterExpression,
        slim: bool,
        place: Place,
        attributes: Mapping[str, FilterExpression | str],
        is_silent: bool,
    ) -> None:
        super().__init__(name, slim, place)
        self.attributes = attributes
        #: Whether the browser is told by the header only.
        self.is_silent = is_silent

    def render(self, context: Context) -> str:
        attributes = {
            key: value if isinstance(value, str) else text_of(value.resolve(context))
            for key, value in self.attributes.items()
        }
        links = preloads.links(Wanted(text_of(self.name.resolve(context)), self.slim, attributes), self.place)
        preloads.register(getattr(context, "request", None) or context.get("request"), links)
        return "" if self.is_silent else "\n".join(link.html() for link in links)


class ImportMapNode(Node):
    """``{% staticimportmap [specifier name]… [slim] [nonce=…] %}``."""

    def __init__(
        self,
        pairs: Sequence[tuple[FilterExpression, FilterExpression]],
        slim: bool,
        nonce: FilterExpression | None,
        place: Place,
    ) -> None:
        self.pairs = pairs
        self.slim = slim
        self.nonce = nonce
        self.place = place

    def render(self, context: Context) -> str:
        given = {
            text_of(specifier.resolve(context)): text_of(name.resolve(context))
            for specifier, name in self.pairs
        }
        text = current().modules(import_maps.specification(given), self.slim, self.place)
        nonce = "" if self.nonce is None else text_of(self.nonce.resolve(context))
        return import_maps.element(text, nonce)
