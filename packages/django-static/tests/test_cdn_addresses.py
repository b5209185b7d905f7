"""Where files are on a CDN whose URLs begin with what a URL has to have encoded: it is asked for, and printed, as browsers do."""

from __future__ import annotations

import posixpath
import urllib.error
import urllib.request
from io import StringIO
from urllib.parse import urljoin

import pytest
from django.core.files.storage import storages
from django.core.management import call_command

import django_static
from django_static.cdn import proxy
from django_static.conf import conf
from django_static.references import css, js

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


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as response:
        return response.read()


@pytest.mark.parametrize("is_ahead", [False, True], ids=["lazy", "ahead"])
@pytest.mark.parametrize("own_folder", [False, True], ids=["beside", "prefixed"])
@pytest.mark.parametrize("fingerprint", ["mtime", "hash"])
def test_a_plus_sign_is_no_space(cdn_site, bucket, settings, tmp_path, is_ahead, own_folder, fingerprint):
    """S3 reads it as one, unless it is encoded: in what pages print, and in what style sheets and modules refer to."""
    site = cdn_site
    settings.DJANGO_STATIC_CDN_TYPES = [".css", ".png", ".js"]
    settings.DJANGO_STATIC_FINGERPRINT = fingerprint
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = is_ahead
    if own_folder:
        settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "out")
        settings.DJANGO_STATIC_NAME_PREFIX = "/c++"
    texts = {
        "c+/a+b c.png": PNG,
        "c+/s+t.css": "a { background: url(a+b%20c.png) }\n",
        "c+/m+n.js": "export default 1 + 1;\n",
        "o+p.js": "import x from './c+/m+n.js';\nconsole.log(x + 1);\n",
    }
    for name, content in texts.items():
        site.write(name, content, 5)
    names = [f"/{name}" for name in texts]
    if is_ahead:
        settings.TEMPLATES = []
        settings.DJANGO_STATIC_BUNDLES = {"slimfile": [name.replace(" ", "%20") for name in names]}
        call_command("staticbuild", verbosity=0)
        call_command("staticpublish", stdout=StringIO())
        site.restart()
        proxy.reset()
    for _ in range(3):
        urls = [django_static.slimfile(name.replace(" ", "%20")) for name in names]
        assert proxy.current().background.wait(60)
        assert proxy.current()._probes.wait(60)
    assert all(url.startswith(f"{bucket.base}/") and "+" not in url for url in urls), urls
    assert fetched(urls[0]) == PNG
    for url, reader in ((urls[1], css.references), (urls[3], js.references)):
        (reference,) = reader(fetched(url).decode())
        assert fetched(urljoin(url, reference.url)) == fetched(urls[0] if url == urls[1] else urls[2])
        assert posixpath.basename(reference.url) in urls[0 if url == urls[1] else 2]
    with pytest.raises(urllib.error.HTTPError):
        fetched(urls[0].replace("%2B", "+"))
