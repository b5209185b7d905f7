"""What stands in a document class's `_meta`: how it is called, where it belongs, what its key is."""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from django.apps import AppConfig, apps
from django.core.exceptions import FieldDoesNotExist
from django.utils import translation
from django.utils.text import format_lazy

from django_mongokit.key_texts import text_of

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

__all__ = ["DocumentMeta", "PrimaryKey", "camel_case_to_spaces", "lowered", "own_options"]

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
    remote_field: None = None
    """A key is no reference, as that of a model may be."""

    def value_to_string(self, document: Any) -> str:
        """Return the key of a saved document as text."""
        return text_of(type(document), document[self.attname])

    def to_python(self, value: Any) -> str:
        """Return a key that came in a URL or a form: it stays a text until it is looked up."""
        return str(value)


class DocumentMeta:
    """The `_meta` of one concrete document class; the names are those of Django's models where both have the thing.

    `model_name` is the class's name with its capitals, as it was in the original django-mongokit; `module_name`
    is the same in small letters.
    """

    abstract: ClassVar = False
    """Only what is not abstract has a `_meta`; Django's admin asks all the same, as for the next two."""
    swapped: ClassVar = None
    is_composite_pk: ClassVar = False
    fields: ClassVar = ()
    many_to_many: ClassVar = ()
    """No field is Django's; Django's redirect to an object's own page looks for one that names a site."""
    default_permissions: ClassVar = ("add", "change", "delete", "view")
    concrete_model: Any = None
    """The document class."""

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
        """The same in the spelling of settings, e.g. "talks.talk"."""
        return f"{self.app_label}.{self.module_name}"

    @property
    def app_config(self) -> AppConfig | None:
        """The app's entry in INSTALLED_APPS, None where `app_label` is no installed app's."""
        return apps.app_configs.get(self.app_label)

    @property
    def verbose_name_raw(self) -> str:
        """The name untranslated, as permissions are stored."""
        with translation.override(None):
            return str(self.verbose_name)

    def get_field(self, name: str) -> NoReturn:
        """Raise `FieldDoesNotExist`: what a document has is no field of Django's, whatever its name."""
        raise FieldDoesNotExist(f"{self.label} is a document; {name!r} is no field of a model.")

    def __repr__(self) -> str:
        return f"<Meta {self.model_name} {str(self.verbose_name)!r}, {str(self.verbose_name_plural)!r}>"


def lowered(meta: DocumentMeta) -> DocumentMeta:
    """Return a `_meta` with the model's name in small letters, as URLs' names and permissions of Django's admin are."""
    found = copy(meta)
    found.model_name = meta.module_name
    return found


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
