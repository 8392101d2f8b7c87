"""What other numbers would have made of last month: replayed by hand here, and by the gates."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.lifecycle import claim
from leaddistrib.lifecycle.waves import drawn
from leaddistrib.models import (
    AllocationPolicy,
    Assignment,
    Claim,
    GuardrailPolicy,
    Onboarding,
    OnboardingPhase,
    OnboardingPolicy,
    Outcome,
    PhaseChange,
    Quota,
    ResponseRollup,
    TierPolicy,
)
from leaddistrib.queries.whatif import events
from leaddistrib.queries.whatif.allocation import try_allocation
from leaddistrib.queries.whatif.guardrails import try_guardrails
from leaddistrib.queries.whatif.onboarding import try_onboarding
from leaddistrib.queries.whatif.tiers import try_tiers
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory, clock_at
from tests.tiers import placed, tier_policy

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)  # a Wednesday
TUESDAY = datetime(2026, 3, 17, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NO_LIMITS = {
    "daily_claims": None,
    "hot_per_warm": None,
    "claims_per_assigned": None,
    "weekly_cold": None,
}


@pytest.fixture(autouse=True)
def in_paris(settings):
    settings.TIME_ZONE = "Europe/Paris"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def paris():
    return TeamFactory(name="Paris", time_zone="Europe/Paris")


def rep(name, team):
    return RepFactory(user__username=name, team=team)


@pytest.fixture
def amina(paris):
    return rep("amina", paris)


@pytest.fixture
def bruno(paris):
    return rep("bruno", paris)


def claimed(who, at, temperature="hot", *, reasons=(), lead=None, competitive=True):
    """A claim that won, or was refused for these reasons."""
    lead = lead or LeadFactory()
    if not reasons:
        Assignment.objects.create(lead=lead, rep=who, method="claim", started_at=at)
    return Claim.objects.create(
        lead=lead,
        rep=who,
        period=1,
        result="refused" if reasons else "won",
        reasons=list(reasons),
        competitive=competitive,
        temperature=temperature,
        via="page",
        claimed_at=at,
    )


def assigned(who, at, **ended):
    return Assignment.objects.create(
        lead=LeadFactory(), rep=who, method="push", started_at=at, **ended
    )


def limits(**numbers):
    """A policy that nobody saved."""
    return GuardrailPolicy(**{**NO_LIMITS, **numbers})


def with_limits(**numbers):
    return try_guardrails(limits(**numbers), NOW)


def test_claims_beyond_a_daily_limit_would_have_been_refused_day_by_day(amina, bruno):
    for day in range(2):
        for number in range(3):
            claimed(amina, TUESDAY - day * DAY + number * HOUR)
    claimed(bruno, TUESDAY)

    found = with_limits(daily_claims=2)

    assert found.won == {amina.pk: 6, bruno.pk: 1}
    assert found.then.refused == {(amina.pk, "daily_limit"): 2}
    assert not found.now.refused
    assert not found.then.allowed


@pytest.mark.parametrize(
    ("numbers", "week", "code", "refused"),
    [
        ({"hot_per_warm": 1}, ("hot", "hot", "warm", "hot"), "hot_ratio", 1),
        ({"hot_per_warm": 1}, ("hot", "hot", "hot", "warm"), "hot_ratio", 2),
        ({"claims_per_assigned": 1}, ("hot", "hot", "given", "hot"), "assigned_ratio", 1),
        ({"claims_per_assigned": 1}, ("hot", "hot", "returned", "hot"), "assigned_ratio", 2),
        ({"claims_per_assigned": 1}, ("hot", "hot", "too soon", "hot"), "assigned_ratio", 1),
        ({"weekly_cold": 1}, ("hot", "cold", "hot"), "cold_first", 1),
        ({"weekly_cold": 2}, ("cold", "warm", "cold", "hot"), "cold_first", 1),
    ],
)
def test_each_ratio_is_held_against_the_claims_that_would_have_been_made(
    amina, numbers, week, code, refused
):
    """Amina competed last week, and claimed no cold lead. A lead that is returned later was there
    when she claimed the next one."""
    claimed(amina, TUESDAY - 7 * DAY, "warm")
    for number, what in enumerate(week):
        at = TUESDAY + number * HOUR
        if what == "given":
            assigned(amina, at)
        elif what == "returned":
            assigned(amina, at, end="released", ended_at=at + HOUR / 2)
        elif what == "too soon":
            assigned(amina, at, end="released", ended_at=at + 2 * HOUR)
        else:
            claimed(amina, at, what)

    found = with_limits(**numbers)

    assert found.then.refused == {(amina.pk, code): refused}


def test_what_was_refused_for_a_limit_is_allowed_without_it_once_for_each_lead(amina):
    lead = LeadFactory()
    for number in range(2):
        claimed(amina, TUESDAY + number * HOUR, reasons=["daily_limit"], lead=lead)
    claimed(amina, TUESDAY, reasons=["daily_limit", "at_capacity"])
    claimed(amina, TUESDAY, reasons=["not_open"])

    assert with_limits().then.allowed == {amina.pk: 1}
    assert with_limits(daily_claims=1).then.allowed == {amina.pk: 1}
    claimed(amina, TUESDAY - HOUR)
    assert with_limits(daily_claims=1).then.allowed == {}


def test_what_came_just_before_the_30_days_counts(amina):
    since = NOW - events.DAYS
    for number in (-2, -1, 1):
        claimed(amina, since + number * HOUR)

    found = with_limits(daily_claims=2)

    assert (found.won, found.then.refused) == ({amina.pk: 1}, {(amina.pk, "daily_limit"): 1})


def test_of_too_many_claims_the_newest_are_looked_at_and_the_others_count(amina, monkeypatch):
    monkeypatch.setattr(events, "MOST", 2)
    for number in range(5):
        claimed(amina, TUESDAY + number * HOUR)

    found = with_limits(daily_claims=3)

    assert found.stretch == events.Stretch(TUESDAY + 2 * HOUR, cut=True)
    assert (found.won, found.then.refused) == ({amina.pk: 2}, {(amina.pk, "daily_limit"): 2})


def test_the_policy_as_it_is_refuses_nothing_that_won_and_allows_nothing_more(paris, amina, bruno):
    """The history is made by real claims: what the live gates said is said again."""
    policy = GuardrailPolicy.objects.create(
        team=paris, daily_claims=3, hot_per_warm=1, claims_per_assigned=2, weekly_cold=1
    )
    pool = PoolFactory(reps=[amina, bruno])
    kinds = ("hot", "warm", "hot", "hot", "cold", "warm", "hot", "hot")
    results = []
    for day in (-9, -8, -6, -5):
        for number, warmth in enumerate(kinds):
            at = TUESDAY + day * DAY + number * HOUR / 2
            who = amina if number % 3 else bruno
            with clock_at(at):
                lead = LeadFactory(pool=pool, temperature=warmth, received_at=at)
                results.append(claim(lead, who, via="page").result)
            if number == 4:
                given = Assignment.objects.filter(pk=assigned(who, at + HOUR / 4).pk)
        if day == -6:
            given.update(end="released", ended_at=at + HOUR)
    assert {"won", "refused"} == set(results)

    found = try_guardrails(policy, NOW)

    assert found.won.total() == results.count("won")
    for side in (found.now, found.then):
        assert (side.refused, side.allowed) == ({}, {})


def test_others_are_not_looked_at_and_a_policy_that_is_not_active_refuses_nothing(paris, amina):
    GuardrailPolicy.objects.create(**{**NO_LIMITS, "daily_claims": 1})
    lyon = rep("david", TeamFactory(name="Lyon"))
    for who in (amina, lyon):
        for number in range(2):
            claimed(who, TUESDAY + number * HOUR)

    found = try_guardrails(limits(team=paris, daily_claims=1, active=False), NOW)

    assert (found.won, found.then.refused) == ({amina.pk: 2}, {})
    assert found.now.refused == {(amina.pk, "daily_limit"): 1}, "the general one, as it is now"


BANDS = [(0, 1), (50, 2), (100, 4)]


def test_an_allocation_follows_from_last_month_and_bounds_the_leads_of_each_week(amina, bruno):
    """Amina won half of her quota of February: two leads a week instead of four."""
    month = {"month": date(2026, 2, 1), "currency": "EUR"}
    Quota.objects.create(rep=amina, amount=1000, **month)
    lead = LeadFactory()
    won = {"stage": Outcome.Stage.WON, "value": 500, "currency": "EUR"}
    Outcome.objects.create(lead=lead, rep=amina, at=datetime(2026, 2, 9, 12, tzinfo=UTC), **won)
    AllocationPolicy.objects.create(floor=4)
    amina.allocation = 4
    amina.save()
    for week, leads in ((1, 3), (2, 5)):
        for number in range(leads):
            assigned(amina, TUESDAY - week * 7 * DAY + number * HOUR)
    assigned(bruno, TUESDAY)

    found = try_allocation(AllocationPolicy(floor=1), BANDS, NOW)

    shares = {one.rep: (one.percent, one.now, one.then) for one in found.shares}
    assert shares == {amina: (Decimal(50), 4, 2), bruno: (None, None, None)}
    assert found.had == {amina.pk: 8, bruno.pk: 1}
    first, second = date(2026, 3, 9), date(2026, 3, 2)
    assert found.now == {(amina.pk, second): 1}
    assert found.then == {(amina.pk, first): 1, (amina.pk, second): 3}


def phases(*facts, policy=None):
    """Phases of so many weeks with such a share of competition, saved with ``policy``."""
    rows = [
        OnboardingPhase(
            policy=policy, position=number, name=f"Phase {number}", weeks=weeks, competition=share
        )
        for number, (weeks, share) in enumerate(facts, start=1)
    ]
    if policy:
        for row in rows:
            row.save()
    return rows


@pytest.fixture
def newcomer(amina, paris):
    """Amina began four weeks ago: watching for two weeks, half of the leads ever since."""
    policy = OnboardingPolicy.objects.create(team=paris)
    _watching, half = phases((2, 0), (4, 50), policy=policy)
    began = date(2026, 2, 18)
    Onboarding.objects.create(rep=amina, began_on=began, phase=half, since=date(2026, 3, 4))
    return policy


def test_new_reps_are_where_other_phases_lead_and_their_races_are_looked_at(amina, newcomer):
    at = datetime(2026, 3, 5, 9, tzinfo=UTC)
    for number in range(7):
        claimed(amina, at + number * HOUR)
    longer = [*newcomer.phases.all()]
    longer[0].weeks = 3

    found = try_onboarding(newcomer, longer, NOW)

    [where] = found.where
    assert where.now
    assert where.then
    assert (where.rep, where.now.name, where.then.name) == (amina, "Phase 2", "Phase 2")
    assert found.won == {amina.pk: 7}
    assert found.now == {(amina.pk, "half"): 2}, "five of ten leads in a row, no more"
    assert found.then == {(amina.pk, "onboarding"): 7}, "she would still have been watching"


def test_assigned_leads_between_them_make_room_for_races(amina, newcomer):
    at = datetime(2026, 3, 5, 9, tzinfo=UTC)
    for number in range(10):
        (assigned if number % 2 else claimed)(amina, at + number * HOUR)

    assert try_onboarding(newcomer, newcomer.phases.all(), NOW).then == {}


def test_a_phase_that_is_shorter_or_new_moves_reps_today(amina, newcomer):
    [watching, half] = newcomer.phases.all()
    half.weeks = 1
    [*_same, added] = phases((1, 0), (1, 0), (9, 100))

    def then(*rows):
        [where] = try_onboarding(newcomer, rows, NOW).where
        return where.then and where.then.name

    assert then(watching, half) is None, "through"
    assert then(watching, half, added) == "Phase 3"
    Onboarding.objects.update(held=True)
    assert then(watching, half, added) == "Phase 2"
    newcomer.active = False
    assert then(watching, half) is None


def test_claims_of_who_was_moved_by_hand_are_left_out(amina, newcomer):
    claimed(amina, datetime(2026, 2, 20, 9, tzinfo=UTC))
    assert try_onboarding(newcomer, newcomer.phases.all(), NOW).now.total() == 1
    PhaseChange.objects.create(rep=amina, kind="advanced", phase="Phase 2", at=NOW - 20 * DAY)

    found = try_onboarding(newcomer, newcomer.phases.all(), NOW)

    assert (found.by_hand, found.now.total(), found.won) == (1, 0, {})


def test_other_weights_and_shares_place_reps_elsewhere(paris):
    """Amina answers fast, Bruno slowly, two others in between: with speed alone she is on top."""
    policy = tier_policy(paris, least_leads=0, margin=0, prior_leads=0)
    names = (("amina", 60), ("bruno", 900), ("chloe", 300), ("david", 300))
    reps = {name: placed(rep(name, paris), 2) for name, _seconds in names}
    for name, seconds in names:
        ResponseRollup.objects.create(
            rep=reps[name], day=TUESDAY.date(), hour=9, answered=1, seconds=seconds
        )
    tiers = list(policy.tiers.all())
    for tier, share in zip(tiers, (1, 1, 98), strict=True):
        tier.share = share

    found = try_tiers(policy, tiers, NOW, drawn)

    levels = {one.rep.name: (one.now, one.as_saved, one.then) for one in found.moves}
    assert levels == {
        "amina": (2, 1, 3),
        "bruno": (2, 3, 3),
        "chloe": (2, 2, 3),
        "david": (2, 2, 3),
    }


def test_tiers_would_have_waited_while_others_took_the_leads(paris, amina):
    policy = tier_policy(paris)
    pool = PoolFactory(reps=[amina], tiered=True)
    for minutes in (5, 20, 90, None):
        with clock_at(TUESDAY):
            lead = LeadFactory(pool=pool)
        if minutes:
            claimed(amina, TUESDAY + timedelta(minutes=minutes), lead=lead)
    LeadFactory(pool=PoolFactory(reps=[amina]))
    tiers = list(policy.tiers.all())
    tiers[1].delay_minutes = 30

    found = try_tiers(policy, tiers, NOW, drawn)

    def seen(side):
        return side.at_once, [(one.minutes, one.taken) for one in side.tiers]

    assert found.leads == 4
    assert seen(found.now) == (0, [(0, 0), (15, 1), (60, 2)])
    assert seen(found.then) == (0, [(0, 0), (30, 2), (60, 2)])
    policy.floor_percent = 100
    everybody = try_tiers(policy, tiers, NOW, drawn)
    assert seen(everybody.then) == (4, [(0, 0), (0, 0), (0, 0)])


@pytest.mark.parametrize(
    "tried",
    [
        lambda team: try_guardrails(limits(team=team, daily_claims=1), NOW),
        lambda team: try_allocation(AllocationPolicy(team=team, floor=1), BANDS, NOW),
        lambda team: try_onboarding(
            OnboardingPolicy.objects.get(team=team), phases((2, 0), (4, 50)), NOW
        ),
        lambda team: try_tiers(
            policy := TierPolicy.objects.get(team=team), list(policy.tiers.all()), NOW, drawn
        ),
    ],
    ids=("guardrails", "allocation", "onboarding", "tiers"),
)
def test_a_larger_team_takes_no_more_queries(tried):
    def asked(size):
        team = TeamFactory()
        tier_policy(team)
        [phase] = phases((9, 50), policy=OnboardingPolicy.objects.create(team=team))
        pool = PoolFactory(teams=[team], tiered=True)
        for _number in range(size):
            one, new = RepFactory(team=team), RepFactory(team=team)
            began = {"began_on": date(2026, 3, 1), "since": date(2026, 3, 1)}
            Onboarding.objects.create(rep=new, phase=phase, **began)
            Quota.objects.create(rep=one, month=date(2026, 2, 1), amount=1, currency="EUR")
            with clock_at(TUESDAY):
                LeadFactory(pool=pool)
            for who in (one, new):
                assigned(who, TUESDAY, end="released", ended_at=TUESDAY + HOUR)
                claimed(who, TUESDAY + HOUR)
                claimed(who, TUESDAY + HOUR, reasons=["daily_limit"])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            tried(team)
        return len(queries)

    few = asked(1)
    assert asked(4) == few
