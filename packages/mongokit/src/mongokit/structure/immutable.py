"""Objects that nobody can change, with attributes that are declared as those of a dataclass."""

from __future__ import annotations

from typing import Any, NoReturn, Self, dataclass_transform

__all__ = ["Immutable"]


@dataclass_transform(eq_default=False, kw_only_default=True, frozen_default=True)
class Immutable:
    """The base of what is made once, by keywords, and shared: each is equal to itself only.

    Type checkers take its subclasses for frozen dataclasses. Those would do, were not to make one at import half a
    millisecond's work: a dozen of them took longer than all else in a program's first document.
    """

    def __init__(self, **given: Any) -> None:
        vars(self).update(given)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be deleted")

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def but(self, **changes: Any) -> Self:
        """Return the same but for these attributes."""
        return type(self)(**{**vars(self), **changes})
