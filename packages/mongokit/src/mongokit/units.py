"""A unit of work: saves and deletes that are collected, and sent together."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

import pymongo.errors
from bson import ObjectId, encode
from bson.binary import STANDARD
from bson.codec_options import CodecOptions
from pymongo import InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError, InvalidOperation, WriteError
from pymongo.results import BulkWriteResult

from mongokit.errors import BulkError
from mongokit.flow import Flow, run, run_async
from mongokit.memory import State
from mongokit.performing import after
from mongokit.persistence import identity
from mongokit.sessions import keep_state
from mongokit.writes import REFUSALS, Delete, Insert, Replace, SetFields, Unchanged, Write, frozen

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["AsyncUnitOfWork", "Unit", "UnitOfWork", "explained"]

R = TypeVar("R")
Raw = dict[str, Any]

DUPLICATE_KEY = 11000
"""MongoDB's error code."""
UUIDS: CodecOptions[Raw] = CodecOptions(uuid_representation=STANDARD)


class _Pending(NamedTuple):
    """A write: what is sent, and how its document was before."""

    document: Any
    model: Any
    write: Write[Any] | None = None
    """None for a document that is stored as it is, of which there may be many."""
    state: State | None = None

    def as_write(self, collection: Any) -> Write[Any]:
        """Return the write, for what is to be said of it."""
        if self.write is not None:
            return self.write
        return Insert(self.document, collection, {}, self.document)


class _Outcome(NamedTuple):
    """What PyMongo would have answered to one write."""

    upserted_id: Any
    acknowledged: bool = True


class _Sent(NamedTuple):
    """What came of a batch, by the positions of its writes."""

    tried: int
    """Those from here on were not."""
    refused: dict[int, Exception]
    upserted: dict[int, Any]
    """Position -> the ``_id`` that was inserted by a replacement."""


class _Batch:
    """What goes to one collection in one bulk write, in order."""

    def __init__(self, collection: Any) -> None:
        self.collection = collection
        self.pending: list[_Pending] = []
        self.conditional = set[int]()
        """The ids of the documents of which there is a write that finds nothing where the revision is another."""


class Unit:
    """The base of units of work. ``save()`` and ``delete()`` inside the block are collected, and sent at its end.

    A document is at once as it will be then: it has its ``_id``, and its next revision. What is stored is what it was
    at ``save()``; it is validated and encoded there, so errors of that kind come where they belong. Whatever raises
    in the block, nothing is sent that was not sent before (``flush()``), and documents get their revisions back.

    Writes to one collection keep their order. The collections' turns come in the order in which each was first
    written to, so what one of them holds cannot be relied on by what is written to another, but for that order; with
    ``flush()`` in between it can. Queries see what is stored, and nothing of what is pending; ``reload()`` and
    ``update_atomic()`` send it first.
    """

    def __init__(self, client: Any) -> None:
        self.client = client
        self.results: list[BulkWriteResult] = []
        """What PyMongo has answered, one for each bulk write."""
        self._batches: list[_Batch] = []
        self._is_over = False

    def __len__(self) -> int:
        """Return how many writes are pending."""
        return sum(len(batch.pending) for batch in self._batches)

    def __bool__(self) -> bool:
        return True

    def add(self, write: Write[R]) -> R:
        """Take a write that is to be sent later, and return what ``save()`` returns.

        Raises InvalidOperation when the block is over, ValueError for a write with options of its own, and what is
        wrong with the document.
        """
        if self._is_over:
            raise InvalidOperation(
                "this unit of work is over, and would not send what is saved now: save() outside of its block"
            )
        if write.options:
            raise ValueError(
                f"{', '.join(write.options)}: in a unit of work save() and delete() take no options for PyMongo. For a "
                "session use connection.transaction(), for a write concern collection.with_options()"
            )
        if not isinstance(write, Unchanged):
            document = write.document
            write.freeze()
            batch = self._batch(write.collection)
            if write.is_conditional and id(document) in batch.conditional:
                # Were the first found to be stale, the second could take the revision of somebody else for its own.
                batch = self._begun(write.collection)
            if write.is_conditional:
                batch.conditional.add(id(document))
            batch.pending.append(_Pending(document, write.model(), write, State.of(document)))
            keep_state(write.collection, document)
        return write.apply()

    def add_plain(self, document: Document, collection: Any, options: Raw) -> None:
        """Do what ``add`` does, for a document that is stored as it is: there may be many of them."""
        if self._is_over or options:
            self.add(Insert(document, collection, options, document))
        is_new = "_id" not in document
        if is_new:
            document["_id"] = ObjectId()
        try:
            encoded = frozen(document, collection.codec_options)
        except REFUSALS as error:
            Insert(document, collection, options, document).refused(error)
        model: Any = InsertOne(encoded) if is_new else ReplaceOne(identity(document), encoded, upsert=True)
        self._batch(collection).pending.append(_Pending(document, model))

    def _batch(self, collection: Any) -> _Batch:
        for batch in reversed(self._batches):
            if batch.collection is collection:
                return batch
            if batch.collection == collection:
                # The same with other options: what is written later must be sent later.
                break
        if not collection.write_concern.acknowledged:
            raise ValueError(
                f"{collection.full_name} has a write concern of 0: a unit of work needs the server's answers"
            )
        return self._begun(collection)

    def _begun(self, collection: Any) -> _Batch:
        self._batches.append(_Batch(collection))
        return self._batches[-1]

    def _flushing(self) -> Flow[None]:
        """Send what is pending."""
        batches, self._batches = self._batches, []
        written: list[tuple[_Pending, _Outcome]] = []
        while batches:
            batch = batches.pop(0)
            later = [pending for other in batches for pending in other.pending]
            try:
                sent = yield from _sending(batch, self.results)
            except BaseException:
                # Nobody knows what of this has been done. An old revision can at worst be found to be stale.
                _take_back([*batch.pending, *later])
                raise
            unwritten = []
            for number, pending in enumerate(batch.pending):
                if number < sent.tried and number not in sent.refused:
                    written.append((pending, _Outcome(sent.upserted.get(number))))
                else:
                    unwritten.append(pending)
            if sent.refused:
                _take_back([*unwritten, *later])
                refused = [(batch.pending[at].document, sent.refused[at]) for at in sorted(sent.refused)]
                raise BulkError.of(
                    refused, _documents(pending for pending, _ in written), _documents([*unwritten, *later])
                )
        for pending, outcome in written:
            if pending.write is not None:
                yield from after(pending.write, outcome)

    def _end(self) -> None:
        """Take nothing more, and forget what is pending."""
        self._is_over = True
        batches, self._batches = self._batches, []
        _take_back([pending for batch in batches for pending in batch.pending])


def _sending(batch: _Batch, results: list[BulkWriteResult]) -> Flow[_Sent]:
    """Send one batch, and find out what came of each of its writes."""
    pending = batch.pending
    tried, refused = len(pending), dict[int, Exception]()
    try:
        result = yield batch.collection.bulk_write([one.model for one in pending], ordered=True)
        results.append(result)
        reply = result.bulk_api_result
    except BulkWriteError as error:
        reply = error.details
        if not reply.get("writeErrors"):
            raise
        refusal = reply["writeErrors"][0]
        tried = refusal["index"] + 1
        refused[tried - 1] = explained(pending[tried - 1].as_write(batch.collection), refusal)
    done = {at: one for at, one in enumerate(pending[:tried]) if at not in refused}
    expected = sum(isinstance(one.model, (ReplaceOne, UpdateOne)) for one in done.values())
    if reply["nMatched"] + reply["nUpserted"] < expected:
        writes = {at: one.write for at, one in done.items() if one.write is not None}
        refused |= yield from _not_found(batch.collection, writes)
    return _Sent(tried, refused, {each["index"]: each["_id"] for each in reply["upserted"]})


def _not_found(collection: Any, writes: dict[int, Write[Any]]) -> Flow[dict[int, Exception]]:
    """Return which of these have found nothing to write to: the server only counts them.

    What is stored tells: either it is as it was to be, or somebody else has been there.
    """
    by_id: dict[bytes, list[int]] = {}
    for at, write in writes.items():
        if isinstance(write, (Replace, SetFields, Delete)):
            by_id.setdefault(_key(write.document["_id"]), []).append(at)
    ids = [writes[several[0]].document["_id"] for several in by_id.values()]
    stored = {_key(each["_id"]): each for each in (yield collection.find({"_id": {"$in": ids}}).to_list())}
    refused: dict[int, Exception] = {}
    for key, several in by_id.items():
        # Where it was deleted in the end nothing is left to be looked at, and nothing to be lost.
        while several and not writes[several[-1]].is_stored(stored.get(key)):
            at = several.pop()
            refused[at] = writes[at].not_found()
    return refused


def _key(id_: Any) -> bytes:
    """Return an ``_id`` as a key: it may be a dict."""
    return encode({"": id_}, codec_options=UUIDS)


def explained(write: Write[Any], refusal: Raw) -> Exception:
    """Return the error for one entry of a bulk write's errors, as the same write alone would have raised it."""
    # The whole of what was sent would be in the text.
    refusal = {name: value for name, value in refusal.items() if name != "op"}
    kind = pymongo.errors.DuplicateKeyError if refusal.get("code") == DUPLICATE_KEY else WriteError
    error = kind(refusal.get("errmsg", ""), refusal.get("code"), refusal)
    return write.explained(error) or error


def _take_back(pending: list[_Pending]) -> None:
    for one in reversed(pending):
        if one.state is not None:
            one.state.restore()


def _documents(pending: Iterable[_Pending]) -> list[Any]:
    """Return their documents, each once."""
    return list({id(one.document): one.document for one in pending}.values())


class UnitOfWork(Unit):
    """What ``with connection.unit_of_work() as unit:`` gives; see :class:`Unit`."""

    def flush(self) -> None:
        """Send what is pending.

        Raises BulkError where the server has refused something: what came before it is stored, nothing behind it.
        """
        run(self._flushing())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.flush()
        finally:
            self._end()


class AsyncUnitOfWork(Unit):
    """What ``async with connection.unit_of_work() as unit:`` gives; see :class:`Unit`."""

    async def flush(self) -> None:
        """Send what is pending; see :meth:`UnitOfWork.flush`."""
        await run_async(self._flushing())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                await self.flush()
        finally:
            self._end()
