"""A reference that is searched for: an input with suggestions, which works without its script too."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_mongokit.forms.references import DocumentChoiceField
from django_mongokit.key_texts import has_text_key
from django_mongokit.searching import DocumentSearch

__all__ = ["OFFERED", "DocumentSearchField", "DocumentSearchInput", "SearchText"]

OFFERED = 100
"""How many matches are offered by a page without a script."""


class SearchText(str):
    """What somebody has typed, and not chosen."""

    __slots__ = ()


class DocumentSearchInput(forms.TextInput):
    """An input in which people type words. Its script suggests documents; without it, those that match are a `<select>`.

    Beside the text, whose name is the field's, it sends the key that was chosen (`…-key`) and the text that stands for that
    (`…-shown`): a key counts for as long as its text is not changed.
    """

    choices: Any
    url: str | None = None
    """What the script asks; None leaves suggestions to the page that is sent back."""

    class Media:
        css = {"all": ["django_mongokit/search.css"]}
        js = ["django_mongokit/search.js"]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the key that was chosen, or a `SearchText`."""
        sent = data.get(name)
        if not isinstance(sent, str):
            return sent
        text = sent.strip()
        key = data.get(f"{name}-key")
        if not text or (key and text == (data.get(f"{name}-shown") or "").strip()):
            return key if text else ""
        return SearchText(text)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the HTML."""
        text, key, matches = self._shown(value)
        made = self.build_attrs(self.attrs, attrs)
        made = {"autocomplete": "off", **made, "type": "text", "name": name, "value": text}
        return format_html(
            '<span{}><input{}><input type="hidden" name="{}-shown" value="{}">{}</span>',
            flatatt(self.around()),
            flatatt(made),
            name,
            text,
            format_html('<input type="hidden" name="{}-key" value="{}">', name, key)
            if not matches
            else self._select(name, matches),
        )

    def around(self) -> dict[str, Any]:
        """Return the attributes of the element around all, by which the script knows it."""
        asked = {} if self.url is None else {"data-url": self.url}
        return {"class": "document-search", "data-nothing": _("Nothing is found."), **asked}

    def _shown(self, value: Any) -> tuple[str, str, list[Any]]:
        """Return the text, the key that is chosen, and else what the text may mean."""
        field: DocumentSearchField = self.choices.field
        if value in (None, ""):
            return "", "", []
        typed = isinstance(value, SearchText)
        found = field.search.named(value) if typed else field.find(str(value))
        if found is not None:
            return field.label_from_document(found), found.pk, []
        if typed:
            return (
                str(value),
                "",
                [one for one in field.search.matching(value)[:OFFERED] if has_text_key(one)],
            )
        return str(_("%s (not there any more)") % value), str(value), []

    def _select(self, name: str, matches: list[Any]) -> SafeString:
        label = self.choices.field.label_from_document
        options = format_html_join(
            "", '<option value="{}">{}</option>', ((one.pk, label(one)) for one in matches)
        )
        return format_html(
            '<select name="{}-key" aria-label="{}"><option value="">---------</option>{}</select>',
            name,
            _("What is found"),
            options,
        )


class DocumentSearchField(DocumentChoiceField):
    """A reference to one of many documents, that people find by typing words::

        author = DocumentSearchField(DocumentSearch(Author, ["name"]), url="author-search")

    Cleaned as `DocumentChoiceField` is. A text that was typed, and not chosen from what is suggested, is taken if exactly one
    document is called so; else it is an error, and what matches is offered at the field.

    :param search: which documents there are.
    :param url: the name of the URL of `search.as_view(…)`; None leaves the suggestions to the page that is sent back.
    """

    widget = DocumentSearchInput  # type: ignore[assignment]  # no select, and nothing of one is asked of it
    default_error_messages = {
        "choose": _("Several are found, or what is found is called otherwise: choose one of them."),
        "nothing": _("Nothing is found that has these words in it."),
    }

    def __init__(self, search: DocumentSearch, *, url: str | None = None, **kwargs: Any) -> None:
        self.search, self.url = search, url
        super().__init__(search.documents, search.find, **kwargs)

    def get_bound_field(self, form: Any, field_name: str) -> Any:
        """Return the field of a form. Only here are the site's URLs known."""
        if self.url is not None:
            self.widget.url = reverse(self.url)
        return super().get_bound_field(form, field_name)

    def label_from_document(self, document: Any) -> str:
        """Return what people read for a document: what the search says."""
        return self.search.label(document)

    def clean(self, value: Any) -> Any:
        """Return the reference; raises `ValidationError` where it is not clear which document is meant."""
        return super().clean(self.key_of(value) if isinstance(value, SearchText) else value)

    def key_of(self, text: SearchText) -> str:
        """Return the key of the one document that a text means; raises `ValidationError` where there are others, or none."""
        found = self.search.named(text)
        if found is None:
            code = "choose" if list(self.search.matching(text)[:1]) else "nothing"
            raise ValidationError(self.error_messages[code], code=code)
        key: str = found.pk
        return key
