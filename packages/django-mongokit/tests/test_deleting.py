"""Many documents that are deleted at once: in batches, and yet as each of them would be by itself."""

import decimal

import pytest
from bson import ObjectId
from django.db.models.signals import post_delete, pre_delete
from shows.testing import Commands

from django_mongokit import deleting
from django_mongokit.document import DjangoDocument
from django_mongokit.selection import Documents
from mongokit import Connection

LOG = []


class Ticket(DjangoDocument):
    """With a value of Python's own, and revisions: neither is in the way."""

    number: int
    price: decimal.Decimal | None = None
    use_revision = True
    use_dot_notation = True


class Hooked(DjangoDocument):
    structure = {"number": int}

    def before_delete(self):
        LOG.append(("before", self["number"]))


class Overridden(DjangoDocument):
    structure = {"number": int}

    def delete(self, *args, **kwargs):
        LOG.append(("delete", self["number"]))
        return super().delete(*args, **kwargs)


class Sharded(DjangoDocument):
    structure = {"_id": ObjectId, "number": int}
    shard_key = ("number",)


@pytest.fixture
def sent(uri):
    """The commands that a connection sends, which is there as `sent.connection`."""
    found = Commands()
    with Connection(uri, event_listeners=[found]) as found.connection:
        yield found


@pytest.fixture
def stored(mongodb, sent, monkeypatch):
    """Store five documents of a class; return all of them. A batch is of two."""
    monkeypatch.setattr(deleting, "BATCH", 2)
    LOG.clear()

    def store(cls):
        mongodb.tickets.insert_many([{"number": number} for number in range(5)])
        return Documents(cls, sent.connection[mongodb.name].tickets).order_by("number")

    return store


CLASSES = {
    "plain": (Ticket, 3),
    "hooks": (Hooked, 5),
    "a delete() of its own": (Overridden, 5),
    "sharded": (Sharded, 5),
}


@pytest.mark.parametrize(("cls", "count"), CLASSES.values(), ids=CLASSES)
def test_how_many_commands(mongodb, stored, sent, cls, count):
    assert stored(cls).delete() == 5
    assert [name for name, _command in sent.sent].count("delete") == count
    assert mongodb.tickets.count_documents({}) == 0
    assert [number for _name, number in LOG] == (list(range(5)) if cls in {Hooked, Overridden} else [])


def test_only_those_that_are_found(mongodb, stored):
    found = stored(Ticket).filter({"number": {"$in": [1, 2, 4]}})
    assert found.delete() == 3
    assert mongodb.tickets.distinct("number") == [0, 3]
    assert found.delete() == 3, "what was gone through is not asked for again"
    assert stored(Ticket).filter({"number": 77}).delete() == 0


@pytest.mark.parametrize("only", [None, pre_delete, post_delete], ids=["both", "pre_delete", "post_delete"])
def test_each_sends_its_signals(mongodb, stored, only):
    """Those of a batch before it is deleted, and after."""
    heard = []

    def receiver(signal, sender, instance, using, origin, **kwargs):
        assert (sender, using, origin) == (Ticket, "mongodb", instance)
        name = "pre" if signal is pre_delete else "post"
        heard.append((name, instance["number"], mongodb.tickets.count_documents({})))

    signals = [only] if only else [pre_delete, post_delete]
    for signal in signals:
        signal.connect(receiver, sender=Ticket)
    try:
        stored(Ticket).delete()
    finally:
        for signal in signals:
            signal.disconnect(receiver, sender=Ticket)
    expected = [
        *(("pre", 0, 5), ("pre", 1, 5), ("post", 0, 3), ("post", 1, 3)),
        *(("pre", 2, 3), ("pre", 3, 3), ("post", 2, 1), ("post", 3, 1)),
        *(("pre", 4, 1), ("post", 4, 0)),
    ]
    names = {pre_delete: {"pre"}, post_delete: {"post"}, None: {"pre", "post"}}[only]
    assert heard == [one for one in expected if one[0] in names]


def test_a_receiver_that_refuses(mongodb, stored):
    """What comes before its batch is gone, and nothing else."""

    def refuse(instance, **kwargs):
        if instance["number"] == 3:
            raise ValueError("not this one")

    pre_delete.connect(refuse, sender=Ticket)
    try:
        with pytest.raises(ValueError, match="not this one"):
            stored(Ticket).delete()
    finally:
        pre_delete.disconnect(refuse, sender=Ticket)
    assert mongodb.tickets.distinct("number") == [2, 3, 4]


def test_in_a_unit_of_work(mongodb, stored, sent):
    found = stored(Ticket)
    with sent.connection.unit_of_work():
        assert found.delete() == 5
        assert mongodb.tickets.count_documents({}) == 5, "the unit deletes when it ends"
    assert mongodb.tickets.count_documents({}) == 0


def test_no_more_is_held_than_a_batch(stored, mongodb):
    """Of a list that is longer than memory: what comes is deleted before more is read."""
    there = []

    def read():
        for document in list(stored(Ticket)):
            there.append(mongodb.tickets.count_documents({}))
            yield document

    deleting.delete_documents(read())
    assert there == [5, 5, 3, 3, 1]
    assert mongodb.tickets.count_documents({}) == 0
