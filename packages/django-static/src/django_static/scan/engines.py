"""The engines of a project, each scanned by what knows its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.template import Engine
from django.template import engines as project_engines
from django.templatetags.static import static as static_url

from .django_walk import Walk
from .engine_titles import EngineTitles
from .listing import names
from .result import Findings, Scan

__all__ = ["scan_all"]


def scan_all(engines: Iterable[Any] | None, static: Callable[[str], str] | None) -> Scan:
    backends = list(project_engines.all() if engines is None else engines)
    titles = EngineTitles(backends)
    every = Findings()
    for number, backend in enumerate(backends):
        findings = Findings()
        engine = getattr(backend, "engine", backend)
        environment: Any = getattr(backend, "env", backend)
        if isinstance(engine, Engine):
            _scan_django(engine, findings, static or static_url)
        elif _is_jinja(environment):
            from .jinja_walk import scan_environment

            scan_environment(environment, findings, static or static_url)
        else:
            findings.note(
                f"template engine {type(backend).__module__}.{type(backend).__qualname__} is not known here"
            )
        findings.settle()
        every.take(findings, partial(titles.of, number))
    return every.scan()


def _is_jinja(environment: object) -> bool:
    # By name, so that nothing of Jinja2 is imported where it is not used.
    return any(
        kind.__module__ == "jinja2.environment" and kind.__name__ == "Environment"
        for kind in type(environment).__mro__
    )


def _scan_django(engine: Engine, findings: Findings, static: Callable[[str], str]) -> None:
    walk = Walk(engine, findings, static)
    done: set[str] = set()
    waiting = names(engine, findings.note)
    while waiting:
        for name in waiting:
            done.add(name)
            walk.template(name)
        # What others include may come from a loader that cannot list.
        waiting = [name for name in walk.met if name not in done]
