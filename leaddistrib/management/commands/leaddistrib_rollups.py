"""Sums of responses against the log (SL4)."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from leaddistrib.lifecycle.tallying import differs, rebuild
from leaddistrib.models import Rep


class Command(BaseCommand):
    help = (
        "Compares the sums behind the reports of responses with the log, rep by rep, or makes them"
        " anew from it. Exit status: 0 they agree (or do now), 1 some differ. Work goes on"
        " meanwhile."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--check", action="store_true", help="compare; changes nothing")
        what.add_argument("--rebuild", action="store_true", help="make them anew where they differ")

    def handle(self, *args: Any, **options: Any) -> None:
        look = rebuild if options["rebuild"] else differs
        reps = dict(Rep.objects.order_by("pk").values_list("pk", "user__username"))
        wrong = [name for rep, name in reps.items() if look(rep)]
        for name in wrong:
            self.stdout.write(f"    {name}")
        if options["rebuild"]:
            self.stdout.write(f"{len(reps)} reps: {len(wrong)} made anew.")
            return
        self.stdout.write(f"{len(reps)} reps: {len(wrong)} differ.")
        if wrong:
            self.stdout.write("  To mend it: manage.py leaddistrib_rollups --rebuild")
            sys.exit(1)
