"""Which address is which page."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, path, re_path
from django.views.static import serve

from plog import forever, views

urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    re_path(r"^p(?P<page>\d+)$", views.home, name="home-page"),
    re_path(r"^(?P<filters>oc-[^/]+(?:/oc-[^/]+)*)$", views.home, name="filtered"),
    re_path(r"^(?P<filters>oc-[^/]+(?:/oc-[^/]+)*)/p(?P<page>\d+)$", views.home, name="filtered-page"),
    path("plog/<slug:slug>", views.post, name="post"),
    path("plog/<slug:slug>/comment", views.comment, name="comment"),
    path("slides/mongodb-in-django", views.slides, name="slides"),
    path("cache-forever/<path:name>", forever.serve, name="forever"),
    re_path(r"^(?P<address>.+?)/+$", views.without_slash),
]

if settings.DEBUG:
    # The tags print the names of the originals.
    urlpatterns.append(
        re_path(r"^(?P<path>(?:css|files|img|js)/.+)$", serve, {"document_root": settings.MEDIA_ROOT})
    )
