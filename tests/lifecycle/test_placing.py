"""Once a week reps are placed, each placement is kept, and doing it again changes nothing (TI2)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.jobs.schedules import JOBS
from leaddistrib.lifecycle import placing
from leaddistrib.lifecycle.placing import place_reps
from leaddistrib.models import Quota, Rep, TierPlacement, TierPolicy
from leaddistrib.queries.placing import known_figures, proposals, today_of
from leaddistrib.testing import RepFactory, TeamFactory
from tests.queries.test_placing import had, policy_of

pytestmark = pytest.mark.django_db

MOMENT = datetime(2026, 3, 16, 6, tzinfo=UTC)
MONDAY = date(2026, 3, 16)
WEEK = timedelta(days=7)
CAST = ("amina", "bruno", "chloé", "david")


@pytest.fixture(autouse=True)
def in_paris(settings):
    settings.TIME_ZONE = "Europe/Paris"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def team():
    """Four who had ten leads each; the quota alone counts, and nobody has won anything."""
    policy_of(conversion_weight=0, quota_weight=1, speed_weight=0, days=31)
    team = TeamFactory(name="Paris")
    for name in CAST:
        had(RepFactory(user__username=name, team=team), 10)
    return team


def sell(month, **sold):
    """Of a quota of 100 for ``month``, in percent."""
    for name, percent in sold.items():
        rep = Rep.objects.get(user__username=name)
        Quota.objects.update_or_create(
            rep=rep, month=month, defaults={"amount": 100, "currency": "EUR"}
        )
        had(rep, 1, won=1, at=datetime(month.year, month.month, 12, tzinfo=UTC))
        won = rep.outcomes.latest("pk")
        won.value, won.currency = Decimal(percent), "EUR"
        won.save()


@pytest.fixture
def sold(team):
    """In the 31 days before MONDAY: half of February's quota, and of March's."""
    sell(date(2026, 3, 1), amina=80, bruno=50, chloé=40, david=5)


def tiers():
    return [Rep.objects.get(user__username=name).tier for name in CAST]


def test_the_best_quarter_is_in_the_highest_tier_and_it_is_kept_why(sold):
    assert place_reps(MOMENT) == {"placed": 4, "moved": 4}

    assert tiers() == [1, 2, 2, 3]
    amina = TierPlacement.objects.get(rep__user__username="amina")
    assert (amina.period, amina.level, amina.former) == (MONDAY, 1, None)
    assert (amina.reason, amina.at) == ("placed", MOMENT)
    assert float(amina.score or 0) == amina.figures["points"]["quota"]
    assert amina.figures["rank"] == 1
    assert amina.moved


def test_placing_the_same_week_again_changes_nothing(sold):
    place_reps(MOMENT)
    before = list(TierPlacement.objects.values())
    sell(date(2026, 3, 1), david=500)

    assert place_reps(MOMENT + timedelta(days=2)) == {}

    assert list(TierPlacement.objects.values()) == before
    assert tiers() == [1, 2, 2, 3]


def test_an_earlier_week_does_not_undo_a_later_one(sold):
    place_reps(MOMENT)
    assert place_reps(MOMENT, MONDAY - WEEK) == {}
    assert TierPlacement.objects.count() == 4


def test_the_week_after_they_move_by_the_margin_and_not_by_less(sold):
    place_reps(MOMENT)
    TierPolicy.objects.update(margin=50)
    sell(date(2026, 3, 1), bruno=60)
    assert place_reps(MOMENT + WEEK) == {"placed": 2, "held": 2}
    assert tiers() == [1, 2, 2, 3]

    TierPolicy.objects.update(margin=1)
    assert place_reps(MOMENT + 2 * WEEK) == {"placed": 4, "moved": 2}

    assert tiers() == [2, 1, 2, 3]
    rows = TierPlacement.objects.filter(rep__user__username="bruno").order_by("period")
    assert [(row.former, row.level, row.reason) for row in rows] == [
        (None, 2, "placed"),
        (2, 2, "held"),
        (2, 1, "placed"),
    ]


def test_somebody_who_came_after_monday_is_placed_among_all(sold, team):
    place_reps(MOMENT)
    emile = RepFactory(team=team)

    assert place_reps(MOMENT + timedelta(days=1)) == {"little_data": 1, "moved": 1}

    placement = TierPlacement.objects.get(rep=emile)
    assert (placement.period, placement.figures["team"]["reps"]) == (MONDAY, 5)


def test_only_the_teams_that_are_asked_for_are_placed(sold, team):
    RepFactory(team=None)
    assert place_reps(MOMENT, teams=[None]) == {"small_team": 1}
    assert tiers() == [None] * 4
    assert place_reps(MOMENT, teams=[team.pk])["placed"] == 4


def test_without_a_policy_nobody_is_in_a_tier(sold):
    place_reps(MOMENT)
    TierPolicy.objects.update(active=False)

    assert place_reps(MOMENT + WEEK) == {}

    assert tiers() == [None] * 4
    assert TierPlacement.objects.count() == 4


def test_who_has_left_comes_back_without_a_tier(sold):
    place_reps(MOMENT)
    Rep.objects.filter(user__username="amina").update(active=False)
    place_reps(MOMENT + timedelta(days=1))
    assert tiers()[0] is None


def test_what_would_be_is_what_is_written_then(sold):
    preview = {one.rep.pk: one.placed.level for one in proposals(Rep.objects.all(), MONDAY)}
    assert not TierPlacement.objects.exists()
    assert tiers() == [None] * 4

    place_reps(MOMENT)

    assert dict(TierPlacement.objects.values_list("rep", "level")) == preview


def test_the_week_is_the_organisations(sold):
    """Late on Sunday in Greenwich it is Monday in Paris."""
    late = datetime(2026, 3, 15, 23, 30, tzinfo=UTC)
    assert today_of(late) == MONDAY
    place_reps(late)
    assert set(TierPlacement.objects.values_list("period", flat=True)) == {MONDAY}


def test_the_worker_places_everybody_on_monday_morning(sold):
    [job] = [job for job in JOBS if job.name == "tiers"]
    assert job.due_at(job.latest(MOMENT)) == datetime(2026, 3, 16, 4, 30, tzinfo=UTC)

    assert job.run(MOMENT) == {"placed": 4, "moved": 4}


@pytest.mark.parametrize("at_once", [1, 4, 5, 500])
def test_however_many_teams_are_placed_at_a_time_each_is_placed_by_its_own(
    sold, monkeypatch, at_once
):
    lyon = TeamFactory(name="Lyon")
    for _ in range(4):
        had(RepFactory(team=lyon), 10)
    had(RepFactory(team=None), 10)
    monkeypatch.setattr(placing, "AT_ONCE", at_once)

    assert place_reps(MOMENT) == {"placed": 4, "little_data": 4, "small_team": 1, "moved": 8}

    assert tiers() == [1, 2, 2, 3]
    assert TierPlacement.objects.get(rep__user__username="amina").figures["team"]["reps"] == 4


def test_a_fifth_team_costs_no_query_more(sold):
    with CaptureQueriesContext(connection) as one:
        place_reps(MOMENT)
    for _ in range(4):
        other = TeamFactory()
        for _ in range(4):
            had(RepFactory(team=other), 10)
    with CaptureQueriesContext(connection) as five:
        place_reps(MOMENT + WEEK)
    assert len(five) <= len(one)


def test_figures_that_were_read_before_are_those_that_are_placed_by(sold):
    everybody = Rep.objects.all()
    known = known_figures(everybody, MONDAY)
    sell(date(2026, 3, 1), david=500)
    late = RepFactory(team=Rep.objects.get(user__username="amina").team)
    had(late, 10)

    found = {one.rep: one.placed for one in proposals(everybody, MONDAY, known)}

    assert found[Rep.objects.get(user__username="david")].figures["attainment"] < 20
    assert found[late].figures["leads"] == 10
