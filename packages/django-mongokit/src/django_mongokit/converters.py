"""A path converter for ObjectIds.

from django.urls import path, register_converter
from django_mongokit.converters import ObjectIdConverter

register_converter(ObjectIdConverter, "objectid")
urlpatterns = [path("talks/<objectid:pk>/", TalkDetail.as_view())]
"""

from __future__ import annotations

from bson import ObjectId

__all__ = ["ObjectIdConverter"]


class ObjectIdConverter:
    """Twenty-four hexadecimal digits, in small letters so that a document has one URL; views get an `ObjectId`."""

    regex = "[0-9a-f]{24}"

    def to_python(self, value: str) -> ObjectId:
        """Return the id."""
        return ObjectId(value)

    def to_url(self, value: ObjectId | str) -> str:
        """Return its digits; raises `ValueError`, which `reverse()` takes as no match, for what is no ObjectId."""
        if not ObjectId.is_valid(value):
            raise ValueError(f"{value!r} is no ObjectId")
        return str(ObjectId(value))
