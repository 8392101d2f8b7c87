"""Demo data: an invented company with its leads."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from leaddistrib.management.seeding import NotEmpty, seed_company
from leaddistrib.models import Lead, Rep


class Command(BaseCommand):
    help = "Fills an empty database with an invented company. The same seed gives the same data."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reps", type=int, default=24, help="how many reps (default: 24)")
        parser.add_argument("--leads", type=int, default=300, help="how many leads (default: 300)")
        parser.add_argument("--seed", type=int, default=1, help="which company (default: 1)")

    def handle(self, *args: Any, reps: int, leads: int, seed: int, **options: Any) -> None:
        if reps < 2 or leads < 0:
            raise CommandError("A race takes at least 2 reps, and leads cannot be fewer than 0.")
        try:
            seed_company(reps, leads, seed)
        except NotEmpty as error:
            raise CommandError(
                f"{error} Demo data goes into an empty database only: name another one with"
                " DATABASE_URL."
            ) from error
        self.stdout.write(
            f"{Rep.objects.count()} reps, {Lead.objects.count()} leads."
            " Nobody has a password yet: `manage.py changepassword amina` sets one."
        )
