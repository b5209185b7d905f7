"""The page of one document as Django's template goes through it: fieldsets, and one for each nested structure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.admin import helpers
from django.utils.html import format_html

from django_mongokit.forms import FormSetField, NestedField

__all__ = ["DocumentAdminForm"]


class DocumentAdminForm(helpers.AdminForm):
    """Django's, in which a nested structure is a fieldset of its own, below the one that names it."""

    def __iter__(self) -> Iterator[helpers.Fieldset]:
        for name, options in self.fieldsets:
            lines, nested = _parted(self.form, options["fields"])
            if lines or name:
                shown: dict[str, Any] = {**options, "fields": lines}
                yield helpers.Fieldset(
                    self.form, name, self.readonly_fields, model_admin=self.model_admin, **shown
                )
            for field in nested:
                yield from self._section(self.form[field], str(self.form[field].label))

    def _section(self, bound: Any, title: str) -> Iterator[helpers.Fieldset]:
        inner = bound.inner
        lines, nested = _parted(inner, list(inner.fields))
        said = format_html("{}{}", bound.help_text, bound.errors.as_ul()) if bound.errors else bound.help_text
        own = inner.non_field_errors()
        yield helpers.Fieldset(
            inner,
            title,
            (),
            lines,
            description=format_html("{}{}", said, own.as_ul()) if own else said,
            model_admin=self.model_admin,
        )
        for field in nested:
            yield from self._section(inner[field], f"{title}: {inner[field].label}")


def _parted(form: Any, lines: Sequence[Any]) -> tuple[list[Any], list[str]]:
    """Return the lines without nested structures, and the names of those."""
    kept: list[Any] = []
    nested: list[str] = []
    for line in lines:
        names = [line] if isinstance(line, str) or not hasattr(line, "__iter__") else list(line)
        apart = [name for name in names if _is_nested(form, name)]
        nested += apart
        left = [name for name in names if name not in apart]
        if left:
            kept.append(left if len(left) > 1 else left[0])
    return kept, nested


def _is_nested(form: Any, name: Any) -> bool:
    field = form.fields.get(name) if isinstance(name, str) and not callable(name) else None
    return isinstance(field, NestedField) and not isinstance(field, FormSetField)
