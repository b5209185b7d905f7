"""One module is one file, whatever tag asks for it: twins would be two modules, each with a state of its own."""

from __future__ import annotations

import json
import re
from itertools import product

import pytest
from static_test_built import Built
from static_test_ways import NAMES, WAYS, Way

from django_static.references import js

SHARED = "export const state = { n: 0 } ;\n\nstate.n += 1 ;\n"
ENTRY = "import { state } from './shared.js' ;\nstate.n += 1 ;\n"


@pytest.fixture(params=WAYS, ids=NAMES)
def way(request, site, settings):
    way = Way(site, settings, *request.param)
    site.write("js/shared.js", SHARED)
    for name in ("one", "two", "three"):
        site.write(f"js/{name}.js", ENTRY)
    return way


def graph(way: Way, html: str) -> set[str]:
    """The URLs of all scripts that a page gets."""
    pending = re.findall(r"[^\s\"'=]+\.m?js", html)
    found: set[str] = set()
    while pending:
        url = pending.pop()
        if url not in found:
            found.add(url)
            pending += [each for each in way.loads(url) if each.endswith("js")]
    return found


def files_of(urls: set[str], name: str) -> set[str]:
    """Those of them that stand for a file."""
    return {url for url in urls if re.fullmatch(rf"{name}[.-].*|{name}", url.rpartition("/")[2])}


ONE = '{% slimfile "/js/one.js" %}'
MODULE = '<script type="module" src="/js/{}.js"></script>'


@pytest.mark.parametrize(
    "page",
    [
        ONE + ' {% staticfile "/js/two.js" %}',
        '{% staticfile "/js/two.js" %} ' + ONE,
        '{% slimfile "/js/shared.js" %} {% staticfile "/js/shared.js" %} ' + ONE,
        '{% staticfile "/js/shared.js" %} ' + ONE,
        '{% slimfile "/js/shared.js" %} {% staticfile "/js/two.js" %}',
        "{% slimall %}" + MODULE.format("one") + "{% endslimall %}{% staticall %}" + MODULE.format("two") + "{% endstaticall %}",
        "{% slimall %}" + MODULE.format("one") + MODULE.format("two") + '{% endslimall %} {% staticfile "/js/shared.js" %}',
        ONE + ' {% staticpreload "/js/shared.js" as="module" %}',
        '{% staticpreload "/js/one.js" as="module" %} ' + ONE,
        ONE + ' {% staticimportmap "shared" "/js/shared.js" %} {% staticfile "/js/three.js" %}',
    ],
)  # fmt: skip
def test_one_file_for_a_module(way, page):
    urls = graph(way, way.show("{% autoescape off %}" + page + "{% endautoescape %}"))
    shared = {url for url in files_of(urls, "shared") if url != "/js/shared.js"}
    assert len(shared) == 1
    assert way.bytes(shared.pop()) == b"export const state={n:0};state.n+=1"


def test_both_tags_print_the_same_module(way):
    page = '{% slimfile "/js/one.js" %} {% staticfile "/js/one.js" %}'
    slim, plain = way.show(page).split()
    assert slim == plain
    # Also where only the one is asked for.
    assert way.show('{% staticfile "/js/one.js" %}') == plain


def test_what_is_imported_only_for_what_it_does(way):
    """Its text does not tell that it is a module, but whoever imports it does."""
    way.site.write("js/effect.js", "customElements.define( 'my-element', class {} ) ;\n")
    for name in ("one", "two"):
        way.site.write(f"js/{name}.js", "import './effect.js' ;\n")
    urls = graph(way, way.show(ONE + ' {% staticfile "/js/two.js" %}'))
    assert len(files_of(urls, "effect")) == 1


def test_circles(way):
    way.site.write("js/a.js", "import './b.js' ; export const a = 1 ;\n")
    way.site.write("js/b.js", "import './a.js' ; export const b = 1 ;\n")
    way.site.write("js/one.js", "import './a.js' ;\n")
    way.site.write("js/two.js", "import './b.js' ;\n")
    page = '{% slimfile "/js/one.js" %} {% staticfile "/js/two.js" %} {% staticfile "/js/a.js" %} {% slimfile "/js/b.js" %}'
    urls = graph(way, way.show(page))
    assert [len(files_of(urls, name)) for name in "ab"] == [1, 1]


@pytest.mark.parametrize(
    ("name", "files"),
    [
        (
            "a",
            {
                "a.css": "p { b: url(a.js) }",
                "a.js": "new URL('a.css', import.meta.url)",
                "b.js": "import './a.js'",
            },
        ),
        ("a", {"a.js": "import('./b.js')", "b.js": "import('./a.js')", "c.js": "import './a.js'"}),
        ("b", {"a.js": "import('./b.js')", "b.js": "import './a.js'", "c.js": "import './b.js'"}),
    ],
    ids=["with a sheet", "of calls", "of a call and a statement"],
)
@pytest.mark.parametrize("is_reversed", [False, True], ids=["", "reversed"])
def test_circles_that_do_not_look_like_modules(way, name, files, is_reversed):
    for each, text in files.items():
        way.site.write(f"js/{each}", text)
    order = sorted(files, reverse=is_reversed)
    page = " ".join(f'{{% staticfile "/js/{each}" %}}' for each in order if each.endswith("js"))
    urls = graph(way, way.show(page))
    assert len(files_of(urls, name)) == 1


@pytest.mark.parametrize("first", ["slimfile", "staticfile"])
def test_a_script_is_no_module(way, first):
    """A classic script is what the tag says."""
    way.site.write("js/classic.js", "var important = 1 ;\n")
    second = {"slimfile": "staticfile", "staticfile": "slimfile"}[first]
    printed = way.show(f'{{% {first} "/js/classic.js" %}} {{% {second} "/js/classic.js" %}}').split()
    texts = dict(zip((first, second), map(way.bytes, printed), strict=True))
    assert texts == {"slimfile": b"var important=1", "staticfile": b"var important = 1 ;\n"}


def test_what_a_bundler_has_finished_imports_the_same(way):
    way.site.write("js/main.3f2a9c1b.js", "import { state } from './shared.js' ;\nstate.n += 1 ;\n")
    urls = graph(way, way.show(ONE + ' {% slimfile "/js/main.3f2a9c1b.js" %}'))
    assert len(files_of(urls, "shared")) == 1
    (main,) = files_of(urls, "main")
    assert main != "/js/main.3f2a9c1b.js"  # another content needs another name
    assert way.bytes(main).endswith(b"\nstate.n += 1 ;\n")


def test_what_a_bundler_has_finished_keeps_its_name_with_what_it_imports(way):
    asset = "" if way.prefix else "; new URL('./shared.js', import.meta.url)"
    way.site.write("js/main.3f2a9c1b.js", f"import './chunk-0a1b2c3d.js' {asset}")
    way.site.write("js/chunk-0a1b2c3d.js", "export   default 1")
    url = way.show('{% slimfile "/js/main.3f2a9c1b.js" %}')
    assert url == f"{way.prefix}/js/main.3f2a9c1b.js"


def test_a_name_in_pieces(way):
    way.site.write("js/one.js", "import('./' + 'sha' +\n \"red.js\").then(f) ;\n")
    urls = graph(way, way.show('{% slimfile "/js/one.js" %} {% slimfile "/js/two.js" %}'))
    assert len(files_of(urls, "shared")) == 1


def test_it_is_said_that_names_are_made_at_run_time(way, caplog):
    caplog.set_level("INFO", "django_static")
    way.site.write("js/one.js", ENTRY + "import(`./${name}.js`)\n")
    way.verbosity = 2  # it is no fault
    way.url("/js/one.js", "slimfile")
    (said,) = {
        each for each in (*caplog.messages, *way.said.splitlines()) if "known at run time only" in each
    }
    assert said.startswith(f"{way.site.media}/js/one.js:3: what '`./${{name}}.js`' leads to")
    assert ("{% staticimportmap %}" in said) is not way.prefix.startswith("/")


@pytest.mark.parametrize("text", ["import './shared.js'; a()", "a();\nexport let b", "export { a };"])
def test_a_big_one_is_told_without_a_parser(way, settings, monkeypatch, text):
    """It takes fifty times the text in memory, and a page waits."""

    def parsed(text):
        raise MemoryError

    monkeypatch.setattr(js, "parse", parsed)
    settings.DJANGO_STATIC_MINIFIERS = {"js": None}
    way.site.write("js/a.js", text)
    assert (
        len(graph(way, way.show("{% slimfile '/js/a.js' %} {% staticfile '/js/a.js' %}")))
        == text.count("import") + 1
    )


@pytest.mark.parametrize(("end", "files"), [("export const a = 1", 1), ("var a = { export: 1 }", 2)])
def test_one_whose_tokens_do_not_tell_is_asked_of_the_parser(way, end, files):
    """A slash after a brace divides, or begins a pattern: what follows may be in it. A module is one file for both tags."""
    way.site.write("js/a.js", f"x = {{}} / 2 / 1 ;\n{end} ;\n")
    assert len({*way.show("{% slimfile '/js/a.js' %} {% staticfile '/js/a.js' %}").split()}) == files


class TestOfATree:
    """Every file the finders know is published, too."""

    @pytest.fixture
    def built(self, site, settings, tmp_path):
        with Built.made(site, settings, tmp_path) as built:
            settings.STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
            settings.DJANGO_STATIC_COMPRESS = ()
            built.app_file("shared.js", SHARED)
            for name in ("one", "two", "apart"):
                built.app_file(f"{name}.js", ENTRY if name != "apart" else "import './own.js' ;\n")
            built.app_file("own.js", "export const own = 1 ;\n")
            yield built

    def imported(self, built: Built, url: str) -> str:
        text = (built.static / url.removeprefix("/static/")).read_text()
        return re.findall(r"""\./([^"']+)""", text)[0]

    def test_pages_and_tree_have_the_same(self, built):
        page = '{% slimfile "/static/one.js" %} {% static "two.js" %} {% static "shared.js" %} {% static "one.js" %}'
        built.page("page", page)
        built.build()
        one, two, shared, again = built.render("page").split()
        assert one == again
        assert self.imported(built, one) == self.imported(built, two) == shared.rpartition("/")[2]

    def test_lazily_with_the_storage(self, built, settings):
        settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
        built.app_file("classic.js", "var a = 1 ;\n")
        built.page("page", '{% slimfile "/static/one.js" %} {% static "two.js" %} {% static "classic.js" %}')
        one, two, classic = built.render("page").split()
        assert self.imported(built, one) == self.imported(built, two)
        assert classic == "/static/classic.js"

    def test_what_no_page_asks_for_stays_as_it_is(self, built):
        built.page("page", '{% slimfile "/static/one.js" %} {% static "apart.js" %} {% static "own.js" %}')
        built.build()
        _, apart, own = built.render("page").split()
        assert (built.static / own.removeprefix("/static/")).read_text() == "export const own = 1 ;\n"
        assert self.imported(built, apart) == own.rpartition("/")[2]

    @pytest.mark.parametrize(("before", "after"), [*product(("slimfile", "staticfile", ""), repeat=2)])
    def test_the_same_whatever_was_built_before(self, built, before, after):
        def show(tag: str) -> list[str]:
            mine = f'{{% {tag} "/static/one.js" %}} ' if tag else ""
            built.page("page", mine + '{% static "one.js" %} {% static "two.js" %} {% static "shared.js" %}')
            built.build()
            return built.render("page").split()

        show(before)
        *_, one, two, shared = show(after)
        assert self.imported(built, two) == self.imported(built, one) == shared.rpartition("/")[2]
        text = (built.static / shared.removeprefix("/static/")).read_text()
        assert text == ("export const state={n:0};state.n+=1" if after else SHARED)

    def test_a_large_tree(self, built):
        """A second process begins with it before it is known what pages ask for."""
        for number in range(450):
            built.app_file(f"many/{number}.js", f"export const n{number} = 1 ;\n")
        pages = " ".join(f'{{% slimfile "/static/many/{number}.js" %}}' for number in range(0, 450, 9))
        built.page("page", pages)
        built.build()
        files = json.loads(built.manifest.read_text())["files"]
        published = [name for name in files if re.match(r"/static/many/\d+\.[0-9a-f]{12}\.js", name)]
        assert len(published) == 450
        folder = built.static / "many"
        assert len([path for path in folder.iterdir() if re.search(r"\.[0-9a-f]{12}\.js", path.name)]) == 450
