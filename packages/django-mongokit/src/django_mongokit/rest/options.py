"""What the inner `Meta` of a serializer says, for its fields and for those nested in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from django.core.exceptions import FieldError, ImproperlyConfigured

from django_mongokit.conf import DEFAULT_ALIAS
from django_mongokit.forms.options import DocumentFormOptions, names_below

__all__ = ["SerializerOptions"]


class SerializerOptions(DocumentFormOptions):
    """The inner `Meta` of a serializer: `document`, `fields` or `exclude`, `read_only_fields`, `extra_kwargs`,
    `collection`, `using`. Every name of a field may be dotted: `"address.street"`.
    """

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.read_only_fields: tuple[str, ...] = tuple(getattr(options, "read_only_fields", None) or ())
        self.extra_kwargs: Mapping[str, Mapping[str, Any]] = getattr(options, "extra_kwargs", None) or {}
        self.collection: str | None = getattr(options, "collection", None)
        self.using: str = getattr(options, "using", None) or DEFAULT_ALIAS

    @classmethod
    def of_serializer(cls, owner: type) -> Self:
        """Return the options of a serializer class; raises `ImproperlyConfigured` where something is missing."""
        meta = getattr(owner, "Meta", None)
        made = cls(meta)
        if made.document is None:
            raise ImproperlyConfigured(
                f"{owner.__name__} has no Meta.document: name the document class it is for."
            )
        if getattr(meta, "fields", None) is None and made.exclude is None:
            raise ImproperlyConfigured(
                f"{owner.__name__}.Meta has neither fields nor exclude, so that it is not clear what the world may see "
                'and change: write fields = "__all__", or name them.'
            )
        return made

    def below(self, name: str) -> Self:
        """Return the options for what is nested in a field."""
        below = super().below(name)
        below.read_only_fields = names_below(name, self.read_only_fields)
        below.extra_kwargs = {
            rest: self.extra_kwargs[f"{name}.{rest}"] for rest in names_below(name, self.extra_kwargs)
        }
        return below

    def parameters(self, name: str) -> dict[str, Any]:
        """Return the parameters that are given for a field."""
        given = dict(self.extra_kwargs.get(name, {}))
        return {**given, "read_only": True} if name in self.read_only_fields else given

    def chosen(
        self, owner: type, known: list[str], others: list[str], declared: Mapping[str, Any]
    ) -> list[str]:
        """Return the names of the fields, in their order.

        :param known: the fields there are without `fields`; `others` may be named there.
        :param declared: fields written in the serializer.

        Raises `ImproperlyConfigured` for a name that nothing knows, and for a declared field that `fields` forgets.
        """
        if self.fields is None:
            names = list(dict.fromkeys([*known, *declared]))
        else:
            try:
                names = self.names([*known, *others], declared)
            except FieldError as error:
                raise ImproperlyConfigured(f"{owner.__name__}.Meta.fields: {error}") from None
            forgotten = [name for name in declared if name not in names and name not in (self.exclude or ())]
            if forgotten:
                raise ImproperlyConfigured(
                    f"{owner.__name__} declares {', '.join(forgotten)}, which its Meta.fields does not name."
                )
        given = [*(self.exclude or ()), *self.read_only_fields, *self.extra_kwargs]
        unknown = {name.partition(".")[0] for name in given} - {*known, *others, *declared}
        if unknown:
            raise ImproperlyConfigured(
                f"{owner.__name__}.Meta names {', '.join(sorted(unknown))} in exclude, read_only_fields or "
                f"extra_kwargs: there are {', '.join(known)}."
            )
        return [name for name in names if name not in (self.exclude or ())]
