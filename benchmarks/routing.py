"""What does a push cost, through the database? Ours beside bare inserts of a lead and its owner.

    python -m benchmarks.routing [--leads 400] [--reps 10 100 500] [--workers 1 4 8]
                                 [--database postgresql]

All leads are pushed to one team in turn, so that every worker wants the same rotation: the worst
case. Each worker is a process of its own and takes leads in one by one, a transaction for each.
PostgreSQL is a throw-away server with its own defaults for durability (fsync on).

- ours: `receive`, with matching, gates, turn, decision with its reasons, assignment, log, message.
- spread: the same over as many teams as workers, each with the same number of reps.
- bare: a lead and an assignment are inserted in one transaction, by the same processes. Nothing is
  decided and nothing is locked.
- queries: statements of one lead, without BEGIN and COMMIT.
- p50, p99: milliseconds of one lead from the call to the committed assignment, waiting for the
  rotation included, which half and 99 of 100 leads stayed under; of ours and of bare. A push is
  promised within a second (PU5), so ``over`` counts the leads of ours that took longer.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from benchmarks._database import database, set_up

WITHIN = 1.0  # seconds that a push may take (PU5)


def company(reps: int, teams: int) -> None:
    """So many teams of so many reps who never fill up, each with a rule of its own."""
    from django.contrib.auth import get_user_model

    from leaddistrib.lifecycle import publish
    from leaddistrib.models import Rep, Team

    user = get_user_model()
    for number in range(teams):
        team = Team.objects.create(name=f"Team {reps}-{number}")
        users = user.objects.bulk_create(
            user(username=f"rep-{reps}-{number}-{n}") for n in range(reps)
        )
        Rep.objects.bulk_create(Rep(user=one, team=team, capacity=10**6) for one in users)
    publish(
        [
            {
                "name": f"Team {number}",
                "when": {"field": "source", "op": "eq", "value": f"source-{number}"},
                "then": {"push": "round_robin", "team": f"Team {reps}-{number}"},
            }
            for number in range(teams)
        ]
        + [{"name": "All", "when": {}, "then": {"push": "round_robin", "team": f"Team {reps}-0"}}]
    )


def work() -> None:
    """One worker: reads its plan, takes its leads in when told to, and prints that it is done."""
    plan = json.loads(sys.stdin.readline())
    set_up()
    from django.db import connection

    take = TAKES[plan["how"]](plan["source"], plan["rep"])
    connection.ensure_connection()
    take()  # compiles rules and loads what is loaded once
    print("ready", flush=True)
    sys.stdin.readline()
    took = []
    for _ in range(plan["leads"]):
        started = time.perf_counter()
        take()
        took.append(time.perf_counter() - started)
    print("done", flush=True)
    print(json.dumps(took), flush=True)


def ours(source: str, _rep: int) -> Callable[[], object]:
    from leaddistrib.lifecycle import receive
    from leaddistrib.lifecycle.intake.cleaning import clean

    given = clean({"company": "Acme", "source": source, "country": "FR"})
    return lambda: receive(given)


def bare(source: str, rep: int) -> Callable[[], object]:
    from django.db import transaction

    from leaddistrib.models import Assignment, Lead
    from leaddistrib.queries import clock

    def insert() -> None:
        with transaction.atomic():
            now = clock.now()
            lead = Lead.objects.create(
                company="Acme", source=source, status="owned", owner_id=rep, received_at=now
            )
            Assignment.objects.create(lead=lead, rep_id=rep, method="push", started_at=now)

    return insert


TAKES: dict[str, Callable[[str, int], Callable[[], object]]] = {"ours": ours, "bare": bare}


class Measured(NamedTuple):
    """Leads per second of all workers together, and the seconds that each lead took, ascending."""

    rate: float
    took: list[float]

    def within(self, part: float) -> float:
        """Milliseconds that this part of the leads stayed within."""
        return self.took[min(len(self.took) - 1, int(part * len(self.took)))] * 1000


def together(how: str, leads: int, sources: Sequence[str], rep: int) -> Measured:
    """What workers with these sources take in together."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.routing", "--worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in sources
    ]
    each = max(1, leads // len(sources))
    for worker, source in zip(workers, sources, strict=True):
        say(worker, json.dumps({"how": how, "leads": each, "source": source, "rep": rep}))
    for worker in workers:
        hear(worker, "ready")
    started = time.perf_counter()
    for worker in workers:
        say(worker, "go")
    for worker in workers:
        hear(worker, "done")
    seconds = time.perf_counter() - started
    took = [one for worker in workers for one in json.loads(read(worker))]
    for worker in workers:
        worker.communicate()
    return Measured(each * len(sources) / seconds, sorted(took))


def say(worker: "subprocess.Popen[str]", line: str) -> None:
    assert worker.stdin is not None
    worker.stdin.write(line + "\n")
    worker.stdin.flush()


def hear(worker: "subprocess.Popen[str]", expected: str) -> None:
    said = read(worker)
    if said != expected:
        raise RuntimeError(f"A worker said {said!r} instead of {expected!r}.")


def read(worker: "subprocess.Popen[str]") -> str:
    """The next line that a worker prints."""
    assert worker.stdout is not None
    return worker.stdout.readline().strip()


def queries() -> int:
    """Statements of one lead, once rules are compiled and seats are there."""
    from django.db import connection

    counted = 0

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal counted
        counted += not sql.startswith(("SAVEPOINT", "RELEASE"))
        return execute(sql, params, many, context)

    take = ours("source-0", 0)
    take()
    with connection.execute_wrapper(count):
        take()
    return counted


def measure(kind: str, leads: int, reps: Sequence[int], workers: Sequence[int]) -> None:
    from leaddistrib.models import Rep

    print(f"{kind}: {leads} leads in each cell; leads per second, then milliseconds for one lead")
    print(
        f"{'reps':>6} {'workers':>8} {'ours':>8} {'spread':>8} {'bare':>8} {'queries':>8}"
        f" {'p50':>8} {'p99':>8} {'bare p50':>9} {'bare p99':>9} {'over':>5}"
    )
    for number in reps:
        company(number, teams=max(workers))
        rep = Rep.objects.earliest("pk").pk
        asked = queries()
        for count in workers:
            one_team = together("ours", leads, ["source-0"] * count, rep)
            spread = together("ours", leads, [f"source-{n}" for n in range(count)], rep)
            reference = together("bare", leads, ["source-0"] * count, rep)
            over = sum(seconds > WITHIN for seconds in one_team.took)
            print(
                f"{number:6} {count:8} {one_team.rate:8.0f} {spread.rate:8.0f}"
                f" {reference.rate:8.0f} {asked:8}"
                f" {one_team.within(0.5):8.1f} {one_team.within(0.99):8.1f}"
                f" {reference.within(0.5):9.1f} {reference.within(0.99):9.1f} {over:5}",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leads", type=int, default=400)
    parser.add_argument("--reps", type=int, nargs="+", default=[10, 100, 500])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        return work()
    with database(given.database):
        measure(given.database, given.leads, given.reps, given.workers)
    return None


if __name__ == "__main__":
    main()
