"""The page of one document."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.utils import display_for_value, unquote
from django.core.exceptions import ValidationError
from django.db import router, transaction
from django.forms import Media
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect

from django_mongokit.admin.fields import Column, is_nested, value_at
from django_mongokit.admin.forms import has_revision
from django_mongokit.admin.inlines import inlines_of
from django_mongokit.admin.references import load_references
from django_mongokit.admin.sections import DocumentAdminForm
from django_mongokit.admin.structures import as_html
from django_mongokit.forms import FormSetField
from django_mongokit.forms.documents import REFUSALS, REVISION
from django_mongokit.forms.storing import save_document
from django_mongokit.forms.strays import strays_of
from django_mongokit.places import is_unasked_key, node_at, references_in

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as _Base
else:
    _Base = object

__all__ = ["ChangingMixin", "log_atomic"]

SAVE_AS = "_saveasnew"
STYLES = Media(css={"all": ["django_mongokit/admin.css"]})


def log_atomic() -> Any:
    """Return a transaction of the database that the history is in, which MongoDB's is not."""
    # Here, as Django does it: the module can be imported before the apps are ready.
    from django.contrib.admin.models import LogEntry

    return transaction.atomic(using=router.db_for_write(LogEntry))


class _ReadonlyColumn(Column):
    """A field on the page of a document, as text."""

    __slots__ = ()

    def __call__(self, document: Any) -> Any:
        value = value_at(document, self.path)
        if is_nested(value):
            return as_html(value, node_at(type(document), self.path))
        found = super().__call__(document)
        return found if self.boolean else display_for_value(found, "-")


class ChangingMixin(_Base):  # type: ignore[type-arg]  # ModelAdmin at run time too
    """Changing and adding."""

    column: Any
    may_be_key: Any

    @method_decorator(csrf_protect)
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Answer; where MongoDB refuses what Django's view saves, show the page again with what was entered."""
        view: Any = self._changeform_view  # type: ignore[attr-defined]  # Django's, without a transaction
        response: HttpResponse
        if request.method != "POST":
            response = view(request, object_id, form_url, extra_context)
            return response
        if SAVE_AS in request.POST:
            _make_rows_new(request)
        request._document_extra = extra_context or {}  # type: ignore[attr-defined]  # for the method below
        try:
            with log_atomic():
                response = view(request, object_id, form_url, extra_context)
        except REFUSALS as error:
            request._document_refusal = error  # type: ignore[attr-defined]  # for get_form()
            response = view(request, object_id, form_url, extra_context)
        return response

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        """Answer 404; but to whom has sent what was entered in a form, show it again, to be saved as a new document."""
        key = unquote(object_id)
        extra = getattr(request, "_document_extra", None)
        if extra is None or not self.may_be_key(key):
            raise Http404(f"There is no {opts.verbose_name} with the key {key!r:.80} (any more).")
        _make_rows_new(request)
        text, shown, context = _("Somebody else has deleted this %(name)s meanwhile."), self, dict(extra)
        if self.has_add_permission(request):
            text = f"{text} {_('What you have entered is still here: save it, and it will be a new one.')}"
        else:
            text = f"{text} {_('What you have entered is still here, but you may not make a new one of it.')}"
            # An add page all the same, without its buttons.
            shown = copy.copy(self)
            shown.has_add_permission = lambda request: True  # type: ignore[method-assign]  # of this copy
            context |= dict.fromkeys(
                ("show_save", "show_save_and_continue", "show_save_and_add_another"), False
            )
        request._document_gone = ValidationError(  # type: ignore[attr-defined]  # for get_form()
            text, code="gone", params={"name": self.opts.verbose_name}
        )
        address = reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_add", current_app=self.admin_site.name
        )
        response: HttpResponse = shown._changeform_view(request, None, address, context)  # type: ignore[attr-defined]  # Django's
        return response

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Store a document; raises `StaleDocumentError` where one that is changed was deleted meanwhile."""
        save_document(
            obj,
            is_new=not change,
            strays=getattr(form, "strays", frozenset()),
            has_changed=form.has_changed(),
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Store the uploads; lists of nested structures are the document's own."""
        form.save_m2m()

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """Show read-only fields as columns, and lists of nested structures as Django shows inlines."""
        old = context["adminform"]
        # Django's own, and keys that nobody enters.
        keys = [name for name in ("_id", "pk") if is_unasked_key(self.model, name)]
        old.readonly_fields = [*old.readonly_fields, *(one for one in keys if one not in old.readonly_fields)]
        may_change = self.has_change_permission(request, obj) if obj is not None else True
        if obj is not None:
            self._tell_strays(request, obj)
            load_references(self, [obj], self._shown_references(old.readonly_fields))
        seen: set[str] = set()
        fieldsets = [
            (name, {**options, "fields": list(self._lines(old, options.get("fields", ()), seen))})
            for name, options in old.fieldsets
        ]
        if has_revision(old.form) and may_change:
            fieldsets.append((None, {"fields": [REVISION]}))
        made = DocumentAdminForm(
            old.form,
            [one for one in fieldsets if one[1]["fields"]],
            {},
            [self._readonly(one) for one in old.readonly_fields],
            model_admin=self,
        )
        made.prepopulated_fields = old.prepopulated_fields
        inlines = inlines_of(self, request, old.form, obj, can_change=may_change)
        context["adminform"] = made
        context["inline_admin_formsets"] = [*context["inline_admin_formsets"], *inlines]
        context["media"] = sum((one.media for one in inlines), context["media"] + STYLES)
        found: HttpResponse = super().render_change_form(request, context, add, change, form_url, obj)
        return found

    def _tell_strays(self, request: HttpRequest, obj: Any) -> None:
        found = sorted(strays_of(obj))
        if found:
            text = _("Stored too, and not declared: %(fields)s. This page leaves it as it is.")
            self.message_user(request, text % {"fields": get_text_list(found, _("and"))}, messages.WARNING)

    def _shown_references(self, names: Sequence[Any]) -> Iterator[str]:
        for name in names:
            node = node_at(self.model, name) if isinstance(name, str) else None
            if node is not None:
                yield from (path for path, _reference in references_in(node, name))

    def _readonly(self, name: Any) -> Any:
        found = self.column(name)
        return _ReadonlyColumn(str(found), self.model) if isinstance(found, Column) else found

    def _lines(self, old: Any, fields: Sequence[Any], seen: set[str]) -> Iterator[Any]:
        """Yield the fields of a fieldset: what is read-only as a column, what is in an inline not at all."""

        def found(names: Sequence[Any]) -> Iterator[Any]:
            for name in names:
                if name in old.readonly_fields:
                    yield self._readonly(name)
                    continue
                # One nested structure is one field, however many of its fields are named.
                head = name.partition(".")[0]
                if head not in seen and not isinstance(old.form.fields.get(head), FormSetField):
                    seen.add(head)
                    yield head

        for line in fields:
            names = list(found(line if isinstance(line, (list, tuple)) else [line]))
            if names:
                yield names if len(names) > 1 else names[0]


def _make_rows_new(request: HttpRequest) -> None:
    """Have the rows of lists be those of a new document, which has none yet."""
    sent = request.POST.copy()
    for name in sent:
        if name.endswith("-INITIAL_FORMS"):
            sent[name] = "0"
    request.POST = sent  # type: ignore[assignment]  # mutable, and nobody else's
