"""A claim that is refused says which limit refused it and what would lift it (GU1, GU5, GU7, AL1,
ON1, RA4). By the team's own days and weeks."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.lifecycle import claim, receive, receive_many, release
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import (
    AllocationPolicy,
    Claim,
    GuardrailPolicy,
    Lead,
    Offer,
    Onboarding,
    OnboardingPhase,
    OnboardingPolicy,
    Tier,
    TierPolicy,
)
from leaddistrib.queries.inbox import standing
from leaddistrib.testing import LeadFactory, PoolFactory, clock_at, publish_rules

TUESDAY = datetime(2026, 3, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
INSTANT = timedelta(milliseconds=1)
NO_LIMITS = {
    "daily_claims": None,
    "hot_per_warm": None,
    "claims_per_assigned": None,
    "weekly_cold": None,
    "cooldown_hours": None,
}


@pytest.fixture
def limit(cast):
    """``limit(daily_claims=2)``: this limit holds for Paris, and no other."""
    cast.paris.time_zone = "Europe/Paris"
    cast.paris.save()

    def limited(**limits):
        return GuardrailPolicy.objects.create(team=cast.paris, **NO_LIMITS | limits)

    return limited


@pytest.fixture
def phase(cast):
    """``phase(rep, competition=50)``: the rep is in such a phase."""

    def begin(rep, **fields):
        policy, _ = OnboardingPolicy.objects.get_or_create(team=rep.team)
        own = OnboardingPhase.objects.create(
            policy=policy,
            position=policy.phases.count() + 1,
            name="Weeks 5–8",
            weeks=4,
            **fields,
        )
        day = TUESDAY.date()
        return Onboarding.objects.create(rep=rep, began_on=day, phase=own, since=day)

    return begin


@pytest.fixture
def reach(cast):
    """Amina reaches for a new lead at a moment, and is answered."""

    def one(moment=TUESDAY, *, pool=None, rep=None, **fields):
        with clock_at(moment):
            lead = LeadFactory(pool=pool or cast.pool, **fields)
            return claim(lead, rep or cast.amina, via="page")

    return one


def told(result):
    return [(one.code, dict(one.params), one.lifts_at) for one in result.refusals]


def codes(result):
    return [one.code for one in result.refusals]


@pytest.mark.parametrize(
    "midnight",
    [
        datetime(2026, 3, 3, 23, tzinfo=UTC),
        datetime(2026, 3, 28, 23, tzinfo=UTC),  # the day that follows has 23 hours
        datetime(2026, 3, 29, 22, tzinfo=UTC),  # it ends
        datetime(2026, 10, 25, 23, tzinfo=UTC),  # a day of 25 hours ends
    ],
)
def test_the_daily_limit_lifts_at_midnight_in_paris(limit, reach, midnight):
    limit(daily_claims=2)
    for moment in (midnight - 2 * HOUR, midnight - HOUR):
        assert reach(moment).result == "won"

    refused = reach(midnight - INSTANT)

    assert told(refused) == [("daily_limit", {"claims": 2, "limit": 2}, midnight)]
    assert reach(midnight).result == "won"


def test_at_the_daily_limit_a_queue_still_gives_leads_and_leads_are_still_assigned(
    cast, limit, reach
):
    limit(daily_claims=1)
    queue = PoolFactory(name="Next", mode="queue", reps=[cast.amina])
    publish_rules(
        [{"name": "In turn", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}]
    )
    cast.bruno.paused = True
    cast.bruno.save()
    assert reach().result == "won"

    assert codes(reach()) == ["daily_limit"]
    assert reach(pool=queue).result == "won"
    with clock_at(TUESDAY):
        assert receive(clean({"company": "Acme", "source": "website"})).lead.owner == cast.amina
        own = standing(cast.amina, TUESDAY)
    assert [one.code for one in own.refusals] == ["daily_limit"]
    assert own.may_claim


def test_who_is_at_the_daily_limit_is_not_told_of_a_race(cast, limit, reach):
    limit(daily_claims=1)
    assert reach().result == "won"

    with clock_at(TUESDAY):
        lead = LeadFactory(pool=cast.pool)

    assert [offer.rep for offer in Offer.objects.filter(lead=lead)] == [cast.bruno]


def test_giving_back_frees_no_claim_of_the_day_and_the_lead_stays_closed_for_a_while(
    cast, limit, reach
):
    limit(daily_claims=2, cooldown_hours=24)
    lead = reach().lead
    with clock_at(TUESDAY + HOUR):
        release(lead, cast.amina, reason="wrong number")
    back = TUESDAY + 25 * HOUR

    def again(moment):
        with clock_at(moment):
            return claim(lead, cast.amina, via="page")

    assert told(again(back - INSTANT)) == [("gave_back", {}, back)]
    assert reach(TUESDAY + HOUR).result == "won"
    assert codes(reach(TUESDAY + HOUR)) == ["daily_limit"]
    assert again(back).result == "won"


def test_each_claim_keeps_whether_it_was_raced_for_and_how_warm_the_lead_was(cast, reach):
    queue = PoolFactory(name="Next", mode="queue", reps=[cast.amina])
    reach(temperature="hot")
    reach(temperature="warm", pool=queue)
    blind = LeadFactory(pool=cast.pool, temperature="hot")
    Lead.objects.filter(pk=blind.pk).update(blind=True)
    claim(blind, cast.amina, via="page")

    kept = Claim.objects.order_by("pk").values_list("competitive", "temperature")
    assert list(kept) == [(True, "hot"), (False, "warm"), (True, "")]


def test_a_warm_lead_is_claimed_for_each_two_hot_ones(limit, reach):
    limit(hot_per_warm=2)
    monday = datetime(2026, 3, 8, 23, tzinfo=UTC)
    for _ in range(2):
        assert reach(temperature="hot").result == "won"

    refused = reach(temperature="hot")

    assert told(refused) == [("hot_ratio", {"hot": 2, "warm": 0, "limit": 2}, monday)]
    assert reach(temperature="warm").result == "won"
    assert reach(temperature="hot").result == "won"
    assert reach(monday, temperature="hot").result == "won"


def test_an_assigned_lead_is_kept_for_each_few_claims(cast, limit, reach):
    limit(claims_per_assigned=1)
    assert reach().result == "won"
    assert codes(reach()) == ["assigned_ratio"]
    with clock_at(TUESDAY):
        LeadFactory(owner=cast.amina)

    assert reach().result == "won"
    assert codes(reach()) == ["assigned_ratio"]


def test_who_claimed_too_few_cold_leads_claims_cold_ones_first(limit, reach):
    limit(weekly_cold=1)
    week = timedelta(days=7)
    assert reach(TUESDAY, temperature="warm").result == "won"

    refused = reach(TUESDAY + week, temperature="warm")

    assert told(refused) == [("cold_first", {"cold": 0, "wanted": 1}, None)]
    assert reach(TUESDAY + week, temperature="cold").result == "won"
    assert reach(TUESDAY + week, temperature="warm").result == "won"
    assert reach(TUESDAY + 2 * week, temperature="warm").result == "won"


def test_the_allocation_bounds_claims_and_pushes_until_the_week_ends(cast, limit, reach):
    limit()
    AllocationPolicy.objects.create()
    for rep in (cast.amina, cast.bruno):
        rep.allocation = 1
        rep.save()
    overflow = PoolFactory(name="Overflow", mode="queue", reps=[cast.amina])
    then = {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "Overflow"}]}
    publish_rules([{"name": "In turn", "when": {}, "then": then}])
    monday = datetime(2026, 3, 8, 23, tzinfo=UTC)
    assert reach().result == "won"

    refused = reach(pool=overflow)

    assert told(refused) == [("over_allocation", {"had": 1, "allocation": 1}, monday)]
    with clock_at(TUESDAY):
        leads = [receive(clean({"company": name, "source": "web"})).lead for name in "ABC"]
    assert [lead.owner for lead in leads] == [cast.bruno, None, None]
    assert leads[1].pool == overflow
    assert reach(monday).result == "won"


def test_leads_that_come_in_together_do_not_pass_the_allocation(cast):
    """They are decided in one batch, and each counts for the next."""

    AllocationPolicy.objects.create()
    for rep in (cast.amina, cast.bruno):
        rep.allocation = 2
        rep.save()
    publish_rules(
        [{"name": "In turn", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}]
    )

    receive_many([clean({"company": f"C {n}", "source": "web"}) for n in range(7)])

    assert [rep.leads.count() for rep in (cast.amina, cast.bruno)] == [2, 2]


def test_in_the_first_weeks_races_are_watched_and_leads_assigned(cast, phase, reach):
    phase(cast.amina, competition=0)
    publish_rules(
        [{"name": "In turn", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}]
    )
    cast.bruno.paused = True
    cast.bruno.save()

    assert codes(reach()) == ["onboarding"]
    with clock_at(TUESDAY):
        assert receive(clean({"company": "Acme", "source": "web"})).lead.owner == cast.amina


def test_half_of_any_ten_leads_come_from_races(cast, phase, reach):
    """Five races, then as many assigned ones, and each that leaves the ten makes room for one."""
    phase(cast.amina, competition=50)
    got = []
    for hour in range(24):
        moment = TUESDAY + hour * HOUR
        if reach(moment).result == "won":
            got.append("r")
        else:
            with clock_at(moment):
                LeadFactory(owner=cast.amina)
            got.append("a")

    assert "".join(got) == "rrrrraaaaa" * 2 + "rrrr"


def test_a_push_passes_over_whose_half_of_assigned_leads_is_full(cast, phase):
    phase(cast.amina, competition=50)
    with clock_at(TUESDAY):
        for _ in range(5):
            LeadFactory(owner=cast.amina)
    publish_rules(
        [{"name": "In turn", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}]
    )

    with clock_at(TUESDAY + HOUR):
        lead = receive(clean({"company": "Acme", "source": "web"})).lead

    assert lead.owner == cast.bruno
    [step] = lead.decisions.get().explanation["steps"]
    [out] = [one for one in step["candidates"] if one["rep"] == cast.amina.pk]
    assert (out["refused"], out["params"]) == ("half", {"taken": 5, "of": 5})


def test_new_reps_race_their_cohort_only(cast, phase, reach):
    phase(cast.amina, competition=50, cohort_only=True)
    assert codes(reach()) == ["other_cohort"]

    phase(cast.bruno, competition=50, cohort_only=True)

    assert reach().result == "won"


def test_a_newcomer_who_watches_or_is_further_does_not_close_the_cohorts_pool(cast, phase, reach):
    phase(cast.amina, competition=50, cohort_only=True)
    phase(cast.bruno, competition=0)

    assert reach().result == "won"


@pytest.mark.parametrize(
    ("through_after", "answer"), [(1, []), (0, ["other_cohort"]), (-30, ["other_cohort"])]
)
def test_who_was_new_together_with_a_rep_stays_of_the_cohort_when_through(
    cast, phase, reach, through_after, answer
):
    """Bruno is through so many days after Amina began: he closes no pool to her where they were
    onboarded together; who was through before she came does."""
    begun = phase(cast.amina, competition=50, cohort_only=True)
    day = begun.began_on + timedelta(days=through_after)
    Onboarding.objects.create(rep=cast.bruno, began_on=day - timedelta(90), phase=None, since=day)

    assert codes(reach()) == answer


def test_guaranteed_leads_are_assigned_whatever_the_half(cast, phase):
    phase(cast.amina, competition=50, least_leads=6)
    cast.bruno.paused = True
    cast.bruno.save()
    with clock_at(TUESDAY):
        for _ in range(5):
            LeadFactory(owner=cast.amina)
    publish_rules(
        [{"name": "In turn", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}]
    )

    owners = []
    for hour in (1, 2):
        with clock_at(TUESDAY + hour * HOUR):
            owners.append(receive(clean({"company": f"C {hour}", "source": "web"})).lead.owner)

    assert owners == [cast.amina, None]


def test_a_premium_pool_is_for_tiers_that_see_it(cast, reach):
    policy = TierPolicy.objects.create()
    for level, share in enumerate((25, 50, 25), 1):
        Tier.objects.create(
            policy=policy, level=level, name=f"Tier {level}", share=share, premium=level < 3
        )
    best = PoolFactory(name="Best", mode="race", premium=True, reps=[cast.amina, cast.bruno])
    cast.amina.tier, cast.bruno.tier = 3, 1
    cast.amina.save()
    cast.bruno.save()

    assert "premium" in codes(reach(pool=best))
    assert reach(pool=best, rep=cast.bruno).result == "won"
