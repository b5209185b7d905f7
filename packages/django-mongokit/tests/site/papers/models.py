from django.urls import reverse

from django_mongokit import connection
from django_mongokit.document import DjangoDocument


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


connection.register([Paper, Draft])
