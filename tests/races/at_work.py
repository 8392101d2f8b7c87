"""Workers in processes of their own, a provider, and what falls due for them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from django.db import connection, transaction

from leaddistrib.models import OutboxMessage, ResponseClock
from leaddistrib.queries import clock
from tests.notify.standin import Call, Provider, Reply, well
from tests.races.promises import Diary, overdue, unsent

PATIENCE = 180  # seconds, for a busy machine
LEASE = 20  # seconds: longer than a busy machine takes over what is in hand


class Workers:
    """Workers in processes of their own, and what they log."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment, self.folder = environment, folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.logs: list[Path] = []

    def start(self, settings: dict[str, object], *faults: str, ahead: int = 0, lease: int = LEASE):
        plan = {
            "settings": {**settings, "OUTBOX_MAX_ATTEMPTS": 40},
            "lease": lease,
            "ahead": ahead,
            "faults": faults,
        }
        self.logs.append(self.folder / f"worker{len(self.logs)}.log")
        with self.logs[-1].open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.races.worker", json.dumps(plan)],
                env=self.environment,
                stdout=out,
                stderr=out,
            )
        self.processes.append(process)
        return process

    def kill(self, process: "subprocess.Popen[bytes]", diary: Diary) -> None:
        process.kill()
        process.wait()
        diary.deaths[str(process.pid)] = monotonic()

    def died(self, process: "subprocess.Popen[bytes]", diary: Diary) -> None:
        """Wait until it has killed itself, as its faults have it."""
        assert process.wait(timeout=PATIENCE) == -9, self.logs[-1].read_text()
        diary.deaths[str(process.pid)] = monotonic()


def fall_due(clocks: list[int], messages: list[int]) -> None:
    """These deadlines and messages are due now."""
    moment = clock.now()
    ResponseClock.objects.filter(pk__in=clocks, lapsed_at=None).update(next_at=moment)
    OutboxMessage.objects.filter(pk__in=messages, attempts=0).update(due_at=moment)


def slices(rows: list[int], number: int) -> list[list[int]]:
    return [rows[start::number] for start in range(number)]


def to_be_sent() -> list[int]:
    return list(OutboxMessage.objects.filter(dropped_at=None).values_list("pk", flat=True))


def taken_by(diary: Diary, number: int) -> bool:
    return len(diary.taken) >= number


def less_left(clocks: list[int], number: int) -> bool:
    return overdue(clocks) + unsent() < number


@contextmanager
def database_gone(on_sqlite: bool) -> Iterator[None]:
    """Every session but ours is ended; on SQLite nobody but us can write."""
    with transaction.atomic():
        if not on_sqlite:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        yield


class Both:
    """Answers when two calls are there: what two workers do, they do at the same time."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, server: Provider, call: Call) -> Reply | None:
        self.calls += 1
        if self.calls >= 2:
            server.released.set()
        server.released.wait(5)
        return well(server, call)
