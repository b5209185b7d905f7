"""What a visitor sees when something is wrong, and what the administrator gets to know."""

from __future__ import annotations

import logging
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from pymongo.errors import AutoReconnect, ServerSelectionTimeoutError

from plog.secret import secret_key
from plog.urls import urlpatterns as site_patterns

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def broken(request):
    raise ZeroDivisionError("on purpose")


def lonely(request):
    raise ServerSelectionTimeoutError("no server")


def cut_off(request):
    raise AutoReconnect("connection closed")


def own_policy(request):
    return HttpResponse("x", headers={"Content-Security-Policy": "default-src 'self'"})


urlpatterns = [
    path("broken", broken),
    path("lonely", lonely),
    path("cut-off", cut_off),
    path("own-policy", own_policy),
    *site_patterns,
]


@pytest.fixture
def own_urls(settings):
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def careless_client(own_urls):
    return Client(raise_request_exception=False)


def assert_in_the_look(response):
    html = response.content.decode()
    assert "A blog and website by the Slimstack authors" in html
    assert "/cache-forever/css/screen_typo." in html
    assert response["Content-Security-Policy"].startswith(
        "default-src 'none'; script-src 'self'; style-src 'self'"
    )
    assert "unsafe" not in response["Content-Security-Policy"]
    for name, value in HEADERS.items():
        assert response[name] == value


def test_headers_of_a_page(site, client):
    assert_in_the_look(client.get("/"))


def test_server_error(careless_client):
    response = careless_client.get("/broken")
    assert response.status_code == 500
    assert_in_the_look(response)
    assert "Something broke" in response.content.decode()


@pytest.mark.parametrize("address", ["/lonely", "/cut-off"])
def test_database_unavailable(careless_client, address):
    response = careless_client.get(address)
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert_in_the_look(response)
    assert "Back in a moment" in response.content.decode()


@pytest.mark.parametrize("address", ["/broken", "/lonely", "/nothing"])
def test_error_pages_need_no_database(careless_client, queries, address):
    careless_client.get(address)
    assert queries() == []


def test_a_view_may_have_a_policy_of_its_own(careless_client):
    assert careless_client.get("/own-policy")["Content-Security-Policy"] == "default-src 'self'"


def test_wrong_host(client):
    response = client.get("/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.django_db
def test_the_report_says_who_was_logged_in(careless_client):
    user = User.objects.create_user("anita", "a@x.example", first_name="Anita", last_name="Test")
    careless_client.force_login(user)
    assert careless_client.get("/broken").status_code == 500
    assert len(mail.outbox) == 1
    assert "ERROR-X-LOGGED-IN" in mail.outbox[0].body
    assert "anita a@x.example (Anita Test)" in mail.outbox[0].body


@pytest.mark.django_db
def test_nobody_is_named_when_nobody_was_logged_in(careless_client):
    careless_client.get("/broken")
    assert len(mail.outbox) == 1
    assert "ERROR-X-LOGGED-IN" not in mail.outbox[0].body


def test_errors_are_logged_to_the_file(settings):
    handlers = [handler for handler in logging.getLogger().handlers if getattr(handler, "baseFilename", "")]
    assert str(settings.VAR / "plog.log") in {handler.baseFilename for handler in handlers}


def test_secret_key_is_made_once_and_private(tmp_path):
    file = tmp_path / "var" / "secret_key"
    key = secret_key(file)
    assert len(key) >= 50
    assert secret_key(file) == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret_key"]


def test_secret_key_of_a_faster_process_counts(tmp_path, monkeypatch):
    file = tmp_path / "secret_key"

    def meanwhile(size):
        file.write_text("of the faster one")
        return "of the slower one"

    monkeypatch.setattr("plog.secret.secrets.token_urlsafe", meanwhile)
    assert secret_key(file) == "of the faster one"
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_secret_key_of_many_processes_is_one(tmp_path):
    code = "import sys; from pathlib import Path; from plog.secret import secret_key; print(secret_key(Path(sys.argv[1])))"
    command = [sys.executable, "-c", code, str(tmp_path / "key")]
    folder = Path(__file__).parent.parent
    running = [subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    keys = {process.communicate(timeout=60)[0] for process in running}
    assert len(keys) == 1
    assert len(keys.pop()) >= 50
