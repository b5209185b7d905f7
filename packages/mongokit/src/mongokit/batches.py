"""What goes to one collection in one bulk write, and what came of each of its writes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pymongo.errors
from bson import ObjectId, encode
from bson.binary import STANDARD
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import InsertOne
from pymongo.errors import WriteError
from pymongo.results import BulkWriteResult

from mongokit.answers import asking
from mongokit.errors import Failure, SchemaDocumentError
from mongokit.flow import Flow
from mongokit.ids import new_id
from mongokit.memory import State
from mongokit.operations import REFUSALS
from mongokit.portions import portions
from mongokit.schema_document import SchemaDocument
from mongokit.writes import Insert, Write, frozen

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["Batch", "Outcome", "Sent", "encoded_id", "explained", "sending"]

Raw = dict[str, Any]

DUPLICATE_KEY = 11000
"""MongoDB's error code."""
UUIDS: CodecOptions[Raw] = CodecOptions(uuid_representation=STANDARD)


class _Planned(NamedTuple):
    """A write that is more than to store a document as it is, and how its document was before."""

    write: Write[Any]
    state: State


class Outcome(NamedTuple):
    """What PyMongo would have answered to one write."""

    upserted_id: Any
    acknowledged: bool = True


class Sent(NamedTuple):
    """What came of a batch, by the positions of its writes."""

    tried: int
    """Those from here on were not."""
    refused: dict[int, Exception]
    """What the server, or BSON, has refused: nothing was sent behind it."""
    upserted: dict[int, Any]
    """Position -> the ``_id`` that was inserted by a replacement."""
    missed: dict[int, Exception]
    """What had to find a document, and has found none."""


class Batch:
    """What goes to one collection in one bulk write, in order."""

    def __init__(self, collection: Any) -> None:
        self.collection = collection
        # BSON asks the class of decoded documents for its marker, each time that it encodes: ours has one, and not to find
        # it would take longer than the fields of a small document.
        self.codec_options = collection.codec_options.with_options(document_class=SchemaDocument)
        # Of what is stored as it is there may be many: each is no more than a place in two lists.
        self.documents: list[Any] = []
        self.models: list[Any] = []
        """What is sent for each: one of PyMongo's requests, or, for a new document that is stored as it is, its BSON; or
        that document, where it is still to be validated and encoded."""
        self.holds_new_only = True
        """Whether all are new documents that are stored as they are."""
        self.early = 0
        """How many are not documents that are sent as they are then, and still to be validated."""
        self.short: type[Document] | None = None
        """The class of which ``take`` takes new documents, with what is the same for all of them looked at once."""
        self._takes_late = False
        self._make_id: Callable[[], ObjectId] = new_id
        self.planned: dict[int, _Planned] = {}
        """The others, by position."""
        self.conditional = set[int]()
        """The ids of the documents of which there is a write that finds nothing where the revision is another."""

    @property
    def late(self) -> int:
        """How many documents are sent as they are then, and still to be validated."""
        return len(self.models) - self.early

    def expect(self, cls: type[Document], make_id: Callable[[], ObjectId], *, late: bool) -> None:
        """Have ``take`` take new documents of a class that are stored as they are, and validated by its structure alone.

        :param late: they are validated and encoded only when they are sent.
        """
        self.short, self._make_id, self._takes_late = cls, make_id, late
        self._check = cls._structure.check

    # Of this much is done for each of thousands, so nothing is called that can be avoided.

    def take(self, document: Document) -> bool:
        """Take a new document of the class that is expected; returns False, and does nothing, where it has an ``_id``, or
        switches of its own. Raises what is wrong with it."""
        if "_id" in document or document.skip_validation or not document.raise_validation_errors:
            return False
        if self._takes_late:
            document["_id"] = self._make_id()
            self.models.append(document)
        else:
            failures: list[Failure] = []
            self._check(document, failures)
            if failures:
                raise SchemaDocumentError.of(failures)
            document["_id"] = self._make_id()
            try:
                encoded = frozen(document, self.codec_options)
            except REFUSALS as error:
                Insert(document, self.collection, {}, document).refused(error)
            self.models.append(encoded)
            self.early += 1
        self.documents.append(document)
        return True

    def plan(self, write: Write[Any]) -> None:
        """Take a write of any kind."""
        self.holds_new_only = False
        self.early += 1
        self.planned[len(self.models)] = _Planned(write, State.of(write.document))
        self.documents.append(write.document)
        self.models.append(write.model())

    def write_at(self, position: int) -> Write[Any]:
        """Return the write at a position, for what is to be said of it."""
        if position in self.planned:
            return self.planned[position].write
        document = self.documents[position]
        return Insert(document, self.collection, {}, document)

    def prepare(self, *, alone: bool) -> list[tuple[Any, Exception]]:
        """Validate the documents that were not when they came; returns what is refused, and why.

        :param alone: nothing else is sent with it. If not, or if that takes several messages, they are encoded too, so
            that nothing is sent before all of it is known to be right.
        """
        refused: list[tuple[Any, Exception]] = []
        if not self.late:
            return refused
        failures: list[Failure] = []
        freezes = not (alone and self.holds_new_only)
        cls = None
        for position, model in enumerate(self.models):
            if model is not self.documents[position]:
                continue
            if type(model) is not cls:
                cls = type(model)
                check = cls._structure.check
            check(model, failures)
            if failures:
                refused.append((model, SchemaDocumentError.of(failures)))
                failures = []
            elif freezes:
                try:
                    self.models[position] = frozen(model, self.codec_options)
                except REFUSALS as error:
                    refused.append((model, self._explained(position, error)))
        if freezes:
            # None of them is sent as it is.
            self.early = len(self.models)
        return refused

    def _explained(self, position: int, error: Exception) -> Exception:
        return self.write_at(position).explained(error) or error

    def not_encoded(self) -> dict[int, Exception]:
        """Return which of the documents that are sent as they are BSON refuses, and why."""
        refused: dict[int, Exception] = {}
        for position, model in enumerate(self.models):
            if model is self.documents[position]:
                try:
                    frozen(model, self.codec_options)
                except REFUSALS as error:
                    refused[position] = self._explained(position, error)
        return refused

    def send(self, positions: Sequence[int]) -> Any:
        """Send what is at these positions; what comes back, awaited or not, is for ``result_of``."""
        if not self.early:
            return self.collection.insert_many(self.models)
        if self.holds_new_only:
            return self.collection.insert_many(
                [RawBSONDocument(model) if type(model) is bytes else model for model in self.models]
            )
        return self.collection.bulk_write([self.request(at) for at in positions], ordered=True)

    def request(self, position: int) -> Any:
        """Return PyMongo's request for what is at a position."""
        model = self.models[position]
        return InsertOne(RawBSONDocument(model)) if type(model) is bytes else model

    def must_find(self, position: int) -> bool:
        """Return whether the write at a position is to be refused where it finds no document."""
        planned = self.planned.get(position)
        return planned is not None and planned.write.must_find

    def result_of(self, answer: Any) -> BulkWriteResult:
        """Return the result of a bulk write for what has come of ``send``."""
        if isinstance(answer, BulkWriteResult):
            return answer
        counts = dict.fromkeys(("nUpserted", "nMatched", "nModified", "nRemoved"), 0)
        lists: Raw = {name: [] for name in ("writeErrors", "writeConcernErrors", "upserted")}
        return BulkWriteResult({"nInserted": len(self.models), **counts, **lists}, acknowledged=True)

    def without(self, lost: Collection[int]) -> tuple[Batch, list[int]]:
        """Return a batch with the writes that do not rest on others which have found nothing, and the positions of those that do.

        :param lost: the ids of the documents of which there was such a write. Without any it is this batch.
        """
        left_out = [
            at
            for at, planned in self.planned.items()
            if id(planned.write.document) in lost and planned.write.is_conditional
        ]
        if not left_out:
            return self, left_out
        rest, gone = Batch(self.collection), set(left_out)
        for at, model in enumerate(self.models):
            if at in gone:
                continue
            if at in self.planned:
                rest.planned[len(rest.models)] = self.planned[at]
            rest.documents.append(self.documents[at])
            rest.models.append(model)
        # What it holds was validated and encoded with all the others.
        rest.holds_new_only, rest.early = False, len(rest.models)
        return rest, left_out

    def take_back(self, positions: Collection[int] | None = None) -> None:
        """Give the documents back what they were, at all positions or at these."""
        for position, planned in reversed(self.planned.items()):
            if positions is None or position in positions:
                planned.state.restore()


def sending(batch: Batch, results: list[BulkWriteResult]) -> Flow[Sent]:
    """Send one batch, and find out what came of each of its writes."""
    tried, refused = len(batch.models), dict[int, Exception]()
    try:
        reply, missed = yield from asking(batch)
    except REFUSALS:
        sent = yield from _not_encoded(batch)
        if not sent.refused:
            raise
        return sent
    if reply["writeErrors"]:
        refusal = reply["writeErrors"][0]
        tried = refusal["index"] + 1
        refused[tried - 1] = explained(batch.write_at(tried - 1), refusal)
    else:
        results.append(BulkWriteResult(reply, acknowledged=True))
    upserted = {each["index"]: each["_id"] for each in reply["upserted"]}
    return Sent(tried, refused, upserted, {at: batch.planned[at].write.not_found() for at in missed})


def _not_encoded(batch: Batch) -> Flow[Sent]:
    """Return what PyMongo could not encode of new documents, and how many it has sent before.

    It sends one message before it encodes the next, and does not say which: what is stored tells.
    """
    refused = batch.not_encoded()
    stored = set[bytes]()
    for some in portions(document["_id"] for document in batch.documents):
        found = yield batch.collection.find({"_id": {"$in": some}}, {"_id": True}).to_list()
        stored.update(encoded_id(each["_id"]) for each in found)
    tried = sum(encoded_id(document["_id"]) in stored for document in batch.documents)
    return Sent(tried, refused, {}, {})


def encoded_id(id_: Any) -> bytes:
    """Return an ``_id`` as a key: it may be a dict."""
    return encode({"": id_}, codec_options=UUIDS)


def explained(write: Write[Any], refusal: Raw) -> Exception:
    """Return the error for one entry of a bulk write's errors, as the same write alone would have raised it."""
    # The whole of what was sent would be in the text.
    refusal = {name: value for name, value in refusal.items() if name != "op"}
    kind = pymongo.errors.DuplicateKeyError if refusal.get("code") == DUPLICATE_KEY else WriteError
    error = kind(refusal.get("errmsg", ""), refusal.get("code"), refusal)
    return write.explained(error) or error
