"""The annotations of a class body, and what those that are text mean where the class statement stands."""

from __future__ import annotations

import builtins
import sys
import types
from collections.abc import Mapping
from typing import Any, ForwardRef

__all__ = ["Names", "annotations_of"]


def annotations_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the annotations of a class body by name, text where they were written as text."""
    given: Mapping[str, Any] | None = body.get("__annotations__")
    if given is None and sys.version_info >= (3, 14):
        import annotationlib

        annotate = annotationlib.get_annotate_from_class_namespace(body)
        if annotate is not None:
            # Not VALUE: a ClassVar may name what is imported for type checkers only.
            return annotationlib.call_annotate_function(annotate, annotationlib.Format.FORWARDREF)
    return given or {}


class Names:
    """Evaluates annotations that are text, where the class statement stands."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body
        self.places: tuple[dict[str, Any], Mapping[str, Any]] | None = None

    def __call__(self, text: str) -> Any:
        """Return what a text means; raises whatever its evaluation does."""
        if self.places is None:
            self.places = self._places()
        return eval(text, *self.places)  # noqa: S307 (the text of an annotation is part of the program)

    def forward(self, text: str) -> Any:
        """Evaluate a text with names that mean nothing yet: each becomes a ForwardRef."""
        if self.places is None:
            self.places = self._places()
        names, body = self.places
        return eval(text, names, _Forward(names, body))  # noqa: S307 (as above)

    def _places(self) -> tuple[dict[str, Any], Mapping[str, Any]]:
        module = self.body.get("__module__", "")
        frame: types.FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_globals.get("__name__") != module:
            frame = frame.f_back
        if frame is None:
            return vars(sys.modules[module]) if module in sys.modules else {}, self.body
        return frame.f_globals, {**frame.f_locals, **self.body}


class _Forward(dict[str, Any]):
    """The names around a class statement; those that there are not stand for classes still to come."""

    def __init__(self, around: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        super().__init__(body)
        self.around = around

    def __missing__(self, name: str) -> Any:
        try:
            return self.around[name]
        except KeyError:
            return getattr(builtins, name, None) or ForwardRef(name)
