"""Template tags such as other packages have them."""

from __future__ import annotations

from django import template
from django.template.base import Node

from django_static.templatetags.django_static import block_tag, file_tag

register = template.Library()
register.tag("theirs", file_tag)


class TwiceNode(Node):
    def __init__(self, nodelist):
        self.nodelist = nodelist

    def render(self, context):
        return self.nodelist.render(context) * 2


class HiddenNode(Node):
    """Keeps its content where Django does not look."""

    child_nodelists = ()

    def __init__(self, nodelist):
        self.parts = {"content": [nodelist]}

    def render(self, context):
        return self.parts["content"][0].render(context).upper()


class RememberNode(Node):
    """Sets a variable whose name it was given."""

    def __init__(self, nodelist, name):
        self.nodelist = nodelist
        self.where = name

    def render(self, context):
        context[self.where] = "/remembered.css"
        return self.nodelist.render(context)


def _content(parser, end):
    nodelist = parser.parse((end,))
    parser.delete_first_token()
    return nodelist


@register.tag
def twice(parser, token):
    return TwiceNode(_content(parser, "endtwice"))


@register.tag
def shout(parser, token):
    return HiddenNode(_content(parser, "endshout"))


@register.tag
def remember(parser, token):
    return RememberNode(_content(parser, "endremember"), token.split_contents()[1])


@register.tag
def explode(parser, token):
    raise RuntimeError("not today")


@register.tag
def wrapped(parser, token):
    """Holds one of our nodes as an attribute."""
    node = Node()
    node.inner = block_tag(parser, token)
    return node


@register.filter
def boom(value):
    raise AssertionError("a filter of others was called")


@register.simple_tag
def bang():
    raise AssertionError("a tag of others was called")


@register.inclusion_tag("included_by_tag.html")
def inclusion():
    raise AssertionError("a tag of others was called")
