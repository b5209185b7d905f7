"""Documents as JSON, and of it. Who writes none does not wait for what does it to be imported."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from mongokit.structure import Structure

__all__ = ["Jsonable"]

Raw = dict[str, Any]


class Jsonable:
    """The part of a document that writes and reads JSON."""

    __slots__ = ()
    _structure: ClassVar[Structure]

    def to_json_type(self) -> Raw:
        """Return a new dict of what JSON knows: times as milliseconds since 1970 (UTC), ids as ``{"$oid": hex}``.

        Values of a CustomType are in their Python form where JSON has it (its ``python_type`` is str, int, float or bool),
        and otherwise, times too, in their stored form. What else JSON lacks is in MongoDB's Extended JSON
        (``$numberDecimal``, ``$binary``, ``$uuid``…), and so are times inside of a stored form that is a list or dict, and
        an ``Int64`` of at most 4 bytes where no type is declared (``$numberLong``).
        """
        from mongokit import json

        document: Any = self
        return json.to_json_type(self._structure, document)

    def to_json(self) -> str:
        """Return the document as JSON text; see :meth:`to_json_type`."""
        from mongokit import json

        document: Any = self
        return json.to_json(self._structure, document)

    def from_json(self, text: str | bytes) -> Self:
        """Return a new document of this class, in the same collection, of JSON text as ``to_json`` writes it.

        With ``use_autorefs`` the documents it refers to are read from the server, whatever else is written of them; one
        that is written without ``_id`` is a new one. In an asynchronous collection that has to be awaited.

        Raises ValueError for what is no JSON object, and for a reference to where documents of that class are not;
        AutoReferenceError. It is not validated: ``save()`` does that.
        """
        from mongokit import json

        document: Any = self
        made: Self = json.read_document(document, text)
        return made
