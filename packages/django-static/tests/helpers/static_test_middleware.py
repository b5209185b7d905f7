"""Middleware made of that of Django and of ours, and a page that names what is to be preloaded."""

from __future__ import annotations

from django.http import HttpResponse
from django.middleware.cache import UpdateCacheMiddleware
from django.template import engines
from django.urls import path

from django_static.middleware import LinkHeaderMiddleware


class Links(LinkHeaderMiddleware):
    pass


class Caching(UpdateCacheMiddleware):
    pass


def factory(get_response):
    return get_response


def page(request):
    text = "{% load django_static %}{% staticpreload '/a.css' %}"
    return HttpResponse(engines["django"].from_string(text).render(request=request))


urlpatterns = [path("", page)]
