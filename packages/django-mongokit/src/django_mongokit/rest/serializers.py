"""`DocumentSerializer`: a serializer made of a document's structure, that validates and saves the document."""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping
from typing import Any, ClassVar

from django.core.exceptions import ValidationError as DjangoValidationError
from django.forms.utils import pretty_name
from django.utils.functional import cached_property
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import SkipField, get_error_detail
from rest_framework.settings import api_settings

from django_mongokit.forms.embedded import type_fields
from django_mongokit.forms.instances import gives_naive_times
from django_mongokit.forms.keys import KEY, is_blank
from django_mongokit.forms.mapping import Making
from django_mongokit.forms.options import NEVER_ASKED
from django_mongokit.forms.refusals import failures_of, is_size_wrong, taken_text
from django_mongokit.rest.errors import REFUSALS, Conflict, error_tree, refusal_of, told
from django_mongokit.rest.fields import IntegerField, KeyField
from django_mongokit.rest.mapping import field_of
from django_mongokit.rest.merging import Changes, changes_of
from django_mongokit.rest.options import SerializerOptions
from django_mongokit.rest.stored import fits, stored_as_json
from django_mongokit.rest.telling import with_sent
from django_mongokit.rest.values import as_json
from django_mongokit.shortcut import documents_of
from mongokit import Document
from mongokit.identifying import has_id
from mongokit.structure.nodes import ListNode, Node, RecordNode, ReferenceNode

__all__ = ["DocumentSerializer", "EmbeddedDocumentSerializer", "HyperlinkedDocumentSerializer"]

REVISION = "_revision"
_UNSHOWABLE = (
    *(TypeError, ValueError, AttributeError, LookupError, ArithmeticError, ValidationError),
    AssertionError,  # of a date that is a time
)
"""What fields raise about a stored value of another type than theirs."""


class _AttributeField(serializers.ReadOnlyField):
    """A property of the document, or what a method without parameters returns."""

    def get_attribute(self, instance: Any) -> Any:
        found = getattr(instance, str(self.source))
        return found() if callable(found) else found


class RecordSerializer(serializers.Serializer):  # type: ignore[type-arg]  # not subscriptable at run time
    """A serializer for named fields of a structure."""

    _record: ClassVar[RecordNode]
    _making: ClassVar[Making]

    def _place(self) -> tuple[RecordNode, Making]:
        """Return the structure, and what its fields are made with."""
        options = SerializerOptions.of_serializer(type(self))
        structure = options.document._structure
        is_document = issubclass(options.document, Document)
        return structure.root, Making(options, structure.defaults, inner_serializer, is_document)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields by name: those declared, and those that the structure makes."""
        declared = copy.deepcopy(self._declared_fields)
        record, making = self._place()
        options: Any = making.options
        document = options.document or record.container
        known, others = self._known(record, document)
        found = {}
        for name in options.chosen(type(self), known, others, declared):
            own = declared.get(name)
            found[name] = self._made(name, record, making, options.parameters(name)) if own is None else own
        return found

    def _known(self, record: RecordNode, document: Any) -> tuple[list[str], list[str]]:
        """Return the names of the fields there are without `fields`, and those it may name beside them."""
        attributes = [
            name for name in dir(document) if not name.startswith("_") and name not in record.fields
        ]
        return [name for name in record.fields if name not in NEVER_ASKED], attributes

    def _made(self, name: str, record: RecordNode, making: Making, extra: dict[str, Any]) -> Any:
        node = record.fields.get(name)
        if node is None:
            return _AttributeField(**extra)
        options: Any = making.options
        if name in type_fields(options.document or record.container):
            extra = {**extra, "read_only": True}  # mongokit fills it in
        return field_of(node, making, **extra)

    def to_internal_value(self, data: Any) -> Any:
        """Return what was sent by field; raises `ValidationError`, which tells what was sent where its texts name it."""
        try:
            return super().to_internal_value(data)
        except ValidationError as error:
            if self._is_inside():
                raise
            raise ValidationError(self._told(error.detail, data)) from None

    def _is_inside(self) -> bool:
        """Return whether another serializer of a structure is around this one, and knows more of what was sent."""
        around: Any = self.parent
        while around is not None and not isinstance(around, RecordSerializer):
            around = around.parent
        return around is not None

    def _told(self, detail: Any, data: Any) -> Any:
        """Return the errors of what was sent, by field; a field knows where in a form of HTML its value is."""
        if not (isinstance(detail, Mapping) and isinstance(data, Mapping)):
            return with_sent(detail, data)
        known = self.fields
        return {
            name: with_sent(one, known[name].get_value(data), name) if name in known else with_sent(one, data)
            for name, one in detail.items()
        }

    def to_representation(self, instance: Any) -> Any:
        """Return a document as what JSON knows. What is not stored is null, and what is not of its type as it is."""
        if not isinstance(instance, Mapping):
            return as_json(instance)
        shown = {}
        for field in self._readable_fields:
            try:
                value = field.get_attribute(instance)
            except (SkipField, KeyError, AttributeError):
                value = None  # as documents stored before the field was declared have it
            if value is not None:
                node = self._nodes.get(str(field.field_name))
                is_other = node is not None and not fits(node, value)
                value = stored_as_json(node, value) if is_other else self._shown(field, value)
            shown[field.field_name] = value
        return shown

    def _shown(self, field: Any, value: Any) -> Any:
        try:
            return field.to_representation(value)
        except _UNSHOWABLE:
            if isinstance(field, _AttributeField) or field.source == "*":
                raise
            return stored_as_json(self._nodes.get(str(field.field_name)), value)

    @cached_property
    def _nodes(self) -> dict[str, Node]:
        """The places of the fields that the structure makes, by name. What is declared shows what it likes."""
        record, _making = self._place()
        made = {name: field for name, field in self.fields.items() if name not in self._declared_fields}
        return {
            name: record.fields[name]
            for name, field in made.items()
            if field.source == name and name in record.fields and name != KEY
        }


class EmbeddedDocumentSerializer(RecordSerializer):
    """The serializer of a nested structure.

    Those of nested structures are made by themselves; write one to have a say: declared fields, `validate_<field>`, and
    a `Meta` like that of a `DocumentSerializer`, whose `document` is the nested `SchemaDocument` class.
    """


def inner_serializer(record: RecordNode, making: Making) -> Any:
    """Return the class of the serializer for a nested structure that nobody has written one for."""
    name = record.path.rpartition(".")[2].title()

    def place(self: RecordSerializer) -> tuple[RecordNode, Making]:
        return record, making

    return type(f"{name}Serializer", (EmbeddedDocumentSerializer,), {"_place": place})


class DocumentSerializer(RecordSerializer):
    """A serializer for the documents of a class.

        class TalkSerializer(DocumentSerializer):
            class Meta:
                document = Talk
                fields = ["_id", "topic", "when", "address.city"]

    `Meta` has `document`, `fields` (or "__all__") or `exclude`, `read_only_fields` and `extra_kwargs`, all with dotted
    names for nested fields, and `collection` and `using` where the class does not say where its documents are. `fields`
    may also name `pk` and other properties and methods of the class; they are only shown. Declared fields and
    `validate_<field>` go before what the structure says.

    An update writes just the fields that differ from what is stored. A class with `use_revision` shows `_revision`: who
    sends it back with a change is answered 409 where somebody else has saved meanwhile.
    """

    instance: Any

    def get_documents(self) -> Any:
        """Return the document class in its collection: the view's, the document's, or what `Meta` says."""
        given = self.context.get("documents")
        if given is not None:
            return given
        if getattr(self.instance, "_collection", None) is not None:
            return self.instance._proxy()
        options = SerializerOptions.of_serializer(type(self))
        return documents_of(type(self), options.document, options.collection, options.using)

    def _known(self, record: RecordNode, document: Any) -> tuple[list[str], list[str]]:
        known, attributes = super()._known(record, document)
        own = [REVISION] if document.use_revision else []
        hidden = [name for name in record.fields if name in NEVER_ASKED and name != "_id"]
        return ["_id", *known, *own], [*attributes, *hidden]

    def _made(self, name: str, record: RecordNode, making: Making, extra: dict[str, Any]) -> Any:
        node = record.fields.get(name)
        if name.startswith("_"):
            extra = {"label": pretty_name(name.strip("_")), **extra}
        if name == "_id" and (node is None or self.instance is not None):
            return KeyField(**extra)  # with another key it would be another document
        if name == REVISION:
            return IntegerField(**{"required": False, "allow_null": True, **extra})
        if name in NEVER_ASKED and name != "_id":
            extra = {**extra, "read_only": True}
        return super()._made(name, record, making, extra)

    @cached_property
    def _blank(self) -> Any:
        """A new document, as it is before what was sent is put into it."""
        return self.get_documents()()

    def to_internal_value(self, data: Any) -> Any:
        """Return what was sent by field; a key that nobody has chosen is left to be made, where that is done."""
        field = self.fields.get(KEY)
        is_sent = isinstance(data, MutableMapping) and KEY in data
        if is_sent and is_blank(data[KEY]) and field is not None and not field.required:
            data = copy.copy(data)
            del data[KEY]
        return super().to_internal_value(data)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return what was sent, valid; raises `ValidationError`, also for what the document as a whole would be."""
        value = super().run_validation(data)
        if isinstance(value, Mapping):
            self._check(dict(value))
        return value

    def _check(self, value: dict[str, Any]) -> None:
        """Validate the document as it would be, without touching it."""
        value.pop(REVISION, None)
        if KEY in value and is_blank(value[KEY]):
            raise ValidationError(
                {KEY: [ErrorDetail(str(serializers.CharField.default_error_messages["blank"]), "blank")]}
            )
        candidate = copy.copy(self._blank if self.instance is None else self.instance)
        self._changes(candidate, value).put_into(candidate)
        failures, others = failures_of(candidate)
        if failures:
            raise ValidationError(error_tree(self, told(failures)))
        wrong = is_size_wrong(candidate)
        for error in [*others, *([] if wrong is None else [wrong])]:
            raise ValidationError(self._told_by_document(error))

    def _told_by_document(self, error: DjangoValidationError) -> dict[str, Any]:
        """Return what the document's own `validate()` has raised, where it says which fields it is about."""
        found = get_error_detail(error)
        if not isinstance(found, dict):
            return {api_settings.NON_FIELD_ERRORS_KEY: found}
        return error_tree(self, [(path, one) for path, errors in found.items() for one in errors])

    def _changes(self, document: Any, value: Mapping[str, Any]) -> Changes:
        root = type(document)._structure.root
        return changes_of(root, document, value, naive_utc=gives_naive_times(document))

    def create(self, validated_data: Any) -> Any:
        """Store a new document, and return it; raises `ValidationError` where MongoDB refuses it."""
        value = dict(validated_data)
        value.pop(REVISION, None)
        document = self.get_documents()()
        self._changes(document, value).put_into(document)
        if has_id(document) and document.collection.find_one({"_id": document["_id"]}, {"_id": True}):
            # Saving would put it in the place of the other one.
            taken = ErrorDetail(taken_text(type(document), ["_id"]), "unique")
            raise ValidationError(error_tree(self, [("_id", taken)]))
        try:
            return document.save()
        except REFUSALS as error:
            raise refusal_of(error, self, document, is_there=True) from error

    def update(self, instance: Any, validated_data: Any) -> Any:
        """Change a document, and return it: what differs is written, and nothing else.

        Raises `Conflict` where somebody else has changed it, `NotFound` where it was deleted, `ValidationError` where
        MongoDB refuses the change; the document is then as it was.
        """
        value = dict(validated_data)
        if value.pop(REVISION, instance.get(REVISION)) != instance.get(REVISION):
            raise Conflict
        changes = self._changes(instance, value)
        before = dict(instance)
        changes.put_into(instance)
        try:
            return instance.save(only=changes.paths)
        except REFUSALS as error:
            instance.clear()
            instance.update(before)
            found = instance.collection.find_one({"_id": instance["_id"]}, {"_id": True})
            raise refusal_of(error, self, instance, is_there=found is not None) from error


class HyperlinkedDocumentSerializer(DocumentSerializer):
    """The same, with `url` for the `_id`, and references as URLs.

    The views are called "talk-detail", as routers call them, unless `extra_kwargs` gives another `view_name`.
    """

    def _known(self, record: RecordNode, document: Any) -> tuple[list[str], list[str]]:
        known, others = super()._known(record, document)
        own = str(api_settings.URL_FIELD_NAME)
        return [own, *(name for name in known if name != "_id")], ["_id", *others]

    def _made(self, name: str, record: RecordNode, making: Making, extra: dict[str, Any]) -> Any:
        if name == api_settings.URL_FIELD_NAME and name not in record.fields:
            view_name = _view_name(making.options.document)
            return serializers.HyperlinkedIdentityField(**{"view_name": view_name, **extra})
        reference = _reference_at(record.fields.get(name))
        if reference is not None and "view_name" not in extra:
            target: Any = reference.target.find()
            if hasattr(target, "_meta"):
                extra = {"view_name": _view_name(target), **extra}
        return super()._made(name, record, making, extra)


def _view_name(document: Any) -> str:
    return f"{document._meta.module_name}-detail"


def _reference_at(node: Node | None) -> ReferenceNode | None:
    item = node.item if isinstance(node, ListNode) else node
    return item if isinstance(item, ReferenceNode) else None
