"""`DocumentForm`: a form made of a document's structure, that validates and saves the document."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorList

from django_mongokit.forms.records import BaseRecordForm, DocumentFormMetaclass
from django_mongokit.forms.refusals import (
    duplicate,
    failures_of,
    is_size_wrong,
    place_failures,
    stale,
    taken_indexes,
    unknown_revision,
    verbose_name,
)
from django_mongokit.forms.saving import asave_document, leave_unset, save_document
from mongokit import Document, DuplicateKeyError, SchemaDocumentError, StaleDocumentError
from mongokit.dotnotation import doted
from mongokit.performing import is_asynchronous
from mongokit.proxy import ProxyBase

__all__ = ["BaseDocumentForm", "DocumentForm", "document_to_dict", "documentform_factory", "save_instance"]

REVISION = "_revision"
Refusal = SchemaDocumentError | DuplicateKeyError | StaleDocumentError
REFUSALS = (SchemaDocumentError, DuplicateKeyError, StaleDocumentError)


class BaseDocumentForm(BaseRecordForm):
    """What a `DocumentForm` does; the parameters are those of Django's forms, and:

    :param instance: the document to be changed. It stays as it is until `save()`.
    :param collection: where a new document is to be stored: a collection, or a document class in it
        (`get_database().talks`, or `get_database().talks.Talk`). One of the two has to be given.

    Raises `TypeError` without either, and for an instance of another class or one that is bound to no collection;
    `AttributeError` when there is no `Meta.document`.
    """

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        auto_id: Any = "id_%s",
        prefix: str | None = None,
        initial: Mapping[str, Any] | None = None,
        error_class: type[ErrorList] = ErrorList,
        label_suffix: str | None = None,
        empty_permitted: bool = False,
        instance: Any = None,
        collection: Any = None,
        use_required_attribute: bool | None = None,
        renderer: Any = None,
    ) -> None:
        if self._record is None:
            raise AttributeError(
                f"{type(self).__name__} has no Meta.document: name the document class it is for"
            )
        self.instance = self._instance(instance, collection)
        self.stored = self.instance
        self.is_new = instance is None
        self.naive_utc = _gives_naive_times(self.instance)
        shown = {} if self.is_new else document_to_dict(self.instance)
        given = initial or {}
        self.given = frozenset(given)
        super().__init__(
            data,
            files,
            auto_id,
            prefix,
            {**shown, **given},
            error_class,
            label_suffix,
            empty_permitted,
            use_required_attribute=use_required_attribute,
            renderer=renderer,
        )
        if "_id" in self.fields and "_id" in self.instance and not self.is_new:
            # With another key it would be another document.
            self.fields["_id"].disabled = True
        if self.instance.use_revision:
            self.fields[REVISION] = forms.IntegerField(
                required=False, widget=forms.HiddenInput, initial=self.instance.get(REVISION)
            )

    def _instance(self, instance: Any, collection: Any) -> Any:
        document = self._meta.document
        if instance is None and collection is None:
            raise TypeError(
                f"{type(self).__name__} needs instance=, the {document.__name__} to be changed, or collection=, "
                "where a new one is to be stored"
            )
        if instance is None:
            return document(
                collection=collection.collection if isinstance(collection, ProxyBase) else collection
            )
        if not isinstance(instance, document):
            raise TypeError(
                f"{type(self).__name__} is for {document.__name__}, not for {type(instance).__name__}: {instance!r:.80}"
            )
        if getattr(instance, "_collection", None) is None:
            raise TypeError(
                f"the instance given to {type(self).__name__} is bound to no collection: make it by "
                f"collection.{document.__name__}(), or read it from there"
            )
        return instance

    def changes(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was entered, by field; with dot notation nested dicts have it too."""
        found, nested = super().changes(stored), type(self.instance)._structure.nested
        return found if nested is dict else {name: doted(value, nested) for name, value in found.items()}

    def _post_clean(self) -> None:
        """Validate the document as it would be, without touching it: what is wrong is said at its field."""
        if self.is_new is False and self.instance.use_revision:
            self._check_revision()
        candidate = copy.copy(self.instance)
        try:
            candidate.update(self.changes(candidate))
        except ValidationError as error:
            self.add_error(None, error)
            return
        failures, others = failures_of(candidate)
        place_failures(self, failures)
        for other in others:
            self._add_own(other)
        if failures or self.errors:
            return
        wrong = is_size_wrong(candidate)
        if wrong is not None:
            self.add_error(None, wrong)
        elif not is_asynchronous(candidate.collection):
            # Beforehand, as Django's forms do; the index has the last word, in save().
            for names in list(taken_indexes(self, candidate)):
                duplicate(self, names)

    def _add_own(self, error: ValidationError) -> None:
        """Add what the document's own `validate()` has raised, where it says which fields it is about."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        placed = [(path, one) for path, errors in error.error_dict.items() for one in errors]
        for _path, one in self.place(placed):
            self.add_error(None, one)

    def _check_revision(self) -> None:
        """Compare the revision that the page was made of with the one the document has now."""
        if REVISION not in self.fields or REVISION in self.errors:
            return
        now = self.instance.get(REVISION)
        if self.add_prefix(REVISION) not in self.data:
            self.add_error(None, unknown_revision(self))
            self._show_revision(now)
        elif self.cleaned_data.get(REVISION) != now:
            self.add_error(None, stale(self))
            self._show_revision(now)

    def _show_revision(self, revision: int | None) -> None:
        # Whoever saves again has read that it puts their input in the place of somebody else's.
        data: Any = self.data
        self.data = data = data.copy()
        data[self.add_prefix(REVISION)] = "" if revision is None else str(revision)

    def save(self, commit: bool = True) -> Any:
        """Put what was entered into the document, store it, and return it.

        :param commit: False leaves storing it to the caller, who may set more of it before.

        Raises `ValueError` when the form has errors. Where MongoDB or mongokit refuses the document after all
        (`DuplicateKeyError`, `StaleDocumentError`, `SchemaDocumentError`), the error is raised, the form has it too,
        and the document is as it was.
        """
        self._apply()
        if not commit:
            return self.instance
        try:
            return save_document(self.instance, is_new=self.is_new)
        except REFUSALS as error:
            self.take_back(error)
            raise

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
        try:
            return await asave_document(self.instance, is_new=self.is_new)
        except REFUSALS as error:
            awaited = self._stored_revision() if isinstance(error, StaleDocumentError) else None
            self._refused(error, None if awaited is None else await awaited)
            raise

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


class DocumentForm(BaseDocumentForm, metaclass=DocumentFormMetaclass):
    """A form for the documents of a class.

        class TalkForm(DocumentForm):
            class Meta:
                document = Talk
                fields = ["topic", "when", "address.city"]

    `Meta` has `document`, and as Django's `ModelForm` `fields`, `exclude`, `widgets`, `labels`, `help_texts`,
    `error_messages`, `field_classes`, `localized_fields` and `formfield_callback`; all may name nested fields with
    dots. Without `fields` the form has every field of the structure. Declared fields and `clean_<field>` go before
    what the structure says.

    A class with `use_revision` gives the form the hidden field `_revision`: who saves what somebody else has changed
    since the page was made is told so.
    """

    document_base = Document


def save_instance(
    form: BaseRecordForm,
    instance: Any,
    fields: Iterable[str] | None = None,
    fail_message: str = "saved",
    commit: bool = True,
    exclude: Iterable[str] | None = None,
) -> Any:
    """Put what was entered in a form into a document, save it, and return it.

    :param fields: put in these only; `exclude`: these not.
    :param fail_message: what the document could not be, in the error's text.
    :param commit: False leaves it unsaved.

    Raises `ValueError` when the form has errors, or was not sent.
    """
    if form.errors or not form.is_bound:
        because = "the data didn't validate" if form.is_bound else "the form has no data"
        raise ValueError(f"The {verbose_name(type(instance))} could not be {fail_message} because {because}.")
    changes = form.changes(instance)
    chosen = changes.keys() if fields is None else set(fields)
    instance.update(
        {name: value for name, value in changes.items() if name in chosen and name not in set(exclude or ())}
    )
    leave_unset(instance)
    return save_document(instance, is_new="_id" not in instance) if commit else instance


def document_to_dict(
    instance: Mapping[str, Any], fields: Iterable[str] | None = None, exclude: Iterable[str] | None = None
) -> dict[str, Any]:
    """Return what a form for a document shows first: the values by field, as the document has them.

    :param fields: these only; `exclude`: these not.
    """
    known: Mapping[str, Any] = type(instance)._structure.fields  # type: ignore[attr-defined]
    chosen = known.keys() if fields is None else set(fields)
    return {
        name: instance[name]
        for name in known
        if name in instance and name in chosen and name not in set(exclude or ())
    }


def documentform_factory(
    document: type[Document],
    form: type[BaseDocumentForm] = DocumentForm,
    fields: Iterable[str] | None = None,
    exclude: Iterable[str] | None = None,
    formfield_callback: Callable[..., forms.Field | None] | None = None,
    **options: Any,
) -> type[Any]:
    """Return a `DocumentForm` class for a document class.

    :param form: the class it is derived from; what its `Meta` says holds where nothing is given here.
    :param options: any other attribute of `Meta`: `widgets`, `labels`, ….
    """
    given = {"fields": fields, "exclude": exclude, "formfield_callback": formfield_callback, **options}
    given = {name: value for name, value in given.items() if value is not None}
    if formfield_callback is not None:
        given["formfield_callback"] = staticmethod(formfield_callback)
    base = getattr(form, "Meta", None)
    meta = type("Meta", () if base is None else (base,), {"document": document, **given})
    kind: Any = type(form)
    made: type[Any] = kind(f"{getattr(document, '__name__', '')}Form", (form,), {"Meta": meta})
    return made


def _gives_naive_times(document: Any) -> bool:
    return document.accept_naive_datetimes and not document.collection.codec_options.tz_aware
