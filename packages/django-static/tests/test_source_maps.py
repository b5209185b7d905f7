"""Source maps of combined files, decoded as a debugger does: each mapped place is where its source says the same."""

from __future__ import annotations

import base64
import json
import re
from bisect import bisect_right

import pytest

from django_static.references import source_map

TIME = 1269174558
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def numbers(segment: str) -> list[int]:
    found, value, shift = [], 0, 0
    for character in segment:
        digit = BASE64.index(character)
        value += (digit & 31) << shift
        shift += 5
        if not digit & 32:
            found.append(-(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    return found


def decoded(chart: dict) -> list[tuple[tuple[int, int], tuple[str, int, int] | None, str | None]]:
    """Every mapping of an index map in order: place, place in the source, content of the source."""
    found = []
    for section in chart["sections"]:
        inner = section["map"]
        source = line = column = 0
        for number, text in enumerate(inner["mappings"].split(";")):
            at = 0
            for segment in filter(None, text.split(",")):
                values = numbers(segment)
                at += values[0]
                place = (
                    section["offset"]["line"] + number,
                    at + (0 if number else section["offset"]["column"]),
                )
                if len(values) == 1:
                    found.append((place, None, None))
                    continue
                source, line, column = source + values[1], line + values[2], column + values[3]
                content = (inner.get("sourcesContent") or [None] * 9)[source]
                found.append((place, (inner["sources"][source], line, column), content))
    assert found == sorted(found, key=lambda each: each[0])
    return found


class Mapped:
    """A combined file and its map."""

    def __init__(self, modes, html: str) -> None:
        (url,) = re.findall(r'(?:href|src)="([^"]+)"', html)
        self.url = url
        self.text = modes.site.text(url)
        found = re.findall(r"[#]\s?sourceMappingURL=(\S+)", self.text)
        self.map = None
        if found:
            (self.name,) = found
            self.path = modes.site.media / url.lstrip("/").rpartition("/")[0] / self.name
            self.map = json.loads(self.path.read_text("utf-8"))
            self.mappings = decoded(self.map)

    def source_of(self, needle: str) -> tuple[str, str] | None:
        """Where a debugger says a piece of the file is from, with the rest of that line; None if it does not know."""
        offset = self.text.index(needle)
        line = self.text.count("\n", 0, offset)
        column = offset - (self.text.rfind("\n", 0, offset) + 1)
        places = [place for place, _, _ in self.mappings]
        at = bisect_right(places, (line, column)) - 1
        (found_line, _found_column), source, content = self.mappings[at]
        if source is None or found_line != line:
            return None
        rest = content.split("\n")[source[1]] if content is not None else ""
        return source[0], rest[source[2] :]


@pytest.fixture
def mapped(modes):
    modes.settings.DJANGO_STATIC_SOURCE_MAPS = True
    modes.settings.DJANGO_STATIC_FINGERPRINT = "hash"

    def run(tag: str, *names: str) -> Mapped:
        elements = "".join(
            f'<link rel="stylesheet" href="{name}">'
            if name.endswith("css")
            else f'<script src="{name}"></script>'
            for name in names
        )
        modes.page(f"{{% {tag} %}}{elements}{{% end{tag} %}}")
        return Mapped(modes, modes.both())

    run.site = modes.site
    run.modes = modes
    return run


def test_scripts_line_by_line(mapped):
    mapped.site.write("js/a.js", "\n\n  first ( 1 ) ;\nsecond ( 2 )\n", TIME)
    mapped.site.write("js/b.js", "third ( 3 ) // end", TIME)
    mapped.site.write("js/c.js", "", TIME)
    mapped.site.write("js/d.js", "\ufefffourth ( '\U0001f600' ) ;\n\nfifth ( 5 ) ;;\n\n", TIME)
    found = mapped("staticall", "/js/a.js", "/js/b.js", "/js/c.js", "/js/d.js")
    assert found.source_of("first") == ("/js/a.js", "first ( 1 ) ;")
    assert found.source_of("second") == ("/js/a.js", "second ( 2 )")
    assert found.source_of("third") == ("/js/b.js", "third ( 3 ) // end")
    assert found.source_of("fourth") == ("/js/d.js", "fourth ( '\U0001f600' ) ;")
    assert found.source_of("fifth") == ("/js/d.js", "fifth ( 5 ) ;;")
    assert found.text.endswith("//# sourceMappingURL=" + found.name + "\n")
    assert found.text.count("sourceMappingURL") == 1


def test_style_sheets_line_by_line(mapped):
    mapped.site.write("css/a.css", '@charset "utf-8"; é { b : c }\nd { e : url(../i/p.png) }', TIME)
    mapped.site.write("css/b.css", "\n\nf { g : h }\n/*# sourceMappingURL=gone.map */\n", TIME)
    mapped.site.write("i/p.png", b"picture", TIME)
    found = mapped("staticall", "/css/a.css", "/css/b.css")
    assert found.text.startswith('@charset "utf-8";é { b : c }\nd { e : url(../i/p.')
    assert found.mappings[0][:2] == ((0, 17), ("/css/a.css", 0, 18))
    assert found.source_of("é { b") == ("/css/a.css", "é { b : c }")
    assert found.source_of("d { e") == ("/css/a.css", "d { e : url(../i/p.png) }")
    assert found.source_of("f { g") == ("/css/b.css", "f { g : h }")
    assert found.text.endswith(f"\n/*# sourceMappingURL={found.name} */")
    assert found.text.count("sourceMappingURL") == 1


def test_what_is_minified_is_not_mapped(mapped):
    mapped.site.write("js/a.min.js", "first ( 1 ) ;", TIME)
    mapped.site.write(
        "js/b.js", "function second ( ) {\n  return 2 ;\n}\nfunction s3 ( ) {\n  return 3 ;\n}", TIME
    )
    mapped.site.write("js/c.min.js", "third ( 3 ) ;", TIME)
    found = mapped("slimall", "/js/a.min.js", "/js/b.js", "/js/c.min.js")
    assert "function second(){return 2}" in found.text
    assert found.source_of("first") == ("/js/a.min.js", "first ( 1 ) ;")
    assert found.source_of("second") is None
    assert found.source_of("s3") is None
    assert found.source_of("third") == ("/js/c.min.js", "third ( 3 ) ;")


def test_nothing_to_map_is_no_map(mapped):
    mapped.site.write("js/a.js", "function a ( ) { }", TIME)
    mapped.site.write("js/b.js", "function b ( ) { }", TIME)
    assert mapped("slimall", "/js/a.js", "/js/b.js").map is None


def test_inlined_imports_are_not_mapped(mapped):
    mapped.site.write("css/a.css", "@import\n'c.css';\na { b : c }", TIME)
    mapped.site.write("css/b.css", "d { e : f }", TIME)
    mapped.site.write("css/c.css", "g { h : i }", TIME)
    found = mapped("staticall", "/css/a.css", "/css/b.css")
    assert found.source_of("a { b") is None
    assert found.source_of("g { h") is None
    assert found.source_of("d { e") == ("/css/b.css", "d { e : f }")


def test_one_that_could_not_be_minified_follows_the_reason(mapped, monkeypatch):
    mapped.modes.settings.DJANGO_STATIC_MINIFIERS = {"js": ["static_test_helpers.broken_engine"]}
    mapped.site.write("js/a.js", "first ( 1 ) ;\nsecond ( 2 ) ;", TIME)
    mapped.site.write("js/b.js", "third ( 3 ) ;", TIME)
    found = mapped("slimall", "/js/a.js", "/js/b.js")
    assert found.text.count("not minified") == 2
    assert found.source_of("first") == ("/js/a.js", "first ( 1 ) ;")
    assert found.source_of("second") == ("/js/a.js", "second ( 2 ) ;")
    assert found.source_of("third") == ("/js/b.js", "third ( 3 ) ;")


#: let x -> x of a.ts, as a compiler maps it: the name at column 4 of the second line.
OWN = {
    "version": 3, "file": "a.js", "sources": ["../ts/a.ts"], "sourcesContent": ["\nlet first = 1"],
    "names": [], "mappings": "AACI",
}  # fmt: skip


@pytest.mark.parametrize("comment", ["//# sourceMappingURL=maps/a.js.map", "data"])
@pytest.mark.parametrize("folder", ["maps", ""])
def test_a_part_keeps_the_map_it_brought(mapped, comment, folder):
    own = (
        {**OWN, "sourceRoot": ""}
        if folder
        else {"version": 3, "sections": [{"offset": {"line": 0, "column": 0}, "map": OWN}]}
    )
    mapped.site.write("js/maps/a.js.map", json.dumps(own), TIME)
    if comment == "data":
        data = base64.b64encode(json.dumps(own).encode()).decode()
        comment = f"//# sourceMappingURL=data:application/json;charset=utf-8;base64,{data}"
        source = "../ts/a.ts"
    else:
        source = "ts/a.ts"
    mapped.site.write("js/a.js", f"first=1\n{comment}\n", TIME)
    mapped.site.write("js/b.js", "third ( 3 ) ;", TIME)
    found = mapped("staticall", "/js/b.js", "/js/a.js")
    assert found.source_of("first") == (source, "first = 1")
    assert found.source_of("third") == ("/js/b.js", "third ( 3 ) ;")


@pytest.mark.parametrize(
    "content", ["nonsense", "[]", '{"version": 2}', '{"version": 3, "sections": [{"offset": {"line": 1}}]}']
)
def test_a_broken_map_is_left_out(mapped, content):
    mapped.site.write("js/a.js.map", content, TIME)
    mapped.site.write("js/a.js", "first ( 1 )\n//# sourceMappingURL=a.js.map", TIME)
    mapped.site.write("js/b.js", "third ( 3 ) ;", TIME)
    found = mapped("staticall", "/js/a.js", "/js/b.js")
    assert found.source_of("first") == ("/js/a.js", "first ( 1 )")


def test_a_map_whose_columns_have_moved_is_not_taken(mapped):
    mapped.site.write("css/a.css.map", json.dumps({**OWN, "sources": ["a.scss"]}), TIME)
    mapped.site.write(
        "css/a.css", "a { b : url(p.png) } c { d : e }\n/*# sourceMappingURL=a.css.map */", TIME
    )
    mapped.site.write("css/b.css", "f { g : h }", TIME)
    mapped.site.write("css/p.png", b"picture", TIME)
    found = mapped("staticall", "/css/a.css", "/css/b.css")
    assert found.source_of("a { b")[0] == "/css/a.css"
    mapped.site.write("css/a.css", "a { b : c } c { d : e }\n/*# sourceMappingURL=a.css.map */", TIME + 1)
    found = mapped("staticall", "/css/a.css", "/css/b.css")
    assert found.source_of("a { b")[0] == "a.scss"


def test_a_change_of_the_own_map_is_seen(mapped):
    mapped.modes.settings.DEBUG = True
    mapped.site.write("js/a.js.map", json.dumps(OWN), TIME)
    mapped.site.write("js/a.js", "first=1\n//# sourceMappingURL=a.js.map", TIME)
    mapped.site.write("js/b.js", "third ( 3 ) ;", TIME)
    first = mapped("staticall", "/js/a.js", "/js/b.js")
    mapped.site.write("js/a.js.map", json.dumps({**OWN, "sources": ["../ts/new.ts"]}), TIME + 1)
    second = mapped("staticall", "/js/a.js", "/js/b.js")
    assert second.source_of("first")[0].endswith("ts/new.ts")
    assert first.url != second.url


@pytest.mark.parametrize("fingerprint", ["hash", "mtime"])
def test_names_and_digests(mapped, fingerprint):
    from static_test_modes import no_files  # noqa: F401 (the page is rendered under it)

    mapped.modes.settings.DJANGO_STATIC_FINGERPRINT = fingerprint
    mapped.modes.settings.DJANGO_STATIC_INTEGRITY = True
    mapped.site.write("js/a.js", "first ( 1 ) ;", TIME)
    mapped.site.write("js/b.js", "third ( 3 ) ;", TIME)
    found = mapped("staticall", "/js/a.js", "/js/b.js")
    assert re.fullmatch(r"a_b\.[0-9a-f]{12}\.js\.map", found.name)
    assert found.map.keys() == {"version", "sections"}
    assert source_map.read(found.path.read_bytes()) == found.map
    published = mapped.site.published()
    assert mapped("staticall", "/js/a.js", "/js/b.js").url == found.url
    assert mapped.site.published() == published


def test_a_lost_map_is_made_again(mapped):
    mapped.site.write("js/a.js", "first ( 1 ) ;", TIME)
    mapped.site.write("js/b.js", "third ( 3 ) ;", TIME)
    found = mapped("staticall", "/js/a.js", "/js/b.js")
    content = found.path.read_bytes()
    found.path.unlink()
    mapped("staticall", "/js/a.js", "/js/b.js")
    assert found.path.read_bytes() == content


def test_under_prefixes_the_map_lies_beside_its_file(mapped, tmp_path):
    mapped.modes.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "out")
    mapped.modes.settings.DJANGO_STATIC_NAME_PREFIX = "/cache"
    mapped.site.write("js/a.js", "first=1\n//# sourceMappingURL=a.js.map", TIME)
    mapped.site.write("js/a.js.map", json.dumps({**OWN, "sourcesContent": [None]}), TIME)
    mapped.site.write("js/b.js", "third ( 3 ) ;", TIME)
    mapped.modes.page(
        '{% staticall %}<script src="/js/a.js"></script><script src="/js/b.js"></script>{% endstaticall %}'
    )
    mapped.modes.both()
    (path,) = (tmp_path / "out").glob("js/a_b.*.map")
    sources = [
        source for section in json.loads(path.read_text())["sections"] for source in section["map"]["sources"]
    ]
    assert sources == ["../../ts/a.ts", "/js/b.js"]


def test_it_is_off_by_default(mapped):
    mapped.modes.settings.DJANGO_STATIC_SOURCE_MAPS = False
    mapped.site.write("js/a.js", "first ( 1 ) ;", TIME)
    mapped.site.write("js/b.js", "third ( 3 ) ;", TIME)
    found = mapped("staticall", "/js/a.js", "/js/b.js")
    assert found.map is None
    assert not [name for name in mapped.site.published() if name.endswith(".map")]


@pytest.mark.parametrize("start", [(0, 0), (3, 0), (3, 17), (100, 1000)])
@pytest.mark.parametrize("lines", [1, 2, 5])
def test_identity_from_a_place(start, lines):
    chart = source_map.index_map([source_map.Section(0, 0, source_map.identity("a", lines, start=start))])
    found = [place for _, place, _ in decoded(chart)]
    assert found == [("a", *start), *(("a", start[0] + number, 0) for number in range(1, lines))]
