"""One process of many at one site: ``python static_test_crowd.py ROOT FINGERPRINT ACTION``.

ACTION is ``staticbuild`` or ``staticclean``, or the number of a worker that renders all pages, beginning with
another one than its neighbours; what they print goes out as JSON. All wait for a line on their standard input.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

LOCMEM = "django.template.loaders.locmem.Loader"
LINK, SCRIPT = '<link rel="stylesheet" href="/css/{}.css">', '<script src="/js/{}.js"></script>'
PAGES = {
    "sheets": "{% slimall %}" + LINK.format("a") + LINK.format("b") + "{% endslimall %}",
    "others": "{% slimall %}" + LINK.format("b") + LINK.format("c") + "{% endslimall %}",
    "scripts": "{% slimall %}" + SCRIPT.format("a") + SCRIPT.format("b") + "{% endslimall %}",
    "single": "{% slimfile '/css/a.css' %} {% slimfile '/js/b.js' %} {% staticfile '/js/c.js' %}",
    "modules": "{% slimfile '/js/m.js' %} {% staticfile '/js/n.js' %}",
    "pictures": "{% staticfile '/i/1.png' %} {% staticfile '/i/2.png' %}",
}


def configure(root: Path, fingerprint: str, action: str) -> None:
    import django
    from django.conf import settings

    templates = {name: "{% load django_static %}" + text for name, text in PAGES.items()}
    settings.configure(
        INSTALLED_APPS=["django_static"],
        MEDIA_ROOT=str(root / "media"),
        DJANGO_STATIC=True,
        DJANGO_STATIC_FINGERPRINT=fingerprint,
        DJANGO_STATIC_SAVE_PREFIX=str(root / "out"),
        DJANGO_STATIC_NAME_PREFIX="/forever",
        DJANGO_STATIC_USE_SYMLINK=False,
        DJANGO_STATIC_COMPRESS=("gz",),
        DJANGO_STATIC_MINIFIERS=dict.fromkeys(("css", "js"), "static_test_helpers.counted"),
        DJANGO_STATIC_USE_MANIFEST_FILE=not action.isdecimal(),
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"loaders": [(LOCMEM, templates)]},
            }
        ],
        LOGGING_CONFIG=None,
    )
    django.setup()


def main(root: Path, fingerprint: str, action: str) -> None:
    configure(root, fingerprint, action)
    from django.core.management import call_command
    from django.template import engines

    sys.stdin.readline()
    if action == "staticclean":
        call_command("staticclean", "--keep-builds", "1", "--keep-days", "0", verbosity=0)
    elif action == "staticbuild":
        call_command("staticbuild", verbosity=0, skip_checks=True)
    else:
        names = list(PAGES)
        first = int(action) % len(names)
        engine = engines["django"]
        print(
            json.dumps({name: engine.get_template(name).render({}) for name in names[first:] + names[:first]})
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
