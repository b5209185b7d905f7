"""Documents that were read in part, and never lose the rest. Said of both kinds of collections."""

from __future__ import annotations

import copy
import pickle

import pytest

from mongokit import Document, PartialDocumentError, SchemaTypeError, StaleDocumentError, ValidationError
from mongokit.persistence import identity
from mongokit.projection import Projection


class Talk(Document):
    structure = {"topic": str, "tags": [str], "where": {"city": str, "room": int}, "seats": int}
    required_fields = ["topic", "seats"]
    validators = {"seats": lambda seats: seats > 0}


class Careless(Talk):
    skip_validation = True


class Tracked(Talk):
    track_changes = True


class Counter(Document):
    structure = {"n": int, "m": int}
    use_revision = True


class Sharded(Document):
    structure = {"region": str, "n": int}
    shard_key = ["region"]


class ShardedCounter(Sharded):
    use_revision = True


STORED = {"_id": 1, "topic": "a", "tags": ["x", "y"], "where": {"city": "Berlin", "room": 3}, "seats": 5}


@pytest.fixture(params=["blocking", "asynchronous"])
def collection(request, database):
    found = (database if request.param == "blocking" else request.getfixturevalue("driven")).things
    found.database.client.register([Talk, Careless, Tracked, Counter, Sharded, ShardedCounter])
    return found


@pytest.fixture
def talks(collection):
    collection.insert_one(copy.deepcopy(STORED))
    return collection


WAYS = {
    "find_one": lambda proxy: proxy.find_one({}, ["topic"]),
    "find_one by name": lambda proxy: proxy.find_one({}, projection={"topic": 1}),
    "one": lambda proxy: proxy.one({}, {"topic": 1}),
    "one by name": lambda proxy: proxy.one(projection=["topic"]),
    "get_from_id": lambda proxy: proxy.get_from_id(1, projection=["topic"]),
    "find": lambda proxy: next(iter(proxy.find({}, ["topic"]))),
    "find by name": lambda proxy: proxy.find(projection=["topic"]).to_list()[0],
    "find, a position": lambda proxy: proxy.find({}, ["topic"])[0],
    "find, a part": lambda proxy: proxy.find({}, ["topic"])[0:1].to_list()[0],
    "fetch": lambda proxy: proxy.fetch({}, ["topic"]).next(),
    "update": lambda proxy: proxy.find_one_and_update({}, {"$set": {"seats": 5}}, ["topic"]),
    "update by name": lambda proxy: proxy.find_one_and_update(
        {}, {"$set": {"seats": 5}}, projection=["topic"]
    ),
    "a copy": lambda proxy: copy.deepcopy(copy.copy(proxy.find_one({}, ["topic"]))),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("name", ["Talk", "Careless", "Tracked"])
def test_a_part_is_not_saved_as_the_whole(talks, name, way):
    part = way(getattr(talks, name))
    assert part == {"_id": 1, "topic": "a"}
    part["topic"] = "b"
    for options in ({}, {"validate": False}):
        with pytest.raises(
            PartialDocumentError,
            match=rf"{name} 1 was read with a projection, so save\(\) would lose what was not read: name what was read "
            r"in save\(only=\[…\]\), or reload\(\) it first",
        ):
            part.save(**options)
    assert talks.find_one() == STORED
    for _ in range(2):
        part.save(only=["topic"])
        with pytest.raises(PartialDocumentError):
            part.save()
    assert talks.find_one() == {**STORED, "topic": "b"}
    part.reload()
    part["seats"] = 6
    part.save()
    assert talks.find_one() == {**STORED, "topic": "b", "seats": 6}


@pytest.mark.parametrize("projection", [None, {}, []])
def test_no_projection_is_the_whole(talks, projection):
    talk = talks.Talk.find_one({}, projection)
    talk["topic"] = "b"
    talk.save()
    assert talks.find_one() == {**STORED, "topic": "b"}


def change(talk):
    talk["topic"] = "b"
    talk["where"] = {"city": "Bonn", "room": 4}
    talk["tags"] = ["z"]


SAVED = {
    "what was read": (["topic"], ["topic"], None),
    "a path that was read": ({"where.city": 1}, ["where.city"], None),
    "inside of what was read": (["where"], ["where.city", "where.room"], None),
    "what was set, though it was not read": (["seats"], ["topic"], None),
    "what was left in": ({"seats": 0}, ["topic", "where", "tags"], None),
    "all but the id": ({"_id": 1, "topic": 1}, ["topic"], None),
    "nothing": (["seats"], [], None),
    "of which only a part was read": ({"where.city": 1}, ["where"], "of where only its city was read"),
    "of which a part was left out": ({"where.room": 0}, ["where"], "of where all but its room was read"),
    "left out inside": ({"where.room": 0}, ["where.city"], None),
    "some elements": ({"tags": {"$slice": 1}}, ["tags"], "only some elements of tags were read"),
    "one of some elements": ({"tags": {"$slice": 1}}, ["tags.0"], r"only some elements of tags\.0 were read"),
    "beside some elements": ({"tags": {"$slice": 1}}, ["topic", "where"], None),
    "matching elements": (
        {"tags": {"$elemMatch": {"$eq": "x"}}},
        ["tags"],
        "only some elements of tags were read",
    ),
}


@pytest.mark.parametrize(("projection", "only", "refusal"), SAVED.values(), ids=SAVED)
def test_a_part_of_a_part(talks, projection, only, refusal):
    talk = talks.Talk.find_one({}, projection)
    change(talk)
    if refusal is not None:
        with pytest.raises(
            PartialDocumentError, match=rf"{refusal}; name what was read in save\(only=\[…\]\)"
        ):
            talk.save(only=only)
        assert talks.find_one() == STORED
        return
    talk.save(only=only)
    expected = copy.deepcopy(STORED)
    for path in only:
        holder, _, name = path.rpartition(".")
        target, source = (expected[holder], talk[holder]) if holder else (expected, talk)
        target[name] = source[name]
    assert talks.find_one() == expected


def test_what_was_not_read_is_not_removed(talks):
    talk = talks.Talk.find_one({}, ["topic"])
    with pytest.raises(PartialDocumentError, match="tags was not read"):
        talk.save(only=["tags"])
    whole = talks.Talk.find_one()
    del whole["tags"]
    whole.save(only=["tags"], validate=False)
    assert "tags" not in talks.find_one()
    part = talks.Talk.find_one({}, ["where"])
    del part["where"]
    part.save(only=["where"], validate=False)
    assert "where" not in talks.find_one()


def test_only_what_is_written_must_be_valid(talks):
    talks.update_one({}, {"$set": {"seats": -1}})
    part = talks.Talk.find_one({}, ["topic", "seats"])
    part["topic"] = "b"
    part.save(only=["topic"])
    with pytest.raises(ValidationError, match="seats does not pass"):
        part.save(only=["topic", "seats"])
    part["topic"] = 3
    with pytest.raises(SchemaTypeError, match="topic must be an instance of str") as caught:
        part.save(only=["topic"])
    assert [error["path"] for error in caught.value.errors()] == ["topic"]


def test_a_validate_of_ones_own_is_heard(talks):
    class Strict(Talk):
        def validate(self):
            raise ValidationError("never")

    talks.database.client.register(Strict)
    with pytest.raises(ValidationError, match="never"):
        talks.Strict.find_one({}, ["topic"]).save(only=["topic"])


def test_errors_that_are_not_raised_by_validate(talks):
    class Quiet(Talk):
        raise_validation_errors = False

    talks.database.client.register(Quiet)
    part = talks.Quiet.find_one({}, ["topic"])
    part["topic"] = "b"
    part.save(only=["topic"])
    part["topic"] = 3
    with pytest.raises(SchemaTypeError):
        part.save(only=["topic"])
    assert talks.find_one()["topic"] == "b"


def test_changes_of_a_part(talks):
    part = talks.Tracked.find_one({}, ["topic", "seats"])
    assert part.changed() == []
    part["topic"] = "b"
    part.save(only=part.changed())
    assert part.changed() == []
    part["seats"] = 9
    part.update_atomic({"$inc": {"seats": 1}})
    part["topic"] = "c"
    part.save()
    assert talks.find_one() == {**STORED, "topic": "c", "seats": 6}


@pytest.mark.parametrize(("name", "needed"), [("Counter", "_revision"), ("Sharded", "region")])
def test_what_a_write_is_checked_by_must_be_there(collection, name, needed):
    content = {"n": 0, "m": 0} if name == "Counter" else {"n": 0, "region": "eu"}
    proxy = getattr(collection, name)
    proxy(content).save()
    part = proxy.find_one({}, ["n"])
    part["n"] = 1
    with pytest.raises(PartialDocumentError, match=f"{needed}, which the write is checked by, was not read"):
        part.save(only=["n"])
    part = proxy.find_one({}, ["n", needed])
    part["n"] = 1
    part.save(only=["n"])
    assert collection.find_one()["n"] == 1
    if name == "Counter":
        late = proxy.find_one({}, ["n", needed])
        proxy.find_one().save()
        with pytest.raises(StaleDocumentError):
            late.save(only=["n"])


def test_deleting_a_part(talks):
    talks.Talk.find_one({}, ["topic"]).delete()
    assert talks.count_documents({}) == 0


def test_a_part_in_a_unit_of_work(talks):
    with talks.database.client.unit_of_work() as work:
        part = talks.Talk.find_one({}, ["topic"])
        with pytest.raises(PartialDocumentError):
            part.save()
        part["topic"] = "b"
        part.save(only=["topic"])
        assert len(work) == 1
    assert talks.find_one() == {**STORED, "topic": "b"}


PROJECTIONS = {
    "names": (["a", "b.c"], {"a", "a.x", "b.c", "_id"}, {"b", "d"}),
    "ones": ({"a": 1, "b.c": True}, {"a", "b.c", "_id"}, {"b", "d"}),
    "without the id": ({"a": 1, "_id": 0}, {"a"}, {"_id", "b"}),
    "only the id left out": ({"_id": False}, {"a", "b.c"}, {"_id"}),
    "only the id": ({"_id": 1}, {"_id"}, {"a"}),
    "left out": ({"a": 0, "b.c": 0}, {"b", "d", "_id"}, {"a", "a.x", "b.c"}),
    "an expression": ({"a": "$b"}, {"a"}, {"b"}),
    "elements": ({"a": {"$slice": 2}}, {"a", "b"}, set()),
    "elements and a field": ({"a": {"$slice": 2}, "b": 1}, {"b"}, {"c"}),
    "a match": ({"a": {"$elemMatch": {"x": 1}}}, {"a"}, {"b"}),
}


@pytest.mark.parametrize(("given", "held", "not_held"), PROJECTIONS.values(), ids=PROJECTIONS)
def test_projections(given, held, not_held):
    projection = Projection.of(given)
    assert {path for path in held | not_held if projection.holds(path)} == held


@pytest.mark.parametrize(
    "write",
    [
        lambda part: part.delete(),
        lambda part: part.update_atomic({"$inc": {"n": 1}}),
        lambda part: part.save(only=["n"]),
    ],
    ids=["delete", "update_atomic", "save"],
)
@pytest.mark.parametrize("projection", [{"n": 1}, {"region": 0}, {"n": 1, "_revision": 1}], ids=str)
@pytest.mark.parametrize("name", ["Sharded", "ShardedCounter"])
def test_what_is_found_by_a_shard_key_that_was_not_read(collection, name, projection, write):
    getattr(collection, name)({"region": "eu", "n": 1}).save()
    part = getattr(collection, name).find_one({}, projection)
    part["n"] = 5
    stored = collection.find_one()
    with pytest.raises(PartialDocumentError, match=rf"{name} .* region, .*not read; .*reload\(\) it first"):
        write(part)
    assert collection.find_one() == stored
    part.reload()
    assert part == stored
    part["n"] = 5
    write(part)
    assert collection.find_one() != stored


def test_a_unit_does_not_delete_what_it_cannot_find(collection):
    collection.Sharded({"region": "eu", "n": 1}).save()
    part = collection.Sharded.find_one({}, ["n"])
    with collection.database.client.unit_of_work() as unit:
        with pytest.raises(PartialDocumentError, match="region, of the shard key"):
            part.delete()
        assert len(unit) == 0
    known = collection.Sharded.find_one({}, ["region"])
    with collection.database.client.unit_of_work():
        known.delete()
    assert collection.count_documents({}) == 0


RESHAPING = {
    "projected": [{"$project": {"topic": 1}}],
    "without a field": [{"$match": {}}, {"$unset": "seats"}],
    "grouped": [{"$group": {"_id": "$_id", "topic": {"$first": "$topic"}, "where": {"$first": {"city": "$where.city"}}}}],
    "replaced": [{"$replaceRoot": {"newRoot": {"_id": "$_id", "topic": "$topic"}}}],
    "added to": [{"$addFields": {"tags": []}}],
    "unwound": [{"$unwind": "$tags"}, {"$limit": 1}],
}  # fmt: skip
KEEPING = {
    "nothing": [],
    "chosen": [{"$match": {"_id": 1}}, {"$sort": {"topic": 1}}, {"$skip": 0}, {"$limit": 1}],
    "by chance": [{"$sample": {"size": 1}}],
}


@pytest.mark.parametrize("pipeline", RESHAPING.values(), ids=RESHAPING)
@pytest.mark.parametrize("name", ["Talk", "Careless"])
def test_what_an_aggregation_has_made_is_not_saved_as_the_whole(talks, name, pipeline):
    (part,) = getattr(talks, name).aggregate(pipeline).to_list()
    part["topic"] = "b"
    for options in ({}, {"validate": False}):
        with pytest.raises(PartialDocumentError, match="would lose what was not read"):
            part.save(**options)
    with pytest.raises(
        PartialDocumentError, match=r"nobody knows whether all of where was read|where was not read"
    ):
        part.save(only=["where"], validate=False)
    assert talks.find_one() == STORED
    part.save(only=["topic"])
    assert talks.find_one() == {**STORED, "topic": "b"}
    part.reload()
    part["seats"] = 7
    part.save()
    assert talks.find_one() == {**STORED, "topic": "b", "seats": 7}


@pytest.mark.parametrize("pipeline", KEEPING.values(), ids=KEEPING)
def test_what_an_aggregation_has_only_found_is_whole(talks, pipeline):
    (talk,) = talks.Talk.aggregate(pipeline).to_list()
    talk["topic"] = "b"
    talk.save()
    assert talks.find_one() == {**STORED, "topic": "b"}


def test_an_aggregation_and_what_a_write_is_checked_by(collection):
    collection.ShardedCounter({"region": "eu", "n": 1}).save()
    (blind,) = collection.ShardedCounter.aggregate([{"$project": {"n": 1}}]).to_list()
    for write in (blind.delete, lambda: blind.save(only=["n"])):
        with pytest.raises(PartialDocumentError, match=r"region, .* was not read"):
            write()
    (seeing,) = collection.ShardedCounter.aggregate([{"$unset": "nothing"}]).to_list()
    seeing["n"] = 2
    seeing.save(only=["n"])
    assert collection.find_one()["n"] == 2
    seeing.delete()
    assert collection.count_documents({}) == 0


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_part_stays_a_part(database, protocol):
    database.client.register([Talk, Tracked, Sharded])
    database.things.insert_one(copy.deepcopy(STORED))
    for part in (
        database.things.Talk.find_one({}, ["topic"]),
        next(database.things.Talk.aggregate([{"$project": {"topic": 1}}])),
    ):
        copied = pickle.loads(pickle.dumps(part, protocol))
        assert (type(copied), copied) == (Talk, part)
        object.__setattr__(copied, "_collection", database.things)
        with pytest.raises(PartialDocumentError):
            copied.save()
    whole = database.things.Tracked.find_one()
    whole["topic"] = "b"
    assert pickle.loads(pickle.dumps(whole, protocol)).changed() == ["topic"]
    assert pickle.loads(pickle.dumps(Talk(STORED), protocol)) == STORED
    sharded = database.things.Sharded({"region": "eu", "n": 1}).save()
    sharded["region"] = "us"
    assert identity(pickle.loads(pickle.dumps(sharded, protocol)))["region"] == "eu"
