"""Django's generic views over documents: `ListView`, `DetailView`, `CreateView`, `UpdateView`, `DeleteView`.

    class TalkList(ListView):
        document = Talk
        paginate_by = 20

They are Django's own classes. What those say of models and querysets holds for documents here: the attribute `document`
takes the place of `model`, `query` (in MongoDB's language) that of `queryset`, and templates, context and methods keep
their names: "talks/talk_list.html", `talk_list`, `get_context_data()`.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views import generic

from django_mongokit.conf import DEFAULT_ALIAS
from django_mongokit.forms import DocumentForm, documentform_factory
from django_mongokit.forms.documents import REFUSALS, REVISION
from django_mongokit.forms.refusals import stale
from django_mongokit.key_texts import keys_of
from django_mongokit.paginator import DocumentList, Paginator
from django_mongokit.shortcut import documents_of, get_document_or_404
from mongokit.cursor import counter_of
from mongokit.identifying import has_id

if TYPE_CHECKING:
    from mongokit.proxy import DocumentProxy

__all__ = ["CreateView", "DeleteView", "DetailView", "DocumentMixin", "ListView", "UpdateView"]

_COUNTED = 10_000
"""Up to so many documents a collection that is listed whole is counted; beyond, the server's own figure will do."""


class DocumentMixin:
    """Which documents a view is about."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...  # of the view it is mixed into

    document: Any = None
    """The document class."""

    collection: str | None = None
    """The name of the collection; None for the class's `__collection__`."""

    using = DEFAULT_ALIAS
    """The alias in `DATABASES`."""

    query: Mapping[str, Any] | None = None
    """Which of its documents the view knows; None is all. Nothing that comes from a user belongs in it unchecked."""

    def get_query(self) -> Mapping[str, Any]:
        """Return the query of every document that the view may show or change: `query`, unless overridden."""
        return self.query or {}

    def get_document_class(self) -> Any:
        """Return `document`, or that of the `form_class`; raises `ImproperlyConfigured` without either."""
        options = getattr(getattr(self, "form_class", None), "_meta", None)
        found = self.document or getattr(options, "document", None)
        if found is None:
            raise ImproperlyConfigured(
                f"{type(self).__name__} does not say what it shows. Write document = …, the document class, in it."
            )
        return found

    def get_documents(self) -> DocumentProxy[Any]:
        """Return the document class in its collection, as `get_database().talks.Talk`."""
        return documents_of(type(self), self.get_document_class(), self.collection, self.using)

    def get_template_names(self) -> list[str]:
        """Return `template_name`, or "<app>/<document><suffix>.html" in small letters."""
        if self.template_name:
            return [self.template_name]
        meta = self.get_document_class()._meta
        return [f"{meta.app_label}/{meta.module_name}{self.template_name_suffix}.html"]

    def _context_name(self, suffix: str = "") -> str:
        name: str = self.context_object_name or self.get_document_class()._meta.module_name + suffix
        return name


class ListView(DocumentMixin, generic.ListView):  # type: ignore[type-arg]  # not subscriptable at run time
    """Shows documents, on pages if `paginate_by` says so.

    `ordering` is a field or several, "-when" for downwards; without it they are in the order of their ids, since pages
    need some order. A collection that is listed whole is not counted when it is large: the server keeps a figure.
    """

    paginator_class = Paginator

    def get_queryset(self) -> Any:
        """Return what is listed, read when it is shown. Who overrides it may return a sorted cursor."""
        documents, query = self.get_documents(), self.get_query()
        ordering: Any = self.get_ordering() or ["_id"]
        names = [ordering] if isinstance(ordering, str) else ordering
        cursor = documents.find(query).sort(
            [(name.removeprefix("-"), -1 if name[0] == "-" else 1) for name in names]
        )

        def count_all() -> int:
            number: int = documents.collection.estimated_document_count()
            return number if number > _COUNTED else counter_of(cursor)()

        return DocumentList(cursor, None if query else count_all)

    def get_context_object_name(self, object_list: Any) -> str:
        """Return `context_object_name`, or e.g. "talk_list"."""
        return self._context_name("_list")


class _OneDocument(DocumentMixin):
    def get_object(self, queryset: Any = None) -> Any:
        """Return the document that the URL names by `pk` (as text, or an ObjectId) or `slug`, or raise `Http404`.

        :param queryset: a document class in its collection, in place of `get_documents()`.
        """
        pk, slug = self.kwargs.get(self.pk_url_kwarg), self.kwargs.get(self.slug_url_kwarg)
        named = {}
        if pk is not None:
            named["pk"] = pk
        if slug is not None and (pk is None or self.query_pk_and_slug):
            named[self.get_slug_field()] = slug
        if not named:
            raise AttributeError(
                f"{type(self).__name__} must be called with a document's {self.pk_url_kwarg!r} or "
                f"{self.slug_url_kwarg!r} in the URLconf."
            )
        documents = self.get_documents() if queryset is None else queryset
        return get_document_or_404(documents, self.get_query(), **named)

    def get_context_object_name(self, obj: Any) -> str:
        """Return `context_object_name`, or e.g. "talk"."""
        return self._context_name()

    def get_success_url(self) -> str:
        """Return `success_url` with the document's fields and `pk` put in, or the document's `get_absolute_url()`.

        "/talks/{pk}/" and "/in/{address[city]}/" do; what is put in is quoted, since it may be what users wrote.
        """
        if self.success_url:
            return _Quoting().vformat(str(self.success_url), (), {**self.object, "pk": self.object.pk})
        if not hasattr(self.object, "get_absolute_url"):
            raise ImproperlyConfigured(
                f"{type(self).__name__} does not say where to go next. Write success_url in it, "
                f"or a method get_absolute_url() in {type(self.object).__name__}."
            )
        url: str = self.object.get_absolute_url()
        return url


class _OneToChange(_OneDocument):
    def get_object(self, queryset: Any = None) -> Any:
        """Return the document; raises `Http404` also for one with an `_id` of None, which nothing is found by again."""
        found = super().get_object(queryset)
        if not has_id(found):
            raise Http404(f"A {type(found).__name__} without a key can be shown, and not changed.")
        return found


class _WithForm(_OneToChange):
    fields: Iterable[str] | None = None
    """The fields of the form; None is all of the structure."""

    def get_form_class(self) -> Any:
        """Return `form_class`, or a `DocumentForm` of the `fields`."""
        if self.form_class and self.fields is not None:
            raise ImproperlyConfigured(
                f"{type(self).__name__} has both fields and form_class: one of them, please."
            )
        return self.form_class or documentform_factory(
            self.get_document_class(), DocumentForm, fields=self.fields
        )

    def get_form_kwargs(self) -> dict[str, Any]:
        """Return what the form is made with: the document that is changed, or the collection of a new one."""
        kwargs: dict[str, Any] = super().get_form_kwargs()  # type: ignore[misc]  # the view's
        if kwargs["instance"] is None:
            kwargs["collection"] = self.get_documents()
        return kwargs

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Save what was entered, or show the form again with its errors.

        Among them are those that only saving can find: the name is taken, or somebody else has saved first. Where the
        document was deleted meanwhile the answer is 404 too, with the form, so that nothing that was entered is lost.
        """
        try:
            self.object = self._get_object_of_form()
        except Http404:
            return self._show_of_gone()
        form = self.get_form()
        if not form.is_valid():
            return self._show(form)
        try:
            saved: HttpResponseBase = self.form_valid(form)
        except REFUSALS:
            if not form.errors:
                raise  # some other document's
            return self._show(form)
        return saved

    def _show_of_gone(self) -> HttpResponseBase:
        # A document as far as it is known, since templates make URLs of its key.
        self.object = document = self.get_documents()()
        pk, slug = self.kwargs.get(self.pk_url_kwarg), self.kwargs.get(self.slug_url_kwarg)
        if pk is not None:
            document["_id"] = next(iter(keys_of(type(document), str(pk))), pk)
        if slug is not None:
            document[self.get_slug_field()] = slug
        form = self.get_form()
        if REVISION in form.fields:
            # What was sent is of the document that is gone: there is none that it could be older than.
            sent = str(form.data.get(form.add_prefix(REVISION)))
            is_number = (
                sent.isascii() and sent.isdecimal() and len(sent) < 19
            )  # as many digits as MongoDB counts
            document[REVISION] = int(sent) if is_number else None
        form.full_clean()
        form.add_error(None, stale(form, is_gone=True))
        response: Any = self._show(form)
        response.status_code = 404
        shown: HttpResponseBase = response
        return shown

    def _show(self, form: Any) -> HttpResponseBase:
        shown: HttpResponseBase = self.form_invalid(form)
        return shown

    def _get_object_of_form(self) -> Any:
        return self.get_object()


class DetailView(_OneDocument, generic.DetailView):  # type: ignore[type-arg]
    """Shows one document."""


class CreateView(_WithForm, generic.CreateView):  # type: ignore[type-arg,misc]  # Django's is typed for models
    """Makes a document from a form."""

    def _get_object_of_form(self) -> None:
        return None


class UpdateView(_WithForm, generic.UpdateView):  # type: ignore[type-arg,misc]
    """Changes a document by a form; 404 where it was deleted meanwhile, with what was sent still in the form."""


class DeleteView(_OneToChange, generic.DeleteView):  # type: ignore[type-arg]
    """Asks, and deletes a document; 404 where it is gone already."""

    def get_success_url(self) -> str:
        """Return `success_url`, with what the document had put in: its own page will not be there any more."""
        if not self.success_url:
            raise ImproperlyConfigured(
                f"{type(self).__name__} does not say where to go next. Write success_url in it."
            )
        return super().get_success_url()


class _Quoting(string.Formatter):
    """`str.format`, with what is put in quoted as part of a path or query."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return quote(format(value, format_spec), safe="")
