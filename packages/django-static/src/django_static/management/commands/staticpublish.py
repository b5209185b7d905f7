"""``manage.py staticpublish``: bring what was built to the CDN before the first page names it."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from math import isfinite
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...cdn.options import Options as CdnOptions
from ...cdn.publication import Publication, Published, wanted_of
from ...cdn.publisher import OUTDATED_ADVICE
from ...cdn.state import State
from ...cdn.store import NoAddress, StoreError
from ...cdn.stores import store_of
from ...conf import PREFIX, conf
from ...manifest import Manifest, ManifestError
from ...places import Places
from ...sizes import counted, shown
from ..progress import ProgressLine

__all__ = ["Command"]

_LISTED = 2


class Command(BaseCommand):
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
            help="ask nobody, send nothing, and list what would be sent, with what it refers to",
        )
        parser.add_argument(
            "--verify",
            action="store_true",
            help="ask the store also for files that are written down to be there",
        )
        parser.add_argument(
            "--wait",
            type=_seconds,
            default=10.0,
            metavar="SECONDS",
            help="wait until the URLs answer, so long at most (10); pages ask for those that do not yet",
        )

    def handle(self, **options: Any) -> None:
        settings = conf.cdn
        try:
            manifest = Manifest.read(conf.manifest_file)
            store = store_of(settings)
            state = State(conf.manifest_file.parent, store.identity)
            places = Places.of(conf.sources(), conf.save_prefix)
            wanted, wrong = wanted_of(manifest, places, settings)
            publication = Publication(store, state, settings)
        except (ManifestError, StoreError) as error:
            raise CommandError(str(error)) from error
        self._verbosity = int(options["verbosity"])
        try:
            publication.foresee(wanted)
        except NoAddress as error:
            raise CommandError(f"nothing is sent, since pages could not name it: {error}") from error
        if options["dry_run"]:
            self._foresee(publication.missing(wanted), wrong, settings)
            return
        with ProgressLine(self.stderr, is_wanted=self._verbosity > 0) as progress:
            done = publication.run(wanted, progress, verify=options["verify"])
        done.total += len(wrong)
        done.failed |= wrong
        if done.files and settings.probe and settings.wait_seconds:
            publication.ask(done, options["wait"])
        self._report(done)
        if done.failed:
            raise CommandError(
                f"{counted(len(done.failed), 'file')} could not be brought to the CDN; pages print their local URLs until a later run"
            )

    def _say(self, text: str, verbosity: int = 1) -> None:
        if self._verbosity >= verbosity:
            self.stdout.write(text)

    def _foresee(self, missing: list[tuple[str, Path]], wrong: dict[str, str], settings: CdnOptions) -> None:
        count = total = 0
        for key, path in missing:
            try:
                size = path.stat().st_size
            except OSError as error:
                wrong[key] = f"{path} cannot be read: {error}"
            else:
                count += 1
                total += size
                self._say(f"would be sent: {key}, {shown(size)}")
        for key, reason in wrong.items():
            self.stderr.write(f"{key}: {reason}")
        self._say(
            f"{', '.join(settings.types)}: {counted(count, 'file')} would be sent, {shown(total)}; "
            f"{len(wrong)} could not"
        )

    def _report(self, done: Published) -> None:
        for key, reason in sorted(done.failed.items()):
            self.stderr.write(f"{key}: {reason}")
        for problem in done.problems:
            self.stderr.write(problem)
        if done.outdated and self._verbosity:
            for key, newer in sorted(done.outdated.items()):
                self.stderr.write(f"{key} stays on the site: there is the later {newer}")
            self.stderr.write(OUTDATED_ADVICE)
        for key in done.removed:
            self._say(f"removed: {key}", _LISTED)
        sent = f"{len(done.sent)} sent ({shown(sum(done.sent.values()))})"
        there = f"{len(done.files) - len(done.sent)} there already"
        stay = f"{len(done.outdated)} left on the site, " if done.outdated else ""
        self._say(
            f"{counted(done.total, 'file')}: {sent}, {there}, {stay}{len(done.failed)} failed; "
            f"{counted(len(done.removed), 'file')} of old versions removed"
        )
        if done.silent:
            self._say(
                f"{counted(len(done.silent), 'file')} do not answer yet, such as {done.silent[0]}; pages print local URLs until they do"
            )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not isfinite(seconds) or seconds < 0:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds; give 0 or more")
    return seconds
