"""`list_editable`: the forms in the rows of a list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet, formset_factory
from django.utils.datastructures import MultiValueDict
from django.utils.functional import cached_property
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from django_mongokit.admin.forms import has_revision
from django_mongokit.forms.documents import REVISION
from django_mongokit.key_texts import has_text_key

__all__ = ["KEY", "BaseRowFormSet", "key_field", "row_formset"]

KEY = "_id"


def key_field() -> forms.Field:
    """Return the hidden field that says which document a row is for."""
    return forms.CharField(required=False, widget=forms.HiddenInput)


class _Unsent(forms.Widget):
    """Shows a key, and sends nothing."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the text."""
        return conditional_escape("" if value is None else value)


class BaseRowFormSet(BaseFormSet):  # type: ignore[type-arg]  # the class can't be subscripted at run time
    """A form for each document of a list. Which one it is for its hidden key says, not its position.

    Rows whose document is gone are no forms any more: those that are left are numbered anew, so that what is shown again
    can be sent again. A row whose document has no key as text has a form without fields, and sends nothing.

    :param queryset: the documents.
    """

    data: Any
    prefix: str

    def __init__(
        self, data: Any = None, files: Any = None, *, queryset: Iterable[Any] = (), **kwargs: Any
    ) -> None:
        self.documents = list(queryset)
        self.gone: list[int] = []
        """The numbers, as sent, of the rows whose document is gone."""
        self.keyless: list[int] = []
        """The numbers of those that came without a key."""
        self.entered: list[str] = []
        """What was entered in them, which is in no form."""
        super().__init__(data, files, **kwargs)
        if self.is_bound:
            self._find_documents()

    def _find_documents(self) -> None:
        """Have `documents` be those of the rows that were sent, in their order."""
        total = self.management_form.cleaned_data["TOTAL_FORMS"] or 0
        by_key = {one.pk: one for one in self.documents if has_text_key(one)}
        sent = {found[1] for name in self.data if (found := self._row.match(name))}
        places: dict[int, int] = {}
        self.documents = []
        for at in range(min(total, self.absolute_max)):
            if str(at) not in sent:
                continue
            key = self.data.get(f"{self.add_prefix(at)}-{KEY}") or ""
            if key in by_key:
                places[at] = len(places)
                self.documents.append(by_key[key])
            else:
                (self.gone if key else self.keyless).append(at)
        if len(places) < total:
            self.entered = [text for at in (*self.gone, *self.keyless) for text in self._entered(at)]
            self.data = self._moved(self.data, places)
            self.files = self._moved(self.files, places) if self.files else self.files
            for name in ("TOTAL_FORMS", "INITIAL_FORMS"):
                self.data[f"{self.prefix}-{name}"] = str(len(places))
            del self.management_form

    def _entered(self, at: int) -> Iterator[str]:
        prefix = self.add_prefix(at)
        for name, field in self.form.base_fields.items():
            if name != KEY and not isinstance(field.widget, forms.CheckboxInput):
                yield from (text for text in self.data.getlist(f"{prefix}-{name}") if text)

    @cached_property
    def _row(self) -> re.Pattern[str]:
        return re.compile(rf"{re.escape(self.prefix)}-([0-9]{{1,9}})-")

    def _moved(self, sent: Any, places: Mapping[int, int]) -> Any:
        """Return what was sent, with other numbers for the rows; those that have none are left out."""
        moved = MultiValueDict[str, Any]()
        for name, values in sent.lists():
            found = self._row.match(name)
            if found is None:
                moved.setlist(name, values)
            elif int(found[1]) in places:
                moved.setlist(f"{self.prefix}-{places[int(found[1])]}-{name[found.end() :]}", values)
        return moved

    def initial_form_count(self) -> int:
        """Return how many rows there are."""
        return len(self.documents)

    def total_form_count(self) -> int:
        """Return how many rows there are: on the page, or sent."""
        return len(self.documents)

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        document = self.documents[i]
        sent = {"data": self.data, "files": self.files} if self.is_bound else {}
        has_key = has_text_key(document)
        form = self.form(
            **sent,
            auto_id=self.auto_id,
            prefix=self.add_prefix(i),
            error_class=self.error_class,
            # A row that nobody has changed is neither checked again nor asked about.
            empty_permitted=True,
            use_required_attribute=False,
            instance=document,
            initial={KEY: document.pk if has_key else document[KEY]},
        )
        # A key can't be changed, which in a form of one document disables it. Here it has to be sent.
        form.fields[KEY].disabled = False
        if not has_key:
            form.fields = {KEY: forms.Field(required=False, widget=_Unsent)}
        return form

    def clean(self) -> None:
        """Say that a row's document is gone, or that nobody knows which it was."""
        errors = []
        if self.gone:
            text = _("Somebody else has deleted %(count)s of these meanwhile.")
            errors.append(ValidationError(text, code="gone", params={"count": len(self.gone)}))
        if self.keyless:
            text = _("%(count)s of the rows came without the key of their document. Nothing was saved.")
            errors.append(ValidationError(text, code="keyless", params={"count": len(self.keyless)}))
        if self.entered:
            text = _("What you had entered there: %(entered)s.")
            quoted = ", ".join(f"“{one}”" for one in self.entered)
            errors.append(ValidationError(text, code="entered", params={"entered": quoted}))
        if errors:
            raise ValidationError(errors)

    @property
    def revisions(self) -> Iterator[SafeString]:
        """The hidden inputs by which a concurrent change is noticed."""
        for form in self.forms:
            if has_revision(form):
                yield form[REVISION].as_widget()


def row_formset(form: Any, most: int) -> Any:
    """Return the class for rows that have this form, at most so many of them."""
    return formset_factory(form, BaseRowFormSet, extra=0, max_num=most, absolute_max=most)
