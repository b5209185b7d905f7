"""A process that wants a name which others want, too: ``python static_test_taking.py SPEC``, in JSON.

It prints ``ready``, waits for a line, does what it is to do and prints the text of its page. On its way it may stop at a step,
print ``there`` and wait for another line, or have the system say that it cannot do something.
"""

from __future__ import annotations

import errno
import functools
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

sys.path.insert(0, str(Path(__file__).parent))

LOCMEM = "django.template.loaders.locmem.Loader"


def configure(spec: dict[str, Any]) -> None:
    import django
    from django.conf import settings

    root = Path(spec["root"])
    page = "{% load django_static %}" + spec["page"]
    settings.configure(
        INSTALLED_APPS=["django.contrib.staticfiles", "django_static"],
        STATIC_URL="/static/",
        STATIC_ROOT=str(root / "out"),
        STATICFILES_DIRS=[str(root / spec["files"])],
        STATICFILES_FINDERS=["django.contrib.staticfiles.finders.FileSystemFinder"],
        STORAGES={"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}},
        DJANGO_STATIC=True,
        DJANGO_STATIC_INTEGRITY=True,
        DJANGO_STATIC_MANIFEST_FILE=str(root / spec["state"] / "manifest.json"),
        DJANGO_STATIC_USE_MANIFEST_FILE=spec["action"] != "page",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [(LOCMEM, {"page": page})],
                    "builtins": ["django.templatetags.static"],
                },
            }
        ],
        LOGGING_CONFIG=None,
        **{"DJANGO_STATIC_COMPRESS": ["gz"], "DJANGO_STATIC_USE_SYMLINK": False, **spec["settings"]},
    )
    django.setup()


def wrap(owner: Any, names: Sequence[str], make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    for name in names:
        setattr(owner, name, functools.wraps(getattr(owner, name))(make(getattr(owner, name))))


def stop(
    pattern: str, where: str, is_aside: bool = False, calls: Sequence[str] = ("link", "replace", "rename")
) -> None:
    """Stop once where a file gets a name: before it or after; ``is_aside`` in the second process of a build."""
    is_wanted, main, stopped = re.compile(pattern).fullmatch, os.getpid(), list[bool]()
    arrived = first_aside() if is_aside else -1

    def make(given: Callable[..., Any]) -> Callable[..., Any]:
        def give(source: Any, target: Any, **more: Any) -> Any:
            is_there = bool(is_wanted(Path(target).name)) and not stopped
            is_there = is_there and (os.getpid() != main) is is_aside
            if is_there and is_aside:
                os.write(arrived, b".")
            if is_there and where == "before":
                wait(stopped)
            given(source, target, **more)
            if is_there and where == "after":
                wait(stopped)

        return give

    wrap(os, calls, make)


def first_aside() -> int:
    """Let a build begin its own part only when its second process has written to the pipe of that number."""
    from django_static.tree_files import TreeFiles

    read, write = os.pipe()
    begin = TreeFiles.__init__

    def begin_and_wait(self: TreeFiles, *given: Any) -> None:
        begin(self, *given)
        os.read(read, 1)

    TreeFiles.__init__ = begin_and_wait  # type: ignore[method-assign]
    return write


def wait(stopped: list[bool]) -> None:
    stopped.append(True)
    print("there", flush=True)
    sys.stdin.readline()


def refuse(number: int) -> None:
    """Be on a file system without links."""

    def link(source: Any, target: Any, **more: Any) -> NoReturn:
        raise OSError(number, os.strerror(number), target)

    os.link = link  # type: ignore[assignment]


def main(spec: dict[str, Any]) -> None:
    configure(spec)
    from django.core.management import CommandError, call_command
    from django.template import engines

    from django_static import aside, output, placing
    from django_static.edition import Edition

    aside.cores = lambda: 2  # type: ignore[attr-defined]
    if spec.get("links"):
        refuse(getattr(errno, spec["links"]))
    if not spec.get("locks", True):
        output.fcntl = None
    placing._ABANDONED_SECONDS = spec.get("abandoned", placing._ABANDONED_SECONDS)
    if spec.get("fails"):

        def full(self: Edition, *_: object) -> NoReturn:
            raise OSError(errno.ENOSPC, "No space left on device")

        Edition.compress = full  # type: ignore[method-assign]
    if spec.get("stop"):
        stop(*spec["stop"])
    print("ready", flush=True)
    sys.stdin.readline()
    if spec["action"] == "staticclean":
        call_command("staticclean", "--keep-builds", "1", "--keep-days", "0", verbosity=0)
        print(json.dumps(""))
        return
    if spec["action"] != "page":
        more = {"interactive": False} if spec["action"] == "collectstatic" else {}
        try:
            call_command(spec["action"], verbosity=0, skip_checks=True, **more)
        except CommandError as error:
            print(json.dumps(f"failed: {error}"))
            return
    print(json.dumps(engines["django"].get_template("page").render({})))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
