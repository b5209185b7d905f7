"""Nodes that keep what they printed, and those of ``staticintegrity``, ``staticpreload`` and ``staticimportmap``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.template import Context
from django.template.base import FilterExpression, Node

from . import import_maps, preloads, resolver
from .literal import is_literal
from .preloads import Wanted
from .resolver import Place, Resolver, current

__all__ = ["ImportMapNode", "IntegrityNode", "KeepingNode", "NamedNode", "PreloadNode", "text_of"]


def text_of(value: Any) -> str:
    """A value as a name."""
    return "" if value is None else str(value)


class KeepingNode(Node):
    """A node that costs as little as text where it says the same each time: with literal arguments, once it is settled.

    What was printed is kept with the resolver it came from, so that it is out of date when that one is.
    """

    def __init__(self, *, is_literal: bool) -> None:
        self.is_literal = is_literal
        #: Without autoescape, and with it.
        self._kept: list[tuple[Resolver, str] | None] = [None, None]

    def render_annotated(self, context: Context) -> int | str:
        kept = self._kept[1 if context.autoescape else 0]
        if kept is not None and kept[0] is resolver.chosen:
            return kept[1]
        return super().render_annotated(context)

    def is_kept(self, context: Context, by: Resolver) -> bool:
        """Whether what it printed will stay as long as that resolver is in use."""
        kept = self._kept[1 if context.autoescape else 0]
        return kept is not None and kept[0] is by

    def keep(self, context: Context, by: Resolver, text: str) -> None:
        self._kept[1 if context.autoescape else 0] = (by, text)


class NamedNode(Node):
    """A tag that asks for one file and prints something about it."""

    def __init__(self, name: FilterExpression, slim: bool, place: Place) -> None:
        self.name = name
        self.slim = slim
        self.place = place


class IntegrityNode(KeepingNode, NamedNode):
    """``{% staticintegrity name [slim] %}``."""

    def __init__(self, name: FilterExpression, slim: bool, place: Place) -> None:
        NamedNode.__init__(self, name, slim, place)
        KeepingNode.__init__(self, is_literal=is_literal(name))

    def render(self, context: Context) -> str:
        by = current()
        address = by.file(text_of(self.name.resolve(context)), self.slim, self.place)
        if self.is_literal and address.is_settled:
            self.keep(context, by, address.integrity)
        return address.integrity


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
        text = current().modules(import_maps.specification(given), self.slim, self.place).text
        nonce = "" if self.nonce is None else text_of(self.nonce.resolve(context))
        return import_maps.element(text, nonce)
