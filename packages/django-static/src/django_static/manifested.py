"""Look up what was built ahead; no file is opened and no lock is taken while a page is rendered."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import unquote

from . import blocks, import_maps, minify
from .answers import Address, Complaints, Place, remember, split_names
from .block_memo import BlockMemo
from .manifest import Manifest, run_key, text_key
from .records import Manner, Options, Printed
from .sources import Sources, split_suffix

__all__ = ["Manifested"]


class Manifested:
    """``DJANGO_STATIC_USE_MANIFEST_FILE`` is on: what the manifest does not have is printed as it was given."""

    def __init__(self, manifest: Manifest, sources: Sources, options: Options) -> None:
        self._manifest = manifest
        self._sources = sources
        self._options = options
        self._files: tuple[dict[str, Address], dict[str, Address]] = ({}, {})
        self._blocks = BlockMemo()
        self._texts: dict[tuple[str, str], str] = {}
        self._complaints = Complaints()
        self._names = {name for key in manifest.runs for name in key.split("\n")[1:]}
        #: The names that published ones stand for: ``{% static %}`` inside a block may print a published one.
        self._originals = {
            printed[0].public: key.partition("\n")[2]
            for key, printed in manifest.runs.items()
            if key.startswith(run_key((), False, Manner.USUAL)) and key.count("\n") == 1
        }

    def file(self, name: str, slim: bool, place: Place | None = None) -> Address:
        known = self._files[slim].get(name)
        if known is None:
            known = (self._address(name, slim, place) if name else None) or Address(name, escape(name))
            remember(self._files[slim], name, known)
        return known

    def block(self, html: str, slim: bool, mode: str = "", place: Place | None = None) -> str:
        return self._blocks.printed(html, slim, mode, lambda html: self._resolve(html, slim, mode, place))

    def content(self, text: str, kind: str, place: Place | None = None) -> str:
        key = (text, kind)
        known = self._texts.get(key)
        if known is None:
            known = self._manifest.texts.get(text_key(text, kind))
            if known is None:
                known = minify.slim_inline(text, kind, self._options.minifiers).text
            remember(self._texts, key, known)
        return known

    def modules(self, specification: str, slim: bool, place: Place | None = None) -> str:
        kind = import_maps.key(slim)
        known = self._texts.get((specification, kind))
        if known is None:
            known = self._manifest.texts.get(text_key(specification, kind))
            if known is None:
                self._complain(f"the import map {specification}", place)
                known = import_maps.plain(specification)
            remember(self._texts, (specification, kind), known)
        return known

    def stored(self, name: str, plain: str) -> str:
        bare, suffix = split_suffix(name)
        printed = self._single(self._sources.static_url + bare, slim=False)
        return printed.public + suffix if printed else plain

    def _resolve(self, html: str, slim: bool, mode: str, place: Place | None) -> tuple[str, bool]:
        publisher = blocks.Publisher[str](
            find=lambda name: self._find(name, place),
            publish=lambda wanted, manner: self._published(wanted, slim, manner, place),
            is_foreign=lambda name: not self._sources.is_ours(name),
            moves=bool(self._options.name_prefix),
        )
        return blocks.resolve(html, publisher, mode)[0], True

    def _address(self, name: str, slim: bool, place: Place | None) -> Address | None:
        given = split_names(name)
        wanted = [found for found in (self._find(each, place) for each in given) if found is not None]
        if not wanted:
            return None
        printed: Printed | None
        if len(wanted) == 1:
            printed = self._single(wanted[0], slim)
        else:
            printed = next(iter(self._manifest.runs.get(run_key(wanted, slim, Manner.TOGETHER), ())), None)
        if printed is None:
            self._complain(name, place)
            return None
        url = printed.public + (split_suffix(given[0])[1] if len(given) == 1 else "")
        return Address(url, escape(url), printed.integrity)

    def _find(self, name: str, place: Place | None) -> str | None:
        """The name the manifest has a file under, or None with one warning; silently None for another host."""
        bare = split_suffix(name)[0]
        for form in (bare, unquote(bare), self._originals.get(bare, bare)):
            if form in self._names:
                return form
        if self._sources.is_ours(name):
            self._complain(name, place)
        return None

    def _published(
        self, wanted: Sequence[str], slim: bool, manner: Manner, place: Place | None
    ) -> Sequence[Printed] | None:
        printed = self._manifest.runs.get(run_key(wanted, slim, manner))
        if printed is not None or manner is not Manner.USUAL:
            return printed
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
        runs = self._manifest.runs
        printed = runs.get(run_key((name,), slim, Manner.USUAL)) or runs.get(
            run_key((name,), False, Manner.USUAL)
        )
        return printed[0] if printed else None

    def _complain(self, name: str, place: Place | None) -> None:
        self._complaints.say(
            place,
            f"{name!r} is not in the manifest; the given URL is printed. If the name is known at run time only, add it "
            "to DJANGO_STATIC_BUNDLES; then run 'manage.py staticbuild'",
        )
