"""A nested structure in a form: a field with a form inside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.functional import cached_property
from django.utils.safestring import SafeString

from mongokit.errors import Failure

if TYPE_CHECKING:
    from django_mongokit.forms.embedded import EmbeddedDocumentForm

__all__ = ["Errors", "InnerError", "NestedBoundField", "NestedField", "below", "labelled"]

Errors = Iterable[tuple[str, ValidationError]]
"""Dotted paths, and what is wrong there."""


class InnerError(ValidationError):
    """An error of a field further in: it counts for the outer one, and is shown at the inner one."""


class _InnerWidget(forms.Widget):
    """Stands for the widgets of the form inside."""

    use_fieldset = True

    def __init__(self, form_class: type[EmbeddedDocumentForm]) -> None:
        super().__init__()
        self.form_class = form_class

    @property
    def media(self) -> forms.Media:
        """What the widgets inside need."""
        return sum((field.widget.media for field in self.form_class.base_fields.values()), forms.Media())

    @property
    def needs_multipart_form(self) -> bool:  # type: ignore[override]
        """Whether a widget inside sends a file."""
        return any(field.widget.needs_multipart_form for field in self.form_class.base_fields.values())

    def id_for_label(self, id_: str) -> str:
        """Return nothing: a label is for one input."""
        return ""


class NestedBoundField(BoundField):
    """A nested field of a form, with the form inside: `form["address"].form["street"]`."""

    field: NestedField
    form: Any

    @cached_property
    def inner(self) -> EmbeddedDocumentForm:
        """The form inside, with the data of the outer one."""
        outer, stored = self.form, self.stored
        optional = self.field.optional
        return self.field.form_class(
            outer.data if outer.is_bound else None,
            outer.files if outer.is_bound else None,
            auto_id=outer.auto_id,
            prefix=self.html_name,
            initial=self.initial if isinstance(self.initial, Mapping) else None,
            error_class=outer.error_class,
            label_suffix=outer.label_suffix,
            use_required_attribute=outer.use_required_attribute and not optional,
            renderer=outer.renderer,
            stored=stored if isinstance(stored, Mapping) else None,
            optional=optional,
            is_new=outer.is_new,
            naive_utc=outer.naive_utc,
            database=outer.database,
            disabled=self.field.disabled,
            unfit=below(outer.unfit, self.name),
        )

    @property
    def stored(self) -> Any:
        """What the document has there."""
        return (self.form.stored or {}).get(self.name)

    @property
    def data(self) -> Any:
        """The form inside: what `NestedField.clean` takes."""
        return self.inner

    @property
    def errors(self) -> Any:
        """What is wrong with the field as a whole: the form inside shows the rest."""
        found = super().errors
        own = [error for error in found.data if not isinstance(error, InnerError)]
        return self.form.error_class(own, renderer=self.form.renderer)

    def as_widget(self, widget: Any = None, attrs: Any = None, only_initial: bool = False) -> SafeString:
        """Return the HTML of what is inside."""
        return self.inner.render()

    def label_tag(
        self, contents: Any = None, attrs: Any = None, label_suffix: Any = None, tag: str | None = None
    ) -> SafeString:
        """Return the label, which is for no input, so that it is no `<label>`."""
        return super().label_tag(contents, attrs, label_suffix, tag or "span")

    def place(self, errors: Errors) -> list[tuple[str, ValidationError]]:
        """Put errors at the fields inside that their paths name; return those that have no place there."""
        return self.inner.place(errors)

    def is_blank(self) -> bool:
        """Return whether nothing was entered inside."""
        return self.inner.is_blank()

    def inner_errors(self) -> list[ValidationError]:
        """Return what is wrong inside, each with its field's label."""
        return [*labelled(self.inner)]


class NestedField(forms.Field):
    """A nested structure: the fields of a form, in a fieldset; its data are sent as `address-street`.

    :param form_class: an `EmbeddedDocumentForm`.
    :param optional: when nothing is entered there is no nested structure, rather than one that lacks its fields.
    """

    bound_field_class: Any = NestedBoundField

    def __init__(
        self, form_class: type[EmbeddedDocumentForm], *, optional: bool = False, **kwargs: Any
    ) -> None:
        self.form_class = form_class
        self.optional = optional
        super().__init__(**{"widget": _InnerWidget(form_class), **kwargs})

    def get_bound_field(self, form: Any, field_name: str) -> Any:
        """Return the field with the form inside."""
        return self.bound_field_class(form, self, field_name)

    def clean(self, value: Any) -> Any:
        """Return the nested structure that the form inside makes; raises `ValidationError`."""
        if self.disabled or value is None or isinstance(value, Mapping):
            # Of one that is disabled it is what is stored, of whatever type.
            return value
        if not value.is_valid():
            raise ValidationError([*labelled(value)])
        found = value.value()
        self.validate(found)
        self.run_validators(found)
        return found

    def shows(self, stored: Any) -> bool:
        """Return whether the form inside can show a stored value."""
        return isinstance(stored, Mapping)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the form inside has changed."""
        return bool(not self.disabled and data.has_changed())


def below(failures: Mapping[str, Failure], name: str) -> dict[str, Failure]:
    """Return the failures that are about what is in a field, by their paths from there."""
    start = f"{name}."
    return {path.removeprefix(start): one for path, one in failures.items() if path.startswith(start)}


def labelled(form: Any) -> Iterable[ValidationError]:
    """Yield what is wrong in a form, each with its field's label."""
    for name, errors in form.errors.as_data().items():
        label = form[name].label if name in form.fields else None
        for error in errors:
            for message in error.messages:
                yield InnerError(message if label is None else f"{label}: {message}", code=error.code)
