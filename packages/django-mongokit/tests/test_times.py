"""One moment, wherever a project meets it: in templates, feeds, sitemaps, the admin, forms, an API, dumps."""

import datetime
import email.utils
import io
import json
import re

import pytest
from api.urls import SpeechSerializer
from django.contrib.sitemaps.views import sitemap
from django.contrib.syndication.views import Feed
from django.core.management import call_command
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone
from shows.models import Show

from django_mongokit import get_database
from django_mongokit.forms import documentform_factory
from django_mongokit.sitemaps import GenericSitemap

UTC = datetime.UTC
LIST = "/admin/shows/Show/"
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"

# The moment (UTC), the zone, and what clocks show there.
MOMENTS = {
    "Berlin, winter": ("2026-01-15T22:30", BERLIN, "2026-01-15T23:30"),
    "Berlin, the day after": ("2026-07-15T22:30", BERLIN, "2026-07-16T00:30"),
    "Berlin, before summer time": ("2026-03-29T00:59", BERLIN, "2026-03-29T01:59"),
    "Berlin, summer time begins": ("2026-03-29T01:00", BERLIN, "2026-03-29T03:00"),
    "Berlin, summer time ends": ("2026-10-25T01:00", BERLIN, "2026-10-25T02:00"),
    "New York, the day before": ("2026-01-15T02:30", NEW_YORK, "2026-01-14T21:30"),
    "New York, summer time begins": ("2026-03-08T07:00", NEW_YORK, "2026-03-08T03:00"),
    "New York, summer time ends": ("2026-11-01T06:00", NEW_YORK, "2026-11-01T01:00"),
    "UTC": ("2026-11-23T12:00", "UTC", "2026-11-23T12:00"),
}
moments = pytest.mark.parametrize(("moment", "zone", "local"), MOMENTS.values(), ids=MOMENTS)


def utc(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def stored(mongodb, settings):
    """Store a show at a moment, with the clocks of a zone from then on; returns it as it is read back."""

    def store(moment, zone, **values):
        settings.TIME_ZONE = zone
        for name, value in values.items():
            setattr(settings, name, value)
        made = get_database().shows.Show()
        made.update({"title": "A", "start": moment})
        made.save()
        return get_database().shows.Show.get_from_id(made["_id"])

    return store


class Shows(Feed):
    title, link, description = "Shows", "/", ""

    def items(self):
        return get_database().shows.Show.find().sort("title").to_list()

    def item_pubdate(self, show):
        return show["start"]


@moments
def test_templates(stored, moment, zone, local):
    show = stored(utc(moment), zone)
    template = Template("{{ show.start|date:'Y-m-d\\\\TH:i' }} {{ show.start }}")
    assert template.render(Context({"show": show})).startswith(local)


@moments
def test_a_feed(stored, moment, zone, local):
    stored(utc(moment), zone)
    page = Shows()(RequestFactory().get("/")).content.decode()
    (said,) = re.findall("<pubDate>(.*?)</pubDate>", page)
    assert email.utils.parsedate_to_datetime(said) == utc(moment)


@moments
def test_a_sitemap(stored, moment, zone, local):
    show = stored(utc(moment), zone)
    made = GenericSitemap({"queryset": lambda: get_database().shows.Show.find(), "date_field": "start"})
    assert made.lastmod(show) == utc(moment)
    response = sitemap(RequestFactory().get("/sitemap.xml"), {"shows": made})
    assert response["Last-Modified"] == f"{utc(moment):%a, %d %b %Y %H:%M}:00 GMT"


@moments
def test_the_admin(person, stored, moment, zone, local):
    show = stored(utc(moment), zone)
    somebody = person()
    day = datetime.date.fromisoformat(local[:10])
    found = {"start__gte": str(day), "start__lt": str(day + datetime.timedelta(days=1))}
    for query in (found, {"start__year": day.year, "start__month": day.month, "start__day": day.day}):
        page = somebody.get(LIST, **query)
        assert show.pk in page.html, query
    page = somebody.get(f"{LIST}{show.pk}/change/")
    assert page.forms["show_form"]["start"] == [local]
    saved = somebody.post(f"{LIST}{show.pk}/change/", page.sends("show_form", _save="Save"))
    assert "was changed successfully" in saved.text
    # Of the two times that a clock shows twice, what was not changed is kept.
    assert get_database().shows.Show.get_from_id(show["_id"])["start"] == utc(moment)


@moments
def test_a_form(stored, moment, zone, local):
    show = stored(utc(moment), zone)
    form_class = documentform_factory(Show, fields=["start", "title"])
    assert form_class(instance=show)["start"].value() == datetime.datetime.fromisoformat(local)
    form = form_class({"start": local, "title": "B", "_revision": show["_revision"]}, instance=show)
    assert form.save()["start"] == utc(moment)
    assert form.changed_data == ["title"]


@moments
def test_an_api(mongodb, settings, moment, zone, local):
    settings.TIME_ZONE = zone
    talks = get_database().api_talks.Speech
    serializer = SpeechSerializer(data={"topic": "T", "when": f"{moment}:00Z"}, context={"collection": talks})
    serializer.is_valid(raise_exception=True)
    made = serializer.save()
    assert made["when"] == utc(moment)
    read = talks.get_from_id(made["_id"])
    shown = SpeechSerializer(read).data["when"]
    assert shown.startswith(local)
    assert datetime.datetime.fromisoformat(shown) == utc(moment)


def test_a_moment_may_be_compared_with_now(stored):
    show = stored(timezone.now() - datetime.timedelta(minutes=5), BERLIN)
    assert show["start"] < timezone.now()
    template = Template("{{ show.start|timesince }}, {{ show.start|timeuntil }}")
    assert template.render(Context({"show": show})) == "5\xa0minutes, 0\xa0minutes"


def test_dumps_are_the_same_whatever_the_settings(stored, settings):
    stored(utc("2026-07-15T22:30"), BERLIN)

    def dumped():
        out = io.StringIO()
        call_command("dumpdocuments", stdout=out, verbosity=0)
        return out.getvalue()

    texts = [dumped()]
    settings.USE_TZ = False
    texts.append(dumped())
    assert len(set(texts)) == 1
    assert json.dumps({"$numberLong": str(int(utc("2026-07-15T22:30").timestamp()) * 1000)}) in texts[0]


def test_without_time_zones_a_local_time_comes_back_as_it_was_stored(stored):
    show = stored(datetime.datetime(2026, 7, 15, 22, 30), BERLIN, USE_TZ=False)
    assert show["start"] == datetime.datetime(2026, 7, 15, 22, 30)
    assert Template("{{ s.start|date:'H:i' }}").render(Context({"s": show})) == "22:30"


def test_without_time_zones_what_has_one_comes_back_in_utc(stored):
    show = stored(utc("2026-07-15T22:30"), BERLIN, USE_TZ=False)
    assert show["start"] == datetime.datetime(2026, 7, 15, 22, 30)
    assert Template("{{ s.start|date:'H:i' }}").render(Context({"s": show})) == "22:30"


def test_a_now_of_django_without_time_zones(stored):
    show = stored(timezone.now().replace(tzinfo=None), BERLIN, USE_TZ=False)
    assert timezone.is_naive(timezone.now())
    assert show["start"].tzinfo is None


OVERRIDDEN = {"with": (True, True), "without": (False, False)}


@pytest.mark.parametrize(("use_tz", "aware"), OVERRIDDEN.values(), ids=OVERRIDDEN)
def test_a_setting_that_a_test_changes_holds(mongodb, settings, use_tz, aware):
    settings.USE_TZ = use_tz
    assert get_database().client.codec_options.tz_aware is aware
    settings.USE_TZ = not use_tz
    assert get_database().client.codec_options.tz_aware is not aware
