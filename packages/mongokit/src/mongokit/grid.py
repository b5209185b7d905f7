"""Files of a document as attributes, and as mappings of names to bytes."""

from __future__ import annotations

from typing import Any

from mongokit.files import GridFields
from mongokit.flow import Flow
from mongokit.grid_files import GridFiles

__all__ = ["FS", "FSContainer"]


class FSContainer(GridFiles):
    """Files of one document under names of their own: a mapping of names to bytes.

    ``doc.fs.images["a.jpg"] = data`` stores a version, ``doc.fs.images["a.jpg"]`` reads the last one, ``del`` deletes
    all. ``len()`` and ``keys()`` are of the names, so ``dict(doc.fs.images)`` holds the last versions. Iterating yields
    every version of every file (PyMongo's ``GridOut``), as does iterating ``doc.fs`` for all of the document.
    """

    def __getitem__(self, filename: str) -> Any:
        return self.read(filename)

    def __setitem__(self, filename: str, data: Any) -> None:
        _refuse_to_wait(self, f"await doc.fs.{self._container}.put(data, {filename!r})")
        self.put(data, filename)

    def __delitem__(self, filename: str) -> None:
        _refuse_to_wait(self, f"await doc.fs.{self._container}.remove({filename!r})")
        self.remove(filename)

    def __contains__(self, filename: object) -> bool:
        _refuse_to_wait(self, f"await doc.fs.{self._container}.names()")
        return filename in list(self.names())

    def __len__(self) -> int:
        _refuse_to_wait(self, f"len(await doc.fs.{self._container}.names())")
        return len(self.names())

    def __bool__(self) -> bool:
        """A container is there, whether anything is in it or not: that would have to be asked for."""
        return True

    def keys(self) -> Any:
        """Return the names of the files, sorted, as ``names()`` does."""
        return self.names()

    def names(self) -> Any:
        """Return the names of the files, sorted; none of a document that is not stored yet."""
        return self._do(self._names())

    def _names(self) -> Flow[list[str]]:
        if self._is_empty():
            return []
        names = yield self._files().distinct("filename", self._spec())
        return sorted(names)

    def _check_name(self, filename: Any) -> None:
        if not isinstance(filename, str) or not filename:
            raise TypeError(f"the name of a file is a str that is not empty, not {filename!r}")
        try:
            is_storable = "\0" not in filename and bool(filename.encode())
        except UnicodeEncodeError:
            is_storable = False
        if not is_storable:
            # Such a name cannot be given to a file system, to a header, or (half a surrogate pair) to MongoDB.
            raise ValueError(
                f"the name of a file must hold neither NUL nor half a surrogate pair, as {filename!r} does"
            )


class FS(GridFiles):
    """The files of a document, as its class declares them by ``gridfs = {"files": [...], "containers": [...]}``.

    ``doc.fs.source = data`` stores a version of a file, ``doc.fs.source`` reads the last one, ``del doc.fs.source``
    deletes all. A container is a mapping: see :class:`FSContainer`.
    """

    def __getattr__(self, name: str) -> Any:
        declared = self._declared
        if name in declared.containers:
            return FSContainer(self._document, name)
        if name in declared.files:
            return self.read(name)
        raise self._refusal(name)

    def __setattr__(self, name: str, data: Any) -> None:
        self._check_name(name)
        _refuse_to_wait(self, f"await doc.fs.put(data, {name!r})")
        self.put(data, name)

    def __delattr__(self, name: str) -> None:
        self._check_name(name)
        _refuse_to_wait(self, f"await doc.fs.remove({name!r})")
        self.remove(name)

    def __dir__(self) -> list[str]:
        declared = self._declared
        return [*super().__dir__(), *declared.files, *declared.containers]

    def _check_name(self, filename: str) -> None:
        if filename not in self._declared.files:
            raise self._refusal(filename)

    @property
    def _declared(self) -> GridFields:
        return type(self._document)._gridfs or GridFields()

    def _refusal(self, name: str) -> AttributeError:
        declared = self._declared
        owner = type(self._document).__name__
        if name in declared.containers:
            return AttributeError(f"{name} of {owner}.gridfs is a container: doc.fs.{name}['name'] = data")
        return AttributeError(
            f"{name!r} is not declared in gridfs of {owner}: files are {list(declared.files)}, "
            f"containers {list(declared.containers)}"
        )


def _refuse_to_wait(files: GridFiles, instead: str) -> None:
    if files._is_asynchronous:
        raise TypeError(f"this has to be awaited, as the connection is asynchronous: {instead}")
