"""The files of a document in its form: uploaded, replaced and removed in GridFS, together with what is saved.

An upload is written first, under no name that anybody looks for. When the document is saved it is given its name by one
small update; when the saving fails it is deleted again. So what was there before stays until the new file is whole.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from gridfs import GridIn, NoFile
from gridfs.asynchronous.grid_file import AsyncGridIn
from pymongo.errors import PyMongoError

from django_mongokit.forms.options import DocumentFormOptions
from mongokit.flow import Flow
from mongokit.identifying import has_id
from mongokit.performing import is_asynchronous

__all__ = [
    "DocumentFileField",
    "DocumentFileInput",
    "StoredFile",
    "Uploads",
    "file_fields",
    "file_names",
    "stored_file",
]


@dataclass(frozen=True)
class StoredFile:
    """A file that a document has, as its form shows it."""

    name: str
    """What it was called when it was uploaded."""
    size: int
    """Bytes."""
    url: str | None = None
    """Where it can be read: what the document's `get_file_url(field)` returns, if it has such a method."""

    def __str__(self) -> str:
        return self.name


def stored_file(document: Any, field: str) -> StoredFile | None:
    """Return the file that a document has, or None; of a document of an asynchronous collection nothing is asked."""
    if not has_id(document) or is_asynchronous(document.collection):
        return None
    try:
        found = document.fs.get_last_version(field)
    except NoFile:
        return None
    url = getattr(type(document), "get_file_url", None)
    return StoredFile(
        str(getattr(found, "original", None) or field),
        int(found.length),
        None if url is None else str(url(document, field)),
    )


class DocumentFileInput(forms.ClearableFileInput):
    """`<input type="file">`, with the name and size of the file that is there, and a box to remove it."""

    def is_initial(self, value: Any) -> bool:
        """Return whether there is a file, whether it has a URL or not."""
        return bool(value)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the HTML."""
        context = self.get_context(name, value, attrs)["widget"]
        file_input = forms.FileInput(self.attrs).render(name, None, attrs, renderer)
        if not context["is_initial"]:
            return file_input
        shown = format_html("{} ({})", value, filesizeformat(value.size))
        if value.url:
            shown = format_html('<a href="{}">{}</a>', value.url, shown)
        box = ""
        if not context["required"]:
            disabled = " disabled" if context["attrs"].get("disabled") else ""
            box = format_html(
                '<br>\n<input type="checkbox" name="{}" id="{}"{}>\n<label for="{}">{}</label>',
                context["checkbox_name"],
                context["checkbox_id"],
                disabled,
                context["checkbox_id"],
                context["clear_checkbox_label"],
            )
        return format_html(
            "{}: {}{}<br>\n{}: {}", context["initial_text"], shown, box, context["input_text"], file_input
        )


class DocumentFileField(forms.FileField):
    """A file of a document, of those that its class declares by `gridfs = {"files": […]}`.

    :param max_size: bytes; no limit unless given.
    """

    widget = DocumentFileInput
    default_error_messages = {"max_size": _("This file is too large: %(size)s, of at most %(limit)s.")}

    def __init__(self, *, max_size: int | None = None, **kwargs: Any) -> None:
        self.max_size = max_size
        super().__init__(**kwargs)

    def to_python(self, data: Any) -> Any:
        """Return the upload, None where there is none; raises `ValidationError`."""
        found = super().to_python(data)
        if found is not None and self.max_size is not None and (found.size or 0) > self.max_size:
            raise ValidationError(
                self.error_messages["max_size"],
                code="max_size",
                params={"size": filesizeformat(found.size), "limit": filesizeformat(self.max_size)},
            )
        return found


def file_fields(document: Any, options: DocumentFormOptions) -> dict[str, forms.Field]:
    """Return the form fields for the files that a class declares, as far as the form's `Meta` wants them."""
    made: dict[str, forms.Field] = {}
    for name in file_names(document):
        if options.takes(name):
            given = options.of_field(name)
            kind = given.pop("form_class", DocumentFileField)
            made[name] = kind(**{"required": False, **given})
    return made


def file_names(document: Any) -> tuple[str, ...]:
    """Return the names of the files that a class declares."""
    declared = getattr(document, "_gridfs", None)
    names: tuple[str, ...] = () if declared is None else declared.files
    return tuple(name for name in names if name not in document._structure.fields)


class Uploads:
    """What becomes of the files of a document when its form is saved, for both kinds of connection.

    :param sent: by field, an upload; False to remove what is there.
    """

    def __init__(self, document: Any, sent: Mapping[str, Any]) -> None:
        self._document = document
        self._sent = {
            name: one for name, one in sent.items() if one is False or isinstance(one, UploadedFile)
        }
        self._staged: dict[str, Any] = {}

    def __bool__(self) -> bool:
        return bool(self._sent)

    def stage(self) -> Flow[None]:
        """Write the uploads, where nobody finds them yet; where one fails nothing is left of any."""
        if not self:
            return
        root = self._document.fs._root()
        made: Any = AsyncGridIn if is_asynchronous(self._document.collection) else GridIn
        for name, upload in self._sent.items():
            if upload is False:
                continue
            kind = {"content_type": upload.content_type} if upload.content_type else {}
            file = made(root, filename=name, original=upload.name, staged=True, **kind)
            try:
                for chunk in upload.chunks():
                    yield file.write(chunk)
                yield file.close()
            except BaseException:
                yield file.abort()
                yield from self.discard()
                raise
            self._staged[name] = file._id

    def publish(self) -> Flow[None]:
        """Give the uploads to the document, which is saved by now; then remove what they replace."""
        if not self:
            return
        fs = self._document.fs
        files = fs._root().files
        for name, upload in self._sent.items():
            if upload is False:
                yield fs.remove(name)
                continue
            given = {**fs._tags(), "uploadDate": datetime.datetime.now(datetime.UTC)}
            yield files.update_one({"_id": self._staged.pop(name)}, {"$set": given, "$unset": {"staged": ""}})
            yield fs.prune(name)

    def discard(self) -> Flow[None]:
        """Delete what was written, as the document was not saved."""
        ids = list(self._staged.values())
        self._staged.clear()
        if not ids:
            return
        root = self._document.fs._root()
        # The error that led here says more than one of cleaning up after it.
        with suppress(PyMongoError):
            yield root.files.delete_many({"_id": {"$in": ids}})
            yield root.chunks.delete_many({"files_id": {"$in": ids}})
