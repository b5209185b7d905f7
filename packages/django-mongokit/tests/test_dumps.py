"""`dumpdocuments` and `loaddocuments`: what goes out comes in again, to the bit; what is wrong is named, and changes nothing."""

import datetime
import gzip
import io
import json
import os
import pathlib
import pty
import re
import resource
import select
import stat
import subprocess
import sys
import tty
import uuid
from contextlib import suppress

import bson
import pytest
from bson import Binary, Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp, json_util
from bson.json_util import CANONICAL_JSON_OPTIONS as CANONICAL
from bson.raw_bson import RawBSONDocument
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st
from papers.models import Paper

from django_mongokit import extended
from django_mongokit.dumps import DumpError, dump, load, read
from django_mongokit.extended import RAW_CODEC

OID = ObjectId("4b9244989d40b334b4000000")
EVERYTHING = {
    "_id": OID,
    "text": 'a\0ä€𝄞\u2028\n"',
    "int": 1,
    "negative": -(2**31),
    "int64": Int64(1),
    "big": 2**62,
    "float": 1.0,
    "odd": 0.1,
    "infinity": float("inf"),
    "minus zero": -0.0,
    "none": None,
    "true": True,
    "date": datetime.datetime(2010, 3, 8, 12, 30, 0, 123_000),
    "decimal": Decimal128("1.10"),
    "bytes": b"\x00\xff",
    "uuid": Binary(uuid.UUID(int=7).bytes, 4),
    "old uuid": Binary(uuid.UUID(int=7).bytes, 3),
    "regex": Regex("^a/b", "im"),
    "code": Code("f()"),
    "scoped": Code("f()", {"a": 1}),
    "timestamp": Timestamp(1, 2),
    "min": MinKey(),
    "max": MaxKey(),
    "ref": DBRef("papers", OID, "db"),
    "nested": {"b": {"a": [1, [], {}, {"z": 1, "a": Int64(2)}]}},
    "": "empty key",
    "a.b": "dotted key",
}


@pytest.fixture
def filled(mongodb):
    mongodb.everything.insert_one(EVERYTHING)
    mongodb.papers.insert_many(
        [{"_id": number, "title": f"Paper {number}", "slug": str(number)} for number in range(25)]
    )
    mongodb["fs.files"].insert_one({"_id": {"odd": "id"}, "n": 1})
    return mongodb


def raw(database):
    """What is in a database, as the bytes that are stored."""
    options = bson.CodecOptions(document_class=RawBSONDocument)
    names = [name for name in database.list_collection_names() if not name.startswith("system.")]
    plain = {name: database.get_collection(name, codec_options=options) for name in names}
    found = {name: sorted(one.raw for one in plain[name].find()) for name in names}
    return {name: documents for name, documents in found.items() if documents}


def empty(database):
    for name in database.list_collection_names():
        if not name.startswith("system."):
            database[name].delete_many({})


def written(*args, **options):
    out = io.StringIO()
    call_command("dumpdocuments", *args, stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def loaded(*args, **options):
    out, err = io.StringIO(), io.StringIO()
    call_command("loaddocuments", *map(str, args), stdout=out, stderr=err, **options)
    return out.getvalue() + err.getvalue()


@pytest.mark.parametrize("name", ["dump.jsonl", "dump.jsonl.gz"])
def test_there_and_back(filled, tmp_path, name):
    before = raw(filled)
    path = tmp_path / name
    written(output=path)
    empty(filled)
    assert raw(filled) == {}
    assert f"loaded 27 documents into {filled.name}" in loaded(path)
    assert raw(filled) == before
    loaded(path)
    assert raw(filled) == before, "again, which changes nothing"
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_what_is_there_is_replaced_and_nothing_else_touched(filled, tmp_path):
    written("papers", output=tmp_path / "d")
    before = raw(filled)
    filled.papers.update_one({"_id": 3}, {"$set": {"title": "changed", "new": 1}})
    filled.papers.delete_one({"_id": 4})
    filled.papers.insert_one({"_id": "later"})
    loaded(tmp_path / "d")
    assert filled.papers.find_one({"_id": "later"})
    filled.papers.delete_one({"_id": "later"})
    assert raw(filled) == before


def test_lines(mongodb):
    mongodb.notes.insert_many([{"_id": 2}, {"_id": 1, "n": Int64(5)}])
    assert [json.loads(line) for line in written().splitlines()] == [
        {"django_mongokit": "documents", "version": 2},
        {"collection": "notes", "document": {"_id": {"$numberInt": "1"}, "n": {"$numberLong": "5"}}},
        {"collection": "notes", "document": {"_id": {"$numberInt": "2"}}},
        {"end": 2},
    ]


CHOSEN = {
    "a collection": (["papers"], {}, {"papers"}),
    "a document": (["papers.Paper"], {}, {"papers"}),
    "two": (["everything", "papers"], {}, {"everything", "papers"}),
    "one twice": (["papers", "papers.Paper"], {}, {"papers"}),
    "dotted": (["fs.files"], {}, {"fs.files"}),
    "all but one": ([], {"exclude": ["papers.Paper"]}, {"everything", "fs.files"}),
    "all but two": ([], {"exclude": ["papers", "everything"]}, {"fs.files"}),
}


@pytest.mark.parametrize(("names", "options", "expected"), CHOSEN.values(), ids=CHOSEN)
def test_chosen(filled, names, options, expected):
    lines = [json.loads(line) for line in written(*names, **options).splitlines()[1:-1]]
    assert {line["collection"] for line in lines} == expected
    assert len(lines) == sum(filled[name].count_documents({}) for name in expected)


@pytest.mark.parametrize(
    ("names", "options"), [(["nothing"], {}), (["papers.Nothing"], {}), ([], {"exclude": ["papres"]})]
)
def test_what_is_not_there(filled, names, options):
    wrong = [*names, *options.get("exclude", [])][0]
    words = rf"no collection, nor document, {wrong} in {filled.name}; there are .*everything, .*papers"
    with pytest.raises(CommandError, match=words):
        written(*names, **options)


def test_of_a_document_that_has_no_collection_yet(mongodb):
    assert written("papers.Paper").splitlines()[1] == '{"end": 0}'


def test_views_are_left_out(mongodb):
    mongodb.notes.insert_one({"_id": 1})
    try:
        mongodb.create_collection("shown", viewOn="notes", pipeline=[])
    except bson.errors.BSONError:
        raise
    except Exception as error:
        pytest.skip(f"this server has no views: {error}")
    try:
        assert '"shown"' not in written()
    finally:
        mongodb.drop_collection("shown")


def test_progress(filled, tmp_path, capsys):
    err = io.StringIO()
    call_command("dumpdocuments", output=tmp_path / "d", stderr=err)
    assert "papers: 25 documents\n" in err.getvalue()
    assert "papers: 25 documents\n" in loaded(tmp_path / "d")
    silent = io.StringIO()
    call_command("dumpdocuments", output=tmp_path / "d", stderr=silent, verbosity=0)
    assert silent.getvalue() == loaded(tmp_path / "d", verbosity=0) == ""


@pytest.mark.parametrize("kind", [str, pathlib.Path])
def test_a_dash_is_standard_output(filled, tmp_path, monkeypatch, kind):
    """As for the other tools; progress is of a file, and never among the lines."""
    monkeypatch.chdir(tmp_path)
    out, err = io.StringIO(), io.StringIO()
    call_command("dumpdocuments", output=kind("-"), stdout=out, stderr=err, verbosity=2)
    assert out.getvalue() == written()
    assert (err.getvalue(), list(tmp_path.iterdir())) == ("", [])
    written(output=kind("./-") if kind is str else tmp_path / "-")
    assert (tmp_path / "-").read_text() == written(), "so a file can have that name"


def test_more_than_one_batch(mongodb, tmp_path):
    mongodb.notes.insert_many([{"_id": number} for number in range(2_100)])
    seen = []
    lines = list(dump(mongodb, ["notes"], lambda name, number: seen.append(number)))
    assert seen == [1_000, 2_000, 2_100]
    mongodb.notes.delete_many({})
    seen.clear()
    entries = read(line.encode() for line in lines)
    assert load(mongodb, entries, lambda name, number: seen.append(number)) == 2_100
    assert seen == [1_000, 2_000, 2_100]
    assert mongodb.notes.count_documents({}) == 2_100


def test_batches_are_small_enough_for_large_documents(mongodb):
    mongodb.notes.insert_many([{"_id": number, "text": "x" * 6_000_000} for number in range(4)])
    lines = [line.encode() for line in dump(mongodb, ["notes"])]
    mongodb.notes.delete_many({})
    seen = []
    load(mongodb, read(lines), lambda name, number: seen.append(number))
    assert seen == [1, 2, 3, 4]
    assert mongodb.notes.count_documents({"text": {"$type": "string"}}) == 4


IDS = st.integers(-(2**63), 2**63 - 1) | st.text() | st.binary() | st.builds(ObjectId) | st.dictionaries(st.text(alphabet="ab"), st.text(), max_size=2)  # fmt: skip
NAMES = st.text(alphabet="ab.é $") | st.sampled_from(
    [
        *(
            "$date",
            "$oid",
            "$numberInt",
            "$numberLong",
            "$numberDouble",
            "$numberDecimal",
            "$binary",
            "$uuid",
            "$code",
        ),
        *(
            "$scope",
            "$regex",
            "$options",
            "$regularExpression",
            "$timestamp",
            "$minKey",
            "$maxKey",
            "$undefined",
        ),
        *("$symbol", "$dbPointer", "$ref", "$id", "$db", "$type", "$$date", "$$$date", "$", "$$"),
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda one: (
        st.lists(one) | st.dictionaries(NAMES, one) | st.builds(Code, st.text(), st.dictionaries(NAMES, one))
    ),
    max_leaves=8,
)


@settings(max_examples=400)
@given(
    st.lists(
        st.dictionaries(NAMES, VALUES, max_size=3).map(lambda one: {"_id": 1, **one})
        | st.builds(lambda key: {"_id": key}, IDS),
        max_size=3,
    )
)
def test_lines_are_read_as_they_were_written(documents):
    """Without a server: what `dump` makes of documents, `read` makes documents of again."""
    stored = [bson.encode(one) for one in documents]

    class Names(dict):
        def find(self):
            return self

        def sort(self, *args):
            return (RawBSONDocument(one, codec_options=RAW_CODEC) for one in stored)

    from django_mongokit import dumps

    original, dumps._plain = dumps._plain, lambda database, codec: {"notes": Names()}
    try:
        lines = list(dump(None, ["notes"]))
    finally:
        dumps._plain = original
    assert all(line.count("\n") == 1 for line in lines)
    entries = list(read(line.encode() for line in lines))
    assert [bson.encode(one.document) for one in entries] == stored


LOOKING_ALIKE = {
    "a date": {"d": {"$date": "v"}},
    "an object id": {"d": {"$oid": 5, "b": {"$oid": "4b9244989d40b334b4000000"}}},
    "a reference to nothing": {"d": [{"$ref": 5}, {"$ref": "x"}, {"$id": 1, "$ref": "x"}]},
    "a reference with more": {
        "d": DBRef("notes", 1, "db", more={"$date": 1}),
        "e": DBRef("notes", {"$id": 1}),
    },
    "escaped already": {"d": {"$$date": 1, "$": 2, "$$": 3}},
    "in code": {"d": Code("f()", {"$date": "v", "a": {"$oid": 1}})},
    "of the document": {"$date": "v", "$set": {"a": 1}},
    "of the key": {"_id": {"a": {"$date": 1}}, "b": 2},
}


@pytest.mark.parametrize("document", LOOKING_ALIKE.values(), ids=LOOKING_ALIKE)
def test_keys_that_look_like_extended_json(mongodb, tmp_path, document):
    mongodb.notes.insert_one({"_id": 1, **document})
    before = raw(mongodb)
    for output in (tmp_path / "d", str(tmp_path / "d.gz")):
        written(output=output)
        loaded(output)
        assert raw(mongodb) == before, "in the place of itself"
        empty(mongodb)
        loaded(output)
        assert raw(mongodb) == before


def test_a_reference_is_what_other_programs_take_for_one():
    """Of the keys that begin with "$" only those of a DBRef are Extended JSON's own."""
    for document, keys in (
        ({"r": DBRef("authors", 1)}, ["$ref", "$id"]),
        ({"r": DBRef("authors", 1, "other")}, ["$ref", "$id", "$db"]),
        ({"r": {"$ref": 1, "$id": 1}}, ["$$ref", "$$id"]),
        ({"r": {"$id": 1, "$ref": "authors"}}, ["$$id", "$$ref"]),
    ):
        text = extended.written("notes", RawBSONDocument(bson.encode(document), codec_options=RAW_CODEC))
        assert list(json.loads(text)["document"]["r"]) == keys


def test_a_dump_of_the_first_version_is_read_as_it_was_meant():
    text = line({"_id": 1, "$$a": {"$numberLong": "5"}, "d": {"$ref": "notes", "$id": 7}})
    (entry,) = read(one.encode() for one in [HEAD, text, '{"end": 1}\n'])
    assert entry.document == {"_id": 1, "$$a": Int64(5), "d": DBRef("notes", 7)}


def test_a_document_that_cannot_be_read_is_named(mongodb, monkeypatch):
    """Not stored on the way: the embedded server refuses them, and other servers keep what they were sent in 2010."""
    from django_mongokit import dumps

    wrong = bson.encode({"_id": 7, "text": "wrong"}).replace(b"wrong", b"\xff" * 5)

    class Notes:
        def find(self):
            return self

        def sort(self, *args):
            return iter([RawBSONDocument(wrong, codec_options=RAW_CODEC)])

    monkeypatch.setattr(dumps, "_plain", lambda database, codec: {"notes": Notes()})
    mongodb.notes.insert_one({"_id": 7})
    with pytest.raises(
        CommandError, match=r"notes, _id \S+: the document cannot be read \(.*utf-8.*; mend it"
    ):
        written("notes")


def test_dates_that_python_has_not_got():
    """Not stored on the way: the embedded server refuses them."""
    date = bson.DatetimeMS(-(10**14))
    text = json_util.dumps({"collection": "notes", "document": {"_id": date}}, json_options=CANONICAL)
    (entry,) = read(one.encode() for one in [HEAD, text + "\n", '{"end": 1}\n'])
    assert entry.document == {"_id": date}


# What is wrong.

HEAD = '{"django_mongokit": "documents", "version": 1}\n'
GOOD = '{"collection": "notes", "document": {"_id": {"$numberInt": "1"}}}\n'


def line(document, collection="notes"):
    return json.dumps({"collection": collection, "document": document}) + "\n"


WRONG = {
    "nothing": ("", "ends too early, after line 0"),
    "no header": (GOOD, "line 1: this is no dump of documents, which begins with"),
    "a fixture of Django": ('[{"model": "books.book"}]\n', "line 1: a JSON object is expected"),
    "another version": (HEAD.replace("1", "3"), "line 1: the dump has version 3; known are 1 and 2"),
    "no version": (HEAD.replace("1", "[1]"), r"line 1: the dump has version \[1\]; known are 1 and 2"),
    "half escaped": (
        HEAD.replace("1", "2") + line({"_id": 1, "$$a": {"$$date": 1, "$oid": 2}}),
        "line 2: no Extended JSON .*'.oid' stands beside an escaped key",
    ),
    "cut off between lines": (HEAD + GOOD, "ends too early, after line 2"),
    "cut off in a line": (HEAD + GOOD + GOOD[:40], "line 3: no Extended JSON"),
    "one is missing": (HEAD + GOOD + '{"end": 2}\n', "line 3: the dump had 2 documents, and 1 are there"),
    "two are one": (HEAD + GOOD + '{"end": 1}\n' + HEAD, "line 4: the dump has ended"),
    "an empty line": (HEAD + "\n" + GOOD + '{"end": 1}\n', "line 2: no Extended JSON"),
    "no json": (HEAD + GOOD + "{x}\n", "line 3: no Extended JSON .*'{x}'"),
    "a long line": (HEAD + "x" * 200 + "\n", "line 2: .*x{80}…'"),
    "no utf-8": ((HEAD + GOOD).encode() + b"\xff\n", "line 3: no Extended JSON"),
    "a list": (HEAD + "[1]\n", "line 2: a JSON object is expected, not '.1.'"),
    "no collection": (HEAD + '{"document": {"_id": 1}}\n', "line 2: .* it has 'document'"),
    "no document": (HEAD + '{"collection": "notes"}\n', "line 2: .* it has 'collection'"),
    "an empty object": (HEAD + "{}\n", "line 2: .* it has nothing"),
    "a document that is none": (HEAD + line([1]), "line 2"),
    "a collection that is none": (HEAD + line({"_id": 1}, 3), "line 2: 3 is no collection's name"),
    "a server's collection": (
        HEAD + line({"_id": 1}, "system.users"),
        "line 2: 'system.users' is no collection's name",
    ),
    "an operator": (HEAD + line({"_id": 1}, "$cmd"), "line 2: '.cmd' is no collection's name"),
    **{
        f"a name that is none: {name!r:.9}": (
            HEAD + GOOD + line({"_id": 1}, name) + '{"end": 2}\n',
            "line 3: .* is no collection's name",
        )
        for name in (
            "",
            ".x",
            "x.",
            "a..b",
            ".",
            "x" * 300,
            "ü" * 130,
            "$x",
            "a\0b",
            "\ud800",
            "system.x",
            "a$b",
        )
    },
    "no id": (HEAD + line({"a": 1}), r"line 2 \(notes\): the document has no _id"),
    "a forged object id": (HEAD + line({"_id": {"$oid": "x"}}), "line 2: no Extended JSON"),
    "a number too large": (HEAD + line({"_id": 7, "n": 2**64}), r"line 2 \(notes, _id 7\): .*8-byte"),
    "too large": (
        HEAD + line({"_id": 7, "text": "x" * 17_000_000}),
        r"line 2 \(notes, _id 7\): 17000\d+ bytes are more",
    ),
    "nested too deep": (HEAD + '{"a":' * 5_000 + "1" + "}" * 5_000 + "\n", "line 2: "),
}


@pytest.mark.parametrize(("text", "words"), WRONG.values(), ids=WRONG)
def test_a_dump_with_a_mistake_changes_nothing(mongodb, tmp_path, text, words):
    path, fine = tmp_path / "wrong", tmp_path / "fine"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    fine.write_text(HEAD + GOOD + '{"end": 1}\n')
    with pytest.raises(CommandError, match=words) as raised:
        loaded(fine, path)
    assert str(raised.value).startswith(f"{path}: ")
    assert raw(mongodb) == {}


def test_a_damaged_archive(filled, tmp_path):
    written(output=tmp_path / "d.gz")
    whole = (tmp_path / "d.gz").read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    for content in (whole[: len(whole) // 2], whole[:-4], bytes(damaged), b"plain text"):
        (tmp_path / "d.gz").write_bytes(content)
        with pytest.raises(CommandError, match=r"d\.gz: (after )?line|d\.gz: the dump ends"):
            loaded(tmp_path / "d.gz")


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_file_that_is_none(mongodb, tmp_path, name):
    with pytest.raises(CommandError, match="cannot be read"):
        loaded(tmp_path / name)


def test_what_the_server_refuses_is_named_and_the_rest_stored(mongodb, tmp_path):
    Paper.ensure_indexes(mongodb.papers)
    mongodb.papers.insert_one({"_id": 100, "title": "in the way", "slug": "3"})
    documents = [{"_id": number, "title": f"{number}", "slug": f"{number}"} for number in range(5)]
    path = tmp_path / "d"
    path.write_text(HEAD + "".join(line(one, "papers") for one in documents) + '{"end": 5}\n')
    with pytest.raises(CommandError) as raised:
        loaded(path)
    text = str(raised.value)
    assert "4 of 5 documents are stored" in text
    assert re.search(r"line 5 \(papers, _id 3\): .*duplicate key", text)
    assert sorted(one["_id"] for one in mongodb.papers.find()) == [0, 1, 2, 4, 100]
    mongodb.papers.delete_one({"_id": 100})
    loaded(path)
    assert sorted(one["_id"] for one in mongodb.papers.find()) == [0, 1, 2, 3, 4]


def test_many_refusals_are_not_all_told(mongodb, tmp_path):
    Paper.ensure_indexes(mongodb.papers)
    mongodb.papers.insert_one({"_id": 100, "slug": "same"})
    path = tmp_path / "d"
    path.write_text(
        HEAD
        + "".join(line({"_id": number, "slug": "same"}, "papers") for number in range(30))
        + '{"end": 30}\n'
    )
    with pytest.raises(CommandError, match=r"0 of 30 [\s\S]*and 10 more"):
        loaded(path)


def test_an_id_that_looks_like_a_condition(mongodb):
    """It replaces the document of that id, and not any that it would find."""
    mongodb.notes.insert_one({"_id": 1, "kept": True})
    content = [
        HEAD,
        '{"collection": "notes", "document": {"_id": {"$gt": {"$numberInt": "0"}}}}\n',
        '{"end": 1}\n',
    ]
    with suppress(DumpError):  # MongoDB takes no such id, the embedded server does
        load(mongodb, read(one.encode() for one in content))
    assert mongodb.notes.find_one({"_id": 1}) == {"_id": 1, "kept": True}


def test_dry_run(filled, tmp_path):
    written(output=tmp_path / "d")
    empty(filled)
    assert "27 documents, all of them right" in loaded(tmp_path / "d", dry_run=True)
    assert raw(filled) == {}


# Files.


def test_a_dump_can_be_read_by_its_owner_only(filled, tmp_path):
    written(output=tmp_path / "d")
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o600


def test_a_disk_that_is_full_leaves_the_last_good_dump(filled, tmp_path, monkeypatch):
    # Python would leave a compiled module that is cut off, and every later process would fail at it.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path = tmp_path / "d"
    path.write_text("the last good one")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
    try:
        with pytest.raises(CommandError, match=f"{path} cannot be written: File too large"):
            written(output=path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == "the last good one"
    assert [one.name for one in tmp_path.iterdir()] == ["d"]


@pytest.mark.parametrize("name", ["nowhere/d", "d/d"])
def test_a_folder_that_is_none(filled, tmp_path, name):
    (tmp_path / "d").write_text("a file")
    with pytest.raises(CommandError, match=f"{name} cannot be written"):
        written(output=tmp_path / name)
    assert (tmp_path / "d").read_text() == "a file"


def test_a_link_stays_one_and_its_target_is_replaced(filled, tmp_path):
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "d", tmp_path / "link"
    link.symlink_to("real/d")
    written(output=link)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    target.write_text("the last one")
    target.chmod(0o640)
    before = target.stat().st_ino
    written(output=link)
    assert link.is_symlink()
    assert target.read_text() == written()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert target.stat().st_ino != before, "written beside it, and put in its place"
    assert [one.name for one in (tmp_path / "real").iterdir()] == ["d"]


@pytest.mark.parametrize("name", ["fifo", "link", "fifo.gz"])
def test_a_fifo_is_written_to(filled, tmp_path, name):
    fifo = tmp_path / ("fifo" if name == "link" else name)
    os.mkfifo(fifo)
    if name == "link":
        (tmp_path / "link").symlink_to("fifo")
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        written(output=tmp_path / name)  # less than a FIFO holds
        content = os.read(reader, 1_000_000)
    finally:
        os.close(reader)
    assert (gzip.decompress(content) if name == "fifo.gz" else content).decode() == written()
    assert stat.S_ISFIFO(fifo.stat().st_mode)
    assert {one.name for one in tmp_path.iterdir()} == {fifo.name, name}


def test_a_device_is_written_to(filled):
    """A terminal of this test's own: never the machine's, which the old code replaced by a file."""
    reader, terminal = pty.openpty()
    try:
        tty.setraw(terminal)
        expected = written("notes")
        written("notes", output=os.ttyname(terminal))
        assert stat.S_ISCHR(os.stat(os.ttyname(terminal)).st_mode)
        content = b""
        while len(content) < len(expected.encode()):
            assert select.select([reader], [], [], 60)[0]
            content += os.read(reader, 100_000)
        assert content.decode() == expected
    finally:
        os.close(terminal)
        os.close(reader)


@pytest.mark.parametrize("name", ["folder", "link", "loop"])
def test_what_no_file_can_take_the_place_of(filled, tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "loop").symlink_to("loop")
    words = "Too many levels of symbolic links" if name == "loop" else "Is a directory"
    with pytest.raises(CommandError, match=f"{name} cannot be written: {words}"):
        written(output=tmp_path / name)
    assert {one.name for one in tmp_path.iterdir()} == {"folder", "link", "loop"}


def test_a_dump_is_the_same_bytes_each_time(filled, tmp_path):
    for name in ("a.gz", "b.gz"):
        written(output=tmp_path / name)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()).decode() == written()


# As commands.


@pytest.mark.parametrize("output", [[], ["-o", "-"]], ids=["unsaid", "dash"])
def test_from_one_database_into_another_by_a_pipe(site, uri, name, client_of_server, tmp_path, output):
    source, target = f"{name}_a", f"{name}_b"
    client_of_server[source].notes.insert_many([{"_id": number, "text": "ä"} for number in range(50)])

    def command(database):
        return {**os.environ, "SITE_NAME": database, "SITE_SQLITE": str(tmp_path / "sqlite")}

    dumping = [sys.executable, "-W", "error", "manage.py", "dumpdocuments", "notes", *output]
    loading = [sys.executable, "-W", "error", "manage.py", "loaddocuments", "-"]
    made = subprocess.run(
        dumping, cwd=site, env=command(source), capture_output=True, timeout=100, check=True
    )
    done = subprocess.run(loading, cwd=site, env=command(target), input=made.stdout, capture_output=True, timeout=100, check=True)  # fmt: skip
    assert b"loaded 50 documents" in done.stdout
    assert list(client_of_server[target].notes.find()) == list(client_of_server[source].notes.find())


def test_an_alias_that_is_none_of_mongodb(mongodb, tmp_path):
    for command in (
        ["dumpdocuments"],
        ["loaddocuments", "x"],
        ["ensure_indexes"],
        ["migrate_documents"],
        ["mongo_shell", "-c", "1"],
    ):
        with pytest.raises(CommandError, match=r"--database default: DATABASES has mongodb with the ENGINE"):
            call_command(*command, database="default")
