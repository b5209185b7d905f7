"""The judge: whether a minified text still means what the original did."""

from __future__ import annotations

from ..references import js

__all__ = ["difference", "is_script", "is_style"]


def difference(before: str, after: str, kind: str) -> str:
    """What makes the second text mean something else than the first; empty when it means the same."""
    if kind == "js" and js.parse(after).root_node.has_error:
        return "the result has syntax errors"
    return ""


def is_script(text: str) -> bool:
    return not js.parse(text).root_node.has_error


def is_style(text: str) -> bool:
    return "{" in text
