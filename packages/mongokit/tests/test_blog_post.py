"""What was written about MongoKit in 2010 works: the walk through its post, step by step."""

from __future__ import annotations

import datetime
import logging

import pymongo
import pytest
from bson import ObjectId

from mongokit import Connection, Document, MultipleResultsFound


def utcnow():
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


class Computer(Document):
    structure = {
        "make": str,
        "model": str,
        "purchase_date": datetime.datetime,
        "cpu_ghz": float,
    }
    validators = {
        "cpu_ghz": lambda x: x > 0,
        "make": lambda x: x.strip(),
    }
    default_values = {"purchase_date": utcnow}
    use_dot_notation = True
    indexes = [{"fields": ["make"]}]


@pytest.fixture
def computers(connection, collection):
    connection.register([Computer])
    return collection


def apple(computers):
    instance = computers.Computer()
    instance.make = "Apple"
    instance.model = "G5"
    instance.save()
    return instance


def test_names_and_structure():
    assert issubclass(Document, dict)
    assert issubclass(Connection, pymongo.MongoClient)
    assert set(Computer.structure) == {"make", "model", "purchase_date", "cpu_ghz"}


def test_an_instance_is_of_the_class(computers):
    instance = computers.Computer()
    assert type(instance) is Computer
    assert repr(type(instance)).endswith("test_blog_post.Computer'>")


def test_the_default_is_taken_when_the_instance_is_made_and_the_id_when_saved(computers):
    before = utcnow()
    instance = computers.Computer()
    made = utcnow()
    assert before <= instance.purchase_date <= made
    assert "_id" not in instance
    instance.save()
    assert isinstance(instance["_id"], ObjectId)


def test_a_slip_of_the_pen_is_not_stored_and_said(computers, caplog):
    instance = computers.Computer()
    instance.make = "Apple"
    with caplog.at_level(logging.WARNING, "mongokit"):
        instance.cpu_hrz = 2.66
    assert "dot notation: cpu_hrz was not found in structure" in caplog.text
    instance.save()
    stored = computers.find_one()
    assert "cpu_hrz" not in stored
    assert stored["cpu_ghz"] is None


def test_what_is_printed(computers):
    instance = apple(computers)
    shown = eval(repr(instance), {"ObjectId": ObjectId, "datetime": datetime})
    assert type(shown) is dict
    assert set(shown) == {"make", "model", "cpu_ghz", "purchase_date", "_id"}
    assert (shown["make"], shown["model"], shown["cpu_ghz"]) == ("Apple", "G5", None)


def test_microseconds_come_back_as_milliseconds(computers):
    instance = computers.Computer()
    instance.purchase_date = datetime.datetime(2010, 3, 6, 12, 3, 8, 281905)
    instance.save()
    assert computers.Computer.one().purchase_date == datetime.datetime(2010, 3, 6, 12, 3, 8, 281000)


@pytest.mark.filterwarnings("ignore:cursor.count:DeprecationWarning")
def test_find_gives_a_cursor_of_documents(computers):
    instance = apple(computers)
    instances = computers.Computer.find()
    assert f"{type(instances).__module__}.{type(instances).__name__}" == "mongokit.cursor.Cursor"
    found = next(iter(instances))
    assert type(found) is Computer
    assert found["_id"] == instance["_id"]
    assert computers.Computer.find().count() == 1


def test_one_is_the_first_of_find(computers):
    apple(computers)
    assert [computers.Computer.one()] == list(computers.Computer.find())


def test_one_and_find_take_search_parameters(computers):
    apple(computers)
    assert computers.Computer.one({"make": "Apple"}).model == "G5"
    assert computers.Computer.one({"make": "Dell"}) is None
    assert [c.model for c in computers.Computer.find({"make": "Apple"})] == ["G5"]
    apple(computers)
    with pytest.raises(MultipleResultsFound):
        computers.Computer.one({"make": "Apple"})


def test_pymongo_is_all_there(computers):
    apple(computers)
    computers.insert_one({"make": "Dell"})
    assert computers.count_documents({"make": {"$in": ["Apple", "Dell"]}}) == 2
    grouped = computers.aggregate([{"$group": {"_id": "$make"}}, {"$sort": {"_id": 1}}])
    assert [group["_id"] for group in grouped] == ["Apple", "Dell"]
    assert isinstance(computers, pymongo.collection.Collection)
    assert isinstance(computers.database, pymongo.database.Database)


def test_only_what_the_structure_says_is_stored(computers):
    instance = apple(computers)
    instance["colour"] = "grey"
    with pytest.raises(Exception, match="unknown fields in Computer: colour"):
        instance.save()
    assert "colour" not in computers.find_one()


def test_the_raw_path(computers):
    apple(computers)
    for item in computers.find():
        assert type(item) is dict
        with pytest.raises(AttributeError):
            _ = item.cpu_ghz
        assert item["cpu_ghz"] is None
        instance = computers.Computer(item)
        assert type(instance) is Computer
        assert instance == item
        assert instance.make == "Apple"


def test_different_documents_in_one_collection(connection, computers):
    @connection.register
    class Printer(Document):
        structure = {"make": str, "pages": int}

    apple(computers)
    computers.Printer({"make": "HP", "pages": 10}).save()
    assert computers.count_documents({}) == 2
    printers = list(computers.Printer.find({"pages": {"$exists": True}}))
    assert [type(printer) for printer in printers] == [Printer]
    assert [type(computer) for computer in computers.Computer.find({"model": {"$exists": True}})] == [
        Computer
    ]
    with pytest.raises(AttributeError):
        _ = printers[0].make


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("cpu_ghz", -1.0, "cpu_ghz does not pass the validator <lambda>"),
        ("cpu_ghz", 0.0, "cpu_ghz does not pass the validator <lambda>"),
        ("make", "  ", "make does not pass the validator <lambda>"),
        ("make", 3, "make must be an instance of str not int"),
        ("purchase_date", "today", "purchase_date must be an instance of datetime not str"),
    ],
)
def test_a_wrong_value_is_refused_and_nothing_written(computers, field, value, message):
    instance = computers.Computer()
    instance[field] = value
    with pytest.raises(Exception, match=message):
        instance.save()
    assert computers.count_documents({}) == 0
    assert "_id" not in instance
