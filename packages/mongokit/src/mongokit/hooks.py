"""What a class wants to do itself when its documents are saved, deleted or loaded."""

from __future__ import annotations

from typing import Any

__all__ = ["Hooks", "overridden"]


class Hooks:
    """Methods that do nothing until a class overrides them; one that overrides none pays nothing.

    They are methods like any other: inherited, and with ``super().before_save()`` to go on with. In documents of an
    asynchronous connection they may be ``async def``. ``update_atomic`` and the methods of collections call none of
    those for saving and deleting.
    """

    __slots__ = ()

    def before_save(self) -> Any:
        """Run by ``save()`` before it validates; what it changes is saved. If it raises, nothing is written."""

    def after_save(self, created: bool) -> Any:
        """Run by ``save()`` when the document is stored. If it raises, the document is stored all the same.

        :param created: whether the document was inserted. With a write concern of 0 the server does not say: then
            whether it had no ``_id``.
        """

    def before_delete(self) -> Any:
        """Run by ``delete()`` before it does. If it raises, nothing is deleted."""

    def after_delete(self) -> Any:
        """Run by ``delete()`` afterwards, also where there was nothing to delete. If it raises, it is deleted all the same."""

    def after_load(self) -> Any:
        """Run when the document was read: by a query, ``reload()`` or ``update_atomic()``, or as what another refers to.

        If it raises, the query does.
        """


NAMES = tuple(name for name in vars(Hooks) if not name.startswith("_"))


def overridden(cls: type) -> frozenset[str]:
    """Return the names of the hooks that a class or one of its bases has."""
    nothing: Any = object()
    return frozenset(
        name for name in NAMES if getattr(cls, name, nothing) not in (nothing, getattr(Hooks, name))
    )
