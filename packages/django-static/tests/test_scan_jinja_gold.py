"""The proof of the scan for Jinja2: what made up templates hand to the tags in real renderings is what it finds."""

from __future__ import annotations

import itertools
import os
from typing import Any

import jinja2
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from static_test_recorder import Recorder

from django_static.scan import scan

NAMES = ("t0", "t1", "t2", "t3")
TEXTS = ('<link rel=stylesheet href="/a.css">', "<script src=/b.js></script>", " \n", "&<", "x", "{# no #}")
CONDITIONS = ("a", "b", "not a", "a and b", "a or not b", "not b or a", 'v == "one"', "true", "w", "none")
# Any of the names may be bound to another, so all texts may be all that the conditions ask for.
TEXTS = ("one", "two", "")
VALUES = {"a": (1, 0), "b": (1, 0), "v": TEXTS, "w": TEXTS, "u": TEXTS}
ITEMS = ["one", "/i.css"]
PRINTED = (
    "{{ v }}",
    "{{ w }}",
    "{{ v|upper }}",
    '{{ v|default("d", true) }}',
    '{{ "l&" }}',
    '{{ "l&" ~ v }}',
    '{{ "l&" + "k" }}',
    "{{ 7 }}",
    '{{ "l&"|e }}',
    "{{ v|safe }}",
    '{{ "yes" if a else "no" }}',
    '{{ "yes" if b }}',
    '{{ v or "z&" }}',
    "{{ [v, 'k'][1] }}",
    "{{ {'k': v, 'l': '/l.css'}.l }}",
    "{{ u }}",
    "{% raw %}{{ v }}{% endraw %}",
    "{{ ['p', 'q&']|join }}",
    "{{ 'a' is defined }}",
    "{{ 3 + 4 }}",
)
ARGUMENTS = (
    '"/a.css"',
    "v",
    "w",
    'v or "/d.css"',
    'v ~ ".css"',
    "u",
    '"/y.css" if b else "/n.css"',
    '["/k.css", v][0]',
)
MACROS = (
    '{% macro css(name, media="all") %}<link href="{{ name }}" media="{{ media }}">{{ slimfile(name) }}{% endmacro %}'
    "{% macro both(one, two) %}{% slimall %}{{ one }}{% if two %}&{{ two }}{% endif %}{% endslimall %}{% endmacro %}"
    "{% macro around(tag) %}<{{ tag }}>{{ caller() }}</{{ tag }}>{% endmacro %}"
)


class Maker:
    """Makes one set of templates from what hypothesis draws."""

    def __init__(self, draw: Any, loose: bool) -> None:
        self.draw = draw
        self.loose = loose
        self.number = 0
        self.blocks: set[str] = set()
        self.has_parent = False
        self.inside = ""

    def pick(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def templates(self) -> dict[str, str]:
        made = {name: self.template(number) for number, name in enumerate(NAMES)}
        return {**made, "macros": MACROS}

    def template(self, number: int) -> str:
        self.number = number
        self.blocks = set()
        parents = NAMES[number + 1 :]
        parent = self.draw(st.sampled_from((None, *parents, *parents))) if parents else None
        self.has_parent = parent is not None
        head = '{% import "macros" as m %}{% from "macros" import css as link %}'
        if parent is None:
            return head + self.nodes(1) + self.ours(0) + self.nodes(1)
        sets = self.pick("", '{% set v = "top&" %}', "{% set w = v %}")
        return f'{{% extends "{parent}" %}}{head}{sets}' + "".join(
            self.block(1) for _ in range(self.draw(st.integers(0, 3)))
        )

    def nodes(self, depth: int) -> str:
        return "".join(self.node(depth) for _ in range(self.draw(st.integers(0, 3))))

    def node(self, depth: int) -> str:
        kinds = ["text", "text", "value", "file", "macro"]
        if depth < 4:
            kinds += [
                "if",
                "if",
                "with",
                "wrap",
                "ours",
                "ours",
                "ours",
                "block",
                "include",
                "call",
                "list",
                "set",
            ]
            kinds += ["for", "set if", "namespace"] if self.loose else []
        inner = depth + 1
        match self.pick(*kinds):
            case "text":
                return self.pick(*TEXTS)
            case "value":
                return self.pick(*PRINTED, *(["{{ super() }}"] if self.has_parent and depth > 1 else []))
            case "file":
                return f"{{{{ {self.pick('staticfile', 'slimfile')}({self.pick(*ARGUMENTS)}) }}}}"
            case "macro":
                calls = (
                    "m.css(v)",
                    'm.css("/a&.css", media="print")',
                    'link("/b.css")',
                    'm.both("1", v)',
                    'm.both("1&")',
                )
                return f"{{{{ {self.pick(*calls)} }}}}"
            case "call":
                return f"{{% call m.around('{self.pick('p', 'b')}') %}}{self.nodes(inner)}{{% endcall %}}"
            case "if":
                text = f"{{% if {self.pick(*CONDITIONS)} %}}{self.nodes(inner)}"
                if self.draw(st.booleans()):
                    text += f"{{% elif {self.pick(*CONDITIONS)} %}}{self.nodes(inner)}"
                if self.draw(st.booleans()):
                    text += f"{{% else %}}{self.nodes(inner)}"
                return text + "{% endif %}"
            case "with":
                binding = self.pick('v="one"', 'v="t&w", w="/w.css"', "w=v", "v=u", "v=w, w=v")
                return f"{{% with {binding} %}}{self.nodes(inner)}{{% endwith %}}"
            case "set":
                name = self.pick("v", "w")
                # In a scope of its own: what conditions set outside of it is for the other test. It has the variables
                # before they are set: to Jinja2 those of the request are undefined in a block that sets them first.
                block = self.pick(
                    f'{{% set {name} = "s&" %}}', f"{{% set {name} %}}{self.nodes(inner)}{{% endset %}}"
                )
                return f"{{% with v=v, w=w %}}{block}{self.nodes(inner)}{{% endwith %}}"
            case "wrap":
                start, end = self.draw(
                    st.sampled_from(
                        (
                            ("filter upper", "endfilter"),
                            ("filter e|lower", "endfilter"),
                            ("filter replace('a', 'b')", "endfilter"),
                            ("autoescape false", "endautoescape"),
                            ("autoescape true", "endautoescape"),
                        )
                    )
                )
                return f"{{% {start} %}}{self.nodes(inner)}{{% {end} %}}"
            case "ours":
                return self.ours(depth)
            case "block":
                return self.block(depth)
            case "list":
                items = self.pick('["/1.css", "/2&.css"]', "[v, w]", "[]", '"ab"', '{"/k.css": 1}')
                body = self.nodes(inner) + self.pick(
                    "", "{{ v }}", "{% if loop.first %}1{% endif %}", "{{ loop.index }}"
                )
                return f"{{% for v in {items} %}}{body}{{% else %}}{self.nodes(inner)}{{% endfor %}}"
            case "include":
                if self.number + 1 >= len(NAMES):
                    return ""
                name = self.pick(*NAMES[self.number + 1 :])
                written = self.pick(
                    f'"{name}"', f'["missing", "{name}"]', f'"{name}" ignore missing', '"no" ignore missing'
                )
                return f"{{% include {written} {self.pick('', '', 'without context')} %}}"
            case "for":
                return (
                    f"{{% for v in items %}}{self.nodes(inner)}{{% else %}}{self.nodes(inner)}{{% endfor %}}"
                )
            case "set if":
                return f"{{% if {self.pick(*CONDITIONS)} %}}{{% set {self.pick('v', 'w')} = 's&' %}}{{% endif %}}"
            case _:
                return "{% set n = namespace(v='n') %}{% if b %}{% set n.v = 'k' %}{% endif %}{{ staticfile(n.v) }}"

    def ours(self, depth: int) -> str:
        tag, argument = self.draw(
            st.sampled_from(
                (("slimall", ""), ("slimall", " async"), ("staticall", ""), ("slimcontent", ' "css"'))
            )
        )
        return f"{{% {tag}{argument} %}}{self.nodes(depth + 1)}{{% end{tag} %}}"

    def block(self, depth: int) -> str:
        # A block may stand in those before it only, or pages would go round in circles.
        free = [name for name in ("b1", "b2", "b3") if name not in self.blocks and name > self.inside]
        if not free:
            return ""
        name = self.pick(*free)
        self.blocks.add(name)
        self.inside, outer = name, self.inside
        body = self.nodes(depth + 1)
        self.inside = outer
        return f"{{% block {name} {self.pick('', 'scoped')} %}}{body}{{% endblock %}}"


@st.composite
def sites(draw: Any, loose: bool) -> dict[str, str]:
    return Maker(draw, loose).templates()


def found(templates: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> tuple[set[Any], set[Any], set[Any]]:
    recorder = Recorder()
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(templates),
        extensions=["django_static.jinja2.StaticExtension"],
        autoescape=True,
    )
    note("\n".join(f"{name}: {text}" for name, text in templates.items()))
    real = set()
    with monkeypatch.context() as patch:
        patch.setattr("django_static.jinja2.current", lambda: recorder)
        for name in NAMES:
            for values in itertools.product(*VALUES.values()):
                recorder.calls.clear()
                try:
                    environment.get_template(name).render(
                        **dict(zip(VALUES, values, strict=True)), items=ITEMS
                    )
                except jinja2.UndefinedError:  # super() where there is none: no page
                    continue
                real.update(recorder.calls)
    result = scan([environment])
    assert not result.failed
    uses = {(str(use.place), use.kind, use.slim, use.value, use.mode) for use in result.uses}
    return real, uses, {str(each.place) for each in result.unknown}


# GOLD=1000 in the environment looks longer, and does not shrink what it finds, which takes long.
relaxed = settings(
    max_examples=int(os.environ.get("GOLD", "30")),
    deadline=None,
    # The same examples in every run of the suite; GOLD takes others each time.
    derandomize="GOLD" not in os.environ,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, *(() if "GOLD" in os.environ else (Phase.shrink,))),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@relaxed
@given(sites(loose=False))
def test_exactly_what_pages_hand_over_is_found(monkeypatch, templates):
    real, uses, unknown = found(templates, monkeypatch)
    assert not {each for each in real if each[0] not in unknown} - uses, "something was missed"
    assert not uses - real, "something was found that no page has"


@relaxed
@given(sites(loose=True))
def test_nothing_that_pages_hand_over_is_missed(monkeypatch, templates):
    real, uses, unknown = found(templates, monkeypatch)
    assert not {each for each in real if each[0] not in unknown} - uses
