"""``{% load django_static %}``: the five tags, and staticintegrity, staticpreload and staticimportmap."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.template import Context, TemplateSyntaxError
from django.template.base import UNKNOWN_SOURCE, FilterExpression, Node, NodeList, Parser, Token

from ..kinds import KINDS
from ..literal import is_literal, is_settled
from ..nodes import ImportMapNode, IntegrityNode, KeepingNode, PreloadNode
from ..preloads import ATTRIBUTES
from ..resolver import Place, current, slimfile, staticfile

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


@register.tag("staticintegrity")
def integrity_tag(parser: Parser, token: Token) -> IntegrityNode:
    tag, *words = token.split_contents()
    if not words or words[1:] not in ([], ["slim"]):
        problem = f"unexpected {' '.join(words[1:])!r}" if words else "no name is given"
        raise _error(token, tag, problem, f'{{% {tag} "name" %}} or {{% {tag} "name" slim %}}')
    return IntegrityNode(parser.compile_filter(words[0]), len(words) > 1, _place(parser, token, tag))


@register.tag("staticpreload")
def preload_tag(parser: Parser, token: Token) -> PreloadNode:
    tag, *words = token.split_contents()
    usage = (
        f'{{% {tag} "name" %}} with, if need be, slim, header, crossorigin, and {"=…, ".join(ATTRIBUTES)}=…'
    )
    if not words:
        raise _error(token, tag, "no name is given", usage)
    attributes: dict[str, FilterExpression | str] = {}
    flags = set()
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if word in ("slim", "header"):
            flags.add(word)
        elif word == "crossorigin":
            attributes[word] = "anonymous"
        elif equals and value and key in ATTRIBUTES:
            attributes[key] = parser.compile_filter(value)
        else:
            raise _error(token, tag, f"unexpected {word!r}", usage)
    return PreloadNode(
        parser.compile_filter(words[0]),
        "slim" in flags,
        _place(parser, token, tag),
        attributes,
        "header" in flags,
    )


@register.tag("staticimportmap")
def importmap_tag(parser: Parser, token: Token) -> ImportMapNode:
    tag, *words = token.split_contents()
    usage = f'{{% {tag} "specifier" "name" … %}} with slim and nonce=… at the end, if need be'
    slim = False
    nonce = None
    while words and (words[-1] == "slim" or words[-1].startswith("nonce=")):
        word = words.pop()
        slim = slim or word == "slim"
        nonce = parser.compile_filter(word.removeprefix("nonce=")) if word != "slim" else nonce
    if len(words) % 2:
        raise _error(token, tag, f"there is no name for {words[-1]}", usage)
    found = [parser.compile_filter(word) for word in words]
    return ImportMapNode(
        list(zip(found[::2], found[1::2], strict=True)), slim, nonce, _place(parser, token, tag)
    )


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
