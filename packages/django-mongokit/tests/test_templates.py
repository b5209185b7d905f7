"""Documents and cursors in Django's templates: what is missing there shows nothing, and no page fails for it."""

import pytest
from django.template import Context, Template
from shows.models import Show

from django_mongokit.document import DjangoDocument
from django_mongokit.paginator import DocumentList
from mongokit import ConnectionError


def rendered(template, **context):
    return Template(template).render(Context(context))


@pytest.fixture
def orphan(show, mongodb):
    """A show whose theatre has been pulled down."""
    theatre = mongodb.theatres.Theatre()
    theatre.update(name="Globe", city="London")
    theatre.save()
    stored = show("Hamlet", theatre=theatre)
    assert rendered("{{ show.theatre.get.name }}", show=stored) == "Globe"
    theatre.delete()
    return mongodb.shows.Show.get_from_id(stored["_id"])


MISSING = {
    "a field": "{{ show.theatre.get.name }}",
    "the document": "{{ show.theatre.get }}",
    "a filter": "{{ show.theatre.get.name|upper }}",
    "read again": "{{ show.theatre.fetch.name }}",
    "asked for first": "{% if show.theatre.get %}there{% endif %}",
    "of a list": "{% for one in troupe.theatres %}{{ one.get.name }}{% endfor %}",
}


@pytest.mark.parametrize("template", MISSING.values(), ids=MISSING)
def test_a_reference_to_nobody_shows_nothing(orphan, mongodb, template):
    troupe = mongodb.troupes.Troupe()
    troupe.update(name="T", theatres=[orphan["theatre"]])
    assert rendered(f"<{template}>", show=orphan, troupe=troupe) == "<>"


def test_a_new_document_has_no_key(mongodb):
    assert rendered("<{{ one.pk }}{% if one.pk %}stored{% endif %}>", one=mongodb.shows.Show()) == "<>"


def test_other_errors_are_no_less_loud():
    with pytest.raises(ConnectionError, match="collection"):
        rendered("{{ show.collection }}", show=Show())


# What is shown of three shows, and of the two that limit() or a slice leave; of none at all.
SHOWN = {
    "once": ("{% for one in them %}{{ one.title }}{% endfor %}", "ABC", "AB", ""),
    "twice": (
        "{% for one in them %}{{ one.title }}{% endfor %}{% for one in them %}{{ one.title }}{% endfor %}",
        "ABCABC",
        "ABAB",
        "",
    ),
    "whether there are any": ("{% if them %}some{% else %}none{% endif %}", "some", "some", "none"),
    "an empty list": ("{% for one in them %}{% empty %}none{% endfor %}", "", "", "none"),
    "length": ("{{ them|length }}", "3", "2", "0"),
    "count": ("{{ them.count }}", "3", "2", "0"),
    "the first": ("{{ them.0.title }}", "A", "A", ""),
    "the first, by the filter": ("{% with one=them|first %}{{ one.title }}{% endwith %}", "A", "A", ""),
    "beyond the last": ("{{ them.2.title }}", "C", "", ""),
    "a slice": ("{% for one in them|slice:'1:' %}{{ one.title }}{% endfor %}", "BC", "B", ""),
    "sorted": ("{% for one in them|dictsortreversed:'title' %}{{ one.title }}{% endfor %}", "CBA", "BA", ""),
    "in groups": (
        "{% regroup them by kind as kinds %}{% for k in kinds %}{{ k.list|length }}{% endfor %}",
        "3",
        "2",
        "",
    ),
}


@pytest.mark.parametrize(("template", "whole", "part", "none"), SHOWN.values(), ids=SHOWN)
def test_a_list_of_documents(show, shows, template, whole, part, none):
    for title in "ABC":
        show(title)

    def found(query=None):
        return shows.Show.find(query or {}).sort("title")

    assert rendered(template, them=DocumentList(found())) == whole
    for limited in (found().limit(2), found()[:2]):
        assert rendered(template, them=DocumentList(limited)) == part
    assert rendered(template, them=DocumentList(found({"title": "D"}))) == none
    assert rendered(template, them=DocumentList(found()[1:1])) == none


def test_what_skip_leaves(show, shows):
    for title in "ABC":
        show(title)
    left = DocumentList(shows.Show.find().sort("title").skip(1))
    assert (left.count(), left[0]["title"], [one["title"] for one in left[:1]]) == (2, "B", ["B"])


# What is told of `count` where somebody has written it, and nothing where a template has.
def test_a_cursor_is_counted_without_a_word(show, shows):
    for title in "ABC":
        show(title)
    cursor = shows.Show.find().sort("title").limit(2)
    assert rendered("{{ them.count }}{% if them.count > 2 %}!{% endif %}", them=cursor) == "3!"
    with pytest.warns(DeprecationWarning, match=r"cursor.count\(\) .*count_documents") as told:
        assert cursor.count() == 3
    assert told[0].filename == __file__


# Files.


@pytest.fixture
def report(mongodb):
    """A report that is stored, and has a file that is not asked for."""
    made = mongodb.reports.Report()
    made["title"] = "T"
    made.save()
    made.fs.picture = b"<i>"
    return made


NO_FILE = {
    "a file": "{{ report.fs.source }}",
    "whether it is there": "{% if report.fs.source %}there{% endif %}",
    "something of it": "{{ report.fs.source.name }}",
    "a filter": "{{ report.fs.source|length }}",
    "with": "{% with file=report.fs.source %}{{ file }}{% endwith %}",
    "in a container": "{{ report.fs.notes.source }}",
    "not declared": "{{ report.fs.nothing }}",
    "without its name": "{{ report.fs.get_last_version }}",
}


@pytest.mark.parametrize("template", NO_FILE.values(), ids=NO_FILE)
def test_a_file_that_is_not_there_shows_nothing(report, mongodb, template):
    expected = "<0>" if "length" in template else "<>"
    assert rendered(f"<{template}>", report=report) == expected
    assert rendered(f"<{template}>", report=mongodb.reports.Report()) == expected


def test_files_that_are_there(report):
    report.fs.notes["a&b"] = b"note"
    template = "{% for file in report.fs %}{{ file.name }} {{ file.length }},{% endfor %}"
    assert rendered(template, report=report) == "a&amp;b 4,picture 3,"
    template = "{% for file in report.fs.notes %}{{ file.name }}{% endfor %}"
    assert rendered(template, report=report) == "a&amp;b"
    assert rendered("{% if report.fs.picture %}there{% endif %}", report=report) == "there"


LISTS = {
    "all": "{% for file in report.fs %}{{ file.name }}{% endfor %}",
    "of a container": "{% for file in report.fs.notes %}{{ file.name }}{% endfor %}",
    "names": "{% for name in report.fs.notes.names %}{{ name }}{% endfor %}",
    "else": "{% for file in report.fs %}{{ file.name }}{% empty %}{% endfor %}",
    "how many": "{% if report.fs.notes|length > 0 %}there{% endif %}",
}


@pytest.mark.parametrize("template", LISTS.values(), ids=LISTS)
def test_a_document_that_is_not_stored_has_no_files_to_list(report, mongodb, template):
    assert rendered(f"<{template}>", report=mongodb.reports.Report()) == "<>"


# What a template does not do, as with models.


class Careful(DjangoDocument):
    title: str

    def save(self, *args, **kwargs):
        return super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        return super().delete(*args, **kwargs)


class MoreCareful(Careful):
    def save(self, *args, **kwargs):
        return super().save(*args, **kwargs)

    def shout(self):
        return self["title"].upper()


ALTERING = [
    "save",
    "delete",
    "migrate",
    "update_atomic",
    "fs.clear",
    "fs.prune",
    "fs.put",
    "fs.delete",
    "fs.ensure_index",
]


@pytest.mark.parametrize("name", ALTERING)
def test_a_template_changes_nothing_that_is_stored(report, name, client_of_server):
    report["title"] = "Changed"
    assert rendered(f"<{{{{ report.{name} }}}}>", report=report) == "<>"
    assert report.collection.find_one()["title"] == "T"
    assert report.fs.picture == b"<i>"
    assert len(client_of_server[report.db.name]["fs.files"].index_information()) == 2, "no index of ours"


@pytest.mark.parametrize("cls", [Careful, MoreCareful])
@pytest.mark.parametrize("name", ["save", "delete"])
def test_nor_by_a_method_of_the_class_itself(mongodb, cls, name):
    made = mongodb.careful.proxy(cls)()
    made["title"] = "T"
    made.save()
    made["title"] = "Changed"
    assert rendered(f"<{{{{ made.{name} }}}}>", made=made) == "<>"
    assert mongodb.careful.find_one()["title"] == "T"


class Mixin:
    """That knows nothing of documents."""

    def save(self, *args, **kwargs):
        return super().save(*args, **kwargs)

    def shout(self):
        return self["title"].upper()


class MixinOfMixin(Mixin):
    def delete(self, *args, **kwargs):
        return super().delete(*args, **kwargs)


class Mixed(MixinOfMixin, DjangoDocument):
    title: str


class MixedLater(Mixin, MoreCareful):
    pass


class MixedBelow(Mixed):
    pass


class Harmless:
    """That says that its `save` may be called."""

    def save(self, *args, **kwargs):
        return "harmless"

    save.alters_data = False


class MixedHarmless(Harmless, DjangoDocument):
    title: str


class BelowHarmless(MixedHarmless):
    def save(self, *args, **kwargs):
        return super().save()


@pytest.mark.parametrize("cls", [Mixed, MixedLater, MixedBelow])
@pytest.mark.parametrize("name", ["save", "delete"])
def test_nor_by_a_method_of_a_plain_mixin(mongodb, cls, name):
    made = mongodb.careful.proxy(cls)()
    made["title"] = "T"
    made.save()
    made["title"] = "Changed"
    assert rendered(f"<{{{{ made.{name} }}}}>", made=made) == "<>"
    assert mongodb.careful.find_one()["title"] == "T"
    assert rendered("{{ made.shout }}", made=made) == "CHANGED"


@pytest.mark.parametrize("cls", [MixedHarmless, BelowHarmless])
def test_who_says_that_a_method_alters_nothing_is_believed(mongodb, cls):
    assert rendered("{{ made.save }}", made=mongodb.careful.proxy(cls)()) == "harmless"


def test_other_methods_are_called(mongodb):
    assert rendered("{{ made.shout }}", made=mongodb.careful.proxy(MoreCareful)({"title": "a"})) == "A"
