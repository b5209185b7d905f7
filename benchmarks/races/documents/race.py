"""The question, and who answers it."""

from __future__ import annotations

from harness.contestant import Case, Contestant, Race
from races.documents.server import server

__all__ = ["RACE"]


def _contestant(name: str, title: str, module: str, *packages: str, ours: bool = False) -> Contestant:
    return Contestant(
        name=name,
        title=title,
        module=f"races.documents.{module}",
        packages=("pymongo", *packages),
        ours=ours,
    )


RACE = Race(
    name="documents",
    title="Creating and reading MongoDB documents",
    unit="µs of CPU",
    figure="cpu",
    baseline="pymongo",
    samples=1,
    columns=2,
    cases=(
        Case(key="create_talk", title="Create a Talk (flat, 180 bytes)"),
        Case(key="create_order", title="Create an Order (25 fields, 10 sub-documents)"),
        Case(key="bulk_talk", title="Store 1,000 Talks in one call, each"),
        Case(key="bulk_order", title="Store 1,000 Orders in one call, each"),
        Case(key="get_talk", title="Get a Talk by its id"),
        Case(key="get_order", title="Get an Order by its id"),
        Case(key="iterate_talk", title="Iterate over 1,000 Talks, each"),
        Case(key="iterate_order", title="Iterate over 1,000 Orders, each"),
    ),
    contestants=(
        _contestant("pymongo", "PyMongo, plain dicts", "pymongo_raw"),
        _contestant("mongokit", "mongokit", "mongokit_documents", "slimstack-mongokit", ours=True),
        _contestant(
            "mongokit_unit", "mongokit, a unit of work", "mongokit_unit", "slimstack-mongokit", ours=True
        ),
        _contestant("odmantic", "ODMantic", "odmantic_odm", "odmantic", "pydantic"),
        _contestant("umongo", "umongo", "umongo_odm", "umongo", "marshmallow"),
        _contestant("mongoengine", "MongoEngine", "mongoengine_odm", "mongoengine"),
        _contestant("pymongo_async", "PyMongo async, plain dicts", "pymongo_async"),
        _contestant("mongokit_async", "mongokit async", "mongokit_async", "slimstack-mongokit", ours=True),
        _contestant("beanie", "Beanie (async)", "beanie_odm", "beanie", "pydantic"),
    ),
    services=server,
    how=(
        "measured: CPU time of the client's process, for one operation after the other; the server's is not in it",
        "created from plain values, the library's own document made of them and saved as its manual does",
        "one field is read of every document that is loaded; what is stored is compared with the values first",
        "in one call: of plain values, validated, by PyMongo and mongokit only; a unit of work makes a document of each",
        "PyMongo async, mongokit async and Beanie run in one event loop, one operation at a time: their client CPU, not their concurrency",
    ),
)
