"""What stands in `_meta`, and in the registry of document classes."""

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.utils import translation
from django.utils.translation import gettext_lazy
from talks.models import Computer, Talk

from django_mongokit.document import DjangoDocument, document_classes, model_names
from django_mongokit.options import camel_case_to_spaces


def make(name="Talk", bases=(DjangoDocument,), module=__name__, **meta):
    body = {"structure": {"topic": str}, "__module__": module}
    if meta:
        body["Meta"] = type("Meta", (), meta)
    return type(name, bases, body)


def test_a_talk():
    meta = Talk._meta
    assert (meta.verbose_name, meta.verbose_name_plural) == ("Talk", "Talks")
    assert (meta.app_label, meta.model_name, meta.module_name) == ("talks", "Talk", "talk")
    assert (meta.object_name, meta.label, meta.label_lower) == ("Talk", "talks.Talk", "talks.talk")
    assert meta.pk.attname == meta.pk.name == "_id"
    assert repr(meta) == "<Meta Talk 'Talk', 'Talks'>"
    assert (meta.abstract, meta.swapped, meta.is_composite_pk) == (False, None, False)
    assert meta.app_config.label == "talks"
    assert meta.concrete_model is Talk
    assert make(app_label="nowhere")._meta.app_config is None
    with pytest.raises(FieldDoesNotExist, match=r"talks.Talk is a document; 'topic' is no field"):
        meta.get_field("topic")


def test_the_computerz_of_2010():
    assert repr(Computer._meta) == "<Meta Computer 'Computer', 'Computerz'>"


def test_an_instance_shows_it_too():
    assert Talk()._meta is Talk._meta


WORDS = {
    "Talk": "Talk",
    "VeryLongTalk": "Very Long Talk",
    "HTTPServer": "HTTP Server",
    "MyHTTPServerLog": "My HTTP Server Log",
    "Talk2Me": "Talk2 Me",
    "talk": "talk",
    "URL": "URL",
    "A": "A",
    "ABTest": "AB Test",
}


@pytest.mark.parametrize(("name", "expected"), WORDS.items())
def test_class_names_in_words(name, expected):
    assert camel_case_to_spaces(name) == expected
    assert make(name)._meta.verbose_name == expected


LABELS = {
    "an installed app": ("talks.models", "talks"),
    "deep inside an installed app": ("talks.models.one.two", "talks"),
    "an installed app with a label of its own name": ("django.contrib.auth.documents", "auth"),
    "last but one": ("somewhere.models", "somewhere"),
    "last but one of many": ("a.b.c", "b"),
    "a module alone": ("models", "models"),
    "a script": ("__main__", "__main__"),
}


@pytest.mark.parametrize(("module", "label"), LABELS.values(), ids=LABELS)
def test_app_label(module, label):
    assert make(module=module)._meta.app_label == label


def test_app_label_before_the_apps_are_there(monkeypatch):
    from django.apps import apps

    monkeypatch.setattr(apps, "apps_ready", False)
    assert make(module="talks.deep.models")._meta.app_label == "deep"


def test_meta_says_it_all():
    meta = make(verbose_name="speech", verbose_name_plural="speeches", app_label="stage")._meta
    assert repr(meta) == "<Meta Talk 'speech', 'speeches'>"
    assert meta.label == "stage.Talk"


def test_plural_of_a_given_name():
    assert make(verbose_name="speech")._meta.verbose_name_plural == "speechs"


def test_names_may_be_translated_late():
    meta = make(verbose_name=gettext_lazy("January"))._meta
    with translation.override("de"):
        assert (str(meta.verbose_name), str(meta.verbose_name_plural)) == ("Januar", "Januars")
        assert repr(meta) == "<Meta Talk 'Januar', 'Januars'>"
    with translation.override("en"):
        assert str(meta.verbose_name_plural) == "Januarys"


def test_the_base_itself_is_abstract():
    assert not hasattr(DjangoDocument, "_meta")


def test_an_abstract_class_has_no_meta_of_its_own_and_is_not_registered():
    before = list(model_names)
    base = make("Base", abstract=True, app_label="shared")
    assert not hasattr(base, "_meta")
    assert model_names == before
    child = make("Child", (base,))
    assert (child._meta.app_label, child._meta.verbose_name) == ("shared", "Child")
    assert model_names == [*before, ("Child", "Child")]
    assert document_classes[-1] is child
    assert list(child) == [child]


def test_an_abstract_child_of_a_concrete_class():
    concrete = make("Concrete")
    child = make("Child", (concrete,), abstract=True)
    assert "_meta" not in vars(child)


def test_a_child_gets_its_own():
    parent = make("Parent", verbose_name_plural="folks")
    child = make("Child", (parent,))
    assert repr(parent._meta) == "<Meta Parent 'Parent', 'folks'>"
    assert repr(child._meta) == "<Meta Child 'Child', 'Childs'>"


def test_own_meta_hides_that_of_the_abstract_base():
    base = make("Base", abstract=True, app_label="shared", verbose_name="thing")
    assert make("Child", (base,), "place.models", verbose_name="other")._meta.app_label == "place"


def test_meta_may_inherit_from_an_abstract_one():
    base = make("Base", abstract=True, app_label="shared")

    class Child(base):
        structure = {"topic": str}

        class Meta(base.Meta):
            verbose_name = "other"

    assert (Child._meta.app_label, Child._meta.verbose_name) == ("shared", "other")


def test_a_name_that_means_nothing_is_refused():
    with pytest.raises(
        TypeError, match=r"Talk: its Meta .*verbose_nam, zebra.*abstract, app_label, verbose_name"
    ):
        make(verbose_nam="x", zebra=1)


def test_a_class_that_failed_is_not_registered():
    before = list(model_names)
    with pytest.raises(Exception, match="Broken"):
        type("Broken", (DjangoDocument,), {"structure": {"topic": "no type"}})
    assert model_names == before


def test_registry_lists_name_and_verbose_name():
    assert ("Talk", "Talk") in model_names
    make("BigTalk", verbose_name="big talk")
    assert model_names[-1] == ("BigTalk", "big talk")


def test_pk_of_meta_reads_a_document():
    assert Talk._meta.pk.value_to_string({"_id": 7}) == "7"
