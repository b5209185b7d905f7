"""Preloads in blocks: they lead to what the page loads, and to nothing else, in every mode."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

A, B = (f'<link rel="stylesheet" href="/css/{name}.css">' for name in "ab")
X, Y = (f'<script src="/js/{name}.js"></script>' for name in "xy")
M = '<script type="module" src="/js/m.js"></script>'
FONT = '<link rel="preload" as="font" href="/f.woff2" crossorigin>'


def early(name: str, extra: str = "", relation: str = "preload") -> str:
    """A preload of a style sheet or script."""
    destination = "style" if name.endswith(".css") else "script"
    said = "" if relation == "modulepreload" else f' as="{destination}"'
    return f'<link rel="{relation}"{said} href="{name}"{extra}>'


def module(name: str, extra: str = "") -> str:
    return early(name, extra, "modulepreload")


@pytest.fixture
def pages(modes):
    site = modes.site
    site.write("css/a.css", "a { b : url(/f.woff2) }")
    site.write("css/b.css", "b { c : d }")
    site.write("js/x.js", "var x = 1 ;")
    site.write("js/y.js", "var y = 1 ;")
    site.write("js/m.js", "import './n.js' ;")
    site.write("js/n.js", "export var n = 1 ;")
    site.write("f.woff2", b"font")
    return modes


class Links(HTMLParser):
    """What a page preloads, and what it loads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.preloaded: list[dict[str, str | None]] = []
        self.loaded: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "script":
            self.loaded.append({**found, "href": found["src"]})
        elif tag == "link":
            (self.preloaded if "preload" in str(found["rel"]) else self.loaded).append(found)

    @staticmethod
    def urls(found: list[dict[str, str | None]]) -> list[str | None]:
        return [each["href"] for each in found]


def linked(pages, html: str, tag: str = "slimall") -> Links:
    """What a block prints in both modes."""
    pages.page(f"{{% {tag} %}}{html}{{% end{tag} %}}")
    return Links(pages.both())


@pytest.mark.parametrize("tag", ["slimall", "staticall"])
@pytest.mark.parametrize(
    "html",
    [
        pytest.param(early("/css/b.css") + B, id="a style sheet"),
        pytest.param(early("/css/a.css") + early("/css/b.css") + A + B, id="two that become one"),
        pytest.param(early("/css/a.css") + A + early("/css/b.css") + B, id="each before its own"),
        pytest.param(A + B + early("/css/b.css"), id="behind"),
        pytest.param(early("/js/x.js") + X, id="a script"),
        pytest.param(early("/js/y.js") + early("/js/x.js") + X + Y, id="two scripts"),
        pytest.param(module("/js/m.js") + M, id="a module"),
        pytest.param(early("/css/a.css", ' media="print"') + A.replace(">", ' media="print">'), id="print"),
    ],
)
def test_all_that_is_preloaded_is_loaded(pages, html, tag):
    links = linked(pages, html, tag)
    urls = links.urls(links.preloaded)
    assert len(urls) == len(set(urls)) >= 1, "each once"
    assert set(urls) <= set(links.urls(links.loaded))
    assert all(re.search(r"\.[0-9a-f]{12}\.(css|js)$", str(url)) for url in urls)


def test_a_preload_keeps_nothing_apart(pages):
    links = linked(pages, A + FONT + B)
    assert len(links.loaded) == 1
    assert len(links.preloaded) == 1


def test_one_with_a_handler_keeps_apart(pages):
    """It may become a style sheet where it stands."""
    html = A + early("/css/x.css", " onload=\"this.rel='stylesheet'\"") + B
    pages.site.write("css/x.css", "x { y : z }")
    assert len(linked(pages, html).loaded) == 2


def test_those_with_handlers_are_done_once_for_each_file(pages):
    handler = " onload=\"this.rel='stylesheet'\""
    html = early("/css/a.css", handler) + early("/css/b.css", handler) + f"<noscript>{A}{B}</noscript>"
    links = linked(pages, html)
    assert [str(url).split(".")[0] for url in links.urls(links.preloaded)] == ["/css/a", "/css/b"]
    assert [str(url).split(".")[0] for url in links.urls(links.loaded)] == ["/css/a_b"]


def test_what_only_a_preload_names(pages):
    """The module that another one imports has the name that it imports it by; so has the font of a style sheet."""
    links = linked(pages, module("/js/n.js") + M + FONT + A)
    imported, font = links.urls(links.preloaded)
    script, sheet = links.urls(links.loaded)
    assert str(imported).rpartition("/")[2] in pages.site.text(str(script))
    assert str(font).rpartition("/")[2] in pages.site.text(str(sheet))
    assert links.preloaded[1]["crossorigin"] is None, "as it was written"


@pytest.mark.parametrize(
    "html",
    [
        '<link rel="preload" as="image" href="/css/a.css">',
        '<link rel="preload" href="/css/a.css">',
        '<link rel="prefetch" as="style" href="/css/a.css">',
        '<link rel="preload" as="style">',
        '<link rel="preload" as="style" href="">',
        '<link rel="preload" as="style" href="https://cdn.example.com/a.css">',
        '<link rel="modulepreload" href="data:text/javascript,x">',
        '<!-- <link rel="preload" as="style" href="/css/a.css"> -->',
        '<textarea><link rel="preload" as="style" href="/css/a.css"></textarea>',
    ],
)
def test_what_stays_as_it_is(pages, html):
    pages.page(f"{{% slimall %}}{html}{{% endslimall %}}")
    assert pages.both() == html


def test_without_static_files_nothing_is_touched(pages):
    html = early("/css/a.css") + A + FONT
    pages.page(f"{{% slimall %}}{html}{{% endslimall %}}")
    assert pages.off() == html
    pages.settings.DJANGO_STATIC_MEDIA_URL = "//static.example.com"
    pages.settings.DJANGO_STATIC_MEDIA_URL_ALWAYS = True
    links = Links(pages.off())
    assert links.urls(links.preloaded) == ["//static.example.com/css/a.css", "//static.example.com/f.woff2"]


@pytest.mark.parametrize("prefix", ["", "/cache"])
def test_the_address_is_that_of_the_settings(pages, prefix, tmp_path):
    pages.settings.DJANGO_STATIC_MEDIA_URL = "//static.example.com"
    if prefix:
        pages.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "out")
        pages.settings.DJANGO_STATIC_NAME_PREFIX = prefix
    links = linked(pages, early("/css/a.css") + A + FONT)
    sheet, font = map(str, links.urls(links.preloaded))
    assert [sheet] == links.urls(links.loaded)
    assert sheet.startswith(f"//static.example.com{prefix}/css/a.")
    assert font.startswith(f"//static.example.com{prefix}/f.")


def test_a_file_proxy_answers_for_both(pages):
    pages.settings.DJANGO_STATIC_FILE_PROXY = lambda uri, **facts: f"https://cdn.example.com{uri}"
    links = linked(pages, early("/css/a.css") + A)
    assert links.urls(links.preloaded) == links.urls(links.loaded)
    assert str(links.preloaded[0]["href"]).startswith("https://cdn.example.com/css/a.")


def test_one_that_is_not_there(pages, warned):
    links = linked(pages, early("/css/none.css") + A)
    assert links.urls(links.preloaded) == ["/css/none.css"]
    assert any("{% slimall %}: '/css/none.css' was not found" in each for each in warned())


def test_a_query_is_kept(pages):
    links = linked(pages, early("/css/a.css?v=2") + A.replace(".css", ".css?v=2"))
    assert str(links.preloaded[0]["href"]).endswith(".css?v=2")
    assert links.urls(links.preloaded) == links.urls(links.loaded)
    joined = linked(pages, early("/css/a.css?v=2") + A.replace(".css", ".css?v=2") + B)
    assert joined.urls(joined.preloaded) == joined.urls(joined.loaded), (
        "of several in one nobody knows whose it is"
    )


def test_a_nonce_of_each_request(pages):
    pages.page(
        '{% slimall %}<link rel="preload" as="script" href="/js/x.js" nonce="{{ n }}">'
        + X
        + "{% endslimall %}"
    )
    first, second = pages.both(n="one"), pages.both(n="two")
    assert first.replace("one", "two") == second
    links = Links(first)
    assert links.urls(links.preloaded) == links.urls(links.loaded)


class TestIntegrity:
    """A browser that is told of digests uses a preload only where they agree (Fetch, "consume a preloaded resource")."""

    @pytest.fixture(autouse=True)
    def on(self, pages):
        pages.settings.DJANGO_STATIC_INTEGRITY = True

    @staticmethod
    def digest(data: bytes) -> str:
        return "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()

    @pytest.mark.parametrize(
        "html",
        [
            early("/css/a.css") + early("/css/b.css") + A + B,
            early("/js/x.js") + X,
            early("/js/x.js", ' integrity="sha256-ofTheOriginal"') + X,
            early("/js/x.js", " integrity") + X,
            early("/js/x.js", " integrity=sha256-x crossorigin=anonymous") + X,
            module("/js/m.js") + M,
        ],
    )
    def test_it_is_that_of_what_is_loaded(self, pages, html):
        links = linked(pages, html)
        (preload,), (load,) = links.preloaded, links.loaded
        assert preload["integrity"] == load["integrity"]
        assert preload["crossorigin"] == load["crossorigin"] == "anonymous"
        assert preload["integrity"] == self.digest(
            (pages.site.media / str(load["href"]).lstrip("/")).read_bytes()
        )
        html = pages.lazily()
        assert html.count("integrity") == html.count("crossorigin") == 2, "each attribute once"

    def test_a_font_has_none(self, pages):
        assert "integrity" not in linked(pages, FONT).preloaded[0]

    def test_that_of_the_author_stays_where_the_bytes_do(self, pages):
        own = self.digest((pages.site.media / "js/x.js").read_bytes())
        said = f' integrity="{own}" crossorigin'
        links = linked(pages, early("/js/x.js", said) + X.replace(">", f"{said}>", 1))
        (preload,), (load,) = links.preloaded, links.loaded
        assert preload["href"] == load["href"]
        assert preload["integrity"] == load["integrity"] == own
        assert (pages.site.media / str(load["href"]).lstrip("/")).read_bytes() == b"var x = 1 ;"

    def test_that_of_the_author_without_what_it_preloads(self, pages):
        own = self.digest((pages.site.media / "js/x.js").read_bytes())
        (preload,) = linked(pages, early("/js/x.js", f' integrity="{own}"')).preloaded
        assert preload["integrity"] == own
        assert (pages.site.media / str(preload["href"]).lstrip("/")).read_bytes() == b"var x = 1 ;"

    def test_that_of_the_author_goes_where_there_is_none(self, pages):
        """What becomes of the script has other bytes, and nothing else vouches for them."""
        pages.settings.DJANGO_STATIC_INTEGRITY = False
        links = linked(pages, early("/js/x.js", ' integrity="sha256-ofTheOriginal" fetchpriority="high"') + X)
        assert links.urls(links.preloaded) == links.urls(links.loaded)
        assert "integrity" not in links.preloaded[0]
        assert links.preloaded[0]["fetchpriority"] == "high"

    def test_a_sheet_below_a_prefix_that_may_not_change(self, pages, tmp_path):
        pages.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "out")
        pages.settings.DJANGO_STATIC_NAME_PREFIX = "/cache"
        own = ' integrity="sha256-q"'
        links = linked(pages, early("/css/a.css", own) + A.replace(">", f"{own}>"))
        assert links.urls(links.preloaded) == links.urls(links.loaded) == ["/css/a.css"]
        assert links.preloaded[0]["integrity"] == "sha256-q"
        alone = linked(pages, early("/css/a.css", own))
        assert alone.urls(alone.preloaded) == ["/css/a.css"]

    def test_of_two_forms_it_is_that_with_a_digest(self, pages):
        own = self.digest((pages.site.media / "js/x.js").read_bytes())
        said = f' integrity="{own}"'
        links = linked(pages, early("/js/x.js", said) + X + X.replace(">", f"{said}>", 1))
        assert links.preloaded[0]["href"] == links.loaded[1]["href"] != links.loaded[0]["href"]
        assert links.preloaded[0]["integrity"] == own


def test_the_check_reads_them(pages):
    from django.core.management import CommandError

    pages.page('{% slimall %}\n<link rel="preload" as="font" href="/none.woff2">{% endslimall %}')
    with pytest.raises(CommandError, match="1 reference leads nowhere"):
        pages.build("--check")


def test_what_is_known_at_run_time_only(pages):
    """What is loaded early may be decided by a request; what is not, is built."""
    pages.page(
        '{% slimall %}<link rel="preload" as="{{ kind }}" href="/js/x.js"><link rel="preload" as="font" href="/f.woff2">'
        "{% endslimall %}"
    )
    said = pages.build()
    assert "{{ kind }} is known at run time only" in said
    html = pages.render(kind="script")
    assert re.search(r"/f\.[0-9a-f]{12}\.woff2", html)
