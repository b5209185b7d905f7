"""``manage.py staticreport``: a page that shows what a site loads, before and after."""

from __future__ import annotations

import errno
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from ...conf import conf
from ...inline import mentions
from ...manifest import ManifestError
from ...mentions import words_of_templates
from ...own_output import sources_of_builds
from ...plan import all_sources, plan
from ...report import gather
from ...report_page import render
from ...scan.literals import literals
from ...sizes import counted, message
from ...stored import is_stored
from ..telling import TellingCommand, add_ignore

__all__ = ["Command"]


class Command(TellingCommand):
    """Publishes nothing, and reads templates, originals and the last build."""

    help = (
        "Write one HTML page, which needs no other file: what each template loads before and after, the biggest files, files "
        "that nothing refers to, duplicates, names known at run time only, references that lead nowhere."
    )
    requires_system_checks = ["staticfiles"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", metavar="FILE", help="where to write the page; printed if not given")
        add_ignore(parser)

    def handle(self, **options: Any) -> None:
        sources = sources_of_builds()
        try:
            given = conf.options()
            work = plan(sources)
            manifest = conf.manifest_file
        except (ImportError, ManifestError, ValueError) as error:
            raise CommandError(message(error)) from error
        report = gather(
            all_sources(sources),
            given,
            work,
            manifest,
            words_of_templates,
            mentions(literals()),
            ignore=options["ignore"],
            stored=is_stored(),
        )
        page = render(report)
        if not options["output"]:
            self.stdout.write(page)
            return
        target = Path(options["output"])
        try:
            _write(target, page.encode("utf-8", "backslashreplace"))
        except (OSError, ValueError) as error:
            # Not its text, which names the temporary file.
            reason = error.strerror if isinstance(error, OSError) else error
            raise CommandError(message(f"{target} could not be written: {reason}")) from error
        lack = f"; {report.lack}" if report.lack else ""
        if not options["verbosity"]:
            return
        self.say(
            f"{target}: {counted(report.template_count, 'template')}, {counted(report.known, 'file')}{lack}"
        )


def _write(target: Path, data: bytes) -> None:
    """
    Raises:
        OSError, ValueError: it is no file that can be written.
    """
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    # A name of its own, since that of the target may be as long as a name can be.
    temporary = target.with_name(f".staticreport-{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
