"""``DJANGO_STATIC_FILE_PROXY``: what it is told, when, and what becomes of its answers."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import jinja2
import pytest
import static_test_proxies
from django.core.management import call_command
from django.template import engines
from hypothesis import given
from hypothesis import strategies as st

import django_static
from django_static import proxied, resolver
from django_static.places import Places
from django_static.proxied import Proxied

NOTHING = {"new": False, "checked": False, "changed": False, "notfound": False}
CHECKED = {**NOTHING, "checked": True}
MISSING = {**NOTHING, "notfound": True}
DISABLED = {**NOTHING, "disabled": True}


def news(what: str, path: Path | str) -> dict[str, Any]:
    return {**CHECKED, what: True, "filepath": str(path)}


@pytest.fixture
def asked(site) -> static_test_proxies.Calls:
    """A proxy that takes down what it is asked."""
    calls = static_test_proxies.Calls()
    site.settings.DJANGO_STATIC_FILE_PROXY = calls
    return calls


@pytest.fixture
def to_cdn(asked) -> static_test_proxies.Calls:
    asked.answer = lambda uri, facts: f"https://cdn.example.com{uri}"
    return asked


# What it is told


def test_a_file_is_new_once_in_a_process(site, asked):
    site.write("img/logo.png", "", 5)
    published = site.media / "img/logo.5.png"
    template = engines["django"].from_string('{% load django_static %}{% staticfile "/img/logo.png" %}')
    assert [template.render() for _ in range(3)] == ["/img/logo.5.png"] * 3
    assert site.render('{% slimfile "/img/logo.png" %}') == "/img/logo.5.png"
    uri = "/img/logo.5.png"
    assert asked.take() == [(uri, news("new", published)), *[(uri, NOTHING)] * 3]
    assert published.is_absolute()
    site.restart()
    template.render()
    assert asked.take() == [(uri, news("new", published))]


def test_an_edited_file_is_changed_and_not_new(site, asked):
    site.settings.DEBUG = True
    site.write("a.png", "one", 5)
    template = '{% staticfile "/a.png" %}'
    site.render(template)
    site.render(template)
    site.write("a.png", "two", 8)
    assert site.render(template) == "/a.8.png"
    site.render(template)
    site.write("a.png", "one", 5)
    site.render(template)
    assert asked.take() == [
        ("/a.5.png", news("new", site.media / "a.5.png")),
        ("/a.5.png", CHECKED),
        ("/a.8.png", news("changed", site.media / "a.8.png")),
        ("/a.8.png", CHECKED),
        ("/a.5.png", news("changed", site.media / "a.5.png")),
    ]


def test_a_change_is_told_once_whatever_asks_for_the_file(site, asked):
    site.settings.DEBUG = True
    template = '{% staticfile "/a.png" %}{% slimfile "/a.png" %}'
    for mtime in (5, 8):
        site.write("a.png", str(mtime), mtime)
        site.render(template)
    first, again, changed, known = (facts for _, facts in asked.take())
    assert (first["new"], changed["changed"]) == (True, True)
    assert (again, known) == (CHECKED, CHECKED)


def test_an_edited_file_of_a_block(site, asked):
    site.settings.DEBUG = True
    site.write("a.css", "a{b:c}", 5)
    site.write("b.css", "b{b:c}", 5)
    html = '<link rel="stylesheet" href="/a.css"><link rel="stylesheet" href="/b.css">'
    site.slimall(html)
    site.write("b.css", "b{b:d}", 8)
    assert site.slimall(html) == '<link rel="stylesheet" href="/a_b.8.css">'
    assert asked.take() == [
        ("/a_b.5.css", news("new", site.media / "a_b.5.css")),
        ("/a_b.8.css", news("changed", site.media / "a_b.8.css")),
    ]


@pytest.mark.parametrize(
    ("prefixes", "uri"),
    [
        ({}, "/a.5.png"),
        ({"NAME_PREFIX": "/forever"}, "/forever/a.5.png"),
        ({"MEDIA_URL": "//static.example.com"}, "//static.example.com/a.5.png"),
    ],
)
def test_it_gets_the_url_that_would_be_printed(site, asked, prefixes, uri):
    site.settings.DJANGO_STATIC_SAVE_PREFIX = str(site.root / "saved")
    for name, value in prefixes.items():
        setattr(site.settings, f"DJANGO_STATIC_{name}", value)
    site.write("a.png", "", 5)
    assert django_static.staticfile("/a.png") == uri
    assert asked.take() == [(uri, news("new", site.root / "saved/a.5.png"))]


@pytest.mark.parametrize(
    ("name", "uri", "facts"),
    [
        ("/no.png", "/no.png", MISSING),
        ("/no.png?1#x", "/no.png", MISSING),
        ("https://other.example.com/a.js?1", "https://other.example.com/a.js?1", NOTHING),
        ("/dir", "/dir", MISSING),
        ("/../secret", "/../secret", MISSING),
    ],
)
def test_what_is_printed_as_given(site, asked, name, uri, facts):
    (site.media / "dir").mkdir()
    assert django_static.staticfile(name) == name
    assert asked.take() == [(uri, facts)]
    asked.answer = lambda uri, facts: "/placeholder.png"
    assert django_static.staticfile(name).startswith("/placeholder.png")


def test_a_missing_file_is_looked_for_with_debug(site, asked):
    site.settings.DEBUG = True
    django_static.staticfile("/no.png")
    assert asked.take() == [("/no.png", {**MISSING, "checked": True})]


def test_a_file_that_cannot_be_published_is_not_new(site, asked):
    site.write("a.css", "a{b:c}", 5)
    site.settings.DJANGO_STATIC_SAVE_PREFIX = "/dev/null/x"
    assert django_static.slimfile("/a.css") == "/a.css"
    assert asked.take() == [("/a.css", NOTHING)]


def test_nothing_at_all(site, asked):
    assert site.render("[{% staticfile name %}]") == "[]"
    assert asked.take() == []


def test_off(site, asked):
    site.settings.DJANGO_STATIC = False
    asked.answer = lambda uri, facts: f"/answer{uri}"
    assert site.render('{% staticfile "/a.png" %}') == "/answer/a.png"
    assert site.render('{% slimfile "/a.js;/b.js" %}') == "/answer/a.js;/answer/b.js"
    html = '<link rel=stylesheet href=/a.css><p><script src="/b.js"></script>'
    assert site.slimall(html) == (
        '<link rel=stylesheet href="/answer/a.css"><p><script src="/answer/b.js"></script>'
    )
    names = ["/a.png", "/a.js", "/b.js", "/a.css", "/b.js"]
    assert asked.take() == [(name, DISABLED) for name in names]
    assert site.published() == []


def test_off_with_the_same_answers_prints_what_was_given(site, asked):
    site.settings.DJANGO_STATIC = False
    html = "<link rel=stylesheet href=/a.css?x=1&y><p><script src='/b.js'></script>"
    assert site.slimall(html) == html
    assert [uri for uri, _ in asked.take()] == ["/a.css", "/b.js"]


def test_off_with_a_host(site, asked):
    site.settings.DJANGO_STATIC = False
    site.settings.DJANGO_STATIC_MEDIA_URL = "//static.example.com"
    site.settings.DJANGO_STATIC_MEDIA_URL_ALWAYS = True
    assert (
        site.slimall('<script src="/a.js"></script>') == '<script src="//static.example.com/a.js"></script>'
    )
    assert asked.take() == [("//static.example.com/a.js", DISABLED)]


# What becomes of its answers


def test_the_answer_is_printed_everywhere(site, to_cdn):
    site.write("a.css", "a{b:c}", 5)
    cdn = "https://cdn.example.com/a.5.css"
    block = '{% slimall %}<link href="/a.css" rel="stylesheet">{% endslimall %}'
    environment = jinja2.Environment(extensions=["django_static.jinja2.StaticExtension"], autoescape=True)
    printed = {
        "tag": site.render('{% staticfile "/a.css" %}'),
        "as": site.render('{% staticfile "/a.css" as url %}{{ url }}'),
        "variable": site.render("{% staticfile name %}", name="/a.css"),
        "python": django_static.staticfile("/a.css"),
        "jinja": environment.from_string('{{ staticfile("/a.css") }}').render(),
    }
    assert printed == dict.fromkeys(printed, cdn)
    slim = [site.render(block), environment.from_string(block).render()]
    assert slim == [f'<link href="{cdn}" rel="stylesheet">'] * 2
    assert {uri for uri, _ in to_cdn.take()} == {"/a.5.css"}


def test_each_link_and_script_of_a_block(site, asked):
    for name in ("a.css", "b.css", "c.css", "a.js", "m.js"):
        site.write(name, "", 5)
    asked.answer = lambda uri, facts: f"//cdn{uri}?a&b" if "c." in uri or "js" in uri else uri
    html = (
        '<link rel="stylesheet" href="/a.css"><link rel="stylesheet" href="/b.css">\n'
        "<link rel='stylesheet' href='/c.css' media='print'><style>x{}</style>"
        '<script src="/a.js" async></script><script type="module" src=/m.js></script>'
        '<script src="https://other.example.com/x.js"></script><script src="/no.js"></script>'
    )
    assert site.render("{% staticall defer %}" + html + "{% endstaticall %}") == (
        '<link rel="stylesheet" href="/a_b.5.css">\n'
        "<link rel='stylesheet' href=\"//cdn/c.5.css?a&amp;b\" media='print'><style>x{}</style>"
        '<script src="//cdn/a.5.js?a&amp;b" async></script><script type="module" src="//cdn/m.5.js?a&amp;b"></script>'
        '<script src="//cdnhttps://other.example.com/x.js?a&amp;b"></script>'
        '<script src="//cdn/no.js?a&amp;b"></script>'
    )
    told = asked.take()
    assert [uri for uri, _ in told] == [
        "/a_b.5.css",
        "/c.5.css",
        "/a.5.js",
        "/m.5.js",
        "https://other.example.com/x.js",
        "/no.js",
    ]
    assert [facts["new"] for _, facts in told] == [True] * 4 + [False] * 2
    assert [facts["notfound"] for _, facts in told] == [False] * 5 + [True]


def test_it_is_asked_at_every_render(site, asked):
    site.write("a.css", "", 5)
    answers = iter(["/1", "/2", "/3", "/4"])
    asked.answer = lambda uri, facts: next(answers)
    template = engines["django"].from_string(
        '{% load django_static %}{% staticfile "/a.css" %}'
        '{% staticall %}<link rel="stylesheet" href="/a.css">{% endstaticall %}'
    )
    assert template.render() == '/1<link rel="stylesheet" href="/2">'
    assert template.render() == '/3<link rel="stylesheet" href="/4">'


@pytest.mark.parametrize(
    ("answer", "suffix", "printed"),
    [
        ("/a", "", "/a"),
        ("/a", "?x", "/a?x"),
        ("/a", "#x", "/a#x"),
        ("/a", "?#iefix", "/a?#iefix"),
        ("//cdn/a?sig=1", "?x=2", "//cdn/a?sig=1&x=2"),
        ("//cdn/a?sig=1", "#x", "//cdn/a?sig=1#x"),
        ("//cdn/a?sig=1", "?#iefix", "//cdn/a?sig=1#iefix"),
        ("//cdn/a#own", "?x", "//cdn/a?x#own"),
        ("//cdn/a#own", "#x", "//cdn/a#x"),
    ],
)
def test_a_suffix_of_the_template_is_put_behind_the_answer(site, asked, answer, suffix, printed):
    site.write("a.eot", "", 5)
    asked.answer = lambda uri, facts: answer
    assert django_static.staticfile(f"/a.eot{suffix}") == printed
    assert django_static.staticfile("/a.eot#other").startswith(answer.partition("#")[0])
    assert [(uri, facts["new"]) for uri, facts in asked.take()] == [("/a.5.eot", True), ("/a.5.eot", False)]


def test_answers_are_escaped(site, asked):
    site.write("a.css", "", 5)
    asked.answer = lambda uri, facts: '/a?x&"<b>'
    assert site.render('{% staticfile "/a.css" %}') == "/a?x&amp;&quot;&lt;b&gt;"
    assert site.render('{% autoescape off %}{% staticfile "/a.css" %}{% endautoescape %}') == '/a?x&"<b>'
    assert '"/a?x&amp;&quot;&lt;b&gt;"' in site.slimall('<link rel="stylesheet" href="/a.css">')


@given(st.text(), st.text())
def test_any_answer_comes_out(answer, suffix):
    proxy = Proxied(
        resolver.Off(with_links=True), lambda uri, **facts: answer, is_disabled=True, rechecks=False
    )
    html = '<script src="/a.js"></script>'
    assert proxy.file("/a.js", False).url == answer
    block = proxy.block(html, False).text
    assert block.startswith("<script src=")
    assert block.endswith("></script>")
    assert block.count("<") == 2
    proxy.file(f"/a.js?{suffix}", False)


# What goes wrong


def raising(error: BaseException) -> Any:
    def answer(uri: str, facts: dict[str, Any]) -> str:
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (raising(OSError("no route to the cloud")), "OSError: no route to the cloud"),
        (raising(RecursionError()), "RecursionError"),
        (lambda uri, facts: None, "TypeError: it returned None, not a string"),
        (lambda uri, facts: b"/a", "TypeError: it returned b'/a', not a string"),
        (lambda uri, facts: Path(uri), "TypeError: it returned "),
    ],
)
def test_a_page_never_fails_for_its_proxy(site, asked, warned, answer, said):
    site.write("a.css", "", 5)
    asked.answer = answer
    html = '<link rel="stylesheet" href="/a.css">'
    for _ in range(3):
        assert site.render('{% staticfile "/a.css?x" %}') == "/a.5.css?x"
        assert site.render("{% staticall %}" + html + "{% endstaticall %}") == html.replace("/a.", "/a.5.")
    (message,) = warned()
    for part in ("DJANGO_STATIC_FILE_PROXY", "Calls", "/a.5.css", said, "local URL"):
        assert part in message


def test_the_warning_names_a_function(site, warned, monkeypatch):
    def broken(uri: str, **facts: object) -> str:
        raise OSError("no")

    monkeypatch.setattr(static_test_proxies, "learning", broken)
    site.settings.DJANGO_STATIC_FILE_PROXY = "static_test_proxies.learning"
    assert django_static.staticfile("/no") == "/no"
    assert "broken failed for /no: OSError: no" in warned()[-1]


def test_an_exit_is_not_kept_from_the_server(site, asked):
    asked.answer = raising(SystemExit(1))
    with pytest.raises(SystemExit):
        django_static.staticfile("/a.css")


@pytest.mark.parametrize("value", ["no.such.proxy", "static_test_helpers.not_callable", 7])
@pytest.mark.parametrize("on", [True, False])
def test_a_proxy_that_is_not_there(site, warned, value, on):
    site.settings.DJANGO_STATIC = on
    site.settings.DJANGO_STATIC_FILE_PROXY = value
    site.write("a.png", "", 5)
    for _ in range(2):
        assert django_static.staticfile("/a.png") == ("/a.5.png" if on else "/a.png")
    (message,) = warned()
    assert "DJANGO_STATIC_FILE_PROXY" in message


def test_a_file_that_was_not_taken_is_told_again_after_a_while(site, asked, warned):
    now = [0.0]
    site.write("a.png", "", 5)
    inner = resolver.current()._inner
    proxy = Proxied(inner, asked, is_disabled=False, rechecks=False, clock=lambda: now[0])
    asked.answer = raising(OSError("full"))
    told = news("new", site.media / "a.5.png")
    for _ in range(2):
        proxy.file("/a.png", False)
    assert [facts for _, facts in asked.take()] == [told, NOTHING]
    now[0] += proxied.RETRY_SECONDS + 1
    asked.answer = lambda uri, facts: "//cdn/a"
    assert proxy.file("/a.png", False).url == "//cdn/a"
    proxy.file("/a.png", False)
    assert [facts for _, facts in asked.take()] == [told, NOTHING]
    assert len(warned()) == 1


def test_a_change_that_was_not_taken_stays_a_change(site, asked):
    now = [0.0]
    site.settings.DEBUG = True
    site.write("a.png", "one", 5)
    inner = resolver.current()._inner
    proxy = Proxied(inner, asked, is_disabled=False, rechecks=True, clock=lambda: now[0])
    proxy.file("/a.png", False)
    site.write("a.png", "two", 8)
    asked.answer = raising(OSError("full"))
    proxy.file("/a.png", False)
    proxy.file("/a.png", False)
    now[0] += proxied.RETRY_SECONDS + 1
    proxy.file("/a.png", False)
    changed = news("changed", site.media / "a.8.png")
    assert [facts for _, facts in asked.take()][1:] == [changed, CHECKED, changed]


def test_of_many_threads_one_is_told_of_a_file(site, asked):
    site.write("a.png", "", 5)
    resolver.current()
    barrier = threading.Barrier(8)

    def render() -> None:
        barrier.wait(30)
        django_static.staticfile("/a.png")

    threads = [threading.Thread(target=render) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(facts["new"] for _, facts in asked.take()) == [False] * 7 + [True]


def test_threads_that_ask_at_the_same_moment(site, asked):
    site.write("a.png", "", 5)
    both = threading.Barrier(2)

    def clock() -> float:
        # Is there anybody else who decides on what is new?
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.5)
        return 0.0

    inner = resolver.current()._inner
    inner.file("/a.png", False)
    proxy = Proxied(inner, asked, is_disabled=False, rechecks=False, clock=clock)
    threads = [threading.Thread(target=proxy.file, args=("/a.png", False)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted("filepath" in facts for _, facts in asked.take()) == [False, True]


# The proxies of the 2010 post


@pytest.fixture
def naive(site, monkeypatch) -> Iterator[list[str]]:
    monkeypatch.setattr(static_test_proxies, "conversion_map", {})
    monkeypatch.setattr(static_test_proxies, "uploads", [])
    site.settings.DJANGO_STATIC_FILE_PROXY = "static_test_proxies.naive"
    return static_test_proxies.uploads


PAGE = (
    '{% slimall %}<link rel="stylesheet" href="/css/a.css">{% endslimall %}'
    '<img src="{% staticfile "/img/mysprite.GIF" %}"><img src="{% staticfile "/img/b.png" %}">'
)


def write_page(site) -> None:
    site.write("css/a.css", "a { b : url(../img/b.png) }", 5)
    site.write("img/mysprite.GIF", "", 6)
    site.write("img/b.png", "", 4)


def test_the_naive_proxy_uploads_each_image_once(site, naive):
    write_page(site)
    expected = (
        '<link rel="stylesheet" href="/css/a.5.css">'
        '<img src="https://d1.example.net/mysprite.6.GIF"><img src="https://d1.example.net/b.4.png">'
    )
    assert [site.render(PAGE) for _ in range(3)] == [expected] * 3
    assert naive == [str(site.media / "img/mysprite.6.GIF"), str(site.media / "img/b.4.png")]
    assert site.text("/css/a.5.css") == "a{b:url(../img/b.4.png)}", (
        "what is inside is fixed when it is published"
    )


def test_the_naive_proxy_uploads_an_edited_image(site, naive):
    site.settings.DEBUG = True
    template = '{% staticfile "/img/b.png" %}'
    for mtime in (4, 4, 9):
        site.write("img/b.png", str(mtime), mtime)
        assert site.render(template) == f"https://d1.example.net/b.{mtime}.png"
    assert naive == [str(site.media / f"img/b.{mtime}.png") for mtime in (4, 9)]


def test_the_naive_proxy_while_off(site, naive):
    site.settings.DJANGO_STATIC = False
    write_page(site)
    assert '<img src="/img/mysprite.GIF">' in site.render(PAGE)
    assert naive == []


def test_the_learning_proxy(site, capsys):
    site.settings.DJANGO_STATIC_FILE_PROXY = "static_test_proxies.learning"
    site.write("a.png", "", 5)
    site.render('{% staticfile "/a.png" %}')
    site.render('{% staticfile "/a.png" %}')
    assert capsys.readouterr().out.splitlines() == [
        "Debugging and learning",
        "/a.5.png",
        "New True",
        f"Filepath {site.media / 'a.5.png'}",
        "Changed False",
        "Other arguments {'checked': True, 'notfound': False}",
        "Debugging and learning",
        "/a.5.png",
        "New False",
        "Filepath None",
        "Changed False",
        "Other arguments {'checked': False, 'notfound': False}",
    ]


# With a manifest, and behind {% static %}


@pytest.fixture
def built(site, tmp_path, settings) -> Iterator[Any]:
    """A site of which everything has been built: a media root, and an app's files that go to STATIC_ROOT."""
    from django.contrib.staticfiles import finders

    finders.get_finder.cache_clear()
    app = tmp_path / "app"
    (app / "css").mkdir(parents=True)
    for name in ("a", "b"):
        (app / f"css/{name}.css").write_text(name + " { c : d }")
    settings.STATIC_ROOT = str(tmp_path / "static")
    settings.STATICFILES_DIRS = [str(app)]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
    settings.DJANGO_STATIC_FINGERPRINT = "hash"
    settings.DJANGO_STATIC_BUNDLES = {
        "staticfile": ["/img/*.*"],
        "slimall": [["/css/a.css"], ["/static/css/a.css", "/static/css/b.css"]],
    }
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    write_page(site)
    call_command("staticbuild", "--all", stdout=StringIO(), stderr=StringIO(), skip_checks=True)
    resolver.reset()
    yield site
    finders.get_finder.cache_clear()


def test_with_a_manifest_a_file_is_new_once_in_a_process(built, asked):
    for _ in range(2):
        url = django_static.staticfile("/img/b.png")
        built.render('{% staticfile "/img/b.png?x" %}')
    path = built.media / url.lstrip("/")
    assert path.exists()
    assert asked.take() == [(url, news("new", path)), *[(url, NOTHING)] * 3]
    assert django_static.staticfile("/img/unknown.png") == "/img/unknown.png"
    assert asked.take() == [("/img/unknown.png", MISSING)]


def test_the_naive_proxy_with_a_manifest(built, naive):
    html = [built.render(PAGE) for _ in range(2)]
    assert html[0] == html[1]
    assert html[0].count('<img src="https://d1.example.net/') == 2
    assert '<link rel="stylesheet" href="/css/a.' in html[0]
    assert len(naive) == 2
    assert all(Path(path).exists() for path in naive)


def test_a_build_of_another_machine(built, asked, tmp_path):
    """The folders lie elsewhere; what the manifest says of the files holds."""
    url = django_static.staticfile("/img/b.png")
    style = django_static.staticfile("/static/css/a.css")
    new_static, new_media = tmp_path / "deployed/st", tmp_path / "deployed/me"
    new_static.parent.mkdir()
    (tmp_path / "static").rename(new_static)
    built.media.rename(new_media)
    asked.take()
    built.settings.STATIC_ROOT = str(new_static)
    built.settings.MEDIA_ROOT = str(new_media)
    assert [django_static.staticfile(name) for name in ("/img/b.png", "/static/css/a.css")] == [url, style]
    paths = [facts["filepath"] for _, facts in asked.take()]
    assert paths == [f"{new_media}{url}", f"{new_static}{style.removeprefix('/static')}"]
    assert all(Path(path).exists() for path in paths)


def test_a_manifest_with_a_save_prefix(built, asked, tmp_path):
    built.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "saved")
    built.settings.DJANGO_STATIC_NAME_PREFIX = "/forever"
    call_command("staticbuild", "--all", stdout=StringIO(), stderr=StringIO(), skip_checks=True)
    (tmp_path / "saved").rename(tmp_path / "moved")
    built.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "moved")
    url = django_static.staticfile("/static/css/a.css")
    assert asked.take() == [(url, news("new", f"{tmp_path}/moved{url.removeprefix('/forever')}"))]


def test_a_manifest_of_files_that_only_finders_know(built, asked):
    built.settings.STATIC_ROOT = None
    built.settings.MEDIA_ROOT = ""
    built.settings.DJANGO_STATIC_MANIFEST_FILE = str(built.root / "manifest.json")
    built.settings.DJANGO_STATIC_BUNDLES = {}
    call_command("staticbuild", "--all", stdout=StringIO(), stderr=StringIO(), skip_checks=True)
    url = django_static.staticfile("/static/css/a.css")
    ((uri, facts),) = asked.take()
    assert uri == url
    assert facts["filepath"] == f"{built.root}/app{url.removeprefix('/static')}"
    assert Path(facts["filepath"]).exists()


def test_a_manifest_of_folders_that_are_not_there_any_more(built, asked):
    url = django_static.staticfile("/img/b.png")
    built.settings.DJANGO_STATIC_MEDIA_ROOTS = []
    asked.take()
    assert django_static.staticfile("/img/b.png") == url
    assert asked.take() == [(url, NOTHING)], "nobody knows where it lies"


def test_without_a_manifest_everything_is_printed_as_given(built, asked, tmp_path):
    built.settings.DJANGO_STATIC_MANIFEST_FILE = str(tmp_path / "no.json")
    assert django_static.staticfile("/img/b.png") == "/img/b.png"
    assert asked.take() == [("/img/b.png", NOTHING)]


def test_static_is_asked_about_through_the_storage(built, to_cdn):
    html = [built.render("{% static 'css/a.css' %}") for _ in range(2)]
    (uri, first), (_, second) = to_cdn.take()
    assert html == [f"https://cdn.example.com{uri}"] * 2
    assert first == news("new", f"{built.settings.STATIC_ROOT}{uri.removeprefix('/static')}")
    assert second == NOTHING
    assert built.render("{% static 'no.css' %}") == "https://cdn.example.com/static/no.css"
    assert to_cdn.take() == [("/static/no.css", MISSING)]


@pytest.mark.parametrize(("on", "facts"), [(True, NOTHING), (False, DISABLED)])
def test_static_without_a_manifest(built, to_cdn, on, facts):
    built.settings.DJANGO_STATIC = on
    built.settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
    assert built.render("{% static 'css/a.css' %}") == "https://cdn.example.com/static/css/a.css"
    assert to_cdn.take() == [("/static/css/a.css", facts)]


@pytest.mark.parametrize("manifest", [True, False], ids=["manifest", "lazy"])
@pytest.mark.parametrize("jinja", [True, False], ids=["jinja", "django"])
def test_static_in_a_block_is_combined_all_the_same(built, to_cdn, manifest, jinja):
    built.settings.DJANGO_STATIC_USE_MANIFEST_FILE = manifest
    names = ("css/a.css", "css/b.css")
    if jinja:
        from django.templatetags.static import static

        environment = jinja2.Environment(extensions=["django_static.jinja2.StaticExtension"])
        environment.globals["static"] = static
        links = "".join(f"<link rel=stylesheet href={{{{ static('{name}') }}}}>" for name in names)
        render = environment.from_string("{% slimall %}" + links + "{% endslimall %}").render
    else:
        links = "".join(f"<link rel=stylesheet href={{% static '{name}' %}}>" for name in names)
        source = "{% load django_static %}{% slimall %}" + links + "{% endslimall %}"
        render = engines["django"].from_string(source).render
    pages = [render() for _ in range(3)]
    asked = to_cdn.take()
    joined = asked[2][0]
    assert joined.startswith("/static/css/a_b.")
    assert pages == [f'<link rel=stylesheet href="https://cdn.example.com{joined}">'] * 3
    assert len(asked) == 9


def test_one_answer_for_all_stands_for_none(built, asked):
    placeholder = "https://cdn.example.com/placeholder"
    asked.answer = lambda uri, facts: placeholder
    links = "<link rel=stylesheet href={% static 'css/a.css' %}><link rel=stylesheet href={% static 'css/b.css' %}>"
    for _ in range(2):
        asked.take()
        assert built.slimall(links).count(placeholder) == 2
    assert [uri for uri, _ in asked.take()][2:] == [placeholder] * 2


def test_an_answer_that_comes_later_stands_for_its_file(asked):
    asked.answer = lambda uri, facts: uri if uri.startswith("//") else f"//cdn{uri}"
    proxy = Proxied(resolver.Off(with_links=True), asked, is_disabled=True, rechecks=False)
    html = '<script src="//cdn/a.js"></script>'
    proxy.file("/b.js", False)
    for known, uri in ((False, "//cdn/a.js"), (True, "/a.js")):
        if known:
            proxy.file("/a.js", False)
        asked.take()
        assert proxy.block(html, False).text == html
        assert [each for each, _ in asked.take()] == [uri]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/srv/save/css/a.css", "save:css/a.css"),
        ("/srv/static/a.css", "static:a.css"),
        ("/srv/static/media/a.css", "media0:a.css"),
        ("/srv/other/b c.css", "media1:b c.css"),
        ("/srv/staticfiles/a.css", ":/srv/staticfiles/a.css"),
        ("/srv/static", ":/srv/static"),
    ],
)
def test_places(path, name):
    folders = {
        "save": "/srv/save/",
        "static": "/srv/static",
        "media0": "/srv/static/media",
        "media1": "/srv/x/../other",
    }
    assert Places(folders).name(Path(path)) == name
    assert Places(folders).path(name) == path
    elsewhere = {label: f"/elsewhere/{label}" for label in folders}
    label, _, rest = name.partition(":")
    assert Places(elsewhere).path(name) == (f"/elsewhere/{label}/{rest}" if label else path)
    assert Places({}).path(name) == ("" if label else path)
