"""Fields as attributes."""

from __future__ import annotations

import copy
import logging
import pickle

import bson
import pytest

from mongokit import OR, Document, DotedDict, SchemaDocument, SchemaDocumentError, SchemaTypeError


class Post(Document):
    structure = {
        "title": str,
        "author": {"name": str, "address": {"city": str}},
        "comments": [{"text": str, "by": {"name": str}}],
        "items": int,
        "free": dict,
        "tags": [str],
    }
    use_dot_notation = True


@pytest.fixture
def post():
    return Post()


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.WARNING, "mongokit")
    return lambda: [record.getMessage() for record in caplog.records]


def test_read_and_write(post, said):
    post.title = "x"
    post.author.name = "Anna"
    post.author.address.city = "Berlin"
    assert post["title"] == post.title == "x"
    assert post["author"] == {"name": "Anna", "address": {"city": "Berlin"}}
    assert post.author.address.city == "Berlin"
    assert said() == []


def test_what_is_set_or_given_has_attributes_too(post):
    post.author = {"name": "Anna", "address": {"city": "Berlin"}}
    post.comments = [{"text": "x", "by": {"name": "Berta"}}, [{"a": 1}]]
    assert post.author.address.city == "Berlin"
    assert post.comments[0].by.name == "Berta"
    assert post.comments[1][0].a == 1
    given = Post({"author": {"name": "x"}, "comments": [{"by": {"name": "y"}}], "tags": ["a"]})
    assert (given.author.name, given.comments[0].by.name, given.tags) == ("x", "y", ["a"])


def test_what_is_set_as_an_item_is_written_through(post):
    post["author"] = {"name": "x", "address": {"city": "y"}}
    post.author.address.city = "z"
    assert post["author"]["address"]["city"] == "z"


def test_unknown_attributes_are_not_stored(post, said):
    before = dict(post)
    post.titel = "x"
    post.author.nmae = "x"
    assert post.titel == post.author.nmae == "x"
    assert post == before
    assert said() == [
        "dot notation: titel was not found in structure of Post; it is not stored",
        "dot notation: nmae was not found in structure of author; it is not stored",
    ]


def test_private_attributes_are_not_warned_of(post, said):
    post._cached = 3
    assert post._cached == 3
    assert said() == []


def test_the_warning_can_be_switched_off(said):
    class Quiet(Post):
        dot_notation_warning = False

    quiet = Quiet()
    quiet.titel = quiet.author.nmae = "x"
    assert said() == []


@pytest.mark.parametrize("holder", [Post(), Post().author, DotedDict({"a": 1})])
def test_missing_attributes(holder):
    with pytest.raises(AttributeError, match="has no attribute or field 'missing'"):
        _ = holder.missing
    assert not hasattr(holder, "missing")
    assert getattr(holder, "missing", 3) == 3
    with pytest.raises(AttributeError):
        del holder.missing


def test_a_declared_field_can_be_set_where_it_is_absent():
    post = Post({"_id": 1})
    post.title = "x"
    assert post == {"_id": 1, "title": "x"}
    post._id = 2
    assert post["_id"] == 2
    fresh = Post()
    fresh._id = 3
    assert fresh["_id"] == 3


def test_methods_are_not_shadowed(post):
    with pytest.raises(
        AttributeError, match=r"items is an attribute of the class Post too: set document\['items'\]"
    ):
        post.items = 3
    post["items"] = 3
    assert ("items", 3) in post.items()


def test_attributes_of_the_class_can_be_set(post):
    post.skip_validation = True
    assert post.skip_validation is True
    assert "skip_validation" not in post


def test_delete(post):
    del post.title
    assert "title" not in post
    post._x = 1
    del post._x
    assert not hasattr(post, "_x")


def test_loaded_documents_have_it_at_every_level(connection, collection):
    connection.register(Post)
    post = collection.Post()
    post.comments = [{"text": "x", "by": {"name": "Anna"}}]
    post.free = {"a": [{"b": 1}]}
    post.save()
    for found in (collection.Post.one(), next(iter(collection.Post.find())), collection.Post.find()[0]):
        assert found == post
        assert found.comments[0].by.name == "Anna"
        assert found.free.a[0].b == 1
        found.comments[0].by.name = "Berta"
        found.save()
        assert collection.find_one()["comments"][0]["by"] == {"name": "Berta"}
        post.save()


def test_the_raw_path_has_plain_dicts(connection, collection):
    connection.register(Post)
    collection.Post().save()
    assert type(collection.find_one()["author"]) is dict


def test_a_child_can_switch_it_off_and_on():
    class Off(Post):
        use_dot_notation = False

    class On(Off):
        use_dot_notation = True

    off = Off()
    off.title = "x"
    assert off["title"] is None
    assert off.title == "x"
    with pytest.raises(AttributeError, match="'Off' object has no attribute 'author'"):
        _ = off.author
    assert type(off["author"]) is dict
    on = On()
    on.title = "y"
    assert on["title"] == "y"


def test_accessors_of_ones_own_are_kept():
    class Own(SchemaDocument):
        structure = {"a": int}
        use_dot_notation = True

        def __getattr__(self, name):
            return "mine"

    assert Own().a == "mine"


def test_doted_dict(said):
    doted = DotedDict({"a": {"b": [{"c": 1}]}})
    assert doted.a.b[0].c == 1
    doted.a.b[0].c = 2
    assert doted == {"a": {"b": [{"c": 2}]}}
    doted.x = 3
    assert (doted.x, "x" in doted) == (3, False)
    doted["y"] = {"z": 1}
    doted.y.z = 2
    assert doted["y"] == {"z": 2}
    del doted.y
    assert list(doted) == ["a"]
    assert DotedDict() == {}
    assert said() == []


def test_doted_dict_with_warning(said):
    doted = DotedDict({"a": {}}, warning=True)
    doted.x = 3
    doted.a.y = 4
    assert len(said()) == 2


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda doted: pickle.loads(pickle.dumps(doted))]
)
@pytest.mark.parametrize("doted", [DotedDict({"a": {"b": 1}}), Post().author])
def test_doted_dicts_can_be_copied(doted, copied):
    twin = copied(doted)
    assert type(twin) is type(doted)
    assert twin == doted


def test_encoding_does_not_ask_fields():
    class Nosy(Post):
        def __getattr__(self, name):
            raise AssertionError(name)

    assert bson.decode(bson.encode(Nosy({"title": "x"}))) == {"title": "x"}


def test_the_dicts_in_the_list_of_a_default_have_attributes():
    class Post(SchemaDocument):
        structure = {"comments": [{"by": str, "votes": {"up": int}}]}
        default_values = {"comments": [{"by": "a", "votes": {"up": 1}}]}
        use_dot_notation = True

    post, other = Post(), Post()
    post.comments[0].votes.up += 1
    assert post == {"comments": [{"by": "a", "votes": {"up": 2}}]}
    assert other.comments[0].votes.up == 1
    post.validate()


class Strict(SchemaDocument):
    structure = {"topic": str, "either": OR(str, int), "parts": [str]}
    use_dot_notation = True


@pytest.mark.parametrize("warned", [True, False])
@pytest.mark.parametrize("name", ["topic", "either", "parts"])
def test_a_dict_of_ours_is_a_dict_in_messages(name, warned):
    kind = type("Kind", (Strict,), {"dot_notation_warning": warned})
    document = kind()
    setattr(document, name, {"a": {"b": 1}})
    with pytest.raises(SchemaDocumentError, match=f"{name} must be an instance of .* not dict$"):
        document.validate()


def test_a_dict_class_of_the_user_has_its_name_in_messages():
    class Mine(DotedDict):
        pass

    with pytest.raises(SchemaTypeError, match=r"topic must be an instance of str not Mine$"):
        Strict({"topic": Mine(), "either": 1, "parts": []}).validate()
