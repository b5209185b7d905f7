"""What can go wrong: the exceptions' names and bases are MongoKit's, what they carry is ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pymongo.errors
from bson.errors import InvalidDocument

__all__ = [
    "AuthorizedTypeError",
    "AutoReferenceError",
    "BadIndexError",
    "BadKeyError",
    "BulkError",
    "BulkWriteError",
    "ConnectionError",
    "DefaultFieldTypeError",
    "DeprecationError",
    "DocumentValidationError",
    "DuplicateDefaultValueError",
    "DuplicateI18nError",
    "DuplicateKeyError",
    "DuplicateRequiredError",
    "EncodingError",
    "EvalException",
    "Failure",
    "MaxDocumentSizeError",
    "MigrationError",
    "MissingReferenceError",
    "ModifierOperatorError",
    "MongoAuthException",
    "MultipleResultsFound",
    "OptionConflictError",
    "PartialDocumentError",
    "ReplicaSetNeeded",
    "RequireFieldError",
    "SchemaDocumentError",
    "SchemaTypeError",
    "SetContentError",
    "StaleDocumentError",
    "StructureError",
    "UpdateQueryError",
    "ValidationError",
    "i18nError",
    "shortened",
]


SHOWN = 20
"""Failures that the text of an exception names; ``errors()`` has all."""


class Failure(NamedTuple):
    """One thing that is wrong with a document."""

    path: str
    """Dotted, with the positions in lists: ``items.3.price``; empty for the document as a whole."""
    error: type[SchemaDocumentError]
    message: str
    value: Any = None
    is_own: bool = False
    """Whether the message is the class's own, of ``error_messages``."""


class SchemaDocumentError(Exception):
    """Base of what a structure or a validation can raise.

    A failed validation raises one exception, of the class of its first failure, that carries all of them.
    """

    failures: tuple[Failure, ...] = ()

    @classmethod
    def of(cls, failures: Iterable[Failure]) -> SchemaDocumentError:
        """Return the exception for these failures: an instance of the first one's class, in MongoKit's order.

        MongoKit ran validators first, then compared fields and types, then looked for required fields. A field that is
        missing is told as that, and not once more as required.
        """
        ordered = sorted(failures, key=lambda failure: _ORDER.get(failure.error, 1))
        missing = {failure.path for failure in ordered if failure.error is StructureError}
        if missing:
            ordered = [f for f in ordered if f.error is not RequireFieldError or f.path not in missing]
        message = ordered[0].message
        message += "".join(f"\n  also: {failure.message}" for failure in ordered[1:SHOWN])
        if len(ordered) > SHOWN:
            message += f"\n  and {len(ordered) - SHOWN} more: see errors()"
        error = ordered[0].error(message)
        error.failures = tuple(ordered)
        return error

    def errors(self) -> list[dict[str, str]]:
        """Return the failures as plain data: path, error (the exception's name), message, value (as shown by repr)."""
        return [
            {"path": f.path, "error": f.error.__name__, "message": f.message, "value": shortened(f.value)}
            for f in self.failures
        ]


def shortened(value: Any) -> str:
    """Return a value as ``repr`` shows it, at most 200 characters of it."""
    try:
        text = repr(value)
    except RecursionError:
        text = f"<{type(value).__name__}, too deep to be shown>"
    return text if len(text) <= 200 else text[:197] + "..."


class StructureError(SchemaDocumentError):
    """A class whose structure cannot be understood; a document with missing or unknown fields."""


class SchemaTypeError(SchemaDocumentError):
    """A value of another type than the structure says."""


class SetContentError(SchemaTypeError, ValueError):
    """An element of a ``Set(type)`` of another type (MongoKit raised a bare ValueError)."""


class EncodingError(SchemaTypeError, InvalidDocument):
    """A value of the right type that BSON cannot hold: a number of more than 8 bytes, half a surrogate pair…"""


class RequireFieldError(SchemaDocumentError):
    """A required field that is absent, None, ``[]`` or ``{}``."""


class ValidationError(SchemaDocumentError):
    """A validator that returned something false, or raised."""


class AuthorizedTypeError(SchemaDocumentError):
    """A value, where the structure leaves the type open, of a type that is not in ``authorized_types``."""


class BadKeyError(SchemaDocumentError):
    """A key with a dot or a leading ``$``, in a structure or a document: MongoDB has another meaning for it."""


class DuplicateRequiredError(SchemaDocumentError):
    """The same path twice in ``required_fields``."""


class DuplicateDefaultValueError(SchemaDocumentError):
    """Two defaults for one field: with its annotation, and in ``default_values``."""


class DefaultFieldTypeError(SchemaDocumentError):
    """The default of a CustomType field that is not an instance of its ``python_type``."""


_ORDER: dict[type[SchemaDocumentError], int] = {ValidationError: 0, RequireFieldError: 2}


class ModifierOperatorError(SchemaDocumentError):
    """MongoKit declared it and never raised it, and nothing does today: it is here for what imports or catches it."""


class i18nError(SchemaDocumentError):
    """As ``ModifierOperatorError``."""


class DeprecationError(Exception):
    """The same, of types as keys, where MongoKit raised it once: a key of a type that may be none is an
    ``AuthorizedTypeError``."""


class MongoAuthException(Exception):
    """The same, of logging in: PyMongo raises ``OperationFailure``."""


class AutoReferenceError(Exception):
    """A document refers to one that is not there."""

    silent_variable_failure = True
    """What Django's templates ask of an error: a page that shows such a reference shows nothing in its place."""


class MissingReferenceError(AutoReferenceError):
    """The same, of a ``Ref``."""


class DuplicateI18nError(Exception):
    """The same path twice in ``i18n``."""


class BadIndexError(Exception):
    """A malformed entry of ``indexes``."""


class ConnectionError(Exception):
    """A document that is bound to no collection was asked for its collection, database or connection."""


class EvalException(Exception):
    """A path names a type that there is not: ``a.$nothing``. Nothing is evaluated; the name was there before."""


class MaxDocumentSizeError(Exception):
    """A document that is larger as BSON than the server takes."""


class MultipleResultsFound(Exception):
    """``one()`` found more than one document."""


class UpdateQueryError(Exception):
    """An update of a field that is not in the structure."""


class OptionConflictError(Exception):
    """Options of a class that exclude each other: ``migration_handler`` and ``use_schemaless``."""


class MigrationError(Exception):
    """A bulk migration that cannot go on: another runner is at it, or a rule writes where it must not."""


class PartialDocumentError(StructureError):
    """A document that was read in part (with a projection) was to be written as a whole; nothing was written."""


class StaleDocumentError(pymongo.errors.OperationFailure):
    """A document with ``use_revision`` was changed or deleted by somebody else since it was read; nothing was written."""


class BulkError(pymongo.errors.OperationFailure):
    """Some of several documents could not be written. The others are as ``written`` and ``unwritten`` say."""

    failures: tuple[tuple[Any, Exception], ...] = ()
    """What was refused: the document, and the error that ``save()`` or ``delete()`` would have raised."""
    written: tuple[Any, ...] = ()
    """The documents that are stored, or deleted, as was wanted."""
    unwritten: tuple[Any, ...] = ()
    """The documents that are not stored as they were saved last: those refused, and those whose turn did not come."""

    @classmethod
    def of(
        cls, failures: Iterable[tuple[Any, Exception]], written: Iterable[Any], unwritten: Iterable[Any]
    ) -> BulkError:
        """Return the error for these."""
        failures, written, unwritten = tuple(failures), tuple(written), tuple(unwritten)
        shown = "".join(
            f"\n  {type(document).__name__} {document.get('_id')!r}: {_short(error)}"
            for document, error in failures[:SHOWN]
        )
        more = f"\n  and {len(failures) - SHOWN} more: see failures" if len(failures) > SHOWN else ""
        first = failures[0][1]
        made = cls(
            f"{len(written)} of {len(written) + len(unwritten)} documents were written; refused:{shown}{more}",
            getattr(first, "code", None),
        )
        made.failures, made.written, made.unwritten = failures, written, unwritten
        made.__cause__ = first
        return made


class BulkWriteError(BulkError, pymongo.errors.BulkWriteError):
    """Some of the requests of a ``bulk_write()`` of a class were refused: PyMongo's error, that says which, and why.

    ``failures``, ``written`` and ``unwritten`` hold the requests that were given, in the place of documents; each error is the
    one that ``save()`` would have raised (``DuplicateKeyError`` with its fields). ``code`` and ``details`` are PyMongo's.
    """

    def __init__(self, details: Any, said: str = "batch op errors occurred") -> None:
        super().__init__(details)
        # PyMongo's text goes on with all that was sent.
        self.args = (said,)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.details, *self.args), self.__dict__

    @classmethod
    def of_requests(
        cls, failures: Iterable[tuple[int, Exception]], requests: Sequence[Any], tried: int, details: Any
    ) -> BulkWriteError:
        """Return the error for these positions.

        :param tried: the requests from this position on were not.
        """
        refused = dict(failures)
        done = [at for at in range(tried) if at not in refused]
        shown = "".join(f"\n  request {at}: {_short(error)}" for at, error in list(refused.items())[:SHOWN])
        more = f"\n  and {len(refused) - SHOWN} more: see failures" if len(refused) > SHOWN else ""
        made = cls(details, f"{len(done)} of {len(requests)} requests were done; refused:{shown}{more}")
        made.failures = tuple((requests[at], error) for at, error in refused.items())
        made.written = tuple(requests[at] for at in done)
        made.unwritten = tuple(one for at, one in enumerate(requests) if at >= tried or at in refused)
        return made


def _short(error: Exception) -> str:
    """Return what an error says, without the server's whole answer, with which PyMongo ends its messages."""
    return str(error).partition(", full error: ")[0]


class ReplicaSetNeeded(pymongo.errors.ConfigurationError):
    """The server is a single one that keeps no log of its operations: no transactions, and no change streams."""


class DuplicateKeyError(pymongo.errors.DuplicateKeyError):
    """PyMongo's, that names the fields: another document has these values, and an index says that there is one."""

    fields: tuple[str, ...] = ()
    """Dotted paths of the unique index; empty where the server (before MongoDB 4.2) does not say."""

    @classmethod
    def of(cls, owner: str, error: pymongo.errors.DuplicateKeyError) -> DuplicateKeyError:
        """Return the error for a document class, with what PyMongo's says."""
        details = error.details or {}
        taken = details.get("keyValue") or {}
        fields = tuple(details.get("keyPattern") or taken)
        said = str(details.get("errmsg") or error)
        if fields:
            values = ", ".join(shortened(taken.get(name)) for name in fields)
            said = f"{' and '.join(fields)} must be unique; there is another with {values}"
        made = cls(f"{owner}: {said}", error.code, details)
        made.fields = fields
        return made


class DocumentValidationError(pymongo.errors.WriteError):
    """A document that the validator of its collection (``set_validator``, or one of somebody else's) refuses.

    PyMongo's WriteError, so an OperationFailure too, that names class, paths, and what is accepted there.
    """

    reasons: tuple[tuple[str, str], ...] = ()
    """Dotted paths, the positions in lists among them, with what is wrong there; empty where the server (before
    MongoDB 5.0) does not say."""

    @classmethod
    def of(
        cls, owner: str, error: pymongo.errors.OperationFailure, reasons: Iterable[tuple[str, str]]
    ) -> DocumentValidationError:
        """Return the error for a document class, with what PyMongo's says."""
        found = tuple(reasons)
        said = "".join(f"\n  {path or 'the document'}: {text}" for path, text in found[:SHOWN])
        if len(found) > SHOWN:
            said += f"\n  and {len(found) - SHOWN} more: see reasons"
        made = cls(
            f"{owner}: the validator of the collection refuses it{':' if said else ''}{said}\n"
            f"  {owner}.set_validator(collection) makes the validator what the class says today",
            error.code,
            error.details,
        )
        made.reasons = found
        return made
