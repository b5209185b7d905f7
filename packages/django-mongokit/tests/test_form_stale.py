"""Pages that were made while another kind of value was stored in a nested field: what was entered there is not lost."""

import pytest
from shows.testing import Markup

from django_mongokit import connection
from django_mongokit.document import DjangoDocument
from django_mongokit.forms import documentform_factory
from mongokit import SchemaDocument


class Slot(SchemaDocument):
    name: str
    minutes: int | None = None
    secret: str | None = None


class Show(SchemaDocument):
    slot: Slot | None = None
    slots: list[Slot] = []


class StalePlain(DjangoDocument):
    """Structures as its own, in a structure and in a list of structures."""

    __collection__ = "stale_plain"

    class Meta:
        app_label = "shows"

    title: str
    slot: Slot | None = None
    slots: list[Slot] = []
    show: Show | None = None
    shows: list[Show] = []


class StaleRevised(StalePlain):
    __collection__ = "stale_revised"
    use_revision = True

    class Meta:
        app_label = "shows"


connection.register([StalePlain, StaleRevised])
INSIDE = ["name", "minutes"]
FIELDS = [
    "title",
    *(f"{at}{name}.{one}" for at in ("", "show.", "shows.") for name in ("slot", "slots") for one in INSIDE),
]
OLD, THEIRS = {"name": "old", "minutes": 1, "secret": "a"}, {"name": "theirs", "minutes": 2, "secret": "b"}
MINE = '{"name": "MINE"}'
PLACES = {
    "at the top": ("{}", "{}", lambda name, value: {name: value}),
    "in a structure": (
        "show-{}",
        "show.{}",
        lambda name, value: {"show": {"slot": None, "slots": [], name: value}},
    ),
    "in an element": (
        "shows-0-{}",
        "shows.0.{}",
        lambda name, value: {"shows": [{"slot": None, "slots": [], name: value}]},
    ),
}
NESTED = {"slot": ("{}-name", OLD, THEIRS), "slots": ("{}-0-name", [OLD], [THEIRS])}


@pytest.fixture(params=[StalePlain, StaleRevised], ids=["plain", "revised"])
def kind(request):
    return request.param


@pytest.fixture(params=PLACES)
def place(request):
    return PLACES[request.param]


class Case:
    """A document, the page of it that somebody has open, and what is stored in the nested field."""

    def __init__(self, mongodb, kind, place, name, before):
        self.documents = getattr(mongodb[kind.__collection__], kind.__name__)
        self.stored = mongodb.client[mongodb.name][kind.__collection__]
        html, self.path, self.made = place
        self.html, self.name = html.format(name), name
        self.form_class = documentform_factory(kind, fields=FIELDS)
        document = self.documents()
        document["title"] = "old"
        document.save()
        self.set(before)
        self.page = self.shown(self.form_class(instance=self.documents.one()))

    def set(self, value):
        change = {"$set": self.made(self.name, value)}
        if self.documents().use_revision:
            change["$inc"] = {"_revision": 1}
        self.stored.update_one({}, change)

    def shown(self, form):
        return Markup(f"<form id=form>{form}</form>")

    def send(self, **changes):
        """Send the page with changes; returns the form, which is the next page."""
        form = self.form_class(self.page.sends("form", **changes), instance=self.documents.one())
        form.is_stored_now = form.try_save() is not None
        if not form.is_stored_now:
            self.page = self.shown(form)
        return form

    @property
    def now(self):
        """What is stored in the title, and in the nested field."""
        found = self.stored.find_one()
        value = found
        for part in self.path.format(self.name).split("."):
            if value is None:
                break  # a structure in which nothing was entered
            value = value[int(part)] if part.isdecimal() else value[part]
        return found["title"], value

    def sent(self):
        return self.page.sends("form")


@pytest.mark.parametrize("entered", [True, False], ids=["entered", "other field"])
@pytest.mark.parametrize("name", NESTED)
def test_the_page_had_inputs_and_now_there_is_what_they_cannot_show(mongodb, kind, place, name, entered):
    html, old, _theirs = NESTED[name]
    case = Case(mongodb, kind, place, name, old)
    html = html.format(case.html)
    case.set("theirs")
    changes = {"title": "new", **({html: "MINE"} if entered else {})}
    form = case.send(**changes)
    if kind is StaleRevised or name == "slots":
        # Told, with what was entered still there.
        assert not form.is_stored_now
        assert case.now == ("old", "theirs")
        assert case.sent()[html] == ("MINE" if entered else "old")
        form = case.send()
    assert form.is_stored_now
    title, value = case.now
    assert title == "new"
    found = value[0] if name == "slots" else value
    assert found["name"] == ("MINE" if entered else "old")
    assert found["minutes"] == 1


@pytest.mark.parametrize("name", NESTED)
def test_inputs_that_were_left_empty_replace_nothing(mongodb, kind, place, name):
    case = Case(mongodb, kind, place, name, None if name == "slot" else [])
    case.set("theirs")
    for _time in range(2):
        form = case.send(title="new")
        assert not form.is_stored_now
        assert case.html.partition("-")[0] in form.errors
        assert "not str" in str(form.errors)
        assert case.now == ("old", "theirs")
        assert case.sent()["title"] == "new"


@pytest.mark.parametrize("text", [MINE, None, "null", "{"], ids=["entered", "other field", "null", "no JSON"])
@pytest.mark.parametrize("name", NESTED)
def test_the_page_had_a_text_and_now_there_is_what_fits(mongodb, kind, place, name, text):
    """It is kept, and told to be late; an empty one keeps what is there, also what the form does not ask for."""
    case = Case(mongodb, kind, place, name, 5)
    assert case.sent()[case.html] == "5"
    theirs = NESTED[name][2]
    case.set(theirs)
    changes = {"title": "new", **({case.html: text} if text else {})}
    for _time in range(2):
        form = case.send(**changes)
        assert not form.is_stored_now
        assert case.html.partition("-")[0] in form.errors
        assert "Empty this to keep what is there now" in case.page.text
        assert case.now == ("old", theirs)
        assert case.sent()[case.html] == (text or "5")
        changes = {}
    assert case.send(**{case.html: ""}).is_stored_now
    assert case.now == ("new", theirs)


@pytest.mark.parametrize("name", NESTED)
def test_the_page_had_a_text_and_now_there_is_nothing(mongodb, kind, place, name):
    case = Case(mongodb, kind, place, name, 5)
    case.set(None)
    assert not case.send(**{"title": "new", case.html: MINE}).is_stored_now
    assert case.sent()[case.html] == MINE
    assert case.send(**{case.html: ""}).is_stored_now
    assert case.now[0] == "new"
    assert not case.now[1]


@pytest.mark.parametrize("name", NESTED)
def test_a_text_is_no_way_past_the_form_inside(mongodb, place, name):
    """Whoever sends one without having been shown it brings in nothing that the form does not ask for."""
    old = NESTED[name][1]
    case = Case(mongodb, StalePlain, place, name, old)
    forged = {key: value for key, value in case.sent().items() if not key.startswith(f"{case.html}-")}
    text = '{"name": "x", "secret": "forged"}'
    forged[case.html] = text if name == "slot" else f"[{text}]"
    assert case.form_class(forged, instance=case.documents.one()).try_save() is None
    assert case.now == ("old", old)


@pytest.mark.parametrize("name", NESTED)
@pytest.mark.parametrize("before", [OLD, 5], ids=["inputs", "text"])
def test_a_field_that_is_disabled_stays(mongodb, name, before):
    case = Case(mongodb, StalePlain, PLACES["at the top"], name, [before] if name == "slots" else before)

    class Form(case.form_class):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.fields[name].disabled = True

    theirs = "theirs" if before is OLD else NESTED[name][2]
    case.set(theirs)
    form = Form(case.page.sends("form", title="new"), instance=case.documents.one())
    assert (form.try_save() is None) is (before is OLD)
    assert case.now == ("old" if before is OLD else "new", theirs)


# A list that somebody else has made longer: of structures with a default, so that a row to add one is not empty.


class Stop(SchemaDocument):
    name: str
    minutes: int = 10


class Way(SchemaDocument):
    stops: list[Stop] = []


class LongPlain(DjangoDocument):
    __collection__ = "long_plain"

    class Meta:
        app_label = "shows"

    title: str
    stops: list[Stop] = []
    way: Way | None = None


class LongRevised(LongPlain):
    __collection__ = "long_revised"
    use_revision = True

    class Meta:
        app_label = "shows"


connection.register([LongPlain, LongRevised])
GATE, WALL = {"name": "Gate", "minutes": 5}, {"name": "Wall", "minutes": 7}


class LongCase:
    """A document with one stop, of which somebody has a page open; others have stored more since."""

    def __init__(self, mongodb, kind, place, stops):
        self.documents = getattr(mongodb[kind.__collection__], kind.__name__)
        self.stored = mongodb.client[mongodb.name][kind.__collection__]
        self.place = place
        self.form_class = documentform_factory(kind, fields=["title", place])
        self.documents({"title": "old", "stops": [], "way": None}).save()
        self.set([GATE])
        self.page = Markup(f"<form id=form>{self.form_class(instance=self.documents.one())}</form>")
        self.set(stops)
        self.html = place.replace(".", "-")

    def set(self, stops):
        change = {"$set": {"stops": stops} if self.place == "stops" else {"way": {"stops": stops}}}
        if self.documents().use_revision:
            change["$inc"] = {"_revision": 1}
        self.stored.update_one({}, change)

    def send(self, **changes):
        """Send the page; returns the form, whether it was stored, and its rows."""
        form = self.form_class(self.page.sends("form", **changes), instance=self.documents.one())
        is_stored = form.try_save() is not None
        self.page = Markup(f"<form id=form>{form}</form>")
        return form, is_stored, (form if self.place == "stops" else form["way"].inner)["stops"].inner

    @property
    def now(self):
        found = self.stored.find_one()
        return found["stops"] if self.place == "stops" else found["way"]["stops"]


@pytest.fixture(params=[LongPlain, LongRevised], ids=["plain", "revised"])
def long_kind(request):
    return request.param


@pytest.mark.parametrize("more", [1, 3])
@pytest.mark.parametrize("place", ["stops", "way.stops"])
def test_a_list_that_somebody_else_has_made_longer(mongodb, long_kind, place, more):
    """The row to add an element was not filled in: nothing is said of it, and it adds nothing."""
    case = LongCase(mongodb, long_kind, place, [GATE] + [WALL] * more)
    form, is_stored, rows = case.send(title="new")
    assert not is_stored
    assert [row.errors for row in rows.forms] == [{}, {}]
    assert [one.code for one in rows.non_form_errors().as_data()] == ["stale"]
    assert "This field is required." not in str(form)
    _form, is_stored, _rows = case.send()
    assert is_stored
    assert case.now == [GATE]


@pytest.mark.parametrize("place", ["stops", "way.stops"])
def test_a_list_made_longer_and_a_row_that_was_filled_in(mongodb, long_kind, place):
    case = LongCase(mongodb, long_kind, place, [GATE, WALL])
    _form, _is_stored, rows = case.send(**{f"{case.html}-1-minutes": "7"})
    assert [row.errors for row in rows.forms] == [{}, {"name": ["This field is required."]}]
    _form, is_stored, _rows = case.send(**{f"{case.html}-1-name": "Mine"})
    assert is_stored
    assert case.now == [GATE, {"name": "Mine", "minutes": 7}]
