"""Content types of documents: what Django asks a row of `ContentType` for, answered for documents too."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist

from django_mongokit.document import document_classes
from django_mongokit.selection import Documents
from django_mongokit.shortcut import get_database, name_of_collection

if TYPE_CHECKING:
    from django.contrib.contenttypes.models import ContentType

    from django_mongokit.document import DjangoDocument

__all__ = ["all_of", "document_of", "know_documents"]

Method = Callable[..., Any]


def know_documents() -> None:
    """Have `ContentType` know documents, to be called when the apps are ready; twice is as good as once.

    Django has no hook for a content type whose class is no model: it would call it stale, so that
    `remove_stale_contenttypes` deletes it with its permissions, and `LogEntry.get_edited_object()` fails.
    """
    from django.contrib.contenttypes.models import ContentType

    for name, answer in _ANSWERS.items():
        original: Method = getattr(ContentType, name)
        if getattr(original, "knows_documents", False):
            continue
        setattr(ContentType, name, _for_documents_too(original, answer))


def document_of(content_type: ContentType) -> type[DjangoDocument] | None:
    """Return the document class that a content type is of; None for one of a model, or of an app not installed."""
    wanted = (content_type.app_label, content_type.model)
    for found in reversed(document_classes):
        meta = found._meta
        if (meta.app_label, meta.model_name) == wanted and meta.app_config is not None:
            return None if _is_of_a_model(*wanted) else found
    return None


def all_of(document: type[DjangoDocument]) -> Documents:
    """Return all documents of a class: where its admin has them, else in its `__collection__`.

    Raises `ImproperlyConfigured` where neither is there.
    """
    if apps.is_installed("django.contrib.admin"):
        from django.contrib.admin import sites

        from django_mongokit.admin.homes import admin_of

        for site in sorted(sites.all_sites, key=lambda one: (sites.site != one, one.name)):
            admin = admin_of(site, document)
            if admin is not None:
                found: Documents = admin.documents()
                return found
    return Documents(document, get_database()[name_of_collection(document, document, None)])


def _is_of_a_model(app_label: str, model: str) -> bool:
    # The registry does not care for capitals, the row does.
    return model.islower() and model in apps.all_models[app_label]


def _one_of(document: type[DjangoDocument], using: Any = None, **query: Any) -> Any:
    """Return the one document; `using` is of a model's row, whose alias is not MongoDB's."""
    documents = all_of(document)
    found = next(iter(documents.filter(**query)[:1]), None)
    if found is None:
        asked = ", ".join(f"{name}={value!r:.80}" for name, value in query.items())
        raise ObjectDoesNotExist(
            f"There is no {document._meta.label} with {asked} in {documents.collection.full_name} (any more)."
        )
    return found


def _some_of(document: type[DjangoDocument], **query: Any) -> Documents:
    return all_of(document).filter(**query)


def _itself(document: type[DjangoDocument]) -> type[DjangoDocument]:
    return document


_ANSWERS: dict[str, Method] = {
    "model_class": _itself,
    "get_object_for_this_type": _one_of,
    "get_all_objects_for_this_type": _some_of,
}


def _for_documents_too(original: Method, answer: Method) -> Method:
    @wraps(original)
    def method(self: ContentType, *args: Any, **kwargs: Any) -> Any:
        document = document_of(self)
        return original(self, *args, **kwargs) if document is None else answer(document, *args, **kwargs)

    method.knows_documents = True  # type: ignore[attr-defined]  # a mark, for the next call
    return method
