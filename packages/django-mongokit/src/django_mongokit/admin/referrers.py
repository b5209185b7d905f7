"""The documents that refer to others, for who is about to delete those."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from django_mongokit.admin.homes import admin_of, documents_on
from django_mongokit.admin.pages import linked
from django_mongokit.document import DjangoDocument, document_classes
from django_mongokit.places import references_in
from django_mongokit.selection import Documents, refers_to
from mongokit.structure.nodes import ReferenceNode

__all__ = ["COUNTED", "NAMED", "Referrers", "referrers_of"]

NAMED = 10
"""How many documents of a class are named."""
COUNTED = 1000
"""How far they are counted."""


@dataclass(frozen=True)
class Referrers:
    """The documents of one class that refer to what is to be deleted."""

    model: type[DjangoDocument]
    documents: Sequence[DjangoDocument]
    """The first ten."""
    count: int
    """How many there are, 1001 for more than a thousand."""
    lines: Sequence[Any]
    """What the page says of them: how many there are, and a list of those that may be seen, for `unordered_list`."""


def referrers_of(model_admin: Any, request: HttpRequest, keys: Sequence[Any]) -> list[Referrers]:
    """Return the documents that refer to some of an admin's, by declared references, class by class.

    Asked is where it is known where the documents of a class are, with one query for a class, and a second to count
    what are more than ten. Not found are references among the values of a dict with free keys, and translated ones.

    :param keys: of the documents that are to be deleted; what is deleted with them is left out.
    """
    if not keys:
        return []
    found, deleted = [], model_admin.documents()
    classes = {cls._meta.label: cls for cls in document_classes if cls._meta.app_config is not None}
    for cls in classes.values():
        places = _places(cls, model_admin.model)
        ways = [refers_to(path, node, deleted, keys) for path, node in places]
        if not ways:
            continue
        try:
            everywhere = documents_on(model_admin.admin_site, cls, model_admin.using)
        except LookupError:
            continue
        documents = everywhere.filter(ways[0] if len(ways) == 1 else {"$or": ways})
        if cls is model_admin.model:
            documents = documents.filter({"_id": {"$nin": list(keys)}})
        first = list(documents[: NAMED + 1])
        if first:
            count = documents.count(COUNTED + 1) if len(first) > NAMED else len(first)
            lines = _lines(model_admin, request, documents, first[:NAMED], count)
            found.append(Referrers(cls, first[:NAMED], count, lines))
    return found


def _places(
    document: type[DjangoDocument], target: type[DjangoDocument]
) -> Iterator[tuple[str, ReferenceNode]]:
    """Yield where a class declares references to another."""
    for path, node in references_in(document._structure.root, ""):
        referred = node.target.find()
        if referred is not None and issubclass(target, referred):
            yield path, node


def _lines(
    model_admin: Any, request: HttpRequest, documents: Documents, named: Sequence[Any], count: int
) -> list[Any]:
    meta = documents.model._meta
    name = capfirst(str(meta.verbose_name_plural))
    many = _("more than %(count)s") % {"count": COUNTED} if count > COUNTED else str(count)
    lines: list[Any] = [format_html("{}: {}", name, many)]
    admin = admin_of(model_admin.admin_site, documents.model)
    if admin is not None and not admin.has_view_permission(request):
        return lines
    inside = [_line(model_admin, admin, one) for one in named]
    return [*lines, [*inside, "…"] if count > len(named) else inside]


def _line(model_admin: Any, admin: Any, document: Any) -> Any:
    if admin is None:
        return str(document)
    return linked(admin.opts, model_admin.admin_site, document)
