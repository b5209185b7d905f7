"""Documents for the admin: every kind of field it has to show, filter and change."""

import datetime
import enum
from typing import Annotated, Literal

import annotated_types as at
from bson import Decimal128

from django_mongokit import connection
from django_mongokit.document import DjangoDocument
from mongokit import Ref, SchemaDocument, field


class Mood(enum.Enum):
    GAY = "g"
    GRAVE = "v"


class Theatre(DjangoDocument):
    __collection__ = "theatres"
    structure = {"name": str, "city": str}
    required_fields = ["name"]

    def __str__(self):
        return str(self.get("name"))


class Place(SchemaDocument):
    city: str
    street: str | None = None


class Act(SchemaDocument):
    name: Annotated[str, at.MinLen(1)]
    minutes: Annotated[int, at.Ge(1)] = 10


class Show(DjangoDocument):
    __collection__ = "shows"
    use_revision = True

    class Meta:
        verbose_name = "show"

    title: Annotated[str, at.MinLen(1)]
    slug: str | None = None
    kind: Literal["play", "opera"] = "play"
    mood: Mood | None = None
    start: datetime.datetime | None = None
    is_free: bool = False
    seats: int | None = None
    tags: list[str] = field(default_factory=list)
    place: Place | None = None
    acts: list[Act] = field(default_factory=list)
    theatre: Ref[Theatre] | None = None
    notes: dict = field(default_factory=dict)

    indexes = [{"fields": ["slug"], "unique": True, "partialFilterExpression": {"slug": {"$gte": ""}}}]

    def __str__(self):
        return str(self.get("title"))

    def get_absolute_url(self):
        return f"/shows/{self.pk}/"

    def shout(self):
        return self["title"].upper()


class Stage(SchemaDocument):
    name: str
    theatre: Ref[Theatre] | None = None
    others: list[Ref[Theatre]] = field(default_factory=list)


class Troupe(DjangoDocument):
    __collection__ = "troupes"
    name: str
    home: Ref[Theatre] | None = None
    theatres: list[Ref[Theatre]] = field(default_factory=list)
    main: Stage | None = None
    stages: list[Stage] = field(default_factory=list)

    def __str__(self):
        return str(self.get("name"))


class Note(DjangoDocument):
    """Nothing is said of it, not even where it is; its key is a text."""

    structure = {"_id": str, "text": str}


class Line(SchemaDocument):
    text: str
    weight: float | None = None


class Score(DjangoDocument):
    """Texts and numbers that not every input holds."""

    __collection__ = "scores"
    title: str
    text: str | None = None
    weight: float | None = None
    exact: Decimal128 | None = None
    words: set[str] = field(default_factory=set)
    first: Line | None = None
    lines: list[Line] = field(default_factory=list)

    def __str__(self):
        return str(self.get("title"))


connection.register([Theatre, Show, Troupe, Note, Score])
