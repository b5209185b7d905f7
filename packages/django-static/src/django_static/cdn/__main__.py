"""``python -m django_static.cdn FILE``: bring one file to the CDN and print its URL there."""

from __future__ import annotations

import contextlib
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from ..conf import Conf

DESCRIPTION = """Brings FILE to the bucket or storage of DJANGO_STATIC_CDN_BUCKET or DJANGO_STATIC_CDN_STORAGE, unless it is
there, and prints its URL. Browsers keep it for ten years, so it needs a name that changes with it: one that has a
fingerprint stays as it is, any other gets one, as the tags would give it. A file in a folder of the settings keeps its
path; of any other it is the base name alone."""


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(1, f"\n{message}\n")


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 0, 1 when the file is not on the CDN, or 130 when somebody did not wait for that."""
    parser = _Parser(
        prog="DJANGO_SETTINGS_MODULE=mysite.settings python -m django_static.cdn", description=DESCRIPTION
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="the file to store, with what it refers to")
    parser.add_argument(
        "--as",
        dest="key",
        metavar="NAME",
        help="the path to store it under, just so; nobody gets another content under that name for ten years",
    )
    given = parser.parse_args(arguments)
    if not given.file.is_file():
        parser.error(f"{given.file} is not a file")
    import django
    from django.core.exceptions import ImproperlyConfigured

    # Where Python looks when it is run from the folder of a project, as manage.py does.
    sys.path.insert(0, str(Path.cwd()))
    try:
        django.setup()
    except (ImproperlyConfigured, ImportError) as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        return _interrupted()
    from ..conf import conf
    from ..manifest import ManifestError
    from .addresses import bare, key_of, key_of_name
    from .publisher import Publisher
    from .referred import used
    from .signing import sign_of
    from .state import State
    from .store import StoreError
    from .stores import store_of

    try:
        options = conf.cdn
        store = store_of(options)
        state = State(conf.manifest_file.parent, store.identity)
        if given.key is None:
            key = key_of(bare(_public(given.file, conf), conf.sources().mounts), options.prefix)
        else:
            key = key_of_name(given.key, options.prefix)
        for other, place in used(key, given.file, options.prefix):
            if not _is_marked(other, conf):
                raise StoreError(
                    f"{given.file} refers to {place}, whose name has no fingerprint: 'manage.py staticbuild' publishes "
                    "both as they have to be, and 'manage.py staticpublish' brings them to the CDN"
                )
        publisher = Publisher(store, state, options)
        try:
            # Somebody waits for the URL, and gives it to others: that a file was there once is not enough.
            outcome = publisher.publish(key, given.file, verify=True)
            url = sign_of(options)(publisher.address(key))
        except StoreError:
            with contextlib.suppress(OSError):
                state.flush()  # for pages: what has been found wrong
            raise
        state.change(key, by_hand=True)
        try:
            state.flush()
        except OSError as error:
            there = "" if outcome.newer else f"; {given.file} is at {url}"
            raise StoreError(
                f"what is on the CDN cannot be written down, so that 'staticpublish --clean' may remove it: {error}{there}"
            ) from error
    except (ManifestError, OSError, StoreError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return _interrupted()
    if outcome.newer:
        sys.stderr.write(f"{given.file} is not on the CDN: there is the later {outcome.newer}\n")
        return 1
    sys.stdout.write(f"{url}\n")
    return 0


def _interrupted() -> int:
    sys.stderr.write("interrupted\n")
    return 130


def _public(path: Path, conf: Conf) -> str:
    """The URL path of a file; with the fingerprint that the tags give it, unless it has one."""
    from .. import names
    from ..charsets import is_utf8
    from ..content_types import has_charset
    from ..regular import read_regular
    from .addresses import public_of

    public = public_of(path, conf)
    if _is_marked(public, conf):
        return public
    content = read_regular(path)
    by_hash = conf.fingerprint == "hash"
    mark = names.mark_of(names.content_digest(content)) if by_hash else int(path.stat().st_mtime)
    readable = not has_charset(public) or is_utf8(content)
    return names.stamped(public, mark, conf.filename_generator, is_readable=readable)


def _is_marked(name: str, conf: Conf) -> bool:
    from .. import names

    return names.has_sure_mark(name) or names.is_hashed(name, conf.hashed_names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
