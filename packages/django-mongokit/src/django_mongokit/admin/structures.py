"""Nested structures on a page to look at: names and values, for people rather than programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.admin.utils import display_for_value
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from django_mongokit.admin.fields import as_json, is_nested, label_of, shown
from mongokit.structure.nodes import ListNode, Node, RecordNode

__all__ = ["as_html"]

_EMPTY = "-"


def as_html(value: Any, node: Node | None) -> Any:
    """Return a value for people to read: a structure as names and values, a list of them numbered.

    What nothing is declared of stands there as Extended JSON, since its keys are data.

    :param node: its place in the document class's structure.
    """
    if isinstance(value, Mapping) and isinstance(node, RecordNode) and node.fields:
        return _record(value, node)
    if isinstance(value, (list, tuple)) and isinstance(node, ListNode) and is_nested(value):
        items = format_html_join("", "<li>{}</li>", ((as_html(one, node.item),) for one in value))
        return format_html('<ol class="embedded-shown">{}</ol>', items)
    if is_nested(value):
        return format_html("<pre>{}</pre>", as_json(value, indent=2))
    found = shown(value)
    return display_for_value(found, _EMPTY, boolean=isinstance(found, bool))


def _record(value: Mapping[str, Any], node: RecordNode) -> SafeString:
    names = [
        *(name for name in node.fields if name in value),
        *(name for name in value if name not in node.fields),
    ]
    lines = format_html_join(
        "",
        "<div><dt>{}</dt><dd>{}</dd></div>",
        ((label_of(name), as_html(value[name], node.fields.get(name))) for name in names),
    )
    return format_html('<dl class="embedded-shown">{}</dl>', lines)
