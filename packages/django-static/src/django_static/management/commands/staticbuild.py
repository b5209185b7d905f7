"""``manage.py staticbuild``: publish everything before the first page is rendered."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from ... import when_needed
from ...build import Build
from ...collector import without_collector
from ...conf import PREFIX, conf
from ...listing import Listing
from ...manifest import ManifestError
from ...messages import Messages
from ...own_output import sources_of_builds
from ...plan import Plan, plan
from ...records import Options
from ...resolver import reset
from ...sizes import counted, message, printable, shown
from ...sources import Sources
from ...stored import is_stored
from ...summary import Summary
from ..progress import ProgressLine
from ..telling import TellingCommand, add_ignore

__all__ = ["Command"]

#: From this verbosity on files are listed.
_LISTED = 2


class Command(TellingCommand):
    """Finds every use of the tags in every template, publishes all of it, and writes the manifest last."""

    help = (
        "Publish what the templates ask for, and with --all (or django_static.storage.StaticStorage) every file the "
        "finders know; write the manifest last. With --check build nothing, and fail if a reference leads nowhere."
    )
    requires_system_checks = ["staticfiles"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--all", action="store_true", help="publish every file the staticfiles finders know"
        )
        parser.add_argument(
            "--check", action="store_true", help="build nothing; exit with 1 if a reference leads nowhere"
        )
        add_ignore(parser)

    @without_collector(is_large=True)
    def handle(self, **options: Any) -> None:
        sources: Sources = sources_of_builds()
        with Listing(sources) as listing:
            try:
                given = conf.options()
                is_all = options["all"] or is_stored()
                work = plan(
                    sources, remember=not options["check"], meanwhile=listing.begin if is_all else None
                )
            except (ImportError, ManifestError, ValueError) as error:
                raise CommandError(message(error)) from error
            if is_all:
                try:
                    sources = listing.tree()
                except OSError as error:  # a finder does not get past a link that leads to itself
                    raise CommandError(f"the staticfiles finders cannot list all files: {error}") from error
        if options["check"]:
            self._verbosity = options["verbosity"]
            self._check(sources, given, work, options["ignore"])
            return
        if not conf.enabled:
            raise CommandError(f"{PREFIX} is off: pages would not use what is built. Set {PREFIX} = True.")
        self._verbosity = options["verbosity"]
        messages = Messages(work, options["ignore"])
        for failure in messages.failures():
            self.fail(failure)
        self._note(messages)
        try:
            manifest = conf.manifest_file
        except ManifestError as error:
            raise CommandError(str(error)) from error
        build = Build(sources, given, manifest)
        try:
            with ProgressLine(self.stderr, is_wanted=self._verbosity > 0) as progress:
                build.run(work.uses, progress)
        except (OSError, ValueError) as error:
            raise CommandError(message(f"{error}; the manifest is what it was before")) from error
        finally:
            for problem in messages.heeded(build.summary.problems):
                self.warn(problem)
        reset()
        if self._verbosity:
            self._report(build.summary, messages)

    def _note(self, messages: Messages) -> None:
        for note in messages.notes() if self._verbosity else ():
            self.warn(note)

    def _check(self, sources: Sources, options: Options, work: Plan, ignore: list[str]) -> None:
        self._note(Messages(work, ignore))
        checked = when_needed.checked(sources, options, work, ignore=ignore)
        for remark in checked.remarks if self._verbosity else ():
            self.fail(remark)
        problems = checked.problems
        for problem in problems:
            self.say(problem)
        if problems:
            raise CommandError(
                f"{counted(len(problems), 'reference')} {'leads' if len(problems) == 1 else 'lead'} nowhere",
                returncode=1,
            )
        if self._verbosity:
            self.say("every reference leads to a file")

    def _report(self, summary: Summary, messages: Messages) -> None:
        for name in messages.unforeseen():
            self.say(name)
        if self._verbosity >= _LISTED:
            for note in messages.heeded(summary.notes):
                self.say(note)
            for path in sorted(map(str, summary.files)):
                self.say(printable(path))
        saved = ""
        if summary.before > summary.after:
            saved = f", {shown(summary.before)} became {shown(summary.after)}"
        self.say(
            f"{counted(len(summary.files), 'file')} ({summary.written} written){saved}, in {summary.seconds:.1f} s; "
            f"{conf.manifest_file}"
        )
        for name, (before, after) in summary.siblings.items():
            self.say(f".{name}: {shown(before)} became {shown(after)}")
        if not conf.use_manifest_file:
            self.say(f"Pages do not use the manifest until {PREFIX}_USE_MANIFEST_FILE = True is set.")
