"""In a real browser: a module that several ask for, each in another way, runs as often as it does unpublished."""

from __future__ import annotations

from contextlib import suppress

import pytest
import static_test_browser as browser
from static_test_built import Built

from django_static import resolver
from django_static.references import js

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
pytestmark = browser.NEEDS_CHROMIUM

RUNS = "(window.runs ??= {{}})['{0}'] = (window.runs['{0}'] ?? 0) + 1;\n"


def module(name: str, *lines: str) -> str:
    return RUNS.format(name) + "\n".join(lines) + f"\nexport const {name}  =  '{name}' ;\n"


FILES = {
    "js/state.js": module("state"),
    "js/deep.js": module("deep", "import { state } from './state.js';"),
    "js/one.js": module("one", "import './state.js';", "import './effect.js';"),
    "js/two.js": module("two", "import * as deep from './deep.js';", "export { state } from './state.js';"),
    "js/late.js": module("late", "import './state.js';", "import './deep.js';"),
    "js/three.js": module("three", "import('./late.js');", "import('./state.js');"),
    "js/lib/four.mjs": module("four", "import '../state.js';", "import '../effect.js';"),
    # Modules in a circle.
    "js/egg.js": module("egg", "import { hen } from './hen.js';", "import './state.js';"),
    "js/hen.js": module("hen", "import { egg } from './egg.js';"),
    # What is loaded for its effect, by modules and by a classic tag: two scripts to a browser, one run for each.
    "js/effect.js": RUNS.format("effect") + "(function () { var  unused  =  1 ; })();\n",
}
TAGS = {
    "staticfile": """<script type="module" src="{% staticfile '/static/js/NAME' %}"></script>""",
    "slimfile": """<script type="module" src="{% slimfile '/static/js/NAME' %}"></script>""",
    "staticall": '{% staticall %}<script type="module" src="/static/js/NAME"></script>{% endstaticall %}',
    "slimall": '{% slimall %}<script type="module" src="/static/js/NAME"></script>{% endslimall %}',
    "static": """<script type="module" src="{% static 'js/NAME' %}"></script>""",
    "inline": """<script type="module">import "{% staticfile '/static/js/NAME' %}";</script>""",
    "inline slim": """{% slimall %}<script type="module">import "{% slimfile '/static/js/NAME' %}";</script>{% endslimall %}""",
    "call": """<script type="module">import("{% slimfile '/static/js/NAME' %}");</script>""",
    "by its plain name": '<script type="module">import "/static/js/NAME"; import("/static/js/NAME");</script>',
    "by a name of the map": '<script type="module">import "js/NAME";</script>',
}
CLASSIC = {
    "none": "",
    "staticfile": """<script src="{% staticfile '/static/js/effect.js' %}"></script>""",
    "slimfile": """<script src="{% slimfile '/static/js/effect.js' %}"></script>""",
    "slimall": '{% slimall %}<script src="/static/js/effect.js"></script>{% endslimall %}',
}
MAP = '{% staticimportmap "js/" "/static/js/" %}'
NAMES = ("one.js", "two.js", "three.js", "lib/four.mjs", "hen.js")


def page_of(tags: dict[str, str], start: str = "", classic: str = "") -> str:
    """Each entry is asked for by each tag; the module all of them import as well."""
    scripts = [tag.replace("NAME", name) for name in (*NAMES, "state.js") for tag in tags.values()]
    return f"<!doctype html><title>a page</title><link rel=icon href=data:,>{start}{classic}<body>{''.join(scripts)}"


LEGIBLE = {name: tag for name, tag in TAGS.items() if "plain" not in name and "map" not in name}
PAGES = {
    **{f"classic {name}": page_of(LEGIBLE, classic=tag) for name, tag in CLASSIC.items()},
    "with a map": page_of(TAGS, start=MAP, classic=CLASSIC["slimall"]),
    # Nobody says which of them are minified but the modules that import them.
    "plain tags only": page_of({"staticfile": TAGS["staticfile"], "static": TAGS["static"]}),
}


@pytest.fixture(scope="module")
def chromium():
    with browser.started() as found:
        yield found


@pytest.fixture(scope="module")
def blank(chromium):
    """A page with nothing in it, for functions that leave nothing behind."""
    return chromium.new_page()


@pytest.fixture
def built(site, settings, tmp_path):
    settings.DJANGO_STATIC_COMPRESS = ()
    settings.STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
    with Built.made(site, settings, tmp_path) as built:
        for name, text in FILES.items():
            built.app_file(name, text)
        yield built


def shown(chromium, built: Built, prefix: str, done: str) -> tuple[object, list[str], list[str]]:
    """What comes of a page: what an expression says when it is true or time is over, what went wrong, what was asked for."""
    html = built.render("page")
    wrong: list[str] = []
    asked: list[str] = []
    with browser.files(prefix, built.static.parent / "out", built.static, built.extra) as port:
        base = f"http://127.0.0.1:{port}"
        page = chromium.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfinished", lambda request: asked.append(request.url.removeprefix(base)))
        page.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)
        # Once: while there is a route every request goes by way of us.
        page.route("**/page", lambda route: route.fulfill(body=html, content_type="text/html"), times=1)
        page.goto(f"{base}/page", wait_until="load")
        with suppress(playwright.TimeoutError):
            page.wait_for_function(done, timeout=30_000)
        page.wait_for_load_state("networkidle")
        result = page.evaluate(f"[{done}, window.runs]")[1]
        page.close()
    return result, wrong, asked


def publish(built: Built, mode: str, fingerprint: str, prefix: str) -> None:
    settings = built.settings
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = mode == "built"
    settings.DJANGO_STATIC_FINGERPRINT = fingerprint
    if prefix:
        settings.DJANGO_STATIC_NAME_PREFIX = prefix
        settings.DJANGO_STATIC_SAVE_PREFIX = str(built.static.parent / "out" / prefix.strip("/"))
    resolver.reset()
    if mode == "built":
        built.build()


WAYS = [
    ("lazy", "mtime", ""),
    ("lazy", "hash", "/forever"),
    ("built", "mtime", "/forever"),
    ("built", "hash", ""),
]
ALL_RAN = f"Object.keys(window.runs || {{}}).length == {len(FILES)}"


def expected(page: str) -> dict[str, int]:
    names = [name.rpartition("/")[2].partition(".")[0] for name in FILES]
    return dict.fromkeys(names, 1) | {"effect": 2 if "effect.js" in page else 1}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_development_shows_what_is_to_be_the_same(built, chromium, page):
    built.page("page", page)
    built.settings.DJANGO_STATIC = False
    resolver.reset()
    runs, wrong, _ = shown(chromium, built, "", ALL_RAN)
    assert (runs, wrong) == (expected(page), [])


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_each_module_runs_once(built, chromium, page, way):
    built.page("page", page)
    publish(built, *way)
    runs, wrong, asked = shown(chromium, built, way[2], ALL_RAN)
    assert (runs, wrong) == (expected(page), [])
    scripts = [url for url in asked if url.startswith(f"{way[2]}/static/js/")]
    modules = [url for url in scripts if "/effect." not in url]
    assert len(modules) == len(set(modules))
    assert {url.split(".")[0].removeprefix(way[2]) for url in scripts} == {
        f"/static/{name.partition('.')[0]}" for name in FILES
    }
    # All of them by published names.
    assert [url for url in asked if url.count(".") < 2] == ["/page"]


#: As web components do that load themselves: a part that all of them share looks for the element of the one the page names.
PARTS = {
    "kit/kit-autoloader.js": """
      import { base } from "./chunks/base.js";
      for (const name of ["button", "icon"]) import(base(`parts/${name}/${name}.js`));
    """,
    "kit/chunks/base.js": """
      let found = "";
      export function base(path) {
        if (!found) {
          const script = LOOK;
          found = script ? script.getAttribute("src").split("/").slice(0, -1).join("/") : "";
        }
        return found + "/" + path;
      }
    """,
    "kit/parts/button/button.js": "import { base } from '../../chunks/base.js';\n" + RUNS.format("button"),
    "kit/parts/icon/icon.js": """
      import { base } from "../../chunks/base.js";
      fetch(base("icons/gear.svg")).then(answer => { if (answer.ok) RUN });
    """.replace("RUN", RUNS.format("icon").strip().replace("{{}}", "{}")),
    "kit/icons/gear.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
    "js/other.js": "export {};",
}
LOOKS = {
    "list": '[...document.getElementsByTagName("script")].find(each => /kit-autoloader(\\.min)?\\.js($|\\?)/.test(each.src))',
    "selector": "document.querySelector('script[src*=\"/kit-autoloader.js\"]')",
    "scripts": 'Array.from(document.scripts).find(each => each.src.endsWith("/kit-autoloader.js"))',
}
BOTH_RAN = "window.runs?.button && window.runs?.icon"


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_parts_that_are_loaded_by_names_made_at_run_time(built, chromium, look, way):
    for name, text in PARTS.items():
        built.app_file(name, text.replace("LOOK", look))
    built.page(
        "page",
        "<!doctype html><title>a page</title><link rel=icon href=data:,><body>"
        + TAGS["slimall"].replace("NAME", "other.js")
        + TAGS["slimfile"].replace("js/NAME", "kit/kit-autoloader.js"),
    )
    publish(built, *way)
    runs, wrong, asked = shown(chromium, built, way[2], BOTH_RAN)
    assert (runs, wrong) == ({"button": 1, "icon": 1}, [])
    assert "/static/kit/icons/gear.svg" in asked
    assert "/static/kit/kit-autoloader.js" not in asked


@pytest.mark.parametrize(
    ("prefix", "url", "before"),
    [
        ("", "/a/b.1269174558.js", "/a/b.js"),
        ("", "/b.0123456789ab.mjs?c#d", "/b.mjs?c#d"),
        ("", "https://h.example:8/a/b.1269174558-0123abcd.js", "https://h.example:8/a/b.js"),
        ("", "//h.example/b.nocharset.1269174558.js", "//h.example/b.js"),
        ("", "/b.123456789012.js", "/b.123456789012.js"),
        ("", "/jquery.3.js", "/jquery.3.js"),
        ("", "/a.1269174558.js/b.js", "/a.1269174558.js/b.js"),
        ("", "/a?b.1269174558.js", "/a?b.1269174558.js"),
        ("", "/b.1269174558.css", "/b.1269174558.css"),
        ("/f.v", "/f.v/a/b.1269174558.js", "/a/b.js"),
        ("/f.v", "http://h.example/f.v/b-3f2a9c1b.js", "http://h.example/b-3f2a9c1b.js"),
        ("/f.v", "/a/b.1269174558.js", "/a/b.1269174558.js"),
        ("/f.v", "/fav/b.1269174558.js", "/fav/b.1269174558.js"),
        ("/f.v", "/f.v.1269174558.js", "/f.v.1269174558.js"),
    ],
)  # fmt: skip
def test_what_a_published_url_was(blank, prefix, url, before):
    text = "export {}; a = document.scripts; b.src"
    _, _, head = js.modules_posed(text, js.scan(text), prefix)
    function = head[head.index("function f") : head.index("function p")]
    assert blank.evaluate(f"url => {{ {function}; return f(url) }}", url) == before
