"""Give files their names and bring them to their places, several in one where one can stand for all."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import joining, names
from .at_run_time import must_stay
from .naming import Naming
from .parts import Part
from .records import Options, Output
from .rendering import Chart, Group, Renderer, Slimmer
from .shelf import Shelf

__all__ = ["Writer"]


@dataclass
class _Draft:
    group: Group
    url: str = ""
    #: None when it is the only original as it is.
    data: bytes | None = None
    #: Where it goes to; known when it is placed.
    path: str = ""
    #: That of the data, where the name was made of it.
    digest: str = ""

    @property
    def original(self) -> Part:
        return self.group[0]


class Writer:
    """Writes parts of which all that they refer to has been published; notes problems in them."""

    def __init__(
        self,
        options: Options,
        shelf: Shelf,
        receiving: Sequence[Path],
        slimmer: Slimmer,
        *,
        slim: bool,
        most: int | None = None,
    ) -> None:
        """``receiving`` are the folders that files may go to; without ``slim`` only modules are minified that all share.

        ``most`` is how many characters are minified; None for all.
        """
        self._receiving = receiving
        self._options = options
        self._naming = Naming(options)
        self._shelf = shelf
        self._renderer = Renderer(options, self._naming, slimmer, slim=slim, most=most)
        #: The source maps that were written.
        self.maps: list[Output] = []

    def groups(self, examined: Sequence[Part], *, together: bool) -> list[Group]:
        """Split a run where one file could not stand for several; ``together`` joins them all the same, and says so."""
        if together:
            for part, reason in joining.lapses(examined):
                part.problems.append(part.notice(reason))
            return [list(examined)]
        groups: list[Group] = []
        for part in examined:
            if groups and not joining.obstacle(groups[-1], part):
                groups[-1].append(part)
            else:
                groups.append([part])
        return groups

    def write(self, group: Group) -> Output:
        """Publish a group as one file under a name that stands for its content, and for nothing else for ever.

        Raises:
            OSError: it could not be written.
        """
        if must_stay(group[0], self._options.name_prefix):
            return self._stayed(group[0])
        draft = _Draft(group)
        for is_taken in (False, True):
            self._name(draft, is_taken=is_taken)
            if self._place(draft):
                chart = self._renderer.charts.get(draft.original)
                if chart is not None:
                    self.maps.append(self._charted(draft, chart))
                return self._output(draft)
        raise _taken(draft.path)

    def write_circle(self, examined: Sequence[Part]) -> list[Output]:
        """Publish files that refer to one another: the name of each stands for the content of all.

        Raises:
            OSError: one of them could not be written.
        """
        drafts = [_Draft([part]) for part in examined]
        finished = {part.source: part.source.url for part in examined if self._naming.keeps([part])}
        for part in examined:
            part.refer(finished)
        # What they are but for their names for one another.
        content = [
            self._renderer.data(draft.group, posixpath.dirname(draft.original.source.url)) for draft in drafts
        ]
        if len(finished) == len(examined) and not any(content):
            for draft in drafts:
                draft.url = draft.original.source.url
            if all(self._place(draft) for draft in drafts):
                return [self._output(draft) for draft in drafts]
        joint = names.digest(
            *(draft.original.source.url for draft in drafts),
            *(
                draft.original.data if data is None else data
                for draft, data in zip(drafts, content, strict=True)
            ),
        )
        for is_taken in (False, True):
            for draft in drafts:
                self._name(draft, is_taken=is_taken, joint=joint)
            urls = {draft.original.source: draft.url for draft in drafts}
            for draft in drafts:
                draft.original.refer(urls)
                draft.data = self._renderer.data(draft.group, posixpath.dirname(draft.url))
            if all(self._place(draft) for draft in drafts):
                return [self._output(draft) for draft in drafts]
        raise _taken(*(draft.path for draft in drafts))

    def _name(self, draft: _Draft, *, is_taken: bool, joint: str = "") -> None:
        """Decide on a name, and with it on the data, which refers to other files as seen from there.

        Args:
            is_taken: the name that it should have has another content already.
            joint: the digest of the circle it is part of, of which the data comes when all have their names.
        """
        options, group, source = self._options, draft.group, draft.original.source
        if not (is_taken or joint) and self._naming.keeps(group):
            draft.data = self._renderer.data(group, posixpath.dirname(source.url))
            if draft.data is None:
                draft.url = source.url
                return
        generator = options.filename_generator if len(group) == 1 else options.combine_filenames_generator
        if options.by_hash and generator is None:
            folder = names.folder_of([part.source.url for part in group])
        else:
            # A function of the site may choose the folder; it is asked with the time, since the content is not known yet.
            stamps = [part.newest for part in group]
            draft.url = self._naming.url(group, stamps, max(stamps))
            folder = posixpath.dirname(draft.url)
        if not joint:
            draft.data = self._renderer.data(group, folder)
        if options.by_hash or is_taken:
            self._name_by_content(draft, is_taken=is_taken, joint=joint)

    def _name_by_content(self, draft: _Draft, *, is_taken: bool, joint: str) -> None:
        options, group = self._options, draft.group
        if joint:
            content = names.digest(joint, draft.original.source.url)
        else:
            content = draft.digest = names.content_digest(
                draft.original.data if draft.data is None else draft.data
            )
        if options.by_hash:
            parts_of_many = group if len(group) > 1 and options.combine_filenames_generator else []
            marks = [names.mark_of(names.content_digest(part.data)) for part in parts_of_many]
            draft.url = self._naming.url(group, marks, names.mark_of(content))
        if is_taken:
            # Not the beginning of the digest, which stands in the name already.
            draft.url = names.with_digest(draft.url, names.digest(content) if options.by_hash else content)

    def _place(self, draft: _Draft) -> bool:
        draft.path = self._naming.path(draft.group, draft.url)
        self._check(draft)
        path, original = draft.path, draft.original.source.path
        chart = self._renderer.charts.get(draft.original)
        if chart is not None:
            beside = self._naming.path(draft.group, chart.url)
            if not self._shelf.write(beside, chart.data):
                raise _taken(beside)
        if draft.data is not None:
            return self._shelf.write(path, draft.data)
        if path == str(original):
            return True
        if self._options.by_hash or self._is_hashed_for_pages(draft):
            # Not linked, since a link would change when the original is edited in place; and what was hashed, not what
            # may be there by now.
            return self._shelf.write(path, draft.original.data)
        return self._shelf.link(path, original, symlink=self._options.use_symlink)

    def _check(self, draft: _Draft) -> None:
        """See whether a name that a function of the site has made up lies where files may go to.

        Raises:
            ValueError: it does not.
        """
        options = self._options
        if options.filename_generator is None and options.combine_filenames_generator is None:
            return
        path = os.path.abspath(draft.path)  # noqa: PTH100 (links stay)
        folders = [os.path.join(os.path.abspath(folder), "") for folder in self._receiving]  # noqa: PTH100, PTH118
        if not path.startswith(tuple(folders)):
            raise ValueError(
                f"the filename generator gave {draft.url!r} for {draft.original.source.url!r}, which would be {path} and "
                f"outside of {' and '.join(folders)}; a name must begin with the folder of the original's URL"
            )

    def _output(self, draft: _Draft) -> Output:
        public = self._naming.public(draft.original, draft.url)
        newest = max(part.newest for part in draft.group)
        is_same = draft.data is None
        size = len(draft.data) if draft.data is not None else draft.original.seen[1]
        name = draft.original.source.form if len(draft.group) == 1 else ""
        integrity = ""
        if self._is_hashed_for_pages(draft):
            integrity = names.integrity(draft.original.data if draft.data is None else draft.data)
        return Output(
            len(draft.group),
            draft.url,
            public,
            draft.path,
            newest,
            size,
            is_same,
            draft.digest,
            name,
            integrity,
            is_shared=len(draft.group) == 1 and draft.original.is_shared,
        )

    def _charted(self, draft: _Draft, chart: Chart) -> Output:
        newest = max(part.newest for part in draft.group)
        path = self._naming.path(draft.group, chart.url)
        return Output(
            0,
            chart.url,
            self._naming.public(draft.original, chart.url),
            path,
            newest,
            len(chart.data),
            is_same=False,
        )

    def _is_hashed_for_pages(self, draft: _Draft) -> bool:
        """Whether pages may say what the bytes are: browsers ask about style sheets and scripts only."""
        return self._options.integrity and bool(draft.original.source.kind)

    def _stayed(self, part: Part) -> Output:
        source = part.source
        # Without a digest: it is the original itself, and may be edited at any time.
        return Output(
            1,
            source.url,
            source.name,
            str(source.path),
            part.newest,
            part.seen[1],
            is_same=True,
            name=source.form,
        )


def _taken(*paths: str) -> FileExistsError:
    places = ", ".join(paths)
    return FileExistsError(f"{places}: there is another content than the name says; remove it")
