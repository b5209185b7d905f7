"""``manage.py staticclean``: remove published files that no build of late and no page needs."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from math import isfinite
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...cleaning import Cleaned, Cleaning, Running
from ...conf import conf
from ...history import KEEP_BUILDS, KEEP_DAYS
from ...manifest import ManifestError
from ...recorded import Unreadable
from ...sizes import counted, printable, shown

__all__ = ["Command"]

_LISTED = 2


class Command(BaseCommand):
    """Keeps what the last builds stand on, so that neither a rolling deploy nor a page in a cache meets a 404."""

    help = (
        "Remove files that were published, and that neither one of the last builds, nor one that was replaced not long "
        "ago, nor a page that publishes by itself needs; and what builds that were killed have left. Originals, and files "
        "we have no record of, are never removed."
    )
    requires_system_checks = ["staticfiles"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--keep-builds",
            type=_count,
            default=KEEP_BUILDS,
            metavar="N",
            help="keep the files of the last N builds (%(default)d)",
        )
        parser.add_argument(
            "--keep-days",
            type=_days,
            default=KEEP_DAYS,
            metavar="D",
            help="keep what was replaced less than D days ago (%(default)g)",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="remove nothing, and list what would be removed"
        )

    def handle(self, **options: Any) -> None:
        dry = bool(options["dry_run"])
        try:
            cleaning = Cleaning(
                conf.sources(),
                conf.options(),
                conf.manifest_file,
                keep_builds=options["keep_builds"],
                keep_days=options["keep_days"],
            )
            cleaned = cleaning.run(dry=dry)
        except (ImportError, Running, Unreadable, ManifestError, OSError) as error:
            raise CommandError(str(error)) from error
        for path, reason in cleaned.failed.items():
            self.stderr.write(f"{printable(path)}: {printable(reason)}")
        if options["verbosity"]:
            self._report(cleaned, dry=dry, listed=dry or options["verbosity"] >= _LISTED)
        if cleaned.failed:
            raise CommandError(
                f"{counted(len(cleaned.failed), 'file')} could not be removed; run it again when possible"
            )

    def _report(self, cleaned: Cleaned, *, dry: bool, listed: bool) -> None:
        verb = "would be removed" if dry else "removed"
        if listed:
            for path, size in {**cleaned.files, **cleaned.leftovers}.items():
                self.stdout.write(f"{verb}: {printable(path)}, {shown(size)}")
        for path, reason in cleaned.refused.items():
            self.stdout.write(f"left alone: {printable(path)} {reason}")
        if cleaned.is_uncertain:
            self.stdout.write(
                "The last build was killed after its files had come into use, and before it recorded which they are: "
                "published files are left alone. Run 'manage.py staticbuild' to its end first."
            )
        for reason, count in cleaned.wanted.items():
            self.stdout.write(f"kept: {counted(count, 'file')} ({reason})")
        self.stdout.write(
            f"{verb}: {counted(len(cleaned.files), 'file')}, {shown(sum(cleaned.files.values()))}"
        )
        if cleaned.leftovers:
            self.stdout.write(
                f"{verb}: {counted(len(cleaned.leftovers), 'file')} that killed processes have left, "
                f"{shown(sum(cleaned.leftovers.values()))}"
            )
        if cleaned.cached:
            self.stdout.write(f"{verb}: {shown(cleaned.cached)} from the cache of compressed bytes")


def _count(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise ArgumentTypeError(
            f"{text!r} is not a number of builds; the last one is always kept, so give 1 or more"
        )
    return count


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not isfinite(days) or days < 0:
        raise ArgumentTypeError(f"{text!r} is not a number of days; give 0 or more, such as 0.5")
    return days
