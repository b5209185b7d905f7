"""Between a form and its document: what is shown of the document, and what was entered put into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django_mongokit.forms.records import BaseRecordForm
from django_mongokit.forms.refusals import verbose_name
from django_mongokit.forms.storing import save_document
from mongokit.identifying import has_id

__all__ = ["document_to_dict", "gives_naive_times", "save_instance"]


def save_instance(
    form: BaseRecordForm,
    instance: Any,
    fields: Iterable[str] | None = None,
    fail_message: str = "saved",
    commit: bool = True,
    exclude: Iterable[str] | None = None,
) -> Any:
    """Put what was entered in a form into a document, save it, and return it.

    :param fields: put in these only; `exclude`: these not.
    :param fail_message: what the document could not be, in the error's text.
    :param commit: False leaves it unsaved.

    Raises `ValueError` when the form has errors, or was not sent.
    """
    if form.errors or not form.is_bound:
        because = "the data didn't validate" if form.is_bound else "the form has no data"
        raise ValueError(f"The {verbose_name(type(instance))} could not be {fail_message} because {because}.")
    chosen, excluded = None if fields is None else set(fields), set(exclude or ())
    is_new = not has_id(instance)  # before somebody's choice of a key is put in
    form.put_into(instance, lambda name: (chosen is None or name in chosen) and name not in excluded)
    return save_document(instance, is_new=is_new) if commit else instance


def document_to_dict(
    instance: Mapping[str, Any], fields: Iterable[str] | None = None, exclude: Iterable[str] | None = None
) -> dict[str, Any]:
    """Return what a form for a document shows first: the values by field, as the document has them.

    :param fields: these only; `exclude`: these not.
    """
    known: Mapping[str, Any] = type(instance)._structure.fields  # type: ignore[attr-defined]
    chosen = known.keys() if fields is None else set(fields)
    return {
        name: instance[name]
        for name in known
        if name in instance and name in chosen and name not in set(exclude or ())
    }


def gives_naive_times(document: Any) -> bool:
    """Return whether the times of a document are UTC without time zone, as its collection gives them back."""
    return document.accept_naive_datetimes and not document.collection.codec_options.tz_aware
