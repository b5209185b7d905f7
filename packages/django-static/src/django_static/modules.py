"""ES modules have one published form each, whatever tag asks for them and whoever imports them.

A browser knows a module by its URL (WHATWG HTML, 8.1.6.1): a minified twin beside a plain one would be another module, with
a state of its own, and ``customElements.define()`` would throw when the second of them is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .records import Record
from .sources import Source, split_suffix

if TYPE_CHECKING:
    from .parts import Part

__all__ = ["Modules", "is_script"]


def is_script(name: str) -> bool:
    """Whether a file may be a module, by its name, in which a "?" or "#" may begin a query or be a letter like others."""
    return any(each.lower().endswith((".js", ".mjs")) for each in (name, split_suffix(name)[0]))


class Modules:
    """Which modules are published in the form that ``slimfile`` gives them, also for those who did not ask for it.

    All that pages ask for are, and what these import. Of a whole tree that would be thousands of files to be minified
    which no page uses: there those are that pages have asked for before, and all others stay as they are.
    """

    def __init__(self) -> None:
        #: The names of those that pages ask for; None until they are settled, and while pages ask.
        self._slim: frozenset[str] | None = None
        #: Whether pages will ask for scripts.
        self.are_awaited = False

    def may_be(self, part: Part) -> bool:
        """Whether a file may turn out to be one of them."""
        return self._slim is None and self.are_awaited and part.may_be_module

    @property
    def are_settled(self) -> bool:
        return self._slim is not None

    def settle(self, records: Iterable[Record]) -> None:
        """From now on the modules in these records have that form, and no others."""
        self._slim = frozenset(
            output.name for record in records for output in record.outputs if output.is_shared
        )

    def has(self, source: Source) -> bool:
        """Whether a module is known to have that form, by its name alone."""
        return self._slim is not None and source.form in self._slim

    def agrees(self, record: Record) -> bool:
        """Whether what was published before leads to the forms that modules have now."""
        slim = self._slim
        if slim is None:
            return True
        return all(
            output.is_shared is (output.name in slim)
            for used in record.uses
            for output in used.outputs
            if output.name in slim or output.is_shared
        )
