"""Where applications written for MongoKit import from: what is there is what ``mongokit`` has."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import mongokit

STRUCTURE = (
    "AuthorizedTypeError BadKeyError DefaultFieldTypeError DuplicateDefaultValueError DuplicateI18nError "
    "DeprecationError ModifierOperatorError i18nError "
    "DuplicateRequiredError EvalException RequireFieldError SchemaDocumentError SchemaTypeError StructureError ValidationError "
    "CustomType IS NOT OR SchemaOperator Set i18n SchemaDocument SchemaProperties "
    "DotCollapsedDict DotExpandedDict DotedDict"
)
STORED = (
    "AutoReferenceError BadIndexError ConnectionError MaxDocumentSizeError MultipleResultsFound OptionConflictError "
    "MongoAuthException UpdateQueryError InvalidDocument OperationFailure"
)
INDEXES = "INDEX_ALL INDEX_ASCENDING INDEX_DESCENDING INDEX_GEO2D INDEX_GEOHAYSTACK INDEX_GEOSPHERE INDEX_HASHED INDEX_OFF"
PLACES = {
    "schema_document": STRUCTURE,
    "document": f"{STRUCTURE} {STORED} {INDEXES} DBRef Document ObjectId",
    "migration": "DocumentMigration OptionConflictError UpdateQueryError",
    "mongo_exceptions": f"{STORED} DuplicateI18nError EvalException",
    "connection": "Connection MongoClient MongoReplicaSetClient ReplicaSetConnection",
    "versioned_document": "VersionedDocument",
    "operators": "IS NOT OR SchemaOperator",
    "database": "Database",
    "collection": "Collection",
    "cursor": "Cursor",
    "helpers": "DotCollapsedDict DotExpandedDict DotedDict EvalException",
}
EACH = [(place, name) for place, names in PLACES.items() for name in names.split()]


@pytest.mark.parametrize(("place", "name"), EACH, ids=map(".".join, EACH))
def test_an_old_place_has_what_the_package_has(place, name):
    assert getattr(importlib.import_module(f"mongokit.{place}"), name) is getattr(mongokit, name)


# Names that MongoKit declared for errors that nothing raises: what imports and catches them goes on working.
UNRAISED = {
    "ModifierOperatorError": mongokit.SchemaDocumentError,
    "i18nError": mongokit.SchemaDocumentError,
    "DeprecationError": Exception,
    "MongoAuthException": Exception,
}


@pytest.mark.parametrize(("name", "base"), UNRAISED.items())
def test_what_nothing_raises_can_be_caught_with_what_is_raised(name, base):
    caught = getattr(mongokit, name)
    assert caught.__bases__ == (base,)

    class Talk(mongokit.SchemaDocument):
        structure = {"topic": str}
        required_fields = ["topic"]

    with pytest.raises((caught, mongokit.RequireFieldError), match="topic is required") as told:
        Talk().validate()
    assert told.type is mongokit.RequireFieldError


def test_an_application_imports_as_it_did():
    program = """
from mongokit.schema_document import SchemaTypeError, ValidationError, i18n, i18nDotedDict
from mongokit.document import *
from mongokit.document import BadIndexError
from mongokit.migration import UpdateQueryError
print(ValidationError.__module__, BadIndexError.__module__, UpdateQueryError.__module__, Document.__module__)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == ["mongokit.errors"] * 3 + ["mongokit.document"]


@pytest.mark.parametrize("place", ["schema_document", "document"])
def test_another_name_is_not_there(place):
    module = importlib.import_module(f"mongokit.{place}")
    with pytest.raises(AttributeError, match=f"module 'mongokit.{place}' has no attribute 'Nothing'"):
        _ = module.Nothing
