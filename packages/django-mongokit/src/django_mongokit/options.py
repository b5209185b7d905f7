"""What stands in a document class's `_meta`: how it is called, where it belongs, what its key is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.utils.text import format_lazy

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

__all__ = ["DocumentMeta", "PrimaryKey", "camel_case_to_spaces", "own_options"]

_NAMES = frozenset({"abstract", "app_label", "verbose_name", "verbose_name_plural"})
# Before a capital that follows a small letter or digit, and before the last capital of a run ("HTTP Server").
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def camel_case_to_spaces(name: str) -> str:
    """Return "HTTPServerLog" as "HTTP Server Log": the default verbose name, its capitals kept."""
    return _WORD_START.sub(" ", name)


@dataclass(frozen=True)
class PrimaryKey:
    """The key of every document, in the shape in which Django's admin, forms and serializers ask for it."""

    name: str = "_id"
    attname: str = "_id"

    def value_to_string(self, document: Any) -> str:
        """Return the key of a saved document as text."""
        return str(document[self.attname])


class DocumentMeta:
    """The `_meta` of one concrete document class; the names are those of Django's models where both have the thing.

    `model_name` is the class's name with its capitals, as it was in the original django-mongokit; `module_name`
    is the same in small letters.
    """

    def __init__(self, model_name: str, module: str, options: dict[str, Any]) -> None:
        self.model_name = model_name
        self.object_name = model_name
        self.module_name = model_name.lower()
        self.app_label: str = options.get("app_label") or _app_label(module)
        self.verbose_name: _StrOrPromise = options.get("verbose_name") or camel_case_to_spaces(model_name)
        self.verbose_name_plural: _StrOrPromise = options.get("verbose_name_plural") or _plural(
            self.verbose_name
        )
        self.pk = PrimaryKey()

    @property
    def label(self) -> str:
        """The app and the class, e.g. "talks.Talk"."""
        return f"{self.app_label}.{self.object_name}"

    @property
    def label_lower(self) -> str:
        """The same in the spelling of content types and settings, e.g. "talks.talk"."""
        return f"{self.app_label}.{self.module_name}"

    def __repr__(self) -> str:
        return f"<Meta {self.model_name} {str(self.verbose_name)!r}, {str(self.verbose_name_plural)!r}>"


def own_options(cls: type) -> dict[str, Any]:
    """Return what the inner `Meta` of `cls` says or, where it has none, what that of its nearest abstract base says.

    As with Django's models `abstract` itself is never inherited, neither that way nor by `class Meta(Base.Meta)`.
    Raises `TypeError` for a name that means nothing.
    """
    own = cls.__dict__.get("Meta")
    bases = (base.__dict__.get("Meta") for base in cls.__mro__[1:])
    meta = own or next((base for base in bases if base is not None and base.__dict__.get("abstract")), None)
    if meta is None:
        return {}
    options = {name: getattr(meta, name) for name in dir(meta) if not name.startswith("_")}
    unknown = sorted(options.keys() - _NAMES)
    if unknown:
        raise TypeError(
            f"{cls.__module__}.{cls.__qualname__}: its Meta has what means nothing there: {', '.join(unknown)}. "
            f"It takes {', '.join(sorted(_NAMES))}."
        )
    options["abstract"] = bool(own and own.__dict__.get("abstract"))
    return options


def _plural(verbose_name: _StrOrPromise) -> _StrOrPromise:
    # Lazily, so that a name marked for translation stays translatable.
    return f"{verbose_name}s" if isinstance(verbose_name, str) else format_lazy("{}s", verbose_name)


def _app_label(module: str) -> str:
    """Return the label of the installed app that holds the module, else the segment before its last."""
    if apps.apps_ready:
        config = apps.get_containing_app_config(module)
        if config is not None:
            return config.label
    segments = module.split(".")
    return segments[-2] if len(segments) > 1 else segments[0]
