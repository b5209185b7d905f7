"""Which engine a template belongs to, where its name alone does not tell."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from django.template import Engine, TemplateDoesNotExist

__all__ = ["EngineTitles"]


class EngineTitles:
    """The names of some engines, to be said beside those of templates that several of them have.

    Args:
        backends: as :func:`django_static.scan.scan` takes them.
    """

    def __init__(self, backends: Sequence[Any]) -> None:
        self._backends = backends
        self._files: dict[tuple[int, str], str | None] = {}

    def of(self, number: int, template: str, path: str = "") -> str:
        """What one of the engines is called; empty where no other one has another template of that name.

        With the ``path`` of a template that failed it is told also where both have that very file, since each says for
        itself what is wrong with it.
        """
        if len(self._backends) == 1:
            return ""
        own = self._file(number, template)
        others = {self._file(other, template) for other in range(len(self._backends)) if other != number}
        others.discard(None)
        if not others or (others == {own} and not path):
            return ""
        return getattr(self._backends[number], "name", "") or str(number + 1)

    def _file(self, number: int, template: str) -> str | None:
        """What tells the template of an engine from those of others; None if it has none of that name."""
        key = (number, template)
        if key not in self._files:
            path = _path(self._backends[number], template)
            is_file = path is not None and os.path.isabs(path)  # noqa: PTH117 (one of a loader in memory is none)
            self._files[key] = os.path.realpath(path) if path and is_file else path and f"{number} {path}"
        return self._files[key]


def _path(backend: Any, name: str) -> str | None:
    """The file of a template, or its name where it has none; None if there is no such template."""
    engine = getattr(backend, "engine", backend)
    environment: Any = getattr(backend, "env", backend)
    if isinstance(engine, Engine):
        return _of_django(engine, name)
    loader = getattr(environment, "loader", None)
    try:
        # Loaders of others may raise anything; Jinja2's raise a kind of LookupError for what there is not.
        return None if loader is None else loader.get_source(environment, name)[1] or name
    except LookupError:
        return None
    except Exception:  # noqa: BLE001
        return name


def _of_django(engine: Engine, name: str) -> str | None:
    for loader in engine.template_loaders:
        try:
            for origin in loader.get_template_sources(name):
                try:
                    loader.get_contents(origin)  # type: ignore[attr-defined]  # (of every loader but the abstract one)
                except TemplateDoesNotExist:
                    continue
                except Exception:  # noqa: BLE001 (it is there, and cannot be read)
                    return str(origin.name)
                return str(origin.name)
        except Exception:  # noqa: BLE001, S112 (a name that no file can have; loaders of others may raise anything)
            continue
    return None
