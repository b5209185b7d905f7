"""System checks of the settings that name something to run: functions, engines, programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from django.core.checks import CheckMessage, Error, Warning

from . import names
from .checks_reading import function_of, given, see_arguments, wrong
from .conf import PREFIX, conf
from .conf_of_code import chain_of
from .kinds import KINDS
from .minify import engines
from .minify.engines import jars

__all__ = ["GENERATORS", "PROGRAMS", "check"]


class _Called(NamedTuple):
    """How a function of the site is written, and what a build would do with it."""

    usage: str
    arguments: tuple[object, ...]
    sample: Callable[[Callable[..., str]], str]


GENERATORS: Mapping[str, _Called] = {
    "_FILENAME_GENERATOR": _Called(
        "f((stem, extension), mtime)",
        (("/js/site", ".js"), 1269198161),
        lambda generator: names.stamped("/js/site.js", 1269198161, generator),
    ),
    "_COMBINE_FILENAMES_GENERATOR": _Called(
        "f(names, max_length)",
        (["/js/a.1269198161.js", "/js/b.1269198161.js"], 40),
        lambda generator: names.combined(
            ["/js/a.js", "/js/b.js"], [1269198161] * 2, 1269198161, conf.name_max_length, generator
        ),
    ),
}
PROGRAMS = ("_CLOSURE_COMPILER", "_YUI_COMPRESSOR")


def check() -> Iterator[CheckMessage]:
    """What is wrong with them."""
    yield from _generators()
    yield from _file_proxy()
    yield from _minifiers()
    yield from _programs()


def _generators() -> Iterator[CheckMessage]:
    for name, called in GENERATORS.items():
        value = given(name)
        if not value:
            continue
        hint = f"Give the dotted path of a function {called.usage}."
        try:
            generator = function_of(value, *called.arguments)
        except Exception as error:  # noqa: BLE001 (it imports code of the site)
            yield wrong(name, hint, "django_static.E008", f"{type(error).__name__}: {error}")
            continue
        try:
            called.sample(generator)
        except Exception as error:  # noqa: BLE001 (it is code of the site)
            yield Warning(f"{PREFIX}{name}: {error}.", hint=hint, id="django_static.W012")


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
    for facts in ({"filepath": ""}, {"disabled": True}):
        try:
            see_arguments(proxy, "", new=True, changed=False, checked=True, notfound=False, **facts)
        except TypeError as error:
            yield Error(
                f"{name} {value!r} cannot be called as it is: {error}.", hint=hint, id="django_static.E031"
            )
            return


def _minifiers() -> Iterator[CheckMessage]:
    name, value = "_MINIFIERS", given("_MINIFIERS")
    if value is None:
        return
    if not isinstance(value, Mapping):
        hint = f"Set it to a dictionary with some of the keys {', '.join(KINDS)}."
        yield wrong(name, hint, "django_static.E009")
        return
    for kind, chain in value.items():
        if kind not in KINDS:
            yield Error(
                f"{PREFIX}{name} has the key {kind!r}.",
                hint=f"Kinds of text are {', '.join(KINDS)}.",
                id="django_static.E009",
            )
            continue
        known = chain_of(chain)
        if known is None:
            yield Error(
                f"{PREFIX}{name} has {chain!r} for {kind!r}.",
                hint="Set it to the name of an engine, a list of such names, or None to leave the kind alone; a function of your "
                "own is named by its dotted path.",
                id="django_static.E009",
            )
        else:
            yield from _engines(kind, known)


def _engines(kind: str, chain: Sequence[str]) -> Iterator[CheckMessage]:
    for engine in chain:
        try:
            engines.see_kind(engine, kind)
            loaded = engines.load(engine)
            if not callable(loaded):
                raise TypeError(f"{loaded!r} cannot be called")
            see_arguments(loaded, "", kind)
        except Exception as error:  # noqa: BLE001 (it imports code of the site)
            yield Error(
                f"{PREFIX}_MINIFIERS has {engine!r} for {kind!r}: {error}.",
                hint=f"There are {', '.join(engines.names(kind))}, and the dotted paths of functions minify(text, kind).",
                id="django_static.E010",
            )


def _programs() -> Iterator[CheckMessage]:
    for name in PROGRAMS:
        value = given(name)
        if not value:
            continue
        problem = jars.problem(str(value)) if isinstance(value, str | Path) else "is no path"
        if problem:
            yield Error(
                f"{PREFIX}{name} is {str(value)!r}, which {problem}.",
                hint="Give the path of a .jar file, for which Java is needed, or of a program.",
                id="django_static.E018",
            )
