"""What a unit of work sends to one collection, and what of it is stored in the end.

That is one bulk write, but for documents with revisions that are saved again: the second save asks for the revision that the
first one makes, and somebody else may have made the same. So it is sent when the first is known to be stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mongokit.batches import Batch, Outcome, Sent, encoded_id, sending
from mongokit.errors import BulkError
from mongokit.flow import Flow
from mongokit.writes import Delete, Write

if TYPE_CHECKING:
    from pymongo.results import BulkWriteResult

__all__ = ["Turn", "refusal", "turns_of"]

Place = tuple[int, int]
"""The position of a batch in its turn, and of a write in its batch."""
NOWHERE: Place = (-1, -1)


class Turn:
    """The batches of one collection, in order."""

    def __init__(self, batch: Batch) -> None:
        self.batches = [batch]
        self.sent: list[Sent] = []
        """What came of each of them, as far as they were sent."""

    @property
    def is_refused(self) -> bool:
        """Whether something is not stored, or not deleted, as was wanted."""
        return any(sent.refused or sent.missed for sent in self.sent)

    def send(self, results: list[BulkWriteResult]) -> Flow[None]:
        """Send all of it, up to what the server refuses. What others have changed meanwhile does not stop it, but for what was
        to be written behind that to the same document."""
        lost = set[int]()
        for batch in self.batches:
            wanted, left_out = batch.without(lost) if lost else (batch, [])
            if left_out:
                sent = yield from _some_of(batch, wanted, left_out, results)
            else:
                sent = yield from sending(batch, results)
            self.sent.append(sent)
            if sent.refused:
                break
            lost.update(id(batch.documents[at]) for at in sent.missed)
        if any(sent.missed for sent in self.sent):
            self._forgive()

    def _forgive(self) -> None:
        """Take for done what has found nothing of documents that are deleted behind it: there is nothing to be lost."""
        gone = {encoded_id(document["_id"]): place for place, document in self._deleted()}
        for number, (batch, sent) in enumerate(zip(self.batches, self.sent, strict=False)):
            for at in list(sent.missed):
                if (number, at) < gone.get(encoded_id(batch.documents[at]["_id"]), NOWHERE):
                    del sent.missed[at]

    def _deleted(self) -> Iterator[tuple[Place, Any]]:
        for number, (batch, sent) in enumerate(zip(self.batches, self.sent, strict=False)):
            for at, planned in batch.planned.items():
                if isinstance(planned.write, Delete) and at < sent.tried:
                    yield (number, at), planned.write.document

    def refused(self) -> Iterator[tuple[Any, Exception]]:
        """Yield the documents that were refused, and why, in order."""
        for batch, sent in zip(self.batches, self.sent, strict=False):
            found = {**sent.refused, **sent.missed}
            yield from ((batch.documents[at], found[at]) for at in sorted(found))

    def unwritten(self, number: int) -> set[int]:
        """Return the positions, in the batch at this number, of what is not written."""
        batch = self.batches[number]
        if number >= len(self.sent):
            return set(range(len(batch.models)))
        sent = self.sent[number]
        return {*range(sent.tried, len(batch.models)), *sent.refused, *sent.missed}

    def outcomes(self) -> Iterator[tuple[Write[Any], Outcome]]:
        """Yield the writes that are more than to store a document as it is, with what came of them, where all went well."""
        for batch, sent in zip(self.batches, self.sent, strict=True):
            for at, planned in batch.planned.items():
                yield planned.write, Outcome(sent.upserted.get(at))

    def take_back(self) -> None:
        """Give back what they were to all documents that are not known to be written."""
        for number in reversed(range(len(self.batches))):
            self.batches[number].take_back(self.unwritten(number))


def turns_of(batches: Iterable[Batch]) -> list[Turn]:
    """Return the turns of the collections, in the order in which each was first written to."""
    turns: list[Turn] = []
    for batch in batches:
        for turn in turns:
            if turn.batches[0].collection == batch.collection:
                turn.batches.append(batch)
                break
        else:
            turns.append(Turn(batch))
    return turns


def refusal(done: Iterable[Turn], refused: Turn, later: Iterable[Turn]) -> BulkError:
    """Return the error for a turn of which something was refused.

    :param done: the turns before it.
    :param later: those that were not sent.
    """
    written = {id(one): one for turn in done for batch in turn.batches for one in batch.documents}
    unwritten: dict[int, Any] = {}
    for number, batch in enumerate(refused.batches):
        missing = refused.unwritten(number)
        for at, document in enumerate(batch.documents):
            (unwritten if at in missing else written)[id(document)] = document
    unwritten.update((id(one), one) for turn in later for batch in turn.batches for one in batch.documents)
    failures: dict[tuple[int, type[Exception]], tuple[Any, Exception]] = {}
    for document, error in refused.refused():
        failures.setdefault((id(document), type(error)), (document, error))
    stored = (document for key, document in written.items() if key not in unwritten)
    return BulkError.of(failures.values(), stored, unwritten.values())


def _some_of(
    batch: Batch, wanted: Batch, left_out: Sequence[int], results: list[BulkWriteResult]
) -> Flow[Sent]:
    """Send what is left of a batch, and return what came of all of it."""
    gone = set(left_out)
    places = [at for at in range(len(batch.models)) if at not in gone]
    sent = (yield from sending(wanted, results)) if places else Sent(0, {}, {}, {})
    tried = places[sent.tried] if sent.tried < len(places) else len(batch.models)
    missed = {at: batch.write_at(at).not_found() for at in left_out if at < tried}
    missed.update((places[at], error) for at, error in sent.missed.items())
    return Sent(
        tried,
        {places[at]: error for at, error in sent.refused.items()},
        {places[at]: id_ for at, id_ in sent.upserted.items()},
        missed,
    )
