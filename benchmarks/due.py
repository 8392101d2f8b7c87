"""How late is due work? 1,000 windows and 1,000 deadlines of one minute, beside a bare reference.

    python -m benchmarks.due [--number 1000] [--seconds 60] [--workers 2]

Their times are spread over the minute by chance. Late is how long after its time a window was told
of (``opened_at``), a deadline noted (``lapsed_at``) and its lead with another rep (the assignment).
The reference is a loop that looks every 0.2 s, as our lanes do, for due rows in a table of its own,
and marks them in one statement each time: no lead, no rep, no message. It runs first, with as many
rows in as many seconds, alone.

Workers are real ones (`leaddistrib_worker --no-cluster`). PostgreSQL is a throw-away server with
its own defaults for durability (fsync on).
"""

import argparse
import subprocess
import sys
import time
from datetime import datetime, timedelta
from random import Random

from benchmarks._database import database
from benchmarks._phones import percentiles, reps

START = timedelta(seconds=10)
"""From the preparation to the first due moment: the workers are up by then."""


def moments(number: int, seconds: float, seed: int) -> list[datetime]:
    from leaddistrib.queries import clock

    began, chance = clock.now() + START, Random(seed)
    return [began + timedelta(seconds=chance.uniform(0, seconds)) for _ in range(number)]


def bare(number: int, seconds: float) -> list[float]:
    """Lateness of the reference, in seconds."""
    from django.db import connection

    from leaddistrib.queries import clock

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (due_at timestamptz, done_at timestamptz)")
        cursor.execute("CREATE INDEX ON bare (due_at) WHERE done_at IS NULL")
        cursor.executemany(
            "INSERT INTO bare (due_at) VALUES (%s)",
            [(one,) for one in moments(2 * number, seconds, seed=1)],
        )
        over = clock.now() + START + timedelta(seconds=seconds + 2)
        while clock.now() < over:
            cursor.execute(
                "UPDATE bare SET done_at = clock_timestamp() WHERE ctid IN (SELECT ctid FROM bare"
                " WHERE done_at IS NULL AND due_at <= clock_timestamp() LIMIT 100"
                " FOR UPDATE SKIP LOCKED)"
            )
            time.sleep(0.2)
        cursor.execute("SELECT extract(epoch FROM done_at - due_at)::float FROM bare")
        return [late for (late,) in cursor.fetchall()]


def prepare(number: int, seconds: float) -> tuple[list[int], list[int]]:
    """Leads that wait, each to open for one more rep, and leads that nobody answers: the offers
    and the clocks, by id."""
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
    leads = Lead.objects.bulk_create(Lead(**waiting) for _ in range(number))
    far = now + timedelta(days=1)
    with transaction.atomic():
        tell(leads, now, {lead.pk: {staff[n % 50].pk: far} for n, lead in enumerate(leads)})
    # Last: what takes long is over, and the minute begins soon.
    offers = list(Offer.objects.filter(opened_at=None))
    for offer, moment in zip(offers, moments(number, seconds, seed=2), strict=True):
        offer.opens_at = moment
    Offer.objects.bulk_update(offers, ["opens_at"], batch_size=500)
    clocks = list(ResponseClock.objects.all())
    for one, moment in zip(clocks, moments(number, seconds, seed=3), strict=True):
        one.due_at = one.next_at = moment
        one.started_at = moment - timedelta(minutes=60)
    ResponseClock.objects.bulk_update(clocks, ["due_at", "next_at", "started_at"], batch_size=500)
    return [one.pk for one in offers], [one.pk for one in clocks]


def _late(done: datetime | None, due: datetime) -> float:
    if done is None:
        raise ValueError("It was not done.")
    return (done - due).total_seconds()


def lateness(offers: list[int], clocks: list[int]) -> dict[str, list[float]]:
    """Seconds between a due moment and what was due, for each that was done."""
    from leaddistrib.models import Assignment, Offer, ResponseClock

    windows = Offer.objects.filter(pk__in=offers, opened_at__isnull=False)
    deadlines = ResponseClock.objects.filter(pk__in=clocks, lapsed_at__isnull=False)
    due = {one.lead_id: one.due_at for one in deadlines}
    before = [one.assignment_id for one in deadlines]
    next_owners = Assignment.objects.filter(lead__in=due, ended_at=None).exclude(pk__in=before)
    return {
        "windows": [_late(one.opened_at, one.opens_at) for one in windows],
        "deadlines": [_late(one.lapsed_at, one.due_at) for one in deadlines],
        "next owner": [_late(one.started_at, due[one.lead_id]) for one in next_owners],
    }


def measure(number: int, seconds: float, workers: int) -> None:
    print(f"{number} windows and {number} deadlines within {seconds:.0f} s, {workers} workers")
    print(f"  bare        {percentiles(bare(number, seconds))}")
    offers, clocks = prepare(number, seconds)
    command = [sys.executable, "manage.py", "leaddistrib_worker", "--no-cluster"]
    running = [
        subprocess.Popen([*command, "--verbosity", "0"], stderr=subprocess.DEVNULL)
        for _ in range(workers)
    ]
    deadline = time.monotonic() + seconds + 120
    try:
        while time.monotonic() < deadline:
            time.sleep(1)
            done = lateness(offers, clocks)
            if len(done["windows"]) == len(done["next owner"]) == number:
                break
    finally:
        for worker in running:
            worker.terminate()
        for worker in running:
            worker.wait()
    for name, found in done.items():
        print(f"  {name:11} {percentiles(found)}   ({len(found)} done; aim: p99 within 2,000 ms)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with database("postgresql"):
        measure(given.number, given.seconds, given.workers)


if __name__ == "__main__":
    main()
