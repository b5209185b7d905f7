"""System checks of the settings that name something to run: functions, engines, programs."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string

from .conf import PREFIX, conf
from .minify import KINDS, engines

__all__ = ["GENERATORS", "PROGRAMS", "check", "given"]

GENERATORS = ("_FILENAME_GENERATOR", "_COMBINE_FILENAMES_GENERATOR")
PROGRAMS = ("_CLOSURE_COMPILER", "_YUI_COMPRESSOR")


def check() -> Iterator[CheckMessage]:
    """What is wrong with them."""
    yield from _generators()
    yield from _file_proxy()
    yield from _minifiers()
    yield from _programs()


def given(name: str) -> Any:
    return getattr(settings, PREFIX + name, None)


def _generators() -> Iterator[CheckMessage]:
    for name in GENERATORS:
        value = given(name)
        if not value or callable(value):
            continue
        try:
            if not isinstance(value, str):
                raise TypeError("it is neither a function nor the dotted path of one")
            found = import_string(value)
        except (ImportError, AttributeError, TypeError) as error:
            yield Error(
                f"{PREFIX}{name} is {value!r}: {error}.",
                hint="Give the dotted path of a function.",
                id="django_static.E008",
            )
        else:
            if not callable(found):
                yield Error(
                    f"{PREFIX}{name} names {found!r}, which cannot be called.",
                    hint="Give the dotted path of a function.",
                    id="django_static.E008",
                )


def _file_proxy() -> Iterator[CheckMessage]:
    name = f"{PREFIX}_FILE_PROXY"
    value = given("_FILE_PROXY")
    hint = "Give the dotted path of a function file_proxy(uri, new=False, filepath=None, changed=False, **kwargs)."
    try:
        proxy = conf.file_proxy
    except Exception as error:  # noqa: BLE001 (it imports code of the site)
        yield Error(f"{name} is {value!r}: {error}.", hint=hint, id="django_static.E030")
        return
    if proxy is None:
        return
    try:
        taken = inspect.signature(proxy)
    except (TypeError, ValueError):
        return  # one that is not written in Python
    for facts in ({"filepath": ""}, {"disabled": True}):
        try:
            taken.bind("", new=True, changed=False, checked=True, notfound=False, **facts)
        except TypeError as error:
            yield Error(
                f"{name} {value!r} cannot be called as it is: {error}.", hint=hint, id="django_static.E031"
            )
            return


def _minifiers() -> Iterator[CheckMessage]:
    value = given("_MINIFIERS")
    if value is None:
        return
    if not isinstance(value, Mapping) or set(value) - set(KINDS):
        yield Error(
            f"{PREFIX}_MINIFIERS is {value!r}.",
            hint=f"Set it to a dictionary with some of the keys {', '.join(KINDS)}.",
            id="django_static.E009",
        )
        return
    for kind in value:
        for engine in conf.minifiers[kind]:
            try:
                engines.load(engine)
            except (ImportError, AttributeError) as error:
                yield Error(
                    f"{PREFIX}_MINIFIERS has {engine!r} for {kind!r}: {error}.",
                    hint=f"There are {', '.join(engines.names())}, and the dotted paths of functions.",
                    id="django_static.E010",
                )


def _programs() -> Iterator[CheckMessage]:
    for name in PROGRAMS:
        value = given(name)
        if value and (not isinstance(value, str | Path) or not Path(value).is_file()):
            yield Error(
                f"{PREFIX}{name} is {str(value)!r}, which is not a file.",
                hint="Give the path of a .jar file, for which Java is needed, or of a program.",
                id="django_static.E018",
            )
