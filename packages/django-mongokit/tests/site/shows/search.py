"""A page of one's own with a reference that is searched for, under a policy that takes no inline script or style."""

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.urls import path
from django.utils.html import format_html

from django_mongokit import get_database
from django_mongokit.forms import DocumentForm, DocumentMultipleSearchField, DocumentSearchField
from django_mongokit.searching import DocumentSearch
from shows.models import Theatre, Troupe

theatres = DocumentSearch(Theatre, ["name", "city"], order=["name"])


class TroupeForm(DocumentForm):
    home = DocumentSearchField(theatres, url="theatre-search", required=False)

    class Meta:
        document = Troupe
        fields = ("name", "home")


class TouringForm(DocumentForm):
    theatres = DocumentMultipleSearchField(theatres, url="theatre-search", required=False)

    class Meta:
        document = Troupe
        fields = ("name", "theatres")


def new_troupe(request, form_class=TroupeForm):
    form = form_class(request.POST or None, collection=get_database().troupes)
    if form.is_valid():
        form.save()
        return redirect(request.path)
    answer = HttpResponse(
        format_html(
            '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
            '<title>New troupe</title>{}<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="{}">{}'
            '<button type="submit">Save</button></form>',
            form.media,
            get_token(request),
            form.as_div(),
        )
    )
    answer["Content-Security-Policy"] = "default-src 'self'"
    return answer


urlpatterns = [
    path("troupes/new/", new_troupe),
    path("troupes/touring/", new_troupe, {"form_class": TouringForm}),
    path(
        "theatres/search/",
        theatres.as_view(may=lambda request: "secret" not in request.GET),
        name="theatre-search",
    ),
]
