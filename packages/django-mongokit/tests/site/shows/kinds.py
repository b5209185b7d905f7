"""A structure with fields of all kinds, to be filled with what does not belong there."""

import datetime
import decimal
import enum
import uuid
from typing import Annotated, Literal

from bson import Decimal128, Int64, ObjectId

from mongokit import CustomType, Ref, SchemaDocument
from shows.models import Theatre


class Mood(enum.Enum):
    GAY = "g"
    GRAVE = "v"


class Day(CustomType):
    mongo_type = str
    python_type = datetime.date

    def to_bson(self, value):
        return value.isoformat() if type(value) is self.python_type else value

    def to_python(self, value):
        try:
            return self.python_type.fromisoformat(value)
        except ValueError:
            return value  # for validation to name


class Hour(Day):
    python_type = datetime.time


class Seconds(CustomType):
    mongo_type = str
    python_type = datetime.timedelta

    def to_bson(self, value):
        return str(int(value.total_seconds()))

    def to_python(self, value):
        return datetime.timedelta(seconds=int(value)) if value.isdecimal() else value


class Slot(SchemaDocument):
    name: str
    minutes: int = 10


class Kinds(SchemaDocument):
    text: str | None = None
    number: int | None = None
    long: Int64 | None = None
    real: float | None = None
    exact: Decimal128 | None = None
    price: decimal.Decimal | None = None
    flag: bool | None = None
    box: bool = False
    time: datetime.datetime | None = None
    day: Annotated[datetime.date, Day()] | None = None
    hour: Annotated[datetime.time, Hour()] | None = None
    key: ObjectId | None = None
    unique: uuid.UUID | None = None
    mood: Mood | None = None
    choice: Literal["a", "b"] | None = None
    choices: list[Literal["a", "b"]] = []
    tags: list[str] = []
    pair: tuple[int, str] | None = None
    free: dict | None = None
    by_name: dict[str, int] = {}
    words: set[str] = set()
    duration: Annotated[datetime.timedelta, Seconds()] | None = None
    durations: list[Annotated[datetime.timedelta, Seconds()]] = []
    theatre: Ref[Theatre] | None = None
    theatres: list[Ref[Theatre]] = []
    slot: Slot | None = None
    slots: list[Slot] = []
