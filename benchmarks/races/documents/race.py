"""The question, and who answers it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.contestant import Case, Contestant, Gauge, Race, Target
from races.documents.server import server
from races.documents.store import MEMORY

__all__ = ["RACE"]


def _contestant(name: str, title: str, module: str, *packages: str, ours: bool = False) -> Contestant:
    return Contestant(
        name=name,
        title=title,
        module=f"races.documents.{module}",
        packages=("pymongo", *packages),
        ours=ours,
    )


def _targets() -> Iterator[Target]:
    """What a document may cost: a tenth more than a dict, in bulk and validated a fifth, or two where it is nested."""
    for ours, raw in (("mongokit", "pymongo"), ("mongokit_async", "pymongo_async")):
        for operation in ("create", "get", "edit", "delete", "iterate"):
            for shape in ("talk", "order"):
                yield Target(case=f"{operation}_{shape}", contestant=ours, at_most=1.1, against=raw)
    for ours in ("mongokit", "mongokit_unit"):
        for shape, at_most in (("talk", 1.2), ("order", 1.4)):
            yield Target(case=f"bulk_{shape}", contestant=ours, at_most=at_most, against="pymongo")
    for shape in ("talk", "order"):
        yield Target(
            case=f"get_{shape}", contestant="mongokit", at_most=1.05, against="pymongo", gauge=MEMORY
        )


RACE = Race(
    name="documents",
    title="Creating, reading, changing and deleting MongoDB documents",
    unit="µs of CPU",
    figure="cpu",
    baseline="pymongo",
    samples=1,
    # What decides is a few hundredths, less than a process by itself differs from the next.
    rounds=9,
    columns=2,
    cases=(
        Case(key="create_talk", title="Create a Talk (flat, 180 bytes)"),
        Case(key="create_order", title="Create an Order (25 fields, 10 sub-documents)"),
        Case(key="bulk_talk", title="Store 1,000 Talks in one call, each"),
        Case(key="bulk_order", title="Store 1,000 Orders in one call, each"),
        Case(key="get_talk", title="Get a Talk by its id"),
        Case(key="get_order", title="Get an Order by its id"),
        Case(key="edit_talk", title="Load a Talk, change a field and save it"),
        Case(key="edit_order", title="Load an Order, change a field and save it"),
        Case(key="delete_talk", title="Delete a Talk that was loaded"),
        Case(key="delete_order", title="Delete an Order that was loaded"),
        Case(key="iterate_talk", title="Iterate over 1,000 Talks, each"),
        Case(key="iterate_order", title="Iterate over 1,000 Orders, each"),
    ),
    contestants=(
        _contestant("pymongo", "PyMongo, plain dicts", "pymongo_raw"),
        _contestant("mongokit", "mongokit", "mongokit_documents", "slimstack-mongokit", ours=True),
        _contestant(
            "mongokit_unit", "mongokit, a late unit of work", "mongokit_unit", "slimstack-mongokit", ours=True
        ),
        _contestant("odmantic", "ODMantic", "odmantic_odm", "odmantic", "pydantic"),
        _contestant("umongo", "umongo", "umongo_odm", "umongo", "marshmallow"),
        _contestant("mongoengine", "MongoEngine", "mongoengine_odm", "mongoengine"),
        _contestant("pymongo_async", "PyMongo async, plain dicts", "pymongo_async"),
        _contestant("mongokit_async", "mongokit async", "mongokit_async", "slimstack-mongokit", ours=True),
        _contestant("beanie", "Beanie (async)", "beanie_odm", "beanie", "pydantic"),
    ),
    gauges=(Gauge(key=MEMORY, title="Memory of a loaded document", unit="bytes"),),
    targets=tuple(_targets()),
    services=server,
    how=(
        "measured: CPU time of the client's process, for one operation after the other; the server's is not in it",
        "created from plain values, the library's own document made of them and saved as its manual does",
        "one field is read of every document that is loaded; what is stored, changed and deleted is compared first",
        "saved after a change, as the library does it: PyMongo and mongokit replace the document, ODMs may set the one field",
        "in one call: of plain values, validated, by PyMongo and mongokit only; a unit of work (late=True) makes a document of each",
        "PyMongo async, mongokit async and Beanie run in one event loop, one operation at a time: their client CPU, not their concurrency",
    ),
)
