"""`ensure_indexes`, `migrate_documents` and `mongo_shell`."""

import code
import io
import json
import os
import re
import sys

import pytest
from django.core.management import CommandError, call_command
from papers.models import Memo, Paper

from mongokit import Document as MongokitDocument


def run(command, *args, **options):
    """Run a command; return what it printed, on either stream."""
    out, err = io.StringIO(), io.StringIO()
    call_command(command, *args, stdout=out, stderr=err, **options)
    return out.getvalue() + err.getvalue()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["ensure_indexes"], 0, "slug_1"),
        (["ensure_indexes", "--check"], 1, "1 of the declared indexes are missing"),
        (["mongo_shell", "-c", "print(Paper.collection.full_name)"], 0, "_archive.papers"),
        (["dumpdocuments", "papers.Paper"], 0, '"version": 2'),
        (["migrate_documents", "papers.Scrap", "--collection", "scraps"], 0, "nothing to do"),
    ],
    ids=["ensure_indexes", "check", "mongo_shell", "dumpdocuments", "migrate_documents"],
)
def test_another_alias(manage, name, uri, arguments, code, words):
    """Its documents are those that are registered with the connection, as everywhere."""
    mongodb = {"ENGINE": "django_mongokit.mongodb", "NAME": name, "HOST": uri}
    entries = {
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
        "mongodb": mongodb,
        "archive": {**mongodb, "NAME": f"{name}_archive"},
    }
    settings = json.dumps({"DATABASES": entries})
    assert words in manage(*arguments, "--database", "archive", code=code, SITE_SETTINGS=settings)


# ensure_indexes


@pytest.fixture
def papers(mongodb):
    """The collection, without the indexes that other tests may have left."""
    mongodb.drop_collection("papers")
    return mongodb.papers


def test_indexes_are_built_once(papers):
    assert "slug_1" in run("ensure_indexes")
    assert papers.index_information()["slug_1"]["unique"] is True
    again = run("ensure_indexes")
    assert "built" not in again
    assert "same" in again


@pytest.mark.parametrize("option", ["dry_run", "check"])
def test_what_only_looks_builds_nothing(papers, option):
    try:
        output = run("ensure_indexes", **{option: True})
    except CommandError as error:
        assert option == "check"
        output = str(error)
    assert "missing" in output
    assert "slug_1" not in papers.index_information()


def test_check(papers):
    # Other tests may have registered classes of their own.
    run("ensure_indexes")
    papers.drop_indexes()
    with pytest.raises(CommandError, match="1 of the declared indexes are missing"):
        run("ensure_indexes", check=True)
    run("ensure_indexes")
    run("ensure_indexes", check=True)
    papers.drop_indexes()
    papers.create_index("slug")
    with pytest.raises(CommandError, match="1 of the declared indexes are missing, or are not as declared"):
        run("ensure_indexes", check=True)


def test_what_two_classes_declare_in_two_ways(papers, monkeypatch):
    class Rival(MongokitDocument):
        __collection__ = "papers"
        structure = {"slug": str}
        indexes = [{"fields": "slug"}]

    monkeypatch.setitem(papers.database.client.registered, "Rival", Rival)
    with pytest.raises(
        CommandError, match=r"Rival: the index slug_1 of .* cannot be built: .*Rival and Paper declare"
    ):
        run("ensure_indexes")
    with pytest.raises(CommandError, match="1 of the declared indexes are missing, or are not as declared"):
        run("ensure_indexes", check=True)


def test_what_differs_is_changed_only_when_told(papers):
    papers.create_index("slug")
    assert "different" in run("ensure_indexes")
    assert "unique" not in papers.index_information()["slug_1"]
    run("ensure_indexes", drop=True)
    assert papers.index_information()["slug_1"]["unique"] is True


def test_what_nobody_declares_stays(papers):
    papers.create_index("year")
    assert "not declared" in run("ensure_indexes", drop=True)
    assert "year_1" in papers.index_information()


def test_documents_that_are_in_the_way_are_named(papers):
    papers.insert_many([{"_id": number, "slug": "same"} for number in (7, 8)])
    with pytest.raises(CommandError, match=r"same[\s\S]*7[\s\S]*8"):
        run("ensure_indexes")


def test_classes_without_a_collection_are_said(papers):
    assert re.search(r"homeless +make_1 .*Computer\n.*does not say where it lives", run("ensure_indexes"))
    assert run("ensure_indexes", verbosity=0) == ""


def test_as_a_command(manage, client_of_server, name):
    assert "1 of the declared indexes are missing" in manage("ensure_indexes", "--check", code=1)
    manage("ensure_indexes")
    assert "slug_1" in client_of_server[name].papers.index_information()
    manage("ensure_indexes", "--check")


# migrate_documents


@pytest.fixture
def notes(mongodb):
    mongodb.notes.insert_many([{"_id": number, "txt": f"note {number}"} for number in range(7)])
    return mongodb.notes


def test_migration(notes):
    output = run("migrate_documents")
    assert "7 changed" in output
    assert "papers.Scrap has no __collection__" in output
    assert "It is passed over" in output
    assert [note["text"] for note in notes.Memo.find().sort("_id")] == [
        f"note {number}" for number in range(7)
    ]
    assert notes.count_documents({"txt": {"$exists": True}}) == 0
    assert "nothing to do" in run("migrate_documents", "papers.Memo")


def test_migration_dry_run(notes):
    output = run("migrate_documents", dry_run=True)
    assert "dry run" in output
    assert "7 to change" in output
    assert notes.count_documents({"txt": {"$exists": True}}) == 7


def test_migration_in_batches_shows_how_far_it_is(notes):
    output = run("migrate_documents", batch_size=2, verbosity=2)
    assert output.count("allmigration01_rename_txt: ") >= 4
    assert notes.count_documents({"txt": {"$exists": True}}) == 0


def test_migration_of_a_class_without_a_collection(notes):
    with pytest.raises(CommandError, match=r"papers.Scrap has no __collection__: .*--collection"):
        run("migrate_documents", "papers.Scrap")
    assert "7 changed" in run("migrate_documents", "papers.Scrap", collection="notes")


WRONG = {
    "unknown": (["papers.Nothing"], {}, "No document papers.Nothing is registered; there are .*papers.Memo"),
    "no rules": (["papers.Paper"], {}, "papers.Paper has no migration_handler"),
    "a collection of all": ([], {"collection": "notes"}, "name the class"),
    "a collection of two": (["papers.Memo", "papers.Scrap"], {"collection": "notes"}, "name the class"),
    "no batch": ([], {"batch_size": 0}, "--batch-size 0: a number of at least 1"),
}


@pytest.mark.parametrize(("labels", "options", "words"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_migrated(notes, labels, options, words):
    with pytest.raises(CommandError, match=words):
        run("migrate_documents", *labels, **options)
    assert notes.count_documents({"txt": {"$exists": True}}) == 7


def test_rules_that_are_wrong_are_told_without_a_traceback(notes, monkeypatch):
    def rule(self):
        self.target = {"txt": {"$exists": True}}
        self.update = {"$set": {"nowhere": 1}}

    monkeypatch.setattr(Memo.migration_handler, "allmigration00", rule, raising=False)
    with pytest.raises(CommandError, match=r"papers.Memo: .*nowhere"):
        run("migrate_documents", "papers.Memo")
    assert notes.count_documents({"nowhere": 1}) == 0


# mongo_shell


@pytest.fixture
def shell(manage, client_of_server, name):
    client_of_server[name].papers.insert_one({"_id": 1, "title": "Bananas", "slug": "b"})

    def run_code(code, **options):
        return manage("mongo_shell", "-c", code, **options)

    return run_code


def test_shell(shell, name):
    code = "print(database.name, Paper.find_one()['title'], Draft.__name__, connection[database.name] == database, ObjectId())"
    assert f"{name} Bananas Draft True " in shell(code)


def test_shell_from_standard_input(manage, shell, name):
    assert "['Bananas']" in manage("mongo_shell", stdin="print([one['title'] for one in Paper.find()])\n")


def test_shell_makes_documents(shell, client_of_server, name):
    shell("paper = Paper(); paper['title'] = paper['slug'] = 'new'; paper.save()")
    assert client_of_server[name].papers.count_documents({"slug": "new"}) == 1


def test_shell_says_what_there_is(mongodb, monkeypatch):
    controller, terminal = os.openpty()
    seen = []
    monkeypatch.setattr(code, "interact", lambda local: seen.append(local))
    with open(terminal) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        output = run("mongo_shell", interface="python", no_startup=True)
    os.close(controller)
    assert f"{mongodb.name}: " in output
    assert {"Paper", "Talk", "connection", "database", "ObjectId"} <= set(seen[0])
    assert repr(seen[0]["Paper"]) == f"<Paper in {mongodb.name}.papers>"
    assert seen[0]["Paper"]._obj_class is Paper
