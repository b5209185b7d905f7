"""Forms made of the structure of documents; the names are those of django-mongokit in 2010."""

from django_mongokit.forms.choices import ValueChoiceField, ValueMultipleChoiceField
from django_mongokit.forms.documents import BaseDocumentForm, DocumentForm, documentform_factory
from django_mongokit.forms.embedded import DocumentFormMetaclass, EmbeddedDocumentForm
from django_mongokit.forms.fields import JsonField, JsonListField, JsonValueField
from django_mongokit.forms.files import DocumentFileField, DocumentFileInput, StoredFile
from django_mongokit.forms.formsets import BaseRecordFormSet, FormSetField
from django_mongokit.forms.instances import document_to_dict, save_instance
from django_mongokit.forms.many_searches import DocumentMultipleSearchField, DocumentSearchMultipleInput
from django_mongokit.forms.nested import NestedField
from django_mongokit.forms.options import ALL_FIELDS, DocumentFormOptions
from django_mongokit.forms.references import (
    DocumentChoiceField,
    DocumentMultipleChoiceField,
    DocumentSelect,
    DocumentSelectMultiple,
)
from django_mongokit.forms.scalars import CommaSeparatedField, ObjectIdField
from django_mongokit.forms.searches import DocumentSearchField, DocumentSearchInput
from django_mongokit.forms.structures import (
    fields_for_document,
    formfield_for_document_field,
    get_default_form_field_types,
    get_field_type_from_document,
    value_from_document,
)

__all__ = [
    "ALL_FIELDS",
    "BaseDocumentForm",
    "BaseRecordFormSet",
    "CommaSeparatedField",
    "DocumentChoiceField",
    "DocumentFileField",
    "DocumentFileInput",
    "DocumentForm",
    "DocumentFormMetaclass",
    "DocumentFormOptions",
    "DocumentMultipleChoiceField",
    "DocumentMultipleSearchField",
    "DocumentSearchField",
    "DocumentSearchInput",
    "DocumentSearchMultipleInput",
    "DocumentSelect",
    "DocumentSelectMultiple",
    "EmbeddedDocumentForm",
    "FormSetField",
    "JsonField",
    "JsonListField",
    "JsonValueField",
    "NestedField",
    "ObjectIdField",
    "StoredFile",
    "ValueChoiceField",
    "ValueMultipleChoiceField",
    "document_to_dict",
    "documentform_factory",
    "fields_for_document",
    "formfield_for_document_field",
    "get_default_form_field_types",
    "get_field_type_from_document",
    "save_instance",
    "value_from_document",
]
