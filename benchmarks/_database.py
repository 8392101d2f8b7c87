"""A throw-away database for a measurement, with Django set up on it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services import PostgreSQL, free_port


class DurablePostgreSQL(PostgreSQL):
    """As in production: fsync, synchronous_commit and full_page_writes are on."""

    def _run(self, program: str, *arguments: str) -> None:
        super()._run(program, *(argument.replace("=off", "=on") for argument in arguments))


@contextmanager
def database(kind: str) -> Iterator[None]:
    """An empty, migrated database of this kind ("postgresql", "sqlite") while the block runs.

    DATABASE_URL names it, also for processes that are started meanwhile.
    """
    folder = Path(tempfile.mkdtemp(prefix="leaddistrib-benchmark-"))
    folder.chmod(0o755)  # PostgreSQL's user must reach its own folder in there
    server = DurablePostgreSQL(folder, free_port())
    os.environ["DATABASE_URL"] = f"sqlite:///{folder}/benchmark.sqlite3"
    if kind == "postgresql":
        server.start()
        os.environ["DATABASE_URL"] = server.url.replace("/leaddistrib", "/postgres")
    os.environ |= {"DEBUG": "1", "DJANGO_SETTINGS_MODULE": "config.settings"}
    try:
        set_up()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        yield
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def set_up() -> None:
    """Django, without what DEBUG keeps of every query."""
    import django
    from django.conf import settings

    django.setup()
    settings.DEBUG = False
