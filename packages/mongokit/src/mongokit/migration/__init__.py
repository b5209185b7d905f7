"""Documents brought from an old form to the declared one: each when it is loaded, or all in bulk."""

from mongokit.errors import OptionConflictError, UpdateQueryError
from mongokit.migration.report import MigrationReport, RuleReport
from mongokit.migration.rules import DocumentMigration

__all__ = [
    "DocumentMigration",
    "MigrationReport",
    "OptionConflictError",
    "RuleReport",
    "UpdateQueryError",
]
