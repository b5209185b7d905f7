"""For any small site: published ahead or lazily, every reference leads where it led before, and nothing else changed."""

from __future__ import annotations

import os
import posixpath
import shutil
import tempfile
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urljoin

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_static.answers import Place
from django_static.build import Build
from django_static.manifest import Manifest
from django_static.pipeline import Pipeline
from django_static.records import Manner, Options
from django_static.references import css, js
from django_static.scan import Use
from django_static.sources import Sources

FOLDERS = ("", "css/", "a b/", "css/deep/")
STEMS = ("a", "b", "c d", "é", "100%")
NAMES = [
    f"{folder}{stem}{extension}"
    for folder in FOLDERS
    for stem in STEMS
    for extension in (".css", ".js", ".png")
]
MISSING = ["none.png", "css/none.css", "none.js"]


@st.composite
def sites(draw):
    """Files by name, with references to one another and to some that are not there."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=7, unique=True))
    files = {}
    for name in names:
        if name.endswith(".png"):
            files[name] = draw(st.binary(max_size=8))
            continue
        targets = draw(st.lists(st.sampled_from([*names, *MISSING]), max_size=4))
        lines = []
        for target in targets:
            url = quoted(posixpath.relpath(target, posixpath.dirname(name) or "."))
            if draw(st.booleans()):
                url = "/" + quoted(target)
            elif name.endswith(".js") and target.endswith(".js") and not url.startswith("."):
                url = f"./{url}"
            suffix = draw(st.sampled_from(["", "", "?v=1", "#f"]))
            lines.append(written(name, target, url + suffix, draw))
        lines.sort(key=lambda line: not line.startswith("@import"))
        lines.append(draw(st.sampled_from(["", "/* url(none.png) import './a.js' */", "\r\n", "é"])))
        files[name] = draw(st.sampled_from(["\n", "\r\n", " "])).join(lines).encode()
    return files


def quoted(path: str) -> str:
    return path.replace("%", "%25").replace(" ", "%20")


def written(name, target, url, draw) -> str:
    if name.endswith(".css"):
        if target.endswith(".css"):
            return draw(st.sampled_from(['@import "{}";', "@import url({}) print;"])).format(url)
        return draw(st.sampled_from(["p {{ b: url({}) }}", "p {{ b: url( '{}' ) }}"])).format(url)
    if target.endswith(".js"):
        return draw(st.sampled_from(["import '{}';", 'import("{}");'])).format(url)
    return f"new URL('{url}', import.meta.url);"


class Tried:
    """A site in a folder of its own, and where it is published."""

    def __init__(self, files, *, by_hash: bool, prefix: str, times: int) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="every-reference-"))
        self.prefix = prefix
        self.out = self.root / "out"
        self.media = self.root / "media"
        for number, (name, data) in enumerate(files.items()):
            path = self.media / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            os.utime(path, (times + number, times + number))
        self.sources = Sources([self.media])
        self.options = Options(
            minifiers={"css": (), "js": ()},  # what is not a reference is compared
            state=self.out / ".django-static",
            save_prefix=self.out,
            name_prefix=prefix,
            by_hash=by_hash,
            use_symlink=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        shutil.rmtree(self.root)

    def build(self, files) -> dict[str, str]:
        """The published URL of each file."""
        place = self.options.state / "manifest.json"
        uses = [Use(Place("t", 1, "staticfile"), "file", False, "/" + quoted(name)) for name in files]
        Build(self.sources, self.options, place).run(uses)
        runs = Manifest.read(place).runs
        return {key.split("\n")[1][1:]: printed[0].public for key, printed in runs.items()}

    def lazily(self, files) -> dict[str, str]:
        pipeline = Pipeline(self.sources, self.options)
        published = {}
        for name in files:
            record = pipeline.publish(
                [self.sources.find("/" + quoted(name))], slim=False, manner=Manner.USUAL
            )
            published[name] = record.outputs[0].public
        return published

    def bytes(self, url: str) -> bytes:
        return (self.out / unquote(url.removeprefix(self.prefix)).lstrip("/")).read_bytes()

    def all(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.out)): path.read_bytes()
            for path in self.out.rglob("*")
            if path.is_file() and ".django-static" not in path.parts
        }


def references(name: str, text: str):
    return [each for each in (css if name.endswith(".css") else js).references(text) if not each.is_bare]


def skeleton(name: str, text: str) -> str:
    """The text without its references."""
    for each in reversed(references(name, text)):
        text = f"{text[: each.start]}\0{text[each.end :]}"
    return text


def check(tried: Tried, files, published) -> None:
    """Every reference that led to a file leads to what was published of it, and nothing else of the text changed."""
    for name, data in files.items():
        if name.endswith(".png"):
            assert tried.bytes(published[name]) == data
            continue
        before, after = data.decode(), tried.bytes(published[name]).decode()
        assert skeleton(name, after) == skeleton(name, before)
        for old, new in zip(references(name, before), references(name, after), strict=True):
            target = unquote(urljoin("/" + quoted(name), old.url).partition("?")[0].partition("#")[0]).lstrip(
                "/"
            )
            found = urljoin(published[name], new.url)
            if target in files:
                bare = found.partition("?")[0].partition("#")[0]
                assert unquote(bare) == unquote(published[target])
                assert found[len(bare) :] == old.url[len(old.url.partition("?")[0].partition("#")[0]) :]
            else:
                assert unquote(found) == unquote(urljoin("/" + quoted(name), old.url))


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(files=sites(), by_hash=st.booleans(), prefix=st.sampled_from(["", "/forever"]))
def test_ahead_and_lazily(files, by_hash, prefix):
    with (
        Tried(files, by_hash=by_hash, prefix=prefix, times=1_269_174_558) as ahead,
        Tried(files, by_hash=by_hash, prefix=prefix, times=1_269_174_558) as lazy,
    ):
        published = ahead.build(files)
        check(ahead, files, published)
        assert lazy.lazily(files) == published
        assert lazy.all() == ahead.all()


@settings(max_examples=15, deadline=None, suppress_health_check=SLOW)
@given(files=sites(), times=st.integers(0, 2_000_000_000))
def test_times_do_not_matter(files, times):
    with (
        Tried(files, by_hash=True, prefix="", times=1_269_174_558) as one,
        Tried(dict(reversed(files.items())), by_hash=True, prefix="", times=times) as other,
    ):
        assert one.build(files) == other.build(files)
        assert one.all() == other.all()
        assert one.build(files) == other.build(files)


@settings(max_examples=15, deadline=None, suppress_health_check=SLOW)
@given(files=sites(), change=st.data(), by_hash=st.booleans())
def test_a_change_is_built_as_if_it_were_the_first_build(files, change, by_hash):
    name = change.draw(st.sampled_from(sorted(files)))
    changed = {**files, name: files[name] + b"/* changed */"}
    with (
        Tried(files, by_hash=by_hash, prefix="", times=1_269_174_558) as one,
        Tried(changed, by_hash=by_hash, prefix="", times=1_269_174_558) as fresh,
    ):
        one.build(files)
        (one.media / name).write_bytes(changed[name])
        state = (fresh.media / name).stat()
        os.utime(one.media / name, ns=(state.st_atime_ns, state.st_mtime_ns))
        published = one.build(changed)
        check(one, changed, published)
        if by_hash:
            assert published == fresh.build(changed)
