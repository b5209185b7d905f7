from django.db import models
from django.db.models.functions import Lower


class Rich(models.Model):
    """An SQL model that uses what many databases lack, so that `check --database mongodb` might warn of it."""

    title = models.CharField(max_length=100, db_comment="as printed")
    note = models.CharField()
    facts = models.JSONField(default=dict)
    pages = models.IntegerField(db_default=1)
    doubled = models.GeneratedField(
        expression=models.F("pages") * 2, output_field=models.IntegerField(), db_persist=True
    )
    subtitle = models.CharField(max_length=100, db_collation="NOCASE")

    class Meta:
        db_table_comment = "what is on the shelf"
        indexes = [
            models.Index(Lower("title"), name="rich_lower"),
            models.Index(fields=["title"], include=["pages"], name="rich_including"),
            models.Index(fields=["pages"], condition=models.Q(pages__gt=1), name="rich_partial"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(pages__gt=0), name="rich_pages"),
            models.UniqueConstraint(
                fields=["title"], name="rich_deferred", deferrable=models.Deferrable.DEFERRED
            ),
            models.UniqueConstraint(fields=["note"], name="rich_nulls", nulls_distinct=False),
        ]
