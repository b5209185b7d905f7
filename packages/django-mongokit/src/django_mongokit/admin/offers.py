"""The filters beside a list whose choices the database has: the values of a field, the documents it may refer to."""

from __future__ import annotations

import decimal
from typing import Any

from bson import Decimal128
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from django_mongokit.admin.fields import shown
from django_mongokit.admin.filters import FieldFilter
from django_mongokit.admin.references import referred_documents
from django_mongokit.key_texts import keys_of
from django_mongokit.places import is_decimal, python_type
from django_mongokit.search import number_of
from django_mongokit.selection import Documents, refers_to
from mongokit.identifying import has_id
from mongokit.structure.nodes import Node

__all__ = ["OfferingFilter", "ReferenceFilter", "ValuesFilter"]

LONGEST = 100
"""How many values or documents a filter offers."""


class OfferingFilter(FieldFilter):
    """Offers the first hundred of what there is, and says where there is more."""

    template = "django_mongokit/admin/filter.html"

    @property
    def are_cut(self) -> bool:
        """Whether there are more than are offered."""
        raise NotImplementedError

    def offered(self) -> list[tuple[str, Any]]:
        """Return what is offered: (text in the query string, what people read)."""
        raise NotImplementedError

    def title_of(self, text: str) -> Any:
        """Return what people read for a choice that is not offered."""
        return text

    @property
    def note(self) -> str:
        """What people have to know of the choices that are not offered; "" where all are."""
        return (
            _("There are more: these are the first %(count)s.") % {"count": LONGEST} if self.are_cut else ""
        )

    def has_output(self) -> bool:
        """Return whether there is something to choose, or to say."""
        return super().has_output() or bool(self.note)

    def lookups(self) -> list[tuple[str, Any]]:
        """Return what is offered; what is filtered by is among it, offered or not."""
        found = self.offered()
        if self.chosen is None or any(text == self.chosen for text, _title in found):
            return found
        return [*found, (self.chosen, self.title_of(self.chosen))]


class ValuesFilter(OfferingFilter):
    """The values that the documents have, of texts and numbers: a hundred of them, of as many documents as are counted."""

    def __init__(self, path: str, request: Any, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(path, request, params, model, model_admin)
        documents: Documents = model_admin.get_queryset(request)
        self.found = documents.distinct(path, LONGEST, model_admin.count_limit)
        self.values = {
            str(value): value for value in self.found if isinstance(value, (str, int, float, Decimal128))
        }

    @property
    def are_cut(self) -> bool:
        """Whether there are more values than are offered."""
        return self.found.are_cut

    @property
    def note(self) -> str:
        """What people have to know of the values that are not offered, also of documents that were not looked at."""
        if not self.are_cut and self.found.are_of_some:
            limit = self.model_admin.count_limit
            return _("Of %(count)s documents only: others may have more.") % {"count": limit}
        return super().note

    def offered(self) -> list[tuple[str, Any]]:
        """Return the values."""
        return [(text, self.title_of(text)) for text in self.values]

    def title_of(self, text: str) -> Any:
        """Return the value, and a word for the empty text."""
        return text or _("Empty")

    def query(self, value: str) -> dict[str, Any]:
        """Return the query for one value: a text finds nothing but itself."""
        kind = python_type(self.node)
        if value in self.values:
            return {self.path: {"$eq": self.values[value]}}
        if kind is not None and issubclass(kind, str):
            return {self.path: {"$eq": value}}
        number = _number(self.node, value)
        if number is None:
            raise self.refuse(value)
        return {self.path: {"$eq": number}}


def _number(node: Node | None, text: str) -> Any:
    """Return the number that a text is, as a field stores it; None where it is none, or the field has no numbers."""
    if not is_decimal(node):
        return None if python_type(node) is None else number_of(text)
    try:
        return Decimal128(text)  # a float is another number than the decimal that is written alike
    except decimal.DecimalException:
        return None


class ReferenceFilter(OfferingFilter):
    """The documents that a reference may lead to; the first hundred of them."""

    @cached_property
    def _documents(self) -> Documents:
        return referred_documents(self.model_admin, self.node)

    @cached_property
    def _first(self) -> list[Any]:
        return list(self._documents[: LONGEST + 1])

    @property
    def are_cut(self) -> bool:
        """Whether there are more documents than are offered."""
        return len(self._first) > LONGEST

    def offered(self) -> list[tuple[str, Any]]:
        """Return the documents by their key."""
        return [(one.pk, shown(one)) for one in self._first[:LONGEST] if has_id(one)]

    @cached_property
    def _chosen(self) -> Any:
        return next((shown(one) for one in self._documents.filter(pk=self.chosen)[:1]), self.chosen)

    def title_of(self, text: str) -> Any:
        """Return what the document that is filtered by is called; its key, where it is gone."""
        return self._chosen

    def query(self, value: str) -> dict[str, Any]:
        """Return the query for a key, whatever else a DBRef says."""
        node: Any = self.node
        return refers_to(self.path, node, self._documents, keys_of(self._documents.model, value))
