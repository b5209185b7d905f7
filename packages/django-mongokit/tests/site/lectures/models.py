"""The Talk of the example project of 2010, under a name of its own."""

import datetime

from django_mongokit import connection
from django_mongokit.document import DjangoDocument


class Lecture(DjangoDocument):
    structure = {"topic": str, "when": datetime.datetime, "tags": list, "duration": float}
    required_fields = ["topic", "when", "duration"]
    use_dot_notation = True


connection.register([Lecture])
