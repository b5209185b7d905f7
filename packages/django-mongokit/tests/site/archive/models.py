"""Documents with files in GridFS."""

from django_mongokit import connection
from django_mongokit.document import DjangoDocument


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


connection.register([Report, Leaf])
