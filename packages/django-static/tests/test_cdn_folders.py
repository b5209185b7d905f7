"""``staticpublish`` where a store takes the files of some folders, and refuses those of others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command

from django_static.cdn.options import Options
from django_static.cdn.patience import patience
from django_static.cdn.publication import Publication
from django_static.cdn.published import Published
from django_static.cdn.referred import with_used
from django_static.cdn.state import State
from django_static.cdn.storage_store import StorageStore
from django_static.cdn.store import StoreError

THREADS = pytest.mark.parametrize("threads", [1, 4])
PNG = b"\x89PNG"


class Store(StorageStore):
    """Refuses files, as one does that does not let us write there."""

    def __init__(self, folder: Path, refuses: Callable[[str], bool]) -> None:
        super().__init__(lambda: FileSystemStorage(str(folder), "https://cdn.example.com/"), "x")
        self.refuses = refuses
        self.tried: list[str] = []
        self.lock = threading.Lock()

    def standing(self, key, payload):
        with self.lock:
            self.tried.append(key)
        if self.refuses(key):
            raise StoreError(f"not there: {key}", is_general=True)
        return super().standing(key, payload)


@pytest.fixture
def publish(tmp_path):
    """Publish files to a store that refuses some; what is in them is theirs to say."""

    def published(
        keys: Iterable[str] | dict[str, str], refuses: Callable[[str], bool], threads: int
    ) -> tuple[Published, Store]:
        files = {}
        for key in keys:
            files[key] = path = tmp_path / "site" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(keys[key] if isinstance(keys, dict) else key)
        store = Store(tmp_path / "cdn", refuses)
        options = Options(storage="x", threads=threads)
        done = Publication(store, State(tmp_path, "x"), options).run(with_used(files))
        assert sorted([*done.files, *done.failed, *done.untried]) == sorted(files)
        return done, store

    return published


def names(*folders: str, count: int = 20) -> list[str]:
    return [f"{folder}/{number}.5.png" for folder in folders for number in range(count)]


@THREADS
@pytest.mark.parametrize("refused", ["a", "m", "z", "m/n"])
def test_a_folder_that_is_refused_keeps_no_other_from_it(publish, threads, refused):
    """Wherever in the order it comes."""
    keys = names("a", "b/c", "m", "m/n", "z")
    done, store = publish(keys, lambda key: key.startswith(f"{refused}/"), threads)
    assert sorted(done.files) == sorted(key for key in keys if not key.startswith(f"{refused}/"))
    tried = [key for key in store.tried if key.startswith(f"{refused}/")]
    assert len(tried) == len(done.failed) < 4 * patience(threads) + 2 * threads
    assert done.untried


@THREADS
def test_many_folders_in_one_that_is_refused(publish, threads):
    """Those in it need not be told one by one, and are not what is all there is."""
    keys = names(*(f"a/{number:02}/x" for number in range(40)), "b", "c/d", count=5)
    done, store = publish(keys, lambda key: key.startswith("a/"), threads)
    assert sorted(done.files) == sorted(key for key in keys if not key.startswith("a/"))
    assert sum(key.startswith("a/") for key in store.tried) < 4 * patience(threads) + 2 * threads


@THREADS
@pytest.mark.parametrize("deep", ["", "/x", "/x/y/z"])
def test_a_store_that_refuses_all_is_asked_for_few(publish, threads, deep):
    done, store = publish(names(*(f"{n:02}{deep}" for n in range(60))), lambda key: True, threads)
    assert done.files == []
    assert len(store.tried) < 4 * patience(threads) + 2 * threads


@pytest.mark.parametrize("is_flat", [False, True])
def test_a_few_that_are_refused_among_many_end_nothing(publish, is_flat):
    keys = names("a") if is_flat else names(*"abcdefgh", count=4)
    odd = keys[:2] + keys[5:7] + keys[9:11]
    done, _ = publish(keys, odd.__contains__, 1)
    assert sorted(done.failed) == sorted(odd)
    assert done.untried == []


@THREADS
def test_a_folder_whose_files_need_what_is_refused_is_not_to_blame(publish, threads):
    """What needs nothing of it is sent; what does is not, and is not asked for again and again."""
    files = {f"img/{number:02}.5.png": "x" for number in range(20)}
    files |= {f"css/{number:02}.5.css": f"a {{ b: url(../img/{number:02}.5.png) }}" for number in range(20)}
    files |= {f"css/on.{number:02}.5.css": f"@import '{number:02}.5.css';" for number in range(20)}
    files |= {f"css/own.{number:02}.5.css": "a { b: c }" for number in range(20)}
    done, store = publish(files, lambda key: key.startswith("img/"), threads)
    assert sorted(done.files) == [f"css/own.{number:02}.5.css" for number in range(20)]
    assert sum(key.startswith("img/") for key in store.tried) < 4 * patience(threads) + 2 * threads


def test_what_is_known_to_be_there_is_not_left_out(publish, tmp_path):
    """Nobody has to be asked for it; nor does it say that the store is well."""
    keys = names("a", "b")
    done, _ = publish(keys, lambda key: False, 1)
    assert len(done.files) == 40
    done, store = publish(keys, lambda key: True, 1)
    assert (len(done.files), store.tried) == (40, [])
    more = names("a", "b", "c", count=40)
    done, store = publish(more, lambda key: True, 1)
    assert sorted(done.files) == sorted(keys)
    assert len(store.tried) < 10


def test_what_the_command_says(cdn_site, bucket):
    """A bucket that lets us write below one prefix only; the next run brings the rest there."""
    site = cdn_site
    site.settings.DJANGO_STATIC_FINGERPRINT = "hash"
    site.settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    site.settings.DJANGO_STATIC_CDN_ATTEMPTS = site.settings.DJANGO_STATIC_CDN_THREADS = 1
    keys = [f"{folder}/{number}.png" for folder in ("a", "a/b", "c") for number in range(8)]
    for key in keys:
        site.write(key, key.encode())
    site.settings.TEMPLATES = []
    site.settings.DJANGO_STATIC_BUNDLES = {"staticfile": [f"/{key}" for key in keys]}
    call_command("staticbuild", verbosity=0)
    bucket.breaks(("PUT a/", "403!"))
    said = StringIO()
    with pytest.raises(CommandError, match="16 files could not be brought to the CDN") as error:
        call_command("staticpublish", stdout=said, stderr=said)
    assert error.value.returncode == 1
    there = bucket.keys()
    assert sorted(there) == sorted(key for key in there if key.startswith("c/"))
    assert len(there) == 8
    assert "24 files: 8 sent" in said.getvalue()
    assert "12 more files not tried (7 in a/b, 5 in a): one after another there" in said.getvalue()
    bucket.breaks()
    call_command("staticpublish", stdout=said, stderr=said)
    assert len(bucket.keys()) == 24
