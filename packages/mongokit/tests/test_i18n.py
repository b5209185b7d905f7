"""Translated fields: a value for each language, stored as a list, read in the language of the document."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongokit import (
    DefaultFieldTypeError,
    Document,
    DuplicateI18nError,
    ObjectId,
    RequireFieldError,
    SchemaDocument,
    SchemaTypeError,
    Set,
    StructureError,
    ValidationError,
    i18n,
)
from mongokit.helpers import i18nDotedDict


class Post(Document):
    structure = {
        "title": str,
        "tags": [str],
        "author": str,
        "blog": {"body": str, "author": str, "deep": {"note": str}},
        "parts": [{"name": str}],
        "by_key": {str: {"text": str, "rank": int}},
        "free": dict,
    }
    i18n = ["title", "tags", "blog.body", "blog.deep.note", "parts.name", "by_key.$str.text", "free"]
    use_dot_notation = True


class Plain(Document):
    structure = {"title": str, "blog": {"body": str}}
    i18n = ["title", "blog.body"]


TRANSLATED = {
    "title": {"en": "Hello", "fr": "Salut"},
    "tags": {"en": ["a", "b"], "fr": []},
    "author": "me",
    "blog": {"body": {"en": "text"}, "author": None, "deep": {"note": {}}},
    "parts": [{"name": {"en": "one"}}, {"name": {"fr": "deux"}}],
    "by_key": {"k": {"text": {"de": "Text"}, "rank": 1}},
    "free": {"en": {"any": [1, {"x": 2}]}},
}
STORED = {
    "title": [{"lang": "en", "value": "Hello"}, {"lang": "fr", "value": "Salut"}],
    "tags": [{"lang": "en", "value": ["a", "b"]}, {"lang": "fr", "value": []}],
    "author": "me",
    "blog": {"body": [{"lang": "en", "value": "text"}], "author": None, "deep": {"note": []}},
    "parts": [{"name": [{"lang": "en", "value": "one"}]}, {"name": [{"lang": "fr", "value": "deux"}]}],
    "by_key": {"k": {"text": [{"lang": "de", "value": "Text"}], "rank": 1}},
    "free": [{"lang": "en", "value": {"any": [1, {"x": 2}]}}],
}


@pytest.fixture
def posts(connection, collection):
    connection.register([Post, Plain])
    return collection


def test_it_is_stored_as_a_list_and_held_as_a_dict(posts):
    post = posts.Post(copy.deepcopy(TRANSLATED))
    post.save()
    assert posts.find_one({}, {"_id": 0}) == STORED
    for found in (posts.Post.find_one(), next(posts.Post.find()), posts.Post.get_from_id(post["_id"])):
        assert found == {"_id": post["_id"], **TRANSLATED}
        assert type(found["title"]) is i18n
        assert type(found["blog"]["body"]) is i18n
        found.save()
        assert posts.find_one({}, {"_id": 0}) == STORED
    post.reload()
    assert post == {"_id": post["_id"], **TRANSLATED}


def test_a_query_finds_a_language(posts):
    posts.Post(copy.deepcopy(TRANSLATED)).save()
    assert posts.Post.count({"title": {"lang": "fr", "value": "Salut"}}) == 1
    assert posts.Post.count({"title.value": "Hello"}) == 1
    assert posts.Post.count({"title": "Hello"}) == 0


def test_without_dot_notation(posts):
    plain = posts.Plain()
    assert plain == {"title": {}, "blog": {"body": {}}}
    plain["title"]["en"] = "Hello"
    plain["title"]["fr"] = "Salut"
    plain["blog"]["body"] = i18n({"en": "text"})
    plain.save()
    assert posts.find_one({}, {"_id": 0}) == {
        "title": [{"lang": "en", "value": "Hello"}, {"lang": "fr", "value": "Salut"}],
        "blog": {"body": [{"lang": "en", "value": "text"}]},
    }
    assert posts.Plain.find_one()["title"] == {"en": "Hello", "fr": "Salut"}


def test_attributes_are_in_the_documents_language():
    post = Post()
    assert post.get_lang() == "en"
    post.title = "Hello"
    post.tags = ["a"]
    post.blog.body = "text"
    post.blog.deep.note = "note"
    post.set_lang("fr")
    assert post.get_lang() == "fr"
    assert (post.title, post.tags, post.blog.body, post.blog.deep.note) == ("Hello", ["a"], "text", "note")
    post.title = "Salut"
    post.tags.append("b")  # still the English list: nothing was set in French
    post.blog.body = "texte"
    post.blog.author = "moi"
    assert (post.title, post.blog.body) == ("Salut", "texte")
    assert post["title"] == {"en": "Hello", "fr": "Salut"}
    assert post["tags"] == {"en": ["a", "b"]}
    assert post["blog"] == {
        "body": {"en": "text", "fr": "texte"}, "author": "moi", "deep": {"note": {"en": "note"}},
    }  # fmt: skip
    post.set_lang("en")
    assert (post.title, post.blog.body) == ("Hello", "text")
    post.validate()


def test_the_fallback_language():
    post = Post(lang="de", fallback_lang="fr")
    assert post.get_lang() == "de"
    assert post.title is None
    post["title"] = {"fr": "Salut", "en": "Hello"}
    assert post.title == "Salut"
    post.title = "Hallo"
    assert post.title == "Hallo"
    post.set_lang("en")
    assert post.title == "Hello"
    post.set_lang("it")
    assert post.title == "Salut"
    del post["title"]["fr"]
    assert post.title is None


@pytest.mark.parametrize("make", ["by position", "by name"])
def test_a_language_can_be_chosen_where_a_document_is_made(posts, make):
    post = (
        posts.Post(None, True, "fr", "de")
        if make == "by position"
        else posts.Post(lang="fr", fallback_lang="de")
    )
    post.title = "Salut"
    post["tags"] = {"de": ["eins"]}
    assert post["title"] == {"fr": "Salut"}
    assert post.tags == ["eins"]
    post.save()
    found = posts.Post.find_one()
    assert found.get_lang() == "en"
    assert found.title is None
    assert posts.Post({"title": {"fr": "Salut"}}, lang="fr").title == "Salut"


@pytest.mark.parametrize("language", [None, "", 1, b"fr"])
def test_what_is_no_language(language):
    for call in (
        lambda: Post().set_lang(language),
        lambda: Post(lang=language),
        lambda: Post(fallback_lang=language),
    ):
        with pytest.raises(TypeError, match="must be the name of a language, as 'en', not"):
            call()


def test_an_i18n_set_as_attribute_takes_the_place_of_all_languages():
    post = Post()
    post.title = "Hello"
    post.title = i18n({"fr": "Salut"})
    assert post["title"] == {"fr": "Salut"}
    post.blog.body = i18n({"fr": "texte"})
    assert post["blog"]["body"] == {"fr": "texte"}


def test_dicts_that_were_set_as_items_are_read_too():
    post = Post()
    post["title"] = {"en": "Hello"}
    post["blog"] = {"body": {"en": "text"}, "author": None, "deep": {"note": {"en": "n"}}}
    post["parts"] = [{"name": {"en": "one", "fr": "un"}}]
    post["by_key"] = {"k": {"text": {"en": "t", "fr": "u"}, "rank": 1}}
    post["free"] = {"en": {"inner": {"x": 1}}}
    assert post.title == "Hello"
    assert (post.blog.body, post.blog.deep.note, post.parts[0].name, post.by_key["k"].text) == (
        "text",
        "n",
        "one",
        "t",
    )
    post.set_lang("fr")
    assert (post.parts[0].name, post.by_key["k"].text) == ("un", "u")
    post.parts[0].name = "une"
    assert post["parts"] == [{"name": {"en": "one", "fr": "une"}}]
    assert post.free.inner.x == 1
    post.free.inner.x = 2
    assert post["free"] == {"en": {"inner": {"x": 2}}}
    post.validate()


def test_loaded_documents_have_attributes_at_every_level(posts):
    posts.insert_one(copy.deepcopy(STORED))
    post = posts.Post.find_one()
    post.set_lang("fr")
    assert post.title == "Salut"
    assert post.blog.body == "text"
    assert post.parts[1].name == "deux"
    assert type(post.blog) is i18nDotedDict
    post.blog.body = "texte"
    post.blog.deep.note = "note"
    post.save()
    assert posts.find_one()["blog"] == {
        "body": [{"lang": "en", "value": "text"}, {"lang": "fr", "value": "texte"}],
        "author": None,
        "deep": {"note": [{"lang": "fr", "value": "note"}]},
    }


HOW_TO_SET = (
    ": it is translated, so it is {language: value}; "
    "with dot notation, set it by attributes alone, from the document on"
)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("title", "plain", "title must be an instance of i18n not str" + HOW_TO_SET),
        ("title", {"en": "ok", "fr": 3}, "title.fr must be an instance of str not int"),
        ("title", {3: "x"}, "title: the key 3 must be an instance of str not int"),
        ("title", ["a"], "title must be an instance of i18n not list" + HOW_TO_SET),
        ("tags", {"en": "a"}, "tags.en must be an instance of list not str"),
        ("tags", {"en": ["a", 1]}, "tags.en.1 must be an instance of str not int"),
        (
            "blog",
            {"body": "x", "author": None, "deep": {"note": {}}},
            "blog.body must be an instance of i18n not str" + HOW_TO_SET,
        ),
        ("parts", [{"name": {"en": 1}}], "parts.0.name.en must be an instance of str not int"),
        (
            "by_key",
            {"k": {"text": {"en": 1}, "rank": 1}},
            "by_key.k.text.en must be an instance of str not int",
        ),
    ],
)
def test_a_wrong_type_in_any_language_is_refused_and_nothing_is_stored(posts, field, value, message):
    post = posts.Post()
    post[field] = value
    with pytest.raises(SchemaTypeError) as caught:
        post.save()
    assert [failure["message"] for failure in caught.value.errors()] == [message]
    assert posts.find_one() is None


def test_a_nested_dict_that_was_reached_as_an_item_does_not_know_the_language(posts):
    posts.Post(copy.deepcopy(TRANSLATED)).save()
    post = posts.Post.find_one()
    assert post["blog"].body == {"en": "text"}
    post["blog"].body = "new"
    with pytest.raises(
        SchemaTypeError, match=r"blog\.body must be .* not str: it is translated, .* by attributes alone"
    ):
        post.save()
    post.blog.body = "new"
    post.save()
    assert posts.Post.find_one()["blog"]["body"] == {"en": "new"}


def test_what_is_stored_wrongly_is_left_for_validation_to_name(posts):
    posts.insert_one({**STORED, "title": "plain", "tags": [{"lang": "en"}]})
    post = posts.Post.find_one()
    assert post["title"] == "plain"
    assert post.title == "plain"
    with pytest.raises(SchemaTypeError) as caught:
        post.validate()
    assert {failure["path"] for failure in caught.value.errors()} == {"title", "tags"}


def test_none_and_required():
    class Needed(Document):
        structure = {"title": str, "note": str}
        i18n = ["title", "note"]
        required_fields = ["title"]

    Needed({"title": {"en": "x"}, "note": None}).validate()
    Needed({"title": {"en": "x"}, "note": {"en": None}}).validate()
    for empty in ({}, None):
        with pytest.raises(RequireFieldError, match="title is required"):
            Needed({"title": empty, "note": None}).validate()
    with pytest.raises(RequireFieldError):
        Needed().validate()


def test_validators_see_the_value_of_each_language():
    class Checked(Document):
        structure = {"title": str}
        i18n = ["title"]
        validators = {"title": lambda title: title.istitle()}

    Checked({"title": {"en": "Hello", "fr": None}}).validate()
    with pytest.raises(ValidationError) as caught:
        Checked({"title": {"en": "Hello", "fr": "salut", "de": "hallo"}}).validate()
    assert [failure["path"] for failure in caught.value.errors()] == ["title.fr", "title.de"]


def test_defaults():
    made = []

    class WithDefaults(Document):
        structure = {"title": str, "tags": [str], "blog": {"body": str}, "made": int}
        i18n = ["title", "tags", "blog.body", "made"]
        default_values = {
            "title": {"en": "Untitled"},
            "tags": {"fr": ["a"]},
            "blog.body": {"en": "text"},
            "made": lambda: {"en": made.append(0) or len(made)},
        }

    first, second = WithDefaults(), WithDefaults()
    assert first == {
        "title": {"en": "Untitled"},
        "tags": {"fr": ["a"]},
        "blog": {"body": {"en": "text"}},
        "made": {"en": 1},
    }
    assert second["made"] == {"en": 2}
    first["tags"]["fr"].append("b")
    first["title"]["fr"] = "Sans titre"
    assert second["tags"] == {"fr": ["a"]}
    assert second["title"] == {"en": "Untitled"}
    assert type(first["title"]) is i18n
    first.validate()


def test_a_default_without_a_language_is_refused():
    class Wrong(Document):
        structure = {"title": str}
        i18n = ["title"]
        default_values = {"title": "Untitled"}

    with pytest.raises(
        DefaultFieldTypeError, match=r"title is translated: its default must be \{language: value\}"
    ):
        Wrong()


def test_inheritance_merges():
    class Base(Document):
        structure = {"title": str, "blog": {"body": str}}
        i18n = ["title"]
        use_dot_notation = True

    class Mixin:
        structure = {"note": str}
        i18n = ["note"]

    class Child(Mixin, Base):
        structure = {"text": str}
        i18n = ["text", "blog.body"]

    assert set(Child.i18n) == {"title", "note", "text", "blog.body"}
    assert Base.i18n == ["title"]
    child, base = Child(), Base()
    assert child == {"title": {}, "note": {}, "text": {}, "blog": {"body": {}}}
    assert base == {"title": {}, "blog": {"body": None}}
    child.text = child.title = child.note = child.blog.body = "x"
    assert child == {
        "title": {"en": "x"},
        "note": {"en": "x"},
        "text": {"en": "x"},
        "blog": {"body": {"en": "x"}},
    }
    base.blog.body = "plain"
    base.validate()

    class Silent(Child):
        use_dot_notation = False

    with pytest.raises(AttributeError):
        _ = Silent().title


def test_nothing_is_kept_on_the_class():
    before = copy.deepcopy({key: value for key, value in vars(Post).items() if key in ("structure", "i18n")})
    post = Post(lang="fr")
    post.title = "Salut"
    post.validate()
    assert {key: vars(Post)[key] for key in before} == before
    assert Post().get_lang() == "en"
    assert Post.structure["title"] is str


def test_threads_do_not_hear_each_other():
    wrong, barrier = [], threading.Barrier(8)

    def speak(language):
        barrier.wait()
        for turn in range(200):
            post = Post(lang=language)
            post.title = f"{language} {turn}"
            post.blog.body = language
            post.set_lang(language)
            if (post.title, post.blog.body, dict(post["title"])) != (
                f"{language} {turn}", language, {language: f"{language} {turn}"},
            ):  # fmt: skip
                wrong.append((language, turn, dict(post)))

    threads = [threading.Thread(target=speak, args=(f"l{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda post: pickle.loads(pickle.dumps(post))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_copies_speak_the_language_and_belong_to_themselves(duplicate):
    post = Post(copy.deepcopy(TRANSLATED), lang="fr")
    assert post.blog.body == "text"
    other = duplicate(post)
    assert other == post
    assert other.get_lang() == "fr"
    other.set_lang("en")
    assert other.title == "Hello"
    other.blog.body = "changed"
    assert other["blog"]["body"]["en"] == "changed"
    assert post.title == "Salut"
    if duplicate is not copy.copy:
        assert post["blog"]["body"] == {"en": "text"}


def test_json(posts):
    post = posts.Post(copy.deepcopy(TRANSLATED))
    post["_id"] = ObjectId("0123456789abcdef01234567")
    expected = {**copy.deepcopy(TRANSLATED), "_id": {"$oid": "0123456789abcdef01234567"}}
    assert post.to_json_type() == expected
    again = posts.Post.from_json(post.to_json())
    assert again == post
    assert type(again["title"]) is i18n
    again.save()
    assert posts.find_one({}, {"_id": 0}) == STORED


def test_values_that_are_converted_are_converted_in_every_language(posts, connection):
    @connection.register
    class Labels(Document):
        structure = {"labels": Set(str)}
        i18n = ["labels"]

    labels = posts.Labels({"labels": {"en": {"b", "a"}, "fr": set()}})
    labels.save()
    assert posts.find_one()["labels"] == [{"lang": "en", "value": ["a", "b"]}, {"lang": "fr", "value": []}]
    assert posts.Labels.find_one()["labels"] == {"en": {"a", "b"}, "fr": set()}


def test_annotated_fields_and_embedded_classes(posts, connection):
    class Address(SchemaDocument):
        street: str
        city: str
        i18n = ["city"]

    @connection.register
    class Place(Document):
        name: Annotated[str, str.istitle]
        note: str | None
        address: Address
        i18n = ["name", "note"]

    place = posts.Place(
        {
            "name": {"en": "Here"},
            "note": None,
            "address": {"street": "x", "city": {"en": "Rome", "it": "Roma"}},
        }
    )
    place.save()
    assert posts.find_one()["address"]["city"] == [
        {"lang": "en", "value": "Rome"},
        {"lang": "it", "value": "Roma"},
    ]
    found = posts.Place.find_one()
    found.set_lang("it")
    assert (found.name, found.address.city, found.address.street) == ("Here", "Roma", "x")
    found.address.city = "Milano"
    assert found["address"]["city"] == {"en": "Rome", "it": "Milano"}
    found["name"] = {"en": "here"}
    with pytest.raises(ValidationError):
        found.validate()
    found["name"] = {"en": None}
    with pytest.raises(RequireFieldError, match=r"name\.en is required"):
        found.validate()


@pytest.mark.parametrize(
    ("paths", "error", "message"),
    [
        (["nothing"], ValueError, "Error in i18n: can't find nothing in structure"),
        (["title", "title"], DuplicateI18nError, r"duplicate i18n : \['title'\]"),
        (
            ["blog", "blog.body"],
            StructureError,
            r"i18n: blog\.body lies in blog, which is translated as a whole",
        ),
        ("title", StructureError, "i18n must be a list of paths"),
    ],
)
def test_declarations_that_cannot_be(paths, error, message):
    with pytest.raises(error, match=message):
        type("Wrong", (Document,), {"structure": {"title": str, "blog": {"body": str}}, "i18n": paths})


def test_partial_writes_know_the_stored_form(posts):
    post = posts.Post(copy.deepcopy(TRANSLATED))
    post.save()
    post["title"]["de"] = "Hallo"
    post["author"] = "not written"
    post.save(only=["title"])
    assert posts.find_one()["title"][-1] == {"lang": "de", "value": "Hallo"}
    assert posts.find_one()["author"] == "me"
    with pytest.raises(ValueError, match=r"can't find title\.en"):
        post.save(only=["title.en"])
    post.update_atomic({"$set": {"title.0.value": "Hi"}})
    assert post.title == "Hi"


def test_it_can_be_used_without_a_document():
    nested = i18nDotedDict({"title": i18n({"en": "Hello"}), "other": {"x": 1}})
    assert nested.title == "Hello"
    nested.title = "Hi"
    assert nested == {"title": {"en": "Hi"}, "other": {"x": 1}}
    assert nested.other.x == 1
    with pytest.raises(AttributeError):
        _ = nested.nothing
    post = Post(lang="fr")
    assert i18nDotedDict({"title": i18n({"fr": "Salut"})}, post).title == "Salut"


LANGUAGES = st.dictionaries(
    st.sampled_from(["en", "fr", "de", "zh-Hant"]), st.text("ab\U0001f600", max_size=5)
)


@given(
    LANGUAGES, st.dictionaries(st.sampled_from(["en", "fr"]), st.lists(st.text("ab", max_size=2), max_size=3))
)
def test_stored_and_loaded_again_it_is_the_same(title, tags):
    structure = Post._structure
    post = Post({"title": title, "tags": tags})
    stored = structure.to_bson(post)
    assert stored["title"] == [{"lang": language, "value": text} for language, text in title.items()]
    assert structure.to_python(stored) == {"title": title, "tags": tags}
    for language, text in title.items():
        post.set_lang(language)
        assert post.title == text
