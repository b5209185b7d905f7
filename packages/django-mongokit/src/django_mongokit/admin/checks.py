"""What is wrong with a `DocumentAdmin`, said by `manage.py check` and at each start; none of it connects.

django_mongokit.E101  nothing names the collection
django_mongokit.E102  a name in list_display, list_display_links, sortable_by or readonly_fields
django_mongokit.E103  list_editable
django_mongokit.E104  list_filter
django_mongokit.E105  search_fields or ordering
django_mongokit.E106  date_hierarchy
django_mongokit.E107  fields, fieldsets or exclude
django_mongokit.E108  form
django_mongokit.E109  embedded
django_mongokit.E110  autocomplete_fields
django_mongokit.E111  an option of ModelAdmin that means nothing for documents
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.admin import ListFilter, ShowFacets
from django.contrib.admin.utils import flatten, flatten_fieldsets
from django.core.checks import CheckMessage, Error

from django_mongokit.admin.fitting import kind_for
from django_mongokit.admin.homes import admin_of
from django_mongokit.admin.inlines import EmbeddedInline
from django_mongokit.admin.offers import ReferenceFilter
from django_mongokit.admin.references import require_referred
from django_mongokit.forms import BaseDocumentForm
from django_mongokit.forms.files import file_names
from django_mongokit.forms.referred import reference_in
from django_mongokit.places import is_below_list, node_at, python_type
from mongokit.structure.nodes import ListNode, RecordNode, ReferenceNode

__all__ = ["DocumentAdminChecks"]

_MEANINGLESS = (
    "filter_horizontal",
    "filter_vertical",
    "formfield_overrides",
    "inlines",
    "list_select_related",
    "radio_fields",
    "raw_id_fields",
)


class DocumentAdminChecks:
    """All of them: Django's own ask a model's fields."""

    def check(self, admin_obj: Any, **kwargs: Any) -> list[CheckMessage]:
        """Return what is wrong."""
        found: list[CheckMessage] = []
        for check in _CHECKS:
            found += check(admin_obj)
        return found


def _error(admin: Any, number: int, message: str, hint: str | None = None) -> CheckMessage:
    return Error(message, hint=hint, obj=admin.__class__, id=f"django_mongokit.E{number}")


def _is_field(admin: Any, path: Any) -> bool:
    return path in {"_id", "pk"} or (isinstance(path, str) and node_at(admin.model, path) is not None)


def _is_column(admin: Any, name: Any) -> bool:
    return (
        callable(name)
        or _is_field(admin, name)
        or hasattr(admin, str(name))
        or hasattr(admin.model, str(name))
    )


def _known(admin: Any) -> str:
    return f"The fields of {admin.model.__name__} are {', '.join(admin.model._structure.fields)}."


def _collection(admin: Any) -> Iterator[CheckMessage]:
    if not (admin.collection or admin.model.__collection__):
        yield _error(
            admin,
            101,
            f"Nothing says in which collection {admin.model._meta.verbose_name_plural} are.",
            f'Write collection = "…" here, or __collection__ = "…" in {admin.model.__name__}.',
        )


def _columns(admin: Any) -> Iterator[CheckMessage]:
    for option in ("list_display", "list_display_links", "sortable_by", "readonly_fields"):
        for name in getattr(admin, option) or ():
            if not _is_column(admin, name):
                yield _error(
                    admin,
                    102,
                    f"{option} has {name!r}, which is no callable, no field, and no attribute of the admin class or "
                    "the document class.",
                    _known(admin),
                )
            elif option == "list_display_links" and name not in admin.list_display:
                yield _error(admin, 102, f"list_display_links has {name!r}, which is not in list_display.")


def _editable(admin: Any) -> Iterator[CheckMessage]:
    links = admin.list_display_links
    linked = links or (() if links is None else admin.list_display[:1])
    for name in admin.list_editable:
        if name in {"_id", "pk"}:
            yield _error(admin, 103, f"list_editable has {name!r}: the key of a document stays as it is.")
        elif not (_is_field(admin, name) and "." not in name) or isinstance(
            _item(admin, name), (RecordNode, ListNode)
        ):
            yield _error(
                admin,
                103,
                f"list_editable has {name!r}, which is no field with one input.",
                "Nested structures, and what is in them, are changed on the document's own page.",
            )
        elif name not in admin.list_display:
            yield _error(admin, 103, f"list_editable has {name!r}, which is not in list_display.")
        elif name in linked:
            yield _error(
                admin,
                103,
                f"list_editable has {name!r}, which is the link to the document's page.",
                "Name another field in list_display_links.",
            )


def _item(admin: Any, name: str) -> Any:
    node = node_at(admin.model, name)
    return node.item if isinstance(node, ListNode) else node


def _filters(admin: Any) -> Iterator[CheckMessage]:
    for given in admin.list_filter:
        if isinstance(given, type):
            if not issubclass(given, ListFilter):
                yield _error(admin, 104, f"list_filter has {given!r}, which is no ListFilter.")
            continue
        is_pair = isinstance(given, (tuple, list))
        path = given[0] if is_pair else given
        if not _is_field(admin, path):
            yield _error(admin, 104, f"list_filter has {path!r}, which is no field.", _known(admin))
        elif not is_pair:
            try:
                if kind_for(admin.model, path) is ReferenceFilter:
                    require_referred(admin, _item(admin, path))
            except LookupError as error:
                yield _error(admin, 104, f"{error}", "Write a filter: a subclass of SimpleListFilter.")


def _queries(admin: Any) -> Iterator[CheckMessage]:
    for name in admin.search_fields:
        if not _is_field(admin, name.lstrip("^=")):
            yield _error(admin, 105, f"search_fields has {name!r}, which is no field.", _known(admin))
    for name in admin.ordering or ():
        if not _is_field(admin, name.removeprefix("-")):
            yield _error(admin, 105, f"ordering has {name!r}, which is no field.", _known(admin))


def _dates(admin: Any) -> Iterator[CheckMessage]:
    path = admin.date_hierarchy
    kind = python_type(node_at(admin.model, path)) if path else datetime.datetime
    if kind is None or not issubclass(kind, datetime.datetime) or (path and is_below_list(admin.model, path)):
        yield _error(
            admin, 106, f"date_hierarchy is {path!r}, which is no field with one datetime.", _known(admin)
        )


def _fields(admin: Any) -> Iterator[CheckMessage]:
    if admin.fields and admin.fieldsets:
        yield _error(admin, 107, "Both fields and fieldsets are there: one of them is enough.")
    named = [("fields", one) for one in flatten(admin.fields or ())]
    named += [("fieldsets", one) for one in flatten_fieldsets(admin.fieldsets or ())]
    seen: set[tuple[str, Any]] = set()
    others = {*getattr(admin.form, "declared_fields", {}), *admin.readonly_fields, *file_names(admin.model)}
    for option, name in named:
        if (option, name) in seen:
            yield _error(admin, 107, f"{option} has {name!r} more than once.")
        seen.add((option, name))
        if name == "pk" and "_id" in admin.model._structure.fields:
            yield _error(admin, 107, f"{option} has 'pk', which people enter here as '_id': write that.")
        if name not in others and not _is_field(admin, name):
            yield _error(
                admin,
                107,
                f"{option} has {name!r}, which is neither a field nor in readonly_fields.",
                _known(admin),
            )
    if isinstance(admin.exclude, str):
        yield _error(admin, 107, f"exclude is a text: write [{admin.exclude!r}].")


def _form(admin: Any) -> Iterator[CheckMessage]:
    if not (isinstance(admin.form, type) and issubclass(admin.form, BaseDocumentForm)):
        yield _error(admin, 108, f"form is {admin.form!r}, which is no DocumentForm.")


def _embedded(admin: Any) -> Iterator[CheckMessage]:
    for one in admin.embedded:
        if not (isinstance(one, type) and issubclass(one, EmbeddedInline) and one.template):
            yield _error(
                admin,
                109,
                f"embedded has {one!r}, which is no subclass of TabularEmbedded or StackedEmbedded.",
            )
            continue
        node = node_at(admin.model, one.field) if one.field else None
        if not (isinstance(node, ListNode) and isinstance(node.item, RecordNode) and node.item.fields):
            yield _error(
                admin,
                109,
                f"{one.__name__} is for the field {one.field!r}, which is no list of nested structures.",
                _known(admin),
            )


def _autocomplete(admin: Any) -> Iterator[CheckMessage]:
    for name in admin.autocomplete_fields:
        node = reference_in(node_at(admin.model, name))
        if not isinstance(node, ReferenceNode):
            yield _error(
                admin, 110, f"autocomplete_fields has {name!r}, which is no reference.", _known(admin)
            )
            continue
        target = node.target.find()
        other = admin_of(admin.admin_site, target)
        if other is None or not other.search_fields:
            yield _error(
                admin,
                110,
                f"autocomplete_fields has {name!r}, but there is nothing to search in.",
                f"Register an admin with search_fields for {node.target.name}.",
            )


def _meaningless(admin: Any) -> Iterator[CheckMessage]:
    for option in _MEANINGLESS:
        if getattr(type(admin), option, None):
            hint = "Lists of nested structures are shown by themselves; how, says `embedded`."
            yield _error(
                admin, 111, f"{option} means nothing for documents.", hint if option == "inlines" else None
            )
    if admin.show_facets is not ShowFacets.NEVER:
        yield _error(admin, 111, "show_facets: what filters would find is not counted for documents.")


_CHECKS: tuple[Callable[[Any], Iterator[CheckMessage]], ...] = (
    _collection,
    _columns,
    _editable,
    _filters,
    _queries,
    _dates,
    _fields,
    _form,
    _embedded,
    _autocomplete,
    _meaningless,
)
