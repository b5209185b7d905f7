"""Several manifests of which the builds publish to one folder: nobody's clean-up takes what another one names."""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import replace

import pytest
from django.core.management import CommandError

from django_static import claims, output
from django_static.conf import Conf
from django_static.history import History

DAY = 86_400


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("default", "b"), ("a", "default")])
def test_what_another_manifest_names_stays(sites, one, other):
    published = sites.build(one, "one()")
    assert sites.build(other, "one()") == published
    second = sites.build(one, "two()")
    sites.clean(one)
    assert published.exists()
    assert second.exists()
    # Nobody names it any more.
    assert sites.build(other, "two()") == second
    sites.clean(other)
    sites.build(one, "three()")
    sites.clean(one)
    assert not published.exists()
    assert second.exists()


def test_it_does_with_its_siblings(sites, settings):
    settings.DJANGO_STATIC_COMPRESS = ["gz"]
    script = "one();" + "call();" * 400
    published = sites.build("a", script)
    sites.build("b", script)
    sites.build("a", "two()")
    sites.clean("a")
    assert published.with_name(f"{published.name}.gz").exists()


def test_a_failed_build_does_not_take_it_back(sites, monkeypatch):
    """The files that it adds may be taken up by another one before it fails."""
    from django_static.manifest import Manifest

    def fail(*_arguments):
        monkeypatch.undo()
        published = sites.build("b", "one()")
        sites.be("a")
        seen.append(published)
        raise OSError("full")

    seen: list = []
    monkeypatch.setattr(Manifest, "write", fail)
    with pytest.raises(CommandError, match="full"):
        sites.build("a", "one()")
    assert seen[0].exists()


def test_versions_in_containers_have_one_path(sites):
    """Each with a manifest of its own in its image, at the same place in all; and the folder elsewhere in each."""
    first = sites.build("a", "one()")
    shutil.rmtree(sites.root / "a")
    second = sites.build("a", "two()")
    sites.build("b", "one()")
    sites.build("b", "two()")
    sites.build("b", "three()")
    assert "replaced less than 14 days ago" in sites.clean("b", "--keep-builds", "1")
    assert first.exists()
    # Two weeks later.
    for place in sites.lists():
        place.rename(place.with_name(f"{int(place.stem) - 15 * DAY * 10**9:020}.json"))
    builds = sites.root / "b/st/builds"
    for place in builds.glob("*.json"):
        place.rename(place.with_name(f"{int(place.stem) - 15 * DAY * 10**9:020}.json"))
    before = len(sites.lists())
    sites.clean("b", "--keep-builds", "1")
    assert not first.exists()
    assert second.exists()  # it is the last one of its manifest, whatever its age
    assert len(sites.lists()) < before


def test_a_list_names_files_from_the_folder_on(sites, settings, tmp_path):
    sites.build("a", "one()")
    sites.build("b", "one()")
    (place, _) = sites.lists()
    (name,) = History.read(place)
    assert "/" not in name
    moved = tmp_path / "moved"
    (claim, _) = claims.left(sites.static)
    assert claim.read(place) == [f"{sites.static}/{name}"]
    sites.static.rename(moved)
    (claim, _) = claims.left(moved)
    assert claim.read(claim.places[0]) == [f"{moved}/{name}"]


@pytest.mark.parametrize("text", ["", "{", '{"files": {}}', "[]", '{"files": {"a.js": 5}, "digest": "x"}'])
def test_a_damaged_list_keeps_everything(sites, text):
    published = sites.build("a", "one()")
    sites.build("a", "two()")
    sites.build("b", "two()")
    place = max(sites.lists(), key=lambda each: each.stem)
    place.write_text(text)
    with pytest.raises(CommandError, match="none is removed"):
        sites.clean("a")
    assert published.exists()
    place.unlink()
    sites.clean("a")
    assert not published.exists()


def test_a_build_with_nothing_to_do_writes_nothing(sites):
    sites.build("a", "one()")
    before = {path: path.stat().st_mtime_ns for path in sites.static.rglob("*")}
    sites.build("a", "one()")
    # The time of the original is another one: it is looked at, and nothing is new.
    for place in sites.lists():
        assert place.stat().st_mtime_ns == before[place]
    before = {path: path.stat().st_mtime_ns for path in sites.static.rglob("*")}
    sites.built.build()
    assert {path: path.stat().st_mtime_ns for path in sites.static.rglob("*")} == before


def test_beside_the_manifest_there_is_no_list(sites):
    sites.build("default", "one()")
    assert sites.lists() == []


def test_a_clean_up_waits_for_the_builds_of_others(sites, monkeypatch):
    """What one finds there it does not publish again."""
    whole = Conf.options
    monkeypatch.setattr(
        Conf, "options", lambda self, **some: replace(whole(self, **some), build_timeout=0.05)
    )
    sites.build("a", "one()")
    sites.build("a", "two()")
    with output.locked(sites.static / ".django-static/sharing.lock", 5, shared=True):
        sites.build("b", "one()")  # together with other builds
        with pytest.raises(CommandError, match="something is being published"):
            sites.clean("a")
    with output.locked(sites.static / ".django-static/sharing.lock", 5), pytest.raises(CommandError):
        sites.build("b", "three()")


def test_who_may_not_write_there_builds_all_the_same(sites, monkeypatch):
    sites.build("a", "one()")
    sites.build("b", "one()")

    def refuse(self, files):
        raise PermissionError(13, "Permission denied", "others")

    monkeypatch.setattr(claims.Claims, "leave", refuse)
    sites.built.app_file("a.js", "one() ")
    said = sites.built.build()
    assert "other manifests cannot be told" in said
    assert sites.published().exists()


def test_strange_things_among_the_lists(sites, tmp_path):
    published = sites.build("a", "one()")
    sites.build("a", "two()")
    others = sites.static / ".django-static/others"
    (others / "file").write_text("x")
    (others / "empty").mkdir()
    (others / "link").symlink_to(tmp_path)
    (others / "outside").mkdir()
    files = {"../../etc/passwd": 1}
    History(others / "outside").add(files)
    assert json.loads(next((others / "outside").iterdir()).read_text())["files"] == files
    sites.clean("a")
    assert not published.exists()


@pytest.mark.parametrize("harm", ["gone", "damaged", "changed"])
def test_a_build_with_nothing_else_to_do_mends_its_list(sites, harm):
    published = sites.build("a", "one()")
    assert sites.build("b", "one()") == published
    for place in sites.lists():
        if harm == "gone":
            shutil.rmtree(place.parent)
        else:
            place.write_text("{" if harm == "damaged" else place.read_text().replace("a.", "b."))
    for name in ("a", "b"):
        sites.build_again(name)
    sites.build("a", "two()")
    sites.clean("a")
    assert published.exists()


def test_a_list_that_could_not_be_left_is_left_by_the_next_build(sites, monkeypatch):
    def refuse(self, files):
        raise PermissionError("not by you")

    with monkeypatch.context() as patch:
        patch.setattr(claims.Claims, "announce", refuse)
        patch.setattr(claims.Claims, "leave", refuse)
        sites.build("b", "one()")
    assert sites.lists() == []
    sites.build_again("b")
    assert len(sites.lists()) == 1


def test_all_take_the_locks_of_folders_in_one_order(tmp_path):
    """Else a build and a clean-up may each have what the other one waits for."""
    short, long = tmp_path / "m", tmp_path / "static-root"
    for folder in (short, long):
        (folder / ".django-static").mkdir(parents=True)
    taken = []

    @contextlib.contextmanager
    def lock(path, timeout, *, shared=False):
        taken.append(path)
        yield True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "locked", lock)
        for folders in ([short, long], [long, short]):
            with claims.Claims(tmp_path / "manifest.json", folders).held(1), claims.alone(folders, 1):
                continue
    assert taken == taken[:2] * 4
