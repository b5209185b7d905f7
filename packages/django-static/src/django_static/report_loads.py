"""What each template loads, before and after, for the report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import blocks
from .answers import split_names, titled
from .bundles import SETTING
from .checking import Checked
from .conf import PREFIX
from .last_build import LastBuild, sent
from .plan import Plan
from .records import Manner
from .scan import Use
from .sources import Source, SourceError, Sources, signature
from .stored import name_of_static

__all__ = ["Load", "Template", "templates"]


#: What stands for a template where a setting asks for files.
_SETTINGS = (SETTING, f"{PREFIX}_PRELOAD")


@dataclass(frozen=True, slots=True)
class Load:
    """What is fetched: requests, bytes of the files, and bytes sent where a compressed sibling is the smallest."""

    requests: int = 0
    size: int = 0
    sent: int = 0


@dataclass(frozen=True, slots=True)
class Template:
    """What the tags of a template name, and what is printed instead; None without a build."""

    name: str
    before: Load
    after: Load | None
    #: How many of the names are not in the manifest.
    lacking: int = 0
    #: Whether it is none, but a setting that asks for files.
    is_setting: bool = False


def templates(
    sources: Sources, plan: Plan, checked: Checked, built: LastBuild | None, *, stored: bool
) -> list[Template]:
    """Every template that loads something, those first that load the most.

    Args:
        stored: whether ``{% static %}`` prints the names of the manifest.
    """
    uses: dict[str, list[Use]] = defaultdict(list)
    for use in plan.uses:
        if use.kind in ("file", "block"):  # an import map loads nothing by itself
            uses[titled(use.place.template, use.place.engine)].append(use)
    statics: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for place, path in plan.mentions if stored else ():
        name = name_of_static(path, sources)
        if name:
            statics[titled(place.template, place.engine)].append((name, (place, path) in plan.enclosed))
    combined = {source for use in plan.uses if use.kind == "block" for source in _in_block(use, sources)}
    found = [
        _template(name, uses[name], statics[name], combined, sources, checked, built)
        for name in {**uses, **statics}
    ]
    return sorted(
        (each for each in found if each.before.requests), key=lambda each: (-each.before.size, each.name)
    )


def _template(
    name: str,
    uses: Sequence[Use],
    statics: Sequence[tuple[str, bool]],
    combined: Container[Source],
    sources: Sources,
    checked: Checked,
    built: LastBuild | None,
) -> Template:
    """What a template loads.

    Args:
        statics: the names of what ``{% static %}`` prints in it, each with whether it does so in blocks of ours only.
        combined: what such blocks publish, in whatever template.
    """
    before: dict[Path, int] = {}
    after: dict[Path, tuple[int, int]] = {}
    lacking = 0

    def publish(wanted: Sequence[Source], slim: bool, manner: Manner) -> None:
        nonlocal lacking
        originals = {path: size for source in wanted for path, size in _with_imports(source, checked.read)}
        before.update(originals)
        if built is None:
            return
        printed = built.printed(wanted, slim, manner)
        if printed is None:
            lacking += len(wanted)
            after.update({path: (size, size) for path, size in originals.items()})
            return
        files = built.files(printed)
        after.update({Path(path): (each.size, sent(each)) for path, each in files.items()})

    for use in uses:
        if use.kind == "block":

            def publish_run(wanted: Sequence[Source], manner: Manner, slim: bool = use.slim) -> None:
                publish(wanted, slim, manner)

            _resolve(use, sources, publish_run)
        else:
            found = (_find(given, sources) for given in split_names(use.value))
            wanted = [source for source in found if source is not None]
            if wanted:
                publish(wanted, use.slim, Manner.TOGETHER if len(wanted) > 1 else Manner.USUAL)
    for given, is_enclosed in statics:
        source = _find(given, sources)
        if source is not None and not (is_enclosed and source in combined):
            publish([source], False, Manner.USUAL)
    size = sum(before.values())
    return Template(
        name,
        Load(len(before), size, size),
        Load(len(after), sum(each[0] for each in after.values()), sum(each[1] for each in after.values()))
        if built
        else None,
        lacking,
        name in _SETTINGS,
    )


def _find(name: str, sources: Sources) -> Source | None:
    try:
        return sources.find(name) if sources.is_ours(name) else None
    except SourceError:
        return None


def _resolve(use: Use, sources: Sources, publish: Callable[[Sequence[Source], Manner], None]) -> None:
    """Have the runs of a block published."""
    publisher = blocks.Publisher[Source](
        find=lambda name: _find(name, sources),
        publish=publish,
        is_foreign=lambda name: not sources.is_ours(name),
        moves=False,
    )
    blocks.resolve(use.value, publisher, use.mode)


def _in_block(use: Use, sources: Sources) -> list[Source]:
    """What a block publishes."""
    found: list[Source] = []
    _resolve(use, sources, lambda wanted, manner: found.extend(wanted))
    return found


def _with_imports(source: Source, reached: Mapping[Source, Sequence[Source]]) -> Iterator[tuple[Path, int]]:
    """An original, and the style sheets that it imports, which a browser fetches too."""
    seen: set[Source] = set()
    pending = [source]
    while pending:
        current = pending.pop()
        if current not in seen:
            seen.add(current)
            state = signature(current.path)
            yield current.path, state[1] if state else 0
            if current.kind == "css":
                pending += [target for target in reached.get(current, ()) if target.kind == "css"]
