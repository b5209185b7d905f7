"""What is refused of classes that keep every revision, since it would leave none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["refuse_unkept"]


def refuse_unkept(
    cls: type[Document], method: str, options: dict[str, Any], *, is_storing: bool = True
) -> None:
    """Raise TypeError where a class keeps every revision, and the options of a method that keeps none do not say
    ``versioning=False``, which is taken out of them.

    :param is_storing: False where nothing but a deletion is wanted, which leaves the history as it is.
    """
    if getattr(cls, "_keeps_revisions", False) and options.pop("versioning", True) and is_storing:
        raise TypeError(
            f"{cls.__name__}.{method}() keeps no revision of what it writes: save() each document, or say versioning=False"
        )
