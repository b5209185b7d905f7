"""Sites that send their static files themselves, under whatever name: the check knows them by their applications, unrun."""

from __future__ import annotations

import importlib
import sys

import pytest
from serve_site import AsgiClient, WsgiClient, asgi_app, wsgi_app
from static_test_built import Built

from django_static import resolver
from django_static.checks import check_settings
from django_static.serve import asgi, wsgi
from django_static.standing import sends_itself

#: What a module would do if it were run.
NEVER = "raise SystemExit('this is no server')\n"
HEAD = f"{NEVER}from django_static.serve.wsgi import StaticServer\n"
STANDS = {
    "as in the documentation": f"{HEAD}application = StaticServer(get_wsgi_application())",
    "for asgi": f"{NEVER}from django_static.serve.asgi import StaticServer\napplication = StaticServer(app)",
    "under another name": f"{NEVER}from django_static.serve.wsgi import StaticServer as S\napplication = S(app)",
    "by its module": f"{NEVER}from django_static.serve import wsgi\napplication = wsgi.StaticServer(app)",
    "by its whole name": f"{NEVER}import django_static.serve.wsgi\napplication = django_static.serve.wsgi.StaticServer(a)",
    "within another": f"{HEAD}application = Trace(StaticServer(app, small=1))",
    "around itself": f"{HEAD}application = app\nif not DEBUG:\n    application = StaticServer(application)",
    "with a type": f"{HEAD}application: Any = StaticServer(app)",
    "of several names": f"{HEAD}app = application = StaticServer(get_wsgi_application())",
    "in another encoding": f"# -*- coding: latin-1 -*-\n# \u00e4\n{HEAD}application = StaticServer(app)",
}
DOES_NOT = {
    "nothing": "",
    "no server": f"{NEVER}application = get_wsgi_application()",
    "a comment": f"{NEVER}application = get_wsgi_application()  # StaticServer(application)",
    "only imported": f"{HEAD}application = get_wsgi_application()",
    "another one's": f"{NEVER}from other import StaticServer\napplication = StaticServer(app)",
    "another name": f"{HEAD}other = StaticServer(app)\napplication = app",
    "a declaration": f"{HEAD}application: StaticServer",
    "no Python": "StaticServer(",
    "a NUL": "StaticServer\0",
}


@pytest.fixture
def project(tmp_path, monkeypatch, settings):
    """Where a test may put modules."""
    folder = tmp_path / "modules"
    (folder / "mine").mkdir(parents=True)
    (folder / "mine/__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    settings.ROOT_URLCONF = "mine.urls"
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "mine"]:
        del sys.modules[name]


def write(place, text: str) -> None:
    place.write_bytes(text.encode("latin-1"))
    importlib.invalidate_caches()


@pytest.mark.parametrize("text", STANDS.values(), ids=STANDS)
def test_it_stands_there(project, text):
    write(project / "mine/wsgi.py", text)
    assert sends_itself()


@pytest.mark.parametrize("text", DOES_NOT.values(), ids=DOES_NOT)
def test_it_does_not(project, text):
    write(project / "mine/wsgi.py", text)
    assert not sends_itself()


@pytest.mark.parametrize("setting", ["WSGI_APPLICATION", "ASGI_APPLICATION"])
def test_what_a_setting_names(project, settings, setting):
    write(project / "mine/deploy.py", f"{HEAD}site = StaticServer(app)")
    assert not sends_itself()
    setattr(settings, setting, "mine.deploy.site")
    assert sends_itself()
    setattr(settings, setting, "mine.deploy.application")
    assert not sends_itself()


@pytest.mark.parametrize("module", ["asgi", "wsgi"])
def test_what_startproject_makes(project, module):
    write(project / f"mine/{module}.py", STANDS["as in the documentation"])
    assert sends_itself()


def test_a_urlconf_in_no_package(project, settings):
    settings.ROOT_URLCONF = "urls"
    write(project / "asgi.py", STANDS["for asgi"])
    assert sends_itself()


@pytest.mark.parametrize(
    "value", [None, "", "application", "nowhere.application", "mine.nowhere.x", "..x", 5]
)
def test_settings_that_name_nothing(project, settings, value):
    settings.WSGI_APPLICATION = settings.ASGI_APPLICATION = settings.ROOT_URLCONF = value
    assert not sends_itself()


def test_without_a_manifest_only_folders_are_sent(project, settings):
    write(project / "mine/wsgi.py", STANDS["as in the documentation"])
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
    assert not sends_itself()


#: What servers that look into folders answer 404 to.
ELSEWHERE = {"a name without STATIC_URL": {}, "a prefix twice": {"DJANGO_STATIC_MEDIA_URL": "/static"}}


@pytest.mark.parametrize("edge", ["wsgi", "asgi"])
@pytest.mark.parametrize("given", ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_is_sent_nobody_complains_of(project, site, settings, tmp_path, edge, given):
    for name, value in given.items():
        setattr(settings, name, value)
    with Built.made(site, settings, tmp_path) as built:
        name = "/static/a.css" if given else "/a.css"
        built.app_file("a.css", "a { b : url(/p.png) }" if not given else "a { b : c }")
        built.app_file("p.png", "picture")
        built.page("page", f'{{% slimfile "{name}" %}}')
        assert f"{name!r} is " in built.check()
        assert f"{name!r} is " in built.build()
        write(
            project / f"mine/{edge}.py", STANDS["as in the documentation" if edge == "wsgi" else "for asgi"]
        )
        assert built.check() == ""
        assert f"{name!r} is " not in built.build()
        resolver.reset()
        url = built.render("page")
        client = (
            WsgiClient(wsgi.StaticServer(wsgi_app))
            if edge == "wsgi"
            else AsgiClient(asgi.StaticServer(asgi_app))
        )
        reply = client.ask(url)
        assert (reply.status, "immutable" in reply.headers["cache-control"]) == (200, True)


def test_where_a_name_without_a_slash_leads_depends_on_the_page(project, site, settings, tmp_path):
    write(project / "mine/wsgi.py", STANDS["as in the documentation"])
    with Built.made(site, settings, tmp_path) as built:
        built.app_file("a.css", "a { b : c }")
        built.page("page", '{% slimfile "a.css" %}')
        assert "'/static/a.css'" in built.check()


def warned(settings, **values: object) -> list[str]:
    given = {
        "DJANGO_STATIC": True,
        "FORCE_SCRIPT_NAME": "/app",
        "STATIC_URL": "static/",
        "DJANGO_STATIC_NAME_PREFIX": "/cf",
    }
    for name, value in {**given, **values}.items():
        setattr(settings, name, value)
    return [f"{each.msg} {each.hint}" for each in check_settings() if each.id == "django_static.W025"]


@pytest.mark.parametrize("with_manifest", [True, False])
@pytest.mark.parametrize(
    ("values", "path", "advice"),
    [
        ({}, "/app", "/app/cf"),
        ({"DJANGO_STATIC_NAME_PREFIX": "cf/"}, "/app", "/app/cf"),
        ({"DJANGO_STATIC_NAME_PREFIX": "/application/cf"}, "/app", "/app/application/cf"),
        ({"FORCE_SCRIPT_NAME": "/app/two/"}, "/app/two", "/app/two/cf"),
        ({"FORCE_SCRIPT_NAME": "app"}, "/app", "/app/cf"),
    ],
)
def test_a_prefix_that_leads_out_of_the_site(project, settings, values, path, advice, with_manifest):
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = with_manifest
    write(project / "mine/wsgi.py", STANDS["as in the documentation"])
    (said,) = warned(settings, **values)
    assert f"the site lies below {path!r}" in said
    assert f"Set it to {advice!r}." in said
    assert warned(settings, **{**values, "DJANGO_STATIC_NAME_PREFIX": advice}) == []


@pytest.mark.parametrize(
    "values",
    [
        {"FORCE_SCRIPT_NAME": None},
        {"FORCE_SCRIPT_NAME": "/"},
        {"DJANGO_STATIC_NAME_PREFIX": ""},
        {"DJANGO_STATIC_NAME_PREFIX": "/"},
        {"DJANGO_STATIC_NAME_PREFIX": "/app"},
        {"DJANGO_STATIC_NAME_PREFIX": "/app/cf"},
        {"FORCE_SCRIPT_NAME": "/a b", "DJANGO_STATIC_NAME_PREFIX": "/a%20b/cf"},
        {"DJANGO_STATIC_MEDIA_URL": "//static.example.com"},
        {"STATIC_URL": "https://static.example.com/"},
        {"DJANGO_STATIC": False},
    ],
)
def test_one_that_does_not(project, settings, values):
    write(project / "mine/wsgi.py", STANDS["as in the documentation"])
    assert warned(settings, **values) == []


def test_a_web_server_may_send_files_outside_of_the_site(project, settings):
    write(project / "mine/wsgi.py", DOES_NOT["no server"])
    assert warned(settings) == []
