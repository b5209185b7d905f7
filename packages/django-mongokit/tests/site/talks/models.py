import datetime

from django_mongokit import connection
from django_mongokit.document import DjangoDocument


class Talk(DjangoDocument):
    structure = {"topic": str, "when": datetime.datetime, "tags": list, "duration": float}
    required_fields = ["topic"]
    use_dot_notation = True


class Computer(DjangoDocument):
    class Meta:
        verbose_name_plural = "Computerz"

    structure = {"make": str, "model": str, "purchase_date": datetime.datetime, "cpu_ghz": float}
    validators = {"cpu_ghz": lambda x: x > 0, "make": lambda x: x.strip()}
    default_values = {"purchase_date": lambda: datetime.datetime.now(datetime.UTC)}
    use_dot_notation = True
    indexes = [{"fields": ["make"]}]


def add_talk(database, topic="x", **fields):
    talk = database.talks.Talk()
    talk.update(topic=topic, **fields)
    talk.save()
    return talk


connection.register([Talk])
connection.register([Computer])
