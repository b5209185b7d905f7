"""``django_static.serve`` where a manifest comes by other means than a build in its place, or folders get other numbers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from django.core.management import call_command
from serve_site import JS, Site

from django_static import former, noting, output, resolver, slimfile
from django_static.conf import conf
from django_static.former import Former
from django_static.places import Places, former_of, served_of

STAMP = 1_600_000_000


@pytest.fixture(params=["hash", "mtime"])
def site(request, settings, tmp_path) -> Site:
    site = Site(settings, tmp_path)
    settings.DJANGO_STATIC_FINGERPRINT = request.param
    site.usual()
    edit(site, 0)
    return site


def edit(site: Site, number: int) -> str:
    """Change a file and build; what it is called then."""
    site.write("js/site.js", f"// {number}\n" + JS, mtime=STAMP + number)
    site.build()
    return site.url("js/site.js")


def shipped(site: Site, number: int, settings) -> str:
    """The same in an empty folder elsewhere, of which all is copied over what is here."""
    here, elsewhere = settings.STATIC_ROOT, str(site.root / f"elsewhere{number}")
    settings.STATIC_ROOT = elsewhere
    resolver.reset()
    edit(site, number)
    assert not served_of(conf.manifest_file).exists()  # else it would be copied, too
    settings.STATIC_ROOT = here
    shutil.copytree(elsewhere, here, dirs_exist_ok=True, copy_function=_as_rsync_does)
    resolver.reset()
    return site.url("js/site.js")


def _as_rsync_does(source: str, target: str) -> None:
    """Not written over, since a file may have two names there."""
    Path(target).unlink(missing_ok=True)
    shutil.copy2(source, target)


def statuses(client, urls: list[str]) -> set[int]:
    return {client.ask(url).status for url in urls}


def test_what_is_built_elsewhere_and_copied(site, settings):
    """By processes that were there all the time, and by those that begin after it, before any other has looked."""
    always = site.clients()
    urls = [site.url("js/site.js")]
    for number in (1, 2, 3):
        urls.append(shipped(site, number, settings))
        for client in site.clients():
            assert statuses(client, urls) == {200}
    assert len(set(urls)) == 4
    for client in (*always, *site.clients(small=0)):
        assert statuses(client, list(reversed(urls))) == {200}
    assert set(urls[:-1]) <= set(Former.read(conf.manifest_file))


def test_one_that_only_a_running_process_has_seen(site, settings):
    """It notes what its new manifest lacks; one that begins later knows that by it."""
    client = site.clients()[0]
    old = site.url("js/site.js")
    new = shipped(site, 1, settings)
    assert client.ask(new).status == 200
    served_of(conf.manifest_file).unlink()
    assert statuses(site.clients()[1], [old, new]) == {200}


def test_the_names_of_an_artifact_are_not_all_that_is_known(site, settings):
    """One brings a list of its own along, and that is shorter: what was noted here before is noted again."""
    urls = [site.url("js/site.js")]
    running = site.clients()[0]
    artifact: Path | None = None
    for number in (1, 2, 3):
        urls.append(edit(site, number))
        assert statuses(running, urls) == {200}
        if number == 1:
            artifact = Path(shutil.copytree(settings.STATIC_ROOT, site.root / "artifact"))
            served_of(artifact / conf.manifest_file.relative_to(settings.STATIC_ROOT)).unlink(missing_ok=True)
    assert artifact is not None
    shutil.copytree(artifact, settings.STATIC_ROOT, dirs_exist_ok=True, copy_function=_as_rsync_does)
    assert set(Former.read(conf.manifest_file)).isdisjoint(urls[2:3])
    assert running.ask("/static/js/site.0123456789ab.js").status == 404  # it looks what is there now
    assert statuses(running, urls) == {200}
    for client in site.clients():
        assert statuses(client, urls) == {200}


def test_an_older_manifest_that_is_put_back(site):
    old, before = site.url("js/site.js"), conf.manifest_file.read_bytes()
    new = edit(site, 1)
    assert statuses(site.clients()[0], [old, new]) == {200}
    conf.manifest_file.write_bytes(before)
    for client in site.clients():
        assert statuses(client, [old, new]) == {200}
    edit(site, 2)
    for client in site.clients():
        assert statuses(client, [old, new]) == {200}


def test_a_build_notes_it_where_no_process_has(site):
    old, before = site.url("js/site.js"), conf.manifest_file.read_bytes()
    new = edit(site, 1)
    site.clients()
    conf.manifest_file.write_bytes(before)
    edit(site, 2)
    assert {old, new} <= set(Former.read(conf.manifest_file))


@pytest.mark.parametrize("why", ["read-only", "a build is at work"])
def test_where_it_cannot_be_written_down(site, settings, monkeypatch, why):
    """This process knows the names all the same, and so does each that begins; nothing is said, and nothing waits."""
    old = site.url("js/site.js")
    site.clients()
    new = shipped(site, 1, settings)
    with monkeypatch.context() as patched:
        if why == "read-only":
            patched.setattr(noting, "replace", _refuse)
            patched.setattr(former, "replace", _refuse)
            clients = site.clients()
        else:
            with output.locked(conf.manifest_file.with_name("build.lock"), 10):
                clients = site.clients()
        assert not former_of(conf.manifest_file).exists()
        for client in clients:
            assert statuses(client, [old, new]) == {200}
    site.clients()
    assert old in Former.read(conf.manifest_file)


def _refuse(*given: object) -> None:
    raise PermissionError("no room")


def test_files_that_are_gone_are_not_noted(site, settings):
    old = site.url("js/site.js")
    site.clients()
    shutil.rmtree(site.static / "js")
    shipped(site, 1, settings)
    assert site.clients()[0].ask(old).status == 404
    assert old not in Former.read(conf.manifest_file)


@pytest.mark.parametrize("damage", ["garbage", "deep", "empty", "a folder"])
def test_a_damaged_copy_counts_for_nothing(site, settings, damage):
    site.clients()
    place = served_of(conf.manifest_file)
    if damage == "a folder":
        place.unlink()
        place.mkdir()
    else:
        place.write_bytes({"garbage": b"\xff\0", "deep": b"[" * 100_000, "empty": b""}[damage])
    new = shipped(site, 1, settings)
    for client in site.clients():
        assert client.ask(new).status == 200
    again = shipped(site, 2, settings)
    for client in site.clients():
        assert statuses(client, [again] if damage == "a folder" else [new, again]) == {200}
    edit(site, 3)
    assert site.clients()[0].ask(again).status == 200


def test_what_is_kept_is_read_by_who_may_read_the_manifest(site):
    conf.manifest_file.chmod(0o640)
    site.clients()
    assert served_of(conf.manifest_file).stat().st_mode & 0o777 == 0o640
    before = served_of(conf.manifest_file).stat()
    site.clients()
    after = served_of(conf.manifest_file).stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


# Folders with other numbers


def test_a_folder_that_is_put_before_others(site, settings, tmp_path):
    """Names of earlier builds say the number that their folder had."""
    settings.STATIC_ROOT = None
    settings.STATICFILES_DIRS = []
    settings.DJANGO_STATIC_MANIFEST_FILE = str(tmp_path / "manifests/manifest.json")
    settings.DJANGO_STATIC_BUNDLES = {"slimfile": ["/css/a.css"]}
    own, other = tmp_path / "own", tmp_path / "other"
    (own / "css").mkdir(parents=True)
    (other / "css").mkdir(parents=True)
    found = {}
    for number, roots in enumerate(([own], [own], [other, own], [other, own], [own, other])):
        settings.DJANGO_STATIC_MEDIA_ROOTS = list(map(str, roots))
        resolver.reset()
        (own / "css/a.css").write_text(f"a {{ b: c{number} }}")
        os.utime(own / "css/a.css", (STAMP + number, STAMP + number))
        call_command("staticbuild", verbosity=0, skip_checks=True)
        resolver.reset()
        url = slimfile("/css/a.css")
        found[url] = f"a{{b:c{number}}}".encode()
        for client in site.clients():
            assert {each: client.ask(each).body for each in found} == found
    assert len(found) == 5


def test_where_a_file_is_found(tmp_path):
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
    (tmp_path / "two/a.css").write_text("abc")
    (tmp_path / "three/b.css").write_text("abc")
    places = Places(
        {
            "media0": tmp_path / "one",
            "media1": tmp_path / "two",
            "finder0": tmp_path / "three",
            "static": tmp_path,
        }
    )

    def found(name: str, size: int = 3) -> str:
        path = places.found(name, size)
        return str(Path(path).relative_to(tmp_path)) if path else ""

    assert found("media1:a.css") == "two/a.css"
    assert found("media0:a.css") == "two/a.css"
    assert found("media7:a.css") == "two/a.css"
    assert found("media0:a.css", 4) == "one/a.css"  # another one
    assert found("media0:b.css") == "one/b.css"  # a folder of another kind
    assert found("finder3:b.css") == "three/b.css"
    assert found("media7:none.css") == ""
    assert found("static:two/a.css") == "two/a.css"
    assert found("other:a.css") == ""
    assert places.found(":/x/y", 3) == "/x/y"
