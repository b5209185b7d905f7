"""What forms that make a part of a document, or all of it, have in common."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EMPTY_VALUES
from django.utils.functional import cached_property
from django.utils.safestring import SafeString, mark_safe

from django_mongokit.forms.alike import kept_longs
from django_mongokit.forms.messages import Message
from django_mongokit.forms.nested import Errors, NestedBoundField
from django_mongokit.forms.options import DocumentFormOptions
from django_mongokit.forms.shown import is_as_shown
from django_mongokit.forms.whole import reads_as_shown
from mongokit.errors import Failure
from mongokit.structure.nodes import RecordNode

__all__ = ["BaseRecordForm"]


class BaseRecordForm(forms.BaseForm):
    """A form for named fields of a structure."""

    _meta: ClassVar[DocumentFormOptions]
    _record: ClassVar[RecordNode]
    stored: Mapping[str, Any] | None = None
    """What there is already; None where nothing is."""
    is_new = False
    """Whether `stored` is what a new document begins with, rather than what the form was filled with."""
    given: frozenset[str] = frozenset()
    """The fields that show something else than what is stored, since `initial` says so."""
    unfit: Mapping[str, Failure] = {}
    """What is wrong with the types of what is stored, by dotted path."""
    naive_utc = False
    """Whether times in the document are UTC without time zone, as its collection gives them back."""
    database: Any = None
    """The database of the document; None where nobody has said."""

    @cached_property
    def changed_data(self) -> list[str]:
        """The fields in which something else was entered than was shown."""
        bound: dict[str, Any] = {name: self[name] for name in self.fields}
        return [
            name
            for name, one in bound.items()
            if not self.leaves_unfit(name) and one._has_changed() and not reads_as_shown(one)
        ]

    def leaves_unfit(self, name: str) -> bool:
        """Return whether what is stored in a field is of a wrong type, and its input is as it was shown."""
        return name in self.unfit and name not in self.given and self.is_bound and is_as_shown(self[name])

    def changes(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was entered, by field of the structure, as the document is to have it.

        Left out is what stays as it is in `stored`: a field whose input is as it was shown (a time keeps its
        milliseconds, a list its order), and one that was not sent at all. So is what is missing there, and may be.

        Raises `ValidationError` for a time that has no UTC.
        """
        found = {}
        for name, value in self.cleaned_data.items():
            if name not in self._record.fields or not self._meta.takes(name):
                continue
            may_stay = name in stored or self._record.fields[name].optional
            if may_stay and self._stays(name, value):
                continue
            # What is nested has been put into what was there already, each row into its element.
            is_nested = isinstance(self[name], NestedBoundField)
            found[name] = value if is_nested else kept_longs(stored.get(name), self._as_read(value))
        return found

    def put_into(self, stored: dict[str, Any], takes: Callable[[str], bool] = lambda name: True) -> None:
        """Put what was entered into what is there. What may be absent, and was left empty, is taken out.

        :param takes: whether a field is to be put in.

        Raises what `changes` does.
        """
        for name, value in self.changes(stored).items():
            if not takes(name):
                continue
            if self._record.fields[name].absent and value in EMPTY_VALUES:
                stored.pop(name, None)
            else:
                stored[name] = value

    def _stays(self, name: str, value: Any) -> bool:
        bound = self[name]
        field = bound.field
        if isinstance(bound, NestedBoundField):
            # Where there is nothing, or what the field cannot show, nothing that was entered is no change.
            has_none = not bound.field.shows((self.stored or {}).get(name))
            untouched = has_none and not self.is_new and name not in self.changed_data
            return bool(field.disabled or untouched)
        if self.leaves_unfit(name):
            # Whatever text it would make: the document is told to be wrong there.
            return True
        omitted = field.widget.value_omitted_from_data(self.data, self.files, bound.html_name)
        if omitted and value in field.empty_values:
            return True
        if self.is_new or name in self.given or name in self.changed_data:
            return False
        try:
            # What clean_<field> or clean made of it is a change all the same.
            made = value if field.disabled else field.clean(bound.data)
            # Of a NaN only identity says that it is the same.
            return made is value or bool(made == value)
        except ValidationError:
            return False

    def _as_read(self, value: Any) -> Any:
        """Return a time as the collection would give it back, so that validators and code meet one kind only."""
        if settings.USE_TZ and isinstance(value, datetime.datetime) and value.tzinfo is not None:
            try:
                value = value.astimezone(datetime.UTC)
            except OverflowError as error:
                raise ValidationError(str(error), code="invalid") from None
            return value.replace(tzinfo=None) if self.naive_utc else value
        return value

    def add_error(self, field: str | None, error: Any) -> None:
        """Add an error; one that a document class has a text for is told what was sent, where that text names it."""
        bound = self[field] if field in self.fields else None
        if bound is not None and not isinstance(bound, NestedBoundField) and hasattr(error, "error_list"):
            for one in error.error_list:
                if isinstance(one.message, Message) and one.message.asks_for_value():
                    named = one.params if isinstance(one.params, Mapping) else {}
                    one.params = {"value": bound.data, **named}
        super().add_error(field, error)

    def place(self, errors: Errors) -> list[tuple[str, ValidationError]]:
        """Put errors at the fields that their dotted paths name; return those for which there is no field.

        A field that has been found wrong already is passed over: what the document has there was not entered.
        """
        wrong, inside = set(self.errors), dict[str, list[tuple[str, ValidationError]]]()
        left = []
        for path, error in errors:
            name, _dot, rest = path.partition(".")
            if name in wrong:
                continue
            if name not in self.fields:
                left.append((path, error))
            elif rest and isinstance(self[name], NestedBoundField):
                inside.setdefault(name, []).append((rest, error))
            else:
                self.add_error(name, error)
        for name, nested in inside.items():
            bound: Any = self[name]
            left += [(f"{name}.{path}", error) for path, error in bound.place(nested)]
            found = bound.inner_errors()
            if found:
                self.add_error(name, ValidationError(found))
        return left

    def as_p(self) -> SafeString:
        """Return the fields in paragraphs; nested ones stand between them, since a paragraph can hold no fieldset."""
        context = self.get_context()
        if not any(isinstance(bound, NestedBoundField) for bound, _errors in context["fields"]):
            return super().as_p()
        parts: list[SafeString] = []
        run: list[Any] = []
        fields = context["fields"]

        def paragraphs(**more: Any) -> None:
            none = self.error_class(renderer=self.renderer)
            shown = {"form": self, "fields": list(run), "hidden_fields": [], "errors": none, **more}
            parts.append(self.render(self.template_name_p, shown))
            run.clear()

        paragraphs(errors=context["errors"], hidden_fields=context["hidden_fields"])
        for bound, errors in fields:
            if isinstance(bound, NestedBoundField):
                paragraphs()
                parts.append(mark_safe(f"<div>{bound.as_field_group()}</div>"))  # noqa: S308 (rendered HTML)
            else:
                run.append((bound, errors))
        paragraphs()
        return mark_safe("\n".join(part for part in parts if part.strip()))  # noqa: S308 (rendered HTML)
