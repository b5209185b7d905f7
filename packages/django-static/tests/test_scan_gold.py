"""The proof of the scan: templates made at random are rendered for real, and what the tags were handed is what it found."""

from __future__ import annotations

import itertools
import os
from typing import Any

import pytest
from django.core.cache import cache
from django.template import Context, Engine
from hypothesis import HealthCheck, Phase, event, given, note, settings
from hypothesis import strategies as st
from static_test_recorder import Recorder

from django_static.scan import scan

NAMES = ("t0", "t1", "t2", "t3")
TEXTS = ('<link rel=stylesheet href="/a.css">', "<script src=/b.js></script>", " \n", "&<", "x", "{# no #}")
CONDITIONS = ("a", "b", "not a", "a and b", "a or not b", "not b or a", 'v == "one"', "True", "w", "None")
#: What requests may have; the conditions tell no more of them apart.
# Any of the names may be bound to another, so all texts may be all that the conditions ask for.
TEXTS = ("one", "two", "")
VALUES = {"a": (1, 0), "b": (1, 0), "v": TEXTS, "w": TEXTS, "u": TEXTS}
ITEMS = ["one", "/i.css"]
CACHED = "django.template.loaders.cached.Loader"
LIBRARIES = {
    "django_static": "django_static.templatetags.django_static",
    "static": "django.templatetags.static",
    "cache": "django.templatetags.cache",
    "others": "static_test_tags",
}
#: Tags of which the scan finds every text, but may find some that only other combinations would make.
LOOSE = ("for", "ifchanged", "cache", "as", "custom", "firstof as", "cycle")


class Maker:
    """Makes one set of templates from what hypothesis draws."""

    def __init__(self, draw: Any, loose: bool) -> None:
        self.draw = draw
        self.loose = loose
        self.number = 0
        self.blocks: set[str] = set()
        self.has_parent = False

    def templates(self) -> dict[str, str]:
        return {name: self.template(number) for number, name in enumerate(NAMES)}

    def template(self, number: int) -> str:
        self.number = number
        self.blocks = set()
        parents = NAMES[number + 1 :]
        parent = self.draw(st.sampled_from((None, *parents, *parents))) if parents else None
        self.has_parent = parent is not None
        head = "{% load django_static static cache others %}"
        if parent is None:
            return head + self.nodes(1) + self.ours(0) + self.nodes(1)
        return f'{{% extends "{parent}" %}}{head}' + "".join(
            self.block(1) for _ in range(self.draw(st.integers(0, 3)))
        )

    def nodes(self, depth: int) -> str:
        count = self.draw(st.integers(0, 3 if depth else 4))
        return "".join(self.node(depth) for _ in range(count))

    def node(self, depth: int) -> str:
        kinds = ["text", "text", "value", "file", "static"]
        if depth < 4:
            kinds += ["if", "if", "with", "wrap", "ours", "ours", "ours", "block", "include"]
            kinds += LOOSE if self.loose else ()
        kind = self.draw(st.sampled_from(kinds))
        inner = depth + 1
        match kind:
            case "text":
                return self.draw(st.sampled_from(TEXTS))
            case "value":
                values = [
                    "{{ v }}",
                    "{{ w }}",
                    "{{ v|upper }}",
                    '{{ v|default:"d" }}',
                    '{{ "l&" }}',
                    "{{ v|safe }}",
                ]
                values += ["{{ 7 }}", '{{ "l&"|force_escape }}', "{{ None }}", "{{ u }}"]
                values += ["{% templatetag openblock %}", "{% verbatim %}{{ v }}{% endverbatim %}"]
                values += [
                    "{% get_static_prefix %}",
                    '{% firstof v w "z&" %}',
                    "{% comment %}{{ v }}{% endcomment %}",
                ]
                values += ["{{ block.super }}"] if self.has_parent and depth > 1 else []
                return self.draw(st.sampled_from(values))
            case "file":
                tag = self.draw(st.sampled_from(("staticfile", "slimfile")))
                name = self.draw(
                    st.sampled_from(('"/a.css"', "v", "w", 'v|default:"/d.css"', 'v|add:".css"', "u"))
                )
                return f"{{% {tag} {name} %}}"
            case "static":
                return self.draw(st.sampled_from(('{% static "a&b.css" %}', "{% static v %}")))
            case "if":
                text = f"{{% if {self.condition()} %}}{self.nodes(inner)}"
                if self.draw(st.booleans()):
                    text += f"{{% elif {self.condition()} %}}{self.nodes(inner)}"
                if self.draw(st.booleans()):
                    text += f"{{% else %}}{self.nodes(inner)}"
                return text + "{% endif %}"
            case "with":
                binding = self.draw(
                    st.sampled_from(('v="one"', 'v="t&w" w="/w.css"', "w=v", "v=u", "v=w w=v"))
                )
                return f"{{% with {binding} %}}{self.nodes(inner)}{{% endwith %}}"
            case "wrap":
                start, end = self.draw(
                    st.sampled_from(
                        (
                            ("spaceless", "endspaceless"),
                            ("filter upper", "endfilter"),
                            ("filter force_escape|lower", "endfilter"),
                            ("autoescape off", "endautoescape"),
                            ("autoescape on", "endautoescape"),
                        )
                    )
                )
                return f"{{% {start} %}}{self.nodes(inner)}{{% {end} %}}"
            case "ours":
                return self.ours(depth)
            case "block":
                return self.block(depth)
            case "include":
                if self.number + 1 >= len(NAMES):
                    return ""
                name = self.draw(st.sampled_from(NAMES[self.number + 1 :]))
                extra = self.draw(
                    st.sampled_from(("", ' with v="inc"', " only", ' with w="/i.css" only', " with v=w"))
                )
                return f'{{% include "{name}"{extra} %}}'
            case "for":
                return (
                    f"{{% for v in items %}}{self.nodes(inner)}{{% empty %}}{self.nodes(inner)}{{% endfor %}}"
                )
            case "ifchanged":
                return (
                    f"{{% ifchanged %}}{self.nodes(inner)}{{% else %}}{self.nodes(inner)}{{% endifchanged %}}"
                )
            case "cache":
                return f"{{% cache 500 name{self.draw(st.integers(0, 9999))} %}}{self.nodes(inner)}{{% endcache %}}"
            case "as":
                return self.draw(
                    st.sampled_from(
                        (
                            '{% static "s.css" as v %}',
                            '{% slimfile "/f.css" as w %}',
                            "{% get_media_prefix as v %}",
                        )
                    )
                )
            case "firstof as":
                return self.draw(st.sampled_from(('{% firstof w v "f" as v %}', "{% firstof v as w %}")))
            case "cycle":
                return self.draw(st.sampled_from(('{% cycle "one" "two" as v %}', '{% cycle "one" w %}')))
            case _:
                tag = self.draw(st.sampled_from(("twice", "shout", "remember v")))
                return f"{{% {tag} %}}{self.nodes(inner)}{{% end{tag.split()[0]} %}}"

    def ours(self, depth: int) -> str:
        tags = (
            ("slimall", ""),
            ("slimall", " async"),
            ("staticall", ""),
            ("slimcontent", ""),
            ("slimcontent", " css"),
        )
        tag, argument = self.draw(st.sampled_from(tags))
        return f"{{% {tag}{argument} %}}{self.nodes(depth + 1)}{{% end{tag} %}}"

    def condition(self) -> str:
        return self.draw(st.sampled_from(CONDITIONS))

    def block(self, depth: int) -> str:
        free = [name for name in ("b1", "b2", "b3") if name not in self.blocks]
        if not free:
            return ""
        name = self.draw(st.sampled_from(free))
        self.blocks.add(name)
        return f"{{% block {name} %}}{self.nodes(depth + 1)}{{% endblock %}}"


@st.composite
def sites(draw: Any, loose: bool) -> dict[str, str]:
    return Maker(draw, loose).templates()


def handed(engine: Engine, recorder: Recorder, loose: bool) -> set[tuple[Any, ...]]:
    """What the tags are handed by all renderings of all templates."""
    seen = set()
    for name in NAMES:
        template = engine.get_template(name)
        for values in itertools.product(*VALUES.values()):
            if loose:
                cache.clear()
            recorder.calls.clear()
            template.render(Context({**dict(zip(VALUES, values, strict=True)), "items": ITEMS}))
            seen.update(recorder.calls)
    return seen


def found(
    templates: dict[str, str], loose: bool, monkeypatch: pytest.MonkeyPatch
) -> tuple[set[Any], set[Any], set[Any]]:
    recorder = Recorder()
    engine = Engine(
        # Read once: each is rendered with every combination of values.
        loaders=[(CACHED, [("django.template.loaders.locmem.Loader", templates)])],
        libraries=LIBRARIES,
    )
    note("\n".join(f"{name}: {text}" for name, text in templates.items()))
    with monkeypatch.context() as patch:
        patch.setattr("django_static.templatetags.django_static.current", lambda: recorder)
        real = handed(engine, recorder, loose)
    result = scan([engine])
    assert not result.failed
    uses = {(str(use.place), use.kind, use.slim, use.value, use.mode) for use in result.uses}
    unknown = {str(each.place) for each in result.unknown}
    event(f"uses: {min(len(uses), 3)}, unknown: {bool(unknown)}")
    return real, uses, unknown


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
    real, uses, unknown = found(templates, False, monkeypatch)
    assert not {each for each in real if each[0] not in unknown} - uses, "something was missed"
    assert not uses - real, "something was found that no page has"


@relaxed
@given(sites(loose=True))
def test_nothing_that_pages_hand_over_is_missed(monkeypatch, templates):
    real, uses, unknown = found(templates, True, monkeypatch)
    assert not {each for each in real if each[0] not in unknown} - uses
