"""What do the limits of a fair race cost a claim? All of them on beside none, PostgreSQL.

    python -m benchmarks.guarded_claim [--reps 100] [--claims 1000] [--history 200] [--profile]

Each rep claims waiting leads one after the other, each in a transaction of its own, over one
connection. Half of the claims are of each kind, in turn, so that whatever else the machine does
meets both alike.

- none: a race in which all are told at once, of reps for whom no policy holds.
- all: a premium pool by tier and with priority windows, of reps in a tier, with an allocation, in a
  phase of onboarding that lets them race, and under guardrails: claims a day, both ratios, cold
  leads, cooldown, priority windows. None of the limits is reached, so that every claim wins.

Each rep claimed as many leads before as ``--history`` says, in these two weeks and earlier, all
within what the limits count. The aim is that half of the claims under all limits take at most 1.5
times as long as half of those under none.
"""

import argparse
import cProfile
import pstats
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from benchmarks._database import database
from benchmarks._figures import percentiles, show

AIM = 1.5  # times as long, at p50
NONE, ALL = "none", "all"
MOST = 10_000  # of a limit that nobody reaches


def company(kind: str, number: int) -> tuple[Any, list[Any]]:
    """A pool, and the reps who race there."""
    from django.contrib.auth import get_user_model

    from leaddistrib.models import Pool, Rep, Team

    guarded = kind == ALL
    team, user = Team.objects.create(name=kind), get_user_model()
    users = user.objects.bulk_create(user(username=f"{kind}-{n}") for n in range(number))
    limits = {"tier": 1, "allocation": MOST} if guarded else {}
    reps = Rep.objects.bulk_create(
        Rep(user=one, team=team, capacity=10**6, **limits) for one in users
    )
    waves = {"premium": True, "tiered": True, "priority": True} if guarded else {}
    pool = Pool.objects.create(name=kind, **waves)
    pool.teams.add(team)
    if guarded:
        guard(team, reps)
    return pool, reps


def guard(team: Any, reps: list[Any]) -> None:
    """Every policy of a fair race holds for them, and nobody reaches a limit."""
    from leaddistrib.admin.tiers import USUAL
    from leaddistrib.lifecycle.prioritising import rotate
    from leaddistrib.models import (
        AllocationPolicy,
        GuardrailPolicy,
        Onboarding,
        OnboardingPhase,
        OnboardingPolicy,
        Tier,
        TierPolicy,
    )
    from leaddistrib.queries import clock

    AllocationPolicy.objects.create(team=team)
    tiers = TierPolicy.objects.create(team=team)
    Tier.objects.bulk_create(Tier(policy=tiers, **fields) for fields in USUAL)
    limits = {"daily_claims": MOST, "hot_per_warm": MOST, "claims_per_assigned": MOST}
    GuardrailPolicy.objects.create(team=team, weekly_cold=3, **limits)
    policy = OnboardingPolicy.objects.create(team=team)
    phase = OnboardingPhase.objects.create(policy=policy, position=1, name="Race", weeks=4)
    began = clock.now().date() - timedelta(days=30)
    Onboarding.objects.bulk_create(
        Onboarding(rep=rep, phase=phase, began_on=began, since=began) for rep in reps
    )
    rotate(clock.now())


def remember(pool: Any, reps: list[Any], number: int) -> None:
    """Each rep claimed so many leads before, half of them in this week and the last one, and these
    were closed."""
    from leaddistrib.models import Assignment, Claim, Lead
    from leaddistrib.queries import clock

    now = clock.now()
    for rep in reps:
        moments = [now - timedelta(hours=1 + n * 14 * 24 * 2 / number) for n in range(number)]
        leads = Lead.objects.bulk_create(
            Lead(pool=pool, status="closed", owner=rep, period=1, received_at=at, opens_at=at)
            for at in moments
        )
        Claim.objects.bulk_create(
            Claim(
                lead=lead,
                rep=rep,
                pool=pool,
                period=1,
                result="won",
                competitive=True,
                temperature=("hot", "warm", "cold")[n % 3],
                claimed_at=at,
            )
            for n, (lead, at) in enumerate(zip(leads, moments, strict=True))
        )
        Assignment.objects.bulk_create(
            Assignment(
                lead=lead,
                rep=rep,
                method="claim",
                started_at=at,
                ended_at=now,
                end="closed",
            )
            for lead, at in zip(leads, moments, strict=True)
        )


def opened(pool: Any, number: int) -> list[Any]:
    """So many leads that opened for everybody some time ago."""
    from django.db import transaction

    from leaddistrib.lifecycle.opening import tell, tell_due
    from leaddistrib.models import Lead
    from leaddistrib.queries import clock
    from leaddistrib.testing import clock_at

    before = clock.now() - timedelta(hours=2)
    waiting = {"status": "waiting", "pool": pool, "period": 1, "opens_at": before}
    leads = Lead.objects.bulk_create(
        Lead(received_at=before, temperature=("hot", "warm", "cold")[n % 3], **waiting)
        for n in range(number)
    )
    with clock_at(before), transaction.atomic():
        tell(leads, before)
    while tell_due(clock.now()):
        pass
    return leads


def claims(leads: list[Any], reps: list[Any]) -> list[Callable[[], None]]:
    """One claim of each lead, by the reps in turn."""
    from leaddistrib.lifecycle import claim

    def one(lead: Any, rep: Any) -> Callable[[], None]:
        def act() -> None:
            result = claim(lead, rep, via="page")
            assert result.result == "won", result

        return act

    return [one(lead, reps[n % len(reps)]) for n, lead in enumerate(leads)]


def statements(act: Callable[[], None]) -> int:
    """Of one claim, without BEGIN and COMMIT."""
    from django.db import connection

    counted = 0

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal counted
        counted += not sql.startswith(("SAVEPOINT", "RELEASE"))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        act()
    return counted


def seconds(act: Callable[[], None]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def measure(number: int, times: int, history: int, profile: bool) -> bool:
    """Print what was measured; returns whether it is within the aim."""
    from django.db import connection

    acts, asked = {}, {}
    for kind in (NONE, ALL):
        pool, reps = company(kind, number)
        remember(pool, reps, history)
        acts[kind] = claims(opened(pool, times + 20), reps)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for kind, some in acts.items():
        for act in some[:19]:  # what is loaded once is loaded
            act()
        asked[kind] = statements(some[19])
    if profile:
        with cProfile.Profile() as made:
            for act in acts[ALL][20:]:
                act()
        pstats.Stats(made).sort_stats("cumulative").print_stats(60)
        return True
    took: dict[str, list[float]] = {NONE: [], ALL: []}
    for pair in zip(acts[NONE][20:], acts[ALL][20:], strict=True):
        for kind, act in zip((NONE, ALL), pair, strict=True):
            took[kind].append(seconds(act))
    print(f"{number} reps, {times} claims of each kind, {history} claims of each before")
    for kind, values in took.items():
        show(f"{kind}, {asked[kind]} statements", values, took[NONE])
    ratio = percentiles(took[ALL])["p50"] / percentiles(took[NONE])["p50"]
    print(f"  all / none: {ratio:.2f} (aim: at most {AIM}): {'yes' if ratio <= AIM else 'NO'}")
    return ratio <= AIM


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reps", type=int, default=100)
    parser.add_argument("--claims", type=int, default=1000)
    parser.add_argument("--history", type=int, default=200, help="at least 50")
    parser.add_argument("--profile", action="store_true", help="where the time of a claim goes")
    given = parser.parse_args()
    with database("postgresql"):
        met = measure(given.reps, given.claims, given.history, given.profile)
    sys.exit(not met)


if __name__ == "__main__":
    main()
