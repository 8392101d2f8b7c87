"""How late is due work? 1,000 windows and 1,000 deadlines of one minute, and 1,000 windows of one
instant, beside a bare reference.

    python -m benchmarks.due [--number 1000] [--seconds 60] [--workers 2]

Late is how long after its due moment a change could be seen by somebody else: a second connection
looks every 20 ms which rows are committed, and notes the database's time after it saw them. So
what a worker takes for a whole batch, and for its commit, is in the figure.

- windows: a lead opens for one more rep, who is told (``opened_at``).
- deadlines: it is noted that nobody answered (``lapsed_at``); next owner: another rep has the lead.

The reference is as many rows that are due at the same moments in a table of its own; a loop for
each worker looks every 0.2 s, as our lanes do, and marks them a hundred at a time in one statement:
no lead, no rep, no message. It is watched in the same way, and runs first, alone.

Workers are real ones (`leaddistrib_worker --no-cluster`). PostgreSQL is a throw-away server with
its own defaults for durability (fsync on). The exit status is 1 when p99 is over 2 s, or when not
everything was done.
"""

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any

from benchmarks._database import database
from benchmarks._figures import Aim, show
from benchmarks._phones import reps

AIM = 2.0  # seconds, at p99
LOOK = 0.02  # seconds between two looks at what is committed
SOON = 5.0  # seconds from the last preparation to the first due moment
PATIENCE = 60.0  # seconds after the last due moment; what is not done by then never counts

Due = dict[int, datetime]


def moments(number: int, seconds: float, seed: int) -> list[datetime]:
    """So many due moments, by chance within so many seconds; with 0, all at the same instant."""
    from leaddistrib.queries import clock

    began, chance = clock.now() + timedelta(seconds=SOON), Random(seed)
    return [began + timedelta(seconds=chance.uniform(0, seconds)) for _ in range(number)]


def watch(due: Due, done: str) -> list[float]:
    """Seconds between each due moment and when somebody else saw that it was done. ``done`` selects
    the ids of all that are, of those in its parameter."""
    from django.db import connection

    late: list[float] = []
    left = dict(due)
    over = max(due.values()) + timedelta(seconds=PATIENCE)
    with connection.cursor() as cursor:
        while left:
            cursor.execute(done, [list(left)])
            seen = [pk for (pk,) in cursor.fetchall()]
            cursor.execute("SELECT clock_timestamp()")
            [moment] = cursor.fetchone()
            late += [(moment - left.pop(pk)).total_seconds() for pk in seen]
            if moment > over:
                break
            time.sleep(LOOK)
    return late


def watch_all(queries: dict[str, tuple[Due, str]]) -> dict[str, list[float]]:
    """Several of these at once, each by a connection of its own."""
    found: dict[str, list[float]] = {}

    def one(name: str, due: Due, done: str) -> None:
        from django.db import connection

        found[name] = watch(due, done)
        connection.close()

    threads = [threading.Thread(target=one, args=(name, *what)) for name, what in queries.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def bare(due: Sequence[datetime], workers: int) -> list[float]:
    """How late the reference is with rows that are due then."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare")
        cursor.execute("CREATE TABLE bare (id serial, due_at timestamptz, done_at timestamptz)")
        cursor.execute("CREATE INDEX ON bare (due_at) WHERE done_at IS NULL")
        cursor.executemany("INSERT INTO bare (due_at) VALUES (%s)", [(one,) for one in due])
        cursor.execute("SELECT id, due_at FROM bare")
        rows = dict(cursor.fetchall())
    over = threading.Event()
    loops = [threading.Thread(target=_mark, args=(over,)) for _ in range(workers)]
    for loop in loops:
        loop.start()
    try:
        return watch(rows, "SELECT id FROM bare WHERE done_at IS NOT NULL AND id = ANY(%s)")
    finally:
        over.set()
        for loop in loops:
            loop.join()


def _mark(over: threading.Event) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        while not over.wait(0.2):
            cursor.execute(
                "UPDATE bare SET done_at = clock_timestamp() WHERE ctid IN (SELECT ctid FROM bare"
                " WHERE done_at IS NULL AND due_at <= clock_timestamp() LIMIT 100"
                " FOR UPDATE SKIP LOCKED)"
            )
    connection.close()


def prepare(number: int) -> tuple[list[Any], list[Any], list[Any]]:
    """Leads that wait, each to open for one more rep some day, twice as many as are asked for, and
    leads that nobody answers: offers, as many others, and clocks."""
    from django.db import transaction

    from leaddistrib.lifecycle import publish, receive_many
    from leaddistrib.lifecycle.intake.cleaning import clean
    from leaddistrib.lifecycle.opening import tell
    from leaddistrib.models import (
        EscalationStep,
        Lead,
        Offer,
        Pool,
        ResponseClock,
        ResponsePolicy,
    )
    from leaddistrib.queries import clock

    staff = reps(50)
    ResponsePolicy.objects.all().delete()
    policy = ResponsePolicy.objects.create(name="All", minutes=60)
    EscalationStep.objects.create(policy=policy, position=1, to="rules", after_minutes=60)
    publish([{"name": "All", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}])
    for first in range(0, number, 250):
        some = range(first, min(first + 250, number))
        receive_many([clean({"company": f"Company {n}"}) for n in some])
    pool = Pool.objects.create(name="Everyone")
    pool.reps.set(staff)
    now = clock.now()
    waiting = {"status": "waiting", "pool": pool, "period": 1, "opens_at": now, "received_at": now}
    leads = Lead.objects.bulk_create(Lead(**waiting) for _ in range(2 * number))
    far = now + timedelta(days=1)
    with transaction.atomic():
        tell(leads, now, {lead.pk: {staff[n % 50].pk: far} for n, lead in enumerate(leads)})
    offers = list(Offer.objects.filter(opened_at=None).order_by("pk"))
    assert len(offers) == 2 * number
    return offers[:number], offers[number:], list(ResponseClock.objects.all())


def set_windows(offers: Sequence[Any], due: Sequence[datetime]) -> tuple[Due, str]:
    """These offers open then; what to watch."""
    from leaddistrib.models import Offer

    for offer, moment in zip(offers, due, strict=True):
        offer.opens_at = moment
    Offer.objects.bulk_update(offers, ["opens_at"], batch_size=500)
    done = "SELECT id FROM leaddistrib_offer WHERE opened_at IS NOT NULL AND id = ANY(%s)"
    return {one.pk: one.opens_at for one in offers}, done


def set_deadlines(clocks: Sequence[Any], due: Sequence[datetime]) -> dict[str, tuple[Due, str]]:
    """These clocks have run for an hour then; what to watch."""
    from leaddistrib.models import ResponseClock

    for one, moment in zip(clocks, due, strict=True):
        one.due_at = one.next_at = moment
        one.started_at = moment - timedelta(minutes=60)
    ResponseClock.objects.bulk_update(clocks, ["due_at", "next_at", "started_at"], batch_size=500)
    noted = "SELECT id FROM leaddistrib_responseclock WHERE lapsed_at IS NOT NULL AND id = ANY(%s)"
    ended = "SELECT id FROM leaddistrib_assignment WHERE ended_at IS NOT NULL AND id = ANY(%s)"
    return {
        "deadlines": ({one.pk: one.due_at for one in clocks}, noted),
        "next owner": ({one.assignment_id: one.due_at for one in clocks}, ended),
    }


@contextmanager
def at_work(workers: int) -> Iterator[None]:
    command = [sys.executable, "manage.py", "leaddistrib_worker", "--no-cluster"]
    running = [
        subprocess.Popen([*command, "--verbosity", "0"], stderr=subprocess.DEVNULL)
        for _ in range(workers)
    ]
    try:
        yield
    finally:
        for worker in running:
            worker.terminate()
        for worker in running:
            worker.wait()


def have_begun() -> None:
    """Wait until the workers do something: the periodic work of a new site."""
    from leaddistrib.models import JobRun

    deadline = time.monotonic() + PATIENCE
    while not JobRun.objects.filter(finished_at__isnull=False).exists():
        assert time.monotonic() < deadline, "the workers did not start"
        time.sleep(0.1)


def measure(number: int, seconds: float, workers: int) -> bool:
    """Print what was measured; returns whether all of it is within the aim."""
    print(f"{number} windows and {number} deadlines within {seconds:.0f} s, {workers} workers")
    spread = bare(moments(2 * number, seconds, seed=1), workers)
    show("bare", spread, spread)
    at_once = bare(moments(number, 0, seed=0), workers)
    offers, others, clocks = prepare(number)
    aim = Aim("p99", AIM, number)
    with at_work(workers):
        have_begun()
        late = watch_all(
            {
                **set_deadlines(clocks, moments(number, seconds, seed=3)),
                "windows": set_windows(offers, moments(number, seconds, seed=2)),
            }
        )
        met = [show(name, late[name], spread, aim) for name in sorted(late)]
        print(f"{number} windows at the same instant")
        show("bare", at_once, at_once)
        late = watch_all({"windows": set_windows(others, moments(number, 0, seed=0))})
    return all([*met, show("windows", late["windows"], at_once, aim)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with database("postgresql"):
        met = measure(given.number, given.seconds, given.workers)
    sys.exit(not met)


if __name__ == "__main__":
    main()
