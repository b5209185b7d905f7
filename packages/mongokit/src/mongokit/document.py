"""A document that lives in a collection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import bson
import pymongo.asynchronous.collection
import pymongo.collection

from mongokit.altering import alters_data
from mongokit.awaited import Awaited
from mongokit.binding import bind_references
from mongokit.errors import Failure, SchemaDocumentError
from mongokit.hooks import Hooks
from mongokit.jsonable import Jsonable
from mongokit.legacy import refuse_old_save, with_safe
from mongokit.located import Located
from mongokit.memory import Memory, differing
from mongokit.old_places import old_names
from mongokit.performing import (
    ASYNCHRONOUS,
    delete_plainly,
    delete_plainly_async,
    perform,
    save_plainly,
    save_plainly_async,
)
from mongokit.persistence import check, plan_atomic_update, plan_delete, plan_reload, plan_save
from mongokit.properties import DocumentProperties
from mongokit.queries import Queries
from mongokit.remembering import Remembering
from mongokit.schema_document import SchemaDocument, restore
from mongokit.upkeep import Upkeep

if TYPE_CHECKING:
    from mongokit.migration import DocumentMigration

__all__ = ["Document", "DocumentProperties"]

__getattr__ = old_names(__name__)

Raw = dict[str, Any]
RawCollection = pymongo.collection.Collection[Raw]
AwaitedCollection = pymongo.asynchronous.collection.AsyncCollection[Raw]


class Document(
    Awaited,
    Hooks,
    Jsonable,
    Located,
    Queries,
    Remembering,
    Upkeep,
    SchemaDocument,
    metaclass=DocumentProperties,
):
    """A dict with a declared structure that can be stored in, and found in, MongoDB collections.

    :param doc: the content; see :class:`SchemaDocument`.
    :param gen_skel: False leaves a new document empty.
    :param collection: where it is to be stored; a document made by ``collection.Class()`` or found knows it.
    """

    __slots__ = ("_collection",)
    _collection: RawCollection

    __collection__: ClassVar[str | None] = None
    """The name of the collection, for ``database.Class``."""
    __database__: ClassVar[str | None] = None
    """The name of the database, for ``connection.Class``."""
    indexes: ClassVar[list[dict[str, Any]]] = []
    """Dicts with ``fields`` and options; ``ensure_indexes`` builds them, nothing else does."""
    use_autorefs: ClassVar[bool] = False
    """True: a Document class in the structure is a reference, stored as a DBRef: the document is loaded, validated and,
    where it has changed, saved together with this one."""
    force_autorefs_current_db: ClassVar[bool] = False
    """True: a stored DBRef without a database means the document's own."""
    gridfs: ClassVar[dict[str, list[str]]] = {}
    """``{"files": [names], "containers": [names]}``: the files of a document, in ``document.fs``."""
    type_field: ClassVar[str | None] = "_type"
    """The field that, where it is in the structure, holds the class's name: a query by a base class then gives
    instances of the stored classes. None: no such field."""
    migration_handler: ClassVar[type[DocumentMigration] | None] = None
    """Rules for documents that are in an old form: they are applied when one is loaded that is not valid.
    ``skip_validation`` is off then; not together with ``use_schemaless``."""
    use_revision: ClassVar[bool] = False
    """True: ``save()`` counts ``_revision``, and raises StaleDocumentError where somebody else has written meanwhile:
    whatever updates and replaces by way of the class counts it too."""
    track_changes: ClassVar[bool] = False
    """True: documents remember what was stored, for ``changed()``; that takes some 5 µs for each, and memory."""
    shard_key: ClassVar[Sequence[str]] = ()
    """The paths of the collection's shard key: part of the filter of every write of a document."""

    def __init__(
        self,
        doc: Mapping[str, Any] | None = None,
        gen_skel: bool = True,
        collection: RawCollection | AwaitedCollection | None = None,
        lang: str = "en",
        fallback_lang: str = "en",
    ) -> None:
        super().__init__(doc, gen_skel, lang, fallback_lang)
        name = self.type_field
        if doc and name is not None and name in type(self)._structure.fields and self.get(name) is None:
            self[name] = type(self).__name__
        if collection is not None:
            object.__setattr__(self, "_collection", collection)
            self._adopted()

    def __hash__(self) -> int:  # type: ignore[override]
        if self.get("_id") is None:
            raise TypeError(f"{type(self).__name__} has no _id yet, so it cannot be hashed: save it first")
        return hash(self["_id"])

    def _is_known(self, name: str) -> bool:
        part = None if self._memory is None else self._memory.part
        return part is None or part.holds(name)

    def _bind_like(self, other: Self) -> None:
        collection = getattr(other, "_collection", None)
        if collection is not None:
            object.__setattr__(self, "_collection", collection)
        if other._memory is not None:
            self._set_memory(other._memory)

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        """Pickle content, attributes, and what it remembers of how it is stored: a part stays a part."""
        new, arguments, state, *more, restore = super().__reduce_ex__(protocol)
        if self._memory is None:
            return new, arguments, state, *more, restore
        return new, arguments, (state, self._memory), *more, _restore

    def _adopted(self) -> None:
        if type(self)._has_refs:
            bind_references(self)

    @alters_data
    def save(
        self,
        uuid: bool = False,
        validate: bool | None = None,
        safe: bool | None = None,
        *,
        only: Iterable[str] | None = None,
        **options: Any,
    ) -> Self:
        """Validate and store the whole document, inserting it or replacing what has its ``_id``; returns itself.

        In the collection of an AsyncConnection it returns what is to be awaited, as do ``delete``, ``reload``,
        ``update_atomic`` and the queries; ``asave()`` and its like are the same with types that say so.

        :param uuid: give a document without ``_id`` one of the form ``"Class-<uuid4>"`` instead of an ObjectId.
        :param validate: True or False overrules ``skip_validation``.
        :param safe: False does not wait for the server's answer (MongoKit's spelling of a write concern of 0).
        :param only: dotted paths: write these, and leave alone what others have made of the rest. The document must
            be stored. ``save(only=document.changed())`` writes what has changed.
        :param options: passed to PyMongo's ``insert_one``, ``replace_one`` or ``update_one``, for instance ``session``.

        When validation fails nothing is written, also where ``raise_validation_errors`` is False.
        Raises SchemaDocumentError, ConnectionError, MaxDocumentSizeError, DuplicateKeyError, StaleDocumentError (with
        ``use_revision``), OperationFailure where ``only`` is given and nothing is stored, and what PyMongo raises.
        """
        if options:
            refuse_old_save(options)
        cls = type(self)
        collection: Any
        try:
            # The slot itself, which costs less, and in which there is something but for a few.
            collection = self._collection
        except AttributeError:
            collection = self.collection
        if safe is not None:
            collection = with_safe(collection, safe=safe)
        if cls._plain and self._memory is None and only is None and not uuid:
            if isinstance(collection, ASYNCHRONOUS):
                awaited: Any = save_plainly_async(self, collection, validate, options)
                return awaited  # type: ignore[no-any-return]  # see above
            return save_plainly(self, collection, validate, options)
        saved: Self = perform(collection, plan_save, self, collection, uuid, validate, only, options)
        return saved

    def _check_plainly(self, validate: bool | None) -> None:
        """Do what ``check`` does, for a document that was not read in part: with fewer steps, where it can."""
        # What _is_validated_plainly() asks, written out: a call more is felt by who saves one document.
        if (
            (validate or (validate is None and not self.skip_validation))
            and type(self).validate is Document.validate
            and self.raise_validation_errors
        ):
            failures: list[Failure] = []
            type(self)._structure.check(self, failures)
            if failures:
                raise SchemaDocumentError.of(failures)
        else:
            check(self, validate)

    def _is_validated_plainly(self, validate: bool | None) -> bool:
        """Return whether to validate it before it is saved is to ask its structure, and nothing else."""
        return (
            (validate or (validate is None and not self.skip_validation))
            and type(self).validate is Document.validate
            and self.raise_validation_errors
        )

    def validate(self, auto_migrate: bool = False) -> None:
        """Check the document against its structure; see :meth:`SchemaDocument.validate`.

        :param auto_migrate: where it fails, apply the rules of ``migration_handler`` to what is stored, read it, and
            check again. Not in an asynchronous collection: there ``await document.migrate()`` first.
        """
        if auto_migrate and self.migration_handler is not None:
            from mongokit.migration.handler import validate_migrating

            validate_migrating(self)
        else:
            super().validate()

    @alters_data
    def migrate(self, safe: bool | None = None) -> list[str]:
        """Apply the rules of ``migration_handler`` to what is stored, and read it; returns the rules that applied.

        Raises TypeError where the class has none, KeyError without ``_id``, OperationFailure when it is not stored
        (any more).
        """
        from mongokit.migration.handler import migrate_now

        return migrate_now(self, safe)

    @alters_data
    def update_atomic(
        self, update: Mapping[str, Any], *, validate: bool | None = None, **options: Any
    ) -> Self:
        """Let the server change the stored document, and read it as it is then; returns itself.

        ``document.update_atomic({"$inc": {"count": 1}})`` loses nobody's update. What was not saved is dropped, as
        by ``reload``. Values may be as they are in Python, or as they are stored (which they are taken for
        where a CustomType has one type for both). Fields must be in the structure, and values as it says, as far
        as that can be known: what is set and pushed, the types of what is counted; not what comes of it, nor
        validators of a list to which something is added, nor a ``validate()`` of the class's own.

        :param validate: True or False overrules ``skip_validation``.
        :param options: passed to PyMongo's ``find_one_and_update``.

        Raises TypeError for what is no dict of operators, UpdateQueryError for an unknown field, SchemaDocumentError,
        KeyError without ``_id``, OperationFailure when the document is not stored, DuplicateKeyError.
        """
        updated: Self = perform(
            self.collection, plan_atomic_update, self, self.collection, update, validate, options
        )
        return updated

    def changed(self) -> list[str]:
        """Return the top-level fields that differ from what was read or last saved; all, before it is saved.

        Not ``_id`` and ``_revision``: the list is what ``save(only=…)`` takes.

        Raises TypeError unless the class has ``track_changes``, as remembering has its price.
        """
        if not self.track_changes:
            raise TypeError(
                f"{type(self).__name__} does not remember what was stored: set track_changes = True in the class"
            )
        remembered = self._memory.fields if self._memory else None
        found = differing(remembered or {}, self._stored(), self._codec_options())
        return [name for name in found if name not in ("_id", "_revision")]

    @alters_data
    def delete(self, **options: Any) -> None:
        """Delete the document by its ``_id``; raises KeyError when it has none."""
        collection: Any
        try:
            collection = self._collection
        except AttributeError:
            collection = self.collection
        if type(self)._plain:
            if isinstance(collection, ASYNCHRONOUS):
                awaited: Any = delete_plainly_async(self, collection, options)
                return awaited  # type: ignore[no-any-return]  # see save()
            if delete_plainly(self, collection, options):
                return None
        deleted: None = perform(collection, plan_delete, self, collection, options)
        return deleted

    def reload(self, **options: Any) -> None:
        """Read the document again, dropping what was not saved.

        Raises KeyError without ``_id``, OperationFailure when it is not stored (any more).
        """
        reloaded: None = perform(self.collection, plan_reload, self, self.collection, options)
        return reloaded

    def _become(self, other: Self) -> None:
        self.clear()
        self.update(other)
        if type(self)._has_autorefs:
            from mongokit.autorefs import replace_target  # which the class has imported

            replace_target(self, other)
        for name, value in other._attributes().items():
            object.__setattr__(self, name, value)
        self._set_memory(other._memory)

    def _stored(self) -> Raw:
        convert = type(self)._structure.to_bson
        return self if convert is None else convert(self)

    def get_size(self) -> int:
        """Return the size as BSON, in bytes."""
        return len(bson.encode(self._stored(), codec_options=self._codec_options()))


def _restore(new: Document, state: tuple[Any, Memory]) -> None:
    content, memory = state
    restore(new, content)
    new._set_memory(memory)
