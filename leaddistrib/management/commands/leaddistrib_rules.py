"""``leaddistrib_rules export|import FILE``: a version of the rules as YAML or JSON."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from leaddistrib.errors import Busy, InvalidRules
from leaddistrib.lifecycle.drafting import draft
from leaddistrib.models import RuleSet
from leaddistrib.queries import rulebook, rulefiles
from leaddistrib.queries.findings import findings
from leaddistrib.queries.verdicts import ERROR

STREAM = "-"
FORMATS = {".yaml": "yaml", ".yml": "yaml", ".json": "json"}


class Command(BaseCommand):
    """An import makes a draft, which is published in the admin site. Exit status 1: the checks
    found errors, so that it cannot be published as it is."""

    help = "Write a version of the rules to a YAML or JSON file, or make a draft from one."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        export = acts.add_parser("export", help="write a version to a file")
        export.add_argument(
            "--version", type=int, dest="wanted", help="its number; without, the one in force"
        )
        load = acts.add_parser("import", help="make a draft from a file")
        load.add_argument(
            "--check", action="store_true", help="print what the checks find, and keep nothing"
        )
        for act in (export, load):
            act.add_argument("file", help="its name ends in .yaml, .yml or .json; - is a stream")
            act.add_argument("--format", choices=("yaml", "json"), help="whatever the name ends in")

    def handle(self, **options: Any) -> None:
        as_json = self._format(options) == "json"
        if options["act"] == "export":
            self._export(options["file"], options["wanted"], as_json)
        else:
            self._import(options["file"], options["check"], as_json)

    def _format(self, options: dict[str, Any]) -> str:
        file = options["file"]
        form = options["format"] or (
            "yaml" if file == STREAM else FORMATS.get(Path(file).suffix.lower())
        )
        if form is None:
            raise CommandError("Name a file that ends in .yaml, .yml or .json, or say --format.")
        return str(form)

    def _export(self, file: str, version: int | None, as_json: bool) -> None:
        if version is None:
            ruleset = rulebook.published()
        else:
            ruleset = RuleSet.objects.filter(version=version).first()
        if ruleset is None:
            wanted = "in force" if version is None else f"with the number {version}"
            raise CommandError(f"There is no version {wanted}.")
        text = rulefiles.dump(rulebook.documents(ruleset), ruleset.note, as_json=as_json)
        if file == STREAM:
            self.stdout.write(text, ending="")
            return
        try:
            Path(file).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"Version {ruleset.version} was written to {file}.")

    def _import(self, file: str, check_only: bool, as_json: bool) -> None:
        try:
            data = sys.stdin.buffer.read() if file == STREAM else Path(file).read_bytes()
            content = rulefiles.load(data, as_json=as_json)
            with transaction.atomic():
                made = draft(content.rules, note=content.note)
                found = findings(made)
                transaction.set_rollback(check_only)
        except InvalidRules as error:
            lines = (f"{place}: {text}" for place, text in error.problems.items())
            raise CommandError("\n".join(lines)) from error
        except (OSError, Busy) as error:
            raise CommandError(str(error)) from error
        for one in found:
            self.stdout.write(f"{one.level} {one.place} [{one.code}] {one.sentence}")
        if not check_only:
            self.stdout.write(f"Version {made.version} was made as a draft.")
        elif not found:
            self.stdout.write("Nothing found.")
        if any(one.level == ERROR for one in found):
            sys.exit(1)
