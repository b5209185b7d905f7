"""The list of documents, and the rows that are changed in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.utils import model_ngettext
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_mongokit.admin.changing import log_atomic
from django_mongokit.admin.pages import own_templates
from django_mongokit.admin.rows import KEY, key_field, row_formset
from django_mongokit.forms.documents import REFUSALS
from django_mongokit.key_texts import has_text_key, text_of

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as _Base
else:
    _Base = object

__all__ = ["ListingMixin"]


class ListingMixin(_Base):  # type: ignore[type-arg]  # ModelAdmin at run time too
    """The list."""

    _made_form: Any

    if not TYPE_CHECKING:

        @property
        def change_list_template(self) -> list[str]:
            """The project's own templates for the list, else ours, which is Django's but for dates and pages."""
            return own_templates(self.opts, "change_list.html")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Answer for the list: save the rows that were changed in it, else show it."""
        if request.method == "POST" and self.list_editable and "_save" in request.POST:
            response = self._save_rows(request)
            if response is not None:
                return response
        found: HttpResponse = super().changelist_view(request, extra_context)
        return found

    def action_checkbox(self, obj: Any) -> SafeString:
        """Return the box by which a row is chosen; none where a text cannot say which row that is.

        That of an empty text neither, for which a box sends "on".
        """
        return super().action_checkbox(obj) if has_text_key(obj) and obj.pk else SafeString()

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the list; where rows were refused it is of those, as they were sent."""
        found = super().get_changelist_instance(request)
        rows = getattr(request, "_document_rows", None)
        if rows is not None:
            found.result_list = [form.instance for form in rows.forms]
        return found

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the class of the form of a row; parameters are attributes of its `Meta`."""
        form = kwargs.pop("form", self.form)
        options = {"fields": [*self.list_editable], **kwargs}
        return self._made_form(request, form, added={KEY: key_field()}, **options)

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the class of the rows' formset; or what gives the one whose rows were refused."""
        rows = getattr(request, "_document_rows", None)
        if rows is not None:
            return _Given(rows)
        most = max(self.list_per_page, self.list_max_show_all)
        return row_formset(self.get_changelist_form(request, **kwargs), most)

    def response_action(self, request: HttpRequest, queryset: Any, *args: Any, **kwargs: Any) -> Any:
        """Run an action; one for all documents only where they are counted, so that people know what they do.

        One for chosen rows says how many of them are gone, and is not run where all are.
        """
        # As the field of Django's form reads it.
        if any(one.lower() not in {"", "0", "false"} for one in request.POST.getlist("select_across")):
            pages: Any = self.get_paginator(request, queryset, self.list_per_page)
            limit = pages.count_limit
            if limit is not None and (pages.is_capped or pages.count > limit):
                text = _(
                    "These are more than %(count)s %(name)s. Narrow the search to do something with all of them."
                )
                name = self.opts.verbose_name_plural
                self.message_user(request, text % {"count": limit, "name": name}, messages.WARNING)
                return None
        else:
            queryset = _Choosable(queryset, lambda gone, left: self._tell_gone(request, gone, left))
        try:
            return super().response_action(request, queryset, *args, **kwargs)
        except _NoneLeft:
            return None

    def _tell_gone(self, request: HttpRequest, gone: int, left: int) -> None:
        """Say that so many of the rows that were chosen for an action are gone."""
        text = ngettext(
            "%(count)s of the %(name)s you had chosen was not found: it has been deleted meanwhile, or changed so that "
            "this list does not have it any more.",
            "%(count)s of the %(name)s you had chosen were not found: they have been deleted meanwhile, or changed so "
            "that this list does not have them any more.",
            gone,
        ) % {"count": gone, "name": self.opts.verbose_name_plural}
        if not left:
            # Django's own, so that it comes in Django's languages.
            nothing = _(
                "Items must be selected in order to perform actions on them. No items have been changed."
            )
            text = f"{text} {nothing}"
        self.message_user(request, text, messages.WARNING)

    def _save_rows(self, request: HttpRequest) -> HttpResponse | None:
        """Save the rows that were changed; return None where the page has to be shown again."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        kind = self.get_changelist_formset(request)
        prefix = kind.get_default_prefix()
        keys = self._get_edited_object_pks(request, prefix)
        documents = self.get_queryset(request).filter(pk__in=keys)
        rows = kind(request.POST, request.FILES, queryset=documents)
        saved = self._saved(request, rows) if rows.is_valid() else 0
        if saved:
            text = ngettext(
                "%(count)s %(name)s was changed successfully.",
                "%(count)s %(name)s were changed successfully.",
                saved,
            )
            name = model_ngettext(self.opts, saved)
            self.message_user(request, text % {"count": saved, "name": name}, messages.SUCCESS)
        if not rows.forms:
            # There is no row in which Django's template would show it.
            for error in rows.non_form_errors():
                self.message_user(request, error, messages.ERROR)
        if rows.is_valid() or not rows.forms:
            return HttpResponseRedirect(request.get_full_path())
        request._document_rows = rows  # type: ignore[attr-defined]  # for the two methods above
        return None

    def _saved(self, request: HttpRequest, rows: Any) -> int:
        """Save each row for itself; who is refused says so in its row."""
        count = 0
        for form in rows.forms:
            if not form.has_changed() or not self.has_change_permission(request, form.instance):
                continue
            try:
                with log_atomic():
                    document = self.save_form(request, form, change=True)
                    self.save_model(request, document, form, change=True)
                    message = self.construct_change_message(request, form, None)  # type: ignore[arg-type]  # as Django does
                    self.log_change(request, document, message)
            except REFUSALS as error:
                form.take_back(error)
            else:
                count += 1
        return count


class _NoneLeft(Exception):
    """Of the rows that were chosen for an action none is there any more."""


class _Choosable:
    """The documents of a list, of which Django's view takes those that were chosen, once it knows what for.

    :param tell: called with how many of these are gone, where some are, and how many are left.
    """

    def __init__(self, documents: Any, tell: Callable[[int, int], None]) -> None:
        self._documents = documents
        self._tell = tell

    def filter(self, *, pk__in: Sequence[str]) -> Any:
        """Return the chosen ones; raises `_NoneLeft`."""
        found = self._documents.filter(pk__in=pk__in)
        keys = {text_of(found.model, one["_id"]) for one in found.collection.find(found.query, {"_id": True})}
        gone = len({*pk__in} - keys)
        if gone:
            self._tell(gone, len(keys))
        if not keys:
            raise _NoneLeft
        return found


class _Given:
    """A formset that is there already, where Django wants to make it."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows
        self.get_default_prefix = rows.get_default_prefix

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.rows
