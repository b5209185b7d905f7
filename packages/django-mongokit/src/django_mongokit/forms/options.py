"""What the inner `Meta` of a form says, for its fields and for those nested in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from django.core.exceptions import FieldError

__all__ = ["ALL_FIELDS", "NEVER_ASKED", "DocumentFormOptions", "names_below"]

ALL_FIELDS = "__all__"
_PER_FIELD = {
    "widgets": "widget",
    "labels": "label",
    "help_texts": "help_text",
    "error_messages": "error_messages",
    "field_classes": "form_class",
}
NEVER_ASKED = frozenset({"_id", "_ns", "_revision", "_version"})
"""What forms leave out unless `fields` names it: MongoDB's and mongokit's own."""


class DocumentFormOptions:
    """The inner `Meta` of a form; the names are those of Django's `ModelForm`, with `document` for `model`.

    Every name of a field may be dotted: `"address.street"`.
    """

    def __init__(self, options: Any = None) -> None:
        self.document: Any = getattr(options, "document", None)
        self.fields: tuple[str, ...] | None = _names(options, "fields")
        self.exclude: tuple[str, ...] | None = _names(options, "exclude")
        self.localized_fields = _names(options, "localized_fields", all_fields=(ALL_FIELDS,))
        self.formfield_callback: Callable[..., Any] | None = getattr(options, "formfield_callback", None)
        self.widgets: Mapping[str, Any] = getattr(options, "widgets", None) or {}
        self.labels: Mapping[str, Any] = getattr(options, "labels", None) or {}
        self.help_texts: Mapping[str, Any] = getattr(options, "help_texts", None) or {}
        self.error_messages: Mapping[str, Any] = getattr(options, "error_messages", None) or {}
        self.field_classes: Mapping[str, Any] = getattr(options, "field_classes", None) or {}

    @property
    def model(self) -> Any:
        """The document class, under the name by which Django's generic views and admin ask for it."""
        return self.document

    @classmethod
    def of(cls, **options: Any) -> Self:
        """Return the options that a `Meta` with these attributes has."""
        return cls(type("Meta", (), options))

    def below(self, name: str) -> Self:
        """Return the options for what is nested in a field: those whose names begin with the field's."""
        below = type(self)()
        if self.fields is not None and name not in self.fields:
            below.fields = names_below(name, self.fields)
        below.exclude = names_below(name, self.exclude or ())
        localized = self.localized_fields or ()
        whole = ALL_FIELDS in localized or name in localized
        below.localized_fields = (ALL_FIELDS,) if whole else names_below(name, localized)
        for option in _PER_FIELD:
            given: Mapping[str, Any] = getattr(self, option)
            setattr(below, option, {rest: given[f"{name}.{rest}"] for rest in names_below(name, given)})
        return below

    def names(
        self, known: Iterable[str], declared: Iterable[str] = (), left_out: Iterable[str] = ()
    ) -> list[str]:
        """Return the names of the fields to be made, in the order of `fields`, else of the structure.

        :param known: the fields of the structure.
        :param declared: what the form has anyway, so that `fields` may name it for its order.
        :param left_out: fields of the structure that are made only where `fields` names them.

        Raises `FieldError` for a name in `fields` that nothing knows.
        """
        known = list(known)
        if self.fields is None:
            hidden = {*NEVER_ASKED, *left_out}
            names = [name for name in known if name not in hidden]
        else:
            names = list(dict.fromkeys(name.partition(".")[0] for name in self.fields))
            unknown = [name for name in names if name not in known and name not in set(declared)]
            if unknown:
                raise FieldError(
                    f"Unknown field(s) ({', '.join(unknown)}) specified: there are {', '.join(known)}."
                )
        return [name for name in names if name not in (self.exclude or ())]

    def takes(self, name: str) -> bool:
        """Return whether what is entered in a field of this name goes into the document."""
        chosen = self.fields is None or any(one.partition(".")[0] == name for one in self.fields)
        return chosen and name not in (self.exclude or ())

    def of_field(self, name: str) -> dict[str, Any]:
        """Return what the options say of one field, as parameters of `formfield_for_document_field`."""
        found = {
            parameter: given[name]
            for option, parameter in _PER_FIELD.items()
            if name in (given := getattr(self, option))
        }
        localized = self.localized_fields or ()
        if ALL_FIELDS in localized or name in localized:
            found["localize"] = True
        return found


def _names(options: Any, option: str, *, all_fields: tuple[str, ...] | None = None) -> tuple[str, ...] | None:
    given = getattr(options, option, None)
    if given is None:
        return None
    if given == ALL_FIELDS and option != "exclude":
        return all_fields
    if isinstance(given, str):
        raise TypeError(f"Meta.{option} cannot be a string. Did you mean to type: ({given!r},)?")
    return tuple(given)


def names_below(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the rest of the dotted names that begin with the name of a field."""
    return tuple(one[len(name) + 1 :] for one in names if one.startswith(f"{name}."))
