"""DjangoDocument: pk, signals, templates, copies; on the real server."""

import copy
import datetime
import pickle
from contextlib import contextmanager

import pytest
from bson import ObjectId
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.template import Context, Template
from talks.models import Computer, Talk

from django_mongokit.document import DjangoDocument
from mongokit import AsyncConnection

SIGNALS = {"pre_save": pre_save, "post_save": post_save, "pre_delete": pre_delete, "post_delete": post_delete}


@contextmanager
def listening(sender=None, only=tuple(SIGNALS)):
    """Yield a list that grows by (signal's name, what was sent)."""
    heard, receivers = [], []
    for name in only:

        def receiver(signal, name=name, **sent):
            heard.append((name, sent))

        SIGNALS[name].connect(receiver, sender=sender, weak=False)
        receivers.append((SIGNALS[name], receiver))
    try:
        yield heard
    finally:
        for signal, receiver in receivers:
            signal.disconnect(receiver, sender=sender)


@pytest.fixture
def talks(mongodb):
    return mongodb.talks


@pytest.fixture
def talk(talks):
    found = talks.Talk()
    found["topic"] = "Bananas"
    return found


def test_the_computer_of_2010(mongodb):
    computer = mongodb.mycollection.Computer()
    computer.make = "Apple"
    computer.model = "G5"
    computer.save()
    assert type(computer) is Computer
    [stored] = mongodb.mycollection.find()
    assert (stored["make"], stored["model"], stored["cpu_ghz"]) == ("Apple", "G5", None)
    assert isinstance(stored["purchase_date"], datetime.datetime)


def test_pk(talk):
    with pytest.raises(KeyError, match="_id"):
        _ = talk.pk
    talk.save()
    assert talk.pk == talk._get_pk_val() == str(talk["_id"])
    assert ObjectId.is_valid(talk.pk)


def test_pk_of_a_key_of_ones_own(talk):
    talk["_id"] = 7
    assert talk.pk == "7"


def test_pk_cannot_be_set(talk):
    with pytest.raises(ValueError, match="pk is read from _id and cannot be set"):
        talk.pk = "x"
    assert "pk" not in talk


def test_signals_of_a_life(talk):
    with listening(Talk) as heard:
        talk.save()
        talk["topic"] = "Apples"
        talk.save()
        talk.delete()
        talk.save()
    assert [(name, sent.get("created")) for name, sent in heard] == [
        ("pre_save", None),
        ("post_save", True),
        ("pre_save", None),
        ("post_save", False),
        ("pre_delete", None),
        ("post_delete", None),
        ("pre_save", None),
        ("post_save", False),
    ]
    assert all(sent["sender"] is Talk for _, sent in heard)
    assert all(sent["instance"] is talk for _, sent in heard)
    assert all(sent["using"] == "mongodb" for _, sent in heard)


async def test_signals_of_an_asynchronous_life(mongodb, uri):
    """After the write, and not when it is asked for."""
    connection = AsyncConnection(uri, serverSelectionTimeoutMS=20_000)
    connection.register([Talk])
    talk = connection[mongodb.name].talks.Talk()
    talk["topic"] = "Bananas"
    try:
        with listening(Talk) as heard:
            saving = talk.save()
            assert [name for name, _ in heard] == ["pre_save"]
            assert await saving is talk
            assert heard[-1][0] == "post_save"
            assert heard[-1][1]["created"] is True
            assert mongodb.talks.count_documents({"_id": talk["_id"]}) == 1
            deleting = talk.delete()
            assert [name for name, _ in heard][2:] == ["pre_delete"]
            await deleting
            assert [name for name, _ in heard][2:] == ["pre_delete", "post_delete"]
        assert mongodb.talks.count_documents({}) == 0
    finally:
        await connection.close()


def test_signals_name_the_fields_that_are_saved(talk):
    talk.save()
    with listening(Talk) as heard:
        talk.save()
        talk.save(only=iter(["topic"]))
    assert [sent["update_fields"] for _, sent in heard] == [None, None, {"topic"}, {"topic"}]


def test_signals_say_what_those_of_models_say(talk):
    with listening(Talk) as heard:
        talk.save()
        talk.delete()
    sent = dict(heard)
    assert sent["pre_save"].keys() == {"sender", "instance", "raw", "using", "update_fields"}
    assert sent["post_save"].keys() == sent["pre_save"].keys() | {"created"}
    assert (
        sent["pre_delete"].keys() == sent["post_delete"].keys() == {"sender", "instance", "using", "origin"}
    )
    assert sent["pre_save"]["raw"] is False
    assert sent["pre_delete"]["origin"] is talk


def test_a_receiver_of_all_senders_hears_documents(talk):
    with listening() as heard:
        talk.save()
    assert [name for name, _ in heard] == ["pre_save", "post_save"]


def test_a_receiver_of_another_class_hears_nothing(talk):
    with listening(Computer) as heard:
        talk.save()
        talk.delete()
    assert heard == []


@pytest.mark.parametrize("only", list(SIGNALS))
def test_one_receiver_is_enough(talk, only):
    with listening(Talk, only=(only,)) as heard:
        talk.save()
        talk.delete()
    assert [name for name, _ in heard] == [only]


def test_pre_save_may_change_what_is_saved(talks, talk):
    def shout(instance, **sent):
        instance["topic"] = instance["topic"].upper()

    pre_save.connect(shout, sender=Talk)
    try:
        talk.save()
    finally:
        pre_save.disconnect(shout, sender=Talk)
    assert talks.find_one()["topic"] == "BANANAS"


def test_post_save_comes_after_the_write(talks, talk):
    seen = []
    receiver = lambda instance, **sent: seen.append(talks.count_documents({"_id": instance["_id"]}))
    post_save.connect(receiver, sender=Talk)
    pre_delete.connect(receiver, sender=Talk)
    post_delete.connect(receiver, sender=Talk)
    try:
        talk.save()
        talk.delete()
    finally:
        for signal in (post_save, pre_delete, post_delete):
            signal.disconnect(receiver, sender=Talk)
    assert seen == [1, 1, 0]


def test_what_is_not_valid_is_not_announced_as_saved(talks, talk):
    talk["topic"] = 5
    with listening(Talk) as heard, pytest.raises(Exception, match="topic"):
        talk.save()
    assert [name for name, _ in heard] == ["pre_save"]
    assert talks.count_documents({}) == 0


def test_a_receiver_that_refuses_stops_the_save(talks, talk):
    def refuse(**sent):
        raise PermissionError("no")

    pre_save.connect(refuse, sender=Talk)
    try:
        with pytest.raises(PermissionError):
            talk.save()
    finally:
        pre_save.disconnect(refuse, sender=Talk)
    assert talks.count_documents({}) == 0


@pytest.mark.parametrize("heard", [True, False], ids=["heard", "unheard"])
def test_arguments_of_save_are_mongokits(talks, talk, heard):
    with listening(Talk, only=tuple(SIGNALS) if heard else ()):
        talk.save(uuid=True, validate=False)
    assert talk["_id"].startswith("Talk-")
    assert talks.count_documents({"_id": talk["_id"]}) == 1


def test_saving_without_receivers_sends_nothing(talk, monkeypatch):
    def fail(*arguments, **sent):
        raise AssertionError("sent")

    for signal in SIGNALS.values():
        assert not signal.has_listeners(Talk)
        monkeypatch.setattr(signal, "send", fail)
    talk.save()
    talk.delete()


def test_template(talk):
    talk.save()
    text = Template("{{ talk.topic }} {{ talk.pk }}").render(Context({"talk": talk}))
    assert text == f"Bananas {talk.pk}"


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
def test_copies(talk, talks, duplicate):
    talk["tags"] = ["a"]
    talk.save()
    twin = duplicate(talk)
    assert twin == talk
    assert type(twin) is Talk
    assert twin.pk == talk.pk
    twin["topic"] = "Twin"
    twin.save()
    assert talks.find_one()["topic"] == "Twin"
    assert talk["topic"] == "Bananas"


def test_pickle_keeps_the_data(talk):
    talk.save()
    twin = pickle.loads(pickle.dumps(talk))
    assert twin == talk
    assert twin.pk == talk.pk
    assert type(twin) is Talk


def test_a_child_of_an_abstract_class(mongodb):
    from django_mongokit import connection

    class Stamped(DjangoDocument):
        structure = {"created": datetime.datetime}

        class Meta:
            abstract = True

    class Postcard(Stamped):
        structure = {"to": str}

    connection.register([Postcard])
    letter = mongodb.letters.Postcard({"to": "x", "created": datetime.datetime(2010, 3, 8)})
    with listening(Postcard) as heard:
        letter.save()
    assert [name for name, _ in heard] == ["pre_save", "post_save"]
    assert mongodb.letters.find_one()["created"] == datetime.datetime(2010, 3, 8, tzinfo=datetime.UTC)
