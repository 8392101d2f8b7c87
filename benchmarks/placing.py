"""What does it cost to place 10,000 reps in tiers by 10 million log entries? PostgreSQL.

    python -m benchmarks.placing [--reps 10000] [--entries 10000000] [--teams 500] [--times 3]
                                 [--profile]

Everything happened within the days that the policy looks back: five entries for each lead
(received, assigned, its clock started, contacted, won or lost), with the rows that are written
beside them. Each rep has a quota for every month. It is loaded by set-based SQL, which takes a few
minutes.

- ours: `place_reps`, from nothing to the last committed placement, each with its figures.
- log: one hand-written SQL statement that reads the same figures of each rep (leads, wins, answers
  and their seconds) out of the log entries of these days, grouped by rep. It writes nothing, ranks
  nobody, and knows nothing of quotas, teams, or of what was undone.
- rows: the same, from the tables that are kept beside the log (assignments, outcomes, sums of
  responses), as a statement of its own: what a database needs at least that keeps such tables.
- queries: statements of ours, without BEGIN and COMMIT.

The aim is at most twice the log. Each is run once before, unmeasured, and the best of ``--times``
counts, because what is measured is work and not who else works. Both are seconds of one connection.
"""

import argparse
import cProfile
import pstats
import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from benchmarks._bulk import insert, loading
from benchmarks._database import database

AIM = 2.0  # times as long as the reference
EACH = 5  # entries of a lead
DAYS = 90


def load(reps: int, entries: int, teams: int, moment: datetime) -> None:
    """Reps in teams, and what happened in the days before ``moment``."""
    from django.contrib.auth import get_user_model

    from leaddistrib.admin.tiers import USUAL
    from leaddistrib.models import (
        Assignment,
        Lead,
        LogEntry,
        Outcome,
        Quota,
        Rep,
        ResponseRollup,
        Team,
        Tier,
        TierPolicy,
    )

    policy = TierPolicy.objects.create(days=DAYS)
    Tier.objects.bulk_create(Tier(policy=policy, **fields) for fields in USUAL)
    leads = entries // EACH
    # The n-th lead is the n % reps-th rep's, and each rep's leads are spread over all days.
    rep = f"(1 + n % {reps})"
    began = moment.date() - timedelta(days=DAYS)
    at = f"(timestamptz '{began} UTC' + n * interval '{DAYS} days' / {leads})"
    every = f"generate_series(0::bigint, {leads - 1}) AS n"
    quick = f"(60 + (n * 7919 + {rep} * 104729) % 7200)"
    won = f"(n / {reps} + {rep}) % 9 = 0"
    with loading(Lead, LogEntry, Assignment, Outcome, ResponseRollup):
        insert(get_user_model(), f"generate_series(1, {reps}) AS n", id="n", username="'rep-' || n")
        insert(Team, f"generate_series(1, {teams}) AS n", id="n", name="'Team ' || n")
        people = f"generate_series(1, {reps}) AS n"
        insert(Rep, people, id="n", user="n", team=f"1 + n % {teams}")
        owned = {"status": "'owned'", "owner": rep, "source": "'website'"}
        insert(Lead, every, id="n + 1", received_at=at, created_at=at, **owned)
        insert(Assignment, every, lead="n + 1", rep=rep, method="'push'", started_at=at)
        events = {
            LogEntry.Event.RECEIVED: ("NULL", "'{}'"),
            LogEntry.Event.ASSIGNED: (rep, "'{}'"),
            LogEntry.Event.CLOCK_STARTED: (rep, "jsonb_build_object('clock', n)"),
            LogEntry.Event.CONTACTED: (
                rep,
                f"jsonb_build_object('response', jsonb_build_object('seconds', {quick}))",
            ),
            LogEntry.Event.OUTCOME: (
                rep,
                f"jsonb_build_object('stage', CASE WHEN {won} THEN 'won' ELSE 'lost' END)",
            ),
        }
        for event, (who, detail) in events.items():
            insert(LogEntry, every, lead="n + 1", event=f"'{event}'", rep=who, at=at, detail=detail)
        stage, value = f"CASE WHEN {won} THEN 'won' ELSE 'lost' END", "100 + n % 900"
        said = {"stage": stage, "value": value, "currency": "'EUR'", "at": at}
        insert(Outcome, every, lead="n + 1", rep=rep, **said)
        hours = f"date_trunc('hour', {at} AT TIME ZONE 'UTC')"
        insert(
            ResponseRollup,
            f"(SELECT {rep} AS rep, {hours} AS hour, count(*) AS number, sum({quick}) AS seconds"  # noqa: S608
            f" FROM {every} GROUP BY 1, 2) AS sums",
            day="hour::date",
            hour="extract(hour FROM hour)",
            rep="rep",
            started="number",
            answered="number",
            seconds="seconds",
        )
        months = sorted({(began + timedelta(days=n)).replace(day=1) for n in range(DAYS)})
        for month in months:
            insert(Quota, people, rep="n", month=f"'{month}'", amount="10000", currency="'EUR'")


LOG = """
SELECT rep_id,
    count(DISTINCT lead_id) FILTER (WHERE event IN ('lead.assigned', 'lead.claimed')),
    count(DISTINCT lead_id) FILTER (
        WHERE event = 'outcome.recorded' AND detail->>'stage' = 'won'),
    count(*) FILTER (WHERE event = 'lead.contacted' AND detail ? 'response'),
    sum((detail->'response'->>'seconds')::int) FILTER (WHERE event = 'lead.contacted')
FROM leaddistrib_logentry
WHERE at >= %s AND at < %s AND rep_id IS NOT NULL
GROUP BY rep_id
"""

ROWS = """
SELECT * FROM (
    SELECT rep_id, count(DISTINCT lead_id) FROM leaddistrib_assignment
    WHERE started_at >= %s AND started_at < %s GROUP BY rep_id) AS had
FULL JOIN (
    SELECT rep_id, count(DISTINCT lead_id) FROM leaddistrib_outcome
    WHERE stage = 'won' AND undone_at IS NULL AND at >= %s AND at < %s GROUP BY rep_id) AS won
    USING (rep_id)
FULL JOIN (
    SELECT rep_id, sum(answered), sum(seconds) FROM leaddistrib_responserollup
    WHERE day >= %s AND day < %s GROUP BY rep_id) AS answered USING (rep_id)
"""


def read(sql: str, since: date, until: date) -> int:
    """Seconds are of the statement and of fetching all of its rows; returns how many they are."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, [since, until] * (sql.count("%s") // 2))
        return len(cursor.fetchall())


def forget() -> None:
    """As if nobody had been placed."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE leaddistrib_tierplacement")
        cursor.execute("UPDATE leaddistrib_rep SET tier = NULL WHERE tier IS NOT NULL")
        cursor.execute("VACUUM leaddistrib_rep")


def seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def queries(act: Callable[[], object]) -> int:
    from django.db import connection

    counted = 0

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal counted
        counted += not sql.startswith(("SAVEPOINT", "RELEASE"))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        act()
    return counted


def measure(reps: int, entries: int, teams: int, times: int, profile: bool) -> bool:
    """Print what was measured; returns whether it is within the aim."""
    from leaddistrib.lifecycle.placing import place_reps
    from leaddistrib.models import TierPlacement
    from leaddistrib.queries import clock
    from leaddistrib.queries.placing import today_of

    moment = clock.now()
    print(f"loading {entries} log entries: ", end="", flush=True)
    print(f"{seconds(lambda: load(reps, entries, teams, moment)):.0f} s")
    until = today_of(moment)
    since = until - timedelta(days=DAYS)
    forget()
    asked = queries(lambda: place_reps(moment))
    assert TierPlacement.objects.count() == reps
    if profile:
        forget()
        with cProfile.Profile() as made:
            place_reps(moment)
        pstats.Stats(made).sort_stats("cumulative").print_stats(50)
    references = {"log": LOG, "rows": ROWS}
    took: dict[str, list[float]] = {"log": [], "rows": [], "ours": []}
    for name, sql in references.items():
        assert read(sql, since, until) == reps, name
    for _ in range(times):
        for name, sql in references.items():
            took[name].append(seconds(partial(read, sql, since, until)))
        forget()
        took["ours"].append(seconds(lambda: place_reps(moment)))
    best = {name: min(values) for name, values in took.items()}
    print(f"{reps} reps in {teams} teams, {entries} log entries, {asked} queries")
    for name, value in best.items():
        print(f"  {name:5} {value:7.2f} s   {best['ours'] / value:5.2f} x")
    met = best["ours"] <= AIM * best["log"]
    print(f"  at most {AIM:.0f} x the log: {'yes' if met else 'NO'}")
    return met


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reps", type=int, default=10_000)
    parser.add_argument("--entries", type=int, default=10_000_000)
    parser.add_argument("--teams", type=int, default=500)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="where the time of ours goes")
    given = parser.parse_args()
    with database("postgresql"):
        met = measure(given.reps, given.entries, given.teams, given.times, given.profile)
    sys.exit(not met)


if __name__ == "__main__":
    main()
