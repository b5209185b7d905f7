"""The filters beside a list, by fields: what all have in common, and those whose choices are known beforehand."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from django.contrib.admin import ListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_mongokit.admin.dates import as_stored
from django_mongokit.admin.fields import label_of
from django_mongokit.forms import ValueChoiceField
from django_mongokit.forms.limits import values_of
from django_mongokit.places import node_at
from mongokit.structure.convert import to_bson
from mongokit.structure.nodes import ListNode, Node

__all__ = [
    "BooleanFilter",
    "ChoicesFilter",
    "DateFilter",
    "FieldFilter",
    "item_of",
]


class FieldFilter(ListFilter):
    """A filter by one field; subclass it for a way of your own: `list_filter = [("topic", MyFilter)]`.

    :param path: the field's dotted name, which is also the parameter's.
    """

    used_parameters: dict[str, Any]

    def __init__(self, path: str, request: Any, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        self.path = path
        self.title = label_of(path).lower()
        super().__init__(request, params, model, model_admin)
        self.model, self.model_admin = model, model_admin
        self.node = item_of(node_at(model, path))
        for name in self.expected_parameters():
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]

    def expected_parameters(self) -> list[Any]:
        """Return the names of the parameters that are this filter's."""
        return [self.path]

    @property
    def chosen(self) -> str | None:
        """The value in the query string."""
        found: str | None = self.used_parameters.get(self.path)
        return found

    def lookups(self) -> list[tuple[str, Any]]:
        """Return what there is to choose from: (text in the query string, what people read)."""
        raise NotImplementedError(f"{type(self).__name__} has no lookups()")

    def query(self, value: str) -> dict[str, Any]:
        """Return the query for what was chosen; raises `IncorrectLookupParameters` for what was not offered."""
        raise NotImplementedError(f"{type(self).__name__} has no query()")

    def has_output(self) -> bool:
        """Return whether there is something to choose. What is filtered by already stays in sight."""
        return self.chosen is not None or bool(self.lookups())

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield what Django's template shows."""
        yield {
            "selected": self.chosen is None,
            "query_string": changelist.get_query_string(remove=[self.path]),
            "display": _("All"),
        }
        for text, title in self.lookups():
            yield {
                "selected": self.chosen == text,
                "query_string": changelist.get_query_string({self.path: text}),
                "display": title,
            }

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Return the documents that what was chosen leaves."""
        return queryset if self.chosen is None else queryset.filter(self.query(self.chosen))

    def refuse(self, value: str) -> IncorrectLookupParameters:
        """Return the error for a value that this filter does not offer."""
        return IncorrectLookupParameters(f"{value!r:.80} is no choice of the filter {self.path!r}.")


class BooleanFilter(FieldFilter):
    """Yes, no, and unknown where a document may lack the field."""

    def lookups(self) -> list[tuple[str, Any]]:
        """Return the two, or three."""
        both: list[tuple[str, Any]] = [("1", _("Yes")), ("0", _("No"))]
        return both if self.node is not None and self.node.present else [*both, ("none", _("Unknown"))]

    def query(self, value: str) -> dict[str, Any]:
        """Return the query; "unknown" is null, and the field that is not there."""
        known = {"1": True, "0": False, "none": None}
        if value not in known:
            raise self.refuse(value)
        return {self.path: known[value]}


class ChoicesFilter(FieldFilter):
    """The members of an Enum, a Literal or `IS(…)`."""

    def _field(self) -> ValueChoiceField:
        return ValueChoiceField([] if self.node is None else values_of(self.node))

    def lookups(self) -> list[tuple[str, Any]]:
        """Return the values in their order."""
        return [(str(key), label) for key, label in list(self._field().choices)[1:]]  # type: ignore[arg-type]  # a list

    def query(self, value: str) -> dict[str, Any]:
        """Return the query for one value, as it is stored."""
        known = self._field().values.by_key
        if value not in known or self.node is None:
            raise self.refuse(value)
        return {self.path: (to_bson(self.node) or _same)(known[value])}


class DateFilter(FieldFilter):
    """Today, the past seven days, this month, this year; with or without a date."""

    def expected_parameters(self) -> list[Any]:
        """Return the two bounds, and whether there is a date at all."""
        return [f"{self.path}__gte", f"{self.path}__lt", f"{self.path}__isnull"]

    def spans(self) -> list[tuple[Any, dict[str, str]]]:
        """Return what there is to choose from: (what people read, parameters)."""
        now = timezone.localtime() if timezone.is_aware(timezone.now()) else timezone.now()
        today = now.date()
        tomorrow = today + datetime.timedelta(days=1)
        next_month = (today.replace(day=1) + datetime.timedelta(days=32)).replace(day=1)
        since, until, missing = self.expected_parameters()
        found: list[tuple[Any, dict[str, str]]] = [
            (_("Any date"), {}),
            (_("Today"), {since: str(today), until: str(tomorrow)}),
            (_("Past 7 days"), {since: str(today - datetime.timedelta(days=7)), until: str(tomorrow)}),
            (_("This month"), {since: str(today.replace(day=1)), until: str(next_month)}),
            (
                _("This year"),
                {since: str(today.replace(month=1, day=1)), until: f"{today.year + 1:04}-01-01"},
            ),
        ]
        if self.node is None or not self.node.present:
            found += [(_("No date"), {missing: "1"}), (_("Has date"), {missing: "0"})]
        return found

    def has_output(self) -> bool:
        """Return that there is always something to choose."""
        return True

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield what Django's template shows."""
        for title, parameters in self.spans():
            yield {
                "selected": self.used_parameters == parameters,
                "query_string": changelist.get_query_string(parameters, self.expected_parameters()),
                "display": title,
            }

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Return the documents whose time is between the bounds."""
        since, until, missing = self.expected_parameters()
        bounds = {
            operator: self._moment(self.used_parameters[name])
            for operator, name in (("$gte", since), ("$lt", until))
            if name in self.used_parameters
        }
        if bounds:
            queryset = queryset.filter({self.path: bounds})
        if missing in self.used_parameters:
            value = self.used_parameters[missing]
            if value not in {"0", "1"}:
                raise self.refuse(value)
            queryset = queryset.filter({self.path: None if value == "1" else {"$ne": None}})
        return queryset

    def _moment(self, value: str) -> datetime.datetime:
        try:
            return as_stored(datetime.datetime.fromisoformat(value))
        except (ValueError, OverflowError) as error:
            raise self.refuse(value) from error


def item_of(node: Node | None) -> Node | None:
    """Return what a list is of, and what is none as it is."""
    return node.item if isinstance(node, ListNode) else node


def _same(value: Any) -> Any:
    return value
