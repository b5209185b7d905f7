"""Documents with files in GridFS."""

import datetime

from django_mongokit import connection
from django_mongokit.document import DjangoDocument
from mongokit import CustomType


class Report(DjangoDocument):
    __collection__ = "reports"
    gridfs = {"files": ["source", "picture"], "containers": ["notes"]}
    structure = {"title": str, "slug": str}
    required_fields = ["title"]
    indexes = [{"fields": ["slug"], "unique": True, "partialFilterExpression": {"slug": {"$gte": ""}}}]

    def get_file_url(self, field):
        return f"/reports/{self.pk}/{field}/"

    def get_absolute_url(self):
        return f"/reports/{self.pk}/"


class Leaf(DjangoDocument):
    """Whose files have no URL, with revisions."""

    __collection__ = "plain_reports"
    gridfs = {"files": ["source"]}
    use_revision = True
    title: str


class Iso(CustomType):
    """A date as text, which not every text is."""

    mongo_type = str
    python_type = datetime.date

    def to_bson(self, value):
        return value.isoformat()

    def to_python(self, value):
        return datetime.date.fromisoformat(value)


class Swapped(CustomType):
    """Text as text: what cannot be read would pass for what was."""

    mongo_type = python_type = str

    def to_bson(self, value):
        return f"<{value}>"

    def to_python(self, value):
        if not value.startswith("<"):
            raise ValueError(f"{value} has no bracket")
        return value[1:-1]


class Stamp(DjangoDocument):
    """With what its types cannot read."""

    __collection__ = "stamps"
    structure = {"title": str, "day": Iso(), "code": Swapped(), "days": [Iso()], "inner": {"day": Iso()}}


connection.register([Report, Leaf, Stamp])
