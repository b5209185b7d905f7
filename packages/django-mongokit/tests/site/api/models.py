"""Documents for an API: every kind of field, references of both kinds, revisions, keys that people choose."""

import datetime
import decimal
import enum
import uuid
from typing import Annotated, Literal

import annotated_types as at
from bson import Decimal128, Int64, ObjectId
from django.core.exceptions import ValidationError

from django_mongokit import connection
from django_mongokit.document import DjangoDocument
from mongokit import OR, CustomType, Ref, SchemaDocument, Set, field


class Level(enum.Enum):
    EASY = "e"
    HARD = 3


class Author(DjangoDocument):
    __collection__ = "api_authors"

    name: str

    indexes = [{"fields": ["name"], "unique": True}]


class Room(SchemaDocument):
    city: str
    seats: Annotated[int, at.Ge(1)] = 10
    door: str | None = None


class Part(SchemaDocument):
    title: Annotated[str, at.MinLen(2)]
    minutes: int = 5


class Speech(DjangoDocument):
    __collection__ = "api_talks"
    use_revision = True

    topic: Annotated[str, at.MaxLen(40)]
    slug: str | None = None
    secret: str | None = None
    kind: Literal["talk", "workshop", 1] = "talk"
    level: Level | None = None
    when: datetime.datetime | None = None
    duration: float | None = None
    price: decimal.Decimal | None = None
    weight: Decimal128 | None = None
    votes: Annotated[int, at.Ge(0)] = 0
    big: Int64 | None = None
    number: uuid.UUID | None = None
    other: ObjectId | None = None
    is_open: bool = False
    tags: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    point: tuple[float, float] | None = None
    room: Room | None = None
    parts: list[Part] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    notes: dict = field(default_factory=dict)
    author: Ref[Author] | None = None
    guests: list[Ref[Author]] = field(default_factory=list)

    indexes = [{"fields": ["slug"], "unique": True, "partialFilterExpression": {"slug": {"$gte": ""}}}]

    @property
    def shout(self):
        return self["topic"].upper()

    def letters(self):
        return len(self["topic"])

    def validate(self, auto_migrate=False):
        super().validate(auto_migrate)
        if self["topic"] == "whole":
            raise ValidationError("Not as a whole.")
        if self["topic"] == "part":
            raise ValidationError({"room.city": ["Not there."], "topic": ["Not that."]})


class Essay(DjangoDocument):
    """As in 2010: structure, required_fields, validators; with the key that its author chooses."""

    __collection__ = "api_papers"
    structure = {
        "_id": str,
        "title": str,
        "year": int,
        "size": OR(int, float),
        "labels": Set(str),
        "anything": None,
        "place": {"city": str, "zip": {"code": str}},
        "lines": [{"text": str, "number": int}],
    }
    required_fields = ["title", "place.city"]
    default_values = {"year": 2010}
    validators = {"year": lambda year: year is None or year > 1900}


class Letter(DjangoDocument):
    __collection__ = "api_letters"
    use_autorefs = True
    structure = {"text": str, "writer": Author}


class Upper(CustomType):
    """A word that is kept in capitals."""

    mongo_type = str
    python_type = str

    def to_bson(self, value):
        return value.upper()

    def to_python(self, value):
        return value.lower()


class Pair(CustomType):
    mongo_type = list
    python_type = complex

    def to_bson(self, value):
        return [value.real, value.imag]

    def to_python(self, value):
        if len(value) != 2:
            raise ValueError("two numbers, please")
        return complex(*value)


class Odd(DjangoDocument):
    """What the structures of 2010 can say, and annotations seldom do."""

    __collection__ = "api_odd"
    structure = {
        "_type": str,
        "_version": int,
        "word": Upper(),
        "pair": Pair(),
        "either": OR(str, dict),
        "maybe": OR(str, type(None)),
        "free": {},
        "by_name": {str: {"count": int}},
        "raw": bytes,
        "grid": [[int]],
        "shelves": [[{"name": str}]],
        "friends": {str: Ref(Author)},
        "duo": (int, str),
        "sets": Set(),
    }


class Few(DjangoDocument):
    __collection__ = "api_few"

    names: Annotated[list[str], at.Len(1, 2)]
    rooms: Annotated[list[Room], at.MaxLen(1)] = field(default_factory=list)


class Homeless(DjangoDocument):
    structure = {"text": str}


connection.register([Author, Speech, Essay, Letter, Odd, Few, Homeless])
