"""Compiled checks say what a plain walk over the structure says; what is valid comes back from the database."""

from __future__ import annotations

import datetime
import math
import warnings

import bson
import pytest
from bson import ObjectId
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mongokit import IS, OR, Document, SchemaDocument, SchemaDocumentError, Set

TYPES = [str, int, float, bool, bytes, datetime.datetime, ObjectId, list, dict]
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=".$\0"), min_size=1, max_size=6)
MOMENTS = st.datetimes(datetime.datetime(1970, 1, 2), datetime.datetime(2100, 1, 1)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
SCALARS = {
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    bytes: st.binary(max_size=5),
    datetime.datetime: MOMENTS,
    ObjectId: st.binary(min_size=12, max_size=12).map(ObjectId),
    list: st.lists(st.integers(0, 9), max_size=2),
    dict: st.dictionaries(NAMES, st.integers(0, 9), max_size=2),
}
SPECS = st.recursive(
    st.one_of(
        st.none(), st.sampled_from(TYPES), st.builds(lambda: OR(str, int)), st.builds(lambda: IS("a", 2)),
        st.builds(lambda: Set(int)),
    ),
    lambda spec: st.one_of(
        st.lists(spec, max_size=1),
        st.dictionaries(NAMES, spec, max_size=3),
        st.builds(lambda value: {str: value}, spec),
        st.lists(spec, min_size=1, max_size=3).map(tuple),
    ),
    max_leaves=8,
)  # fmt: skip
STRUCTURES = st.dictionaries(NAMES, SPECS, max_size=4)
ANYTHING = st.recursive(
    st.one_of(st.none(), *SCALARS.values(), st.just({1, 2}), st.just({"x"})),
    lambda value: st.one_of(
        st.lists(value, max_size=3),
        st.dictionaries(NAMES, value, max_size=3),
        st.lists(value, max_size=2).map(tuple),
    ),
    max_leaves=6,
)


def fitting(spec):
    """Return a strategy of values that fit a specification."""
    if spec is None:
        found = SCALARS[int]
    elif isinstance(spec, type):
        found = SCALARS[spec]
    elif isinstance(spec, OR):
        found = st.one_of(*(SCALARS[kind] for kind in spec))
    elif isinstance(spec, IS):
        found = st.sampled_from(list(spec))
    elif isinstance(spec, Set):
        found = st.sets(SCALARS[int], max_size=3)
    elif isinstance(spec, list):
        found = st.lists(fitting(spec[0] if spec else None), max_size=3)
    elif isinstance(spec, tuple):
        found = st.tuples(*map(fitting, spec)).map(list)
    elif str in spec:
        found = st.dictionaries(NAMES, fitting(spec[str]), max_size=3)
    else:
        return st.fixed_dictionaries({name: fitting(child) for name, child in spec.items()})
    return st.one_of(st.none(), found)


def walk(spec, value, path=""):
    """Yield (path, exception) for what is wrong: the obvious way, a specification at a time."""
    plain = type(value) in (int, float, str, bytes, datetime.datetime, ObjectId, bool, list, dict, tuple)
    if value is None:
        return
    if spec is None:
        if not plain or isinstance(value, tuple):
            yield path, "AuthorizedTypeError"
    elif spec is list:
        if not isinstance(value, (list, tuple)):
            yield path, "SchemaTypeError"
    elif isinstance(spec, type):
        fits = type(value) is spec or (spec is float and type(value) is int)
        if not fits:
            yield path, "SchemaTypeError"
    elif isinstance(spec, OR):
        if type(value) not in tuple(spec):
            yield path, "SchemaTypeError"
    elif isinstance(spec, IS):
        if not any(type(value) is type(one) and value == one for one in spec):
            yield path, "SchemaTypeError"
    elif isinstance(spec, Set):
        if not isinstance(value, set):
            yield path, "SchemaTypeError"
        else:
            yield from ((path, "SetContentError") for element in value if type(element) is not int)
    elif isinstance(spec, (list, tuple)):
        yield from walk_sequence(spec, value, path)
    elif not isinstance(value, dict):
        yield path, "SchemaTypeError"
    elif str in spec:
        for key, item in value.items():
            yield from walk(spec[str], item, f"{path}.{key}")
    else:
        yield from walk_fields(spec, value, path + ".")


def walk_sequence(spec, value, path):
    if not isinstance(value, (list, tuple)) or (isinstance(spec, tuple) and len(spec) != len(value)):
        yield path, "SchemaTypeError"
    else:
        for i, item in enumerate(value):
            one = spec[i] if isinstance(spec, tuple) else spec[0] if spec else None
            yield from walk(one, item, f"{path}.{i}")


def walk_fields(spec, value, prefix):
    for name in (*spec, *value):
        if (name in spec) != (name in value):
            yield prefix + name, "StructureError"
    for name, child in spec.items():
        yield from walk(child, value.get(name), prefix + name)


def found_wrong(document):
    try:
        document.validate()
    except SchemaDocumentError as error:
        return sorted((failure["path"], failure["error"]) for failure in error.errors())
    return []


def make(structure, base=SchemaDocument, **more):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return type("Thing", (base,), {"structure": structure, **more})


@given(STRUCTURES, st.data())
@settings(max_examples=400, deadline=None)
def test_compiled_checks_find_what_a_plain_walk_finds(structure, data):
    content = {
        name: data.draw(st.one_of(fitting(spec), ANYTHING))
        for name, spec in structure.items()
        if data.draw(st.integers(0, 9))
    }
    content |= data.draw(st.dictionaries(NAMES, ANYTHING, max_size=1))
    assume("_id" not in content)
    document = make(structure)(gen_skel=False)
    dict.update(document, content)
    # Where it is declared, what was not saved may still be without it.
    allowed = {"_id"} | ({"_ns", "_revision", "_version"} - set(structure))
    expected = [failure for failure in walk_fields(structure, content, "") if failure[0] not in allowed]
    assert found_wrong(document) == sorted(expected)
    assert dict(document) == content


@given(STRUCTURES)
@settings(deadline=None)
def test_a_new_document_is_valid_and_the_same_with_and_without_dots(structure):
    document = make(structure)()
    assert found_wrong(document) == []
    assert make(structure, use_dot_notation=True)() == document
    empty = make(structure)(gen_skel=False)
    empty.generate_skeleton()
    assert empty == document


@given(STRUCTURES, st.booleans(), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_valid_comes_back(collection, structure, dots, data):
    assume("_id" not in structure and "_type" not in structure)
    content = {name: data.draw(fitting(spec)) for name, spec in structure.items()}
    thing = make(structure, Document, use_dot_notation=dots)
    document = thing(content, collection=collection)
    assume(dict(document))
    assert found_wrong(document) == []
    document.save()
    found = collection.proxy(thing).get_from_id(document["_id"])
    assert type(found) is thing
    assert found == {**content, "_id": document["_id"]}
    assert found_wrong(found) == []
    assert bson.encode(thing._structure.to_bson(found) if thing._structure.to_bson else found)
    document.delete()


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_odd_floats_come_back(collection, value):
    document = make({"x": float}, Document)({"x": value}, collection=collection).save()
    assert str(document.one()["x"]) == str(value)


@given(STRUCTURES, st.booleans(), st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_server_accepts_what_validation_accepts(collection, structure, schemaless, data):
    """Of what has been stored by anybody, the schema and validation say the same."""
    assume("_id" not in structure and "_type" not in structure)
    thing = make(structure, Document, use_schemaless=schemaless, required_fields=sorted(structure)[:1])
    content = {
        name: data.draw(st.one_of(fitting(spec), fitting(spec), ANYTHING))
        for name, spec in structure.items()
        if data.draw(st.integers(0, 9))
    }
    content |= data.draw(st.dictionaries(NAMES, ANYTHING, max_size=1))
    convert = thing._structure.to_bson
    try:
        stored = content if convert is None else convert(content)
        collection.replace_one({"_id": 1}, {**stored, "_id": 1}, upsert=True)
        found = collection.proxy(thing).get_from_id(1)
    except (bson.errors.InvalidDocument, TypeError):
        assume(False)
    accepted = collection.count_documents({"_id": 1, "$jsonSchema": thing.json_schema()})
    assert bool(accepted) == (found_wrong(found) == []), (dict(found), thing.json_schema())
