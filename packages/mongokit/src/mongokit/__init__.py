"""MongoDB documents that are dicts, with a declared structure, validated, at PyMongo speed."""

import importlib
from typing import TYPE_CHECKING, Any

from bson import DBRef, ObjectId
from bson.errors import InvalidDocument
from pymongo.errors import OperationFailure

from mongokit.collection import Collection
from mongokit.connection import Connection, MongoClient, MongoReplicaSetClient, ReplicaSetConnection
from mongokit.conversions import DecimalType, EnumType
from mongokit.cursor import Cursor
from mongokit.database import Database
from mongokit.document import Document
from mongokit.dotnotation import DotedDict
from mongokit.errors import (
    AuthorizedTypeError,
    AutoReferenceError,
    BadIndexError,
    BadKeyError,
    BulkError,
    BulkWriteError,
    ConnectionError,
    DefaultFieldTypeError,
    DeprecationError,
    DocumentValidationError,
    DuplicateDefaultValueError,
    DuplicateI18nError,
    DuplicateKeyError,
    DuplicateRequiredError,
    EncodingError,
    EvalException,
    MaxDocumentSizeError,
    MigrationError,
    MissingReferenceError,
    ModifierOperatorError,
    MongoAuthException,
    MultipleResultsFound,
    OptionConflictError,
    PartialDocumentError,
    ReplicaSetNeeded,
    RequireFieldError,
    SchemaDocumentError,
    SchemaTypeError,
    StaleDocumentError,
    StructureError,
    UpdateQueryError,
    ValidationError,
    i18nError,
)
from mongokit.indexes import (
    INDEX_ALL,
    INDEX_ASCENDING,
    INDEX_DESCENDING,
    INDEX_GEO2D,
    INDEX_GEOHAYSTACK,
    INDEX_GEOSPHERE,
    INDEX_HASHED,
    INDEX_OFF,
)
from mongokit.reference import Ref
from mongokit.schema_document import SchemaDocument
from mongokit.schema_properties import SchemaProperties
from mongokit.structure import Required, absent, field
from mongokit.types import IS, NOT, OR, CustomType, SchemaOperator, Set, i18n

if TYPE_CHECKING:
    from mongokit.aio import AsyncCollection, AsyncConnection, AsyncCursor, AsyncDatabase
    from mongokit.collapsed import DotCollapsedDict, DotExpandedDict
    from mongokit.describing import Description
    from mongokit.index_build import ensure_indexes, index_diff
    from mongokit.index_report import IndexReport, IndexRow
    from mongokit.migration import DocumentMigration, MigrationReport, RuleReport
    from mongokit.prefetching import aprefetch, prefetch
    from mongokit.structure.unreadable import Unreadable
    from mongokit.versioned_document import VersionedDocument

__version__ = "0.1.0"

__all__ = [
    "INDEX_ALL",
    "INDEX_ASCENDING",
    "INDEX_DESCENDING",
    "INDEX_GEO2D",
    "INDEX_GEOHAYSTACK",
    "INDEX_GEOSPHERE",
    "INDEX_HASHED",
    "INDEX_OFF",
    "IS",
    "NOT",
    "OR",
    "AsyncCollection",
    "AsyncConnection",
    "AsyncCursor",
    "AsyncDatabase",
    "AuthorizedTypeError",
    "AutoReferenceError",
    "BadIndexError",
    "BadKeyError",
    "BulkError",
    "BulkWriteError",
    "Collection",
    "Connection",
    "ConnectionError",
    "Cursor",
    "CustomType",
    "DBRef",
    "Database",
    "DecimalType",
    "DefaultFieldTypeError",
    "DeprecationError",
    "Description",
    "Document",
    "DocumentMigration",
    "DocumentValidationError",
    "DotCollapsedDict",
    "DotExpandedDict",
    "DotedDict",
    "DuplicateDefaultValueError",
    "DuplicateI18nError",
    "DuplicateKeyError",
    "DuplicateRequiredError",
    "EncodingError",
    "EnumType",
    "EvalException",
    "IndexReport",
    "IndexRow",
    "InvalidDocument",
    "MaxDocumentSizeError",
    "MigrationError",
    "MigrationReport",
    "MissingReferenceError",
    "ModifierOperatorError",
    "MongoAuthException",
    "MongoClient",
    "MongoReplicaSetClient",
    "MultipleResultsFound",
    "ObjectId",
    "OperationFailure",
    "OptionConflictError",
    "PartialDocumentError",
    "Ref",
    "ReplicaSetConnection",
    "ReplicaSetNeeded",
    "RequireFieldError",
    "Required",
    "RuleReport",
    "SchemaDocument",
    "SchemaDocumentError",
    "SchemaOperator",
    "SchemaProperties",
    "SchemaTypeError",
    "Set",
    "StaleDocumentError",
    "StructureError",
    "Unreadable",
    "UpdateQueryError",
    "ValidationError",
    "VersionedDocument",
    "absent",
    "aprefetch",
    "ensure_indexes",
    "field",
    "i18n",
    "i18nError",
    "index_diff",
    "prefetch",
]

_LATER = {
    "AsyncCollection": "mongokit.aio",
    "AsyncConnection": "mongokit.aio",
    "AsyncCursor": "mongokit.aio",
    "AsyncDatabase": "mongokit.aio",
    "Description": "mongokit.describing",
    "DocumentMigration": "mongokit.migration",
    "DotCollapsedDict": "mongokit.collapsed",
    "DotExpandedDict": "mongokit.collapsed",
    "IndexReport": "mongokit.index_report",
    "IndexRow": "mongokit.index_report",
    "MigrationReport": "mongokit.migration",
    "RuleReport": "mongokit.migration",
    "Unreadable": "mongokit.structure.unreadable",
    "VersionedDocument": "mongokit.versioned_document",
    "aprefetch": "mongokit.prefetching",
    "ensure_indexes": "mongokit.index_build",
    "index_diff": "mongokit.index_build",
    "prefetch": "mongokit.prefetching",
}
"""What is imported when it is first asked for: a program that reads and writes documents needs none of it."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(_LATER[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
