"""The page about MongoKit's names says of each what is so."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

import mongokit

PAGE = Path(__file__).parents[1] / "reference/mongokit-compatibility.md"
STATES = {"as in MongoKit": True, "different": True, "gone": False, "not yet": False}

OLD = re.findall(
    r"\S+",
    """
Document SchemaDocument VersionedDocument CustomType Set i18n SchemaProperties SchemaOperator OR NOT IS
Connection MongoClient ReplicaSetConnection MongoReplicaSetClient MasterSlaveConnection Database Collection Cursor
DocumentMigration ObjectId DBRef OperationFailure InvalidDocument
INDEX_ASCENDING INDEX_DESCENDING INDEX_ALL INDEX_OFF INDEX_GEO2D INDEX_GEOHAYSTACK INDEX_GEOSPHERE INDEX_HASHED
DotedDict DotCollapsedDict DotExpandedDict mongokit.helpers.i18nDotedDict
mongokit.auth.User mongokit.grid.FS mongokit.grid.FSContainer mongokit.paginator.Paginator
mongokit.helpers.totimestamp mongokit.helpers.fromtimestamp mongokit.document.R
mongokit.versioned_document.RevisionDocument mongokit.master_slave_connection
SchemaDocumentError StructureError SchemaTypeError RequireFieldError ValidationError AuthorizedTypeError BadKeyError
DuplicateRequiredError DuplicateDefaultValueError ModifierOperatorError i18nError DefaultFieldTypeError
DuplicateI18nError DeprecationError BadIndexError AutoReferenceError ConnectionError MaxDocumentSizeError
MultipleResultsFound OptionConflictError UpdateQueryError EvalException MongoAuthException
SchemaDocument.structure SchemaDocument.required_fields SchemaDocument.default_values SchemaDocument.validators
SchemaDocument.authorized_types SchemaDocument.raise_validation_errors SchemaDocument.use_schemaless
SchemaDocument.use_dot_notation SchemaDocument.dot_notation_warning SchemaDocument.generate_skeleton
SchemaDocument.skip_validation
SchemaDocument.validate SchemaDocument.validation_errors Document.set_lang Document.get_lang Document.i18n
Document.skip_validation Document.__collection__ Document.__database__ Document.type_field Document.use_autorefs
Document.force_autorefs_current_db Document.indexes Document.gridfs Document.migration_handler Document.atomic_save
Document.collection Document.db Document.connection Document.fs
Document.find Document.find_one Document.one Document.fetch Document.fetch_one Document.get_from_id
Document.find_random Document.find_and_modify Document.find_fulltext
Collection.one Collection.get_from_id Collection.find_random Collection.find_and_modify Collection.find_fulltext
Document.save Document.delete Document.reload Document.get_size Document.get_dbref Document.migrate
Document.to_json Document.to_json_type Document.from_json Document.generate_index Database.dereference
Connection.register Connection.disconnect Connection._registered_documents CustomType.to_bson CustomType.to_python CustomType.init_type Cursor.count Cursor.rewind
mongokit.__version__ SchemaDocument._namespaces SchemaDocument.auto_inheritance SchemaDocument._required_namespace
Document.db_name Document.collection_name Document.db_username Document.db_password
CustomType.mongo_type CustomType.python_type SchemaOperator.repr SchemaOperator.validate Collection.find Collection.find_one
VersionedDocument.save VersionedDocument.delete VersionedDocument.remove VersionedDocument.get_revision
VersionedDocument.get_revisions VersionedDocument.get_last_revision_id VersionedDocument.versioning_collection
mongokit.auth.User.login mongokit.auth.User.password mongokit.auth.User.email mongokit.auth.User.verify_password
mongokit.grid.FS.new_file mongokit.grid.FS.put mongokit.grid.FS.get mongokit.grid.FS.get_version
mongokit.grid.FS.get_last_version mongokit.grid.FS.delete
mongokit.paginator.Paginator.items mongokit.paginator.Paginator.is_paginated mongokit.paginator.Paginator.start_index
mongokit.paginator.Paginator.end_index mongokit.paginator.Paginator.current_page mongokit.paginator.Paginator.previous_page
mongokit.paginator.Paginator.next_page mongokit.paginator.Paginator.has_next mongokit.paginator.Paginator.has_previous
mongokit.paginator.Paginator.page_range mongokit.paginator.Paginator.num_pages mongokit.paginator.Paginator.count
DocumentMigration.migrate DocumentMigration.migrate_all DocumentMigration.get_deprecated
mongokit.schema_document.ValidationError mongokit.schema_document.SchemaTypeError mongokit.schema_document.RequireFieldError
mongokit.schema_document.BadKeyError mongokit.schema_document.AuthorizedTypeError
mongokit.schema_document.DuplicateRequiredError mongokit.schema_document.Set mongokit.schema_document.i18n
mongokit.document.BadIndexError mongokit.document.AutoReferenceError mongokit.document.ConnectionError
mongokit.document.MultipleResultsFound mongokit.document.OptionConflictError mongokit.migration.UpdateQueryError
mongokit.mongo_exceptions.BadIndexError mongokit.mongo_exceptions.OptionConflictError
""",
)
"""What MongoKit 0.9.1 had: the reference is the list of its public surface."""

OLD_WAYS = (
    """
gen_skel= ; lang= ; fallback_lang= ; collection= ; _gen_auth_types= ; _validate= ; _obj_class ; save(uuid=True)
save(validate=…) ; validate(auto_migrate=True) ; collection.Class(…) ; collection["Class"] ; copy.deepcopy ; wrap=
save(w=…) ; save(j=…) ; find(fields=…) ; find(spec=…) ; find(timeout=False)
find(slave_okay=…) ; Connection(slave_okay=…)
CustomType.validate(value, path) ; self.target ; self.update ; self.doc ; self.collection ; self.status ; map/reduce
[T] ; {T: spec} ; a type ; a dict subclass instance ; unicode ; basestring ; fields ; unique ; check
""".strip()
    .replace("\n", " ; ")
    .split(" ; ")
)
"""The same, of what is no name that could be imported."""


def rows():
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[1] not in ("today", "---"):
            yield cells


ROWS = list(rows())
NAMES = {cells[0].strip("`"): cells for cells in ROWS if re.fullmatch(r"`[A-Za-z_][\w.]*`", cells[0])}


def is_there(name):
    """Return whether a name can be imported, or is an attribute of a class that can."""
    if name.startswith("datetime."):
        return True
    module, names = mongokit, name.split(".")
    if names[0] == "mongokit":
        names = names[1:]
        while names and importlib.util.find_spec(f"{module.__name__}.{names[0]}"):
            module = importlib.import_module(f"{module.__name__}.{names[0]}")
            names = names[1:]
            if not hasattr(module, "__path__"):
                break
        if not names:
            return True
    if not hasattr(module, names[0]):
        # Some are imported when they are first asked for.
        return False
    for one in names:
        # Not by getattr: a database has any attribute.
        if not any(one in vars(cls) for cls in getattr(module, "__mro__", [module])):
            return False
        module = getattr(module, one)
    return True


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_there_or_not_as_the_page_says(name):
    assert is_there(name) == STATES[NAMES[name][1]]


@pytest.mark.parametrize("name", [name for name in NAMES if "." not in name and STATES[NAMES[name][1]]])
def test_what_is_there_comes_with_a_star(name):
    assert name in mongokit.__all__


@pytest.mark.parametrize("name", OLD)
def test_every_old_name_is_on_the_page(name):
    assert name in NAMES


@pytest.mark.parametrize("way", OLD_WAYS)
def test_every_old_way_is_on_the_page(way):
    titles = [[*re.findall(r"`([^`]+)`", cells[0]), cells[0]] for cells in ROWS]
    assert any(way in title for title in titles)


@pytest.mark.parametrize("cells", ROWS, ids=lambda cells: cells[0])
def test_every_row_has_a_state_and_says_what_differs(cells):
    name, state, remarks = cells
    assert state in STATES
    assert name
    if state == "different":
        assert remarks
