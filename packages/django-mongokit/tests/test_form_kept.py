"""Values that a form's inputs cannot show as they are, and that validate: what nobody touches stays."""

import pytest
from bson import Code

from django_mongokit.document import DjangoDocument
from django_mongokit.forms import documentform_factory
from mongokit import IS


class Shirt(DjangoDocument):
    __collection__ = "kept_shirts"
    structure = {"title": str, "sizes": [IS("S", "M", "L")]}


class Script(DjangoDocument):
    __collection__ = "kept_scripts"
    structure = {"title": str, "run": Code}


def saved(database, cls, stored, sent):
    """What is stored after a form has been sent, or its errors."""
    collection = database[cls.__collection__]
    key = collection.insert_one(dict(stored)).inserted_id
    proxy = collection.proxy(cls)
    form = documentform_factory(cls)(sent, instance=proxy.find_one({"_id": key}))
    if not form.is_valid():
        return form.errors.get_json_data()
    form.save()
    return collection.find_one({"_id": key}, {"_id": 0})


@pytest.mark.parametrize(
    ("stored", "sent", "kept"),
    [
        (["S", None], ["S"], ["S", None]),
        ([None], [], [None]),
        ([None, "L", "S"], ["S", "L"], [None, "L", "S"]),
        (["S", "S"], ["S"], ["S", "S"]),
        (["S", None], ["S", "M"], ["S", "M"]),
        (["S", None], [], []),
        (["S"], ["S"], ["S"]),
    ],
)
def test_none_among_choices(mongodb, stored, sent, kept):
    found = saved(mongodb, Shirt, {"title": "a", "sizes": stored}, {"title": "b", "sizes": sent})
    assert found == {"title": "b", "sizes": kept}


@pytest.mark.parametrize(
    ("stored", "sent", "kept"),
    [
        (Code("f()"), '{"$code": "f()"}', Code("f()")),
        (Code("f()", {"a": 1}), '{"$code": "f()", "$scope": {"a": 1}}', Code("f()", {"a": 1})),
        (Code("f()"), '{"$code": "g()"}', Code("g()")),
        (None, '{"$code": "g()"}', Code("g()")),
        (None, "", None),
    ],
)
def test_code(mongodb, stored, sent, kept):
    shown = documentform_factory(Script)(
        instance=mongodb.kept_scripts.proxy(Script)({"title": "a", "run": stored})
    )
    assert (stored is None) or "$code" in str(shown["run"])
    found = saved(mongodb, Script, {"title": "a", "run": stored}, {"title": "b", "run": sent})
    assert found == {"title": "b", "run": kept}
    assert type(found["run"]) is type(kept)


@pytest.mark.parametrize("text", ["f()", '"f()"', "5", "{"])
def test_what_is_no_code(mongodb, text):
    assert list(saved(mongodb, Script, {"title": "a", "run": Code("f()")}, {"title": "b", "run": text})) == [
        "run"
    ]
