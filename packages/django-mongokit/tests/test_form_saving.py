"""What is wrong with a document is said at its field; what MongoDB refuses too; and nobody's text is lost."""

import datetime
import json
from typing import Annotated

import annotated_types as at
import pytest
from bson import Code, DBRef, Int64, ObjectId, Regex
from django import forms
from django.core.exceptions import ValidationError
from django.db.models.signals import post_save, pre_save
from django.utils import timezone, translation
from talks.models import Computer

from django_mongokit.document import DjangoDocument
from django_mongokit.forms import DocumentForm, documentform_factory
from mongokit import (
    AsyncConnection,
    DuplicateKeyError,
    RequireFieldError,
    SchemaDocument,
    StaleDocumentError,
    StructureError,
    VersionedDocument,
)
from mongokit import ValidationError as RefusedByValidator


def refuse(value):
    raise ValueError(f"%s must be kind, not {value}")


def plainly(value):
    raise ValueError("nothing is good enough")


class Post(DjangoDocument):
    class Meta:
        verbose_name = "blog post"

    structure = {
        "title": str,
        "slug": str,
        "author": {"name": str, "email": str},
        "tags": list,
        "stars": int,
        "at": datetime.datetime,
        "owner": str,
    }
    required_fields = ["owner"]
    validators = {
        "stars": [lambda stars: stars < 100, lambda stars: stars != 13],
        "title": [lambda title: title != "no", lambda title: title != "unkind" or refuse(title)],
        "author.name": lambda name: name != "x" or plainly(name),
        "tags": lambda tags: len(tags) < 3,
    }
    default_values = {"owner": "me"}
    indexes = [
        {"fields": ["slug"], "unique": True},
        {"fields": [("author.name", 1), ("author.email", 1)], "unique": True},
    ]


class Page(DjangoDocument):
    structure = {"title": str, "text": str}
    use_revision = True


PostForm = documentform_factory(Post, exclude=["owner"])
PageForm = documentform_factory(Page)
NUMBERS = iter(range(10**6))


@pytest.fixture
def posts(mongodb):
    Post.ensure_indexes(mongodb.posts)
    return mongodb.posts


@pytest.fixture
def pages(mongodb):
    return mongodb.pages


def sent(**more):
    number = str(next(NUMBERS))
    data = {"title": "T", "slug": number, "author-name": number, "author-email": "", "tags": "", "stars": "1"}
    return {**data, "at": "", **{name.replace("__", "-"): value for name, value in more.items()}}


SAID = {
    "by a validator": ({"stars": "100"}, {"stars": ["Enter a valid value."]}),
    "by the second validator": ({"stars": "13"}, {"stars": ["Enter a valid value."]}),
    "by one that raises": ({"title": "unkind"}, {"title": ["Must be kind, not unkind"]}),
    "by one that says it in other words": (
        {"author__name": "x"},
        {"author": ["Name: Nothing is good enough"]},
    ),
    "of a list": ({"tags": "[1, 2, 3]"}, {"tags": ["Enter a valid value."]}),
    "several": (
        {"stars": "100", "title": "no"},
        {"stars": ["Enter a valid value."], "title": ["Enter a valid value."]},
    ),
    "not beside what the form has found": ({"stars": "x"}, {"stars": ["Enter a whole number."]}),
}


@pytest.mark.parametrize(("data", "errors"), SAID.values(), ids=SAID)
def test_what_validators_say(posts, data, errors):
    form = PostForm(sent(**data), collection=posts)
    assert form.errors == errors
    assert posts.count_documents({}) == 0


@pytest.mark.parametrize(("cpu", "make", "wrong"), [("0", "Apple", ["cpu_ghz"]), ("2.66", " ", ["make"])])
def test_the_computer_of_2010(mongodb, cpu, make, wrong):
    form = documentform_factory(Computer)(
        {"make": make, "model": "G5", "cpu_ghz": cpu, "purchase_date": ""}, collection=mongodb.computers
    )
    assert list(form.errors) == wrong


def test_messages_of_ones_own(posts):
    form = documentform_factory(
        Post,
        exclude=["owner"],
        error_messages={"stars": {"validator": "So many?"}, "author.name": {"validator": "Who?"}},
    )(sent(stars="100", author__name="x"), collection=posts)
    assert form.errors == {"stars": ["So many?"], "author": ["Name: Who?"]}


def test_messages_are_translated(posts):
    with translation.override("de"):
        form = PostForm(sent(stars="100"), collection=posts)
        assert form.errors == {"stars": ["Bitte einen gültigen Wert eingeben."]}


def test_errors_have_codes(posts):
    form = PostForm(sent(stars="100"), collection=posts)
    assert form.has_error("stars", "validator")


class Strict(DjangoDocument):
    words: list[str]
    numbers: Annotated[list[int], at.MinLen(2)] = [1, 2]
    exact: Annotated[float, at.Gt(0)] = 1.0
    even: Annotated[int, lambda number: number % 2 == 0] = 2


STRICT = {
    "an element's type": ({"words": '["a", 1]'}, "words", "words.1 must be an instance of str not int"),
    "an element that is None": ({"words": '["a", null]'}, "words", "words.1 is required"),
    "too few": ({"numbers": "[1]"}, "numbers", "Must have at least 2 elements not [1]"),
    "a limit Django does not know": ({"exact": "0"}, "exact", "Must be > 0 not 0.0"),
    "a callable": ({"even": "3"}, "even", "Enter a valid value."),
}


@pytest.mark.parametrize(("data", "name", "message"), STRICT.values(), ids=STRICT)
def test_what_the_structure_says_of_values(mongodb, data, name, message):
    good = {"words": "[]", "numbers": "[1, 2]", "exact": "1", "even": "2"}
    form = documentform_factory(Strict)({**good, **data}, collection=mongodb.strict)
    assert form.errors == {name: [message]}


def test_what_the_form_does_not_have_is_left_to_the_view(posts):
    form = PostForm(sent(), collection=posts)
    form.instance["owner"] = None
    assert form.is_valid(), form.errors
    post = form.save(commit=False)
    post["owner"] = "somebody"
    assert post.save()["owner"] == "somebody"


def test_what_nobody_has_set_is_an_error_when_it_is_saved(posts):
    form = PostForm(sent(), collection=posts)
    form.instance["owner"] = None
    assert form.is_valid()
    with pytest.raises(RequireFieldError):
        form.save()
    assert form.errors == {"__all__": ["Owner is required"]}
    assert form.instance["title"] is None
    assert posts.count_documents({}) == 0


def test_try_save_needs_no_except(posts):
    form = PostForm(sent(), collection=posts)
    form.instance["owner"] = None
    assert form.try_save() is None
    assert not form.is_valid()
    assert "Owner is required" in str(form)
    assert PostForm(sent(stars="x"), collection=posts).try_save() is None
    assert PostForm(sent(), collection=posts).try_save()["_id"] == posts.find_one()["_id"]


def test_what_nobody_can_set_is_an_error_of_the_form(posts):
    post = Post({"title": "T", "old": 1}, collection=posts)
    form = documentform_factory(Post, fields=["title"])({"title": "T"}, instance=post)
    assert not form.is_valid()
    assert any("Unknown fields in Post: old" in error for error in form.errors["__all__"])
    assert form.has_error("__all__", "type")


def test_a_documents_own_validate(mongodb):
    class Range(DjangoDocument):
        structure = {"low": int, "high": int, "sum": int, "in": {"x": int}}

        def validate(self):
            self["sum"] = self["low"] + self["high"]
            if self["low"] == 1:
                raise RefusedByValidator("one is too low")
            if self["low"] == 2:
                raise ValidationError("two is not better")
            if self["low"] == 3:
                raise ValidationError({"high": "Too high", "in.x": ["Not x"], "sum": "Not shown"})
            super().validate()

    form_class = documentform_factory(Range, exclude=["sum"])

    def form(low):
        return form_class({"low": low, "high": "5", "in-x": "1"}, collection=mongodb.ranges)

    assert form("1").errors == {"__all__": ["one is too low"]}
    assert form("2").errors == {"__all__": ["two is not better"]}
    assert form("3").errors == {"high": ["Too high"], "in": ["X: Not x"], "__all__": ["Not shown"]}
    good = form("4")
    assert good.is_valid(), good.errors
    assert good.instance["sum"] is None
    assert good.save()["sum"] == 9


def test_a_document_that_collects_its_errors(mongodb):
    class Quiet(DjangoDocument):
        structure = {"n": int}
        validators = {"n": lambda n: n < 5}
        raise_validation_errors = False

    form = documentform_factory(Quiet)({"n": "7"}, collection=mongodb.quiets)
    assert form.errors == {"n": ["Enter a valid value."]}


def test_a_stored_field_that_is_wrong_is_not_the_fault_of_who_mends_it(posts):
    post = Post({**Post(), "title": "no", "slug": "a"}, collection=posts)
    posts.insert_one(post)
    form = PostForm(sent(title="yes", slug="a"), instance=post)
    assert form.try_save()["title"] == "yes"


# What is unique


@pytest.fixture
def taken(posts):
    return Post(
        {**Post(), "slug": "taken", "author": {"name": "A", "email": "a@b"}, "title": "First"},
        collection=posts,
    ).save()


DUPLICATES = {
    "one field": ({"slug": "taken"}, {"slug": ["Blog post with this Slug already exists."]}),
    "two fields": (
        {"author__name": "A", "author__email": "a@b"},
        {
            "author": [
                "Name: Blog post with this Name and Email already exists.",
                "Email: Blog post with this Name and Email already exists.",
            ]
        },
    ),
    "one of two": ({"author__name": "A", "author__email": "x"}, {}),
}


@pytest.mark.parametrize(("data", "errors"), DUPLICATES.values(), ids=DUPLICATES)
def test_what_is_taken_is_said_beforehand(posts, taken, data, errors):
    form = PostForm(sent(**data), collection=posts)
    assert form.errors == errors
    if errors:
        [name] = errors
        assert form.has_error(name, "unique")


def test_what_is_ones_own_is_not_taken(taken):
    same = sent(slug="taken", author__name="A", author__email="a@b", title="Second")
    assert PostForm(same, instance=taken).try_save()["title"] == "Second"


def test_what_is_taken_in_german(posts, taken):
    with translation.override("de"):
        form = PostForm(sent(slug="taken"), collection=posts)
        assert form.errors == {"slug": ["Blog post mit diesem Wert für das Feld Slug existiert bereits."]}


@pytest.mark.parametrize("awaited", [False, True])
async def test_what_is_taken_a_moment_later(posts, taken, awaited, monkeypatch):
    form = PostForm(sent(slug="between", title="Mine"), collection=posts)
    assert form.is_valid()
    posts.update_one({"_id": taken["_id"]}, {"$set": {"slug": "between"}})
    with pytest.raises(DuplicateKeyError):
        await form.asave() if awaited else form.save()
    assert form.errors in (
        {"slug": ["Blog post with this Slug already exists."]},
        # Servers before 4.2 do not say which field it is.
        {"__all__": ["There is another blog post with these values."]},
    )
    assert form["title"].value() == "Mine"
    assert posts.count_documents({}) == 1
    assert form.instance == Post()


def test_the_error_of_an_index_of_other_fields_is_the_forms(posts, taken):
    form = documentform_factory(Post, fields=["title"])({"title": "x"}, collection=posts)
    form.instance["slug"] = "taken"
    assert form.is_valid()
    assert form.try_save() is None
    [error] = form.errors["__all__"]
    assert error in (
        "Blog post with this slug already exists.",
        "There is another blog post with these values.",
    )


def test_a_server_that_does_not_name_the_fields(posts, taken, monkeypatch):
    # As answered by MongoDB before 4.2: without keyPattern.
    def save(self, *arguments, **options):
        raise DuplicateKeyError("E11000 duplicate key error", 11000, {})

    form = PostForm(sent(), collection=posts)
    monkeypatch.setattr(Post, "save", save)
    assert form.try_save() is None
    assert form.errors == {"__all__": ["There is another blog post with these values."]}


def test_two_without_a_value_under_a_unique_index(mongodb):
    class Tag(DjangoDocument):
        word: str | None = None
        indexes = [{"fields": ["word"], "unique": True, "sparse": True}]

    class Open(DjangoDocument):
        structure = {"word": str, "other": {"n": int}}
        use_schemaless = True
        indexes = [
            {"fields": ["word"], "unique": True, "sparse": True},
            {"fields": ["other.n"], "unique": True, "sparse": True},
        ]

    class Partial(DjangoDocument):
        word: str | None = None
        indexes = [{"fields": ["word"], "unique": True, "partialFilterExpression": {"word": {"$gte": ""}}}]

    for kind in (Tag, Open, Partial):
        mongodb.words.drop()
        kind.ensure_indexes(mongodb.words)
        first, second, third, fourth = (
            documentform_factory(kind)({"word": word}, collection=mongodb.words)
            for word in ("", "", "a", "a")
        )
        assert first.try_save() is not None
        if kind is Tag:
            # Its documents have all of its fields always.
            assert second.try_save() is None
            [error] = second.errors["word"]
            assert error.startswith("There is another Tag without Word already, and only one may be:")
        else:
            assert second.try_save() is not None, second.errors
        assert third.try_save() is not None
        assert fourth.try_save() is None
        assert fourth.errors["word"] == [f"{kind.__name__} with this Word already exists."]


INDEXES = {
    "sparse, nothing": ({"sparse": True}, None, {"text": ""}, True),
    "sparse, the same": ({"sparse": True}, "a", {"text": "a"}, False),
    "of a part": ({"partialFilterExpression": {"n": {"$gt": 5}}}, "a", {"text": "a"}, True),
    "case does not count": ({"collation": {"locale": "en", "strength": 2}}, "a", {"text": "A"}, False),
    "not unique": ({"unique": False}, "a", {"text": "a"}, True),
}


@pytest.mark.parametrize(("options", "stored", "data", "valid"), INDEXES.values(), ids=INDEXES)
def test_kinds_of_indexes(mongodb, options, stored, data, valid, uri):
    class Note(DjangoDocument):
        structure = {"n": int}
        text: str | None = None
        indexes = [{"fields": ["text"], "unique": True, **options}]

    mongodb.notes.insert_one({"text": stored, "n": 1})
    form = documentform_factory(Note)({**data, "n": "1"}, collection=mongodb.notes)
    if (
        "collation" in options
        and mongodb.notes.find_one({"text": "A"}, collation=options["collation"]) is None
    ):
        pytest.skip("this server has no collations")
    assert form.is_valid() is valid


@pytest.mark.parametrize(
    ("tags", "valid"), {'["b"]': True, '["a"]': False, '["c", "a"]': False, "[]": True}.items()
)
def test_a_unique_index_of_a_list_is_one_of_its_elements(mongodb, tags, valid):
    class Tagged(DjangoDocument):
        structure = {"tags": list}
        indexes = [{"fields": ["tags"], "unique": True}]

    mongodb.tagged.insert_one({"tags": ["a"]})
    form = documentform_factory(Tagged)({"tags": tags}, collection=mongodb.tagged)
    assert form.is_valid() is valid


def test_a_key_of_ones_own_takes_nobodys_place(mongodb):
    class Keyed(DjangoDocument):
        structure = {"_id": str, "text": str}

    form_class = documentform_factory(Keyed, fields=["_id", "text"])
    assert form_class({"_id": "a", "text": "first"}, collection=mongodb.keyed).try_save()
    second = form_class({"_id": "a", "text": "second"}, collection=mongodb.keyed)
    assert second.errors == {"_id": ["Keyed with this Id already exists."]}
    assert mongodb.keyed.find_one()["text"] == "first"


def test_the_key_of_a_stored_document_cannot_be_changed(mongodb):
    class Keyed(DjangoDocument):
        structure = {"_id": str, "text": str}

    form_class = documentform_factory(Keyed, fields=["_id", "text"])
    stored = Keyed({"_id": "a", "text": "first"}, collection=mongodb.keyed).save()
    form = form_class({"_id": "b", "text": "second"}, instance=stored)
    assert "disabled" in str(form["_id"])
    form.save()
    assert list(mongodb.keyed.find()) == [{"_id": "a", "text": "second"}]


# Two people at one document


@pytest.fixture
def page(pages):
    return Page({"title": "T", "text": "old"}, collection=pages).save()


def page_data(form, **changes):
    """Return what a browser would send of this page's form."""
    return {name: form[name].value() for name in form.fields} | changes


def loaded(pages):
    return Page(pages.find_one(), collection=pages)


def test_the_second_is_told_and_loses_nothing(pages, page):
    first, second = (page_data(PageForm(instance=loaded(pages))) for _ in range(2))
    assert PageForm({**first, "text": "hers"}, instance=loaded(pages)).try_save()
    form = PageForm({**second, "text": "his"}, instance=loaded(pages))
    assert form.try_save() is None
    [error] = form.errors["__all__"]
    assert error.startswith("Somebody else has changed this Page since you opened it.")
    html = str(form)
    assert "his</" in html or 'value="his"' in html
    assert error in html
    assert pages.find_one()["text"] == "hers"
    again = PageForm(page_data(form), instance=loaded(pages))
    assert again.try_save()["text"] == "his"
    assert pages.find_one()["_revision"] == 3


@pytest.mark.parametrize("awaited", [False, True])
async def test_somebody_is_faster_by_a_moment(pages, page, awaited):
    form = PageForm(page_data(PageForm(instance=page), text="his"), instance=loaded(pages))
    assert form.is_valid(), form.errors
    pages.update_one({}, {"$set": {"text": "hers"}, "$inc": {"_revision": 1}})
    with pytest.raises(StaleDocumentError):
        await form.asave() if awaited else form.save()
    assert form.has_error("__all__", "stale")
    assert form["text"].value() == "his"
    assert (form["_revision"].value(), form.instance["text"]) == ("2", "old")
    again = PageForm(page_data(form), instance=loaded(pages))
    assert (await again.atry_save() if awaited else again.try_save())["text"] == "his"


def test_it_was_deleted_meanwhile(pages, page):
    form = PageForm(page_data(PageForm(instance=page), text="his"), instance=page)
    pages.delete_one({})
    assert form.try_save() is None
    [error] = form.errors["__all__"]
    assert error == "Somebody else has deleted this Page meanwhile. What you have entered is still here."
    assert "his" in str(form)
    assert pages.count_documents({}) == 0


class Leaf(DjangoDocument):
    structure = {"text": str, "n": int}


class Kept(VersionedDocument):
    structure = {"text": str}


@pytest.mark.parametrize("kind", [Leaf, Kept])
@pytest.mark.parametrize("awaited", [False, True])
async def test_a_form_brings_nothing_back(mongodb, kind, awaited):
    leaves = mongodb.leaves
    leaf = kind(collection=leaves)
    leaf["text"] = "old"
    leaf.save()
    form = documentform_factory(kind)({"text": "mine"}, instance=leaf)
    assert form.is_valid(), form.errors
    leaves.delete_many({})
    assert (await form.atry_save() if awaited else form.try_save()) is None
    assert form.has_error("__all__", "gone")
    assert form["text"].value() == "mine"
    assert leaf["text"] == "old"
    assert leaves.count_documents({}) == 0


async def test_nor_in_an_asynchronous_collection(mongodb, uri):
    async with AsyncConnection(uri) as connection:
        leaf = Leaf({"text": "old", "n": None}, collection=connection[mongodb.name].leaves)
        await leaf.save()
        for is_there in (True, False):
            form = documentform_factory(Leaf)({"text": f"mine {is_there}", "n": "1"}, instance=leaf)
            if not is_there:
                mongodb.leaves.delete_many({})
            assert ((await form.atry_save()) is leaf) is is_there
            assert form.has_error("__all__", "gone") is not is_there
    assert mongodb.leaves.count_documents({}) == 0


def test_what_a_receiver_changes_is_stored_too(mongodb):
    leaf = Leaf({"text": "old", "n": None}, collection=mongodb.leaves).save()

    def count(sender, instance, **kwargs):
        instance["n"] = 7

    pre_save.connect(count, sender=Leaf)
    try:
        documentform_factory(Leaf, fields=["text"])({"text": "new"}, instance=leaf).save()
    finally:
        pre_save.disconnect(count, sender=Leaf)
    assert (mongodb.leaves.find_one()["text"], mongodb.leaves.find_one()["n"]) == ("new", 7)


@pytest.mark.parametrize("revision", ["x", "999", "-1", ""])
def test_a_forged_revision_saves_nothing(pages, page, revision):
    form = PageForm({"title": "T", "text": "his", "_revision": revision}, instance=page)
    assert form.try_save() is None
    assert pages.find_one()["text"] == "old"


def test_a_page_without_the_hidden_field(pages, page):
    form = PageForm({"title": "T", "text": "his"}, instance=page)
    assert form.try_save() is None
    assert form.has_error("__all__", "revision")
    assert "The page did not say of which revision of this Page it was made" in str(form)
    assert pages.find_one()["text"] == "old"
    assert PageForm(page_data(form), instance=page).try_save()["_revision"] == 2


def test_what_nobody_has_changed_is_left_alone(pages, page):
    data = page_data(PageForm(instance=page))
    PageForm(data, instance=page).save()
    assert pages.find_one() == {"_id": page["_id"], "title": "T", "text": "old", "_revision": 1}
    page["text"] = "of the view"
    PageForm({**data, "text": "of the view"}, instance=page).save()
    assert (pages.find_one()["text"], pages.find_one()["_revision"]) == ("of the view", 2)


def test_what_nobody_has_changed_and_somebody_has_deleted_is_gone(pages, page):
    pages.delete_one({})
    form = PageForm(page_data(PageForm(instance=page)), instance=page)
    assert form.try_save() is None
    assert "deleted" in str(form.errors)
    assert pages.count_documents({}) == 0


@pytest.mark.parametrize("signal", [pre_save, post_save])
def test_signals_are_sent_though_nobody_has_changed_anything(pages, page, signal):
    seen = []

    def receive(sender, instance, **kwargs):
        seen.append(instance["title"])

    signal.connect(receive, sender=Page)
    try:
        PageForm(page_data(PageForm(instance=page)), instance=page).save()
    finally:
        signal.disconnect(receive, sender=Page)
    assert seen == ["T"]
    assert pages.find_one()["_revision"] == 2


async def test_what_nobody_has_changed_is_left_alone_awaited(uri, mongodb, pages, page):
    async with AsyncConnection(uri) as connection:
        documents = connection[mongodb.name].pages.proxy(Page)
        again = await documents.one({"_id": page["_id"]})
        await PageForm(page_data(PageForm(instance=again)), instance=again).asave()
    assert pages.find_one()["_revision"] == 1


def test_a_form_that_does_not_ask_for_the_revision(pages, page):
    class Unasked(PageForm):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            del self.fields["_revision"]

    assert Unasked({"title": "T", "text": "his"}, instance=page).try_save()["_revision"] == 2


def test_the_revision_is_hidden_and_of_the_form(pages, page):
    html = PageForm(instance=page).as_p()
    assert '<input type="hidden" name="_revision" value="1" id="id__revision">' in html
    assert "_revision" not in PostForm.base_fields


def test_a_new_document_with_revisions(pages):
    form = PageForm(page_data(PageForm(collection=pages), title="new"), collection=pages)
    assert form.try_save()["_revision"] == 1


# What is not touched


def test_a_time_that_was_not_touched_keeps_its_milliseconds(posts):
    at_ = datetime.datetime(2010, 3, 8, 12, 3, 8, 281000)
    post = Post({**Post(), "slug": "a", "at": at_}, collection=posts).save()
    with timezone.override("Europe/Berlin"):
        form = PostForm(sent(slug="a", at="2010-03-08T13:03:08"), instance=post)
        assert form.save()["at"] == at_
        assert posts.find_one()["at"] == at_.replace(tzinfo=datetime.UTC)
        form = PostForm(sent(slug="a", at="2010-03-08T13:03:09"), instance=post)
        assert form.save()["at"] == datetime.datetime(2010, 3, 8, 12, 3, 9, tzinfo=datetime.UTC)


def test_times_are_as_the_collection_gives_them_back(mongodb):
    from bson.codec_options import CodecOptions

    naive = mongodb.get_collection("posts", codec_options=CodecOptions(tz_aware=False))
    aware = mongodb.get_collection("posts", codec_options=CodecOptions(tz_aware=True))
    with timezone.override("Europe/Berlin"):
        data = sent(at="2010-03-08T13:03")
        assert PostForm(data, collection=naive).save(commit=False)["at"] == datetime.datetime(
            2010, 3, 8, 12, 3
        )
        found = PostForm(data, collection=aware).save(commit=False)["at"]
        assert found == datetime.datetime(2010, 3, 8, 12, 3, tzinfo=datetime.UTC)
        assert found.utcoffset() == datetime.timedelta(0)


def test_without_time_zones(posts, settings):
    settings.USE_TZ = False
    post = PostForm(sent(at="2010-03-08T13:03"), collection=posts).save()
    assert post["at"] == datetime.datetime(2010, 3, 8, 13, 3)


def test_a_field_that_was_not_sent_stays(posts):
    post = Post({**Post(), "slug": "a", "title": "T", "tags": ["x"], "stars": 5}, collection=posts).save()
    form = PostForm({"title": "new"}, instance=post)
    assert form.save() is post
    assert (post["title"], post["slug"], post["tags"], post["stars"]) == ("new", "a", ["x"], 5)


def test_a_field_that_was_not_sent_is_at_its_default(mongodb):
    class Note(DjangoDocument):
        structure = {"text": str, "stars": int}
        default_values = {"stars": 3}

    form = documentform_factory(Note)
    assert form({"text": "a"}, collection=mongodb.notes).save()["stars"] == 3
    assert form({"text": "a", "stars": ""}, collection=mongodb.notes).save()["stars"] is None


def test_a_value_that_forms_cannot_show_stays_what_it_is(posts):
    post = Post({**Post(), "slug": "a", "title": None, "tags": None}, collection=posts).save()
    form = PostForm(sent(slug="a", title="", tags="[]"), instance=post)
    assert form.save()["title"] is None
    assert form.instance["tags"] is None


def test_clean_may_change_everything(posts):
    class Form(PostForm):
        def clean(self):
            return {**self.cleaned_data, "title": "cleaned", "nothing": 1}

    post = Post({**Post(), "slug": "a", "title": "T"}, collection=posts).save()
    assert Form(sent(slug="a"), instance=post).save()["title"] == "cleaned"
    assert "nothing" not in post


def test_clean_may_return_nothing(posts):
    class Form(PostForm):
        def clean(self):
            pass

    assert Form(sent(title="kept"), collection=posts).save()["title"] == "kept"


def test_a_declared_field_that_meta_leaves_out_is_not_saved(posts):
    class Form(DocumentForm):
        title = documentform_factory(Post).base_fields["title"]
        slug = documentform_factory(Post).base_fields["slug"]

        class Meta:
            document = Post
            fields = ["title"]

    post = Form({"title": "T", "slug": "forged"}, collection=posts).save(commit=False)
    assert (post["title"], post["slug"]) == ("T", None)


def test_what_is_sent_for_fields_the_form_does_not_have(posts):
    form = PostForm(sent(owner="forged", _id=str(ObjectId()), author__role="admin"), collection=posts)
    post = form.save()
    assert post["owner"] == "me"
    assert "role" not in post["author"]


def test_a_disabled_field(posts):
    post = Post({**Post(), "slug": "a", "title": "T", "tags": ["x"]}, collection=posts).save()
    form = PostForm(sent(slug="a", title="forged", tags="[1]"), instance=post)
    form.fields["title"].disabled = form.fields["tags"].disabled = True
    form.save()
    assert (post["title"], post["tags"]) == ("T", ["x"])


# What is too large or cannot be stored


def test_a_document_that_is_too_large(mongodb):
    class Blob(DjangoDocument):
        structure = {"text": str}

    form = documentform_factory(Blob)({"text": "x" * 16_777_216}, collection=mongodb.blobs)
    [error] = form.errors["__all__"]
    assert error.replace("\xa0", " ") == "This is too large: 16.0 MB, of at most 16.0 MB."
    assert form.has_error("__all__", "size")


def test_what_bson_cannot_hold(mongodb):
    class Note(DjangoDocument):
        structure = {"text": str}

    class Form(DocumentForm):
        class Meta:
            document = Note

        def clean_text(self):
            return "\ud800"

    form = Form({"text": "x"}, collection=mongodb.notes)
    assert not form.is_valid()


# Signals, and awaiting


def test_signals_are_sent_once(posts):
    heard = []

    def receiver(instance, created, **sent):
        heard.append(created)

    post_save.connect(receiver, sender=Post)
    try:
        post = PostForm(sent(slug="a"), collection=posts).save()
        PostForm(sent(slug="b"), instance=post).save()
    finally:
        post_save.disconnect(receiver, sender=Post)
    assert heard == [True, False]


async def test_asave(posts):
    form = PostForm(sent(title="awaited"), collection=posts)
    post = await form.atry_save()
    assert posts.find_one()["title"] == post["title"] == "awaited"
    assert (await PostForm(sent(title="x"), instance=post).asave(commit=False)) is post
    assert posts.find_one()["title"] == "awaited"
    assert await PostForm(sent(stars="x"), collection=posts).atry_save() is None
    with pytest.raises(ValueError, match="didn't validate"):
        await PostForm(sent(stars="x"), collection=posts).asave()


async def test_asynchronous_connections(posts, pages, uri, mongodb):
    async with AsyncConnection(uri) as connection:
        database = connection[mongodb.name]
        post = await PostForm(sent(slug="a", title="awaited"), collection=database.posts).asave()
        assert posts.find_one()["_id"] == post["_id"]
        form = PostForm(sent(slug="a"), collection=database.posts)
        assert form.is_valid()
        assert await form.atry_save() is None
        assert not form.is_valid()
        page = await Page({"title": "T", "text": "old"}, collection=database.pages).save()
        stale = PageForm({"title": "T", "text": "his", "_revision": "1"}, instance=page)
        pages.update_one({}, {"$inc": {"_revision": 1}})
        assert await stale.atry_save() is None
        assert stale["_revision"].value() == "2"
        assert (await PageForm({"title": "N", "_revision": "1"}, instance=page).asave(commit=False))[
            "title"
        ] == "N"


def test_a_class_that_django_has_no_name_for(mongodb):
    from mongokit import Document

    class Bare(Document):
        structure = {"text": str}

    form = documentform_factory(Bare)({"text": "x"}, collection=mongodb.bares)
    assert form.save()["text"] == "x"
    with pytest.raises(ValueError, match="The Bare could not be created"):
        documentform_factory(Bare)(collection=mongodb.bares).save()


def test_nested_failures_of_fields_the_form_lacks(mongodb):
    class Inner(SchemaDocument):
        shown: str = ""
        hidden: str

    class Outer(DjangoDocument):
        inner: Inner

    form = documentform_factory(Outer, fields=["inner.shown"])(
        {"inner-shown": "x"}, collection=mongodb.outers
    )
    assert form.is_valid(), form.errors
    assert form.try_save() is None
    assert form.errors == {"__all__": ["Inner.hidden is required"]}


def test_a_missing_field_is_an_error_of_the_form(mongodb):
    class Two(DjangoDocument):
        structure = {"a": str, "b": str}

    form = documentform_factory(Two, fields=["a"])(
        {"a": "x"}, instance=Two({"a": ""}, collection=mongodb.twos)
    )
    assert form.errors == {"__all__": ["Missed fields in Two: b"]}
    with pytest.raises(StructureError):
        Two({"a": ""}).validate()


# What text says less well than the value


class Loose(DjangoDocument):
    structure = {"any": None, "one": dict, "many": list, "at": datetime.datetime}


LOOSE = {
    "a pattern": {"one": {"p": Regex("^a", 2)}},
    "a reference": {"one": {"r": DBRef("talks", 1)}, "many": [DBRef("talks", 2)]},
    "code": {"any": Code("x")},
    "lines": {"one": {"text": "a\nb", "n": [1, {"x": None}]}},
    "a number": {"any": Int64(5)},
}


@pytest.mark.parametrize("content", LOOSE.values(), ids=LOOSE)
def test_what_json_may_not_bring_in_stays_untouched(mongodb, content):
    document = Loose({**Loose(), **content}, collection=mongodb.loose).save()
    before = mongodb.loose.find_one()
    form = documentform_factory(Loose)
    data = {bound.name: bound.value() or "" for bound in form(instance=document)}
    data = {
        name: text.replace("\n", "\r\n") if isinstance(text, str) else text for name, text in data.items()
    }
    bound = form(data, instance=document)
    assert bound.is_valid(), bound.errors
    assert bound.changed_data == []
    bound.save()
    assert mongodb.loose.find_one() == before
    fresh = form(data, collection=mongodb.loose)
    assert fresh.is_valid() is (content in (LOOSE["lines"], LOOSE["a number"]))


def test_long_numbers_of_free_content_stay_long(mongodb):
    """Though another part of it is changed, and people see numbers; a short int stays one."""
    content = {"one": {"long": Int64(5), "int": 5, "big": Int64(2**40)}, "many": [Int64(-1), {"n": Int64(7)}]}
    document = Loose({**Loose(), **content}, collection=mongodb.loose).save()
    form = documentform_factory(Loose, fields=["one", "many"])
    data = {bound.name: bound.value() for bound in form(instance=document)}
    assert json.loads(data["one"]) == {"long": 5, "int": 5, "big": 2**40}
    data = {
        "one": data["one"].replace('"int": 5', '"int": 6'),
        "many": data["many"].replace("[", '["new", ', 1),
    }
    bound = form(data, instance=document)
    assert bound.is_valid(), bound.errors
    bound.save()
    found = mongodb.loose.find_one()
    assert (found["one"], found["many"]) == (
        {"long": 5, "int": 6, "big": 2**40},
        ["new", -1, {"n": 7}],
    )
    assert [type(one) for one in found["one"].values()] == [Int64, int, Int64]
    assert [type(found["many"][1]), type(found["many"][2]["n"])] == [Int64, Int64]


@pytest.mark.parametrize("utc", ["2010-10-31T00:30:00", "2010-10-31T01:30:00"])
def test_an_hour_that_the_clock_shows_twice(mongodb, utc):
    at_ = datetime.datetime.fromisoformat(utc)
    document = Loose({**Loose(), "at": at_}, collection=mongodb.loose).save()
    form = documentform_factory(Loose, fields=["at", "any"])
    with timezone.override("Europe/Berlin"):
        shown = form(instance=document)["at"]
        text = shown.field.widget.format_value(shown.value())
        assert text == "2010-10-31T02:30"
        bound = form({"at": text, "any": "1"}, instance=document)
        assert bound.is_valid(), bound.errors
        assert bound.save()["at"] == at_
        # Entered anew, nobody knows which of the two it is.
        assert list(form({"at": text, "any": ""}, collection=mongodb.loose).errors) == ["at"]
        assert list(form({"at": "2010-10-31T02:31", "any": ""}, instance=document).errors) == ["at"]


def test_a_form_with_a_prefix_carries_the_revision(pages, page):
    data = {"p-title": "T", "p-text": "his", "p-_revision": "0"}
    form = PageForm(data, instance=page, prefix="p")
    assert form.try_save() is None
    assert form["_revision"].value() == "1"
    again = PageForm({**data, "p-_revision": "1"}, instance=page, prefix="p")
    assert again.try_save()["text"] == "his"


def test_unique_fields_below_a_list_are_left_to_the_server(mongodb):
    class Basket(DjangoDocument):
        structure = {"items": [{"sku": str}], "name": str}
        indexes = [{"fields": ["items.sku"], "unique": True}]

    mongodb.baskets.insert_one({"name": "other"})
    data = {"items-TOTAL_FORMS": "1", "items-INITIAL_FORMS": "0", "items-0-sku": "a", "name": "x"}
    form = documentform_factory(Basket)(data, collection=mongodb.baskets)
    assert form.is_valid(), form.errors


def test_what_validate_refuses_only_at_the_end(mongodb):
    class Moody(DjangoDocument):
        structure = {"n": int}
        moods = iter([None, RefusedByValidator("not any more")])

        def validate(self):
            mood = next(self.moods, None)
            if mood:
                raise mood

    form = documentform_factory(Moody)({"n": "1"}, collection=mongodb.moody)
    assert form.is_valid()
    assert form.try_save() is None
    assert form.errors == {"__all__": ["not any more"]}
    assert form.instance == {"n": None}


def test_a_field_that_would_not_be_clean_again_is_taken_as_it_was(posts):
    class Once(forms.CharField):
        seen = 0

        def clean(self, value):
            self.seen += 1
            if self.seen > 1:
                raise ValidationError("once")
            return super().clean(value)

    class Form(DocumentForm):
        title = Once()

        class Meta:
            document = Post
            fields = ["title"]

    post = Post({**Post(), "title": "T"}, collection=posts)
    assert Form({"title": "T"}, instance=post).save(commit=False)["title"] == "T"


@pytest.mark.parametrize(
    ("zone", "text"), [("America/Chicago", "9999-12-31T23:59"), ("Asia/Tokyo", "0001-01-01T00:00")]
)
def test_a_time_at_the_edge_of_the_calendar(mongodb, zone, text):
    form = documentform_factory(Loose, fields=["at"])
    with timezone.override(zone):
        assert form({"at": text}, collection=mongodb.loose).errors == {"at": ["Enter a valid date/time."]}


def test_a_time_that_the_time_zone_cannot_show_stays(mongodb):
    first = datetime.datetime(1, 1, 1)
    document = Loose({**Loose(), "at": first}, collection=mongodb.loose).save()
    form = documentform_factory(Loose, fields=["at"])
    with timezone.override("America/Chicago"):
        shown = form(instance=document)["at"]
        text = shown.field.widget.format_value(shown.value())
        assert text == "0001-01-01T00:00"
        assert form({"at": text}, instance=document).save()["at"] == first


def test_another_field_at_the_edge_of_the_calendar(mongodb):
    form = documentform_factory(Loose, fields=["at"], field_classes={"at": forms.DateTimeField})
    with timezone.override("America/Chicago"):
        bound = form({"at": "9999-12-31T23:59"}, collection=mongodb.loose)
        assert bound.errors == {"__all__": ["date value out of range"]}
