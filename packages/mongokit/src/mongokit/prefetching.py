"""Load what documents refer to before it is asked for: one query for each collection and level, not for each document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mongokit.binding import bind_references
from mongokit.flow import Flow, run, run_async
from mongokit.loading import Reading, finish
from mongokit.lookups import Key, find_many, key_of, known
from mongokit.reference import Ref
from mongokit.structure.nodes import (
    ListNode,
    MapNode,
    Node,
    RecordNode,
    ReferenceNode,
    TupleNode,
    descendants,
)

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["aprefetch", "check_paths", "prefetch", "prefetching"]

Paths = dict[str, "Paths"]
"""What to follow: the path of a reference -> what to follow in the documents it leads to."""


def prefetch(documents: Iterable[Document], *paths: str) -> None:
    """Load what documents refer to, with one query for each collection, level of references, and 101 ids.

    ``prefetch(posts, "author", "comments.author.employer")``: after that ``get()`` asks no server. Documents that do not
    exist are no error here; ``get()`` says so. For documents of an asynchronous connection there is ``aprefetch``.

    :param documents: of one class or of several; all of one connection.
    :param paths: of references, dotted, through lists, nested structures, and other references. In a dict with any keys
        (``"by": {str: Ref(Author)}``) ``"by"`` is all of them; behind it comes a name for the key, whatever that is:
        ``"by.*.employer"``.

    Raises ValueError for a path that is no reference of one of the documents.
    """
    found = list(documents)
    if found:
        run(prefetching(found, Reading(), paths))


async def aprefetch(documents: Iterable[Document], *paths: str) -> None:
    """Do what :func:`prefetch` does, for documents of an asynchronous connection."""
    found = list(documents)
    if found:
        await run_async(prefetching(found, Reading(), paths))


def check_paths(document_class: type[Document], paths: Iterable[str]) -> None:
    """Raise ValueError for a path that begins with no reference of the class."""
    for path in paths:
        _split(document_class, path)


def prefetching(documents: Sequence[Document], reading: Reading, paths: Iterable[str]) -> Flow[None]:
    """Load what documents refer to; see :func:`prefetch`."""
    waiting: list[tuple[Sequence[Document], frozenset[str]]] = [(documents, frozenset(paths))]
    while waiting:
        level, waiting = waiting, []
        references: list[tuple[Ref[Any], frozenset[str]]] = []
        for some, wanted in level:
            references += _wanted(some, wanted)
        yield from _load([reference for reference, _ in references], reading)
        further: dict[frozenset[str], dict[int, Document]] = {}
        for reference, rest in references:
            if rest and reference.loaded is not None:
                further.setdefault(rest, {})[id(reference.loaded)] = reference.loaded
        waiting = [(list(several.values()), rest) for rest, several in further.items()]


def _wanted(documents: Sequence[Document], paths: frozenset[str]) -> list[tuple[Any, frozenset[str]]]:
    """Return the documents' references at these paths, each with what remains of the paths behind it."""
    split: dict[type[Document], Mapping[ReferenceNode, frozenset[str]]] = {}
    found: list[tuple[Any, frozenset[str]]] = []
    for document in documents:
        cls = type(document)
        if cls not in split:
            split[cls] = _by_node(cls, paths)
        nodes = split[cls]
        walk = cls._structure.references

        def visit(value: Any, node: ReferenceNode, parts: object, nodes: Any = nodes) -> Any:
            if node in nodes and isinstance(value, Ref):
                found.append((value, nodes[node]))
            return value

        if walk is not None:
            bind_references(document)
            walk(document, (), visit)
    return found


def _by_node(cls: type[Document], paths: Iterable[str]) -> Mapping[ReferenceNode, frozenset[str]]:
    found: dict[ReferenceNode, set[str]] = {}
    for path in paths:
        node, rest = _split(cls, path)
        found.setdefault(node, set()).update({rest} - {""})
    return {node: frozenset(rest) for node, rest in found.items()}


def _split(cls: type[Document], path: str) -> tuple[ReferenceNode, str]:
    """Return the first reference on a path, and what follows behind it."""
    node: Node = cls._structure.root
    names = path.split(".")
    for position, name in enumerate(names):
        while isinstance(node, ListNode):
            node = node.item
        match node:
            case RecordNode() if name in node.fields:
                node = node.fields[name]
            case MapNode():
                node = node.value
            case TupleNode() if name.isdecimal() and int(name) < len(node.items):
                node = node.items[int(name)]
            case _:
                break
        inner = node
        is_last = position + 1 == len(names)
        while isinstance(inner, ListNode) or (is_last and isinstance(inner, MapNode)):
            inner = inner.item if isinstance(inner, ListNode) else inner.value
        if isinstance(inner, ReferenceNode):
            return inner, ".".join(names[position + 1 :])
    has = sorted({one.path for one in descendants(cls._structure.root) if isinstance(one, ReferenceNode)})
    raise ValueError(
        f"prefetch: {path!r} leads through no reference of {cls.__name__}; "
        + (f"it has {', '.join(has)}" if has else "it has none")
    )


def _load(references: Iterable[Ref[Any]], reading: Reading) -> Flow[None]:
    """Have references hold their documents."""
    waiting: list[tuple[Ref[Any], Key]] = []
    wanted: dict[Key, tuple[Any, Any]] = {}
    for reference in references:
        if reference.loaded is None:
            home, cls = reference.home, reference.document_class
            key = key_of(home, cls, reference.stored_id)
            waiting.append((reference, key))
            if known(reading, key) is None:
                wanted[key] = (home, reference.stored_id)
    made = yield from find_many(wanted, reading)
    yield from finish(made, reading)
    for reference, key in waiting:
        document = known(reading, key)
        if document is not None:
            reference.hold(document)
