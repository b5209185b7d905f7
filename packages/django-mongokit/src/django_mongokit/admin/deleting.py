"""Deleting, once somebody has confirmed it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect

from django_mongokit.admin.changing import log_atomic
from django_mongokit.admin.pages import linked, own_templates
from django_mongokit.admin.referrers import Referrers, referrers_of
from django_mongokit.key_texts import has_text_key

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as _Base
else:
    _Base = object

__all__ = ["DeletingMixin"]


class Listed(list[Any]):
    """The lines of documents to be deleted, which Django hands on to its templates as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.referring: list[Any] = []
        """The lines of what refers to them."""


def _unnamed(document: Any) -> str:
    # What is confirmed is what the page names, which this is not.
    text = _("%(document)s: the key %(key)s is none that a page can name. It is deleted by a program only.")
    return text % {"document": document, "key": f"{document['_id']!r:.80}"}


class DeletingMixin(_Base):  # type: ignore[type-arg]  # ModelAdmin at run time too
    """Deleting."""

    if not TYPE_CHECKING:

        @property
        def delete_confirmation_template(self) -> list[str]:
            """The project's own templates, else ours, which is Django's and what refers to the document."""
            return own_templates(self.opts, "delete_confirmation.html")

        @property
        def delete_selected_confirmation_template(self) -> list[str]:
            """The same, for several documents."""
            return own_templates(self.opts, "delete_selected_confirmation.html")

    @method_decorator(csrf_protect)
    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Answer; the history has the deletion or has it not, as it has happened or not."""
        view: Any = self._delete_view  # type: ignore[attr-defined]  # Django's, without a transaction
        response: HttpResponse
        with log_atomic():
            response = view(request, object_id, extra_context)
        return response

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        """Return what the page of confirmation lists: the documents; MongoDB deletes nothing else with them.

        The last of the four is what keeps them from being deleted: what refers to them, as `is_protected` says, and a key
        that no page can name. The list of documents has an attribute `referring`, with what refers to them all the same.
        """
        lines, denied, keys = Listed(), set(), []
        protected: list[Any] = []
        for one in objs:
            keys.append(one["_id"])
            link = linked(self.opts, self.admin_site, one)
            lines.append(format_html("{}: {}", capfirst(self.opts.verbose_name), link))
            if not self.has_delete_permission(request, one):
                denied.add(self.opts.verbose_name)
            if not has_text_key(one):
                protected.append(_unnamed(one))
        for found in referrers_of(self, request, keys):
            (protected if self.is_protected(request, found) else lines.referring).extend(found.lines)
        return lines, {self.opts.verbose_name_plural: len(keys)}, denied, protected

    def is_protected(self, request: HttpRequest, referrers: Referrers) -> bool:
        """Return whether the documents of a class that refer to others keep those from being deleted: no.

        A project says otherwise here, as by `on_delete=PROTECT` of a model's field:
        `return referrers.model is Invoice`.
        """
        return False

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Delete documents, each with its signals."""
        with log_atomic():
            queryset.delete()
