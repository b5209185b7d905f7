"""The functions of 2010 that look at one field of a document class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms

from django_mongokit.forms.embedded import making_of, type_fields
from django_mongokit.forms.mapping import default_form_field_types, field_of
from django_mongokit.forms.options import DocumentFormOptions
from mongokit import SchemaDocument

__all__ = [
    "fields_for_document",
    "formfield_for_document_field",
    "get_default_form_field_types",
    "get_field_type_from_document",
    "value_from_document",
]


def get_default_form_field_types() -> dict[type, type[forms.Field]]:
    """Return the form fields for plain types, as a new dict."""
    return default_form_field_types()


def get_field_type_from_document(document: Any, field_name: str) -> Any:
    """Return the type of a field: that of the structure, `list` and `dict` for what is declared by its content.

    :param document: a document class, or a document.

    Raises `KeyError` for a field that is not in the structure.
    """
    spec = (document.structure or {})[field_name]
    spec = getattr(spec, "spec", spec)
    if isinstance(spec, (list, dict)):
        return list if isinstance(spec, list) else dict
    return spec


def value_from_document(instance: Mapping[str, Any], field_name: str) -> Any:
    """Return the value of a field; None where the document has none."""
    return instance.get(field_name)


def formfield_for_document_field(
    document: type[SchemaDocument],
    field_name: str,
    form_class: Callable[..., forms.Field] | None = None,
    **kwargs: Any,
) -> forms.Field:
    """Return the form field for a field of a document class.

    :param form_class: the class of the field, in place of the one that fits.
    :param kwargs: parameters of the field, in place of those that fit.

    Raises `KeyError` for a field that is not in the structure.
    """
    node = document._structure.fields[field_name]
    return field_of(
        field_name, node, making_of(document, DocumentFormOptions()), form_class=form_class, **kwargs
    )


def fields_for_document(
    document: type[SchemaDocument],
    fields: Iterable[str] | None = None,
    exclude: Iterable[str] | None = None,
    formfield_callback: Callable[..., forms.Field | None] | None = None,
    **options: Any,
) -> dict[str, forms.Field]:
    """Return the form fields for a document class, by name, in the order of `fields`, else of the structure.

    :param formfield_callback: makes the field, of the class, the field's name and parameters; None leaves it out.
    :param options: other attributes of a form's `Meta`: `widgets`, `labels`, ….

    Raises `FieldError` for an unknown name in `fields`.
    """
    made_of = DocumentFormOptions.of(fields=fields, exclude=exclude, **options)
    making = making_of(document, made_of)
    found = {}
    for name in made_of.names(document._structure.fields, left_out=type_fields(document)):
        parameters = made_of.of_field(name)
        if formfield_callback is None:
            found[name] = field_of(name, document._structure.fields[name], making, **parameters)
        else:
            field = formfield_callback(document, name, **parameters)
            if field is not None:
                found[name] = field
    return found
