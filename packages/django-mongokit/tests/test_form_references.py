"""`DocumentChoiceField`: a reference chosen in a form of one's own."""

import asyncio
import copy

import pytest
from asgiref.sync import sync_to_async
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from shows.models import Show, Theatre, Troupe

from django_mongokit import connection
from django_mongokit.document import DjangoDocument
from django_mongokit.forms import DocumentChoiceField, DocumentForm, referred
from mongokit import AsyncConnection, Ref


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


@pytest.fixture
def troupe_form():
    """A form of a class with references in every place, of which nobody has said anything."""

    class TroupeForm(DocumentForm):
        class Meta:
            document = Troupe

    return TroupeForm


@pytest.fixture
def sent(theatres):
    """What a browser sends, with these theatres; the keys are of other documents, too, or of nobody."""

    def data(home="", several=(), main="", others=(), stage=""):
        found = QueryDict(mutable=True)
        found.update(
            {
                "name": "T",
                "home": home,
                "main-name": "M",
                "main-theatre": main,
                "stages-TOTAL_FORMS": "1",
                "stages-INITIAL_FORMS": "0",
                "stages-0-name": "S",
                "stages-0-theatre": stage,
            }
        )
        found.setlist("theatres", list(several))
        found.setlist("main-others", list(others))
        return found

    return data


def test_of_the_structure_alone(troupe_form, theatres, mongodb):
    globe, rose, swan = (theatres[name].pk for name in ("Globe", "Rose", "Swan"))
    offered = [(globe, "", "Globe"), (rose, "", "Rose"), (swan, "", "Swan")]
    form = troupe_form(collection=mongodb.troupes)
    assert options(str(form["home"])) == [("", " selected", "---------"), *offered]
    assert options(str(form["theatres"])) == offered
    assert options(str(form["main"].inner["theatre"]))[1:] == offered
    assert options(str(form["main"].inner["others"])) == offered
    assert options(str(form["stages"].inner[0]["theatre"]))[1:] == offered


def test_stored_in_every_place(troupe_form, theatres, mongodb, sent):
    globe, rose, swan = (theatres[name] for name in ("Globe", "Rose", "Swan"))
    data = sent(globe.pk, [swan.pk, rose.pk], rose.pk, [globe.pk], swan.pk)
    form = troupe_form(data, collection=mongodb.troupes)
    assert form.try_save(), form.errors
    stored = mongodb.troupes.find_one()
    assert stored["home"] == globe["_id"]
    assert stored["theatres"] == [swan["_id"], rose["_id"]]
    assert stored["main"]["theatre"] == rose["_id"]
    assert stored["main"]["others"] == [globe["_id"]]
    assert stored["stages"][0]["theatre"] == swan["_id"]
    again = troupe_form(data, instance=mongodb.troupes.Troupe.one())
    assert not set(again.changed_data) & {"home", "theatres", "main"}
    assert options(str(again["home"]))[1] == (globe.pk, " selected", "Globe")


REFUSED = {
    "home": {"home": "{}"},
    "theatres": {"several": ["{}"]},
    "main": {"main": "{}"},
    "main, a list": {"others": ["{}"]},
    "stages": {"stage": "{}"},
}


@pytest.mark.parametrize("key", ["forged", "0" * 24, "$ne", "1" * 400, "a\0b"])
@pytest.mark.parametrize(("where", "values"), REFUSED.items(), ids=REFUSED)
def test_ids_of_nobody_are_refused_everywhere(troupe_form, mongodb, sent, where, values, key):
    given = {name: [key] if isinstance(value, list) else key for name, value in values.items()}
    form = troupe_form(sent(**given), collection=mongodb.troupes)
    assert not form.try_save()
    assert "Select a valid choice" in str(form.errors[where.partition(",")[0]])
    assert mongodb.troupes.count_documents({}) == 0


def test_above_the_bound_a_key_is_asked_for(troupe_form, theatres, mongodb, sent, monkeypatch):
    monkeypatch.setattr(referred, "OFFERED", 2)
    globe, swan = theatres["Globe"], theatres["Swan"]
    form = troupe_form(collection=mongodb.troupes)
    assert str(form["home"]).startswith('<input type="text" name="home"')
    assert str(form["theatres"]).startswith("<textarea")
    assert "<option" not in form.as_p()
    data = sent(swan.pk, [f"{globe.pk}\r\n {swan.pk}\r\n"], swan.pk, [globe.pk], "")
    assert troupe_form(data, collection=mongodb.troupes).try_save()
    stored = mongodb.troupes.Troupe.one()
    assert [one.id for one in stored["theatres"]] == [globe["_id"], swan["_id"]]
    shown = troupe_form(instance=stored)
    assert f'value="{swan.pk}"' in str(shown["home"])
    assert f"\n{globe.pk}\n{swan.pk}</textarea>" in str(shown["theatres"])
    form = troupe_form(sent("nobody's", ["x\ny"]), instance=stored)
    assert {"home", "theatres"} <= set(form.errors)
    assert "nobody&#x27;s" in str(form["home"])
    assert "\nx\ny</textarea>" in str(form["theatres"])


def test_as_many_as_the_bound_are_offered(troupe_form, theatres, mongodb, monkeypatch):
    monkeypatch.setattr(referred, "OFFERED", 3)
    assert len(options(str(troupe_form(collection=mongodb.troupes)["theatres"]))) == 3


def test_what_is_gone_stays_unless_it_is_touched(troupe_form, theatres, mongodb, sent):
    globe, rose = theatres["Globe"], theatres["Rose"]
    data = sent(globe.pk, [globe.pk], globe.pk, [globe.pk])
    data["stages-TOTAL_FORMS"] = "0"
    stored = troupe_form(data, collection=mongodb.troupes).try_save()
    globe.delete()
    assert "not there any more" in str(troupe_form(instance=stored)["home"])
    data["name"] = "New"
    form = troupe_form(data, instance=mongodb.troupes.Troupe.one())
    assert form.try_save(), form.errors
    assert mongodb.troupes.find_one()["home"] == globe["_id"]
    data.setlist("theatres", [globe.pk, rose.pk])
    form = troupe_form(data, instance=mongodb.troupes.Troupe.one())
    assert list(form.errors) == ["theatres"]


def test_they_are_looked_for_in_the_forms_own_database(troupe_form, theatres, client_of_server, name):
    elsewhere = connection[name]
    made = elsewhere.theatres.Theatre({"name": "Fenice", "city": "Venice"}).save()
    form = troupe_form({"home": theatres["Globe"].pk}, collection=elsewhere.troupes)
    assert [label for _key, _selected, label in options(str(form["theatres"]))] == ["Fenice"]
    assert "home" in form.errors
    main = form["main"].inner
    assert [label for _key, _selected, label in options(str(main["others"]))] == ["Fenice"]
    assert form.fields["home"].clean(made.pk).id == made["_id"]


def test_where_nobody_knows_the_documents_it_is_json(mongodb):
    class Lost(DjangoDocument):
        structure = {"name": str}

    class Finder(DjangoDocument):
        __collection__ = "finders"
        structure = {
            "first": Ref(Lost, dbref=True),
            "several": [Ref(Lost, dbref=True)],
            "later": Ref("NotThereYet", dbref=True),
        }

    form = type("F", (DocumentForm,), {"Meta": type("Meta", (), {"document": Finder})})
    fields = form(collection=mongodb.finders).fields
    assert {type(field).__name__ for field in fields.values()} == {"JsonValueField", "JsonListField"}


def test_eager_ones_of_the_structure_alone(theatres, mongodb):
    class Route(DjangoDocument):
        __collection__ = "routes"
        structure = {"start": Theatre, "stops": [Theatre]}
        use_autorefs = True

    connection.register([Route])
    form_class = type("F", (DocumentForm,), {"Meta": type("Meta", (), {"document": Route})})
    rose, swan = theatres["Rose"], theatres["Swan"]
    data = QueryDict(f"start={rose.pk}&stops={swan.pk}&stops={rose.pk}")
    form = form_class(data, collection=mongodb.routes)
    assert form.try_save(), form.errors
    stored = mongodb.routes.Route.one()
    assert [one["name"] for one in [stored["start"], *stored["stops"]]] == ["Rose", "Swan", "Rose"]
    assert not form_class(data, instance=stored).has_changed()


def test_of_a_document_that_is_awaited(troupe_form, theatres, mongodb, uri, sent):
    async def fill_in():
        async with AsyncConnection(uri) as there:
            there.register([Theatre, Troupe])
            form = troupe_form(sent(theatres["Rose"].pk), collection=there[mongodb.name].troupes)
            shown = await sync_to_async(lambda: options(str(form["theatres"])))()
            return shown, await form.atry_save(), form.errors

    shown, stored, errors = asyncio.run(fill_in())
    assert [label for _key, _selected, label in shown] == ["Globe", "Rose", "Swan"]
    assert stored, errors
    assert mongodb.troupes.find_one()["home"] == theatres["Rose"]["_id"]
