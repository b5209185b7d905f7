"""A process of a site that publishes: ``python static_test_worker.py SITE START ACTION``.

It waits until the file START is there, so that all processes of a test begin at once.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import django
from django.conf import settings

HTML = (
    "<link rel=stylesheet href=/css/a.css><link rel=stylesheet href=/css/b.css><script src=/js/a.js></script>"
)
TEMPLATE = (
    "{% load django_static %}{% staticfile '/img/i.png' %} {% slimfile '/js/b.js' %} {% slimall %}"
    + HTML
    + "{% endslimall %}"
)


def main() -> None:
    site, start, action = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    settings.configure(
        DJANGO_STATIC=True,
        MEDIA_ROOT=str(site / "media"),
        DJANGO_STATIC_SAVE_PREFIX=str(site / "saved"),
        DJANGO_STATIC_MINIFIERS=dict.fromkeys(("css", "js"), "static_test_helpers.counted"),
        INSTALLED_APPS=["django_static"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        LOGGING_CONFIG=None,
    )
    settings.TEMPLATES[0]["OPTIONS"] = {
        "libraries": {"django_static": "django_static.templatetags.django_static"}
    }
    django.setup()
    from django.template import engines

    template = engines["django"].from_string(TEMPLATE)
    if action == "nobody" and os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    if action == "full":
        # Python would leave a compiled module that is cut off, and every later process would fail at it.
        sys.dont_write_bytecode = True
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
    deadline = time.monotonic() + 60
    while not start.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(start)
        time.sleep(0.001)
    print(template.render())


if __name__ == "__main__":
    main()
