"""The tags for Jinja2: ``Environment(extensions=["django_static.jinja2.StaticExtension"])``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

from jinja2 import Environment, nodes, pass_context
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context
from markupsafe import Markup

from . import import_maps, preloads, resolver
from .kinds import KINDS
from .resolver import Place, current

__all__ = [
    "StaticExtension",
    "slimfile",
    "staticfile",
    "staticimportmap",
    "staticintegrity",
    "staticpreload",
]

_NOWHERE = "<unknown source>"


class _Here(Place):
    """The place in the template that is running; looked up when it is asked for, since most calls never do."""

    def __str__(self) -> str:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            template = frame.f_globals.get("__jinja_template__")
            if template is not None:
                line = template.get_corresponding_lineno(frame.f_lineno)
                return str(Place(template.name or template.filename or _NOWHERE, line, self.tag))
            frame = frame.f_back
        return self.tag


_STATICFILE = _Here(_NOWHERE, 0, "staticfile")
_SLIMFILE = _Here(_NOWHERE, 0, "slimfile")
_STATICINTEGRITY = _Here(_NOWHERE, 0, "staticintegrity")
_STATICPRELOAD = _Here(_NOWHERE, 0, "staticpreload")
_STATICIMPORTMAP = _Here(_NOWHERE, 0, "staticimportmap")


def staticfile(name: object) -> str:
    """The URL of a published file: ``{{ staticfile("/img/logo.png") }}``. It is a plain string: autoescape does the rest."""
    return current().file("" if name is None else str(name), False, _STATICFILE).url


def slimfile(name: object) -> str:
    """The URL of a published and minified file: ``{{ slimfile("/js/site.js") }}``."""
    return current().file("" if name is None else str(name), True, _SLIMFILE).url


def staticintegrity(name: object, slim: bool = False) -> str:
    """The hash of a published file for an ``integrity`` attribute: ``{{ staticintegrity("/js/site.js", slim=True) }}``."""
    return current().file("" if name is None else str(name), slim, _STATICINTEGRITY).integrity


@pass_context
def staticpreload(
    context: Context, name: object, slim: bool = False, header: bool = False, **attributes: object
) -> Markup:
    """The element of a preload, also registered for the ``Link`` header: ``{{ staticpreload("/css/a.css", as="style") }}``.

    With ``header`` it is only registered. ``attributes`` are ``as``, ``type``, ``crossorigin``, ``media``, ``nonce`` and
    ``fetchpriority``.

    Raises:
        TypeError: there is no such attribute.
    """
    for key in attributes:
        if key not in preloads.ATTRIBUTES:
            raise TypeError(
                f"staticpreload() has no argument {key!r}; there are {', '.join(preloads.ATTRIBUTES)}"
            )
    given = {
        key: "" if value is True else str(value)
        for key, value in attributes.items()
        if value is not None and value is not False
    }
    wanted = preloads.Wanted("" if name is None else str(name), slim, given)
    links = preloads.links(wanted, _STATICPRELOAD)
    preloads.register(context.get("request"), links)
    return Markup("" if header else "\n".join(link.html() for link in links))  # noqa: S704 (escaped there)


def staticimportmap(
    entries: Mapping[str, str] | None = None, slim: bool = False, nonce: object = None
) -> Markup:
    """The script element with the import map: ``{{ staticimportmap({"app": "/js/app.js"}, nonce=csp_nonce) }}``.

    Raises:
        ValueError: an entry is not as it must be.
    """
    specification = import_maps.specification(entries or {})
    text = current().modules(specification, slim, _STATICIMPORTMAP).text
    return Markup(import_maps.element(text, "" if nonce is None else str(nonce)))  # noqa: S704 (escaped there)


class StaticExtension(Extension):
    """The block tags ``staticall``, ``slimall``, ``slimcontent`` and globals for what is no block.

    What stands in a block is captured as by ``{% set %}…{% endset %}``: it may have loops, macros, blocks and includes,
    and be part of an asynchronous template.
    """

    tags = {"slimall", "slimcontent", "staticall"}

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals.update(
            staticfile=staticfile,
            slimfile=slimfile,
            staticintegrity=staticintegrity,
            staticpreload=staticpreload,
            staticimportmap=staticimportmap,
        )

    def parse(self, parser: Parser) -> nodes.Node:
        """A scope that captures the content and prints what becomes of it; :meth:`found` knows it again."""
        start = next(parser.stream)
        tag, line = start.value, start.lineno
        argument = self._argument(parser, tag, line, KINDS if tag == "slimcontent" else ("async", "defer"))
        body = parser.parse_statements((f"name:end{tag}",), drop_needle=True)
        name = parser.free_identifier(line)
        values = (argument, tag, parser.name or parser.filename or _NOWHERE, line)
        call = self.call_method(
            "_printed", [name, *(nodes.Const(value, lineno=line) for value in values)], lineno=line
        )
        capture = nodes.AssignBlock(name, None, body, lineno=line)
        # Not a call block: Jinja2 prints those of a template that extends another above the page.
        return nodes.Scope([capture, nodes.Output([nodes.MarkSafe(call)], lineno=line)], lineno=line)

    @staticmethod
    def found(node: nodes.Scope, environment: Environment) -> tuple[Place, str, list[nodes.Node]] | None:
        """Place, argument and content of one of the block tags; None for any other scope."""
        match node.body:
            case [
                nodes.AssignBlock(body=body),
                nodes.Output(nodes=[nodes.MarkSafe(expr=nodes.Call(node=call, args=args))]),
            ]:
                if isinstance(call, nodes.ExtensionAttribute) and isinstance(
                    environment.extensions.get(call.identifier), StaticExtension
                ):
                    argument, tag, template, line = (each.as_const() for each in args[1:])
                    return Place(template, line, tag), argument, body
        return None

    def _argument(self, parser: Parser, tag: str, line: int, choices: Sequence[str]) -> str:
        """The one optional argument of a tag, with or without quotes."""
        argument = ""
        token = parser.stream.current
        if token.type in ("name", "string") and token.value in choices:
            argument = str(next(parser.stream).value)
            token = parser.stream.current
        if token.type != "block_end":
            parser.fail(
                f"{{% {tag} %}} in line {line}: unexpected {str(token.value)!r}; it takes nothing or one of"
                f" {', '.join(choices)}",
                line,
            )
        return argument

    def _printed(self, content: str, argument: str, tag: str, template: str, line: int) -> str:
        text = str.__str__(content)
        place = Place(template, line, tag)
        if tag == "slimcontent":
            return current().content(text, argument, place)
        return current().block(text, tag == "slimall", argument, place).text


#: The functions that mean the tags, with whether they minify, wherever and under whatever name they are globals.
FUNCTIONS: dict[Callable[..., object], tuple[str, bool]] = {
    staticintegrity: ("staticintegrity", False),
    staticpreload: ("staticpreload", False),
    staticimportmap: ("staticimportmap", False),
    staticfile: ("staticfile", False),
    slimfile: ("slimfile", True),
    resolver.staticfile: ("staticfile", False),
    resolver.slimfile: ("slimfile", True),
}
