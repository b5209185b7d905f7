"""The settings that name something to run: functions, engines, programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.utils.module_loading import import_string

from .conf_reading import PREFIX, Reading
from .kinds import DEFAULT_ENGINES

__all__ = ["CodeConf", "chain_of"]


class CodeConf(Reading):
    """Functions of the site, and what minifies."""

    @property
    def filename_generator(self) -> Callable[..., str] | None:
        """``DJANGO_STATIC_FILENAME_GENERATOR``: dotted path of ``f((stem, extension), mtime) -> name``.

        Raises:
            ImportError: there is no such function, or its module fails.
        """
        return self._generator("FILENAME_GENERATOR")

    @property
    def combine_filenames_generator(self) -> Callable[..., str] | None:
        """``DJANGO_STATIC_COMBINE_FILENAMES_GENERATOR``: dotted path of ``f(names, max_length) -> name``.

        Raises:
            ImportError: as for :attr:`filename_generator`.
        """
        return self._generator("COMBINE_FILENAMES_GENERATOR")

    @property
    def file_proxy(self) -> Callable[..., object] | None:
        """``DJANGO_STATIC_FILE_PROXY``: dotted path of ``f(uri, new, changed, filepath, ...) -> URL to print``.

        Raises:
            ImportError: there is no such function; importing it may raise anything else.
            TypeError: it cannot be called.
        """
        proxy: object = self._callable("FILE_PROXY")
        if proxy is not None and not callable(proxy):
            raise TypeError(f"{proxy!r} cannot be called")
        return proxy

    @property
    def has_file_proxy(self) -> bool:
        """Whether there is to be one; nothing is imported for the answer."""
        return bool(self._get("FILE_PROXY", None))

    @property
    def minifiers(self) -> Mapping[str, Sequence[str]]:
        """``DJANGO_STATIC_MINIFIERS``: the engines of each kind, the boldest first; none to leave a kind alone.

        For a kind it does not name the compressors of the original count: ``DJANGO_STATIC_CLOSURE_COMPILER`` before
        ``DJANGO_STATIC_YUI_COMPRESSOR`` before ``DJANGO_STATIC_JSMIN``.
        """
        given = {kind: chain_of(value) for kind, value in self._of("MINIFIERS", Mapping, {}).items()}
        known = {kind: chain for kind, chain in given.items() if chain is not None}
        return {**DEFAULT_ENGINES, **self._compressors(), **known}

    def _compressors(self) -> dict[str, tuple[str, ...]]:
        """The engines the original's settings mean; their failures are shown in the page, as they were then."""
        chains: dict[str, tuple[str, ...]] = {}
        if self._get("JSMIN", False):
            chains["js"] = ("jsmin", *DEFAULT_ENGINES["js"])
        if yui := self._get("YUI_COMPRESSOR", ""):
            chains["css"] = chains["js"] = (f"yui!:{yui}",)
        if closure := self._get("CLOSURE_COMPILER", ""):
            chains["js"] = (f"closure!:{closure}",)
        return chains

    def _callable(self, name: str) -> Callable[..., str] | None:
        value = self._get(name, None)
        if not value:
            return None
        if not callable(value) and not isinstance(value, str):
            raise TypeError(f"{value!r} is neither a function nor the dotted path of one")
        found: Callable[..., str] = value if callable(value) else import_string(value)
        return found

    def _generator(self, name: str) -> Callable[..., str] | None:
        value = self._get(name, None)
        if not isinstance(value, str) and not callable(value):
            return None
        try:
            return self._callable(name)
        except Exception as error:
            raise ImportError(
                f"{PREFIX}_{name} is {value!r}, which cannot be imported: {type(error).__name__}: {error}"
            ) from error


def chain_of(value: object) -> tuple[str, ...] | None:
    """The names of engines that a setting has for a kind; None where it has something else, of which a check tells."""
    chain = () if value is None else (value,) if isinstance(value, str) else value
    is_chain = isinstance(chain, list | tuple) and all(isinstance(each, str) for each in chain)
    return tuple(chain) if is_chain else None  # type: ignore[arg-type]
