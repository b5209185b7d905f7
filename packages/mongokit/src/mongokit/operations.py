"""What is to be done with one document, as plain data: the call of PyMongo, and what its result means.

A plan (:mod:`mongokit.persistence`) makes one of these; who performs it (:mod:`mongokit.performing`: at once, awaited,
or later with others) sends it, and tells it what came of that. Nothing here waits for a server. Those that write are in
:mod:`mongokit.writes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from pymongo import errors as pymongo_errors
from pymongo.errors import DocumentTooLarge, OperationFailure, WriteError

from mongokit import encoding
from mongokit.errors import (
    DocumentValidationError,
    DuplicateKeyError,
    MaxDocumentSizeError,
    SchemaDocumentError,
)
from mongokit.structure.own_words import in_words_of

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["REFUSALS", "AtomicUpdate", "Operation", "Reload", "explaining", "missing", "shown"]

D = TypeVar("D", bound="Document")
R = TypeVar("R")
Raw = dict[str, Any]

TOO_LARGE = frozenset({10334, 17419, 17420})
DOCUMENT_VALIDATION_FAILURE = 121
INTERNAL_ERROR = 1
"""MongoDB's error codes."""
REFUSALS = (*encoding.REFUSALS, DocumentTooLarge, WriteError)
"""What an operation can raise that is about the document."""
_EXPLAINED = (DuplicateKeyError, DocumentValidationError, SchemaDocumentError)


class Operation(Generic[R]):
    """One operation on one document, planned and not yet done.

    A performer calls ``send``, then ``settle`` whatever became of it, then ``done`` with the result, or ``refused``
    with one of REFUSALS.
    """

    def __init__(self, document: Any, collection: Any, options: Raw) -> None:
        self.document = document
        self.collection = collection
        """PyMongo's or ours, synchronous or not: what ``send`` returns is its result, or the awaitable of that."""
        self.options = options
        """Passed to PyMongo's method."""

    def send(self) -> Any:
        """Call PyMongo and return what it returns."""
        raise NotImplementedError

    def settle(self) -> None:
        """Take over what PyMongo has noted in what it was sent, also where the server has refused it."""

    def done(self, result: Any) -> R:
        """Check PyMongo's result, change the document accordingly, and return what the caller gets."""
        raise NotImplementedError

    def refused(self, error: Exception) -> NoReturn:
        """Raise the error that names field and document, or PyMongo's where that says all there is."""
        # An error of ours was raised where it was known what it is about.
        better = None if isinstance(error, _EXPLAINED) else self.explained(error)
        if better is None:
            raise error
        raise better from error

    def explained(self, error: Exception) -> Exception | None:
        """Return the error that names field and document, or None where PyMongo's says all there is."""
        name = type(self.document).__name__
        if isinstance(error, pymongo_errors.DuplicateKeyError):
            return DuplicateKeyError.of(name, error)
        if isinstance(error, OperationFailure) and error.code == DOCUMENT_VALIDATION_FAILURE:
            # Who is never refused does not wait for this to be imported.
            from mongokit.refusals import reasons

            return DocumentValidationError.of(name, error, reasons(error.details))
        if isinstance(error, DocumentTooLarge) or (
            isinstance(error, OperationFailure) and error.code in TOO_LARGE
        ):
            # PyMongo complains of some, and leaves others to the server.
            from mongokit.sizes import exceeding  # as above

            return MaxDocumentSizeError(
                f"{name}: {exceeding(self._measured(), self.collection.codec_options)}"
            )
        if isinstance(error, encoding.REFUSALS):
            found = encoding.failures(self._sent(), self.collection.codec_options)
            found = in_words_of(type(self.document), found)
            return SchemaDocumentError.of(found) if found else None
        return None

    def _sent(self) -> Mapping[str, Any]:
        """Return what may be impossible to encode."""
        return {}

    def _measured(self) -> Any:
        """Return what may be too large."""
        return self._sent()


class Reload(Operation[None]):
    """Read a document again."""

    def __init__(self, document: Any, collection: Any, options: Raw, filter: Raw) -> None:
        super().__init__(document, collection, options)
        self.filter = filter

    def send(self) -> Any:
        return self.document._proxy().find_one(self.filter, **self.options)

    def done(self, result: Any) -> None:
        if result is None:
            raise missing("reload", self.document)
        self.document._become(result)

    def _sent(self) -> Mapping[str, Any]:
        return self.filter


class AtomicUpdate(Operation[D]):
    """Have the server change a document, and read it as it is then."""

    def __init__(self, document: Any, collection: Any, options: Raw, filter: Raw, update: Raw) -> None:
        super().__init__(document, collection, options)
        self.filter = filter
        self.update = update

    def send(self) -> Any:
        return self.document._proxy().find_one_and_update(
            self.filter, self.update, validate=False, **self.options
        )

    def done(self, result: Any) -> D:
        document: D = self.document
        if result is None:
            raise missing("update", document)
        document._become(result)
        return document

    def _sent(self) -> Mapping[str, Any]:
        return {**self.filter, **self.update}


def shown(document: Document) -> str:
    """Return the name of a document in a message."""
    return f"{type(document).__name__} {document.get('_id')!r}"


def missing(action: str, document: Document) -> OperationFailure:
    """Return the error for a document that is not stored."""
    return OperationFailure(f"cannot {action} {shown(document)}: it is not in the database")


class _Query(Operation[Any]):
    """What a class has the server change, whichever document that is."""

    def __init__(self, document: Any, collection: Any, options: Raw, sent: Any) -> None:
        super().__init__(document, collection, options)
        self.sent = sent

    def _sent(self) -> Mapping[str, Any]:
        return self.sent if isinstance(self.sent, Mapping) else {}

    def _measured(self) -> Any:
        return self.sent


@contextmanager
def explaining(document_class: type[Document], collection: Any, sent: Any) -> Iterator[None]:
    """Let what the server refuses in the block be said as ``save()`` says it: with the class, and the fields.

    :param sent: what may be impossible to encode.
    """
    try:
        yield
    except (*REFUSALS, OperationFailure) as error:
        _Query(document_class.__new__(document_class), collection, {}, sent).refused(error)
