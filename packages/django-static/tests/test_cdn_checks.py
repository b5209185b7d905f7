"""System checks of the settings for the CDN."""

from __future__ import annotations

import importlib.util

import pytest

from django_static import checks


def found():
    ids = ("django_static.E04", "django_static.E05", "django_static.W04")
    return [message for message in checks.check_settings() if message.id.startswith(ids)]


@pytest.mark.parametrize(
    ("name", "value", "id", "said"),
    [
        ("TYPES", "png", "E040", "list of extensions"),
        ("TYPES", [5], "E040", "list of extensions"),
        ("TYPES", ["."], "E040", "list of extensions"),
        ("TYPES", ["*.png"], "E040", "Write 'png'"),
        ("TYPES", ["gif", ".png"], "E040", "Write 'png'"),
        ("TYPES", ["tar.gz"], "E040", "Write 'gz'"),
        ("TYPES", ["png, gif"], "E040", "by itself"),
        ("TYPES", [" png"], "E040", "by itself"),
        ("TYPES", ["img/*"], "E040", "by itself"),
        ("TYPES", ["*", "?"], "E040", "by itself"),
        ("TYPES", [], "W042", "no file goes to the CDN"),
        ("BUCKET", 5, "E041", "string"),
        ("BUCKET", "Not A Bucket!", "E054", "'mysite-static'"),
        ("BUCKET", "s3://bucket", "E054", "the name alone"),
        ("BUCKET", "bucket/images", "E054", "the name alone"),
        ("BUCKET", " bucket", "E054", "the name alone"),
        ("BUCKET", "..", "E054", "the name alone"),
        ("BUCKET", "x" * 256, "E054", "the name alone"),
        ("BUCKET", "bücket", "E054", "the name alone"),
        ("BUCKET", "arn:aws:s3:bucket", "E054", "the name alone"),
        ("REGION", "eu central 1", "E055", "'eu-central-1'"),
        ("REGION", "eu_central_1", "E055", "'eu-central-1'"),
        ("REGION", "-eu", "E055", "'eu-central-1'"),
        ("REGION", "eu-central-1\n", "E055", "'eu-central-1'"),
        ("REGION", "5", "E055", "'eu-central-1'"),
        ("PREFIX", 5, "E041", "string"),
        ("PREFIX", "a b", "E051", "mysite/staging"),
        ("PREFIX", "a/../b", "E051", "mysite/staging"),
        ("PREFIX", "..", "E051", "mysite/staging"),
        ("PREFIX", "a//b", "E051", "mysite/staging"),
        ("PREFIX", "a?b", "E051", "mysite/staging"),
        ("PREFIX", "a%20b", "E051", "mysite/staging"),
        ("PREFIX", "a/" * 511 + "a", "E051", "1024 bytes"),
        ("PREFIX", "ä" * 512, "E051", "1024 bytes"),
        ("STORAGE", ["cdn"], "E041", "string"),
        ("DOMAIN", b"x", "E041", "string"),
        ("REGION", 5, "E041", "string"),
        ("ENDPOINT", 5, "E041", "string"),
        ("PROBE", "no", "E042", "True or False"),
        ("GZIP", 1, "E042", "True or False"),
        ("KEEP_DAYS", -1, "E043", "0 or more, or None"),
        ("KEEP_DAYS", "14", "E043", "a number"),
        ("WAIT_SECONDS", None, "E043", "0 or more"),
        ("WAIT_SECONDS", float("nan"), "E043", "0 or more"),
        ("WAIT_SECONDS", float("inf"), "E043", "0 or more"),
        ("CONNECT_TIMEOUT", 0, "E043", "from 0.001 to 86400"),
        ("CONNECT_TIMEOUT", 1e10, "E043", "from 0.001 to 86400"),
        ("READ_TIMEOUT", 86401, "E043", "from 0.001 to 86400"),
        ("READ_TIMEOUT", True, "E043", "a number"),
        ("THREADS", 0, "E043", "whole number of 1"),
        ("THREADS", 1.5, "E043", "whole number"),
        ("ATTEMPTS", 0, "E043", "whole number of 1"),
        ("BUCKET", "", "E044", "neither is set"),
        ("STORAGE", "default", "E044", "both are set"),
        ("DOMAIN", "", "E047", "cloudfront.net"),
        ("DOMAIN", "ftp://example.com", "E047", "https://static.example.com"),
        ("DOMAIN", "https://", "E047", "https://static.example.com"),
        ("DOMAIN", "https://example.com?x", "E047", "https://static.example.com"),
        ("DOMAIN", "a b", "E047", "https://static.example.com"),
        ("DOMAIN", "https://a b/", "E047", "https://static.example.com"),
        ("DOMAIN", "https://example.com/a b", "E047", "https://static.example.com"),
        ("DOMAIN", "https://example.com/#x", "E047", "https://static.example.com"),
        ("DOMAIN", 'example.com"onerror="', "E047", "https://static.example.com"),
        ("DOMAIN", "example.com:port", "E047", "https://static.example.com"),
        ("DOMAIN", "example.com:99999", "E047", "https://static.example.com"),
        ("DOMAIN", "https://example.com:0/x", "E047", "https://static.example.com"),
        ("DOMAIN", "http://[::1", "E047", "https://static.example.com"),
        ("DOMAIN", "user:secret@example.com", "E047", "https://static.example.com"),
        ("DOMAIN", "https:///x", "E047", "https://static.example.com"),
        ("ENDPOINT", "localhost:9000", "E048", "https://s3.example.com"),
        ("ENDPOINT", "http://", "E048", "https://s3.example.com"),
        ("ENDPOINT", "http://127.0.0.1:99999", "E048", "65535"),
        ("ENDPOINT", "http://127.0.0.1:0", "E048", "65535"),
        ("ENDPOINT", "https://s3.example.com:65536/x", "E048", "65535"),
        ("ENDPOINT", "http://a b", "E048", "https://s3.example.com"),
    ],
)
def test_messages(site, name, value, id, said):
    settings_of(site)
    setattr(site.settings, f"DJANGO_STATIC_CDN_{name}", value)
    messages = found()
    assert [message.id for message in messages] == [f"django_static.{id}"]
    assert said in f"{messages[0].msg} {messages[0].hint}"
    assert messages[0].hint


def settings_of(site):
    site.settings.DJANGO_STATIC_FILE_PROXY = "django_static.cdn.file_proxy"
    site.settings.DJANGO_STATIC_CDN_BUCKET = "bucket"
    site.settings.DJANGO_STATIC_CDN_DOMAIN = "d1.cloudfront.net"


def test_what_is_right(site):
    settings_of(site)
    for name, value in {
        "TYPES": ["*"],
        "KEEP_DAYS": None,
        "WAIT_SECONDS": 0,
        "THREADS": 8,
        "ENDPOINT": "http://127.0.0.1:9000",
        "GZIP": True,
        "PREFIX": "/my-site/v1.2/live_~/",
        "PROBE": False,
    }.items():
        setattr(site.settings, f"DJANGO_STATIC_CDN_{name}", value)
    assert found() == []
    assert [message for message in checks.check_settings() if message.id == "django_static.W002"] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BUCKET", "b"),
        ("BUCKET", "My_Old.Bucket-1"),
        ("BUCKET", "arn:aws:s3:eu-central-1:123456789012:accesspoint/static"),
        ("BUCKET", "arn:aws-cn:s3-outposts:cn-north-1:123456789012:outpost/op-1/accesspoint/static"),
        ("REGION", "auto"),
        ("REGION", "eu-central-1"),
        ("REGION", "US-EAST-1"),
        ("ENDPOINT", "https://s3.example.com:65535/x"),
        ("PREFIX", "a/" * 510 + "aa"),
        ("TYPES", ["7z", "c++", "PNG"]),
        ("READ_TIMEOUT", 86400),
        ("KEEP_DAYS", 1e9),
    ],
)
def test_what_is_odd_and_right(site, name, value):
    settings_of(site)
    setattr(site.settings, f"DJANGO_STATIC_CDN_{name}", value)
    assert found() == []


def test_where_a_bucket_is_does_not_matter_to_a_storage(site):
    settings_of(site)
    site.settings.DJANGO_STATIC_CDN_BUCKET = ""
    site.settings.DJANGO_STATIC_CDN_STORAGE = "default"
    site.settings.DJANGO_STATIC_CDN_REGION = "eu-central-1"
    site.settings.DJANGO_STATIC_CDN_ENDPOINT = "https://s3.example.com"
    assert [message.id for message in found()] == ["django_static.W043"] * 2


@pytest.mark.parametrize("proxy", [None, "static_test_proxies.naive"])
def test_a_bucket_is_looked_at_whoever_uses_it(site, proxy):
    settings_of(site)
    site.settings.DJANGO_STATIC_FILE_PROXY = proxy
    site.settings.DJANGO_STATIC_CDN_BUCKET = "Not A Bucket!"
    assert [message.id for message in found()] == ["django_static.E054"]


@pytest.mark.parametrize(
    "domain",
    [
        "d111111abcdef8.cloudfront.net",
        "static.example.com/",
        "//static.example.com/x/",
        "https://static.example.com/a/b-c_d~e",
        "http://127.0.0.1:9000/bucket",
        "http://[::1]:9000/bucket",
        "localhost:8000",
        "xn--mnchen-3ya.example",
        "münchen.example",
        "https://example.com/a%20b",
        "https://example.com/für/日本",
    ],
)
def test_domains_that_are_right(site, domain):
    settings_of(site)
    site.settings.DJANGO_STATIC_CDN_DOMAIN = domain
    assert found() == []


@pytest.mark.parametrize(
    ("options", "domain", "id"),
    [
        ({}, "", "E050"),
        ({"custom_domain": "d1.cloudfront.net", "cloudfront_signer": object()}, "", "E050"),
        ({"custom_domain": "d1.cloudfront.net"}, "", ""),
        ({"querystring_auth": False}, "", ""),
        ({}, "d1.cloudfront.net", ""),
    ],
)
def test_a_storage_that_signs(site, options, domain, id):
    settings_of(site)
    site.settings.DJANGO_STATIC_CDN_BUCKET = ""
    site.settings.DJANGO_STATIC_CDN_STORAGE = "cdn"
    site.settings.DJANGO_STATIC_CDN_DOMAIN = domain
    backend = {"BACKEND": "static_test_cdn_storages.Signing", "OPTIONS": options}
    site.settings.STORAGES = {**site.settings.STORAGES, "cdn": backend}
    messages = found()
    assert [message.id for message in messages] == ([f"django_static.{id}"] if id else [])
    if id:
        assert "querystring_auth" in messages[0].hint
        assert "DJANGO_STATIC_CDN_DOMAIN" in messages[0].hint


def test_s3_of_django_storages_signs_unless_told_not_to(site):
    pytest.importorskip("storages", reason="django-storages is not installed: pip install django-storages")
    settings_of(site)
    site.settings.DJANGO_STATIC_CDN_BUCKET = site.settings.DJANGO_STATIC_CDN_DOMAIN = ""
    site.settings.DJANGO_STATIC_CDN_STORAGE = "cdn"
    parameters = {"object_parameters": {"CacheControl": "max-age=315360000, public"}}
    for options, ids in (
        (parameters, ["django_static.E050"]),
        ({**parameters, "querystring_auth": False}, []),
        ({"querystring_auth": False}, ["django_static.W041"]),
        ({}, ["django_static.E050", "django_static.W041"]),
    ):
        backend = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {"bucket_name": "x", **options}}
        site.settings.STORAGES = {**site.settings.STORAGES, "cdn": backend}
        assert [message.id for message in found()] == ids


@pytest.mark.parametrize(
    ("base_url", "id"), [("/media/", "E052"), ("", "E052"), ("https://x.example/", ""), ("//x.example/", "")]
)
def test_a_storage_whose_urls_have_no_host(site, base_url, id):
    settings_of(site)
    site.settings.MEDIA_URL = "/media/"
    site.settings.DJANGO_STATIC_CDN_BUCKET = site.settings.DJANGO_STATIC_CDN_DOMAIN = ""
    site.settings.DJANGO_STATIC_CDN_STORAGE = "cdn"
    options = {"location": "/nowhere", **({"base_url": base_url} if base_url else {})}
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    site.settings.STORAGES = {**site.settings.STORAGES, "cdn": backend}
    messages = found()
    assert [message.id for message in messages] == ([f"django_static.{id}"] if id else [])
    site.settings.DJANGO_STATIC_CDN_DOMAIN = "d1.cloudfront.net"
    assert found() == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"AWS_ACCESS_KEY": "x"}, "AWS_ACCESS_KEY is set, but AWS_ACCESS_SECRET is not"),
        ({"AWS_ACCESS_SECRET": "x"}, "AWS_ACCESS_SECRET is set, but AWS_ACCESS_KEY is not"),
        ({"AWS_ACCESS_KEY_ID": "x"}, "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"),
        ({"AWS_ACCESS_KEY_ID": "x", "AWS_ACCESS_SECRET": "y"}, "AWS_ACCESS_KEY_ID is set, but"),
        ({"AWS_ACCESS_KEY": "x", "AWS_ACCESS_SECRET": "y"}, ""),
        ({}, ""),
    ],
)
def test_half_of_the_credentials(site, given, said):
    settings_of(site)
    for name, value in given.items():
        setattr(site.settings, name, value)
    messages = found()
    assert {message.id for message in messages} == ({"django_static.E053"} if said else set())
    assert not said or said in messages[0].msg


@pytest.mark.parametrize("backend", ["static_test_cdn_storages.Broken", "nowhere.Storage"])
def test_a_storage_that_cannot_be_made(site, backend):
    settings_of(site)
    site.settings.DJANGO_STATIC_CDN_BUCKET = site.settings.DJANGO_STATIC_CDN_DOMAIN = ""
    site.settings.DJANGO_STATIC_CDN_STORAGE = "cdn"
    site.settings.STORAGES = {**site.settings.STORAGES, "cdn": {"BACKEND": backend}}
    (message,) = found()
    assert message.id == "django_static.E049"


def test_the_storage(site):
    settings_of(site)
    site.settings.DJANGO_STATIC_CDN_BUCKET = ""
    site.settings.DJANGO_STATIC_CDN_STORAGE = "nowhere"
    (message,) = found()
    assert message.id == "django_static.E045"
    assert "default" in message.hint
    site.settings.DJANGO_STATIC_CDN_STORAGE = "default"
    assert found() == []
    site.settings.DJANGO_STATIC_CDN_GZIP = True
    assert [message.id for message in found()] == ["django_static.W040"]


def test_boto3_is_missed(site, monkeypatch):
    settings_of(site)
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "boto3" else find_spec(name)
    )
    (message,) = found()
    assert (message.id, message.hint) == ("django_static.E046", "pip install slimstack-static[s3]")


def test_nothing_is_asked_of_sites_with_another_proxy(site):
    site.settings.DJANGO_STATIC_FILE_PROXY = "static_test_proxies.naive"
    assert found() == []
