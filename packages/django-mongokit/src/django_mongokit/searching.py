"""Documents to be searched for: what a field of a form and the view that its script asks have in common.

authors = DocumentSearch(Author, ["name"])
path("authors/search/", authors.as_view(may=lambda request: request.user.is_staff), name="author-search")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from django_mongokit.conf import DEFAULT_ALIAS
from django_mongokit.key_texts import has_text_key
from django_mongokit.search import search_query
from django_mongokit.selection import Documents
from django_mongokit.shortcut import get_database, name_of_collection

if TYPE_CHECKING:
    from django_mongokit.document import DjangoDocument

__all__ = ["PAGE", "DocumentSearch", "page_of", "words_of"]

PAGE = 20
"""How many documents a search offers at a time."""
_LOOKED_AT = 200
"""Documents that are looked through for the one that is called exactly as somebody has typed."""


class DocumentSearch:
    """Those documents of a class that people may find, by words in some of their fields.

    :param document: the class.
    :param fields: names of fields, as those of `search_fields` of an admin: "^name" for the beginning, "=code" for the whole.
    :param query: documents that it does not find are not there for the search; in MongoDB's language.
    :param order: fields to sort by, "-" in front for descending.
    :param label: returns what people read for a document.
    :param collection: the name; by default the class's `__collection__`.

    Raises `TypeError` where there is no field to search in.
    """

    def __init__(
        self,
        document: type[DjangoDocument],
        fields: Iterable[str],
        *,
        query: Mapping[str, Any] | None = None,
        order: Iterable[str] = (),
        label: Callable[[Any], str] = str,
        collection: str | None = None,
        using: str = DEFAULT_ALIAS,
    ) -> None:
        self.document, self.query, self.label = document, query, label
        self.fields = [fields] if isinstance(fields, str) else list(fields)
        self.order = tuple(order)
        self.collection, self.using = collection, using
        if not self.fields:
            raise TypeError(f"DocumentSearch({document.__name__}, …) needs at least one field to search in.")

    def documents(self) -> Documents:
        """Return all that may be found."""
        name = name_of_collection(type(self), self.document, self.collection)
        found = Documents(self.document, get_database(using=self.using)[name], self.query)
        return found.order_by(*self.order) if self.order else found

    def matching(self, text: str) -> Documents:
        """Return those that have each word of a text in one of the fields."""
        return self.documents().filter(search_query(self.document, self.fields, words_of(text)))

    def find(self, key: str) -> Any:
        """Return the one with a key, which is given as text, or None."""
        return next(iter(self.documents().filter(pk=key)[:1]), None)

    def named(self, text: str) -> Any:
        """Return the only one that has this key, or is called exactly so, whatever the case; None if there is no such one."""
        found = self.find(text)
        if found is not None:
            return found
        wanted = text.strip().casefold()
        same = [
            one
            for one in self.matching(text)[:_LOOKED_AT]
            if self.label(one).strip().casefold() == wanted and has_text_key(one)
        ]
        return same[0] if len(same) == 1 else None

    def as_view(self, may: Callable[[HttpRequest], bool]) -> Callable[..., HttpResponse]:
        """Return the view that answers searches, with JSON: `?term=words&page=2`.

        :param may: returns whether who asks may see these documents; else the answer is 403.
        """

        def view(request: HttpRequest) -> HttpResponse:
            if not may(request):
                raise PermissionDenied
            return page_of(self.matching(request.GET.get("term", "")), request, self.label)

        return never_cache(require_safe(view))


def words_of(text: str) -> str:
    """Return a text that was sent without the NUL, which is in no pattern."""
    return text.replace("\0", "")


def page_of(documents: Documents, request: HttpRequest, label: Callable[[Any], str] = str) -> JsonResponse:
    """Return the page of documents that a request asks for, in the form that Django's admin has for it."""
    page = request.GET.get("page", "1")
    is_number = page.isascii() and page.isdecimal() and 0 < int(page[:9]) < 10_000
    start = (int(page) - 1) * PAGE if is_number else 0
    found = list(documents[start : start + PAGE + 1])
    return JsonResponse(
        {
            "results": [{"id": one.pk, "text": label(one)} for one in found[:PAGE] if has_text_key(one)],
            "pagination": {"more": len(found) > PAGE},
        }
    )
