"""References that are searched for, one after the other: what is chosen are boxes, which works without the script too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.forms.utils import flatatt
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_mongokit.forms.references import DocumentMultipleChoiceField
from django_mongokit.forms.searches import (
    OFFERED,
    DocumentSearchField,
    DocumentSearchInput,
    SearchText,
)
from django_mongokit.key_texts import has_text_key

__all__ = ["DocumentMultipleSearchField", "DocumentSearchMultipleInput"]

Labelled = list[tuple[str, Any]]


class DocumentSearchMultipleInput(DocumentSearchInput):
    """An input in which people type words, below a ticked box for each document that is chosen.

    Beside the text, whose name is the field's, it sends the keys of the boxes (`…-key`), those that are ticked of what the text
    was found to mean (`…-found`), and that text (`…-shown`), which counts no more once one of these is ticked.
    """

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        """Return the keys that were chosen; a `SearchText` is the last, where a text is still to be looked for."""
        found = [one for one in _all(data, f"{name}-found") if one]
        keys = list(dict.fromkeys([*(one for one in _all(data, f"{name}-key") if one), *found]))
        text, shown = (next(iter(_all(data, one)), "").strip() for one in (name, f"{name}-shown"))
        return [*keys, SearchText(text)] if text and not (found and text == shown) else keys

    def use_required_attribute(self, initial: Any) -> bool:
        """Return False: the input is empty where everything is chosen."""
        return False

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the HTML."""
        text, chosen, matches = self._shown_of_all(value or [])
        made = self.build_attrs(self.attrs, attrs)
        made = {"autocomplete": "off", **made, "type": "text", "name": name, "value": text}
        return format_html(
            '<span{}>{}<input{}><input type="hidden" name="{}-shown" value="{}">{}</span>',
            flatatt({**self.around(), "data-many": True}),
            _boxes(f"{name}-key", _("Chosen"), chosen, {"checked": True, "disabled": made.get("disabled")}),
            flatatt(made),
            name,
            text,
            _boxes(f"{name}-found", _("What is found"), matches, {}) if matches else "",
        )

    def _shown_of_all(self, value: Iterable[str]) -> tuple[str, Labelled, Labelled]:
        """Return the text that is still to be looked for, what is chosen, and what the text may mean."""
        field: DocumentMultipleSearchField = self.choices.field
        keys, text = [one for one in value if not isinstance(one, SearchText)], ""
        for typed in (one for one in value if isinstance(one, SearchText)):
            found = field.search.named(typed)
            if found is None:
                text = str(typed)
            elif found.pk not in keys:
                keys.append(found.pk)
        there = field.documents_of(keys)
        label = field.label_from_document
        chosen: Labelled = [
            (key, label(there[key]) if key in there else _("%s (not there any more)") % key) for key in keys
        ]
        matching = field.search.matching(text)[:OFFERED] if text else ()
        return (
            text,
            chosen,
            [(one.pk, label(one)) for one in matching if has_text_key(one) and one.pk not in keys],
        )


class DocumentMultipleSearchField(DocumentSearchField, DocumentMultipleChoiceField):
    """References to some of many documents, that people find by typing words::

        authors = DocumentMultipleSearchField(DocumentSearch(Author, ["name"]), url="author-search")

    Cleaned as `DocumentMultipleChoiceField` is, in the order in which they were chosen. The parameters, and what becomes of a
    text that was typed and not chosen, are those of `DocumentSearchField`.
    """

    widget = DocumentSearchMultipleInput  # type: ignore[assignment]  # as for one document

    def documents_of(self, keys: Iterable[str]) -> Mapping[str, Any]:
        """Return those documents of the search that have these keys, by key; asks once."""
        keys = list(keys)
        found = self.search.documents().filter(pk__in=keys) if keys else ()
        return {one.pk: one for one in found}

    def prepare_value(self, value: Any) -> Any:
        """Return the keys, as text, of references or documents; what was typed stays what it is."""
        if not isinstance(value, (list, tuple)):
            return super().prepare_value(value)
        typed = [one for one in value if isinstance(one, SearchText)]
        return [*super().prepare_value([one for one in value if not isinstance(one, SearchText)]), *typed]

    def clean(self, value: Any) -> Any:
        """Return the references; raises `ValidationError` where it is not clear which documents are meant."""
        if isinstance(value, (list, tuple)):
            chosen = [one for one in value if not isinstance(one, SearchText)]
            typed = [self.key_of(one) for one in value if isinstance(one, SearchText)]
            value = [*chosen, *(key for key in typed if key not in chosen)]
        return super().clean(value)


def _all(data: Any, name: str) -> list[str]:
    found = data.getlist(name) if hasattr(data, "getlist") else data.get(name)
    values = found if isinstance(found, (list, tuple)) else [found]
    return [one for one in values if isinstance(one, str)]


def _boxes(name: str, title: str | Promise, choices: Labelled, attrs: dict[str, Any]) -> SafeString:
    """Return boxes, with a group around them in which a script puts others."""
    return format_html(
        '<span class="document-search-boxes" role="group" aria-label="{}">{}</span>',
        title,
        format_html_join(
            "",
            '<label><input type="checkbox" name="{}" value="{}"{}> {}</label>',
            ((name, key, flatatt(attrs), label) for key, label in choices),
        ),
    )
