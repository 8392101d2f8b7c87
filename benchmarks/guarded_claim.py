"""What do all guardrails add to a claim? One with every limit of a fair race beside one with none.

    python -m benchmarks.guarded_claim [--claims 300] [--reps 30] [--history 100]

Each rep of two teams has the same history, and claims leads of the own pool, in turns with a rep of
the other team, over one connection to a throw-away PostgreSQL with its own defaults for durability
(fsync on).

- none: a race in which nothing is limited but open leads. It is the reference.
- all: a daily limit, both ratios, cold first, cool-down, an allocation, a phase of onboarding that
  mixes races with assigned leads and is for the cohort alone, in a premium pool that opens by tier.

Aim: half of the claims with all of them take at most 1.5 times as long as half of those with none.
The exit status is 1 when it is missed, or when a claim was refused.
"""

import argparse
import sys
import time
from datetime import timedelta
from statistics import median
from typing import Any

from benchmarks._database import database
from benchmarks._figures import show

AIM = 1.5  # times as long as a claim with no guardrail
MANY = 10_000  # of what is counted: limits that hold, and that nobody comes near


def teams(number: int) -> dict[str, tuple[Any, list[Any]]]:
    """The race and the reps of a team without and of one with every limit."""
    from django.contrib.auth import get_user_model

    from leaddistrib.models import Pool, Rep, Team

    user = get_user_model()
    found = {}
    for name in ("none", "all"):
        team = Team.objects.create(name=name)
        users = user.objects.bulk_create(user(username=f"{name}-{n}") for n in range(number))
        staff = Rep.objects.bulk_create(
            Rep(user=one, team=team, capacity=MANY, tier=1) for one in users
        )
        bounded = name == "all"
        pool = Pool.objects.create(name=name, premium=bounded, tiered=bounded)
        pool.teams.add(team)
        found[name] = pool, staff
    limit(*found["all"])
    return found


def limit(pool: Any, staff: list[Any]) -> None:
    """Everything that may stand against a claim does, as far as its count allows."""
    from leaddistrib.models import (
        AllocationPolicy,
        GuardrailPolicy,
        Onboarding,
        OnboardingPhase,
        OnboardingPolicy,
        Rep,
        Tier,
        TierPolicy,
    )
    from leaddistrib.queries import clock

    team, today = staff[0].team, clock.now().date()
    GuardrailPolicy.objects.create(
        team=team, daily_claims=MANY, hot_per_warm=MANY, claims_per_assigned=MANY, weekly_cold=3
    )
    AllocationPolicy.objects.create(team=team)
    tiers = TierPolicy.objects.create(team=team, floor_percent=0)
    Tier.objects.create(policy=tiers, level=1, name="Gold", share=30, premium=True)
    Tier.objects.create(policy=tiers, level=2, name="Silver", share=70, delay_minutes=15)
    # Of ten leads in a row nine may be raced for, and the histories have more assigned ones.
    phase = OnboardingPhase.objects.create(
        policy=OnboardingPolicy.objects.create(team=team),
        position=1,
        name="Begun",
        weeks=50,
        competition=90,
        cohort_only=True,
        least_leads=1,
    )
    since = today - timedelta(days=20)
    Onboarding.objects.bulk_create(
        Onboarding(rep=rep, phase=phase, began_on=since, since=since) for rep in staff
    )
    Rep.objects.filter(team=team).update(allocation=MANY)


def history(staff: list[Any], number: int) -> None:
    """What each rep claimed in two weeks, of every temperature, and as many leads assigned."""
    from leaddistrib.models import Assignment, Claim, Lead
    from leaddistrib.queries import clock

    now = clock.now()
    for rep in staff:
        leads = Lead.objects.bulk_create(
            Lead(status="closed", received_at=now - timedelta(days=15)) for _ in range(2 * number)
        )
        moments = [now - n * timedelta(days=14) / number for n in range(1, number + 1)]
        Claim.objects.bulk_create(
            Claim(
                lead=lead,
                rep=rep,
                period=1,
                result="won",
                competitive=True,
                temperature=("cold", "warm", "hot")[n % 3],
                via="page",
                claimed_at=moments[n],
            )
            for n, lead in enumerate(leads[:number])
        )
        Assignment.objects.bulk_create(
            Assignment(
                lead=lead,
                rep=rep,
                method="claim" if n < number else "push",
                started_at=moments[n % number],
                ended_at=moments[n % number] + timedelta(hours=1),
                end="closed",
            )
            for n, lead in enumerate(leads)
        )


def wait(pool: Any, number: int) -> list[Any]:
    """So many leads wait in the race, told to its members as in life."""
    from django.db import transaction

    from leaddistrib.lifecycle.opening import tell
    from leaddistrib.models import Lead
    from leaddistrib.queries import clock

    now = clock.now()
    waiting = {"status": "waiting", "pool": pool, "period": 1, "opens_at": now, "received_at": now}
    leads = [
        Lead(temperature=("cold", "warm", "hot")[n % 3], score=n % 100, **waiting)
        for n in range(number)
    ]
    with transaction.atomic():
        tell(Lead.objects.bulk_create(leads), now)
    return leads


def queries(lead: Any, rep: Any) -> int:
    """How many statements one claim takes, with those that begin and end its transaction."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        claimed(lead, rep)
    return len(captured)


def claimed(lead: Any, rep: Any) -> float:
    """The seconds that one claim takes, from a lead and a rep of whom only the keys are known."""
    from leaddistrib.lifecycle import claim
    from leaddistrib.models import Lead, Rep

    known = Lead(pk=lead.pk), Rep(pk=rep.pk)
    started = time.perf_counter()
    result = claim(*known, via="page")
    taken = time.perf_counter() - started
    assert result.result == "won", result.refusals
    return taken


def measure(claims: int, reps: int, past: int) -> bool:
    """Print what was measured; returns whether it is as aimed at."""
    from django.db import connection

    both = teams(reps)
    waiting = {}
    for name, (pool, staff) in both.items():
        history(staff, past)
        waiting[name] = wait(pool, claims + 2)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    taken: dict[str, list[float]] = {name: [] for name in both}
    asked: dict[str, int] = {}
    for name, (_pool, staff) in both.items():
        claimed(waiting[name][0], staff[0])  # what is read once and kept is read
        asked[name] = queries(waiting[name][1], staff[0])
    for n in range(claims):
        for name, (_pool, staff) in both.items():
            taken[name].append(claimed(waiting[name][n + 2], staff[n % reps]))
    for name, seconds in taken.items():
        show(f"{name} ({asked[name]} queries)", seconds, taken["none"])
    ratio = median(taken["all"]) / median(taken["none"])
    print(f"  all / none: {ratio:.2f} (aim: at most {AIM}): {'yes' if ratio <= AIM else 'NO'}")
    return ratio <= AIM


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--claims", type=int, default=300, help="claims of each kind")
    parser.add_argument("--reps", type=int, default=30, help="reps of each team")
    parser.add_argument("--history", type=int, default=100, help="claims of each rep before")
    given = parser.parse_args()
    with database("postgresql"):
        print(f"{given.claims} claims of each kind by {given.reps} reps, one after another")
        met = measure(given.claims, given.reps, given.history)
    sys.exit(not met)


if __name__ == "__main__":
    main()
