"""Source maps: read, moved with the file they belong to, and made for files that were joined."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_static.references import source_map
from django_static.references.source_map import Section, SourceMapError

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def _decoded(mappings: str) -> list[tuple[int, ...]]:
    """The segments of ``mappings`` (ECMA-426, 9.3) as (line, column, source, original line, original column), from 0."""
    found: list[tuple[int, ...]] = []
    source = line = column = 0
    for number, group in enumerate(mappings.split(";")):
        generated = 0
        for segment in filter(None, group.split(",")):
            fields, shift, value = [], 0, 0
            for digit in map(_DIGITS.index, segment):
                value |= (digit & 31) << shift
                shift += 5
                if not digit & 32:
                    fields.append(-(value >> 1) if value & 1 else value >> 1)
                    shift = value = 0
            generated += fields[0]
            if len(fields) > 1:
                source, line, column = source + fields[1], line + fields[2], column + fields[3]
                found.append((number, generated, source, line, column))
    return found


def _original(found: dict, line: int, column: int) -> tuple[str, int, int] | None:
    """Where a debugger says that a place comes from: the last segment before it in its section and line."""
    best: tuple[str, int, int] | None = None
    for section in found["sections"]:
        first_line, first_column = section["offset"]["line"], section["offset"]["column"]
        if (line, column) < (first_line, first_column):
            break
        best = None
        for number, generated, source, original_line, original_column in _decoded(section["map"]["mappings"]):
            start = generated + (first_column if number == 0 else 0)
            if first_line + number == line and start <= column:
                best = (section["map"]["sources"][source], original_line, original_column)
    return best


@pytest.mark.parametrize(
    "data",
    [
        '{"version":3,"sources":["a"],"mappings":""}',
        b'{"version":3,"sources":["a"],"mappings":""}',
        b'\xef\xbb\xbf{"version":3,"sources":["a"],"mappings":""}',
        ')]}\'\n{"version":3,"sources":["a"],"mappings":""}',
        ')]}\', ignored\r\n{"version":3,"sources":["a"],"mappings":""}',
    ],
)
def test_read(data):
    assert source_map.read(data) == {"version": 3, "sources": ["a"], "mappings": ""}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "no source map"),
        (")]}'", "no source map"),
        ("<html>", "no source map"),
        (b"\xff\xfe", "no source map"),
        ("[" * 100_000, "no source map"),
        ("[]", "not list"),
        ("null", "not NoneType"),
        ('{"sources":[]}', "version None"),
        ('{"version":2}', "version 2"),
        ('{"version":3,"sources":"a"}', "sources are no list"),
        ('{"version":3,"sources":[1]}', "sources are no list"),
        ('{"version":3,"sourcesContent":{}}', "sourcesContent are no list"),
        ('{"version":3,"sourceRoot":1}', "sourceRoot or mappings"),
        ('{"version":3,"mappings":[]}', "sourceRoot or mappings"),
        ('{"version":3,"sections":{}}', "sections are no list"),
        ('{"version":3,"sections":[1]}', "line and column"),
        ('{"version":3,"sections":[{"offset":{"line":0,"column":-1},"map":{"version":3}}]}', "line and column"),
        ('{"version":3,"sections":[{"offset":{"line":0},"map":{"version":3}}]}', "line and column"),
        ('{"version":3,"sections":[{"offset":{"line":0,"column":0}}]}', "not NoneType"),
        ('{"version":3,"sections":[{"offset":{"line":0,"column":0},"map":' * 30 + "1" + "}]}" * 30, "too deep"),
    ],
)  # fmt: skip
def test_what_is_no_map(data, reason):
    with pytest.raises(SourceMapError, match=reason):
        source_map.read(data)


def test_the_sources_a_debugger_fetches():
    plain = {
        "version": 3,
        "sourceRoot": "src",
        "sources": ["a.js", None, "held.js", "/b.js", "https://h/c.js", "webpack:///d.js", "a.js"],
        "sourcesContent": [None, None, "held"],
    }
    assert source_map.sources(plain) == ["src/a.js", "/b.js", "https://h/c.js", "webpack:///d.js"]
    assert source_map.sources({"version": 3, "sources": ["a.js"], "sourceRoot": "x/"}) == ["x/a.js"]
    assert source_map.sources({"version": 3, "sources": ["a.js"], "sourceRoot": None}) == ["a.js"]
    assert source_map.sources({"version": 3}) == []
    joined = {
        "version": 3,
        "sections": [
            {"offset": {"line": 0, "column": 0}, "map": plain},
            {"offset": {"line": 9, "column": 0}, "map": {"version": 3, "sources": ["e.js"]}},
        ],
    }
    assert source_map.sources(joined) == [*source_map.sources(plain), "e.js"]


@pytest.mark.parametrize(
    ("root", "source", "old", "new", "expected"),
    [
        ("", "a.ts", "/js/a.js.map", "/cache/js/a.1.js.map", "../../js/a.ts"),
        ("", "../src/a.ts", "/js/a.js.map", "/cache/js/a.1.js.map", "../../src/a.ts"),
        ("../src", "a.ts", "/js/a.js.map", "/cache/js/a.1.js.map", "../../src/a.ts"),
        ("", "a.ts", "/js/x/a.js.map", "/js/a.js.map", "x/a.ts"),
        ("", "a.ts", "/a.js.map", "/js/a.js.map", "../a.ts"),
        ("", "../../../a.ts", "/js/a.js.map", "/x/js/a.js.map", "../../a.ts"),
        ("", "A.vue?12#x", "/js/a.js.map", "/x/a.js.map", "../js/A.vue?12#x"),
        ("", "c/C:a.ts", "/js/a.js.map", "/js/c/a.js.map", "./C:a.ts"),
        ("", "/src/a.ts", "/js/a.js.map", "/x/a.js.map", "/src/a.ts"),
        ("/src", "a.ts", "/js/a.js.map", "/x/a.js.map", "/src/a.ts"),
        ("", "//h/a.ts", "/js/a.js.map", "/x/a.js.map", "//h/a.ts"),
        ("", "webpack://p/./a.ts", "/js/a.js.map", "/x/a.js.map", "webpack://p/./a.ts"),
        ("https://h/src", "a.ts", "/js/a.js.map", "/x/a.js.map", "https://h/src/a.ts"),
        ("", "a.ts", "https://h/js/a.js.map", "https://h/x/a.js.map", "../js/a.ts"),
        ("", "a.ts", "https://h/js/a.js.map", "/x/a.js.map", "https://h/js/a.ts"),
        ("", "a.ts", "/js/a.js.map", "https://h/x/a.js.map", "/js/a.ts"),
        ("", None, "/js/a.js.map", "/x/a.js.map", None),
    ],
)  # fmt: skip
def test_moved_to_another_folder(root, source, old, new, expected):
    before = {"version": 3, "file": "a.js", "sourceRoot": root, "sources": [source], "mappings": "AAAA"}
    copy = json.loads(json.dumps(before))
    after = source_map.moved(before, old, new, file="a.1.js")
    assert after == {"version": 3, "file": "a.1.js", "sources": [expected], "mappings": "AAAA"}
    assert before == copy


def test_moved_within_its_folder():
    before = {"version": 3, "file": "a.js", "sourceRoot": "src", "sources": ["a.ts"], "mappings": ""}
    assert source_map.moved(before, "/js/a.js.map", "/js/a.1.js.map") == before
    assert source_map.moved(before, "/js/a.js.map", "/js/a.1.js.map", file="a.1.js") == {
        **before,
        "file": "a.1.js",
    }


def test_moved_in_sections():
    plain = {"version": 3, "file": "a.js", "sources": ["a.ts"], "mappings": ""}
    before = source_map.index_map([Section(0, 0, plain), Section(3, 5, None, "b.js", 2)], file="ab.js")
    after = source_map.moved(before, "/js/ab.js.map", "/x/ab.1.js.map", file="ab.1.js")
    assert after["file"] == "ab.1.js"
    assert source_map.sources(after) == ["../js/a.ts", "../js/b.js"]
    assert [section["offset"] for section in after["sections"]] == [
        {"line": 0, "column": 0},
        {"line": 3, "column": 5},
    ]


def test_a_map_of_a_joined_file():
    first = {"version": 3, "sources": ["a.ts"], "names": [], "mappings": "AAAA,IAAI;AACA"}
    found = source_map.index_map(
        [Section(0, 0, first), Section(1, 4, None, "b.js", 3), Section(4, 0, first)], file="abc.js"
    )
    assert (found["version"], found["file"]) == (3, "abc.js")
    assert _original(found, 0, 2) == ("a.ts", 0, 0)
    assert _original(found, 0, 9) == ("a.ts", 0, 4)
    assert _original(found, 1, 3) == ("a.ts", 1, 4)
    assert _original(found, 1, 4) == ("b.js", 0, 0)
    assert _original(found, 2, 7) == ("b.js", 1, 0)
    assert _original(found, 3, 0) == ("b.js", 2, 0)
    assert _original(found, 4, 4) == ("a.ts", 0, 4)
    assert source_map.read(source_map.dump(found)) == found


def test_index_maps_within_one_another_are_taken_apart():
    plain = {"version": 3, "sources": ["a.ts"], "mappings": "AAAA"}
    inner = source_map.index_map([Section(0, 2, plain), Section(1, 3, plain)])
    outer = source_map.index_map([Section(0, 0, plain), Section(5, 10, inner)])
    assert [(part["offset"]["line"], part["offset"]["column"]) for part in outer["sections"]] == [
        (0, 0),
        (5, 12),
        (6, 3),
    ]
    assert all("sections" not in part["map"] for part in outer["sections"])


def test_a_column_counts_for_the_first_line_of_a_section_only():
    plain = {"version": 3, "sources": ["a.ts"], "mappings": "AAAA"}

    def around(*sections):
        parts = [{"offset": {"line": line, "column": column}, "map": part} for line, column, part in sections]
        return {"version": 3, "sections": parts}

    deep = around((0, 7, around((0, 2, plain), (1, 3, plain))))
    found = source_map.index_map([Section(5, 10, deep)])
    assert [part["offset"] for part in found["sections"]] == [
        {"line": 5, "column": 19},
        {"line": 6, "column": 3},
    ]


@pytest.mark.parametrize("starts", [[(1, 0), (0, 0)], [(0, 5), (0, 5)], [(2, 3), (2, 2)]])
def test_sections_in_the_wrong_order(starts):
    with pytest.raises(SourceMapError, match="one after the other"):
        source_map.index_map([Section(line, column, None, "a.js") for line, column in starts])


def test_a_map_may_hold_its_source():
    found = source_map.identity("a.js", 2, "a()\nb()")
    assert source_map.sources(found) == []
    assert source_map.sources(source_map.identity("a.js", 2)) == ["a.js"]
    assert found["sourcesContent"] == ["a()\nb()"]


@given(st.integers(1, 200))
def test_each_line_is_mapped_to_itself(lines):
    found = source_map.identity("a.js", lines)
    assert _decoded(found["mappings"]) == [(line, 0, 0, line, 0) for line in range(lines)]


def test_text_beyond_ascii_stays_readable():
    assert source_map.dump({"version": 3, "sources": ["é.js"]}) == '{"version":3,"sources":["é.js"]}'
