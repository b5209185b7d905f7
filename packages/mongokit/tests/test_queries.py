"""Finding documents: the proxy, the cursor, classes that share a collection."""

from __future__ import annotations

import copy
import inspect
from functools import partial

import pymongo
import pytest
from pymongo.errors import InvalidOperation
from pymongo.monitoring import CommandListener

from mongokit import Connection, Cursor, Document, MultipleResultsFound
from mongokit.loading import LoadSteps
from mongokit.proxy import DocumentProxy


class Number(Document):
    structure = {"n": int, "even": bool}

    def twice(self):
        return self["n"] * 2

    def evens(self):
        return self.find({"even": True}).sort("n")


@pytest.fixture
def numbers(connection, collection):
    connection.register(Number)
    collection.insert_many([{"_id": n, "n": n, "even": n % 2 == 0} for n in (3, 0, 4, 1, 2)])
    return collection


def ns(found):
    return [document["n"] for document in found]


MISCALLED = {
    "a field": ((), {"n": 1, "even": False}, r"no use for n=, even=\. .*Number\(\{'n': \.\.\.\}\)"),
    "a parameter it never had": (({},), {"collection": None}, "no use for collection="),
    "too many": (({}, True, "en", "en", 3), {}, "no use for 3"),
}


@pytest.mark.parametrize(("arguments", "named", "message"), MISCALLED.values(), ids=MISCALLED)
def test_called_with_what_it_does_not_take(numbers, arguments, named, message):
    with pytest.raises(TypeError, match=rf"^Number\(\) takes a dict of fields.*{message}") as caught:
        numbers.Number(*arguments, **named)
    assert "Proxy" not in str(caught.value)


def test_the_proxy(numbers, database, connection):
    proxy = numbers.Number
    assert isinstance(proxy, DocumentProxy)
    assert proxy is numbers.Number
    assert proxy._obj_class is Number
    assert (proxy.collection, proxy.db, proxy.database, proxy.connection) == (
        numbers,
        database,
        database,
        connection,
    )
    assert repr(proxy) == f"<Number in {numbers.full_name}>"
    assert proxy({"n": 1}).collection is numbers
    assert proxy(gen_skel=False) == {}
    assert proxy.structure == Number.structure
    assert ns(proxy.evens()) == [0, 2, 4]
    with pytest.raises(AttributeError):
        _ = proxy.no_such
    with pytest.raises(AttributeError):
        _ = proxy.__wrapped__


FILTERS = [(None, 5), ({}, 5), ({"even": True}, 3), ({"n": {"$gt": 2}}, 2), ({"n": 9}, 0)]


@pytest.mark.parametrize(("condition", "expected"), FILTERS)
def test_find(numbers, condition, expected):
    found = numbers.Number.find(condition)
    assert isinstance(found, Cursor)
    documents = list(found)
    assert len(documents) == expected
    assert {type(document) for document in documents} <= {Number}
    assert all(document.collection is numbers for document in documents)
    assert numbers.Number.count(condition) == expected


def test_found_documents_are_no_factories(numbers):
    with pytest.raises(TypeError, match="'Number' object is not callable"):
        numbers.Number.find_one()()


def test_find_one(numbers):
    assert numbers.Number.find_one({"n": 3}).twice() == 6
    assert numbers.Number.find_one(3)["n"] == 3
    assert numbers.Number.find_one({"n": 9}) is None
    assert numbers.Number.find_one(sort=[("n", -1)])["n"] == 4
    assert numbers.Number.find_one({"n": 3}, {"n": 1}) == {"_id": 3, "n": 3}


def test_one(numbers):
    assert type(numbers.Number.one({"n": 3})) is Number
    assert numbers.Number.one({"n": 9}) is None
    with pytest.raises(MultipleResultsFound, match="more than one Number found where one was expected: "):
        numbers.Number.one({"even": True})
    with pytest.raises(MultipleResultsFound):
        numbers.Number.one(limit=1)


def test_one_costs_one_query(mongodb_uri, numbers):
    class Recorder(CommandListener):
        def __init__(self):
            self.seen = []

        def started(self, event):
            self.seen.append((event.command_name, event.command.get("limit")))

        def succeeded(self, event):
            pass

        failed = succeeded

    recorder = Recorder()
    with Connection(mongodb_uri, event_listeners=[recorder]) as connection:
        things = connection[numbers.database.name].things
        with pytest.raises(MultipleResultsFound):
            things.proxy(Number).one()
        # The rest is the login.
        assert [seen for seen in recorder.seen if not seen[0].startswith("sasl")] == [("find", 2)]


def test_get_from_id(numbers):
    assert numbers.Number.get_from_id(3) == {"_id": 3, "n": 3, "even": False}
    assert numbers.Number.get_from_id(9) is None
    for condition in ({"$gt": ""}, {"$gte": 0}):
        with pytest.raises(TypeError, match="is a condition"):
            numbers.Number.get_from_id(condition)
        with pytest.raises(TypeError, match="is a condition"):
            numbers.get_from_id(condition)


def test_raw_ways_of_the_collection(numbers):
    assert type(numbers.one({"n": 3})) is dict
    assert type(numbers.get_from_id(3)) is dict
    assert numbers.one({"n": 9}) is numbers.get_from_id(9) is None
    with pytest.raises(MultipleResultsFound, match="more than one document"):
        numbers.one()


def test_instances_have_the_same_queries(numbers):
    document = numbers.Number()
    assert ns(document.find().sort("n")) == [0, 1, 2, 3, 4]
    assert document.find_one({"n": 3}) == document.one({"n": 3}) == document.get_from_id(3)


# The cursor

CHAINS = {
    "sort": (lambda c: c.sort("n"), [0, 1, 2, 3, 4]),
    "sort down": (lambda c: c.sort("n", -1), [4, 3, 2, 1, 0]),
    "sort by pairs": (lambda c: c.sort([("even", 1), ("n", -1)]), [3, 1, 4, 2, 0]),
    "limit": (lambda c: c.sort("n").limit(2), [0, 1]),
    "skip": (lambda c: c.sort("n").skip(3), [3, 4]),
    "skip and limit": (lambda c: c.sort("n").skip(1).limit(2), [1, 2]),
    "batch size": (lambda c: c.sort("n").batch_size(2), [0, 1, 2, 3, 4]),
    "hint": (lambda c: c.sort("n").hint([("_id", 1)]), [0, 1, 2, 3, 4]),
    "comment": (lambda c: c.sort("n").comment("x").max_time_ms(10_000), [0, 1, 2, 3, 4]),
    "slice": (lambda c: c.sort("n")[1:3], [1, 2]),
    "slice from": (lambda c: c.sort("n")[3:], [3, 4]),
    "slice to": (lambda c: c.sort("n")[:2], [0, 1]),
    "slice of nothing": (lambda c: c.sort("n")[2:2], []),
    "slice, then sort": (lambda c: c[1:3].sort("n", -1), [3, 2]),
    "clone": (lambda c: c.sort("n").limit(2).clone(), [0, 1]),
}


@pytest.mark.parametrize(("chain", "expected"), CHAINS.values(), ids=CHAINS)
def test_chains(numbers, chain, expected):
    cursor = chain(numbers.Number.find())
    assert isinstance(cursor, Cursor)
    assert ns(cursor) == expected


@pytest.mark.parametrize(
    ("chain", "total", "part"),
    [
        (lambda c: c, 5, 5),
        (lambda c: c.limit(2), 5, 2),
        (lambda c: c.skip(3), 5, 2),
        (lambda c: c.skip(1).limit(3), 5, 3),
        (lambda c: c.limit(-2), 5, 2),
        (lambda c: c.limit(2).limit(0), 5, 5),
        (lambda c: c.hint("_id_"), 5, 5),
        (lambda c: c[1:3], 5, 2),
        (lambda c: c[3:], 5, 2),
        (lambda c: c[:2], 5, 2),
        (lambda c: c.skip(4).limit(1)[1:4], 5, 3),
        (lambda c: c[2:2], 5, 0),
        (lambda c: c[2:2].clone(), 5, 0),
        (lambda c: c[2:2].limit(1), 5, 1),
        (lambda c: c[1:1][0:3], 5, 3),
        (lambda c: c.collation({"locale": "en"}), 5, 5),
        (lambda c: c.sort("n").clone().limit(1), 5, 1),
    ],
)
@pytest.mark.filterwarnings(r"ignore:(cursor\.)?count\(:DeprecationWarning")
def test_count(numbers, chain, total, part):
    cursor = chain(numbers.Number.find())
    assert cursor.count() == total
    assert cursor.count(with_limit_and_skip=True) == part


@pytest.mark.filterwarnings("ignore:cursor.count:DeprecationWarning")
def test_count_of_parameters(numbers):
    assert numbers.Number.find(skip=1, limit=2).count() == 5
    with pytest.warns(DeprecationWarning, match="count_documents"):
        assert numbers.Number.find(skip=1, limit=2).count(True) == 2


@pytest.mark.parametrize(
    "arguments", [((1, 2), {}), ((), {"skip": True}), ((True,), {"with_limit_and_skip": True})]
)
def test_count_takes_no_more(numbers, arguments):
    given, named = arguments
    with pytest.raises(TypeError):
        numbers.Number.find().count(*given, **named)


def test_count_is_what_a_paginator_calls(numbers):
    # As django.utils.inspect.method_has_no_args asks; what does not pass is asked for its len().
    parameters = inspect.signature(numbers.Number.find().count).parameters.values()
    assert {one.kind for one in parameters} <= {
        inspect.Parameter.VAR_POSITIONAL,
        inspect.Parameter.VAR_KEYWORD,
    }


def test_the_collection_of_a_cursor(numbers):
    for cursor in (numbers.Number.find(), numbers.Number.find()[1:2], numbers.Number.find().clone()):
        assert cursor.collection is numbers
        assert cursor.collection.full_name == numbers.full_name
        assert (cursor.alive, cursor.session) == (True, None)


PARTS = {
    "all": (lambda cursor: cursor, False),
    "sorted": (lambda cursor: cursor.sort("n"), False),
    "limit": (lambda cursor: cursor.limit(2), True),
    "no limit after all": (lambda cursor: cursor.limit(2).limit(0), False),
    "skip": (lambda cursor: cursor.skip(1), True),
    "a slice": (lambda cursor: cursor[1:3], True),
    "an empty slice": (lambda cursor: cursor[0:0], True),
    "a slice of all": (lambda cursor: cursor[0:], False),
    "a copy": (lambda cursor: cursor.limit(2).clone(), True),
    "with a condition in JavaScript": (lambda cursor: cursor.where("true").limit(2), True),
}


@pytest.mark.parametrize(("chain", "expected"), PARTS.values(), ids=PARTS)
def test_whether_it_is_a_part(numbers, chain, expected):
    assert chain(numbers.Number.find()).is_part is expected
    assert numbers.Number.find(limit=2).is_part
    assert numbers.Number.find(skip=2).is_part


@pytest.mark.parametrize(
    "chain", [lambda c: c.where("true"), lambda c: c.min([("n", 1)]), lambda c: c.max([("n", 1)])]
)
@pytest.mark.filterwarnings("ignore:cursor.count:DeprecationWarning")
def test_count_refuses_what_it_cannot_honour(numbers, chain):
    cursor = chain(numbers.Number.find())
    for counted in (cursor, cursor.clone(), cursor.limit(1)):
        with pytest.raises(InvalidOperation, match="cannot honour"):
            counted.count()


def test_indexing(numbers):
    cursor = numbers.Number.find().sort("n")
    assert cursor[0]["n"] == 0
    assert type(cursor[4]) is Number
    assert ns(cursor[1:3]) == [1, 2]
    assert ns(cursor[3:5]) == [3, 4]
    assert ns(cursor) == [0, 1, 2, 3, 4]
    with pytest.raises(IndexError):
        _ = cursor.clone()[5]
    with pytest.raises(IndexError):
        _ = cursor.clone()[-1]
    with pytest.raises(IndexError):
        _ = cursor.clone()[0:4:2]


def test_rewind_and_next(numbers):
    cursor = numbers.Number.find().sort("n")
    assert next(cursor)["n"] == 0
    assert cursor.next()["n"] == 1
    assert ns(cursor) == [2, 3, 4]
    with pytest.raises(StopIteration):
        next(cursor)
    assert ns(cursor) == []
    assert ns(cursor.rewind()) == [0, 1, 2, 3, 4]


def test_a_loop_can_be_left_and_taken_up(numbers):
    cursor = numbers.Number.find().sort("n").batch_size(2)
    for document in cursor:
        if document["n"] == 2:
            break
    assert ns(cursor) == [3, 4]


def begun(numbers, size=0):
    """Return a cursor of which a loop has asked for the first document, and was left."""
    cursor = numbers.Number.find().sort("n").batch_size(size)
    for document in cursor:
        assert document["n"] == 0
        break
    return cursor


READ_ON = {
    "for": (lambda cursor: cursor, [1, 2, 3, 4]),
    "next": (lambda cursor: iter(partial(next, cursor, None), None), [1, 2, 3, 4]),
    "all": (lambda cursor: cursor.to_list(), [1, 2, 3, 4]),
    "some": (lambda cursor: cursor.to_list(2), [1, 2]),
    "more than were sent": (lambda cursor: cursor.to_list(3), [1, 2, 3]),
    "clone": (lambda cursor: cursor.clone(), [0, 1, 2, 3, 4]),
    "another loop": (lambda cursor: [next(iter(cursor)), *cursor], [1, 2, 3, 4]),
    "closed": (lambda cursor: cursor.close() or cursor.to_list(1), [1]),
}


@pytest.mark.parametrize("size", [0, 2, 3])
@pytest.mark.parametrize("name", READ_ON)
def test_a_loop_that_is_left_loses_nothing(numbers, name, size):
    read, expected = READ_ON[name]
    if (name, size) == ("closed", 2):
        size = 3
    cursor = begun(numbers, size)
    assert cursor.alive
    assert ns(read(cursor)) == expected


def advanced(cursor):
    cursor.next()
    return cursor


class Loaded(Number):
    """What it reads takes steps."""

    def after_load(self):
        self["even"] = None


LISTED = {
    "a query": lambda numbers: numbers.Number.find(),
    "a query that was begun": lambda numbers: advanced(numbers.Number.find()),
    "a slice": lambda numbers: numbers.Number.find()[1:3],
    "a query with steps": lambda numbers: numbers.Loaded.find(),
    "an aggregation": lambda numbers: numbers.Number.aggregate([]),
    "an aggregation with steps": lambda numbers: numbers.Loaded.aggregate([]),
    "a query for dicts": lambda numbers: numbers.find(),
}


@pytest.mark.parametrize("twin", ["collection", "driven"])
@pytest.mark.parametrize("listed", LISTED.values(), ids=LISTED)
def test_a_list_has_a_length_as_pymongo_wants_it(request, twin, listed, numbers):
    found = request.getfixturevalue(twin)
    things = found if twin == "collection" else found.things
    things.database.client.register([Number, Loaded])
    cursor = listed(things)
    for length in (0, -1, False):
        with pytest.raises(ValueError, match="length must be greater than 0"):
            cursor.to_list(length)
    assert len(cursor.to_list(1)) == 1
    assert len(cursor.to_list()) in (1, 3, 4)
    assert cursor.to_list() == cursor.to_list(2) == []


def test_a_list_of_a_loop_that_was_left_has_a_length_too(numbers):
    with pytest.raises(ValueError, match="length must be greater than 0"):
        begun(numbers).to_list(0)


def test_a_loop_that_is_left_asks_for_no_more(numbers):
    cursor = begun(numbers, size=2)
    assert cursor.retrieved == 2
    assert ns(cursor) == [1, 2, 3, 4]
    assert not cursor.alive


def test_a_cursor_is_alive_as_long_as_it_has_documents(numbers):
    cursor = begun(numbers)
    assert [cursor.alive, *[cursor.alive for _ in cursor]] == [True, True, True, True, False]


STEPS = {
    "after_load": {"after_load": lambda self: None},
    "autorefs": {"structure": {"n": int, "other": Number}, "use_autorefs": True, "required_fields": []},
}


@pytest.mark.parametrize("stop", [0, 3])
@pytest.mark.parametrize("name", STEPS)
def test_a_cursor_of_finished_documents_is_alive_as_long_as_it_has_some(numbers, name, stop):
    """Documents that take steps are finished in portions, ahead of those who ask for them."""
    numbers.database.client.register(type("Stepping", (Number,), STEPS[name]))
    cursor = numbers.Stepping.find().sort("n").limit(stop)
    found = []
    while cursor.alive:
        found.append(cursor.next()["n"])
    assert found == [0, 1, 2, 3, 4][: stop or None]
    cursor = numbers.Stepping.find().sort("n")
    assert (cursor.next()["n"], cursor.alive, ns(cursor.to_list()), cursor.alive) == (
        0,
        True,
        [1, 2, 3, 4],
        False,
    )


def test_a_deep_copy_of_a_cursor_is_of_its_query(numbers):
    cursor = numbers.Number.find().sort("n").limit(2)
    cursor.next()
    assert ns(copy.deepcopy(cursor)) == [0, 1]
    assert ns(cursor) == [1]


def test_a_loop_that_is_left_is_rewound(numbers):
    assert ns(begun(numbers).rewind()) == [0, 1, 2, 3, 4]


def test_documents_with_steps_begin_where_a_loop_was_left(numbers):
    cursor = begun(numbers)
    loaded = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Number, "after_load", lambda document: loaded.append(document["n"]), raising=False)
        patch.setattr(Number, "_load_steps", LoadSteps(is_hooked=True))
        assert ns(cursor) == loaded == [1, 2, 3, 4]


class OneByOne:
    """A cursor that gives no more than the next, as that of a collection may that is not PyMongo's."""

    def __init__(self, source):
        self.next = source.next


def test_a_cursor_that_gives_one_after_the_other(numbers):
    cursor = numbers.Number.find().sort("n")
    cursor._source = OneByOne(cursor._source)
    assert next(iter(cursor))["n"] == 0
    assert ns(cursor) == [1, 2, 3, 4]
    assert ns(cursor) == []


def test_it_has_no_length_and_is_true(numbers):
    cursor = numbers.Number.find({"n": 9})
    with pytest.raises(TypeError):
        len(cursor)
    assert cursor


def test_the_rest_of_pymongos_cursor(numbers):
    cursor = numbers.Number.find().sort("n")
    assert sorted(cursor.distinct("even")) == [False, True]
    assert cursor.alive is True
    assert cursor.explain()
    assert [type(document) for document in cursor.to_list(2)] == [Number, Number]
    assert cursor.retrieved >= 2
    cursor.close()
    with numbers.Number.find().batch_size(2) as opened:
        next(opened)
        next(opened)
        assert opened.cursor_id
    assert not opened.alive
    with pytest.raises(AttributeError):
        _ = cursor._data
    with pytest.raises(AttributeError):
        _ = cursor.no_such
    assert repr(cursor) == "<mongokit.cursor.Cursor of Number>"


# Classes that share a collection


class Vehicle(Document):
    structure = {"_type": str, "wheels": int}


class Car(Vehicle):
    structure = {"doors": int}
    use_dot_notation = True


class Truck(Vehicle):
    structure = {"load": {"tons": float}}
    use_dot_notation = True


@pytest.fixture
def vehicles(connection, collection):
    connection.register([Vehicle, Car, Truck])
    for document in (
        collection.Vehicle(),
        collection.Car(),
        collection.Truck({"wheels": 6, "load": {"tons": 3.0}}),
    ):
        document.save()
    return collection


def test_a_query_by_the_base_gives_the_stored_classes(vehicles):
    kinds = [Vehicle, Car, Truck]
    assert [type(found) for found in vehicles.Vehicle.find()] == kinds
    assert [type(vehicles.Vehicle.find()[i]) for i in range(3)] == kinds
    assert type(vehicles.Vehicle.find_one({"_type": "Car"})) is Car
    assert vehicles.Vehicle.one({"_type": "Truck"}).load.tons == 3.0
    assert type(vehicles.Vehicle.one({"_type": "Truck"}).find_one({"_type": "Truck"})) is Truck


def test_a_query_by_a_child_does_not_give_other_classes(vehicles):
    assert {type(found) for found in vehicles.Car.find()} == {Car}


@pytest.mark.parametrize("stored", ["Unknown", None, 3, ["Car"]])
def test_a_type_that_is_not_registered_is_the_class_asked_for(vehicles, stored):
    vehicles.insert_one({"_id": 1, "_type": stored})
    assert type(vehicles.Vehicle.get_from_id(1)) is Vehicle


def test_a_type_that_is_no_subclass_is_the_class_asked_for(vehicles, connection):
    connection.register(Number)
    vehicles.insert_one({"_id": 1, "_type": "Number"})
    assert type(vehicles.Vehicle.get_from_id(1)) is Vehicle


def test_without_the_field_in_the_structure_there_is_no_such_thing(connection, collection):
    class Base(Document):
        structure = {"a": int}

    class Child(Base):
        pass

    connection.register([Base, Child])
    collection.Child().save()
    collection.update_one({}, {"$set": {"_type": "Child"}})
    assert type(collection.Base.one()) is Base


@pytest.mark.parametrize("field", ["_t", None])
def test_the_field_can_have_another_name_or_none(connection, collection, field):
    class Base(Document):
        type_field = field
        structure = {"_t": str, "_type": str}

    class Child(Base):
        pass

    connection.register([Base, Child])
    collection.Child().save()
    assert collection.find_one()["_t"] == ("Child" if field else None)
    assert collection.find_one()["_type"] is None
    assert type(collection.Base.one()) is (Child if field else Base)


def test_given_content_gets_its_type_too():
    assert Car({"wheels": 4}) == {"wheels": 4, "_type": "Car"}
    assert Car({"wheels": 4, "_type": "Other"})["_type"] == "Other"


def test_projected_documents_stay_partial(numbers):
    found = numbers.Number.one({"n": 3}, {"n": True, "_id": False})
    assert found == {"n": 3}


def test_pymongo_version_is_new_enough():
    assert pymongo.version_tuple >= (4, 13)
