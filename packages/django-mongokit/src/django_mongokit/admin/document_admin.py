"""`DocumentAdmin`: Django's `ModelAdmin` for documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from bson import ObjectId
from django.contrib.admin import ModelAdmin, ShowFacets
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import ImproperlyConfigured
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.urls import URLPattern, path

from django_mongokit.admin.changelist import DocumentChangeList
from django_mongokit.admin.changing import ChangingMixin
from django_mongokit.admin.checks import DocumentAdminChecks
from django_mongokit.admin.deleting import DeletingMixin
from django_mongokit.admin.fields import Column
from django_mongokit.admin.forms import admin_form, form_meta
from django_mongokit.admin.inlines import EmbeddedInline
from django_mongokit.admin.listing import ListingMixin
from django_mongokit.admin.pages import DocumentPaginator
from django_mongokit.admin.references import autocomplete_answer, dressed_references, reference_fields
from django_mongokit.conf import DEFAULT_ALIAS
from django_mongokit.document import DjangoDocument
from django_mongokit.forms import BaseDocumentForm, DocumentForm, NestedField
from django_mongokit.forms.options import DocumentFormOptions
from django_mongokit.key_texts import keys_of
from django_mongokit.options import lowered
from django_mongokit.places import is_unasked_key, node_at, python_type
from django_mongokit.search import search_query
from django_mongokit.selection import Documents
from django_mongokit.shortcut import get_database

if TYPE_CHECKING:
    from mongokit import Collection

__all__ = ["DocumentAdmin"]


class DocumentAdmin(ListingMixin, ChangingMixin, DeletingMixin, ModelAdmin):  # type: ignore[type-arg]  # no model
    """How documents of a class are listed, changed and deleted in Django's admin.

        @admin.register(Talk)
        class TalkAdmin(DocumentAdmin):
            collection = "talks"
            list_display = ["topic", "when", "address.city"]

    What Django documents of `ModelAdmin` holds, its hooks too; names of fields may be dotted, and where hooks take or
    return a queryset it is a `Documents`.
    """

    using: str = DEFAULT_ALIAS
    """The alias of the database."""
    collection: str | None = None
    """The name of the collection; None for the class's `__collection__`."""
    count_limit: int | None = 10_000
    """How far what a search or a filter finds is counted; None counts it all."""
    embedded: Sequence[type[EmbeddedInline]] = ()
    """How lists of nested structures are shown, where not as a table, or in blocks when they have many fields."""
    form: type[BaseDocumentForm] = DocumentForm  # type: ignore[assignment]  # no ModelForm
    paginator = DocumentPaginator
    show_facets = ShowFacets.NEVER
    checks_class = DocumentAdminChecks
    model: Any

    def __init__(self, model: Any, admin_site: Any) -> None:
        if not (isinstance(model, type) and issubclass(model, DjangoDocument)):
            raise ImproperlyConfigured(
                f"{type(self).__name__} is a DocumentAdmin, for subclasses of DjangoDocument; {model!r} is none."
            )
        super().__init__(model, admin_site)
        # What people give permissions and write URLs by is in small letters, as for models.
        self.opts: Any = lowered(model._meta)

    def get_urls(self) -> list[URLPattern]:
        """Return Django's URLs, by two names each: `talks_talk_change`, and `talks_Talk_change` for what reads `_meta`."""
        search = self.admin_site.admin_view(partial(autocomplete_answer, self))
        name = f"{self.opts.app_label}_{self.opts.model_name}_references"
        found: list[Any] = [path("references/", search, name=name), *super().get_urls()]
        small, own = (f"{meta.app_label}_{meta.model_name}_" for meta in (self.opts, self.model._meta))
        if small == own:
            return found
        twins = [
            path(str(one.pattern), one.callback, name=own + one.name.removeprefix(small))
            for one in found
            if one.name and one.name.startswith(small)
        ]
        return [*found, *twins]

    def get_collection(self) -> Collection:
        """Return the collection that the documents are in; raises `ImproperlyConfigured` where nothing names it."""
        name = self.collection or self.model.__collection__
        if not name:
            raise ImproperlyConfigured(
                f"{type(self).__name__} does not know where the documents are: set its `collection`, "
                f"or __collection__ in {self.model.__name__}."
            )
        return get_database(using=self.using)[name]

    def documents(self) -> Documents:
        """Return all documents, in the order of `ordering`."""
        found = Documents(self.model, self.get_collection())
        return found.order_by(*self.ordering) if self.ordering else found

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the documents that may be seen here: `super().get_queryset(request).filter({"owner": …})`."""
        return self.documents()

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the document with a key that came as text, None where there is none."""
        found = self.get_queryset(request).filter(pk=object_id)[:1]
        return next(iter(found), None)

    def may_be_key(self, text: str) -> bool:
        """Return whether a text may be the key of one of the documents, there or gone: an ObjectId, unless `_id` says else."""
        node = node_at(self.model, "_id")
        kind = ObjectId if node is None else python_type(node)
        return kind is None or any(isinstance(key, kind) for key in keys_of(self.model, text))

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """Return whether documents may be referred to by a field: the key only."""
        return to_field in {"_id", "pk"}

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Return that nothing may be looked for but what the filters of the list offer."""
        return False

    def column(self, name: Any) -> Any:
        """Return what a name in `list_display` stands for: a field goes before an attribute of the same name."""
        if callable(name) or name == "__str__":
            return name
        model = self.model
        is_field = name in {"_id", "pk"} or node_at(model, name) is not None
        if not is_field and (hasattr(self, name) or hasattr(model, name)):
            return name
        return Column(name, model)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the class of the list."""
        return DocumentChangeList

    def get_paginator(
        self,
        request: HttpRequest,
        queryset: Any,
        per_page: int,
        orphans: int = 0,
        allow_empty_first_page: bool = True,
    ) -> Any:
        """Return the pages of documents, or of the history's rows."""
        if not isinstance(queryset, Documents):
            return Paginator(queryset, per_page, orphans, allow_empty_first_page)
        pages = self.paginator(queryset, per_page, orphans, allow_empty_first_page)
        pages.count_limit = self.count_limit
        return pages

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Return the documents that have each word in one of the `search_fields`, and False: none comes twice."""
        fields = self.get_search_fields(request)
        if not (fields and search_term):
            return queryset, False
        return queryset.filter(search_query(self.model, fields, search_term)), False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the class of the form; parameters are attributes of its `Meta`."""
        names: Any = (
            kwargs.pop("fields")
            if "fields" in kwargs
            else flatten_fieldsets(self.get_fieldsets(request, obj))
        )
        readonly: list[Any] = list(self.get_readonly_fields(request, obj))
        exclude = [*self._excluded(request, obj), *(name for name in readonly if isinstance(name, str))]
        if names is not None:
            asked = [name for name in names if not is_unasked_key(self.model, name)]
            names = [name for name in asked if isinstance(name, str) and name not in readonly]
            if change and not self.has_change_permission(request, obj):
                names = []
        refusal = getattr(request, "_document_refusal", None)
        gone = getattr(request, "_document_gone", None)
        options = {"exclude": exclude, **({} if names is None else {"fields": names}), **kwargs}
        form = options.pop("form", self.form)
        return self._made_form(request, form, refusal=refusal, gone=gone, **options)

    def _made_form(self, request: HttpRequest, form: Any, added: Any = None, **options: Any) -> Any:
        declared = {**getattr(form, "declared_fields", {}), **(added or {})}
        meta = {name: value for name, value in options.items() if name not in {"refusal", "gone"}}
        chosen = reference_fields(self, request, DocumentFormOptions(form_meta(form, **meta)), declared)
        made = admin_form(
            form, self.model, self.get_collection(), added={**(added or {}), **chosen}, **options
        )
        for name, field in made.base_fields.items():
            if isinstance(field, NestedField) and name not in declared:
                dressed_references(self, request, field, node_at(self.model, name), name)
        return made

    def _excluded(self, request: HttpRequest, obj: Any) -> Iterable[str]:
        excluded: Sequence[str] | None = self.get_exclude(request, obj)
        if excluded is None:
            excluded = getattr(getattr(self.form, "Meta", None), "exclude", None)
        return excluded or ()

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """Return the document's own address: of its `get_absolute_url()`, or what `view_on_site` makes."""
        if obj is None or not self.view_on_site:
            return None
        if callable(self.view_on_site):
            return str(self.view_on_site(obj))
        found = getattr(obj, "get_absolute_url", None)
        return str(found()) if callable(found) else None
