"""Documents in Django REST framework: `pip install 'slimstack-django-mongokit[rest]'`.

    class TalkSerializer(DocumentSerializer):
        class Meta:
            document = Talk
            fields = "__all__"


    class TalkViewSet(DocumentViewSet):
        serializer_class = TalkSerializer

Only this package needs it.
"""

try:
    import rest_framework as _needed  # noqa: F401 (so that what is missing is said in a sentence)
except ImportError as error:
    raise ImportError(
        "django_mongokit.rest needs Django REST framework: pip install 'slimstack-django-mongokit[rest]'"
    ) from error

from django_mongokit.rest.errors import Conflict, RequestTooLarge
from django_mongokit.rest.fields import (
    DateTimeField,
    Decimal128Field,
    FloatField,
    Int64Field,
    IntegerField,
    KeyField,
    ObjectIdField,
)
from django_mongokit.rest.filters import DocumentOrderingFilter, DocumentSearchFilter, ValueFilter
from django_mongokit.rest.pagination import DocumentCursorPagination
from django_mongokit.rest.parsers import BoundedJSONParser
from django_mongokit.rest.permissions import (
    DjangoDocumentPermissions,
    DjangoDocumentPermissionsOrAnonReadOnly,
)
from django_mongokit.rest.references import (
    HyperlinkedReferenceField,
    ReferenceField,
    ReferenceListField,
)
from django_mongokit.rest.serializers import (
    DocumentSerializer,
    EmbeddedDocumentSerializer,
    HyperlinkedDocumentSerializer,
)
from django_mongokit.rest.values import JsonValueField, SetField, TupleField, ValueChoiceField
from django_mongokit.rest.views import DocumentViewSet, GenericDocumentView, ReadOnlyDocumentViewSet

__all__ = [
    "BoundedJSONParser",
    "Conflict",
    "DateTimeField",
    "Decimal128Field",
    "DjangoDocumentPermissions",
    "DjangoDocumentPermissionsOrAnonReadOnly",
    "DocumentCursorPagination",
    "DocumentOrderingFilter",
    "DocumentSearchFilter",
    "DocumentSerializer",
    "DocumentViewSet",
    "EmbeddedDocumentSerializer",
    "FloatField",
    "GenericDocumentView",
    "HyperlinkedDocumentSerializer",
    "HyperlinkedReferenceField",
    "Int64Field",
    "IntegerField",
    "JsonValueField",
    "KeyField",
    "ObjectIdField",
    "ReadOnlyDocumentViewSet",
    "ReferenceField",
    "ReferenceListField",
    "RequestTooLarge",
    "SetField",
    "TupleField",
    "ValueChoiceField",
    "ValueFilter",
]
