"""A list of nested structures in a form: a field with a formset inside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import DELETION_FIELD_NAME, ORDERING_FIELD_NAME, BaseFormSet, formset_factory
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_mongokit.forms.nested import Errors, InnerError, NestedBoundField, NestedField, below, labelled
from mongokit.errors import Failure

if TYPE_CHECKING:
    from django_mongokit.forms.embedded import EmbeddedDocumentForm

__all__ = ["BaseRecordFormSet", "FormSetField"]

_MOST_COMPARISONS = 2000
"""Of rows with elements, in a list that has been changed by two."""
REPLACES = "REPLACES"
"""In the management form: the number of elements in whose place the rows that were sent are to be."""


class BaseRecordFormSet(BaseFormSet):  # type: ignore[type-arg]  # the class can't be subscripted at run time
    """The forms of a list's elements. Deleting and ordering are Django's `DELETE` and `ORDER`."""

    stored: Sequence[Any] = ()
    is_new = False
    naive_utc = False
    database: Any = None
    label: Any = ""
    unfit: Mapping[str, Failure] = {}
    """What is of a wrong type in the stored elements, by position and path."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """Return what the form of one element is made with."""
        found = super().get_form_kwargs(index)
        at = index is not None and index < min(len(self.stored), self.initial_form_count())
        stored = self.stored[index] if at and index is not None else None
        return {
            **found,
            "is_new": self.is_new,
            "naive_utc": self.naive_utc,
            "database": self.database,
            "stored": stored if isinstance(stored, Mapping) else None,
            "unfit": below(self.unfit, str(index)) if at else {},
        }

    def rows(self) -> list[Any]:
        """Return the forms of the elements that are to be, in their order. The set has to be valid."""
        if self.can_order:
            return list(self.ordered_forms)
        gone = self.deleted_forms
        return [
            form
            for index, form in enumerate(self.forms)
            if form not in gone and (index < self.initial_form_count() or form.has_changed())
        ]

    @cached_property
    def management_form(self) -> Any:
        """Django's, which says also that the rows are to replace others, where people were asked."""
        form = super().management_form
        if self.is_bound and form.add_prefix(REPLACES) in self.data:
            form.fields[REPLACES] = forms.CharField(required=False, widget=forms.HiddenInput)
        return form

    def clean(self) -> None:
        """Refuse what was made for a list of another length: elements are known by their position only.

        Sent once more, the rows take the place of the list as it was then.
        """
        if not self.replaces and self.initial_form_count() not in (len(self.stored), len(self.initial or ())):
            self._make_rows_new()
            raise ValidationError(
                _(
                    "Somebody has added or removed elements meanwhile. What you have entered is still here: save again "
                    "to put it in the place of theirs, or reload the page to see what they have changed."
                ),
                code="stale",
            )

    @property
    def replaces(self) -> bool:
        """Whether the rows are to take the place of a list that somebody else has changed."""
        is_new = self.is_bound and self.initial_form_count() == 0
        return is_new and self.data.get(f"{self.prefix}-{REPLACES}") == str(len(self.stored))

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        construct = super()._construct_form  # type: ignore[misc]  # Django's own
        if self.replaces:
            # What the form does not ask for stays with the element that the row was made of, as far as that is known.
            for at, (position, element) in enumerate(self._left):
                if self._comparisons == 0 or not isinstance(element, Mapping):
                    break
                self._comparisons -= 1
                known = {"stored": element, "initial": element, "unfit": below(self.unfit, str(position))}
                form: Any = construct(i, **{**kwargs, **known})
                if set(form.changed_data) <= {ORDERING_FIELD_NAME, DELETION_FIELD_NAME}:
                    del self._left[at]
                    form.is_kept = True
                    return form
        if self.replaces or i >= self.initial_form_count():
            # An element that somebody else has added meanwhile is not what a row to add one was made of.
            kwargs["initial"] = {}
        return construct(i, **kwargs)

    @cached_property
    def _left(self) -> list[tuple[int, Any]]:
        self._comparisons = _MOST_COMPARISONS
        return list(enumerate(self.stored))

    def _make_rows_new(self) -> None:
        data: Any = self.data
        self.data = data = data.copy()
        data[f"{self.prefix}-INITIAL_FORMS"] = "0"
        data[f"{self.prefix}-{REPLACES}"] = str(len(self.stored))
        del self.management_form

    def render_rows(self) -> SafeString:
        """Return the HTML: each element in a fieldset."""
        rows = format_html_join(
            "",
            "<fieldset><legend>{} #{}</legend>{}</fieldset>",
            ((self.label, number, form.render()) for number, form in enumerate(self.forms, 1)),
        )
        return format_html("{}{}", self.management_form, rows)


class FormSetBoundField(NestedBoundField):
    """A list of nested structures in a form, with its formset: `form["items"].inner[0]["price"]`."""

    field: FormSetField

    @cached_property
    def inner(self) -> Any:
        """The formset, with the data of the outer form."""
        outer = self.form
        stored = self.stored if isinstance(self.stored, (list, tuple)) else ()
        given = self.initial if isinstance(self.initial, (list, tuple)) else ()
        made = self.field.formset_class(
            outer.data if outer.is_bound else None,
            outer.files if outer.is_bound else None,
            auto_id=outer.auto_id,
            prefix=self.html_name,
            initial=[dict(one) if isinstance(one, Mapping) else {} for one in given],
            error_class=outer.error_class,
            form_kwargs={"label_suffix": outer.label_suffix, "disabled": self.field.disabled},
        )
        made.renderer = made.form_renderer = outer.renderer
        made.stored, made.label = stored, self.label
        made.unfit = below(outer.unfit, self.name)
        made.is_new, made.naive_utc, made.database = outer.is_new, outer.naive_utc, outer.database
        return made

    def as_widget(self, widget: Any = None, attrs: Any = None, only_initial: bool = False) -> SafeString:
        """Return the HTML of the formset."""
        html: SafeString = self.inner.render_rows()
        return html

    def place(self, errors: Errors) -> list[tuple[str, ValidationError]]:
        """Put errors at the fields of the elements that their paths name; return those that have no place there."""
        rows, left, found = self.inner.rows(), list[tuple[str, ValidationError]](), dict[int, Any]()
        for path, error in errors:
            position, _dot, rest = path.partition(".")
            if position.isdecimal() and int(position) < len(rows) and rest:
                found.setdefault(int(position), []).append((rest, error))
            else:
                left.append((path, error))
        for row, inside in found.items():
            left += [(f"{row}.{path}", error) for path, error in rows[row].place(inside)]
        return left

    def is_blank(self) -> bool:
        """Return whether there is no element."""
        return not any(form.has_changed() or form.stored is not None for form in self.inner)

    def inner_errors(self) -> list[ValidationError]:
        """Return what is wrong in the elements, each with its number and its field's label."""
        return [*_numbered(self.inner)]


class FormSetField(NestedField):
    """A list of nested structures: a formset, with its data as `items-0-price`, `items-TOTAL_FORMS`, ….

    :param form_class: an `EmbeddedDocumentForm`.
    :param formset: the class of the formset.
    :param optional: a list without elements that was None stays None.
    :param kind: `list`, or `tuple`.
    :param factory: what Django's `formset_factory` takes: `extra` (1), `can_order`, `can_delete` (True), `min_num`, ….
    """

    bound_field_class = FormSetBoundField

    def __init__(
        self,
        form_class: type[EmbeddedDocumentForm],
        *,
        formset: type[BaseRecordFormSet] = BaseRecordFormSet,
        optional: bool = False,
        kind: type = list,
        factory: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        options = {"extra": 1, "can_order": True, "can_delete": True, **(factory or {})}
        self.formset_class: Any = formset_factory(form_class, formset, **options)
        self.kind = kind
        super().__init__(form_class, optional=optional, **kwargs)

    def shows(self, stored: Any) -> bool:
        """Return whether the formset can show a stored value: a list of structures only."""
        return isinstance(stored, (list, tuple)) and all(isinstance(one, Mapping) for one in stored)

    def clean(self, value: Any) -> Any:
        """Return the list that the formset makes; raises `ValidationError`."""
        if self.disabled or value is None or isinstance(value, (list, tuple)):
            return value
        if not value.is_valid():
            raise ValidationError([*value.non_form_errors().as_data(), *_numbered(value)])
        found = self.kind(form.value() for form in value.rows())
        self.validate(found)
        self.run_validators(found)
        return None if self.optional and not found else found


def _numbered(formset: Any) -> Iterable[ValidationError]:
    for number, form in enumerate(formset.forms, 1):
        if not getattr(form, "cleaned_data", {}).get(DELETION_FIELD_NAME):
            for error in labelled(form):
                yield InnerError(f"#{number}: {error.message}", code=error.code)
