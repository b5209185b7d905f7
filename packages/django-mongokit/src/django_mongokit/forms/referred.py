"""References that a form has choices for by itself, since the class that is referred to says where its documents are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.safestring import SafeString

from django_mongokit.document import DjangoDocument
from django_mongokit.forms.references import (
    DocumentChoiceField,
    DocumentMultipleChoiceField,
    DocumentSelect,
    DocumentSelectMultiple,
)
from django_mongokit.selection import Documents
from django_mongokit.shortcut import get_database
from mongokit.performing import is_asynchronous
from mongokit.structure.nodes import ListNode, Node, ReferenceNode

__all__ = ["OFFERED", "ReferenceField", "ReferenceListField", "reference_in", "referred_class"]

OFFERED = 200
"""How many documents a plain `<select>` offers."""


def reference_in(node: Node | None) -> Node | None:
    """Return the reference that a node is, or is a list of."""
    return node.item if isinstance(node, ListNode) else node


def referred_class(node: Node | None) -> type[DjangoDocument] | None:
    """Return the class that a reference leads to, None for one that is not there yet, or is no `DjangoDocument`."""
    found: Any = node.target.find() if isinstance(node, ReferenceNode) else None
    return found if found is not None and issubclass(found, DjangoDocument) else None


class _KeyOrChoice(DocumentSelect):
    """A `<select>`; where there are too many documents for one, an input for the key of the one that is meant."""

    text: Any = forms.TextInput

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the HTML."""
        choices: Any = self.choices
        if not choices.field.are_too_many():
            return super().render(name, value, attrs, renderer)
        input_ = self.text(self.attrs)
        input_.is_required, input_.is_localized = self.is_required, self.is_localized
        html: SafeString = input_.render(name, self.as_text(value), attrs, renderer)
        return html

    def as_text(self, value: Any) -> Any:
        """Return what the input shows."""
        return value


class _KeysOrChoices(_KeyOrChoice, DocumentSelectMultiple):
    """The same for several documents: keys in lines."""

    def text(self, attrs: Mapping[str, Any]) -> forms.Widget:
        """Return the input."""
        return forms.Textarea({"rows": 4, **attrs})

    def as_text(self, value: Any) -> Any:
        """Return what the input shows."""
        return "\n".join(map(str, value or ()))

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the keys that were sent, of whichever input."""
        sent = super().value_from_datadict(data, files, name)
        if not isinstance(sent, (list, tuple)):
            return sent
        lines = [line.strip() for one in sent for line in str(one).splitlines()]
        return [line for line in lines if line]


class _Referring(DocumentChoiceField):
    """A field that knows by itself which documents there are.

    :param target: the class that is referred to.
    """

    database: Any = None
    """Where the document of the form is; None for that of the alias "mongodb"."""

    def __init__(self, target: type[DjangoDocument], **kwargs: Any) -> None:
        self.target = target
        super().__init__(self._offered, self._found, **kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        found: Any = super().__deepcopy__(memo)
        found.documents, found.find = found._offered, found._found
        return found

    def get_bound_field(self, form: Any, field_name: str) -> BoundField:
        """Return the field of a form, which is for a document of some database."""
        self.database = getattr(form, "database", None)
        return super().get_bound_field(form, field_name)

    def are_too_many(self) -> bool:
        """Return whether there are more than one can look through."""
        return self._all().count(OFFERED + 1) > OFFERED

    def _all(self) -> Documents:
        name: Any = self.target.__collection__
        collection = (get_database() if self.database is None else self.database)[name]
        if is_asynchronous(collection):
            # Pages are not made of what has to be awaited: the same database, by the alias's own connection.
            collection = get_database().client[collection.database.name][name]
        return Documents(self.target, collection)

    def _offered(self) -> Documents:
        return self._all()[:OFFERED]

    def _found(self, key: str) -> Any:
        return next(iter(self._all().filter(pk=key)[:1]), None)


class ReferenceField(_Referring):
    """A reference, chosen among the documents of a class; one of more than `OFFERED` is told by its key."""

    widget = _KeyOrChoice


class ReferenceListField(_Referring, DocumentMultipleChoiceField):
    """Several of them."""

    widget = _KeysOrChoices
