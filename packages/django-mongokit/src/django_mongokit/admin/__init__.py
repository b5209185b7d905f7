"""Documents in `django.contrib.admin`, which has to be in INSTALLED_APPS."""

from django_mongokit.admin.document_admin import DocumentAdmin
from django_mongokit.admin.filters import (
    BooleanFilter,
    ChoicesFilter,
    DateFilter,
    FieldFilter,
)
from django_mongokit.admin.inlines import EmbeddedInline, StackedEmbedded, TabularEmbedded
from django_mongokit.admin.offers import ReferenceFilter, ValuesFilter
from django_mongokit.selection import Documents

__all__ = [
    "BooleanFilter",
    "ChoicesFilter",
    "DateFilter",
    "DocumentAdmin",
    "Documents",
    "EmbeddedInline",
    "FieldFilter",
    "ReferenceFilter",
    "StackedEmbedded",
    "TabularEmbedded",
    "ValuesFilter",
]
