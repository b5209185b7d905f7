"""Files of documents in GridFS: attributes, mappings, versions, streams, and nothing left behind."""

from __future__ import annotations

import io
import uuid

import gridfs
import pytest
from gridfs import NoFile
from pymongo.errors import OperationFailure

from mongokit import ConnectionError, Document, ObjectId, StructureError
from mongokit.grid import FS, FSContainer


class Article(Document):
    structure = {"title": str}
    gridfs = {"files": ["source", "template"], "containers": ["images", "audio"]}
    use_dot_notation = True


class Note(Document):
    structure = {"title": str}
    gridfs = {"files": ["source"], "containers": ["images"]}


@pytest.fixture
def articles(connection, collection):
    connection.register([Article, Note])
    return collection


@pytest.fixture
def article(articles):
    made = articles.Article({"title": "x"})
    made.save()
    return made


def left(database):
    """Return how many files and chunks there are."""
    return database["fs.files"].count_documents({}), database["fs.chunks"].count_documents({})


BIG = bytes(range(256)) * 4096  # 1 MB: five chunks


def test_a_file_is_an_attribute(article, articles, database):
    article.fs.source = b"text"
    article.fs.template = BIG
    assert article.fs.source == b"text"
    assert article.fs.template == BIG
    assert left(database) == (2, 6)
    again = articles.Article.find_one()
    assert again.fs.template == BIG
    again.fs.source = b"newer"
    assert article.fs.source == b"newer"
    del article.fs.template
    assert left(database) == (2, 2)
    with pytest.raises(NoFile, match=r"Article ObjectId\(.*\) has no file 'template'"):
        _ = article.fs.template
    del article.fs.source
    assert left(database) == (0, 0)
    del article.fs.source


def test_a_container_is_a_mapping(article, database):
    images = article.fs.images
    assert type(images) is FSContainer
    images["a.jpg"] = b"a"
    article.fs.images["b.jpg"] = BIG
    article.fs.audio["a.jpg"] = b"sound"
    article.fs.source = b"source"
    assert (images["a.jpg"], images["b.jpg"], article.fs.audio["a.jpg"]) == (b"a", BIG, b"sound")
    assert images.names() == ["a.jpg", "b.jpg"]
    assert "a.jpg" in images
    assert "source" not in images
    assert [(file.name, file.container, file.read()) for file in images] == [
        ("a.jpg", "images", b"a"),
        ("b.jpg", "images", BIG),
    ]
    assert [(file.name, getattr(file, "container", None)) for file in article.fs] == [
        ("a.jpg", "images"), ("a.jpg", "audio"), ("b.jpg", "images"), ("source", None),
    ]  # fmt: skip
    images["a.jpg"] = b"newer"
    assert (len(images), images.keys(), len(article.fs.audio)) == (2, ["a.jpg", "b.jpg"], 1)
    assert dict(images) == {"a.jpg": b"newer", "b.jpg": BIG}
    assert "c.jpg" not in images
    del images["b.jpg"]
    with pytest.raises(NoFile, match=r"has no file 'b\.jpg' in 'images'"):
        _ = images["b.jpg"]
    assert left(database) == (4, 4)
    with pytest.raises(NoFile):
        article.fs.get_last_version("a.jpg")  # that is in containers only


def test_the_stored_form_is_that_of_the_specification(article, database):
    article.fs.source = b"text"
    article.fs.images["a"] = b"image"
    source, image = sorted(database["fs.files"].find(), key=lambda found: "container" in found)
    assert (source["filename"], source["docid"], source["length"]) == ("source", article["_id"], 4)
    assert (image["filename"], image["docid"], image["container"]) == ("a", article["_id"], "images")
    assert gridfs.GridFS(database).get(source["_id"]).read() == b"text"


def test_files_of_mongokit_are_found(article, database):
    """It noted the document's id, and not its collection."""
    old = gridfs.GridFS(database)
    old.put(b"old", filename="source", docid=article["_id"])
    old.put(b"old image", filename="a", docid=article["_id"], container="images")
    assert article.fs.source == b"old"
    assert article.fs.images["a"] == b"old image"
    article.fs.source = b"new"
    assert article.fs.source == b"new"
    article.fs.clear()
    assert left(database) == (0, 0)


@pytest.mark.parametrize(
    "id", [1, "x", uuid.UUID(int=7), ObjectId("0123456789abcdef01234567")], ids=lambda id: type(id).__name__
)
def test_documents_of_one_id_in_two_collections_keep_their_files_apart(connection, database, id):
    connection.register([Article, Note])
    article, note = (
        database.articles.Article({"_id": id, "title": "x"}),
        database.notes.Note({"_id": id, "title": "x"}),
    )
    article.save()
    note.save()
    article.fs.source = b"article"
    note.fs.source = b"note"
    article.fs.images["a"] = b"article's"
    assert (article.fs.source, note.fs.source) == (b"article", b"note")
    assert [file.read() for file in note.fs] == [b"note"]
    article.fs.clear()
    assert note.fs.source == b"note"


OPERATIONS = {
    "read": lambda fs: fs.source,
    "write": lambda fs: setattr(fs, "source", b"x"),
    "delete": lambda fs: delattr(fs, "source"),
    "container read": lambda fs: fs.images["a"],
    "container write": lambda fs: fs.images.__setitem__("a", b"x"),
    "container delete": lambda fs: fs.images.__delitem__("a"),
    "new_file": lambda fs: fs.new_file("source"),
    "put": lambda fs: fs.put(b"x", filename="source"),
    "get": lambda fs: fs.get(ObjectId()),
    "last": lambda fs: fs.get_last_version("source"),
    "clear": lambda fs: fs.clear(),
    "prune": lambda fs: fs.prune("source"),
}


@pytest.mark.parametrize("fields", [{}, {"_id": None}], ids=["absent", "None"])
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_a_document_that_is_not_stored_has_no_files(articles, database, operation, fields):
    with pytest.raises(
        RuntimeError, match=r"Article None is not stored yet, so it has no files: save\(\) it first"
    ):
        operation(articles.Article(fields).fs)
    with pytest.raises(ConnectionError, match="bound to no collection"):
        operation(Article({"_id": 1}).fs)
    assert left(database) == (0, 0)


LISTS = {
    "all": lambda fs: list(fs),
    "of a container": lambda fs: list(fs.images),
    "names": lambda fs: fs.images.names(),
    "keys": lambda fs: fs.images.keys(),
    "as a dict": lambda fs: list(dict(fs.images)),
    "how many": lambda fs: list(range(len(fs.images))),
    "whether": lambda fs: [1] if "a" in fs.images else [],
}


@pytest.mark.parametrize("fields", [{}, {"_id": None}], ids=["absent", "None"])
@pytest.mark.parametrize("listed", LISTS.values(), ids=LISTS)
def test_of_a_document_that_is_not_stored_there_are_none_to_list(articles, listed, fields):
    articles.Article({"_id": 1, "title": "another"}).save()
    assert listed(articles.Article(fields).fs) == []
    with pytest.raises(ConnectionError, match="bound to no collection"):
        listed(Article(fields).fs)


@pytest.mark.parametrize("data", ["text", 3, None, ["a"], {"a": 1}], ids=lambda data: type(data).__name__)
def test_what_is_no_content(article, database, data):
    for store in (
        lambda: setattr(article.fs, "source", data),
        lambda: article.fs.images.__setitem__("a", data),
        lambda: article.fs.put(data, filename="source"),
    ):
        with pytest.raises(
            TypeError, match=f"bytes, or a file object to read them from, not {type(data).__name__}"
        ):
            store()
    assert left(database) == (0, 0)


@pytest.mark.parametrize(
    "data",
    [b"", b"x", bytearray(b"xy"), memoryview(b"xyz"), io.BytesIO(BIG)],
    ids=lambda data: type(data).__name__,
)
def test_what_is_content(article, data):
    expected = data.getvalue() if isinstance(data, io.BytesIO) else bytes(data)
    article.fs.source = data
    assert article.fs.source == expected


def test_undeclared_names(article):
    for use in (
        lambda: article.fs.nothing,
        lambda: setattr(article.fs, "nothing", b"x"),
        lambda: delattr(article.fs, "nothing"),
        lambda: article.fs.new_file("nothing"),
        lambda: article.fs.put(b"x", "nothing"),
    ):
        with pytest.raises(
            AttributeError,
            match=r"'nothing' is not declared in gridfs of Article: files are \['source', 'template'\]",
        ):
            use()
    with pytest.raises(AttributeError, match=r"images of Article\.gridfs is a container"):
        article.fs.images = b"x"
    with pytest.raises(TypeError, match="the name of a file is a str"):
        article.fs.images[""] = b"x"
    for name in ("a\0.jpg", "\0", "a\ud800"):
        with pytest.raises(ValueError, match="must hold neither NUL nor half a surrogate pair"):
            article.fs.images[name] = b"x"
        with pytest.raises(ValueError, match="must hold neither NUL"):
            article.fs.images.new_file(name)
    assert left(article.collection.database) == (0, 0)
    assert {"source", "images", "put"} <= set(dir(article.fs))
    assert not hasattr(Document({"_id": 1}), "fs")


def test_versions(article, database):
    for number in range(4):
        article.fs.source = b"version %d" % number
    assert article.fs.source == b"version 3"
    versions = {-1: 3, -2: 2, 0: 0, 1: 1, 3: 3, -4: 0}
    assert {at: article.fs.get_version("source", at).read() for at in versions} == {
        at: b"version %d" % number for at, number in versions.items()
    }
    assert article.fs.get_last_version("source").read() == b"version 3"
    for at in (4, -5):
        with pytest.raises(NoFile, match=f"no file 'source' in version {at}"):
            article.fs.get_version("source", at)
    assert [file.read() for file in article.fs] == [b"version %d" % number for number in range(4)]
    first = article.fs.get_version("source", 0)
    article.fs.delete(first._id)
    with pytest.raises(NoFile, match="no file with the id"):
        article.fs.delete(first._id)
    assert article.fs.get_version("source", 0).read() == b"version 1"
    assert left(database) == (3, 3)


def test_pruning_leaves_the_newest_and_no_chunks_of_the_others(article, articles, database):
    other = articles.Article({"title": "other"})
    other.save()
    other.fs.source = BIG
    for number in range(3):
        article.fs.source = bytes([number]) * 300_000  # two chunks
        article.fs.images["a"] = b"image"
    assert left(database) == (7, 5 + 3 * 2 + 3)
    assert article.fs.prune("source", keep=2) == 1
    assert article.fs.prune("source") == 1
    assert article.fs.prune("source") == 0
    assert article.fs.source == b"\2" * 300_000
    assert article.fs.images.prune("a") == 2
    assert left(database) == (3, 5 + 2 + 1)
    assert article.fs.prune("source", keep=0) == 1
    assert article.fs.remove("source") == 0
    with pytest.raises(ValueError, match="number of versions to keep"):
        article.fs.prune("source", keep=-1)
    assert article.fs.clear() == 1
    assert left(database) == (1, 5)
    assert other.fs.source == BIG


def test_put_and_get(article, articles):
    stored = article.fs.put(b"text", filename="source", metadata={"by": "us"}, note="extra")
    found = article.fs.get(stored)
    assert (found.read(), found.metadata, found.note) == (b"text", {"by": "us"}, "extra")
    image = article.fs.images.put(b"image", filename="a")
    assert article.fs.images.get(image).container == "images"
    assert article.fs.get(image).read() == b"image"
    other = articles.Article({"title": "other"})
    other.save()
    for files, id in ((other.fs, stored), (article.fs.audio, image), (article.fs, ObjectId())):
        with pytest.raises(NoFile, match="has no file with the id"):
            files.get(id)
    for condition in ({"$gt": ""}, {"$exists": True}):
        with pytest.raises((NoFile, OperationFailure)):
            article.fs.get(condition)


def test_streams(article, database):
    with article.fs.new_file("template", chunk_size=1000) as file:
        for number in range(10):
            file.write(bytes([number]) * 700)
        assert [found.name for found in article.fs] == [], "it appears when it is closed"
    assert left(database) == (1, 7)
    read = article.fs.get_last_version("template")
    assert read.read(700) == b"\0" * 700
    assert read.read(1) == b"\1"
    assert read.tell() == 701
    assert len(read.read()) == 7000 - 701
    file = article.fs.images.new_file("a")
    file.write(b"a")
    file.close()
    assert article.fs.images["a"] == b"a"


def test_a_stream_that_breaks_off_leaves_nothing_and_the_old_version(article, database):
    article.fs.source = b"old"
    seen = []

    def breaks_off():
        with article.fs.new_file("source", chunk_size=4_000_000) as file:
            file.write(bytes(52_000_000))  # more than PyMongo keeps back
            seen.append(left(database))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks_off()
    assert seen[0][0] == 1
    assert seen[0][1] > 1
    assert left(database) == (1, 1)
    assert article.fs.source == b"old"

    class Broken(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 400_000:
                raise OSError("the disk is gone")
            return super().read(size)

    with pytest.raises(OSError, match="the disk is gone"):
        article.fs.source = Broken(BIG)
    assert left(database) == (1, 1)


def test_inherited_declarations_are_merged(connection, collection):
    @connection.register
    class Child(Article):
        gridfs = {"files": ["extra", "source"]}

    child = collection.Child({"title": "x"})
    child.save()
    for name in ("extra", "source", "template"):
        setattr(child.fs, name, name.encode())
        assert getattr(child.fs, name) == name.encode()
    child.fs.images["a"] = b"a"
    with pytest.raises(AttributeError):
        _ = Article({"_id": child["_id"], "title": "x"}, collection=collection).fs.extra


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (["source"], r'gridfs must be \{"files": \[names\], "containers": \[names\]\}'),
        ({"file": ["source"]}, "gridfs must be"),
        ({"files": "source"}, "gridfs: files must be a list of names, not 'source'"),
        ({"files": [1]}, "a name is a str that does not begin with an underscore, not 1"),
        ({"files": ["_x"]}, "not '_x'"),
        ({"files": ["put"]}, r"put cannot be the name of a file: doc\.fs\.put is a method"),
        ({"files": ["a"], "containers": ["a"]}, "a cannot be a file and a container"),
    ],
)
def test_declarations_that_cannot_be(declared, message):
    with pytest.raises(StructureError, match=message):
        type("Wrong", (Document,), {"gridfs": declared})


def test_it_is_no_part_of_a_transaction(connection, article, database):
    def fails():
        with connection.transaction():
            article.save()
            article.fs.source = b"kept"
            raise ZeroDivisionError

    article["title"] = "not kept"
    with pytest.raises(ZeroDivisionError):
        fails()
    article.reload()
    assert article.title == "x"
    assert article.fs.source == b"kept"


def test_the_index_for_the_files_of_a_document(article, database):
    assert article.fs.ensure_index() == "docid_1_filename_1_uploadDate_1"
    assert "docid_1_filename_1_uploadDate_1" in database["fs.files"].index_information()
    assert article.fs.ensure_index() == "docid_1_filename_1_uploadDate_1"


async def test_the_asynchronous_twin(aconnection, adatabase, database):
    aconnection.register([Article])
    article = adatabase.things.Article({"title": "x"})
    with pytest.raises(RuntimeError, match="is not stored yet"):
        await article.fs.source
    assert [file async for file in article.fs] == await article.fs.images.names() == []
    await article.save()
    assert type(article.fs) is FS
    await article.fs.put(b"one", "source")
    stored = await article.fs.put(io.BytesIO(BIG), filename="source")
    assert await article.fs.source == BIG
    assert await (await article.fs.get(stored)).read() == BIG
    assert await (await article.fs.get_version("source", 0)).read() == b"one"
    await article.fs.images.put(b"image", "a")
    assert await article.fs.images["a"] == b"image"
    assert await article.fs.images.names() == await article.fs.images.keys() == ["a"]
    assert article.fs.images
    assert article.fs.audio
    assert [file.name async for file in article.fs] == ["a", "source", "source"]
    assert [await file.read() async for file in article.fs.images] == [b"image"]
    assert await article.fs.prune("source") == 1
    async with article.fs.new_file("template") as file:
        await file.write(b"a")
        await file.write(b"b")
    assert await article.fs.template == b"ab"

    async def breaks_off():
        async with article.fs.new_file("template") as file:
            await file.write(BIG)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await breaks_off()
    assert await article.fs.template == b"ab"
    with pytest.raises(NoFile):
        await article.fs.audio["nothing"]
    with pytest.raises(TypeError, match="not str"):
        await article.fs.put("text", "source")
    for use, instead in (
        (lambda: setattr(article.fs, "source", b"x"), r"await doc\.fs\.put\(data, 'source'\)"),
        (lambda: delattr(article.fs, "source"), r"await doc\.fs\.remove\('source'\)"),
        (lambda: article.fs.images.__setitem__("a", b"x"), r"await doc\.fs\.images\.put\(data, 'a'\)"),
        (lambda: article.fs.images.__delitem__("a"), r"await doc\.fs\.images\.remove\('a'\)"),
        (lambda: "a" in article.fs.images, r"await doc\.fs\.images\.names\(\)"),
        (lambda: len(article.fs.images), r"len\(await doc\.fs\.images\.names\(\)\)"),
    ):
        with pytest.raises(TypeError, match=instead):
            use()
    await article.fs.delete(stored)
    assert await article.fs.clear() == 2
    assert left(database) == (0, 0)


class Generous:
    """Gives more than it is asked for."""

    def read(self, size):
        return bytes(size + 1)


class GenerousLater:
    async def read(self, size):
        return bytes(size + 1)


def test_a_file_object_that_gives_too_much(article):
    with pytest.raises(
        ValueError, match=r"^Generous\.read\(\d+\) returned \d+ bytes: a file object returns at most"
    ):
        article.fs.put(Generous(), "source")
    assert list(article.fs) == []


async def test_an_asynchronous_one(adatabase):
    thing = type("Filed", (Document,), {"structure": {}, "gridfs": {"files": ["a"]}})
    document = thing(collection=adatabase.things)
    await document.save()
    with pytest.raises(ValueError, match=r"^GenerousLater\.read\(\d+\) returned \d+ bytes"):
        await document.fs.put(GenerousLater(), "a")
