"""A dict that knows its structure. No database is needed here."""

from __future__ import annotations

import copy
import datetime
import re
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from bson import Binary, Code, DatetimeMS, DBRef, Decimal128, Int64, ObjectId, Regex, Timestamp

from mongokit.dotnotation import doted
from mongokit.errors import Failure, SchemaDocumentError, StructureError, shortened
from mongokit.old_places import old_names
from mongokit.schema_properties import SchemaProperties
from mongokit.translation import LANGUAGES, checked_languages
from mongokit.types import CustomType

if TYPE_CHECKING:
    from mongokit.describing import Description
    from mongokit.structure.jsonschema import Flavour

__all__ = ["BSON_TYPES", "SchemaDocument", "restore"]

__getattr__ = old_names(__name__)

BSON_TYPES: tuple[type, ...] = (
    *(type(None), bool, int, float, str, bytes, list, dict, datetime.datetime, uuid.UUID, re.Pattern),
    *(Binary, Code, DatetimeMS, DBRef, Decimal128, Int64, ObjectId, Regex, Timestamp),
)
"""What BSON can store."""


_KEPT = frozenset({"_failures", "_memory"})
"""Attributes that belong to one document, and not to a copy: what its last validation has found, how it is stored."""

D = TypeVar("D", bound="SchemaDocument")


class SchemaDocument(dict[str, Any], metaclass=SchemaProperties):
    """A dict with a declared structure.

    Fields are declared in ``structure``, by annotations, or both::

        class Talk(SchemaDocument):
            topic: str
            when: datetime | None = None
            tags: list[str] = []
            seats: Annotated[int, Ge(1)] = 1

    - A field takes None, and may be left unset, only where its annotation says ``| None``. ``Required[X]`` takes
      no ``[]`` and ``{}`` either. In ``structure`` None is always a value.
    - The value is the default of new documents; what can be changed is copied for each. ``field(default_factory=f)``
      makes one for each. What has neither holds None, ``[]`` or ``{}`` until it is set.
    - ``isbn: str | None = absent``: new documents do not have the field, and none must; ``del document["isbn"]`` takes
      it out. (For ``structure``: ``default_values = {"isbn": absent}``.) All others have to be there, as None where
      they are unset, unless ``accept_missing_fields`` says otherwise.
    - ``Annotated`` takes constraints of the package annotated_types, callables (validators), and the instance of a
      CustomType. An Enum is stored as its value, Decimal as Decimal128, sets and tuples as lists.
    - A subclass of SchemaDocument is a nested structure with fields, defaults, validators and methods of its own.
    - ``ClassVar``, ``Final``, the settings below, and names that begin with an underscore (but ``_id`` and the
      ``type_field``) are no fields. A name that is an attribute of the class (``items``) cannot be one.
    - Annotated fields can be read as attributes: ``use_dot_notation`` is on unless the class says otherwise.
    - The annotations are evaluated when the class is made, so what they name has to be imported by then.

    :param doc: the content. Without one, or with an empty one, every declared field is made, with its default;
        with one, nothing is added, so that a partial document stays partial.
    :param gen_skel: False leaves a new document empty.
    :param lang: the language in which translated fields are read and written as attributes.
    :param fallback_lang: the one in which they are read where that has no value.
    """

    # What few documents have is in the dict of attributes: a slot is memory in each.
    __slots__ = ("__dict__",)
    _failures: tuple[Failure, ...]

    structure: ClassVar[dict[str, Any] | None] = None
    """Field name -> specification."""
    required_fields: ClassVar[list[str]] = []
    """Dotted paths of fields that must not be None, ``[]``, ``{}`` or absent."""
    default_values: ClassVar[dict[str, Any]] = {}
    """Dotted path -> value, or callable that makes it."""
    validators: ClassVar[dict[str, Any]] = {}
    """Dotted path -> callable or callables; a false result or an exception says that the value is invalid."""
    error_messages: ClassVar[dict[str, Any]] = {}
    """Dotted path -> the text of every error there, or kind of error -> text; in the place of validation's own texts."""
    i18n: ClassVar[list[str]] = []
    """Dotted paths of fields that are translated: they hold a value for each language, as ``{"en": …, "fr": …}``."""
    authorized_types: ClassVar[list[type]] = [*BSON_TYPES, CustomType]
    """Types a structure may name, and that fields of open type may hold."""
    raise_validation_errors = True
    """False: ``validate()`` keeps what is wrong in ``validation_errors`` instead of raising it."""
    skip_validation: ClassVar[bool] = False
    """True: ``save()`` of a document does not validate unless told to; ``validate()`` does."""
    use_schemaless = False
    """True: missing and unknown fields are accepted."""
    use_dot_notation = False
    """True: fields can be read and written as attributes."""
    dot_notation_warning = True
    """With dot notation: log a warning when an attribute is set that is no field (it is not stored)."""
    accept_bool_for_int = False
    """True: True and False are integers, as in Python."""
    accept_int_for_float = True
    """False: a float field takes no int."""
    accept_missing_fields = False
    """True: a field that nothing requires may be missing, as in documents that are older than it. New ones have it."""
    accept_naive_datetimes = True
    """True: a datetime without time zone is UTC. False: it is refused."""
    keep_unreadable = False
    """True: what the ``to_python`` of a CustomType raises for is an :class:`Unreadable` in the document that is read, for
    validation to name. False: reading raises it."""

    # BSON asks every object for this attribute; found here, the question does not go through __getattr__.
    _type_marker: ClassVar[int] = 0
    _languages: ClassVar[tuple[str, str]] = LANGUAGES

    def __init__(
        self,
        doc: Mapping[str, Any] | None = None,
        gen_skel: bool = True,
        lang: str = "en",
        fallback_lang: str = "en",
    ) -> None:
        if (lang, fallback_lang) != LANGUAGES:
            self._speak(lang, fallback_lang)
        compiled = type(self)._structure
        if not doc:
            super().__init__(compiled.skeleton() if gen_skel else ())
            return
        try:
            if compiled.nested is dict and compiled.to_python is None:
                dict.update(self, doc)
                return
            content = dict(doc)
        except (TypeError, ValueError) as error:
            wrong: Any = doc
            if isinstance(wrong, Mapping):
                raise
            name = type(self).__name__
            raise TypeError(
                f"{name}() takes a dict of fields, as {name}({{'field': value}}), not {shortened(wrong)}"
            ) from error
        if compiled.nested is not dict:
            for key, value in content.items():
                content[key] = doted(value, compiled.nested)
        super().__init__(content if compiled.to_python is None else compiled.to_python(content))

    def validate(self) -> None:
        """Check the document against its structure; it is only read.

        Raises one exception that carries all that is wrong (``errors()``), of the class of the first: types are
        checked before validators see a value, and the order of classes is MongoKit's.
        """
        failures: list[Failure] = []
        type(self)._structure.check(self, failures)
        if failures and self.raise_validation_errors:
            raise SchemaDocumentError.of(failures)
        if failures or not self.raise_validation_errors:
            object.__setattr__(self, "_failures", tuple(failures))

    @property
    def validation_errors(self) -> dict[str | None, list[SchemaDocumentError]]:
        """What the last ``validate()`` found, where ``raise_validation_errors`` is False: path -> exceptions.

        Missing and unknown fields are under None.
        """
        found: dict[str | None, list[SchemaDocumentError]] = {}
        for failure in getattr(self, "_failures", ()):
            key = None if failure.error is StructureError else failure.path
            found.setdefault(key, []).append(failure.error(failure.message))
        return found

    @classmethod
    def json_schema(cls, flavour: Flavour = "bson") -> dict[str, Any]:
        """Return the structure as JSON Schema, made anew for each call.

        :param flavour: ``"bson"`` describes what is stored, for MongoDB's ``$jsonSchema`` (draft 4 with BSON's types);
            ``"json"`` describes what ``to_json`` writes (draft 2020-12), for APIs.

        What validation accepts the schema accepts. It has no words for validators that are functions (the constraints
        of annotated_types it has), for keys inside open dicts, nor for the text in a ``Code``, which Python takes for
        a str.
        """
        from mongokit.structure.jsonschema import json_schema

        compiled = cls._structure
        return json_schema(compiled.root, compiled.rules, flavour)

    @classmethod
    def describe(cls) -> Description:
        """Return what the class declares: ``print(Talk.describe())`` shows it, ``as_data()`` of it is plain data."""
        from mongokit.describing import describe

        return describe(cls)

    def generate_skeleton(self) -> None:
        """Add every declared field that is missing, at every level, without defaults."""
        type(self)._structure.fill(self)

    def _adopted(self) -> None:
        """Do what is to be done when values were made what the structure says."""

    def _is_known(self, name: str) -> bool:
        """Return whether a field that it does not have is not stored either, rather than not read."""
        return True

    def set_lang(self, lang: str) -> None:
        """Choose the language in which translated fields are read and written as attributes."""
        self._speak(lang, self._languages[1])

    def get_lang(self) -> str:
        """Return the language in which translated fields are read and written as attributes."""
        return self._languages[0]

    def _speak(self, lang: str, fallback_lang: str) -> None:
        object.__setattr__(self, "_languages", checked_languages(lang, fallback_lang))

    def _bind_like(self, other: Self) -> None:
        """Take over what a copy shares with its original beside content and attributes."""

    def __copy__(self) -> Self:
        return self._fill(_new(type(self)), dict(self), self._attributes())

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        # Known before its content is copied, since that may lead back here.
        new = memo[id(self)] = _new(type(self))
        content, attributes = copy.deepcopy((dict(self), self._attributes()), memo)
        return self._fill(new, content, attributes)

    def _attributes(self) -> dict[str, Any]:
        """Return the attributes that it has of its own, but for what we keep there."""
        return {name: value for name, value in self.__dict__.items() if name not in _KEPT}

    def _fill(self, new: Self, content: dict[str, Any], attributes: dict[str, Any]) -> Self:
        restore(new, (content, attributes))
        new._bind_like(self)
        return new

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        """Pickle content and attributes; a copy from a pickle is bound to no collection."""
        state = (dict(self), self._attributes())
        return _new, (type(self),), state, None, None, restore


def _new(cls: type[D]) -> D:
    return cls.__new__(cls)


def restore(new: SchemaDocument, state: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Give a document that was just made the content and the attributes of another."""
    content, attributes = state
    dict.update(new, content)
    for name, value in attributes.items():
        object.__setattr__(new, name, value)
