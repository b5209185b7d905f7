"""``manage.py staticbuild``: publish everything before the first page is rendered."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ...build import Build
from ...checking import check
from ...conf import PREFIX, conf
from ...inline import mentions
from ...manifest import ManifestError
from ...plan import Plan, all_sources, plan
from ...resolver import reset
from ...scan.literals import literals
from ...sizes import counted, printable, shown
from ...sources import Sources
from ...summary import Summary

__all__ = ["Command"]

#: From this verbosity on files are listed.
_LISTED = 2


class Command(BaseCommand):
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
        parser.add_argument(
            "--ignore",
            action="append",
            default=[],
            metavar="GLOB",
            help=(
                "with --check: say nothing of what is wrong in files whose path matches, and in templates whose name does; may "
                "be given several times"
            ),
        )

    def handle(self, **options: Any) -> None:
        sources: Sources = conf.sources()
        try:
            work = plan(sources, remember=not options["check"])
        except (ManifestError, ValueError) as error:
            raise CommandError(str(error)) from error
        if options["all"] or _is_stored():
            try:
                sources = all_sources(sources)
            except OSError as error:  # a finder does not get past a link that leads to itself
                raise CommandError(f"the staticfiles finders cannot list all files: {error}") from error
        if options["check"]:
            self._verbosity = options["verbosity"]
            self._check(sources, work, options["ignore"])
            return
        if not conf.enabled:
            raise CommandError(f"{PREFIX} is off: pages would not use what is built. Set {PREFIX} = True.")
        self._verbosity = options["verbosity"]
        for failure in work.failed:
            self.stderr.write(str(failure))
        self._note(work)
        try:
            manifest = conf.manifest_file
        except ManifestError as error:
            raise CommandError(str(error)) from error
        try:
            summary = Build(sources, conf.options(), manifest).run(work.uses, self._progress)
        except (OSError, ValueError) as error:
            raise CommandError(f"{error}; the manifest is what it was before") from error
        reset()
        for problem in summary.problems:
            self.stderr.write(problem)
        if self._verbosity:
            self._report(summary, work)

    def _note(self, work: Plan) -> None:
        """What could not be looked at, which is no mistake of the site."""
        for note in work.notes if self._verbosity else ():
            self.stderr.write(note)

    def _check(self, sources: Sources, work: Plan, ignore: list[str]) -> None:
        self._note(work)
        checked = check(sources, conf.options(), work, ignore=ignore, inline=mentions(literals()))
        for remark in checked.remarks if self._verbosity else ():
            self.stderr.write(remark)
        problems = checked.problems
        for problem in problems:
            self.stdout.write(problem)
        if problems:
            raise CommandError(
                f"{counted(len(problems), 'reference')} {'leads' if len(problems) == 1 else 'lead'} nowhere",
                returncode=1,
            )
        if self._verbosity:
            self.stdout.write("every reference leads to a file")

    def _progress(self, done: int, total: int) -> None:
        if self._verbosity and sys.stderr.isatty():
            self.stderr.write(f"\r{done} of {total}", ending="\n" if done == total else "")

    def _report(self, summary: Summary, work: Plan) -> None:
        unknown = [found for found in work.unknown if not found.alone]
        for found in unknown:
            self.stdout.write(f"{found.place}: {found.expression} is known at run time only")
        if any(found.place.tag != "slimcontent" for found in unknown):
            self.stdout.write(f"Names that are known at run time only can be declared in {PREFIX}_BUNDLES.")
        if self._verbosity >= _LISTED:
            for path in sorted(map(str, summary.files)):
                self.stdout.write(printable(path))
        saved = ""
        if summary.before > summary.after:
            saved = f", {shown(summary.before)} became {shown(summary.after)}"
        self.stdout.write(
            f"{counted(len(summary.files), 'file')} ({summary.written} written){saved}, in {summary.seconds:.1f} s; "
            f"{conf.manifest_file}"
        )
        for name, (before, after) in summary.siblings.items():
            self.stdout.write(f".{name}: {shown(before)} became {shown(after)}")
        if not conf.use_manifest_file:
            self.stdout.write(
                f"Pages do not use the manifest until {PREFIX}_USE_MANIFEST_FILE = True is set."
            )


def _is_stored() -> bool:
    from django.utils.module_loading import import_string

    from ...storage import StaticStorage

    if "django.contrib.staticfiles" not in settings.INSTALLED_APPS:
        return False
    backend: object = import_string(settings.STORAGES["staticfiles"]["BACKEND"])
    return isinstance(backend, type) and issubclass(backend, StaticStorage)
