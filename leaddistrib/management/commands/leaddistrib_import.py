"""``leaddistrib_import FILE``: leads from a CSV or XLSX file (IN1, IN7)."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from leaddistrib.errors import Busy, UnreadableFile
from leaddistrib.lifecycle.intake.importing import ImportReport, import_file
from leaddistrib.lifecycle.intake.mapping import load_map

SOME_REJECTED = 3

BUSY = "The database is busy. The rows before are in: import the file again."


class Command(BaseCommand):
    """Prints what became of the rows; exits with 3 when some were rejected."""

    help = "Import leads from a CSV or XLSX file, and route them by the published rules."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--map", type=Path, help="TOML file that says which column is which field"
        )
        parser.add_argument("--source", default="", help="source of leads whose file names none")
        parser.add_argument("--dry-run", action="store_true", help="write nothing")
        parser.add_argument(
            "--rejects", type=Path, help="file to write the rejected rows to, as CSV"
        )
        parser.add_argument("--no-route", action="store_true", help="keep the leads unrouted")
        past = parser.add_mutually_exclusive_group()
        past.add_argument(
            "--history",
            action="store_true",
            help="keep the leads as they were elsewhere: whose, since when, and what came of them",
        )
        past.add_argument(
            "--outcomes",
            action="store_true",
            help="keep what came of leads that are known, by their external ids",
        )

    def handle(self, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        try:
            report = self._import(path, options)
        except UnreadableFile as error:
            raise CommandError(str(error)) from error
        except Busy as error:
            raise CommandError(BUSY) from error
        self._report(report, options)
        if report.rejected:
            sys.exit(SOME_REJECTED)

    def _import(self, path: Path, options: dict[str, Any]) -> ImportReport:
        column_map = load_map(options["map"]) if options["map"] else None
        # Silent unless somebody watches: disable=None asks whether stderr is a terminal.
        with tqdm(unit=" leads", disable=None, file=self.stderr) as bar:

            def show(done: int) -> None:
                bar.update(done - bar.n)

            return import_file(
                path,
                name=path.name,
                column_map=column_map,
                source=options["source"],
                dry_run=options["dry_run"],
                routed=not options["no_route"],
                history=options["history"],
                outcomes=options["outcomes"],
                on_progress=show,
            )

    def _report(self, report: ImportReport, options: dict[str, Any]) -> None:
        if report.encoding and not report.encoding.startswith("utf"):
            self.stderr.write(f"The file is not UTF-8; it was read as {report.encoding}.")
        for row in report.first_rejects:
            self.stderr.write(f"line {row.line}: {row.reason}")
        if report.rejected > len(report.first_rejects):
            self.stderr.write(f"… and {report.rejected - len(report.first_rejects)} more.")
        if report.rejected and options["rejects"]:
            options["rejects"].write_text(report.rejects_csv, encoding="utf-8-sig", newline="")
            self.stderr.write(f"The rejected rows are in {options['rejects']}.")
        elif report.rejected:
            self.stderr.write("Name a file with --rejects to get them, mend them and try again.")
        if options["dry_run"]:
            self.stdout.write("Nothing was written (--dry-run).")
        self.stdout.write(
            f"{report.created} created, {report.updated} updated, "
            f"{report.unchanged} unchanged, {report.rejected} rejected"
        )
