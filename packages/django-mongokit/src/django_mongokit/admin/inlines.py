"""Lists of nested structures, as Django's templates for inlines show them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.contrib.admin import helpers
from django.forms import Media
from django.forms.formsets import DELETION_FIELD_NAME, ORDERING_FIELD_NAME
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from django_mongokit.forms import FormSetField
from django_mongokit.forms.nested import NestedField

__all__ = ["EmbeddedInline", "StackedEmbedded", "TabularEmbedded", "inlines_of"]

_MOST_COLUMNS = 6
"""A structure of more fields is shown with one below the other, unless somebody says how."""


class EmbeddedInline:
    """How a list of nested structures is shown: subclass `TabularEmbedded` or `StackedEmbedded`, and name it in `embedded`.

    :param path: the name of the field.
    """

    field = ""
    """The name of the list's field."""
    template = ""
    verbose_name: Any = None
    verbose_name_plural: Any = None
    classes: Sequence[str] = ()
    """`["collapse"]` for one that is closed at first."""
    show_change_link = False
    has_registered_model = False

    def __init__(self, path: str, label: Any) -> None:
        self.verbose_name_plural = self.verbose_name_plural or label
        self.verbose_name = self.verbose_name or _singular(str(label))

    @property
    def media(self) -> Media:
        """The scripts that Django's inlines have, for more rows and fewer."""
        # By the names that Django's own media have, so that they become one list in one order.
        extra = "" if settings.DEBUG else ".min"
        names = (f"vendor/jquery/jquery{extra}.js", "jquery.init.js", "inlines.js")
        return Media(js=[f"admin/js/{name}" for name in names])


class TabularEmbedded(EmbeddedInline):
    """Each element in a row."""

    template = "admin/edit_inline/tabular.html"


class StackedEmbedded(EmbeddedInline):
    """Each element in a block of its own."""

    template = "admin/edit_inline/stacked.html"


def inlines_of(
    admin: Any, request: HttpRequest, form: Any, obj: Any, *, can_change: bool
) -> list[EmbeddedFormSet]:
    """Return what is to be shown for the lists of nested structures in a form."""
    given = {one.field: one for one in admin.embedded}
    made = []
    for name, field in form.fields.items():
        if isinstance(field, FormSetField):
            bound = form[name]
            kind = given.get(name) or _kind_for(bound.inner)
            made.append(EmbeddedFormSet(kind(name, bound.label), bound, admin, can_change=can_change))
    return made


def _kind_for(formset: Any) -> type[EmbeddedInline]:
    fields = formset.form.base_fields.values()
    is_small = len(fields) <= _MOST_COLUMNS and not any(isinstance(field, NestedField) for field in fields)
    return TabularEmbedded if is_small else StackedEmbedded


def _singular(label: str) -> str:
    return label[:-1] if label.endswith("s") and not label.endswith("ss") else label


class EmbeddedFormSet:
    """What Django's templates for inlines ask of a formset; theirs asks a formset of models."""

    def __init__(self, opts: EmbeddedInline, bound: Any, admin: Any, *, can_change: bool) -> None:
        self.opts = opts
        self.formset = bound.inner
        self.field = bound.field
        self.model_admin = admin
        self.classes = " ".join(["embedded-list", *opts.classes])
        self.has_add_permission = self.has_change_permission = self.has_delete_permission = can_change
        self.has_view_permission = True

    def __iter__(self) -> Iterator[EmbeddedForm]:
        stored = self.formset.stored
        for index, form in enumerate(self.formset.forms):
            original = index < self.formset.initial_form_count() and index < len(stored)
            yield EmbeddedForm(self, form, _named(stored[index], index + 1) if original else None)
        if self.has_add_permission:
            yield EmbeddedForm(self, self.formset.empty_form, None)

    def fields(self) -> Iterator[dict[str, Any]]:
        """Yield the heads of the columns."""
        for name, field in self.formset.empty_form.fields.items():
            if name != DELETION_FIELD_NAME:
                yield {
                    "name": name,
                    "label": field.label if field.label is not None else capfirst(name.replace("_", " ")),
                    "widget": field.widget,
                    "required": field.required,
                    "help_text": field.help_text,
                }

    def inline_formset_data(self) -> str:
        """Return what Django's script for more rows needs, as JSON."""
        prefix = self.formset.prefix
        add = _("Add another %(verbose_name)s") % {"verbose_name": capfirst(str(self.opts.verbose_name))}
        options = {"prefix": prefix, "addText": add, "deleteText": _("Remove")}
        return json.dumps({"name": f"#{prefix}", "options": options})

    @property
    def forms(self) -> list[Any]:
        """The forms of the elements."""
        found: list[Any] = self.formset.forms
        return found

    @cached_property
    def is_collapsible(self) -> bool:
        """Whether the inline may be closed at first, as nothing in it is wrong."""
        return "collapse" in self.opts.classes and not any(self.formset.errors)

    def non_form_errors(self) -> Any:
        """Return what is wrong with the list as a whole."""
        return self.formset.non_form_errors()

    @property
    def is_bound(self) -> bool:
        """Whether the form was sent."""
        return bool(self.formset.is_bound)

    @property
    def total_form_count(self) -> Any:
        """How many rows there are, as Django's own asks it."""
        return self.formset.total_form_count

    @property
    def media(self) -> Media:
        """What the rows' widgets need, and the script for more rows."""
        found: Media = self.opts.media + self.formset.media
        return found


class EmbeddedForm:
    """One element of a list, as Django's templates ask for it."""

    show_url = False
    absolute_url = None
    needs_explicit_pk_field = False
    fk_field: Any = None
    prepopulated_fields: Sequence[Any] = ()

    def __init__(self, outer: EmbeddedFormSet, form: Any, original: Any) -> None:
        self.formset, self.form, self.original = outer.formset, form, original
        self.model_admin = outer.opts
        self.admin = outer.model_admin

    def __iter__(self) -> Iterator[helpers.InlineFieldset]:
        for _name, options in self.fieldsets:
            yield helpers.InlineFieldset(
                self.formset, self.form, None, (), options["fields"], model_admin=self.admin
            )

    @property
    def fieldsets(self) -> list[Any]:
        """The one fieldset, as a `fieldsets` entry; the order among the elements is asked for last."""
        names = [name for name in self.form.fields if name != DELETION_FIELD_NAME]
        names.sort(key=lambda name: name == ORDERING_FIELD_NAME)
        return [(None, {"fields": names})]

    def deletion_field(self) -> helpers.AdminField:
        """Return the box to delete the element."""
        return helpers.AdminField(self.form, DELETION_FIELD_NAME, False)


def _named(element: Any, number: int) -> str:
    """Return what stands above an element: its number where its class has no words for it."""
    words: Any = type(element).__str__
    has_words = not any(words is one.__str__ for one in (dict, object))
    return str(element) if has_words else f"#{number}"
