"""``DJANGO_STATIC_CDN_SIGN``: a distribution that gives nothing without a signature, which is checked here as CloudFront does."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from io import StringIO
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

import django_static
from django_static.cdn import proxy
from django_static.cdn.answering import answers
from django_static.cdn.pages import LOOK_SECONDS, TRUST_SECONDS, Proxy
from django_static.cdn.stores import store_of
from django_static.conf import conf

PNG = b"\x89PNG" + bytes(range(256))


@pytest.fixture
def distributed(bucket):
    pytest.importorskip("cryptography", reason="there is nothing to sign with: pip install cryptography")
    from static_test_distribution import distribution

    with distribution(bucket.base) as made:
        yield made


@pytest.fixture
def signed_site(cdn_site, distributed):
    """A site whose pictures are on that distribution; its URLs are used when they answer."""
    cdn_site.settings.DJANGO_STATIC_CDN_DOMAIN = distributed.base
    cdn_site.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 3600
    cdn_site.settings.DJANGO_STATIC_CDN_SIGN = distributed.sign
    return cdn_site


def settled() -> None:
    chosen = proxy.current()
    assert chosen.background.wait(60)
    assert chosen._probes.wait(60)


def printed(name: str) -> str:
    """What a page prints when all that earlier ones have begun is done."""
    for _ in range(2):
        django_static.staticfile(name)
        settled()
    return django_static.staticfile(name)


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as response:
        return response.read()


def built(site, tmp_path) -> None:
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "page.html").write_text('{% load django_static %}{% staticfile "/a.png" %}')
    backend = "django.template.backends.django.DjangoTemplates"
    site.settings.TEMPLATES = [{"BACKEND": backend, "DIRS": [str(templates)]}]
    site.settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    site.settings.DJANGO_STATIC_COMPRESS = []
    site.write("a.png", PNG, 5)
    call_command("staticbuild", stdout=StringIO(), stderr=StringIO())
    site.restart()


def publish(*arguments: str) -> str:
    output = StringIO()
    call_command("staticpublish", *arguments, stdout=output, stderr=output)
    return output.getvalue()


def test_pages_print_signed_urls_once_these_answer(signed_site, distributed):
    signed_site.write("a.png", PNG, 5)
    assert django_static.staticfile("/a.png") == "/a.5.png"
    url = printed("/a.png")
    assert url == distributed.sign(f"{distributed.base}/a.5.png")
    assert fetched(url) == PNG
    with pytest.raises(urllib.error.HTTPError, match="403"):
        fetched(url.partition("?")[0])


def test_it_is_written_in_a_template_as_html_has_it(signed_site, distributed):
    signed_site.write("a.png", PNG, 5)
    printed("/a.png")
    html = signed_site.render('<img src="{% staticfile "/a.png" %}">')
    url = distributed.sign(f"{distributed.base}/a.5.png")
    assert html == f'<img src="{url.replace("&", "&amp;")}">'


@pytest.mark.parametrize(
    ("suffix", "kept"), [("?v=2", ""), ("?#iefix", "#iefix"), ("?v=2#a", "#a"), ("#a", "#a")]
)
def test_nothing_is_put_into_a_signed_query(signed_site, distributed, suffix, kept):
    signed_site.write("a.png", PNG, 5)
    printed("/a.png")
    url = django_static.staticfile(f"/a.png{suffix}")
    assert url == distributed.sign(f"{distributed.base}/a.5.png") + kept
    assert fetched(url) == PNG


def test_each_page_has_it_signed_anew(signed_site):
    counted = iter(range(1000))
    signed_site.settings.DJANGO_STATIC_CDN_PROBE = False
    signed_site.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 0
    signed_site.settings.DJANGO_STATIC_CDN_SIGN = lambda url: f"{url}?{next(counted)}"
    signed_site.write("a.png", PNG, 5)
    first, second = printed("/a.png"), printed("/a.png")
    assert first.partition("?")[0] == second.partition("?")[0]
    assert first != second


def test_without_it_what_answers_403_is_never_printed(signed_site, distributed):
    signed_site.settings.DJANGO_STATIC_CDN_SIGN = None
    signed_site.write("a.png", PNG, 5)
    assert printed("/a.png") == "/a.5.png"
    assert {("HEAD", 403)} == {*distributed.asked}


def test_what_has_answered_long_ago_is_asked_for_with_a_signature(signed_site, distributed, tmp_path):
    now, wall = [1000.0], [1_800_000_000.0]
    asked = []

    def gone(url: str) -> bool:
        asked.append(url)
        return not answers(url)

    path = tmp_path / "a.5.png"
    path.write_bytes(PNG)
    options = conf.cdn
    state = tmp_path / "state"
    pages = Proxy(
        options, store_of(options), state, gone=gone, clock=lambda: now[0], wall_clock=lambda: wall[0]
    )
    pages("/a.5.png", str(path))
    for _ in range(2):
        assert pages.background.wait(60)
        assert pages._probes.wait(60)
        pages("/a.5.png")
    now[0] += max(LOOK_SECONDS, TRUST_SECONDS) + 1
    wall[0] += max(LOOK_SECONDS, TRUST_SECONDS) + 1
    url = distributed.sign(f"{distributed.base}/a.5.png")
    assert pages("/a.5.png") == url
    assert pages.background.wait(60)
    assert asked == [url]
    assert pages("/a.5.png") == url


@pytest.mark.parametrize(
    ("sign", "said"),
    [
        (lambda url: 1 / 0, "DJANGO_STATIC_CDN_SIGN failed: ZeroDivisionError: division by zero"),
        (lambda url: None, "DJANGO_STATIC_CDN_SIGN returned None, which is no URL"),
        (lambda url: "", "DJANGO_STATIC_CDN_SIGN returned '', which is no URL"),
        (lambda url: b"x", "DJANGO_STATIC_CDN_SIGN returned b'x', which is no URL"),
        ("nowhere.sign", "DJANGO_STATIC_CDN_SIGN is 'nowhere.sign': No module named 'nowhere'"),
        ("sign", "DJANGO_STATIC_CDN_SIGN is 'sign': sign doesn't look like a module path"),
    ],
    ids=["raises", "none", "empty", "bytes", "no-module", "no-path"],
)
def test_where_it_fails_the_local_url_is_printed_with_one_warning(signed_site, warned, sign, said):
    signed_site.settings.DJANGO_STATIC_CDN_SIGN = sign
    signed_site.settings.DJANGO_STATIC_CDN_PROBE = False
    signed_site.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 0
    for name in ("a", "b"):
        signed_site.write(f"{name}.png", PNG, 5)
    for _ in range(3):
        for name in ("a", "b"):
            assert django_static.staticfile(f"/{name}.png") == f"/{name}.5.png"
            if proxy._chosen is not None:
                settled()
    assert warned() == [
        f"DJANGO_STATIC_FILE_PROXY django_static.cdn.file_proxy: {said}; pages print the local URL"
    ]


def test_staticpublish_asks_with_signatures(signed_site, distributed, tmp_path):
    built(signed_site, tmp_path)
    assert "answer" not in publish()
    assert distributed.asked == [("HEAD", 200)]
    assert django_static.staticfile("/a.png") == distributed.sign(f"{distributed.base}/a.5.png")


@pytest.mark.parametrize("is_set", [False, True])
def test_staticpublish_says_what_403_may_mean(signed_site, distributed, tmp_path, is_set):
    signed_site.settings.DJANGO_STATIC_CDN_SIGN = (lambda url: f"{url}?wrong") if is_set else None
    built(signed_site, tmp_path)
    said = publish("--wait=0")
    assert f"1 file does not answer yet, such as {distributed.base}/a.5.png (403); pages print local" in said
    assert ("wants signatures: DJANGO_STATIC_CDN_SIGN" in said) is not is_set


@pytest.mark.parametrize(
    ("sign", "said", "sent"),
    [
        ("nowhere.sign", "DJANGO_STATIC_CDN_SIGN is 'nowhere.sign'", 0),
        (lambda url: 1 / 0, "DJANGO_STATIC_CDN_SIGN failed: ZeroDivisionError", 1),
    ],
    ids=["no-module", "raises"],
)
def test_staticpublish_fails_where_pages_would_print_local_urls(
    signed_site, bucket, tmp_path, sign, said, sent
):
    signed_site.settings.DJANGO_STATIC_CDN_SIGN = sign
    built(signed_site, tmp_path)
    with pytest.raises(CommandError, match=said):
        call_command("staticpublish", stdout=StringIO(), stderr=StringIO(), skip_checks=True)
    assert len(bucket.keys()) == sent


@pytest.mark.parametrize(
    ("sign", "said"),
    [
        ("nowhere.sign", "ModuleNotFoundError: No module named 'nowhere'"),
        ("os.path.sep", "TypeError: '/' cannot be called"),
        (5, "TypeError: it is neither a function nor the dotted path of one"),
        (lambda: "", "TypeError: too many positional arguments"),
    ],
    ids=["no-module", "no-function", "number", "no-argument"],
)
def test_a_check_says_what_is_no_such_function(signed_site, sign, said):
    signed_site.settings.DJANGO_STATIC_CDN_SIGN = sign
    (found,) = [each for each in run_checks() if each.id == "django_static.E056"]
    assert found.is_serious()
    assert said in found.msg


def test_the_program_prints_what_pages_print(signed_site, distributed, bucket, tmp_path):
    (tmp_path / "signing.py").write_text("def sign(url):\n    return url + '?signed'\n")
    (tmp_path / "program_settings.py").write_text(
        f"MEDIA_ROOT = {str(signed_site.media)!r}\n"
        "DJANGO_STATIC = True\nAWS_ACCESS_KEY_ID = AWS_SECRET_ACCESS_KEY = 'tests'\n"
        + "".join(
            f"DJANGO_STATIC_CDN_{name} = {value!r}\n"
            for name, value in {
                "BUCKET": bucket.name,
                "DOMAIN": distributed.base,
                "ENDPOINT": bucket.endpoint,
                "REGION": "us-east-1",
                "SIGN": "signing.sign",
            }.items()
        )
    )
    path: Path = signed_site.write("a.png", PNG, 5)
    done = subprocess.run(
        [sys.executable, "-m", "django_static.cdn", str(path)],
        check=False,
        cwd=tmp_path,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "program_settings"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.stdout, done.returncode) == (f"{distributed.base}/a.5.png?signed\n", 0), done.stderr
