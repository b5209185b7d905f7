"""A process of a site that uses all at once: ``python static_test_site.py ROOT ACTION [FAULT]``.

ACTION is ``staticbuild``, ``collectstatic``, or ``page`` to render one without a manifest; ``shown`` renders it with one.
FAULT is what is to go wrong: ``stall:NAME`` says so and stops for ever when a file whose path ends so is about to appear,
``full`` is a disk that takes no file of more than 20 KB, ``nobody`` a user without rights.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

LOCMEM = "django.template.loaders.locmem.Loader"
PAGE = (
    "{% load django_static static %}{% slimall %}"
    '<link rel="stylesheet" href="{% static "css/a.css" %}"><link rel="stylesheet" href="{% static "css/b.css" %}">'
    '<script src="{% static "js/a.js" %}"></script>{% endslimall %}{% staticfile "/static/i/1.png" %}'
)


def proxied(uri: str, **facts: Any) -> str:
    """A file proxy that sends all there is to another host, once it has it whole."""
    if facts.get("filepath"):
        Path(facts["filepath"]).read_bytes()
    return f"https://cdn.example.net{uri}" if uri.startswith("/") else uri


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
        DJANGO_STATIC=True,
        DJANGO_STATIC_FINGERPRINT="hash",
        DJANGO_STATIC_COMPRESS=("gz", "br"),
        DJANGO_STATIC_INTEGRITY=True,
        DJANGO_STATIC_SOURCE_MAPS=True,
        DJANGO_STATIC_FILE_PROXY="static_test_site.proxied",
        DJANGO_STATIC_USE_MANIFEST_FILE=action != "page",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"loaders": [(LOCMEM, {"page": PAGE})]},
            }
        ],
    )
    django.setup()


def spoil(fault: str) -> None:
    if fault == "nobody" and os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    elif fault == "full":
        # Python would leave a compiled module that is cut off, and every later process would fail at it.
        sys.dont_write_bytecode = True
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    elif fault.startswith("stall:"):

        def stalling(given: Callable[..., None]) -> Callable[..., None]:
            def stall(source: Any, target: Any, **more: Any) -> None:
                if str(target).endswith(fault.removeprefix("stall:")):
                    os.write(1, b"about to appear\n")  # in one piece, as more than one thread says it
                    threading.Event().wait()
                given(source, target, **more)

            return stall

        os.link, os.replace = stalling(os.link), stalling(os.replace)


def main(root: Path, action: str, fault: str = "") -> None:
    configure(root, action)
    from django.core.management import call_command
    from django.template import engines

    print("ready", flush=True)
    sys.stdin.readline()
    spoil(fault)
    if action in ("page", "shown"):
        print(engines["django"].get_template("page").render({}))
    elif action == "collectstatic":
        call_command("collectstatic", interactive=False, verbosity=0)
    else:
        call_command(action, verbosity=0, skip_checks=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
