"""A process of a site, and what it has imported: ``python static_test_lean.py ROOT ACTION``.

Prints JSON: what the action printed of files, and the names of the modules there are then. ``build`` runs ``staticbuild``; of
the other actions those that begin with ``lazy`` have no manifest.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

LOCMEM = "django.template.loaders.locmem.Loader"
TEXT = "{% slimcontent css %}a { color : red }{% endslimcontent %}"
PAGE = (
    "{% load django_static static %}{% staticfile '/static/i.png' %} {% slimfile '/static/a.js;/static/b.js' %}"
    "{% slimall %}<link rel='stylesheet' href='/static/a.css'><link rel='stylesheet' href='/static/b.css'>"
    f"<script type='module' src='/static/m.js'></script>{{% endslimall %}}{TEXT}"
    "{% staticimportmap 'm' '/static/m.js' %}{% staticintegrity '/static/a.css' %}{% staticpreload '/static/a.css' header %}"
)
#: A text that no build can foresee.
UNSEEN = "{% load django_static %}{% slimcontent css %}a { color : {{ color }} }{% endslimcontent %}"
FILES = {
    "a.css": "a { background: url(i.png) }",
    "b.css": '@charset "utf-8"; b { color : red }',
    "a.js": "a ( 1 ) ;",
    "b.js": "b ( 2 ) ;",
    "m.js": "export let m = 1 ;",
    "i.png": "x",
}


def proxy(uri: str, **facts: Any) -> str:
    return f"//cdn.example.com{uri}"


def configure(root: Path, action: str) -> None:
    import django
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=["django.contrib.staticfiles", "django_static"],
        STATIC_URL="/static/",
        STATIC_ROOT=str(root / "out"),
        STATICFILES_DIRS=[str(root / "app")],
        STATICFILES_FINDERS=["django.contrib.staticfiles.finders.FileSystemFinder"],
        STORAGES={"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}},
        ALLOWED_HOSTS=["*"],
        MIDDLEWARE=["django_static.middleware.LinkHeaderMiddleware"],
        ROOT_URLCONF=__name__,
        DJANGO_STATIC=True,
        DJANGO_STATIC_FINGERPRINT="hash",
        DJANGO_STATIC_INTEGRITY=True,
        DJANGO_STATIC_USE_MANIFEST_FILE=not action.startswith("lazy"),
        DJANGO_STATIC_FILE_PROXY=proxy if action == "proxy" else None,
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"loaders": [(LOCMEM, {"page": PAGE, "unseen": UNSEEN})]},
            },
            {
                "BACKEND": "django.template.backends.jinja2.Jinja2",
                "NAME": "jinja2",
                "OPTIONS": {"extensions": ["django_static.jinja2.StaticExtension"]},
            },
        ],
    )
    django.setup()


def show(name: str = "page", **context: Any) -> str:
    from django.template import engines

    return engines["django"].get_template(name).render(context)


urlpatterns: list[Any] = []


def answer(environ: dict[str, Any]) -> tuple[str, bytes]:
    from django.core.wsgi import get_wsgi_application

    from django_static.serve.wsgi import StaticServer

    statuses: list[str] = []
    application = StaticServer(get_wsgi_application())
    body = b"".join(application(environ, lambda status, headers: statuses.append(status)))
    return statuses[0], body


def by_wsgi() -> str:
    path = url_of("a.css")
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "SERVER_NAME": "x", "SERVER_PORT": "80"}
    status, body = answer(environ)
    return f"{path} {status} {body.decode()}"


def by_asgi() -> str:
    from django.core.asgi import get_asgi_application

    from django_static.serve.asgi import StaticServer

    path = url_of("a.css")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(StaticServer(get_asgi_application())(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent)
    return f"{path} {sent[0]['status']} OK {body.decode()}"


def url_of(name: str) -> str:
    from django.contrib.staticfiles.storage import staticfiles_storage

    url: str = staticfiles_storage.url(name)
    return url


def at_once(work: Callable[[], str], threads: int = 8) -> str:
    """What all threads print that do the same at the same time; more than one line if not all do."""
    barrier = threading.Barrier(threads)
    said: list[str] = []

    def run() -> None:
        barrier.wait()
        try:
            said.append(work())
        except BaseException as error:
            said.append(repr(error))
            raise

    sys.setswitchinterval(1e-5)
    running = [threading.Thread(target=run) for _ in range(threads)]
    for each in running:
        each.start()
    for each in running:
        each.join()
    return "\n".join([*sorted(set(said)), f"{len(said)} threads"])


def by_name() -> str:
    import django_static

    return django_static.slimfile("/static/a.css")


#: The resolvers that were found.
resolvers: dict[int, Any] = {}


def same_resolver() -> str:
    """What kind of resolver a thread is given, if all before it were given the same."""
    from django_static.resolver import current

    found = current()
    resolvers[id(found)] = found
    return " ".join(type(each).__name__ for each in resolvers.values())


def by_jinja() -> str:
    from django.template import engines

    return engines["jinja2"].from_string("{{ slimfile('/static/a.css') }}").render()


def without_code() -> str:
    """A text that no build has seen, where what would minify it is not there any more."""
    sys.modules["django_static.minify"] = None  # type: ignore[assignment]
    return show("unseen", color="blue")


def checked() -> str:
    from django.core.checks import run_checks

    messages = [*run_checks(), *run_checks(tags=["django_static_manifest"])]
    return " ".join(str(message.id) for message in messages)


def built() -> str:
    from django.core.management import call_command

    call_command("staticbuild", verbosity=0)
    return ""


def collected() -> str:
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)
    return ""


ACTIONS: dict[str, Callable[[], str]] = {
    "build": built,
    "collect": collected,
    "setup": lambda: "",
    "lazy setup": lambda: "",
    "templates": show,
    "jinja2": by_jinja,
    "function": by_name,
    "proxy": by_name,
    "storage": lambda: url_of("a.css"),
    "wsgi": by_wsgi,
    "asgi": by_asgi,
    "unseen text": lambda: show("unseen", color="blue"),
    "unseen text by threads": lambda: at_once(lambda: show("unseen", color="blue")),
    "function by threads": lambda: at_once(by_name),
    "unseen text without code": without_code,
    "lazy unseen text without code": without_code,
    "checks": checked,
    "lazy templates": show,
    "lazy function": by_name,
    "lazy resolver by threads": lambda: at_once(same_resolver),
    "lazy templates by threads": lambda: at_once(show),
}


def main() -> None:
    root, action = Path(sys.argv[1]), sys.argv[2]
    if action == "import":
        import django_static

        printed = django_static.__version__
    else:
        configure(root, action)
        printed = ACTIONS[action]()
    print(json.dumps([printed, sorted(sys.modules)]))


if __name__ == "__main__":
    main()
