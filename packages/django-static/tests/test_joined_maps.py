"""Comments that name a source map, and what only looks like one, at the end of files that are joined."""

from __future__ import annotations

import itertools
import re

import pytest
import tinycss2

import django_static
from django_static.references import css, js

#: Scripts by what their last line is, and whether that is a comment which names a map.
SCRIPTS = {
    "string": (
        'window.add = function (code, map) { return code + "\\n//# sourceMappingURL=" + map; };\n',
        False,
    ),
    "template": ("window.add = function (code) { return code + `\n//# sourceMappingURL=x.map`; };\n", False),
    "bare template": ("window.t = `\n//# sourceMappingURL=x.map`", False),
    "template and code": ("window.t = `\n//# sourceMappingURL=${1}`; out(2)", False),
    "string on two lines": ('window.s = "\\\n//# sourceMappingURL=x.map"; out(3)\n', False),
    "comment that ends": ("out(4) /*\n//# sourceMappingURL=x.map */ , out(5)\n", False),
    "comment that ends there": ("out(6) /*\n//# sourceMappingURL=x.map*/\n", False),
    "kept comment": ("out(7) /*!\n//# sourceMappingURL=x.map */ , out(8)\n", False),
    "line separator": ("out(9)\n//# sourceMappingURL=x.map\u2028out(10)\n", False),
    "comment in a comment": ("out(14) /* a\n/*# sourceMappingURL=x.map */", False),
    "map in a comment": ("out(15)\n/*# sourceMappingURL=x.map */\n", True),
    "map": ("out(11)\n//# sourceMappingURL=x.map\n", True),
    "old map": ("out(12)\n//@ sourceMappingURL=x.map", True),
    "map as data": ("out(13)\r\n//# sourceMappingURL=data:application/json;base64,e30=\r\n\r\n", True),
}
#: The same for style sheets.
SHEETS = {
    "string": ('a::before{content:"/*# sourceMappingURL=x.css.map */"}', False),
    "string at the end": ('@layer a;b{c:d}e{content:"/*# sourceMappingURL=x.css.map */"\n}', False),
    "comment in a comment": ("a{b:c}\n/* d\n/*# sourceMappingURL=x.css.map */\n", False),
    "comment that begins with a slash": ("a{b:c}/*/ d /*# sourceMappingURL=x.css.map */", False),
    "line in a comment": ("a{b:c}\n/*\n//# sourceMappingURL=x.css.map*/", False),
    "map": ("a{b:c}\n/*# sourceMappingURL=x.css.map */\n", True),
    "map after comments": ("/* a */b{c:url(/*)}/*d*/\n/*@ sourceMappingURL=x.css.map*/", True),
    "map after a string": ('a{content:"/*"}\n/*# sourceMappingURL=x.css.map */', True),
}
ORDERS = ["first", "middle", "last"]


def _in_order(order: str, text: str, others: tuple[str, str]) -> tuple[str, ...]:
    place = ORDERS.index(order)
    return (*others[:place], text, *others[place:])


def _tokens(script: str) -> list[str]:
    """The code of a script by the parser, without comments, blanks and the semicolons between statements."""
    root = js.parse(script).root_node
    assert not root.has_error, script
    found: list[str] = []
    stack = [root]
    while stack:
        node = stack.pop()
        is_token = not node.children or node.type in ("string", "template_string", "regex")
        if is_token and node.type != "comment":
            found.append((node.text or b"").decode())
        stack += [] if is_token else reversed(node.children)
    return [token for token in found if token != ";"]


def _rules(sheet: str) -> list[str]:
    assert css.read(sheet).is_closed, sheet
    rules = tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)
    return [rule.serialize() for rule in rules]


@pytest.fixture
def publish(site, settings):
    def run(kind: str, texts: tuple[str, ...], *, slim: bool, maps: bool) -> tuple[str, list[str]]:
        """The text of the joined file, and what each file is when it is published alone."""
        settings.DJANGO_STATIC_SOURCE_MAPS = maps
        for number, text in enumerate(texts):
            site.write(f"s{number}.{kind}", text, 5)
        names = [f"/s{number}.{kind}" for number in range(len(texts))]
        mark = '<link rel="stylesheet" href="{}">' if kind == "css" else '<script src="{}"></script>'
        tag = "slimall" if slim else "staticall"
        html = site.render(f"{{% {tag} %}}{''.join(map(mark.format, names))}{{% end{tag} %}}")
        (url,) = re.findall(r'(?:href|src)="([^"]+)"', html)
        alone = django_static.slimfile if slim else django_static.staticfile
        return site.text(url), [site.text(alone(name)) for name in names]

    return run


@pytest.mark.parametrize("slim", [False, True], ids=["as it is", "minified"])
@pytest.mark.parametrize("maps", [False, True], ids=["no maps", "maps"])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("row", SCRIPTS)
def test_scripts_stay_whole(publish, row, order, maps, slim):
    text, is_map = SCRIPTS[row]
    joined, alone = publish("js", _in_order(order, text, ("var one=1;\n", "var two=2")), slim=slim, maps=maps)
    assert _tokens(joined) == list(itertools.chain.from_iterable(map(_tokens, alone)))
    if is_map:
        assert not re.search(r"sourceMappingURL=(?:x\.map|data)", joined)


@pytest.mark.parametrize("slim", [False, True], ids=["as it is", "minified"])
@pytest.mark.parametrize("maps", [False, True], ids=["no maps", "maps"])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("row", SHEETS)
def test_sheets_stay_whole(publish, row, order, maps, slim):
    text, is_map = SHEETS[row]
    joined, alone = publish("css", _in_order(order, text, ("f{g:h}", "i{j:k}")), slim=slim, maps=maps)
    assert _rules(joined) == list(itertools.chain.from_iterable(map(_rules, alone)))
    if is_map:
        assert "x.css.map" not in joined
