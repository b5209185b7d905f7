"""Look up what was built ahead; no file is opened and no lock is taken while a page is rendered."""

from __future__ import annotations

from collections.abc import Sequence

from . import blocks, import_maps, lists, when_needed
from .answers import (
    Address,
    Complaints,
    Layout,
    ModuleMap,
    Place,
    Published,
    remember,
    split_names,
)
from .block_memo import BlockMemo
from .manifest import Manifest, names_of, run_key, text_key
from .names import decoded
from .places import Places
from .records import Manner, Options, Printed
from .sources import Sources, split_suffix

__all__ = ["Manifested"]


class Manifested:
    """``DJANGO_STATIC_USE_MANIFEST_FILE`` is on: what the manifest does not have is printed as it was given.

    ``places`` is for those who want to know where the published files lie.
    """

    def __init__(
        self, manifest: Manifest, sources: Sources, options: Options, places: Places | None = None
    ) -> None:
        self._manifest = manifest
        self._sources = sources
        self._options = options
        self._files: tuple[dict[str, Address], dict[str, Address]] = ({}, {})
        self._stored: dict[str, Address] = {}
        self._blocks = BlockMemo()
        self._texts: dict[tuple[str, str], str] = {}
        self._maps: dict[tuple[str, bool], ModuleMap] = {}
        self._complaints = Complaints()
        self._places = places
        self._names = {name for key in manifest.runs for name in names_of(key)}
        #: The names that published ones stand for: ``{% static %}`` inside a block may print a published one.
        self._originals = {
            printed[0].public: names_of(key)[0]
            for key, printed in manifest.runs.items()
            if key.startswith(run_key((), False, Manner.USUAL)) and key.count("\n") == 1
        }

    def file(self, name: str, slim: bool, place: Place | None = None) -> Address:
        known = self._files[slim].get(name)
        if known is None:
            known = self._address(name, slim, place) if name else Address("", "", is_settled=True)
            remember(self._files[slim], name, known)
        return known

    def block(self, html: str, slim: bool, mode: str = "", place: Place | None = None) -> Layout:
        return self._blocks.layout(html, slim, mode, lambda html: self._layout(html, slim, mode, place))

    def content(self, text: str, kind: str, place: Place | None = None) -> str:
        key = (text, kind)
        known = self._texts.get(key)
        if known is None:
            known = self._manifest.texts.get(text_key(text, kind))
            if known is None:
                known = when_needed.slim_inline(text, kind, self._options.minifiers).text
            remember(self._texts, key, known)
        return known

    def modules(self, specification: str, slim: bool, place: Place | None = None) -> ModuleMap:
        known = self._maps.get((specification, slim))
        if known is None:
            text = self._manifest.texts.get(text_key(specification, import_maps.key(slim)))
            if text is None:
                self._complain(f"the import map {specification}", place)
                text = import_maps.plain(specification)
            urls = import_maps.urls(text) if self._places is not None else ()
            files = ((url, self._file(url)) for url in urls)
            known = ModuleMap(text, {url: file for url, file in files if file is not None})
            remember(self._maps, (specification, slim), known)
        return known

    def stored(self, name: str, plain: str) -> Address:
        known = self._stored.get(name)
        if known is None:
            known = Address.of(plain, split_suffix(plain)[1], is_missing=True, is_settled=True)
            # See `name_of_static`; here nothing is looked for.
            for bare, suffix in ((name, ""), split_suffix(name)):
                printed = self._single(self._sources.static_url + bare, slim=False)
                if printed:
                    url = printed.public + suffix
                    known = Address.of(url, suffix, printed.file, printed.integrity, is_settled=True)
                    break
            remember(self._stored, name, known)
        return known

    def _layout(self, html: str, slim: bool, mode: str, place: Place | None) -> Layout:
        publisher = blocks.Publisher[str](
            find=lambda name: self._find(name, place),
            publish=lambda wanted, manner: self._published(wanted, slim, manner, place),
            is_foreign=lambda name: not self._sources.is_ours(name),
            moves=bool(self._options.name_prefix),
        )
        return blocks.resolve(html, publisher, mode)._replace(is_settled=True)

    def _address(self, name: str, slim: bool, place: Place | None) -> Address:
        given = split_names(name)
        fate = "the given URL is printed" if len(given) == 1 else f"it is left out of {name!r}"
        wanted = [found for found in (self._find(each, place, fate) for each in given) if found is not None]
        is_ours = any(map(self._sources.is_ours, given))
        suffix = split_suffix(given[0])[1] if len(given) == 1 and is_ours else ""
        if len(wanted) == 1:
            printed = self._single(wanted[0], slim)
        else:
            printed = next(iter(self._run(wanted, slim, Manner.TOGETHER)), None)
        if printed is None:
            if run_key(wanted, slim, Manner.TOGETHER) in self._manifest.runs:
                reason = "the build has seen why, and 'manage.py staticbuild' says it"
                self._complaints.say(place, lists.refusal(name, reason))
            elif wanted:
                self._complain(name, place)
            return Address.of(name, suffix, is_missing=is_ours, is_settled=True)
        return Address.of(printed.public + suffix, suffix, printed.file, printed.integrity, is_settled=True)

    def _find(self, name: str, place: Place | None, fate: str = "the given URL is printed") -> str | None:
        """The name the manifest has a file under, or None with one warning; silently None for another host."""
        bare = self._sources.mounted(split_suffix(name)[0])
        plain = decoded(bare)
        # Below STATIC_URL a backslash in a name is a slash, as Django lists and prints it.
        listed = plain.replace("\\", "/") if plain.startswith(self._sources.static_url or "/") else plain
        for form in (bare, plain, self._originals.get(bare, bare), listed):
            if form in self._names:
                return form
        if self._sources.is_ours(name):
            self._complain(name, place, fate, self._other_spelling(plain))
        return None

    def _other_spelling(self, name: str) -> str:
        """What the manifest calls the file of a name with the prefix of media or static files, or without; or nothing."""
        for prefix in filter(None, (self._sources.media_url, self._sources.static_url)):
            other = f"/{name[len(prefix) :]}" if name.startswith(prefix) else prefix + name.lstrip("/")
            if other in self._names:
                return other
        return ""

    def _published(
        self, wanted: Sequence[str], slim: bool, manner: Manner, place: Place | None
    ) -> Sequence[Printed] | None:
        printed = self._run(wanted, slim, manner)
        if printed or manner is not Manner.USUAL:
            return printed or None
        # A run the build did not foresee: each file for itself.
        alone = [printed for printed in (self._single(name, slim) for name in wanted) if printed is not None]
        if len(alone) < len(wanted):
            self._complain(", ".join(wanted), place)
            return None
        if len(wanted) > 1:
            self._complaints.say(
                place,
                f"the manifest does not have {', '.join(wanted)} as one file; they are printed one by one",
            )
        return alone

    def _single(self, name: str, slim: bool) -> Printed | None:
        """A file for itself, not minified where the build did not foresee that it would be asked for so."""
        printed = self._run((name,), slim, Manner.USUAL) or self._run((name,), False, Manner.USUAL)
        return printed[0] if printed else None

    def _run(self, wanted: Sequence[str], slim: bool, manner: Manner) -> list[Printed]:
        """What was published of a run; empty where the manifest does not have it."""
        return [
            printed._replace(file=self._file(printed.public))
            for printed in self._manifest.runs.get(run_key(wanted, slim, manner), ())
        ]

    def _file(self, public: str) -> Published | None:
        if self._places is None:
            return None
        path = self._places.path(self._manifest.files.get(public, ""))
        return Published(public, path) if path else None

    def _complain(
        self, name: str, place: Place | None, fate: str = "the given URL is printed", spelling: str = ""
    ) -> None:
        elsewhere = f", which has the file as {spelling!r}" if spelling else ""
        self._complaints.say(
            place,
            f"{name!r} is not in the manifest{elsewhere}; {fate}. If the name is known at run time only, add it "
            f"to DJANGO_STATIC_BUNDLES{' as pages name it' if spelling else ''}; then run 'manage.py staticbuild'",
        )
