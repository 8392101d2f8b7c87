"""Consistency: findings, and how to mend them (OP3)."""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from leaddistrib.jobs.runs import missed
from leaddistrib.queries import clock
from leaddistrib.queries.checking import Finding
from leaddistrib.queries.consistency import findings


class Command(BaseCommand):
    help = (
        "Looks for leads without owner or queue, double owners, and all else that does not agree."
        " Exit status: 0 nothing found, 1 something found. Changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        moment = clock.now()
        found = [*findings(moment), *missed(moment)]
        if options["json"]:
            document = {"findings": [asdict(finding) for finding in found]}
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))
        else:
            for finding in found:
                self._show(finding)
            if not found:
                self.stdout.write("Nothing found.")
        if found:
            sys.exit(1)

    def _show(self, finding: Finding) -> None:
        self.stdout.write(f"{finding.message}: {finding.count} [{finding.code}]")
        for example in finding.examples:
            self.stdout.write(f"    {example}")
        if finding.count > len(finding.examples):
            self.stdout.write(f"    and {finding.count - len(finding.examples)} more")
        self.stdout.write(f"  To mend it: {finding.remedy}\n")
