"""``python -m django_static.cdn FILE``: bring one file to the CDN and print its URL there."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

USAGE = """usage: DJANGO_SETTINGS_MODULE=mysite.settings python -m django_static.cdn FILE

Brings FILE to the bucket or storage of DJANGO_STATIC_CDN_BUCKET or DJANGO_STATIC_CDN_STORAGE, unless it is there, and
prints its URL. A file in a folder of the settings keeps its path; any other is stored under its base name."""


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 0, or 1 when the file is not on the CDN."""
    if len(arguments) != 1 or arguments[0].startswith("-") or not Path(arguments[0]).is_file():
        sys.stderr.write(f"{USAGE}\n")
        if len(arguments) == 1 and not arguments[0].startswith("-"):
            sys.stderr.write(f"\n{arguments[0]} is not a file\n")
        return 1
    import django
    from django.core.exceptions import ImproperlyConfigured

    # Where Python looks when it is run from the folder of a project, as manage.py does.
    sys.path.insert(0, str(Path.cwd()))
    try:
        django.setup()
    except (ImproperlyConfigured, ImportError) as error:
        sys.stderr.write(f"{USAGE}\n\n{error}\n")
        return 1
    from ..conf import conf
    from .addresses import key_of, public_of
    from .publisher import Publisher
    from .state import State
    from .store import StoreError
    from .stores import store_of

    path = Path(arguments[0])
    try:
        options = conf.cdn
        store = store_of(options)
        state = State(conf.manifest_file.parent, store.identity)
        key = key_of(public_of(path, conf))
        publisher = Publisher(store, state, options)
        outcome = publisher.publish(key, path)
        url = publisher.address(key)
        state.flush()
    except (OSError, StoreError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if outcome.newer:
        sys.stderr.write(f"{path} is not on the CDN: there is the later {outcome.newer}\n")
        return 1
    sys.stdout.write(f"{url}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
