"""Whether a piece of a template says the same each time it is rendered."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from django.apps import apps
from django.template import Context
from django.template.base import FilterExpression, Node, NodeList, TextNode, VariableNode
from django.template.defaulttags import CommentNode, LoadNode, VerbatimNode
from django.templatetags.static import StaticNode

from .answers import Resolver

__all__ = ["is_literal", "is_settled"]

_TEXTS = (TextNode, CommentNode, LoadNode, VerbatimNode)


@runtime_checkable
class Keeper(Protocol):
    """A tag that keeps what it printed."""

    is_literal: bool

    def is_kept(self, context: Context, by: Resolver) -> bool: ...


def is_literal(what: NodeList | FilterExpression) -> bool:
    """Whether there is nothing in it that depends on variables, the language, or what a tag of others may do."""
    if isinstance(what, FilterExpression):
        return isinstance(what.var, str) and not what.filters
    return all(map(_is_literal, what))


def is_settled(nodelist: NodeList, context: Context, by: Resolver) -> bool:
    """Whether what a literal piece has just printed will stay, as long as a resolver is in use."""
    for node in nodelist:
        if isinstance(node, Keeper) and not node.is_kept(context, by):
            return False
        if isinstance(node, StaticNode) and not _is_settled_storage():
            return False
    return True


def _is_literal(node: Node) -> bool:
    # The very classes: a subclass may do anything.
    if type(node) in _TEXTS:
        return True
    if type(node) is StaticNode:
        return node.varname is None and is_literal(node.path)
    if type(node) is VariableNode:
        return is_literal(node.filter_expression)
    return isinstance(node, Keeper) and node.is_literal


def _is_settled_storage() -> bool:
    """Whether ``{% static %}`` asks a storage whose URLs stay; others may sign theirs, or follow the request."""
    if not apps.is_installed("django.contrib.staticfiles"):
        return False
    from django.contrib.staticfiles.storage import (
        ManifestStaticFilesStorage,
        StaticFilesStorage,
        staticfiles_storage,
    )

    from .storage import StaticStorage

    # What is behind the lazy object.
    return staticfiles_storage.__class__ in (StaticFilesStorage, ManifestStaticFilesStorage, StaticStorage)
