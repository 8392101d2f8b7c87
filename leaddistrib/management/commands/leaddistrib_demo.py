"""The whole thing, running: an invented company with leads coming in and rivals who race."""

import asyncio
import socket
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from leaddistrib.management import running
from leaddistrib.management.company import (
    ADMIN,
    AMINA,
    CHLOE,
    GOES_ON_AFTER,
    LATE_AFTER,
    MANAGER,
    REMINDED_AFTER,
)
from leaddistrib.management.logs import FOR_PEOPLE, log_to_terminal
from leaddistrib.management.seeding import NotEmpty, seed_company
from leaddistrib.models import Rep

PASSWORD = "demo"  # noqa: S105 - for a database of invented people, on this machine
REPS, LEADS = 24, 300
IN_MEMORY = "channels.layers.InMemoryChannelLayer"


class Command(BaseCommand):
    help = "Runs an invented company in development: web, due work and rivals. Ctrl-C stops it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="default: 8000")
        parser.add_argument("--host", default="127.0.0.1", help="default: this machine only")
        parser.add_argument(running.NO_RIVALS, action="store_true", help="nobody races you")
        parser.add_argument("--seed", type=int, default=1, help="which company (default: 1)")
        parser.add_argument(
            "--only-play",
            action="store_true",
            help="leads and rivals only, for a demo whose site runs elsewhere",
        )

    def handle(self, *args: Any, host: str, port: int, seed: int, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "The demo gives well-known passwords to its people, so it runs in development"
                " only: set DEBUG=1, and DATABASE_URL to a database of its own."
            )
        self.check(tags=["leaddistrib"], databases=["default"])
        rivals = not options["no_rivals"]
        log_to_terminal(self.stdout, options["verbosity"], "leaddistrib.demo", FOR_PEOPLE)
        if options["only_play"]:
            asyncio.run(running.play(seed, rivals))
            return
        try:
            listening = running.listen(host, port)
        except OSError as error:
            raise CommandError(
                f"Port {port} on {host} cannot be used: {error.strerror}. Another one:"
                f" `make demo PORT={port + 1}` or `--port {port + 1}`."
            ) from error
        with listening:
            self._prepare(seed)
            self._run(listening, host, port, seed, rivals)
        self.stdout.write("Stopped. Nothing is lost: the same command goes on from here.")

    def _run(self, listening: socket.socket, host: str, port: int, seed: int, rivals: bool) -> None:
        def ready() -> None:
            self._greet(host, port, rivals)

        if settings.CHANNEL_LAYERS["default"]["BACKEND"] == IN_MEMORY:
            asyncio.run(running.together(listening, seed, rivals, ready))
        else:
            listening.close()
            if running.apart(host, port, seed, rivals, ready):
                raise CommandError("A part of the demo ended by itself, so all of it was stopped.")

    def _prepare(self, seed: int) -> None:
        """The database is there, with the company in it, and the four logins work."""
        self.stdout.write("Preparing the database …")
        self.stdout.flush()
        call_command("migrate", verbosity=0, interactive=False)
        if not Rep.objects.filter(user__username=AMINA.username).exists():
            try:
                seed_company(REPS, LEADS, seed)
            except NotEmpty as error:
                raise CommandError(
                    f"{error} The demo does not mix with it: set DATABASE_URL to another database."
                ) from error
        # Only once: a new hash would sign out whoever is signed in.
        names = [person.username for person in (AMINA, CHLOE, MANAGER, ADMIN)]
        for user in get_user_model().objects.filter(username__in=names):
            if not user.has_usable_password():
                user.password = make_password(PASSWORD)
                user.save(update_fields=("password",))

    def _greet(self, host: str, port: int, rivals: bool) -> None:
        shown = f"[{host}]" if ":" in host else host
        bold = self.style.SUCCESS
        race = "a rival may be faster" if rivals else "nobody races you"
        self.stdout.write(
            f"""
  {bold(f"http://{shown}:{port}/leads/")}

  Sign in    as                                  password
  {AMINA.username:<10} a rep in Manchester                 {PASSWORD}
  {CHLOE.username:<10} a rep in Nantes, in French          {PASSWORD}
  {MANAGER.username:<10} the manager of the French teams     {PASSWORD}
  {ADMIN.username:<10} sales operations, also at /admin/   {PASSWORD}

  A lead comes in every few seconds. As amina, open /leads/pool/ and tap CLAIM: {race}.
  Claim a demo request and do nothing: after {REMINDED_AFTER} minutes you are reminded, after
  {LATE_AFTER} it is late, and your manager is told, after {GOES_ON_AFTER} it is somebody else's.
  Ctrl-C stops everything.
"""
        )
        self.stdout.flush()
