"""Who is in no tier of the policy counts as of the middle one, wherever tiers are asked (TI1)."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.lifecycle import claim
from leaddistrib.lifecycle.opening import tell_due
from leaddistrib.models import Claim, Tier
from leaddistrib.queries import bids
from leaddistrib.queries.levels import counting, levels_of
from leaddistrib.queries.membership import members_by_pool, pools_of
from leaddistrib.queries.premium import kept_out_of_premium
from leaddistrib.queries.roster import rep_facts
from leaddistrib.queries.windows import wavers
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory, clock_at
from tests.tiers import placed, tier_policy

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
IN_NONE = [None, 4]
"""Not placed; and on a level that was deleted, or that only the rep's former team has."""


@pytest.fixture
def paris():
    team = TeamFactory(name="Paris")
    tier_policy(team)
    return team


def rep(team, level):
    return placed(RepFactory(team=team), level)


@pytest.mark.parametrize("level", IN_NONE)
@pytest.mark.parametrize("sees", [True, False])
def test_a_premium_pool_by_tier_opens_as_it_does_for_the_middle_tier(paris, level, sees):
    Tier.objects.filter(level=2).update(premium=sees)
    rep(paris, 1)
    oscar = rep(paris, level)
    pool = PoolFactory(tiered=True, premium=True, teams=[paris])
    with clock_at(NOON):
        lead = LeadFactory(pool=pool)

    assert list(pools_of(oscar)) == [pool] * sees
    with clock_at(NOON + 14 * MINUTE):
        assert claim(lead, oscar, via="page").result == "refused"
    later = NOON + 15 * MINUTE
    with clock_at(later):
        tell_due(later)
        claimed = claim(lead, oscar, via="page")
    assert [one.code for one in claimed.refusals] == ([] if sees else ["premium"])


@pytest.mark.parametrize("levels", range(1, 6))
def test_all_questions_name_the_same_middle(levels):
    team = TeamFactory()
    policy = tier_policy(team)
    policy.tiers.all().delete()
    for level in range(1, levels + 1):
        policy.tiers.create(level=level, name=str(level), share=10, premium=False)
    oscar = rep(team, 9)
    counts = counting(levels_of([policy])[policy.pk], oscar.tier)
    assert counts is not None
    assert counts.level == (levels + 1) // 2

    assert kept_out_of_premium([oscar.pk]) == {oscar.pk}
    assert not rep_facts([oscar.pk], NOON)[oscar.pk].auto_assigned
    policy.tiers.filter(pk=counts.pk).update(premium=True, auto_assigned=True)
    assert not kept_out_of_premium([oscar.pk])
    assert rep_facts([oscar.pk], NOON)[oscar.pk].auto_assigned


@pytest.mark.parametrize("level", IN_NONE)
def test_in_a_cascade_and_among_sealed_claims_they_come_between_the_others(paris, level):
    gold, oscar, bronze = (rep(paris, one) for one in (1, level, 3))
    pool = PoolFactory(award="cascade", cascade_seconds=20, teams=[paris])

    [found] = wavers([pool], members_by_pool([pool.pk]), NOON, ready=()).values()
    by_rank = sorted(found.members, key=lambda one: one.rank)
    assert [one.rep for one in by_rank] == [gold.pk, oscar.pk, bronze.pk]

    pool.sealed_by = "tier"
    lead = LeadFactory()
    claims = [
        Claim.objects.create(
            lead=lead, rep=one, period=1, claimed_at=NOON, result=Claim.Result.COLLECTED
        )
        for one in (bronze, oscar, gold)
    ]
    reps = {one.pk: one for one in (gold, oscar, bronze)}
    ranked = bids.ranked_claims(claims, reps, pool, NOON)
    assert [one.rep for one in ranked] == [gold, oscar, bronze]
