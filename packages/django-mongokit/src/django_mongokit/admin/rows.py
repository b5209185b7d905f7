"""`list_editable`: the forms in the rows of a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet, formset_factory
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from django_mongokit.admin.forms import has_revision
from django_mongokit.forms.documents import REVISION

__all__ = ["KEY", "BaseRowFormSet", "key_field", "row_formset"]

KEY = "_id"


def key_field() -> forms.Field:
    """Return the hidden field that says which document a row is for."""
    return forms.CharField(required=False, widget=forms.HiddenInput)


class BaseRowFormSet(BaseFormSet):  # type: ignore[type-arg]  # the class can't be subscripted at run time
    """A form for each document of a list. Which one it is for its hidden key says, not its position.

    :param queryset: the documents.
    """

    def __init__(
        self, data: Any = None, files: Any = None, *, queryset: Iterable[Any] = (), **kwargs: Any
    ) -> None:
        self.documents = list(queryset)
        self.by_key = {one.pk: one for one in self.documents}
        super().__init__(data, files, **kwargs)

    def initial_form_count(self) -> int:
        """Return how many rows there are."""
        return self.total_form_count()

    def total_form_count(self) -> int:
        """Return how many rows there are: on the page, or sent."""
        if not self.is_bound:
            return len(self.documents)
        return len(self._sent())

    def _sent(self) -> list[tuple[int, Any]]:
        """Return the position and the document of each row that was sent, and whose document is there still."""
        if "_rows" not in self.__dict__:
            total = self.management_form.cleaned_data["TOTAL_FORMS"]
            keys = [(at, self._key_sent(at)) for at in range(min(total or 0, self.absolute_max))]
            self._rows = [(at, self.by_key[key]) for at, key in keys if key in self.by_key]
            self.gone = [key for _at, key in keys if key and key not in self.by_key]
        return self._rows

    def _key_sent(self, at: int) -> str:
        return self.data.get(f"{self.add_prefix(at)}-{KEY}") or ""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        at, document = self._sent()[i] if self.is_bound else (i, self.documents[i])
        # Each row has the number with which it was sent, though one before it may be gone.
        sent = {"data": self.data, "files": self.files} if self.is_bound else {}
        form = self.form(
            **sent,
            auto_id=self.auto_id,
            prefix=self.add_prefix(at),
            error_class=self.error_class,
            use_required_attribute=False,
            instance=document,
            initial={KEY: document.pk},
        )
        form.fields[KEY].disabled = True
        return form

    def clean(self) -> None:
        """Say that a row's document is gone."""
        if self.gone:
            raise ValidationError(
                _("Somebody else has deleted %(count)s of these meanwhile."),
                code="gone",
                params={"count": len(self.gone)},
            )

    @property
    def revisions(self) -> Iterator[SafeString]:
        """The hidden inputs by which a concurrent change is noticed."""
        for form in self.forms:
            if has_revision(form):
                yield form[REVISION].as_widget()


def row_formset(form: Any, most: int) -> Any:
    """Return the class for rows that have this form, at most so many of them."""
    return formset_factory(form, BaseRowFormSet, extra=0, max_num=most, absolute_max=most)
