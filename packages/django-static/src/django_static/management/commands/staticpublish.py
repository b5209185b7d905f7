"""``manage.py staticpublish``: bring what was built to the CDN before the first page names it."""

from __future__ import annotations

import logging
import os
import sys
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from http import HTTPStatus
from math import isfinite
from typing import Any

from django.core.management.base import CommandError

from ...cdn.options import Options as CdnOptions
from ...cdn.outcomes import OUTDATED_ADVICE
from ...cdn.publication import Publication, wanted_of
from ...cdn.published import Interrupted, Preview, Published
from ...cdn.state import State
from ...cdn.store import NoAddress, StoreError
from ...cdn.stores import store_of
from ...conf import PREFIX, conf
from ...manifest import Manifest, ManifestError
from ...places import Places
from ...sizes import counted, shown
from ..progress import ProgressLine
from ..telling import TellingCommand

__all__ = ["Command"]

_LISTED = 2
_MOST_FOLDERS = 5
_INTERRUPTED = 130


class Command(TellingCommand):
    """Everything of ``DJANGO_STATIC_CDN_TYPES`` in the manifest; pages then print the CDN's URLs from their first render."""

    help = (
        f"Bring the files of the manifest whose types are in {PREFIX}_CDN_TYPES to the CDN, several at a time; what is "
        "there already is not sent again. Exits with 1 if a file could not be brought there."
    )
    requires_system_checks = ["staticfiles"]
    _verbosity = 1

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="ask nobody, send and remove nothing, and list what would be, with what it refers to",
        )
        parser.add_argument(
            "--verify",
            action="store_true",
            help="ask the store also for files that are written down to be there",
        )
        parser.add_argument(
            "--clean",
            action="store_true",
            help=f"remove what was sent from here, and what no build has named for {PREFIX}_CDN_KEEP_DAYS",
        )
        parser.add_argument(
            "--wait",
            type=_seconds,
            default=10.0,
            metavar="SECONDS",
            help="wait until the URLs answer, so long at most (10); pages ask for those that do not yet",
        )

    def run_from_argv(self, argv: list[str]) -> None:
        """Run from a shell; who interrupts it does not wait for what is under way.

        The interpreter would, at its end, for threads of ``concurrent.futures`` that a storage has made for itself.
        """
        try:
            super().run_from_argv(argv)
        except SystemExit as end:
            if end.code == _INTERRUPTED and threading.active_count() > 1:
                logging.shutdown()
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(_INTERRUPTED)
            raise

    def handle(self, **options: Any) -> None:
        settings = conf.cdn
        try:
            manifest = Manifest.read(conf.manifest_file)
            store = store_of(settings)
            state = State(conf.manifest_file.parent, store.identity)
            sources = conf.sources()
            places = Places.of(sources, conf.save_prefix)
            wanted, wrong = wanted_of(manifest, places, settings, sources.mounts)
            publication = Publication(store, state, settings)
        except (ManifestError, StoreError) as error:
            raise CommandError(str(error)) from error
        self._verbosity = int(options["verbosity"])
        if options["clean"]:
            _see_whether_builds_say_all(settings)
        try:
            publication.foresee(wanted)
        except NoAddress as error:
            raise CommandError(f"nothing is sent, since pages could not name it: {error}") from error
        if not conf.has_file_proxy:
            self.fail(
                f"{PREFIX}_FILE_PROXY is not set: pages print local URLs, whatever is on the CDN; set it to "
                "'django_static.cdn.file_proxy'"
            )
        if options["dry_run"]:
            preview = publication.preview(wanted, verify=options["verify"])
            preview.failed |= wrong
            due = publication.due(wanted) if options["clean"] and not preview.failed else []
            due = [key for key in due if key not in preview.removed]
            self._foresee(preview, due, settings, cleans=options["clean"])
            if preview.failed:
                raise CommandError(f"{counted(len(preview.failed), 'file')} could not be brought to the CDN")
            return
        try:
            with ProgressLine(self.stderr, is_wanted=self._verbosity > 0) as progress:
                done = publication.run(wanted, progress, verify=options["verify"])
            done.total += len(wrong)
            done.failed |= wrong
            unsigned = ""
            if done.files and settings.probe and settings.wait_seconds:
                try:
                    publication.ask(done, options["wait"])
                except StoreError as error:
                    unsigned = str(error)
            # What a file that could not be read refers to is not known: all of it counts as named.
            if conf.use_manifest_file and not done.failed:
                publication.clear(done, wanted, removes=options["clean"])
        except Interrupted as error:
            raise CommandError(_interrupted(error.done), returncode=_INTERRUPTED) from None
        self._report(done, settings, cleans=options["clean"])
        failed = len(done.failed) + len(done.untried)
        if failed:
            one = failed == 1
            raise CommandError(
                f"{counted(failed, 'file')} could not be brought to the CDN; pages print {'its' if one else 'their'} "
                f"local URL{'' if one else 's'} until another run, or they themselves, have brought {'it' if one else 'them'} there"
            )

        if done.uncleared:
            raise CommandError(
                f"{counted(len(done.uncleared), 'file')} that no build names any more could not be removed from the CDN"
            )
        if unsigned:
            raise CommandError(f"pages print local URLs: {unsigned}")
        if not done.is_written:
            raise CommandError("all that could be was brought to the CDN, and pages do not know of it")

    def _say(self, text: str, verbosity: int = 1) -> None:
        if self._verbosity >= verbosity:
            self.say(text)

    def _foresee(self, preview: Preview, due: list[str], settings: CdnOptions, *, cleans: bool) -> None:
        for key, size in preview.sent.items():
            self._say(f"would be sent, if it is not there: {key}, {shown(size)}")
        for key in preview.asked:
            self._say(f"would be asked for: {key}")
        for key in (*preview.removed, *due):
            self._say(f"would be removed: {key}")
        for key, reason in preview.failed.items():
            self.fail(f"{key}: {reason}")
        asked = f"{counted(len(preview.asked), 'file')} would be asked for; " if preview.asked else ""
        going = (
            f"; {counted(len(preview.removed), 'file')} of old versions would be removed"
            if preview.removed
            else ""
        )
        removed = (
            f"; {counted(len(due), 'file')} that no build names any more would be removed" if cleans else ""
        )
        self._say(
            f"{', '.join(settings.types)}: {counted(len(preview.sent), 'file')} would be sent, "
            f"{shown(sum(preview.sent.values()))}; {asked}{len(preview.failed)} could not{going}{removed}"
        )

    def _report(self, done: Published, settings: CdnOptions, *, cleans: bool) -> None:
        for key, reason in sorted(done.failed.items()):
            self.fail(f"{key}: {reason}")
        if done.untried:
            self.fail(
                f"{counted(len(done.untried), 'more file')} not tried ({_folders(done.untried)}): one after another there, or what "
                "they refer to, met with what concerns all of them"
            )
        for problem in done.problems:
            self.fail(problem)
        if done.outdated and self._verbosity:
            for key, newer in sorted(done.outdated.items()):
                self.fail(f"{key} stays on the site: there is the later {newer}")
            self.fail(OUTDATED_ADVICE)
        for key in done.removed:
            self._say(f"removed: {key}", _LISTED)
        sent = f"{len(done.sent)} sent ({shown(sum(done.sent.values()))})"
        there = f"{len(done.files) - len(done.sent)} there already"
        stay = f"{len(done.outdated)} left on the site, " if done.outdated else ""
        self._say(
            f"{counted(done.total, 'file')}: {sent}, {there}, {stay}{len(done.failed) + len(done.untried)} failed; "
            f"{counted(len(done.removed), 'file')} of old versions removed"
        )
        if done.silent:
            verb, they = ("does", "it does") if len(done.silent) == 1 else ("do", "they do")
            status = f" ({done.status})" if done.status else ""
            self._say(
                f"{counted(len(done.silent), 'file')} {verb} not answer yet, such as {done.silent[0]}{status}; pages print "
                f"local URLs until {they}"
            )
            if done.status == HTTPStatus.FORBIDDEN and not settings.sign:
                self._say(
                    f"403 is also what a distribution says that wants signatures: {PREFIX}_CDN_SIGN is for signed URLs, "
                    f"{PREFIX}_CDN_PROBE = False for signed cookies"
                )
        if cleans and done.failed:
            self.fail("nothing that builds no longer name is removed while files cannot be seen to")
        elif cleans:
            for key in done.cleared:
                self._say(f"removed: {key}", _LISTED)
            self._say(f"{counted(len(done.cleared), 'file')} that no build names any more removed")


def _see_whether_builds_say_all(settings: CdnOptions) -> None:
    """
    Raises:
        CommandError: pages name files that no build does, or nothing is ever removed.
    """
    if not conf.use_manifest_file:
        raise CommandError(
            f"--clean goes by what builds name, and pages publish what else they need: set {PREFIX}_USE_MANIFEST_FILE"
        )
    if settings.keep_days is None:
        raise CommandError(
            f"{PREFIX}_CDN_KEEP_DAYS is None, by which nothing is ever removed: set it to a number of days"
        )


def _folders(keys: list[str]) -> str:
    """Where files are, and how many: ``12 in img, 3 in css``."""
    counts = Counter(key.rpartition("/")[0] or "no folder" for key in keys)
    listed = [f"{count} in {folder}" for folder, count in counts.most_common(_MOST_FOLDERS)]
    more = len(counts) - len(listed)
    return ", ".join([*listed, *([f"and {counted(more, 'more folder')}"] if more else [])])


def _interrupted(done: Published) -> str:
    """How far a run has come, in one line."""
    there = done.there
    stay = f", {len(done.outdated)} stay on the site" if done.outdated else ""
    left = done.total - len(there) - len(done.outdated)
    end = "another run goes on from there" if done.is_written else done.problems[-1]
    return (
        f"interrupted: {len(there)} of {counted(done.total, 'file')} are on the CDN, {len(there & {*done.sent})} of them "
        f"sent now{stay}, {left} still to be brought there; {end}"
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not isfinite(seconds) or seconds < 0:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds; give 0 or more")
    return seconds
