"""References to choose: one document of those that another query finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EMPTY_VALUES
from django.forms.boundfield import BoundField
from django.utils.choices import BaseChoiceIterator
from django.utils.translation import gettext_lazy as _

from django_mongokit.document import DjangoDocument
from django_mongokit.key_texts import text_of
from mongokit import Ref
from mongokit.identifying import has_id

__all__ = ["DocumentChoiceField", "DocumentMultipleChoiceField", "DocumentSelect", "DocumentSelectMultiple"]

Find = Callable[[str], Any]


class _Choices(BaseChoiceIterator):
    """The choices of a field, asked for each time they are shown, since documents come and go."""

    def __init__(self, field: DocumentChoiceField) -> None:
        self.field = field

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield "", "---------"
        for document in self.field.documents():
            if has_id(document):
                yield document.pk, self.field.label_from_document(document)


class DocumentSelect(forms.Select):
    """A `<select>` of documents, in which the one that is referred to is never missing."""

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> Any:
        """Return the options; one that is chosen, and is not offered any more, is the last."""
        groups: list[Any] = list(super().optgroups(name, value, attrs))
        offered = {str(option["value"]) for _name, options, _index in groups for option in options}
        for key in value:
            if key and key not in offered:
                groups.append(
                    (None, [self.create_option(name, key, self.label(key), True, len(groups))], len(groups))
                )
        return groups

    def label(self, key: str) -> str:
        """Return what people read for a key: itself, where there is no document."""
        choices: Any = self.choices
        field = choices.field
        document = field.find(key)
        return _("%s (not there any more)") % key if document is None else field.label_from_document(document)


class DocumentSelectMultiple(DocumentSelect):
    """A `<select>` of several documents; those that are referred to are the first, in their order."""

    allow_multiple_selected = True

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> Any:
        """Return the options: what is chosen, then the others that are offered."""
        listed: Any = self.choices
        offered: dict[str, Any] = {str(key): label for key, label in listed}
        offered.pop("", None)
        chosen = {key: offered.pop(key, None) or self.label(key) for key in value if key}
        both = [
            *((key, text, True) for key, text in chosen.items()),
            *((key, text, False) for key, text in offered.items()),
        ]
        return [
            (None, [self.create_option(name, key, text, is_chosen, index)], index)
            for index, (key, text, is_chosen) in enumerate(both)
        ]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the keys that were sent."""
        return data.getlist(name) if hasattr(data, "getlist") else data.get(name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return False: where nothing is chosen, nothing is sent."""
        return False


class _ReferenceBoundField(BoundField):
    """A field of references, in which what was not touched stands for what is stored: that may be gone, and stay."""

    field: DocumentChoiceField

    @property
    def data(self) -> Any:
        """What was sent; the stored value where that is as it was shown."""
        sent = super().data
        form: Any = self.form
        stored = getattr(form, "stored", None)
        if not sent or not stored or form.is_new or self.name in form.given:
            return sent
        value = stored.get(self.name)
        return value if value and self.field.prepare_value(value) == sent else sent


class DocumentChoiceField(forms.Field):
    """A reference, chosen among documents; cleaned to a `mongokit.Ref`, or to the document where those are eager::

        author = DocumentChoiceField(
            documents=lambda: get_database().authors.Author.find().sort("name").limit(100),
            find=lambda key: get_database().authors.Author.one({"_id": ObjectId(key)}),
        )

    :param documents: returns those that are offered.
    :param find: returns the one with a key given as text, None where it may not be chosen: what was sent is looked up,
        so that it may also be one that was not offered at once, where a widget searches.
    :param eager: whether the structure has the document itself in its place (`use_autorefs`).
    """

    widget = DocumentSelect
    default_error_messages = {
        "invalid_choice": _("Select a valid choice. That choice is not one of the available choices.")
    }

    def __init__(
        self, documents: Callable[[], Iterable[Any]], find: Find, *, eager: bool = False, **kwargs: Any
    ) -> None:
        self.documents = documents
        self.find = find
        self.eager = eager
        super().__init__(**kwargs)
        self.widget.choices = _Choices(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> DocumentChoiceField:
        found = super().__deepcopy__(memo)
        found.widget.choices = _Choices(found)
        return found

    def get_bound_field(self, form: Any, field_name: str) -> BoundField:
        """Return the field of a form."""
        return _ReferenceBoundField(form, self, field_name)

    def label_from_document(self, document: Any) -> str:
        """Return what people read for a document; for subclasses."""
        return str(document)

    def prepare_value(self, value: Any) -> Any:
        """Return the key, as text, of a reference or a document."""
        if isinstance(value, DjangoDocument):
            return value.pk
        return text_of(value.target.find(), value.id) if isinstance(value, Ref) else value

    def clean(self, value: Any) -> Any:
        """Return the reference; raises `ValidationError` for a key that leads to nothing that may be chosen."""
        if isinstance(value, (Ref, DjangoDocument)):
            return value  # a disabled field gives back what it was given
        self.validate(value)
        if value in self.empty_values:
            return None
        found = self.find(str(value))
        if found is None:
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        self.run_validators(found)
        return found if self.eager else Ref.to(found)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether another document was chosen."""
        before, after = self.prepare_value(initial), self.prepare_value(data)
        return not self.disabled and ("" if before is None else str(before)) != (
            "" if after is None else str(after)
        )


class DocumentMultipleChoiceField(DocumentChoiceField):
    """Several references; cleaned to a list of `mongokit.Ref`. The parameters are those of `DocumentChoiceField`."""

    widget = DocumentSelectMultiple
    empty_values = [*EMPTY_VALUES]
    default_error_messages = {"invalid_list": _("Enter a list of values.")}

    def __init__(self, *args: Any, kind: type = list, **kwargs: Any) -> None:
        self.kind = kind
        super().__init__(*args, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the keys, as text, of references or documents."""
        if not isinstance(value, (list, tuple)):
            return [] if value in (None, "") else [str(value)]
        return [str(super(DocumentMultipleChoiceField, self).prepare_value(one)) for one in value]

    def clean(self, value: Any) -> Any:
        """Return the references; raises `ValidationError` for a key that leads to nothing that may be chosen."""
        self.validate(value)
        if value in self.empty_values:
            return self.kind()
        if not isinstance(value, (list, tuple)):
            raise ValidationError(self.error_messages["invalid_list"], code="invalid_list")
        return self.kind(super(DocumentMultipleChoiceField, self).clean(one) for one in value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether other documents were chosen, or in another order."""
        return not self.disabled and self.prepare_value(initial) != self.prepare_value(data)
