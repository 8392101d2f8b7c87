"""How long does a dry run take, and where does the time go?

    python -m benchmarks.dry_run [--leads 10000] [--rules 50] [--reps 50] [--database sqlite]

Past leads are decided again by a draft and by the version in force: read from the database, placed
on the map, decided twice with every reason, and counted. Half of the reps have working hours, each
fifth was away for a week. The reference is the engine's `decide` alone on the same facts, twice for
each lead: what is above it is reading and counting. Aim: 10,000 leads within 10 s (RU6).
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from benchmarks._database import database

COUNTRIES = ("FR", "BE", "GB", "DE", "ES", "IT", "NL", "CH", "AT", "PT")


def company(reps: int, rules: int) -> Any:
    """Teams of ten reps, territories, and rules by country and size; returns the version."""
    from datetime import time as wall

    from django.contrib.auth import get_user_model

    from leaddistrib.lifecycle import publish
    from leaddistrib.models import Pool, Rep, Team, Territory, TimeOff, WorkingHours
    from leaddistrib.queries import clock

    now, user = clock.now(), get_user_model()
    teams = [Team.objects.create(name=f"Team {n}") for n in range(max(1, reps // 10))]
    users = user.objects.bulk_create(user(username=f"rep-{n}") for n in range(reps))
    people = Rep.objects.bulk_create(
        Rep(user=one, team=teams[n % len(teams)], weight=1 + n % 3) for n, one in enumerate(users)
    )
    pool = Pool.objects.create(name="Everyone")
    pool.teams.set(teams)
    for n, team in enumerate(teams):
        Territory.objects.create(name=f"T{n}", countries=[COUNTRIES[n % 10]], team=team)
    WorkingHours.objects.bulk_create(
        WorkingHours(rep=rep, weekday=day, starts=wall(8), ends=wall(18))
        for rep in people[::2]
        for day in range(5)
    )
    TimeOff.objects.bulk_create(
        TimeOff(rep=rep, starts_at=now - timedelta(days=14), ends_at=now - timedelta(days=7))
        for rep in people[::5]
    )
    pushes = ("round_robin", "weighted", "least_loaded", "territory_owner")
    documents = [
        {
            "name": f"Rule {n}",
            "when": {
                "all": [
                    {"field": "country", "op": "eq", "value": COUNTRIES[n % 10]},
                    {"field": "employees", "op": "gte", "value": 1000 - 20 * (n // 10)},
                ]
            },
            "then": {
                "push": pushes[n % 4],
                "team": teams[n % len(teams)].name,
                "fallback": [{"pool": "Everyone"}],
            },
        }
        for n in range(rules - 1)
    ]
    return publish([*documents, {"name": "All", "when": {}, "then": {"pool": "Everyone"}}])


def leads(number: int) -> None:
    """Leads of the last 30 days, all through the day."""
    from leaddistrib.models import Lead
    from leaddistrib.queries import clock

    now, step = clock.now(), timedelta(days=30) / number
    Lead.objects.bulk_create(
        (
            Lead(
                company=f"Company {n}",
                country=COUNTRIES[n * 7 % 10],
                postal_code=f"{n % 99:02}000",
                employees=n * 13 % 1200,
                score=n % 100,
                received_at=now - step * (number - n),
            )
            for n in range(number)
        ),
        batch_size=1000,
    )


def another(version: Any) -> Any:
    """A draft in which the first rules stand last and one strategy is another."""
    from leaddistrib.lifecycle.drafting import draft_of, order_rules
    from leaddistrib.models import RuleStep

    draft = draft_of(version)
    ids = list(draft.rules.order_by("position").values_list("pk", flat=True))
    order_rules(draft, [*ids[10:-1], *ids[:10], ids[-1]])
    RuleStep.objects.filter(rule__ruleset=draft, push="weighted").update(push="round_robin")
    return draft


def seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def measure(kind: str, number: int, rules: int, reps: int) -> None:
    from leaddistrib.lifecycle.dryruns import ask, work_off
    from leaddistrib.lifecycle.matching import place
    from leaddistrib.models import Lead
    from leaddistrib.queries import clock, rulebook
    from leaddistrib.queries.replay import Player, rules_of

    version = company(reps, rules)
    leads(number)
    draft = another(version)
    now = clock.now()
    since = now - timedelta(days=31)
    run = ask(draft, since=since, until=now, limit=number)
    ours = seconds(lambda: work_off(clock.now()))
    run.refresh_from_db()
    assert run.result["leads"] == number, run.problem
    rows = list(
        Lead.objects.select_related("territory", "account__owner__user").order_by("received_at")
    )
    place(rows)
    facts = [(lead.pk, rulebook.lead_facts(lead), lead.received_at) for lead in rows]
    players = [Player(rules_of(one), since, now) for one in (version, draft)]

    def alone() -> None:
        for lead in facts:
            for player in players:
                player.play(*lead)

    reference = seconds(alone)
    print(f"{kind}: {number} leads, {rules} rules, {reps} reps; {run.result['moved']} leads move")
    print(f"  dry run      {ours:6.2f} s   (aim: 10,000 leads within 10 s)")
    print(f"  engine alone {reference:6.2f} s   {1e6 * reference / number / 2:.0f} µs a decision")
    print(f"  dry run / engine: {ours / reference:.1f} times as long")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leads", type=int, default=10_000)
    parser.add_argument("--rules", type=int, default=50)
    parser.add_argument("--reps", type=int, default=50)
    parser.add_argument("--database", nargs="+", default=["postgresql", "sqlite"])
    given = parser.parse_args()
    if len(given.database) > 1:  # one process each: Django keeps to one database
        for kind in given.database:
            again = [*sys.argv[1:], "--database", kind]
            subprocess.run([sys.executable, "-m", "benchmarks.dry_run", *again], check=True)
        return
    [kind] = given.database
    with database(kind):
        measure(kind, given.leads, given.rules, given.reps)


if __name__ == "__main__":
    main()
