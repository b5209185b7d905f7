"""How much is minified while a page waits: of one file, and of all that one tag publishes."""

from __future__ import annotations

import pytest
from django.template import engines
from static_test_ways import Way

from django_static import kinds, lazy, minify

COUNT = 12
SHAPES = {
    "a chain": lambda n: [n + 1] if n + 1 < COUNT else [],
    "a star": lambda n: list(range(1, COUNT)) if not n else [],
    "a circle": lambda n: [(n + 1) % COUNT],
}
PAGES = {
    "a name": '{% slimfile "/js/m0.js" %}',
    "a block": '{% slimall %}<script type="module" src="/js/m0.js"></script>{% endslimall %}',
}


def module(n: int, imports: list[int]) -> str:
    head = "".join(f"import './m{each}.js' ;\n" for each in imports)
    return f"{head}export let name{n} = [ {n} ] ;\n" + "console.log( 1 ) ;\n" * 100


@pytest.fixture
def asked(monkeypatch):
    """The texts that engines were asked to minify."""
    asked: list[str] = []
    slim = minify.slim

    def counting(text, *arguments):
        asked.append(text)
        return slim(text, *arguments)

    monkeypatch.setattr(minify, "slim", counting)
    return asked


def make(site, settings, mode: str, shape: str, fingerprint: str = "hash") -> Way:
    way = Way(site, settings, mode, fingerprint, "/forever")
    for n in range(COUNT):
        site.write(f"js/m{n}.js", module(n, SHAPES[shape](n)))
    return way


@pytest.mark.parametrize("fingerprint", ["hash", "mtime"])
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("shape", SHAPES)
def test_no_more_is_minified_than_a_page_can_wait_for(
    site, settings, monkeypatch, warned, asked, shape, page, fingerprint
):
    most = 5 * len(module(10, [10]))
    monkeypatch.setattr(lazy, "LONGEST_TOGETHER", most)
    way = make(site, settings, "lazy", shape, fingerprint)
    html = way.show(page)
    distinct = {text.partition("name")[2] for text in asked}
    assert 3 <= len(distinct) <= 5 + 1
    texts = [path.read_text() for path in way.out.rglob("m*.js") if path.is_file()]
    assert len(texts) == COUNT
    assert sum("console.log( 1 )" in text for text in texts) == COUNT - len(distinct)
    (told,) = [text for text in warned() if "while a page waits" in text]
    assert f"more than {most:,} characters" in told
    asked.clear()
    assert engines["django"].get_template("page").render({}) == html
    assert asked == []


@pytest.mark.parametrize("shape", SHAPES)
def test_builds_minify_all(site, settings, monkeypatch, warned, shape):
    monkeypatch.setattr(lazy, "LONGEST_TOGETHER", 1)
    way = make(site, settings, "build", shape)
    way.show(PAGES["a name"])
    texts = [path.read_text() for path in way.out.rglob("m*.js") if path.is_file()]
    assert len(texts) == COUNT
    assert not any("console.log( 1 )" in text for text in texts)
    assert warned() == []


def test_a_text_that_is_left_as_it_is_takes_no_room(site, settings, monkeypatch, asked):
    monkeypatch.setattr(kinds, "LONGEST_AT_ONCE", 1000)
    monkeypatch.setattr(lazy, "LONGEST_TOGETHER", 1000)
    way = Way(site, settings, "lazy", "hash", "/forever")
    site.write("js/long.js", "export let long = 1 ;\n" + "console.log( 1 ) ;\n" * 500)
    site.write("js/m.js", "import './long.js' ;\nexport let a = [ 1 ] ;\n")
    text = way.bytes(way.show('{% slimfile "/js/m.js" %}')).decode()
    assert "[ 1 ]" not in text
