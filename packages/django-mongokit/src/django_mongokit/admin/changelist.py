"""The list of documents: what of the query string becomes a query, and the page it finds."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, ChangeList
from django.core.paginator import InvalidPage

from django_mongokit.admin.dates import DateHierarchy
from django_mongokit.admin.fields import Column, label_of
from django_mongokit.admin.fitting import filter_for
from django_mongokit.admin.pages import change_url
from django_mongokit.admin.references import load_references
from django_mongokit.selection import Documents

__all__ = ["DocumentChangeList"]


class DocumentChangeList(ChangeList):
    """Django's change list, over documents."""

    model_admin: Any
    queryset: Any
    root_queryset: Any
    of_all_dates: Documents
    """What the filters and the search leave, for the date hierarchy to ask by spans of its own."""

    def __init__(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.opts = self.lookup_opts = self.model_admin.opts
        self.dates = self.hierarchy.links(self) if self.hierarchy else None
        # Django's own tag for it would ask a model.
        self.date_hierarchy = None

    def label_of(self, field: str) -> str:
        """Return what people read for a field."""
        return label_of(field)

    def get_filters(self, request: Any) -> Any:
        """Return the filters, and whether one is active. What is left of the query string means nothing."""
        params = self.get_filters_params()
        active = len(params)
        specs = []
        for given in self.list_filter:
            spec = filter_for(given, request, params, self.model, self.model_admin)
            if spec is not None and spec.has_output():
                specs.append(spec)
        is_active = len(params) < active
        self.hierarchy = DateHierarchy(self.date_hierarchy, params) if self.date_hierarchy else None
        return specs, bool(specs), params, False, is_active

    def get_queryset(self, request: Any, exclude_parameters: Any = None) -> Any:
        """Return the documents that the filters, the dates and the search leave, in the order asked for.

        Raises `IncorrectLookupParameters` for a parameter that is no filter's: nobody looks for what the admin class
        does not offer, operators least of all.
        """
        self.list_display = [self.model_admin.column(one) for one in self.list_display]
        found = self.get_filters(request)
        self.filter_specs, self.has_filters, left, _twice, self.has_active_filters = found
        if left:
            raise IncorrectLookupParameters(f"Filtering by {', '.join(sorted(left))} not allowed")
        documents: Documents = self.root_queryset
        for spec in self.filter_specs:
            filtered: Any = spec.queryset(request, documents)  # type: ignore[arg-type]  # no QuerySet
            documents = documents if filtered is None else filtered
        documents, _twice = self.model_admin.get_search_results(request, documents, self.query)
        self.of_all_dates = documents
        if self.hierarchy:
            documents = documents.filter(self.hierarchy.query)
        self.clear_all_filters_qs = self.get_query_string(remove=list(self.get_filters_params()))
        return documents.order_by(*self.get_ordering(request, documents))

    def get_results(self, request: Any) -> None:
        """Find the page, and how many there are."""
        pages = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        self.result_count = pages.count
        self.is_capped = pages.is_capped
        self.can_show_all = not self.is_capped and self.result_count <= self.list_max_show_all
        self.multi_page = self.is_capped or self.result_count > self.list_per_page
        self.next_page: int | None = None
        if self.show_all and self.can_show_all:
            self.result_list = list(self.queryset[: self.list_max_show_all])
        else:
            self.result_list = self._page(pages)
        load_references(
            self.model_admin, self.result_list, [one for one in self.list_display if isinstance(one, Column)]
        )
        self.paginator = pages
        self.show_full_result_count = bool(self.model_admin.show_full_result_count)
        self.full_result_count = None
        if self.show_full_result_count:
            is_whole = self.queryset.query == self.root_queryset.query
            self.full_result_count = self.result_count if is_whole else self._total(request)
        self.show_admin_actions = not self.show_full_result_count or bool(self.full_result_count)

    def _total(self, request: Any) -> int:
        total: int = self.model_admin.get_paginator(request, self.root_queryset, self.list_per_page).count
        return total

    def _page(self, pages: Any) -> list[Any]:
        try:
            number = pages.validate_number(self.page_num)
        except InvalidPage as error:
            if self.page_num == 1:
                return []
            raise IncorrectLookupParameters from error
        size = self.list_per_page
        # One more than is shown tells whether there is a next page.
        found = list(self.queryset[(number - 1) * size : number * size + 1])
        if len(found) > size and number >= pages.num_pages:
            self.next_page = number + 1
        if number == 1 and len(found) <= size:
            # The collection is no larger, whatever the server believed of it.
            self.result_count, self.multi_page, self.is_capped = len(found), False, False
        return found[:size]

    @property
    def next_page_url(self) -> str:
        """The address of the page after the last that is known."""
        return str(self.get_query_string({PAGE_VAR: self.next_page}))

    def _get_default_ordering(self) -> Any:
        return list(self.model_admin.ordering or ())

    def get_ordering_field(self, field_name: Any) -> str | None:
        """Return the field that a column is ordered by, None where it cannot be."""
        if isinstance(field_name, Column):
            return field_name.admin_order_field
        found = field_name if callable(field_name) else getattr(self.model_admin, field_name, None)
        found = getattr(self.model, field_name, None) if found is None else found
        found = found.fget if isinstance(found, property) else found
        field: str | None = getattr(found, "admin_order_field", None)
        return field

    def get_ordering(self, request: Any, queryset: Any) -> Any:
        """Return the fields to order by: the columns that were clicked, else the admin's own; the key is the last."""
        ordering: list[str] = list(self.model_admin.get_ordering(request) or ())
        if self.params.get(ORDER_VAR):
            ordering = []
            for part in self.params[ORDER_VAR].split("."):
                _none, minus, index = part.rpartition("-")
                column = self.list_display[int(index)] if _is_index(index, self.list_display) else None
                field = self.get_ordering_field(column) if column is not None else None
                if field is None or not self._may_sort(column):
                    continue
                descending = field.startswith("-") != (minus == "-")
                ordering.append(("-" if descending else "") + field.removeprefix("-"))
        names = {name.removeprefix("-") for name in ordering}
        return ordering if names & {"pk", "_id"} else [*ordering, "-pk"]

    def _may_sort(self, column: Any) -> bool:
        return self.sortable_by is None or column in self.sortable_by

    def get_ordering_field_columns(self) -> Any:
        """Return which columns the list is ordered by: index → "asc" or "desc"."""
        if ORDER_VAR in self.params:
            parts = [part.rpartition("-") for part in self.params[ORDER_VAR].split(".")]
            return {
                int(index): "desc" if minus else "asc"
                for _none, minus, index in parts
                if _is_index(index, self.list_display)
            }
        found: dict[int, str] = {}
        for name in self._get_default_ordering():
            fields = [self.get_ordering_field(column) for column in self.list_display]
            if name.removeprefix("-") in fields:
                found[fields.index(name.removeprefix("-"))] = "desc" if name.startswith("-") else "asc"
        return found

    def url_for_result(self, result: Any) -> str:
        """Return the address of a document's page; raises `NoReverseMatch`, for which Django leaves the link out."""
        return change_url(self.model_admin.opts, self.model_admin.admin_site, result)


def _is_index(text: str, columns: Any) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 5 and int(text) < len(columns)
