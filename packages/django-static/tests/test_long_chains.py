"""Modules that import one another in long chains, circles or all of them: the work grows with their number, not its square."""

from __future__ import annotations

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.template import engines
from static_test_ways import Way

from django_static import freshness, reader

SHAPES: dict[str, Callable[[int, int], list[int]]] = {
    "a chain": lambda n, count: [n + 1] if n + 1 < count else [],
    "a circle": lambda n, count: [(n + 1) % count],
    "all later ones": lambda n, count: list(range(n + 1, count)),
    "two by two": lambda n, count: [each for each in (n + 1, n + 2) if each < count],
    "circles in a chain": lambda n, count: [n + 1] + ([n - 4] if n % 5 == 4 else []) if n + 1 < count else [],
}
PAGES = {
    "the first": '{% staticfile "/js/m0.js" %}',
    "an import map": '{% staticimportmap "m/" "/js/" %}',
    "a block": '{% staticall %}<script type="module" src="/js/m0.js"></script>{% endstaticall %}',
    "each one": "{% staticimportmap {entries} %}",
}

_opened: Counter[str] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    # Only what opens by a mode: `open()` by a function of one's own opens twice, the second time by flags.
    if _opened is not None and event == "open" and arguments[1] and str(arguments[0]).endswith(".json"):
        _opened[os.fsdecode(arguments[0])] += 1


sys.addaudithook(_hook)


@contextlib.contextmanager
def opened() -> Iterator[Counter[str]]:
    """How often each record was opened."""
    global _opened
    _opened = Counter()
    try:
        yield _opened
    finally:
        _opened = None


@pytest.fixture(autouse=True)
def _as_written(settings):
    """What is looked for in the files are comments."""
    settings.DJANGO_STATIC_MINIFIERS = {"js": None}


@pytest.fixture
def looked(monkeypatch):
    """How often the state of each file was asked for to judge a record."""
    found: Counter[str] = Counter()
    signature = freshness.signature

    def counted(path: str | os.PathLike[str]) -> Any:
        found[os.fspath(path)] += 1
        return signature(path)

    monkeypatch.setattr(freshness, "signature", counted)
    return found


def fill(site, shape: str, count: int) -> None:
    for number in range(count):
        put(site, shape, count, number, "one")


def put(site, shape: str, count: int, number: int, what: str) -> None:
    imports = "".join(f'import "./m{other}.js";\n' for other in SHAPES[shape](number, count))
    mtime = 1269174558 if what == "one" else 1300000000
    site.write(f"js/m{number}.js", f"{imports}// {what} {number}\n", mtime=mtime)


def texts(way: Way, url: str) -> set[str]:
    """What is in all files that a module leads to."""
    pending, found, seen = [url], set(), {url}
    while pending:
        each = pending.pop()
        found.add(way.bytes(each).decode().rpartition("// ")[2].strip())
        new = [other for other in way.loads(each) if other not in seen]
        seen.update(new)
        pending += new
    return found


def first(html: str) -> str:
    """The URL of the first module in what a page prints."""
    return next(part for part in [*html.split('"'), html] if "/m0." in part and part != "/js/m0.js")


@pytest.mark.parametrize(
    ("page", "shape", "changed"),
    [("the first", shape, "last") for shape in SHAPES]
    + [("an import map", shape, "middle") for shape in SHAPES]
    + [("a block", "a chain", "last"), ("each one", "a chain", "last")],
)
@pytest.mark.parametrize("debug", [False, True], ids=["", "debug"])
def test_each_record_is_looked_at_a_few_times(site, settings, shape, page, changed, debug, looked):
    count = 25
    settings.DEBUG = debug
    fill(site, shape, count)
    way = Way(site, settings, "lazy", "hash", "/forever")
    entries = " ".join(f'"m{n}" "/js/m{n}.js"' for n in range(count))
    text = "{% autoescape off %}" + PAGES[page].replace("{entries}", entries) + "{% endautoescape %}"
    before = first(way.show(text))

    def show() -> str:
        # With DEBUG the process goes on, and looks again; else it is a new one.
        return first(engines["django"].get_template("page").render({}) if debug else way.show(text))

    assert texts(way, before) == {f"one {n}" for n in range(count)}
    number = count - 1 if changed == "last" else count // 2
    put(site, shape, count, number, "two")
    looked.clear()
    with opened() as records:
        after = show()
    assert after != before
    assert texts(way, after) == {f"one {n}" for n in range(count) if n != number} | {f"two {number}"}
    assert len(records) >= count // 2
    # Once to see that it is stale, once under the lock, once as it is replaced; a circle has one for all its members.
    assert max(records.values()) <= 6
    # Of the originals and of what was published: a square would be some hundreds.
    assert max(looked.values()) <= 8
    with opened() as records:
        assert show() == after
    assert not records or max(records.values()) == 1


@pytest.mark.parametrize("shape", SHAPES)
def test_a_build(site, settings, shape, looked):
    """The same while building ahead, whose records are in one file; what nobody uses any more is forgotten."""
    count = 25
    fill(site, shape, count)
    site.write("js/other.js", "other()")
    way = Way(site, settings, "build", "hash", "/forever")
    page = "{% slimall %}" + "".join(
        f'<script type="module" src="/js/m{n}.js"></script>' for n in range(count)
    )
    page += '{% endslimall %}{% staticfile "/js/m0.js" %}'
    before = way.show(page + '{% staticfile "/js/other.js" %}').rpartition("/m0.")[2]
    put(site, shape, count, count - 1, "two")
    looked.clear()
    html = way.show(page)
    url = "/forever/js/m0." + html.rpartition("/m0.")[2].partition(".js")[0] + ".js"
    assert not before.startswith(url.rpartition("/m0.")[2])
    assert texts(way, url) == {f"one {n}" for n in range(count - 1)} | {f"two {count - 1}"}
    assert max(looked.values()) <= 8
    assert "other" not in (way.out / ".django-static" / "records.json").read_text()


def test_what_another_process_has_done_meanwhile(site, settings):
    """A record that was stale when it was looked at is looked at again under its lock."""
    fill(site, "a chain", 3)
    settings.DEBUG = True
    way = Way(site, settings, "lazy", "hash", "/forever")
    way.url("/js/m0.js")
    put(site, "a chain", 3, 2, "two")
    read = reader.Reader.read
    others: list[str] = []

    def reading(self: Any, source: Any, **options: Any) -> Any:
        if source.name == "/js/m1.js" and not others:
            others.append("")
            others[0] = way.url(
                "/js/m0.js"
            )  # "another process": a second pipeline that shares nothing but the disk
        return read(self, source, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader.Reader, "read", reading)
        mine = way.url("/js/m0.js")
    assert others == [mine]
    assert texts(way, mine) == {"one 0", "one 1", "two 2"}
