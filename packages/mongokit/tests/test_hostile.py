"""What comes from outside and means harm: operators for values, keys that are paths, depth, size."""

from __future__ import annotations

import json

import pytest
from bson import ObjectId

from mongokit import (
    IS,
    NOT,
    OR,
    BadKeyError,
    CustomType,
    Document,
    EncodingError,
    InvalidDocument,
    MaxDocumentSizeError,
    SchemaDocument,
    SchemaDocumentError,
    SchemaTypeError,
    Set,
    StructureError,
)


class Json(CustomType):
    mongo_type = dict
    python_type = str

    def to_bson(self, value):
        return json.loads(value)

    def to_python(self, value):
        return json.dumps(value)


class Free(SchemaDocument):
    structure = {"name": str}
    use_schemaless = True


class Form(Document):
    structure = {
        "name": str,
        "age": int,
        "free": dict,
        "rows": list,
        "open": None,
        "any": [],
        "map": {str: int},
        "maps": {str: {str: [dict]}},
        "either": OR(str, dict),
        "rest": NOT(int),
        "json": Json(),
        "inner": {"free": dict},
        "schemaless": Free,
    }


def nested(levels):
    made = {}
    for _ in range(levels):
        made = {"n": made}
    return made


def failures(document):
    try:
        document.validate()
    except SchemaDocumentError as error:
        return [(f["path"], f["error"]) for f in error.errors()]
    return []


def form(**changed):
    return Form({**Form(), "schemaless": {"name": "x"}, **changed})


def test_a_plain_form_passes():
    content = {"free": {"a": [{"b": {}}]}, "open": {"a": 1}, "map": {"a": 1}, "json": '{"a": [1]}'}
    assert failures(form(**content, either={"a": "$gt"}, any=["$gt", "a.b"], rest={"a": 1})) == []


@pytest.mark.parametrize("value", [{"$gt": ""}, {"$ne": None}, {"$where": "1"}, [{"$gt": ""}]], ids=str)
@pytest.mark.parametrize("field", ["name", "age"])
def test_operators_for_scalars(field, value):
    assert failures(form(**{field: value})) == [(field, "SchemaTypeError")]


BAD_KEYS = {
    "free": ({"free": {"$gt": ""}}, "free"),
    "free, a path": ({"free": {"a.b": 1}}, "free"),
    "free, deep": ({"free": {"a": [1, {"b": {"$set": 1}}]}}, "free.a.1.b"),
    "list": ({"rows": [{"$gt": 1}]}, "rows.0"),
    "tuple": ({"rows": ({"$gt": 1},)}, "rows.0"),
    "open": ({"open": {"$gt": 1}}, "open"),
    "open list": ({"open": [[{"a.b": 1}]]}, "open.0.0"),
    "any": ({"any": [1, {"$gt": 1}]}, "any.1"),
    "map": ({"map": {"$inc": 1}}, "map"),
    "map, a path": ({"map": {"a.b": 1}}, "map"),
    "map below": ({"maps": {"a": {"$b": []}}}, "maps.a"),
    "below a map": ({"maps": {"a": {"b": [{"$gt": 1}]}}}, "maps.a.b.0"),
    "either": ({"either": {"$gt": 1}}, "either"),
    "rest": ({"rest": {"$gt": 1}}, "rest"),
    "custom": ({"json": '{"a": {"$gt": 1}}'}, "json.a"),
    "nested": ({"inner": {"free": {"$gt": 1}}}, "inner.free"),
    "schemaless": ({"schemaless": {"name": "x", "more": {"$gt": 1}}}, "schemaless.more"),
    "schemaless, at its top": ({"schemaless": {"name": "x", "$gt": 1}}, "schemaless"),
}


@pytest.mark.parametrize(("content", "path"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_keys_that_mongodb_takes_for_something_else(content, path):
    assert failures(form(**content)) == [(path, "BadKeyError")]


def test_what_the_message_says():
    with pytest.raises(
        BadKeyError, match=r"^free\.a: the key '\$gt' must not contain '\.' or start with '\$'$"
    ):
        form(free={"a": {"$gt": 1}}).validate()
    with pytest.raises(BadKeyError, match=r"the key 'a\.a\.a.*\.\.\.' must not contain"):
        form(free={"a." * 1000: 1}).validate()


@pytest.mark.parametrize(("name", "value"), [("$gt", 1), ("a.b", 1), ("$set", {"a": 1})])
def test_fields_of_a_schemaless_document(name, value):
    document = Free({"name": "x", name: value})
    assert failures(document) == [("", "BadKeyError")]
    with pytest.raises(BadKeyError, match=r"^the field '"):
        document.validate()


@pytest.mark.parametrize("key", ["$name", "name.first", "name\0"])
def test_unknown_fields_are_unknown_whatever_they_are_called(key):
    assert failures(form(**{key: 1})) == [(key, "StructureError")]


@pytest.mark.parametrize("dots", [False, True])
@pytest.mark.parametrize("field", ["free", "open", "rest"])
def test_depth(field, dots):
    form_class = type("Doted", (Form,), {"use_dot_notation": dots})
    document = form_class({**form(), field: nested(1_000)})
    ((path, error),) = failures(document)
    assert (path[: len(field)], error) == (field, "EncodingError")
    with pytest.raises(EncodingError, match="cannot be stored: it is more than 100 levels deep"):
        document.validate()
    assert failures(form_class({**form(), field: nested(90)})) == []


def test_what_holds_itself():
    loop = {"a": []}
    loop["a"].append(loop)
    assert failures(form(free=loop)) == [("free.a.0", "EncodingError")]
    shared = {"a": 1}
    assert failures(form(rows=[shared, shared, {"b": shared}])) == []


def test_nothing_of_it_is_written(collection):
    for content in ({"free": {"$gt": 1}}, {"free": nested(1_000)}, {"name": {"$gt": ""}}):
        document = Form({**form(), **content}, collection=collection)
        with pytest.raises((BadKeyError, EncodingError, SchemaTypeError)):
            document.save()
    with pytest.raises(MaxDocumentSizeError):
        Form({**form(), "free": {"a": "x" * (16 * 1024 * 1024)}}, collection=collection).save()
    assert collection.count_documents({}) == 0


@pytest.mark.parametrize("id_", [{"$gt": ""}, {"$in": [1]}])
def test_operators_for_a_key(collection, id_):
    victim = {"_id": ObjectId()}
    collection.insert_one(victim)
    document = Form({**form(), "_id": id_}, collection=collection)
    for action in (document.save, document.delete, document.reload, lambda: document.get_from_id(id_)):
        with pytest.raises(TypeError, match="is a condition; a value is expected here"):
            action()
    assert list(collection.find()) == [victim]


def test_messages_are_short_whatever_the_value():
    class Kind(SchemaDocument):
        structure = {"kind": IS("a", "b"), "set": Set(int), "map": {int: str}, "name": str}

    huge = "x" * 100_000
    document = Kind({"kind": huge, "set": {huge}, "map": {huge: ""}, "name": huge.encode()})
    with pytest.raises(SchemaDocumentError) as caught:
        document.validate()
    assert [f["path"] for f in caught.value.errors()] == ["kind", "set", "map", "name"]
    assert all(len(f["message"]) < 400 and len(f["value"]) <= 200 for f in caught.value.errors())


NO_STR = {
    "int": ({"map": {int: str}}, {"map": {1: "a", 2: "b"}}, [("map", 1), ("map", 2)]),
    "float": ({"map": {float: str}}, {"map": {0.5: "a"}}, [("map", 0.5)]),
    "in a list": ({"maps": [{int: str}]}, {"maps": [{}, {1: "a"}]}, [("maps.1", 1)]),
    "in a map": ({"map": {str: {int: str}}}, {"map": {"x": {1: "a"}}}, [("map.x", 1)]),
}


@pytest.mark.parametrize(("structure", "content", "where"), NO_STR.values(), ids=NO_STR)
def test_keys_that_mongodb_does_not_have_are_refused_before_the_save(collection, structure, content, where):
    """MongoKit let the driver find out; what is empty is valid."""
    cls = type("Numbered", (Document,), {"structure": structure})
    document = cls(content, collection=collection)
    for action in (document.validate, document.save):
        with pytest.raises(EncodingError, match="is no str, and MongoDB has no others") as caught:
            action()
        assert [(each.path, each.value) for each in caught.value.failures] == where
    assert list(collection.find()) == []
    cls({name: type(value)() for name, value in content.items() if isinstance(name, str)}).validate()


def test_many_unknown_fields_are_all_named():
    document = form(**{f"name{number}": 1 for number in range(20_000)})
    found = failures(document)
    assert len(found) == 20_000
    assert found[-1] == ("name19999", "StructureError")
    with pytest.raises(StructureError, match=r"\n  and 19980 more: see errors\(\)$") as caught:
        document.validate()
    assert len(str(caught.value).splitlines()) == 21


def levels_of(levels):
    structure = inner = {}
    for _ in range(levels - 1):
        inner["a"] = inner = {}
    inner["a"] = int
    return structure


def holding_itself(kind):
    outer = {"a": {}}
    outer["a"]["b"] = [outer["a"]] if kind == "list" else (int, [outer]) if kind == "tuple" else outer
    return outer


@pytest.mark.parametrize("name", ["structure", "default_values"])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (levels_of(400), "it is more than 130 levels deep"),
        (levels_of(131), "it is more than 130 levels deep"),
        (holding_itself("list"), r"a\.b\.0: it holds itself"),
        (holding_itself("tuple"), r"a\.b\.1\.0: it holds itself"),
        (holding_itself("dict"), r"a\.b: it holds itself"),
    ],
    ids=["400 levels", "131 levels", "in a list", "in a tuple", "in a dict"],
)
def test_declarations_that_no_document_can_follow(name, given, message):
    body = {"structure": {"a": None}, name: given}
    with pytest.raises(StructureError, match=message) as caught:
        type("Thing", (Document,), body)
    assert str(caught.value).startswith(f"Thing: {name}: a.")
    assert len(str(caught.value)) < 300


def test_a_structure_as_deep_as_a_document_can_be(collection):
    deep = type("Deep", (Document,), {"structure": levels_of(100)})
    document = deep(collection=collection)
    inner = document
    while inner["a"] is not None:
        inner = inner["a"]
    inner["a"] = 3
    document.save()
    assert document.find_one() == document
    assert type("Child", (deep,), {}).structure == deep.structure


@pytest.mark.parametrize("levels", [2_000, 100_000])
def test_text_that_is_too_deep(levels):
    text = '{"a": ' * levels + "1" + "}" * levels
    with pytest.raises(ValueError, match=r"from_json\(\): the text has too many levels .*more than 100"):
        Document().from_json(text)


def test_the_path_of_what_is_too_deep_is_shortened(collection):
    class Open(Document):
        structure = {"a": dict}

    value = {}
    for _ in range(150):
        value = {"k" * 50: value or 1}
    with pytest.raises(EncodingError, match="more than 100 levels deep") as caught:
        Open({"a": value}, collection=collection).save()
    assert len(str(caught.value)) < 200
    assert caught.value.errors()[0]["path"].count(".") >= 99


IDS = {
    "more than BSON has": (2**80, "8-byte ints"),
    "half a surrogate pair": ("\ud800", "half a surrogate pair"),
    "a key that is no str": ({1: 1}, "the key 1 of _id is no str"),
    "no value of BSON's": (object(), "cannot encode object"),
}


@pytest.mark.parametrize("kind", ["blocking", "asynchronous"])
@pytest.mark.parametrize(("id_", "message"), IDS.values(), ids=IDS)
def test_ids_that_cannot_be_stored(request, database, kind, id_, message):
    class Thing(Document):
        structure = {"name": str}

    class Hooked(Thing):
        def before_delete(self):
            pass

    things = (database if kind == "blocking" else request.getfixturevalue("driven")).things
    things.database.client.register([Thing, Hooked])
    for proxy in (things.Thing, things.Hooked):
        document = proxy({"_id": id_, "name": "x"})
        for use in (
            lambda proxy=proxy: proxy.get_from_id(id_),
            document.save,
            document.delete,
            document.reload,
            lambda document=document: document.update_atomic({"$set": {"name": "y"}}),
        ):
            with pytest.raises(EncodingError, match=message):
                use()


class Loose(Document):
    structure = {"free": dict}


@pytest.mark.parametrize("key", [1, None, 1.5, ("a",)])
def test_keys_that_are_no_str(key):
    for content, path in (({key: 1}, "free"), ({"a": [{key: 1}]}, "free.a.0")):
        with pytest.raises(InvalidDocument, match="is no str") as caught:
            Loose({"free": content}).validate()
        assert (path, "EncodingError") in [(one["path"], one["error"]) for one in caught.value.errors()]
