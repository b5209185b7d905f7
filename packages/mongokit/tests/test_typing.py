"""What a type checker knows of documents: mypy, run over a small program, reveals it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

pytest.importorskip("mypy", reason="mypy is not installed")

# A comment says what mypy has to reveal, or the code of the error it has to find. A line without one is right.
PROGRAM = """
import datetime
import decimal
import enum
import uuid
from typing import Annotated, Any, ClassVar, Literal

from bson import ObjectId

from mongokit import AsyncConnection, Connection, Cursor, Document, Ref, Required, SchemaDocument, ValidationError, absent, aprefetch, field, prefetch
from mongokit.paginator import Paginator
from mongokit import DocumentMigration, ensure_indexes, index_diff
from mongokit.proxy import DocumentProxy


class State(enum.Enum):
    DRAFT = "draft"


class Address(SchemaDocument):
    street: str
    city: str | None = None

    def label(self) -> str:
        return f"{self.street} {self.city}"


class Talk(Document):
    _id: ObjectId
    topic: str
    when: datetime.datetime | None = None
    added: datetime.datetime = field(default_factory=lambda: datetime.datetime.now(datetime.UTC))
    tags: list[str] = []
    speakers: Required[list[str]]
    address: Address
    places: list[Address] = []
    state: State = State.DRAFT
    kind: Literal["short", "long"] = "short"
    seats: Annotated[int, lambda seats: seats > 0] = 1
    price: decimal.Decimal
    counts: dict[str, int] = {}
    isbn: str | None = absent
    point: tuple[float, float] | None = None
    words: set[str] = set()
    key: uuid.UUID
    limit: ClassVar[int] = 3
    use_dot_notation = True


class Lecture(Talk):
    level: int = 0


class Person(Document):
    name: str
    boss: "Ref[Person] | None" = None
    __collection__ = "people"

    async def after_load(self) -> None: ...


class Story(Document):
    author: Ref[Person]
    editor: Ref[Person] | None = None
    readers: list[Ref[Person]] = []

    def before_save(self) -> None:
        super().before_save()


class Told(Document):
    structure = {"topic": str, "items": [{"price": float}]}
    error_messages = {"topic": {"required": "A topic!"}, "items.price": "A price is a number"}


class ToldToo(Told):
    level: int = 0
    error_messages = {"level": {"invalid_type": "A number"}}


class ToldWrongly(Document):
    topic: str
    error_messages = ["topic"]  # error: assignment


reveal_type(Told.error_messages)  # dict[str, Any]
reveal_type(Told.describe().messages)  # Mapping[str, Mapping[str, str]]
talk = Talk()
reveal_type(talk.topic)  # str
reveal_type(talk.when)  # datetime.datetime | None
reveal_type(talk.added)  # datetime.datetime
reveal_type(talk.tags)  # list[str]
reveal_type(talk.speakers)  # list[str]
reveal_type(talk.address.city)  # str | None
reveal_type(talk.address.label())  # str
reveal_type(talk.places[0].street)  # str
reveal_type(talk.state)  # State
reveal_type(talk.kind)  # Literal['short'] | Literal['long']
reveal_type(talk.seats)  # int
reveal_type(talk.price)  # decimal.Decimal
reveal_type(talk.counts["a"])  # int
reveal_type(talk.isbn)  # str | None
reveal_type(talk.point)  # tuple[float, float] | None
reveal_type(talk.words)  # set[str]
reveal_type(talk._id)  # ObjectId
reveal_type(Lecture().topic)  # str
reveal_type(Lecture().level)  # int
reveal_type(talk["topic"])  # Any
reveal_type(talk.save())  # Talk
reveal_type(Lecture().save())  # Lecture
story = Story()
reveal_type(story.author)  # Ref[Person]
reveal_type(story.author.get())  # Person
reveal_type(story.author.get().name)  # str
reveal_type(story.author.loaded)  # Person | None
reveal_type(story.author.document_class)  # type[Person]
reveal_type(story.author.exists())  # bool
reveal_type(story.editor)  # Ref[Person] | None
reveal_type(story.readers[0].get())  # Person
reveal_type(Ref.to(Person()))  # Ref[Person]
reveal_type(Ref(Person, ObjectId()).get())  # Person
story.author = Person()
story.author = ObjectId()
story.author = Ref.to(Person())
story.author = Talk()  # error: assignment
story.author = 1.5  # error: assignment
story.editor = None
story.editor = Ref.to(Person())
story.readers = [Ref.to(Person())]
Story().editor.get()  # error: union-attr
story.editor = Person()
prefetch([story], "author")
talk.topic = "x"
talk.topic = 3  # error: assignment
talk.when = None
talk.topic = None  # error: assignment
talk.tags.append(3)  # error: arg-type
talk.kind = "middling"  # error: assignment
talk.topik  # error: attr-defined
Talk().when.year  # error: union-attr


def queries(connection: Connection, proxy: DocumentProxy[Talk]) -> None:
    reveal_type(connection.register(Talk)())  # Talk
    found = connection["blog"]["talks"].proxy(Talk)
    reveal_type(found)  # DocumentProxy[Talk]
    reveal_type(proxy())  # Talk
    reveal_type(proxy.find())  # Cursor[Talk]
    reveal_type([talk.topic for talk in proxy.find({"topic": "x"}).sort("when").limit(3)])  # list[str]
    reveal_type(proxy.find()[0])  # Talk
    reveal_type(proxy.find()[1:2])  # Cursor[Talk]
    reveal_type(proxy.one())  # Talk | None
    reveal_type(proxy.get_from_id(3))  # Talk | None


async def awaited(story: Story) -> None:
    reveal_type(await story.author)  # Person
    reveal_type(await story.author.aget())  # Person
    reveal_type(await story.author.aexists())  # bool
    await aprefetch([story], "author")


def many(connection: Connection, proxy: DocumentProxy[Talk]) -> None:
    reveal_type(list(proxy.aggregate([])))  # list[Talk]
    reveal_type(list(proxy.aggregate([], raw=True)))  # list[dict[str, Any]]
    reveal_type(proxy.insert_many([Talk()]).inserted_ids)  # list[Any]
    reveal_type(next(proxy.watch()).document)  # Talk | None
    with connection.unit_of_work() as unit, connection.transaction():
        reveal_type(unit.flush())  # None
    reveal_type(connection.in_transaction(lambda: 3))  # int
    reveal_type(Paginator(proxy.find()).items)  # Sequence[Talk]


async def asynchronously(connection: AsyncConnection) -> None:
    reveal_type(connection.register(Talk)())  # Talk
    proxy = connection["blog"]["talks"].proxy(Talk)
    reveal_type(proxy)  # AsyncDocumentProxy[Talk]
    reveal_type(proxy())  # Talk
    reveal_type(await proxy.one())  # Talk | None
    reveal_type(await proxy.get_from_id(3))  # Talk | None
    reveal_type(proxy.find().sort("when").limit(3))  # AsyncCursor[Talk]
    reveal_type([talk.topic async for talk in proxy.find()])  # list[str]
    reveal_type(await proxy.find().to_list())  # list[Talk]
    reveal_type(await proxy.find()[0])  # Talk
    reveal_type(proxy.find()[1:2])  # AsyncCursor[Talk]
    reveal_type(await proxy().asave())  # Talk
    reveal_type(await proxy().aupdate_atomic({}))  # Talk
    await proxy().adelete()
    reveal_type([talk.topic async for talk in await proxy.aggregate([])])  # list[str]
    reveal_type((await (await proxy.watch()).next()).document)  # Talk | None
    async with connection.unit_of_work() as unit, connection.transaction():
        await unit.flush()


async def migrated(connection: Connection, awaited: AsyncConnection) -> None:
    migration = DocumentMigration(Talk)
    later = awaited["blog"]["talks"]
    reveal_type(migration.migrate_all(connection["blog"]["talks"], dry_run=True).changed)  # int
    reveal_type((await migration.migrate_all(later)).complete)  # bool
    reveal_type(index_diff(connection).ok)  # bool
    reveal_type((await index_diff(awaited)).ok)  # bool
    reveal_type((await ensure_indexes(later, [Talk], drop=True)).missing[0].name)  # str
    reveal_type((await awaited["blog"].ensure_indexes()).ok)  # bool


def failures(error: ValidationError) -> None:
    reveal_type(error.errors()[0]["path"])  # str
"""
_NAMES = re.compile(r"\b(?:builtins|typing|program|bson\.objectid|mongokit(?:\.\w+)+)\.")


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """Return what mypy says, line by line of the program."""
    folder = tmp_path_factory.mktemp("typing")
    (folder / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file=", "--show-error-codes"),
            *("--python-version", "3.11", "--cache-dir", folder / "cache", "program.py"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert not done.stderr, done.stderr
    found = {}
    for line in done.stdout.splitlines():
        match = re.match(r"program\.py:(\d+): (error|note): (.*)", line)
        if match:
            found.setdefault(int(match[1]), []).append((match[2], match[3]))
    return found


def test_a_type_checker_knows_the_fields(said):
    wrong = []
    for number, line in enumerate(PROGRAM.splitlines(), 1):
        code, _, expected = line.partition("  # ")
        told = said.get(number, [])
        if not expected:
            wrong += [(number, code, text) for kind, text in told if kind == "error"]
        elif expected.startswith("error: "):
            if not any(kind == "error" and text.endswith(f"[{expected[7:]}]") for kind, text in told):
                wrong.append((number, code, expected, told))
        else:
            revealed = [re.search(r'Revealed type is "(.*)"', text) for _, text in told]
            shown = [_NAMES.sub("", match[1]) for match in revealed if match]
            if shown != [expected] or any(kind == "error" for kind, _ in told):
                wrong.append((number, code, expected, told))
    assert wrong == []


def test_the_program_was_looked_at(said):
    """A checker that does not run would let every line pass."""
    assert len(said) >= sum("  # " in line for line in PROGRAM.splitlines() if not line.startswith("#")) > 30
