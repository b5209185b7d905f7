"""Files that a bundler has named by their content: they keep name and bytes, and find one another below a prefix, too."""

from __future__ import annotations

import re

import pytest
from static_test_ways import NAMES, WAYS, Way, leftovers

from django_static.manifest import Manifest

INDEX = "assets/index-3f2a9c1b.js"
CHUNK = "assets/chunk-0a1b2c3d.js"


@pytest.fixture(params=WAYS, ids=NAMES)
def way(request, site, settings):
    return Way(site, settings, *request.param)


@pytest.fixture(params=["lazy", "build"])
def forever(request, site, settings):
    return Way(site, settings, request.param, "hash", "/forever")


def reached(way, url: str, *gone: str) -> dict[str, bytes]:
    """All that is loaded, by URL; what is not there fails."""
    found: dict[str, bytes] = {}
    pending = [url]
    while pending:
        each = pending.pop()
        if each not in found and each not in gone:
            found[each] = way.bytes(each)
            pending += way.loads(each) if each.endswith((".js", ".css")) else []
    return found


@pytest.mark.parametrize("tag", ["staticfile", "slimfile"])
def test_chunks_keep_name_and_bytes(way, tag):
    files = {
        INDEX: "import   './chunk-0a1b2c3d.js'; import('../assets/late-9a8b7c6d.js')\n//# sourceMappingURL=index-3f2a9c1b.js.map",
        CHUNK: "import { a } from   './index-3f2a9c1b.js'; new URL('logo-1a2b3c4d.svg', import.meta.url)",
        "assets/late-9a8b7c6d.js": "late( 1 )",
        "assets/logo-1a2b3c4d.svg": "<svg/>",
        "assets/site-5e6f7a8b.css": "a  { b: url(./logo-1a2b3c4d.svg) }\n/*# sourceMappingURL=site-5e6f7a8b.css.map */",
        "assets/site-5e6f7a8b.css.map": "{}",
    }
    for name, text in files.items():
        way.site.write(name, text)
    gone = f"{way.prefix}/{INDEX}.map"  # a reference that leads nowhere is not worth another name
    script, sheet = way.url(f"/{INDEX}", tag), way.url("/assets/site-5e6f7a8b.css", tag)
    found = reached(way, script, gone) | reached(way, sheet)
    assert found == {f"{way.prefix}/{name}": text.encode() for name, text in files.items()}
    assert leftovers(way.out) == []


def test_they_are_served(site, settings):
    way = Way(site, settings, "build", "hash", "/forever")
    site.write(INDEX, "import './chunk-0a1b2c3d.js'")
    site.write(CHUNK, "a()")
    way.url(f"/{INDEX}")
    served = Manifest.read(way.out / ".django-static/manifest.json").served
    assert {url: each.is_lasting for url, each in served.items()} == {
        f"/forever/{INDEX}": True,
        f"/forever/{CHUNK}": True,
    }


@pytest.mark.parametrize(
    "text",
    [
        "import './plain.js'",
        "import '/assets/plain.js'",
        "import '/assets/chunk-0a1b2c3d.js'",
        "f(import.meta)",
        "import(name)",
        "import './ring-0f1e2d3c.js'",
    ],
)
def test_another_text_has_another_name(forever, text):
    """What would not be found with the bytes as they are is written anew, under a name of its own."""
    forever.site.write(INDEX, text)
    forever.site.write(CHUNK, "a()")
    forever.site.write("assets/plain.js", "b()")
    forever.site.write("assets/ring-0f1e2d3c.js", "import './index-3f2a9c1b.js'; import './plain.js'")
    url = forever.url(f"/{INDEX}")
    assert re.fullmatch(r"/forever/assets/index-3f2a9c1b\.[0-9a-f]{12}\.js", url)
    assert all(each.startswith("/forever/") for each in reached(forever, url))
    assert forever.bytes(url) != text.encode()


def test_in_a_block_they_stand_alone(way):
    way.site.write("assets/a-3f2a9c1b.js", "a( 1 )")
    way.site.write("assets/b.js", "b( 2 )")
    way.site.write("assets/c.js", "c( 3 )")
    html = way.show(
        "{% slimall %}"
        + "".join(f'<script src="/assets/{name}.js"></script>' for name in ("b", "a-3f2a9c1b", "c"))
        + "{% endslimall %}"
    )
    urls = re.findall(r'src="([^"]+)"', html)
    assert urls[1] == f"{way.prefix}/assets/a-3f2a9c1b.js"
    assert [way.bytes(url) for url in urls] == [b"b(2)", b"a( 1 )", b"c(3)"]


def test_put_into_one_file_as_it_is_asked_for(way):
    way.site.write("assets/a-3f2a9c1b.js", "a()")
    way.site.write("assets/b.js", "b()")
    assert way.bytes(way.url("/assets/a-3f2a9c1b.js;/assets/b.js", "slimfile")).split() == [b"a();", b"b();"]
