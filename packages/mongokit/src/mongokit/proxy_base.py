"""What one document class in one collection is for both kinds of connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, Never, TypeVar

import pymongo.cursor

from mongokit.either import SESSIONS
from mongokit.errors import MultipleResultsFound, shortened
from mongokit.legacy import refuse_old_query
from mongokit.loading import Loader
from mongokit.scalars import PLAIN_IDS, scalar_id

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["ProxyBase", "only_one", "random_stages"]

D = TypeVar("D", bound="Document")
Raw = dict[str, Any]


def only_one(found: list[Any], what: str) -> Any:
    """Return the one element, or None; raises MultipleResultsFound."""
    if len(found) > 1:
        raise MultipleResultsFound(
            f"more than one {what} found where one was expected: {[d['_id'] for d in found]}, …"
        )
    return found[0] if found else None


def random_stages(filter: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """Return the aggregation pipeline that chooses one by chance."""
    match: list[Mapping[str, Any]] = [{"$match": filter}] if filter else []
    return [*match, {"$sample": {"size": 1}}]


class ProxyBase(Generic[D]):
    """Called, it makes a document bound to its collection; its methods find them.

    What it does not have itself is looked up on a document of the class, so methods a class adds can be called on it.
    """

    collection: Any
    _reader: Any

    def __init__(
        self,
        document_class: type[D],
        collection: Any,
        registered: Mapping[str, type[Document]] | None = None,
    ) -> None:
        self._obj_class = document_class
        self.collection = collection
        self._loader = Loader(document_class, collection, registered or {})
        self._make = self._loader.maker_of_new()
        self._keeps_ids = document_class._structure.stored_id is None
        """Whether an ``_id`` is stored as it is."""
        nested = document_class._structure.loaded
        if nested is not dict:
            # PyMongo's decoder makes nested dicts of the class for top-level ones.
            options = collection.codec_options.with_options(document_class=nested)
            self._reader = collection.with_options(codec_options=options)
        else:
            self._reader = collection

    def __repr__(self) -> str:
        return f"<{self._obj_class.__name__} in {self.collection.full_name}>"

    def __call__(
        self,
        doc: Mapping[str, Any] | None = None,
        gen_skel: bool = True,
        lang: str | None = None,
        fallback_lang: str | None = None,
        *more: Never,
        **unknown: Never,
    ) -> D:
        """Return a new document, bound to the collection; raises TypeError for other arguments."""
        if doc and self._make is not None and lang is None is fallback_lang and not (more or unknown):
            return self._make(doc)
        if more or unknown:
            name = self._obj_class.__name__
            what = ", ".join([*map(repr, more), *(f"{key}=" for key in unknown)])
            raise TypeError(
                f"{name}() takes a dict of fields, gen_skel, lang and fallback_lang; it has no use for {what}. "
                f"Fields are given as {name}({{{next(iter(unknown), 'field')!r}: ...}})"
            )
        # Classes with an __init__ of their own may know nothing of languages.
        languages: dict[str, Any] = {}
        if lang is not None:
            languages["lang"] = lang
        if fallback_lang is not None:
            languages["fallback_lang"] = fallback_lang
        return self._obj_class(doc, gen_skel, collection=self.collection, **languages)

    @property
    def db(self) -> Any:
        """The database of its collection."""
        return self.collection.database

    database = db

    @property
    def connection(self) -> Any:
        """The connection of its collection."""
        return self.collection.database.client

    def _found(
        self, filter: Mapping[str, Any] | None, projection: Any, skip: int, limit: int, options: Raw
    ) -> tuple[Any, Loader[D], Raw]:
        """Return what a cursor is made of."""
        if options:
            refuse_old_query(options)
        try:
            source = self._reader.find(filter, projection, skip, limit, **options)
        except TypeError as error:
            raise self._no_query(error, filter) from error
        counted = {"filter": filter, "skip": skip, "limit": limit}
        counted |= {
            name: options[name] for name in ("hint", "collation", "session", "comment") if options.get(name)
        }
        return source, self._loader.of_part(projection), counted

    def _no_query(self, error: TypeError, filter: Any) -> TypeError:
        """Return the error for what PyMongo takes for no query."""
        name = self._obj_class.__name__
        if filter is not None and not isinstance(filter, Mapping):
            given = shortened(filter)
            return TypeError(
                f"{name}.find() takes a query as a dict, as {{'field': value}}, not {given}; by its _id a document is found "
                f"by get_from_id({given})"
            )
        _called, is_unknown, option = str(error).partition("unexpected keyword argument ")
        if not is_unknown:
            return error
        # Who asks for what there is does not wait for this to be imported.
        from inspect import signature

        from mongokit.guessing import meant

        known = [one for one in signature(pymongo.cursor.Cursor).parameters if one != "collection"]
        return TypeError(
            f"{name}.find() has no option {option}{meant(option, known)}; accepted are those of PyMongo's: {', '.join(known)}"
        )

    def _by_id(self, id: Any) -> Raw:
        """Return the filter that finds the document with an ``_id``; raises TypeError for a condition in place of one."""
        # First what scalar_id() would say of nearly all, in fewer steps.
        is_plain = self._keeps_ids and type(id) in PLAIN_IDS
        return {"_id": id if is_plain else scalar_id(self._obj_class, id)}

    def _present(self, spec: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Return the filter for documents that have every top-level field of the structure, but for those that may be missing."""
        structure = self._obj_class._structure
        present: Raw = {
            name: {"$exists": True}
            for name, node in structure.fields.items()
            if not (node.optional or name == "_id")
        }
        if not spec:
            return present
        apart = not any(key in present or key.startswith("$") for key in spec)
        return {**present, **spec} if apart else {"$and": [spec, present]}

    def _loader_for(self, options: Mapping[str, Any], args: tuple[Any, ...] = ()) -> Loader[D]:
        """Return the loader for a query with these options; the projection is the first that has no name."""
        projection = args[0] if args else options.get("projection")
        return self._loader if projection is None else self._loader.of_part(projection)

    @staticmethod
    def _session(options: Mapping[str, Any], args: tuple[Any, ...] = ()) -> Any:
        """Return the session that a query was given, by name or by position: what it finds refers to what is seen there."""
        given = options.get("session")
        return given if given is not None else next((one for one in args if isinstance(one, SESSIONS)), None)

    def _only(self, found: list[Any]) -> Any:
        return only_one(found, self._obj_class.__name__)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self(gen_skel=False), name)
