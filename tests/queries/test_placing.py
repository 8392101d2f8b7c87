"""The figures by which reps are placed, and for whom there are any (TI1, TI2)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from leaddistrib.engine.tiers import Figures
from leaddistrib.models import (
    Assignment,
    Onboarding,
    OnboardingPolicy,
    Outcome,
    Quota,
    Rep,
    ResponseRollup,
    TierPolicy,
)
from leaddistrib.queries.competing import reps_under
from leaddistrib.queries.placing import figures_of, proposals, today_of, week_of
from leaddistrib.testing import LeadFactory, RepFactory, TeamFactory

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 3, 16)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
FIRST = date(2026, 3, 1)
TIERS = (("Gold", 25), ("Silver", 50), ("Bronze", 25))


@pytest.fixture(autouse=True)
def in_paris(settings):
    settings.TIME_ZONE = "Europe/Paris"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def policy_of(team=None, tiers=TIERS, **fields):
    policy = TierPolicy.objects.create(team=team, **fields)
    for level, (name, share) in enumerate(tiers, start=1):
        policy.tiers.create(level=level, name=name, share=share)
    return policy


def had(rep, leads, won=0, at=NOON):
    """The rep was given ``leads`` and won some of them."""
    for number in range(leads):
        lead = LeadFactory(received_at=at)
        Assignment.objects.create(lead=lead, rep=rep, method="push", started_at=at)
        if number < won:
            Outcome.objects.create(lead=lead, rep=rep, stage=Outcome.Stage.WON, at=at)


def answered(rep, day, answers, seconds, **place):
    ResponseRollup.objects.create(
        rep=rep, day=day, hour=place.pop("hour", 9), answered=answers, seconds=seconds, **place
    )


def everybody(today=MONDAY):
    return proposals(Rep.objects.all(), today)


def test_figures_are_leads_wins_quota_and_the_time_to_answer():
    amina, bruno = RepFactory(), RepFactory()
    had(amina, 3, won=2)
    Quota.objects.create(rep=amina, month=date(2026, 3, 1), amount=31_000, currency="EUR")
    Outcome.objects.filter(rep=amina).update(value=Decimal(5_000), currency="EUR")
    answered(amina, NOON.date(), 2, 300)
    answered(amina, NOON.date(), 1, 900, hour=10)

    found = figures_of([amina.pk, bruno.pk], FIRST, date(2026, 4, 1))

    assert found[amina.pk] == Figures(amina.pk, 3, 2, 32.25, 3, 1200)
    assert found[bruno.pk] == Figures(bruno.pk, 0, 0, None, 0, 0)


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        (datetime(2026, 2, 28, 22, 59, tzinfo=UTC), 0),
        (datetime(2026, 2, 28, 23, 0, tzinfo=UTC), 1),  # midnight in Paris
        (datetime(2026, 3, 15, 22, 59, tzinfo=UTC), 1),
        (datetime(2026, 3, 15, 23, 0, tzinfo=UTC), 0),
    ],
)
def test_days_are_the_organisations(at, counts):
    amina = RepFactory()
    had(amina, 1, at=at)
    day = today_of(at)
    answered(amina, day, 1, 60)

    found = figures_of([amina.pk], FIRST, MONDAY)[amina.pk]

    assert (found.leads, found.answered) == (counts, counts)


def test_the_week_begins_on_monday():
    assert [week_of(MONDAY + timedelta(days=n)) for n in (-1, 0, 6, 7)] == [
        MONDAY - timedelta(days=7),
        MONDAY,
        MONDAY,
        MONDAY + timedelta(days=7),
    ]


def test_reps_are_compared_within_their_team_by_the_policy_that_holds_for_it():
    paris, lyon = TeamFactory(name="Paris"), TeamFactory(name="Lyon")
    own = policy_of(lyon, tiers=(("Alone", 100),), least_reps=2)
    general = policy_of(least_reps=2)
    reps = {name: RepFactory(team=paris) for name in ("amina", "bruno")}
    reps |= {name: RepFactory(team=lyon) for name in ("chloé", "david")}
    had(reps["amina"], 10, won=2)
    had(reps["bruno"], 10, won=1)
    had(reps["chloé"], 10, won=9)

    found = {one.rep.pk: one for one in everybody()}

    assert found[reps["amina"].pk].policy == general
    assert found[reps["chloé"].pk].policy == own
    assert found[reps["amina"].pk].placed.figures["team"]["leads"] == 20
    assert found[reps["david"].pk].placed.level == 1
    said = found[reps["amina"].pk].placed.figures
    assert (said["first"], said["last"]) == ("2025-12-16", "2026-03-15")
    assert said["tiers"] == ["Gold", "Silver", "Bronze"]


def test_where_no_policy_with_tiers_holds_nobody_is_placed():
    paris, lyon, rome = (TeamFactory(name=name) for name in ("Paris", "Lyon", "Rome"))
    policy_of(paris, active=False)
    policy_of(lyon, tiers=())
    for team in (paris, lyon, rome):
        RepFactory(team=team)

    assert everybody() == []


def test_who_has_left_is_neither_placed_nor_compared():
    policy_of(least_reps=2)
    team = TeamFactory()
    amina, bruno = RepFactory(team=team), RepFactory(team=team, active=False)

    [one] = everybody()

    assert (one.rep, one.placed.reason) == (amina, "small_team")
    assert one.placed.figures["team"]["reps"] == 1
    assert bruno.pk not in {found.rep.pk for found in everybody()}


def test_a_new_rep_is_not_placed_until_a_phase_that_counts():
    """And is no member of the team that the others are compared with."""
    policy_of(least_reps=3)
    team = TeamFactory()
    phases = OnboardingPolicy.objects.create().phases
    watching = phases.create(position=1, name="Watching", weeks=4, counted=False)
    racing = phases.create(position=2, name="Racing", weeks=4, counted=True)
    reps = [RepFactory(team=team) for _ in range(4)]
    for rep, phase in zip(reps, (watching, racing, None), strict=False):
        Onboarding.objects.create(rep=rep, began_on=FIRST, since=FIRST, phase=phase)

    found = {one.rep.pk: one.placed for one in everybody()}

    assert [found[rep.pk].reason for rep in reps] == ["onboarding", *["little_data"] * 3]
    assert (found[reps[0].pk].level, found[reps[0].pk].score) == (None, None)
    assert found[reps[1].pk].figures["team"]["reps"] == 3


def test_the_general_policy_is_for_whom_no_team_has_an_own_one():
    paris, lyon = TeamFactory(), TeamFactory()
    own, general = policy_of(paris), policy_of()
    amina, bruno = RepFactory(team=paris), RepFactory(team=lyon)
    chloe = RepFactory(team=None)

    assert list(reps_under(own)) == [amina]
    assert set(reps_under(general)) == {bruno, chloe}


def test_however_many_reps_there_are_they_cost_as_many_queries(django_assert_num_queries):
    policy_of()
    for size in (1, 5):
        for _ in range(size):
            team = TeamFactory()
            for _ in range(4):
                had(RepFactory(team=team), 1)
        with django_assert_num_queries(8):
            assert everybody()
