"""What a class declares, checked and compiled into one immutable :class:`Structure`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from mongokit.errors import DuplicateI18nError, DuplicateRequiredError
from mongokit.guessing import meant
from mongokit.structure.compile import Check, Rules, compile_check
from mongokit.structure.convert import Convert, adopt, to_bson, to_python
from mongokit.structure.defaults import absent
from mongokit.structure.forms import stored_form
from mongokit.structure.immutable import Immutable
from mongokit.structure.nodes import Node, RecordNode, Validator, descendants, holds_dicts, namespaces, places
from mongokit.structure.object_ids import expected, takes_object_id
from mongokit.structure.parse import parse_structure
from mongokit.structure.referring import Walk, walk
from mongokit.structure.skeleton import Skeleton, compile_skeleton, fill

__all__ = ["Declarations", "Structure"]


class Declarations(NamedTuple):
    """What a class body says, merged over its bases."""

    structure: dict[str, Any]
    types: Sequence[type]
    nested: type[dict[str, Any]] = dict
    """The class of nested dicts."""
    owner: type | None = None
    """The class, to which references may be relative."""
    autorefs: bool = False
    """Whether a Document class stands for a reference that is loaded with its owner."""
    required: Sequence[str] = ()
    defaults: Mapping[str, Any] = MappingProxyType({})
    validators: Mapping[str, Any] = MappingProxyType({})
    translated: Sequence[str] = ()
    missing: bool = False
    """Whether any field may be missing of which nothing else is asked."""
    messages: Mapping[str, Any] = MappingProxyType({})
    """Path -> the text of its errors, or texts by kind."""


class Structure(Immutable):
    """A compiled structure; classes share it freely, threads too."""

    owner: str
    rules: Rules
    root: RecordNode
    places: Mapping[str, Node]
    """The nodes by dotted path, those inside lists too (``items.price``)."""
    namespaces: tuple[str, ...]
    """Dotted paths of all fields, parents before children, not those inside lists."""
    required: tuple[str, ...]
    translated: tuple[str, ...]
    """Dotted paths of the translated fields."""
    validators: Mapping[str, tuple[Validator, ...]]
    """What is declared by path; those of annotations are in the nodes."""
    defaults: Mapping[str, Any]
    """Dotted path -> value, or callable that makes it."""
    absent: frozenset[str]
    """The paths whose default is ``absent``."""
    check: Check
    """Appends to a list what is wrong with a document; never writes to the document."""
    skeleton: Skeleton
    """Makes the content of a new document."""
    to_bson: Convert | None
    """Makes the dict to store, or None where the document can be stored as it is."""
    to_python: Convert | None
    """Makes the Python values of a stored dict, or None where they are the same."""
    stored_id: Convert | None
    """Makes the stored ``_id`` of one in either form, or None where they are the same."""
    python_id: Convert | None
    """Makes the Python form of an ``_id`` in either form, or None where they are the same."""
    adopt: Mapping[str, Convert]
    """For each field that holds embedded classes or references: makes them of the dicts, documents and ids in a value."""
    asked_id: str | None
    """What an ``_id`` is to be, where that is no ObjectId: who saves a document must give one. None where MongoDB's will do."""
    has_messages: bool
    """Whether the class, or one that is embedded, says in its own words what is wrong."""
    references: Walk | None
    """Visits all references; None where there are none."""
    nested: type[dict[str, Any]]
    """The class of nested dicts in a document."""
    loaded: type[dict[str, Any]]
    """The class PyMongo has to decode dicts to: plain dict where there can be no nested ones."""

    @property
    def fields(self) -> Mapping[str, Node]:
        """The nodes of the top-level fields."""
        return self.root.fields

    def fill(self, document: dict[str, Any]) -> None:
        """Add every declared field that the document lacks, without defaults."""
        fill(self.root, document, self.nested)

    @classmethod
    def compile(cls, declared: Declarations, rules: Rules) -> Structure:
        """Check and compile what a class declares; the errors name class and path.

        Raises StructureError, BadKeyError, DuplicateRequiredError, TypeError, and ValueError for a path that is not
        in the structure.
        """
        owner = rules.owner
        validators = _validators(owner, declared.validators)
        defaults = {path: value for path, value in declared.defaults.items() if value is not absent}
        left_out = frozenset(declared.defaults.keys() - defaults.keys())
        root = parse_structure(
            owner,
            declared.structure,
            types=declared.types,
            required=declared.required,
            validators=validators,
            places=() if declared.owner is None else (declared.owner,),
            autorefs=declared.autorefs,
            translated=declared.translated,
            missing=declared.missing,
            absent=left_out,
            defaults=defaults,
            messages=declared.messages,
        )
        _check_duplicates(owner, declared.required)
        _check_translated(owner, declared.translated)
        known = places(root)
        _check_paths(owner, known, "required_fields", declared.required)
        _check_paths(owner, known, "validators", validators)
        _check_paths(owner, known, "i18n", declared.translated)
        _check_paths(owner, known, "default_values", declared.defaults)
        if declared.messages:
            # Who has none does not wait for this to be imported.
            from mongokit.structure.messages import check_messages

            check_messages(owner, known, declared.messages)
        _check_defaults(owner, root, defaults)
        _check_absent(owner, root, left_out)
        id_node = root.fields.get("_id")
        adopted = ((name, adopt(child)) for name, child in root.fields.items())
        return cls(
            owner=owner,
            rules=rules,
            root=root,
            places=MappingProxyType(known),
            namespaces=tuple(namespaces(root)),
            required=tuple(declared.required),
            translated=tuple(declared.translated),
            validators=MappingProxyType(validators),
            defaults=MappingProxyType(defaults),
            absent=left_out,
            check=compile_check(root, rules),
            skeleton=compile_skeleton(root, defaults, declared.nested),
            to_bson=to_bson(root, keeps=rules.keeps_unreadable),
            to_python=to_python(root, owner, keeps=rules.keeps_unreadable),
            stored_id=None if id_node is None else stored_form(id_node, python_first=True),
            python_id=None if id_node is None else to_python(id_node, owner, keeps=rules.keeps_unreadable),
            asked_id=None if id_node is None or takes_object_id(id_node) else expected(id_node),
            has_messages=any(node.messages for node in descendants(root)),
            references=walk(root),
            adopt=MappingProxyType({name: convert for name, convert in adopted if convert is not None}),
            nested=declared.nested,
            loaded=declared.nested if rules.schemaless or holds_dicts(root) else dict,
        )


def _validators(owner: str, declared: Mapping[str, Any]) -> dict[str, tuple[Validator, ...]]:
    """Return the validators of each path, as a tuple of callables."""
    found: dict[str, tuple[Validator, ...]] = {}
    for path, given in declared.items():
        several: Any = (given,) if callable(given) else given
        if not isinstance(several, Iterable) or isinstance(several, (str, Mapping)):
            raise TypeError(
                f"{owner}: validators: {path}: {given!r} is neither callable nor a list of callables"
            )
        found[path] = tuple(several)
        for validator in found[path]:
            if not callable(validator):
                raise TypeError(f"{owner}: validators: {path}: {validator!r} is not callable")
    return found


def _check_paths(owner: str, known: Collection[str], descriptor: str, paths: Iterable[Any]) -> None:
    for path in paths:
        if not isinstance(path, str) or path not in known:
            raise ValueError(
                f"Error in {descriptor}: can't find {path} in structure (of {owner}){meant(path, known)}"
            )


def _check_defaults(owner: str, root: RecordNode, defaults: Mapping[str, Any]) -> None:
    reachable = {""}

    def walk(node: Node) -> None:
        if isinstance(node, RecordNode):
            for child in node.fields.values():
                reachable.add(child.path)
                walk(child)

    walk(root)
    for path in defaults:
        if path not in reachable:
            raise ValueError(
                f"Error in default_values: {path} of {owner} is inside a list or below a typed key, "
                "where a new document holds nothing; give the default of the list or dict itself"
            )


def _check_absent(owner: str, root: RecordNode, paths: Iterable[str]) -> None:
    named = {
        child.path
        for node in descendants(root)
        if isinstance(node, RecordNode)
        for child in node.fields.values()
    }
    for path in paths:
        if path not in named:
            raise ValueError(
                f"Error in default_values: {path} of {owner} has no name, so that it cannot be absent: accepted are fields "
                "of the document, or of what is nested in it"
            )


def _check_duplicates(owner: str, required: Sequence[str]) -> None:
    """Raise DuplicateRequiredError when a class names a required field twice."""
    if len(set(required)) != len(required):
        twice = sorted({path for path in required if required.count(path) > 1})
        raise DuplicateRequiredError(f"duplicate required_fields : {twice} (in {owner})")


def _check_translated(owner: str, translated: Sequence[str]) -> None:
    """Raise DuplicateI18nError when a class names a translated field twice."""
    if len(set(translated)) != len(translated):
        twice = sorted({path for path in translated if translated.count(path) > 1})
        raise DuplicateI18nError(f"duplicate i18n : {twice} (in {owner})")
