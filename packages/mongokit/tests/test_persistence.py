"""Not losing an update: parts of documents, changes, revisions, atomic updates, shard keys, unique fields."""

from __future__ import annotations

import copy
import datetime
import decimal
import enum
import threading
from typing import ClassVar

import pymongo.errors
import pytest
from bson import ObjectId
from pymongo import WriteConcern

from mongokit import (
    CustomType,
    Document,
    DuplicateKeyError,
    EncodingError,
    MaxDocumentSizeError,
    OperationFailure,
    SchemaTypeError,
    Set,
    StaleDocumentError,
    StructureError,
    UpdateQueryError,
)
from mongokit.persistence import identity


class State(enum.Enum):
    DRAFT = "draft"
    PUBLIC = "public"


class Talk(Document):
    structure = {
        "topic": str,
        "tags": [str],
        "where": {"city": str, "room": int},
        "items": [{"price": float, "count": int}],
        "counts": {str: int},
        "free": dict,
        "words": Set(str),
        "pair": (int, str),
    }
    track_changes = True


class Counter(Document):
    n: int = 0
    by: dict[str, int] = {}
    state: State = State.DRAFT
    use_revision = True


@pytest.fixture(params=["blocking", "asynchronous"])
def collection(request, database):
    """A collection of either kind: all that follows is said of both."""
    return (database if request.param == "blocking" else request.getfixturevalue("driven")).things


@pytest.fixture
def talks(collection):
    collection.database.client.register([Talk, Counter])
    return collection


@pytest.fixture
def talk(talks):
    document = talks.Talk()
    document.update(
        topic="x",
        tags=["a"],
        where={"city": "Berlin", "room": 1},
        items=[{"price": 1.5, "count": 1}, {"price": 2.5, "count": 2}],
        counts={"a": 1},
        words={"b", "a"},
        pair=[1, "x"],
    )
    return document.save()


# save(only=…)

ONLY = {
    "a field": (["topic"], {"topic": "new"}),
    "two": (["topic", "tags"], {"topic": "new", "tags": ["new"]}),
    "below": (["where.city"], {"where": {"city": "New", "room": 1}}),
    "in a list": (
        ["items.1.price"],
        {"items": [{"price": 1.5, "count": 1}, {"price": 9.0, "count": 2}]},
    ),
    "an element": (["tags.0"], {"tags": ["new"]}),
    "typed keys": (["counts.a"], {"counts": {"a": 9}}),
    "a new key": (["counts.b"], {"counts": {"a": 1, "b": 2}}),
    "free": (["free.x"], {"free": {"x": {"y": 1}}}),
    "a set": (["words"], {"words": ["c"]}),
    "a position": (["pair.1"], {"pair": [1, "new"]}),
    "twice": (["topic", "topic"], {"topic": "new"}),
    "nothing": ([], {}),
    "from an iterator": (lambda: iter(["topic"]), {"topic": "new"}),
}


@pytest.mark.parametrize(("paths", "expected"), ONLY.values(), ids=ONLY)
def test_only_writes_these_fields(talks, talk, paths, expected):
    before = talks.find_one()
    talk["topic"] = "new"
    talk["tags"] = ["new"]
    talk["where"] = {"city": "New", "room": 9}
    talk["items"][1] = {"price": 9.0, "count": 9}
    talk["counts"] = {"a": 9, "b": 2}
    talk["free"] = {"x": {"y": 1}, "z": 1}
    talk["words"] = {"c"}
    talk["pair"] = [9, "new"]
    assert talk.save(only=paths() if callable(paths) else paths) is talk
    assert talks.find_one() == {**before, **expected}
    assert talk["where"]["room"] == 9


def test_only_removes_what_is_gone(talks, talk):
    del talk["counts"]["a"]
    del talk["free"]
    talk.save(only=["counts.a", "free"], validate=False)
    stored = talks.find_one()
    assert stored["counts"] == {}
    assert "free" not in stored


def test_two_who_save_their_own_field_lose_nothing(talks, talk):
    first, second = talks.Talk.one(), talks.Talk.one()
    first["topic"] = "first"
    second["tags"] = ["second"]
    first.save(only=first.changed())
    second.save(only=second.changed())
    talk.reload()
    assert (talk["topic"], talk["tags"]) == ("first", ["second"])


@pytest.mark.parametrize(
    ("paths", "error", "message"),
    [
        (["tpoic"], ValueError, r"can't find tpoic among what can change in structure \(of Talk\)"),
        (["_id"], ValueError, "can't find _id"),
        (["where.street"], ValueError, "can't find where.street"),
        (["tags.a"], ValueError, r"can't find tags\.a"),
        (["items.price"], ValueError, r"can't find items\.price"),
        (["pair.2"], ValueError, r"can't find pair\.2"),
        (["topic.x"], ValueError, r"can't find topic\.x"),
        (["where", "where.city"], ValueError, r"where\.city and where lie in each other; give the outer one"),
        (["where.city", "where"], ValueError, "lie in each other"),
        ("topic", TypeError, r"accepted is a list of fields; write only=\['topic'\]"),
    ],
)
def test_paths_that_cannot_be_written(talks, talk, paths, error, message):
    before = talks.find_one()
    with pytest.raises(error, match=message):
        talk.save(only=paths)
    assert talks.find_one() == before


def test_only_needs_a_stored_document(talks, talk):
    talk.delete()
    with pytest.raises(OperationFailure, match=r"cannot save Talk ObjectId\(.*\): it is not in the database"):
        talk.save(only=["topic"])
    assert talks.count_documents({}) == 0
    with pytest.raises(KeyError):
        talks.Talk().save(only=["topic"], uuid=True)


def test_only_validates_all(talks, talk):
    talk["topic"] = 3
    with pytest.raises(SchemaTypeError):
        talk.save(only=["tags"])
    talk["topic"] = "\ud800"
    with pytest.raises(EncodingError, match="topic cannot be stored"):
        talk.save(only=["topic"])


# changed()


def test_changed(talk):
    assert talk.changed() == []
    talk["topic"] = "y"
    talk["tags"].append("b")
    talk["where"]["room"] = 2
    talk["items"][0]["price"] = 3.0
    talk["words"].add("c")
    talk["more"] = 1
    del talk["pair"]
    assert talk.changed() == ["topic", "tags", "where", "items", "words", "more", "pair"]
    talk["topic"] = "x"
    talk["tags"].remove("b")
    assert talk.changed() == ["where", "items", "words", "more", "pair"]


@pytest.mark.parametrize(
    ("old", "new"),
    [(1, True), (1, 1.0), (0, False), ("1", 1), (None, 0), ([], None), ({"a": 1, "b": 2}, {"b": 2, "a": 1})],
)
def test_what_is_equal_to_python_only_has_changed(collection, old, new):
    class Thing(Document):
        use_schemaless = True
        track_changes = True

    thing = Thing({"x": old}, collection=collection).save()
    thing["x"] = new
    assert thing.changed() == ["x"]
    thing["x"] = copy.deepcopy(old)
    assert thing.changed() == []


def test_changed_after_each_way_to_get_a_document(talks, talk):
    found = [
        talks.Talk.one(),
        next(iter(talks.Talk.find())),
        talks.Talk.find()[0],
        talks.Talk.find().to_list()[0],
    ]
    found += [copy.copy(found[0]), copy.deepcopy(found[0])]
    for document in found:
        assert document.changed() == []
        document["topic"] = "new"
        assert document.changed() == ["topic"]
        document.reload()
        assert document.changed() == []
    fresh = talks.Talk()
    assert fresh.changed() == list(fresh)
    assert talks.Talk(talks.find_one()).changed() == [name for name in talk if name != "_id"]


def test_changed_after_a_part_was_saved(talk):
    talk["topic"] = "y"
    talk["tags"] = ["z"]
    talk["where"]["city"] = "w"
    talk.save(only=iter(["topic", "where.city"]))
    assert talk.changed() == ["tags"]
    talk.save()
    assert talk.changed() == []


@pytest.mark.parametrize(
    ("only", "left"),
    [
        (["where.city"], ["where"]),
        (["where"], ["items"]),
        (["items.0.price"], ["items", "where"]),
        (["items.0", "where.city", "where.room"], []),
    ],
    ids=str,
)
def test_what_was_not_written_of_a_field_has_changed(talks, talk, only, left):
    talk["where"] = {"city": "Bonn", "room": 8}
    talk["items"][0] = {"price": 8.0, "count": 8}
    talk.save(only=only)
    if only == ["where.city"]:
        left = [*left, "items"]
    assert sorted(talk.changed()) == sorted(left)
    talk.save(only=talk.changed())
    assert talks.find_one() == {**talk, "words": sorted(talk["words"])}
    assert talk.changed() == []


def test_what_was_not_read_is_known_as_far_as_it_was_written(talks, talk):
    same = Talk(dict(talk), collection=talk.collection)
    same["topic"] = "new"
    same.save(only=["topic"])
    assert "topic" not in same.changed()
    assert "tags" in same.changed()


def test_nothing_is_remembered_of_what_was_refused(talk):
    talk["topic"] = "x" * (16 * 1024 * 1024)
    with pytest.raises(MaxDocumentSizeError):
        talk.save()
    assert talk.changed() == ["topic"]
    talk["free"] = {"x": object()}
    assert talk.changed() == ["topic", "free"]


def test_changed_needs_its_switch():
    with pytest.raises(
        TypeError, match="Counter does not remember what was stored: set track_changes = True"
    ):
        Counter().changed()


# use_revision


def test_revisions_are_counted(talks):
    counter = talks.Counter().save()
    assert counter["_revision"] == 1
    counter.save()
    assert counter["_revision"] == talks.find_one()["_revision"] == 2
    assert talks.Counter.one().save()["_revision"] == 3


def test_who_comes_late_is_told(talks):
    talks.Counter().save()
    first, second = talks.Counter.one(), talks.Counter.one()
    first.n = 1
    first.save()
    second.n = 2
    for write in (second.save, lambda: second.save(only=["n"])):
        with pytest.raises(
            StaleDocumentError, match=r"has been changed or deleted since it was read \(at revision 1\)"
        ):
            write()
        assert second["_revision"] == 1
    assert talks.find_one()["n"] == 1
    second.reload()
    second.n += 10
    second.save()
    assert (talks.find_one()["n"], talks.find_one()["_revision"]) == (11, 3)


def test_what_was_deleted_does_not_come_back(talks):
    counter = talks.Counter().save()
    talks.delete_one({})
    with pytest.raises(StaleDocumentError):
        counter.save()
    assert talks.count_documents({}) == 0
    with pytest.raises(OperationFailure):
        counter.save(only=["n"])


def test_a_part_with_a_revision(talks):
    counter = talks.Counter().save()
    counter.n = 5
    counter.save(only=["n"])
    assert counter["_revision"] == talks.find_one()["_revision"] == 2
    counter.save(only=[])
    assert counter["_revision"] == 2


def test_what_was_stored_before_there_were_revisions(talks):
    talks.insert_one({"_id": 1, "n": 0, "by": {}, "state": "draft"})
    first, second = talks.Counter.one(), talks.Counter.one()
    first.save()
    assert first["_revision"] == 1
    for write in (second.save, lambda: second.save(only=["n"])):
        with pytest.raises(StaleDocumentError, match="before it had a revision"):
            write()
    assert talks.count_documents({}) == 1


def test_a_new_document_with_a_key_of_its_own(talks):
    talks.Counter({**Counter(), "_id": "a"}).save()
    with pytest.raises(StaleDocumentError):
        talks.Counter({**Counter(), "_id": "a"}).save()
    assert talks.count_documents({}) == 1


def test_a_unique_field_is_not_taken_for_staleness(talks):
    talks.create_index("n", unique=True)
    talks.Counter().save()
    with pytest.raises(DuplicateKeyError, match="n must be unique"):
        talks.Counter({**Counter(), "_id": 5}).save()
    other = talks.Counter({**Counter(), "n": 1}).save()
    other.n = 0
    with pytest.raises(DuplicateKeyError):
        other.save()
    assert other["_revision"] == 1


@pytest.mark.filterwarnings("ignore:save:DeprecationWarning")
def test_a_revision_needs_an_answer(talks):
    with pytest.raises(ValueError, match=r"Counter has use_revision: save.. needs the server's answer"):
        talks.Counter().save(safe=False)


UNANSWERED = {
    "new": lambda make: make().save(),
    "under an _id": lambda make: make(_id=9).save(),
    "stored": lambda make: make(_id=7, _revision=1).save(),
    "only": lambda make: make(_id=7, _revision=1).save(only=["n"]),
}


@pytest.mark.parametrize("save", UNANSWERED.values(), ids=UNANSWERED)
def test_a_revision_needs_an_answer_whoever_says_that_there_is_none(talks, save):
    stored = talks.Counter({**Counter(), "_id": 7}).save()
    unsure = talks.with_options(write_concern=WriteConcern(w=0))
    with pytest.raises(ValueError, match=r"Counter has use_revision: .* write concern of 0 \(.*\.things\)"):
        save(lambda **content: unsure.proxy(Counter)({**Counter(), **content}))
    assert list(talks.Counter.find()) == [stored]


def test_sixteen_writers_lose_nothing(talks):
    id_ = talks.Counter().save()["_id"]
    errors = []

    def write(name):
        try:
            for _ in range(5):
                while True:
                    counter = talks.Counter.get_from_id(id_)
                    counter.n += 1
                    counter.by[name] = counter.by.get(name, 0) + 1
                    try:
                        counter.save()
                        break
                    except StaleDocumentError:
                        continue
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(f"w{number}",)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert errors == []
    counter = talks.Counter.get_from_id(id_)
    assert counter.n == 80
    assert counter.by == {f"w{number}": 5 for number in range(16)}
    assert counter["_revision"] == 81


# update_atomic


def test_update_atomic(talks):
    counter = talks.Counter().save()
    talks.update_one({}, {"$inc": {"n": 5}})
    counter.by = {"unsaved": 1}
    assert counter.update_atomic({"$inc": {"n": 1}, "$set": {"by.x": 3}}) is counter
    assert counter == {**talks.find_one(), "state": State.DRAFT}
    assert (counter.n, counter.by, counter["_revision"]) == (6, {"x": 3}, 2)
    counter.save()
    assert talks.find_one()["n"] == 6


def test_update_atomic_makes_others_stale(talks):
    counter, other = talks.Counter().save(), talks.Counter.one()
    counter.update_atomic({"$inc": {"n": 1}})
    with pytest.raises(StaleDocumentError):
        other.save()


def test_update_atomic_of_all_there_is(talk):
    talk.update_atomic(
        {
            "$push": {"tags": "b"},
            "$inc": {"items.0.count": 2, "counts.new": 1},
            "$mul": {"items.$[].price": 2.0},
            "$unset": {"gone": ""},
            "$set": {"pair.1": "y", "free.deep.er": 1},
        }
    )
    assert talk["tags"] == ["a", "b"]
    assert talk["items"] == [{"price": 3.0, "count": 3}, {"price": 5.0, "count": 2}]
    assert (talk["counts"], talk["pair"], talk["free"]) == ({"a": 1, "new": 1}, [1, "y"], {"deep": {"er": 1}})
    assert talk["words"] == {"a", "b"}
    assert talk.changed() == []


@pytest.mark.parametrize(
    ("update", "error", "message"),
    [
        (
            {"topic": "x"},
            TypeError,
            r"update_atomic\(\) takes a dict of operators, as .*, not {'topic': 'x'}",
        ),
        ({"$set": {"topic": 1}, "x": 1}, TypeError, "takes a dict of operators"),
        ({}, TypeError, "takes a dict of operators"),
        ([{"$set": {"topic": 1}}], TypeError, "takes a dict of operators"),
        ({"$set": "topic"}, TypeError, r"\$set takes a dict of fields, not 'topic'"),
        ({"$inc": {"n": 1}}, UpdateQueryError, r"\$inc: can't find n in structure \(of Talk\)"),
        ({"$set": {"where.street": 1}}, UpdateQueryError, r"can't find where\.street"),
        ({"$rename": {"topic": "title"}}, UpdateQueryError, r"\$rename: can't find title"),
    ],
)
def test_updates_that_are_refused(talks, talk, update, error, message):
    before = talks.find_one()
    with pytest.raises(error, match=message):
        talk.update_atomic(update)
    assert talks.find_one() == before


def test_update_atomic_needs_a_stored_document(talk):
    talk.delete()
    with pytest.raises(OperationFailure, match=r"cannot update Talk .*: it is not in the database"):
        talk.update_atomic({"$set": {"topic": "y"}})
    with pytest.raises(KeyError):
        Talk(collection=talk.collection).update_atomic({"$set": {"topic": "y"}})


def test_update_atomic_of_a_schemaless_document(collection):
    class Free(Document):
        use_schemaless = True

    free = Free({"a": 1}, collection=collection).save()
    assert free.update_atomic({"$inc": {"b": 1}})["b"] == 1


# Unique fields


@pytest.mark.parametrize(
    "write",
    [
        lambda taken: Talk({**Talk(), "topic": "taken"}, collection=taken).save(),
        lambda taken: Talk({**Talk(), "topic": "taken", "_id": 5}, collection=taken).save(),
        lambda taken: (
            Talk(collection=taken).find_one({"topic": "free"}).update_atomic({"$set": {"topic": "taken"}})
        ),
        lambda taken: _changed(Talk(collection=taken).find_one({"topic": "free"})).save(),
        lambda taken: _changed(Talk(collection=taken).find_one({"topic": "free"})).save(only=["topic"]),
    ],
)
def test_a_unique_field_is_named(collection, write):
    collection.create_index([("topic", 1), ("where.city", 1)], unique=True)
    for topic in ("taken", "free"):
        Talk({**Talk(), "topic": topic}, collection=collection).save()
    with pytest.raises(DuplicateKeyError) as caught:
        write(collection)
    error = caught.value
    assert isinstance(error, pymongo.errors.DuplicateKeyError)
    assert isinstance(error, OperationFailure)
    assert error.fields == ("topic", "where.city")
    assert str(error).startswith(
        "Talk: topic and where.city must be unique; there is another with 'taken', None"
    )
    assert error.code == 11000
    assert error.details["keyPattern"] == {"topic": 1, "where.city": 1}
    assert collection.count_documents({}) == 2


def _changed(document):
    document["topic"] = "taken"
    return document


def test_a_server_that_does_not_say_which_field():
    plain = pymongo.errors.DuplicateKeyError("E11000", 11000, {"errmsg": "E11000 index: a_1"})
    error = DuplicateKeyError.of("Talk", plain)
    assert (error.fields, error.code) == ((), 11000)
    assert str(error).startswith("Talk: E11000 index: a_1")


# Shard keys


class Day(CustomType):
    mongo_type = str
    python_type = datetime.date

    def to_bson(self, value):
        return value.isoformat()

    def to_python(self, value):
        return datetime.date.fromisoformat(value)


class Sharded(Document):
    structure = {"region": str, "where": {"zone": int, "room": int}, "day": Day(), "n": int}
    shard_key: ClassVar = ["region", "where.zone", "day"]


def sharded(**changed):
    return {
        "region": "eu",
        "where": {"zone": 1, "room": 3},
        "day": datetime.date(2026, 1, 2),
        "n": 0,
        **changed,
    }


def test_the_shard_key_is_part_of_every_filter(collection):
    document = Sharded(sharded(_id=1), collection=collection)
    expected = {"_id": 1, "region": "eu", "where.zone": 1, "day": "2026-01-02"}
    assert identity(document) == expected
    document.save()
    found = document.one()
    found["region"] = "us"
    # What is stored is found by what it was.
    for known in (found, copy.copy(found), copy.deepcopy(found)):
        assert identity(known) == expected
    found.save()
    assert identity(found) == {**expected, "region": "us"}
    assert collection.count_documents({}) == 1


def test_every_write_goes_by_the_shard_key(collection):
    document = Sharded(sharded(), collection=collection).save()
    elsewhere = Sharded(sharded(_id=document["_id"], region="asia"), collection=collection)
    elsewhere.delete()
    assert collection.count_documents({}) == 1
    with pytest.raises(OperationFailure, match="cannot reload"):
        elsewhere.reload()
    with pytest.raises(OperationFailure, match="cannot save"):
        elsewhere.save(only=["n"])
    with pytest.raises(OperationFailure, match="cannot update"):
        elsewhere.update_atomic({"$inc": {"n": 1}})
    document.update_atomic({"$inc": {"n": 1}})
    document["n"] = 2
    document.save(only=["n"])
    document.reload()
    assert document["n"] == 2
    document.delete()
    assert collection.count_documents({}) == 0


@pytest.mark.parametrize(
    ("only", "region", "zone"),
    [
        (["n"], "eu", 1),
        (["region"], "us", 1),
        (["where"], "eu", 2),
        (["where.zone", "n"], "eu", 2),
        (["where.room"], "eu", 1),
    ],
    ids=str,
)
@pytest.mark.parametrize("known", [True, False], ids=["read", "made"])
def test_the_shard_key_is_what_was_written_of_it(collection, only, region, zone, known):
    Sharded(sharded(_id=1), collection=collection).save()
    document = (
        Sharded.find_one(Sharded(collection=collection))
        if known
        else Sharded(sharded(_id=1), collection=collection).save()
    )
    document["region"], document["where"], document["n"] = "us", {"zone": 2, "room": 5}, 7
    document.save(only=only)
    expected = {"_id": 1, "region": region, "where.zone": zone, "day": "2026-01-02"}
    assert identity(document) == expected
    assert collection.count_documents(expected) == 1
    document.reload()
    document["region"] = "asia"
    document.save()
    assert collection.count_documents({}) == 1
    document.delete()
    assert collection.count_documents({}) == 0


def test_a_shard_key_that_is_a_condition(collection):
    document = Sharded(sharded(_id=1), collection=collection)
    document["region"] = {"$gt": ""}
    with pytest.raises(TypeError, match="is a condition"):
        document.delete()


@pytest.mark.parametrize(
    ("shard_key", "error", "message"),
    [
        ("region", StructureError, "Thing: shard_key must be a list of paths, not 'region'"),
        ([3], StructureError, "must be a list of paths"),
        (["regoin"], ValueError, r"Error in shard_key: can't find regoin in structure \(of Thing\)"),
    ],
)
def test_wrong_shard_keys(shard_key, error, message):
    with pytest.raises(error, match=message):
        type("Thing", (Sharded,), {"shard_key": shard_key})


def test_the_key_itself_may_be_the_shard_key(collection):
    thing = type("Thing", (Document,), {"shard_key": ("_id",)})
    document = thing(collection=collection).save()
    assert identity(document) == {"_id": document["_id"]}


def test_all_of_it_together(collection):
    class All(Document):
        _id: ObjectId
        region: str = "eu"
        price: decimal.Decimal = decimal.Decimal("1.5")
        state: State = State.DRAFT
        shard_key = ["region"]
        use_revision = True
        track_changes = True

    document = All(collection=collection).save()
    assert document.changed() == []
    document.price = decimal.Decimal("2.5")
    assert document.changed() == ["price"]
    document.save(only=document.changed())
    document.state = State.PUBLIC
    document.save(only=["state"])
    assert document.changed() == []
    assert document["_revision"] == 3
    assert document.one() == document


NEED_AN_ID = {
    "save(only=…)": lambda document: document.save(only=["a"]),
    "delete()": lambda document: document.delete(),
    "reload()": lambda document: document.reload(),
    "update_atomic()": lambda document: document.update_atomic({"$set": {"a": 1}}),
}


@pytest.mark.parametrize("act", NEED_AN_ID.values(), ids=NEED_AN_ID)
def test_without_an_id_it_is_said_why(collection, act):
    thing = type("Nameless", (Document,), {"structure": {"a": int}})
    collection.insert_one({"a": 1})
    read_without = collection.proxy(thing).find_one({}, {"_id": False})
    for document in (thing({"a": 1}, collection=collection), read_without):
        with pytest.raises(
            KeyError, match="this Nameless has no _id, by which it is found: it was not saved yet"
        ):
            act(document)
    assert collection.count_documents({"a": 1}) == 1
