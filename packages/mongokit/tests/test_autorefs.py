"""Eager references: what MongoKit says of them, sentence by sentence, and how few queries they take."""

from __future__ import annotations

import copy
import datetime
import json
from contextlib import suppress

import pytest
from bson import DBRef, ObjectId
from pymongo import InsertOne

from mongokit import (
    AutoReferenceError,
    Connection,
    ConnectionError,
    CustomType,
    Document,
    OperationFailure,
    PartialDocumentError,
    Ref,
    RequireFieldError,
    SchemaTypeError,
    StructureError,
    ValidationError,
)


class DocA(Document):
    structure = {"_id": str, "a": {"foo": int}, "when": datetime.datetime, "note": str}
    use_dot_notation = True


class SubA(DocA):
    structure = {"extra": str}


class Other(Document):
    structure = {"x": int}


class DocB(Document):
    structure = {
        "b": {"doc_a": DocA, "bar": int},
        "list": [DocA],
        "items": [{"doc_a": DocA}],
        "keyed": {str: DocA},
    }
    use_autorefs = True
    use_dot_notation = True


class DocC(Document):
    structure = {"name": str, "doc_b": DocB, "doc_a": DocA}
    use_autorefs = True


@pytest.fixture
def connection_(mongodb_uri, asked):
    with Connection(mongodb_uri, event_listeners=[asked]) as connection:
        connection.register([DocA, SubA, Other, DocB, DocC])
        yield connection


@pytest.fixture
def db(connection_, database):
    return connection_[database.name]


@pytest.fixture
def col(db):
    return db.things


def make_a(col, id="a", foo=3, **more):
    doc = col.DocA()
    doc.update({"_id": id, "a": {"foo": foo}, **more})
    return doc


@pytest.fixture
def doc_a(col):
    return make_a(col).save()


@pytest.fixture
def doc_b(col, doc_a):
    doc = col.DocB()
    doc["_id"] = "b"
    doc["b"] = {"doc_a": doc_a, "bar": 1}
    return doc.save()


class TestSentences:
    """Section by section: what a MongoKit application relies on."""

    def test_stored_as_dbref_with_collection_id_and_database(self, db, col, doc_b):
        assert col.find_one({"_id": "b"})["b"]["doc_a"] == DBRef("things", "a", db.name)

    def test_single_nested_in_lists_in_lists_of_dicts_by_key(self, db, col, doc_a):
        second = make_a(col, "a2", 4).save()
        doc = col.DocB()
        doc.update(
            {
                "b": {"doc_a": doc_a, "bar": None},
                "list": [doc_a, second],
                "items": [{"doc_a": second}, {"doc_a": None}],
                "keyed": {"k": doc_a},
            }
        )
        doc.save()
        a, a2 = (DBRef("things", id, db.name) for id in ("a", "a2"))
        stored = col.find_one({"_id": doc["_id"]})
        assert (stored["b"]["doc_a"], stored["list"], stored["items"], stored["keyed"]) == (
            a,
            [a, a2],
            [{"doc_a": a2}, {"doc_a": None}],
            {"k": a},
        )
        found = col.DocB.get_from_id(doc["_id"])
        assert found == doc
        assert [type(one) for one in (found["b"]["doc_a"], *found["list"], found["items"][0]["doc_a"])] == [
            DocA
        ] * 4
        assert found["keyed"]["k"].collection == col

    def test_loaded_eagerly(self, col, doc_b, asked):
        found = col.DocB.get_from_id("b")
        asked.clear()
        assert found["b"]["doc_a"] == {"_id": "a", "a": {"foo": 3}, "when": None, "note": None}
        assert asked.since() == []

    def test_in_memory_the_documents_stay(self, col, doc_a, doc_b):
        assert doc_b["b"]["doc_a"] is doc_a

    def test_subclass_instances_are_accepted(self, col):
        sub = SubA({**SubA(), "_id": "s"}, collection=col).save()
        doc = col.DocB()
        doc["b"]["doc_a"] = sub
        doc.save()
        # Without a type_field nothing says of which subclass it is.
        assert type(col.DocB.get_from_id(doc["_id"])["b"]["doc_a"]) is DocA

    def test_instances_of_stored_subclasses(self, connection_, col):
        class Typed(Document):
            structure = {"_type": str, "x": int}

        class Sub(Typed):
            pass

        class Holder(Document):
            structure = {"one": Typed}
            use_autorefs = True

        connection_.register([Typed, Sub, Holder])
        holder = Holder({"one": Sub({"x": 1, "_type": None}, collection=col).save()}, collection=col).save()
        assert type(col.Holder.get_from_id(holder["_id"])["one"]) is Sub

    WRONG = {
        "number": lambda col: 4,
        "dict": lambda col: {"_id": "a"},
        "another class": lambda col: col.Other({"x": 1}),
        "DBRef": lambda col: DBRef("things", "a"),
        "id": lambda col: "a",
        "the callable proxy": lambda col: col.DocA,
        "the class": lambda col: DocA,
    }

    @pytest.mark.parametrize("name", WRONG)
    def test_others_are_refused(self, col, name, doc_a):
        doc = col.DocB()
        doc["b"]["doc_a"] = self.WRONG[name](col)
        with pytest.raises(SchemaTypeError, match=r"b\.doc_a must be an instance of DocA not"):
            doc.validate()
        with pytest.raises(SchemaTypeError):
            doc.save()
        assert col.count_documents({}) == 1

    def test_validate_validates_the_referenced(self, col, doc_b):
        doc_b["b"]["doc_a"]["a"]["foo"] = "x"
        with pytest.raises(
            SchemaTypeError, match=r"b\.doc_a\.a\.foo must be an instance of int not str"
        ) as error:
            doc_b.validate()
        assert [one["path"] for one in error.value.errors()] == ["b.doc_a.a.foo"]
        with pytest.raises(SchemaTypeError):
            doc_b.save()
        assert col.find_one({"_id": "a"})["a"] == {"foo": 3}

    def test_save_saves_referenced_documents_whose_content_changed(self, col, doc_b, asked):
        found = col.DocB.get_from_id("b")
        found["b"]["doc_a"]["a"]["foo"] = 4
        asked.clear()
        found.save()
        assert asked.since() == ["update things", "update things"]
        assert col.find_one({"_id": "a"})["a"] == {"foo": 4}

    def test_and_only_those(self, col, doc_b, asked):
        found = col.DocB.get_from_id("b")
        col.update_one({"_id": "a"}, {"$set": {"note": "by somebody else"}})
        found["b"]["bar"] = 9
        asked.clear()
        found.save()
        assert asked.since() == ["update things"]
        assert col.find_one({"_id": "a"})["note"] == "by somebody else"

    def test_changed_again_after_a_save(self, col, doc_b, asked):
        found = col.DocB.get_from_id("b")
        for foo in (5, 6):
            found["b"]["doc_a"]["a"]["foo"] = foo
            found.save()
            assert col.find_one({"_id": "a"})["a"] == {"foo": foo}
        asked.clear()
        found.save()
        assert asked.since() == ["update things"]

    def test_saved_by_itself_it_is_not_saved_again(self, col, doc_b, asked):
        found = col.DocB.get_from_id("b")
        found["b"]["doc_a"]["a"]["foo"] = 5
        found["b"]["doc_a"].save()
        col.update_one({"_id": "a"}, {"$set": {"note": "since"}})
        found.save()
        assert col.find_one({"_id": "a"})["note"] == "since"

    def test_none_is_allowed_and_can_be_set_again(self, col, doc_b):
        doc_b["b"]["doc_a"] = None
        doc_b.save()
        assert col.find_one({"_id": "b"})["b"]["doc_a"] is None
        assert col.DocB.get_from_id("b")["b"]["doc_a"] is None
        assert col.DocB()["b"]["doc_a"] is None

    def test_a_default_may_be_a_saved_document(self, connection_, col, doc_a):
        @connection_.register
        class Defaulting(Document):
            structure = {"one": DocA, "two": DocA, "many": [DocA]}
            default_values = {"one": doc_a, "two": lambda: doc_a, "many": [doc_a]}
            use_autorefs = True

        doc = col.Defaulting()
        assert doc["one"] is doc["two"] is doc["many"][0] is doc_a
        doc.save()
        assert col.Defaulting.get_from_id(doc["_id"]) == doc
        assert col.Defaulting()["many"] is not doc["many"]

    def test_references_cross_collections_and_databases(self, connection_, db, col):
        other = connection_[f"{db.name}_other"]
        try:
            far = make_a(other.elsewhere, "far").save()
            doc = col.DocB()
            doc["b"]["doc_a"] = far
            doc["list"] = [make_a(db.second, "near").save()]
            doc.save()
            stored = col.find_one({"_id": doc["_id"]})
            assert stored["b"]["doc_a"] == DBRef("elsewhere", "far", other.name)
            assert stored["list"] == [DBRef("second", "near", db.name)]
            found = col.DocB.get_from_id(doc["_id"])
            assert found["b"]["doc_a"].collection.full_name == f"{other.name}.elsewhere"
            found["b"]["doc_a"]["note"] = found["list"][0]["note"] = "new"
            found.save()
            assert other.elsewhere.find_one()["note"] == db.second.find_one()["note"] == "new"
        finally:
            connection_.drop_database(other)

    def test_a_dbref_without_database(self, connection_, col, doc_a):
        col.insert_one({"_id": "b", "b": {"doc_a": DBRef("things", "a"), "bar": 1}, "list": [], "items": []})
        with pytest.raises(
            RuntimeError, match=r"b\.doc_a of DocB 'b' is DBRef.* force_autorefs_current_db = True"
        ):
            col.DocB.get_from_id("b")

        @connection_.register
        class Forcing(DocB):
            force_autorefs_current_db = True

        assert col.Forcing.get_from_id("b")["b"]["doc_a"] == doc_a

    def test_a_target_that_is_not_there(self, db, col, doc_b):
        col.delete_one({"_id": "a"})
        with pytest.raises(
            AutoReferenceError, match=rf"b\.doc_a of DocB 'b' refers to DocA 'a' in {db.name}\.things"
        ):
            col.DocB.get_from_id("b")
        with pytest.raises(AutoReferenceError):
            list(col.DocB.find({"_id": "b"}))
        with pytest.raises(AutoReferenceError):
            doc_b.reload()

    def test_required_fields(self, connection_, col, doc_a):
        @connection_.register
        class Requiring(Document):
            structure = {"a": DocA, "in": {"a": DocA}}
            required_fields = ["a", "in.a"]
            use_autorefs = True

        doc = col.Requiring()
        with pytest.raises(RequireFieldError) as error:
            doc.save()
        assert [one["path"] for one in error.value.errors()] == ["a", "in.a"]
        doc["a"] = doc["in"]["a"] = doc_a
        doc.save()

    def test_dot_notation(self, col, doc_b):
        found = col.DocB.get_from_id("b")
        assert found.b.doc_a.a.foo == 3
        found.b.doc_a.a.foo = 7
        found.save()
        assert col.find_one({"_id": "a"})["a"] == {"foo": 7}

    def test_skip_validation(self, connection_, col, doc_a):
        @connection_.register
        class Skipping(DocB):
            skip_validation = True

        doc = col.Skipping()
        doc["b"] = {"doc_a": doc_a, "bar": "no number"}
        doc.save()
        assert col.Skipping.get_from_id(doc["_id"])["b"]["doc_a"] == doc_a

    def test_a_referenced_class_may_skip_validation(self, connection_, col):
        @connection_.register
        class Loose(Document):
            structure = {"n": int}
            skip_validation = True

        @connection_.register
        class Strict(Document):
            structure = {"one": Loose}
            use_autorefs = True

        strict = col.Strict({"one": col.Loose({"n": "x"})}).save()
        assert col.Strict.get_from_id(strict["_id"])["one"]["n"] == "x"

    def test_registered_again(self, connection_, col, doc_b):
        class DocA(Document):
            structure = {"_id": str, "a": {"foo": int}, "when": datetime.datetime, "note": str}

            def shout(self):
                return "!"

        DocA.__module__, DocA.__qualname__ = globals()["DocA"].__module__, "DocA"
        connection_.register(DocA)
        found = col.DocB.get_from_id("b")
        assert found["b"]["doc_a"].shout() == "!"
        found.save()
        fresh = col.DocA({"_id": "fresh", "a": {"foo": 1}, "when": None, "note": None}).save()
        found["list"] = [fresh]
        found.save()

    def test_what_is_overridden_counts(self, connection_, col):
        @connection_.register
        class Deriving(Document):
            structure = {"n": int, "double": int}

            def validate(self):
                self["double"] = self["n"] * 2
                super().validate()

        @connection_.register
        class Holder(Document):
            structure = {"one": Deriving}
            use_autorefs = True

        one = col.Deriving({"n": 1, "double": None}).save()
        holder = col.Holder({"one": one}).save()
        one["n"] = 4
        holder.save()
        assert col.find_one({"_id": one["_id"]})["double"] == 8

    def test_custom_types_of_the_referenced(self, connection_, col):
        class Cents(CustomType):
            mongo_type = int
            python_type = float

            def to_bson(self, value):
                return round(value * 100)

            def to_python(self, value):
                return value / 100

        @connection_.register
        class Priced(Document):
            structure = {"price": Cents()}

        @connection_.register
        class Order(Document):
            structure = {"what": Priced}
            use_autorefs = True

        order = col.Order({"what": col.Priced({"price": 1.5})}).save()
        assert col.find_one({"_id": order["what"]["_id"]})["price"] == 150
        found = col.Order.get_from_id(order["_id"])
        found["what"]["price"] = 2.5
        found.save()
        assert col.find_one({"_id": order["what"]["_id"]})["price"] == 250

    def test_without_use_autorefs_a_class_is_refused(self):
        with pytest.raises(
            StructureError, match=r"a: DocA is a Document, .* write Ref\(DocA\), or set use_autorefs"
        ):
            type("Wrong", (Document,), {"structure": {"a": DocA}})

    def test_annotated(self, connection_, col, doc_a):
        @connection_.register
        class Annotated_(Document):
            first: DocA
            many: list[DocA] = []
            maybe: DocA | None = None
            fixed: tuple[DocA, ...] = ()
            use_autorefs = True

        doc = col.Annotated_()
        with pytest.raises(RequireFieldError, match="first"):
            doc.save()
        doc.first, doc.many, doc.fixed = doc_a, [doc_a], (doc_a,)
        doc.save()
        found = col.Annotated_.get_from_id(doc["_id"])
        assert found == doc
        assert found.first is found.many[0] is found.fixed[0]
        assert type(found.fixed) is tuple


class TestSaving:
    def test_new_documents_are_saved_first(self, col):
        doc = col.DocC({"name": "c", "doc_b": col.DocB(), "doc_a": None})
        doc["doc_b"]["b"]["doc_a"] = make_a(col, "new")
        doc.save()
        assert col.count_documents({}) == 3
        assert col.DocC.get_from_id(doc["_id"]) == doc

    def test_nothing_is_written_when_one_of_them_is_invalid(self, col):
        doc = col.DocC({"name": "c", "doc_b": col.DocB(), "doc_a": make_a(col, "a")})
        doc["doc_b"]["b"]["doc_a"] = make_a(col, "a2", foo="x")
        with pytest.raises(SchemaTypeError, match=r"doc_b\.b\.doc_a\.a\.foo"):
            doc.save()
        assert col.count_documents({}) == 0

    def test_nothing_is_written_when_one_is_bound_nowhere(self, col):
        doc = col.DocC({"name": "c", "doc_b": DocB(), "doc_a": make_a(col, "a")})
        with pytest.raises(ConnectionError, match="this DocB is bound to no collection"):
            doc.save()
        assert col.count_documents({}) == 0

    def test_what_was_not_loaded_as_a_reference_is_compared(self, col, doc_a, asked):
        found = col.DocA.get_from_id("a")
        doc = col.DocB()
        doc["b"]["doc_a"] = found
        asked.clear()
        doc.save()
        assert asked.since() == ["find things", "insert things"]
        found["note"] = "changed"
        asked.clear()
        doc.save()
        assert asked.since() == ["update things", "update things"]
        assert col.find_one({"_id": "a"})["note"] == "changed"

    def test_what_is_not_stored_any_more_is_stored_again(self, col, doc_a):
        doc = col.DocB()
        doc["b"]["doc_a"] = doc_a
        col.delete_one({"_id": "a"})
        doc.save()
        assert col.find_one({"_id": "a"}) == doc_a

    def test_a_part_of_one_is_never_saved_as_the_whole(self, col, doc_a):
        part = col.DocA.find_one({"_id": "a"}, {"a": True})
        doc = col.DocB()
        doc["b"]["doc_a"] = part
        doc.save(validate=False)
        doc.save(validate=False)
        assert col.find_one({"_id": "a"}) == doc_a
        part["a"]["foo"] = 77
        with pytest.raises(PartialDocumentError):
            doc.save(validate=False)
        assert col.find_one({"_id": "a"}) == doc_a

    def test_only_what_is_saved(self, col, doc_b):
        found = col.DocB.get_from_id("b")
        found["b"]["doc_a"]["note"] = "new"
        found["list"] = [make_a(col, "a2")]
        found.save(only=["list"])
        assert col.find_one({"_id": "a"})["note"] is None
        assert col.find_one({"_id": "a2"}) is not None
        found.save(only=["b"])
        assert col.find_one({"_id": "a"})["note"] == "new"

    def test_validate_false_is_for_all(self, col, doc_b):
        doc_b["b"]["doc_a"]["a"]["foo"] = "x"
        doc_b.save(validate=False)
        assert col.find_one({"_id": "a"})["a"] == {"foo": "x"}

    def test_the_server_refuses_one(self, col):
        col.create_index("note", unique=True, partialFilterExpression={"note": {"$exists": True}})
        make_a(col, "a", note="taken").save()
        doc = col.DocB()
        doc["b"]["doc_a"] = make_a(col, "a2", note="taken")
        with pytest.raises(OperationFailure, match="note must be unique"):
            doc.save()
        assert "_id" not in doc
        assert col.count_documents({}) == 1

    def test_hooks_of_the_referenced(self, connection_, col):
        calls = []

        @connection_.register
        class Hooked(Document):
            structure = {"n": int, "slug": str}
            required_fields = ["slug"]

            def before_save(self):
                calls.append("before_save")
                self["slug"] = "s"

            def after_save(self, created):
                calls.append(("after_save", created))

            def after_load(self):
                calls.append("after_load")

        @connection_.register
        class Holder(Document):
            structure = {"one": Hooked}
            use_autorefs = True

            def after_load(self):
                calls.append(("owner", self["one"]["n"]))

        holder = col.Holder({"one": col.Hooked()}).save()
        assert calls == ["before_save", ("after_save", True)]
        calls.clear()
        holder.save()
        assert calls == []
        found = col.Holder.get_from_id(holder["_id"])
        assert calls == ["after_load", ("owner", None)]
        found["one"]["n"] = 5
        calls.clear()
        found.save()
        assert calls == ["before_save", ("after_save", False)]

    def test_revisions_of_the_referenced(self, connection_, col):
        @connection_.register
        class Counted(Document):
            structure = {"n": int}
            use_revision = True

        @connection_.register
        class Holder(Document):
            structure = {"one": Counted}
            use_autorefs = True

        holder = col.Holder({"one": col.Counted({"n": 1})}).save()
        mine, other = col.Holder.get_from_id(holder["_id"]), col.Holder.get_from_id(holder["_id"])
        mine["one"]["n"] = 2
        mine.save()
        other["one"]["n"] = 3
        with pytest.raises(OperationFailure, match="has been changed or deleted since it was read"):
            other.save()
        assert mine["one"]["_revision"] == 2
        mine.save()
        assert col.find_one({"_id": mine["one"]["_id"]})["_revision"] == 2

    def test_collected_errors(self, connection_, col):
        @connection_.register
        class Collecting(DocC):
            raise_validation_errors = False

        class Quiet(DocA):
            raise_validation_errors = False

        doc = col.Collecting({"name": "c", "doc_b": None, "doc_a": None})
        doc["doc_a"] = Quiet({"_id": 5, "a": {"foo": None}, "when": None, "note": None}, collection=col)
        doc.validate()
        assert list(doc.validation_errors) == ["doc_a._id"]

    def test_what_a_validate_raises_itself_gets_a_path(self, connection_, col):
        class Moody(DocA):
            def validate(self):
                raise ValidationError("not today")

        doc = col.DocC({"name": "c", "doc_b": None, "doc_a": Moody({"_id": "m"}, collection=col)})
        with pytest.raises(ValidationError, match="doc_a: not today"):
            doc.validate()


class TestQueriesTaken:
    def test_one_for_each_collection_and_level_of_a_portion(self, db, asked):
        for i in range(20):
            make_a(db.a, str(i), i).save()
        db.b.insert_many(
            [{"_id": i, "b": {"doc_a": DBRef("a", str(i % 20), db.name), "bar": 1}} for i in range(150)]
        )
        db.c.insert_many(
            [
                {
                    "_id": i,
                    "name": str(i),
                    "doc_b": DBRef("b", i, db.name),
                    "doc_a": DBRef("a", str(i % 20), db.name),
                }
                for i in range(150)
            ]
        )
        asked.clear()
        found = db.c.DocC.find().sort("_id").to_list()
        assert [one["doc_b"]["b"]["doc_a"]["a"]["foo"] for one in found] == [i % 20 for i in range(150)]
        # 101 documents, and 49: of those that are referred to none is read twice.
        assert asked.since() == ["find c", "find b", "find a", "find b", "find a"]
        assert found[0]["doc_a"] is found[20]["doc_b"]["b"]["doc_a"]

    def test_single_ones(self, col, doc_b, asked):
        for load in (
            lambda: col.DocB.get_from_id("b"),
            lambda: col.DocB.find_one({"_id": "b"}),
            lambda: col.DocB.one({"_id": "b"}),
            lambda: next(col.DocB.find({"_id": "b"})),
            lambda: col.DocB.find({"_id": "b"})[0],
        ):
            asked.clear()
            assert load()["b"]["doc_a"]["a"]["foo"] == 3
            assert asked.since() == ["find things", "find things"]


class TestCircles:
    """A document that refers to itself, by way of others or not, is one object."""

    @pytest.fixture
    def ring(self, connection_, col):
        # A class cannot name itself eagerly, so it is declared as any document and read as such.
        class Base(Document):
            structure = {"_id": int, "_type": str, "name": str}

        class Link(Base):
            structure = {"to": Base}
            use_autorefs = True

        connection_.register([Base, Link])
        made = [
            Link({"_id": i, "_type": "Link", "name": str(i), "to": None}, collection=col) for i in range(3)
        ]
        for i, one in enumerate(made):
            one["to"] = made[(i + 1) % 3]
        made[0].save()
        return col

    def test_saved_and_loaded(self, ring, asked):
        assert sorted(one["_id"] for one in ring.find()) == [0, 1, 2]
        asked.clear()
        first = ring.Link.get_from_id(0)
        assert first["to"]["to"]["to"] is first
        assert asked.since() == ["find things"] * 3

    def test_cursor(self, ring, asked):
        asked.clear()
        found = ring.Link.find().sort("_id").to_list()
        assert [one["to"]["_id"] for one in found] == [1, 2, 0]
        assert found[0]["to"] is found[1]
        assert asked.since() == ["find things"]

    def test_reload(self, ring):
        first = ring.Link.get_from_id(0)
        first["name"] = "dropped"
        first.reload()
        assert first["name"] == "0"
        assert first["to"]["to"]["to"] is first

    def test_changes_anywhere_are_saved_once(self, ring, asked):
        first = ring.Link.get_from_id(0)
        first["to"]["to"]["name"] = "changed"
        asked.clear()
        first.save()
        assert asked.since() == ["update things"] * 2
        assert ring.find_one({"_id": 2})["name"] == "changed"

    def test_validated_once(self, ring):
        first = ring.Link.get_from_id(0)
        first.validate()
        first["to"]["to"]["name"] = 5
        with pytest.raises(SchemaTypeError) as error:
            first.validate()
        assert [one["path"] for one in error.value.errors()] == ["to.to.name"]

    def test_copies(self, ring):
        first = ring.Link.get_from_id(0)
        other = copy.deepcopy(first)
        assert other is not first
        assert other["to"]["to"]["to"] is other
        assert other["to"] is not first["to"]
        assert other["to"].collection == first.collection
        shallow = copy.copy(first)
        assert shallow["to"] is first["to"]

    def test_json(self, ring, db):
        written = ring.Link.get_from_id(0).to_json_type()
        assert written["to"]["to"]["to"] == {"$ref": "things", "$id": 0, "$db": db.name}

    def test_a_document_that_refers_to_itself(self, ring):
        first = ring.Link.get_from_id(0)
        first["to"] = first
        first.save()
        found = ring.Link.get_from_id(0)
        assert found["to"] is found

    def test_a_chain_longer_than_the_stack(self, ring, asked):
        ring.delete_many({})
        database = ring.database.name
        ring.insert_many(
            [
                {
                    "_id": i,
                    "_type": "Link",
                    "name": "",
                    "to": DBRef("things", i + 1, database) if i < 400 else None,
                }
                for i in range(401)
            ]
        )
        first = ring.Link.get_from_id(0)
        length, one = 0, first
        while one["to"] is not None:
            one, length = one["to"], length + 1
        assert length == 400
        first.validate()
        one["name"] = "last"
        first.save()
        assert ring.find_one({"_id": 400})["name"] == "last"


class TestJSON:
    def test_to_json_type_embeds(self, col, doc_b):
        assert col.DocB.get_from_id("b").to_json_type()["b"] == {
            "doc_a": {"_id": "a", "a": {"foo": 3}, "when": None, "note": None},
            "bar": 1,
        }

    def test_to_json_says_where(self, db, col, doc_b):
        doc_b["b"]["doc_a"]["when"] = datetime.datetime(2010, 1, 1)
        written = json.loads(doc_b.to_json())
        assert written["b"]["doc_a"] == {
            "_id": "a",
            "a": {"foo": 3},
            "when": 1262304000000,
            "note": None,
            "_collection": "things",
            "_database": db.name,
        }

    def test_null(self, col):
        assert json.loads(col.DocB().to_json())["b"]["doc_a"] is None
        assert col.DocB.from_json('{"b": {"doc_a": null}}')["b"]["doc_a"] is None

    def test_unsaved(self, col):
        doc = col.DocB()
        doc["list"] = [DocA(gen_skel=False)]
        doc["b"]["doc_a"] = make_a(col)
        del doc["b"]["doc_a"]["_id"]
        written = json.loads(doc.to_json())
        assert "_id" not in written["b"]["doc_a"]
        assert written["list"] == [{}]

    def test_there_and_back(self, col, doc_b):
        doc_b["list"] = [doc_b["b"]["doc_a"], make_a(col, "a2").save()]
        doc_b["items"] = [{"doc_a": None}]
        doc_b.save()
        read = col.DocB.from_json(doc_b.to_json())
        assert read == doc_b
        assert type(read["b"]["doc_a"]) is DocA
        assert read["b"]["doc_a"].collection == col
        read["b"]["doc_a"]["note"] = "new"
        read.save()
        assert col.find_one({"_id": "a"})["note"] == "new"

    def test_dbrefs(self, db, col, doc_b, asked):
        text = json.dumps({"_id": "b", "list": [{"$ref": "things", "$id": "a", "$db": db.name}] * 3})
        asked.clear()
        assert [one["a"]["foo"] for one in col.DocB.from_json(text)["list"]] == [3, 3, 3]
        assert asked.since() == ["find things"]

    def test_what_is_written_of_the_referenced_is_not_believed(self, col, doc_b):
        text = doc_b.to_json().replace('"foo": 3', '"foo": 1000')
        read = col.DocB.from_json(text)
        assert read["b"]["doc_a"]["a"]["foo"] == 3
        read.save()
        assert col.find_one({"_id": "a"})["a"]["foo"] == 3

    def test_a_new_one_inside(self, col):
        read = col.DocB.from_json('{"b": {"doc_a": {"a": {"foo": 5}, "when": 1262304000000}, "bar": 1}}')
        inner = read["b"]["doc_a"]
        assert type(inner) is DocA
        assert inner["when"] == datetime.datetime(2010, 1, 1)
        assert inner.collection == col

    def test_two_levels(self, col, doc_b):
        doc = col.DocC({"name": "c", "doc_b": doc_b, "doc_a": None}).save()
        read = col.DocC.from_json(doc.to_json())
        assert read == doc
        assert type(read["doc_b"]["b"]["doc_a"]) is DocA

    def test_missing(self, col):
        with pytest.raises(AutoReferenceError, match=r"b\.doc_a of a new DocB refers to DocA 'nobody'"):
            col.DocB.from_json('{"b": {"doc_a": {"_id": "nobody", "_collection": "things"}}}')

    @pytest.mark.parametrize(
        "reference",
        [
            {"$ref": "system.users", "$id": "a", "$db": "admin"},
            {"_id": "a", "_collection": "things", "_database": "admin"},
            {"a": {"foo": 1}, "_collection": "things", "_database": "admin"},
        ],
        ids=["DBRef", "embedded", "new"],
    )
    def test_a_text_does_not_choose_the_database(self, col, reference):
        with pytest.raises(ValueError, match=r"from_json\(\): b\.doc_a refers to admin\."):
            col.DocB.from_json(json.dumps({"b": {"doc_a": reference}}))

    def test_nor_the_collection_of_a_class_that_has_one(self, connection_, db):
        class Homed(Document):
            structure = {"n": int}
            __collection__ = "homed"

        class Holder(Document):
            structure = {"one": Homed}
            use_autorefs = True

        connection_.register([Homed, Holder])
        homed = db.Homed({"n": 1}).save()
        text = db.holders.Holder({"one": homed}).to_json()
        assert db.holders.Holder.from_json(text)["one"] == homed
        with pytest.raises(
            ValueError, match=r"one refers to \S+\.secrets, and a Homed is looked for in \S+\.homed"
        ):
            db.holders.Holder.from_json(text.replace("homed", "secrets"))

    def test_object_ids(self, connection_, col):
        @connection_.register
        class Plain(Document):
            structure = {"other": Other}
            use_autorefs = True

        doc = col.Plain({"other": col.Other({"x": 1})}).save()
        written = doc.to_json_type()
        assert written["other"]["_id"] == {"$oid": str(doc["other"]["_id"])}
        assert col.Plain.from_json(json.dumps(written)) == doc


class TestDereference:
    def test_raw_and_as_a_class(self, db, col, doc_a):
        dbref = doc_a.get_dbref()
        assert db.dereference(dbref) == doc_a
        assert type(db.dereference(dbref)) is dict
        found = db.dereference(dbref, DocA)
        assert type(found) is DocA
        assert found.collection == col
        assert db.dereference(dbref, Model=DocA) == doc_a
        assert type(db.dereference(dbref, DocA)["a"]) is not dict

    def test_missing(self, db):
        assert db.dereference(DBRef("things", ObjectId()), DocA) is None
        assert db.dereference(DBRef("things", ObjectId())) is None

    @pytest.mark.parametrize("more", [(), (DocA,)])
    def test_refused(self, db, doc_a, more):
        with pytest.raises(TypeError):
            db.dereference("a", *more)
        with pytest.raises(ValueError, match="database"):
            db.dereference(DBRef("things", "a", "elsewhere"), *more)

    def test_no_class(self, db, doc_a):
        with pytest.raises(TypeError, match="accepted is a subclass of Document"):
            db.dereference(doc_a.get_dbref(), dict)


class TestAsync:
    async def test_load_change_save(self, aconnection, adatabase, doc_b):
        aconnection.register([DocA, DocB])
        things = adatabase.things
        found = await things.DocB.get_from_id("b")
        assert found["b"]["doc_a"].collection == things
        found["b"]["doc_a"]["a"]["foo"] = 9
        await found.asave()
        assert (await things.find_one({"_id": "a"}))["a"] == {"foo": 9}
        assert [one["b"]["doc_a"]["a"]["foo"] async for one in things.DocB.find({"_id": "b"})] == [9]
        await things.delete_one({"_id": "a"})
        with pytest.raises(AutoReferenceError):
            await things.DocB.get_from_id("b")

    async def test_new_ones_and_what_was_found_otherwise(self, aconnection, adatabase, doc_a):
        aconnection.register([DocA, DocB])
        things = adatabase.things
        doc = things.DocB()
        doc["b"]["doc_a"] = await things.DocA.get_from_id("a")
        doc["list"] = [make_a(things, "new")]
        doc["b"]["doc_a"]["note"] = "changed"
        await doc.asave()
        assert (await things.find_one({"_id": "a"}))["note"] == "changed"
        assert await things.find_one({"_id": "new"})

    async def test_json_and_dereference(self, aconnection, adatabase, doc_b):
        aconnection.register([DocA, DocB])
        things = adatabase.things
        text = (await things.DocB.get_from_id("b")).to_json()
        read = await things.DocB().from_json(text)
        assert read["b"]["doc_a"] == doc_b["b"]["doc_a"]
        assert await adatabase.dereference(read["b"]["doc_a"].get_dbref(), DocA) == read["b"]["doc_a"]


class TestManyAtOnce:
    def test_references_are_stored_and_nothing_is_saved_with_them(self, db, col, doc_a):
        docs = [DocB({**DocB(), "list": [doc_a]}) for _ in range(3)]
        doc_a["note"] = "not saved"
        col.DocB.insert_many(docs)
        assert [one["list"] for one in col.find({"list": {"$ne": []}, "b": {"$exists": True}})] == [
            [DBRef("things", "a", db.name)]
        ] * 3
        assert col.find_one({"_id": "a"})["note"] is None

    def test_what_is_not_stored_yet_is_refused(self, col):
        doc = DocB({**DocB(), "list": [DocA({**DocA(), "note": "new"}, collection=col)]})
        with pytest.raises(SchemaTypeError, match=r"list\.0 of DocB refers to DocA .*: save it first"):
            col.DocB.insert_many([doc])
        with pytest.raises(SchemaTypeError, match="save it first"):
            col.DocB.bulk_write([InsertOne(doc)])
        assert col.count_documents({}) == 0


class TestUnitOfWork:
    def test_changed_and_new_ones_are_part_of_it(self, connection_, col, doc_b, asked):
        found = col.DocB.get_from_id("b")
        found["b"]["doc_a"]["note"] = "new"
        found["list"] = [make_a(col, "a2")]
        asked.clear()
        with connection_.unit_of_work():
            found.save()
            # To see whether there is such a document: it has an _id, and was not loaded.
            assert asked.since() == ["find things"]
        assert asked.since() == ["update things"]
        assert col.DocB.get_from_id("b") == found
        asked.clear()
        found.save()
        assert asked.since() == ["update things"]

    def test_what_fails_is_tried_again(self, connection_, col, doc_b):
        found = col.DocB.get_from_id("b")
        found["b"]["doc_a"]["note"] = "new"
        with suppress(ZeroDivisionError), connection_.unit_of_work():
            found.save()
            raise ZeroDivisionError
        assert col.find_one({"_id": "a"})["note"] is None
        found.save()
        assert col.find_one({"_id": "a"})["note"] == "new"

    def test_lazy_references(self, connection_, col):
        @connection_.register
        class Lazy(Document):
            structure = {"to": Ref(DocA, dbref=True)}

        a = make_a(col).save()
        lazy = col.Lazy()
        lazy["to"] = a
        with connection_.unit_of_work():
            lazy.save()
        assert lazy["to"].get() == a
        assert col.Lazy.get_from_id(lazy["_id"])["to"].get() == a
        col.Lazy.insert_many([{"to": a.get_dbref()}, {"to": Ref.to(a)}])
        assert [one["to"].get() for one in col.Lazy.find({"to": {"$exists": True}})] == [a, a, a]


def test_transactions_take_back_what_is_remembered(connection_, col, doc_b):
    found = col.DocB.get_from_id("b")
    found["b"]["doc_a"]["note"] = "new"
    with suppress(ZeroDivisionError), connection_.transaction():
        found.save()
        assert col.find_one({"_id": "a"})["note"] == "new"
        raise ZeroDivisionError
    assert col.find_one({"_id": "a"})["note"] is None
    found.save()
    assert col.find_one({"_id": "a"})["note"] == "new"


def test_loaded_within_the_transaction(connection_, col):
    with suppress(ZeroDivisionError), connection_.transaction():
        doc = col.DocB()
        doc["b"]["doc_a"] = make_a(col)
        doc.save()
        assert col.DocB.get_from_id(doc["_id"])["b"]["doc_a"]["a"]["foo"] == 3
        raise ZeroDivisionError
    assert col.find_one() is None


def test_loaded_in_the_session_of_the_query(connection_, col):
    with connection_.start_session() as session, session.start_transaction():
        doc = col.DocB()
        doc["b"]["doc_a"] = make_a(col)
        doc.save(session=session)
        assert col.DocB.find_one({"_id": doc["_id"]}, session=session)["b"]["doc_a"]["_id"] == "a"
        assert len(list(col.DocB.find({"_id": doc["_id"]}, session=session))) == 1
        # Outside there is none of it.
        col.database.other.insert_one({"_id": "x", "b": {"doc_a": DBRef("things", "a", col.database.name)}})
        with pytest.raises(AutoReferenceError):
            col.database.other.DocB.get_from_id("x")
        session.abort_transaction()
