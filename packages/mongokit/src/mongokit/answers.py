"""What the server says of a batch: what it has done, and which of the writes have found nothing.

To a bulk write it only says of how many, and what is stored tells nobody who has stored it: two who add one to the same
number send the same. So either one command has it say that of each (MongoDB 8), or there is a command for each write of
which nobody would know.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from bson import encode
from bson.raw_bson import RawBSONDocument
from pymongo import InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError, ClientBulkWriteException, InvalidOperation

from mongokit.flow import Flow
from mongokit.sessions import current

if TYPE_CHECKING:
    from mongokit.batches import Batch

__all__ = ["Answer", "asking"]

Raw = dict[str, Any]

ANSWERS_EACH = 25
"""The wire version of MongoDB 8.0, from which on there is a bulk write that answers to each."""
_COUNTS = {
    "nInserted": "inserted_count",
    "nUpserted": "upserted_count",
    "nMatched": "matched_count",
    "nModified": "modified_count",
    "nRemoved": "deleted_count",
}
"""Name in the reply to a collection's bulk write -> attribute of a client's."""
_LISTS = ("writeErrors", "writeConcernErrors", "upserted")


class Answer(NamedTuple):
    """What came of a batch."""

    reply: Raw
    """As PyMongo has it for ``Collection.bulk_write``, where something was refused too."""
    missed: list[int]
    """The positions of those that had to find a document, and have found none."""


def asking(batch: Batch) -> Flow[Answer]:
    """Send a batch; raises what PyMongo does where it is not one of the writes that the server has refused."""
    parts, client = _parts(batch), batch.collection.database.client
    if len(parts) > 1 and not _is_too_old(client):
        try:
            answer = yield from _answers_of_each(batch)
        except InvalidOperation:
            # Before its first operation nobody knows the server.
            if not _is_too_old(client):
                raise
        else:
            return answer
    answer = yield from _answers_of_parts(batch, parts)
    return answer


def _is_too_old(client: Any) -> bool:
    if client.options.auto_encryption_opts is not None:
        # That of MongoDB 8 does not encrypt.
        return True
    servers = client.topology_description.server_descriptions().values()
    return any(0 < server.max_wire_version < ANSWERS_EACH for server in servers)


def _parts(batch: Batch) -> list[range]:
    """Return the positions of a batch in parts, in each of which at most one has to find something."""
    counted = [at for at in sorted(batch.planned) if batch.planned[at].write.must_find]
    bounds = [0, *counted[1:], len(batch.models)]
    return [range(start, end) for start, end in pairwise(bounds)]


def _answers_of_each(batch: Batch) -> Flow[Answer]:
    collection = batch.collection
    client, options = collection.database.client, {}
    if current(client) is None:
        options["write_concern"] = collection.write_concern
    refusals: Sequence[Any] = ()
    try:
        requests = [_named(batch, at) for at in range(len(batch.models))]
        result = yield client.bulk_write(requests, verbose_results=True, **options)
    except ClientBulkWriteException as error:
        if isinstance(error.error, Exception):
            raise error.error from None
        if not error.write_errors:
            raise
        refusals, result = error.write_errors, error.partial_result
    each = result.update_results
    reply: Raw = {
        **{name: getattr(result, attribute) for name, attribute in _COUNTS.items()},
        "writeErrors": [{**refusal, "index": refusal["idx"]} for refusal in refusals],
        "writeConcernErrors": [],
        "upserted": [{"index": at, "_id": one.upserted_id} for at, one in each.items() if one.did_upsert],
    }
    missed = [at for at, one in each.items() if batch.must_find(at) and not one.matched_count]
    return Answer(reply, missed)


def _named(batch: Batch, at: int) -> Any:
    """Return a request that says where, all of it encoded: a client knows nothing of the options of a collection."""
    request = copy.copy(batch.request(at))
    # PyMongo's requests have no public name for what they hold.
    request._namespace = batch.collection.full_name
    if not isinstance(request, InsertOne):
        request._filter = RawBSONDocument(encode(request._filter, codec_options=batch.codec_options))
    return request


def _answers_of_parts(batch: Batch, parts: Sequence[range]) -> Flow[Answer]:
    reply: Raw = {**dict.fromkeys(_COUNTS, 0), **{name: [] for name in _LISTS}}
    missed: list[int] = []
    for part in parts:
        try:
            said: Any = batch.result_of((yield batch.send(part))).bulk_api_result
        except BulkWriteError as error:
            said = error.details
            if not said.get("writeErrors"):
                raise
        refused_at = min((refusal["index"] for refusal in said["writeErrors"]), default=len(part))
        done = part[:refused_at]
        finding = sum(isinstance(batch.models[at], (ReplaceOne, UpdateOne)) for at in done)
        if said["nMatched"] + said["nUpserted"] < finding:
            missed += [at for at in done if batch.must_find(at)]
        for name in _COUNTS:
            reply[name] += said[name]
        for name in _LISTS:
            reply[name] += [
                {**one, "index": one["index"] + part.start} if "index" in one else one for one in said[name]
            ]
        if said["writeErrors"]:
            break
    return Answer(reply, missed)
