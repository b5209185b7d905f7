"""A document class as a person reads it: its fields, what they take, what is checked and indexed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mongokit.errors import shortened
from mongokit.index_comparison import Declared, declared_of
from mongokit.index_report import IndexRow
from mongokit.structure import nodes
from mongokit.structure.defaults import Factory, absent
from mongokit.structure.in_words import check_in_words, name_of, type_in_words

if TYPE_CHECKING:
    from mongokit.schema_document import SchemaDocument

__all__ = ["Description", "FieldDescription", "describe"]

_SWITCHES: Mapping[str, Any] = {
    "use_schemaless": False,
    "use_dot_notation": False,
    "use_revision": False,
    "use_autorefs": False,
    "track_changes": False,
    "skip_validation": False,
    "raise_validation_errors": True,
    "accept_bool_for_int": False,
    "accept_int_for_float": True,
    "accept_missing_fields": False,
    "accept_naive_datetimes": True,
    "keep_unreadable": False,
    "type_field": "_type",
    "shard_key": (),
}
"""What a class may say, and what it says where it says nothing."""


@dataclass(frozen=True, slots=True)
class FieldDescription:
    """One field."""

    path: str
    """Dotted; what is below a list has the list's path before it: ``items.price``."""
    type: str
    """In words."""
    required: str
    """``required``: neither None, ``[]`` or ``{}``; ``not None``; ``optional``: may be missing; empty where None will do."""
    default: str | None
    """Of new documents, as it is written, ``absent`` too; None where there is none."""
    checks: tuple[str, ...]
    """Validators: what they ask for, or their names."""
    indexes: tuple[str, ...]
    """Names of the indexes it is in."""
    reference: str | None
    """The class of the documents it refers to."""


@dataclass(frozen=True, slots=True)
class Description:
    """A class; ``str()`` of it is to be read, ``as_data()`` is plain data."""

    name: str
    bases: tuple[str, ...]
    purpose: str
    """The first line of its docstring."""
    home: str
    """``database.collection``, as far as the class says; empty where it does not."""
    settings: Mapping[str, Any]
    """The switches that are not as they are by default."""
    fields: tuple[FieldDescription, ...]
    indexes: tuple[str, ...]
    """In words."""
    messages: Mapping[str, Mapping[str, str]]
    """The class's own texts for errors, by path and kind, ``*`` for every kind; those of embedded classes too."""
    migrations: tuple[str, ...]
    """The rules of the migration_handler, in their order."""

    def as_data(self) -> dict[str, Any]:
        """Return the description as plain data."""
        return asdict(self)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    __repr__ = __str__

    def _lines(self) -> Iterator[str]:
        yield f"{self.name}({', '.join(self.bases)}){': ' if self.purpose else ''}{self.purpose}"
        if self.home:
            yield f"lives in {self.home}"
        yield from _table([*_columns(self.fields)]) if self.fields else ("no fields",)
        messages = [
            " ".join(part for part in (path, "" if kind == "*" else kind) if part) + f": {text}"
            for path, texts in self.messages.items()
            for kind, text in texts.items()
        ]
        for title, lines in (
            ("indexes", self.indexes),
            ("messages", messages),
            ("migrations", self.migrations),
        ):
            if lines:
                yield f"{title}:"
                yield from (f"  {line}" for line in lines)
        if self.settings:
            yield "settings: " + ", ".join(f"{name} = {value!r}" for name, value in self.settings.items())


def describe(cls: type[SchemaDocument]) -> Description:
    """Return what a class declares, that of its bases included."""
    compiled = cls._structure
    own = (cls.__dict__.get("__doc__") or "").strip()
    declared = declared_of((cls.__name__, index) for index in getattr(cls, "_indexes", ()))
    handler = getattr(cls, "migration_handler", None)
    home = [getattr(cls, name, None) for name in ("__database__", "__collection__")]
    return Description(
        name=cls.__name__,
        bases=tuple(base.__name__ for base in cls.__bases__),
        purpose=own.splitlines()[0] if own else "",
        home=".".join(name for name in home if name) if home[1] else "",
        settings={
            name: getattr(cls, name)
            for name, usual in _SWITCHES.items()
            if hasattr(cls, name) and getattr(cls, name) != usual
        },
        fields=tuple(
            _field(node, compiled.defaults, compiled.validators, declared) for node in _fields(compiled.root)
        ),
        indexes=tuple(map(_index, declared)),
        messages={
            node.path: {kind: str(text) for kind, text in node.messages.items()}
            for node in nodes.descendants(compiled.root)
            if node.messages
        },
        migrations=tuple(
            name
            for prefix in ("migration", "allmigration")
            for name in (handler(cls).rule_names(prefix) if handler else ())
        ),
    )


def _fields(node: nodes.Node) -> Iterator[nodes.Node]:
    """Yield the fields below a node, each before those in it, in the order of declaration."""
    match node:
        case nodes.RecordNode():
            for child in node.fields.values():
                yield child
                yield from _fields(child)
        case nodes.ListNode():
            yield from _fields(node.item)
        case nodes.MapNode():
            yield from _fields(node.value)
        case nodes.TupleNode():
            for item in node.items:
                yield from _fields(item)


def _field(
    node: nodes.Node,
    defaults: Mapping[str, Any],
    validators: Mapping[str, tuple[Callable[[Any], Any], ...]],
    indexes: list[Declared],
) -> FieldDescription:
    return FieldDescription(
        path=node.path,
        type=type_in_words(node),
        required="required"
        if node.required or (node.present and node.filled)
        else "not None"
        if node.present
        else "optional"
        if node.optional
        else "",
        default=repr(absent)
        if node.absent
        else _default(defaults[node.path])
        if node.path in defaults
        else None,
        checks=tuple(check_in_words(validator, node) for validator in node.validators),
        indexes=tuple(index.document["name"] for index in indexes if node.path in index.document["key"]),
        reference=_target(node),
    )


def _target(node: nodes.Node) -> str | None:
    while isinstance(node, (nodes.ListNode, nodes.MapNode)):
        node = node.item if isinstance(node, nodes.ListNode) else node.value
    return node.target.name if isinstance(node, nodes.ReferenceNode) else None


def _default(value: Any) -> str:
    if isinstance(value, Factory):
        value = value.make
    return f"{name_of(value)}()" if callable(value) else shortened(value)


def _index(one: Declared) -> str:
    row = IndexRow("", one.document["name"], "same", one.document)
    return f"{row.name}: {row.summary}"


def _columns(fields: tuple[FieldDescription, ...]) -> Iterator[tuple[str, ...]]:
    yield "field", "type", "", "default", "checks", "in"
    for one in fields:
        indent = "  " * one.path.count(".")
        yield (
            indent + one.path,
            one.type,
            one.required,
            one.default or "",
            ", ".join(one.checks),
            ", ".join(one.indexes),
        )


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    # A column in which there is nothing is left out, with its head.
    used = [i for i in range(len(rows[0])) if any(row[i] for row in rows[1:])]
    widths = {i: max(len(row[i]) for row in rows) for i in used}
    for row in rows:
        yield ("  " + "  ".join(row[i].ljust(widths[i]) for i in used)).rstrip()
