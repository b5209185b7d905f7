"""The race over publishing a tree: how the tree is had, what is read in it, who is judged how, and Django's own storages."""

from __future__ import annotations

import io
import json
import os
import stat
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from races.static_build import reading, tree, verify
from races.static_build.reading import references, target
from races.static_build.tree import Package, TreeError, assemble, fetch, members, packages, read_all

from harness.contestant import find_races, no_services
from harness.rounds import run_race
from harness.summarise import summarise, summarise_gauges

RACE = find_races()["static_build"]


# The tree.


def tarball(path, files, kind=tarfile.REGTYPE, link=""):
    """Write a tarball as npm makes them."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.type = kind
            member.linkname = link
            member.size = len(content) if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(content))
    return path


def package(path, **changes):
    facts = {
        "name": "one",
        "version": "1.0.0",
        "integrity": tree._integrity(path),
        "big": ("",),
        "small": ("a/",),
    }
    return Package(**{**facts, **changes})


@pytest.fixture
def cache(tmp_path):
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Put a client in front of the path that brings what lies at ``source``, and logs its calls."""
    folder = tmp_path / "bin"
    folder.mkdir()
    source, log = tmp_path / "source.tgz", tmp_path / "npm.log"
    log.touch()
    client = folder / "npm"
    client.write_text(
        f'#!/bin/sh\necho "$@" >> {log}\n[ -e {source} ] || {{ echo "404 no such package" >&2; exit 1; }}\n'
        f'for word; do case $word in --pack-destination=*) cp {source} "${{word#*=}}/one-1.0.0.tgz";; esac; done\n'
    )
    client.chmod(client.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return source, log


def test_a_package_is_fetched_once_and_checked(npm, cache):
    source, log = npm
    wanted = package(tarball(source, {"package/a/x.css": b"a{}"}))

    first = fetch(wanted, cache)
    again = fetch(wanted, cache)

    assert first == again == cache / "one-1.0.0.tgz"
    (call,) = log.read_text().splitlines()
    assert call.startswith("pack ")
    assert call.endswith(" one@1.0.0")
    assert "--ignore-scripts" in call
    assert sorted(path.name for path in cache.iterdir()) == ["one-1.0.0.tgz"]


def test_what_lies_in_the_cache_is_checked_too(npm, cache):
    source, log = npm
    wanted = package(tarball(source, {"package/a/x.css": b"a{}"}))
    (cache / wanted.tarball).write_bytes(b"half of it")

    assert fetch(wanted, cache).read_bytes() == source.read_bytes()
    assert len(log.read_text().splitlines()) == 1


def test_another_hash_is_refused_and_nothing_is_kept(npm, cache):
    source, _ = npm
    tarball(source, {"package/a/x.css": b"a{}"})
    wanted = package(source, integrity="sha512-other")

    with pytest.raises(
        TreeError, match=r"one@1\.0\.0: its hash is sha512-\S+, and packages.toml says sha512-other"
    ):
        fetch(wanted, cache)

    assert list(cache.iterdir()) == []


def test_a_client_that_fails_is_quoted(npm, cache):
    with pytest.raises(TreeError, match=r"one@1\.0\.0: npm could not fetch it: 404 no such package"):
        fetch(Package(name="one", version="1.0.0", integrity="sha512-"), cache)

    assert list(cache.iterdir()) == []


def test_without_a_client_the_next_step_is_said(monkeypatch, cache):
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(TreeError, match=r"npm client is needed .* or put one-1\.0\.0\.tgz into"):
        fetch(Package(name="one", version="1.0.0", integrity="sha512-"), cache)


@pytest.mark.parametrize(
    ("name", "kind", "link", "error"),
    [
        ("package/../../x.css", tarfile.REGTYPE, "", "leads out"),
        ("/etc/x.css", tarfile.REGTYPE, "", "leads out"),
        ("package/..\\x.css", tarfile.REGTYPE, "", "leads out"),
        ("x.css", tarfile.REGTYPE, "", "leads out"),
        ("package/x.css", tarfile.SYMTYPE, "/etc/passwd", "neither a file nor a folder"),
        ("package/x.css", tarfile.LNKTYPE, "package/y.css", "neither a file nor a folder"),
        ("package/x.css", tarfile.CHRTYPE, "", "neither a file nor a folder"),
        ("package/x.css", tarfile.FIFOTYPE, "", "neither a file nor a folder"),
    ],
    ids=["dots", "absolute", "backslash", "no folder", "symbolic link", "hard link", "device", "fifo"],
)
def test_what_escapes_is_refused(npm, cache, name, kind, link, error):
    source, _ = npm
    wanted = package(tarball(source, {name: b"a{}"}, kind, link))

    with pytest.raises(TreeError, match=error):
        assemble([wanted], cache)

    assert [path.name for path in cache.iterdir()] == ["one-1.0.0.tgz"], "nothing half unpacked"


def test_a_file_that_is_too_large_to_be_true_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "_LARGEST_FILE", 3)
    path = tarball(tmp_path / "one.tgz", {"package/x.css": b"a{ }"})

    with pytest.raises(TreeError, match="has 4 bytes"):
        list(members(path))


def test_the_trees_take_what_the_list_says_and_appear_once(npm, cache):
    source, log = npm
    files = {"package/a/x.css": b"a{}", "package/b/y.js": b"1", "package/LICENSE": b"free"}
    wanted = package(tarball(source, files), big=("a/", "b/"), small=("b/y",))

    folder = assemble([wanted], cache)
    (folder / "big/one/a/x.css").write_bytes(b"touched")

    assert assemble([wanted], cache) == folder
    assert (folder / "big/one/a/x.css").read_bytes() == b"touched", "it was not unpacked anew"
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == {"big/one/a/x.css", "big/one/b/y.js", "small/one/b/y.js"}
    assert assemble([replace(wanted, small=())], cache) != folder, "another list, another tree"
    assert len(log.read_text().splitlines()) == 1


def test_what_is_in_a_tree_is_said(tmp_path):
    for name, size in {"a.css": 1_500_000, "b/c.mjs": 250_000, "b/d.js": 250_000, "e.png": 0}.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * size)

    assert str(read_all(tmp_path)) == "4 files, 2.0 MB: 1.5 MB CSS, 0.5 MB JavaScript"


def test_the_list_names_pinned_packages_with_hashes_and_no_host():
    listed = packages()

    assert len(listed) >= 15
    assert len({each.name for each in listed}) == len(listed)
    for each in listed:
        assert each.version[0].isdigit(), each.name
        assert each.integrity.startswith("sha512-"), each.name
        assert len(each.integrity) == 7 + 88, each.name
        assert each.big, each.name
        assert all(any(small.startswith(big) for big in each.big) for small in each.small), each.name
    assert "://" not in Path(tree.__file__).with_name("packages.toml").read_text()


# The reading.


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a{b:url(c.png)}", ["c.png"]),
        ("a{b:url( 'c d.png' )}", ["c d.png"]),
        ('a{b:URL("c.png"),url(d.png)}', ["c.png", "d.png"]),
        (r"a{b:url(c\).png)}", ["c).png"]),
        ("@import 'a.css';@import url(b.css) print;@import\"c.css\" layer(x);", ["a.css", "b.css", "c.css"]),
        ("a{b:image-set('c.png' 1x, url(d.png) 2x)}", ["c.png", "d.png"]),
        ("a{b:src('c.png')}", ["c.png"]),
        ("@media print{a{b:url(c.png)}}", ["c.png"]),
        ("/* url(a.png) @import 'b.css'; */c{content:'url(d.png)'}", []),
        ("a{}\n/*# sourceMappingURL=a.css.map */", ["a.css.map"]),
        ("/* see sourceMappingURL=a.css.map */url{}", []),
        ("a{b:url(data:image/png;base64,AA)}", ["data:image/png;base64,AA"]),
        ("a{color:red}", []),
        ("", []),
    ],
)
def test_what_a_style_sheet_refers_to(text, found):
    assert references(text.encode(), "css") == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import a from './a.js';", ["./a.js"]),
        ("import'./a.js';export*from\"../b.js\";", ["./a.js", "../b.js"]),
        ("export { x } from '/static/c.js'", ["/static/c.js"]),
        ("import('./a.js').then(x)", ["./a.js"]),
        ("import('./a.js', { with: { type: 'json' } })", ["./a.js"]),
        ("import * as three from 'three'", []),
        ("new URL('a.png', import.meta.url)", ["a.png"]),
        ("new URL('a.png', location.href)", []),
        ("new Worker(new URL('./w.js', import.meta.url))", ["./w.js"]),
        ("new Other('a.png', import.meta.url)", []),
        ("import(`./${a}.js`)", []),
        ("// import './a.js'\nconst b = \"import('./c.js')\"", []),
        (r"import './\u0061\x62.js'", ["./ab.js"]),
        ("x\n//# sourceMappingURL=a.js.map\n\n", ["a.js.map"]),
        ("x\r\n//@ sourceMappingURL=a.js.map\r\n", ["a.js.map"]),
        ("//# sourceMappingURL=a.js.map\nx", []),
        ("export const from = 1", []),
        ("", []),
    ],
)
def test_what_a_script_refers_to(text, found):
    assert references(text.encode(), "js") == found


@pytest.mark.parametrize(
    ("name", "reference", "found"),
    [
        ("a/b.css", "c.png", "a/c.png"),
        ("a/b.css", "../c.png?x#iefix", "c.png"),
        ("a/b.css", "./d/../c%20d.png", "a/c d.png"),
        ("a/b.css", "/static/c.png", "c.png"),
        ("a/b.css", "/media/c.png", None),
        ("a/b.css", "../../c.png", None),
        ("a/b.css", "#mark", None),
        ("a/b.css", "?query", None),
        ("a/b.css", "data:x", None),
        ("a/b.css", "//example.com/c.png", None),
        ("a/b.css", "https://example.com/c.png", None),
        ("b.css", " c.png ", "c.png"),
    ],
)
def test_what_a_reference_means(name, reference, found):
    assert target(name, reference) == found


@given(st.binary(max_size=200), st.sampled_from(["css", "js"]))
def test_any_bytes_can_be_read(content, kind):
    assert all(isinstance(each, str) for each in references(content, kind))


# The judge.

ORIGINALS = {
    "a.css": b"a{b:url(img/c.png);d:url(gone.png)}@import 'e.css';",
    "e.css": b"e{f:url(https://example.com/x.png)}",
    "img/c.png": b"picture",
    "m.js": b"import './n.js';\n//# sourceMappingURL=m.js.map",
    "n.js": b"export const n = 1;",
    "m.js.map": b"{}",
}
HASHED = {name: ".1.".join(name.rsplit(".", 1)) for name in ORIGINALS}
RIGHT = {
    **{HASHED[name]: content for name, content in ORIGINALS.items()},
    "a.1.css": b"a{b:url(img/c.1.png);d:url(gone.png)}@import 'e.1.css';",
    "m.1.js": b"import './n.1.js';\n//# sourceMappingURL=m.js.1.map",
}


def written(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return {name: folder / name for name in files}


@pytest.mark.parametrize(
    ("changes", "broken", "unhashed"),
    [
        ({}, 0, 0),
        ({"a.1.css": b"@import\"./e.1.css\";a{b:url('img/c.1.png?v=2#x');d:url(gone.png)}"}, 0, 0),
        ({"a.1.css": b"a{b:url(/static/img/c.1.png)}@import '/static/e.1.css';"}, 0, 0),
        ({"a.1.css": ORIGINALS["a.css"]}, 2, 0),
        ({"a.1.css": ORIGINALS["a.css"], "e.css": b"", "img/c.png": b""}, 0, 2),
        ({"a.1.css": b"a{b:url(img/c.2.png)}@import 'e.1.css';"}, 1, 0),
        ({"a.1.css": b"a{b:url(img/c.2.png);x:url(y.png);d:url(gone.png)}@import 'e.1.css';"}, 2, 0),
        ({"a.1.css": b"a{b:url(e.1.css)}@import 'e.1.css';"}, 1, 0),
        ({"a.1.css": b"a{b:url(img/c.1.png)}"}, 1, 0),
        ({"a.1.css": b"a{b:url(img/c.1.png);d:url(gone.1.png)}@import 'e.1.css';"}, 0, 0),
        ({"a.1.css": b"a{b:'url(img/c.1.png)'}/*@import 'e.1.css';*/"}, 2, 0),
        ({"m.1.js": b"import './n.1.js';"}, 1, 0),
        ({"m.1.js": b"import './n.js';\n//# sourceMappingURL=m.js.map"}, 2, 0),
        ({"img/c.1.png": None}, 2, 0),
        ({"n.1.js": None}, 2, 0),
    ],
    ids=[
        "right", "minified", "absolute", "not rewritten", "not rewritten, the originals beside", "wrong name",
        "one more", "another file", "dropped", "dangled before", "no longer references", "map dropped",
        "modules not rewritten", "picture not there", "module not there",
    ],
)  # fmt: skip
def test_what_is_broken(tmp_path, changes, broken, unhashed):
    originals = written(tmp_path / "source", ORIGINALS)
    published = {name: content for name, content in {**RIGHT, **changes}.items() if content is not None}
    written(tmp_path / "root", published)

    verdict = verify.judge(originals, HASHED, tmp_path / "root")

    assert (verdict.broken, verdict.unhashed) == (broken, unhashed), verdict.examples
    assert bool(verdict.examples) is bool(broken)
    assert verdict.references == 5, "the one to another host is not the site's"


def test_plain_names_are_no_fault_where_there_are_no_others(tmp_path):
    originals = written(tmp_path / "source", ORIGINALS)
    written(tmp_path / "root", ORIGINALS)

    verdict = verify.judge(originals, {name: name for name in ORIGINALS}, tmp_path / "root")

    assert (verdict.broken, verdict.unhashed) == (0, 0)


def test_a_file_that_has_no_name_is_broken(tmp_path):
    originals = written(tmp_path / "source", ORIGINALS)
    written(tmp_path / "root", RIGHT)

    verdict = verify.judge(
        originals,
        {name: HASHED[name] for name in ("a.css", "e.css", "m.js", "n.js", "m.js.map")},
        tmp_path / "root",
    )

    assert verdict.broken == 2, "the picture, and the reference to it"
    assert "img/c.png: published nowhere (None)" in verdict.examples


def test_bundles_are_read_and_they_are_what_travels(tmp_path):
    originals = written(tmp_path / "source", {"a.css": b"a{b:url(c.png)}", "c.png": b"picture"})
    written(
        tmp_path / "root",
        {
            "a.css": b"a{b:url(c.png)}",
            "c.png": b"picture",
            "CACHE/x.css": b"a{b:url(../c.png)}",
            "CACHE/y.css": b"a{b:url(c.png)}",
        },
    )
    names = {name: name for name in originals}

    alone = verify.judge(originals, names, tmp_path / "root")
    bundled = verify.judge(originals, names, tmp_path / "root", bundles=["CACHE/x.css", "CACHE/y.css"])

    assert (alone.broken, alone.brotli) == (0, 15)
    assert (bundled.broken, bundled.brotli) == (1, 18 + 15)


def test_what_was_read_of_the_originals_is_remembered(tmp_path, monkeypatch):
    read = verify.Remembered(tmp_path)
    assert read(b"a{b:url(c.png)}", "css") == ["c.png"]
    assert read(b"a{b:url(d.png)}", "css") == ["d.png"]
    read.keep([(b"a{b:url(c.png)}", "css"), (b"never read", "js")])

    monkeypatch.setattr(reading, "references", lambda content, kind: ["read anew"])
    again = verify.Remembered(tmp_path)

    assert again(b"a{b:url(c.png)}", "css") == ["c.png"]
    assert again(b"a{b:url(d.png)}", "css") == ["read anew"], "only what was to be kept"
    assert again(b"a{b:url(c.png)}", "js") == ["read anew"], "a text of one kind is none of the other"
    assert [path.name for path in tmp_path.iterdir()] == [again.path.name]


@pytest.mark.parametrize(
    ("files", "encodings", "error"),
    [
        ({"a.css": 10_000, "a.css.br": 1, "a.css.gz": 1, "b.js": 9_999, "c.png": 99_999}, ["gz", "br"], None),
        ({"a.css": 10_000, "a.css.gz": 1}, ["gz"], None),
        ({"a.css": 10_000}, [], None),
        (
            {"a.css": 10_000, "a.css.gz": 1},
            ["gz", "br"],
            r"1 of 1 .* have no \.br beside them, such as \['a\.css'\]",
        ),
        ({"a.css": 10_000, "a.css.gz": 1, "b.mjs": 10_000}, ["gz"], r"1 of 2 .* \['b\.mjs'\]"),
        ({"a.css": 100}, ["gz"], "0 of 0"),
    ],
    ids=["both", "one", "none asked", "one lacks", "one file lacks", "nothing to tell by"],
)
def test_who_compresses_less_than_it_says_is_found_out(tmp_path, files, encodings, error):
    written(tmp_path, {name: b"x" * size for name, size in files.items()})

    if error is None:
        verify.require_encodings(tmp_path, files, encodings)
    else:
        with pytest.raises(ValueError, match=error):
            verify.require_encodings(tmp_path, files, encodings)


# The contestants that need no rival's package.


@pytest.fixture
def trees(tmp_path, monkeypatch):
    """Two trees of four files, in place of the real ones."""
    for name in tree.TREES:
        written(
            tmp_path / "trees" / name,
            {
                "one/a.css": b"a{b:url(c.png)}",
                "one/c.png": b"picture",
                "one/m.js": b"import './n.js';\n",
                "one/n.js": b"export const n = 1;\n",
            },
        )
    monkeypatch.setenv(tree.ENVIRONMENT, str(tmp_path / "trees"))
    # Where the harness tells a contestant's process to look.
    monkeypatch.setenv("PYTHONPATH", str(Path(tree.__file__).parents[2]))
    return tmp_path / "trees"


def raced(names, quick, watcher, scripted):
    chosen = tuple(each for each in RACE.contestants if each.name in names)
    cases = tuple(replace(case, baseline=None) for case in RACE.cases)
    race = replace(RACE, contestants=chosen, baseline=names[0], cases=cases, targets=(), services=no_services)
    return run_race(race, quick(rounds=2), watcher, scripted(0.0))


def test_django_storages_publish_the_tree_and_the_admin(trees, quick, watcher, scripted):
    result = raced(["plain", "manifest"], quick, watcher, scripted)

    assert [failure.traceback for failure in result.failures] == []
    assert result.crashes == ()
    assert set(summarise(result)["big_cold"]) == set(summarise(result)["big_warm"]) == {"plain", "manifest"}
    gauges = summarise_gauges(result)["big_cold"]
    assert gauges["plain"]["files"] > 100, "the admin's are there too"
    assert gauges["manifest"]["files"] > 2 * gauges["plain"]["files"] - 1
    for name, of_one in gauges.items():
        assert of_one["broken"] == 0, name
        assert of_one["peak_memory"] > 10 * 2**20, name
        assert of_one["process"] > summarise(result)["big_cold"][name].median, name
        assert of_one["on_disk"] > 10_000, name
    assert gauges["plain"]["unhashed"] == 0
    assert gauges["manifest"]["unhashed"] == 1, "the module is imported by its plain name"
    (sample,) = result.counted()[0].samples["big_warm"]
    assert sample.run.loops == 1


def test_a_reference_that_leads_nowhere_crashes_the_one_and_not_the_other(trees, quick, watcher, scripted):
    (trees / "big/one/a.css").write_bytes(b"a{b:url(c.png);d:url(gone.png)}")
    (trees / "big/one/latin.css").write_bytes(b"/* \xe9 */a{b:url(c.png)}")

    result = raced(["manifest", "manifest_lenient"], quick, watcher, scripted)

    assert [failure.traceback for failure in result.failures] == []
    assert {crash.contestant for crash in result.crashes} == {"manifest"}
    assert {crash.case for crash in result.crashes} == {"big_cold", "big_warm"}
    assert list(summarise(result)["big_cold"]) == ["manifest_lenient"]


def test_cold_is_empty_and_warm_is_what_the_last_build_left(trees, tmp_path):
    from races.static_build import site

    operations = site.operations(
        tmp_path / "work", "django.contrib.staticfiles.storage.StaticFilesStorage", trees=("small",)
    )
    cold, warm = operations["small_cold"], operations["small_warm"]
    published = tmp_path / "work/small/published"

    warm.before()
    assert (published / "one/a.css").exists(), "a warm build comes after another one"
    (published / "left.txt").write_text("by the last build")
    warm.before()
    warm.run(1)
    assert (published / "left.txt").exists()
    cold.before()
    assert list(published.iterdir()) == []
    elapsed = cold.run(2)
    assert elapsed.wall > 0
    assert elapsed.cpu > 0
    assert (published / "one/a.css").exists()
    assert warm.gauges()["files"] > 100


def test_a_contestant_that_does_not_compress_as_it_says_fails(trees, tmp_path):
    from races.static_build import site

    (trees / "small/one/large.css").write_bytes(b"a{b:url(c.png)}" * 1000)
    operations = site.operations(
        tmp_path / "work", "django.contrib.staticfiles.storage.StaticFilesStorage", encodings=("gz",)
    )
    for case in ("big_cold", "small_cold"):
        operations[case].before()
        operations[case].run(1)

    assert operations["big_cold"].check()["broken"] == 0, "there nobody compresses"
    with pytest.raises(RuntimeError, match=r"have no \.gz beside them"):
        operations["small_cold"].check()


def test_templates_are_written_before_a_cold_build(trees, tmp_path):
    from races.static_build import compressor, site

    operations = site.operations(
        tmp_path / "work",
        "django.contrib.staticfiles.storage.StaticFilesStorage",
        trees=("big",),
        prepare=compressor._write_page,
    )
    operations["big_cold"].before()

    page = (tmp_path / "work/big/templates/page.html").read_text()
    assert page.count("{% compress css %}") == 1
    assert page.count("{% compress js %}") == 2
    assert 'href="/static/one/a.css"' in page


def test_each_of_ours_is_held_to_each_target():
    held = {
        (each.case, each.gauge, each.against): {
            other.contestant
            for other in RACE.targets
            if (other.case, other.gauge, other.against) == (each.case, each.gauge, each.against)
        }
        for each in RACE.targets
    }

    ours = {each.name for each in RACE.contestants if each.ours}
    assert set(map(frozenset, held.values())) == {frozenset(ours)}
    assert ("big_warm", None, "plain") in held
    assert ("big_cold", "peak_memory", None) in held


def test_the_services_say_what_is_published(npm, cache, monkeypatch, tmp_path):
    source, _ = npm
    wanted = package(tarball(source, {"package/a/x.css": b"a{}"}))
    monkeypatch.setattr(tree, "packages", lambda: [wanted])
    monkeypatch.setenv("BENCH_CACHE", str(cache))

    with tree.services(tmp_path) as found:
        assert json.loads(json.dumps(dict(found.facts)))["big tree (without the admin)"].startswith("1 files")
        assert Path(found.environment[tree.ENVIRONMENT], "big/one/a/x.css").is_file()
