"""MongoKit's name for where exceptions come from: its own, and the two of PyMongo that it passed on."""

from bson.errors import InvalidDocument
from pymongo.errors import OperationFailure

from mongokit.errors import (
    AutoReferenceError,
    ConnectionError,
    DuplicateI18nError,
    MaxDocumentSizeError,
    MultipleResultsFound,
    UpdateQueryError,
)

__all__ = [
    "AutoReferenceError",
    "ConnectionError",
    "DuplicateI18nError",
    "InvalidDocument",
    "MaxDocumentSizeError",
    "MultipleResultsFound",
    "OperationFailure",
    "UpdateQueryError",
]
