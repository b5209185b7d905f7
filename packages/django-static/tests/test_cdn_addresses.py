"""Where files are on a CDN whose URLs begin with what a URL has to have encoded: it is asked for, and printed, as browsers do."""

from __future__ import annotations

import urllib.request

import pytest
from django.core.files.storage import storages

import django_static
from django_static.cdn import proxy
from django_static.conf import conf

PNG = b"\x89PNG" + bytes(range(256))


@pytest.mark.parametrize(
    ("domain", "base"),
    [
        ("https://cdn.example.com/für", "https://cdn.example.com/f%C3%BCr"),
        ("https://cdn.example.com/f%C3%BCr/ä", "https://cdn.example.com/f%C3%BCr/%C3%A4"),
        ("//cdn.example.com/日/", "//cdn.example.com/%E6%97%A5"),
        ("https://cdn.example.com/a%20b", "https://cdn.example.com/a%20b"),
        ("https://münchen.example", "https://münchen.example"),
        ("münchen.example/ü", "https://münchen.example/%C3%BC"),
    ],
)
def test_the_domain(settings, domain, base):
    settings.DJANGO_STATIC_CDN_DOMAIN = domain
    assert conf.cdn.base == base


@pytest.mark.parametrize("of_storage", [False, True])
def test_it_is_asked_for_and_printed(cdn_site, bucket, settings, tmp_path, of_storage):
    """The bucket stands for any server that has files below such a path."""
    site = cdn_site
    base = bucket.base.replace(bucket.name, f"{bucket.name}/für")
    bucket.put("f%C3%BCr/a.5.png", PNG)
    settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 3600
    settings.DJANGO_STATIC_CDN_DOMAIN = base
    if of_storage:
        settings.DJANGO_STATIC_CDN_DOMAIN = settings.DJANGO_STATIC_CDN_BUCKET = None
        settings.DJANGO_STATIC_CDN_STORAGE = "cdn"
        backend = "django.core.files.storage.FileSystemStorage"
        options = {"location": str(tmp_path / "cdn"), "base_url": f"{base}/"}
        settings.STORAGES = {**settings.STORAGES, "cdn": {"BACKEND": backend, "OPTIONS": options}}
        assert storages["cdn"].url("a.5.png") == f"{base}/a.5.png"
    proxy.reset()
    site.write("a.png", PNG, 5)
    for _ in range(3):
        url = django_static.staticfile("/a.png")
        assert proxy.current().background.wait(60)
        assert proxy.current()._probes.wait(60)
    assert url == f"{bucket.base}/f%C3%BCr/a.5.png"
    with urllib.request.urlopen(url, timeout=30) as response:
        assert response.read() == PNG
