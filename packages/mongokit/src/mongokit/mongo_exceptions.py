"""MongoKit's name for where exceptions come from: its own, and the two of PyMongo that it passed on."""

from bson.errors import InvalidDocument
from pymongo.errors import OperationFailure

from mongokit.errors import (
    AutoReferenceError,
    BadIndexError,
    ConnectionError,
    DuplicateI18nError,
    EvalException,
    MaxDocumentSizeError,
    MongoAuthException,
    MultipleResultsFound,
    OptionConflictError,
    UpdateQueryError,
)

__all__ = [
    "AutoReferenceError",
    "BadIndexError",
    "ConnectionError",
    "DuplicateI18nError",
    "EvalException",
    "InvalidDocument",
    "MaxDocumentSizeError",
    "MongoAuthException",
    "MultipleResultsFound",
    "OperationFailure",
    "OptionConflictError",
    "UpdateQueryError",
]
