"""Documents with a history: every save is kept under a number of its own, whoever saves at the same time."""

from __future__ import annotations

import logging
import threading
import uuid

import pytest
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne, WriteConcern

from mongokit import (
    ConnectionError,
    Document,
    DuplicateKeyError,
    EncodingError,
    MaxDocumentSizeError,
    ObjectId,
    OperationFailure,
    PartialDocumentError,
    RequireFieldError,
    SchemaTypeError,
    Set,
    StructureError,
    VersionedDocument,
)
from mongokit.versioned_document import RevisionDocument


class Page(VersionedDocument):
    structure = {"title": str, "parts": [{"text": str}]}
    required_fields = ["title"]
    use_dot_notation = True


@pytest.fixture
def pages(connection, collection):
    connection.register([Page])
    return collection


def numbers(collection):
    return [found["revision"] for found in collection.find(sort=[("revision", 1)])]


IDS = {"ObjectId": ObjectId("0123456789abcdef01234567"), "str": "page", "uuid": uuid.UUID(int=5), "int": 7}


@pytest.mark.parametrize("id", IDS.values(), ids=IDS)
def test_each_save_is_a_revision(pages, id):
    page = pages.Page({"_id": id, "title": "one", "parts": []})
    assert page.get_last_revision_id() == 0
    assert page.save() is page
    assert page["_revision"] == 1
    page.title = "two"
    page.save()
    page.title = "three"
    page.parts = [{"text": "x"}]
    page.save()
    assert page["_revision"] == page.get_last_revision_id() == 3
    assert pages.find_one() == {"_id": id, "title": "three", "parts": [{"text": "x"}], "_revision": 3}
    history = page.versioning_collection
    assert history.name == "versioned_things"
    kept = [
        (found["id"], found["revision"], found["doc"]["title"], found["doc"]["_revision"])
        for found in history.find()
    ]
    assert sorted(kept, key=lambda one: one[1]) == [(id, 1, "one", 1), (id, 2, "two", 2), (id, 3, "three", 3)]
    second = page.get_revision(2)
    assert type(second) is Page
    assert second == {"_id": id, "title": "two", "parts": [], "_revision": 2}
    assert page.get_revision(3).parts[0].text == "x"
    assert page.get_revision(4) is None
    revisions = page.get_revisions()
    assert [revision.title for revision in revisions] == ["one", "two", "three"]
    assert next(revisions, None) is None


def test_an_id_is_made(pages):
    page = pages.Page({"title": "x", "parts": []})
    page.save()
    assert isinstance(page["_id"], ObjectId)
    named = pages.Page({"title": "x", "parts": []})
    named.save(uuid=True)
    assert named["_id"].startswith("Page-")
    assert named.get_revision(1) == named
    assert pages.count_documents({}) == 2


def test_an_old_revision_can_be_saved_again(pages):
    page = pages.Page({"title": "one", "parts": []})
    page.save()
    page.title = "two"
    page.save()
    old = page.get_revision(1)
    old.save()
    assert old["_revision"] == 3
    assert pages.find_one()["title"] == "one"
    assert [revision.title for revision in page.get_revisions()] == ["one", "two", "one"]


def test_without_versioning(pages):
    page = pages.Page({"title": "one", "parts": []})
    page.save(versioning=False)
    assert "_revision" not in page
    assert numbers(page.versioning_collection) == []
    page.save()
    page.title = "changed"
    page.save(versioning=False)
    assert (pages.find_one()["title"], pages.find_one()["_revision"]) == ("changed", 1)
    page.title = "only"
    page.save(versioning=False, only=["title"])
    assert pages.find_one()["title"] == "only"
    assert numbers(page.versioning_collection) == [1]


def test_documents_have_histories_of_their_own(pages, database):
    first, second = (pages.Page({"_id": id, "title": id, "parts": []}) for id in ("a", "b"))
    elsewhere = database.others.Page({"_id": "a", "title": "elsewhere", "parts": []})
    for page in (first, second, first, elsewhere):
        page.save()
    assert (first["_revision"], second["_revision"], elsewhere["_revision"]) == (2, 1, 1)
    assert elsewhere.versioning_collection.name == "versioned_others"
    text = pages.Page({"_id": str(IDS["ObjectId"]), "title": "x", "parts": []})
    text.save()
    object_id = pages.Page({"_id": IDS["ObjectId"], "title": "y", "parts": []})
    assert object_id.save()["_revision"] == 1


@pytest.mark.parametrize(("versioning", "left"), [(False, [1, 2]), (True, [])])
def test_delete(pages, versioning, left):
    page, other = pages.Page({"title": "x", "parts": []}), pages.Page({"title": "other", "parts": []})
    other.save()
    page.save()
    page.save()
    page.delete(versioning=versioning)
    assert pages.count_documents({}) == 1
    history = page.versioning_collection
    assert [found["revision"] for found in history.find({"id": page["_id"]}, sort=[("revision", 1)])] == left
    assert history.count_documents({"id": other["_id"]}) == 1
    page.save()
    assert page["_revision"] == len(left) + 1


@pytest.mark.parametrize(("versioning", "left"), [(False, 5), (True, 1)])
def test_remove(pages, monkeypatch, versioning, left):
    monkeypatch.setattr("mongokit.versioned_document.BATCH", 3)
    for number in range(5):
        pages.Page({"title": "x" if number else "kept", "parts": []}).save()
    assert pages.Page.remove({"title": "x"}, versioning=versioning) == 4
    assert [found["title"] for found in pages.find()] == ["kept"]
    assert pages.Page().versioning_collection.count_documents({}) == left
    assert pages.Page.remove({"title": "x"}, versioning=versioning) == 0


def test_sixteen_writers_lose_nothing(pages):
    """Each saves its own text a number of times, with no regard for the others."""
    page = pages.Page({"_id": "page", "title": "begin", "parts": []})
    page.save()
    writers, saves, failed = 16, 10, []
    barrier = threading.Barrier(writers)

    def write(writer):
        try:
            mine = pages.Page.get_from_id("page")
            barrier.wait(60)
            for turn in range(saves):
                mine.title = f"{writer} {turn}"
                mine.save()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(110)
    assert failed == []
    kept = list(page.get_revisions())
    assert [revision["_revision"] for revision in kept] == list(range(1, writers * saves + 2))
    assert {revision.title for revision in kept[1:]} == {
        f"{w} {t}" for w in range(writers) for t in range(saves)
    }
    for writer in range(writers):
        turns = [int(one.title.split()[1]) for one in kept[1:] if one.title.split()[0] == str(writer)]
        assert turns == list(range(saves)), "in the order in which they were saved"
    assert pages.find_one() == kept[-1]


def test_a_slow_writer_does_not_take_the_place_of_a_newer_revision(pages, connection, monkeypatch):
    """It has its number, and writes the document when another has saved the next one."""

    @connection.register
    class Slow(Page):
        def after_save(self, created):
            seen.append((self["_revision"], created))

    seen = []
    slow = pages.Slow({"_id": "page", "title": "slow", "parts": []})
    fast = pages.Page({"_id": "page", "title": "fast", "parts": []})
    take_number = Slow._take_number

    def taken_and_waited(self, planned, options):
        number = yield from take_number(self, planned, options)
        if self is slow and number == 1:
            fast.save()
        return number

    monkeypatch.setattr(VersionedDocument, "_take_number", taken_and_waited)
    slow.save()
    assert (slow["_revision"], fast["_revision"]) == (1, 2)
    assert pages.find_one()["title"] == "fast"
    assert [revision.title for revision in fast.get_revisions()] == ["slow", "fast"]
    slow.save()
    assert pages.find_one()["title"] == "slow"
    assert seen == [(1, False), (3, False)]


def test_a_document_that_was_not_stored_leaves_no_revision(pages, connection):
    @connection.register
    class Unique(Page):
        indexes = [{"fields": "title", "unique": True}]

    pages.Unique.ensure_indexes()
    first, second = (pages.Unique({"title": title, "parts": []}) for title in ("a", "b"))
    first.save()
    second.save()
    second.title = "a"
    with pytest.raises(DuplicateKeyError) as caught:
        second.save()
    assert caught.value.fields == ("title",)
    assert second.get_last_revision_id() == 1
    assert pages.find_one({"_id": second["_id"]})["title"] == "b"
    second.title = "c"
    assert second.save()["_revision"] == 2


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"title": None}, RequireFieldError),
        ({"title": "\ud800"}, EncodingError),
        ({"title": "x" * 17_000_000}, MaxDocumentSizeError),
    ],
    ids=["invalid", "not encodable", "too large"],
)
def test_what_cannot_be_stored_leaves_nothing(pages, change, error):
    page = pages.Page({"title": "x", "parts": []})
    page.update(change)
    with pytest.raises(error):
        page.save()
    assert pages.count_documents({}) == 0
    assert numbers(page.versioning_collection) == []


def test_a_hook_that_raises_keeps_what_is_stored(pages, connection):
    @connection.register
    class Hooked(Page):
        def before_save(self):
            self.title = self.title.upper()

        def after_save(self, created):
            done.append((created, self.title))
            raise TypeError("after")

    done = []
    page = pages.Hooked({"title": "x", "parts": []})
    for created in (True, False):
        with pytest.raises(TypeError, match="after"):
            page.save()
        assert done.pop() == (created, "X")
    assert [revision.title for revision in page.get_revisions()] == ["X", "X"]
    assert pages.find_one()["_revision"] == 2


def test_a_transaction_is_both_or_neither(connection, pages):
    page = pages.Page({"title": "one", "parts": []})
    page.save()
    page.title = "two"

    def fails():
        with connection.transaction():
            page.save()
            assert page["_revision"] == 2
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert page["_revision"] == 1
    assert pages.find_one()["title"] == "one"
    assert page.get_last_revision_id() == 1
    with connection.transaction():
        page.save()
    assert pages.find_one()["title"] == "two"
    assert page.get_last_revision_id() == 2


def test_a_unit_of_work_sends_what_is_pending_first(connection, pages):
    page = pages.Page({"_id": "p", "title": "one", "parts": []})
    other = pages.Page({"_id": "other", "title": "x", "parts": []})
    with connection.unit_of_work() as unit:
        other.save(versioning=False)
        assert len(unit) == 1
        page.save()
        assert len(unit) == 0
        assert pages.count_documents({}) == 2
        page.title = "two"
        page.save()
    assert [revision.title for revision in page.get_revisions()] == ["one", "two"]


def test_what_it_refers_to_is_saved_with_it(connection, pages):
    class Author(Document):
        structure = {"name": str}

    @connection.register
    class Signed(VersionedDocument):
        structure = {"author": Author, "text": str}
        use_autorefs = True

    connection.register([Author])
    author = pages.database.authors.Author({"name": "ann"})
    author.save()
    signed = pages.Signed({"author": author, "text": "x"})
    signed.save()
    author["name"] = "bea"
    signed.save()
    assert pages.database.authors.find_one()["name"] == "bea"
    old = signed.get_revision(1)
    assert (old["author"]["name"], old["_revision"]) == ("bea", 1)
    signed["author"] = None
    signed["text"] = 3
    with pytest.raises(SchemaTypeError):
        signed.save()
    assert signed.get_last_revision_id() == 2


def test_what_was_read_in_part_is_not_kept_as_a_whole(pages):
    pages.Page({"_id": "p", "title": "one", "parts": [{"text": "x"}]}).save()
    part = pages.Page.find_one({}, {"title": True})
    with pytest.raises(PartialDocumentError):
        part.save()
    assert part.get_last_revision_id() == 1


def test_the_companion_has_the_index_of_the_specification(pages, database):
    page = database[f"indexed_{uuid.uuid4().hex}"].Page({"title": "x", "parts": []})
    page.save()
    index = page.versioning_collection.index_information()["id_1_revision_1"]
    assert (index["key"], index["unique"]) == ([("id", 1), ("revision", 1)], True)


def test_a_history_that_has_a_number_twice_already_goes_on(connection, database, caplog):
    """As MongoKit's race left it: no index can be built, and no number is taken twice from now on."""
    connection.register([Page])
    database.versioned_old.insert_many(
        {"id": "page", "revision": 2, "doc": {"_id": "page", "title": str(n), "parts": [], "_revision": 2}}
        for n in range(2)
    )
    page = database.old.Page({"_id": "page", "title": "x", "parts": []})
    with caplog.at_level(logging.WARNING, "mongokit"):
        page.save()
        page.save()
    assert page["_revision"] == 4
    assert caplog.text.count("has no index of (id, revision)") == 1
    assert [revision["_revision"] for revision in page.get_revisions()] == [2, 2, 3, 4]


def test_what_has_no_whole_document_or_no_answer(pages):
    page = pages.Page({"title": "x", "parts": []})
    with pytest.raises(ValueError, match="no whole document to keep"):
        page.save(only=["title"])
    with (
        pytest.warns(DeprecationWarning, match="safe="),
        pytest.raises(ValueError, match="a revision needs the server's answer"),
    ):
        page.save(safe=False)
    unsure = pages.with_options(write_concern=WriteConcern(w=0)).proxy(Page)
    with pytest.raises(ValueError, match=r"\.things has a write concern of 0, and a revision needs"):
        unsure({"title": "x", "parts": []}).save()
    with pytest.warns(DeprecationWarning, match="safe=True"):
        page.save(safe=True, only=None)
    assert page["_revision"] == 1
    assert numbers(page.versioning_collection) == [1]
    with pytest.raises(ConnectionError, match="bound to no collection"):
        Page({"_id": 1}).delete()
    with pytest.raises(KeyError, match="_id"):
        pages.Page().get_last_revision_id()


def test_revisions_are_not_counted_twice():
    with pytest.raises(
        StructureError, match="Wrong: use_revision: a VersionedDocument counts its revisions itself"
    ):
        type("Wrong", (VersionedDocument,), {"use_revision": True})


def test_the_revision_document(database, pages):
    pages.Page({"_id": "p", "title": "x", "parts": []}).save()
    found = RevisionDocument({}, gen_skel=False, collection=database.versioned_things).find_one()
    found.validate()
    assert (found["id"], found["revision"], found["doc"]["title"]) == ("p", 1, "x")
    assert issubclass(RevisionDocument, Document)


async def test_the_asynchronous_twin(aconnection, adatabase, database):
    aconnection.register([Page])
    page = adatabase.things.Page({"_id": "p", "title": "one", "parts": []})
    assert await page.save() is page
    page.title = "two"
    await page.save()
    assert await page.get_last_revision_id() == 2
    assert (await page.get_revision(1)).title == "one"
    assert await page.get_revision(3) is None
    assert [revision.title async for revision in page.get_revisions()] == ["one", "two"]
    page.title = None
    with pytest.raises(RequireFieldError):
        await page.save()
    await page.delete(versioning=True)
    assert numbers(database.versioned_things) == []
    for _ in range(2):
        await adatabase.things.Page({"title": "x", "parts": []}).save()
    assert await adatabase.things.Page.remove({}, versioning=True) == 2
    assert database.things.count_documents({}) == len(numbers(database.versioned_things)) == 0


def test_revisions_are_kept_in_the_stored_form(connection, pages):
    @connection.register
    class Product(VersionedDocument):
        structure = {"name": str, "tags": Set(str)}
        i18n = ["name"]
        use_dot_notation = True

    product = pages.Product(lang="fr")
    product.name, product.tags = "Marteau", {"b", "a"}
    product.save()
    kept = product.versioning_collection.find_one()["doc"]
    assert (kept["name"], kept["tags"]) == ([{"lang": "fr", "value": "Marteau"}], ["a", "b"])
    old = product.get_revision(1)
    assert old == product
    assert (old["name"], old["tags"]) == ({"fr": "Marteau"}, {"a", "b"})
    assert isinstance(old, Product)


def test_numbers_are_unique_without_the_index(pages, monkeypatch):
    """Somebody may have dropped it: two who have read the same last number still get two."""

    first = pages.Page({"_id": "p", "title": "one", "parts": []})
    first.save()
    first.versioning_collection.drop_indexes()
    second = pages.Page({"_id": "p", "title": "two", "parts": []})
    read, last = [], VersionedDocument._last

    def late(self, options):
        number = yield from last(self, options)
        read.append(number)
        return 0 if len(read) == 1 else number

    monkeypatch.setattr(VersionedDocument, "_last", late)
    second.save()
    assert (second["_revision"], read) == (2, [1, 1])
    assert "id_1_revision_1" not in second.versioning_collection.index_information()
    assert pages.find_one()["title"] == "two"


OLD = {"_id": 1, "title": "one", "parts": []}
TWO = {"$set": {"title": "two"}}
NEW = {"title": "two", "parts": []}
UNKEPT = {
    "update_atomic": lambda proxy, **how: proxy.get_from_id(1).update_atomic(TWO, **how),
    "find_one_and_update": lambda proxy, **how: proxy.find_one_and_update({"_id": 1}, TWO, **how),
    "find_one_and_replace": lambda proxy, **how: proxy.find_one_and_replace({"_id": 1}, NEW, **how),
    "find_and_modify": lambda proxy, **how: proxy.find_and_modify({"_id": 1}, TWO, **how),
    "find_and_modify, replacing": lambda proxy, **how: proxy.find_and_modify(query={"_id": 1}, update=NEW, **how),
    "bulk_write, UpdateOne": lambda proxy, **how: proxy.bulk_write([UpdateOne({"_id": 1}, TWO)], **how),
    "bulk_write, UpdateMany": lambda proxy, **how: proxy.bulk_write([UpdateMany({}, TWO)], **how),
    "bulk_write, ReplaceOne": lambda proxy, **how: proxy.bulk_write([ReplaceOne({"_id": 1}, NEW)], **how),
    "bulk_write, InsertOne": lambda proxy, **how: proxy.bulk_write(
        [DeleteOne({"_id": 1}), InsertOne({**NEW, "_id": 1})], **how
    ),
    "insert_many": lambda proxy, **how: proxy.insert_many([{**NEW, "_id": 2}], **how),
}  # fmt: skip
DELETIONS = {
    "find_one_and_delete": lambda proxy: proxy.find_one_and_delete({"_id": 1}),
    "find_and_modify": lambda proxy: proxy.find_and_modify({"_id": 1}, remove=True),
    "bulk_write": lambda proxy: proxy.bulk_write([DeleteOne({"_id": 1})]),
    "bulk_write, said": lambda proxy: proxy.bulk_write([DeleteOne({"_id": 1})], versioning=False),
}


@pytest.fixture(params=["blocking", "asynchronous"])
def kept(request, connection, database):
    """Pages of either kind of connection, of which there is one, in one revision; and the blocking ones."""
    connection.register([Page])
    database.things.Page(OLD).save()
    where = database if request.param == "blocking" else request.getfixturevalue("driven")
    where.client.register([Page])
    return where.things.proxy(Page), database.things


@pytest.mark.filterwarnings("ignore:find_and_modify:DeprecationWarning")
@pytest.mark.parametrize(("name", "write"), UNKEPT.items(), ids=UNKEPT)
def test_what_would_leave_no_revision_says_so(kept, name, write):
    proxy, pages = kept
    with pytest.raises(
        TypeError,
        match=rf"Page\.{name.split(',')[0]}\(\) keeps no revision of.*: save\(\) each.*, or say versioning=False",
    ):
        write(proxy)
    assert list(pages.find()) == [{**OLD, "_revision": 1}]


@pytest.mark.filterwarnings("ignore:find_and_modify:DeprecationWarning")
@pytest.mark.parametrize("write", UNKEPT.values(), ids=UNKEPT)
def test_what_is_to_leave_no_revision(kept, write):
    """The next save() has the next number, whatever was written in between."""
    proxy, pages = kept
    write(proxy, versioning=False)
    found = pages.Page.find_one({"title": "two"})
    assert numbers(pages.database.versioned_things) == [1]
    found["title"] = "three"
    found.save()
    assert (found["_revision"], found.get_last_revision_id()) == ((2, 2) if found["_id"] == 1 else (1, 1))
    assert pages.Page({"_id": 1}).get_revision(1)["title"] == "one"


@pytest.mark.filterwarnings("ignore:find_and_modify:DeprecationWarning")
@pytest.mark.parametrize("delete", DELETIONS.values(), ids=DELETIONS)
def test_deletions_leave_the_history(kept, delete):
    proxy, pages = kept
    delete(proxy)
    assert list(pages.find()) == []
    assert numbers(pages.database.versioned_things) == [1]


def test_versioning_is_nothing_that_other_classes_know(collection):
    class Plain(Document):
        structure = {"title": str}

    with pytest.raises((TypeError, OperationFailure), match="versioning"):
        collection.proxy(Plain).find_one_and_update({}, TWO, versioning=False)


def test_an_update_keeps_the_number(pages):
    page = pages.Page({"title": "one", "parts": []}).save()
    page.update_atomic({"$set": {"title": "two"}}, versioning=False)
    assert (page.title, page["_revision"], page.get_last_revision_id()) == ("two", 1, 1)
    assert page.get_revision(1).title == "one"
