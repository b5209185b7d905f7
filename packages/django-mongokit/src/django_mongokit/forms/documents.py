"""`DocumentForm`: a form made of a document's structure, that validates and saves the document."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorList

from django_mongokit.forms.embedded import DocumentFormMetaclass
from django_mongokit.forms.files import file_names, stored_file
from django_mongokit.forms.instances import document_to_dict, gives_naive_times
from django_mongokit.forms.keys import KEY, is_blank
from django_mongokit.forms.refusals import (
    duplicate,
    failures_of,
    is_size_wrong,
    place_failures,
    stale,
    taken_indexes,
    unknown_revision,
)
from django_mongokit.forms.saving import REFUSALS, REVISION, Refusal, SavingForm
from django_mongokit.forms.strays import strays_of, without
from django_mongokit.forms.unfit import show_unfit, unfit_of
from django_mongokit.forms.whole import show_whole
from mongokit import Document
from mongokit.dotnotation import doted
from mongokit.identifying import has_id
from mongokit.performing import is_asynchronous
from mongokit.proxy import ProxyBase

__all__ = ["REFUSALS", "REVISION", "BaseDocumentForm", "DocumentForm", "Refusal", "documentform_factory"]


class BaseDocumentForm(SavingForm):
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
        self.is_stored = not self.is_new and has_id(self.instance)
        self.naive_utc = gives_naive_times(self.instance)
        self.database = self.instance.collection.database
        shown = {} if self.is_new else document_to_dict(self.instance)
        if not self.is_new:
            # Asked for when they are shown, or compared with what was sent.
            shown |= {name: self._shown_file(name) for name in file_names(type(self.instance))}
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
        if KEY in self.fields and self.is_stored:
            # With another key it would be another document; and an empty one is a key too.
            self.fields[KEY].disabled, self.fields[KEY].required = True, False
        if not self.is_new:
            self.unfit = unfit_of(self.instance)
            show_unfit(self)
        show_whole(self)
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

    def _shown_file(self, name: str) -> Callable[[], Any]:
        return lambda: stored_file(self.instance, name)

    def changes(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was entered, by field; with dot notation nested dicts have it too. No key is an empty one."""
        found, nested = super().changes(stored), type(self.instance)._structure.nested
        if is_blank(found.get(KEY)):
            found.pop(KEY, None)
        return found if nested is dict else {name: doted(value, nested) for name, value in found.items()}

    def _post_clean(self) -> None:
        """Validate the document as it would be, without touching it: what is wrong is said at its field."""
        if self.is_new is False and self.instance.use_revision:
            self._check_revision()
        candidate = copy.copy(self.instance)
        try:
            self.put_into(candidate)
        except ValidationError as error:
            self.add_error(None, error)
            return
        asked = self.fields.get(KEY)
        if asked is not None and asked.required and KEY not in candidate and KEY not in self.errors:
            self.add_error(KEY, ValidationError(asked.error_messages["required"], code="required"))
        failures, others = failures_of(candidate)
        if failures and self.is_stored:
            self.strays = strays_of(self.instance)
            failures = without(failures, self.strays)
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
