"""Pages of documents, without counting a million of them; which templates show them, and how to get to one."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import quote
from django.core.paginator import EmptyPage, Page, Paginator
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html

from django_mongokit.key_texts import has_text_key
from django_mongokit.selection import Documents

__all__ = ["DocumentPaginator", "change_url", "linked", "own_templates"]


def own_templates(opts: Any, name: str) -> list[str]:
    """Return the names of a project's own templates for a page of the admin, and that of ours."""
    app, model = opts.app_label, opts.model_name
    return [f"admin/{app}/{model}/{name}", f"admin/{app}/{name}", f"django_mongokit/admin/{name}"]


def change_url(opts: Any, site: Any, document: Any) -> str:
    """Return the address of a document's page in an admin site.

    Raises `NoReverseMatch` where its key is "", which no URL can hold, or one that a text does not stand for.
    """
    if not has_text_key(document):
        raise NoReverseMatch(f"{document['_id']!r} is no key that a page has.")
    name = f"admin:{opts.app_label}_{opts.model_name}_change"
    return reverse(name, args=(quote(document.pk),), current_app=site.name)


def linked(opts: Any, site: Any, document: Any) -> str:
    """Return a document as a link to its page in an admin site; without one where it has none."""
    try:
        url = change_url(opts, site, document)
    except NoReverseMatch:
        return str(document)
    return format_html('<a href="{}">{}</a>', url, document)


class DocumentPaginator(Paginator):  # type: ignore[type-arg]  # the class can't be subscripted at run time
    """Django's paginator, that counts what a query finds up to `count_limit` only.

    All documents of a collection are not counted at all: the server knows about how many there are. Where that is not
    the whole truth (`is_estimate`), or there are more than were counted (`is_capped`), pages after the last known one
    are there as long as they have documents.
    """

    count_limit: int | None = 10_000
    """How many documents a query may find to be counted; None counts them all."""
    object_list: Any

    @cached_property
    def count(self) -> int:
        """How many documents there are, at most `count_limit` of those that a query finds."""
        return (
            self._found
            if self.count_limit is None or self.is_estimate
            else min(self._found, self.count_limit)
        )

    @cached_property
    def _found(self) -> int:
        """What the server is asked for, once: as many as are counted, and one more."""
        found: Documents = self.object_list
        if self.is_estimate or self.count_limit is None:
            return found.count()
        return found.count(self.count_limit + 1)

    @cached_property
    def is_estimate(self) -> bool:
        """Whether the server was asked for what it knows without looking."""
        return not self.object_list.query

    @cached_property
    def is_capped(self) -> bool:
        """Whether there are more than `count` says."""
        return not self.is_estimate and self.count_limit is not None and self._found > self.count_limit

    def validate_number(self, number: Any) -> int:
        """Return a page's number; raises `InvalidPage` for one that cannot be."""
        try:
            return super().validate_number(number)
        except EmptyPage:
            if int(number) < 1 or not (self.is_estimate or self.is_capped) or int(number) > 2**31:
                raise
        if not self.object_list[(int(number) - 1) * self.per_page :][:1]:
            raise EmptyPage(self.error_messages["no_results"])
        return int(number)

    def page(self, number: Any) -> Any:
        """Return a page; raises `InvalidPage` for one that cannot be."""
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        return Page(self.object_list[start : start + self.per_page], number, self)
