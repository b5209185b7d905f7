"""The doors to what makes files: whoever comes through one imports what lies behind it, and nobody else.

A process that prints and serves what has been published needs none of that, which is most of the package: the readers of
style sheets and scripts, the minifiers and what compares their results with what they were given. So nothing that such a
process imports may import it at its top; it goes through here instead. A lookup never does, so that it costs no import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .kinds import Slimmed
from .records import Options, Record
from .sources import Source, Sources

if TYPE_CHECKING:
    from .building import Building
    from .checking import Checked
    from .job import Job
    from .plan import Plan
    from .reader import Reader
    from .saving import Save
    from .shelf import Known
    from .storage import StaticStorage
    from .tools import Tools

__all__ = [
    "available",
    "building",
    "checked",
    "job",
    "post_processed",
    "published_map",
    "reader",
    "saved",
    "slim",
    "slim_at_once",
    "slim_inline",
]


def building() -> type[Building]:
    """What a build does where something is to be done."""
    from .building import Building

    return Building


def checked(sources: Sources, options: Options, plan: Plan, *, ignore: Sequence[str]) -> Checked:
    """See :func:`.checking.check`; what stands in the templates themselves is looked at, too."""
    from .checking import check
    from .inline import mentions
    from .scan.literals import literals

    return check(sources, options, plan, ignore=ignore, inline=mentions(literals()))


def job(tools: Tools, slim: bool, known: Known) -> Job:
    """A piece of work that is to be done."""
    from .job import Job

    return Job(tools, slim, known)


def reader(sources: Sources, options: Options) -> Reader:
    """What reads originals."""
    from .reader import Reader

    return Reader(sources, options)


def slim(text: str, kind: str, chain: Sequence[str]) -> Slimmed:
    """See :func:`.minify.slim`."""
    from . import minify

    return minify.slim(text, kind, chain)


def slim_at_once(text: str, kind: str, chain: Sequence[str]) -> Slimmed:
    """See :func:`.minify.slim_at_once`."""
    from . import minify

    return minify.slim_at_once(text, kind, chain)


def slim_inline(text: str, kind: str, chains: Mapping[str, Sequence[str]]) -> Slimmed:
    """See :func:`.minify.slim_inline`; the text as it is where that can no longer be imported."""
    try:
        from . import minify
    except Exception as error:  # noqa: BLE001 (code that was replaced, or rights that were given up: the page must not fail)
        return Slimmed(text, f"{type(error).__name__}: {error}")
    return minify.slim_inline(text, kind, chains)


def published_map(
    specification: str,
    sources: Sources,
    find: Callable[[str], Source | None],
    publish: Callable[[Source], Record | None],
) -> tuple[str, bool]:
    """See :func:`.mapped.published`."""
    from . import mapped

    return mapped.published(specification, sources, find, publish)


def available() -> tuple[str, ...]:
    """See :func:`.compress.available`."""
    from . import compress

    return compress.available()


def post_processed(
    storage: StaticStorage, paths: Mapping[str, tuple[Any, str]]
) -> Iterator[tuple[str, str, bool]]:
    """See :func:`.collected.published`."""
    from . import collected

    return collected.published(storage, paths)


def refuse_to_replace(storage: StaticStorage, name: str) -> None:
    """See :func:`.saving.refuse_to_replace`."""
    from . import saving

    saving.refuse_to_replace(storage, name)


def saved(storage: StaticStorage, save: Save, name: str, content: Any, *, overwrite: bool) -> str:
    """See :func:`.saving.saved`."""
    from . import saving

    return saving.saved(storage, save, name, content, overwrite=overwrite)
