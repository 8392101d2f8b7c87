"""What does it cost to take leads in? Ours beside plain bulk inserts of the same rows.

    python -m benchmarks.intake [--rows 8000] [--single 200] [--database postgresql sqlite]

Half of the leads are pushed to a team of ten in turn, half go to a race that the ten are told of.
PostgreSQL is a throw-away server with its own defaults for durability (fsync on).

- one by one: `receive`, a transaction for each lead, as the API calls it.
- file: `receive_many` in batches as the import takes them, routed, with decisions, turns,
  assignments, offers, messages and log.
- plain: `bulk_create` of the same rows as bare leads, in the same batches.
"""

import argparse
import cProfile
import pstats
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks._database import database


def company() -> None:
    """Ten reps in a team and in a race, and the rules."""
    from django.contrib.auth import get_user_model

    from leaddistrib.lifecycle import publish
    from leaddistrib.models import Pool, Rep, Team

    team, pool = Team.objects.create(name="Paris"), Pool.objects.create(name="Everyone")
    pool.teams.add(team)
    user = get_user_model()
    users = user.objects.bulk_create(user(username=f"rep-{n}") for n in range(10))
    Rep.objects.bulk_create(Rep(user=one, team=team, capacity=10**6) for one in users)
    publish(
        [
            {
                "name": "France",
                "when": {"field": "country", "op": "eq", "value": "FR"},
                "then": {"push": "round_robin", "team": "Paris"},
            },
            {"name": "All", "when": {}, "then": {"pool": "Everyone"}},
        ]
    )


def inputs(rows: int, system: str) -> list[Any]:
    from leaddistrib.lifecycle.intake.cleaning import clean

    return [
        clean(
            {
                "company": f"Company {n}",
                "source": "website",
                "source_system": system,
                "external_id": str(n),
                "country": ("FR", "BE")[n % 2],
                "employees": n % 1000,
                "score": n % 100,
            }
        )
        for n in range(rows)
    ]


def in_batches(rows: Sequence[Any], take: Callable[[Sequence[Any]], object]) -> None:
    from leaddistrib.lifecycle.intake.importing import BATCH

    for start in range(0, len(rows), BATCH):
        take(rows[start : start + BATCH])


def plain(batch: Sequence[Any]) -> None:
    from leaddistrib.lifecycle.intake.knowing import FIELDS
    from leaddistrib.models import Lead
    from leaddistrib.queries import clock

    now = clock.now()
    Lead.objects.bulk_create(
        Lead(**{name: getattr(one, name) for name in FIELDS}, received_at=now) for one in batch
    )


def seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def measure(kind: str, rows: int, single: int) -> None:
    from leaddistrib.lifecycle import receive, receive_many

    company()
    bare, routed = inputs(rows, "plain"), inputs(rows, "file")
    singles = inputs(single, "api")
    in_batches(inputs(20, "warm-up"), receive_many)
    one_by_one = seconds(lambda: [receive(one) for one in singles])
    reference = seconds(lambda: in_batches(bare, plain))
    ours = seconds(lambda: in_batches(routed, receive_many))
    print(f"{kind}: {rows} rows, {single} of them also one by one")
    print(f"  one by one {single / one_by_one:8.0f} leads/s")
    print(f"  plain      {rows / reference:8.0f} leads/s   {reference:6.2f} s")
    print(f"  file       {rows / ours:8.0f} leads/s   {ours:6.2f} s   (aim: 8,000 under 15 s)")
    print(f"  file / plain: {ours / reference:.1f} times as long")


def profile(rows: int) -> None:
    from leaddistrib.lifecycle import receive_many

    company()
    routed = inputs(rows, "file")
    profiler = cProfile.Profile()
    profiler.runcall(in_batches, routed, receive_many)
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(45)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=8000)
    parser.add_argument("--single", type=int, default=200)
    parser.add_argument("--database", nargs="+", default=["postgresql", "sqlite"])
    parser.add_argument("--profile", action="store_true", help="where the time goes, by function")
    given = parser.parse_args()
    if len(given.database) > 1:  # one process each: Django keeps to one database
        for kind in given.database:
            again = [*sys.argv[1:], "--database", kind]
            subprocess.run([sys.executable, "-m", "benchmarks.intake", *again], check=True)
        return
    [kind] = given.database
    with database(kind):
        if given.profile:
            profile(given.rows)
        else:
            measure(kind, given.rows, given.single)


if __name__ == "__main__":
    main()
