"""The race over documents: its shapes, its checks against a real server, and those who need no rival's package."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import bson
import pytest
from races.documents.server import server
from races.documents.shapes import ORDER, SHAPES, TALK
from races.documents.store import MEMORY, URI

from harness.contestant import find_races
from harness.machine import listener_pids
from harness.rounds import run_race
from harness.summarise import summarise_gauges

RACE = find_races()["documents"]
CASES = {case.key for case in RACE.cases}
BULK = {case for case in CASES if case.startswith("bulk_")}
NEED_NO_RIVAL = {
    "pymongo": CASES,
    "mongokit": CASES,
    "pymongo_async": CASES - BULK,
    "mongokit_async": CASES - BULK,
    "mongokit_unit": BULK,
}

LIBRARY = """
    from races.documents.shapes import TALK
    from races.documents.store import Library, operations, scratch_database

    with scratch_database("bench_fake") as database:
        talks = database["talks"]
        library = Library(
            create={create},
            load={load},
            read={read},
            change={change},
            delete={delete},
            iterate={iterate},
            create_many={create_many},
        )
        found = operations(database, TALK, library)
        yield {{"work": found["create_talk"]}}
"""
CREATE = "lambda values: talks.insert_one(dict(values))"
LOAD = "lambda id_: talks.find_one(id_)"
READ = "lambda talk: talk['topic']"
CHANGE = "lambda talk, text: talks.replace_one({'_id': talk['_id']}, {**talk, 'topic': text})"
DELETE = "lambda talk: talks.delete_one({'_id': talk['_id']})"
ITERATE = "lambda: [talk['topic'] for talk in talks.find()]"

needs_server = pytest.mark.skipif(
    sys.version_info >= (3, 14) and "MONGODB_URI" not in os.environ,
    reason="no embedded server for this Python; name one by MONGODB_URI",
)


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    """The server of the race, up for all tests of this module."""
    with server(tmp_path_factory.mktemp("server")) as found:
        yield found


@pytest.fixture
def serve(services, monkeypatch):
    """Hand the server to what runs next, as the race does."""
    monkeypatch.setenv(URI, services.environment[URI])
    monkeypatch.setenv("MONGODB_URI", services.environment[URI])
    return services


def test_the_shapes_are_as_large_as_they_are_said_to_be():
    sizes = {shape.name: len(bson.encode({"_id": bson.ObjectId(), **shape.samples[0]})) for shape in SHAPES}

    assert sizes == {"Talk": pytest.approx(180, abs=10), "Order": pytest.approx(1500, abs=50)}
    assert [len(values) for values in ORDER.samples] == [25] * 100
    assert [len(values["items"]) for values in ORDER.samples] == [10] * 100
    assert all(not isinstance(value, dict) for values in TALK.samples for value in values.values())


def test_samples_differ_in_their_key():
    for shape in SHAPES:
        assert len({values[shape.key] for values in shape.samples}) == 100


@needs_server
@pytest.mark.parametrize(("name", "cases"), NEED_NO_RIVAL.items(), ids=NEED_NO_RIVAL)
def test_a_contestant_does_its_cases(name, cases, serve, quick, watcher, scripted):
    chosen = tuple(each for each in RACE.contestants if each.name == name)
    race = replace(RACE, contestants=chosen, baseline=name, targets=())

    result = run_race(race, quick(rounds=2, minimum=0.005), watcher, scripted(0.0))

    assert [failure.traceback for failure in result.failures] == []
    samples = result.counted()[0].samples
    assert set(samples) == cases
    gauges = summarise_gauges(result)
    assert set(gauges) == {case for case in cases if case.startswith("get_")}
    assert all(500 < each[name][MEMORY] < 20_000 for each in gauges.values())
    units = {case: sample.units for case, (sample,) in samples.items()}
    assert units == {case: 1000 if case.startswith(("iterate", "bulk")) else 1 for case in cases}
    assert "named by MONGODB_URI" in result.services["server"]


@needs_server
@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"create": "lambda values: talks.insert_one({'topic': values['topic']})"}, "stored"),
        ({"create": "lambda values: talks.insert_one({**values, 'duration': '49.5'})"}, "stored"),
        ({"create": "lambda values: None"}, "not enough values to unpack"),
        ({"load": "lambda id_: None"}, "'NoneType' object is not subscriptable"),
        ({"read": "lambda talk: talk"}, "loaded"),
        ({"change": "lambda talk, text: None"}, "changed to"),
        (
            {"change": "lambda talk, text: talks.replace_one({'_id': talk['_id']}, {'topic': text})"},
            "changed to",
        ),
        ({"delete": "lambda talk: None"}, "deleted one document, which is still there"),
        ({"iterate": "lambda: []"}, "loaded"),
        ({"iterate": "lambda: [talk for talk in talks.find()]"}, "loaded"),
        ({"create_many": "lambda many: talks.insert_many(many[1:])"}, "stored 99 documents in one call"),
    ],
    ids=[
        "fewer fields",
        "another type",
        "not stored",
        "not found",
        "not read",
        "not changed",
        "changed and lost",
        "not deleted",
        "none iterated",
        "none read",
        "one less",
    ],
)
def test_who_does_less_than_the_others_fails(stable, serve, quick, watcher, scripted, changed, error):
    functions = {
        "create": CREATE,
        "load": LOAD,
        "read": READ,
        "change": CHANGE,
        "delete": DELETE,
        "iterate": ITERATE,
        "create_many": None,
        **changed,
    }
    race = stable.race([stable.adapter("lazy", LIBRARY.format(**functions))])

    result = run_race(race, quick(rounds=2), watcher, scripted(0.0))

    assert error in result.failures[0].error


@needs_server
def test_what_is_read_is_what_the_library_itself_would_write(stable, serve, quick, watcher, scripted):
    body = """
        from races.documents.shapes import TALK
        from races.documents.store import DOCUMENTS, Library, operations, scratch_database

        with scratch_database("bench_fake") as database:
            talks = database["talks"]
            library = Library(
                create=lambda values: talks.insert_one({**values, "_cls": "Talk"}),
                load=lambda id_: talks.find_one({"_id": id_, "_cls": "Talk"}),
                read=lambda talk: talk["topic"],
                change=lambda talk, text: talks.update_one(talk, {"$set": {"topic": text}}),
                delete=talks.delete_one,
                iterate=lambda: [talk["topic"] for talk in talks.find({"_cls": "Talk"})],
            )
            found = operations(database, TALK, library)
            found["create_talk"].before()
            found["create_talk"].run(30)
            assert talks.count_documents({}) == 30
            found["iterate_talk"].before()
            topics = library.iterate()
            assert len(topics) == DOCUMENTS == found["iterate_talk"].units
            assert set(topics) == {values["topic"] for values in TALK.samples}
            found["get_talk"].before()
            found["get_talk"].run(1500)
            found["create_talk"].before()
            assert talks.count_documents({}) == 0
            elapsed = found["delete_talk"].run(30)
            assert talks.count_documents({}) == 0
            assert elapsed.wall > 0
            found["edit_talk"].before()
            found["edit_talk"].run(1500)
            edited = {talk["topic"] for talk in talks.find({"_cls": "Talk"})}
            assert len(edited) == DOCUMENTS
            assert edited.isdisjoint(topics)
            assert {len(topic) for topic in edited} == {len(TALK.samples[0]["topic"])}
            found["get_talk"].before()
            assert talks.count_documents({}) == DOCUMENTS
            yield {"work": found["get_talk"]}
    """

    result = run_race(stable.race([stable.adapter("odd", body)]), quick(rounds=2), watcher, scripted(0.0))

    assert [failure.traceback for failure in result.failures] == []


@needs_server
def test_many_are_stored_in_as_many_calls_as_are_said_and_found_by_nobody_else(
    stable, serve, quick, watcher, scripted
):
    body = """
        from races.documents.shapes import TALK
        from races.documents.store import CALLS, DOCUMENTS, Library, operations, scratch_database

        with scratch_database("bench_fake") as database:
            talks = database["talks"]
            library = Library(
                create=lambda values: talks.insert_one({**values}),
                load=lambda id_: talks.find_one({"_id": id_}),
                read=lambda talk: talk["topic"],
                change=lambda talk, text: talks.update_one(talk, {"$set": {"topic": text}}),
                delete=lambda talk: talks.delete_one({"_id": talk["_id"]}),
                iterate=lambda: [talk["topic"] for talk in talks.find()],
                create_many=talks.insert_many,
            )
            found = operations(database, TALK, library)
            bulk = found["bulk_talk"]
            assert (bulk.turns, bulk.units) == (CALLS, DOCUMENTS)
            for _ in range(2):
                bulk.before()
                assert talks.count_documents({}) == 0
                bulk.run(2)
                assert talks.count_documents({}) == 2 * DOCUMENTS
            found["iterate_talk"].before()
            assert talks.count_documents({}) == DOCUMENTS
            yield {"work": found["get_talk"]}
    """

    result = run_race(stable.race([stable.adapter("many", body)]), quick(rounds=2), watcher, scripted(0.0))

    assert [failure.traceback for failure in result.failures] == []


@needs_server
def test_the_scratch_database_is_gone_afterwards(serve, monkeypatch):
    from races.documents.store import scratch_database

    with scratch_database("bench_scratch") as database:
        database["left"].insert_one({"over": True})
    with scratch_database("bench_scratch") as database:
        assert database.list_collection_names() == []


@needs_server
def test_the_server_is_named_and_its_processes_are_the_races_own(services):
    port = int(services.environment[URI].split("/")[2].rpartition(":")[2])

    assert services.pids == listener_pids(port)
    assert services.pids
    assert "MongoDB" in services.facts["server"]


def test_every_contestant_has_its_adapter():
    from pathlib import Path

    import races

    (root,) = races.__path__
    for race in find_races().values():
        for contestant in race.contestants:
            path = Path(root, *contestant.module.split(".")[1:]).with_suffix(".py")
            assert "def enter(" in path.read_text(), contestant.name


def test_every_package_of_a_contestant_is_locked_or_ours():
    import re
    from pathlib import Path

    import races

    lock = Path(races.__path__[0]).parent.joinpath("requirements.lock").read_text()
    locked = {re.sub(r"[-_.]+", "-", name).lower() for name in re.findall(r"(?m)^([\w.-]+)==", lock)}
    for race in find_races().values():
        for contestant in race.contestants:
            others = {name.lower() for name in contestant.packages if not name.startswith("slimstack-")}
            assert others <= locked, contestant.name
