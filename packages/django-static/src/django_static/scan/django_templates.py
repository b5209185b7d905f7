"""The compiled templates of an engine of Django."""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from django.template import Engine, Origin, Template, TemplateDoesNotExist

from .result import Failure, Findings

__all__ = ["Templates"]


@dataclass(slots=True)
class Templates:
    """Loads and compiles each template once."""

    engine: Engine
    findings: Findings
    _loaded: dict[Hashable, Template | str] = field(default_factory=dict)

    def load(self, name: str, skip: Sequence[Origin] | None = None) -> Template | str | None:
        """A compiled template, or why there is none; None where the failure has been reported."""
        key = (name, tuple(origin.name for origin in skip or () if origin.template_name == name))
        if key not in self._loaded:
            self._loaded[key] = self._load(name, skip)
        found = self._loaded[key]
        return None if found == "" else found

    def _load(self, name: str, skip: Sequence[Origin] | None) -> Template | str:
        try:
            if skip is None:
                found: Template = self.engine.get_template(name)
            else:
                found = self.engine.find_template(name, skip=list(skip))[0]
        except TemplateDoesNotExist as error:
            return f"there is no template {str(error) or repr(name)}"
        except OSError as error:
            if not self._path(name):  # a folder, or too long
                return f"there is no template {name or repr(name)}: {error.strerror}"
            return self._failed(name, 0, str(error))
        except Exception as error:  # noqa: BLE001 (tags of others are compiled here, and may raise anything)
            line = getattr(getattr(error, "token", None), "lineno", None) or 0
            return self._failed(name, line, str(error) or type(error).__name__)
        self.findings.compiled.add(str(found.origin.name))
        return found

    def _failed(self, name: str, line: int, reason: str) -> str:
        self.findings.failed[Failure(name, line, reason)] = self._path(name)
        return ""

    def _path(self, name: str) -> str:
        """The file that a template would be read from."""
        for loader in self.engine.template_loaders:
            for origin in loader.get_template_sources(name):
                if os.path.isfile(origin.name):  # noqa: PTH113 (a name may be one that no file can have)
                    return str(origin.name)
        return ""
