"""A file proxy and what a page says of the bytes: integrity, preloads, import maps, nonces."""

from __future__ import annotations

import json
import re

import pytest
import static_test_proxies
from django.template import engines

from django_static import resolver

CDN = "https://cdn.example.com"
BLOCK = (
    '{% staticall %}<link rel="stylesheet" href="/css/a.css"><script src="/js/a.js" nonce="{{ nonce }}"></script>'
    '<script src="/js/b.js" crossorigin="use-credentials" data-x="1"></script>{% endstaticall %}'
)


@pytest.fixture
def asked(modes) -> static_test_proxies.Calls:
    """A proxy that sends everything to another host."""
    calls = static_test_proxies.Calls()
    calls.answer = lambda uri, facts: CDN + uri
    modes.settings.DJANGO_STATIC_INTEGRITY = True
    modes.settings.DJANGO_STATIC_FILE_PROXY = calls
    for name in ("js/a.js", "js/b.js"):
        modes.site.write(name, f"var {name[3]} = 1;")
    modes.site.write("css/a.css", "a { b : c }")
    return calls


def local(html: str) -> str:
    return html.replace(CDN, "")


def digests(html: str) -> list[str]:
    return re.findall(r'integrity="([^"]+)"', html)


def news(asked: static_test_proxies.Calls) -> list[str]:
    return [uri for uri, facts in asked.take() if facts["new"]]


def test_a_copy_on_another_host_keeps_integrity_and_crossorigin(modes, asked):
    modes.page(BLOCK)
    html = modes.both(nonce="n")
    assert html.count(f'"{CDN}/') == 3
    assert html.count('crossorigin="anonymous"') == 2
    assert 'crossorigin="use-credentials"' in html
    assert len(set(digests(html))) == 3
    asked.answer = lambda uri, facts: uri
    assert modes.both(nonce="n") == local(html)


@pytest.mark.parametrize("mode", ["lazily", "ahead"])
def test_a_proxy_that_fails_leaves_the_local_url_with_its_digest(modes, asked, mode):
    modes.page(BLOCK)
    html = getattr(modes, mode)(nonce="n")

    def fail(uri, facts):
        raise OSError("no route")

    asked.answer = fail
    assert getattr(modes, mode)(nonce="n") == local(html)


@pytest.mark.parametrize("mode", ["lazily", "ahead"])
def test_one_answer_for_two_files_is_no_copy_of_the_second(modes, asked, mode):
    asked.answer = lambda uri, facts: f"{CDN}/latest{uri[-3:]}" if uri.endswith(".js") else CDN + uri
    modes.page(
        '{% staticall %}<script src="/js/a.js"></script><br><script src="/js/b.js"></script>{% endstaticall %}'
    )
    first = getattr(modes, mode)()
    assert first.count(f"{CDN}/latest.js") == 2
    assert len(digests(first)) == 1
    assert first.count("crossorigin") == 1
    assert digests(modes.render()) == [], "neither, now that two are known"


@pytest.mark.parametrize("mode", ["lazily", "ahead"])
def test_a_nonce_costs_no_memory(modes, asked, mode):
    modes.page(BLOCK)
    html = getattr(modes, mode)(nonce="first")
    by = resolver.current()
    memos = (by._locals._known, by._inner._blocks._known)
    before = [len(memo) for memo in memos]
    for number in range(50):
        assert modes.render(nonce=f"n{number}") == html.replace('"first"', f'"n{number}"')
    assert [len(memo) for memo in (by._locals._known, by._inner._blocks._known)] == [
        max(1, before[0]),
        before[1],
    ]


def test_a_nonce_costs_no_memory_while_off(modes, asked):
    modes.settings.DJANGO_STATIC = False
    modes.page(BLOCK)
    html = modes.render(nonce="first")
    for number in range(50):
        assert modes.render(nonce=f"n{number}") == html.replace('"first"', f'"n{number}"')
    by = resolver.current()
    assert len(by._locals._known) <= 1
    assert len(by._inner._blocks._known) == 1


def test_digests_of_tags(modes, asked):
    modes.page('{% staticfile "/js/a.js" %} integrity="{% staticintegrity "/js/a.js" %}"')
    html = modes.both()
    assert html.startswith(f"{CDN}/js/a.")
    assert digests(html)[0].startswith("sha384-")
    asked.answer = lambda uri, facts: f"{CDN}/same"
    modes.page('{% staticintegrity "/js/a.js" %}|{% staticintegrity "/js/b.js" %}')
    first, second = modes.both().split("|")
    assert first.startswith("sha384-")
    assert second == ""


def test_preloads_name_what_the_page_loads(modes, asked):
    modes.page(
        '{% staticpreload "/css/a.css" %}{% staticall %}<link rel="stylesheet" href="/css/a.css">{% endstaticall %}'
    )
    preload, link = modes.both().split(">", 1)
    assert re.search('href="([^"]+)"', preload)[1] == re.search('href="([^"]+)"', link)[1]
    assert digests(preload) == digests(link) != []


def test_a_literal_digest_is_kept_where_nobody_is_asked(modes):
    modes.settings.DJANGO_STATIC_INTEGRITY = True
    modes.site.write("js/a.js", "var a = 1;")
    modes.page(
        '{% staticall %}<script src="/js/a.js" integrity="{% staticintegrity "/js/a.js" %}"></script>{% endstaticall %}'
    )
    html = modes.both()
    assert html.count("sha384-") == 1
    template = engines.all()[0].get_template("page")
    assert template.render() == template.render() == html
    (node,) = [each for each in template.template.nodelist if type(each).__name__ == "BlockNode"]
    assert any(node._kept)


class TestImportMaps:
    @pytest.fixture
    def modules(self, modes, asked):
        modes.site.write("js/app.js", "import './util.js' ;")
        modes.site.write("js/util.js", "export var util = 1 ;")
        modes.settings.DJANGO_STATIC_IMPORTMAP = {"app": "/js/app.js"}
        modes.page("{% staticimportmap %}")
        return modes

    @staticmethod
    def read(html: str) -> dict:
        (text,) = re.findall(r'<script type="importmap">(.*)</script>', html)
        return json.loads(text)

    def test_every_module_is_asked_for_and_keeps_its_digest(self, modules):
        found = self.read(modules.both())
        assert set(found["imports"]) == {"app", "/js/app.js", "/js/util.js"}
        assert all(url.startswith(f"{CDN}/js/") for url in found["imports"].values())
        assert set(found["integrity"]) == set(found["imports"].values())

    @pytest.mark.parametrize("mode", ["lazily", "ahead"])
    def test_each_file_is_new_once(self, modules, asked, mode):
        getattr(modules, mode)()
        asked_for = asked.take()
        told = {uri: facts["filepath"] for uri, facts in asked_for if facts["new"]}
        assert sorted(uri.split(".")[0] for uri in told) == ["/js/app", "/js/util"]
        for uri, path in told.items():
            assert path == str(modules.site.media) + uri
        modules.render()
        assert news(asked) == []

    @pytest.mark.parametrize("mode", ["lazily", "ahead"])
    def test_one_answer_for_all_has_no_digest(self, modules, asked, mode):
        asked.answer = lambda uri, facts: f"{CDN}/one.js"
        found = self.read(getattr(modules, mode)())
        assert set(found["imports"].values()) == {f"{CDN}/one.js"}
        assert "integrity" not in found

    def test_while_off_the_plain_names_are_asked_for(self, modules, asked):
        modules.settings.DJANGO_STATIC_IMPORTMAP = {"app": "/js/app.js", "lib/": "/js/lib/"}
        found = self.read(modules.off())
        assert found == {"imports": {"app": f"{CDN}/js/app.js", "lib/": "/js/lib/"}}
        assert [(uri, facts["disabled"]) for uri, facts in asked.take()] == [("/js/app.js", True)]

    def test_an_answer_ends_no_element(self, modules, asked):
        asked.answer = lambda uri, facts: f"{uri}?</script>&"
        html = modules.both()
        assert html.count("</script>") == 1
        assert self.read(html)["imports"]["app"].endswith("?</script>&")
