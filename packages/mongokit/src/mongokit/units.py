"""A unit of work: saves and deletes that are collected, and sent together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from bson.raw_bson import RawBSONDocument
from pymongo import ReplaceOne
from pymongo.errors import InvalidOperation
from pymongo.results import BulkWriteResult

from mongokit.batches import Batch
from mongokit.errors import BulkError
from mongokit.flow import Flow, run, run_async
from mongokit.identifying import lacks_id
from mongokit.ids import id_maker
from mongokit.operations import REFUSALS
from mongokit.performing import after
from mongokit.persistence import identity
from mongokit.processes import watch_forks
from mongokit.sessions import keep_state
from mongokit.turns import Turn, refusal, turns_of
from mongokit.writes import Insert, Unchanged, Write, frozen

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["AsyncUnitOfWork", "Unit", "UnitOfWork"]

R = TypeVar("R")
Raw = dict[str, Any]


class Unit:
    """The base of units of work. ``save()`` and ``delete()`` inside the block are collected, and sent at its end.

    A document is at once as it will be then: it has its ``_id``, and its next revision. What is stored is what it was
    at ``save()``; it is validated and encoded there, so errors of that kind come where they belong. Whatever raises
    in the block, nothing is sent that was not sent before (``flush()``), and documents get their revisions back.

    ``late=True`` validates and encodes new documents that are stored as they are only when they are sent. It is for
    who does not change a document between its ``save()`` and then: what it is by then is validated and stored. All that
    is wrong comes in one BulkError, and nothing is sent. Other documents are stored as they were at ``save()``.

    Writes to one collection keep their order. The collections' turns come in the order in which each was first
    written to, so what one of them holds cannot be relied on by what is written to another, but for that order; with
    ``flush()`` in between it can. Queries see what is stored, and nothing of what is pending; ``reload()`` and
    ``update_atomic()`` send it first. So does the beginning of a transaction, in the block of which nothing is collected.
    """

    def __init__(self, client: Any, *, late: bool = False) -> None:
        self.client = client
        self._not_late = int(not late)
        """How many of the blocks that are amid each other want documents to be stored as they are at ``save()``."""
        self.results: list[BulkWriteResult] = []
        """What PyMongo has answered, one for each bulk write."""
        self._batches: list[Batch] = []
        self.latest: Batch | None = None
        """What the last write has become part of, as long as that is pending."""
        # A unit takes nothing in the child of a fork.
        self._make_id = id_maker()
        self._is_over = False
        self.is_forked = False
        """Whether this process is the child of that which has begun it: then it is no unit of this process."""
        watch_forks(self)

    def _mongokit_after_fork(self) -> None:
        """Forget, in the child of a fork, what the parent is going to send; nothing else can be taken either."""
        self.is_forked = self._is_over = True
        self._batches, self.latest = [], None

    def __len__(self) -> int:
        """Return how many writes are pending."""
        return sum(len(batch.models) for batch in self._batches)

    def __bool__(self) -> bool:
        return True

    @contextmanager
    def joined(self, *, late: bool) -> Iterator[Self]:
        """Let a block inside be part of it: who does not ask for ``late`` there may change what was saved."""
        self._be_late(not late)
        try:
            yield self
        finally:
            self._be_late(-(not late))

    def _be_late(self, change: int) -> None:
        self._not_late += change
        for batch in self._batches:
            batch.short = None

    def add(self, write: Write[R]) -> R:
        """Take a write that is to be sent later, and return what ``save()`` returns.

        Raises InvalidOperation when the block is over or another process's, ValueError for a write with options of its own, and what is
        wrong with the document.
        """
        if self.is_forked:
            raise InvalidOperation(
                "this process was forked inside of a unit of work, which its parent sends: what the child saves or deletes "
                "would not be in it. Do that in a unit_of_work() of the child's own, or fork outside of the block"
            )
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
                # Were the first found to be stale, the second could take the revision of somebody else for its own: a Turn
                # sends it only when it knows.
                batch = self._begun(write.collection)
            if write.is_conditional:
                batch.conditional.add(id(document))
            batch.plan(write)
            keep_state(write.collection, document)
        return write.apply()

    def add_plain(self, document: Document, collection: Any, validate: bool | None, options: Raw) -> None:
        """Do what ``add`` does, for a document that is stored as it is, and validate it: there may be many of them."""
        if self._is_over or options:
            self.add(Insert(document, collection, options, document))
        cls = type(document)
        batch = self.latest
        if batch is None or batch.collection is not collection:
            batch = self._batch(collection)
        is_plain = document._is_validated_plainly(validate)
        if (
            batch.short is not cls
            and is_plain
            and not cls.skip_validation
            and cls._structure.asked_id is None
        ):
            # It and what comes behind it, as far as that is like it.
            batch.expect(cls, self._make_id, late=not self._not_late)
        if is_plain and not self._not_late and lacks_id(cls, document):
            document["_id"] = self._make_id()
            batch.documents.append(document)
            batch.models.append(document)
            return
        document._check_plainly(validate)
        is_new = lacks_id(cls, document)
        if is_new:
            document["_id"] = self._make_id()
        try:
            model: Any = frozen(document, batch.codec_options)
        except REFUSALS as error:
            Insert(document, collection, options, document).refused(error)
        if not is_new:
            batch.holds_new_only = False
            model = ReplaceOne(identity(document), RawBSONDocument(model), upsert=True)
        batch.documents.append(document)
        batch.models.append(model)
        batch.early += 1

    def _batch(self, collection: Any) -> Batch:
        for batch in reversed(self._batches):
            if batch.collection is collection:
                self.latest = batch
                return batch
            if batch.collection == collection:
                # The same with other options: what is written later must be sent later.
                break
        if not collection.write_concern.acknowledged:
            raise ValueError(
                f"{collection.full_name} has a write concern of 0: a unit of work needs the server's answers"
            )
        return self._begun(collection)

    def _begun(self, collection: Any) -> Batch:
        self.latest = Batch(collection)
        self._batches.append(self.latest)
        return self.latest

    def _taken(self) -> list[Batch]:
        """Return what is pending, and begin anew."""
        # One of which everything was refused at once is empty.
        batches = [batch for batch in self._batches if batch.models]
        self._batches, self.latest = [], None
        return batches

    def _flushing(self) -> Flow[None]:
        """Send what is pending."""
        batches = self._taken()
        refused = [each for batch in batches for each in batch.prepare(alone=len(batches) == 1)]
        if refused:
            _take_back(batches)
            raise BulkError.of(refused, (), _each_once(one for batch in batches for one in batch.documents))
        done, turns = list[Turn](), turns_of(batches)
        while turns:
            turn = turns.pop(0)
            try:
                yield from turn.send(self.results)
            except BaseException:
                # Nobody knows what of this has been done. An old revision can at worst be found to be stale.
                _take_back([turn, *turns])
                raise
            if turn.is_refused:
                _take_back([turn, *turns])
                raise refusal(done, turn, turns)
            done.append(turn)
        for turn in done:
            for write, outcome in turn.outcomes():
                yield from after(write, outcome)

    def _end(self) -> None:
        """Take nothing more, and forget what is pending."""
        self._is_over = True
        _take_back(self._taken())


def _take_back(sent: Sequence[Batch | Turn]) -> None:
    for each in reversed(sent):
        each.take_back()


def _each_once(documents: Iterable[Any]) -> list[Any]:
    return list({id(document): document for document in documents}.values())


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
