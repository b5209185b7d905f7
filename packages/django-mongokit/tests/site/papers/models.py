from django.urls import reverse

from django_mongokit import connection
from django_mongokit.document import DjangoDocument
from mongokit import DocumentMigration


class Paper(DjangoDocument):
    __collection__ = "papers"
    structure = {"title": str, "slug": str, "year": int, "place": {"city": str}}
    required_fields = ["title", "slug"]
    indexes = [{"fields": ["slug"], "unique": True}]

    def __str__(self):
        return self["title"]

    def get_absolute_url(self):
        return reverse("paper", args=[self["_id"]])


class Draft(DjangoDocument):
    """Without a collection of its own, with revisions."""

    structure = {"title": str}
    required_fields = ["title"]
    use_revision = True


class MemoMigration(DocumentMigration):
    def allmigration01_rename_txt(self):
        self.target = {"txt": {"$exists": True}}
        self.update = {"$rename": {"txt": "text"}}


class Memo(DjangoDocument):
    __collection__ = "notes"
    structure = {"text": str}
    migration_handler = MemoMigration


class Scrap(DjangoDocument):
    """With rules, and no collection of its own."""

    structure = {"text": str}
    migration_handler = MemoMigration


connection.register([Paper, Draft, Memo, Scrap])
