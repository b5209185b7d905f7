"""Scripts that take paths from their own URL which nobody can read beforehand, below a prefix and without."""

from __future__ import annotations

import json
import logging
import re
from io import StringIO
from urllib.parse import urljoin

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st
from static_test_ways import NAMES, WAYS, Way

from django_static.manifest import Manifest
from django_static.references import js, splice

ORIGIN = r"/^(\w+:)(\/\/[^/?#]*)[^?#]*/"
MODULE = r'(u=>/^\.\.?\//.test(u)?"/js/"+u:u)'
SCRIPT = r'(function(u){return/^(?:[a-z][\w+.-]*:|\/)/i.test(u)?u:"/js/"+u})'


def relocated(text: str, host: str = "", path: str = "/js/a.js") -> str:
    return splice(text, js.relocated(text, js.scan(text), host, path))


def short(text: str) -> str:
    """A script as it was relocated, with what is long in it cut short."""
    text = relocated(text)
    helper = re.search(r"function (\w+)\(m\)\{.*?\}return m\}", text)
    if helper:
        text = text.replace(helper[0], "H ").replace(f"{helper[1]}(", "H(")
    return text.replace(f'.replace({ORIGIN},"$1$2/js/a.js")', "@").replace(MODULE, "M").replace(SCRIPT, "S")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = import.meta.url", "a = import.meta.url@"),
        ("a = import /* b */ . meta\n.url", "a = import /* b */ . meta\n.url@"),
        ("new URL(a, import.meta.url)", "new URL(a, import.meta.url@)"),
        ("new URL(import.meta.url).search", "new URL(import.meta.url@).search"),
        ("new URL('', import.meta.url)", "new URL('', import.meta.url@)"),
        ("import.meta.url.split('/')", "import.meta.url@.split('/')"),
        ("import.meta.url == a", "import.meta.url@ == a"),
        ("`${import.meta.url}b`", "`${import.meta.url@}b`"),
        ("{ ...import.meta.url }", "{ ...import.meta.url@ }"),
        # All of it is handed on.
        ("f(import.meta)", "H f(H(import.meta))"),
        ("import.meta?.url", "H H(import.meta)?.url"),
        ("import.meta['url']", "H H(import.meta)['url']"),
        ("const { url } = import.meta", "H const { url } = H(import.meta)"),
        ("({ ...import.meta })", "H ({ ...H(import.meta) })"),
        ("typeof import.meta.resolve", "H typeof H(import.meta).resolve"),
        ("#!/bin/sh\nf(import.meta)", "#!/bin/sh\nH f(H(import.meta))"),
        ("_own(import.meta)", "H _own(H(import.meta))"),
        # A path that is made up.
        ("import(a)", "import(M(a))"),
        ("import(/* b */ a, { with: c })", "import(/* b */ M(a), { with: c })"),
        ("import(a // b\n)", "import(M(a // b\n)\n)"),
        ("import(await a)", "import(M(await a))"),
        ("import(`./${a}.js`,)", "import(M(`./${a}.js`),)"),
        ("import.meta.resolve(a)", "import.meta.resolve(M(a))"),
        ("import(import.meta.resolve(a))", "import(M(import.meta.resolve(M(a))))"),
        ("import(import.meta.url + a)", "import(M(import.meta.url@ + a))"),
        ("import(f(import.meta))", "H import(M(f(H(import.meta))))"),
        ("import(import.meta)", "H import(M(H(import.meta)))"),
        ("import(new URL(a, import.meta.url))", "import(M(new URL(a, import.meta.url@)))"),
        ("importScripts(a, 'b.js')", "importScripts(S(a), 'b.js')"),
        ("importScripts(...a)", "importScripts(...[...a].mapS)"),
        # What can be read, and what does not matter.
        ("new URL('a.png', import.meta.url)", None),
        ("new URL('a.png', import.meta.url, ).href", None),
        ("import('./a.js')", None),
        ("import.meta.resolve('./a.js')", None),
        ("import.meta.env.MODE", None),
        ("import.meta.hot = a", None),
        ("import.meta.url = a", None),
        ("new import.meta.Thing()", None),
        ("// import.meta.url", None),
        ("/* import(a) */ 'import.meta' + `import.meta`", None),
        ("a.import.meta.url", None),
        ("a.import(b)", None),
        ("important.meta", None),
        # The script itself, which has moved.
        ("import(import.meta.url)", None),
        ("new Worker(import.meta.url, { type: 'module' })", None),
        ("new SharedWorker( import.meta.url )", None),
        ("a.audioWorklet.addModule(import.meta.url)", None),
        ("new Worker(import.meta.url + a)", "new Worker(import.meta.url@ + a)"),
        # Nobody knows where it ends.
        ("import(a", None),
    ],
)  # fmt: skip
def test_relocated(text, expected):
    assert short(text) == (text if expected is None else expected)


@pytest.mark.parametrize(
    ("host", "path", "target", "folder"),
    [
        ("", "/js/a.js", "$1$2/js/a.js", "/js/"),
        ("", "/a.js", "$1$2/a.js", "/"),
        ("", "/$&/it's.js", "$1$2/$$&/it's.js", "/$&/"),
        ("//s.example.com", "/js/a.js", "$1//s.example.com/js/a.js", "//s.example.com/js/"),
        ("https://s.example.com", "/js/a.js", "https://s.example.com/js/a.js", "https://s.example.com/js/"),
    ],
)
def test_places(host, path, target, folder):
    text = relocated("import.meta.url; import(a)", host, path)
    assert f".replace({ORIGIN},{json.dumps(target)})" in text
    assert f"?{json.dumps(folder)}+u:u)(a)" in text


@given(st.text(st.sampled_from("aé \n;'\"`${}()/*."), max_size=12), st.booleans())
def test_nothing_is_taken_away(text, is_module):
    script = f"{text}\nimport(a);f(import.meta);import.meta.url;{text}" if is_module else text
    changes = js.relocated(script, js.scan(script), "", "/js/a.js")
    assert all(start == end for start, end, _ in changes)
    assert len({start for start, _, _ in changes}) == len(changes)


@pytest.fixture(params=WAYS, ids=NAMES)
def way(request, site, settings):
    return Way(site, settings, *request.param)


def loaded(way, url: str) -> dict[str, str]:
    """The texts of a module and of all it refers to, by URL; all of them must be there."""
    texts: dict[str, str] = {}
    pending = [url]
    while pending:
        each = pending.pop()
        if each not in texts:
            texts[each] = way.bytes(each).decode("latin-1")
            pending += way.loads(each) if each.endswith("js") else []
    return texts


class TestPublished:
    def test_modules_move_and_share_what_they_import(self, way, settings):
        settings.DJANGO_STATIC_MINIFIERS = {"js": None}
        way.site.write("js/state.js", "export const state = 1;")
        way.site.write(
            "js/bare.js", "import { state } from './state.js';\nexport const meta = f(import.meta);"
        )
        way.site.write("js/open.js", "import { state } from './state.js';\nimport('./' + name);")
        way.site.write("js/main.js", "import './bare.js'; import './open.js'; import './state.js';")
        url = way.url("/js/main.js")
        texts = loaded(way, url)
        assert len(texts) == 4
        assert all(each.startswith(f"{way.prefix}/js/") for each in texts)
        assert not any(each.endswith(("/state.js", "/bare.js", "/open.js", "/main.js")) for each in texts)
        # The place of the original is told where the module lies elsewhere, and only there.
        assert ("_own(import.meta)" in "".join(texts.values())) is bool(way.prefix)
        assert ("$1$2/js/bare.js" in "".join(texts.values())) is bool(way.prefix)
        assert ("\"/js/\"+u:u)('./' + name)" in "".join(texts.values())) is bool(way.prefix)

    def test_a_circle(self, way):
        way.site.write("js/a.js", "import { b } from './b.js'; export const a = import.meta.url;")
        way.site.write("js/b.js", "import { a } from './a.js'; export const b = () => f(import.meta);")
        texts = loaded(way, way.url("/js/a.js"))
        assert len(texts) == 2
        assert sum("$1$2/js/" in text for text in texts.values()) == (2 if way.prefix else 0)

    def test_assets_of_a_module_that_hands_itself_on(self, way, settings):
        """Its base is another one from then on: they are named from the root."""
        settings.DJANGO_STATIC_MINIFIERS = {"js": None}
        way.site.write("js/w.js", "postMessage(1)")
        way.site.write("js/a.js", "f(import.meta); new Worker(new URL('./w.js', import.meta.url));")
        url = way.url("/js/a.js")
        (worker,) = way.loads(url)
        assert way.bytes(worker) == b"postMessage(1)"
        if way.prefix:
            assert f"new URL('{worker}'" in way.bytes(url).decode()
        assert urljoin("/js/a.js" if way.prefix else url, worker) == worker

    def test_a_worker_of_its_own_kind(self, way):
        way.site.write("js/w.js", "importScripts(name, 'lib.js');")
        way.site.write("js/lib.js", "a()")
        url = way.url("/js/w.js")
        (lib,) = way.loads(url)
        assert way.bytes(lib) == b"a()"
        assert (SCRIPT + "(name)" in way.bytes(url).decode()) is bool(way.prefix)

    def test_minified(self, way):
        way.site.write("js/a.js", "export const a  =  f( import.meta.url ) ;\n\nimport( './' + a ) ;")
        text = way.bytes(way.url("/js/a.js", "slimfile")).decode()
        assert "  " not in text
        assert "\n" not in text
        assert text.count("/js/") == (2 if way.prefix else 0)

    def test_one_that_was_rewritten_is_right_again(self, way):
        """Below a prefix, and then no longer open: nothing of before is printed."""
        way.site.write("js/b.js", "b()")
        way.site.write("js/a.js", "import './b.js'; f(import.meta);", 5)
        before = way.url("/js/a.js")
        way.site.write("js/a.js", "import './b.js'; f();", 6)
        after = way.url("/js/a.js")
        assert after != before
        assert b"import.meta" not in way.bytes(after)
        assert set(loaded(way, after)) == {after, *way.loads(before)}


@pytest.fixture
def forever(site, settings):
    return Way(site, settings, "build", "hash", "/forever")


class TestIntegrity:
    """A digest of the author's: the bytes may not change, and so the place may not."""

    BLOCK = '<script type="module" src="/js/a.js" integrity="sha384-x"></script>'

    @pytest.mark.parametrize("text", ["import './b.js'", "import(b)", "f(import.meta.url)"])
    def test_keeps_its_url_and_says_so(self, forever, warned, text):
        forever.site.write("js/a.js", text)
        forever.site.write("js/b.js", "b()")
        html = forever.show("{% slimall %}" + self.BLOCK + "{% endslimall %}")
        assert html == self.BLOCK
        assert [each for each in warned() if "keeps its URL, /js/a.js" in each and "integrity" in each]
        manifest = Manifest.read(forever.out / ".django-static/manifest.json")
        assert list(manifest.served) == ["/js/a.js"]

    @pytest.mark.parametrize("text", ["a()", "import '/js/b.js'", "import 'b'", "// import.meta"])
    def test_goes_where_that_does_not_matter(self, forever, warned, text):
        forever.site.write("js/a.js", text)
        html = forever.show("{% slimall %}" + self.BLOCK + "{% endslimall %}")
        url = html.partition('src="')[2].partition('"')[0]
        assert url.startswith("/forever/js/a.")
        assert forever.bytes(url) == text.encode()
        assert warned() == []


class TestCheck:
    def said(self, *arguments: str) -> tuple[str, str]:
        out, err = StringIO(), StringIO()
        call_command("staticbuild", "--check", *arguments, stdout=out, stderr=err, skip_checks=True)
        return out.getvalue(), err.getvalue()

    @pytest.mark.parametrize(
        ("text", "line", "what"),
        [
            ("a();\nimport(name);", 2, "'name'"),
            ("f(import.meta)", 1, "'import.meta'"),
            ("\n\nnew URL(a, import.meta.url)", 3, "'a'"),
            ("g(import.meta.url)", 1, "'import.meta.url'"),
        ],
    )
    def test_tells_what_is_looked_for_beside_the_original(self, forever, text, line, what):
        path = forever.site.write("js/a.js", text)
        forever.url("/js/a.js")
        out, err = self.said()
        assert out == "every reference leads to a file\n"
        assert err.startswith(f"{path}:{line}: what {what} leads to is known at run time only")
        assert "from /js/, where" in err
        assert self.said("--verbosity", "0") == ("", "")
        assert self.said("--ignore", "*/js/*")[1] == ""

    def test_without_a_prefix_nothing_has_moved(self, site, settings):
        way = Way(site, settings, "build", "hash", "")
        site.write("js/a.js", "f(import.meta); import(name)")
        way.url("/js/a.js")
        out, err = self.said()
        assert out == "every reference leads to a file\n"
        # But a module may be there twice.
        assert re.findall(r"js/a.js:1: what '(.*?)' leads to", err) == ["name"]

    def test_an_argument_without_an_end_is_a_mistake(self, forever, caplog):
        forever.site.write("js/a.js", "import(" + "a + " * 5000 + "a)")
        with caplog.at_level(logging.WARNING, "django_static"):
            forever.url("/js/a.js")
        assert "cannot be told" in caplog.text
