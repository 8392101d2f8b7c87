"""What limits are held against: claims and leads, by the team's day and week (GU1, GU5, AL1)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.engine.facts import Counts, Guardrails
from leaddistrib.models import (
    AllocationPolicy,
    Assignment,
    Claim,
    GuardrailPolicy,
    Onboarding,
    OnboardingPhase,
    OnboardingPolicy,
)
from leaddistrib.queries.counts import Asked, counts
from leaddistrib.queries.roster import rep_facts
from leaddistrib.testing import LeadFactory, RepFactory, TeamFactory

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
WEDNESDAY = datetime(2026, 3, 4, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 3, 23, tzinfo=UTC)  # Wednesday begins in Paris
MONDAY = datetime(2026, 3, 1, 23, tzinfo=UTC)  # and the week
HOUR = timedelta(hours=1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
INSTANT = timedelta(milliseconds=1)


@pytest.fixture(autouse=True)
def fast_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def amina():
    return RepFactory(team=TeamFactory(name="Paris", time_zone="Europe/Paris"))


def won(rep, at, temperature="hot", *, competitive=True, result="won", **ended):
    lead = LeadFactory()
    if result == "won":
        Assignment.objects.create(lead=lead, rep=rep, method="claim", started_at=at, **ended)
    return Claim.objects.create(
        lead=lead,
        rep=rep,
        period=1,
        result=result,
        competitive=competitive,
        temperature=temperature,
        via="page",
        claimed_at=at,
    )


def assigned(rep, at, method="push", **ended):
    return Assignment.objects.create(
        lead=LeadFactory(), rep=rep, method=method, started_at=at, **ended
    )


def counted(*reps, moment=WEDNESDAY, zone=PARIS):
    asked = [Asked(rep.pk, zone, claims=True, week=True, row_since=LONG_AGO) for rep in reps]
    return counts(asked, moment)


@pytest.mark.parametrize(
    ("at", "today", "week", "former"),
    [
        (WEDNESDAY, 1, 1, 0),
        (MIDNIGHT, 1, 1, 0),
        (MIDNIGHT - INSTANT, 0, 1, 0),
        (MONDAY, 0, 1, 0),
        (MONDAY - INSTANT, 0, 0, 1),
        (MONDAY - 7 * 24 * HOUR, 0, 0, 1),
        (MONDAY - 7 * 24 * HOUR - INSTANT, 0, 0, 0),
    ],
)
def test_a_claim_counts_in_its_day_and_week_of_paris(amina, at, today, week, former):
    won(amina, at, "cold")

    found = counted(amina)[amina.pk]

    assert (found.competitive_today, found.competitive, found.leads_week) == (today, week, week)
    assert (found.cold, found.cold_last_week) == (week, former)
    assert found.competed_last_week is (former == 1)


def test_hot_claims_count_in_races_and_warm_and_cold_ones_anywhere(amina):
    for temperature in ("hot", "hot", "warm", "cold", ""):
        won(amina, WEDNESDAY - HOUR, temperature)
    for temperature in ("hot", "warm", "cold"):
        won(amina, WEDNESDAY - HOUR, temperature, competitive=False)

    found = counted(amina)[amina.pk]

    assert (found.hot, found.warm, found.cold) == (2, 2, 2)
    assert (found.competitive_today, found.competitive, found.leads_week) == (5, 5, 8)


def test_what_was_lost_or_refused_is_no_claim(amina):
    won(amina, WEDNESDAY, result="lost")
    won(amina, WEDNESDAY, result="refused")

    assert counted(amina)[amina.pk] == Counts()


def test_giving_back_frees_nothing_and_is_no_assigned_lead(amina):
    ended = {"ended_at": WEDNESDAY, "end": "released"}
    won(amina, WEDNESDAY - HOUR, "warm", **ended)
    assigned(amina, WEDNESDAY - HOUR, **ended)
    assigned(amina, WEDNESDAY - HOUR, ended_at=WEDNESDAY, end="closed")

    found = counted(amina)[amina.pk]

    assert (found.competitive_today, found.warm, found.leads_week) == (1, 1, 3)
    assert found.assigned == 1


@pytest.mark.parametrize(
    ("method", "in_week", "is_assigned"),
    [
        ("push", 1, 1),
        ("manual", 1, 1),
        ("escalation", 1, 1),
        ("contact", 1, 0),
        ("duplicate", 1, 0),
        ("claim", 1, 0),
        ("history", 0, 0),
    ],
)
def test_each_way_to_a_lead_counts_as_what_it_is(amina, method, in_week, is_assigned):
    assigned(amina, WEDNESDAY, method)

    found = counted(amina)[amina.pk]

    assert (found.leads_week, found.assigned) == (in_week, is_assigned)


def test_the_newest_nine_are_told_apart_whatever_became_of_them(amina):
    for number in range(12):
        at = WEDNESDAY + number * HOUR
        if number % 3:
            won(amina, at, ended_at=at, end="released")
        else:
            assigned(amina, at)
        won(amina, at + HOUR / 2, competitive=False)  # of a queue: neither

    row = counted(amina, moment=WEDNESDAY + 24 * HOUR)[amina.pk].last_nine

    assert row == tuple(number % 3 > 0 for number in range(3, 12))


@pytest.mark.parametrize(
    ("zone", "end"),
    [
        ("America/New_York", datetime(2026, 3, 9, 4, tzinfo=UTC)),  # Sunday had 23 hours
        ("America/Sao_Paulo", datetime(2026, 3, 9, 3, tzinfo=UTC)),
    ],
)
def test_each_team_has_its_own_days_and_weeks_over_a_change_of_clocks(zone, end):
    GuardrailPolicy.objects.create()
    rep = RepFactory(team=TeamFactory(time_zone=zone))
    won(rep, end - INSTANT)

    before, after = (rep_facts([rep.pk], at)[rep.pk] for at in (end - INSTANT, end))

    assert (before.counts.competitive_today, after.counts.competitive_today) == (1, 0)
    assert (before.counts.competitive, after.counts.competitive) == (1, 0)
    assert (before.day_ends_at, before.week_ends_at) == (end, end)


def test_teams_of_several_zones_are_counted_together(amina):
    tokyo = RepFactory(team=TeamFactory(time_zone="Asia/Tokyo"))
    at = datetime(2026, 3, 3, 16, tzinfo=UTC)  # Tuesday in Paris, Wednesday in Tokyo
    for rep in (amina, tokyo):
        won(rep, at)
    asked = [
        Asked(amina.pk, PARIS, claims=True),
        Asked(tokyo.pk, ZoneInfo("Asia/Tokyo"), claims=True),
    ]

    found = counts(asked, at + HOUR * 8)

    assert [found[rep.pk].competitive_today for rep in (amina, tokyo)] == [0, 1]
    assert [found[rep.pk].competitive for rep in (amina, tokyo)] == [1, 1]


def in_phase(rep, *, active=True, **phase):
    policy, _ = OnboardingPolicy.objects.get_or_create(team=rep.team, active=active)
    own = OnboardingPhase.objects.create(
        policy=policy,
        position=policy.phases.count() + 1,
        name="Weeks 5–8",
        weeks=4,
        **phase,
    )
    today = WEDNESDAY.date()
    return Onboarding.objects.create(rep=rep, began_on=today, phase=own, since=today)


def test_facts_say_which_limits_hold_for_the_rep_and_what_is_used_of_them(amina):
    GuardrailPolicy.objects.create(daily_claims=4, weekly_cold=None)
    AllocationPolicy.objects.create()
    in_phase(amina, competition=50, cohort_only=True)
    amina.tier, amina.allocation = 2, 15
    amina.save()
    won(amina, WEDNESDAY)

    facts = rep_facts([amina.pk], WEDNESDAY)[amina.pk]

    assert facts.guardrails == Guardrails(4, 2, 5, None, 24)
    assert (facts.tier, facts.allocation) == (2, 15)
    assert facts.phase is not None
    assert (facts.phase.competition, facts.phase.cohort_only) == (50, True)
    assert (facts.counts.competitive_today, facts.counts.leads_week) == (1, 1)
    assert facts.counts.last_nine == (True,)
    assert facts == rep_facts([amina.pk], WEDNESDAY, claiming=True)[amina.pk]


def test_a_policy_that_is_not_active_limits_nobody(amina):
    GuardrailPolicy.objects.create(active=False)
    AllocationPolicy.objects.create()
    AllocationPolicy.objects.create(team=amina.team, active=False)
    in_phase(amina, active=False, competition=0)
    amina.allocation = 1
    amina.save()

    facts = rep_facts([amina.pk], WEDNESDAY)[amina.pk]

    assert (facts.guardrails, facts.allocation, facts.phase) == (Guardrails(), None, None)


@pytest.mark.parametrize("reps", [1, 12])
def test_limits_cost_as_many_queries_for_many_reps_as_for_one(reps):
    """The policies, and each count, once."""
    some = [RepFactory(team=TeamFactory(), allocation=9) for _ in range(reps)]
    for rep in some:
        in_phase(rep, competition=50)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            rep_facts([rep.pk for rep in some], WEDNESDAY, claiming=True)
        return len(captured)

    nothing = queries()
    GuardrailPolicy.objects.create()
    AllocationPolicy.objects.create()

    assert (nothing, queries()) == (5, 7)  # a row each of the policies is always looked for
