"""Preloads: the element, the ``Link`` header with and without asynchronous views, early hints."""

from __future__ import annotations

import asyncio
import re

import pytest
from asgiref.sync import iscoroutinefunction
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.template import TemplateSyntaxError, engines
from django.template.response import TemplateResponse
from django.test import RequestFactory

import django_static
from django_static import preloads
from django_static.middleware import LinkHeaderMiddleware
from django_static.preloads import Link


@pytest.fixture
def files(modes):
    for name in (
        "css/a.css",
        "css/b.css",
        "js/a.js",
        "js/m.mjs",
        "f/t.woff2",
        "i/p.png",
        "i/p.avif",
        "d/x.json",
    ):
        modes.site.write(name, "a { b : c }" if name.endswith("css") else f"x('{name}');")
    return modes


def without_marks(text: str) -> str:
    return re.sub(r"\.[0-9a-f]{12}\.", ".#.", text)


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ('"/css/a.css"', '<link rel="preload" href="/css/a.#.css" as="style">'),
        ('"/css/a.css" slim', '<link rel="preload" href="/css/a.#.css" as="style">'),
        ('"/js/a.js"', '<link rel="preload" href="/js/a.#.js" as="script">'),
        ('"/js/m.mjs"', '<link rel="modulepreload" href="/js/m.#.mjs">'),
        ('"/js/a.js" as="module"', '<link rel="modulepreload" href="/js/a.#.js">'),
        (
            '"/f/t.woff2"',
            '<link rel="preload" href="/f/t.#.woff2" as="font" type="font/woff2" crossorigin="anonymous">',
        ),
        ('"/i/p.png"', '<link rel="preload" href="/i/p.#.png" as="image">'),
        ('"/i/p.avif"', '<link rel="preload" href="/i/p.#.avif" as="image" type="image/avif">'),
        ('"/d/x.json"', '<link rel="preload" href="/d/x.#.json" as="fetch" crossorigin="anonymous">'),
        (
            '"/d/x.json" as="fetch" type="application/json" crossorigin="use-credentials"',
            '<link rel="preload" href="/d/x.#.json" as="fetch" type="application/json" crossorigin="use-credentials">',
        ),
        (
            '"/js/a.js" crossorigin',
            '<link rel="preload" href="/js/a.#.js" as="script" crossorigin="anonymous">',
        ),
        (
            '"/i/p.png" media="(min-width: 1em)" fetchpriority="high" nonce=\'"n"\'',
            (
                '<link rel="preload" href="/i/p.#.png" as="image" media="(min-width: 1em)" nonce="&quot;n&quot;"'
                ' fetchpriority="high">'
            ),
        ),
        ('"/css/a.css;/css/b.css" slim', '<link rel="preload" href="/css/a_b.#.css" as="style">'),
        ('"/css/a.css?x=1"', '<link rel="preload" href="/css/a.#.css?x=1" as="style">'),
        ('"/css/a.css" header', ""),
        ('""', ""),
    ],
)
def test_the_element(files, words, printed):
    files.page(f"{{% staticpreload {words} %}}")
    assert without_marks(files.both()) == printed


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        ('"/css/a.css", slim=True', '<link rel="preload" href="/css/a.#.css" as="style">'),
        ('"/css/a.css", True, True', ""),
        ('"/js/a.js", as="module", nonce=none', '<link rel="modulepreload" href="/js/a.#.js">'),
        (
            '"/js/a.js", crossorigin=true',
            '<link rel="preload" href="/js/a.#.js" as="script" crossorigin="anonymous">',
        ),
        ("none", ""),
    ],
)
def test_jinja2(files, arguments, printed):
    files.page(f"{{{{ staticpreload({arguments}) }}}}", jinja=True)
    assert without_marks(files.both()) == printed


def test_jinja2_refuses_what_it_does_not_know(files):
    files.page('{{ staticpreload("/css/a.css", kind="style") }}', jinja=True)
    with pytest.raises(TypeError, match=r"kind.*fetchpriority"):
        files.lazily()


@pytest.mark.parametrize(
    "words", ["", '"/a.css" "/b.css"', '"/a.css" slimm', '"/a.css" as=', '"/a.css" kind="style"']
)
def test_wrong_arguments(files, words):
    with pytest.raises(TemplateSyntaxError, match="staticpreload"):
        files.site.render(f"{{% staticpreload {words} %}}")


def test_it_has_the_integrity_of_the_file(files):
    files.settings.DJANGO_STATIC_INTEGRITY = True
    files.page(
        '{% staticpreload "/css/a.css" slim %}{% slimall %}<link rel="stylesheet" href="/css/a.css">{% endslimall %}'
    )
    html = files.both()
    (one, two) = re.findall(r'integrity="([^"]+)" crossorigin="anonymous"', html)
    assert one == two
    files.page('{% staticpreload "/f/t.woff2" %}')
    assert "integrity" not in files.both()


def test_while_the_tags_are_off(files):
    files.page('{% staticpreload "/css/a.css;/css/b.css" slim %}')
    assert files.off() == (
        '<link rel="preload" href="/css/a.css" as="style">\n<link rel="preload" href="/css/b.css" as="style">'
    )


@pytest.fixture(params=["sync", "async"])
def answer(request):
    """The response of a view behind the middleware."""

    def run(view, http=None):
        http = http or RequestFactory().get("/")
        if request.param == "sync":
            return LinkHeaderMiddleware(view)(http)

        async def get_response(given):
            return view(given)

        middleware = LinkHeaderMiddleware(get_response)
        assert iscoroutinefunction(middleware)
        return asyncio.run(middleware(http))

    return run


def page(content="", **options):
    return lambda request: HttpResponse(content, **options)


def test_the_header_names_what_was_registered(files, answer):
    files.page(
        '{% staticpreload "/css/a.css" header %}{% staticpreload "/f/t.woff2" %}{% staticpreload "/css/a.css" header %}'
    )
    files.build()
    response = answer(lambda request: HttpResponse(files.render(request)))
    assert without_marks(response["Link"]) == (
        '</css/a.#.css>; rel="preload"; as="style", '
        '</f/t.#.woff2>; rel="preload"; as="font"; type="font/woff2"; crossorigin="anonymous"'
    )
    assert response.content.count(b"<link") == 1


@pytest.mark.parametrize("jinja", [False, True], ids=["django", "jinja2"])
def test_a_template_response(files, answer, jinja):
    files.page(
        '{{ staticpreload("/css/a.css", header=True) }}'
        if jinja
        else '{% staticpreload "/css/a.css" header %}',
        jinja=jinja,
    )
    files.build()
    response = answer(
        lambda request: TemplateResponse(request, engines.all()[0].get_template("page")).render()
    )
    assert without_marks(response["Link"]) == '</css/a.#.css>; rel="preload"; as="style"'


def test_pages_of_one_process_do_not_mix(files, answer):
    files.page("{% if x %}{% staticpreload x header %}{% endif %}")
    files.lazily()
    first = answer(lambda request: HttpResponse(files.render(request, x="/css/a.css")))
    second = answer(lambda request: HttpResponse(files.render(request)))
    assert "a." in first["Link"]
    assert "Link" not in second


def test_without_a_request_the_element_is_printed_all_the_same(files):
    files.page('{% staticpreload "/css/a.css" %}')
    assert "<link" in files.lazily()


PRELOAD = ["/css/a.css", {"name": "/js/a.js", "as": "module", "slim": True}]
HEADER = '</css/a.#.css>; rel="preload"; as="style", </js/a.#.js>; rel="modulepreload"'


def test_the_setting_is_for_every_page(files, answer):
    files.settings.DJANGO_STATIC_PRELOAD = PRELOAD
    files.page("")
    files.build()
    assert without_marks(answer(page("<p>"))["Link"]) == HEADER


@pytest.mark.parametrize(
    ("view", "has_header"),
    [
        (page("<p>"), True),
        (page("<p>", status=404), True),
        (page("<p>", status=500), True),
        (page("<p>", content_type="TEXT/HTML;charset=latin-1"), True),
        (page("<p/>", content_type="application/xhtml+xml"), True),
        (page(status=304), False),
        (page(status=204), False),
        (page("<p>", status=302), False),
        (page("<p>", status=206), False),
        (page("text", content_type="text/plain"), False),
        (page("text", content_type="text/htmlx"), False),
        (page("", content_type=""), False),
        (lambda request: JsonResponse({}), False),
        (lambda request: StreamingHttpResponse(iter([b"<p>"])), False),
        (lambda request: FileResponse(iter([b"<p>"]), content_type="text/html"), False),
    ],
)
def test_which_responses_get_it(files, answer, view, has_header):
    files.settings.DJANGO_STATIC_PRELOAD = PRELOAD
    response = answer(view)
    assert ("Link" in response) is has_header


def test_a_header_that_is_there_is_kept(files, answer):
    files.settings.DJANGO_STATIC_PRELOAD = ["/css/a.css"]
    before = '</page/2>; rel="next"'
    response = answer(page("<p>", headers={"Link": before}))
    assert without_marks(response["Link"]) == f'{before}, </css/a.#.css>; rel="preload"; as="style"'


def test_its_length_has_a_bound(files, answer):
    names = [f"/img/{number}-{'x' * 100}.png" for number in range(100)]
    files.settings.DJANGO_STATIC_PRELOAD = [*names, "/css/a.css"]
    value = answer(page("<p>"))["Link"]
    assert preloads.MOST_BYTES - 200 < len(value) <= preloads.MOST_BYTES
    assert value.startswith("</img/0-")
    assert all(part.endswith('as="image"') for part in value.split(", ")[:-1])
    assert value.endswith('as="style"'), "a short one that fits is not left out for a long one before it"
    assert sum(len(text) for _, text in django_static.early_hints()) <= preloads.MOST_BYTES


def test_a_wrong_setting_stops_no_page(files, answer, caplog):
    files.settings.DJANGO_STATIC_PRELOAD = [5]
    assert "Link" not in answer(page("<p>"))
    assert "DJANGO_STATIC_PRELOAD has 5" in caplog.text


@pytest.mark.parametrize(
    ("link", "text"),
    [
        (Link('/a b>;,"é\r\nX: y', "preload"), '</a%20b%3E;,%22%C3%A9%0D%0AX:%20y>; rel="preload"'),
        (Link("/a%20b.css", "preload"), '</a%20b.css>; rel="preload"'),
        (Link("/a", "preload", (("media", 'a "b" \\'),)), '</a>; rel="preload"; media="a \\"b\\" \\\\"'),
        (Link("/a", "preload", (("media", "a\r\nSet-Cookie: b"),)), ""),
        (Link("/a", "preload", (("media", "é"),)), ""),
        (
            Link("https://x.example/a?b=1&c=(2)#d", "preload"),
            '<https://x.example/a?b=1&c=(2)#d>; rel="preload"',
        ),
    ],
)
def test_quoting(link, text):
    assert link.header() == text
    assert preloads.header([link], "before") == ("before, " + text if text else "before")


def test_early_hints(files):
    files.settings.DJANGO_STATIC_PRELOAD = PRELOAD
    files.page("")
    files.build()
    assert [(name, without_marks(value)) for name, value in django_static.early_hints()] == [
        ("Link", part) for part in HEADER.split(", ")
    ]
    ((name, value),) = django_static.early_hints(["/css/a.css"])
    assert (name, without_marks(value)) == ("Link", '</css/a.#.css>; rel="preload"; as="style"')
    with pytest.raises(ValueError, match="DJANGO_STATIC_PRELOAD"):
        django_static.early_hints([{"as": "style"}])
