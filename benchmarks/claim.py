"""What does a claim cost? Ours beside the same SQL sent raw, 200 claimers on PostgreSQL.

    python -m benchmarks.claim [--claimers 200] [--rounds 5]

The statements of one won and of one lost claim are recorded once. "raw" sends them through psycopg
with other parameters, in the same transactions, from the same processes and threads: no model, no
gate, no message. The server is a throw-away one with PostgreSQL's own defaults for durability
(fsync, synchronous_commit and full_page_writes on).

- distinct: each claimer claims leads that nobody else wants, one after another.
- same: all claimers want the same lead at once; one wins, then all go for the next.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

from benchmarks._database import database, set_up

PROCESSES = 4
LEAD, REP, USER = 900_000_001, 800_000_001, 700_000_001  # recognised in recorded parameters

Statement = tuple[str, list[Any]]


def prepare(claimers: int, leads: int) -> dict[str, list[Statement]]:
    """Reps in one race, waiting leads, and the statements of a won and of a lost claim."""
    from django.contrib.auth import get_user_model
    from django.db import transaction

    from leaddistrib.lifecycle.opening import tell
    from leaddistrib.models import Lead, Pool, Rep, Team
    from leaddistrib.queries import clock

    team, pool = Team.objects.create(name="All"), Pool.objects.create(name="All")
    pool.teams.add(team)
    user = get_user_model()
    users = user.objects.bulk_create(
        user(pk=USER + n, username=f"rep-{n}") for n in range(claimers)
    )
    Rep.objects.bulk_create(
        Rep(pk=REP + n, user=one, team=team, capacity=10**6) for n, one in enumerate(users)
    )
    now = clock.now()
    waiting = {"status": "waiting", "pool": pool, "period": 1, "opens_at": now, "received_at": now}
    with transaction.atomic():
        tell(Lead.objects.bulk_create(Lead(pk=LEAD + n, **waiting) for n in range(leads)), now)
    return {"won": recorded(LEAD, REP), "lost": recorded(LEAD, REP + 1)}


def recorded(lead: int, rep: int) -> list[Statement]:
    """The statements of one claim; ids of lead, rep and user stand as "lead", "rep", "user"."""
    from django.db import connection

    from leaddistrib.lifecycle import claim
    from leaddistrib.models import Lead, Rep

    names: dict[int | None, str] = {lead: "lead", rep: "rep", USER + rep - REP: "user"}
    statements: list[Statement] = []

    def record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(("SAVEPOINT", "RELEASE")):
            statements.append((sql, [_plain(one, names) for one in params or ()]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        claim(Lead(pk=lead), Rep(pk=rep), via="page")
    return statements


def _plain(value: Any, names: dict[int | None, str]) -> Any:
    if isinstance(value, uuid.UUID):
        return "uuid"
    if value is None or isinstance(value, int):
        return names.get(value, value)
    return json.dumps(value.obj) if hasattr(value, "obj") else str(value)


def work() -> None:
    """One process: reads its plan, claims in as many threads, prints the seconds of each claim."""
    plan = json.loads(sys.stdin.readline())
    set_up()
    claim = (ours if plan["how"] == "ours" else raw)(plan["statements"])
    seconds: list[float] = []
    go, ready = threading.Event(), threading.Barrier(len(plan["claimers"]) + 1)

    def claimer(pairs: list[list[int]]) -> None:
        perform = claim()
        ready.wait()
        go.wait()
        for lead, rep, wins in pairs:
            started = time.perf_counter()
            perform(lead, rep, bool(wins))
            seconds.append(time.perf_counter() - started)

    threads = [threading.Thread(target=claimer, args=(pairs,)) for pairs in plan["claimers"]]
    for thread in threads:
        thread.start()
    ready.wait()
    print("ready", flush=True)
    sys.stdin.readline()
    go.set()
    for thread in threads:
        thread.join()
    print(json.dumps(seconds), flush=True)


Claimer = Callable[[int, int, bool], None]


def ours(_: Any) -> Callable[[], Claimer]:
    from django.db import connection

    from leaddistrib.lifecycle import claim
    from leaddistrib.models import Lead, Rep

    def connected() -> Claimer:
        connection.ensure_connection()

        def perform(lead: int, rep: int, wins: bool) -> None:
            claim(Lead(pk=lead), Rep(pk=rep), via="page")

        return perform

    return connected


def raw(statements: dict[str, list[Statement]]) -> Callable[[], Claimer]:
    import psycopg

    def connected() -> Claimer:
        connection = psycopg.connect(
            os.environ["DATABASE_URL"], autocommit=True, cursor_factory=psycopg.ClientCursor
        )

        def perform(lead: int, rep: int, wins: bool) -> None:
            names = {"lead": lead, "rep": rep, "user": USER + rep - REP}
            with connection.transaction(), connection.cursor() as cursor:
                for sql, params in statements["won" if wins else "lost"]:
                    names["uuid"] = uuid.uuid4()  # type: ignore[assignment]
                    cursor.execute(sql, [names.get(p, p) for p in params] or None)
                    if cursor.description:
                        cursor.fetchall()

        return perform

    return connected


def measured(
    how: str, claimers: list[list[tuple[int, int, bool]]], statements: dict[str, list[Statement]]
) -> list[float]:
    """Let all claimers go at once; prints and returns [claims a second, p50, p95 in ms]."""
    command = [sys.executable, "-m", "benchmarks.claim", "--work"]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    for number, process in enumerate(processes):
        plan = {"how": how, "statements": statements, "claimers": claimers[number::PROCESSES]}
        process.stdin.write(json.dumps(plan) + "\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    started = time.perf_counter()
    for process in processes:
        process.stdin.write("go\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
    seconds = [s for p in processes for s in json.loads(p.stdout.readline())]  # type: ignore[union-attr]
    passed = time.perf_counter() - started
    for process in processes:
        process.communicate()
    p95 = quantiles(seconds, n=20)[-1]
    figures = [len(seconds) / passed, median(seconds) * 1000, p95 * 1000]
    print(
        f"  {how:5} {figures[0]:8.0f} claims/s"
        f"   p50 {figures[1]:7.1f} ms   p95 {figures[2]:7.1f} ms"
    )
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--claimers", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5, help="leads that each claimer goes for")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        return work()
    reps, rounds = given.claimers, given.rounds
    with database("postgresql"):
        statements = prepare(reps, 1 + 2 * rounds * (reps + 1))
        fresh = iter(range(LEAD + 1, LEAD + 1 + 2 * rounds * (reps + 1)))
        print(f"{reps} claimers in {PROCESSES} processes, fsync on; each goes for {rounds} leads")
        for name in ("distinct", "same"):
            speed = {}
            print(f"{name} leads")
            for how in ("raw", "ours"):
                if name == "distinct":
                    plan = [
                        [(next(fresh), REP + n, True) for _ in range(rounds)] for n in range(reps)
                    ]
                else:
                    leads = [next(fresh) for _ in range(rounds)]
                    # Raw cannot know who wins: the first claimer of each lead is given it.
                    plan = [[(lead, REP + n, n == 0) for lead in leads] for n in range(reps)]
                speed[how] = measured(how, plan, statements)[0]
            print(f"  ours / raw: {speed['ours'] / speed['raw']:.2f} (aim: at least 0.5)")
    return None


if __name__ == "__main__":
    main()
