"""A storage that knows itself where its files are: no page waits for what it says."""

from __future__ import annotations

import gzip
import json
import threading
import urllib.request
from io import StringIO
from pathlib import Path

import pytest
import static_test_cdn_storages as storages_of_tests
from django.core.management import CommandError, call_command

import django_static
from django_static.cdn import proxy
from django_static.cdn.headers import payload_of
from django_static.cdn.rests import REFUSALS, RETRY_SECONDS
from django_static.cdn.store import NoAddress, Standing
from django_static.cdn.stores import store_of
from django_static.conf import conf

PNG = b"\x89PNG" + bytes(range(256))


@pytest.fixture
def storage(site, tmp_path, monkeypatch):
    """Chooses the storage of a site's pictures."""
    monkeypatch.setattr(proxy, "_said", set())
    storages_of_tests.threads.clear()
    storages_of_tests.errors.clear()
    storages_of_tests.gate.set()
    site.settings.DJANGO_STATIC_FILE_PROXY = "django_static.cdn.file_proxy"
    site.settings.DJANGO_STATIC_CDN_STORAGE = "cdn"
    site.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 0

    def choose(name: str, **options) -> None:
        options = {"location": str(tmp_path / "cdn"), "base_url": "https://cdn.example.com/", **options}
        site.settings.STORAGES = {
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
            "cdn": {"BACKEND": f"static_test_cdn_storages.{name}", "OPTIONS": options},
        }
        restart(site)

    yield choose
    storages_of_tests.gate.set()
    settled()
    proxy.reset()


def restart(site) -> None:
    """As a new process begins: nothing is known but what is written down."""
    from django.core.files.storage import storages

    settled()
    site.restart()
    storages._storages.clear()
    proxy.reset()


def settled() -> None:
    chosen = proxy._chosen
    assert chosen is None or (chosen.background.wait(60) and chosen._probes.wait(60))


def printed(name: str = "/a.png") -> list[str]:
    first = django_static.staticfile(name)
    settled()
    return [first, django_static.staticfile(name)]


def objects(site) -> dict:
    (path,) = (site.media / ".django-static").glob("cdn-*.json")
    return json.loads(path.read_text())["objects"]


def rewrite(site, **values) -> None:
    """Write something else down of all that is known to be there."""
    settled()
    (path,) = (site.media / ".django-static").glob("cdn-*.json")
    value = json.loads(path.read_text())
    for entry in value["objects"].values():
        entry.update(values)
    path.write_text(json.dumps(value))


def test_no_page_waits_for_the_url(site, storage):
    storage("Slow")
    site.write("a.png", PNG, 5)
    storages_of_tests.gate.clear()
    assert django_static.staticfile("/a.png") == "/a.5.png"
    assert django_static.staticfile("/a.png") == "/a.5.png"
    storages_of_tests.gate.set()
    settled()
    assert django_static.staticfile("/a.png") == "https://cdn.example.com/a.5.png"
    assert threading.main_thread() not in storages_of_tests.threads


def test_after_a_restart_it_is_printed_at_once(site, storage):
    storage("Slow")
    site.write("a.png", PNG, 5)
    printed()
    restart(site)
    storages_of_tests.gate.clear()
    assert django_static.staticfile("/a.png") == "https://cdn.example.com/a.5.png"
    assert threading.main_thread() not in storages_of_tests.threads


def test_where_it_is_not_written_down_the_first_page_prints_the_local_one(site, storage):
    storage("Slow")
    site.write("a.png", PNG, 5)
    printed()
    rewrite(site, url="")
    restart(site)
    storages_of_tests.gate.clear()
    assert django_static.staticfile("/a.png") == "/a.5.png"
    storages_of_tests.gate.set()
    settled()
    assert django_static.staticfile("/a.png") == "https://cdn.example.com/a.5.png"
    assert threading.main_thread() not in storages_of_tests.threads
    assert objects(site)["a.5.png"]["url"] == "https://cdn.example.com/a.5.png"


def test_a_storage_that_has_moved(site, storage):
    storage("Slow")
    site.write("a.png", PNG, 5)
    printed()
    storage("Slow", base_url="https://new.example.com/")
    assert printed()[1] == "https://new.example.com/a.5.png"
    restart(site)
    assert printed() == ["https://new.example.com/a.5.png"] * 2


@pytest.mark.parametrize("probe", [True, False])
def test_what_has_moved_waits_anew(site, storage, monkeypatch, probe):
    storage("Slow")
    site.write("a.png", PNG, 5)
    printed()
    rewrite(site, answers=True, since=1.0)
    site.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 3600
    site.settings.DJANGO_STATIC_CDN_PROBE = probe
    restart(site)
    assert printed() == ["https://cdn.example.com/a.5.png"] * 2
    site.settings.DJANGO_STATIC_CDN_DOMAIN = "127.0.0.1:9"  # refuses whoever asks
    restart(site)
    assert printed() == ["/a.5.png"] * 2
    restart(site)
    assert printed() == ["/a.5.png"] * 2
    entry = objects(site)["a.5.png"]
    assert (entry["url"], entry["answers"]) == ("https://127.0.0.1:9/a.5.png", False)


def test_what_is_written_down_stands_while_the_storage_cannot_tell(site, storage, warned):
    storage("Slow")
    site.write("a.png", PNG, 5)
    printed()
    restart(site)
    storages_of_tests.errors.append(OSError("the service of credentials is away"))
    assert printed() == ["https://cdn.example.com/a.5.png"] * 2
    assert warned() == []


def test_where_nothing_is_written_down_it_is_tried_again(site, storage, warned):
    clock = [0.0]
    storage("Slow")
    site.write("a.png", PNG, 5)
    printed()
    rewrite(site, url="")
    restart(site)
    proxy.current()._rests._clock = lambda: clock[0]
    storages_of_tests.errors.append(OSError("the service of credentials is away"))
    assert printed() == ["/a.5.png"] * 2
    (warning,) = warned()
    assert "the service of credentials is away" in warning
    storages_of_tests.errors.clear()
    clock[0] += RETRY_SECONDS - 1
    assert printed() == ["/a.5.png"] * 2
    clock[0] += 1
    assert printed()[1] == "https://cdn.example.com/a.5.png"


def test_a_storage_that_cannot_tell_is_left_in_peace_for_a_minute(site, storage):
    site.settings.DJANGO_STATIC_CDN_THREADS = 1
    names = "abcdefg"
    storage("Slow")
    for name in names:
        site.write(f"{name}.png", PNG, 5)
        printed(f"/{name}.png")
    restart(site)
    storages_of_tests.errors.append(OSError("the service of credentials is away"))
    storages_of_tests.gate.clear()
    storages_of_tests.threads.clear()
    pages = [django_static.staticfile(f"/{name}.png") for name in names]
    storages_of_tests.gate.set()
    settled()
    assert pages == [f"https://cdn.example.com/{name}.5.png" for name in names]
    assert len(storages_of_tests.threads) == 1 + REFUSALS  # one made the storage, and asked it


def test_a_storage_that_signs_gets_nothing(site, storage, warned, tmp_path):
    storage("Signing")
    for name in ("a", "b", "c"):
        site.write(f"{name}.png", PNG, 5)
        assert printed(f"/{name}.png") == [f"/{name}.5.png"] * 2
    (warning,) = warned()
    assert "querystring_auth" in warning
    assert not (tmp_path / "cdn").exists()


def test_a_storage_that_begins_to_sign(site, storage, warned):
    storage("Signing", querystring_auth=False)
    site.write("a.png", PNG, 5)
    assert printed()[1] == "https://cdn.example.com/a.5.png"
    storage("Signing")
    assert printed()[1] == "/a.5.png"
    (warning,) = warned()
    assert "querystring_auth" in warning
    restart(site)
    assert printed() == ["/a.5.png"] * 2
    storage("Signing", querystring_auth=False)
    assert printed()[1] == "https://cdn.example.com/a.5.png"


def test_a_storage_that_knows_what_is_there_only(site, storage):
    storage("Finding")
    site.write("a.png", PNG, 5)
    assert printed() == ["/a.5.png", "https://cdn.example.com/a.5.png"]


def test_a_storage_that_knows_no_urls(site, storage, warned):
    storage("Nameless")
    site.write("a.png", PNG, 5)
    assert printed() == ["/a.5.png"] * 2
    (warning,) = warned()
    assert "it is a vault" in warning


def test_a_storage_that_cannot_be_made(site, storage, warned):
    storage("Broken")
    site.write("a.png", PNG, 5)
    assert printed() == ["/a.5.png"] * 2
    (warning,) = warned()
    assert "no such region" in warning


# staticpublish


@pytest.fixture
def built(site, tmp_path):
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "page.html").write_text(
        '{% load django_static %}{% staticfile "/a.png" %}{% staticfile "/b.png" %}'
    )
    backend = "django.template.backends.django.DjangoTemplates"
    site.settings.TEMPLATES = [{"BACKEND": backend, "DIRS": [str(templates)]}]
    site.settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    site.settings.DJANGO_STATIC_COMPRESS = []
    for name in ("a", "b"):
        site.write(f"{name}.png", PNG, 5)
    call_command("staticbuild", stdout=StringIO(), stderr=StringIO())
    return site


def publish(*arguments: str) -> str:
    output = StringIO()
    call_command("staticpublish", *arguments, skip_checks=True, stdout=output, stderr=StringIO())
    return output.getvalue()


def test_pages_print_what_was_published_at_once(built, storage):
    storage("Slow")
    assert publish().startswith("2 files: 2 sent")
    restart(built)
    storages_of_tests.threads.clear()
    storages_of_tests.gate.clear()
    assert django_static.staticfile("/a.png") == "https://cdn.example.com/a.5.png"
    assert threading.main_thread() not in storages_of_tests.threads


@pytest.mark.parametrize("wait", [0, 3600])
@pytest.mark.parametrize("arguments", [(), ("--dry-run",), ("--verify",)])
def test_nothing_is_published_to_a_storage_that_signs(built, storage, tmp_path, wait, arguments):
    built.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = wait
    storage("Signing")
    with pytest.raises(
        CommandError, match=r"nothing is sent.*querystring_auth.*DJANGO_STATIC_CDN_DOMAIN"
    ) as raised:
        publish(*arguments)
    assert raised.value.returncode == 1
    assert not (tmp_path / "cdn").exists()
    assert not list((built.media / ".django-static").glob("cdn-*.json"))


def test_with_a_domain_it_may_sign(built, storage):
    built.settings.DJANGO_STATIC_CDN_DOMAIN = "cdn.example.org"
    storage("Signing")
    assert publish().startswith("2 files: 2 sent")
    assert printed() == ["https://cdn.example.org/a.5.png"] * 2


def test_one_that_began_to_sign_is_said_though_all_is_there(built, storage):
    storage("Signing", querystring_auth=False)
    publish()
    storage("Signing")
    with pytest.raises(CommandError, match="querystring_auth"):
        publish()


def test_what_knows_no_urls_fails_and_says_so(built, storage):
    storage("Nameless")
    with pytest.raises(CommandError, match="2 files could not"):
        publish()


def test_what_is_there_only_has_urls(built, storage):
    storage("Finding")
    assert publish().startswith("2 files: 2 sent")
    restart(built)
    assert django_static.staticfile("/a.png") == "https://cdn.example.com/a.5.png"


# The S3 storage of django-storages


@pytest.fixture
def s3_storage(built, storage, bucket, monkeypatch):
    pytest.importorskip("storages", reason="django-storages is not installed: pip install django-storages")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def choose(**options) -> None:
        storage("Slow")
        built.settings.STORAGES = {
            **built.settings.STORAGES,
            "cdn": {
                "BACKEND": "storages.backends.s3.S3Storage",
                "OPTIONS": {
                    "access_key": "tests",
                    "secret_key": "tests",
                    "bucket_name": bucket.name,
                    "endpoint_url": bucket.endpoint,
                    "region_name": "us-east-1",
                    "addressing_style": "path",
                    "object_parameters": {"CacheControl": "max-age=315360000, public"},
                    **options,
                },
            },
        }
        restart(built)

    return choose


def test_s3_of_django_storages(built, bucket, s3_storage):
    s3_storage(querystring_auth=False)
    assert publish().startswith("2 files: 2 sent")
    restart(built)
    assert printed() == [f"{bucket.base}/a.5.png"] * 2
    status, headers, body = bucket.get("a.5.png")
    assert (status, headers["Cache-Control"], body) == (200, "max-age=315360000, public", PNG)
    assert headers["Content-Type"] == "image/png"
    assert publish().startswith("2 files: 0 sent (0 bytes), 2 there already")


@pytest.mark.parametrize("has_manifest", [True, False])
@pytest.mark.parametrize("is_option", [True, False])
def test_s3_of_django_storages_with_another_bucket(
    built, bucket, s3_storage, warned, has_manifest, is_option
):
    """Named by its options, or by a setting that is all of django-storages'; pages alone bring everything there."""
    built.settings.DJANGO_STATIC_USE_MANIFEST_FILE = has_manifest
    other = f"{bucket.name}-other"
    bucket.make(other)
    for name in (bucket.name, other):
        built.settings.AWS_STORAGE_BUCKET_NAME = name
        s3_storage(querystring_auth=False, bucket_name=name)
        if not is_option:
            del built.settings.STORAGES["cdn"]["OPTIONS"]["bucket_name"]
            restart(built)
        url = f"{bucket.endpoint}/{name}/a.5.png"
        assert printed()[1] == url
        with urllib.request.urlopen(url, timeout=30) as response:
            assert response.read() == PNG
    assert warned() == []


def changes(bucket) -> int:
    return sum(method in ("PUT", "DELETE") for method, _ in bucket.server.seen)


# (what it unpacks lies in a temporary file that it does not close)
@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
def test_s3_of_django_storages_that_compresses(built, bucket, s3_storage):
    """What it tells of a file is the size of what it has made of it."""
    s3_storage(querystring_auth=False, gzip=True, gzip_content_types=["image/png"])
    assert publish().startswith("2 files: 2 sent")
    assert bucket.get("a.5.png")[1]["Content-Encoding"] == "gzip"
    for path in (built.media / ".django-static").glob("cdn-*.json"):
        path.unlink()
    restart(built)
    before = changes(bucket)
    assert publish().startswith("2 files: 0 sent (0 bytes), 2 there already")
    assert publish("--verify").startswith("2 files: 0 sent (0 bytes), 2 there already")
    assert changes(bucket) == before


@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
def test_s3_of_django_storages_unpacks_what_comes_packed(tmp_path, bucket, s3_storage):
    s3_storage(querystring_auth=False, gzip=True)
    path = tmp_path / "a.svgz"
    path.write_bytes(gzip.compress(b"<svg/>" * 500_000))
    for name, content in (("same", path.read_bytes()), ("other", gzip.compress(b"<svg></svg>"))):
        store = store_of(conf.cdn)
        (tmp_path / "given.svgz").write_bytes(content)
        store.put(f"{name}.svgz", payload_of(tmp_path / "given.svgz", with_gzip=False))
    payload = payload_of(path, with_gzip=False)
    assert store.standing("same.svgz", payload) is Standing.SAME
    assert store.standing("other.svgz", payload) is Standing.OTHER


def test_s3_of_django_storages_signs_unless_told_not_to(bucket, s3_storage):
    s3_storage()
    with pytest.raises(CommandError, match="querystring_auth"):
        publish()
    assert bucket.keys() == []
    with pytest.raises(NoAddress):
        proxy.current().publisher.publish("a.5.png", Path(__file__))


@pytest.mark.parametrize("base_url", ["/media/", "media/"])
def test_urls_without_a_host_are_said_and_nobody_is_asked(built, storage, warned, tmp_path, base_url):
    """They lead to the site itself, which no probe knows the address of."""
    storage("Slow", base_url=base_url)
    built.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 3600
    with pytest.raises(CommandError, match="names no host: set DJANGO_STATIC_CDN_DOMAIN"):
        call_command("staticpublish", skip_checks=True, stdout=StringIO(), stderr=StringIO())
    assert printed()[1].startswith("/a.")
    assert ["names no host" in each for each in warned()] == [True]
    assert not (tmp_path / "cdn").exists()
