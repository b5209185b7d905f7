"""The form of a document, as the admin's pages need it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError

from django_mongokit.admin.fields import label_of
from django_mongokit.forms import FormSetField, NestedField
from django_mongokit.forms.documents import REVISION, Refusal

if TYPE_CHECKING:
    from mongokit import Collection, Document

__all__ = ["AdminFormMixin", "admin_form", "form_meta", "has_revision"]

_CLASSES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.Textarea, "vLargeTextField"),
    (forms.NumberInput, "vIntegerField"),
    (forms.URLInput, "vURLField"),
    (forms.TextInput, "vTextField"),
)
"""Django's admin has styles for these; the first that fits a widget."""


class AdminFormMixin:
    """Knows where a new document goes, and says what has kept an earlier attempt from being saved."""

    home: ClassVar[Any]
    refusal: ClassVar[Refusal | None] = None
    gone: ClassVar[ValidationError | None] = None
    """The error for what was sent of a document that somebody else has deleted."""
    if TYPE_CHECKING:
        fields: Any
        errors: Any
        instance: Any
        tell: Any
        save_files: Any
        add_error: Any

    def __init__(self, *args: Any, instance: Any = None, **kwargs: Any) -> None:
        where = {} if instance is not None else {"collection": self.home}
        super().__init__(*args, **{"instance": instance, **where, **kwargs})

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # that of BaseDocumentForm
        if self.gone is not None:
            self.add_error(None, self.gone)
        elif self.refusal is not None and not self.errors:
            self.tell(self.refusal, self.instance)

    def save_m2m(self) -> None:
        """Store the uploads; all else that a document has is in it. Called when the document is stored."""
        self.save_files()


def admin_form(
    form: Any,
    document: type[Document],
    collection: Collection,
    refusal: Refusal | None = None,
    gone: ValidationError | None = None,
    added: Mapping[str, forms.Field] | None = None,
    **options: Any,
) -> Any:
    """Return a form class for the admin.

    :param form: the `DocumentForm` it is derived from.
    :param collection: where new documents go.
    :param refusal: why an attempt to save what is sent again was refused.
    :param gone: an error to be told, as somebody else has deleted the document.
    :param added: fields that are not the document's.
    :param options: attributes of its `Meta`, for those of `form`.
    """
    names = {
        "Meta": form_meta(form, document=document, **options),
        "home": collection,
        "refusal": refusal,
        "gone": gone,
        **(added or {}),
    }
    made = type(form)(f"{document.__name__}Form", (AdminFormMixin, form), names)
    made.base_fields = {name: _dressed(name, field) for name, field in made.base_fields.items()}
    return made


def form_meta(form: Any, **options: Any) -> Any:
    """Return the `Meta` of a form, with some of it changed."""
    base = getattr(form, "Meta", None)
    return type("Meta", () if base is None else (base,), options)


def has_revision(form: Any) -> bool:
    """Return whether a form has the hidden field by which a concurrent change is noticed."""
    return REVISION in form.fields


def _dressed(name: str, field: forms.Field) -> forms.Field:
    # A declared field is the form's that others use, too.
    field = copy.deepcopy(field)
    if field.label is None:
        field.label = label_of(name)  # the history names fields by their labels
    _dress(field)
    return field


def _dress(field: forms.Field, *, in_row: bool = False) -> None:
    if isinstance(field, NestedField):
        in_row = in_row or isinstance(field, FormSetField)
        inner = field.formset_class.form if isinstance(field, FormSetField) else field.form_class
        if getattr(inner, "Meta", None) is None:  # made for this form
            for one in inner.base_fields.values():
                _dress(one, in_row=in_row)
        return
    name = next((name for kind, name in _CLASSES if isinstance(field.widget, kind)), None)
    known = field.widget.attrs.get("class", "")
    # In the place of an input, where a text has several lines; in a table as wide as that.
    classes = f"{known} {'vTextField' if in_row else 'vLargeTextField'}".strip()
    field.textarea = AdminTextareaWidget({"class": classes})  # type: ignore[attr-defined]
    if name is not None and name not in known.split():
        field.widget.attrs["class"] = f"{known} {name}".strip()
