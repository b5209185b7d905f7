"""The templates that an environment of Jinja2 can load, and their parsed form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jinja2
from jinja2 import nodes

from .jinja_values import Unit
from .listing import is_backup
from .result import Failure, Findings

__all__ = ["Units", "names"]


def names(environment: jinja2.Environment, note: Callable[[str], None]) -> list[str]:
    """Every name, once; loaders that cannot list are noted."""
    found = _of_loader(environment.loader, "", note) if environment.loader else ()
    return [name for name in dict.fromkeys(found) if not is_backup(name)]


def _of_loader(loader: Any, prefix: str, note: Callable[[str], None]) -> Iterator[str]:
    if isinstance(loader, jinja2.ChoiceLoader):
        for inner in loader.loaders:
            yield from _of_loader(inner, prefix, note)
    elif isinstance(loader, jinja2.PrefixLoader):
        for key, inner in loader.mapping.items():
            yield from _of_loader(inner, f"{prefix}{key}{loader.delimiter}", note)
    else:
        try:
            listed = loader.list_templates()
        except TypeError:
            kind = type(loader)
            note(
                f"the template loader {kind.__module__}.{kind.__qualname__} cannot list its templates: only those that"
                " other templates extend or include are scanned"
            )
        else:
            yield from (prefix + name for name in listed)


@dataclass(slots=True)
class Units:
    """Loads and parses each template once."""

    environment: jinja2.Environment
    findings: Findings
    #: Names of templates that were met and may not have been listed.
    met: dict[str, None] = field(default_factory=dict)
    _loaded: dict[str, Unit | str] = field(default_factory=dict)

    def load(self, name: str) -> Unit | str:
        """A template, or why there is none; empty where the failure has been reported, or there is nothing in it."""
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def exists(self, name: str) -> bool:
        unit = self.load(name)
        return isinstance(unit, Unit) or not unit

    def _load(self, name: str) -> Unit | str:
        environment = self.environment
        filename: str | None = None
        try:
            if environment.loader is None:
                raise jinja2.TemplateNotFound(name)
            source, filename, _ = environment.loader.get_source(environment, name)
            tree = environment.parse(source, name, filename)
            _check(tree, environment)
        except jinja2.TemplateNotFound:
            return f"there is no template {name or repr(name)}"
        except jinja2.TemplateSyntaxError as error:
            return self._failed(name, error.lineno, error.message or str(error), filename)
        except UnicodeDecodeError as error:
            return "" if b"\0" in error.object else self._failed(name, 0, str(error), filename)
        except Exception as error:  # noqa: BLE001 (loaders and extensions of others may raise anything)
            return self._failed(name, 0, str(error) or type(error).__name__, filename)
        self.met[name] = None
        self.findings.compiled.add(filename or name)
        autoescape = environment.autoescape
        return Unit(
            name,
            tree.body,
            bool(autoescape(name) if callable(autoescape) else autoescape),
            {block.name: block for block in tree.find_all(nodes.Block)},
        )

    def _failed(self, name: str, line: int, reason: str, filename: str | None) -> str:
        self.findings.failed[Failure(name, line, reason)] = filename or name
        return ""


def _check(node: nodes.Node, environment: jinja2.Environment) -> None:
    """Filters and tests that there are not; those under a condition fail at run time only."""
    if isinstance(node, nodes.If | nodes.CondExpr):
        return
    if isinstance(node, nodes.Filter) and node.name not in environment.filters:
        raise jinja2.TemplateSyntaxError(f"No filter named {node.name!r}.", node.lineno)
    if isinstance(node, nodes.Test) and node.name not in environment.tests:
        raise jinja2.TemplateSyntaxError(f"No test named {node.name!r}.", node.lineno)
    for child in node.iter_child_nodes():
        _check(child, environment)
