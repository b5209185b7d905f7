"""A site with the debug toolbar: settings are in the test that starts it."""

import asyncio

from debug_toolbar.toolbar import debug_toolbar_urls
from django.http import HttpResponse
from django.urls import path
from lectures.models import Lecture  # noqa: F401 (registers it)

from django_mongokit import get_database


def always(request):
    return True


def page(text):
    return HttpResponse(f"<html><body><h1>{text}</h1></body></html>")


def loop(request):
    """As an author of a template does without knowing."""
    talks = get_database().looked
    talks.insert_many([{"_id": number, "name": "x" * 500} for number in range(20)])
    for number in range(3):
        talks.find_one({"_id": number, "secret": "<script>alert(1)</script>"})
    for _ in range(2):
        talks.count_documents({"name": "same"})
    return page("loop")


def wrong(request):
    try:
        list(get_database().looked.find({"$wrong": 1}))
    except Exception as error:
        return page(type(error).__name__)


def nothing(request):
    return page("nothing")


async def awaited(request):
    from django.conf import settings

    from mongokit.aio import AsyncConnection

    async with AsyncConnection(settings.DATABASES["mongodb"]["HOST"]) as connection:
        talks = connection[settings.DATABASES["mongodb"]["NAME"]].looked
        await asyncio.gather(*(talks.find_one({"_id": number}) for number in range(3)))
    return page("awaited")


urlpatterns = [
    path("loop/", loop),
    path("wrong/", wrong),
    path("nothing/", nothing),
    path("awaited/", awaited),
    *debug_toolbar_urls(),
]
