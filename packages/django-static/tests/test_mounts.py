"""A site below a path: by the server's SCRIPT_NAME or FORCE_SCRIPT_NAME, with relative STATIC_URL and MEDIA_URL."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from static_test_forks import Forks

SETTINGS = """
from pathlib import Path
BASE = Path(__file__).parent
SECRET_KEY = "tests"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["django.contrib.staticfiles", "django_static"]
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [BASE / "templates"],
    "OPTIONS": {"builtins": ["django.templatetags.static", "django_static.templatetags.django_static"]},
}]
STATIC_URL = "static/"
MEDIA_URL = "media/"
MEDIA_ROOT = BASE / "media"
STATICFILES_DIRS = [BASE / "assets"]
STATIC_ROOT = BASE / "out"
DJANGO_STATIC = True
DJANGO_STATIC_COMPRESS = []
DJANGO_STATIC_FINGERPRINT = "hash"
"""
URLS = """
from django.urls import path
from django.views.generic import TemplateView
urlpatterns = [path("", TemplateView.as_view(template_name="page.html"))]
"""
PAGE = """[
"{% static "a.css" %}",
"{% staticfile "/static/a.css" %}",
"{% staticfile "/static/a.css?v=1#x" %}",
"{% static "a.css" as name %}{% slimfile name %}",
"{% staticfile "/media/m.css" %}",
"{% staticfile "/plain.css" %}",
"{% slimfile "/static/a.css;/static/b.css" %}"
]
<!--{% slimall %}
<link rel="stylesheet" href="{% static "a.css" %}">
<link rel="stylesheet" href="/static/b.css">
{% endslimall %}-->{% staticimportmap "m" "/static/m.js" "lib/" "/static/lib/" %}"""
#: What each of these prints, but for marks; ``{}`` is the path of the site.
PRINTED = [
    "{}/static/a.#.css",
    "{}/static/a.#.css",
    "{}/static/a.#.css?v=1#x",
    "{}/static/a.#.css",
    "{}/media/m.#.css",
    "/plain.#.css",
    "{}/static/a_b.#.css",
]
IMPORTS = {
    "m": "{}/static/m.#.js",
    "{}/static/m.js": "{}/static/m.#.js",
    "lib/x.js": "{}/static/lib/x.#.js",
    "{}/static/lib/x.js": "{}/static/lib/x.#.js",
}
ASK = """
import io, json, re, sys
from django.core.wsgi import get_wsgi_application
from django_static.serve.wsgi import StaticServer
application = get_wsgi_application()
if sys.argv[2] == "served":
    application = StaticServer(application)
pages = []
for name in json.loads(sys.argv[1]):
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SCRIPT_NAME": name, "SERVER_NAME": "x", "SERVER_PORT": "80",
               "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "http"}
    text = b"".join(application(environ, lambda status, headers: None)).decode()
    pages.append(re.sub(r"\\.[0-9a-f]{12}\\.", ".#.", text))
print(json.dumps(pages))
"""


@pytest.fixture(params=["StaticStorage", "StaticFilesStorage"])
def project(request, tmp_path):
    package = "django_static" if request.param == "StaticStorage" else "django.contrib.staticfiles"
    storage = f'STORAGES = {{"staticfiles": {{"BACKEND": "{package}.storage.{request.param}"}}}}\n'
    files = {
        "settings.py": SETTINGS + storage,
        "urls.py": URLS,
        "templates/page.html": PAGE,
        "assets/a.css": "a { b: url(i.svg) }",
        "assets/b.css": "b { c: d }",
        "assets/i.svg": "<svg/>",
        "assets/m.js": "export const m = 1;",
        "assets/lib/x.js": "export const x = 1;",
        "media/m.css": "m { n: o }",
        "media/plain.css": "p { q: r }",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(forks: Forks, project: Path, *arguments: str, settings: str = "") -> str:
    (project / "site_settings.py").write_text(f"from settings import *\n{settings}")
    environment = {**os.environ, "PYTHONPATH": str(project), "DJANGO_SETTINGS_MODULE": "site_settings"}
    process = forks.start(*arguments, environment=environment, folder=project)
    output, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    return output


@pytest.mark.parametrize("served", ["served", "alone"])
@pytest.mark.parametrize("built", ["built", "lazily"])
@pytest.mark.parametrize(
    ("settings", "asked", "place"),
    [
        ("", ["/app"], "/app"),
        ("", [""], ""),
        # Django settles STATIC_URL at the first request.
        ("", ["/app", "", "/other"], "/app"),
        ("", ["", "/app"], ""),
        ('FORCE_SCRIPT_NAME = "/forced"', ["", "/app"], "/forced"),
    ],
    ids=["below a path", "at the root", "the first counts", "the root comes first", "forced"],
)
def test_every_tag_prints_where_the_site_is(forks, project, settings, asked, place, built, served):
    """Also where a server of ours stands around the application, which reads the settings before any request."""
    if built == "built":
        run(forks, project, "-m", "django", "staticbuild")
    settings += f"\nDJANGO_STATIC_USE_MANIFEST_FILE = {built == 'built'}\n"
    pages = json.loads(run(forks, project, "-c", ASK, json.dumps(asked), served, settings=settings))
    is_renamed = "StaticStorage" in (project / "settings.py").read_text() and built == "built"
    for page in pages:
        head, _, rest = page.partition("\n<!--")
        printed = json.load(io.StringIO(head))
        assert printed[0] == PRINTED[0].format(place) if is_renamed else f"{place}/static/a.css"
        assert printed[1:] == [each.format(place) for each in PRINTED[1:]]
        block, _, imports = rest.partition("-->")
        assert f'href="{place}/static/a_b.#.css"' in block
        imports = json.loads(imports.partition(">")[2].partition("<")[0])["imports"]
        assert imports == {key.format(place): url.format(place) for key, url in IMPORTS.items()}
