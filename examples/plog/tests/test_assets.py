"""Every asset goes through the tags, and what they publish may be kept for ever."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

pytestmark = pytest.mark.usefixtures("site")

PAGES = ["/", "/p2", "/oc-Linux", "/plog/introducing-django-static", "/plog/django-static-file-proxy-cdn",
         "/slides/mongodb-in-django", "/nothing"]  # fmt: skip


def assets(html):
    found = re.findall(r'<(?:link|script|img|source)\b[^>]*? (?:href|src|srcset)="([^"]+)"', html)
    assert found
    return found


@pytest.mark.parametrize("address", PAGES)
def test_every_asset_has_a_stamped_name(client, address):
    for asset in assets(client.get(address).content.decode()):
        assert re.fullmatch(r"/cache-forever/(css|js|img)/[\w-]+\.\d{10}\.(css|js|svg)", asset), asset


def test_style_sheets_are_combined_by_medium(client):
    html = client.get("/").content.decode()
    links = re.findall(r'<link rel="stylesheet"[^>]*>', html)
    assert len(links) == 2
    assert re.fullmatch(r'<link rel="stylesheet" href="/cache-forever/css/screen_typo\.\d+\.css">', links[0])
    assert re.fullmatch(
        r'<link rel="stylesheet" href="/cache-forever/css/print\.\d+\.css" media="print">', links[1]
    )
    assert len(re.findall(r"<script", html)) == 1
    assert re.search(r'<script src="/cache-forever/js/copy_counter\.\d+\.js" defer></script>', html)


def test_what_is_named_in_a_style_sheet_is_stamped(client):
    sheet = re.search(r"/cache-forever/css/screen_typo\.\d+\.css", client.get("/").content.decode())[0]
    css = client.get(sheet).content.decode()
    assert re.search(r"url\(\"?[./\w-]*/img/ornament\.\d{10}\.svg\"?\)", css)
    assert len(css) < sum(
        (Path(settings.MEDIA_ROOT) / "css" / name).stat().st_size for name in ("screen.css", "typo.css")
    )


def test_published_files_are_kept_for_ever(client):
    for asset in assets(client.get("/").content.decode()):
        response = client.get(asset)
        assert response.status_code == 200
        assert response["Cache-Control"] == "public, max-age=315360000, immutable"
        assert response["Expires"] == "Thu, 31 Dec 2037 23:55:55 GMT"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert int(response["Content-Length"]) == len(response.content) > 0


def test_text_travels_compressed(client):
    sheet = assets(client.get("/").content.decode())[1]
    response = client.get(sheet, headers={"accept-encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response["Vary"]


@pytest.mark.parametrize(
    "name",
    [
        "css/screen.1.css", "css/screen.css", "../secret_key", "..%2fsecret_key", "css/../../secret_key.1.css",
        "css/%2e%2e/%2e%2e/x.1.css", "//etc/passwd", ".django-static/x.1.json", "css", "", "a%00.1.css", "css/.1.css",
    ],
)  # fmt: skip
def test_everything_else_is_not_found_and_not_kept(client, name):
    response = client.get(f"/cache-forever/{name}")
    assert response.status_code == 404
    assert "max-age" not in response.get("Cache-Control", "")


def test_a_file_that_is_not_there_yet_is_not_remembered(client):
    assert client.get("/cache-forever/css/screen_typo.1234567890.css")["Cache-Control"] == "no-store"


def test_links_lead_to_media_files_only(client, tmp_path):
    client.get("/")
    folder = Path(settings.DJANGO_STATIC_SAVE_PREFIX) / "img"
    (tmp_path / "outside.svg").write_text("secret")
    link = folder / "outside.1234567890.svg"
    os.symlink(tmp_path / "outside.svg", link)
    try:
        assert client.get("/cache-forever/img/outside.1234567890.svg").status_code == 404
    finally:
        link.unlink()


def test_the_book_keeping_of_the_tags_is_not_served(client):
    client.get("/")
    kept = list((Path(settings.DJANGO_STATIC_SAVE_PREFIX)).glob(".*/*"))
    for path in kept:
        assert client.get(f"/cache-forever/{path.parent.name}/{path.name}").status_code == 404


def test_switched_off_the_originals_are_named(client, settings):
    settings.DJANGO_STATIC = False
    html = client.get("/plog/fcgi-gunicorn-uwsgi").content.decode()
    assert '<link rel="stylesheet" href="/css/screen.css">' in html
    assert '<link rel="stylesheet" href="/css/print.css" media="print">' in html
    assert 'src="/img/server-shootout.svg"' in html
    assert "cache-forever" not in html


def test_posting_is_not_for_files(client):
    assert client.post("/cache-forever/css/screen.1.css").status_code == 405


def test_development(tmp_path):
    """With DEBUG on the originals are named, and served under their own names; nothing is written."""
    code = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "client = Client(headers={'host': 'localhost'})\n"
        "page = client.get('/slides/mongodb-in-django')\n"
        "assert b'href=\"/css/slides.css\"' in page.content, page.content\n"
        "for name in ('/css/slides.css', '/js/slides.js', '/img/icon.svg', '/files/slowmap.py'):\n"
        "    response = client.get(name)\n"
        "    assert response.status_code == 200 and response.getvalue(), name\n"
        "assert client.get('/css/../settings.py').status_code == 404\n"
    )
    env = {**os.environ, "PLOG_DEBUG": "1", "PLOG_VAR": str(tmp_path)}
    folder = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "cache-forever").exists()


def test_the_system_checks_find_nothing():
    call_command("check", fail_level="DEBUG")
