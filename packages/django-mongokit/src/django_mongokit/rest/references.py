"""References in JSON: the key of the document, or the URL of it. What is sent has to be there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bson.dbref import DBRef
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.reverse import reverse

from django_mongokit.key_texts import keys_of, text_of
from django_mongokit.rest.values import key_as_json
from mongokit import Ref
from mongokit.scalars import scalar
from mongokit.structure.nodes import ReferenceNode

__all__ = ["HyperlinkedReferenceField", "ReferenceField", "ReferenceListField", "key_of"]


def key_of(value: Any) -> Any:
    """Return the `_id` that a reference, or a document in the place of one, leads to."""
    if isinstance(value, (Ref, DBRef)):
        return value.id
    return value.get("_id") if isinstance(value, Mapping) else value


class ReferenceField(serializers.Field):  # type: ignore[type-arg]  # not subscriptable at run time
    """A reference, as the key of the document it leads to, which has to be there when it is sent.

    :param node: the place in the structure.
    :param query: which documents may be referred to, in MongoDB's language; all unless given.
    """

    default_error_messages = {
        "does_not_exist": _('Invalid pk "{pk_value}" - object does not exist.'),
        "incorrect_type": _("Incorrect type. Expected pk value, received {data_type}."),
    }

    def __init__(self, *, node: ReferenceNode, query: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        self.node = node
        self.query = dict(query or {})
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """Return the reference, or the document where those are eager; raises `ValidationError`."""
        key = self.sent_key(data)
        found = self.find([key])
        if key not in found:
            self.fail("does_not_exist", pk_value=self.shown(data))
        return found[key]

    def to_representation(self, value: Any) -> Any:
        """Return the key as JSON."""
        key = key_of(value)
        return text_of(self.node.target.find(), key) if isinstance(key, str) else key_as_json(key)

    def sent_key(self, data: Any) -> str | int:
        """Return the key that was sent; raises `ValidationError` for what can be none."""
        if isinstance(data, bool) or not isinstance(data, (str, int)):
            self.fail("incorrect_type", data_type=type(data).__name__)
        return data

    def shown(self, data: Any) -> str:
        """Return what was sent, as errors show it."""
        return str(data)[:100]

    def find(self, sent: Iterable[str | int]) -> dict[str | int, Any]:
        """Return the references for those of the keys that lead to a document, asking the server once."""
        home = self.home()
        target: Any = self.node.target.resolve(home)
        meant = [
            (one, key)
            for key in sent
            for one in (keys_of(target, key) if isinstance(key, str) else _within_bson(key))
        ]
        candidates = {text_of(target, one): key for one, key in meant}
        clauses = [one for one in ({"_id": {"$in": [scalar(one) for one, _key in meant]}}, self.query) if one]
        query = {"$and": clauses}
        if self.node.eager:
            documents = home.proxy(target).find(query)
            return {candidates[text_of(target, document["_id"])]: document for document in documents}
        references: dict[str | int, Any] = {}
        for row in home.find(query, {"_id": True}):
            reference: Ref[Any] = Ref(target, row["_id"])
            reference.bind(self._owners())
            references[candidates[text_of(target, row["_id"])]] = reference
        return references

    def home(self) -> Any:
        """Return the collection of the documents that may be referred to."""
        return self.node.target.home(self._owners())

    def _owners(self) -> Any:
        """Return the collection of the documents that refer."""
        at: Any = self
        while at is not None and not hasattr(at, "get_documents"):
            at = at.parent
        return at.get_documents().collection


def _within_bson(key: int) -> list[int]:
    return [key] if -(2**63) <= key < 2**63 else []


class ReferenceListField(serializers.ListField):
    """A list of references, which are looked for together.

    :param child: the field of one.
    """

    child: ReferenceField

    def run_child_validation(self, data: Any) -> list[Any]:
        """Return the references; raises `ValidationError` with the errors by position."""
        keys: list[Any] = []
        errors: dict[Any, Any] = {}
        for number, one in enumerate(data):
            try:
                keys.append(self.child.sent_key(one))
            except ValidationError as error:
                errors[number] = error.detail
                keys.append(None)
        known = [key for key in keys if key is not None]
        found = self.child.find(dict.fromkeys(known)) if known else {}
        for number, key in enumerate(keys):
            if key is not None and key not in found:
                try:
                    self.child.fail("does_not_exist", pk_value=self.child.shown(data[number]))
                except ValidationError as error:
                    errors[number] = error.detail
        if errors:
            raise ValidationError(errors)
        return [found[key] for key in keys]


class HyperlinkedReferenceField(ReferenceField):
    """A reference, as the URL of the document it leads to.

    :param view_name: the name of the view; its URL has the key as `lookup_url_kwarg`.
    """

    default_error_messages = {
        "incorrect_type": _("Incorrect type. Expected URL string, received {data_type}."),
        **{
            name: serializers.HyperlinkedRelatedField.default_error_messages[name]
            for name in ("no_match", "incorrect_match", "does_not_exist")
        },
    }

    def __init__(self, *, view_name: str, lookup_url_kwarg: str = "pk", **kwargs: Any) -> None:
        self.view_name = view_name
        self.lookup_url_kwarg = lookup_url_kwarg
        # The framework's field knows how to read URLs, and asks for nothing else here.
        self._reader = _UrlReader(view_name=view_name, lookup_url_kwarg=lookup_url_kwarg)
        super().__init__(**kwargs)

    def to_representation(self, value: Any) -> Any:
        """Return the URL, absolute where the request is known; None for a reference to nothing."""
        key = super().to_representation(value)
        if key is None:
            return None
        request = self.context.get("request")
        return reverse(self.view_name, kwargs={self.lookup_url_kwarg: str(key)}, request=request)

    def sent_key(self, data: Any) -> str | int:
        """Return the key in a URL; raises `ValidationError` for one of another view."""
        if not isinstance(data, str):
            self.fail("incorrect_type", data_type=type(data).__name__)
        self._reader.parent = self  # type: ignore[assignment]  # by which it knows the request
        key: str = self._reader.to_internal_value(data)
        return key


class _UrlReader(serializers.HyperlinkedRelatedField):  # type: ignore[type-arg]
    queryset = ()  # type: ignore[assignment]  # the framework wants one; nothing is asked of it

    def get_object(self, view_name: str, view_args: Any, view_kwargs: Mapping[str, Any]) -> Any:
        return str(view_kwargs[self.lookup_url_kwarg])
