"""Classes of forms, made of the structures they are for; and the form of a nested structure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django import forms
from django.forms.forms import DeclarativeFieldsMetaclass
from django.forms.utils import ErrorDict

from django_mongokit.forms.files import file_fields
from django_mongokit.forms.mapping import Making, fields_of_record
from django_mongokit.forms.nested import NestedBoundField
from django_mongokit.forms.options import DocumentFormOptions
from django_mongokit.forms.records import BaseRecordForm
from django_mongokit.forms.unfit import UnfitField, show_unfit
from django_mongokit.forms.whole import show_whole
from mongokit import Document, SchemaDocument
from mongokit.errors import Failure
from mongokit.proxy import ProxyBase
from mongokit.structure.convert import container_of
from mongokit.structure.nodes import RecordNode, is_embedded
from mongokit.structure.skeleton import fill

__all__ = ["DocumentFormMetaclass", "EmbeddedDocumentForm", "making_of", "type_fields"]

M = TypeVar("M", bound="DocumentFormMetaclass")


def type_fields(document: Any) -> tuple[str, ...]:
    """Return the field that mongokit fills in itself, if the class has one."""
    name = getattr(document, "type_field", None)
    return () if name is None else (name,)


def inner_form(record: RecordNode, making: Making) -> type[EmbeddedDocumentForm]:
    """Return the class of the form for a nested structure that nobody has written one for."""
    kind = record.container
    name = kind.__name__ if is_embedded(kind) else record.path.rpartition(".")[2].title()
    fields = fields_of_record(record, making, left_out=type_fields(kind))
    made: Any = DocumentFormMetaclass(f"{name}Form", (EmbeddedDocumentForm,), dict(fields))
    made._meta = making.options
    made._record = record
    form: type[EmbeddedDocumentForm] = made
    return form


def making_of(document: type[SchemaDocument], options: DocumentFormOptions) -> Making:
    """Return what the fields of a class are made with."""
    return Making(options, document._structure.defaults, inner_form, issubclass(document, Document))


class DocumentFormMetaclass(DeclarativeFieldsMetaclass):
    """Makes the fields of a form from the structure of `Meta.document`; declared ones take their place."""

    _meta: DocumentFormOptions
    _record: RecordNode | None
    base_fields: dict[str, forms.Field]
    declared_fields: dict[str, forms.Field]

    def __new__(mcs: type[M], name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> M:  # noqa: PYI019 (mypy: no Self in a metaclass)
        cls = super().__new__(mcs, name, bases, attrs)
        options = cls._meta = DocumentFormOptions(getattr(cls, "Meta", None))
        document = options.document
        cls._record = None
        if document is None:
            return cls
        cls._check(document)
        # A root is a dict to its own class; here it is one of what may be nested.
        cls._record = document._structure.root.but(container=document)
        cls.base_fields = cls._made_of(document, options)
        return cls

    def _check(cls, document: Any) -> None:
        if isinstance(document, (ProxyBase, SchemaDocument)):
            kind = type(document) if isinstance(document, SchemaDocument) else document._obj_class
            raise TypeError(
                f"{cls.__name__}.Meta.document must be a class that is bound to no collection, not {document!r}: "
                f"write {kind.__name__}, and give the collection to the form"
            )
        if not (isinstance(document, type) and issubclass(document, cls.document_base)):
            raise TypeError(
                f"{cls.__name__}.Meta.document must be a subclass of {cls.document_base.__name__}, not {document!r}"
            )

    document_base: type = SchemaDocument

    def _made_of(cls, document: Any, options: DocumentFormOptions) -> dict[str, forms.Field]:
        declared = {**file_fields(document, options), **cls.declared_fields}
        making = making_of(document, options)
        if options.formfield_callback is None:
            made = fields_of_record(document._structure.root, making, declared, type_fields(document))
        else:
            made = {}
            for name in options.names(document._structure.fields, declared, type_fields(document)):
                if name not in declared:
                    made[name] = options.formfield_callback(document, name, **options.of_field(name))
        order = options.names(document._structure.fields, declared, type_fields(document))
        fields = {name: declared.get(name) or made.get(name) for name in order}
        return {
            **{name: field for name, field in fields.items() if field is not None},
            **{name: field for name, field in declared.items() if name not in fields},
        }


class EmbeddedDocumentForm(BaseRecordForm, metaclass=DocumentFormMetaclass):
    """The form of a nested structure, for a `NestedField` or a `FormSetField`.

    Those of nested structures are made by themselves; write one to have a say: declared fields, `clean_<field>`, and
    a `Meta` like that of a `DocumentForm`, whose `document` is the nested `SchemaDocument` class.

    :param stored: what there is already; what is not in the form stays as it is.
    :param optional: when nothing is entered, nothing is required, and `value()` is None.
    :param unfit: what is of a wrong type in `stored`, by dotted path.
    """

    is_kept = False
    """Whether this is an element that is there already, in a list that is made anew."""

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        initial: Mapping[str, Any] | None = None,
        stored: Mapping[str, Any] | None = None,
        optional: bool = False,
        is_new: bool = False,
        naive_utc: bool = False,
        database: Any = None,
        disabled: bool = False,
        unfit: Mapping[str, Failure] | None = None,
        **kwargs: Any,
    ) -> None:
        if self._record is None:
            raise AttributeError(
                f"{type(self).__name__} has no Meta.document: name the nested structure's class"
            )
        self.stored = stored
        self.optional = optional
        self.naive_utc = naive_utc
        self.database = database
        self.is_new = is_new
        shown = {} if is_new else stored or {}
        given = initial or {}
        self.given = frozenset(name for name in given if name not in shown or given[name] is not shown[name])
        super().__init__(data, files, initial={**shown, **given}, **kwargs)
        self.unfit = {} if is_new else unfit or {}
        if not is_new:
            show_unfit(self)
        show_whole(self)
        if disabled:
            for field in self.fields.values():
                field.disabled = True

    def full_clean(self) -> None:
        """Clean the data, unless nothing was entered where nothing has to be."""
        if self.optional and self.is_bound and self.is_blank():
            self._errors = ErrorDict(renderer=self.renderer)
            self.cleaned_data: dict[str, Any] = {}
            return
        super().full_clean()

    def has_changed(self) -> bool:
        """Return whether something was entered. An element that is new, and cleared, is none."""
        return self.is_kept or (super().has_changed() and not (self.stored is None and self._is_cleared()))

    def is_blank(self) -> bool:
        """Return whether nothing was entered: each input is empty, or all show their defaults still."""
        is_untouched = (self.stored is None or self.is_new) and not super().has_changed()
        return is_untouched or self._is_cleared()

    def _is_cleared(self) -> bool:
        return all(self._is_blank(name) for name in self.fields)

    def _is_blank(self, name: str) -> bool:
        bound: Any = self[name]
        if self.leaves_unfit(name) or (isinstance(bound.field, UnfitField) and not bound._has_changed()):
            return False  # whatever it looks like
        if isinstance(bound, NestedBoundField):
            return bound.is_blank()
        data = bound.data
        return data in bound.field.empty_values or data is False or str(data).strip() in ("", "[]", "{}")

    def value(self) -> dict[str, Any] | None:
        """Return the nested structure as it is to be stored. The form has to be valid."""
        if self.optional and self.is_blank():
            return self._blank()
        record = self._record
        made: dict[str, Any]
        if self.stored is not None:
            made = container_of(type(self.stored))(self.stored)  # type: ignore[arg-type]  # a dict
        else:
            made = record.container()
            fill(record, made, dict)
        self.put_into(made)
        return made

    def _blank(self) -> dict[str, Any] | None:
        """Return what stands for a structure in which nothing is entered: what is stored, where that was as empty."""
        is_complete = not any(field.required for field in self.fields.values())
        if self.stored is None or self.is_new or super().has_changed() or not is_complete:
            return None
        return container_of(type(self.stored))(self.stored)  # type: ignore[arg-type]  # a dict
