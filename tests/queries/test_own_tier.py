"""A rep is told of the own tier: since when, by which figures, and what moved them (TI2)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from leaddistrib.engine.tiers import Figures, PolicyFacts, place
from leaddistrib.models import TierPlacement, TierPolicy
from leaddistrib.queries.own.tier import WEEKS, own_tier, tier_name
from leaddistrib.testing import RepFactory

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 3, 16)
WEEK = timedelta(days=7)
POLICY = PolicyFacts((50, 30, 20), 0, 10, 4, 3, (25, 50, 25))


@pytest.fixture
def amina():
    return RepFactory(user__username="amina", tier=2)


def placed(rep, weeks_ago=0, former=None, **own):
    """Amina among three who won 20 of 100, reached 100 % and took 2 min to answer."""
    figures: Any = {
        "leads": 100,
        "won": 20,
        "attainment": 100.0,
        "answered": 10,
        "answered_seconds": 1200,
    }
    team = [Figures(rep=other, **figures) for other in (-1, -2, -3)][: own.pop("others", 3)]
    team.append(Figures(rep=rep.pk, **(figures | own)))
    [one] = [one for one in place(POLICY, team, {rep.pk: former}) if one.rep == rep.pk]
    return TierPlacement.objects.create(
        rep=rep,
        period=MONDAY - weeks_ago * WEEK,
        level=one.level,
        former=former,
        reason=one.reason,
        score=None if one.score is None else Decimal(str(one.score)),
        figures={**one.figures, "tiers": ["Gold", "Silver", "Bronze"]},
        at=datetime(2026, 3, 16, 5, tzinfo=UTC),
    )


def told(rep):
    """With the tier of the newest placement, as the lifecycle leaves it."""
    rep.tier = rep.placements.order_by("-period")[0].level
    own = own_tier(rep)
    assert own is not None
    return own


def test_who_was_never_placed_is_told_nothing(amina):
    assert own_tier(amina) is None


def test_who_has_no_policy_any_more_is_told_nothing(amina):
    placed(amina)
    amina.tier = None
    assert own_tier(amina) is None


def test_the_figures_are_told_beside_what_is_to_be_expected(amina):
    placed(amina, won=60, attainment=80.0, answered=5, answered_seconds=300)

    own = told(amina)

    assert (own.level, own.name, own.since) == (1, "Gold", MONDAY)
    assert [one.sentence for one in own.measures] == [
        "You won 60 of 100 leads. Your team wins 30.0 %.",
        "You reached 80.0 % of your quota.",
        "You answered 5 leads, after 1.0 min on average. Your team takes 1.9 min.",
    ]
    assert [one.points for one in own.measures] == [100.0, 40.0, 92.86]
    assert [one.weight for one in own.measures] == [50, 30, 20]
    assert own.why[0] == "Your score is 80.6, the rank 1 of 4."
    assert own.moved == []


def test_a_measure_that_says_nothing_is_named_and_weighs_nothing(amina):
    placed(amina, attainment=None)
    quota = told(amina).measures[1]
    assert (quota.points, quota.weight) == (None, 0)
    assert quota.sentence == "You have no quota: the other measures count alone."


@pytest.mark.parametrize(
    ("own", "reason", "said"),
    [
        (
            {"attainment": 104.0, "former": 2},
            "held",
            "Your score is 50.6, the rank 1 of 4. That alone would be “Gold”, but it is within 3"
            " points of the border, so you stay where you are.",
        ),
        (
            {"leads": 4, "won": 0},
            "little_data",
            "You had 4 leads, fewer than 10: with so few nobody is put on top or at the bottom.",
        ),
        (
            {"others": 2},
            "small_team",
            "Your team has 3 reps. With fewer than 4 there are no tiers.",
        ),
    ],
)
def test_the_rep_is_told_why(amina, own, reason, said):
    assert placed(amina, **own).reason == reason
    assert told(amina).why[0] == said


def test_the_borders_are_told_with_the_margin(amina):
    placed(amina, attainment=104.0, former=2)
    assert told(amina).why[1:] == [
        "“Gold” begins for you at 53.3 points.",
        "You stay out of “Bronze” with at least 47.0 points.",
    ]


def test_a_new_rep_is_told_to_be_onboarded(amina):
    TierPlacement.objects.create(
        rep=amina, period=MONDAY, reason="onboarding", at=datetime(2026, 3, 16, tzinfo=UTC)
    )
    own = told(amina)
    assert (own.level, own.name, own.measures) == (None, "", [])
    assert own.why == ["You are being onboarded: you are not placed yet."]


def test_what_moved_the_rep_is_told_with_what_did_most_first(amina):
    placed(amina, weeks_ago=1)
    placed(amina, former=2, won=60, attainment=60.0)

    own = told(amina)

    assert own.moved == [
        "You were moved from “Silver” to “Gold”.",
        "Your score rose from 50.0 to 69.0.",
        "Conversion: +25.0 points",
        "Quota attainment: −6.0 points",
    ]
    assert [one.change for one in own.measures] == [25.0, -6.0, 0.0]


def test_since_when_counts_from_the_last_time_in_another_tier(amina):
    for weeks, won in ((4, 20), (3, 0), (2, 20), (1, 20), (0, 20)):
        placed(amina, weeks_ago=weeks, won=won)
    own = told(amina)
    assert own.since == MONDAY - 2 * WEEK
    assert [(tier_name(one), one.period) for one in own.history[2:4]] == [
        ("Gold", MONDAY - 2 * WEEK),
        ("Bronze", MONDAY - 3 * WEEK),
    ]


def test_half_a_year_is_shown_and_since_when_goes_further_back(amina):
    for weeks in range(WEEKS + 2):
        placed(amina, weeks_ago=weeks)
    own = told(amina)
    assert len(own.history) == WEEKS
    assert own.since == MONDAY - (WEEKS + 1) * WEEK


def test_a_deleted_policy_leaves_what_was_said_true(amina):
    policy = TierPolicy.objects.create()
    TierPlacement.objects.filter(pk=placed(amina).pk).update(policy=policy)
    policy.delete()
    assert told(amina).name == "Gold"


def test_numbers_are_written_as_the_language_does(amina):
    placed(amina, attainment=87.5)
    with translation.override("fr"):
        assert "87,5" in told(amina).measures[1].sentence


def test_it_costs_three_queries(amina, django_assert_num_queries):
    for weeks in range(5):
        placed(amina, weeks_ago=weeks)
    amina.tier = 1
    with django_assert_num_queries(3):
        own_tier(amina)
