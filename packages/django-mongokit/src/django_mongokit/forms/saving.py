"""Saving the document of a form, files and all, and what is said where it is refused after all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import ValidationError

from django_mongokit.forms.files import Uploads, file_names
from django_mongokit.forms.instances import save_instance
from django_mongokit.forms.records import BaseRecordForm
from django_mongokit.forms.refusals import duplicate, place_failures, stale
from django_mongokit.forms.storing import asave_document, leave_unset, save_document
from mongokit import DuplicateKeyError, SchemaDocumentError, StaleDocumentError
from mongokit.flow import run, run_async
from mongokit.performing import is_asynchronous

__all__ = ["REFUSALS", "REVISION", "Refusal", "SavingForm"]

REVISION = "_revision"
Refusal = SchemaDocumentError | DuplicateKeyError | StaleDocumentError
REFUSALS = (SchemaDocumentError, DuplicateKeyError, StaleDocumentError)


class SavingForm(BaseRecordForm):
    """A form of a whole document."""

    instance: Any
    data: Any
    is_stored = False
    """Whether the document is one that is in its collection, by the key it has; else saving makes a new one."""
    strays: frozenset[str] = frozenset()
    """What the document has stored, and its class does not declare: it stays as it is."""

    def put_into(self, stored: dict[str, Any], takes: Callable[[str], bool] = lambda name: True) -> None:
        """Put what was entered into a document; what is empty under a unique sparse index is left out, where it may be."""
        super().put_into(stored, takes)
        leave_unset(stored)

    def _show_revision(self, revision: int | None) -> None:
        # Whoever saves again has read that it puts their input in the place of somebody else's.
        data: Any = self.data
        self.data = data = data.copy()
        data[self.add_prefix(REVISION)] = "" if revision is None else str(revision)

    def save(self, commit: bool = True) -> Any:
        """Put what was entered into the document, store it, and return it.

        :param commit: False leaves storing it to the caller, who may set more of it before, and then calls
            `save_files()` where there may be uploads.

        Raises `ValueError` when the form has errors. Where MongoDB or mongokit refuses the document after all
        (`DuplicateKeyError`, `StaleDocumentError`, `SchemaDocumentError`), the error is raised, the form has it too,
        and the document is as it was.
        """
        self._apply()
        if not commit:
            return self.instance
        uploads = self._uploads()
        try:
            run(uploads.stage())
            saved = save_document(
                self.instance, is_new=not self.is_stored, strays=self.strays, has_changed=self.has_changed()
            )
        except BaseException as error:
            run(uploads.discard())
            if isinstance(error, REFUSALS):
                self.take_back(error)
            raise
        run(uploads.publish())
        return saved

    def save_files(self) -> None:
        """Store the uploads of a document that was stored after `save(commit=False)`."""
        uploads = self._uploads()
        run(uploads.stage())
        run(uploads.publish())

    async def asave_files(self) -> None:
        """Do what `save_files()` does, awaited."""
        uploads = self._uploads()
        await run_async(uploads.stage())
        await run_async(uploads.publish())

    def _uploads(self) -> Uploads:
        names = file_names(type(self.instance))
        return Uploads(
            self.instance, {name: self.cleaned_data.get(name) for name in names if name in self.fields}
        )

    def take_back(self, error: Refusal) -> None:
        """Have the document as it was before `save(commit=False)`, and the form say why it was refused."""
        self._refused(error, self._stored_revision() if isinstance(error, StaleDocumentError) else None)

    async def asave(self, commit: bool = True) -> Any:
        """Do what `save()` does, awaited; the document may be in the collection of an `AsyncConnection`."""
        if not is_asynchronous(self.instance.collection):
            return await sync_to_async(self.save)(commit)
        self._apply()
        if not commit:
            return self.instance
        uploads = self._uploads()
        try:
            await run_async(uploads.stage())
            saved = await asave_document(
                self.instance, is_new=not self.is_stored, strays=self.strays, has_changed=self.has_changed()
            )
        except BaseException as error:
            await run_async(uploads.discard())
            if isinstance(error, REFUSALS):
                awaited = self._stored_revision() if isinstance(error, StaleDocumentError) else None
                self._refused(error, None if awaited is None else await awaited)
            raise
        await run_async(uploads.publish())
        return saved

    def try_save(self) -> Any:
        """Validate, and save; return the document, or None when the form has errors.

        Among them are those that only the attempt can find: somebody else has taken the name, or saved first. So a
        view needs no `except`: `if form.try_save(): return redirect(…)`.
        """
        if not self.is_valid():
            return None
        try:
            return self.save()
        except REFUSALS:
            return None

    async def atry_save(self) -> Any:
        """Do what `try_save()` does, awaited."""
        if not await sync_to_async(self.is_valid)():
            return None
        try:
            return await self.asave()
        except REFUSALS:
            return None

    def _apply(self) -> None:
        """Put what was entered into the document."""
        self._before = dict(self.instance)
        save_instance(self, self.instance, fail_message="created" if self.is_new else "changed", commit=False)

    def _refused(self, error: Refusal, stored: Mapping[str, Any] | None) -> None:
        self.instance.clear()
        self.instance.update(self._before)
        self.tell(error, stored)

    def tell(self, error: Refusal, stored: Mapping[str, Any] | None) -> None:
        """Have the form say why its document was refused.

        :param stored: of a stale document, what is stored now; None where it was deleted.
        """
        match error:
            case DuplicateKeyError():
                duplicate(self, error.fields)
            case StaleDocumentError():
                self.add_error(None, stale(self, is_gone=stored is None))
                if stored is not None:
                    self._show_revision(stored.get(REVISION))
            case _ if error.failures:
                place_failures(self, error.failures, is_last=True)
            case _:
                self.add_error(None, ValidationError(str(error), code="invalid"))

    def _stored_revision(self) -> Any:
        return self.instance.collection.find_one({"_id": self.instance["_id"]}, {REVISION: 1})
