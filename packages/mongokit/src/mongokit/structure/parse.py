"""From a declared ``structure`` to a tree of nodes: what is not understood is said here, with class and path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from mongokit.errors import AuthorizedTypeError, BadKeyError, SchemaDocumentError, StructureError
from mongokit.reference import Ref
from mongokit.structure import nodes
from mongokit.structure.annotations import Annotation
from mongokit.target import Target
from mongokit.types import NOT, CustomType, SchemaOperator, Set

__all__ = ["parse_structure"]


class _Parser(NamedTuple):
    """What is the same for all places of a structure while it is read."""

    owner: str
    types: tuple[type, ...]
    required: frozenset[str]
    validators: Mapping[str, tuple[nodes.Validator, ...]]
    filled: frozenset[str] = frozenset()
    """Required paths of embedded classes."""
    places: tuple[type, ...] = ()
    """The classes whose declarations these are: the one that embeds another last."""
    autorefs: bool = False
    """Whether a Document class stands for a reference."""
    translated: frozenset[str] = frozenset()
    missing: bool = False
    """Whether any field may be missing of which nothing else is asked."""
    absent: frozenset[str] = frozenset()
    """Paths that may be missing, and new documents do not have: `absent` is their default."""
    defaults: frozenset[str] = frozenset()
    """Paths for which the class has another default, whatever an embedded class says."""
    messages: Mapping[str, Any] = MappingProxyType({})
    """Path -> what the class says of errors there."""

    def parse(self, spec: Any, path: str, *, element: bool = False) -> nodes.Node:
        """Return the node of a specification; an element shares its list's path but not its descriptors."""
        node = self._untranslated(spec, path, element=element)
        if path in self.messages and node.messages is None:
            node = self._worded(node, path)
        if element:
            return node
        if path in self.translated:
            node = self._in_languages(node, path)
        return self._dispensable(node, path) if self.missing or path in self.absent else node

    def _worded(self, node: nodes.Node, path: str) -> nodes.Node:
        """Return a node with what the class says of errors at its path: elements share that with their list."""
        from mongokit.structure.messages import kinds_of  # of no use to who says nothing

        return node.but(messages=MappingProxyType(kinds_of(self.messages[path])))

    def _in_languages(self, node: nodes.Node, path: str) -> nodes.Node:
        """Return the node of a translated field, of that of its value."""
        around = next((other for other in self.translated if path.startswith(f"{other}.")), None)
        if around is not None:
            raise StructureError(
                f"{self.owner}: i18n: {path} lies in {around}, which is translated as a whole"
            )
        # What is asked of a value is asked of it in every language.
        value = node.but(required=False, filled=False)
        return nodes.I18nNode(
            path=path,
            key=str,
            value=value,
            required=node.required,
            present=node.present,
            filled=node.filled,
            messages=node.messages,
        )

    def _dispensable(self, node: nodes.Node, path: str) -> nodes.Node:
        """Return a node that may be missing; what is required, or holds such, may not all the same."""
        is_absent = path in self.absent and path not in self.defaults
        return node.but(
            optional=not (node.present or nodes.demanded(node)),
            absent=is_absent,
            unset=node.unset or is_absent,
        )

    def _untranslated(self, spec: Any, path: str, *, element: bool) -> nodes.Node:
        if isinstance(spec, Annotation):
            return self._annotated(spec, path, element=element)
        node = self._node(spec, path)
        if element:
            return node
        validators = self.validators.get(path, ())
        if path in self.required:
            return node.but(required=True, validators=validators)
        if path in self.filled:
            return node.but(present=True, filled=True, validators=validators)
        return node.but(validators=validators) if validators else node

    def _annotated(self, spec: Annotation, path: str, *, element: bool) -> nodes.Node:
        node = self._untranslated(spec.spec, path, element=element)
        if spec.immutable and isinstance(node, (nodes.ListNode, nodes.TupleNode)):
            node = node.but(container=tuple)
        return node.but(
            # What is not stored yet has no _id.
            present=node.present or (not spec.optional and path != "_id"),
            filled=node.filled or spec.filled,
            unset=spec.optional or isinstance(node, nodes.TupleNode),
            validators=(*spec.validators, *node.validators),
        )

    def _node(self, spec: Any, path: str) -> nodes.Node:
        match spec:
            case Ref():
                return self._reference(spec, path)
            case None:
                return nodes.AnyNode(path=path, types=self.types)
            case CustomType():
                self._check_custom(spec, path)
                return nodes.CustomNode(path=path, custom=spec)
            case SchemaOperator():
                for kind in spec.operand_types():
                    self._authorize(kind, path)
                return nodes.OperatorNode(
                    path=path, operator=spec, types=self.types if isinstance(spec, NOT) else None
                )
            case dict():
                return self._mapping(spec, path)
            case list():
                if len(spec) > 1:
                    raise StructureError(
                        f"{self.owner}: {path}: {spec!r} has {len(spec)} elements; accepted are [] and [T]. "
                        "A list of fixed length is a tuple: (A, B)"
                    )
                item = self.parse(spec[0] if spec else None, path, element=True)
                return nodes.ListNode(path=path, item=item)
            case tuple():
                if not spec:
                    raise StructureError(
                        f"{self.owner}: {path}: an empty tuple holds nothing; write (A, B, ...)"
                    )
                items = tuple(
                    self.parse(item, nodes.join(path, str(i)), element=True) for i, item in enumerate(spec)
                )
                return nodes.TupleNode(path=path, items=items)
            case type():
                return self._type(spec, path)
        raise _no_type(self.owner, path, spec)

    def _reference(self, spec: Ref[Any], path: str) -> nodes.Node:
        if not spec.is_spec:
            raise TypeError(
                f"{self.owner}: {path}: {spec!r} refers to one document; a structure has the class alone"
            )
        target = self._target(spec.target.given, path)
        if not spec.dbref and isinstance(target.given, type):
            cls = target.resolve()
            if cls.__collection__ is None and not target.is_related(cls):
                target.refuse_homeless()
        return nodes.ReferenceNode(path=path, target=target, dbref=spec.dbref)

    def _autoref(self, spec: type, path: str) -> nodes.Node:
        if not self.autorefs:
            raise StructureError(
                f"{self.owner}: {path}: {spec.__name__} is a Document, which is stored in a collection of its own: "
                f"write Ref({spec.__name__}), or set use_autorefs = True. What is to be stored inside is a nested "
                "structure, or a subclass of SchemaDocument"
            )
        return nodes.ReferenceNode(path=path, target=self._target(spec, path), eager=True)

    def _target(self, given: type | str, path: str) -> Target:
        return Target(given, self.places[-1] if self.places else None, path, self.places)

    def _embedded(self, spec: Any, path: str) -> nodes.Node:
        """Return the node of a class with a structure of its own, with its descriptors at this path."""
        inner = _Parser(
            self.owner,
            (*self.types, *(kind for kind in _concrete(spec.authorized_types) if kind not in self.types)),
            self.required,
            {
                **{nodes.join(path, one): given for one, given in spec._structure.validators.items()},
                **self.validators,
            },
            self.filled | {nodes.join(path, one) for one in spec.required_fields},
            (spec, *self.places),
            self.autorefs,
            self.translated | {nodes.join(path, one) for one in spec.i18n},
            self.missing or bool(spec.accept_missing_fields),
            self.absent | {nodes.join(path, one) for one in spec._structure.absent},
            self.defaults,
            self._messages_with(spec, path),
        )
        node = inner._mapping(spec.structure or {}, path)
        if not isinstance(node, nodes.RecordNode):
            raise StructureError(f"{self.owner}: {path}: the fields of {spec.__name__} must be named")
        if path in inner.messages:
            node = inner._worded(node, path)
        return node.but(container=spec, schemaless=bool(spec.use_schemaless))

    def _messages_with(self, spec: Any, path: str) -> Mapping[str, Any]:
        """Return what is said of errors here, and by a class that is embedded at a path."""
        if not spec.error_messages:
            return self.messages
        from mongokit.structure.messages import with_embedded

        return with_embedded(self.messages, path, spec.error_messages)

    def _type(self, spec: type, path: str) -> nodes.Node:
        if hasattr(spec, "_collection"):
            return self._autoref(spec, path)
        if nodes.is_embedded(spec):
            return self._embedded(spec, path)
        if issubclass(spec, CustomType):
            raise StructureError(f"{self.owner}: {path}: {spec.__name__} is a class; write {spec.__name__}()")
        self._authorize(spec, path)
        return nodes.TypeNode(path=path, type=spec)

    def _authorize(self, spec: Any, path: str, error: type[SchemaDocumentError] = StructureError) -> None:
        if not isinstance(spec, type):
            raise _no_type(self.owner, path, spec)
        if spec not in self.types:
            accepted = ", ".join(sorted(kind.__name__ for kind in self.types))
            raise error(
                f"{self.owner}: {spec} is not an authorized type (at {path or 'structure'}). "
                f"Accepted are {accepted}, and what is added to authorized_types"
            )

    def _check_custom(self, spec: CustomType, path: str) -> None:
        for name in ("mongo_type", "python_type"):
            if not isinstance(getattr(spec, name), type):
                raise TypeError(f"{self.owner}: {path}: {type(spec).__name__}.{name} must be a type")
        if isinstance(spec, Set) and spec.structure_type is not None:
            self._authorize(spec.structure_type, path)

    def _mapping(self, spec: dict[Any, Any], path: str) -> nodes.Node:
        typed = [key for key in spec if isinstance(key, type)]
        if typed and len(spec) > 1:
            raise StructureError(
                f"{self.owner}: {path or 'structure'}: the key {typed[0].__name__} stands for every key, "
                "so it must be the only one"
            )
        if typed:
            key = typed[0]
            self._authorize(key, path, AuthorizedTypeError)
            return nodes.MapNode(
                path=path, key=key, value=self.parse(spec[key], nodes.join(path, f"${key.__name__}"))
            )
        for key in spec:
            if not isinstance(key, str):
                raise StructureError(
                    f"{self.owner}: {path or 'structure'}: the key {key!r} must be a str or a type, "
                    f"not {type(key).__name__}"
                )
            if "." in key or key.startswith("$") or "\0" in key:
                raise BadKeyError(
                    f"{self.owner}: {nodes.join(path, key)}: a key must not contain '.' or a null character, "
                    "or start with '$'"
                )
        fields = {str(key): self.parse(value, nodes.join(path, key)) for key, value in spec.items()}
        return nodes.RecordNode(path=path, fields=MappingProxyType(fields), container=type(spec))


def _concrete(types: Iterable[type]) -> tuple[type, ...]:
    return tuple(kind for kind in types if not issubclass(kind, CustomType))


def parse_structure(
    owner: str,
    structure: Mapping[str, Any],
    *,
    types: Sequence[type],
    required: Sequence[str] = (),
    validators: Mapping[str, tuple[nodes.Validator, ...]] | None = None,
    places: tuple[type, ...] = (),
    autorefs: bool = False,
    translated: Sequence[str] = (),
    missing: bool = False,
    absent: Iterable[str] = (),
    defaults: Iterable[str] = (),
    messages: Mapping[str, Any] | None = None,
) -> nodes.RecordNode:
    """Return the tree for a structure; raises StructureError, BadKeyError, TypeError with class and path.

    :param places: the class, for references by name.
    :param autorefs: whether a Document class stands for a reference.
    :param missing: whether any field may be missing of which nothing else is asked.
    :param absent: paths whose default is ``absent``; ``defaults``: those that have another one.
    """
    if not isinstance(structure, dict):
        raise StructureError(f"{owner}: structure must be a dict, not {type(structure).__name__}")
    parser = _Parser(
        owner,
        _concrete(types),
        frozenset(required),
        validators or {},
        places=places,
        autorefs=autorefs,
        translated=frozenset(translated),
        missing=missing,
        absent=frozenset(absent),
        defaults=frozenset(defaults),
        messages=messages or {},
    )
    node = parser.parse(structure, "", element=True)
    if not isinstance(node, nodes.RecordNode):
        raise StructureError(
            f"{owner}: structure: the fields of a document must be named; a type as key is for below"
        )
    return node


def _no_type(owner: str, path: str, spec: Any) -> TypeError:
    return TypeError(
        f"{owner}: {path}: {spec!r} is not a type; accepted are types (str, int, …), [T], {{str: T}}, (A, B), dicts of "
        "fields, operators of types (OR, NOT), IS of values, instances of a CustomType, Ref(Class), and None for anything. "
        "A default is given in default_values"
    )
