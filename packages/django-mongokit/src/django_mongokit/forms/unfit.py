"""What a document has stored in another type than its class declares: a form shows it as text, and never replaces it unseen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from django_mongokit.forms.alike import as_entered
from django_mongokit.forms.fields import JsonValueField
from django_mongokit.forms.nested import NestedField, below
from django_mongokit.forms.refusals import message_of
from django_mongokit.forms.shown import in_one_line, is_text
from django_mongokit.forms.stored import as_stored, text_of
from mongokit.errors import AuthorizedTypeError, Failure, RequireFieldError, SchemaTypeError, SetContentError
from mongokit.structure.nodes import ListNode, Node, RecordNode

if TYPE_CHECKING:
    from django_mongokit.forms.records import BaseRecordForm

__all__ = ["UnfitField", "show_unfit", "unfit_of"]

_OF_TYPES = frozenset({SchemaTypeError, AuthorizedTypeError, SetContentError})
_BLANK = frozenset({"number", "range", "date", "datetime-local", "month", "week", "time", "color"})
"""Inputs that browsers leave empty for what does not fit them, or fill with something else."""


class UnfitField(JsonValueField):
    """A stored value that the field in whose place this one is cannot show, as Extended JSON.

    Left as it is, it is an error; else the value that was entered is stored, if it is of the declared type.

    :param node: the place in the structure.
    :param stored: what is there.
    """

    default_error_messages = {
        "unfit": _("What is stored here is not of the declared type: enter in its place what is."),
        "json": _(
            "What was entered is no JSON. Enter a value of the declared type as JSON; or, if this was not a text when the "
            "page was made, reload the page: somebody else has stored something else here meanwhile."
        ),
    }

    def __init__(self, node: Node | None, stored: Any, **kwargs: Any) -> None:
        self.node = node
        convert = None if node is None else as_entered(node)
        super().__init__(to_document=convert, empty=lambda: _empty(node), required=False, **kwargs)
        self.shown = self.prepare_value(stored)

    def prepare_value(self, value: Any) -> Any:
        """Return the text for a value; what was sent is shown as it is."""
        if hasattr(self, "shown") and is_text(value):
            return super().prepare_value(value)
        return text_of(value, None if self.node is None else as_stored(self.node), self.indent)

    def clean(self, value: Any) -> Any:
        """Return the value of a text; raises `ValidationError`, also for one that is as it was shown."""
        if self.disabled:
            return value
        if not self.has_changed(None, value):
            if value is None:
                return None
            raise ValidationError(self.error_messages["unfit"], code="type")
        try:
            found = super().clean(value)
        except ValidationError as error:
            if getattr(error, "code", None) != "json":
                raise
            # As of a checkbox that was ticked before this took its place.
            both = [ValidationError(self.error_messages[code], code=code) for code in ("unfit", "json")]
            raise ValidationError(both) from None
        if not _may_be(found, self.node):
            raise ValidationError(self.error_messages["unfit"], code="type")
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether a text is another than the one that was shown; what was not sent is none."""
        return not self.disabled and data is not None and in_one_line(data) != in_one_line(self.shown)


class MendedField(UnfitField):
    """The text of a page that was made while an `UnfitField` was right: what is stored now fits the form's own field.

    Whatever it says, it is not stored: it could bring in what the form inside does not ask for, or would refuse. It
    stays on the page as an error; left empty, it stands for what is stored.
    """

    default_error_messages = {
        "mended": _(
            "Somebody else has put this right or removed it meanwhile. Empty this to keep what is there now; or copy "
            "what you have entered, and reload the page to enter it in the fields that it has then."
        )
    }

    def __init__(self, node: Node | None, stored: Any, **kwargs: Any) -> None:
        self.stored = stored
        super().__init__(node, stored, **kwargs)

    def clean(self, value: Any) -> Any:
        """Return what is stored, or what stands for nothing; raises `ValidationError` for another text."""
        if self._says_more(value):
            raise ValidationError(self.error_messages["mended"], code="stale")
        return _empty(self.node) if self.stored is None else self.stored

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether there is a text that is another than that of what is stored; or a list is to be made."""
        is_made = self.stored is None and _empty(self.node) is not None
        return not self.disabled and (is_made or self._says_more(data))

    def _says_more(self, data: Any) -> bool:
        return is_text(data) and bool(data.strip()) and super().has_changed(None, data)


def _empty(node: Node | None) -> Any:
    return node.container() if isinstance(node, ListNode) and not node.unset else None


def _may_be(value: Any, node: Node | None) -> bool:
    """Return whether a form's own methods may see a value: of a structure they expect names, of a list elements."""
    if value is None:
        return True
    if isinstance(node, ListNode):
        return isinstance(value, (list, tuple)) and all(_may_be(one, node.item) for one in value)
    return not isinstance(node, RecordNode) or isinstance(value, Mapping)


def unfit_of(document: Any) -> dict[str, Failure]:
    """Return what is wrong with the types of what a document has, by dotted path. None and "" are nothing, but in a list."""
    failures: list[Failure] = []
    type(document)._structure.check(document, failures)
    return {
        one.path: one
        for one in failures
        if (one.error in _OF_TYPES and one.value is not None and one.value != "")
        or (one.error is RequireFieldError and one.path.rpartition(".")[2].isdecimal())
    }


def show_unfit(form: BaseRecordForm) -> None:
    """Have the fields of a form whose stored value is of a wrong type show it as text.

    A browser leaves an input for numbers empty that is to show "many", and a choice that is none; and no form for a
    structure can be made of a text. What was not shown would be replaced by nothing, whoever changes something else.

    In place of a form for a structure there is what was on the page that was sent, so that nothing is lost of it when
    somebody else has stored another kind of value meanwhile.
    """
    for name, field in form.fields.items():
        stored = (form.stored or {}).get(name)
        if name in form.given:
            continue
        about = below(form.unfit, name)
        if isinstance(field, NestedField):
            is_fit = stored is None or field.shows(stored)
            had_text = _had_text(form, name, is_fit)
            if is_fit and had_text:
                form.fields[name] = _in_place_of(field, MendedField, form._record.fields.get(name), stored)
            is_unfit = not is_fit and had_text is not False
        elif stored is None:
            continue
        else:
            is_unfit = name in form.unfit or bool(about)
        if not is_unfit:
            continue
        found = form.unfit.get(name) or next(iter(about.values()), None)
        # Which element of a list it is, only the path says.
        text = found and message_of(found, with_path=name not in form.unfit)
        form.fields[name] = _as_text(field, form._record.fields.get(name), stored, text)


def _had_text(form: BaseRecordForm, name: str, is_fit: bool) -> bool | None:
    """Return whether a page that was sent had a text in place of a nested field; None where it does not tell."""
    if not form.is_bound or form.fields[name].disabled:
        return None
    html_name = form.add_prefix(name)
    has_text = html_name in form.data
    if is_fit and not has_text:
        # As on nearly every page: the names need not be looked through.
        return None
    has_inputs = any(key.startswith(f"{html_name}-") for key in form.data)
    return None if has_text == has_inputs else has_text


def _as_text(field: forms.Field, node: Node | None, stored: Any, message: str | None) -> forms.Field:
    widget: Any = field.widget
    if isinstance(field, (NestedField, forms.MultiValueField)) or _has_no_text(widget):
        return _in_place_of(field, UnfitField, node, stored, {} if message is None else {"unfit": message})
    if isinstance(widget, forms.widgets.ChoiceWidget):
        field.widget = forms.TextInput(widget.attrs)
    elif getattr(widget, "input_type", None) in _BLANK:
        widget.input_type = "text"
    return field


def _in_place_of(
    field: forms.Field,
    kind: type[UnfitField],
    node: Node | None,
    stored: Any,
    texts: dict[str, str] | None = None,
) -> UnfitField:
    return kind(
        node,
        stored,
        label=field.label,
        help_text=field.help_text,
        disabled=field.disabled,
        error_messages=texts or {},
    )


def _has_no_text(widget: Any) -> bool:
    odd = (forms.CheckboxInput, forms.NullBooleanSelect, forms.MultiWidget, forms.SelectDateWidget)
    return isinstance(widget, odd) or bool(getattr(widget, "allow_multiple_selected", False))
