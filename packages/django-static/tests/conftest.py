from __future__ import annotations

import logging
import os
import signal
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import hypothesis
import pytest
from django.conf import settings as django_settings
from django.template import engines

# A busy machine is no failure.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")

sys.path.insert(0, str(Path(__file__).parent / "helpers"))


def pytest_configure() -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # As a shell has it for what runs in the background. Tests interrupt themselves and programs they start.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    django_settings.configure(
        SECRET_KEY="tests",
        USE_TZ=True,
        INSTALLED_APPS=["django.contrib.staticfiles", "django_static"],
        STATIC_URL="/static/",
        STATICFILES_DIRS=[],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"builtins": ["django.templatetags.static"]},
            }
        ],
    )
    django.setup()


class Site:
    """A site with a media folder; files are written with the modification time a test wants."""

    def __init__(self, root: Path, settings: Any) -> None:
        self.root = root
        self.media = root / "media"
        self.media.mkdir()
        self.settings = settings
        settings.MEDIA_ROOT = str(self.media)
        settings.MEDIA_URL = "/media/"
        settings.STATIC_ROOT = None
        settings.DEBUG = False
        settings.DJANGO_STATIC = True

    def write(self, name: str, content: str | bytes = "", mtime: float = 1269174558) -> Path:
        path = self.media / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (mtime, mtime))
        return path

    def render(self, template: str, **context: Any) -> str:
        source = "{% load django_static %}" + template
        return engines["django"].from_string(source).render(context)

    def slimall(self, html: str) -> str:
        return self.render("{% slimall %}" + html + "{% endslimall %}")

    def restart(self) -> None:
        from django_static import resolver

        resolver.reset()

    def text(self, url: str, folder: Path | None = None) -> str:
        """The content behind a published URL path."""
        return ((folder or self.media) / url.lstrip("/")).read_text("utf-8")

    def published(self, folder: Path | None = None) -> list[str]:
        """The files beside the originals, without records."""
        root = folder or self.media
        found = (path for path in root.rglob("*") if not path.is_dir() and ".django-static" not in path.parts)
        return sorted(str(path.relative_to(root)) for path in found)


@pytest.fixture
def site(tmp_path: Path, settings: Any) -> Iterator[Site]:
    from django_static import resolver

    resolver.reset()
    yield Site(tmp_path, settings)
    resolver.reset()


@pytest.fixture
def warned(caplog: pytest.LogCaptureFixture) -> Any:
    """The warnings so far."""
    caplog.set_level(logging.INFO, "django_static")
    return lambda: [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.fixture
def modes(site: Site, tmp_path: Path) -> Any:
    """A page in every mode; see :mod:`static_test_modes`."""
    from static_test_modes import Modes

    return Modes(site, tmp_path)


@pytest.fixture
def sites(site: Site, settings: Any, tmp_path: Path) -> Iterator[Any]:
    """Sites with one ``STATIC_ROOT``; see :mod:`static_test_sites`."""
    from static_test_built import Built
    from static_test_sites import Sites

    with Built.made(site, settings, tmp_path) as built:
        yield Sites(built, tmp_path)


@pytest.fixture(scope="session")
def forks() -> Iterator[Any]:
    """Starts processes that have imported what they need; see :mod:`static_test_forks`."""
    import static_test_forks

    with static_test_forks.forks() as running:
        yield running


@pytest.fixture(scope="session")
def s3_server() -> Iterator[Any]:
    """An S3 on loopback; see :mod:`static_test_s3`."""
    pytest.importorskip("boto3", reason="boto3 is not installed: pip install slimstack-static[s3]")
    pytest.importorskip(
        "moto.server", reason="there is no S3 to test with: pip install 'moto[s3]' flask flask-cors"
    )
    from static_test_s3 import moto, read_once

    with read_once(), moto() as address:
        yield address


@pytest.fixture
def bucket(s3_server: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A bucket of this test's own, behind a proxy that can break things."""
    from static_test_s3 import Bucket, front

    with front(s3_server) as server:
        yield Bucket(server, f"bucket-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def cdn_site(site: Site, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site whose pictures go to the bucket, and are printed as soon as they are there."""
    from django_static.cdn import proxy

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setattr(proxy, "_said", set())
    site.settings.AWS_ACCESS_KEY_ID = site.settings.AWS_SECRET_ACCESS_KEY = "tests"
    for name, value in {
        "BUCKET": bucket.name,
        "DOMAIN": bucket.base,
        "ENDPOINT": bucket.endpoint,
        "REGION": "us-east-1",
        "WAIT_SECONDS": 0,
        "CONNECT_TIMEOUT": 10,
        "READ_TIMEOUT": 20,
        "ATTEMPTS": 2,
    }.items():
        setattr(site.settings, f"DJANGO_STATIC_CDN_{name}", value)
    site.settings.DJANGO_STATIC_FILE_PROXY = "django_static.cdn.file_proxy"
    proxy.reset()
    yield site
    chosen = proxy._chosen
    bucket.server.released.set()
    assert chosen is None or chosen.background.wait(60)
    proxy.reset()


@pytest.fixture
def cdn_project(tmp_path: Path, bucket: Any, cdn_site: Site, forks: Any) -> Any:
    """A project with pictures that processes of its own publish; see :mod:`static_test_cdn_project`."""
    from static_test_cdn_project import Project

    return Project(tmp_path / "project", bucket, cdn_site, forks)
