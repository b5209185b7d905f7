"""Where the documents of a class are, as an admin site knows it."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.exceptions import NotRegistered

from django_mongokit.selection import Documents
from django_mongokit.shortcut import get_database

__all__ = ["admin_of", "documents_on", "require_home"]


def admin_of(site: Any, document: Any) -> Any:
    """Return the admin of a document class on a site, None where it has none."""
    try:
        return site.get_model_admin(document)
    except NotRegistered:
        return None


def require_home(site: Any, document: Any) -> None:
    """Raise `LookupError` where neither an admin on a site nor a class itself says where its documents are.

    It asks for no database, so that checks can do without one.
    """
    if admin_of(site, document) is None and document.__collection__ is None:
        raise LookupError(
            f"{document._meta.label} does not say where its documents are: set __collection__ in the class, or "
            "register it with an admin that has `collection`"
        )


def documents_on(site: Any, document: Any, using: str) -> Documents:
    """Return all documents of a class: where its admin on a site has them, else in its `__collection__`.

    :param using: the alias of the database, where no admin says it.

    Raises what `require_home` raises.
    """
    require_home(site, document)
    admin = admin_of(site, document)
    if admin is not None:
        found: Documents = admin.documents()
        return found
    return Documents(document, get_database(using=using)[document.__collection__])
