"""What mongokit and MongoDB refuse, told to the person who filled in the form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import bson
from bson.errors import BSONError
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import Field
from django.template.defaultfilters import filesizeformat
from django.utils.text import capfirst, get_text_list
from django.utils.translation import gettext as _

from django_mongokit.forms.nested import NestedField
from mongokit.errors import Failure, RequireFieldError, SchemaDocumentError, StructureError
from mongokit.errors import ValidationError as RefusedByValidator
from mongokit.identifying import has_id
from mongokit.memory import value_at
from mongokit.structure.nodes import ListNode

if TYPE_CHECKING:
    from django_mongokit.forms.saving import SavingForm
    from mongokit import Document

__all__ = [
    "CODES",
    "duplicate",
    "failures_of",
    "is_size_wrong",
    "message_of",
    "place_failures",
    "stale",
    "taken_indexes",
    "taken_text",
    "unknown_revision",
    "verbose_name",
]

LARGEST = 16 * 1024 * 1024
"""Bytes of BSON that MongoDB takes as one document."""
_BY_VALIDATOR = " does not pass the validator "


def verbose_name(document: Any) -> str:
    """Return what a document class is called."""
    return str(document._meta.verbose_name if hasattr(document, "_meta") else document.__name__)


def failures_of(document: Document) -> tuple[list[Failure], list[ValidationError]]:
    """Validate a document; return what is wrong with it, and what its own `validate()` has to say beside that."""
    try:
        document.validate()
    except SchemaDocumentError as error:
        if error.failures:
            return list(error.failures), []
        return [], [ValidationError(str(error), code="invalid")]
    except ValidationError as error:
        return [], [error]
    return ([] if document.raise_validation_errors else list(document._failures)), []


def place_failures(form: SavingForm, failures: Iterable[Failure], *, is_last: bool = False) -> None:
    """Put what is wrong with a document at the fields of its form.

    What is wrong with fields that the form does not have is left to whoever sets them before the document is saved,
    except for what nobody can set; with `is_last` it is an error of the form as a whole.
    """
    by_error: dict[int, Failure] = {}
    errors = []
    for failure in failures:
        error = ValidationError(_told(form, failure), code=CODES.get(failure.error, "type"))
        by_error[id(error)] = failure
        errors.append((failure.path, error))
    for path, error in form.place(errors):
        failure = by_error[id(error)]
        if is_last or not path or failure.error is StructureError:
            text = failure.message if failure.is_own else capfirst(failure.message)
            form.add_error(None, ValidationError(text, code=error.code))


CODES = {RequireFieldError: "required", RefusedByValidator: "validator"}
"""Of errors; all others have the code "type"."""


def _told(form: SavingForm, failure: Failure) -> Any:
    messages, below = _messages_at(form, failure.path)
    code = CODES.get(failure.error, "type")
    # Django's own text is not what somebody has written for this form.
    is_usual = failure.is_own and messages.get(code) is Field.default_error_messages["required"]
    if code in messages and not (below and code == "required") and not is_usual:
        return messages[code]
    # Which element of a list in one input it is, only the path says.
    return message_of(failure, with_path=below)


def message_of(failure: Failure, *, with_path: bool = False) -> str:
    """Return what is wrong, for people who see at which field it is; else `with_path`."""
    if failure.is_own:
        return failure.message
    text = failure.message.removeprefix(failure.path)
    if text.startswith(_BY_VALIDATOR):
        return _("Enter a valid value.")
    return failure.message if with_path else capfirst(text.lstrip(": "))


def _messages_at(form: Any, path: str) -> tuple[Mapping[str, Any], bool]:
    """Return the texts for errors of the field that a path leads to, and whether it leads further."""
    fields, found, is_at_end = form.fields, dict[str, Any](), False
    for name in path.split("."):
        if is_at_end:
            return found, True
        if name in fields:
            field = fields[name]
            found = field.error_messages
            is_at_end = not isinstance(field, NestedField)
            fields = {} if is_at_end else field.form_class.base_fields
    return found, False


def is_size_wrong(document: Document) -> ValidationError | None:
    """Return why a valid document cannot be stored all the same: what BSON cannot hold, or its size."""
    try:
        size = len(bson.encode(document._stored(), codec_options=document._codec_options()))
    except (BSONError, OverflowError, ValueError) as error:
        return ValidationError(str(error), code="invalid")
    if size > LARGEST:
        return ValidationError(
            _("This is too large: %(size)s, of at most %(limit)s."),
            code="size",
            params={"size": filesizeformat(size), "limit": filesizeformat(LARGEST)},
        )
    return None


def taken_indexes(form: SavingForm, document: Document) -> Iterator[tuple[str, ...]]:
    """Yield the fields of each unique index that another stored document has the same values in.

    Indexes of part of a collection are left to the server, except for one of all texts; so are fields below lists.
    """
    stored = document._stored()
    wanted: list[tuple[tuple[str, ...], dict[str, Any]]] = (
        [(("_id",), {})] if has_id(document) and not form.is_stored else []
    )
    wanted += [
        (tuple(name for name, _direction in index.keys), dict(index.options))
        for index in type(document)._indexes
        if dict(index.options).get("unique")
    ]
    for names, options in wanted:
        heads = {name.partition(".")[0] for name in names}
        if (
            not _is_indexed(options.get("partialFilterExpression"), names, stored)
            or any(_is_below_list(document, name) for name in names)
            or not heads & form.fields.keys()
            or heads & form.errors.keys()
        ):
            continue
        query: dict[str, Any] = {name: _equal(value_at(stored, name)) for name in names}
        if options.get("sparse") and all(value_at(stored, name) is None for name in names):
            continue
        if form.is_stored:
            query = {"$and": [query, {"_id": {"$ne": document["_id"]}}]}
        found = document.collection.find_one(query, {"_id": 1}, collation=options.get("collation"))
        if found is not None:
            yield names


def _is_indexed(condition: Any, names: tuple[str, ...], stored: Mapping[str, Any]) -> bool:
    """Return whether a document is known to be in an index, and so is who has the same values."""
    return not condition or all(
        name in names and wanted in _ANY_TEXT and isinstance(value_at(stored, name), str)
        for name, wanted in condition.items()
    )


_ANY_TEXT: tuple[Any, ...] = ({"$gte": ""}, {"$type": "string"})


def _is_below_list(document: Document, path: str) -> bool:
    places = type(document)._structure.places
    names = path.split(".")
    return any(isinstance(places.get(".".join(names[:end])), ListNode) for end in range(1, len(names)))


def _equal(value: Any) -> dict[str, Any]:
    return {"$in": value} if isinstance(value, list) and value else {"$eq": value}


def duplicate(form: SavingForm, names: Iterable[str]) -> None:
    """Say at each field of a unique index that there is another document with these values."""
    names = tuple(names)
    labels = [_label(form, name) for name in names]
    text = taken_text(form._meta.document, labels)
    entered = getattr(form, "cleaned_data", {})
    if names and all(name in entered and entered[name] is None for name in names):
        text = _(
            "There is another %(model_name)s without %(field_labels)s already, and only one may be: for the unique index, "
            "null is a value like any other."
        ) % {"model_name": verbose_name(form._meta.document), "field_labels": get_text_list(labels, _("and"))}
    error = [(name, ValidationError(text, code="unique")) for name in names]
    if not error or len(form.place(error)) == len(error):
        form.add_error(NON_FIELD_ERRORS, ValidationError(text, code="unique"))


def taken_text(document: Any, labels: list[str]) -> str:
    """Return the text for a unique index, of fields with these labels, that has the values of another document."""
    if not labels:
        return _("There is another %(name)s with these values.") % {"name": verbose_name(document)}
    # Django's own text, so that it comes in Django's languages.
    return _("%(model_name)s with this %(field_labels)s already exists.") % {
        "model_name": capfirst(verbose_name(document)),
        "field_labels": get_text_list(labels, _("and")),
    }


def _label(form: Any, path: str) -> str:
    name, _dot, rest = path.partition(".")
    if name not in form.fields:
        return path
    bound = form[name]
    if rest and hasattr(bound, "inner") and hasattr(bound.inner, "fields"):
        return _label(bound.inner, rest)
    return str(bound.label)


def stale(form: SavingForm, *, is_gone: bool = False) -> ValidationError:
    """Return the error for a document that somebody else has changed or deleted meanwhile."""
    name = verbose_name(form._meta.document)
    if is_gone:
        text = _("Somebody else has deleted this %(name)s meanwhile. What you have entered is still here.")
        return ValidationError(text, code="gone", params={"name": name})
    text = _(
        "Somebody else has changed this %(name)s since you opened it. What you have entered is still here: "
        "save again to put it in the place of theirs, or reload the page to see what they have changed."
    )
    return ValidationError(text, code="stale", params={"name": name})


def unknown_revision(form: SavingForm) -> ValidationError:
    """Return the error for a page that did not send the revision it was made of."""
    text = _(
        "The page did not say of which revision of this %(name)s it was made, so nobody knows whether somebody else has "
        "changed it since. What you have entered is still here: save again to put it in the place of what is stored."
    )
    return ValidationError(text, code="revision", params={"name": verbose_name(form._meta.document)})
