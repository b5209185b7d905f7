"""`DocumentChoiceField`: a reference chosen in a form of one's own."""

import copy

import pytest
from django import forms
from django.core.exceptions import ValidationError
from shows.models import Show, Theatre

from django_mongokit import connection
from django_mongokit.document import DjangoDocument
from django_mongokit.forms import DocumentChoiceField, DocumentForm
from mongokit import Ref


@pytest.fixture
def theatres(mongodb):
    """Three theatres, by name."""
    found = {}
    for name in ("Globe", "Rose", "Swan"):
        made = found[name] = mongodb.theatres.Theatre()
        made.update(name=name)
        made.save()
    return found


@pytest.fixture
def field(theatres):
    """A field that offers two of three theatres, and finds any of them."""
    by_key = {one.pk: one for one in theatres.values()}

    def make(**options):
        return DocumentChoiceField(
            documents=lambda: [theatres["Globe"], theatres["Rose"]], find=by_key.get, **options
        )

    return make


def options(html):
    import re

    return re.findall(r'<option value="([^"]*)"( selected)?>([^<]*)</option>', html)


def test_what_is_offered(field, theatres):
    html = field().widget.render("theatre", None)
    assert options(html) == [
        ("", " selected", "---------"),
        (theatres["Globe"].pk, "", "Globe"),
        (theatres["Rose"].pk, "", "Rose"),
    ]


def test_what_is_referred_to_is_always_there(field, theatres):
    swan = theatres["Swan"].pk
    assert options(field().widget.render("theatre", swan))[-1] == (swan, " selected", "Swan")
    assert options(field().widget.render("theatre", "gone"))[-1] == (
        "gone",
        " selected",
        "gone (not there any more)",
    )


def test_what_is_offered_is_asked_for_each_time(theatres):
    offered = []
    field = DocumentChoiceField(documents=lambda: offered, find=lambda key: None)
    assert len(options(field.widget.render("theatre", None))) == 1
    offered.append(theatres["Rose"])
    assert len(options(field.widget.render("theatre", None))) == 2


def test_a_copy_asks_its_own_field(field, theatres):
    class Loud(DocumentChoiceField):
        def label_from_document(self, document):
            return document["name"] + self.mark

    loud = Loud(documents=lambda: [theatres["Rose"]], find=lambda key: None)
    loud.mark = "!"
    other = copy.deepcopy(loud)
    other.mark = "?"
    assert [one.widget.render("x", None).count(f"Rose{one.mark}") for one in (loud, other)] == [1, 1]


@pytest.mark.parametrize("name", ["Rose", "Swan"])
def test_cleaned_to_a_reference(field, theatres, name):
    found = field().clean(theatres[name].pk)
    assert isinstance(found, Ref)
    assert found.id == theatres[name]["_id"]
    assert field(eager=True).clean(theatres[name].pk) is theatres[name]


@pytest.mark.parametrize("sent", ["forged", "0" * 24, "$ne"])
def test_what_leads_to_nothing_is_refused(field, sent):
    with pytest.raises(ValidationError, match="Select a valid choice"):
        field().clean(sent)


@pytest.mark.parametrize("sent", ["", None])
def test_nothing(field, sent):
    assert field(required=False).clean(sent) is None
    with pytest.raises(ValidationError, match="This field is required"):
        field().clean(sent)


def test_changed(field, theatres):
    rose, swan = theatres["Rose"], theatres["Swan"]
    found = field()
    assert not found.has_changed(Ref.to(rose), rose.pk)
    assert not found.has_changed(rose, rose.pk)
    assert not found.has_changed(None, "")
    assert not found.has_changed(None, None)
    assert found.has_changed(Ref.to(rose), swan.pk)
    assert found.has_changed(Ref.to(rose), "")
    assert found.has_changed(None, rose.pk)
    assert not field(disabled=True).has_changed(None, rose.pk)


def test_in_a_form(field, theatres, mongodb):
    class ShowForm(DocumentForm):
        theatre = field(required=False)

        class Meta:
            document = Show
            fields = ["title", "theatre"]

    shows = mongodb.shows
    form = ShowForm({"title": "Hamlet", "theatre": theatres["Swan"].pk}, collection=shows)
    stored = form.try_save()
    assert shows.find_one()["theatre"] == theatres["Swan"]["_id"]
    form = ShowForm(instance=shows.Show.one())
    assert options(form.as_p())[-1] == (theatres["Swan"].pk, " selected", "Swan")
    form = ShowForm({"title": "Hamlet", "theatre": "", "_revision": "1"}, instance=stored)
    form.try_save()
    assert shows.find_one()["theatre"] is None
    form = ShowForm({"title": "Hamlet", "theatre": "x", "_revision": "2"}, instance=shows.Show.one())
    assert form.errors == {
        "theatre": ["Select a valid choice. That choice is not one of the available choices."]
    }


def test_a_disabled_one_keeps_what_there_is(field, theatres, mongodb):
    class ShowForm(DocumentForm):
        theatre = field(required=False, disabled=True)

        class Meta:
            document = Show
            fields = ["title", "theatre"]

    form = ShowForm({"title": "Hamlet", "theatre": theatres["Rose"].pk}, collection=mongodb.shows)
    form.try_save()
    show = mongodb.shows.Show.one()
    show["theatre"] = theatres["Swan"]
    show.save()
    form = ShowForm({"title": "Ham", "theatre": theatres["Rose"].pk, "_revision": "2"}, instance=show)
    assert form.try_save(), form.errors
    assert mongodb.shows.find_one()["theatre"] == theatres["Swan"]["_id"]


def test_where_references_are_eager(field, theatres, mongodb):
    tour = type(
        "Tour",
        (DjangoDocument,),
        {
            "__module__": __name__,
            "__collection__": "tours",
            "structure": {"title": str, "theatre": Theatre},
            "use_autorefs": True,
        },
    )
    connection.register([tour])
    form_class = type(
        "TourForm",
        (DocumentForm,),
        {"theatre": field(eager=True), "Meta": type("Meta", (), {"document": tour})},
    )
    form = form_class({"title": "T", "theatre": theatres["Rose"].pk}, collection=mongodb.tours)
    assert form.try_save(), form.errors
    stored = mongodb.tours.Tour.one()
    assert stored["theatre"]["name"] == "Rose"
    assert form_class(instance=stored)["theatre"].value() == theatres["Rose"].pk
    assert not form_class({"title": "T", "theatre": theatres["Rose"].pk}, instance=stored).has_changed()


def test_the_widget_may_be_another(field):
    assert isinstance(field(widget=forms.RadioSelect).widget, forms.RadioSelect)
    assert "Rose" in field(widget=forms.RadioSelect).widget.render("theatre", None)
