"""References to choose: one document of those that another query finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.choices import BaseChoiceIterator
from django.utils.translation import gettext_lazy as _

from django_mongokit.document import DjangoDocument
from mongokit import Ref

__all__ = ["DocumentChoiceField", "DocumentSelect"]

Find = Callable[[str], Any]


class _Choices(BaseChoiceIterator):
    """The choices of a field, asked for each time they are shown, since documents come and go."""

    def __init__(self, field: DocumentChoiceField) -> None:
        self.field = field

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield "", "---------"
        for document in self.field.documents():
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
        return key if document is None else field.label_from_document(document)


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

    def label_from_document(self, document: Any) -> str:
        """Return what people read for a document; for subclasses."""
        return str(document)

    def prepare_value(self, value: Any) -> Any:
        """Return the key, as text, of a reference or a document."""
        if isinstance(value, DjangoDocument):
            return value.pk
        return str(value.id) if isinstance(value, Ref) else value

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
        before = self.prepare_value(initial)
        return not self.disabled and ("" if before is None else str(before)) != (
            "" if data is None else str(data)
        )
