"""Pictures of a style sheet that the script beside it looks for by their names, as Leaflet does for its markers."""

from __future__ import annotations

from pathlib import Path

import pytest
from static_test_ways import Way

from django_static.at_run_time import leave_what_scripts_look_for
from django_static.conf import conf
from django_static.parts import Part
from django_static.reader import Reader
from django_static.sources import Missing, Source, Sources

KEPT = {
    "at the end": ("icon.png", "url.replace(/icon\\.png$/, '')"),
    "in quotes": ("icon.png", r"""/icon\.png["']?\)$/"""),
    "behind another word": ("icon.png", r"/my-icon\.png/"),
    "a hyphen": ("marker-icon.png", r"/marker-icon\.png/"),
    "a hyphen that is escaped": ("marker-icon.png", r"/marker\-icon\.png/"),
    "every hyphen that there is, escaped": ("a-b--c---d.p-n-g", r"x = /^a\-b\-\-c\-\-\-d\.p\-n\-g$/"),
    "hyphens alone": ("-----.png", r"/\-\-\-\-\-\.png/"),
    "escaped hyphens far before it": ("icon.png", r"/\-/, /\-\-\-\-/, /icon\.png/, /\-/"),
    "two dots": ("icon.min.svg", r"/icon\.min\.svg/"),
    "of no name but an ending": (".png", r"/\.png/"),
    "at the very beginning": ("icon.png", r"icon\.png"),
    "in the last of many": ("icon.png", r"/\.jpg|\.gif|\.png|a\.png|icon\.png/"),
    "a space": ("my icon.png", r"/my\ icon\.png/"),
    "not ASCII": ("größe.png", r"/größe\.png/"),
}
CHANGED = {
    "a dot that is none": ("icon.png", "/icon.png/"),
    "only its end": ("icon.png", r"/con\.png/"),
    "another ending": ("icon.png", r"/icon\.jpg/"),
    "a part of the ending": ("icon.jpeg", r"/icon\.jpe/"),
    "two dots of three": ("a.b.png", r"/a\.png|b\.png/"),
    "escaped hyphens that the name has not": ("icon.png", r"/i\-con\.png/"),
    "nothing": ("icon.png", ""),
}


@pytest.fixture
def way(site, settings):
    return Way(site, settings, "lazy", "hash", "/forever")


def published(way, name: str, script: str) -> str:
    way.site.write(f"lib/{name}", "picture")
    way.site.write("lib/map.css", f'.a {{ background: url("{name}") }}')
    way.site.write("lib/map.js", script)
    return way.bytes(way.show("{% slimfile '/lib/map.css' %}")).decode()


@pytest.mark.parametrize(("name", "script"), KEPT.values(), ids=KEPT)
def test_a_name_that_a_script_looks_for_is_kept(way, name, script):
    text = published(way, name, script)
    assert "/forever" not in text
    assert name.replace(" ", "%20") in text or name in text or "gr%C3%B6%C3%9Fe.png" in text


@pytest.mark.parametrize(("name", "script"), CHANGED.values(), ids=CHANGED)
def test_all_others_are_published(way, name, script):
    assert name not in published(way, name, script)


@pytest.mark.timeout(60)
def test_a_long_script_is_not_searched_for_each_picture_of_a_long_sheet(tmp_path):
    """4,000,000 searches in 20 MB would take hours, 20,000 minutes."""
    spelled = [rf"/x{n}\.png/," for n in range(0, 20_000, 2)]
    (tmp_path / "a.js").write_text("".join(spelled) + "call( something );\n" * 1_000_000)
    (tmp_path / "a.css").write_text("")

    def source(name: str) -> Source:
        return Source(f"/{name}", f"/{name}", "", tmp_path / name, Path(tmp_path))

    pictures = [source(f"x{n}.png") for n in range(20_000)]
    part = Part(source("a.css"), (0, 0, 0))
    part.targets = {start: pictures[start % 20_000] for start in range(200_000)}
    leave_what_scripts_look_for(part, Sources([tmp_path]))
    assert set(part.targets.values()) == set(pictures[1::2])
    assert len(part.targets) == 100_000


class Nowhere(Sources):
    def find(self, name: str) -> Source:
        raise Missing(f"{name!r} was not found")


@pytest.mark.timeout(60)
def test_what_leads_nowhere_is_not_compared_with_all_that_did_before(site, tmp_path):
    """200,000 texts, each compared with all before it, would take an hour."""
    sheet = site.write("a.css", "".join(f".x{n}{{b:url(lost/{n}.png)}}\n" for n in range(200_000)))
    source = Source("/a.css", "/a.css", "", sheet, sheet.parent)
    part = Reader(Nowhere([tmp_path]), conf.options()).read(source)
    assert len(part.problems) == len(part.missing) == 200_000


def test_what_leads_nowhere_twice_in_a_line_is_told_once(site, tmp_path):
    sheet = site.write("a.css", "a { b: url(lost.png), url(lost.png) }\ni { b: url(lost.png) }")
    part = Reader(Nowhere([tmp_path]), conf.options()).read(
        Source("/a.css", "/a.css", "", sheet, sheet.parent)
    )
    assert [problem.partition(": ")[0] for problem in part.problems] == [f"{sheet}:1", f"{sheet}:2"]
