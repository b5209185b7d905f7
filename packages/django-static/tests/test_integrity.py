"""Subresource integrity: what is printed, over which bytes, in every mode; links and nonces."""

from __future__ import annotations

import base64
import hashlib
import os
import re

import pytest
from static_test_modes import no_files

import django_static
from django_static import resolver

LINKS = '<link rel="stylesheet" href="/css/a.css"><link rel="stylesheet" href="/css/b.css">'


def digest(data: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()


@pytest.fixture
def hashed(modes):
    modes.settings.DJANGO_STATIC_INTEGRITY = True
    modes.site.write("css/a.css", "a { b : url(../img/i.png) }")
    modes.site.write("css/b.css", "b { c : d }")
    modes.site.write("js/a.js", "a ( 1 ) ;")
    modes.site.write("js/m.js", "import './n.js' ;")
    modes.site.write("js/n.js", "export var n = 1 ;")
    modes.site.write("img/i.png", b"picture")
    return modes


def attributes(html: str) -> list[tuple[str, str]]:
    return re.findall(r'(?:href|src)="([^"]+)" integrity="([^"]+)" crossorigin="anonymous"', html)


@pytest.mark.parametrize("tag", ["slimall", "staticall"])
@pytest.mark.parametrize("fingerprint", ["hash", "mtime"])
@pytest.mark.parametrize("prefix", ["", "/cache"])
def test_the_digest_is_that_of_the_published_bytes(hashed, tag, fingerprint, prefix, tmp_path):
    hashed.settings.DJANGO_STATIC_FINGERPRINT = fingerprint
    folder = hashed.site.media
    if prefix:
        folder = tmp_path / "out"
        hashed.settings.DJANGO_STATIC_SAVE_PREFIX = str(folder / "cache")
        hashed.settings.DJANGO_STATIC_NAME_PREFIX = prefix
    scripts = '<script src="/js/a.js" defer></script><script type="module" src="/js/m.js"></script>'
    hashed.page(f"{{% {tag} %}}{LINKS}{scripts}{{% end{tag} %}}")
    found = attributes(hashed.both())
    assert len(found) == 3
    for url, said in found:
        assert url.startswith(prefix)
        assert said == digest((folder / url.lstrip("/")).read_bytes())


def test_it_is_off_by_default(hashed):
    del hashed.settings.DJANGO_STATIC_INTEGRITY
    hashed.page(f'{{% slimall %}}{LINKS}{{% endslimall %}}[{{% staticintegrity "/css/a.css" %}}]')
    html = hashed.both()
    assert "integrity" not in html
    assert html.endswith("[]")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("crossorigin", " crossorigin"),
        ('crossorigin="use-credentials"', ' crossorigin="use-credentials"'),
        ("async crossorigin=anonymous", " crossorigin=anonymous"),
    ],
)
def test_a_crossorigin_of_the_author_is_kept(hashed, given, kept):
    hashed.page(f'{{% slimall %}}<script {given} src="/js/a.js"></script>{{% endslimall %}}')
    html = hashed.both()
    assert html.count("crossorigin") == 1
    assert f"{kept} src=" in html
    assert html.count(' integrity="sha384-') == 1


def test_an_integrity_of_the_author_stays_alone(hashed):
    own = f'<script src="/js/a.js" integrity="{digest(b"a ( 1 ) ;")}"></script>'
    hashed.page(f"{{% slimall %}}{own}{{% endslimall %}}")
    html = hashed.both()
    assert html.count("integrity") == 1
    assert "crossorigin" not in html
    assert (hashed.site.media / re.search(r'src="/([^"]+)"', html)[1]).read_bytes() == b"a ( 1 ) ;"


def test_what_is_not_published_gets_none(hashed, warned):
    hashed.page(
        '{% slimall %}<script src="/js/gone.js"></script><link rel="stylesheet" href="https://x.example/a.css">'
        '{% endslimall %}[{% staticintegrity "/js/gone.js" %}]'
    )
    assert hashed.lazily() == hashed.ahead()
    assert "integrity" not in hashed.render()


def test_while_the_tags_are_off(hashed):
    hashed.page(f'{{% slimall %}}{LINKS}{{% endslimall %}}[{{% staticintegrity "/js/a.js" slim %}}]')
    assert hashed.off() == f"{LINKS}[]"


@pytest.mark.parametrize("jinja", [False, True], ids=["django", "jinja2"])
def test_a_tag_of_the_author(hashed, jinja):
    plain, slim = (
        ('{{ staticfile("/js/a.js") }} {{ staticintegrity("/js/a.js") }} ',
         '{{ slimfile("/js/a.js") }} {{ staticintegrity("/js/a.js", slim=True) }}')
        if jinja
        else ('{% staticfile "/js/a.js" %} {% staticintegrity "/js/a.js" %} ',
              '{% slimfile "/js/a.js" %} {% staticintegrity "/js/a.js" slim %}')
    )  # fmt: skip
    hashed.page(plain + slim, jinja=jinja)
    one, first, two, second = hashed.both().replace("&#43;", "+").split()
    assert one != two
    assert first == digest(b"a ( 1 ) ;")
    assert second == digest((hashed.site.media / two.lstrip("/")).read_bytes())


def test_the_tag_alone_is_enough_for_a_build(hashed):
    hashed.page('{% staticintegrity "/js/a.js" slim %}')
    assert hashed.ahead().startswith("sha384-")


@pytest.mark.parametrize("words", ["", '"/a.js" slim slim', '"/a.js" "/b.js"', '"/a.js" as x'])
def test_wrong_arguments(hashed, words):
    from django.template import TemplateSyntaxError

    with pytest.raises(TemplateSyntaxError, match="staticintegrity"):
        hashed.site.render(f"{{% staticintegrity {words} %}}")


def test_a_published_file_is_no_link(hashed):
    hashed.settings.DJANGO_STATIC_FINGERPRINT = "mtime"
    hashed.settings.DJANGO_STATIC_INTEGRITY = False
    resolver.reset()
    path = hashed.site.media / django_static.staticfile("/css/b.css").lstrip("/")
    assert path.is_symlink()
    hashed.settings.DJANGO_STATIC_INTEGRITY = True
    resolver.reset()
    assert hashed.site.media / django_static.staticfile("/css/b.css").lstrip("/") == path
    assert not path.is_symlink()
    said = resolver.current().file("/css/b.css", False).integrity
    hashed.site.write("css/b.css", "changed { in : place }")
    assert digest(path.read_bytes()) == said


def test_other_files_are_linked_still(hashed):
    hashed.settings.DJANGO_STATIC_FINGERPRINT = "mtime"
    resolver.reset()
    path = hashed.site.media / django_static.staticfile("/img/i.png").lstrip("/")
    assert path.is_symlink()
    assert resolver.current().file("/img/i.png", False).integrity == ""


def test_a_change_in_development_has_another_digest(hashed):
    hashed.settings.DEBUG = True
    hashed.page('{% staticintegrity "/js/a.js" %}')
    first = hashed.lazily()
    path = hashed.site.write("js/a.js", "b ( 2 ) ;")
    os.utime(path, (1269174999, 1269174999))
    assert first == digest(b"a ( 1 ) ;")
    assert hashed.render() == digest(b"b ( 2 ) ;")


def test_a_restart_reads_it_from_the_record(hashed, monkeypatch):
    hashed.page(f"{{% slimall %}}{LINKS}{{% endslimall %}}")
    first = hashed.lazily()

    def fail(data):
        raise AssertionError("it was computed again")

    monkeypatch.setattr("django_static.names.integrity", fail)
    assert hashed.lazily() == first


NONCED = (
    '{% slimall %}<script nonce="{{ nonce }}" src="/js/a.js"></script>'
    '<script nonce="{{ nonce }}" src="/js/c.js"></script>{% endslimall %}'
)


class TestNonces:
    @pytest.fixture(params=["lazily", "ahead"])
    def nonced(self, hashed, request):
        hashed.site.write("js/c.js", "c ( 2 ) ;")
        hashed.page(NONCED)
        getattr(hashed, request.param)(nonce="warm")
        return hashed

    def test_each_request_has_its_own(self, nonced):
        first, second = nonced.render(nonce="r4nd+m/1=="), nonced.render(nonce="&quot;")
        assert first.count("<script") == 1
        assert 'nonce="r4nd+m/1=="' in first
        assert 'nonce="&amp;quot;"' in second
        assert first.replace("r4nd+m/1==", "&amp;quot;") == second

    def test_memory_is_bounded_and_no_block_is_resolved_twice(self, nonced, monkeypatch):
        nonced.render(nonce="first")

        def fail(*args, **kwargs):
            raise AssertionError("resolved again")

        monkeypatch.setattr("django_static.blocks.resolve", fail)
        memo = resolver.current()._blocks._known
        before = len(memo)
        with no_files() as touched:
            for number in range(200):
                assert f'nonce="n{number}"' in nonced.render(nonce=f"n{number}")
        assert len(memo) == before
        assert touched == []

    def test_attributes_that_differ_keep_scripts_apart(self, nonced):
        html = '<script nonce="a" src="/js/a.js"></script><script nonce="{}" src="/js/c.js"></script>'
        block = resolver.current().block
        assert block(html.format("a"), True).text.count("<script") == 1
        assert block(html.format("b"), True).text.count("<script") == 2
        assert block(html.format("c"), True).text.count('nonce="c"') == 1

    @pytest.mark.parametrize(
        "html",
        [
            '<link title="x data-y="{}" rel="stylesheet" href="/css/a.css">',
            '<link rel="stylesheet" title="x data-y="{}" href="/css/a.css">',
            '<link title=\'x data-y="{}"\' rel="stylesheet" href="/css/a.css">',
            '<!-- nonce="{}" --><link rel="stylesheet" href="/css/a.css">',
            '<link rel="stylesheet" href="/css/a.css"><script>var x = \'a data-y="{}"\';</script>',
            '<link rel="stylesheet" href="/css/a.css" nonce="{}" nonce="{}">',
            "<link rel='stylesheet' href='/css/a.css' nonce='{}' data-who='{}'>",
            '<link rel="stylesheet" nonce={} href="/css/a.css">',
            '<link rel="stylesheet" data-x="\ufdd00\ufdd1" nonce="{}" href="/css/a.css">',
        ],
    )
    def test_values_anywhere_are_printed_as_without_a_memory(self, nonced, html, monkeypatch):
        block = resolver.current().block
        texts = [
            html.replace("{}", value) for value in ("one", "href=/css/b.css rel=stylesheet", "two", "one", "")
        ]
        warm = [block(text, True) for text in texts]
        resolver.current()._blocks._known.clear()
        monkeypatch.setattr("django_static.block_memo._VARYING", re.compile("(?!)"))
        assert warm == [block(text, True) for text in texts]


def test_attributes_stay_on_what_is_printed(hashed):
    hashed.site.write("js/c.js", "c ( 2 ) ;")
    hashed.page(
        '{% slimall %}<script async nonce="n" src="/js/a.js"></script><script defer data-x="1" src="/js/c.js"></script>'
        '<script type="module" nonce="n" src="/js/m.js"></script>'
        '<script nomodule fetchpriority="low" referrerpolicy="origin" src="/js/a.js"></script>{% endslimall %}'
    )
    html = re.sub(r'"/js/[^"]+" integrity="[^"]+" crossorigin="anonymous"', "URL", hashed.both())
    assert html == (
        '<script async nonce="n" src=URL></script><script defer data-x="1" src=URL></script>'
        '<script type="module" nonce="n" src=URL></script>'
        '<script nomodule fetchpriority="low" referrerpolicy="origin" src=URL></script>'
    )
