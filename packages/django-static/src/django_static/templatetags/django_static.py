"""``{% load django_static %}``: staticfile, slimfile, slimcontent, staticall, slimall."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.template import Context, TemplateSyntaxError
from django.template.base import UNKNOWN_SOURCE, FilterExpression, Node, NodeList, Parser, Token

from .. import resolver
from ..literal import is_literal, is_settled
from ..minify import KINDS
from ..resolver import Place, Resolver, current, slimfile, staticfile

__all__ = ["register", "slimfile", "staticfile"]

register = template.Library()


class FileNode(Node):
    """``{% staticfile name [as variable] %}`` and its slim twin."""

    def __init__(self, name: FilterExpression, variable: str, slim: bool, place: Place) -> None:
        self.name = name
        self.variable = variable
        self.slim = slim
        self.place = place

    def render(self, context: Context) -> str:
        name = self.name.resolve(context)
        if not isinstance(name, str):
            name = "" if name is None else str(name)
        address = current().file(name, self.slim, self.place)
        if self.variable:
            context[self.variable] = address.url
            return ""
        return address.html if context.autoescape else address.url


class KeepingNode(Node):
    """A node that costs as little as text where it says the same each time: with literal arguments, once it is settled.

    What was printed is kept with the resolver it came from, so that it is out of date when that one is.
    """

    def __init__(self, *, is_literal: bool) -> None:
        self.is_literal = is_literal
        #: Without autoescape, and with it.
        self._kept: list[tuple[Resolver, str] | None] = [None, None]

    def render_annotated(self, context: Context) -> int | str:
        kept = self._kept[1 if context.autoescape else 0]
        if kept is not None and kept[0] is resolver.chosen:
            return kept[1]
        return super().render_annotated(context)

    def is_kept(self, context: Context, by: Resolver) -> bool:
        """Whether what it printed will stay as long as that resolver is in use."""
        kept = self._kept[1 if context.autoescape else 0]
        return kept is not None and kept[0] is by

    def keep(self, context: Context, by: Resolver, text: str) -> None:
        self._kept[1 if context.autoescape else 0] = (by, text)


class LiteralFileNode(KeepingNode, FileNode):
    """``{% staticfile "name" %}`` and its slim twin."""

    def __init__(self, name: FilterExpression, slim: bool, place: Place) -> None:
        FileNode.__init__(self, name, "", slim, place)
        KeepingNode.__init__(self, is_literal=True)

    def render(self, context: Context) -> str:
        by = current()
        address = by.file(str(self.name.var), self.slim, self.place)
        text = address.html if context.autoescape else address.url
        if address.is_settled:
            self.keep(context, by, text)
        return text


class BlockNode(KeepingNode):
    """``{% staticall [async|defer] %}...{% endstaticall %}`` and its slim twin."""

    def __init__(self, nodelist: NodeList, mode: str, slim: bool, place: Place) -> None:
        super().__init__(is_literal=is_literal(nodelist))
        self.nodelist = nodelist
        self.mode = mode
        self.slim = slim
        self.place = place

    def render(self, context: Context) -> str:
        by = current()
        layout = by.block(self.nodelist.render(context), self.slim, self.mode, self.place)
        if self.is_literal and layout.is_settled and is_settled(self.nodelist, context, by):
            self.keep(context, by, layout.text)
        return layout.text


class ContentNode(KeepingNode):
    """``{% slimcontent ["css"|"js"|"html"] %}...{% endslimcontent %}``."""

    def __init__(self, nodelist: NodeList, kind: str, place: Place) -> None:
        super().__init__(is_literal=is_literal(nodelist))
        self.nodelist = nodelist
        self.kind = kind
        self.place = place

    def render(self, context: Context) -> str:
        by = current()
        text = by.content(self.nodelist.render(context), self.kind, self.place)
        if self.is_literal and is_settled(self.nodelist, context, by):
            self.keep(context, by, text)
        return text


@register.tag("staticfile")
@register.tag("slimfile")
def file_tag(parser: Parser, token: Token) -> FileNode:
    tag, *words = token.split_contents()
    usage = f'{{% {tag} "name" %}} or {{% {tag} "name" as variable %}}'
    variable = ""
    if len(words) == 3 and words[1] == "as":
        variable = words[2]
        if not variable.isidentifier():
            raise _error(token, tag, f"{variable!r} is not a variable name", usage)
    elif len(words) != 1:
        problem = f"unexpected {' '.join(words[1:])!r}" if words else "no name is given"
        raise _error(token, tag, problem, usage)
    name, place = parser.compile_filter(words[0]), _place(parser, token, tag)
    if not variable and is_literal(name):
        return LiteralFileNode(name, tag == "slimfile", place)
    return FileNode(name, variable, tag == "slimfile", place)


@register.tag("staticall")
@register.tag("slimall")
def block_tag(parser: Parser, token: Token) -> BlockNode:
    tag, *words = token.split_contents()
    mode = _choice(token, tag, words, ("async", "defer"))
    nodelist = parser.parse((f"end{tag}",))
    parser.delete_first_token()
    return BlockNode(nodelist, mode, tag == "slimall", _place(parser, token, tag))


@register.tag("slimcontent")
def content_tag(parser: Parser, token: Token) -> ContentNode:
    tag, *words = token.split_contents()
    kind = _choice(token, tag, words, KINDS)
    nodelist = parser.parse((f"end{tag}",))
    parser.delete_first_token()
    return ContentNode(nodelist, kind, _place(parser, token, tag))


def _choice(token: Token, tag: str, words: Sequence[str], choices: Sequence[str]) -> str:
    """The one optional argument of a tag, with or without quotes."""
    if not words:
        return ""
    word = words[0]
    if len(word) > 1 and word[0] in "\"'" and word[-1] == word[0]:
        word = word[1:-1]
    if len(words) > 1 or word not in choices:
        wrong = words[1] if word in choices else words[0]
        raise _error(token, tag, f"unexpected {wrong!r}", f"nothing or one of {', '.join(choices)}")
    return word


def _place(parser: Parser, token: Token, tag: str) -> Place:
    origin = parser.origin
    name = getattr(origin, "template_name", None) or getattr(origin, "name", None) or UNKNOWN_SOURCE
    return Place(str(name), token.lineno or 0, tag)


def _error(token: Token, tag: str, problem: str, usage: str) -> TemplateSyntaxError:
    return TemplateSyntaxError(f"{{% {tag} %}} in line {token.lineno}: {problem}; it takes {usage}")
